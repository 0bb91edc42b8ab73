// SPDX-License-Identifier: Apache-2.0
#include "remote/pack_file.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "os/directory_test.h"
#include "os/failpoint.h"
#include "os/file.h"
#include "remote/mem_transport.h"
#include "remote/pack_remote.h"
#include "remote/transport_contract.h"

namespace deja::remote {
namespace {

struct WriterSubject {
  Transport& transport() { return *first; }
  Transport& other() { return *second; }
  os::ScratchDirectory directory;
  std::unique_ptr<PackWriter> writer = *PackWriter::create(directory.at("x.dejapack"));
  std::unique_ptr<Transport> first = writer->client();
  std::unique_ptr<Transport> second = writer->client();
};
INSTANTIATE_TEST_SUITE_P(PackWriter, TransportReads, subjects<WriterSubject>());
INSTANTIATE_TEST_SUITE_P(PackWriter, TransportWrites, subjects<WriterSubject>());

// A new pack replaces the old one each time something was planted.
class ReaderSubject {
 public:
  Transport& transport() {
    const MutexLock lock(mutex_);
    if (remote_->all().size() != packed_) pack();
    return reader_;
  }
  Transport& other() { return planter_; }

 private:
  void pack() REQUIRES_LOCK(mutex_) {
    const auto writer = *PackWriter::create(directory_.at("x.dejapack"));
    const auto client = writer->client();
    const auto objects = remote_->all();
    for (const auto& [name, entry] : objects)
      EXPECT_TRUE(client->put(name, {.bytes = entry.bytes}, kNoLimit));
    EXPECT_TRUE(writer->finish());
    packed_ = objects.size();
  }

  os::ScratchDirectory directory_;
  std::shared_ptr<MemRemote> remote_ = std::make_shared<MemRemote>();
  MemTransport planter_{remote_};
  PackRemote reader_{directory_.at("x.dejapack")};
  Mutex mutex_;
  std::size_t packed_ GUARDED_BY(mutex_) = 0;
};
INSTANTIATE_TEST_SUITE_P(PackFile, TransportReads, subjects<ReaderSubject>());

class PackFileTest : public os::DirectoryTest {
 protected:
  // Two records and a blob.
  std::string packed() {
    const auto writer = *PackWriter::create(at("x.dejapack"));
    const auto client = writer->client();
    for (const char* text : {"one", "two"})
      EXPECT_TRUE(client->put(record_name(text), {.bytes = text}, kNoLimit));
    EXPECT_TRUE(client->put(blob_name("three"), {.bytes = "three"}, kNoLimit));
    EXPECT_TRUE(writer->finish());
    return *os::read_file(at("x.dejapack"));
  }
  Result<std::unique_ptr<PackFile>> open(std::string_view bytes) {
    write("other.dejapack", bytes);
    return PackFile::open(at("other.dejapack"));
  }
  std::vector<std::string> files() { return *os::list_directory(dir_); }
};

TEST_F(PackFileTest, HasTheFormatOfTheDocument) {
  const auto writer = *PackWriter::create(at("x.dejapack"));
  const auto client = writer->client();
  Name record{Kind::record, {}}, blob{Kind::blob, {}};
  record.id.fill(0xaa);
  blob.id.fill(0x11);
  ASSERT_TRUE(client->put(blob, {.bytes = "hi"}, kNoLimit));
  ASSERT_TRUE(client->put(record, {.bytes = "x"}, kNoLimit));
  ASSERT_TRUE(writer->finish());
  std::string aa, eleven;
  for (int i = 0; i < 32; ++i) aa += "aa", eleven += "11";
  EXPECT_EQ(to_hex(*os::read_file(at("x.dejapack"))),
            "64656a617061636b"
            "01000000"
            "00000000"  // "dejapack", version
            "0200000000000000"
            "2b00000000000000"
            "8d00000000000000"  // two objects, table, size
            "6869"
            "78" +
                ("00" + aa) +
                "2a00000000000000"
                "0100000000000000" +
                ("01" + eleven) +
                "2800000000000000"
                "0200000000000000");
}

TEST_F(PackFileTest, AnEmptyPackIsOne) {
  ASSERT_TRUE((*PackWriter::create(at("x.dejapack")))->finish());
  const auto pack = PackFile::open(at("x.dejapack"));
  ASSERT_TRUE(pack) << pack.error().message;
  EXPECT_EQ(read_object(**pack, record_name("a")), kAbsent);
}

TEST_F(PackFileTest, AppearsWholeOrNotAtAll) {
  const std::string before = packed();
  EXPECT_EQ(files(), std::vector<std::string>{"x.dejapack"});
  {
    const auto writer = *PackWriter::create(at("x.dejapack"));
    ASSERT_TRUE(writer->client()->put(record_name("new"), {.bytes = "new"}, kNoLimit));
    EXPECT_EQ(files().size(), 2U);
  }
  EXPECT_EQ(files(), std::vector<std::string>{"x.dejapack"});
  EXPECT_EQ(*os::read_file(at("x.dejapack")), before);
}

TEST_F(PackFileTest, AFailureOfTheDiskLeavesTheOldPack) {
  const std::string before = packed();
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 100);
    ASSERT_TRUE(os::arm_failpoint("ENOSPC@" + std::to_string(n)));
    bool is_done = false;
    if (const auto writer = PackWriter::create(at("x.dejapack"))) {
      const auto client = (*writer)->client();
      ignore(client->put(record_name("new"), {.bytes = "new"}, kNoLimit), "finish() tells");
      is_done = static_cast<bool>((*writer)->finish());
    }
    os::disarm_failpoint();
    EXPECT_EQ(files(), std::vector<std::string>{"x.dejapack"}) << n;
    if (is_done) break;
    EXPECT_EQ(*os::read_file(at("x.dejapack")), before) << n;
  }
  EXPECT_EQ(read_object(**PackFile::open(at("x.dejapack")), record_name("new")), "new");
}

