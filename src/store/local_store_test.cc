// SPDX-License-Identifier: Apache-2.0
#include "store/local_store.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "store/store_contract.h"
#include "store/temp_store.h"

namespace deja::store {

struct LocalSubject {
  BlobStore& blobs() { return *store; }
  RecordStore& records() { return *store; }
  void lose_blob(const Digest& digest) {
    EXPECT_TRUE(*os::remove_file(store->layout().blob(digest)));
  }
  TempStore store;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Local, StoreContract, LocalSubject);

namespace {

std::string get(LocalStore& store, std::string_view name) {
  auto got = store.get_result(action_key_of(name));
  if (!got) return "error: " + got.error().message;
  return *got ? **got : "absent";
}

PutBlob publish(LocalStore& store, const std::string& name, const std::string& content) {
  const PutBlob blob = put_bytes(store, content);
  ResultFacts facts = facts_of({blob});
  facts.probe = probe_key_of(name);
  auto done = store.put_result(action_key_of(name), "record of " + name, facts);
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_TRUE(store.put_manifest(probe_key_of(name), "manifest of " + name));
  return blob;
}

TEST(LocalStore, SurvivesReopening) {
  TempStore store;
  const PutBlob blob = publish(*store, "a", "content");
  store.reopen();
  EXPECT_EQ(get(*store, "a"), "record of a");
  EXPECT_EQ(read_blob(*store, blob.digest), "content");
  EXPECT_EQ(**store->get_manifest(probe_key_of("a")), "manifest of a");
  EXPECT_FALSE(store->stats()->is_rebuilt);
  EXPECT_TRUE(store->verify(false)->is_clean());
}

TEST(LocalStore, KeepsBlobsReadOnlyInPrivateDirectories) {
  TempStore store;
  const PutBlob blob = put_bytes(*store, "content");
  struct stat st;
  ASSERT_EQ(::stat(store.layout().blob(blob.digest).c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0444u);
  for (const std::string& directory :
       {store.dir(), store.layout().blobs(), store.layout().blob_directory(blob.digest)}) {
    ASSERT_EQ(::stat(directory.c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 077, 0u) << directory;
  }
}

TEST(LocalStore, AChangedBlobIsQuarantinedAndItsResultAbsent) {
  for (const bool reopened : {false, true}) {
    TempStore store;
    const PutBlob blob = publish(*store, "a", "content");
    overwrite(store.layout().blob(blob.digest), 0, "CONTENT");  // same size
    if (reopened) store.reopen();
    EXPECT_EQ(read_blob(*store, blob.digest), "absent");
    EXPECT_EQ(get(*store, "a"), "absent");
    EXPECT_EQ(store->stats()->quarantined, 1u);
    EXPECT_TRUE(store->verify(false)->is_clean());
    publish(*store, "a", "content");
    EXPECT_EQ(read_blob(*store, blob.digest), "content");
  }
}

TEST(LocalStore, AChangedBlobWithItsOldTimesIsStillFound) {
  TempStore store;
  const PutBlob blob = publish(*store, "a", "content");
  const std::string path = store.layout().blob(blob.digest);
  struct stat before;
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  // After the tick in which it was stored, ctime shows the change.
  while (os::file_clock_ns() < os::identity_of(before).ctime_ns + 2 * os::file_clock_grain_ns())
    std::this_thread::yield();
  overwrite(path, 0, "CONTENT");
  ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  const struct timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  EXPECT_EQ(read_blob(*store, blob.digest), "absent");
}

TEST(LocalStore, ATouchedButEqualBlobIsHashedOnceAndServed) {
  TempStore store;
  const PutBlob blob = publish(*store, "a", "content");
  const std::string path = store.layout().blob(blob.digest);
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), nullptr, 0), 0);
  EXPECT_EQ(read_blob(*store, blob.digest), "content");
  store.reopen();  // the new identity was recorded
  EXPECT_EQ(read_blob(*store, blob.digest), "content");
  EXPECT_EQ(store->stats()->quarantined, 0u);
}

TEST(LocalStore, ATruncatedBlobMakesItsResultAbsent) {
  TempStore store;
  const PutBlob blob = publish(*store, "a", "content");
  ASSERT_EQ(::truncate(store.layout().blob(blob.digest).c_str(), 3), 0);
  EXPECT_EQ(get(*store, "a"), "absent");
  EXPECT_EQ(store->stats()->results, 0u);
}

TEST(LocalStore, OddThingsInPlaceOfABlobAreNoBlob) {
  TempStore store;
  const PutBlob blob = publish(*store, "a", "content");
  const std::string path = store.layout().blob(blob.digest);
  ASSERT_EQ(::unlink(path.c_str()), 0);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(read_blob(*store, blob.digest), "absent");
  EXPECT_EQ(get(*store, "a"), "absent");
  publish(*store, "a", "content");
  ASSERT_EQ(::unlink(path.c_str()), 0);
  ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
  EXPECT_EQ(get(*store, "a"), "absent");
  publish(*store, "a", "content");
  EXPECT_EQ(read_blob(*store, blob.digest), "content");
}

TEST(LocalStore, ManifestsGoWithTheirLastResult) {
  TempStore store;
  const PutBlob blob = publish(*store, "a", "content");
  ResultFacts facts = facts_of({blob});
  facts.probe = probe_key_of("a");
  ASSERT_TRUE(store->put_result(action_key_of("second"), "r", facts));
  EXPECT_TRUE(*store->remove_result(action_key_of("a")));
  EXPECT_TRUE(*store->get_manifest(probe_key_of("a")));
  EXPECT_TRUE(*store->remove_result(action_key_of("second")));
  EXPECT_FALSE(*store->get_manifest(probe_key_of("a")));
  const auto stats = *store->stats();
  EXPECT_EQ(stats.blobs + stats.results + stats.manifests, 0u);
  EXPECT_EQ(read_blob(*store, blob.digest), "absent");
}

TEST(LocalStore, RemembersDigestsAcrossReopeningInBounds) {
  LocalStore::Options options;
  options.memo_entries_max = 100;
  TempStore store(options);
  os::FileIdentity identity;
  const auto content = [](std::uint64_t i) {
    return digest::FileContent{digest::digest_bytes(std::to_string(i)),
                               static_cast<digest::Traits>(i)};
  };
  for (identity.inode = 0; identity.inode < 1000; ++identity.inode) {
    store->remember(identity, content(identity.inode));
    if (identity.inode % 10 == 0) {
      EXPECT_TRUE(store->flush());
    }
  }
  store.reopen();
  int found = 0;
  for (identity.inode = 0; identity.inode < 1000; ++identity.inode) {
    const auto looked_up = store->recall(identity);
    if (!looked_up) continue;
    ++found;
    EXPECT_EQ(looked_up->digest, content(identity.inode).digest);
    EXPECT_EQ(looked_up->traits, identity.inode);
  }
  EXPECT_GE(found, 50);
  EXPECT_LE(found, 100);
}

TEST(LocalStore, ListsItsResults) {
  TempStore store;
  EXPECT_TRUE(store->list_results()->empty());
  publish(*store, "a", "content");
  const auto listed = *store->list_results();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed.front().key, action_key_of("a"));
  const auto uses = *store->list_uses();
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses.front().key, action_key_of("a"));
  EXPECT_GT(uses.front().bytes, 0u);
  EXPECT_GT(uses.front().last_use_ns, 0);
  EXPECT_EQ(uses.front().record, **store->get_result(action_key_of("a")));
}

