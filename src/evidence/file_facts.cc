// What the content of files says of a run: a mention of the file's own path, times of other files, code
// that reads the whole environment. Tested by test/diff/sharing_test.cc and trace_builder_test.cc.
#include <algorithm>

#include "base/path.h"
#include "evidence/claim_checker.h"
#include "evidence/trace_builder.h"
#include "formats/archive_dates.h"
#include "formats/file_pieces.h"
#include "os/file.h"

namespace deja::evidence {

using action::Claim;
using action::Role;

namespace {

// gzip(1) puts the time of the file that it packs into its header (RFC 1952); 0 is none.
bool holds_gzip_time(std::string_view head) {
  constexpr char kNone[4] = {};
  return head.starts_with("\x1f\x8b\x08") && head.substr(4) != std::string_view(kNone, 4);
}

// GNAT's list of what a unit was made of says when each source was last changed.
bool holds_ada_times(std::string_view head) { return head.starts_with("V \"GNAT "); }

// The facts about an output that is a tree of clang's; gcc's hold no sizes. Empty: it is an archive
// that stores times and owners.
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

}  // namespace

void TraceBuilder::note_facts(const std::string& path, digest::Traits traits) {
  run_facts_.facts |= traits;
  if ((traits & tool::kReportsOwnPath) != 0 && !is_toolchain_header(path))
    run_facts_.facts |= tool::kMentionsOwnPath | tool::kMentionsTypePath;
}

// Found where the compiler looks by itself: below no root, and below nothing that the command line or
// a variable names.
bool TraceBuilder::is_toolchain_header(const std::string& path) const {
  if (roots_.tag(path) != path) return false;
  for (const char* variable :
       {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "OBJC_INCLUDE_PATH"})
    if (!command_.variable(variable).value_or("").empty()) return false;
  const auto& arguments = invocation_.key.arguments;
  return std::none_of(arguments.begin(), arguments.end(), [&](const tool::KeyArgument& argument) {
    return argument.has_path() && argument.output == tool::KeyArgument::Output::none &&
           is_within(path, tidy_path(join_path(command_.cwd, argument.path())));
  });
}

// Compilers load code of their users, too (proc macros).
void TraceBuilder::conclude_program(const std::string& path, digest::Traits traits) {
  const auto& directories = invocation_.policy.plugin_directories;
  const bool is_users = std::any_of(
      directories.begin(), directories.end(),
      [&](const std::string& directory) { return is_within(tidy_path(path), directory); });
  if (!is_users) run_facts_.programs.push_back(path);
  if ((is_users || one_by_one_.contains(path)) && (traits & tool::kNamesEnviron) != 0)
    claim_environment();
}

// What a file that was read or made keeps of others: their size, some also their time.
void TraceBuilder::conclude_stamps() {
  std::uint32_t facts = run_facts_.facts;
  for (const Output& out : run_facts_.outputs) {
    if (out.role != Role::output) continue;
    const auto found = facts_of_output(out.path);
    if (!found) return fail("gone or broken after the run: " + out.path);
    if (!*found) return fail("stores times and owners of files: " + out.path);
    facts |= **found;
    leaves_tree_ |= (**found & tool::kHoldsTree) != 0;
  }
  if ((facts & tool::kHoldsTree) == 0) return;
  const bool times = (facts & tool::kHoldsFileTimes) != 0;
  for (const auto& [path, file] : reads_) {
    if (times && !file.is_program) stamped_[path] = true;
  }
  for (const auto& [path, kind] : seen_) stamped_[path] |= times;
}

}  // namespace deja::evidence
