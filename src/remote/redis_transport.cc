// SPDX-License-Identifier: Apache-2.0
// Three ways to read: one GETRANGE brings an object of up to kWholeBytes, and tells by one byte more whether there is
// more; a larger one is read in pieces with a look at its version behind them; a blob, whose name is a digest of its
// bytes, can be streamed without that.
#include "remote/redis_transport.h"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "remote/source.h"

namespace deja::remote {
namespace {

constexpr std::string_view kRedisMagic = "deja:v1\n";
constexpr std::size_t kVersionBytes = 16;
constexpr std::size_t kRedisHeadBytes = kRedisMagic.size() + kVersionBytes;
constexpr std::uint64_t kRedisPieceBytes = 1 << 20;  // of an upload, and of a stream
constexpr std::uint64_t kPiecesAtOnce = 4;
constexpr std::uint64_t kWholeBytes = kRedisPieceBytes * kPiecesAtOnce;
constexpr std::string_view kTempSeconds = "3600";
const std::string kHeadEnd = std::to_string(kRedisHeadBytes - 1);

std::string random_bytes() {
  std::string bytes(kVersionBytes, '\0');
  CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                   static_cast<int>(bytes.size())) == 1);
  return bytes;
}

std::string new_head() { return std::string(kRedisMagic) + random_bytes(); }

std::string version_of(std::string_view value) {
  return to_hex(value.substr(kRedisMagic.size(), kVersionBytes));
}

// The bytes of a reply to GETRANGE; a reply of another type is an error.
Result<std::string> text_of(Reply reply) {
  if (!reply.is(Reply::Type::bulk)) return redis_error(reply);
  return std::move(reply.text);
}

Result<std::int64_t> integer_of(const Reply& reply) {
  if (!reply.is(Reply::Type::integer)) return redis_error(reply);
  return reply.integer;
}

Status check_head(std::string_view value) {
  if (value.size() >= kRedisHeadBytes && value.starts_with(kRedisMagic)) return {};
  return Error{Code::corrupt, 0, "the key has a value that deja did not write"};
}

Error too_long(std::uint64_t size, std::uint64_t max_bytes) {
  return {Code::protocol, 0,
          "the object has " + std::to_string(size) + " bytes or more, at most " +
              std::to_string(max_bytes) + " were asked for"};
}

const Error kChanged{Code::unavailable, 0, "the object was replaced or removed while it was read"};

// The last byte of the first GETRANGE: the head, the most that is taken at once, and one byte more.
std::string first_end(std::uint64_t max_bytes) {
  return std::to_string(kRedisHeadBytes + std::min(max_bytes, kWholeBytes));
}

// The replies to MULTI … EXEC.
Status check_exec(const std::vector<Reply>& replies) {
  // A command that was refused when it was queued tells more than the EXECABORT behind it.
  for (const Reply& reply : replies)
    if (reply.is(Reply::Type::error)) return redis_error(reply);
  const Reply& done = replies.back();
  if (!done.is(Reply::Type::array))
    return Error{Code::unavailable, 0, "the transaction was not done"};
  for (const Reply& reply : done.elements) {
    if (!reply.is(Reply::Type::error)) continue;
    if (reply.text.find("no such key") == std::string::npos) return redis_error(reply);
    return Error{Code::unavailable, 0, "the server has evicted the object while it was written"};
  }
  return {};
}

std::string escape_glob(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("*?[]\\^-").find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

// What SCAN has found, without the keys that are no objects.
std::vector<Name> names_of(const std::vector<Reply>& keys, const std::string& prefix) {
  std::vector<Name> names;
  for (const Reply& key : keys) {
    if (!key.text.starts_with(prefix)) continue;
    const auto name = Name::from_path(std::string_view(key.text).substr(prefix.size()));
    if (name) names.push_back(*name);
  }
  return names;
}

std::string describe(const RedisOptions& options) {
  std::string text = options.uses_tls ? "redis over TLS at " : "redis at ";
  for (std::size_t i = 0; i < options.endpoints.size(); ++i)
    text += (i == 0 ? "" : " or ") + options.endpoints[i].text();
  if (options.database != 0) text += ", database " + std::to_string(options.database);
  return text;
}

// Pieces of the value from byte `at` on, as many as are wanted at once. Returns where they end.
std::uint64_t add_pieces(RedisCommands& commands, const std::string& key, std::uint64_t at,
                         std::uint64_t size) {
  for (std::uint64_t i = 0; i < kPiecesAtOnce && at < size; ++i) {
    const std::uint64_t end = std::min(at + kRedisPieceBytes, size);
    commands.add({"GETRANGE", key, std::to_string(at), std::to_string(end - 1)});
    at = end;
  }
  return at;
}

}  // namespace

