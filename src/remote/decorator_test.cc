// SPDX-License-Identifier: Apache-2.0
// Every decorator passes the contract over a remote in memory; what each does besides is in a test of its own.
#include "remote/decorator.h"

#include <gtest/gtest.h>

#include "remote/bandwidth.h"
#include "remote/breaker.h"
#include "remote/coalesce.h"
#include "remote/deadline.h"
#include "remote/layered.h"
#include "remote/mem_transport.h"
#include "remote/negative_cache.h"
#include "remote/read_only.h"
#include "remote/retry.h"
#include "remote/transport_contract.h"
#include "remote/write_only.h"

namespace deja::remote {
namespace {

template <typename Make>
struct Over {
  Transport& transport() { return *first; }
  Transport& other() { return second; }
  std::shared_ptr<MemRemote> remote = std::make_shared<MemRemote>();
  std::unique_ptr<Transport> first = Make()(std::make_unique<MemTransport>(remote));
  MemTransport second{remote};
};

template <typename T>
struct Default {
  auto operator()(std::unique_ptr<Transport> inner) const {
    return std::make_unique<T>(std::move(inner));
  }
};
template <typename T>
struct WithOptions {
  auto operator()(std::unique_ptr<Transport> inner) const {
    return std::make_unique<T>(std::move(inner), typename T::Options());
  }
};
// Fast enough not to wait in a test, slow enough to be asked.
struct Limited {
  auto operator()(std::unique_ptr<Transport> inner) const {
    return std::make_unique<BandwidthTransport>(
        std::move(inner), BandwidthTransport::Options{.upload_bytes_per_s = 1ULL << 40,
                                                      .download_bytes_per_s = 1ULL << 40});
  }
};
struct Stacked {
  std::unique_ptr<Transport> operator()(std::unique_ptr<Transport> inner) const {
    inner = WithOptions<DeadlineTransport>()(std::move(inner));
    inner = Default<RetryTransport>()(std::move(inner));
    inner = WithOptions<BreakerTransport>()(std::move(inner));
    inner = Limited()(std::move(inner));
    inner = WithOptions<NegativeCacheTransport>()(std::move(inner));
    return Default<CoalesceTransport>()(std::move(inner));
  }
};

const auto kBoth =
    subjects<Over<Default<RetryTransport>>, Over<WithOptions<DeadlineTransport>>,
             Over<WithOptions<BreakerTransport>>, Over<Default<CoalesceTransport>>,
             Over<WithOptions<NegativeCacheTransport>>, Over<Limited>, Over<Stacked>>();
INSTANTIATE_TEST_SUITE_P(Decorators, TransportReads, kBoth);
INSTANTIATE_TEST_SUITE_P(Decorators, TransportWrites, kBoth);
INSTANTIATE_TEST_SUITE_P(ReadOnly, TransportReads, subjects<Over<Default<ReadOnlyTransport>>>());
INSTANTIATE_TEST_SUITE_P(WriteOnly, TransportWrites, subjects<Over<Default<WriteOnlyTransport>>>());

// Two clients with the same two remotes. The near one cannot tell versions apart if `kNearVersions` is false.
template <bool kNearVersions>
struct LayeredSubject {
  std::unique_ptr<Transport> make() {
    std::vector<std::unique_ptr<Transport>> layers;
    MemTransport::Options options;
    options.abilities.replaces_by_version = kNearVersions;
    layers.push_back(std::make_unique<MemTransport>(near, options));
    layers.push_back(std::make_unique<MemTransport>(far));
    return std::make_unique<LayeredTransport>(std::move(layers));
  }
  Transport& transport() { return *first; }
  Transport& other() { return *second; }
  std::shared_ptr<MemRemote> near = std::make_shared<MemRemote>();
  std::shared_ptr<MemRemote> far = std::make_shared<MemRemote>();
  std::unique_ptr<Transport> first = make();
  std::unique_ptr<Transport> second = make();
};
const auto kLayered = subjects<LayeredSubject<true>, LayeredSubject<false>>();
INSTANTIATE_TEST_SUITE_P(Layered, TransportReads, kLayered);
INSTANTIATE_TEST_SUITE_P(Layered, TransportWrites, kLayered);

TEST(ReadOnly, RefusesWithoutAsking) {
  auto mem = std::make_unique<MemTransport>();
  MemTransport& remote = *mem;
  ReadOnlyTransport transport(std::move(mem));
  EXPECT_TRUE(transport.abilities().reads_only);
  const Name name = record_name("r");
  EXPECT_EQ(code_of(transport.put(name, {.bytes = "x"}, kNoLimit)), Code::denied);
  EXPECT_EQ(code_of(transport.replace(name, "x", "", kNoLimit)), Code::denied);
  EXPECT_EQ(code_of(transport.remove(name, kNoLimit)), Code::denied);
  EXPECT_EQ(remote.calls(), 0);
}

TEST(WriteOnly, SeesNothingWithoutAskingButKnowsWhatIsThere) {
  auto mem = std::make_unique<MemTransport>();
  MemTransport& remote = *mem;
  WriteOnlyTransport transport(std::move(mem));
  const Name name = record_name("r");
  ASSERT_TRUE(transport.put(name, {.bytes = "x"}, kNoLimit));
  EXPECT_EQ(read_object(transport, name), kAbsent);
  EXPECT_EQ(read_streamed(transport, name), kAbsent);
  const auto many = transport.get_many(std::vector{name, name}, 9, kNoLimit);
  ASSERT_TRUE(many);
  ASSERT_EQ(many->size(), 2U);
  EXPECT_FALSE((*many)[0]);
  EXPECT_EQ(remote.calls(), 1);
  EXPECT_EQ(*transport.exists(std::vector{name}, kNoLimit), std::vector<bool>{true});
}

}  // namespace
}  // namespace deja::remote
