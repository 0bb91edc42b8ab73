// SPDX-License-Identifier: Apache-2.0
// L4: a store is valid after a kill at any moment, and an acknowledged result is served or absent,
// never wrong. Each loop runs one piece of work in a child that ends at the n-th failpoint, for n =
// 1, 2, … until the work completes. After each kill the store must open, verify clean and answer.
// The same loops with ENOSPC and EIO instead of the kill check L3 for the store: an error or
// success, and a valid store.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "os/failpoint.h"
#include "store/store_support.h"
#include "store/temp_store.h"

namespace deja::store {
namespace {

constexpr int kFailpointsMax = 5000;

std::string name_of(int i) { return "r" + std::to_string(i); }
std::string content_of(int i) {
  // One small blob, one that the kernel copies, and one that all results share.
  return std::string(i % 3 == 0 ? 300'000 : 1000, static_cast<char>('a' + i % 26)) +
         std::to_string(i);
}

Status publish(LocalStore& store, int i) {
  ResultFacts facts;
  for (const std::string& content : {content_of(i), std::string("common")}) {
    const auto put = store.put_blob(file_of(content));
    if (!put) return put.error();
    facts.blobs.push_back({put->digest, put->size});
  }
  facts.probe = probe_key_of(name_of(i));
  facts.cost_ns = 1'000'000;
  auto done = store.put_result(action_key_of(name_of(i)), "record" + name_of(i), facts);
  if (!done) return done;
  const auto append = [](void*, std::optional<std::string_view> present) {
    return std::string(present.value_or("")) + "x";
  };
  return store.update_manifest(probe_key_of(name_of(i)), append, nullptr);
}

// What the work has acknowledged before it ended; memory shared with the child.
struct Shared {
  std::atomic<int> tried{0};  // the highest result whose publication has begun
  void begin(int i) {
    for (int seen = tried; seen < i && !tried.compare_exchange_weak(seen, i);) {
    }
  }
  std::atomic<int> is_complete{0};
};

class StoreKill : public testing::Test {
 protected:
  StoreKill() {
    void* const memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    shared_ = new (memory) Shared;
  }
  ~StoreKill() override { ::munmap(shared_, sizeof(Shared)); }

  // Opens the store, reads everything and closes it, as the next process would.
  void expect_valid(TempStore& store, int count, const std::string& when) {
    SCOPED_TRACE(when);
    store.reopen();
    auto report = store->verify(false);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->blobs_quarantined, 0u);
    EXPECT_EQ(report->records_damaged, 0u);
    EXPECT_FALSE(report->counters_wrong);
    for (int i = 0; i < count; ++i) {
      const auto record = store->get_result(action_key_of(name_of(i)));
      ASSERT_TRUE(record) << record.error().message;
      if (!*record) continue;
      EXPECT_EQ(**record, "record" + name_of(i));
      EXPECT_EQ(read_blob(*store, digest::digest_bytes(content_of(i))), content_of(i));
    }
    EXPECT_TRUE(store->verify(false)->is_clean());
    const auto stats = store->stats();
    if (store.options().limit_bytes != 0) {
      ASSERT_TRUE(store->maintain());
      EXPECT_LE(store->stats()->bytes, store.options().limit_bytes);
    }
    // The store also accepts new results.
    const auto done = publish(*store, 0);
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_TRUE(*store->get_result(action_key_of(name_of(0))));
    store.close();
  }

  // Runs the work with `what` injected at each failpoint in turn. Returns the number of failpoints.
  int for_each_failpoint(const std::string& what, const std::function<void(TempStore&)>& before,
                         const std::function<Status(LocalStore&)>& work,
                         const LocalStore::Options& options, int count) {
    for (int n = 1; n < kFailpointsMax; ++n) {
      TempStore store(options);
      before(store);
      store.close();
      shared_->is_complete = 0;
      const int status = run_in_child([&] {
        CHECK(os::arm_failpoint(what + "@" + std::to_string(n)));
        {
          auto opened = LocalStore::open(store.options());
          if (opened) ignore(work(**opened), "only the kill counts");
        }
        shared_->is_complete = os::failpoints_passed() < n ? 1 : 0;
        return 0;
      });
      EXPECT_TRUE(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
          << n << ": " << status;
      expect_valid(store, count, what + " at " + std::to_string(n));
      if (shared_->is_complete != 0 || testing::Test::HasFailure()) return n - 1;
    }
    ADD_FAILURE() << "the work never got through";
    return 0;
  }

  Shared* shared_ = nullptr;
};

const auto nothing = [](TempStore&) {};
const auto three_results = [](TempStore& store) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(publish(*store, i));
};
Status publish_new_and_again(LocalStore& store) {
  for (const int i : {2, 3, 4}) {
    auto done = publish(store, i);
    if (!done) return done;
  }
  return {};
}

TEST_F(StoreKill, DuringTheVeryFirstPublish) {
  const auto first = [](TempStore& store) { EXPECT_TRUE(os::remove_tree(store.dir())); };
  const int n =
      for_each_failpoint("kill", first, [](LocalStore& s) { return publish(s, 0); }, {}, 1);
  EXPECT_GT(n, 20);
}

TEST_F(StoreKill, DuringPublish) {
  EXPECT_GT(for_each_failpoint("kill", three_results, publish_new_and_again, {}, 5), 20);
}

TEST_F(StoreKill, DuringEviction) {
  LocalStore::Options options;
  options.limit_bytes = 600'000;
  const auto fill = [](TempStore& store) {
    for (int i = 1; i < 30; ++i) EXPECT_TRUE(publish(*store, i));
  };
  const auto work = [](LocalStore& store) {
    for (const int i : {30, 33, 36}) {
      auto done = publish(store, i);
      if (!done) return done;
    }
    return Status();
  };
  EXPECT_GT(for_each_failpoint("kill", fill, work, options, 37), 30);
}

TEST_F(StoreKill, DuringUpkeep) {
  LocalStore::Options options;
  options.grace_ns = 1;
  const auto work = [](LocalStore& store) -> Status {
    const auto removed = store.remove_result(action_key_of(name_of(1)));
    if (!removed) return removed.error();
    ignore(store.put_blob_bytes("an orphan"), "only the kill counts");
    const auto report = store.gc();
    if (!report) return report.error();
    TRY(store.sync());
    return publish(store, 4);
  };
  for_each_failpoint("kill", three_results, work, options, 5);
}

TEST_F(StoreKill, DuringPurge) {
  for_each_failpoint("kill", three_results, [](LocalStore& s) { return s.purge(); }, {}, 3);
}

TEST_F(StoreKill, DuringTheRebuildAfterAReboot) {
  const auto reboot = [](TempStore& store) {
    three_results(store);
    store.close();
    const std::string path = store.layout().index() + "/state";
    auto state = decode_state(*os::read_file(path));
    state->boot = "another-boot";
    overwrite(path, 0, encode_state(*state));
  };
  for_each_failpoint("kill", reboot, [](LocalStore& s) { return publish(s, 3); }, {}, 4);
}

TEST_F(StoreKill, WithAFullOrBrokenDisk) {
  LocalStore::Options options;
  options.limit_bytes = 900'000;
  for (const char* what : {"ENOSPC", "EIO"}) {
    for_each_failpoint(what, three_results, publish_new_and_again, options, 5);
    for_each_failpoint(what, nothing, [](LocalStore& s) { return publish(s, 0); }, {}, 1);
  }
}

TEST_F(StoreKill, WithADiskThatStaysFull) {
  for (int n = 1; n < 60; ++n) {
    TempStore store;
    three_results(store);
    store.close();
    EXPECT_EQ(run_in_child([&] {
                CHECK(os::arm_failpoint("ENOSPC@" + std::to_string(n) + "+"));
                auto opened = LocalStore::open(store.options());
                if (opened) ignore(publish_new_and_again(**opened), "only the kill counts");
                return 0;
              }),
              0);
    expect_valid(store, 5, "from " + std::to_string(n));
  }
}

// SIGKILL at any time, not only at failpoints: inside LMDB's commit, between two of its writes.
TEST_F(StoreKill, AtRandom) {
  std::random_device device;
  const unsigned seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  LocalStore::Options options;
  options.limit_bytes = 2'000'000;
  TempStore store(options);
  store.close();
  int known = 0;
  for (int round = 0; round < 60 && !HasFailure(); ++round) {
    const int first = known;
    std::vector<pid_t> children;
    for (int k = 0; k < 3; ++k) {
      const pid_t child = ::fork();
      CHECK(child >= 0);
      if (child == 0) {
        auto opened = LocalStore::open(store.options());
        if (!opened) ::_exit(1);
        for (int i = first + k;; i += 3) {
          shared_->begin(i);
          ignore(publish(**opened, i), "only the kill counts");
          if (i % 10 == 0) ignore((*opened)->gc(), "only the kill counts");
        }
      }
      children.push_back(child);
    }
    const auto delay_us = static_cast<useconds_t>(random() % 30'000);
    ::usleep(delay_us);  // tidy-allow: sleep the kill must come at any moment
    for (const pid_t child : children) {
      ::kill(child, SIGKILL);
      int status = 0;
      CHECK(::waitpid(child, &status, 0) == child);
      EXPECT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
    }
    // a result that was killed half-way may be absent once it has been asked for
    known = shared_->tried + 1;
    expect_valid(store, known, "round " + std::to_string(round));
  }
  EXPECT_GT(known, 20);
}

}  // namespace
}  // namespace deja::store
