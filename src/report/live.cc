// SPDX-License-Identifier: Apache-2.0
// From the top of the screen: the engine, the last minute, the builds, reasons of misses; the rest is the stream of
// events. What does not fit is left out from the middle, never the stream. Tested by live_test.cc.

#include "report/live.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/path.h"
#include "report/format.h"

namespace deja::report {
namespace {

using journal::Outcome;

constexpr std::int64_t kMinuteNs = 60 * kNsPerSecond;
constexpr std::size_t kStreamMax = 200, kPointsMax = 100'000, kReasonsMax = 1000;
constexpr std::size_t kReasonsShown = 4, kBuildsShown = 3, kRunningShown = 3, kRunningMax = 1000;
// A build runs as long as a command of it has ended within this time.
constexpr std::int64_t kBuildPauseNs = 10 * kNsPerSecond;

const char* colour_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::hit:
      return "\x1b[32m";
    case Outcome::miss:
      return "\x1b[33m";
    case Outcome::failure:
      return "\x1b[31m";
    case Outcome::bypass:
      return "\x1b[2m";
    case Outcome::running:
      break;
  }
  return "";
}

// Characters, not bytes: "µs" is two columns wide.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string text, std::size_t size) {
  const std::size_t columns = columns_of(text);
  if (columns < size) text.append(size - columns, ' ');
  return text;
}

std::string outcome_words(const journal::Event& event) {
  return std::string(journal::outcome_name(event.outcome)) + (event.remote ? " (remote)" : "") +
         (event.dup ? " (dup)" : "");
}

// One event in one line. What is cut is the name and the reason; on a narrow screen, everything but the colour.
std::string stream_line(const journal::Event& event, const Screen& screen) {
  const auto columns = static_cast<std::size_t>(screen.columns);
  const std::string time = local_time(event.time_ns).substr(11) + "  ";
  const std::string outcome = padded(outcome_words(event), 12);
  const std::string facts = "  " + padded(human_elapsed(event.elapsed_us), 9) + "  " +
                            padded(printable(shortened(base_name(event.tool), 12)), 8) + "  ";
  std::string text = event.what.empty() ? event.output : event.what;
  if (event.outcome != Outcome::hit && !event.reason.empty()) text += "  " + event.reason;
  text = printable(text);
  const std::size_t used = columns_of(time + outcome + facts);
  constexpr std::size_t kTextMin = 10;
  if (columns < used + kTextMin) return shortened(time + outcome + facts + text, columns);
  const std::string begin = screen.colour ? colour_of(event.outcome) : "";
  return time + begin + outcome + (begin.empty() ? "" : "\x1b[0m") + facts +
         shortened(text, columns - used);
}

// The request of a heartbeat, and of the event that ends it.
std::string request_of(const journal::Event& event) {
  return event.cwd + '\n' + event.probe_key + '\n' + event.what;
}

}  // namespace

void Live::note_running(const journal::Event& event) {
  Running& tool = running_[request_of(event)];
  // The first heartbeat comes when the tool has run for as long as there is between two.
  tool.pause_ns = tool.event.time_ns != 0 ? event.time_ns - tool.event.time_ns
                                          : static_cast<std::int64_t>(event.elapsed_us) * 1000;
  tool.event = event;
  if (running_.size() > kRunningMax) running_.erase(running_.begin());
}

void Live::add(const journal::Event& event, bool is_old) {
  if (event.outcome == Outcome::running) return note_running(event);
  if (!running_.empty()) running_.erase(request_of(event));
  stream_.push_back(event);
  if (stream_.size() > kStreamMax) stream_.pop_front();
  const bool is_hit = event.outcome == Outcome::hit;
  minute_.push_back({event.time_ns, event.outcome, is_hit ? event.cost_us : 0, event.cwd});
  if (minute_.size() > kPointsMax) minute_.pop_front();
  if (is_old) return;
  totals_.hits += is_hit ? 1 : 0;
  totals_.misses += event.outcome == Outcome::miss ? 1 : 0;
  totals_.bypasses += event.outcome == Outcome::bypass ? 1 : 0;
  totals_.failures += event.outcome == Outcome::failure ? 1 : 0;
  if (is_hit) totals_.saved_us += event.cost_us;
  if (event.outcome != Outcome::miss) return;
  const ReasonParts parts = parts_of(event);
  const std::string name =
      std::string(parts.kind) + (parts.subject.empty() ? "" : ": " + parts.subject);
  if (reasons_.size() >= kReasonsMax && !reasons_.contains(name)) return;
  Ranked& reason = reasons_[name];
  reason.name = name;
  ++reason.count;
  reason.cost_us += event.cost_us;
}

void Live::advance(std::int64_t now_ns) {
  while (!minute_.empty() && minute_.front().time_ns < now_ns - kMinuteNs) minute_.pop_front();
  // Without a heartbeat twice, the tool's client or the engine was killed.
  std::erase_if(running_, [&](const auto& entry) {
    return entry.second.event.time_ns + 2 * entry.second.pause_ns + kBuildPauseNs < now_ns;
  });
}

std::string Live::rates() const {
  Totals t;
  for (const Point& p : minute_) {
    t.hits += p.outcome == Outcome::hit ? 1 : 0;
    t.misses += p.outcome == Outcome::miss ? 1 : 0;
    t.saved_us += p.saved_us;
  }
  const auto row = [](const Totals& totals, std::uint64_t commands) {
    const std::string rate = percent(totals.hits, totals.lookups());
    return fmt::format("{} commands, {} hits{}, {} misses, saved {}", commands, totals.hits,
                       rate.empty() ? "" : " (" + rate + ")", totals.misses,
                       human_elapsed(totals.saved_us));
  };
  return "last minute  " + row(t, minute_.size()) + "\nsince start  " +
         row(totals_, totals_.commands());
}

