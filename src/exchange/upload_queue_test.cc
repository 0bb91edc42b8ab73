// SPDX-License-Identifier: Apache-2.0
#include "exchange/upload_queue.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>

#include "exchange/exchange_support.h"
#include "os/failpoint.h"

namespace deja::exchange {
namespace {

constexpr std::int64_t kLong = 60'000'000'000;

ProbeKey probe(int n) { return store::probe_key_of(std::to_string(n)); }
ActionKey key(int n) { return store::action_key_of(std::to_string(n)); }

// Remembers what was sent; answers with what it is told to.
class Sender {
 public:
  UploadQueue::Send send() {
    return [this](const UploadJob& job) {
      const std::lock_guard lock(mutex_);
      ++calls_;
      if (failures_ > 0 || (failing_key_ && job.key == *failing_key_)) {
        --failures_;
        return Status(error_);
      }
      EXPECT_EQ(std::count(sent_.begin(), sent_.end(), job.key), 0) << "sent twice";
      sent_.push_back(job.key);
      return Status();
    };
  }
  void fail(int count, Code code) {
    const std::lock_guard lock(mutex_);
    failures_ = count;
    error_ = {code, 0, "the remote says no"};
  }
  void fail_for(const ActionKey& key, Code code) {
    const std::lock_guard lock(mutex_);
    failing_key_ = key;
    error_ = {code, 0, "not this one"};
  }
  std::vector<ActionKey> sent() {
    const std::lock_guard lock(mutex_);
    return sent_;
  }
  int calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  std::mutex mutex_;
  int calls_ = 0;
  int failures_ = 0;
  Error error_;
  std::optional<ActionKey> failing_key_;
  std::vector<ActionKey> sent_;
};

class UploadQueueTest : public os::DirectoryTest {
 protected:
  UploadQueue::Options options() {
    return {.directory = at("uploads"),
            .jobs_max = 10'000,
            .pause_ns = 1000,
            .pause_max_ns = 1'000'000};
  }
  // A queue that cannot send, to be looked at.
  static Status refuse(const UploadJob&) { return Error{Code::unavailable, 0, "down"}; }
  UploadQueue::Options asleep() {
    auto o = options();
    o.pause_ns = o.pause_max_ns = kLong;
    return o;
  }
  std::size_t files() {
    const auto names = os::list_directory(at("uploads"));
    if (!names) return 0;
    return static_cast<std::size_t>(std::count_if(
        names->begin(), names->end(), [](const auto& name) { return name.ends_with(".job"); }));
  }
  Sender sender_;
};

TEST_F(UploadQueueTest, SendsInTheOrderInWhichTheyWereAdded) {
  UploadQueue queue(options(), sender_.send());
  std::vector<ActionKey> added;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(queue.add(probe(i), key(i)));
    added.push_back(key(i));
  }
  EXPECT_EQ(queue.flush(kLong), 0U);
  EXPECT_EQ(sender_.sent(), added);
  const UploadStats stats = queue.stats();
  EXPECT_EQ(stats.added, 50U);
  EXPECT_EQ(stats.sent, 50U);
  EXPECT_EQ(stats.queued, 0U);
  EXPECT_EQ(files(), 0U);
}

TEST_F(UploadQueueTest, AnEmptyQueueIsFlushedAtOnce) {
  UploadQueue queue(options(), sender_.send());
  EXPECT_EQ(queue.flush(kLong), 0U);
  EXPECT_FALSE(*os::stat_file(at("uploads")));
}

TEST_F(UploadQueueTest, TheNextProcessSendsWhatIsLeft) {
  {
    UploadQueue queue(asleep(), refuse);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(queue.add(probe(i), key(i)));
  }
  EXPECT_EQ(files(), 5U);
  UploadQueue queue(options(), sender_.send());
  EXPECT_EQ(queue.flush(kLong), 0U);
  EXPECT_EQ(sender_.sent().size(), 5U);
}

TEST_F(UploadQueueTest, OneThatOnlyAddsLeavesTheSendingToOthers) {
  auto o = options();
  o.adds_only = true;
  {
    UploadQueue queue(o, sender_.send());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue.add(probe(i), key(i)));
    EXPECT_EQ(queue.flush(1'000'000), 3U);
  }
  EXPECT_EQ(sender_.calls(), 0);
  UploadQueue queue(options(), sender_.send());
  EXPECT_EQ(queue.flush(kLong), 0U);
}

