// SPDX-License-Identifier: Apache-2.0
// The output of `strace -f -y` as calls with absolute paths, for comparison with the interposer's log.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace deja::observe::testing {

enum class CallKind {
  open,
  look,  // stat, access, statfs, attributes
  readlink,
  exec,
  list,
  chdir,
  mkdir,
  unlink,
  rename,
  link,
  symlink,
  change,  // mode, owner, times, size, attributes; what mknod makes
  hide,    // cannot be expressed by a log of paths: must be a gap
};

struct StraceCall {
  CallKind kind = CallKind::look;
  std::string name;
  std::string path;            // absolute
  bool on_descriptor = false;  // the path is strace's name of a descriptor: without symlinks
  std::string second;          // of rename and link: the new name
  std::string error;           // "ENOENT"; empty when the call succeeded
  std::string flags;           // the call's other arguments, as strace spells them
  std::string line;            // for messages
  std::string pid;
  bool loading = false;  // a call of the loader, before the interposer started
};

struct StraceLog {
  std::vector<StraceCall> calls;
  // By the pid of each child and thread.
  std::map<std::string, std::string> parents;
  // Lines with a path and an unknown call: the table needs a new row.
  std::vector<std::string> unknown;
};

// The calls that strace is asked for, as options.
const std::vector<std::string>& strace_options();
// directory: the working directory of the first process.
StraceLog read_strace(const std::string& text, const std::string& directory);

}  // namespace deja::observe::testing
