// SPDX-License-Identifier: Apache-2.0
// Sends commands to the Redis server that has their key: one server, several of which one is the primary, or a
// cluster. Keeps idle connections. Thread-safe; no lock is held while a server is asked.
//
// The first server that answers over TCP is asked once for the cluster it belongs to, so the others are known when it
// dies; after that the table is read again when a server says MOVED or does not answer. Source:
// https://redis.io/docs/reference/cluster-spec/ (hash slots, MOVED, ASK, CLUSTER SLOTS).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "os/connection.h"
#include "remote/redis_connection.h"
#include "remote/transport.h"

namespace deja::remote {

inline constexpr std::size_t kRedisSlots = 16384;

// The slot of a key: CRC16 (XMODEM) of what is between the first { and the next }, else of the whole.
std::uint16_t redis_slot(std::string_view key);

// What a server said instead of doing it.
struct RedisRedirect {
  enum class Kind { moved, ask, elsewhere };  // elsewhere: this server is a replica
  Kind kind = Kind::elsewhere;
  std::uint16_t slot = 0;
  RedisEndpoint to{};  // empty host: the one that said it
};
// None: the reply is not a redirect, or its endpoint makes no sense.
std::optional<RedisRedirect> parse_redirect(const Reply& reply);

struct RedisSlotRange {
  std::uint16_t first = 0, last = 0;
  RedisEndpoint master{};
};
// The answer to CLUSTER SLOTS. `asked`: the server that gave it, which may name itself with an empty host.
Result<std::vector<RedisSlotRange>> parse_slots(const Reply& reply, const RedisEndpoint& asked);

class RedisClient {
 public:
  // endpoints: at least one. They are tried in turn until one is the primary or knows the cluster.
  RedisClient(std::vector<RedisEndpoint> endpoints, RedisLogin login);

  // The exchange of some commands on one connection.
  class Conversation {
   public:
    enum class Check { all, first };
    // A reply for each command. A redirect in a checked reply ends the conversation with an error, and at_key()
    // starts it again elsewhere.
    Result<std::vector<Reply>> run(const RedisCommands& commands, Check check = Check::all);

   private:
    friend class RedisClient;
    Conversation(RedisConnection& connection, const os::Limit& limit, bool asks)
        : connection_(connection), limit_(limit), asks_(asks) {}
    RedisConnection& connection_;
    const os::Limit limit_;
    const bool asks_;
    int runs_ = 0;
    bool broken_ = false;
    std::optional<RedisRedirect> redirect_{};
  };
  using Talk = std::function<Status(Conversation&)>;

  // Runs `talk` with the server that has this key; after a redirect again from its start.
  Status at_key(std::string_view key, Deadline deadline, const Talk& talk);
  // The same for commands that are sent at once and belong to one key.
  Result<std::vector<Reply>> run(std::string_view key, const RedisCommands& commands,
                                 Deadline deadline);
  // One command for each key, as many as possible in one exchange. Replies in the order of the keys.
  using Make = std::function<void(RedisCommands&, const std::string& key)>;
  Result<std::vector<Reply>> run_each(const std::vector<std::string>& keys, const Make& make,
                                      Deadline deadline);
  // With every server that holds keys of its own, one after the other.
  Status at_every_master(Deadline deadline,
                         const std::function<Status(const RedisEndpoint&, Conversation&)>& talk);

  // All calls end with `unavailable`, now and later.
  void stop() { wake_.set(); }

 private:
  struct Idle {
    std::unique_ptr<RedisConnection> connection;
    std::int64_t since_ns = 0;
  };
  struct Lease {
    std::unique_ptr<RedisConnection> connection;
    bool reused = false;
  };
  struct Route {
    RedisEndpoint endpoint{};
    bool asks = false;
    bool fixed = false;  // not by the table: after ASK
  };

  enum class Next { end, try_again };

  Result<os::Limit> limit_of(Deadline deadline) const;
  RedisEndpoint endpoint_of(std::uint16_t slot);
  Result<Lease> borrow(const RedisEndpoint& endpoint, const os::Limit& limit);
  void give_back(const RedisEndpoint& endpoint, Lease lease);
  void drop_idle(const RedisEndpoint& endpoint);
  // True if `key` may now be tried at another server than this one.
  bool look_elsewhere(std::uint16_t slot, const RedisEndpoint& failed, const os::Limit& limit);
  // False: there is nowhere else to go.
  bool follow(const RedisRedirect& redirect, std::uint16_t slot, Route& route,
              const os::Limit& limit);
  // Talks with the server of the route. After try_again `route` is where to go next.
  Next try_route(std::uint16_t slot, Route& route, const Talk& talk, const os::Limit& limit,
                 Status& result);
  Next after_no_connection(std::uint16_t slot, Route& route, const Error& error,
                           const os::Limit& limit);
  Next after_lost_connection(const Route& route, const Lease& lease, int runs, const Error& error);
  Status refresh_from(const RedisEndpoint& endpoint, const os::Limit& limit);
  static Result<Reply> ask_for_slots(RedisConnection& connection, const os::Limit& limit);
  bool learn_once(const RedisEndpoint& endpoint, RedisConnection& connection,
                  const os::Limit& limit);
  void set_slots(const std::vector<RedisSlotRange>& ranges);
  std::size_t index_of(const RedisEndpoint& endpoint) REQUIRES_LOCK(mutex_);
  void suspect(const RedisEndpoint& endpoint);
  bool take_suspicion(const RedisEndpoint& endpoint);
  std::vector<std::vector<std::size_t>> by_endpoint(const std::vector<std::string>& keys,
                                                    const std::vector<std::size_t>& which);
  Status run_group(const std::vector<std::string>& keys, const std::vector<std::size_t>& group,
                   const Make& make, Deadline deadline, std::vector<Reply>& replies,
                   std::vector<std::size_t>& moved);

  const RedisLogin login_;
  const os::WakeUp wake_;
  std::atomic<bool> asked_for_slots_ = false;
  Mutex mutex_;
  std::vector<RedisEndpoint> nodes_ GUARDED_BY(mutex_);
  std::size_t current_ GUARDED_BY(mutex_) = 0;  // without a cluster: which of nodes_
  std::vector<std::uint16_t> slots_
      GUARDED_BY(mutex_);  // which of nodes_; empty: no cluster is known
  std::map<RedisEndpoint, std::vector<Idle>> idle_ GUARDED_BY(mutex_);
  std::optional<RedisEndpoint> suspect_ GUARDED_BY(mutex_);  // it has let a call time out
};

}  // namespace deja::remote
