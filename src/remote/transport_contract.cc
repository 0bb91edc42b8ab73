// SPDX-License-Identifier: Apache-2.0
// The tests that every transport and every decorator passes; what a test's subject is, says the header.
#include "remote/transport_contract.h"

#include <map>
#include <thread>
#include <vector>

namespace deja::remote {

TEST_P(TransportReads, GetsWhatWasPut) {
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes.push_back(static_cast<char>(i));
  for (const std::string& bytes : {std::string(), std::string(1, '\0'), std::string("\r\n$-1\r\n"),
                                   all_bytes, std::string(1 << 20, 'x')}) {
    const Name record = record_name(fresh("record"));
    plant(record, bytes);
    EXPECT_EQ(read(record), bytes);
    EXPECT_EQ(read_streamed(transport(), record), bytes);
    const Name blob = plant_blob(bytes);
    EXPECT_EQ(read(blob), bytes);
    EXPECT_EQ(read_streamed(transport(), blob), bytes);
  }
}

TEST_P(TransportReads, GetsALargeObject) {
  const std::string bytes = noise(8 << 20);
  const Name name = plant_blob(bytes);
  EXPECT_TRUE(read(name) == bytes);
  EXPECT_TRUE(read_streamed(transport(), name) == bytes);
}

TEST_P(TransportReads, AbsentIsNoError) {
  for (const Name& name : {record_name(fresh("absent")), blob_name(fresh("absent"))}) {
    EXPECT_EQ(read(name), kAbsent);
    EXPECT_EQ(read_streamed(transport(), name), kAbsent);
    const auto found = transport().exists(std::vector{name}, kNoLimit);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(*found, std::vector<bool>{false});
  }
}

TEST_P(TransportReads, ARecordAndABlobOfOneIdAreTwoObjects) {
  const std::string bytes = fresh("blob");
  const Name blob = plant_blob(bytes);
  const Name record{Kind::record, blob.id};
  EXPECT_EQ(read(record), kAbsent);
  const std::vector<Name> names{blob, record};
  const auto found = transport().exists(names, kNoLimit);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, (std::vector<bool>{true, false}));
}

TEST_P(TransportReads, AnObjectLongerThanAllowedIsProtocol) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{3} << 20}) {
    const std::string bytes = noise(size);
    const Name name = plant_blob(bytes);
    std::string sunk;
    const auto sink = [&sunk](std::string_view piece) {
      sunk.append(piece);
      return Status();
    };
    EXPECT_EQ(code_of(transport().get(name, size - 1, kNoLimit)), Code::protocol);
    EXPECT_EQ(code_of(transport().get_to(name, size - 1, sink, kNoLimit)), Code::protocol);
    EXPECT_LT(sunk.size(), size);
    EXPECT_EQ(code_of(transport().get_many(std::vector{name}, size - 1, kNoLimit)), Code::protocol);
    const auto whole = transport().get(name, size, kNoLimit);
    ASSERT_TRUE(whole) << whole.error().message;
    EXPECT_TRUE(*whole && (*whole)->bytes == bytes);
  }
}

TEST_P(TransportReads, GetManyKeepsTheOrder) {
  std::vector<Name> names;
  std::vector<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    expected.push_back(i % 5 == 4 ? kAbsent : fresh("many"));
    names.push_back(i % 5 == 4 ? record_name(fresh("absent")) : plant_blob(expected.back()));
  }
  names.push_back(names[3]);  // one name twice
  expected.push_back(expected[3]);
  const auto got = transport().get_many(names, 1000, kNoLimit);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ((*got)[i] ? (*got)[i]->bytes : kAbsent, expected[i]) << i;
  const auto found = transport().exists(names, kNoLimit);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ((*found)[i], expected[i] != kAbsent) << i;
}

TEST_P(TransportReads, NothingAskedIsNothingAnswered) {
  const auto got = transport().get_many({}, 1000, kNoLimit);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_TRUE(got->empty());
  const auto found = transport().exists({}, kNoLimit);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->empty());
}

