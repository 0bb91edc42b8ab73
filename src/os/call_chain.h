// Who has already stood in for whom. Two installations of deja in PATH, or a site's own wrapper that
// looks for the next program of its name, would call each other without end. So each front tells what
// it starts which fronts and tools came before, and finds none of these again. Freestanding.
//
// The text is a list of records: 'F' and 16 hex digits for a front, 'T' and 16 hex digits for a tool
// and 16 for the arguments that it was given.
#pragma once

#include <cstdint>
#include <string_view>

#include "os/find_tool.h"
#include "os/text_buffer.h"

namespace deja::os {

// Where a front passes the text on, unless it does so with the log of a run (observe/preload).
inline constexpr std::string_view kCallsVariable = "DEJA_CALLS";
// Of the text, with its NUL. What does not fit is not passed on: then only kCallsMax ends a loop.
inline constexpr unsigned long kCallsSize = 2048;
// A chain with more fronts is a loop.
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
  // Text that makes no sense is an empty chain.
  explicit CallChain(std::string_view text);

  int fronts() const { return fronts_; }
  bool is_front(const ClientFile& file) const;
  // Was this tool called before, in a way that another call would only repeat? Of a script any call
  // is: it looks for the next program of its name. Others call themselves with other arguments.
  bool repeats(const ClientFile& tool, std::uint64_t arguments, bool is_script) const;
  // The text for what a front is about to start.
  void extend(const ClientFile& front, const ClientFile& tool, std::uint64_t arguments,
              TextBuffer& out) const;

 private:
  std::string_view text_;
  int fronts_ = 0;
};

}  // namespace deja::os
