// SPDX-License-Identifier: Apache-2.0
// A store behaves like a map with a size limit: random sequences of operations against a model, and
// many processes at once on one directory.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "store/store_support.h"
#include "store/temp_store.h"

namespace deja::store {
namespace {

constexpr std::uint64_t kModelLimit = 600'000;

std::string content_of(unsigned n) {
  // Few distinct contents, of sizes around one disk block.
  return std::string((n * 997) % 20'000, static_cast<char>('a' + n % 26)) + std::to_string(n);
}

// The model records what was stored. The store may lose it, but never change it.
struct Model {
  struct Entry {
    std::string record;
    std::vector<unsigned> contents;
  };
  std::map<unsigned, Entry> results;
  std::map<unsigned, std::string> manifests;
};

class Walk {
 public:
  Walk(TempStore& store, unsigned seed) : store_(store), random_(seed) {}

  void step() {
    switch (pick(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        put();
        break;
      case 4:
      case 5:
      case 6:
        get();
        break;
      case 7:
        manifest();
        break;
      case 8:
        remove();
        break;
      case 9:
        damage();
        break;
      case 10:
        upkeep();
        break;
      default:
        store_->touch(action_key_of(std::to_string(pick(60))));
        break;
    }
    const auto stats = store_->stats();
    ASSERT_TRUE(stats);
    ASSERT_LE(stats->bytes, kModelLimit);
  }

  void check_all() {
    for (const auto& [key, entry] : model_.results) check(key);
    const auto report = store_->verify(false);
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->counters_wrong);
    EXPECT_EQ(report->records_damaged, 0u);
  }

 private:
  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }

  void put() {
    const unsigned key = pick(60);
    Model::Entry entry{"record" + std::to_string(random_()), {}};
    ResultFacts facts;
    for (unsigned i = pick(4); i > 0; --i) {
      const unsigned content = pick(80);
      entry.contents.push_back(content);
      const PutBlob blob = pick(2) == 0 ? put_bytes(*store_, content_of(content))
                                        : *store_->put_blob(file_of(content_of(content)));
      facts.blobs.push_back({blob.digest, blob.size});
    }
    facts.cost_ns = random_() % 1'000'000'000;
    if (pick(2) == 0) facts.probe = probe_key_of(std::to_string(pick(20)));
    const auto done = store_->put_result(action_key_of(std::to_string(key)), entry.record, facts);
    ASSERT_TRUE(done) << done.error().message;
    model_.results[key] = entry;
    const auto got = store_->get_result(action_key_of(std::to_string(key)));
    ASSERT_TRUE(got && *got) << "just stored";
    check(key);
  }

  void get() { check(pick(60)); }

  void check(unsigned key) {
    const auto got = store_->get_result(action_key_of(std::to_string(key)));
    ASSERT_TRUE(got);
    if (!*got) return;
    const auto it = model_.results.find(key);
    ASSERT_NE(it, model_.results.end()) << "a removed result is served";
    EXPECT_EQ(**got, it->second.record);
    for (const unsigned content : it->second.contents) {
      const std::string bytes = read_blob(*store_, digest::digest_bytes(content_of(content)));
      EXPECT_TRUE(bytes == content_of(content) || bytes == "absent") << "wrong bytes";
    }
  }

  void manifest() {
    const unsigned key = pick(20);
    const ProbeKey probe = probe_key_of(std::to_string(key));
    const auto got = store_->get_manifest(probe);
    ASSERT_TRUE(got);
    if (*got) {
      EXPECT_EQ(**got, model_.manifests[key]);
    }
    model_.manifests[key] = std::string(pick(6000), 'm') + std::to_string(random_());
    ASSERT_TRUE(store_->put_manifest(probe, model_.manifests[key]));
  }

  void remove() {
    const unsigned key = pick(60);
    ASSERT_TRUE(store_->remove_result(action_key_of(std::to_string(key))));
    model_.results.erase(key);
  }

  // Removes, truncates or changes a blob behind the store's back.
  void damage() {
    const std::string path = store_.layout().blob(digest::digest_bytes(content_of(pick(80))));
    const auto id = os::stat_file(path);
    if (!*id || (*id)->size == 0) return;
    switch (pick(3)) {
      case 0:
        ASSERT_EQ(::unlink(path.c_str()), 0);
        break;
      case 1:
        ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>((*id)->size / 2)), 0);
        break;
      default:
        overwrite(path, static_cast<long>((*id)->size / 2), "#");
        break;
    }
  }

  void upkeep() {
    switch (pick(6)) {
      case 0:
        store_.reopen();
        break;
      case 1:
        ASSERT_TRUE(store_->maintain());
        break;
      case 2:
        ASSERT_TRUE(store_->gc());
        break;
      case 3:
        ASSERT_TRUE(store_->flush());
        break;
      case 4:
        ASSERT_TRUE(store_->verify(true));
        EXPECT_TRUE(store_->verify(false)->is_clean());
        break;
      default:
        break;
    }
  }

