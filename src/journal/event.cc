// SPDX-License-Identifier: Apache-2.0
// Encoding is done by hand because every request does it (1 µs a line). Lines of the usual form are decoded by
// hand as well (event_scan.h); the library decodes the others. Tested by event_test.cc.

#include "journal/event.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "journal/event_scan.h"

namespace deja::journal {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 5> kOutcomeNames = {"hit", "miss", "bypass", "failure",
                                                      "running"};
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::string_view kLineStart = "{\"time\":";

unsigned byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

bool is_continuation(unsigned byte) { return (byte & 0xc0) == 0x80; }

// The length of the well-formed UTF-8 sequence at `at` (Unicode 15, table 3-7); 0 if there is none.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const unsigned first = byte_at(text, at), second = byte_at(text, at + 1);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || !is_continuation(second)) return 0;
  if (first < 0xe0) return 2;
  if (!is_continuation(byte_at(text, at + 2))) return 0;
  if (first < 0xf0) {
    const bool overlong = first == 0xe0 && second < 0xa0;
    const bool surrogate = first == 0xed && second > 0x9f;
    return overlong || surrogate ? 0 : 3;
  }
  if (!is_continuation(byte_at(text, at + 3))) return 0;
  const bool overlong = first == 0xf0 && second < 0x90;
  const bool too_large = first == 0xf4 && second > 0x8f;
  return overlong || too_large ? 0 : 4;
}

// Calls plain(run of well-formed text) and bad() for each other byte.
template <typename Plain, typename Bad>
void walk_utf8(std::string_view text, Plain plain, Bad bad) {
  std::size_t start = 0, at = 0;
  while (at < text.size() && at < kTextMax) {
    if (const std::size_t length = sequence_length(text, at); length != 0) {
      at += length;
      continue;
    }
    plain(text.substr(start, at - start));
    bad();
    start = ++at;
  }
  plain(text.substr(start, at - start));
}

