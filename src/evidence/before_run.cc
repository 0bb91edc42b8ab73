// SPDX-License-Identifier: Apache-2.0
#include "evidence/before_run.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdlib>

#include "base/path.h"
#include "os/watcher.h"

namespace deja::evidence {
namespace {

// Since Linux 6.13 a file whose stamps were looked at gets a new stamp with its next change,
// however soon (multigrain timestamps, Documentation/filesystems/multigrain-ts.rst). Before 6.13 a
// change within the same tick of 4 or 10 ms leaves no mark.
bool has_multigrain_stamps() {
  static const bool value = [] {
    struct utsname name = {};
    if (::uname(&name) != 0) return false;
    char* rest = nullptr;
    const long major = std::strtol(name.release, &rest, 10);
    const long minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
    return major > 6 || (major == 6 && minor >= 13);
  }();
  return value;
}

// Where a directory has more such files than kMax, some of them are left out; then the run is not
// stored if it reads one of those.
std::vector<std::string> updated_paths(const tool::Invocation& invocation) {
  constexpr std::size_t kMax = 10'000;
  std::vector<std::string> paths = invocation.outputs.updates;
  for (const auto& files : invocation.outputs.updated_files) {
    const auto names = os::list_directory(files.directory);
    if (!names) continue;
    for (const std::string& name : *names)
      if (is_of(files, name) && paths.size() < kMax)
        paths.push_back(join_path(files.directory, name));
  }
  return paths;
}

}  // namespace

bool is_of(const tool::Invocation::Outputs::UpdatedFiles& files, std::string_view name) {
  return std::any_of(files.endings.begin(), files.endings.end(),
                     [&](const std::string& ending) { return name.ends_with(ending); });
}

bool could_hide_a_change(const std::string& path, const os::FileIdentity& identity,
                         std::int64_t opened_ns) {
  if (digest::FileDigester::is_settled(identity, opened_ns)) return false;
  return !has_multigrain_stamps() || !os::is_watchable_filesystem(path);  // the same file systems
}

std::vector<Before> look_before(const tool::Invocation& invocation,
                                digest::FileDigester& digester) {
  std::vector<Before> out;
  for (const std::string& path : updated_paths(invocation)) {
    Before before{path, {}, {}, 0};
    const auto content = digester.digest_file(path, &before.identity);
    if (!content || !*content) continue;
    before.content = **content;
    out.push_back(std::move(before));
  }
  return out;
}

}  // namespace deja::evidence
