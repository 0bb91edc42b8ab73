// A compiler that puts the date into words (__DATE__): what it leaves is the same all day, if it cannot
// have put the time of day into words as well. Tested by trace_builder_test.cc and test/e2e/date_test.cc.
#include <algorithm>
#include <iterator>
#include <vector>

#include "base/path.h"
#include "evidence/trace_builder.h"
#include "formats/file_pieces.h"
#include "os/file.h"

namespace deja::evidence {

using action::Claim;
using observe::Event;
using tool::TimeWords;

namespace {

constexpr std::string_view kZones = "/usr/share/zoneinfo";

// Options that give a compiler's plugins, its driver's own rules, and reports that tell the time.
// (gcc's trees of modules hold the time of their build.)
bool says_more(std::string_view argument) {
  static constexpr std::string_view kParts[] = {"plugin", "-load", "sarif", "-fmodule"};
  return std::any_of(std::begin(kParts), std::end(kParts), [&](std::string_view part) {
    return argument.find(part) != std::string_view::npos;
  });
}

// Files with arguments, where "//" is no comment; and a preprocessor that reads literals otherwise.
bool says_comments_count(std::string_view argument) {
  return argument.find('@') != std::string_view::npos ||
         argument.find("-specs") != std::string_view::npos || argument.starts_with("--config") ||
         argument.starts_with("-traditional");
}
bool is_file_of_arguments(std::string_view path) {
  const std::string_view name = base_name(path);
  return name.ends_with("specs") || name.ends_with(".cfg") || name.ends_with(".rsp");
}

// gcc's precompiled header: macros, and no text.
bool is_precompiled(std::string_view text) { return text.starts_with("gpch"); }

}  // namespace

bool TraceBuilder::may_put_date(std::int32_t pid) const {
  const auto program = programs_.find(pid);
  return !invocation_.policy.is_generic && !invocation_.policy.runs_plugins &&
         program != programs_.end() && adapter_.puts_date(program->second);
}

void TraceBuilder::on_day(const Event& e) {
  const auto it = dated_.find(e.pid);
  if (it == dated_.end()) return;
  constexpr std::int64_t kSecond = 1'000'000'000;
  it->second.day =
      LocalDay{e.when_ns / kSecond, static_cast<std::int32_t>(static_cast<std::uint32_t>(e.value))};
}

// What libc has read of the zone, which the interposer does not see (tzset(3), and posixrules for
// zones that are spelled out without the days of their changes).
void TraceBuilder::note_zone(const Event& e) {
  dated_[e.pid].has_zone = true;
  const auto note = [&](const std::string& path, const os::FileIdentity* identity) {
    const bool is_first = !reads_.contains(path);
    read(path, identity, e.when_ns);
    if (const auto it = reads_.find(path); it != reads_.end() && is_first)
      it->second.by_libc = true;
  };
  const auto look_for = [&](const std::string& path) {
    const auto now = os::stat_file(path);
    return now && !*now ? missing(path) : note(path, nullptr);
  };
  const auto zone = command_.variable("TZ");
  if (!zone)
    return e.error != 0 ? missing(e.path) : note(e.path, e.has_identity ? &e.identity : nullptr);
  if (const auto zones = command_.variable("TZDIR"); zones) return fail("puts a time into words");
  claim(Claim::unset, "TZDIR");
  std::string_view name = *zone;
  if (name.starts_with(':')) name.remove_prefix(1);
  look_for(tidy_path(join_path(kZones, name.empty() ? "Universal" : name)));
  look_for(join_path(kZones, "posixrules"));
}

// Puts what the text of a file could make into words; true: it may be anything.
bool TraceBuilder::may_put_time(const std::string& path, TimeWords& words) const {
  const auto search = [&]() -> Result<bool> {
    const os::Fd fd = TRY(os::open_read(path));
    const os::FileIdentity now = TRY(os::stat_fd(fd));
    const auto known = reads_.find(path);
    if (known == reads_.end() || !(known->second.identity == now)) return true;
    if (now.size == 0 || known->second.by_libc) return false;
    const std::string content = TRY(formats::whole_content(fd, now.size));
    const auto& argv = invocation_.run.argv;
    const bool is_source =
        !is_file_of_arguments(path) && std::none_of(argv.begin(), argv.end(), says_comments_count);
    words.add(content, is_source ? TimeWords::Kind::source : TimeWords::Kind::unknown);
    return is_precompiled(content);
  };
  const auto found = search();
  return !found || *found;
}

// A precompiled header is the compiler's own memory. What cannot be read is one.
bool TraceBuilder::leaves_precompiled() const {
  return std::any_of(
      run_facts_.outputs.begin(), run_facts_.outputs.end(), [](const Output& output) {
        if (output.role != action::Role::output) return false;
        char head[4] = {};
        const auto fd = os::open_read(output.path);
        const auto size = fd ? os::read_at(*fd, 0, head, sizeof(head)) : Result<std::size_t>(0);
        return !fd || !size || is_precompiled({head, *size});
      });
}

// Could the time of day have been put into words, besides the date?
bool TraceBuilder::may_put_time_of_day() const {
  // clang's trees hold the buffer in which it has put both, the date and the time, into words.
  if (leaves_tree_ || leaves_precompiled() || had_foreign_ || invocation_.run.reads_stdin ||
      !invocation_.policy.facts_count)
    return true;
  if (!invocation_.key.files.empty() || (run_facts_.facts & tool::kHoldsTree) != 0) return true;
  std::vector<std::string_view> arguments(invocation_.run.argv.begin(), invocation_.run.argv.end());
  for (const tool::KeyArgument& argument : invocation_.key.arguments)
    arguments.emplace_back(argument.text);
  if (std::any_of(arguments.begin(), arguments.end(), says_more)) return true;
  TimeWords words;
  for (const std::string_view argument : arguments) words.add(argument, TimeWords::Kind::unknown);
  for (const action::Observation& o : run_facts_.trace.observations)
    if (o.claim == Claim::variable) words.add(o.value, TimeWords::Kind::unknown);
  for (const Input& input : run_facts_.inputs)
    if (may_put_time(input.path, words)) return true;
  return words.may_be_spelled();
}

// All that was put into words is the date, and it is still that date.
void TraceBuilder::conclude_date() {
  for (const auto& [pid, dated] : dated_) {
    if (!dated.has_zone) return fail("reads the clock");
    if (dated.asked == 0) return fail("puts a time into words");
    const bool is_one_day = dated.asked == 1 && dated.day && covers(*dated.day, dated.asked_ns) &&
                            covers(*dated.day, ended_ns_);
    if (!is_one_day) return fail("puts the time into words");
  }
  if (may_put_time_of_day()) return fail("may put the time of day into words");
  for (const auto& [pid, dated] : dated_) claim(Claim::date, {}, day_text(*dated.day));
}

}  // namespace deja::evidence