TEST(LocalStore, OthersKnowAtOnceWhatWasLearnedOfAFile) {
  TempStore store;
  const auto other = LocalStore::open(store.options());
  ASSERT_TRUE(other);
  const std::string tool = store.options().dir + "/tool";
  ASSERT_TRUE(os::write_file_atomic(tool, "a program"));
  os::FileIdentity identity;
  digest::FileDigester::Options options;
  options.below = &*store;
  digest::FileDigester digester(options);
  do {  // a brand-new file is not remembered
    ASSERT_TRUE(*digester.digest_file(tool, &identity));
  } while (!digester.remembered(identity));
  digester.add_traits(identity, 4);
  const auto known = (*other)->recall(identity);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->traits & 4U, 4U);
}

// Blobs are stored in files that were made ahead, also after these were taken away.
TEST(LocalStore, FilesMadeAheadAreUsedAndRemoved) {
  TempStore store;
  const auto names = [&] { return os::list_directory(store.layout().tmp())->size(); };
  EXPECT_EQ(names(), 0u);
  store->make_files_ahead();
  const std::size_t made = names();
  EXPECT_GT(made, 0u);
  store->make_files_ahead();
  EXPECT_EQ(names(), made);
  const PutBlob first = publish(*store, "a", "content");
  EXPECT_EQ(names(), made - 1);
  const auto left = os::list_directory(store.layout().tmp());
  ASSERT_TRUE(left);
  for (const std::string& name : *left)
    ASSERT_TRUE(os::remove_file(store.layout().tmp() + "/" + name));
  const PutBlob second = publish(*store, "b", "text");
  store->make_files_ahead();
  ASSERT_TRUE(store->purge());
  EXPECT_EQ(read_blob(*store, first.digest), "absent");
  publish(*store, "c", "text");
  EXPECT_EQ(read_blob(*store, second.digest), "text");
  EXPECT_TRUE(store->verify(false)->is_clean());
  store->make_files_ahead();
  store.close();
  EXPECT_EQ(os::list_directory(store.layout().tmp())->size(), 0u);
}