// A column for each of the last seconds: commands that ended in it.
std::string Live::activity(std::int64_t now_ns, std::size_t columns) const {
  constexpr const char* kBlocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::size_t seconds = std::min<std::size_t>(60, columns > 20 ? columns - 20 : 1);
  std::vector<std::uint64_t> counts(seconds);
  for (const Point& p : minute_) {
    const std::int64_t age = std::max<std::int64_t>(0, (now_ns - p.time_ns) / kNsPerSecond);
    if (static_cast<std::size_t>(age) < seconds)
      ++counts[seconds - 1 - static_cast<std::size_t>(age)];
  }
  const std::uint64_t most = *std::ranges::max_element(counts);
  std::string out = "per second   ";
  for (const std::uint64_t count : counts)
    out += kBlocks[count == 0 ? 0 : 1 + count * 7 / std::max<std::uint64_t>(most, 1)];
  while (out.ends_with(' ')) out.pop_back();
  return most == 0 ? "per second   no commands" : out + " " + std::to_string(most);
}

// The tools that have run the longest.
std::vector<std::string> Live::running_lines(std::int64_t now_ns) const {
  std::vector<std::pair<std::uint64_t, std::string>> by_time;
  for (const auto& [key, tool] : running_) {
    const journal::Event& event = tool.event;
    const std::int64_t since_us = std::max<std::int64_t>(0, now_ns - event.time_ns) / 1000;
    const std::string& what = event.what.empty() ? event.output : event.what;
    by_time.emplace_back(event.elapsed_us + static_cast<std::uint64_t>(since_us),
                         std::string(base_name(event.tool)) + " " + what);
  }
  std::ranges::sort(by_time, std::ranges::greater());
  if (by_time.size() > kRunningShown) by_time.resize(kRunningShown);
  std::vector<std::string> lines;
  lines.reserve(by_time.size());
  for (const auto& [us, text] : by_time)
    lines.push_back("running      " + human_elapsed(us) + "  " + text);
  return lines;
}

// The directories in which the most commands ended in the last seconds.
std::vector<std::string> Live::building_lines(std::int64_t now_ns) const {
  std::map<std::string, std::uint64_t> builds;
  for (const Point& p : minute_)
    if (p.time_ns >= now_ns - kBuildPauseNs) ++builds[p.directory];
  std::vector<std::pair<std::uint64_t, std::string>> by_size;
  by_size.reserve(builds.size());
  for (const auto& [directory, count] : builds) by_size.emplace_back(count, directory);
  std::ranges::sort(by_size, std::ranges::greater());
  if (by_size.size() > kBuildsShown) by_size.resize(kBuildsShown);
  std::vector<std::string> lines;
  lines.reserve(by_size.size());
  for (const auto& [count, directory] : by_size)
    lines.push_back(fmt::format("building     {} in the last 10 s, in {}",
                                counted(count, "command"), directory));
  return lines;
}

// The reasons that cost the most.
std::vector<std::string> Live::reason_lines() const {
  std::vector<Ranked> reasons;
  reasons.reserve(reasons_.size());
  for (const auto& [name, ranked] : reasons_) reasons.push_back(ranked);
  std::ranges::sort(reasons, std::ranges::greater(), &Ranked::cost_us);
  if (reasons.size() > kReasonsShown) reasons.resize(kReasonsShown);
  std::vector<std::string> lines;
  lines.reserve(reasons.size());
  for (const Ranked& r : reasons)
    lines.push_back(
        fmt::format("missed       {} × {}, {}", r.count, r.name, human_elapsed(r.cost_us)));
  return lines;
}

std::string Live::frame(const EngineState& engine, const State& state, const Screen& screen,
                        std::int64_t now_ns) const {
  const auto columns = static_cast<std::size_t>(std::max(screen.columns, 1));
  const auto rows = static_cast<std::size_t>(std::max(screen.rows, 1));
  std::vector<std::string> lines;
  const auto add = [&](const std::string& line) {
    lines.push_back(shortened(printable(line), columns));
  };
  std::string running = engine.is_running ? "engine running" : "no engine running";
  if (engine.is_running && engine.commands >= 0)
    running +=
        fmt::format(", {} now", counted(static_cast<std::uint64_t>(engine.commands), "command"));
  add("deja  " + local_time(now_ns).substr(11) + "  " + running + "   (q quits)");
  const std::string both = rates();
  add(both.substr(0, both.find('\n')));
  add(both.substr(both.find('\n') + 1));
  add(activity(now_ns, columns));
  if (state.has_store)
    add("store        " + human_size(state.store_bytes) + " of " +
        human_size(state.store_limit_bytes) + ", " + counted(state.results, "result"));
  for (const std::string& remote : state.remotes) add("remote       " + remote);
  for (const auto& part : {building_lines(now_ns), running_lines(now_ns), reason_lines()})
    for (const std::string& line : part) add(line);

  // The stream has at least half of the screen.
  const std::size_t top = std::min(lines.size(), std::max<std::size_t>(rows / 2, 1));
  lines.resize(top);
  if (rows > top) lines.emplace_back();
  const std::size_t left = rows > lines.size() ? rows - lines.size() : 0;
  const std::size_t shown = std::min(left, stream_.size());
  for (std::size_t i = stream_.size() - shown; i < stream_.size(); ++i)
    lines.push_back(stream_line(stream_[i], screen));
  if (stream_.empty() && left > 0) add("no events yet");
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) out += (i == 0 ? "" : "\n") + lines[i];
  return out;
}

}  // namespace deja::report
