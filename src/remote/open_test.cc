// SPDX-License-Identifier: Apache-2.0
#include "remote/open.h"

#include <gtest/gtest.h>

#include "os/directory_test.h"
#include "remote/pack_file.h"
#include "remote/test_objects.h"

namespace deja::remote {
namespace {

class OpenTest : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const { return scratch_.at(name); }
  std::unique_ptr<Transport> open(const std::string& text, const OpenOptions& options = {}) {
    const auto addresses = parse_addresses(text);
    EXPECT_TRUE(addresses) << text;
    auto opened = open_remotes(*addresses, {}, options);
    EXPECT_TRUE(opened) << text << ": " << opened.error().message;
    return *std::move(opened);
  }
  // No space: the name stands in an address.
  const os::ScratchDirectory scratch_{::testing::TempDir() + "deja-open."};
  const Name record_{Kind::record, {1}};
};

TEST_F(OpenTest, ADirectory) {
  const auto writer = open("file://" + at("remote"));
  ASSERT_TRUE(writer->put(record_, {.bytes = "bytes"}, {}));
  const auto reader = open("file://" + at("remote"), {.writes = false});
  EXPECT_EQ((*reader->get(record_, 100, {}))->bytes, "bytes");
  EXPECT_EQ(reader->put(record_, {.bytes = "other"}, {}).error().code, Code::denied);
  EXPECT_TRUE(reader->abilities().reads_only);
  const auto filler = open("file://" + at("remote"), {.reads = false});
  EXPECT_FALSE(*filler->get(record_, 100, {}));
}

TEST_F(OpenTest, APackBelowADirectory) {
  {
    const auto pack = PackWriter::create(at("x.dejapack"));
    ASSERT_TRUE(pack);
    ASSERT_TRUE((*pack)->client()->put(record_, {.bytes = "packed"}, {}));
    ASSERT_TRUE((*pack)->finish());
  }
  const auto both = open("file://" + at("near") + ",file://" + at("x.dejapack"));
  EXPECT_EQ((*both->get(record_, 100, {}))->bytes, "packed");
  const auto near = open("file://" + at("near"));
  EXPECT_EQ((*near->get(record_, 100, {}))->bytes, "packed") << "it was copied to the nearer one";
}

TEST_F(OpenTest, NothingIsSentToAServerYet) {
  for (const char* text : {"http://127.0.0.1:1/x", "redis://127.0.0.1:1", "redis+unix:///nowhere",
                           "s3://bucket?endpoint=http://127.0.0.1:1&region=x&anonymous=1"})
    open(text);
}

TEST_F(OpenTest, APackThatIsNoneIsAnError) {
  scratch_.write("x.dejapack", "no pack");
  const auto addresses = parse_addresses("file://" + at("x.dejapack"));
  ASSERT_TRUE(addresses);
  const auto opened = open_remotes(*addresses, {}, {});
  ASSERT_TRUE(opened);
  EXPECT_EQ(code_of((*opened)->get(record_, 100, {})), Code::corrupt);
}

}  // namespace
}  // namespace deja::remote
