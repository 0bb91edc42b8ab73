// SPDX-License-Identifier: Apache-2.0
#include "cli/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace deja::cli {
namespace {

Json sample() {
  Json value = {{"text", "a\"b\n\xff"},
                {"none", Json()},
                {"yes", true},
                {"number", -3},
                {"large", ~std::uint64_t{0}},
                {"real", 1756029600.5},
                {"texts", std::vector<std::string>{"x", "y"}},
                {"empty", Json::array()},
                {"object", Json::object()},
                {"inner", {{"a", 1}, {"b", {{"c", std::string("d")}}}}}};
  value["list"] = Json::array();
  value["list"].push_back({{"k", 1}, {"l", 2}});
  value["list"].push_back("z");
  value["yes"] = false;
  return value;
}

TEST(Json, PrintsAsTheLibraryDoes) {
  using Library = nlohmann::ordered_json;
  const std::string text = pretty(sample());
  const Library value = Library::parse(text, nullptr, false);
  ASSERT_FALSE(value.is_discarded()) << text;
  EXPECT_EQ(text, value.dump(2) + "\n");
  EXPECT_EQ(value["text"], "a\"b\n\xef\xbf\xbd");
  EXPECT_EQ(value["large"], ~std::uint64_t{0});
  EXPECT_EQ(value["yes"], false);
  EXPECT_EQ(value["inner"]["b"]["c"], "d");
  EXPECT_EQ(value["list"].size(), 2u);
  EXPECT_TRUE(value["none"].is_null());
}

TEST(Json, ReadsWhatItPrints) {
  EXPECT_EQ(pretty(Json::parse(pretty(sample()))), pretty(sample()));
  EXPECT_EQ(pretty(Json::parse("{")), "null\n");
  EXPECT_EQ(pretty(Json::parse(" 7 ")), "7\n");
}

TEST(Json, AddsOnlyNewMembers) {
  Json value = {{"a", 1}};
  value.add_missing({{"a", 2}, {"b", 3}});
  value.add_missing(Json::parse("[4]"));
  EXPECT_EQ(pretty(value), "{\n  \"a\": 1,\n  \"b\": 3\n}\n");
}

}  // namespace
}  // namespace deja::cli
