// SPDX-License-Identifier: Apache-2.0
// at_key() is a loop over routes: take a connection to the server that should have the key, talk, and if the server was the
// wrong one or is dead, learn where to go next. The table of slots is only a hint: a wrong row costs one
// redirect.
#include "remote/redis_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "os/clock.h"

namespace deja::remote {
namespace {

constexpr int kRoutesMax = 6;
constexpr std::size_t kIdleMax = 8;      // of each server
constexpr std::size_t kNodesMax = 1000;  // a server must not fill our memory with names of others
constexpr std::uint16_t kNoNode = 0xffff;
constexpr std::int64_t kIdleNs = 60'000'000'000;
// For a call without a deadline.
constexpr std::int64_t kCallNs = 60'000'000'000;

constexpr std::array<std::uint16_t, 256> make_crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned crc = i << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    table[i] = static_cast<std::uint16_t>(crc & 0xffff);
  }
  return table;
}

std::uint16_t crc16(std::string_view bytes) {
  static constexpr auto kTable = make_crc_table();
  unsigned crc = 0;
  for (const char c : bytes)
    crc = ((crc << 8) ^ kTable[((crc >> 8) ^ static_cast<unsigned char>(c)) & 0xff]) & 0xffff;
  return static_cast<std::uint16_t>(crc);
}

template <typename T>
std::optional<T> read_number(std::string_view text, T most) {
  T value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size() ||
      value > most)
    return std::nullopt;
  return value;
}

bool is_host(std::string_view host) {
  constexpr std::size_t kHostMax = 255;
  return host.size() <= kHostMax && std::all_of(host.begin(), host.end(), [](char c) {
           return c > ' ' && c < '\x7f' && c != '/';
         });
}

RedisEndpoint at_host(const RedisEndpoint& asked, std::string host, std::uint16_t port) {
  if (host.empty()) host = asked.host;
  return {.host = std::move(host), .port = port};
}

}  // namespace

std::uint16_t redis_slot(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != key.npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != key.npos && close != open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return crc16(key) % kRedisSlots;
}

std::optional<RedisRedirect> parse_redirect(const Reply& reply) {
  if (!reply.is(Reply::Type::error)) return std::nullopt;
  std::string_view rest = reply.text;
  if (rest.starts_with("READONLY")) return RedisRedirect{};
  RedisRedirect redirect;
  if (rest.starts_with("MOVED ")) {
    redirect.kind = RedisRedirect::Kind::moved;
    rest.remove_prefix(6);
  } else if (rest.starts_with("ASK ")) {
    redirect.kind = RedisRedirect::Kind::ask;
    rest.remove_prefix(4);
  } else {
    return std::nullopt;
  }
  const std::size_t space = rest.find(' ');
  const std::size_t colon = rest.rfind(':');  // the last one: an IPv6 address has more
  if (space == rest.npos || colon == rest.npos || colon < space) return std::nullopt;
  const auto slot = read_number<unsigned>(rest.substr(0, space), kRedisSlots - 1);
  const auto port = read_number<unsigned>(rest.substr(colon + 1), 65535);
  const std::string_view host = rest.substr(space + 1, colon - space - 1);
  if (!slot || !port || *port == 0 || !is_host(host)) return std::nullopt;
  redirect.slot = static_cast<std::uint16_t>(*slot);
  redirect.to = {.host = std::string(host), .port = static_cast<std::uint16_t>(*port)};
  return redirect;
}

Result<std::vector<RedisSlotRange>> parse_slots(const Reply& reply, const RedisEndpoint& asked) {
  using Type = Reply::Type;
  if (!reply.is(Type::array)) return redis_error(reply);
  const Error bad{Code::protocol, 0, "the answer to CLUSTER SLOTS has an unknown form"};
  std::vector<RedisSlotRange> ranges;
  for (const Reply& row : reply.elements) {
    if (!row.is(Type::array) || row.elements.size() < 3) return bad;
    const Reply& first = row.elements[0];
    const Reply& last = row.elements[1];
    const Reply& master = row.elements[2];
    if (!first.is(Type::integer) || !last.is(Type::integer) || !master.is(Type::array) ||
        master.elements.size() < 2)
      return bad;
    const Reply& host = master.elements[0];
    const Reply& port = master.elements[1];
    if ((!host.is(Type::bulk) && !host.is(Type::nil)) || !port.is(Type::integer)) return bad;
    constexpr auto kSlotMax = static_cast<std::int64_t>(kRedisSlots) - 1;
    if (first.integer < 0 || last.integer < first.integer || last.integer > kSlotMax ||
        port.integer < 1 || port.integer > 65535 || !is_host(host.text))
      return bad;
    ranges.push_back(
        {.first = static_cast<std::uint16_t>(first.integer),
         .last = static_cast<std::uint16_t>(last.integer),
         .master = at_host(asked, host.text, static_cast<std::uint16_t>(port.integer))});
  }
  if (ranges.empty())
    return Error{Code::unavailable, 0, "the cluster has no slots: set it up first"};
  return ranges;
}