TEST_F(UploadQueueTest, TriesAgainWhenTheRemoteIsBack) {
  for (const Code code : {Code::unavailable, Code::timeout, Code::denied}) {
    sender_.fail(20, code);
    UploadQueue queue(options(), sender_.send());
    for (int i = 0; i < 3; ++i)
      ASSERT_TRUE(queue.add(probe(i), key(static_cast<int>(code) * 10 + i)));
    EXPECT_EQ(queue.flush(kLong), 0U);
    EXPECT_EQ(queue.stats().errors, 20U);
    EXPECT_EQ(queue.stats().sent, 3U);
    EXPECT_EQ(queue.stats().last_error, "the remote says no");
  }
}

TEST_F(UploadQueueTest, GivesUpWhatTheRemoteRefuses) {
  for (const Code code : {Code::invalid, Code::protocol, Code::corrupt}) {
    sender_.fail(1, code);
    UploadQueue queue(options(), sender_.send());
    ASSERT_TRUE(queue.add(probe(0), key(0)));
    EXPECT_EQ(queue.flush(kLong), 0U);
    EXPECT_EQ(queue.stats().given_up, 1U);
    EXPECT_EQ(queue.stats().sent, 0U);
  }
}

TEST_F(UploadQueueTest, AJobThatIsNeverTakenDoesNotHoldUpTheOthers) {
  sender_.fail_for(key(1), Code::no_space);
  UploadQueue queue(options(), sender_.send());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(queue.add(probe(i), key(i)));
  EXPECT_EQ(queue.flush(kLong), 0U);
  EXPECT_EQ(queue.stats().sent, 3U);
  EXPECT_EQ(queue.stats().given_up, 1U);
  EXPECT_EQ(queue.stats().errors, 5U);
}

TEST_F(UploadQueueTest, NorDoesOneForWhichTheRemoteIsAlwaysBusy) {
  sender_.fail_for(key(1), Code::unavailable);
  UploadQueue queue(options(), sender_.send());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(queue.add(probe(i), key(i)));
  while (queue.stats().sent < 3) std::this_thread::yield();
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(queue.stats().given_up, 0U);
}

TEST_F(UploadQueueTest, AFullQueueDropsItsOldest) {
  auto o = asleep();
  o.jobs_max = 3;
  {
    UploadQueue queue(o, refuse);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(queue.add(probe(i), key(i)));
    EXPECT_EQ(queue.stats().dropped, 7U);
    EXPECT_LE(files(), 3U);
  }
  UploadQueue queue(options(), sender_.send());
  EXPECT_EQ(queue.flush(kLong), 0U);
  EXPECT_EQ(sender_.sent(), (std::vector{key(7), key(8), key(9)}));
}

TEST_F(UploadQueueTest, FlushGivesUpAfterItsTime) {
  UploadQueue queue(asleep(), refuse);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue.add(probe(i), key(i)));
  EXPECT_EQ(queue.flush(10'000'000), 3U);
}

TEST_F(UploadQueueTest, FlushEndsAPause) {
  sender_.fail(1, Code::unavailable);
  UploadQueue queue(asleep(), sender_.send());
  ASSERT_TRUE(queue.add(probe(0), key(0)));
  while (sender_.calls() == 0) std::this_thread::yield();
  EXPECT_EQ(queue.flush(kLong), 0U);
}

