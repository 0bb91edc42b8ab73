// SPDX-License-Identifier: Apache-2.0
// The bytes of the journal's files, so that they are not changed by accident: processes of older versions write to the
// same files. A change on purpose also changes the magic text, and these bytes. (An event's line: event_test.cc.)
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "journal/counters.h"
#include "journal/troubles.h"
#include "os/directory_test.h"
#include "os/file.h"

namespace deja::journal {
namespace {

class JournalFormat : public os::DirectoryTest {
 protected:
  std::string bytes_of(const std::string& name) const {
    const auto bytes = os::read_file(dir_ + "/" + name);
    return bytes ? *bytes : "";
  }
};

// Hexadecimal digits with spaces between them.
std::string packed(std::string spaced) {
  std::erase(spaced, ' ');
  return spaced;
}

std::string zeros(std::size_t bytes) { return std::string(2 * bytes, '0'); }

std::string slot(const std::string& name, const char* count) {
  return packed("02000000") + to_hex(name) + zeros(52 - name.size()) + packed(count);
}

TEST_F(JournalFormat, Counters) {
  auto counters = Counters::open(dir_);
  ASSERT_TRUE(counters);
  counters->add(Counter::misses, 2);
  counters->add(Counter::bytes_served, 0x0102030405);
  counters->add_bypass_reason("no_output");
  const std::string bytes = bytes_of("counters");
  constexpr std::size_t kNumbers = 16, kSlots = kNumbers + 64 * 8, kEnd = kSlots + 64 * 64;
  ASSERT_EQ(bytes.size(), kEnd);
  EXPECT_EQ(to_hex(bytes.substr(0, kSlots)),
            to_hex("dejacnt1") + zeros(8) +                    // never set to zero
                packed("0000000000000000 0200000000000000") +  // hits, misses
                zeros(7 * 8) + packed("0504030201000000") + zeros(54 * 8));
  EXPECT_EQ(to_hex(bytes.substr(kSlots, 64)), slot("no_output", "0100000000000000"));
  EXPECT_EQ(to_hex(bytes.substr(kSlots + 64)), zeros(63 * 64));
}

TEST_F(JournalFormat, OrderOfTheCounters) {
  std::string names;
  for (std::size_t i = 0; i < kCounters; ++i)
    names += std::string(counter_name(static_cast<Counter>(i))) + " ";
  EXPECT_EQ(names,
            "hits misses dups bypasses failures errors tool_runs remote_hits time_saved_ns "
            "bytes_served prefetched_hits ");
}

TEST_F(JournalFormat, ReasonsWhyRunsWereNotStored) {
  auto counters = Counters::open(dir_);
  ASSERT_TRUE(counters);
  counters->add_not_stored("clock_read");
  counters->add_not_stored("clock_read");
  const std::string bytes = bytes_of("not_stored");
  ASSERT_EQ(bytes.size(), 8 + 128u * 64);
  EXPECT_EQ(to_hex(bytes.substr(0, 8 + 64)),
            to_hex("dejanst1") + slot("clock_read", "0200000000000000"));
}

TEST_F(JournalFormat, Troubles) {
  ASSERT_TRUE(note_trouble(dir_, "disk full"));
  const std::string bytes = bytes_of("troubles");
  ASSERT_EQ(bytes.size(), 512 + 63u * 512);
  EXPECT_EQ(to_hex(bytes.substr(0, 512)), to_hex("dejatrb1") + zeros(504));
  EXPECT_EQ(to_hex(bytes.substr(512, 8)), packed("0100000000000000"));  // once
  const auto troubles = read_troubles(dir_);
  ASSERT_TRUE(troubles && troubles->size() == 1);
  Encoder times;
  times.i64(troubles->front().first_ns);
  times.i64(troubles->front().last_ns);
  EXPECT_EQ(bytes.substr(520, 16), times.view());
  EXPECT_EQ(to_hex(bytes.substr(536, 4 + 9)), packed("09000000") + to_hex("disk full"));
  EXPECT_EQ(to_hex(bytes.substr(549, 512 - 37)), zeros(512 - 37));
}

}  // namespace
}  // namespace deja::journal
