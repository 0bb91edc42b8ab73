// SPDX-License-Identifier: Apache-2.0
// The order of the policies matters. The deadline is outside of the retries, so that it limits all attempts
// together; the breaker is outside of the deadline, so that it sees the timeouts; what is absent is remembered
// outside of the layers, so that no layer is asked again.
//
// Tested by open_test.cc.
#include "remote/open.h"

#include <utility>
#include <vector>

#include "remote/bandwidth.h"
#include "remote/breaker.h"
#include "remote/coalesce.h"
#include "remote/deadline.h"
#include "remote/directory_transport.h"
#include "remote/http_transport.h"
#include "remote/layered.h"
#include "remote/negative_cache.h"
#include "remote/pack_remote.h"
#include "remote/read_only.h"
#include "remote/redis_transport.h"
#include "remote/retry.h"
#include "remote/s3_transport.h"
#include "remote/secret.h"
#include "remote/write_only.h"

namespace deja::remote {
namespace {

using Opened = Result<std::unique_ptr<Transport>>;

// The classes differ, the callers want the interface.
template <typename T>
Opened as_transport(Result<std::unique_ptr<T>> opened) {
  if (!opened) return std::move(opened).error();
  return std::unique_ptr<Transport>(*std::move(opened));
}

Opened open_redis(const Address& address, const Environment& environment) {
  RedisOptions options;
  const bool is_socket = address.host.empty();
  options.endpoints.push_back(is_socket
                                  ? RedisEndpoint{.path = address.path}
                                  : RedisEndpoint{.host = address.host, .port = address.port});
  options.user = address.user;
  options.password = address.password;
  if (const auto file = address.parameter("password_file"))
    options.password = TRY(read_secret_line("password file", *file));
  if (const auto name = address.parameter("password_variable"))
    options.password = TRY(read_secret_variable(environment, *name));
  options.database = static_cast<int>(address.database);
  options.uses_tls = address.tls;
  options.tls.ca_file = address.parameter("ca").value_or("");
  options.tls.certificate_file = address.parameter("cert").value_or("");
  options.tls.key_file = address.parameter("key").value_or("");
  return as_transport(RedisTransport::make(options));
}

std::unique_ptr<Transport> with_policies(std::unique_ptr<Transport> transport,
                                         const OpenOptions& options) {
  if (options.upload_bytes_per_s != 0 || options.download_bytes_per_s != 0)
    transport = std::make_unique<BandwidthTransport>(
        std::move(transport),
        BandwidthTransport::Options{.upload_bytes_per_s = options.upload_bytes_per_s,
                                    .download_bytes_per_s = options.download_bytes_per_s});
  transport = std::make_unique<RetryTransport>(std::move(transport));
  transport = std::make_unique<DeadlineTransport>(
      std::move(transport), DeadlineTransport::Options{.answer_ns = options.answer_ns,
                                                       .transfer_ns = options.transfer_ns});
  transport = std::make_unique<BreakerTransport>(std::move(transport), BreakerTransport::Options{});
  if (!options.writes) transport = std::make_unique<ReadOnlyTransport>(std::move(transport));
  if (!options.reads) transport = std::make_unique<WriteOnlyTransport>(std::move(transport));
  return transport;
}

}  // namespace

Opened open_address(const Address& address, const Environment& environment) {
  switch (address.scheme) {
    case Scheme::s3:
      return as_transport(S3Transport::open(address, environment));
    case Scheme::redis:
      return open_redis(address, environment);
    case Scheme::http:
      return as_transport(HttpTransport::open(address, environment));
    case Scheme::directory:
      return std::unique_ptr<Transport>(std::make_unique<DirectoryTransport>(address.path));
    case Scheme::pack:
      return std::unique_ptr<Transport>(std::make_unique<PackRemote>(address.path));
  }
  return Error{Code::invalid, 0, "an address of an unknown kind: " + address.text()};
}

Opened open_remotes(std::span<const Address> addresses, const Environment& environment,
                    const OpenOptions& options) {
  std::vector<std::unique_ptr<Transport>> layers;
  layers.reserve(addresses.size());
  for (const Address& address : addresses)
    layers.push_back(with_policies(TRY(open_address(address, environment)), options));
  std::unique_ptr<Transport> all = layers.size() == 1
                                       ? std::move(layers.front())
                                       : std::make_unique<LayeredTransport>(std::move(layers));
  all = std::make_unique<CoalesceTransport>(std::move(all));
  return std::unique_ptr<Transport>(
      std::make_unique<NegativeCacheTransport>(std::move(all), NegativeCacheTransport::Options{}));
}

}  // namespace deja::remote
