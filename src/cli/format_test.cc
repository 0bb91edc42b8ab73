// SPDX-License-Identifier: Apache-2.0
#include "cli/format.h"

#include <gtest/gtest.h>

namespace deja::cli {
namespace {

TEST(Format, Sizes) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(999), "999 B");
  EXPECT_EQ(human_size(1000), "1.0 kB");
  EXPECT_EQ(human_size(999'999), "1.0 MB");
  EXPECT_EQ(human_size(10'000'000'000), "10.0 GB");
  EXPECT_EQ(human_size(~0ULL), "18.4 EB");
}

TEST(Format, Times) {
  EXPECT_EQ(human_elapsed(5), "5 µs");
  EXPECT_EQ(human_elapsed(123'456), "123.5 ms");
  EXPECT_EQ(human_elapsed(2'500'000), "2.5 s");
  EXPECT_EQ(human_elapsed(200'000'000), "3 min 20 s");
  EXPECT_EQ(human_elapsed(7'320'000'000), "2 h 2 min");
  EXPECT_EQ(human_age(-5), "just now");
  EXPECT_EQ(human_age(61'000'000'000), "1 min ago");
  EXPECT_EQ(human_age(200'000'000'000'000), "2 d ago");
  EXPECT_EQ(seconds(1'756'029'600'123'456'789), 1756029600.123457);
}

TEST(Format, PercentAndCount) {
  EXPECT_EQ(percent(1, 3), "33.3 %");
  EXPECT_EQ(percent(0, 0), "");
  EXPECT_EQ(counted(1, "blob"), "1 blob");
  EXPECT_EQ(counted(0, "blob"), "0 blobs");
}

TEST(Format, NothingReachesTheTerminalButText) {
  EXPECT_EQ(printable("a\x1b[31mb\n\x7f"), "a?[31mb??");
  EXPECT_EQ(printable("é\xc2\x9b"
                      "31m"),
            "é??31m");
}

TEST(Format, ShortenedKeepsBothEnds) {
  EXPECT_EQ(shortened("short", 10), "short");
  const std::string text = shortened("/usr/include/c++/12/bits/stl_vector.h", 20);
  EXPECT_TRUE(text.starts_with("/usr/"));
  EXPECT_TRUE(text.ends_with("vector.h"));
  EXPECT_LE(text.size(), 20u + 2);
  for (std::size_t max = 3; max < 12; ++max) (void)shortened("ééééééééééééé", max);
}

TEST(Format, TablesAlign) {
  Table table;
  table.row({"é", "1", "x"});
  table.row({"long", "22", ""});
  EXPECT_EQ(table.text(" "), " é     1   x\n long  22\n");
}

}  // namespace
}  // namespace deja::cli
