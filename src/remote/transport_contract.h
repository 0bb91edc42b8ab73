// SPDX-License-Identifier: Apache-2.0
// The contract tests of Transport, in two suites: TransportReads and TransportWrites. Every transport and
// every decorator passes both (read_only only the first, write_only only the second). A transport's test
// instantiates them like this:
//
//   struct MemSubject {
//     Transport& transport();  // the one under test
//     Transport& other();      // another client of the same remote: plants what is read, reads what was written
//     std::string secret();    // optional: what name() and messages must not hold
//     std::string skip();      // optional: why there is no server to test with; empty: there is one
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mem, TransportReads, MemSubject);
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mem, TransportWrites, MemSubject);
//
// Each test makes a Subject of its own. What lies on the server from other tests does not matter: all bytes
// and names are new. A blob is always put under the SHA-256 of its bytes, so a server may check it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "remote/test_objects.h"

namespace deja::remote {

template <typename Subject>
class TransportContract : public testing::Test {
 protected:
  void SetUp() override {
    if constexpr (requires { subject_.skip(); }) {
      if (!subject_.skip().empty()) GTEST_SKIP() << subject_.skip();
    }
  }
  Transport& transport() { return subject_.transport(); }
  Transport& other() { return subject_.other(); }

  // Puts an object through the other client.
  void plant(const Name& name, std::string_view bytes) {
    const Status done = other().put(name, {.bytes = bytes}, kNoLimit);
    ASSERT_TRUE(done) << done.error().message;
  }
  Name plant_blob(std::string_view bytes) {
    const Name name = blob_name(bytes);
    plant(name, bytes);
    return name;
  }
  std::string read(const Name& name) { return read_object(transport(), name); }
  std::string seen(const Name& name) { return read_object(other(), name); }
  // What the other client's get gives as version.
  std::string version_of(const Name& name) {
    const auto got = other().get(name, kAnySize, kNoLimit);
    EXPECT_TRUE(got && *got);
    return got && *got ? (*got)->version : "";
  }
  bool knows_versions() {
    const Name name = record_name(fresh("version probe"));
    plant(name, "x");
    return !version_of(name).empty();
  }

  Subject subject_;
};

template <typename Subject>
class TransportReads : public TransportContract<Subject> {};
template <typename Subject>
class TransportWrites : public TransportContract<Subject> {};

TYPED_TEST_SUITE_P(TransportReads);
TYPED_TEST_SUITE_P(TransportWrites);

TYPED_TEST_P(TransportReads, GetsWhatWasPut) {
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes.push_back(static_cast<char>(i));
  for (const std::string& bytes : {std::string(), std::string(1, '\0'), std::string("\r\n$-1\r\n"),
                                   all_bytes, std::string(1 << 20, 'x')}) {
    const Name record = record_name(fresh("record"));
    this->plant(record, bytes);
    EXPECT_EQ(this->read(record), bytes);
    EXPECT_EQ(read_streamed(this->transport(), record), bytes);
    const Name blob = this->plant_blob(bytes);
    EXPECT_EQ(this->read(blob), bytes);
    EXPECT_EQ(read_streamed(this->transport(), blob), bytes);
  }
}

TYPED_TEST_P(TransportReads, GetsALargeObject) {
  const std::string bytes = noise(8 << 20);
  const Name name = this->plant_blob(bytes);
  EXPECT_TRUE(this->read(name) == bytes);
  EXPECT_TRUE(read_streamed(this->transport(), name) == bytes);
}

TYPED_TEST_P(TransportReads, AbsentIsNoError) {
  for (const Name& name : {record_name(fresh("absent")), blob_name(fresh("absent"))}) {
    EXPECT_EQ(this->read(name), kAbsent);
    EXPECT_EQ(read_streamed(this->transport(), name), kAbsent);
    const auto found = this->transport().exists(std::vector{name}, kNoLimit);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(*found, std::vector<bool>{false});
  }
}

TYPED_TEST_P(TransportReads, ARecordAndABlobOfOneIdAreTwoObjects) {
  const std::string bytes = fresh("blob");
  const Name blob = this->plant_blob(bytes);
  const Name record{Kind::record, blob.id};
  EXPECT_EQ(this->read(record), kAbsent);
  const std::vector<Name> names{blob, record};
  const auto found = this->transport().exists(names, kNoLimit);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, (std::vector<bool>{true, false}));
}

