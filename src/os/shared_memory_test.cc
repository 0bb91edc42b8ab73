// SPDX-License-Identifier: Apache-2.0
#include "os/shared_memory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace deja::os {
namespace {

std::size_t taken(const Fd& memory) {
  struct stat st = {};
  EXPECT_EQ(::fstat(memory.get(), &st), 0);
  return static_cast<std::size_t>(st.st_blocks) * 512;
}

TEST(SharedMemory, IsTakenPieceByPiece) {
  constexpr std::size_t kSize = 64 << 20, kPage = 4096;
  const auto memory = create_shared_memory(kSize);
  ASSERT_TRUE(memory);
  EXPECT_EQ(taken(*memory), 0u);
  ASSERT_TRUE(reserve_shared_memory(*memory, 10, 2));
  EXPECT_EQ(taken(*memory), kPage);
  ASSERT_TRUE(reserve_shared_memory(*memory, 5 * kPage - 1, 2));
  EXPECT_EQ(taken(*memory), 3 * kPage);
}

TEST(SharedMemory, DoesNotGrow) {
  const auto memory = create_shared_memory(4096);
  ASSERT_TRUE(memory);
  EXPECT_FALSE(reserve_shared_memory(*memory, 4096, 1));
}

}  // namespace
}  // namespace deja::os