void append_escaped(std::string_view text, std::string& out) {
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) >= ' ' && c != '"' && c != '\\' && c != '\x7f') continue;
    out.append(text, start, at - start);
    start = at + 1;
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else {
      constexpr char kHex[] = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      out.append("\\u00").append({kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  out.append(text, start);
}

void append_field(std::string_view name, std::string_view text, std::string& out) {
  out.append(",\"").append(name).append("\":\"");
  walk_utf8(
      text, [&](std::string_view run) { append_escaped(run, out); },
      [&] { out.append(kReplacement); });
  out.push_back('"');
}

void append_field(std::string_view name, std::uint64_t number, std::string& out) {
  out.append(",\"").append(name).append("\":").append(std::to_string(number));
}

void append_field(std::string_view name, bool flag, std::string& out) {
  out.append(",\"").append(name).append(flag ? "\":true" : "\":false");
}

void append_phases(const std::vector<Phase>& phases, std::string& out) {
  out.append(",\"phases\":{");
  for (const Phase& phase : phases) {
    if (&phase != &phases.front()) out.push_back(',');
    out.append("\"").append(phase.name).append("\":").append(std::to_string(phase.us));
  }
  out.push_back('}');
}

void append_roots(const std::vector<RootPath>& roots, std::string& out) {
  std::string members;
  for (const RootPath& root : roots)
    append_field(std::string_view(root.name), std::string_view(root.path), members);
  out.append(",\"roots\":{").append(members, members.empty() ? 0 : 1).push_back('}');
}

// Seconds with exactly six digits after the point.
void append_time(std::int64_t time_ns, std::string& out) {
  const std::int64_t us = time_ns / 1000;
  const std::string digits = std::to_string(1'000'000 + us % 1'000'000);
  out.append(std::to_string(us / 1'000'000)).push_back('.');
  out.append(digits, 1);
}

template <typename T>
void take(const Json& object, const char* name, T& value) {
  const auto found = object.find(name);
  if (found == object.end()) return;
  if constexpr (std::is_same_v<T, std::string>) {
    if (found->is_string()) value = found->template get<T>();
  } else if constexpr (std::is_same_v<T, bool>) {
    if (found->is_boolean()) value = found->template get<T>();
  } else {
    if (found->is_number_unsigned()) value = found->template get<T>();
  }
}

void take_phases(const Json& object, std::vector<Phase>& phases) {
  const auto found = object.find("phases");
  if (found == object.end() || !found->is_object()) return;
  for (const auto& [name, us] : found->items())
    if (is_phase_name(name) && us.is_number_unsigned())
      phases.push_back({name, us.get<std::uint64_t>()});
}

void take_roots(const Json& object, std::vector<RootPath>& roots) {
  const auto found = object.find("roots");
  if (found == object.end() || !found->is_object()) return;
  for (const auto& [name, path] : found->items())
    if (is_root_name(name) && path.is_string()) roots.push_back({name, path.get<std::string>()});
}

}  // namespace

const char* outcome_name(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

std::optional<Outcome> parse_outcome(std::string_view name) {
  for (std::size_t i = 0; i < kOutcomeNames.size(); ++i)
    if (name == kOutcomeNames[i]) return static_cast<Outcome>(i);
  return std::nullopt;
}

void append_line(const Event& event, std::string& out) {
  out.append(kLineStart);
  append_time(event.time_ns, out);
  append_field("schema", std::uint64_t{kSchema}, out);
  append_field("outcome", std::string_view(outcome_name(event.outcome)), out);
  append_field("dup", event.dup, out);
  append_field("remote", event.remote, out);
  append_field("prefetched", event.prefetched, out);
  append_field("made_by", std::string_view(event.made_by), out);
  append_field("reason", std::string_view(event.reason), out);
  append_field("tool", std::string_view(event.tool), out);
  append_field("what", std::string_view(event.what), out);
  append_field("output", std::string_view(event.output), out);
  append_field("cwd", std::string_view(event.cwd), out);
  append_roots(event.roots, out);
  append_field("probe_key", std::string_view(event.probe_key), out);
  append_field("action_key", std::string_view(event.action_key), out);
  append_field("tool_runs", event.tool_runs, out);
  append_field("elapsed_us", event.elapsed_us, out);
  append_field("cost_us", event.cost_us, out);
  append_phases(event.phases, out);
  append_field("bytes", event.bytes, out);
  append_field("cloned_bytes", event.cloned_bytes, out);
  append_field("evidence", std::string_view(event.evidence), out);
  append_field("not_stored", std::string_view(event.not_stored), out);
  append_field("detail", std::string_view(event.detail), out);
  out.append("}\n");
}

std::optional<Event> parse_line(std::string_view line) {
  if (auto event = scan_line(line)) return event;
  // A line torn by a full disk has no newline, so the next line follows directly. The start of a line
  // cannot occur inside one, because quotes in texts are escaped.
  const std::size_t start = line.rfind(kLineStart);
  if (start == std::string_view::npos) return std::nullopt;
  auto object = Json::parse(line.substr(start), nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || !object["time"].is_number()) return std::nullopt;

  Event event;
  const double seconds = object["time"].get<double>();
  if (!(seconds >= 0 && seconds < 9e9)) return std::nullopt;
  event.time_ns = std::llround(seconds * 1e6) * 1000;
  std::string outcome;
  take(object, "outcome", outcome);
  const auto parsed = parse_outcome(outcome);
  if (!parsed) return std::nullopt;
  event.outcome = *parsed;
  take(object, "dup", event.dup);
  take(object, "remote", event.remote);
  take(object, "prefetched", event.prefetched);
  take(object, "made_by", event.made_by);
  take(object, "reason", event.reason);
  take(object, "tool", event.tool);
  take(object, "what", event.what);
  take(object, "output", event.output);
  take(object, "cwd", event.cwd);
  take_roots(object, event.roots);
  take(object, "probe_key", event.probe_key);
  take(object, "action_key", event.action_key);
  take(object, "tool_runs", event.tool_runs);
  take(object, "elapsed_us", event.elapsed_us);
  take(object, "cost_us", event.cost_us);
  take_phases(object, event.phases);
  take(object, "bytes", event.bytes);
  take(object, "cloned_bytes", event.cloned_bytes);
  take(object, "evidence", event.evidence);
  take(object, "not_stored", event.not_stored);
  take(object, "detail", event.detail);
  return event;
}

std::string with_paths(std::string_view text, const Event& event) {
  std::string out;
  for (std::size_t at; (at = text.find('<')) != std::string_view::npos;) {
    out.append(text.substr(0, at));
    text.remove_prefix(at);
    const std::size_t end = text.find('>');
    const std::string_view name =
        end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
    const auto root = std::ranges::find(event.roots, name, &RootPath::name);
    const bool is_root = root != event.roots.end() || name == "cwd";
    text.remove_prefix(is_root ? end + 1 : 1);
    if (!is_root) {
      out.push_back('<');
      continue;
    }
    std::string_view path = root != event.roots.end() ? root->path : event.cwd;
    for (; text.starts_with("/../") && path.size() > 1; text.remove_prefix(3))
      path.remove_suffix(path.size() - path.rfind('/'));
    out.append(path);
  }
  return out.append(text);
}

std::string as_recorded(std::string_view text) {
  std::string out;
  walk_utf8(
      text, [&](std::string_view run) { out.append(run); }, [&] { out.append(kReplacement); });
  return out;
}

}  // namespace deja::journal