TEST_P(TransportReads, ASinksErrorEndsTheGet) {
  const std::string bytes = noise(3 << 20);
  const Name name = plant_blob(bytes);
  int calls = 0;
  const auto full = [&calls](std::string_view) {
    ++calls;
    return Status(Error{Code::no_space, 28, "the sink is full"});
  };
  const auto got = transport().get_to(name, kAnySize, full, kNoLimit);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::no_space);
  EXPECT_EQ(got.error().sys_errno, 28);
  EXPECT_NE(got.error().message.find("the sink is full"), std::string::npos);
  EXPECT_EQ(calls, 1);
  // What was under way does not disturb what comes after.
  EXPECT_TRUE(read_streamed(transport(), name) == bytes);
}

TEST_P(TransportReads, ListsWhatIsThere) {
  std::map<Name, std::uint64_t> missing;
  for (const std::size_t size : {std::size_t{50}, std::size_t{60}, std::size_t{70'000}}) {
    const std::string bytes = noise(size);
    missing[plant_blob(bytes)] = size;
    missing[record_name(bytes)] = size;
    plant(record_name(bytes), bytes);
  }
  if (!transport().abilities().lists) {
    EXPECT_EQ(code_of(transport().list([](const auto&) { return true; }, kNoLimit)), Code::invalid);
    return;
  }
  const auto note = [&missing](const Transport::Listed& listed) {
    const auto at = missing.find(listed.name);
    if (at == missing.end()) return true;
    EXPECT_EQ(listed.size, at->second) << listed.name.path();
    missing.erase(at);
    return true;
  };
  const Status done = transport().list(note, kNoLimit);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(missing.empty());
  int calls = 0;
  ASSERT_TRUE(transport().list([&calls](const auto&) { return ++calls < 2; }, kNoLimit));
  EXPECT_EQ(calls, 2);
}

TEST_P(TransportReads, ADeadlineInThePastIsATimeout) {
  const Name name = plant_blob(fresh("late"));
  bool sunk = false;
  const auto sink = [&sunk](std::string_view) {
    sunk = true;
    return Status();
  };
  Transport& transport = this->transport();
  EXPECT_EQ(code_of(transport.get(name, kAnySize, kPast)), Code::timeout);
  EXPECT_EQ(code_of(transport.get_to(name, kAnySize, sink, kPast)), Code::timeout);
  EXPECT_EQ(code_of(transport.get_many(std::vector{name}, kAnySize, kPast)), Code::timeout);
  EXPECT_EQ(code_of(transport.exists(std::vector{name}, kPast)), Code::timeout);
  if (transport.abilities().lists) {
    EXPECT_EQ(code_of(transport.list([](const auto&) { return true; }, kPast)), Code::timeout);
  }
  EXPECT_FALSE(sunk);
}

TEST_P(TransportReads, ServesManyThreads) {
  const std::string bytes = noise(100'000);
  const Name name = plant_blob(bytes);
  const Name absent = record_name(fresh("absent"));
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k) {
        EXPECT_TRUE(read(name) == bytes);
        EXPECT_TRUE(read_streamed(transport(), name) == bytes);
        EXPECT_EQ(read(absent), kAbsent);
      }
    });
  }
}

TEST_P(TransportReads, NothingIsReadAfterStop) {
  const Name name = plant_blob(fresh("stopped"));
  Transport& transport = this->transport();
  transport.stop();
  transport.stop();
  EXPECT_EQ(code_of(transport.get(name, kAnySize, kNoLimit)), Code::unavailable);
  EXPECT_EQ(code_of(transport.get_to(
                name, kAnySize, [](auto) { return Status(); }, kNoLimit)),
            Code::unavailable);
  EXPECT_EQ(code_of(transport.get_many(std::vector{name}, kAnySize, kNoLimit)), Code::unavailable);
  EXPECT_EQ(code_of(transport.exists(std::vector{name}, kNoLimit)), Code::unavailable);
  if (transport.abilities().lists) {
    EXPECT_EQ(code_of(transport.list([](const auto&) { return true; }, kNoLimit)),
              Code::unavailable);
  }
}

TEST_P(TransportReads, NamesHoldNoSecret) {
  expect_no_secret(transport().name());
  const auto failed = transport().get(record_name(fresh("x")), kAnySize, kPast);
  ASSERT_FALSE(failed);
  expect_no_secret(failed.error().message);
}

