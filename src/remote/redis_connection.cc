// SPDX-License-Identifier: Apache-2.0
#include "remote/redis_connection.h"

#include <array>
#include <utility>

namespace deja::remote {
namespace {

constexpr std::size_t kReceiveBytes = 64 << 10;

struct RedisMeaning {
  std::string_view start;
  Code code;
};
// By the start of the text; the first that fits counts.
constexpr std::array<RedisMeaning, 24> kRedisMeanings{{
    {"NOAUTH", Code::denied},
    {"WRONGPASS", Code::denied},
    {"NOPERM", Code::denied},
    {"DENIED", Code::denied},
    {"ERR invalid password", Code::denied},
    {"ERR AUTH", Code::denied},
    {"ERR Client sent AUTH", Code::denied},
    {"OOM", Code::no_space},
    {"MISCONF", Code::no_space},  // it cannot save, most often because its disk is full
    {"ERR max number of clients", Code::unavailable},
    {"LOADING", Code::unavailable},
    {"BUSY", Code::unavailable},
    {"TRYAGAIN", Code::unavailable},
    {"CLUSTERDOWN", Code::unavailable},
    {"MASTERDOWN", Code::unavailable},
    {"NOREPLICAS", Code::unavailable},
    {"READONLY", Code::unavailable},
    {"UNBLOCKED", Code::unavailable},
    {"MOVED", Code::unavailable},
    {"ASK", Code::unavailable},
    {"WRONGTYPE", Code::corrupt},
    {"ERR DB index", Code::invalid},
    {"ERR SELECT is not allowed in cluster mode", Code::invalid},
    {"", Code::protocol},
}};

std::string readable(std::string_view text) {
  constexpr std::size_t kTextMax = 200;
  std::string out(text.substr(0, kTextMax));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return out;
}

}  // namespace

RedisCommands RedisCommands::asking() const {
  RedisCommands all;
  std::size_t start = 0;
  for (const std::size_t end : ends_) {
    all.add({"ASKING"});
    all.bytes_.append(bytes_, start, end - start);
    all.ends_.push_back(all.bytes_.size());
    start = end;
  }
  return all;
}

Error redis_error(const Reply& reply) {
  if (!reply.is(Reply::Type::error)) return {Code::protocol, 0, "a reply of an unexpected type"};
  for (const RedisMeaning& meaning : kRedisMeanings)
    if (reply.text.starts_with(meaning.start)) return {meaning.code, 0, readable(reply.text)};
  return {Code::protocol, 0, readable(reply.text)};
}

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const RedisEndpoint& endpoint,
                                                               const RedisLogin& login,
                                                               const os::Limit& limit) {
  os::Fd socket = endpoint.host.empty() ? TRY(os::connect_unix(endpoint.path, limit))
                                        : TRY(os::connect_tcp(endpoint.host, endpoint.port, limit));
  std::unique_ptr<Stream> stream =
      login.tls == nullptr ? plain_stream(std::move(socket))
                           : TRY(login.tls->connect(std::move(socket), endpoint.host, limit));
  std::unique_ptr<RedisConnection> made(new RedisConnection(std::move(stream)));
  TRY(made->log_in(login, limit));
  return made;
}

Status RedisConnection::log_in(const RedisLogin& login, const os::Limit& limit) {
  RedisCommands commands;
  if (!login.password.empty() && login.user.empty()) commands.add({"AUTH", login.password});
  if (!login.password.empty() && !login.user.empty())
    commands.add({"AUTH", login.user, login.password});
  const bool authenticates = commands.count() != 0;
  if (login.database != 0) commands.add({"SELECT", std::to_string(login.database)});
  if (commands.count() == 0) return {};
  const auto replies = TRY(run(commands, limit));
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (replies[i].is_status("OK")) continue;
    Error error = redis_error(replies[i]);
    // "unknown command" repeats the arguments, and these are secrets.
    if (i == 0 && authenticates) {
      error.message = "the server does not accept the user or the password";
      if (error.code == Code::protocol) error.code = Code::denied;
    }
    return error;
  }
  return {};
}

Result<Reply> RedisConnection::read_reply(const os::Limit& limit) {
  for (;;) {
    if (auto reply = TRY(decoder_.take(rest_))) return std::move(*reply);
    buffer_.resize(kReceiveBytes);
    const std::size_t got = TRY(stream_->receive(buffer_.data(), buffer_.size(), limit));
    if (got == 0) return Error{Code::unavailable, 0, "the server closed the connection"};
    got_nothing_ = false;
    rest_ = std::string_view(buffer_).substr(0, got);
  }
}

Result<std::vector<Reply>> RedisConnection::run(const RedisCommands& commands,
                                                const os::Limit& limit) {
  got_nothing_ = true;
  TRY(stream_->send(commands.bytes(), limit));
  std::vector<Reply> replies;
  replies.reserve(commands.count());
  while (replies.size() < commands.count()) replies.push_back(TRY(read_reply(limit)));
  return replies;
}

}  // namespace deja::remote
