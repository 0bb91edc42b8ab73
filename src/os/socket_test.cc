// SPDX-License-Identifier: Apache-2.0
#include "os/socket.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/directory_test.h"
#include "os/file.h"
#include "os/io.h"

namespace deja::os {
namespace {

TEST(Socket, PeerBytesAndDescriptorsArrive) {
  const ScratchDirectory scratch;
  const std::string path = scratch.at("s");
  EXPECT_FALSE(*connect_unix(path));
  auto listener = listen_unix(path);
  ASSERT_TRUE(listener);
  auto client = connect_unix(path);
  ASSERT_TRUE(client && *client);
  auto server = accept_unix(*listener);
  ASSERT_TRUE(server && *server);
  EXPECT_EQ(peer_of(**server)->uid, ::getuid());

  const auto file = create_file(scratch.at("f"), 0600);
  ASSERT_TRUE(write_fd(*file, "content"));
  const int fd = file->get();
  ASSERT_EQ(send_with_fds((*client)->get(), "hello", 5, &fd, 1), 0);
  char buffer[16];
  int fds[kMaxPassedFds];
  std::size_t count = 0;
  ASSERT_EQ(recv_with_fds((*server)->get(), buffer, sizeof(buffer), fds, &count), 5);
  ASSERT_EQ(count, 1u);
  const Fd received(fds[0]);
  EXPECT_EQ(stat_fd(received)->size, 7u);
}

TEST(Socket, PathsTooLongAreAnErrorNotATruncation) {
  EXPECT_FALSE(listen_unix("/tmp/" + std::string(200, 'x')));
  EXPECT_FALSE(connect_unix("/tmp/" + std::string(200, 'x')));
}

}  // namespace
}  // namespace deja::os
