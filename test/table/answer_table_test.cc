// SPDX-License-Identifier: Apache-2.0
// The engine's side of the table is this process; each client is a process of its own, because the kernel tells only
// other processes who holds a lock.
#include "warm/answer_table.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <limits>
#include <map>

#include "client/answer_table.h"
#include "gtest/gtest.h"
#include "os/clock.h"
#include "os/directory_test.h"
#include "os/file.h"
#include "wire/codec.h"
#include "wire/messages.h"
#include "wire/request_form.h"

namespace deja {
namespace {

// The body of a request for `name`, as a client sends it.
std::string request_for(const std::string& name, const std::vector<std::string>& environment = {},
                        const std::vector<std::string>& noise = {}) {
  std::string bytes(1 << 16, '\0');
  wire::Writer w(bytes.data(), bytes.size());
  wire::write(w, wire::RequestHead{});
  w.u32(0);
  w.text("/cwd");
  w.u32(1);
  w.text(name);
  w.u32(static_cast<std::uint32_t>(environment.size()));
  for (const std::string& entry : environment) w.text(entry);
  w.u32(static_cast<std::uint32_t>(noise.size()));
  for (const std::string& entry : noise) w.text(entry);
  bytes.resize(w.size());
  return bytes;
}

std::string form_of(const std::string& request) { return std::string(wire::form_of(request)); }

class AnswerTableTest : public os::DirectoryTest {
 protected:
  void SetUp() override {
    if (!os::is_watchable_filesystem(dir_))
      GTEST_SKIP() << "no notices to be had on the file system of " << dir_;
    ASSERT_TRUE(os::make_directories(at("cache")));
    write("a.h", "one");
    write("b.h", "one");
    watch_set_ = warm::WatchSet::open();
    ASSERT_NE(watch_set_, nullptr);
    auto table = warm::AnswerTable::open(at("cache"), *watch_set_);
    ASSERT_TRUE(table) << table.error().message;
    table_ = *std::move(table);
    keep();
  }

  // Upkeep that is good for as long as the test takes.
  void keep() {
    table_->upkeep();
    damage([](wire::Table& t) {
      t.header.valid_until_ns.set(std::numeric_limits<std::int64_t>::max());
    });
  }

  std::string at(const std::string& name) const { return dir_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(os::write_file_atomic(at(name), text));
  }
  bool put(const std::string& name, const std::string& answer,
           const std::vector<std::string>& files) {
    std::vector<std::string> paths;
    for (const std::string& file : files) paths.push_back(at(file));
    const auto token = watch_set_->watch(paths);
    if (!token) return false;
    return put(name, answer, *token);
  }
  bool put(const std::string& name, const std::string& answer, const warm::WatchSet::Token& token) {
    ActionKey key;
    key.digest.bytes[0] = static_cast<unsigned char>(name.back());
    return table_->put({form_of(request_for(name)), answer, key, table_->removals(),
                        [this, name](const warm::AnswerTable::Use& use) {
                          ++uses_[name];
                          EXPECT_EQ(use.cloned_bytes, 4096u);
                        }},
                       {&token});
  }

