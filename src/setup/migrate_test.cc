// SPDX-License-Identifier: Apache-2.0
#include "setup/migrate.h"

#include <gmock/gmock.h>

#include <set>

#include "config/config.h"
#include "os/directory_test.h"
#include "os/file.h"

namespace deja::setup {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class Migrate : public ::testing::Test {
 protected:
  void SetUp() override {
    here_.cwd = here_.home = dir_.path();
    here_.config_home = dir_.path() + "/.config";
    here_.config_file = here_.config_home + "/deja/config.toml";
    here_.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
  }
  void write(const std::string& name, const std::string& text) {
    const std::string path = here_.config_home + "/" + name;
    ASSERT_TRUE(os::make_directories(path.substr(0, path.rfind('/'))));
    ASSERT_TRUE(os::write_file_atomic(path, text));
  }
  Plan migrate(const std::string& cache, bool remove = false) {
    auto plan = plan_migration(here_, cache, remove);
    EXPECT_TRUE(plan) << plan.error().message;
    EXPECT_TRUE(apply(*plan));
    return *plan;
  }
  std::string file() { return *text_of(here_.config_file); }

  os::ScratchDirectory dir_{"/tmp/deja-migrate."};
  Surroundings here_;
  std::map<std::string, std::string> variables_;
};

TEST_F(Migrate, TakesCcachesFileAndVariables) {
  write("ccache/ccache.conf",
        "# mine\nmax_size = 20G\nbase_dir = $SRC\nsloppiness = time_macros\nhash_dir=false\n"
        "remote_storage = redis://u:secret@host|read-only gopher://x\nnonsense = 1\n");
  variables_ = {{"SRC", "/src"}, {"CCACHE_MAXSIZE", "7"}};
  const Plan plan = migrate("ccache");
  EXPECT_THAT(file(), AllOf(HasSubstr("limit = \"7G\""), HasSubstr("base_dirs = [\"/src\"]"),
                            HasSubstr("portable = true"), HasSubstr("remote_mode = \"ro\""),
                            HasSubstr("remote = [\"redis://u:secret@host\"]")));
  const std::string notes = ::testing::PrintToString(plan.notes);
  EXPECT_THAT(notes, AllOf(HasSubstr("no counterpart: sloppiness: deja has no such setting"),
                           HasSubstr("gopher://x is not a remote"),
                           HasSubstr("nonsense: deja does not know"), Not(HasSubstr("secret"))));
  EXPECT_THAT(describe(plan), Not(HasSubstr("secret")));
  EXPECT_EQ((*os::stat_file(here_.config_file))->mode & 0777, 0600U);
  EXPECT_THAT(migrate("ccache").steps, IsEmpty());
  migrate("ccache", true);
  EXPECT_FALSE(*os::stat_file(here_.config_file));
}

TEST_F(Migrate, TakesSccachesS3AndRedis) {
  write("sccache/config",
        "[cache.s3]\nbucket = 'builds'\nkey_prefix = '/x/'\nregion = 'eu'\nuse_ssl = false\n"
        "endpoint = 'minio:9000'\n[cache.redis]\npassword = 'pw'\n");
  variables_ = {{"SCCACHE_CACHE_SIZE", "10G"},
                {"SCCACHE_IDLE_TIMEOUT", "0"},
                {"SCCACHE_REDIS_ENDPOINT", "tcp://host:6379"},
                {"SCCACHE_REDIS_PASSWORD", "pw"},
                {"SCCACHE_REDIS_DB", "2"}};
  const Plan plan = migrate("sccache");
  EXPECT_THAT(
      file(),
      AllOf(HasSubstr("s3://builds/x?region=eu&endpoint=http://minio:9000&style=path"),
            HasSubstr("redis://host:6379/2?password_variable=SCCACHE_REDIS_PASSWORD"),
            HasSubstr("limit = \"10Gi\""), HasSubstr("idle_exit = 0"), Not(HasSubstr("\"pw\""))));
  EXPECT_THAT(plan.notes, Contains(HasSubstr("cache.redis.password: a secret is not copied")));
}

TEST_F(Migrate, TakesKache) {
  write(
      "kache/config.toml",
      "[cache]\nlocal_max_size = '50GiB'\nprefetch_enabled = false\nexclude = ['a/**', 'b.c']\n"
      "fallback = 'sccache'\nmin_store_compile_ms = 20\nbypass_argv = ['x']\n"
      "[cache.remote]\ntype = 'filesystem'\npath = '/mnt/c'\n[paths]\nbase_dirs = ['/a', '/b']\n");
  const Plan plan = migrate("kache");
  EXPECT_THAT(file(), AllOf(HasSubstr("limit = \"50Gi\""), HasSubstr("prefetch = false"),
                            HasSubstr("remote = [\"file:///mnt/c\"]"),
                            HasSubstr("base_dirs = [\"/a\", \"/b\"]")));
  EXPECT_THAT(file(), AllOf(HasSubstr("exclude = [\"a/**\", \"b.c\"]"),
                            HasSubstr("fallback = \"sccache\""), HasSubstr("min_cost = \"20ms\"")));
  EXPECT_THAT(plan.notes, Contains(HasSubstr("cache.bypass_argv: ")));
}

TEST_F(Migrate, TheUsersOwnSettingsStay) {
  const std::string mine = "[store]\nlimit = \"1G\"  # small disk\n";
  write("deja/config.toml", mine);
  variables_ = {{"CCACHE_MAXSIZE", "20G"}, {"CCACHE_NAMESPACE", "x"}};
  const Plan plan = migrate("ccache");
  EXPECT_THAT(plan.notes,
              Contains(HasSubstr("not taken over, because the file sets store.limit already")));
  EXPECT_THAT(file(), AllOf(HasSubstr(mine), HasSubstr("salt = \"x\"")));
  migrate("ccache", true);
  EXPECT_EQ(file(), mine);
}

TEST_F(Migrate, WhatItWritesIsWhatDejaReads) {
  variables_ = {{"CCACHE_MAXSIZE", "20G"},    {"CCACHE_BASEDIR", "/src"},
                {"CCACHE_NOHASHDIR", "1"},    {"CCACHE_DISABLE", "1"},
                {"CCACHE_LOGFILE", "/tmp/x"}, {"CCACHE_REMOTE_STORAGE", "http://h/x"}};
  migrate("ccache");
  const auto loaded = config::load({[&](std::string_view name) -> std::optional<std::string_view> {
                                      if (name == "DEJA_CONFIG") return here_.config_file;
                                      return std::nullopt;
                                    },
                                    here_.cwd});
  for (const auto& problem : loaded.problems) ADD_FAILURE() << problem.text();
  EXPECT_EQ(loaded.config.store_limit_bytes, 20'000'000'000U);
  EXPECT_TRUE(loaded.config.disable && loaded.config.portable);
}

TEST_F(Migrate, EveryCounterpartIsASettingOfDeja) {
  std::set<std::string> known;
  for (const auto& info : config::settings()) known.insert(info.key);
  for (const auto rows : {ccache_rows(), sccache_rows(), kache_rows()}) {
    std::set<std::string> names;
    for (const ForeignRow& row : rows) {
      EXPECT_TRUE(row.take != nullptr || *row.why != '\0') << row.name << row.variable;
      EXPECT_TRUE(*row.variable == '\0' || names.insert(row.variable).second) << row.variable;
      for (const char* value : {"1", "true", "false", "/x", "5G", "redis://h", "ro", "hits"}) {
        const Foreign found[] = {{row.name, value, "file"}, {row.variable, value, "environment"}};
        const Draft draft = draft_from(found, rows);
        for (const auto& [key, toml] : draft.settings) EXPECT_TRUE(known.contains(key)) << key;
      }
    }
  }
}

}  // namespace
}  // namespace deja::setup
