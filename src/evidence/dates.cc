// SPDX-License-Identifier: Apache-2.0
// A compiler that writes the date (__DATE__): what it leaves is the same all day, if it cannot have
// written the time of day as well. Tested by dates_test.cc and test/e2e/date_test.cc.
#include <algorithm>
#include <iterator>
#include <vector>

#include "base/path.h"
#include "evidence/collect.h"
#include "evidence/rules.h"
#include "formats/file_pieces.h"
#include "os/file.h"
#include "tool/time_words.h"

namespace deja::evidence {

using action::Claim;
using tool::TimeWords;

namespace {

constexpr std::string_view kZones = "/usr/share/zoneinfo";

// Options for plugins of a compiler, rules of its driver, and reports that hold the time. (gcc's
// trees of modules hold the time of their build.)
bool may_write_more(std::string_view argument) {
  static constexpr std::string_view kParts[] = {"plugin", "-load", "sarif", "-fmodule"};
  return std::any_of(std::begin(kParts), std::end(kParts), [&](std::string_view part) {
    return argument.find(part) != std::string_view::npos;
  });
}

// Files with arguments, where "//" is no comment; and a preprocessor with other rules for literals.
bool has_other_comments(std::string_view argument) {
  return argument.find('@') != std::string_view::npos ||
         argument.find("-specs") != std::string_view::npos || argument.starts_with("--config") ||
         argument.starts_with("-traditional");
}
bool is_file_of_arguments(std::string_view path) {
  const std::string_view name = base_name(path);
  return name.ends_with("specs") || name.ends_with(".cfg") || name.ends_with(".rsp");
}

// gcc's precompiled header holds macros, and no text.
bool is_precompiled(std::string_view text) { return text.starts_with("gpch"); }

// A file that libc reads for itself.
void read_by_libc(const Collecting& c, const std::string& path, const os::FileIdentity* identity) {
  const PathFacts* const before = c.find(path);
  const bool is_first = before == nullptr || !before->read;
  c.read(path, identity);
  if (PathFacts& row = c.facts.by_path[path]; row.read && is_first) row.read->by_libc = true;
}

// What libc has read of the zone, which the interposer does not see (tzset(3); posixrules is for
// zones whose text does not say when they change).
void note_zone(const Collecting& c) {
  const observe::Event& e = c.e;
  std::optional<DateUse>& date = c.facts.processes.at(e.pid).date;
  if (!date) date.emplace();
  date->has_zone = true;
  const auto zone = c.run.command.variable("TZ");
  if (!zone) return e.error != 0 ? c.miss(e.path) : read_by_libc(c, e.path, identity_in(e));
  if (c.run.command.variable("TZDIR")) return c.fail(NotStored::local_time);
  c.facts.variables.by_value.insert("TZDIR");
  std::string_view name = *zone;
  if (name.starts_with(':')) name.remove_prefix(1);
  for (const std::string& path : {tidy_path(join_path(kZones, name.empty() ? "Universal" : name)),
                                  join_path(kZones, "posixrules")}) {
    const auto now = os::stat_file(path);
    now && !*now ? c.miss(path) : read_by_libc(c, path, nullptr);
  }
}

// Adds the words that the text of a file could make; true: it may be any words.
bool may_write_time(const Conclusion& c, const std::string& path, TimeWords& words) {
  const auto search = [&]() -> Result<bool> {
    const os::Fd fd = TRY(os::open_read(path));
    const os::FileIdentity now = TRY(os::stat_fd(fd));
    const PathFacts* const known = c.find(path);
    if (known == nullptr || !known->read || !(known->read->identity == now)) return true;
    if (now.size == 0 || known->read->by_libc) return false;
    const std::string content = TRY(formats::whole_content(fd, now.size));
    const auto& argv = c.invocation().run.argv;
    const bool is_source =
        !is_file_of_arguments(path) && std::none_of(argv.begin(), argv.end(), has_other_comments);
    words.add(content, is_source ? TimeWords::Kind::source : TimeWords::Kind::unknown);
    return is_precompiled(content);
  };
  const auto found = search();
  return !found || *found;
}

// A precompiled header holds what the compiler has in its memory, so it may hold the time. A file
// that cannot be read is taken for one.
bool leaves_precompiled(const RunFacts& out) {
  return std::any_of(out.outputs.begin(), out.outputs.end(), [](const Output& output) {
    if (output.role != action::Role::output) return false;
    char head[4] = {};
    const auto fd = os::open_read(output.path);
    const auto size = fd ? os::read_at(*fd, 0, head, sizeof(head)) : Result<std::size_t>(0);
    return !fd || !size || is_precompiled({head, *size});
  });
}

// Could the time of day have been written, besides the date?
bool may_write_time_of_day(const Conclusion& c) {
  const tool::Invocation& invocation = c.invocation();
  // clang's trees hold the buffer in which it made the words of both, the date and the time.
  if (c.leaves_tree || leaves_precompiled(c.out) || c.facts.processes.had_unknown() ||
      invocation.run.reads_stdin || !invocation.policy.facts_count)
    return true;
  if (!invocation.key.files.empty() || (c.out.facts & tool::kHoldsTree) != 0) return true;
  std::vector<std::string_view> arguments(invocation.run.argv.begin(), invocation.run.argv.end());
  for (const tool::KeyArgument& argument : invocation.key.arguments)
    arguments.emplace_back(argument.text);
  if (std::any_of(arguments.begin(), arguments.end(), may_write_more)) return true;
  TimeWords words;
  for (const std::string_view argument : arguments) words.add(argument, TimeWords::Kind::unknown);
  for (const action::Observation& o : c.out.trace.observations)
    if (o.claim == Claim::variable) words.add(o.value, TimeWords::Kind::unknown);
  for (const Input& input : c.out.inputs)
    if (may_write_time(c, input.path, words)) return true;
  return words.may_be_spelled();
}

}  // namespace

// Libc's localtime() looks at /etc/localtime, and the interposer reports that. What a compiler
// calls it for is the present time (__DATE__), or the time of a file (__TIMESTAMP__), which no
// claim holds.
void on_localtime(const Collecting& c) {
  const bool is_timekeeper = c.facts.processes.is_timekeeper(c.e.pid);
  if (c.run.invocation.policy.is_generic || is_timekeeper) {
    c.facts.asked_time |= !c.run.invocation.policy.is_generic;
    if (c.e.error == 0) c.read(c.e.path, identity_in(c.e));
    return;
  }
  if (is_before_the_script(c)) {
    if (c.e.error == 0) c.read(c.e.path, identity_in(c.e));
    return;
  }
  if (UnknownProgram* const program = c.unknown())
    return c.fail(c.facts.processes.asks(*program, {NotStored::local_time}, c.e.flags));
  if (c.facts.processes.may_write_date(c.e.pid)) return note_zone(c);
  c.fail(NotStored::local_time);
}

void on_day(const Collecting& c) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  std::optional<DateUse>& date = c.facts.processes.at(c.e.pid).date;
  if (date)
    date->day = LocalDay{c.e.when_ns / kSecond,
                         static_cast<std::int32_t>(static_cast<std::uint32_t>(c.e.value))};
}

void conclude_date(Conclusion& c) {
  if (!c.facts.processes.has_dates()) return;
  for (const auto& [pid, process] : c.facts.processes.all()) {
    if (!process.date) continue;
    const DateUse& date = *process.date;
    if (!date.has_zone) return c.fail(NotStored::clock_read);
    if (date.asked == 0) return c.fail(NotStored::local_time);
    if (date.asked != 1 || !date.day) return c.fail(NotStored::local_time);
    if (!covers(*date.day, date.asked_ns) || !covers(*date.day, c.run.ended_ns))
      return c.fail(NotStored::day_changed);
  }
  if (may_write_time_of_day(c)) return c.fail(NotStored::time_written, "__TIME__");
  for (const auto& [pid, process] : c.facts.processes.all())
    if (process.date) c.claim(Claim::date, {}, day_text(*process.date->day));
}

}  // namespace deja::evidence