  // Runs this in another process, and returns what it returns.
  static std::string in_client(const std::function<std::string()>& work) {
    int ends[2];
    if (::pipe(ends) != 0) return "no pipe";
    const pid_t child = ::fork();
    if (child == 0) {
      const std::string said = work();
      const ssize_t written = ::write(ends[1], said.data(), said.size());
      ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
    }
    ::close(ends[1]);
    const auto said = os::read_fd(os::Fd(ends[0]), 1 << 20);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    return said ? *said : "no answer";
  }
  // What a client takes, and says that it uses: "" where it finds nothing.
  std::string take(const std::string& name, const std::vector<std::string>& environment = {},
                   const std::vector<std::string>& noise = {}) const {
    return in_client([&] {
      client::AnswerTable table(at("cache").c_str());
      const auto answer = table.take(request_for(name, environment, noise));
      if (!answer.bytes.empty()) table.note_use(answer, os::monotonic_ns(), 4096);
      return std::string(answer.bytes);
    });
  }
  // The same where there is an answer. Other programs cause notices, too (in /tmp), until the engine takes them.
  std::string taken(const std::string& name, const std::vector<std::string>& environment = {},
                    const std::vector<std::string>& noise = {}) const {
    std::string answer;
    for (int i = 0; i < 100 && answer.empty(); ++i) {
      watch_set_->take_notices();
      answer = take(name, environment, noise);
    }
    return answer;
  }
  // Changes the table as only a broken process does.
  void damage(const std::function<void(wire::Table&)>& how) const {
    in_client([&] {
      const auto text = os::read_file(at("cache/answers"));
      wire::TableAddress address;
      std::memcpy(&address, text->data(), sizeof(address));
      void* const mapped = ::mmap(nullptr, sizeof(wire::Table), PROT_READ | PROT_WRITE, MAP_SHARED,
                                  address.memory, 0);  // a copy of it was inherited
      how(*static_cast<wire::Table*>(mapped));
      return std::string();
    });
  }

  std::unique_ptr<warm::WatchSet> watch_set_;
  std::unique_ptr<warm::AnswerTable> table_;
  std::map<std::string, int> uses_;
};

TEST_F(AnswerTableTest, AClientTakesWhatWasPut) {
  const std::string large(wire::kTableAnswerMax, 'x');
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  ASSERT_TRUE(put("g++", large, {"a.h", "b.h"}));
  EXPECT_EQ(taken("gcc"), "answer");
  EXPECT_EQ(taken("g++"), large);
  EXPECT_EQ(take("clang"), "");
  EXPECT_EQ(table_->collect(), 2u);
  EXPECT_EQ(uses_, (std::map<std::string, int>{{"gcc", 1}, {"g++", 1}}));
}

TEST_F(AnswerTableTest, ShellNoiseIsNoPartOfARequest) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  EXPECT_EQ(taken("gcc", {}, {"_=/usr/bin/make", "SHLVL=3", "OLDPWD=/"}), "answer");
  EXPECT_EQ(take("gcc", {"LANG=C"}), "");
}

TEST_F(AnswerTableTest, ALaterAnswerReplacesTheFirst) {
  ASSERT_TRUE(put("gcc", "first", {"a.h"}));
  ASSERT_TRUE(put("gcc", "second", {"a.h"}));
  EXPECT_EQ(taken("gcc"), "second");
}

// Nobody has compared stamps for longer than a write through a mapping may go unnoticed.
TEST_F(AnswerTableTest, ARestingTableIsNotUsed) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  table_->rest();
  EXPECT_EQ(take("gcc"), "");
  keep();
  EXPECT_EQ(taken("gcc"), "answer");
}

TEST_F(AnswerTableTest, AChangeCountsBeforeTheEngineHasLooked) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  write("a.h", "two");
  EXPECT_EQ(take("gcc"), "");
}

TEST_F(AnswerTableTest, AChangeRemovesOnlyWhatRestsOnIt) {
  ASSERT_TRUE(put("gcc", "of a", {"a.h"}));
  ASSERT_TRUE(put("g++", "of b", {"b.h"}));
  write("a.h", "two");
  watch_set_->take_notices();
  keep();
  EXPECT_EQ(take("gcc"), "");
  EXPECT_EQ(taken("g++"), "of b");
}

TEST_F(AnswerTableTest, AChangeOfWhatManyRestOnRemovesThemAll) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(put("gcc" + std::to_string(i), "answer", {"a.h"}));
  EXPECT_EQ(taken("gcc99"), "answer");
  write("a.h", "two");
  watch_set_->take_notices();
  for (int i = 0; i < 100; i += 9) EXPECT_EQ(take("gcc" + std::to_string(i)), "") << i;
}

