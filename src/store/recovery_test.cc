// SPDX-License-Identifier: Apache-2.0
// A store whose index cannot be trusted: after a crash of the machine, or after damage.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "store/store_support.h"
#include "store/temp_store.h"
#include "store/use_count.h"

namespace deja::store {
namespace {

std::string name_of(int i) { return "result" + std::to_string(i); }
std::string content_of_result(int i) {
  return std::string(100 + static_cast<std::size_t>(i), 'c') + std::to_string(i);
}

void fill(LocalStore& store, int count) {
  for (int i = 0; i < count; ++i) {
    ResultFacts facts =
        facts_of({put_bytes(store, content_of_result(i)), put_bytes(store, "shared")});
    facts.probe = probe_key_of(name_of(i));
    EXPECT_TRUE(store.put_result(action_key_of(name_of(i)), name_of(i), facts));
    EXPECT_TRUE(store.put_manifest(probe_key_of(name_of(i)), "m" + name_of(i)));
  }
}

// The number of results that are served, plus 1000 for each wrong one.
int served(LocalStore& store, int count) {
  int n = 0;
  for (int i = 0; i < count; ++i) {
    const auto record = store.get_result(action_key_of(name_of(i)));
    if (!record || !*record) continue;
    const std::string content = read_blob(store, digest::digest_bytes(content_of_result(i)));
    const auto manifest = store.get_manifest(probe_key_of(name_of(i)));
    const bool is_right =
        **record == name_of(i) &&
        (content == content_of_result(i) || content == "absent" || content.starts_with("error")) &&
        (!manifest || !*manifest || **manifest == "m" + name_of(i));
    n += is_right ? 1 : 1000;
  }
  return n;
}

// Simulates a reboot: the files stay, the boot id changes.
void reboot(const Layout& layout) {
  const std::string path = layout.index() + "/state";
  auto state = decode_state(*os::read_file(path));
  ASSERT_TRUE(state);
  state->boot = "another-boot";
  overwrite(path, 0, encode_state(*state));
}

TEST(Recovery, AfterARebootWithoutSyncTheIndexIsMadeAnewAndBlobsAreHashed) {
  TempStore store;
  fill(*store, 50);
  ASSERT_TRUE(*store->remove_result(action_key_of(name_of(7))));
  // A blob that did not reach the disk: right size, wrong bytes, unchanged times.
  const Digest lost = digest::digest_bytes(content_of_result(3));
  store.close();
  overwrite(store.layout().blob(lost), 0, std::string(103, '\0'));
  reboot(store.layout());
  store.reopen();
  EXPECT_TRUE(store->stats()->is_rebuilt);
  EXPECT_EQ(served(*store, 50),
            49);  // without 7; the damage in 3 is found when its blob is opened, and then:
  EXPECT_EQ(served(*store, 50), 48);
  EXPECT_TRUE(store->verify(false)->is_clean());
  EXPECT_EQ(store->stats()->quarantined, 1u);
  store.reopen();
  EXPECT_FALSE(store->stats()->is_rebuilt);
}

TEST(Recovery, AfterASyncARebootChangesNothing) {
  TempStore store;
  fill(*store, 10);
  ASSERT_TRUE(store->sync());
  ASSERT_TRUE(store->sync());  // nothing to do
  store.close();
  reboot(store.layout());
  store.reopen();
  EXPECT_FALSE(store->stats()->is_rebuilt);
  EXPECT_EQ(served(*store, 10), 10);
  // Any change invalidates the clean state.
  fill(*store, 11);
  store.close();
  reboot(store.layout());
  store.reopen();
  EXPECT_TRUE(store->stats()->is_rebuilt);
  EXPECT_EQ(served(*store, 11), 11);
}

TEST(Recovery, ATornStateIsNotTrusted) {
  TempStore store;
  fill(*store, 5);
  store.close();
  overwrite(store.layout().index() + "/state", 12, "xx");
  store.reopen();
  EXPECT_TRUE(store->stats()->is_rebuilt);
  EXPECT_EQ(served(*store, 5), 5);
}

TEST(Recovery, ACompactedLedgerHoldsAll) {
  LocalStore::Options options;
  TempStore store(options);
  fill(*store, 20);
  const std::string large(1 << 20, 'm');
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(store->put_manifest(probe_key_of("large"), large));
  EXPECT_GT(store->stats()->ledger_bytes, 12u << 20);
  ASSERT_TRUE(store->maintain());
  EXPECT_LT(store->stats()->ledger_bytes, 2u << 20);
  fill(*store, 25);
  store.close();
  reboot(store.layout());
  store.reopen();
  EXPECT_TRUE(store->stats()->is_rebuilt);
  EXPECT_EQ(served(*store, 25), 25);
  EXPECT_EQ(**store->get_manifest(probe_key_of("large")), large);
}

TEST(Recovery, GarbageInPlaceOfTheIndexIsReplaced) {
  for (const std::string& garbage : {std::string(), std::string("garbage"),
                                     std::string(100'000, '\xff'), std::string(8192, '\0')}) {
    TempStore store;
    fill(*store, 5);
    store.close();
    ASSERT_TRUE(os::write_file_atomic(store.layout().index() + "/data.mdb", garbage));
    store.reopen();
    EXPECT_EQ(served(*store, 5), 5);
    EXPECT_TRUE(store->verify(false)->is_clean());
  }
}

TEST(Recovery, AMissingPartOfTheIndexIsMadeAnew) {
  for (const char* part : {"/data.mdb", "/lock.mdb", "/state", ""}) {
    TempStore store;
    fill(*store, 5);
    store.close();
    ASSERT_TRUE(os::remove_tree(store.layout().index() + part));
    store.reopen();
    EXPECT_EQ(served(*store, 5), 5) << part;
  }
}

TEST(Recovery, ACutIndexIsMadeAnew) {
  TempStore store;
  fill(*store, 200);
  store.close();
  const auto size =
      static_cast<off_t>((**os::stat_file(store.layout().index() + "/data.mdb")).size);
  ASSERT_EQ(::truncate((store.layout().index() + "/data.mdb").c_str(), size / 2), 0);
  store.reopen();
  EXPECT_EQ(served(*store, 200), 200);
}

TEST(Recovery, AnEmbeddedUserThatDiesInsideTheIndexLeavesItSuspect) {
  TempStore store;
  fill(*store, 5);
  store.close();
  const auto as_embedded = [&](bool ends_inside) {
    return run_in_child([&] {
      auto index = Index::open(store.layout().index(), Index::Access::read_write, true);
      if (!index) return 1;
      return (*index)->read([&](IndexTxn&) {
        if (ends_inside) ::raise(SIGKILL);
        return Status();
      })
                 ? 0
                 : 1;
    });
  };
  EXPECT_EQ(as_embedded(false), 0);
  EXPECT_EQ(*check_index(store.layout().index()), IndexHealth::sound);
  EXPECT_TRUE(WIFSIGNALED(as_embedded(true)));
  EXPECT_EQ(*check_index(store.layout().index()), IndexHealth::suspect);
  EXPECT_EQ(*check_index(store.layout().index()), IndexHealth::suspect) << "forgotten";
  store.reopen();
  EXPECT_EQ(served(*store, 5), 5);
  EXPECT_EQ(*check_index(store.layout().index()), IndexHealth::sound);
}

// The file of an embedded user: its process id in the name, and the number of its threads that are inside the index
// as eight bytes, least significant first. Another build of deja may have left it.
TEST(Recovery, TheFileOfADeadEmbeddedUserIsReadAsItWasWritten) {
  TempStore store;
  fill(*store, 1);
  store.close();
  const std::string index = store.layout().index();
  pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(dead, nullptr, 0), dead);
  const std::string path = index + "/embedded." + std::to_string(dead) + ".0";
  using std::string_literals::operator""s;
  const std::pair<std::string, bool> kCases[] = {{"\0\0\0\0\0\0\0\0"s, false},
                                                 {"\1\0\0\0\0\0\0\0"s, true},
                                                 {"\0\0\0\0\0\0\0\1"s, true},
                                                 {"\1"s, false}};
  for (const auto& [bytes, died_inside] : kCases) {
    ASSERT_TRUE(os::write_file_atomic(path, bytes));
    const auto found = has_embedded_user_died_inside(index);
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, died_inside) << bytes.size() << " bytes";
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  const auto users = [&] {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(index))
      if (entry.path().filename().string().starts_with("embedded.")) names.push_back(entry.path());
    return names;
  };
  const auto count = UseCount::begin(index);
  ASSERT_NE(count, nullptr);
  const Use use(count.get());
  ASSERT_EQ(users().size(), 1u);
  EXPECT_EQ(*os::read_file(users().front()), "\1\0\0\0\0\0\0\0"s);
  EXPECT_TRUE(users().front().starts_with(index + "/embedded." + std::to_string(::getpid()) + "."));
}

TEST(Recovery, AnEmbeddedUserRebuildsASuspectIndex) {
  TempStore store;
  fill(*store, 5);
  store.close();
  ASSERT_TRUE(os::write_file_atomic(suspect_path(store.layout().index()), ""));
  LocalStore::Options options = store.options();
  options.is_embedded = true;
  const auto embedded = LocalStore::open(options);
  ASSERT_TRUE(embedded) << embedded.error().message;
  EXPECT_TRUE((*(*embedded)->stats()).is_rebuilt);
  EXPECT_EQ(served(**embedded, 5), 5);
}

constexpr int kNoiseCount = 120;

// Overwrites three places of the index.
void spread_noise(const TempStore& store, std::mt19937& random) {
  const std::string path = store.layout().index() + "/data.mdb";
  const auto pages = static_cast<long>((**os::stat_file(path)).size / 4096);
  for (int i = 0; i < 3; ++i) {
    std::string noise(1 + random() % 4096, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    const long page = static_cast<long>(random() % static_cast<unsigned long>(pages));
    overwrite(path, page * 4096 + static_cast<long>(random() % (4097 - noise.size())), noise);
  }
}

// 0: the store works, and is clean. 1: it does not, or not yet. 2: a wrong answer.
int use_noisy_store(const LocalStore::Options& options) {
  auto opened = LocalStore::open(options);
  if (!opened) return 1;
  if (served(**opened, kNoiseCount) > kNoiseCount) return 2;
  ignore((*opened)->put_manifest(probe_key_of("new"), "m"), "it may fail, but not crash");
  ignore((*opened)->maintain(), "it may fail, but not crash");
  if (served(**opened, kNoiseCount) > kNoiseCount) return 2;
  auto report = (*opened)->verify(true);
  if (!report) return 1;
  report = (*opened)->verify(false);
  return report && report->is_clean() ? 0 : 1;
}

// Pages of data.mdb are overwritten with noise. A process may crash over that once or twice; it never
// gets a wrong answer, and in the end the store works.
class NoiseInTheIndex : public ::testing::TestWithParam<unsigned> {};

TEST_P(NoiseInTheIndex, IsNeverServedAndHeals) {
  {
    const TempStore store;  // installs the crash guard, where the signal is free
    struct sigaction action;
    ASSERT_EQ(::sigaction(SIGSEGV, nullptr, &action), 0);
    if ((action.sa_flags & SA_SIGINFO) != 0)
      GTEST_SKIP() << "NOT TESTED: a sanitizer owns the crash signals";
  }
  const unsigned seed = GetParam() != 0 ? GetParam() : std::random_device()();
  std::mt19937 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  int crashes = 0;
  for (int round = 0; round < 10; ++round) {
    TempStore store;
    fill(*store, kNoiseCount);
    store.close();
    spread_noise(store, random);
    int status = -1;
    for (int attempt = 0; attempt < 4 && status != 0; ++attempt) {
      status = run_in_child([&] { return use_noisy_store(store.options()); });
      if (WIFSIGNALED(status)) ++crashes;
      ASSERT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == 2)
          << "a wrong answer in round " << round;
    }
    EXPECT_EQ(status, 0) << "round " << round;
  }
  RecordProperty("crashes", crashes);
}

// Two seeds with which keys are hit, so that rows are met by a scan but not found under their keys; and a new
// seed each time.
INSTANTIATE_TEST_SUITE_P(, NoiseInTheIndex, ::testing::Values(1770625894U, 469926022U, 0U),
                         [](const auto& param) {
                           return param.param == 0 ? std::string("a_new_seed")
                                                   : "seed_" + std::to_string(param.param);
                         });

TEST(Recovery, ADamagedRowIsAbsentAndCounted) {
  TempStore store;
  fill(*store, 3);
  // Change one byte of a record in data.mdb.
  store.close();
  const std::string path = store.layout().index() + "/data.mdb";
  const std::string bytes = *os::read_file(path);
  for (std::size_t at = bytes.find("mresult1"); at != std::string::npos;
       at = bytes.find("mresult1", at + 1))
    overwrite(path, static_cast<long>(at), "X");
  for (std::size_t at = bytes.find("result2"); at != std::string::npos;
       at = bytes.find("result2", at + 1))
    overwrite(path, static_cast<long>(at), "X");
  store.reopen();
  EXPECT_FALSE(*store->get_manifest(probe_key_of(name_of(1))));
  EXPECT_FALSE(*store->get_result(action_key_of(name_of(2))));
  EXPECT_EQ(store->stats()->damaged_records, 2u);
  EXPECT_TRUE(*store->get_result(action_key_of(name_of(0))));
  const auto repaired = store->verify(true);
  ASSERT_TRUE(repaired);
  EXPECT_TRUE(store->verify(false)->is_clean());
}

TEST(Recovery, VerifyReportsAndRepairs) {
  TempStore store;
  fill(*store, 10);
  ASSERT_TRUE(*os::remove_file(store.layout().blob(digest::digest_bytes(content_of_result(1)))));
  overwrite(store.layout().blob(digest::digest_bytes(content_of_result(2))), 0, "damage");
  put_bytes(*store, "orphan");
  auto report = store->verify(false);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->blobs_missing, 1u);
  EXPECT_EQ(report->blobs_quarantined, 1u);
  EXPECT_EQ(report->blobs_orphaned, 1u);
  EXPECT_EQ(report->results_incomplete, 1u);
  EXPECT_EQ(report->results_ok, 9u);
  EXPECT_FALSE(report->is_clean());
  ASSERT_TRUE(store->verify(true));
  report = store->verify(false);
  EXPECT_TRUE(report->is_clean());
  EXPECT_EQ(report->results_ok, 8u);
  EXPECT_EQ(served(*store, 10), 8);
}

// LMDB follows a symlink in the place of one of its files, and makes the file that it names.
TEST(Recovery, ASymlinkInTheIndexMakesNoFileElsewhere) {
  for (const char* name : {"/lock.mdb", "/data.mdb", "/state"}) {
    TempStore store;
    fill(*store, 5);
    store.close();
    const std::string path = store.layout().index() + name;
    const std::string elsewhere = store.layout().index() + "/../elsewhere";
    ASSERT_TRUE(os::remove_file(path));
    ASSERT_TRUE(os::make_symlink(elsewhere, path));
    EXPECT_EQ(*check_index(store.layout().index()), IndexHealth::damaged) << name;
    store.reopen();
    EXPECT_EQ(served(*store, 5), 5) << name;
    const auto made = os::stat_file(elsewhere);
    EXPECT_TRUE(made && !*made) << name;
  }
}

}  // namespace
}  // namespace deja::store
