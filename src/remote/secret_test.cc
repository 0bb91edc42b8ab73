// SPDX-License-Identifier: Apache-2.0
#include "remote/secret.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "os/directory_test.h"

namespace deja::remote {
namespace {

class Secret : public os::DirectoryTest {
 protected:
  std::string file(std::string_view text, mode_t mode = 0600) {
    write("secret", text);
    EXPECT_EQ(::chmod(at("secret").c_str(), mode), 0);
    return at("secret");
  }
};

TEST_F(Secret, IsReadFromAFile) {
  const auto line = read_secret_line("token file", file(" hush \r\n"));
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(*line, "hush");
  const auto text = read_secret_file("header file", file("a: b\nc: d\n", 0400));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, "a: b\nc: d\n");
}

TEST_F(Secret, OfAFileThatOthersCanReadIsRefused) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0644U}) {
    const auto line = read_secret_line("token file", file("hush", mode));
    ASSERT_FALSE(line) << mode;
    EXPECT_EQ(line.error().code, Code::denied);
    EXPECT_NE(line.error().message.find("chmod 600 " + at("secret")), std::string::npos)
        << line.error().message;
    EXPECT_FALSE(check_secret_file("private key", at("secret")));
  }
  EXPECT_TRUE(check_secret_file("private key", file("hush")));
}

TEST_F(Secret, IsOneLine) {
  for (const std::string_view text : {"", " \n", "hush\nInjected: 1", "hush\rx"}) {
    const auto line = read_secret_line("token file", file(text));
    ASSERT_FALSE(line) << text;
    EXPECT_EQ(line.error().code, Code::invalid);
    EXPECT_EQ(line.error().message.find("hush"), std::string::npos);
  }
}

TEST_F(Secret, IsNoOtherThingThanAFile) {
  const std::string pipe = at("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_secret_line("token file", pipe).error().code, Code::invalid);
  EXPECT_EQ(read_secret_line("token file", dir_).error().code, Code::invalid);
  const auto missing = read_secret_line("token file", at("missing"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::invalid);
  EXPECT_NE(missing.error().message.find(at("missing")), std::string::npos);
  EXPECT_FALSE(read_secret_file("token file", file(std::string(70'000, 'x'))));
}

TEST_F(Secret, IsReadFromAVariable) {
  const Environment environment{{"TOKEN", "hush\n"}, {"EMPTY", ""}};
  EXPECT_EQ(*read_secret_variable(environment, "TOKEN"), "hush");
  for (const std::string_view name : {"EMPTY", "UNSET"}) {
    const auto value = read_secret_variable(environment, name);
    ASSERT_FALSE(value);
    EXPECT_NE(value.error().message.find(name), std::string::npos);
  }
}

}  // namespace
}  // namespace deja::remote
