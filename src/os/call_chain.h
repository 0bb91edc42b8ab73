// SPDX-License-Identifier: Apache-2.0
// The chain of clients and tools that led to this call. Two installations of deja in PATH, or a site's
// own wrapper that looks for the next program of its name, would call each other without end. So each
// client passes on which clients and tools came before, and its search skips all of these. Freestanding.
//
// The text is a list of records: 'F' and 16 hex digits for a client; 'T' and 16 hex digits for a tool,
// then 16 for its arguments.
#pragma once

#include <cstdint>
#include <string_view>

#include "os/find_tool.h"
#include "os/text_buffer.h"

namespace deja::os {

// The variable that carries the text, except in an observed run, whose log variable carries it
// (observe/preload).
inline constexpr std::string_view kCallsVariable = "DEJA_CALLS";
// Size of the text with its NUL. A longer one is not passed on; then only kCallsMax ends a loop.
inline constexpr unsigned long kCallsSize = 2048;
// A chain with more clients than this is a loop.
inline constexpr int kCallsMax = 24;

class ArgumentsHash {
 public:
  void add(std::string_view argument);
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 14695981039346656037ULL;  // FNV-1a
};

class CallChain {
 public:
  CallChain() = default;
  // A malformed text is an empty chain.
  explicit CallChain(std::string_view text);

  int clients() const { return clients_; }
  bool is_client(const ClientFile& file) const;
  // True if the tool was called before in a way that another call would only repeat. For a script any
  // earlier call counts: it looks for the next program of its name. Other tools may call themselves
  // with other arguments.
  bool repeats(const ClientFile& tool, std::uint64_t arguments, bool is_script) const;
  // The text for the program that a client is about to start.
  void extend(const ClientFile& client, const ClientFile& tool, std::uint64_t arguments,
              TextBuffer& out) const;

 private:
  std::string_view text_;
  int clients_ = 0;
};

}  // namespace deja::os