TEST(LocalStore, PurgeEmptiesItForAllWhoUseIt) {
  TempStore store;
  auto other = LocalStore::open(store.options());
  ASSERT_TRUE(other);
  const PutBlob blob = publish(*store, "a", "content");
  EXPECT_EQ(get(**other, "a"), "record of a");
  ASSERT_TRUE(store->purge());
  EXPECT_EQ(get(*store, "a"), "absent");
  EXPECT_EQ(get(**other, "a"), "absent");
  EXPECT_EQ(read_blob(**other, blob.digest), "absent");
  EXPECT_EQ(store->stats()->bytes, 0u);
  publish(**other, "b", "content");
  EXPECT_EQ(get(*store, "b"), "record of b");
  EXPECT_TRUE(store->verify(false)->is_clean());
}

TEST(LocalStore, ItsEpochEndsWhenSomethingIsTakenOut) {
  TempStore store;
  auto other = LocalStore::open(store.options());
  ASSERT_TRUE(other);
  const std::uint64_t first = (*other)->epoch();
  const PutBlob blob = publish(*store, "a", "content");
  publish(*store, "b", "text");
  ASSERT_TRUE(store->put_manifest(probe_key_of("p"), "manifest"));
  EXPECT_EQ(get(*store, "a"), "record of a");
  EXPECT_FALSE(*store->remove_result(action_key_of("c")));
  EXPECT_TRUE(store->verify(true)->is_clean());
  EXPECT_EQ(store->gc()->evicted_results, 0u);
  EXPECT_EQ((*other)->epoch(), first) << "nothing was taken out";
  std::uint64_t last = first;
  const auto expect_ended = [&](const char* by) {
    const std::uint64_t now = (*other)->epoch();
    EXPECT_NE(now, last) << by;
    EXPECT_EQ((*other)->epoch(), now) << by;
    last = now;
  };
  ASSERT_TRUE(*store->remove_result(action_key_of("b")));
  expect_ended("remove_result");
  ASSERT_TRUE(os::remove_file(store->layout().blob(blob.digest)));
  ASSERT_FALSE(store->verify(true)->is_clean());
  expect_ended("verify");
  ASSERT_TRUE(store->purge());
  expect_ended("purge");
  ASSERT_TRUE(store->purge());
  expect_ended("purge once more");
}

TEST(LocalStore, ADirectoryRemovedUnderItIsMadeAgain) {
  TempStore store;
  publish(*store, "a", "content");
  ASSERT_TRUE(os::remove_tree(store.dir()));
  EXPECT_EQ(get(*store, "a"), "absent");
  publish(*store, "b", "content");
  EXPECT_EQ(get(*store, "b"), "record of b");
  EXPECT_TRUE(store->verify(false)->is_clean());
}

TEST(LocalStore, RefusesANewerFormatAndSetsAForeignOneAside) {
  TempStore store;
  publish(*store, "a", "content");
  store.close();
  ASSERT_TRUE(os::write_file_atomic(store.layout().format(), "deja store 2\n"));
  const auto newer = LocalStore::open(store.options());
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Code::invalid);
  EXPECT_NE(newer.error().message.find("newer deja"), std::string::npos);
  ASSERT_TRUE(os::write_file_atomic(store.layout().format(), "something else\n"));
  store.reopen();
  EXPECT_EQ(get(*store, "a"), "absent");
  EXPECT_TRUE(*os::stat_file(store.dir() + "/old/blobs"));
}

