// Finds the real program behind a name, as execvp would, without finding deja itself.
// Freestanding: the client and the engine use the same search.
#pragma once

#include <cstdint>
#include <string_view>

namespace deja::os {

// The file that must not be found: the front (whatever names and links lead to it).
struct ClientFile {
  std::uint64_t device = 0, inode = 0;
};

// name: a word ("gcc") or a path ("/usr/bin/gcc", "./gcc"), relative to cwd. path_variable: the
// value of PATH ("" searches nothing). Writes the NUL-terminated absolute path into out and returns
// its length, or -1 when there is no such program (or its path does not fit). A path that leads to
// the front is looked up in PATH by its last component. *passed_front (may be null) says whether
// the front was met on the way, so that the name leads others, who do not know it, to the front.
// calls: other fronts, and tools that were called before, are passed over in the same way.
class CallChain;
struct Calls {
  const CallChain* chain = nullptr;  // null: nobody came before
  std::uint64_t arguments = 0;       // of this call
};
long find_tool(std::string_view name, std::string_view path_variable, std::string_view cwd,
               const ClientFile& front, char* out, unsigned long out_size,
               bool* passed_front = nullptr, const Calls& calls = {});

}  // namespace deja::os
