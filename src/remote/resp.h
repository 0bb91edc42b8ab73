// SPDX-License-Identifier: Apache-2.0
// RESP2, the protocol of Redis. Source: https://redis.io/docs/reference/protocol-spec/ (RESP version 2).
//
//   reply := "+" line | "-" line | ":" integer CRLF | "$" length CRLF bytes CRLF | "$-1" CRLF
//          | "*" count CRLF reply… | "*-1" CRLF
//   command := "*" count CRLF ("$" length CRLF bytes CRLF)…
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace deja::remote {

struct Reply {
  enum class Type { status, error, integer, bulk, nil, array };
  Type type = Type::nil;
  std::string text{};  // of a status, an error, a bulk
  std::int64_t integer = 0;
  std::vector<Reply> elements{};

  bool is(Type t) const { return type == t; }
  bool is_status(std::string_view value) const { return type == Type::status && text == value; }
};

// Appends a command.
void append_command(std::string& out, std::initializer_list<std::string_view> words);

// Takes the bytes of replies in any pieces. Not thread-safe. After an error it takes nothing more: where the
// next reply begins is unknown.
class RespDecoder {
 public:
  // What is larger is an error before it is held in memory.
  struct Limits {
    std::size_t bulk_max = 8 << 20;
    std::size_t line_max = 64 << 10;
    std::size_t elements_max = 64 << 10;  // of one array
    std::size_t depth_max = 6;            // of arrays in arrays
    std::size_t reply_max =
        32 << 20;  // all bytes of one reply, with what its elements cost in memory
  };
  explicit RespDecoder(Limits limits) : limits_(limits) {}

  // Removes bytes from the front of `input` until a reply is complete or there are no more. Empty: it needs more.
  // `protocol`: these bytes are no RESP, or exceed a limit.
  Result<std::optional<Reply>> take(std::string_view& input);

 private:
  struct Open {
    Reply array;
    std::size_t missing = 0;
  };
  Status take_line(std::string_view line);
  Status start_bulk(std::int64_t length);
  Status start_array(std::int64_t count);
  void take_bulk(std::string_view& input);
  Status end_bulk(std::string_view& input);
  Status add_cost(std::size_t bytes);
  void complete(Reply reply);
  Error fail(std::string what);

  const Limits limits_;
  bool failed_ = false;
  std::string line_{};           // the part of a line that has arrived
  std::vector<Open> open_{};     // the arrays around what comes next, outermost first
  std::optional<Reply> bulk_{};  // what has arrived of a bulk
  std::size_t bulk_size_ = 0;    // of the whole bulk
  std::size_t bulk_ending_ = 0;  // bytes of the CRLF behind it that have arrived
  std::size_t cost_ = 0;         // of the reply so far
  std::optional<Reply> complete_{};
};

}  // namespace deja::remote
