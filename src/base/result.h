// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value, or the Error that says why there is none.
//
// A negative answer has one of four forms in this project; this file is the second:
//   expected domain answer     its own type: std::optional, Outcome, Bypass
//   the check itself failed    Result<T>
//   deja has a bug             CHECK
//   the user's tool failed     a value (exit code), passed through unchanged
// So a look-up is Result<std::optional<X>>: failed, absent and present are three things.
//
// Both classes are [[nodiscard]]: an error is dropped only by ignore(), with the reason.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace deja {

enum class Code {
  io,           // a system call failed; sys_errno has its errno
  corrupt,      // the bytes do not match their format or digest
  timeout,      // a deadline passed
  unavailable,  // the other side does not answer (now)
  denied,       // permission was denied
  no_space,     // disk, quota or memory is full
  protocol,     // the other side sent something outside the protocol
  invalid,      // the caller or the user gave a value without meaning
};

struct [[nodiscard]] Error {
  Code code = Code::io;
  int sys_errno = 0;    // 0 when no system call was involved
  std::string message;  // one line, names the path or the value

  // Adds the operation that failed: "reading manifest ab12: open /x: No such file".
  Error context(std::string_view where) && {
    message = std::string(where) + ": " + message;
    return std::move(*this);
  }
};

// The error of the system call that just failed (errno), e.g. sys_error("open", path).
Error sys_error(std::string_view call, std::string_view subject = {});
Error sys_error_code(int sys_errno, std::string_view call, std::string_view subject = {});
// A value without meaning.
inline Error invalid(std::string message) { return {Code::invalid, 0, std::move(message)}; }

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & {
    CHECK(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  const T& operator*() const& {
    CHECK(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  T&& operator*() && {
    CHECK(state_.index() == 0);
    return std::move(*std::get_if<0>(&state_));
  }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }

  const Error& error() const& {
    CHECK(state_.index() == 1);
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    CHECK(state_.index() == 1);
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}
  explicit operator bool() const { return ok_; }
  void operator*() const { CHECK(ok_); }
  const Error& error() const& {
    CHECK(!ok_);
    return error_;
  }
  Error&& error() && {
    CHECK(!ok_);
    return std::move(error_);
  }

 private:
  Error error_;
  bool ok_ = true;
};

using Status = Result<void>;

// Drops a result on purpose; `why` tells the reader why a failure does not matter here. The only way to
// drop one, because both classes are [[nodiscard]].
template <typename T>
void ignore(const Result<T>& /*result*/, const char* /*why*/) {}

// TRY(expr): the value of expr; if it failed, returns its error from this function. One per statement.
#define TRY(expr)                                            \
  __extension__({                                            \
    auto try_result_ = (expr);                               \
    if (!try_result_) return std::move(try_result_).error(); \
    *std::move(try_result_);                                 \
  })

}  // namespace deja