TEST_P(TransportWrites, PutReplacesARecord) {
  const Name name = record_name(fresh("record"));
  for (const std::string& bytes : {noise(3 << 20), std::string("second"), std::string()}) {
    const Status done = transport().put(name, {.bytes = bytes}, kNoLimit);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_TRUE(seen(name) == bytes);
  }
}

TEST_P(TransportWrites, PutsABlobTwice) {
  const std::string bytes = fresh("blob");
  for (int i = 0; i < 2; ++i) {
    const Status done = transport().put(blob_name(bytes), {.bytes = bytes}, kNoLimit);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(seen(blob_name(bytes)), bytes);
  }
}

TEST_P(TransportWrites, PutsAFileFromItsStartWhateverItsOffset) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{8} << 20}) {
    const std::string bytes = noise(size);
    const os::Fd file = file_of(bytes + "and more");  // the offset is at its end
    const Name name = blob_name(bytes);
    const Status done = transport().put(name, {.file = &file, .size = size}, kNoLimit);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_TRUE(seen(name) == bytes) << size;
  }
}

TEST_P(TransportWrites, AFileThatWasCutIsNotStored) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{3} << 20}) {
    const std::string bytes = noise(size);
    const os::Fd file = file_of(bytes);
    const Name name = blob_name(bytes + "x");
    EXPECT_FALSE(transport().put(name, {.file = &file, .size = size + 1}, kNoLimit));
    EXPECT_EQ(seen(name), kAbsent);
    const Status done = transport().put(name, {.bytes = bytes + "x"}, kNoLimit);
    EXPECT_TRUE(done) << done.error().message;
  }
}

TEST_P(TransportWrites, AnObjectLongerThanItTakesIsNoSpace) {
  const std::uint64_t limit = transport().abilities().object_max;
  if (limit == 0 || limit > (128 << 20)) return;
  const os::Fd file = sparse_file(limit + 1);
  const Name name = record_name(fresh("large"));
  EXPECT_EQ(code_of(transport().put(name, {.file = &file, .size = limit + 1}, kNoLimit)),
            Code::no_space);
  const std::string bytes(static_cast<std::size_t>(limit) + 1, 'l');
  EXPECT_EQ(code_of(transport().put(name, {.bytes = bytes}, kNoLimit)), Code::no_space);
  EXPECT_EQ(code_of(transport().replace(name, bytes, "", kNoLimit)), Code::no_space);
  EXPECT_EQ(seen(name), kAbsent);
}

TEST_P(TransportWrites, ReplacesOnlyWhatTheCallerHasSeen) {
  Transport& transport = this->transport();
  const bool by_version = transport.abilities().replaces_by_version;
  if (by_version) {
    ASSERT_TRUE(knows_versions());
  }
  const Name name = record_name(fresh("record"));
  const auto replace = [&](std::string_view bytes, const std::string& version) {
    const auto done = transport.replace(name, bytes, version, kNoLimit);
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : Put::lost;
  };
  EXPECT_EQ(replace("first", ""), Put::stored);
  EXPECT_EQ(seen(name), "first");
  if (!by_version) {
    EXPECT_EQ(replace("second", version_of(name)), Put::stored);
    EXPECT_EQ(seen(name), "second");
    return;
  }
  const std::string first = version_of(name);
  EXPECT_EQ(replace("another first", ""), Put::lost);
  EXPECT_EQ(seen(name), "first");
  EXPECT_EQ(replace("second", first), Put::stored);
  EXPECT_EQ(seen(name), "second");
  EXPECT_NE(version_of(name), first);
  EXPECT_EQ(replace("another second", first), Put::lost);
  EXPECT_EQ(seen(name), "second");
  const std::string second = version_of(name);
  if (const auto removed = transport.remove(name, kNoLimit); removed) {
    EXPECT_EQ(replace("third", second), Put::lost);
    EXPECT_EQ(seen(name), kAbsent);
  }
}

