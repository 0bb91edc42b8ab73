// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <utility>

#include "os/clock.h"
#include "os/directory_test.h"
#include "os/file.h"

namespace deja::config {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConfigTest : public os::DirectoryTest {
 protected:
  void SetUp() override {
    cwd_ = dir_ + "/work/sub";
    ASSERT_TRUE(os::make_directories(cwd_));
    variables_["HOME"] = dir_ + "/home";
  }
  Sources sources() {
    return {[this](std::string_view name) -> std::optional<std::string_view> {
              const auto found = variables_.find(std::string(name));
              if (found == variables_.end()) return std::nullopt;
              return std::string_view(found->second);
            },
            cwd_};
  }
  Loaded load_all() { return load(sources()); }
  std::string origin(const Loaded& loaded, std::string_view key) {
    for (const Origin& o : loaded.origins)
      if (o.key == key) return o.origin;
    return "no such key";
  }

  std::string cwd_;
  std::map<std::string, std::string> variables_;
};

TEST_F(ConfigTest, DefaultsWithoutAnything) {
  const Loaded loaded = load_all();
  EXPECT_FALSE(loaded.config.disable);
  EXPECT_EQ(loaded.config.store_limit_bytes, 10'000'000'000u);
  EXPECT_EQ(loaded.config.daemon_mode, DaemonMode::automatic);
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.files, IsEmpty());
  EXPECT_THAT(loaded.origins, SizeIs(settings().size()));
  EXPECT_EQ(origin(loaded, "store.limit"), "default");
}

TEST_F(ConfigTest, EnvironmentOverProjectOverUser) {
  write("home/.config/deja/config.toml", "progress = 'all'\nkey.salt = 'user'\nlog = 'stderr'\n");
  write("work/.deja.toml", "progress = 'hits'\n[key]\nsalt = 'project'\n");
  variables_["DEJA_PROGRESS"] = "off";
  const Loaded loaded = load_all();
  EXPECT_EQ(loaded.config.progress, Progress::off);
  EXPECT_EQ(loaded.config.key_salt, "project");
  EXPECT_EQ(loaded.config.log, "stderr");
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(origin(loaded, "progress"), "environment DEJA_PROGRESS");
  EXPECT_EQ(origin(loaded, "key.salt"), dir_ + "/work/.deja.toml:3");
  EXPECT_THAT(loaded.files,
              ElementsAre(dir_ + "/work/.deja.toml", dir_ + "/home/.config/deja/config.toml"));
}

TEST_F(ConfigTest, OnlyTheNearestProjectFile) {
  write("work/.deja.toml", "disable = true\n");
  write("work/sub/.deja.toml", "progress = 'all'\n");
  const Loaded loaded = load_all();
  EXPECT_FALSE(loaded.config.disable);
  EXPECT_EQ(loaded.config.progress, Progress::all);
}

TEST_F(ConfigTest, XdgConfigHomeReplacesHome) {
  write("home/.config/deja/config.toml", "disable = true\n");
  write("xdg/deja/config.toml", "log = 'x'\n");
  variables_["XDG_CONFIG_HOME"] = dir_ + "/xdg";
  EXPECT_EQ(load_all().config.log, dir_ + "/xdg/deja/x");
  EXPECT_FALSE(load_all().config.disable);
  variables_["XDG_CONFIG_HOME"] = "relative";  // not allowed, so ignored
  EXPECT_TRUE(load_all().config.disable);
}

TEST_F(ConfigTest, NamedFileReplacesBoth) {
  write("home/.config/deja/config.toml", "disable = true\n");
  write("work/.deja.toml", "disable = true\n");
  write("work/sub/my.toml", "log = 'mine'\n");
  variables_["DEJA_CONFIG"] = "my.toml";  // relative to cwd
  EXPECT_FALSE(load_all().config.disable);
  EXPECT_EQ(load_all().config.log, cwd_ + "/mine");
  variables_["DEJA_CONFIG"] = "/dev/null";
  EXPECT_FALSE(load_all().config.disable);
  EXPECT_THAT(load_all().problems, IsEmpty());
  variables_["DEJA_CONFIG"] = "gone.toml";
  ASSERT_THAT(load_all().problems, SizeIs(1));
  EXPECT_THAT(load_all().problems[0].text(), HasSubstr("gone.toml: there is no such file"));
  variables_["DEJA_CONFIG"] = "";  // as if unset
  EXPECT_TRUE(load_all().config.disable);
}

TEST_F(ConfigTest, ToolsOfAllLayersAreOneTable) {
  write("home/.config/deja/config.toml", "[tools]\na = 'gcc'\nb = 'ar'\n");
  write("work/.deja.toml", "tools.b = 'any'\ntools.'c.x-2' = 'clang'\n");
  variables_["DEJA_TOOLS"] = "c.x-2=gcc,d=nasm";
  const Loaded loaded = load_all();
  EXPECT_THAT(loaded.problems, IsEmpty());
  const std::map<std::string, std::string> expected = {
      {"a", "gcc"}, {"b", "any"}, {"c.x-2", "gcc"}, {"d", "nasm"}};
  EXPECT_EQ(loaded.config.tools, expected);
  EXPECT_EQ(origin(loaded, "tools.*"), "environment DEJA_TOOLS");
}

TEST_F(ConfigTest, ToolsAreNamesNotPaths) {
  write("work/.deja.toml", "tools.'/bin/x' = 'gcc'\ntools.y = '/usr/bin/gcc'\ntools.z = 3\n");
  variables_["DEJA_TOOLS"] = "w";
  const Loaded loaded = load_all();
  EXPECT_THAT(loaded.problems, SizeIs(4));
  EXPECT_THAT(loaded.config.tools, IsEmpty());
}

TEST_F(ConfigTest, AllSettings) {
  write("work/.deja.toml",
        "disable = true\nprogress = 'hits'\nremote = ['s3://a', 'file:///b']\n"
        "exclude = ['x/**']\nmin_cost = '5ms'\nfallback = 'ccache'\n"
        "remote_mode = 'ro'\n[paths]\nportable = true\nbase_dirs = ['.', "
        "'/x//y/']\n"
        "[key]\nsalt = 's'\n[daemon]\nmode = 'off'\n[audit]\nrate = '0.25'\n"
        "[rust]\nincremental = false\nbuild_scripts = true\n[tools]\nmy-cc = 'gcc'\n"
        "[remotes]\nnamespace = 'team'\ntimeout = '2s'\nsigning_key = 'key'\n"
        "trusted_writers = '/x/writers'\nprefetch = false\nproject = 'x'\n"
        "upload_limit = '5M'\ndownload_limit = 7\n[bypass]\ntools = ['gcc-9*']\n"
        "arguments = ['-fplugin=*']\nvariables = ['FOO', 'BAR=1']\n"
        "[run]\nnever = ['a', '*/b']\ndriver = 'c d*'\nalways = ['e']\ncommands = true\n");
  write("home/.config/deja/config.toml",
        "log = 'a'\nstore.limit = 5000\nstore.spares = '7M'\ndaemon.idle_exit = '90s'\n"
        "heartbeat = '5m'\n");
  const Loaded loaded = load_all();
  EXPECT_THAT(loaded.problems, IsEmpty());
  const Config& c = loaded.config;
  EXPECT_TRUE(c.disable);
  EXPECT_TRUE(c.portable);
  EXPECT_EQ(c.store_limit_bytes, 5000u);
  EXPECT_EQ(c.store_spares_bytes, 7'000'000u);
  EXPECT_THAT(c.base_dirs, ElementsAre(dir_ + "/work", "/x/y"));
  EXPECT_EQ(c.daemon_mode, DaemonMode::off);
  EXPECT_EQ(c.daemon_idle_exit_s, 90u);
  EXPECT_EQ(c.heartbeat_s, 300u);
  EXPECT_EQ(c.log, dir_ + "/home/.config/deja/a");
  EXPECT_EQ(c.audit_rate, 0.25);
  EXPECT_FALSE(c.rust_incremental);
  EXPECT_TRUE(c.rust_build_scripts);
  EXPECT_EQ(c.tools.at("my-cc"), "gcc");
  EXPECT_THAT(c.exclude, ElementsAre(dir_ + "/work/x/**"));
  EXPECT_THAT(c.bypass_tools, ElementsAre("gcc-9*"));
  EXPECT_THAT(c.bypass_arguments, ElementsAre("-fplugin=*"));
  EXPECT_THAT(c.bypass_variables, ElementsAre("FOO", "BAR=1"));
  EXPECT_THAT(c.run_never, ElementsAre("a", "*/b"));
  EXPECT_THAT(c.run_driver, ElementsAre("c d*"));
  EXPECT_THAT(c.run_always, ElementsAre("e"));
  EXPECT_TRUE(c.run_commands);
  EXPECT_EQ(c.min_cost_ms, 5u);
  EXPECT_EQ(c.fallback, "ccache");
  EXPECT_THAT(c.remote, ElementsAre("s3://a", "file:///b"));
  EXPECT_EQ(c.remote_mode, RemoteMode::read_only);
  EXPECT_EQ(c.remote_namespace, "team");
  EXPECT_EQ(c.remote_timeout_ms, 2000u);
  EXPECT_EQ(c.remote_signing_key, dir_ + "/work/key");
  EXPECT_EQ(c.remote_trusted_writers, "/x/writers");
  EXPECT_FALSE(c.remote_prefetch);
  EXPECT_EQ(c.remote_project, "x");
  EXPECT_EQ(c.remote_upload_limit, 5'000'000u);
  EXPECT_EQ(c.remote_download_limit, 7u);
  for (const Origin& o : loaded.origins) EXPECT_NE(o.origin, "default") << o.key;
}

TEST_F(ConfigTest, APasswordOfARemoteIsNotShown) {
  variables_["DEJA_REMOTE"] =
      "redis://user:secret@host:1/2,https://:sec:ret@host/x@y,s3://bucket/p:x@y,file:///a:b@c";
  const Loaded loaded = load_all();
  const auto at = std::find_if(loaded.origins.begin(), loaded.origins.end(),
                               [](const Origin& o) { return o.key == "remote"; });
  ASSERT_NE(at, loaded.origins.end());
  EXPECT_EQ(at->value,
            "[\"redis://user:***@host:1/2\", \"https://:***@host/x@y\", "
            "\"s3://bucket/p:x@y\", \"file:///a:b@c\"]");
  EXPECT_THAT(loaded.config.remote, Contains("redis://user:secret@host:1/2"));
}

TEST_F(ConfigTest, ATimeoutOfARemoteHasAUnitAndBounds) {
  for (const char* wrong : {"'0ms'", "'61s'", "'soon'", "500", "true"}) {
    write("work/.deja.toml", std::string("remotes.timeout = ") + wrong + "\n");
    const Loaded loaded = load_all();
    EXPECT_THAT(loaded.problems, SizeIs(1)) << wrong;
    EXPECT_EQ(loaded.config.remote_timeout_ms, 500u) << wrong;
  }
}

// All projects share one store and one engine.
TEST_F(ConfigTest, AnswerTextHoldsWhatCanChangeAnAnswer) {
  const std::string plain = load_all().answer_text;
  const auto with = [this](const std::string& name, const std::string& value) {
    variables_[name] = value;
    const std::string text = load_all().answer_text;
    variables_.erase(name);
    return text;
  };
  EXPECT_NE(with("DEJA_KEY_SALT", "x"), plain);
  EXPECT_NE(with("DEJA_PORTABLE", "1"), plain);
  EXPECT_NE(with("DEJA_EXCLUDE", "*.c"), plain);
  EXPECT_NE(with("DEJA_FALLBACK", "ccache"), plain);
  EXPECT_EQ(with("DEJA_MIN_COST", "5ms"), plain);
  EXPECT_EQ(with("DEJA_LOG", "stderr"), plain);
  // A value ends with a NUL, so that it cannot be mistaken for another setting.
  EXPECT_NE(plain.find(std::string("key.salt=\"\"\0", 12)), std::string::npos);
}

TEST_F(ConfigTest, WhatIsTheUsersIsNoProjects) {
  const std::string text = "store.limit = 5000\ndaemon.idle_exit = '90s'\nlog = 'stderr'\n";
  write("work/.deja.toml", text);
  const Loaded projects = load_all();
  EXPECT_EQ(projects.config.store_limit_bytes, Config().store_limit_bytes);
  EXPECT_EQ(projects.config.daemon_idle_exit_s, Config().daemon_idle_exit_s);
  EXPECT_EQ(projects.config.log, "");
  EXPECT_EQ(origin(projects, "store.limit"), "default");
  ASSERT_THAT(projects.problems, SizeIs(3));
  for (const Problem& problem : projects.problems)
    EXPECT_THAT(problem.text(), HasSubstr(": works only in the user's own file"));
  write("home/.config/deja/config.toml", text);
  EXPECT_EQ(load_all().config.store_limit_bytes, 5000u);
  EXPECT_EQ(load_all().config.log, "stderr");
  // A named file replaces both.
  variables_["DEJA_CONFIG"] = dir_ + "/work/.deja.toml";
  EXPECT_THAT(load_all().problems, IsEmpty());
  EXPECT_EQ(load_all().config.daemon_idle_exit_s, 90u);
}

TEST_F(ConfigTest, EnvironmentForms) {
  variables_["DEJA_DISABLE"] = "1";
  variables_["DEJA_BASE_DIR"] = "/a/:/b";
  variables_["DEJA_REMOTE"] = "redis://h, http://g";
  variables_["DEJA_REMOTE_MODE"] = "wo";
  variables_["DEJA_DAEMON"] = "off";
  const Loaded loaded = load_all();
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_TRUE(loaded.config.disable);
  EXPECT_THAT(loaded.config.base_dirs, ElementsAre("/a", "/b"));
  EXPECT_THAT(loaded.config.remote, ElementsAre("redis://h", "http://g"));
  EXPECT_EQ(loaded.config.remote_mode, RemoteMode::write_only);
}

TEST_F(ConfigTest, WrongValuesAreProblemsAndTheNextLayerHolds) {
  write("work/.deja.toml",
        "disable = 'yes'\nprogress = 'hits'\ntypo = 1\n\n\n[paths]\nbase_dirs = "
        "[1]\n");
  write("home/.config/deja/config.toml", "store.limit = -4\n");
  variables_["DEJA_PROGRESS"] = "loud";
  variables_["DEJA_BASE_DIR"] = "relative";
  const Loaded loaded = load_all();
  EXPECT_FALSE(loaded.config.disable);
  EXPECT_EQ(loaded.config.progress, Progress::hits);
  EXPECT_EQ(loaded.config.store_limit_bytes, 10'000'000'000u);
  EXPECT_THAT(loaded.config.base_dirs, IsEmpty());
  std::vector<std::string> texts;
  for (const Problem& p : loaded.problems) texts.push_back(p.text());
  EXPECT_THAT(
      texts,
      ::testing::UnorderedElementsAre(
          HasSubstr(
              "/work/.deja.toml:1: disable: expected true or false, not 'yes'; false is used"),
          HasSubstr("/work/.deja.toml:3: typo: there is no such setting"),
          HasSubstr("/config.toml:1: store.limit: expected size"),
          HasSubstr("/work/.deja.toml:7: paths.base_dirs: expected list"),
          HasSubstr("environment DEJA_PROGRESS: progress: expected \"off\""),
          HasSubstr("environment DEJA_BASE_DIR: paths.base_dirs: expected list")));
}

TEST_F(ConfigTest, ExcludeIsRelativeToTheFile) {
  const std::string text = "exclude = ['*.gen.c', 'a/', './b/*.c', '**/c/*', '/d/', '/e']\n";
  write("work/[x]/.deja.toml", text);
  const std::string before = std::exchange(cwd_, dir_ + "/work/[x]");
  EXPECT_THAT(load_all().config.exclude,
              ElementsAre("**/*.gen.c", dir_ + "/work/\\[x]/a/**", dir_ + "/work/\\[x]/b/*.c",
                          "**/c/*", "/d/**", "/e"));
  cwd_ = before;
  // The user's own file belongs to no project.
  write("home/.config/deja/config.toml", text);
  EXPECT_THAT(load_all().config.exclude,
              ElementsAre("**/*.gen.c", "**/a/**", "**/b/*.c", "**/c/*", "/d/**", "/e"));
  variables_["DEJA_EXCLUDE"] = "/x/**:*.y";
  EXPECT_THAT(load_all().config.exclude, ElementsAre("/x/**", "**/*.y"));
  EXPECT_THAT(load_all().problems, IsEmpty());
  variables_["DEJA_EXCLUDE"] = "x/y";  // relative to what?
  EXPECT_THAT(load_all().problems, SizeIs(1));
}

TEST_F(ConfigTest, RulesThatMakeNoSenseAreProblems) {
  for (const char* wrong :
       {"exclude = ['']", "exclude = 3", "bypass.tools = 3", "bypass.tools = ''",
        "bypass.arguments = ['']", "bypass.variables = [1]", "min_cost = 5", "min_cost = '0.5ms'",
        "min_cost = 'much'", "fallback = './ccache'", "fallback = ['ccache']"}) {
    write("work/.deja.toml", std::string(wrong) + "\n");
    const Loaded loaded = load_all();
    ASSERT_THAT(loaded.problems, SizeIs(1)) << wrong;
    EXPECT_THAT(loaded.problems[0].text(), HasSubstr("/work/.deja.toml:1: ")) << wrong;
    EXPECT_EQ(loaded.answer_text, load({[](auto) { return std::nullopt; }, "/"}).answer_text);
  }
}

TEST_F(ConfigTest, ATextIsOnePattern) {
  write("work/.deja.toml", "bypass.arguments = '-DA=1,2:3'\nexclude = '*.y'\n");
  EXPECT_THAT(load_all().config.bypass_arguments, ElementsAre("-DA=1,2:3"));
  EXPECT_THAT(load_all().config.exclude, ElementsAre("**/*.y"));
  EXPECT_THAT(load_all().problems, IsEmpty());
}

TEST_F(ConfigTest, ACommandCanDoWithoutTheFallbackOfItsProject) {
  write("work/.deja.toml", "fallback = '/opt/bin/icecc'\n");
  EXPECT_EQ(load_all().config.fallback, "/opt/bin/icecc");
  variables_["DEJA_FALLBACK"] = "off";
  EXPECT_EQ(load_all().config.fallback, "");
  EXPECT_THAT(load_all().problems, IsEmpty());
}

TEST_F(ConfigTest, AMistypedSettingIsRecognized) {
  const std::pair<const char*, const char*> rows[] = {
      {"stor.limit = 1", "; did you mean store.limit?"},
      {"limit = 1", "; did you mean store.limit?"},
      {"store.lmiit = 1", "; did you mean store.limit?"},
      {"excludes = ['x']", "; did you mean exclude?"},
      {"paths.exclude = ['x']", "; did you mean exclude?"},
      {"bypass.tool = 'gcc'", "; did you mean bypass.tools?"},
      {"fancy = 1", "there is no such setting; `deja config` lists all"},
  };
  for (const auto& [line, expected] : rows) {
    write("work/.deja.toml", "# a comment\n" + std::string(line) + "\ndisable = true\n");
    const Loaded loaded = load_all();
    ASSERT_THAT(loaded.problems, SizeIs(1)) << line;
    EXPECT_THAT(loaded.problems[0].text(), HasSubstr("/work/.deja.toml:2: ")) << line;
    EXPECT_THAT(loaded.problems[0].text(), HasSubstr(expected)) << line;
    EXPECT_TRUE(loaded.config.disable) << "the rest of the file counts";
  }
}

TEST_F(ConfigTest, BrokenFileIsOneProblem) {
  write("work/.deja.toml", "disable = true\nlog = [\n");
  const Loaded loaded = load_all();
  EXPECT_FALSE(loaded.config.disable);
  ASSERT_THAT(loaded.problems, SizeIs(1));
  EXPECT_THAT(loaded.problems[0].text(), HasSubstr("/work/.deja.toml:"));
  EXPECT_EQ(loaded.problems[0].text().find('\n'), std::string::npos);
}

TEST_F(ConfigTest, UntrustedAndStrangeFilesAreIgnored) {
  write("work/.deja.toml", "disable = true\n");
  const std::string path = dir_ + "/work/.deja.toml";
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  EXPECT_FALSE(load_all().config.disable);
  ASSERT_THAT(load_all().problems, SizeIs(1));
  EXPECT_THAT(load_all().problems[0].what, HasSubstr("every user may write"));
  ASSERT_EQ(::unlink(path.c_str()), 0);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);  // must not hang
  EXPECT_THAT(load_all().problems, SizeIs(1));
  ASSERT_EQ(::unlink(path.c_str()), 0);
  ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
  EXPECT_THAT(load_all().problems, SizeIs(1));
}

TEST_F(ConfigTest, FileOfAnotherUserIsIgnored) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  write("work/.deja.toml", "disable = true\n");
  ASSERT_EQ(::chown((dir_ + "/work/.deja.toml").c_str(), 4242, 4242), 0);
  EXPECT_FALSE(load_all().config.disable);
  ASSERT_THAT(load_all().problems, SizeIs(1));
  EXPECT_THAT(load_all().problems[0].what, HasSubstr("another user"));
}

