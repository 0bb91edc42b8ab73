// SPDX-License-Identifier: Apache-2.0
#include "formats/file_pieces.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/file.h"

namespace deja::formats {
namespace {

os::Fd file_of(std::string_view bytes) {
  os::Fd fd(::memfd_create("pieces", MFD_CLOEXEC));
  EXPECT_TRUE(os::write_fd(fd, bytes));
  return fd;
}

TEST(Pieces, FindsWhatLiesAcrossTwo) {
  constexpr std::size_t kPiece = 256 * 1024;
  const std::string needle = "needle";
  for (std::size_t at = kPiece - 7; at < kPiece + 2; ++at) {
    std::string text(kPiece + 100, '.');
    text.replace(at, needle.size(), needle);
    std::size_t found = 0, seen = 0;
    ASSERT_TRUE(for_each_piece(file_of(text), needle.size(), [&](std::string_view piece) {
      if (piece.find(needle) != std::string_view::npos) ++found;
      seen += piece.size();
      return true;
    }));
    EXPECT_GE(found, 1u) << at;
    EXPECT_GE(seen, text.size());
  }
}

TEST(Pieces, StopsWhenTheVisitorSaysSo) {
  int seen = 0;
  ASSERT_TRUE(for_each_piece(file_of(std::string(1 << 20, '.')), 3, [&](std::string_view) {
    ++seen;
    return false;
  }));
  EXPECT_EQ(seen, 1);
}

TEST(Pieces, OfAFileThatIsTruncatedMeanwhile) {
  const os::Fd fd = file_of(std::string(4 << 20, '.'));
  std::size_t seen = 0;
  ASSERT_TRUE(for_each_piece(fd, 3, [&](std::string_view piece) {
    seen += piece.size();
    EXPECT_EQ(::ftruncate(fd.get(), 0), 0);
    return true;
  }));
  EXPECT_LT(seen, std::size_t{1} << 20);
}

TEST(Pieces, AllOfItOrNothing) {
  const os::Fd fd = file_of("content");
  EXPECT_EQ(*whole_content(fd, 7), "content");
  ASSERT_EQ(::ftruncate(fd.get(), 3), 0);
  EXPECT_FALSE(whole_content(fd, 7));
}

}  // namespace
}  // namespace deja::formats
