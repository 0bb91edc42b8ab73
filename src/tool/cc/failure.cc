// SPDX-License-Identifier: Apache-2.0
// Configure scripts compile hundreds of small programs that fail, so failures are stored too. But a
// failure that the machine caused must never be replayed. Tested by failure_test.cc.
#include "tool/cc/failure.h"

#include <algorithm>
#include <iterator>

namespace deja::tool::cc {
namespace {

// Messages of front ends ("a.c:1:2: error: …"), of GNU ld, gold, lld and mold.
constexpr std::string_view kInputErrors[] = {
    "error: ",
    "undefined reference to",
    "undefined symbol",
    "cannot find -l",
    "unable to find library",
    "library not found",
    "multiple definition of",
    "duplicate symbol",
};

// Messages about the machine or the moment, as strerror(3), the drivers and the allocators write
// them; and about bugs in the compiler, which may depend on memory addresses.
constexpr std::string_view kMachineErrors[] = {
    "No space left",
    "Disk quota exceeded",
    "File too large",
    "Input/output error",
    "Read-only file system",
    "Stale file handle",
    "Cannot allocate memory",
    "out of memory",
    "memory exhausted",
    "bad_alloc",
    "Too many open files",
    "Resource temporarily unavailable",
    "Interrupted system call",
    "Text file busy",
    "Device or resource busy",
    "Broken pipe",
    "Permission denied",
    "Operation not permitted",
    "Connection ",
    "terminated program",
    "signal",
    "received SIG",
    "ENOSPC",  // node prints the name, and the sentence in lower case
    "EDQUOT",
    "EMFILE",
    "ENFILE",
    "ENOMEM",
    "EAGAIN",
    "EIO",
    "EROFS",
    "EACCES",
    "EPERM",
    "Maximum call stack size",
    "Traceback (most recent call last)",
    "Killed",
    "Segmentation fault",
    "Stack dump",
    "stack overflow",
    "internal compiler error",
    "internal error",
    "bug report",
    "can't write",
    "cannot write",
    "could not write",
    "error writing",
    "write error",
    "error closing",
    "final close failed",
    "can't create",
    "cannot open output",
    "unable to open output",
    "unable to execute",
    "cannot execute",
    "timed out",
    "timeout",
};

bool holds_any(std::string_view text, const std::string_view* begin, const std::string_view* end) {
  return std::any_of(
      begin, end, [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

}  // namespace

bool proves_failure(std::uint32_t exit_code, std::string_view messages) {
  return exit_code == 1 && holds_any(messages, std::begin(kInputErrors), std::end(kInputErrors)) &&
         !holds_any(messages, std::begin(kMachineErrors), std::end(kMachineErrors));
}

}  // namespace deja::tool::cc