Result<std::unique_ptr<RedisTransport>> RedisTransport::make(const RedisOptions& options) {
  const auto invalid = [](const std::string& what) {
    return Error{Code::invalid, 0, "redis: " + what};
  };
  if (options.endpoints.empty()) return invalid("no server is named");
  if (options.prefix.find_first_of("{}\r\n ") != std::string::npos)
    return invalid("the prefix \"" + options.prefix +
                   "\" has a brace or a space: choose one without them");
  if (options.database < 0 || options.expire_s < 0) return invalid("a negative database or time");
  if (!options.user.empty() && options.password.empty())
    return invalid("a user without a password");
  RedisLogin login{
      .user = options.user, .password = options.password, .database = options.database};
  if (options.uses_tls) {
    auto tls = TlsContext::make(options.tls);
    if (!tls) return std::move(tls).error().context(describe(options));
    login.tls = std::move(*tls);
  }
  return std::unique_ptr<RedisTransport>(new RedisTransport(options, std::move(login)));
}

RedisTransport::RedisTransport(const RedisOptions& options, RedisLogin login)
    : options_([&options] {
        RedisOptions kept = options;
        kept.password.clear();
        return kept;
      }()),
      name_(describe(options)),
      client_(options.endpoints, std::move(login)) {}

Abilities RedisTransport::abilities() const {
  return {.replaces_by_version = true,
          .lists = true,
          .gets_many = true,
          .object_max = options_.object_max};
}

Error RedisTransport::explain(Error error) const { return std::move(error).context(name_); }

template <typename T>
Result<T> RedisTransport::explained(Result<T> result) const {
  if (!result) return explain(std::move(result).error());
  return result;
}

// Reads a value of *size bytes of which `value` is the beginning, and then looks whether it was one value all the time. All
// commands are sent at once, so the server runs them one after the other and another writer hardly ever comes
// between. False: one did; *size is then the new size.
Result<bool> RedisTransport::read_rest(const std::string& key, std::string& value,
                                       std::uint64_t* size, Deadline deadline) {
  RedisCommands commands;
  for (std::uint64_t at = value.size(); at < *size; at += kRedisPieceBytes)
    commands.add({"GETRANGE", key, std::to_string(at),
                  std::to_string(std::min(at + kRedisPieceBytes, *size) - 1)});
  commands.add({"GETRANGE", key, "0", kHeadEnd}).add({"STRLEN", key});
  auto replies = TRY(client_.run(key, commands, deadline));
  const auto size_now = static_cast<std::uint64_t>(TRY(integer_of(replies.back())));
  replies.pop_back();
  const std::string head_now = TRY(text_of(std::move(replies.back())));
  replies.pop_back();
  value.reserve(static_cast<std::size_t>(*size));
  for (Reply& reply : replies) value += TRY(text_of(std::move(reply)));
  const bool is_whole = value.size() == *size && size_now == *size && value.starts_with(head_now);
  *size = size_now;
  return is_whole;
}

Result<std::optional<Object>> RedisTransport::read_whole(const std::string& key,
                                                         std::uint64_t max_bytes,
                                                         Deadline deadline) {
  RedisCommands commands;
  commands.add({"GETRANGE", key, "0", first_end(max_bytes)}).add({"STRLEN", key});
  auto replies = TRY(client_.run(key, commands, deadline));
  std::string value = TRY(text_of(std::move(replies[0])));
  if (value.empty()) return std::optional<Object>();
  TRY(check_head(value));
  auto size = static_cast<std::uint64_t>(TRY(integer_of(replies[1])));
  bool is_whole = value.size() - kRedisHeadBytes <= std::min(max_bytes, kWholeBytes);
  // Each round fails only if another writer was just then at the same object.
  constexpr int kTries = 10;
  for (int i = 0; i < kTries && !is_whole; ++i) {
    if (size == 0) return std::optional<Object>();
    if (size - std::min<std::uint64_t>(size, kRedisHeadBytes) > max_bytes)
      return too_long(size - kRedisHeadBytes, max_bytes);
    if (i != 0 || value.size() > size) value.clear();
    is_whole = TRY(read_rest(key, value, &size, deadline));
  }
  if (!is_whole) return Error(kChanged);
  TRY(check_head(value));
  Object object{{}, version_of(value)};
  object.bytes = std::move(value);
  object.bytes.erase(0, kRedisHeadBytes);
  return std::optional(std::move(object));
}