Result<std::vector<Reply>> RedisClient::Conversation::run(const RedisCommands& commands,
                                                          Check check) {
  ++runs_;
  if (asks_ && commands.in_transaction())
    return Error{Code::unavailable, 0, "the key's slot is being moved to another server"};
  auto replies = connection_.run(asks_ ? commands.asking() : commands, limit_);
  if (!replies) {
    broken_ = true;
    return replies;
  }
  if (asks_) {
    for (std::size_t i = 0; i < commands.count(); ++i)
      (*replies)[i] = std::move((*replies)[2 * i + 1]);
    replies->resize(commands.count());
  }
  for (const Reply& reply : *replies) {
    redirect_ = parse_redirect(reply);
    if (redirect_) return redis_error(reply);
    if (check == Check::first) break;
  }
  return replies;
}

RedisClient::RedisClient(std::vector<RedisEndpoint> endpoints, RedisLogin login)
    : login_(std::move(login)), nodes_(std::move(endpoints)) {
  CHECK(!nodes_.empty());
}

Result<os::Limit> RedisClient::limit_of(Deadline deadline) const {
  const std::int64_t now_ns = os::monotonic_ns();
  if (wake_.is_set()) return Error{Code::unavailable, 0, "stopped"};
  if (deadline.is_past(now_ns)) return Error{Code::timeout, 0, "the deadline has passed"};
  return os::Limit{deadline.at_ns != 0 ? deadline.at_ns : now_ns + kCallNs, &wake_};
}

RedisEndpoint RedisClient::endpoint_of(std::uint16_t slot) {
  const MutexLock lock(mutex_);
  if (slots_.empty() || slots_[slot] == kNoNode) return nodes_[current_];
  return nodes_[slots_[slot]];
}

std::size_t RedisClient::index_of(const RedisEndpoint& endpoint) {
  const auto at = std::find(nodes_.begin(), nodes_.end(), endpoint);
  if (at != nodes_.end()) return static_cast<std::size_t>(at - nodes_.begin());
  if (nodes_.size() >= kNodesMax) return current_;
  nodes_.push_back(endpoint);
  return nodes_.size() - 1;
}

void RedisClient::set_slots(const std::vector<RedisSlotRange>& ranges) {
  const MutexLock lock(mutex_);
  slots_.assign(kRedisSlots, kNoNode);
  for (const RedisSlotRange& range : ranges)
    std::fill(slots_.begin() + range.first, slots_.begin() + range.last + 1,
              static_cast<std::uint16_t>(index_of(range.master)));
}

Result<RedisClient::Lease> RedisClient::borrow(const RedisEndpoint& endpoint,
                                               const os::Limit& limit) {
  for (;;) {
    Idle idle;
    {
      const MutexLock lock(mutex_);
      auto& all = idle_[endpoint];
      if (all.empty()) break;
      idle = std::move(all.back());
      all.pop_back();
    }
    // What was idle for long may have been forgotten by a firewall that says nothing.
    if (os::monotonic_ns() - idle.since_ns < kIdleNs && idle.connection->is_quiet())
      return Lease{std::move(idle.connection), true};
  }
  return Lease{TRY(RedisConnection::open(endpoint, login_, limit)), false};
}

void RedisClient::give_back(const RedisEndpoint& endpoint, Lease lease) {
  const MutexLock lock(mutex_);
  auto& all = idle_[endpoint];
  if (all.size() < kIdleMax) all.push_back({std::move(lease.connection), os::monotonic_ns()});
}

void RedisClient::drop_idle(const RedisEndpoint& endpoint) {
  std::vector<Idle> dropped;
  const MutexLock lock(mutex_);
  dropped.swap(idle_[endpoint]);
}

void RedisClient::suspect(const RedisEndpoint& endpoint) {
  const MutexLock lock(mutex_);
  suspect_ = endpoint;
}

bool RedisClient::take_suspicion(const RedisEndpoint& endpoint) {
  const MutexLock lock(mutex_);
  if (suspect_ != endpoint) return false;
  suspect_.reset();
  return true;
}

Status RedisClient::refresh_from(const RedisEndpoint& endpoint, const os::Limit& limit) {
  asked_for_slots_ = true;
  Lease lease = TRY(borrow(endpoint, limit));
  const Reply slots = TRY(ask_for_slots(*lease.connection, limit));
  give_back(endpoint, std::move(lease));
  const auto ranges = TRY(parse_slots(slots, endpoint));
  set_slots(ranges);
  return {};
}

