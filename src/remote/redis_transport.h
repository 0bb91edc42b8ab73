// SPDX-License-Identifier: Apache-2.0
// A remote in Redis (or Valkey): one server, a primary with replicas, or a cluster; in clear, over TLS, or a Unix socket.
//
//   <prefix>ac/<hex>, <prefix>cas/<hex>    value := "deja:v1\n" version:16 bytes of the object
//   <prefix>tmp:<random>{<key>}            an object that is being written; expires after an hour
//
// The version is random and new with each write, so two reads with the same version between are of the same object.
// An object of more than one piece is appended to a temporary key of the same hash slot, piece by piece, and then renamed in a
// transaction: it is seen whole or not at all, and neither side ever holds more than a few pieces in memory. It
// is read with GETRANGE the same way.
//
// replace() is WATCH, compare the version, MULTI, SET, EXEC. A script would save a round trip in the background,
// and need the right to run scripts.
//
// object_max is 64 MiB. Redis keeps all in memory and hands a whole value on to its replicas; a replica that is behind
// by more is disconnected (client-output-buffer-limit replica 256mb 64mb 60).
//
// Rights that a user needs: +getrange +strlen +exists +set +append +rename +persist +expire +unlink +watch +unwatch
// +multi +exec +scan +select +cluster|slots ~<prefix>*, and of these only +getrange +strlen +exists to read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "remote/redis_client.h"
#include "remote/transport.h"

namespace deja::remote {

struct RedisOptions {
  std::vector<RedisEndpoint>
      endpoints{};     // one server, or some of a cluster or of a primary and its replicas
  std::string user{};  // empty: the default user
  std::string password{};
  int database = 0;  // a cluster has only 0
  bool uses_tls = false;
  TlsOptions tls{};
  std::string prefix = "deja:";  // without braces, which would choose the hash slot
  std::int64_t expire_s = 0;     // objects vanish so long after they were written; 0: never
  std::uint64_t object_max = 64 << 20;
};

class RedisTransport final : public Transport {
 public:
  // Reads certificates, and connects to nothing. `invalid`: the options have no meaning.
  static Result<std::unique_ptr<RedisTransport>> make(const RedisOptions& options);

  std::string name() const override { return name_; }
  Abilities abilities() const override;
  Result<std::optional<Object>> get(const Name& name, std::uint64_t max_bytes,
                                    Deadline deadline) override;
  // A record is read whole first: another one may replace it meanwhile. A blob streams.
  Result<bool> get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                      Deadline deadline) override;
  Result<std::vector<std::optional<Object>>> get_many(std::span<const Name> names,
                                                      std::uint64_t max_bytes,
                                                      Deadline deadline) override;
  Result<std::vector<bool>> exists(std::span<const Name> names, Deadline deadline) override;
  Status put(const Name& name, const Source& source, Deadline deadline) override;
  Result<Put> replace(const Name& name, std::string_view bytes, const std::string& version,
                      Deadline deadline) override;
  Result<bool> remove(const Name& name, Deadline deadline) override;
  // An object may come twice while the server enlarges its table (SCAN).
  Status list(const std::function<bool(const Listed&)>& each, Deadline deadline) override;
  void stop() override { client_.stop(); }

 private:
  RedisTransport(const RedisOptions& options, RedisLogin login);

  std::string key_of(const Name& name) const { return options_.prefix + name.path(); }
  Error explain(Error error) const;
  template <typename T>
  Result<T> explained(Result<T> result) const;

  Result<std::optional<Object>> read_whole(const std::string& key, std::uint64_t max_bytes,
                                           Deadline deadline);
  Result<bool> read_rest(const std::string& key, std::string& value, std::uint64_t* size,
                         Deadline deadline);
  Result<bool> stream(const std::string& key, std::uint64_t max_bytes, const Sink& sink,
                      bool& refused, Deadline deadline);
  Result<std::vector<std::optional<Object>>> read_many(std::span<const Name> names,
                                                       std::uint64_t max_bytes, Deadline deadline);
  Status check_size(std::uint64_t size) const;
  Status write(const std::string& key, const Source& source, Deadline deadline);
  Status set(const std::string& key, std::string_view value, Deadline deadline);
  Status append_all(const std::string& temp, const std::string& key, const Source& source,
                    Deadline deadline);
  void add_rename(RedisCommands& commands, const std::string& temp, const std::string& key) const;
  void drop_temp(const std::string& temp, const std::string& key, Deadline deadline);
  Result<Put> set_first(const std::string& key, std::string_view bytes, Deadline deadline);
  Result<Put> swap(const std::string& key, const std::string& head, std::string_view bytes,
                   const std::string& temp, Deadline deadline);
  Result<Put> replace_key(const std::string& key, std::string_view bytes,
                          const std::string& version, Deadline deadline);
  Status list_server(RedisClient::Conversation& conversation,
                     const std::function<bool(const Listed&)>& each, bool& more);

  const RedisOptions options_;  // without the password
  const std::string name_;
  RedisClient client_;
};

}  // namespace deja::remote
