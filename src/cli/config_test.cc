// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "cli/cli_test.h"

namespace deja::cli {
namespace {

using ::testing::HasSubstr;

class ConfigTest : public CliTest {
 protected:
  std::string file() const {
    return os::read_file_if_exists(dir_ + "/home/.config/deja/config.toml")->value_or("(none)");
  }
  std::string get(const std::string& key) { return run({"config", "get", key}).out; }
};

TEST_F(ConfigTest, SetsGetsAndUnsets) {
  EXPECT_EQ(get("store.limit"), "10G\n");
  EXPECT_EQ(run({"config", "set", "store.limit", "20G"}).code, 0);
  EXPECT_EQ(run({"config", "set", "disable", "true"}).code, 0);
  EXPECT_EQ(run({"config", "set", "key.salt", "true"}).code, 0);
  EXPECT_EQ(run({"config", "set", "remote", R"(["redis://u:pw@h", "http://h/x"])"}).code, 0);
  EXPECT_EQ(run({"config", "set", "tools.acmecc", "gcc"}).code, 0);
  EXPECT_EQ(file(),
            "disable = true\nremote = [\"redis://u:pw@h\", \"http://h/x\"]\n[store]\nlimit = "
            "\"20G\"\n[key]\nsalt = \"true\"\n[tools]\nacmecc = \"gcc\"\n");
  EXPECT_EQ(get("store.limit"), "20G\n");
  EXPECT_EQ(get("disable"), "true\n");
  EXPECT_EQ(get("remote"), "[\"redis://u:***@h\", \"http://h/x\"]\n");
  EXPECT_EQ(run({"config", "list"}).code, 0);
  EXPECT_EQ(run({"config", "unset", "store.limit"}).code, 0);
  EXPECT_EQ(get("store.limit"), "10G\n");
  EXPECT_THAT(run({"config", "unset", "store.limit"}).out, HasSubstr("nothing to change"));
}

TEST_F(ConfigTest, AProjectHasAFileOfItsOwn) {
  EXPECT_EQ(run({"config", "path"}).out, dir_ + "/home/.config/deja/config.toml\n");
  EXPECT_EQ(run({"config", "path", "--project"}).out, dir_ + "/work/.deja.toml\n");
  EXPECT_EQ(run({"config", "set", "paths.portable", "true", "--project"}).code, 0);
  EXPECT_EQ(*os::read_file(dir_ + "/work/.deja.toml"), "[paths]\nportable = true\n");
  EXPECT_EQ(get("paths.portable"), "true\n");
  EXPECT_THAT(run({"config", "set", "store.limit", "1G", "--project"}).err,
              HasSubstr("works only in the user's own file"));
  EXPECT_EQ(file(), "(none)");
}

TEST_F(ConfigTest, MistakesAreOneLine) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"set", "store.limit", "many"},
        {"set", "store.limit", "0"},
        {"set", "disable", "perhaps"},
        {"set", "disable", "true\nx = 1"},
        {"set", "frob", "1"},
        {"set", "tools.*", "gcc"},
        {"set", "store.limit"},
        {"get"},
        {"get", "frob"},
        {"unset", "frob"},
        {"path", "x"},
        {"fly"}}) {
    std::vector<std::string> args = {"config"};
    args.insert(args.end(), words.begin(), words.end());
    const Ran ran = run(args);
    EXPECT_EQ(ran.code, 2) << ran.out << words[0];
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
  EXPECT_EQ(file(), "(none)");
}

}  // namespace
}  // namespace deja::cli