Result<Reply> RedisClient::ask_for_slots(RedisConnection& connection, const os::Limit& limit) {
  RedisCommands commands;
  commands.add({"CLUSTER", "SLOTS"});
  auto replies = TRY(connection.run(commands, limit));
  return std::move(replies[0]);
}

// False: the connection is of no more use.
bool RedisClient::learn_once(const RedisEndpoint& endpoint, RedisConnection& connection,
                             const os::Limit& limit) {
  if (endpoint.host.empty() || asked_for_slots_.exchange(true)) return true;
  const auto slots = ask_for_slots(connection, limit);
  if (!slots) return false;
  // An error: it belongs to no cluster, or we may not ask.
  if (const auto ranges = parse_slots(*slots, endpoint)) set_slots(*ranges);
  return true;
}

bool RedisClient::look_elsewhere(std::uint16_t slot, const RedisEndpoint& failed,
                                 const os::Limit& limit) {
  drop_idle(failed);
  std::vector<RedisEndpoint> others;
  {
    const MutexLock lock(mutex_);
    if (slots_.empty()) {
      if (nodes_.size() == 1) return false;
      if (nodes_[current_] == failed) current_ = (current_ + 1) % nodes_.size();
      return true;
    }
    others = nodes_;
  }
  std::erase(others, failed);
  for (const RedisEndpoint& other : others) {
    // Another dead one must not take all of the time.
    const std::int64_t now_ns = os::monotonic_ns();
    os::Limit part = limit;
    part.deadline_ns = now_ns + (limit.deadline_ns - now_ns) / 3;
    if (refresh_from(other, part)) return endpoint_of(slot) != failed;
  }
  return false;
}

bool RedisClient::follow(const RedisRedirect& redirect, std::uint16_t slot, Route& route,
                         const os::Limit& limit) {
  const RedisEndpoint asked = route.endpoint;
  route = {};
  if (redirect.kind == RedisRedirect::Kind::elsewhere) return look_elsewhere(slot, asked, limit);
  const RedisEndpoint to = at_host(asked, redirect.to.host, redirect.to.port);
  if (redirect.kind == RedisRedirect::Kind::ask) {
    route = {.endpoint = to, .asks = true, .fixed = true};
    return true;
  }
  ignore(refresh_from(to, limit), "the redirect alone is enough for this key");
  const MutexLock lock(mutex_);
  if (slots_.empty()) slots_.assign(kRedisSlots, kNoNode);
  slots_[redirect.slot] = static_cast<std::uint16_t>(index_of(to));
  return true;
}

RedisClient::Next RedisClient::after_no_connection(std::uint16_t slot, Route& route,
                                                   const Error& error, const os::Limit& limit) {
  if (error.code == Code::timeout) suspect(route.endpoint);
  if (error.code != Code::unavailable || wake_.is_set()) return Next::end;
  if (!look_elsewhere(slot, route.endpoint, limit)) return Next::end;
  route = {};
  return Next::try_again;
}

RedisClient::Next RedisClient::after_lost_connection(const Route& route, const Lease& lease,
                                                     int runs, const Error& error) {
  if (error.code == Code::timeout) suspect(route.endpoint);
  if (error.code != Code::unavailable || wake_.is_set()) return Next::end;
  drop_idle(route.endpoint);
  // A server closes idle connections when it likes; that is no failure.
  const bool is_stale = lease.reused && lease.connection->got_nothing() && runs == 1;
  return is_stale ? Next::try_again : Next::end;
}

RedisClient::Next RedisClient::try_route(std::uint16_t slot, Route& route, const Talk& talk,
                                         const os::Limit& limit, Status& result) {
  auto lease = borrow(route.endpoint, limit);
  if (!lease) {
    result = std::move(lease).error();
    return after_no_connection(slot, route, result.error(), limit);
  }
  Conversation conversation(*lease->connection, limit, route.asks);
  result = talk(conversation);
  if (result) {
    if (learn_once(route.endpoint, *lease->connection, limit))
      give_back(route.endpoint, std::move(*lease));
    return Next::end;
  }
  if (conversation.redirect_) {
    // After more commands the connection may be in the middle of a transaction.
    if (conversation.runs_ == 1) give_back(route.endpoint, std::move(*lease));
    return follow(*conversation.redirect_, slot, route, limit) ? Next::try_again : Next::end;
  }
  if (!conversation.broken_) return Next::end;
  return after_lost_connection(route, *lease, conversation.runs_, result.error());
}