TEST_P(TransportWrites, LosesNoUpdateOfManyWriters) {
  if (!transport().abilities().replaces_by_version) return;
  constexpr int kThreads = 4;
  constexpr int kUpdates = 10;
  const Name name = record_name(fresh("counter"));
  const auto append = [&name](Transport& writer, Transport& reader) {
    for (;;) {
      const auto present = reader.get(name, kAnySize, kNoLimit);
      ASSERT_TRUE(present) << present.error().message;
      const std::string before = *present ? (*present)->bytes : "";
      const std::string version = *present ? (*present)->version : "";
      const auto done = writer.replace(name, before + "x", version, kNoLimit);
      ASSERT_TRUE(done) << done.error().message;
      if (*done == Put::stored) return;
    }
  };
  std::vector<std::jthread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      Transport& writer =
          i % 2 == 0 || !other().abilities().replaces_by_version ? transport() : other();
      for (int k = 0; k < kUpdates; ++k) append(writer, other());
    });
  }
  threads.clear();
  EXPECT_EQ(seen(name), std::string(kThreads * kUpdates, 'x'));
}

TEST_P(TransportWrites, ObjectsAreSeenWhole) {
  const Name name = record_name(fresh("shared"));
  constexpr std::size_t kSizes[] = {100, 70'000, 1'500'000};
  std::vector<std::jthread> threads;
  threads.reserve(3);
  for (std::size_t i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      const std::string bytes(kSizes[i], static_cast<char>('a' + i));
      for (int k = 0; k < 10; ++k) {
        const Status done = transport().put(name, {.bytes = bytes}, kNoLimit);
        EXPECT_TRUE(done) << done.error().message;
      }
    });
  }
  const auto is_whole = [&](const std::string& bytes) {
    if (bytes == kAbsent) return true;
    const auto i = static_cast<std::size_t>(bytes.empty() ? 9 : bytes[0] - 'a');
    return i < 3 && bytes.size() == kSizes[i] &&
           bytes.find_first_not_of(bytes[0]) == std::string::npos;
  };
  for (int k = 0; k < 30; ++k) {
    EXPECT_TRUE(is_whole(seen(name)));
    EXPECT_TRUE(is_whole(read_streamed(other(), name)));
  }
  threads.clear();
  EXPECT_TRUE(is_whole(seen(name)));
}

TEST_P(TransportWrites, RemoveSaysWhetherThereWasOne) {
  const std::string bytes = noise(3 << 20);
  const Name name = plant_blob(bytes);
  const auto removed = transport().remove(name, kNoLimit);
  if (!removed && removed.error().code == Code::invalid)
    GTEST_SKIP() << transport().name() << " cannot remove: " << removed.error().message;
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_TRUE(*removed);
  EXPECT_EQ(seen(name), kAbsent);
  const auto again = transport().remove(name, kNoLimit);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(*again);
}

TEST_P(TransportWrites, ADeadlineInThePastChangesNothing) {
  Transport& transport = this->transport();
  const Name absent = record_name(fresh("late"));
  EXPECT_EQ(code_of(transport.put(absent, {.bytes = "x"}, kPast)), Code::timeout);
  EXPECT_EQ(code_of(transport.replace(absent, "x", "", kPast)), Code::timeout);
  EXPECT_EQ(seen(absent), kAbsent);
  const Name present = record_name(fresh("late"));
  plant(present, "kept");
  EXPECT_EQ(code_of(transport.remove(present, kPast)), Code::timeout);
  EXPECT_EQ(seen(present), "kept");
}

TEST_P(TransportWrites, NothingIsWrittenAfterStop) {
  const Name name = record_name(fresh("stopped"));
  plant(name, "kept");
  Transport& transport = this->transport();
  transport.stop();
  EXPECT_EQ(code_of(transport.put(name, {.bytes = "x"}, kNoLimit)), Code::unavailable);
  EXPECT_EQ(code_of(transport.replace(name, "x", "", kNoLimit)), Code::unavailable);
  EXPECT_EQ(code_of(transport.remove(name, kNoLimit)), Code::unavailable);
  EXPECT_EQ(seen(name), "kept");
}

TEST_P(TransportWrites, MessagesHoldNoSecret) {
  expect_no_secret(transport().name());
  const auto failed = transport().put(record_name(fresh("x")), {.bytes = "x"}, kPast);
  ASSERT_FALSE(failed);
  expect_no_secret(failed.error().message);
}

}  // namespace deja::remote
