// SPDX-License-Identifier: Apache-2.0
#include "setup/toml_edit.h"

#include <gtest/gtest.h>

namespace deja::setup {
namespace {

constexpr std::string_view kMark = "  # by me";

std::string set(const std::string& text, std::string_view key, const std::string& value,
                std::string_view mark = {}) {
  const auto after = toml_set(text, toml_key(key), value, mark);
  return after ? *after : "error: " + after.error().message;
}

std::string unset(const std::string& text, std::string_view key, std::string_view mark = {}) {
  const auto after = toml_unset(text, toml_key(key), mark);
  return after ? *after : "error: " + after.error().message;
}

TEST(TomlEdit, AddsALineToItsTable) {
  EXPECT_EQ(set("", "store.limit", "\"5G\""), "[store]\nlimit = \"5G\"\n");
  EXPECT_EQ(set("[store]  # mine\nx = 1\n", "store.limit", "1"),
            "[store]  # mine\nlimit = 1\nx = 1\n");
  EXPECT_EQ(set("# top\na = 1\n\n# of t\n[t]\nx = 1\n", "log", "'x'"),
            "# top\na = 1\nlog = 'x'\n\n# of t\n[t]\nx = 1\n");
  EXPECT_EQ(set("a = 1", "b", "2"), "a = 1\nb = 2\n");
  EXPECT_EQ(set("", "tools.a cc", "\"gcc\""), "[tools]\n\"a cc\" = \"gcc\"\n");
}

TEST(TomlEdit, ReplacesAValueWhereItStands) {
  EXPECT_EQ(set("[store]\nlimit = \"1G\"  # small\n", "store.limit", "\"5G\""),
            "[store]\nlimit = \"5G\"  # small\n");
  EXPECT_EQ(set("store.limit = '1G'\n", "store.limit", "\"5G\""), "store.limit = \"5G\"\n");
  EXPECT_EQ(set("remote = [\n  'a',  # near\n  'b',\n]\nx = 1\n", "remote", "['c']"),
            "remote = ['c']\nx = 1\n");
  EXPECT_EQ(set("store = { limit = '1G' }\n", "store.limit", "2"), "store = { limit = 2 }\n");
}

TEST(TomlEdit, RefusesWhatItWouldBreak) {
  EXPECT_EQ(set("x = \n", "y", "1").substr(0, 6), "error:");
  EXPECT_EQ(set("store = { x = 1 }\n", "store.limit", "2").substr(0, 6), "error:");
  EXPECT_EQ(set("text = \"\"\"\n[store]\n\"\"\"\n", "store.limit", "2").substr(0, 6), "error:");
  EXPECT_EQ(set("", "x", "1\ny = 2").substr(0, 6), "error:");
  EXPECT_EQ(set("", "x", "word").substr(0, 6), "error:");
}

TEST(TomlEdit, RemovesALine) {
  EXPECT_EQ(unset("[store]\nlimit = 1\nx = 1\n", "store.limit"), "[store]\nx = 1\n");
  EXPECT_EQ(unset("remote = [\n  'a',\n]\nx = 1\n", "remote"), "x = 1\n");
  EXPECT_EQ(unset("x = 1\n", "y"), "x = 1\n");
  EXPECT_EQ(unset("store = { limit = 1, x = 2 }\n", "store.limit").substr(0, 6), "error:");
}

TEST(TomlEdit, AMarkSaysWhoseALineIs) {
  for (const std::string before : {"", "[a]\nb = 1\n", "[store]\n# mine\n", "[store]\nx = 1\n"}) {
    const std::string after = set(before, "store.limit", "1", kMark);
    EXPECT_NE(after, before);
    EXPECT_EQ(unset(after, "store.limit", kMark), before);
    EXPECT_EQ(*toml_remove_marked(after, kMark), before);
  }
  EXPECT_EQ(unset("x = 1\n", "x", kMark).substr(0, 6), "error:");
  EXPECT_EQ(*toml_remove_marked("[a]  # by me\nx = 1\ny = 1  # by me\n", kMark),
            "[a]  # by me\nx = 1\n");
}

TEST(TomlEdit, ReadsValues) {
  EXPECT_EQ(**toml_value("[store]\nlimit = '5G'\n", toml_key("store.limit")), "'5G'");
  EXPECT_FALSE(toml_value("", toml_key("store.limit"))->has_value());
  EXPECT_EQ(*toml_string("x = 'a'\n", toml_key("x")), "a");
  EXPECT_FALSE(toml_string("x = 1\n", toml_key("x")));
  const auto values = toml_values("a.b = [ 'x', 'y' ]\nc = true\nd = 'q'\n");
  EXPECT_EQ(*values, (TomlValues{{"a.b", "x,y"}, {"c", "true"}, {"d", "q"}}));
  EXPECT_EQ(*toml_string("x = " + toml_quoted("a\"\\\n\x7f") + "\n", toml_key("x")), "a\"\\\n\x7f");
}

}  // namespace
}  // namespace deja::setup
