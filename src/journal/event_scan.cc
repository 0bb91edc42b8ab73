// SPDX-License-Identifier: Apache-2.0
#include "journal/event_scan.h"

#include <algorithm>
#include <charconv>

namespace deja::journal {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // After the first mismatch nothing matches any more.
  void literal(std::string_view expected) {
    if (!text_.starts_with(expected)) return fail();
    text_.remove_prefix(expected.size());
  }
  void name(std::string_view name) {
    literal(",\"");
    literal(name);
    literal("\":");
  }
  void field(std::string_view name_text, std::string& value) {
    name(name_text);
    text(value);
  }
  void field(std::string_view name_text, bool& value) {
    name(name_text);
    value = text_.starts_with("true");
    literal(value ? "true" : "false");
  }
  void field(std::string_view name_text, std::uint64_t& value) {
    name(name_text);
    number(value);
  }
  void field(std::string_view name_text, std::vector<Phase>& phases) {
    members(name_text, phases, is_phase_name, [this](Phase& phase) { number(phase.us); });
  }
  void field(std::string_view name_text, std::vector<RootPath>& roots) {
    members(name_text, roots, is_root_name, [this](RootPath& root) { text(root.path); });
  }
  void number(std::uint64_t& value) {
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    const auto size = static_cast<std::size_t>(end - text_.data());
    if (error != std::errc() || (size > 1 && text_.front() == '0')) return fail();
    text_.remove_prefix(size);
  }
  // Six digits.
  void micros(std::uint64_t& value) {
    const std::string_view digits = text_.substr(0, 6);
    if (digits.size() < 6 || digits.find_first_not_of("0123456789") != digits.npos) return fail();
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    text_.remove_prefix(digits.size());
  }
  void text(std::string& value) {
    literal("\"");
    for (;;) {
      std::size_t end = 0;
      while (end < text_.size() && is_plain(text_[end])) ++end;
      value.append(text_, 0, end);
      text_.remove_prefix(end);
      if (text_.starts_with('"')) return literal("\"");
      if (!escape(value)) return fail();
    }
  }
  // Is this the next member? The lines of older versions lack some.
  bool has(std::string_view name) const {
    return text_.starts_with(",\"") && text_.substr(2).starts_with(name) &&
           text_.substr(2 + name.size()).starts_with("\":");
  }
  bool is_done() const { return good_ && text_.empty(); }

 private:
  // An object whose members have names of their own.
  template <typename Member, typename IsName, typename Read>
  void members(std::string_view name_text, std::vector<Member>& out, const IsName& is_name,
               const Read& read) {
    name(name_text);
    literal("{");
    while (good_ && !text_.starts_with('}')) {
      Member& member = out.emplace_back();
      literal(out.size() == 1 ? "\"" : ",\"");
      member_name(member.name, is_name);
      read(member);
    }
    literal("}");
  }
  template <typename IsName>
  void member_name(std::string& name, const IsName& is_name) {
    name = text_.substr(0, std::min(text_.find('"'), kPhaseNameMax));
    if (!is_name(name)) return fail();
    literal(name);
    literal("\":");
  }
  static bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= ' ' && byte < 0x7f && c != '"' && c != '\\';
  }
  bool escape(std::string& value) {
    if (text_.starts_with("\\\"") || text_.starts_with("\\\\")) {
      value.push_back(text_[1]);
      text_.remove_prefix(2);
      return true;
    }
    constexpr std::string_view kUnicode = "\\u00";
    unsigned char byte = 0;
    if (!text_.starts_with(kUnicode) || text_.size() < kUnicode.size() + 2) return false;
    const char* const digits = text_.data() + kUnicode.size();
    const auto [end, error] = std::from_chars(digits, digits + 2, byte, 16);
    if (error != std::errc() || end != digits + 2 || byte >= 0x80) return false;
    value.push_back(static_cast<char>(byte));
    text_.remove_prefix(kUnicode.size() + 2);
    return true;
  }
  void fail() {
    good_ = false;
    text_ = {};
  }

  std::string_view text_;
  bool good_ = true;
};

}  // namespace

bool is_phase_name(std::string_view name) {
  return !name.empty() && name.size() <= kPhaseNameMax &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
}

bool is_root_name(std::string_view name) {
  return !name.empty() && name.size() <= kPhaseNameMax && std::ranges::all_of(name, [](char c) {
    return c == ' ' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

std::optional<Event> scan_line(std::string_view line) {
  Event event;
  Scanner in(line);
  std::uint64_t seconds = 0, micros = 0;
  std::string outcome;
  in.literal("{\"time\":");
  in.number(seconds);
  in.literal(".");
  in.micros(micros);
  if (in.has("schema")) {
    in.name("schema");
    in.literal("1");
  }
  in.field("outcome", outcome);
  in.field("dup", event.dup);
  in.field("remote", event.remote);
  in.field("prefetched", event.prefetched);
  if (in.has("made_by")) in.field("made_by", event.made_by);
  in.field("reason", event.reason);
  in.field("tool", event.tool);
  in.field("what", event.what);
  in.field("output", event.output);
  in.field("cwd", event.cwd);
  if (in.has("roots")) in.field("roots", event.roots);
  in.field("probe_key", event.probe_key);
  in.field("action_key", event.action_key);
  in.field("tool_runs", event.tool_runs);
  in.field("elapsed_us", event.elapsed_us);
  in.field("cost_us", event.cost_us);
  in.field("phases", event.phases);
  in.field("bytes", event.bytes);
  in.field("cloned_bytes", event.cloned_bytes);
  in.field("evidence", event.evidence);
  in.field("not_stored", event.not_stored);
  in.field("detail", event.detail);
  in.literal("}");
  const auto parsed = parse_outcome(outcome);
  constexpr std::uint64_t kSecondsMax = 8'999'999'999;
  if (!in.is_done() || !parsed || seconds > kSecondsMax) return std::nullopt;
  event.outcome = *parsed;
  event.time_ns = static_cast<std::int64_t>(seconds * 1'000'000 + micros) * 1000;
  return event;
}

}  // namespace deja::journal
