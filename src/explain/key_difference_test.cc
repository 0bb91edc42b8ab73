// SPDX-License-Identifier: Apache-2.0
#include "explain/key_difference.h"

#include <gtest/gtest.h>

#include "explain/nearest.h"
#include "os/directory_test.h"

namespace deja::explain {
namespace {

using journal::KeyRecord;

KeyRecord record(std::vector<std::pair<std::string, std::string>> fields) {
  KeyRecord out{1,     "aa", "/usr/bin/gcc",
                "a.c", "/w", {{"adapter", "cc"}, {"tool", "/usr/bin/gcc"}}};
  for (auto& field : fields) out.fields.push_back(std::move(field));
  return out;
}
KeyRecord arguments(const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const std::string& text : texts) fields.emplace_back("argument", text);
  return record(std::move(fields));
}

std::string words(const KeyRecord& then, const KeyRecord& now) {
  std::string out;
  for (const Difference& d : differences(then, now)) out += (out.empty() ? "" : "; ") + d.text;
  return out;
}

TEST(KeyDifference, OfArguments) {
  EXPECT_EQ(words(arguments({"-c", "-O1"}), arguments({"-c", "-O1"})), "");
  EXPECT_EQ(words(arguments({"-c", "-O1"}), arguments({"-c", "-O2"})),
            "argument -O2 instead of -O1");
  EXPECT_EQ(words(arguments({"-DV=1"}), arguments({"-DV=2"})), "argument -DV=2 instead of -DV=1");
  EXPECT_EQ(words(arguments({"-fPIC"}), arguments({"-fno-PIC"})),
            "argument -fno-PIC instead of -fPIC");
  EXPECT_EQ(words(arguments({"-c"}), arguments({"-c", "-g3"})), "argument -g3 is new");
  EXPECT_EQ(words(arguments({"-c", "-Wall"}), arguments({"-c"})),
            "argument -Wall is no longer given");
  EXPECT_EQ(words(arguments({"-Ia", "-Ib"}), arguments({"-Ib", "-Ia"})),
            "the order of the arguments");
  EXPECT_EQ(words(arguments({"-Ia", "-Ia"}), arguments({"-Ia"})),
            "argument -Ia is no longer given");
}

TEST(KeyDifference, OfOtherFields) {
  const std::string one(64, '1'), two(64, '2');
  const struct {
    std::string name, then, now, text;
  } cases[] = {
      {"source", one, two, "the text of the source"},
      {"content of <cwd>/gen", one, two, "the content of <cwd>/gen"},
      {"tool digest", one, two, "the content of the tool's own file"},
      {"variable LANG", "#1", "#2", "variable LANG has another value"},
      {"umask", "18", "63", "the umask (63 instead of 18, decimal)"},
      {"salt", "", "x", "another salt (key.salt)"},
      {"known as", "gcc", "clang", "known as clang instead of gcc"},
      {"input", one, two, "the content of the input"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(words(record({{c.name, c.then}}), record({{c.name, c.now}})), c.text);
  EXPECT_EQ(words(record({}), record({{"variable LANG", "#1"}})), "variable LANG is set now");
  EXPECT_EQ(words(record({{"variable LANG", "#1"}}), record({})), "variable LANG is no longer set");
}

TEST(KeyDifference, NamesTheSource) {
  const auto with = [](std::vector<std::string> texts, char digit) {
    KeyRecord out = arguments(texts);
    out.fields.emplace_back("source", std::string(64, digit));
    return out;
  };
  EXPECT_EQ(words(with({"-c", "<cwd>/a.c"}, '1'), with({"-c", "<cwd>/a.c"}, '2')),
            "the text of a.c");
  EXPECT_EQ(words(with({"x.c", "-o"}, '1'), with({"x.c", "-o"}, '2')), "the text of x.c");
  EXPECT_EQ(words(with({"x.c", "y.c"}, '1'), with({"x.c", "y.c"}, '2')), "the text of the source");
}

TEST(KeyDifference, OfTwoSourcesLeavesTheSourcesOut) {
  KeyRecord a = arguments({"-c", "-O1", "<cwd>/a.c"}), b = arguments({"-c", "-O2", "<cwd>/b.c"});
  b.what = "b.c";
  a.fields.emplace_back("source", std::string(64, '1'));
  b.fields.emplace_back("source", std::string(64, '2'));
  EXPECT_EQ(words(a, b), "argument -O2 instead of -O1");
}

TEST(KeyDifference, TheLargestComesFirst) {
  KeyRecord other = arguments({"-O2"});
  other.fields[1].second = "/usr/bin/clang";
  EXPECT_EQ(words(arguments({"-O1"}), other),
            "tool /usr/bin/clang instead of /usr/bin/gcc; argument -O2 instead of -O1");
}

class NearestTest : public os::DirectoryTest {
 protected:
  void add(KeyRecord record, std::int64_t time_s, const std::string& key) {
    record.time_ns = time_s * 1'000'000'000;
    record.probe_key = key;
    ASSERT_TRUE(journal::append_key(dir_, record));
  }
  Nearest find(const std::string& key) {
    const auto history = KeyHistory::read(dir_);
    EXPECT_TRUE(history);
    return history ? history->find(key, 1'000'000'000'000) : Nearest();
  }
};

TEST_F(NearestTest, IsTheNearestAndNotTheNewest) {
  add(arguments({"-c", "-O1"}), 1, "aa");
  add(arguments({"-c", "-O1", "-g", "-DX", "-Wall"}), 2, "bb");
  add(arguments({"-c", "-O2"}), 3, "cc");
  const auto found = find("cc");
  ASSERT_TRUE(found.command);
  EXPECT_EQ(found.command->probe_key, "aa");
  ASSERT_EQ(found.differences.size(), 1u);
  EXPECT_EQ(found.differences[0].text, "argument -O2 instead of -O1");
}

TEST_F(NearestTest, OfEquallyNearOnesTheNewest) {
  add(arguments({"-O1"}), 1, "aa");
  add(arguments({"-O3"}), 2, "bb");
  add(arguments({"-O2"}), 3, "cc");
  EXPECT_EQ(find("cc").command->probe_key, "bb");
}

TEST_F(NearestTest, WhatIsFarIsNotNear) {
  KeyRecord other = arguments({"x", "y", "z"});
  other.what = "b.rs";
  other.fields[0].second = "rust";
  other.fields[1].second = "/usr/bin/rustc";
  add(other, 1, "aa");
  add(arguments({"-c"}), 2, "bb");
  EXPECT_FALSE(find("bb").command);
  EXPECT_FALSE(find("unknown").command);
}

// Another source of the same project: what differs is still told.
TEST_F(NearestTest, AnotherSourceWithTheSameTool) {
  add(arguments({"-c", "-O1"}), 1, "aa");
  KeyRecord other = arguments({"-c", "-O2"});
  other.what = "b.c";
  add(other, 2, "bb");
  const auto found = find("bb");
  ASSERT_TRUE(found.command);
  EXPECT_EQ(found.command->what, "a.c");
}

TEST_F(NearestTest, FindsByTheFirstDigits) {
  add(arguments({"-c"}), 1, "abc1");
  add(arguments({"-g"}), 2, "abc2");
  const auto history = KeyHistory::read(dir_);
  ASSERT_TRUE(history);
  EXPECT_EQ(history->find_key("abc")->probe_key, "abc2");
  EXPECT_EQ(history->find_key("abd"), nullptr);
}

// A link differs from every compile in more than its arguments say.
TEST_F(NearestTest, ALinkIsNoNeighbourOfACompile) {
  auto compile = arguments({"-c"});
  compile.what = "a.c";
  compile.fields.emplace_back("output extension", ".o");
  auto link = arguments({"-s"});
  link.what = "app";
  link.fields.emplace_back("output extension", "");
  add(compile, 1, "aa");
  add(link, 2, "bb");
  EXPECT_FALSE(find("bb").command);
  compile.what = "b.c";
  add(compile, 3, "cc");
  EXPECT_TRUE(find("cc").command);
}

TEST(KeyDifference, AnEmptyValueIsNamed) {
  KeyRecord then, now;
  then.fields.emplace_back("output extension", ".s");
  now.fields.emplace_back("output extension", "");
  EXPECT_EQ(differences(then, now).at(0).text, "output extension none instead of .s");
}

// It is compared with what was known when it was new the last time.
TEST_F(NearestTest, ACommandThatWasNewTwice) {
  add(arguments({"-c"}), 1, "aa");
  add(arguments({"-c", "-g"}), 5, "bb");
  add(arguments({"-c"}), 9, "aa");
  const auto found = find("aa");
  ASSERT_TRUE(found.command);
  EXPECT_EQ(found.command->probe_key, "bb");
}

}  // namespace
}  // namespace deja::explain
