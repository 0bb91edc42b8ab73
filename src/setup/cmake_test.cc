// SPDX-License-Identifier: Apache-2.0
#include "setup/cmake.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace deja::setup {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Names = std::vector<std::string>;

TEST(Presets, ANewFileGoesAwayAgain) {
  const auto text = add_presets("", {}, "deja");
  ASSERT_TRUE(text) << text.error().message;
  const auto json = nlohmann::json::parse(*text);
  ASSERT_EQ(json["configurePresets"].size(), 1U);
  EXPECT_EQ(json["configurePresets"][0]["name"], "deja");
  EXPECT_EQ(json["configurePresets"][0]["cacheVariables"]["CMAKE_CXX_COMPILER_LAUNCHER"], "deja");
  EXPECT_EQ(*add_presets(*text, {}, "deja"), *text);
  EXPECT_EQ(*remove_presets(*text), "");
}

TEST(Presets, EachBaseGetsOne) {
  const auto text = add_presets("", {"dev", "a \"b\""}, "/opt/deja");
  const auto json = nlohmann::json::parse(*text);
  EXPECT_EQ(json["configurePresets"][0]["name"], "deja-dev");
  EXPECT_EQ(json["configurePresets"][0]["inherits"], "dev");
  EXPECT_EQ(json["configurePresets"][1]["inherits"], "a \"b\"");
  EXPECT_EQ(*remove_presets(*text), "");
  // Another set of bases replaces the first.
  EXPECT_EQ(*add_presets(*text, {"dev"}, "deja"), *add_presets("", {"dev"}, "deja"));
}

TEST(Presets, TheUsersBytesStay) {
  for (const std::string before : {
           "{\"version\":3,\"configurePresets\":[]}",
           "{ \"version\": 4, \"configurePresets\" : [ ] ,\n\t\"x\": null}\n",
           "{\n  \"version\": 6,\n  \"configurePresets\": [\n    { \"name\": \"mine, [1]\" },\n"
           "    {\"name\":\"b\\\"]\"}\n  ]\n}\n",
           "{\"version\":3}",
           "{\n  \"version\": 3,\n  \"buildPresets\": [ ]\n}\n",
           "{\n  \"configurePresets\": [],\n \"version\": 3\n}\n",
       }) {
    const auto after = add_presets(before, {}, "deja");
    ASSERT_TRUE(after) << before << after.error().message;
    EXPECT_THAT(*after, HasSubstr("\"name\": \"deja\""));
    EXPECT_EQ(*remove_presets(*after), before);
    EXPECT_EQ(*add_presets(*after, {}, "deja"), *after);
  }
}

TEST(Presets, NamesThoseThatCanBeUsed) {
  EXPECT_THAT(*preset_names(R"({"version":3,"configurePresets":[{"name":"base","hidden":true},
      {"name":"dev"},{"name":"ci","hidden":false},{"name":"deja-dev","vendor":{"deja.init":""}}]})"),
              ElementsAre("dev", "ci"));
  EXPECT_EQ(*preset_names(""), Names());
}

TEST(Presets, RefusesWhatItDoesNotUnderstand) {
  EXPECT_FALSE(add_presets("[]", {}, "deja"));
  EXPECT_FALSE(add_presets("{\"version\":3,}", {}, "deja"));
  EXPECT_FALSE(add_presets("{\"version\":2}", {}, "deja"));
  EXPECT_FALSE(add_presets("{\"version\":3,\"configurePresets\":{}}", {}, "deja"));
  EXPECT_FALSE(
      add_presets("{\"version\":3,\"configurePresets\":[{\"name\":\"deja\"}]}", {}, "deja"));
  // Somebody has moved the preset behind one of his own.
  EXPECT_FALSE(remove_presets(R"({"version":3,"configurePresets":[{"name":"x"},
      {"name":"deja","vendor":{"deja.init":""}}]})"));
}

}  // namespace
}  // namespace deja::setup
