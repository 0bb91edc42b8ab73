// SPDX-License-Identifier: Apache-2.0
// What the content of files means for a run: a mention of the file's own path, times of other
// files, code that reads the whole environment. Tested by test/diff/sharing_test.cc and
// conclude_test.cc.
#include <algorithm>

#include "base/path.h"
#include "evidence/blind_spots.h"
#include "evidence/rules.h"
#include "formats/archive_dates.h"
#include "formats/file_pieces.h"
#include "os/file.h"

namespace deja::evidence {

using action::Role;

namespace {

// gzip(1) writes the time of the file that it packs into its header (RFC 1952); 0 is none.
bool holds_gzip_time(std::string_view head) {
  constexpr char kNone[4] = {};
  return head.starts_with("\x1f\x8b\x08") && head.substr(4) != std::string_view(kNone, 4);
}

// GNAT's list of what a unit was made of (.ali) holds the time of each source.
bool holds_ada_times(std::string_view head) { return head.starts_with("V \"GNAT "); }

// The facts about an output that is a tree of clang's; those of gcc hold no sizes. Empty: it is an
// archive that stores times and owners.
Result<std::optional<std::uint32_t>> facts_of_output(const std::string& path) {
  const std::optional<std::uint32_t> none = 0;
  const os::Fd fd = TRY(os::open_read(path));
  char head[8] = {};
  if (TRY(os::read_at(fd, 0, head, sizeof(head))) < 4) return none;
  if (holds_gzip_time({head, sizeof(head)}) || holds_ada_times({head, sizeof(head)}))
    return std::optional<std::uint32_t>(tool::kHoldsTree | tool::kHoldsFileTimes);
  if (TRY(formats::holds_dates(fd))) return std::optional<std::uint32_t>();
  if (tool::scan_tree({head, 4}) == 0) return none;
  const os::FileIdentity identity = TRY(os::stat_fd(fd));
  return std::optional(tool::scan_tree(TRY(formats::whole_content(fd, identity.size))));
}

// Found where the compiler looks by itself: below no root, and below nothing that the command line
// or a variable names.
bool is_toolchain_header(const Conclusion& c, const std::string& path) {
  if (c.run.roots.tag(path) != path) return false;
  for (const char* name : {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "OBJC_INCLUDE_PATH"})
    if (!c.variable(name).value_or("").empty()) return false;
  const auto& arguments = c.invocation().key.arguments;
  return std::none_of(arguments.begin(), arguments.end(), [&](const tool::KeyArgument& argument) {
    return argument.has_path() && argument.output == tool::KeyArgument::Output::none &&
           is_within(path, tidy_path(join_path(c.run.command.cwd, argument.path())));
  });
}

}  // namespace

void note_traits(Conclusion& c, const std::string& path, digest::Traits traits) {
  c.out.facts |= traits;
  if ((traits & tool::kReportsOwnPath) != 0 && !is_toolchain_header(c, path))
    c.out.facts |= tool::kMentionsOwnPath | tool::kMentionsTypePath;
}

// glibc's own calls are interposed as functions; sanitizers only read what their options name (loader.c).
bool is_known_to_make_raw_calls(const std::string& path) {
  constexpr std::string_view kLibraries[] = {"ld-linux", "libc.so.", "libc-",   "libubsan.",
                                             "liblsan.", "libasan.", "libtsan."};
  const std::string_view name = base_name(path);
  return std::ranges::any_of(kLibraries,
                             [&](std::string_view library) { return name.starts_with(library); });
}

// Compilers load code of their users, too (proc macros).
void conclude_program(Conclusion& c, const std::string& path, digest::Traits traits) {
  const auto& directories = c.invocation().policy.plugin_directories;
  const bool is_users = std::any_of(
      directories.begin(), directories.end(),
      [&](const std::string& directory) { return is_within(tidy_path(path), directory); });
  if (!is_users) c.out.programs.push_back(path);
  const bool is_unknown = c.facts.processes.one_by_one().contains(path);
  const tool::Invocation::Policy& policy = c.invocation().policy;
  if (makes_raw_calls(traits) && !c.facts.is_supervised &&
      (is_users || is_unknown || policy.is_generic || policy.is_unknown) &&
      !is_known_to_make_raw_calls(path)) {
    c.out.makes_raw_calls = true;
    return c.fail(NotStored::program_not_observed, path + " makes system calls by itself");
  }
  const bool asks_by_name = is_users || is_unknown;
  if (asks_by_name && (traits & tool::kNamesEnviron) != 0) c.claim_environment();
}

void find_kept_stamps(Conclusion& c) {
  std::uint32_t facts = c.out.facts;
  for (const Output& out : c.out.outputs) {
    if (out.role != Role::output) continue;
    const auto found = facts_of_output(out.path);
    if (!found) return c.fail(NotStored::output_unreadable, out.path);
    if (!*found) return c.fail(NotStored::times_stored, out.path);
    facts |= **found;
    c.leaves_tree |= (**found & tool::kHoldsTree) != 0;
  }
  c.holds_sizes = (facts & tool::kHoldsTree) != 0;
  c.holds_times = c.holds_sizes && (facts & tool::kHoldsFileTimes) != 0;
}

}  // namespace deja::evidence
