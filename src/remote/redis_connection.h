// SPDX-License-Identifier: Apache-2.0
// One connection to one Redis server. Not thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/connection.h"
#include "remote/resp.h"
#include "remote/stream.h"

namespace deja::remote {

struct RedisEndpoint {
  std::string host{};  // a name or an address; empty: `path`
  std::uint16_t port = 0;
  std::string path{};  // of a Unix socket
  auto operator<=>(const RedisEndpoint&) const = default;
  std::string text() const { return host.empty() ? path : host + ":" + std::to_string(port); }
};

// What every connection of one transport does first.
struct RedisLogin {
  std::string user{};      // empty: the default user
  std::string password{};  // empty: no AUTH
  int database = 0;
  std::shared_ptr<const TlsContext> tls{};  // null: in clear
};

// Commands that are sent in one piece.
class RedisCommands {
 public:
  RedisCommands& add(std::initializer_list<std::string_view> words) {
    append_command(bytes_, words);
    ends_.push_back(bytes_.size());
    if (*words.begin() == "MULTI" || *words.begin() == "WATCH") in_transaction_ = true;
    return *this;
  }
  // The same commands with ASKING before each, which then has two replies. Not for a transaction: the server would
  // queue ASKING, too.
  RedisCommands asking() const;
  bool in_transaction() const { return in_transaction_; }
  const std::string& bytes() const { return bytes_; }
  std::size_t count() const { return ends_.size(); }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;  // of each command
  bool in_transaction_ = false;
};

class RedisConnection {
 public:
  // Connects, authenticates and selects the database. `denied`: the server refuses the user. No message
  // holds the password.
  static Result<std::unique_ptr<RedisConnection>> open(const RedisEndpoint& endpoint,
                                                       const RedisLogin& login,
                                                       const os::Limit& limit);

  // Sends all commands and reads a reply for each. A reply that is an error is a reply. After an Error the connection
  // is of no more use.
  Result<std::vector<Reply>> run(const RedisCommands& commands, const os::Limit& limit);

  // True if the last run() failed before any byte of a reply came: as when a server has closed an idle connection.
  bool got_nothing() const { return got_nothing_; }
  bool is_quiet() const { return stream_->is_quiet(); }

 private:
  explicit RedisConnection(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}
  Status log_in(const RedisLogin& login, const os::Limit& limit);
  Result<Reply> read_reply(const os::Limit& limit);

  const std::unique_ptr<Stream> stream_;
  RespDecoder decoder_{RespDecoder::Limits()};
  std::string buffer_{};  // what has been received; `rest_` of it has not been decoded
  std::string_view rest_{};
  bool got_nothing_ = false;
};

// What an error reply means (https://redis.io/docs/reference/protocol-spec/#simple-errors: its first word is the
// kind). The text is the server's, cut and without control characters.
Error redis_error(const Reply& reply);

}  // namespace deja::remote