TEST_F(ConfigTest, LoaderSeesEveryChange) {
  Loader loader;
  const auto first = loader.load(sources());
  EXPECT_EQ(loader.load(sources()), first);  // the same object
  variables_["DEJA_KEY_SALT"] = "x";
  EXPECT_EQ(loader.load(sources())->config.key_salt, "x");
  variables_.erase("DEJA_KEY_SALT");
  EXPECT_EQ(loader.load(sources()), first);
  // Same size, written as fast as possible: must not be reused while the clock cannot tell them
  // apart.
  for (int i = 0; i < 50; ++i) {
    const std::string salt = std::to_string(100 + i);
    write("work/.deja.toml", "key.salt = '" + salt + "'\n");
    EXPECT_EQ(loader.load(sources())->config.key_salt, salt);
    EXPECT_EQ(loader.load(sources())->config.key_salt, salt);
  }
  // Once the clock has moved on, the result is reused.
  const std::int64_t deadline = os::monotonic_ns() + 10'000'000'000;
  while (loader.load(sources()) != loader.load(sources())) ASSERT_LT(os::monotonic_ns(), deadline);
  ASSERT_TRUE(os::remove_file(dir_ + "/work/.deja.toml"));
  EXPECT_EQ(loader.load(sources())->config.key_salt, "");
}

TEST_F(ConfigTest, Places) {
  EXPECT_EQ(places(sources())->dir, dir_ + "/home/.cache/deja");
  variables_["XDG_CACHE_HOME"] = "/xdg";
  EXPECT_EQ(places(sources())->dir, "/xdg/deja");
  variables_["DEJA_DIR"] = "here";
  EXPECT_EQ(places(sources())->dir, cwd_ + "/here");
  variables_["DEJA_DIR"] = "/there/";
  EXPECT_EQ(places(sources())->dir, "/there");
  EXPECT_EQ(places(sources())->socket, "/there/daemon.sock");
  variables_.clear();
  EXPECT_FALSE(places(sources()));
}

}  // namespace
}  // namespace deja::config