TYPED_TEST_P(TransportReads, AnObjectLongerThanAllowedIsProtocol) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{3} << 20}) {
    const std::string bytes = noise(size);
    const Name name = this->plant_blob(bytes);
    std::string sunk;
    const auto sink = [&sunk](std::string_view piece) {
      sunk.append(piece);
      return Status();
    };
    EXPECT_EQ(code_of(this->transport().get(name, size - 1, kNoLimit)), Code::protocol);
    EXPECT_EQ(code_of(this->transport().get_to(name, size - 1, sink, kNoLimit)), Code::protocol);
    EXPECT_LT(sunk.size(), size);
    EXPECT_EQ(code_of(this->transport().get_many(std::vector{name}, size - 1, kNoLimit)),
              Code::protocol);
    const auto whole = this->transport().get(name, size, kNoLimit);
    ASSERT_TRUE(whole) << whole.error().message;
    EXPECT_TRUE(*whole && (*whole)->bytes == bytes);
  }
}

TYPED_TEST_P(TransportReads, GetManyKeepsTheOrder) {
  std::vector<Name> names;
  std::vector<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    expected.push_back(i % 5 == 4 ? kAbsent : fresh("many"));
    names.push_back(i % 5 == 4 ? record_name(fresh("absent")) : this->plant_blob(expected.back()));
  }
  names.push_back(names[3]);  // one name twice
  expected.push_back(expected[3]);
  const auto got = this->transport().get_many(names, 1000, kNoLimit);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ((*got)[i] ? (*got)[i]->bytes : kAbsent, expected[i]) << i;
  const auto found = this->transport().exists(names, kNoLimit);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ((*found)[i], expected[i] != kAbsent) << i;
}

TYPED_TEST_P(TransportReads, NothingAskedIsNothingAnswered) {
  const auto got = this->transport().get_many({}, 1000, kNoLimit);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_TRUE(got->empty());
  const auto found = this->transport().exists({}, kNoLimit);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->empty());
}

TYPED_TEST_P(TransportReads, ASinksErrorEndsTheGet) {
  const std::string bytes = noise(3 << 20);
  const Name name = this->plant_blob(bytes);
  int calls = 0;
  const auto full = [&calls](std::string_view) {
    ++calls;
    return Status(Error{Code::no_space, 28, "the sink is full"});
  };
  const auto got = this->transport().get_to(name, kAnySize, full, kNoLimit);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::no_space);
  EXPECT_EQ(got.error().sys_errno, 28);
  EXPECT_NE(got.error().message.find("the sink is full"), std::string::npos);
  EXPECT_EQ(calls, 1);
  // What was under way does not disturb what comes after.
  EXPECT_TRUE(read_streamed(this->transport(), name) == bytes);
}

TYPED_TEST_P(TransportReads, ListsWhatIsThere) {
  std::map<Name, std::uint64_t> missing;
  for (const std::size_t size : {std::size_t{50}, std::size_t{60}, std::size_t{70'000}}) {
    const std::string bytes = noise(size);
    missing[this->plant_blob(bytes)] = size;
    missing[record_name(bytes)] = size;
    this->plant(record_name(bytes), bytes);
  }
  if (!this->transport().abilities().lists) {
    EXPECT_EQ(code_of(this->transport().list([](const auto&) { return true; }, kNoLimit)),
              Code::invalid);
    return;
  }
  const auto note = [&missing](const Transport::Listed& listed) {
    const auto at = missing.find(listed.name);
    if (at == missing.end()) return true;
    EXPECT_EQ(listed.size, at->second) << listed.name.path();
    missing.erase(at);
    return true;
  };
  const Status done = this->transport().list(note, kNoLimit);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(missing.empty());
  int calls = 0;
  ASSERT_TRUE(this->transport().list([&calls](const auto&) { return ++calls < 2; }, kNoLimit));
  EXPECT_EQ(calls, 2);
}

TYPED_TEST_P(TransportReads, ADeadlineInThePastIsATimeout) {
  const Name name = this->plant_blob(fresh("late"));
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

TYPED_TEST_P(TransportReads, ServesManyThreads) {
  const std::string bytes = noise(100'000);
  const Name name = this->plant_blob(bytes);
  const Name absent = record_name(fresh("absent"));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k) {
        EXPECT_TRUE(this->read(name) == bytes);
        EXPECT_TRUE(read_streamed(this->transport(), name) == bytes);
        EXPECT_EQ(this->read(absent), kAbsent);
      }
    });
  }
}

