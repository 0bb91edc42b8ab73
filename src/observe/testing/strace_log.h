// What `strace -f -y` wrote, as calls with absolute paths: the truth that the interposer's log is
// compared with.
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
  hide,    // what a log of paths cannot say: must be a gap
};

struct StraceCall {
  CallKind kind = CallKind::look;
  std::string name;
  std::string path;            // absolute
  bool on_descriptor = false;  // the path is the one that strace knows of it: without symlinks
  std::string second;          // of rename and link: the new name
  std::string error;           // "ENOENT"; empty when the call succeeded
  std::string flags;           // the call's other arguments, as strace spells them
  std::string line;            // for messages
  std::string pid;
  bool loading = false;  // before the interposer began: the loader at work
};

struct StraceLog {
  std::vector<StraceCall> calls;
  // By the pid of each child and thread.
  std::map<std::string, std::string> parents;
  // Lines that have a path and a name that this reader does not know: it wants a new row.
  std::vector<std::string> unknown;
};

// What strace is to be asked for.
const std::vector<std::string>& strace_options();
// directory: where the first process began.
StraceLog read_strace(const std::string& text, const std::string& directory);

}  // namespace deja::observe::testing
