// SPDX-License-Identifier: Apache-2.0
// Finds the real program behind a name, as execvp would, without finding deja itself.
// Freestanding: the client and the engine use the same search.
#pragma once

#include <cstdint>
#include <string_view>

namespace deja::os {

// The file that the search must skip: the client, under whatever name or link.
struct ClientFile {
  std::uint64_t device = 0, inode = 0;
};

// name: a word ("gcc") or a path ("/usr/bin/gcc", "./gcc"), relative to cwd. path_variable: the
// value of PATH ("" searches nothing). Writes the NUL-terminated absolute path into out and returns
// its length, or -1 if there is no such program or its path does not fit. A path that leads to the
// client is looked up in PATH by its last component. *passed_client (may be null): true if the search
// skipped the client, so that another program which uses this name would start the client.
// calls: other clients, and tools that were called before, are skipped in the same way.
class CallChain;
struct Calls {
  const CallChain* chain = nullptr;  // null: this is the first call
  std::uint64_t arguments = 0;       // of this call
};
long find_tool(std::string_view name, std::string_view path_variable, std::string_view cwd,
               const ClientFile& client, char* out, unsigned long out_size,
               bool* passed_client = nullptr, const Calls& calls = {});

}  // namespace deja::os