Status RedisClient::at_key(std::string_view key, Deadline deadline, const Talk& talk) {
  const os::Limit limit = TRY(limit_of(deadline));
  const std::uint16_t slot = redis_slot(key);
  Route route;
  Status result = Error{Code::unavailable, 0, "the servers redirect in a circle"};
  for (int i = 0; i < kRoutesMax; ++i) {
    if (!route.fixed) route.endpoint = endpoint_of(slot);
    if (take_suspicion(route.endpoint) && look_elsewhere(slot, route.endpoint, limit)) continue;
    if (try_route(slot, route, talk, limit, result) == Next::end) return result;
  }
  return result;
}

Result<std::vector<Reply>> RedisClient::run(std::string_view key, const RedisCommands& commands,
                                            Deadline deadline) {
  std::vector<Reply> replies;
  const auto talk = [&](Conversation& conversation) -> Status {
    replies = TRY(conversation.run(commands));
    return {};
  };
  TRY(at_key(key, deadline, talk));
  return replies;
}

std::vector<std::vector<std::size_t>> RedisClient::by_endpoint(
    const std::vector<std::string>& keys, const std::vector<std::size_t>& which) {
  // In batches, so that a server need not hold all the answers at once.
  constexpr std::size_t kBatchMax = 256;
  std::map<RedisEndpoint, std::vector<std::size_t>> open;
  std::vector<std::vector<std::size_t>> groups;
  for (const std::size_t i : which) {
    auto& group = open[endpoint_of(redis_slot(keys[i]))];
    group.push_back(i);
    if (group.size() == kBatchMax) groups.push_back(std::exchange(group, {}));
  }
  for (auto& [endpoint, group] : open)
    if (!group.empty()) groups.push_back(std::move(group));
  return groups;
}

// *moved: the keys that are at another server.
Status RedisClient::run_group(const std::vector<std::string>& keys,
                              const std::vector<std::size_t>& group, const Make& make,
                              Deadline deadline, std::vector<Reply>& replies,
                              std::vector<std::size_t>& moved) {
  RedisCommands commands;
  for (const std::size_t i : group) make(commands, keys[i]);
  std::vector<Reply> got;
  const auto talk = [&](Conversation& conversation) -> Status {
    got = TRY(conversation.run(commands, Conversation::Check::first));
    return {};
  };
  TRY(at_key(keys[group[0]], deadline, talk));
  for (std::size_t k = 0; k < group.size(); ++k) {
    const auto redirect = parse_redirect(got[k]);
    if (!redirect) {
      replies[group[k]] = std::move(got[k]);
      continue;
    }
    moved.push_back(group[k]);
    if (redirect->kind != RedisRedirect::Kind::moved || redirect->to.host.empty()) continue;
    const MutexLock lock(mutex_);
    if (!slots_.empty())
      slots_[redirect->slot] = static_cast<std::uint16_t>(index_of(redirect->to));
  }
  return {};
}

Result<std::vector<Reply>> RedisClient::run_each(const std::vector<std::string>& keys,
                                                 const Make& make, Deadline deadline) {
  std::vector<Reply> replies(keys.size());
  std::vector<std::size_t> rest(keys.size());
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = i;
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds && !rest.empty(); ++round) {
    std::vector<std::size_t> moved;
    for (const auto& group : by_endpoint(keys, rest))
      TRY(run_group(keys, group, make, deadline, replies, moved));
    rest = std::move(moved);
  }
  // What is being moved just now finds its way key by key.
  for (const std::size_t i : rest) {
    RedisCommands one;
    make(one, keys[i]);
    auto reply = TRY(run(keys[i], one, deadline));
    replies[i] = std::move(reply[0]);
  }
  return replies;
}

Status RedisClient::at_every_master(
    Deadline deadline, const std::function<Status(const RedisEndpoint&, Conversation&)>& talk) {
  const os::Limit limit = TRY(limit_of(deadline));
  std::vector<RedisEndpoint> masters{endpoint_of(0)};
  // An error: it is no cluster, or its state is unknown; then what is known must do.
  const Status refreshed = refresh_from(masters[0], limit);
  if (refreshed) {
    const MutexLock lock(mutex_);
    masters.clear();
    for (const std::uint16_t node : slots_)
      if (node != kNoNode &&
          std::find(masters.begin(), masters.end(), nodes_[node]) == masters.end())
        masters.push_back(nodes_[node]);
  } else if (refreshed.error().code == Code::unavailable ||
             refreshed.error().code == Code::timeout || refreshed.error().code == Code::denied) {
    return Error(refreshed.error());
  }
  for (const RedisEndpoint& master : masters) {
    Lease lease = TRY(borrow(master, limit));
    Conversation conversation(*lease.connection, limit, false);
    TRY(talk(master, conversation));
    give_back(master, std::move(lease));
  }
  return {};
}

}  // namespace deja::remote