TYPED_TEST_P(TransportReads, NothingIsReadAfterStop) {
  const Name name = this->plant_blob(fresh("stopped"));
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

// Messages and names go to logs and to people.
template <typename Subject>
void expect_no_secret(Subject& subject, const std::string& text) {
  EXPECT_FALSE(text.empty());
  if constexpr (requires { subject.secret(); }) {
    EXPECT_EQ(text.find(subject.secret()), std::string::npos) << text;
  }
}

TYPED_TEST_P(TransportReads, NamesHoldNoSecret) {
  expect_no_secret(this->subject_, this->transport().name());
  const auto failed = this->transport().get(record_name(fresh("x")), kAnySize, kPast);
  ASSERT_FALSE(failed);
  expect_no_secret(this->subject_, failed.error().message);
}

REGISTER_TYPED_TEST_SUITE_P(TransportReads, GetsWhatWasPut, GetsALargeObject, AbsentIsNoError,
                            ARecordAndABlobOfOneIdAreTwoObjects,
                            AnObjectLongerThanAllowedIsProtocol, GetManyKeepsTheOrder,
                            NothingAskedIsNothingAnswered, ASinksErrorEndsTheGet, ListsWhatIsThere,
                            ADeadlineInThePastIsATimeout, ServesManyThreads, NothingIsReadAfterStop,
                            NamesHoldNoSecret);

TYPED_TEST_P(TransportWrites, PutReplacesARecord) {
  const Name name = record_name(fresh("record"));
  for (const std::string& bytes : {noise(3 << 20), std::string("second"), std::string()}) {
    const Status done = this->transport().put(name, {.bytes = bytes}, kNoLimit);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_TRUE(this->seen(name) == bytes);
  }
}

TYPED_TEST_P(TransportWrites, PutsABlobTwice) {
  const std::string bytes = fresh("blob");
  for (int i = 0; i < 2; ++i) {
    const Status done = this->transport().put(blob_name(bytes), {.bytes = bytes}, kNoLimit);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(this->seen(blob_name(bytes)), bytes);
  }
}

TYPED_TEST_P(TransportWrites, PutsAFileFromItsStartWhateverItsOffset) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{8} << 20}) {
    const std::string bytes = noise(size);
    const os::Fd file = file_of(bytes + "and more");  // the offset is at its end
    const Name name = blob_name(bytes);
    const Status done = this->transport().put(name, {.file = &file, .size = size}, kNoLimit);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_TRUE(this->seen(name) == bytes) << size;
  }
}

TYPED_TEST_P(TransportWrites, AFileThatWasCutIsNotStored) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{3} << 20}) {
    const std::string bytes = noise(size);
    const os::Fd file = file_of(bytes);
    const Name name = blob_name(bytes + "x");
    EXPECT_FALSE(this->transport().put(name, {.file = &file, .size = size + 1}, kNoLimit));
    EXPECT_EQ(this->seen(name), kAbsent);
    const Status done = this->transport().put(name, {.bytes = bytes + "x"}, kNoLimit);
    EXPECT_TRUE(done) << done.error().message;
  }
}

TYPED_TEST_P(TransportWrites, AnObjectLongerThanItTakesIsNoSpace) {
  const std::uint64_t limit = this->transport().abilities().object_max;
  if (limit == 0 || limit > (128 << 20)) return;
  const os::Fd file = sparse_file(limit + 1);
  const Name name = record_name(fresh("large"));
  EXPECT_EQ(code_of(this->transport().put(name, {.file = &file, .size = limit + 1}, kNoLimit)),
            Code::no_space);
  const std::string bytes(static_cast<std::size_t>(limit) + 1, 'l');
  EXPECT_EQ(code_of(this->transport().put(name, {.bytes = bytes}, kNoLimit)), Code::no_space);
  EXPECT_EQ(code_of(this->transport().replace(name, bytes, "", kNoLimit)), Code::no_space);
  EXPECT_EQ(this->seen(name), kAbsent);
}

TYPED_TEST_P(TransportWrites, ReplacesOnlyWhatTheCallerHasSeen) {
  Transport& transport = this->transport();
  const bool by_version = transport.abilities().replaces_by_version;
  if (by_version) {
    ASSERT_TRUE(this->knows_versions());
  }
  const Name name = record_name(fresh("record"));
  const auto replace = [&](std::string_view bytes, const std::string& version) {
    const auto done = transport.replace(name, bytes, version, kNoLimit);
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : Put::lost;
  };
  EXPECT_EQ(replace("first", ""), Put::stored);
  EXPECT_EQ(this->seen(name), "first");
  if (!by_version) {
    EXPECT_EQ(replace("second", this->version_of(name)), Put::stored);
    EXPECT_EQ(this->seen(name), "second");
    return;
  }
  const std::string first = this->version_of(name);
  EXPECT_EQ(replace("another first", ""), Put::lost);
  EXPECT_EQ(this->seen(name), "first");
  EXPECT_EQ(replace("second", first), Put::stored);
  EXPECT_EQ(this->seen(name), "second");
  EXPECT_NE(this->version_of(name), first);
  EXPECT_EQ(replace("another second", first), Put::lost);
  EXPECT_EQ(this->seen(name), "second");
  const std::string second = this->version_of(name);
  if (const auto removed = transport.remove(name, kNoLimit); removed) {
    EXPECT_EQ(replace("third", second), Put::lost);
    EXPECT_EQ(this->seen(name), kAbsent);
  }
}

