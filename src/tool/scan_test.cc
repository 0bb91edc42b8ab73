#include <gtest/gtest.h>

#include "tool/tool.h"

namespace deja::tool {
namespace {

TEST(ScanSource, FindsWhatPutsThePathIntoOutputs) {
  for (const char* text :
       {"__FILE__", "f(__BASE_FILE__);", "x = __builtin_FILE();", "std::source_location::current()",
        "__builtin_source_location", "puts(__PRETTY_FUNCTION__)", "\n\n#line __FILE__"})
    EXPECT_EQ(scan_source(text), kMentionsOwnPath) << text;
}

TEST(ScanSource, FindsTheClockAndTheTimeOfTheFile) {
  EXPECT_EQ(scan_source("char t[] = __TIME__;"), kMentionsClock);
  EXPECT_EQ(scan_source("char t[] = __DATE__;"), kMentionsClock);
  EXPECT_EQ(scan_source("char t[] = __TIMESTAMP__;"), kMentionsFileTime);
  EXPECT_EQ(scan_source("__TIMESTAMP__ __DATE__ __FILE__"),
            kMentionsFileTime | kMentionsClock | kMentionsOwnPath);
}

TEST(ScanSource, LeavesTheRestAlone) {
  for (const char* text :
       {"", "_", "__FILE_NAME__", "__LINE__ __func__ __INCLUDE_LEVEL__ __COUNTER__", ".file \"a\"",
        "#pragma message(\"x\")", "FILE *f; __FILE", "__time__ __date__"})
    EXPECT_EQ(scan_source(text), 0U) << text;
}

TEST(ScanSource, IsExactAtBothEnds) {
  const std::string text = "__DATE__";
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_EQ(scan_source(text.substr(0, size)), 0U);
  EXPECT_EQ(scan_source(std::string(5000, '_') + "DATE__"), kMentionsClock);
  EXPECT_EQ(scan_source(std::string("\0__DATE__", 9)), kMentionsClock);
}

}  // namespace
}  // namespace deja::tool