  TempStore& store_;
  std::mt19937 random_;
  Model model_;
};

TEST(StoreProperty, BehavesLikeAMapWithALimit) {
  std::random_device device;
  for (int round = 0; round < 4; ++round) {
    const unsigned seed = device();
    SCOPED_TRACE("seed " + std::to_string(seed));
    LocalStore::Options options;
    options.limit_bytes = kModelLimit;
    options.touch_grain_ns = 0;
    options.grace_ns = 0;
    TempStore store(options);
    Walk walk(store, seed);
    for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) walk.step();
    walk.check_all();
  }
}

// One of many processes: publishes, reads and evicts. Returns 0 if all reads were right.
int work_on(const LocalStore::Options& options, unsigned seed, int steps) {
  auto opened = LocalStore::open(options);
  if (!opened) return 1;
  LocalStore& store = **opened;
  std::mt19937 random(seed);
  for (int i = 0; i < steps; ++i) {
    const auto n = static_cast<unsigned>(random() % 100);
    const std::string name = std::to_string(n);
    if (random() % 3 == 0) {
      ResultFacts facts = {
          .blobs = {}, .cost_ns = random() % 1'000'000'000, .probe = probe_key_of(name)};
      for (const std::string& content : {content_of(n), content_of(n % 7)}) {
        const auto blob = store.put_blob_bytes(content);
        if (!blob) return 2;
        facts.blobs.push_back({blob->digest, blob->size});
      }
      // A blob may be evicted between its put and the result's; then the result is refused.
      const auto done = store.put_result(action_key_of(name), "record" + name, facts);
      if (!done && done.error().code != Code::unavailable && done.error().code != Code::invalid)
        return 3;
      if (!store.put_manifest(probe_key_of(name), "manifest" + name)) return 4;
    } else {
      const auto got = store.get_result(action_key_of(name));
      if (!got) return 5;
      if (!*got) continue;
      if (**got != "record" + name) return 6;
      store.touch(action_key_of(name));
      const std::string content = read_blob(store, digest::digest_bytes(content_of(n)));
      if (content != content_of(n) && content != "absent") return 7;
    }
    if (random() % 50 == 0 && !store.maintain()) return 8;
    if (random() % 100 == 0 && !store.gc()) return 9;
  }
  return 0;
}

TEST(StoreProcesses, EightAtOnceSeeNothingWrong) {
  LocalStore::Options options;
  options.limit_bytes = kModelLimit;
  TempStore store(options);
  store.close();
  std::vector<pid_t> children;
  for (unsigned i = 0; i < 8; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(work_on(store.options(), i + 1, 400));
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << "exit " << WEXITSTATUS(status);
  }
  store.reopen();
  EXPECT_LE(store->stats()->bytes, kModelLimit);
  EXPECT_TRUE(store->verify(false)->is_clean());
}

TEST(StoreProcesses, ThreadsAtOnceSeeNothingWrong) {
  LocalStore::Options options;
  options.limit_bytes = kModelLimit;
  TempStore store(options);
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < 4; ++i)
      threads.emplace_back([&, i] { failures += work_on(store.options(), i + 1, 300); });
  }
  EXPECT_EQ(failures.load(), 0);
  EXPECT_TRUE(store->verify(false)->is_clean());
}

TEST(StoreProcesses, ManyOpenAFreshDirectoryAtOnce) {
  for (int round = 0; round < 5; ++round) {
    TempStore store;
    store.close();
    ASSERT_TRUE(os::remove_tree(store.dir()));
    std::vector<pid_t> children;
    for (unsigned i = 0; i < 12; ++i) {
      const pid_t child = ::fork();
      if (child == 0) ::_exit(work_on(store.options(), i, 5));
      children.push_back(child);
    }
    for (const pid_t child : children) {
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0) << "exit " << WEXITSTATUS(status);
    }
    store.reopen();
    EXPECT_TRUE(store->verify(false)->is_clean());
    EXPECT_GT(store->stats()->results, 0u);
  }
}

TEST(StoreProcesses, APurgeDuringWorkLeavesASoundStore) {
  TempStore store;
  store.close();
  std::vector<pid_t> children;
  for (unsigned i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work_on(store.options(), i, 400));
    children.push_back(child);
  }
  store.reopen();
  for (int i = 0; i < 40; ++i) {
    const auto done = store->purge();
    EXPECT_TRUE(done) << done.error().message;
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    // A purge in the middle of a change may make that change fail; 6 and 7 mean a wrong answer.
    EXPECT_NE(WEXITSTATUS(status), 6);
    EXPECT_NE(WEXITSTATUS(status), 7);
  }
  EXPECT_TRUE(store->verify(false)->is_clean());
}

}  // namespace
}  // namespace deja::store
