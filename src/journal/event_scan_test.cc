// SPDX-License-Identifier: Apache-2.0
#include "journal/event_scan.h"

#include <gtest/gtest.h>

#include <string>

namespace deja::journal {
namespace {

std::string line_without_end(const Event& event) {
  std::string line;
  append_line(event, line);
  line.pop_back();
  return line;
}

Event scan_sample() {
  Event e;
  e.time_ns = 1'756'029'600'000'456'000;
  e.outcome = Outcome::bypass;
  e.remote = true;
  e.reason = "a \"b\" \\ \x01\x7f";
  e.tool = "/usr/bin/gcc";
  e.what = "src/a.c";
  e.output = "a.o";
  e.cwd = "/work";
  e.made_by = "m";
  e.roots = {{"workspace", "/w \"x\""}, {"PWD", "/v"}};
  e.probe_key = "ab";
  e.action_key = "cd";
  e.tool_runs = 18'446'744'073'709'551'615U;
  e.elapsed_us = 1;
  e.cost_us = 10;
  e.bytes = 20;
  e.phases = {{"run", 12}, {"look_up", 5}};
  e.evidence = "interposer";
  e.not_stored = "clock_read";
  e.detail = "x";
  return e;
}

// Fails, too, when a member is added to the line and not to the scanner.
TEST(EventScan, ReadsWhatIsWritten) {
  const std::string line = line_without_end(scan_sample());
  const auto event = scan_line(line);
  ASSERT_TRUE(event);
  EXPECT_EQ(line_without_end(*event), line);
  EXPECT_EQ(event->time_ns, scan_sample().time_ns);
  EXPECT_TRUE(scan_line(line_without_end(Event())));
}

// Otherwise reports over the journal of an older version would take ten times as long.
TEST(EventScan, ReadsLinesOfOlderVersions) {
  const std::string line = line_without_end(scan_sample());
  for (const std::string member : {",\"schema\":1", ",\"made_by\":\"m\"",
                                   ",\"roots\":{\"workspace\":\"/w \\\"x\\\"\",\"PWD\":\"/v\"}"}) {
    std::string older = line;
    ASSERT_NE(older.find(member), std::string::npos) << member;
    older.erase(older.find(member), member.size());
    const auto event = scan_line(older);
    ASSERT_TRUE(event) << member;
    EXPECT_EQ(event->what, scan_sample().what);
  }
}

TEST(EventScan, LeavesTheRestToTheParser) {
  const std::string line = line_without_end(scan_sample());
  for (std::size_t size = 0; size < line.size(); ++size)
    EXPECT_FALSE(scan_line(line.substr(0, size))) << size;
  EXPECT_FALSE(scan_line(line + "}"));
  Event other = scan_sample();
  other.what = "\xc3\xbc.c";
  EXPECT_FALSE(scan_line(line_without_end(other)));
  EXPECT_EQ(parse_line(line_without_end(other))->what, other.what);
}

// No change of one byte makes the two disagree on what an event says.
TEST(EventScan, AgreesWithTheParser) {
  const std::string line = line_without_end(scan_sample());
  for (std::size_t at = 0; at < line.size(); ++at) {
    for (const char c : {'0', '"', '\\', ',', ' ', '9', 'x', '\xff', '\x02'}) {
      std::string changed = line;
      changed[at] = c;
      const auto scanned = scan_line(changed);
      if (!scanned) continue;
      // A blank in front is JSON, but not a line that the scanner reads.
      changed.insert(changed.rfind('}'), " ");
      ASSERT_FALSE(scan_line(changed));
      const auto parsed = parse_line(changed);
      ASSERT_TRUE(parsed) << changed;
      EXPECT_EQ(line_without_end(*parsed), line_without_end(*scanned)) << changed;
    }
  }
}

}  // namespace
}  // namespace deja::journal