Result<std::optional<Object>> RedisTransport::get(const Name& name, std::uint64_t max_bytes,
                                                  Deadline deadline) {
  return explained(read_whole(key_of(name), max_bytes, deadline));
}

Result<bool> RedisTransport::stream(const std::string& key, std::uint64_t max_bytes,
                                    const Sink& sink, bool& refused, Deadline deadline) {
  const auto give = [&](std::string_view bytes) -> Status {
    if (bytes.empty()) return {};
    Status taken = sink(bytes);
    refused = !taken;
    return taken;
  };
  RedisCommands first;
  first.add({"GETRANGE", key, "0", std::to_string(kRedisHeadBytes + kRedisPieceBytes - 1)});
  first.add({"STRLEN", key});
  auto replies = TRY(client_.run(key, first, deadline));
  const std::string value = TRY(text_of(std::move(replies[0])));
  const auto size = static_cast<std::uint64_t>(TRY(integer_of(replies[1])));
  if (value.empty()) return false;
  TRY(check_head(value));
  if (size < value.size()) return Error(kChanged);
  if (size - kRedisHeadBytes > max_bytes) return too_long(size - kRedisHeadBytes, max_bytes);
  TRY(give(std::string_view(value).substr(kRedisHeadBytes)));
  for (std::uint64_t at = value.size(); at < size;) {
    RedisCommands commands;
    const std::uint64_t end = add_pieces(commands, key, at, size);
    auto pieces = TRY(client_.run(key, commands, deadline));
    for (Reply& reply : pieces) {
      const std::string piece = TRY(text_of(std::move(reply)));
      at += piece.size();
      TRY(give(piece));
    }
    if (at != end) return Error(kChanged);
  }
  return true;
}

Result<bool> RedisTransport::get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                                    Deadline deadline) {
  if (name.kind == Kind::blob) {
    bool refused = false;
    auto done = stream(key_of(name), max_bytes, sink, refused, deadline);
    if (refused) return done;
    return explained(std::move(done));
  }
  const auto object = TRY(get(name, max_bytes, deadline));
  if (!object) return false;
  for (std::string_view rest = object->bytes; !rest.empty();) {
    TRY(sink(rest.substr(0, kRedisPieceBytes)));
    rest.remove_prefix(std::min<std::size_t>(rest.size(), kRedisPieceBytes));
  }
  return true;
}

Result<std::vector<std::optional<Object>>> RedisTransport::read_many(std::span<const Name> names,
                                                                     std::uint64_t max_bytes,
                                                                     Deadline deadline) {
  std::vector<std::string> keys;
  keys.reserve(names.size());
  for (const Name& name : names) keys.push_back(key_of(name));
  const std::string end = first_end(max_bytes);
  const auto make = [&end](RedisCommands& commands, const std::string& key) {
    commands.add({"GETRANGE", key, "0", end});
  };
  auto replies = TRY(client_.run_each(keys, make, deadline));
  std::vector<std::optional<Object>> objects(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string value = TRY(text_of(std::move(replies[i])));
    if (value.empty()) continue;
    TRY(check_head(value));
    const std::uint64_t size = value.size() - kRedisHeadBytes;
    if (size > max_bytes) return too_long(size, max_bytes);
    if (size > kWholeBytes) {
      objects[i] = TRY(read_whole(keys[i], max_bytes, deadline));
      continue;
    }
    Object object{{}, version_of(value)};
    value.erase(0, kRedisHeadBytes);
    object.bytes = std::move(value);
    objects[i] = std::move(object);
  }
  return objects;
}

Result<std::vector<std::optional<Object>>> RedisTransport::get_many(std::span<const Name> names,
                                                                    std::uint64_t max_bytes,
                                                                    Deadline deadline) {
  return explained(read_many(names, max_bytes, deadline));
}

Result<std::vector<bool>> RedisTransport::exists(std::span<const Name> names, Deadline deadline) {
  std::vector<std::string> keys;
  keys.reserve(names.size());
  for (const Name& name : names) keys.push_back(key_of(name));
  const auto make = [](RedisCommands& commands, const std::string& key) {
    commands.add({"EXISTS", key});
  };
  const auto replies = TRY(explained(client_.run_each(keys, make, deadline)));
  std::vector<bool> found;
  found.reserve(replies.size());
  for (const Reply& reply : replies) {
    const std::int64_t count = TRY(explained(integer_of(reply)));
    found.push_back(count != 0);
  }
  return found;
}