TEST_F(AnswerTableTest, ANoticeOfAnotherFileMakesTheClientAsk) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  write("other", "text");
  EXPECT_EQ(take("gcc"), "") << "the client cannot know what the notice says";
  watch_set_->take_notices();
  EXPECT_EQ(taken("gcc"), "answer");
}

TEST_F(AnswerTableTest, NothingIsPutThatHasChangedMeanwhile) {
  const auto token = watch_set_->watch({at("a.h")});
  ASSERT_TRUE(token);
  write("a.h", "two");
  EXPECT_FALSE(put("gcc", "answer", *token));
  EXPECT_EQ(take("gcc"), "");
}

// A write through a mapping gives no notice.
TEST_F(AnswerTableTest, AMappedWriteIsFoundByItsStamps) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  const int fd = ::open(at("a.h").c_str(), O_RDWR | O_CLOEXEC);
  void* const mapped = ::mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ASSERT_NE(mapped, MAP_FAILED);
  static_cast<char*>(mapped)[0] = 'O';
  EXPECT_EQ(taken("gcc"), "answer");
  keep();
  EXPECT_EQ(take("gcc"), "");
  ::munmap(mapped, 3);
  ::close(fd);
}

TEST_F(AnswerTableTest, TheOldestGoWhenTheHeapIsFull) {
  const std::string large(wire::kTableAnswerMax, 'x');
  const std::size_t fit = wire::kHeapWords / (wire::kTableAnswerMax / 8);
  const auto token = watch_set_->watch({at("a.h")});
  ASSERT_TRUE(token);
  for (std::size_t i = 0; i < fit + 10; ++i)
    ASSERT_TRUE(put("gcc" + std::to_string(i), large, *token));
  EXPECT_EQ(take("gcc0"), "");
  EXPECT_EQ(taken("gcc" + std::to_string(fit + 9)), large);
  EXPECT_EQ(taken("gcc" + std::to_string(fit - 20)), large);
}

TEST_F(AnswerTableTest, ItHoldsMoreRequestsThanSlots) {
  const auto token = watch_set_->watch({at("a.h")});
  ASSERT_TRUE(token);
  for (std::size_t i = 0; i < wire::kSlots + 100; ++i)
    ASSERT_TRUE(put("gcc" + std::to_string(i), std::to_string(i), *token));
  const std::string last = std::to_string(wire::kSlots + 99);
  EXPECT_EQ(taken("gcc" + last), last);
}

TEST_F(AnswerTableTest, ForgetsAResult) {
  ASSERT_TRUE(put("gcc-1", "one", {"a.h"}));
  ASSERT_TRUE(put("gcc-2", "two", {"a.h"}));
  ActionKey key;
  key.digest.bytes[0] = '1';
  table_->forget(key);
  EXPECT_EQ(take("gcc-1"), "");
  EXPECT_EQ(taken("gcc-2"), "two");
  table_->clear();
  EXPECT_EQ(take("gcc-2"), "");
}

// It was looked up before something was forgotten, so it may be what was forgotten.
TEST_F(AnswerTableTest, NothingIsPutThatMayHaveBeenForgottenMeanwhile) {
  const auto token = watch_set_->watch({at("a.h")});
  ASSERT_TRUE(token);
  const std::uint64_t before = table_->removals();
  table_->forget({});
  EXPECT_FALSE(table_->put({form_of(request_for("gcc")), "answer", {}, before, {}}, {&*token}));
  EXPECT_TRUE(
      table_->put({form_of(request_for("gcc")), "answer", {}, table_->removals(), {}}, {&*token}));
}

// A client that had read an entry before it was removed says so afterwards.
TEST_F(AnswerTableTest, AUseIsCountedAfterTheEntryIsGone) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  EXPECT_EQ(taken("gcc"), "answer");
  table_->clear();
  EXPECT_EQ(table_->upkeep(), 1u);
  EXPECT_EQ(uses_["gcc"], 1);
}