TEST_F(UploadQueueTest, DamagedFilesAreRemovedAndOthersAreLeft) {
  const std::string good = encode_job({probe(1), key(1), 5});
  write("uploads/00000000000000000001.1.1.job", good.substr(1));
  write("uploads/00000000000000000002.1.1.job", "");
  write("uploads/00000000000000000003.1.1.job", good);
  write("uploads/00000000000000000004.1.1.job", std::string(100'000, 'x'));
  write("uploads/README", "not ours");
  UploadQueue queue(options(), sender_.send());
  EXPECT_EQ(queue.flush(kLong), 0U);
  EXPECT_EQ(sender_.sent(), std::vector{key(1)});
  EXPECT_EQ(queue.stats().damaged + queue.stats().given_up, 3U);
  EXPECT_TRUE(*os::stat_file(at("uploads/README")));
}

TEST_F(UploadQueueTest, ProcessesTakeTurns) {
  UploadQueue one(options(), sender_.send()), other(options(), sender_.send());
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i)
        EXPECT_TRUE((t % 2 == 0 ? one : other).add(probe(0), key(t * 100 + i)));
    });
  }
  threads.clear();
  EXPECT_EQ(one.flush(kLong), 0U);
  EXPECT_EQ(other.flush(kLong), 0U);
  EXPECT_EQ(sender_.sent().size(), 100U);
}

TEST_F(UploadQueueTest, AddFailsWhereNothingCanBeWritten) {
  write("uploads", "a file");
  UploadQueue queue(options(), sender_.send());
  EXPECT_FALSE(queue.add(probe(0), key(0)));
  EXPECT_EQ(queue.flush(1), 0U);
}

// The child reports what add() has acknowledged (small letters) and what was sent (capitals).
std::string reported_until_kill(const std::string& directory, int kill_at, bool& has_ended) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto report = [&ends](char letter) { return ::write(ends[1], &letter, 1) == 1; };
    if (!os::arm_failpoint("kill@" + std::to_string(kill_at))) ::_exit(3);
    UploadQueue queue({.directory = directory, .pause_ns = 1000, .pause_max_ns = 1000},
                      [&](const UploadJob& job) -> Status {
                        for (int i = 0; i < 6; ++i)
                          if (job.key == key(i)) report(static_cast<char>('A' + i));
                        return {};
                      });
    for (int i = 0; i < 6; ++i)
      if (queue.add(probe(i), key(i))) report(static_cast<char>('a' + i));
    queue.flush(kLong);
    ::_exit(0);
  }
  ::close(ends[1]);
  const os::Fd reader(ends[0]);
  const auto text = os::read_fd(reader, 1000);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  has_ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return text ? *text : "";
}

TEST_F(UploadQueueTest, LosesNothingWhenKilledAtAnyInstant) {
  bool has_ended = false;
  for (int n = 1; !has_ended; ++n) {
    ASSERT_LT(n, 2000);
    const std::string directory = at("killed" + std::to_string(n));
    const std::string reported = reported_until_kill(directory, n, has_ended);
    Sender next;
    {
      UploadQueue queue({.directory = directory, .pause_ns = 1000, .pause_max_ns = 1000},
                        next.send());
      EXPECT_EQ(queue.flush(kLong), 0U);
      EXPECT_EQ(queue.stats().damaged, 0U);
    }
    const auto sent = next.sent();
    for (int i = 0; i < 6; ++i) {
      const bool is_acknowledged = reported.find(static_cast<char>('a' + i)) != std::string::npos;
      const bool was_sent = reported.find(static_cast<char>('A' + i)) != std::string::npos ||
                            std::count(sent.begin(), sent.end(), key(i)) != 0;
      EXPECT_TRUE(!is_acknowledged || was_sent) << "job " << i << " killed at " << n;
    }
  }
}

TEST(UploadJob, ComesBackAsItWas) {
  const UploadJob job{probe(1), key(2), -5};
  EXPECT_EQ(decode_job(encode_job(job)), job);
}

TEST(UploadJob, CutOrChangedIsNone) {
  const std::string bytes = encode_job({probe(1), key(2), 7});
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_job(bytes.substr(0, size)));
  EXPECT_FALSE(decode_job(bytes + "x"));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    EXPECT_FALSE(decode_job(changed)) << at;
  }
}

}  // namespace
}  // namespace deja::exchange