Status RedisTransport::check_size(std::uint64_t size) const {
  if (options_.object_max == 0 || size <= options_.object_max) return {};
  return Error{Code::no_space, 0,
               "the object has " + std::to_string(size) + " bytes, this remote takes at most " +
                   std::to_string(options_.object_max)};
}

Status RedisTransport::set(const std::string& key, std::string_view value, Deadline deadline) {
  RedisCommands commands;
  if (options_.expire_s == 0) {
    commands.add({"SET", key, value});
  } else {
    commands.add({"SET", key, value, "EX", std::to_string(options_.expire_s)});
  }
  const auto replies = TRY(client_.run(key, commands, deadline));
  if (!replies[0].is_status("OK")) return redis_error(replies[0]);
  return {};
}

// Each reply tells the length of the value, so a piece that was lost or appended twice is noticed: the server may have
// evicted the key, or a connection may have broken between a command and its reply.
Status RedisTransport::append_all(const std::string& temp, const std::string& key,
                                  const Source& source, Deadline deadline) {
  const std::string head = new_head();
  std::uint64_t expected = head.size();
  RedisCommands start;
  start.add({"SET", temp, head, "EX", kTempSeconds});
  const auto started = TRY(client_.run(key, start, deadline));
  if (!started[0].is_status("OK")) return redis_error(started[0]);
  return read_source(source, kRedisPieceBytes, [&](std::string_view piece) -> Status {
    RedisCommands commands;
    commands.add({"APPEND", temp, piece});
    const auto replies = TRY(client_.run(key, commands, deadline));
    expected += piece.size();
    if (static_cast<std::uint64_t>(TRY(integer_of(replies[0]))) != expected)
      return Error{Code::unavailable, 0, "the server has evicted the object while it was written"};
    return {};
  });
}

void RedisTransport::add_rename(RedisCommands& commands, const std::string& temp,
                                const std::string& key) const {
  commands.add({"RENAME", temp, key});
  if (options_.expire_s == 0) {
    commands.add({"PERSIST", key});
  } else {
    commands.add({"EXPIRE", key, std::to_string(options_.expire_s)});
  }
}

void RedisTransport::drop_temp(const std::string& temp, const std::string& key, Deadline deadline) {
  RedisCommands commands;
  commands.add({"UNLINK", temp});
  ignore(client_.run(key, commands, deadline), "it expires");
}

Status RedisTransport::write(const std::string& key, const Source& source, Deadline deadline) {
  const std::uint64_t size = size_of(source);
  TRY(check_size(size));
  if (size <= kRedisPieceBytes) {
    std::string value = new_head();
    value.reserve(value.size() + static_cast<std::size_t>(size));
    TRY(read_source(source, kRedisPieceBytes, [&value](std::string_view piece) {
      value.append(piece);
      return Status();
    }));
    return set(key, value, deadline);
  }
  const std::string temp = options_.prefix + "tmp:" + to_hex(random_bytes()) + "{" + key + "}";
  Status appended = append_all(temp, key, source, deadline);
  if (!appended) {
    drop_temp(temp, key, deadline);
    return appended;
  }
  RedisCommands commands;
  commands.add({"MULTI"});
  add_rename(commands, temp, key);
  commands.add({"EXEC"});
  const auto replies = TRY(client_.run(key, commands, deadline));
  return check_exec(replies);
}

Status RedisTransport::put(const Name& name, const Source& source, Deadline deadline) {
  Status done = write(key_of(name), source, deadline);
  if (!done) return explain(std::move(done).error());
  return {};
}

Result<Put> RedisTransport::set_first(const std::string& key, std::string_view bytes,
                                      Deadline deadline) {
  const std::string value = new_head().append(bytes);
  RedisCommands commands;
  if (options_.expire_s == 0) {
    commands.add({"SET", key, value, "NX"});
  } else {
    commands.add({"SET", key, value, "NX", "EX", std::to_string(options_.expire_s)});
  }
  const auto replies = TRY(client_.run(key, commands, deadline));
  if (replies[0].is(Reply::Type::nil)) return Put::lost;
  if (!replies[0].is_status("OK")) return redis_error(replies[0]);
  return Put::stored;
}

