// SPDX-License-Identifier: Apache-2.0
#include "os/find_tool.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/call_chain.h"
#include "os/directory_test.h"
#include "os/file.h"

namespace deja::os {
namespace {

class FindToolTest : public DirectoryTest {
 protected:
  void SetUp() override {
    for (const char* d : {"/a", "/b"}) ASSERT_TRUE(make_directory(dir_ + d));
    ASSERT_TRUE(write_file_atomic(dir_ + "/client", "x", 0755));
    struct stat st;
    ASSERT_EQ(::stat((dir_ + "/client").c_str(), &st), 0);
    client_ = {st.st_dev, st.st_ino};
  }
  std::string find(std::string_view name, const std::string& path, std::string_view calls = {},
                   std::initializer_list<std::string_view> arguments = {}) {
    char out[4096];
    const CallChain chain(calls);
    const long n = find_tool(name, path, dir_, client_, out, sizeof(out), nullptr,
                             {&chain, hash_of(arguments)});
    return n < 0 ? "" : std::string(out, static_cast<std::size_t>(n));
  }
  void write(const std::string& name, std::string_view text) {
    ASSERT_TRUE(write_file_atomic(dir_ + "/" + name, text, 0755));
  }
  ClientFile file_of(const std::string& name) const {
    struct stat st = {};
    EXPECT_EQ(::stat((dir_ + "/" + name).c_str(), &st), 0);
    return {st.st_dev, st.st_ino};
  }
  static std::uint64_t hash_of(std::initializer_list<std::string_view> arguments) {
    ArgumentsHash hash;
    for (const std::string_view argument : arguments) hash.add(argument);
    return hash.value();
  }
  static std::string called(const ClientFile& client, const ClientFile& tool,
                            std::initializer_list<std::string_view> arguments) {
    char text[kCallsSize];
    TextBuffer out(text, sizeof(text));
    CallChain().extend(client, tool, hash_of(arguments), out);
    return text;
  }
  ClientFile client_;
};

TEST_F(FindToolTest, SkipsItselfHoweverItIsLinked) {
  ASSERT_EQ(::symlink((dir_ + "/client").c_str(), (dir_ + "/a/gcc").c_str()), 0);
  ASSERT_TRUE(write_file_atomic(dir_ + "/b/gcc", "x", 0755));
  const std::string path = dir_ + "/a:" + dir_ + "/b";
  EXPECT_EQ(find("gcc", path), dir_ + "/b/gcc");
  EXPECT_EQ(find(dir_ + "/a/gcc", path), dir_ + "/b/gcc");
  EXPECT_EQ(find("a/gcc", path), dir_ + "/b/gcc");
  EXPECT_EQ(find("gcc", dir_ + "/a"), "");
}

// Another installation's client, which was called before.
TEST_F(FindToolTest, PassesOverClientsThatCameBefore) {
  write("a/gcc", "another client"), write("b/gcc", "gcc");
  const std::string path = dir_ + "/a:" + dir_ + "/b";
  EXPECT_EQ(find("gcc", path), dir_ + "/a/gcc");
  const std::string calls = called(file_of("a/gcc"), file_of("client"), {"-c", "a.c"});
  EXPECT_EQ(find("gcc", path, calls, {"-c", "b.c"}), dir_ + "/b/gcc");
}

TEST_F(FindToolTest, PassesOverWhatWouldOnlyBeCalledAgain) {
  write("a/gcc", "#!/bin/sh\n"), write("b/gcc", "gcc");
  const std::string path = dir_ + "/a:" + dir_ + "/b";
  // A script looks for the next one, with any arguments.
  std::string calls = called(client_, file_of("a/gcc"), {"-c", "a.c"});
  EXPECT_EQ(find("gcc", path, calls, {"-c", "a.c", "-DX"}), dir_ + "/b/gcc");
  EXPECT_EQ(find("gcc", dir_ + "/a", calls, {}), "");
  // A compiler may call itself with other arguments.
  calls = called(client_, file_of("b/gcc"), {"-flto", "a.o"});
  EXPECT_EQ(find("gcc", dir_ + "/b", calls, {"-c", "x.s"}), dir_ + "/b/gcc");
  EXPECT_EQ(find("gcc", dir_ + "/b", calls, {"-flto", "a.o"}), "");
  EXPECT_EQ(find("gcc", dir_ + "/b", calls, {"-fltoa.o"}), dir_ + "/b/gcc");
}

TEST_F(FindToolTest, TextThatIsNoChainIsNone) {
  write("a/gcc", "gcc");
  for (const std::string& calls :
       {std::string("x"), std::string("F"), std::string("F123"), std::string(5000, 'F')}) {
    EXPECT_EQ(CallChain(calls).clients(), 0);
    EXPECT_EQ(find("gcc", dir_ + "/a", calls, {}), dir_ + "/a/gcc");
  }
  const std::string once = called(client_, file_of("a/gcc"), {});
  EXPECT_EQ(CallChain(once + once + once).clients(), 3);
}

TEST_F(FindToolTest, WantsAnExecutableFile) {
  ASSERT_TRUE(make_directory(dir_ + "/a/gcc"));
  ASSERT_TRUE(write_file_atomic(dir_ + "/b/gcc", "x", 0755));
  EXPECT_EQ(find("gcc", dir_ + "/a:" + dir_ + "/b"), dir_ + "/b/gcc");
  EXPECT_EQ(find("b/gcc", ""), dir_ + "/b/gcc");
  EXPECT_EQ(find("none", dir_ + "/a:" + dir_ + "/b"), "");
  EXPECT_EQ(find("", dir_), "");
}

TEST_F(FindToolTest, RelativeAndEmptyElementsOfPathMeanTheWorkingDirectory) {
  ASSERT_TRUE(write_file_atomic(dir_ + "/b/gcc", "x", 0755));
  EXPECT_EQ(find("gcc", "b"), dir_ + "/b/gcc");
  ASSERT_TRUE(write_file_atomic(dir_ + "/cc", "x", 0755));
  EXPECT_EQ(find("cc", ":/nonexistent"), dir_ + "/cc");
}

}  // namespace
}  // namespace deja::os
