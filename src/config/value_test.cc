// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <gtest/gtest.h>

namespace deja::config {
namespace {

TEST(Size, Suffixes) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("10G"), 10'000'000'000u);
  EXPECT_EQ(parse_size("10 gb"), 10'000'000'000u);
  EXPECT_EQ(parse_size(" 2Ki "), 2048u);
  EXPECT_EQ(parse_size("1.5MiB"), 1'572'864u);
  EXPECT_EQ(parse_size("0.5T"), 500'000'000'000u);
  EXPECT_EQ(parse_size("7b"), 7u);
}

TEST(Size, Nonsense) {
  for (const char* text :
       {"", "G", "-1", "1.G", "10X", "1e9", "b", "99999999999999999999", "99999999T", "1 2"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Size, FormatIsExactAndShort) {
  EXPECT_EQ(format_size(0), "0");
  EXPECT_EQ(format_size(10'000'000'000), "10G");
  EXPECT_EQ(format_size(1ULL << 30), "1Gi");
  EXPECT_EQ(format_size(2048), "2Ki");
  EXPECT_EQ(format_size(1000), "1k");
  for (const std::uint64_t n : {1ULL, 999ULL, 1001ULL, 1024ULL, 123456789ULL, 5'000'000ULL, ~0ULL})
    EXPECT_EQ(parse_size(format_size(n)), n) << n;
}

TEST(Duration, UnitsAndNonsense) {
  EXPECT_EQ(parse_duration("90"), 90u);
  EXPECT_EQ(parse_duration("15m"), 900u);
  EXPECT_EQ(parse_duration("3h"), 10800u);
  EXPECT_EQ(parse_duration("1.5h"), 5400u);
  EXPECT_FALSE(parse_duration("soon"));
  EXPECT_FALSE(parse_duration("-3"));
  EXPECT_EQ(parse_duration("1500ms"), 1u);
  EXPECT_EQ(parse_duration("0s"), 0u);
  EXPECT_FALSE(parse_duration("500ms")) << "0 would mean never";
  EXPECT_FALSE(parse_duration("0.5"));
  EXPECT_EQ(format_duration(10800), "3h");
  EXPECT_EQ(format_duration(90), "90");
}

TEST(List, DropsBlanksAndEmptyParts) {
  EXPECT_EQ(split_list(" a , ,b,", ','), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(split_list("", ':').empty());
}

TEST(Rate, IsANumberFromZeroToOne) {
  EXPECT_EQ(parse_rate("0"), 0.0);
  EXPECT_EQ(parse_rate("1"), 1.0);
  EXPECT_EQ(parse_rate(" 0.05 "), 0.05);
  for (const char* text : {"", "2", "-0.1", "1.01", "a", "0.5x", "nan", "inf", "1e-1"})
    EXPECT_FALSE(parse_rate(text)) << text;
  EXPECT_EQ(format_rate(0.25), "0.25");
  EXPECT_EQ(format_rate(0), "0");
}

}  // namespace
}  // namespace deja::config