// WATCH makes EXEC do nothing if anybody has written the key since. `head`: what the value must begin with; empty: there must be
// none. `temp`: where the object is; empty: in `bytes`.
Result<Put> RedisTransport::swap(const std::string& key, const std::string& head,
                                 std::string_view bytes, const std::string& temp,
                                 Deadline deadline) {
  Put result = Put::lost;
  const auto talk = [&](RedisClient::Conversation& conversation) -> Status {
    RedisCommands look;
    look.add({"WATCH", key}).add({"GETRANGE", key, "0", kHeadEnd});
    auto seen = TRY(conversation.run(look));
    if (!seen[0].is_status("OK")) return redis_error(seen[0]);
    const std::string head_now = TRY(text_of(std::move(seen[1])));
    RedisCommands commands;
    if (head_now != head) {
      commands.add({"UNWATCH"});
      TRY(conversation.run(commands));
      result = Put::lost;
      return {};
    }
    commands.add({"MULTI"});
    if (!temp.empty()) {
      add_rename(commands, temp, key);
    } else if (options_.expire_s == 0) {
      commands.add({"SET", key, new_head().append(bytes)});
    } else {
      commands.add({"SET", key, new_head().append(bytes), "EX", std::to_string(options_.expire_s)});
    }
    commands.add({"EXEC"});
    const auto replies = TRY(conversation.run(commands));
    result = replies.back().is(Reply::Type::nil) ? Put::lost : Put::stored;
    return result == Put::lost ? Status() : check_exec(replies);
  };
  TRY(client_.at_key(key, deadline, talk));
  return result;
}

Result<Put> RedisTransport::replace_key(const std::string& key, std::string_view bytes,
                                        const std::string& version, Deadline deadline) {
  TRY(check_size(bytes.size()));
  const bool is_small = bytes.size() <= kRedisPieceBytes;
  if (version.empty() && is_small) return set_first(key, bytes, deadline);
  std::string head;
  if (!version.empty()) {
    std::string raw;
    if (!from_hex(version, raw) || raw.size() != kVersionBytes)
      return Error{Code::invalid, 0, "\"" + version + "\" is not a version of this remote"};
    head = std::string(kRedisMagic) + raw;
  }
  if (is_small) return swap(key, head, bytes, {}, deadline);
  const std::string temp = options_.prefix + "tmp:" + to_hex(random_bytes()) + "{" + key + "}";
  Status appended = append_all(temp, key, {.bytes = bytes}, deadline);
  Result<Put> done = appended ? swap(key, head, {}, temp, deadline) : std::move(appended).error();
  if (!done || *done == Put::lost) drop_temp(temp, key, deadline);
  return done;
}

Result<Put> RedisTransport::replace(const Name& name, std::string_view bytes,
                                    const std::string& version, Deadline deadline) {
  return explained(replace_key(key_of(name), bytes, version, deadline));
}

Result<bool> RedisTransport::remove(const Name& name, Deadline deadline) {
  const std::string key = key_of(name);
  RedisCommands commands;
  commands.add({"UNLINK", key});
  const auto replies = TRY(explained(client_.run(key, commands, deadline)));
  const std::int64_t count = TRY(explained(integer_of(replies[0])));
  return count != 0;
}

Status RedisTransport::list_server(RedisClient::Conversation& conversation,
                                   const std::function<bool(const Listed&)>& each, bool& more) {
  std::string cursor = "0";
  const std::string pattern = escape_glob(options_.prefix) + "*";
  do {
    RedisCommands scan;
    scan.add({"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"});
    const auto found = TRY(conversation.run(scan));
    const Reply& reply = found[0];
    if (!reply.is(Reply::Type::array) || reply.elements.size() != 2 ||
        !reply.elements[0].is(Reply::Type::bulk) || !reply.elements[1].is(Reply::Type::array))
      return redis_error(reply);
    cursor = reply.elements[0].text;
    const std::vector<Name> names = names_of(reply.elements[1].elements, options_.prefix);
    RedisCommands lengths;
    for (const Name& name : names) lengths.add({"STRLEN", key_of(name)});
    const auto sizes = TRY(conversation.run(lengths));
    for (std::size_t i = 0; i < names.size(); ++i) {
      // Not a string, or gone by now.
      if (!sizes[i].is(Reply::Type::integer) ||
          sizes[i].integer < static_cast<std::int64_t>(kRedisHeadBytes))
        continue;
      more = each({names[i], static_cast<std::uint64_t>(sizes[i].integer) - kRedisHeadBytes});
      if (!more) return {};
    }
  } while (cursor != "0");
  return {};
}

Status RedisTransport::list(const std::function<bool(const Listed&)>& each, Deadline deadline) {
  bool more = true;
  Status done = client_.at_every_master(
      deadline, [&](const RedisEndpoint&, RedisClient::Conversation& conversation) -> Status {
        if (!more) return {};
        return list_server(conversation, each, more);
      });
  if (!done) return explain(std::move(done).error());
  return {};
}

}  // namespace deja::remote