TEST(LocalStore, SaysInOneLineWhyItCannotOpen) {
  TempStore store;
  LocalStore::Options options;
  options.dir = "relative";
  EXPECT_FALSE(LocalStore::open(options));
  ASSERT_TRUE(os::write_file_atomic(store.directory() + "/file", "x"));
  options.dir = store.directory() + "/file/below";
  const auto below = LocalStore::open(options);
  ASSERT_FALSE(below);
  EXPECT_NE(below.error().message.find(store.directory()), std::string::npos);
  EXPECT_EQ(below.error().message.find('\n'), std::string::npos);
}

TEST(LocalStore, AReadOnlyStoreServesAndRefusesToStore) {
  TempStore store;
  const PutBlob blob = publish(*store, "a", "content");
  store.close();
  store.options().read_only = true;
  store.reopen();
  EXPECT_EQ(get(*store, "a"), "record of a");
  EXPECT_EQ(read_blob(*store, blob.digest), "content");
  const auto put = store->put_blob_bytes("more");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Code::denied);
  EXPECT_FALSE(store->put_result(action_key_of("b"), "r", facts_of({blob})));
  EXPECT_FALSE(store->put_manifest(probe_key_of("b"), "m"));
  store->touch(action_key_of("a"));
  EXPECT_TRUE(store->maintain());
  EXPECT_FALSE(store->purge());
}

TEST(LocalStore, AStoreOnAReadOnlyFileSystemServes) {
  TempStore store;
  const PutBlob blob = publish(*store, "a", "content");
  store.close();
  const int status = run_in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount(store.dir().c_str(), store.dir().c_str(), nullptr, MS_BIND, nullptr) != 0 ||
        ::mount("none", store.dir().c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) !=
            0)
      return 77;
    auto opened = LocalStore::open(store.options());
    if (!opened) return 1;
    if (!(*opened)->is_read_only()) return 2;
    if (get(**opened, "a") != "record of a") return 3;
    return read_blob(**opened, blob.digest) == "content" ? 0 : 4;
  });
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
    GTEST_SKIP() << "NOT TESTED: needs the right to mount";
  EXPECT_EQ(status, 0);
}

TEST(LocalStore, AStoreOfAnotherUserThatMayOnlyBeReadServes) {
  if (::geteuid() != 0) GTEST_SKIP() << "NOT TESTED: needs the right to become another user";
  TempStore store;
  const PutBlob blob = publish(*store, "a", "content");
  store.close();
  const std::string command = "chmod a+rx '" + store.directory() + "'; chmod -R a+rX,a-w '" +
                              store.dir() + "'; find '" + store.dir() + "' -name lock.mdb -delete";
  ASSERT_EQ(::system(command.c_str()), 0);  // tidy-allow: system only a test
  const int status = run_in_child([&] {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 77;
    auto opened = LocalStore::open(store.options());
    if (!opened) return 1;
    if (!(*opened)->is_read_only()) return 2;
    if (get(**opened, "a") != "record of a") return 3;
    return read_blob(**opened, blob.digest) == "content" ? 0 : 4;
  });
  EXPECT_EQ(status, 0) << "exit code " << WEXITSTATUS(status);
}

TEST(LocalStore, RefusesToBeUsedAcrossFork) {
  TempStore store;
  publish(*store, "a", "content");
  EXPECT_EQ(run_in_child([&] {
              const auto got = store->get_result(action_key_of("a"));
              if (got || got.error().code != Code::invalid) return 1;
              if (store->put_manifest(probe_key_of("a"), "x")) return 2;
              // A store of its own is fine.
              auto own = LocalStore::open(store.options());
              return own && get(**own, "a") == "record of a" ? 0 : 3;
            }),
            0);
  EXPECT_EQ(get(*store, "a"), "record of a");
}

TEST(LocalStore, GrowsBeyondItsFirstMapAndOthersFollow) {
  TempStore store;
  const std::string large(8 << 20, 'm');
  const int kCount = 40;  // 320 MiB; the first map has 256
  auto other_process = [&] {
    auto own = LocalStore::open(store.options());
    if (!own) return 1;
    for (int i = 0; i < kCount; ++i)
      if (!(*own)->put_manifest(probe_key_of(std::to_string(i)), large)) return 2;
    return 0;
  };
  ASSERT_TRUE(store->put_manifest(probe_key_of("mine"), "small"));
  EXPECT_EQ(run_in_child(other_process), 0);
  const auto got = store->get_manifest(probe_key_of(std::to_string(kCount - 1)));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ((*got)->size(), large.size());
  EXPECT_TRUE(store->put_manifest(probe_key_of("mine"), "changed"));
}

}  // namespace
}  // namespace deja::store
