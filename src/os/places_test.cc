// SPDX-License-Identifier: Apache-2.0
#include "os/places.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "os/directory_test.h"

namespace deja::os {
namespace {

std::string dir_of(const PlaceVariables& v) {
  char out[kPlaceMax];
  const long n = cache_dir(v, "/cwd", out);
  return n < 0 ? "none" : std::string(out, static_cast<std::size_t>(n));
}

std::string socket_of(const PlaceVariables& v, std::string_view dir) {
  char out[kPlaceMax];
  const long n = socket_path(v, dir, out);
  return n < 0 ? "none" : std::string(out, static_cast<std::size_t>(n));
}

TEST(Places, CacheDirectoryByPrecedence) {
  PlaceVariables v;
  EXPECT_EQ(dir_of(v), "none");
  v.home = "/home/u";
  EXPECT_EQ(dir_of(v), "/home/u/.cache/deja");
  v.xdg_cache_home = "/xdg";
  EXPECT_EQ(dir_of(v), "/xdg/deja");
  v.xdg_cache_home = "relative";  // ignored, as the XDG specification requires
  EXPECT_EQ(dir_of(v), "/home/u/.cache/deja");
  v.deja_dir = "here/";
  EXPECT_EQ(dir_of(v), "/cwd/here");
  v.deja_dir = "/abs";
  EXPECT_EQ(dir_of(v), "/abs");
}

TEST(Places, LongDirectoriesGetAShortSocket) {
  PlaceVariables v;
  EXPECT_EQ(socket_of(v, "/d"), "/d/daemon.sock");
  const std::string deep = "/" + std::string(200, 'x');
  EXPECT_TRUE(socket_of(v, deep).starts_with("/tmp/deja-"));
  v.xdg_runtime_dir = "/run/user/1";
  EXPECT_TRUE(socket_of(v, deep).starts_with("/run/user/1/deja/"));
  EXPECT_NE(socket_of(v, deep), socket_of(v, deep + "y"));
  v.xdg_runtime_dir = v.tmpdir = deep;
  EXPECT_EQ(socket_of(v, deep), "none");
}

TEST(Places, PrivateDirectoriesAreOursAlone) {
  const ScratchDirectory scratch;
  const std::string dir = scratch.at("d");
  EXPECT_TRUE(make_private_dir(dir.c_str()));
  EXPECT_TRUE(make_private_dir(dir.c_str()));
  ASSERT_EQ(::chmod(dir.c_str(), 0770), 0);
  EXPECT_FALSE(make_private_dir(dir.c_str()));
  ASSERT_EQ(::symlink(scratch.path().c_str(), scratch.at("l").c_str()), 0);
  EXPECT_FALSE(make_private_dir(scratch.at("l").c_str()));
}

}  // namespace
}  // namespace deja::os
