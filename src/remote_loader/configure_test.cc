// SPDX-License-Identifier: Apache-2.0
#include "remote_loader/configure.h"

#include <gtest/gtest.h>

#include "remote_loader/plugin.h"

namespace deja::exchange {
namespace {

config::Config configured() {
  config::Config config;
  config.remote = {"https://host/x?token_variable=CI_TOKEN"};
  return config;
}

TEST(RemoteOptions, NoneWithoutARemote) {
  EXPECT_FALSE(options_from({}, {}));
  config::Config config = configured();
  config.remote_mode = config::RemoteMode::off;
  EXPECT_FALSE(options_from(config, {}));
}

TEST(RemoteOptions, FollowTheMode) {
  config::Config config = configured();
  EXPECT_TRUE(options_from(config, {})->reads && options_from(config, {})->writes);
  config.remote_mode = config::RemoteMode::read_only;
  EXPECT_FALSE(options_from(config, {})->writes);
  config.remote_mode = config::RemoteMode::write_only;
  EXPECT_FALSE(options_from(config, {})->reads);
}

TEST(RemoteOptions, KeepOnlyVariablesThatARemoteMayNeed) {
  const auto options = options_from(configured(), {"AWS_REGION=x", "CI_TOKEN=secret", "CI=1",
                                                   "OTHER_TOKEN=y", "PATH=/bin", "no_equals"});
  EXPECT_EQ(options->environment, (Variables{{"AWS_REGION", "x"}, {"CI_TOKEN", "secret"}}));
}

// Two requests share a connection only if all that it is made from is equal.
TEST(RemoteOptions, EachOneCountsForTheDigest) {
  const std::string base = digest_of(*options_from(configured(), {}));
  EXPECT_EQ(digest_of(*options_from(configured(), {"PATH=/other"})), base);
  EXPECT_NE(digest_of(*options_from(configured(), {"CI_TOKEN=other"})), base);
  std::vector<config::Config> others(10, configured());
  others[0].remote.push_back("file:///x");
  others[1].remote_mode = config::RemoteMode::read_only;
  others[2].remote_namespace = "x";
  others[3].remote_timeout_ms = 1;
  others[4].remote_signing_key = "/x";
  others[5].remote_trusted_writers = "/x";
  others[6].remote_prefetch = false;
  others[7].remote_project = "x";
  others[8].remote_upload_limit = 1;
  others[9].remote_download_limit = 1;
  for (std::size_t i = 0; i < others.size(); ++i)
    EXPECT_NE(digest_of(*options_from(others[i], {})), base) << i;
}

TEST(Plugin, AFileThatIsNoneIsAnError) {
  const auto loaded = load_plugin("/nowhere/libdeja-remote.so");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("/nowhere/libdeja-remote.so"), std::string::npos);
}

}  // namespace
}  // namespace deja::exchange