TEST_F(AnswerTableTest, AWithdrawnTableIsFoundOnceItIsPublished) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  EXPECT_FALSE(table_->is_withdrawn());
  std::filesystem::remove(at("cache/answers"));
  EXPECT_EQ(take("gcc"), "");
  EXPECT_TRUE(table_->is_withdrawn());
  ASSERT_TRUE(table_->publish());
  EXPECT_FALSE(table_->is_withdrawn());
  EXPECT_EQ(taken("gcc"), "answer");
}

TEST_F(AnswerTableTest, AnAddressThatOthersCanReadIsNotFollowed) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  std::filesystem::permissions(at("cache/answers"), std::filesystem::perms(0644));
  EXPECT_EQ(take("gcc"), "");
}

TEST_F(AnswerTableTest, TheAddressOfAnEngineThatHasEndedLeadsNowhere) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  const auto address = os::read_file(at("cache/answers"));  // ends our lock
  EXPECT_EQ(take("gcc"), "");
}

// Another client has seen a change of the mounts, and it is told only once.
TEST_F(AnswerTableTest, AChangeOfTheMountsIsPassedOn) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  damage([](wire::Table& table) { table.header.mounts.set(wire::kMountsChanged); });
  EXPECT_EQ(take("gcc"), "");
  watch_set_->take_notices();
  EXPECT_EQ(take("gcc"), "") << "all that was proven before is gone";
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  EXPECT_EQ(taken("gcc"), "answer");
}

TEST_F(AnswerTableTest, AClientThatDiedAtItsPollCountsAsAChangeOfTheMounts) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  damage([](wire::Table& table) { table.header.mounts.set(1); });
  EXPECT_EQ(take("gcc"), "");
  keep();
  keep();
  watch_set_->take_notices();
  ASSERT_TRUE(put("gcc", "again", {"a.h"}));
  EXPECT_EQ(taken("gcc"), "again");
}

TEST_F(AnswerTableTest, ANoteThatIsNeverWrittenHoldsUpNoOther) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  damage([](wire::Table& table) { table.header.next_note.add(1); });
  EXPECT_EQ(taken("gcc"), "answer");
  EXPECT_EQ(table_->collect(), 0u) << "it may still come";
  const std::int64_t until_ns = os::monotonic_ns() + 3'000'000'000;
  std::size_t collected = 0;
  while (collected == 0 && os::monotonic_ns() < until_ns) collected = table_->collect();
  EXPECT_EQ(collected, 1u);
}

TEST_F(AnswerTableTest, AFullRingOfNotesMakesClientsAsk) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  damage([](wire::Table& table) { table.header.next_note.add(wire::kNotes); });
  EXPECT_EQ(take("gcc"), "");
}

TEST_F(AnswerTableTest, AnOddVersionIsWaitedForAndThenLeft) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  damage([](wire::Table& table) { table.header.version.add(1); });
  EXPECT_EQ(take("gcc"), "");
  damage([](wire::Table& table) { table.header.version.add(1); });
  EXPECT_EQ(taken("gcc"), "answer");
}

// Whatever is in the table, a client reads within it and ends.
TEST_F(AnswerTableTest, ADamagedTableIsReadWithinItsBounds) {
  ASSERT_TRUE(put("gcc", "answer", {"a.h"}));
  const std::string form = form_of(request_for("gcc"));
  for (const std::uint64_t place :
       {~std::uint64_t{0}, std::uint64_t{1} << 32, std::uint64_t{0xffffffff},
        std::uint64_t{wire::kHeapWords} << 32 | 1, std::uint64_t{3} << 32 | (wire::kHeapWords - 1),
        std::uint64_t{100000} << 32 | 1}) {
    damage([&](wire::Table& table) {
      for (auto& bucket : table.buckets)
        for (wire::TableSlot& slot : bucket)
          if (slot.place != 0) slot.place = place;
    });
    EXPECT_EQ(take("gcc"), "") << place;
  }
}

}  // namespace
}  // namespace deja