TEST_F(PackFileTest, AReaderKeepsThePackThatItHasOpened) {
  packed();
  const auto pack = *PackFile::open(at("x.dejapack"));
  ASSERT_TRUE((*PackWriter::create(at("x.dejapack")))->finish());
  EXPECT_EQ(read_object(*pack, blob_name("three")), "three");
}

TEST_F(PackFileTest, HoldsOnlyTheLastOfARecord) {
  const auto writer = *PackWriter::create(at("x.dejapack"));
  const auto client = writer->client();
  for (const char* text : {"first", "second", ""})
    ASSERT_TRUE(client->put(record_name("r"), {.bytes = text}, kNoLimit));
  ASSERT_TRUE(client->put(record_name("gone"), {.bytes = "x"}, kNoLimit));
  ASSERT_TRUE(*client->remove(record_name("gone"), kNoLimit));
  ASSERT_TRUE(writer->finish());
  EXPECT_FALSE(client->put(record_name("late"), {.bytes = "x"}, kNoLimit));
  const auto pack = *PackFile::open(at("x.dejapack"));
  EXPECT_EQ(read_object(*pack, record_name("r")), "");
  EXPECT_EQ(read_object(*pack, record_name("gone")), kAbsent);
}

TEST_F(PackFileTest, FindsEachOfManyNames) {
  const auto writer = *PackWriter::create(at("x.dejapack"));
  const auto client = writer->client();
  constexpr int kCount = 3000;
  for (int i = 0; i < kCount; ++i) {
    const std::string text = std::to_string(i);
    ASSERT_TRUE(
        client->put(i % 3 == 0 ? record_name(text) : blob_name(text), {.bytes = text}, kNoLimit));
  }
  ASSERT_TRUE(writer->finish());
  const auto pack = *PackFile::open(at("x.dejapack"));
  for (int i = 0; i < kCount; ++i) {
    const std::string text = std::to_string(i);
    EXPECT_EQ(read_object(*pack, i % 3 == 0 ? record_name(text) : blob_name(text)), text);
    EXPECT_EQ(read_object(*pack, i % 3 == 0 ? blob_name(text) : record_name(text)), kAbsent);
  }
}

TEST_F(PackFileTest, IsNotWritten) {
  packed();
  const auto pack = *PackFile::open(at("x.dejapack"));
  EXPECT_TRUE(pack->abilities().reads_only);
  EXPECT_EQ(code_of(pack->put(record_name("one"), {.bytes = "x"}, kNoLimit)), Code::denied);
  EXPECT_EQ(code_of(pack->replace(record_name("one"), "x", "", kNoLimit)), Code::denied);
  EXPECT_EQ(code_of(pack->remove(record_name("one"), kNoLimit)), Code::denied);
}

TEST_F(PackFileTest, CutOrGrownIsNone) {
  const std::string bytes = packed();
  ASSERT_TRUE(open(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(open(bytes.substr(0, size))) << size;
  EXPECT_FALSE(open(bytes + "x"));
  EXPECT_EQ(code_of(PackFile::open(at("none"))), Code::io);
}

TEST_F(PackFileTest, TheFileUnderThePathCounts) {
  PackRemote remote(at("x.dejapack"));
  const Name name = blob_name("three");
  EXPECT_EQ(read_object(remote, name), kAbsent) << "there is no pack yet";
  EXPECT_EQ(*remote.exists(std::span(&name, 1), kNoLimit), std::vector<bool>{false});
  write("x.dejapack", packed());
  EXPECT_EQ(read_object(remote, name), "three");
  write("x.dejapack", "no pack");
  EXPECT_EQ(code_of(remote.get(name, 1000, kNoLimit)), Code::corrupt);
  write("x.dejapack", packed());
  EXPECT_EQ(read_object(remote, name), "three");
  EXPECT_TRUE(os::remove_file(at("x.dejapack")));
  EXPECT_EQ(read_object(remote, name), kAbsent);
  EXPECT_EQ(code_of(remote.put(name, {.bytes = "three"}, kNoLimit)), Code::denied);
}

// Whatever a changed number says, nothing outside of the objects is read.
TEST_F(PackFileTest, ChangedIsNoneOrStaysInItsBounds) {
  const std::string bytes = packed();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const auto pack = open(changed);
      if (!pack) continue;
      std::uint64_t sum = 0;
      const Status listed = (*pack)->list(
          [&](const Transport::Listed& object) {
            const auto got = (*pack)->get(object.name, 1000, kNoLimit);
            EXPECT_TRUE(got && *got);
            return sum += object.size, true;
          },
          kNoLimit);
      EXPECT_TRUE(listed);
      EXPECT_LE(sum, 3 * bytes.size());
    }
  }
}

TEST_F(PackFileTest, AFileThatIsCutWhileItIsReadIsAnError) {
  const std::string bytes = packed();
  const auto pack = *open(bytes);
  ASSERT_EQ(::truncate(at("other.dejapack").c_str(), 50), 0);
  EXPECT_EQ(code_of(pack->get(blob_name("three"), 1000, kNoLimit)), Code::corrupt);
}

TEST_F(PackFileTest, OfAnotherVersionSaysSo) {
  std::string bytes = packed();
  bytes[8] = 2;
  EXPECT_EQ(code_of(open(bytes)), Code::protocol);
}

}  // namespace
}  // namespace deja::remote
