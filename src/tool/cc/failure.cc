// Configure scripts compile hundreds of small programs to see them fail, so failures are worth
// remembering; but one that came from the machine must never be served again. Tested by
// failure_test.cc and test/diff/families_test.cc.
#include "tool/cc/failure.h"

#include <algorithm>
#include <iterator>

namespace deja::tool::cc {
namespace {

// Of front ends ("a.c:1:2: error: …"), of GNU ld, gold, lld and mold.
constexpr std::string_view kProofs[] = {
    "error: ",
    "undefined reference to",
    "undefined symbol",
    "cannot find -l",
    "unable to find library",
    "library not found",
    "multiple definition of",
    "duplicate symbol",
};

// Of the machine and of the moment, as strerror(3), the drivers and the allocators say it; and of
// bugs in the compiler, which may depend on where memory lies.
constexpr std::string_view kDoubts[] = {
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
    "ENOSPC",  // node says the number and writes the words small
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
  return exit_code == 1 && holds_any(messages, std::begin(kProofs), std::end(kProofs)) &&
         !holds_any(messages, std::begin(kDoubts), std::end(kDoubts));
}

}  // namespace deja::tool::cc