TYPED_TEST_P(TransportWrites, LosesNoUpdateOfManyWriters) {
  if (!this->transport().abilities().replaces_by_version) return;
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
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      Transport& writer = i % 2 == 0 || !this->other().abilities().replaces_by_version
                              ? this->transport()
                              : this->other();
      for (int k = 0; k < kUpdates; ++k) append(writer, this->other());
    });
  }
  threads.clear();
  EXPECT_EQ(this->seen(name), std::string(kThreads * kUpdates, 'x'));
}

TYPED_TEST_P(TransportWrites, ObjectsAreSeenWhole) {
  const Name name = record_name(fresh("shared"));
  constexpr std::size_t kSizes[] = {100, 70'000, 1'500'000};
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      const std::string bytes(kSizes[i], static_cast<char>('a' + i));
      for (int k = 0; k < 10; ++k) {
        const Status done = this->transport().put(name, {.bytes = bytes}, kNoLimit);
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
    EXPECT_TRUE(is_whole(this->seen(name)));
    EXPECT_TRUE(is_whole(read_streamed(this->other(), name)));
  }
  threads.clear();
  EXPECT_TRUE(is_whole(this->seen(name)));
}

TYPED_TEST_P(TransportWrites, RemoveSaysWhetherThereWasOne) {
  const std::string bytes = noise(3 << 20);
  const Name name = this->plant_blob(bytes);
  const auto removed = this->transport().remove(name, kNoLimit);
  if (!removed && removed.error().code == Code::invalid)
    GTEST_SKIP() << this->transport().name() << " cannot remove: " << removed.error().message;
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_TRUE(*removed);
  EXPECT_EQ(this->seen(name), kAbsent);
  const auto again = this->transport().remove(name, kNoLimit);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(*again);
}

TYPED_TEST_P(TransportWrites, ADeadlineInThePastChangesNothing) {
  Transport& transport = this->transport();
  const Name absent = record_name(fresh("late"));
  EXPECT_EQ(code_of(transport.put(absent, {.bytes = "x"}, kPast)), Code::timeout);
  EXPECT_EQ(code_of(transport.replace(absent, "x", "", kPast)), Code::timeout);
  EXPECT_EQ(this->seen(absent), kAbsent);
  const Name present = record_name(fresh("late"));
  this->plant(present, "kept");
  EXPECT_EQ(code_of(transport.remove(present, kPast)), Code::timeout);
  EXPECT_EQ(this->seen(present), "kept");
}

TYPED_TEST_P(TransportWrites, NothingIsWrittenAfterStop) {
  const Name name = record_name(fresh("stopped"));
  this->plant(name, "kept");
  Transport& transport = this->transport();
  transport.stop();
  EXPECT_EQ(code_of(transport.put(name, {.bytes = "x"}, kNoLimit)), Code::unavailable);
  EXPECT_EQ(code_of(transport.replace(name, "x", "", kNoLimit)), Code::unavailable);
  EXPECT_EQ(code_of(transport.remove(name, kNoLimit)), Code::unavailable);
  EXPECT_EQ(this->seen(name), "kept");
}

TYPED_TEST_P(TransportWrites, MessagesHoldNoSecret) {
  expect_no_secret(this->subject_, this->transport().name());
  const auto failed = this->transport().put(record_name(fresh("x")), {.bytes = "x"}, kPast);
  ASSERT_FALSE(failed);
  expect_no_secret(this->subject_, failed.error().message);
}

REGISTER_TYPED_TEST_SUITE_P(TransportWrites, PutReplacesARecord, PutsABlobTwice,
                            PutsAFileFromItsStartWhateverItsOffset, AFileThatWasCutIsNotStored,
                            AnObjectLongerThanItTakesIsNoSpace, ReplacesOnlyWhatTheCallerHasSeen,
                            LosesNoUpdateOfManyWriters, ObjectsAreSeenWhole,
                            RemoveSaysWhetherThereWasOne, ADeadlineInThePastChangesNothing,
                            NothingIsWrittenAfterStop, MessagesHoldNoSecret);

}  // namespace deja::remote
