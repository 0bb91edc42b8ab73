// SPDX-License-Identifier: Apache-2.0
#include "journal/event.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace deja::journal {
namespace {

Event sample() {
  Event e;
  e.time_ns = 1'756'029'600'123'456'000;
  e.outcome = Outcome::miss;
  e.dup = true;
  e.made_by = "ci";
  e.roots = {{"workspace", "/w"}, {"home", "/h"}};
  e.reason = "changed: /x/a.h";
  e.tool = "/usr/bin/gcc";
  e.what = "src/a.c";
  e.output = "a.o";
  e.cwd = "/work";
  e.probe_key = "ab12";
  e.action_key = "cd34";
  e.tool_runs = 1;
  e.elapsed_us = 12345;
  e.cost_us = 12000;
  e.phases = {{"prepare", 30}, {"look_up", 20}};
  e.bytes = 4096;
  e.cloned_bytes = 1024;
  e.evidence = "interposer";
  e.not_stored = "clock_read";
  e.detail = "x";
  return e;
}

std::string line_of(const Event& event) {
  std::string line;
  append_line(event, line);
  return line;
}

TEST(Event, LineKeepsEverything) {
  const std::string line = line_of(sample());
  EXPECT_EQ(
      line,
      "{\"time\":1756029600.123456,\"schema\":1,\"outcome\":\"miss\",\"dup\":true,\"remote\":false,"
      "\"prefetched\":false,\"made_by\":\"ci\","
      "\"reason\":\"changed: /x/a.h\",\"tool\":\"/usr/bin/gcc\",\"what\":\"src/a.c\","
      "\"output\":\"a.o\",\"cwd\":\"/"
      "work\",\"roots\":{\"workspace\":\"/w\",\"home\":\"/"
      "h\"},\"probe_key\":\"ab12\",\"action_key\":\"cd34\",\"tool_runs\":1,"
      "\"elapsed_us\":12345,\"cost_us\":12000,\"phases\":{\"prepare\":30,\"look_up\":20},"
      "\"bytes\":4096,\"cloned_bytes\":1024,\"evidence\":\"interposer\","
      "\"not_stored\":\"clock_read\",\"detail\":\"x\"}\n");
  const auto back = parse_line(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(back);
  EXPECT_EQ(line_of(*back), line);
  EXPECT_EQ(back->time_ns, sample().time_ns);
}

TEST(Event, EveryByteGivesValidJson) {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      Event e = sample();
      e.what = {'a', static_cast<char>(first), static_cast<char>(second), 'z'};
      const std::string line = line_of(e);
      ASSERT_EQ(line.find('\n'), line.size() - 1) << first << " " << second;
      const auto json = nlohmann::json::parse(line, nullptr, false);
      ASSERT_TRUE(json.is_object()) << first << " " << second;
      ASSERT_EQ(json["what"].get<std::string>(), as_recorded(e.what)) << first << " " << second;
    }
  }
}

TEST(Event, Utf8IsKeptAndTheRestReplaced) {
  const std::string good = "é€𝄞";
  EXPECT_EQ(as_recorded(good), good);
  EXPECT_EQ(as_recorded("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(as_recorded("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");  // overlong
  EXPECT_EQ(as_recorded("\xed\xa0\x80").size(), 9u);               // surrogate
  EXPECT_EQ(as_recorded("\xf4\x90\x80\x80").size(), 12u);          // above U+10FFFF
  EXPECT_EQ(as_recorded("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd");  // cut short
  EXPECT_EQ(as_recorded("\xe2\x82(").substr(6), "(");
}

TEST(Event, LongTextsAreCut) {
  Event e = sample();
  e.what = std::string(1'000'000, 'x');
  e.detail = std::string(100'000, '\xff');
  EXPECT_LT(line_of(e).size(), 6 * kTextMax);
  e.what = std::string(kTextMax - 1, 'x') + "€";  // never truncated inside a character
  EXPECT_TRUE(nlohmann::json::accept(line_of(e)));
}

TEST(Event, ForeignLinesAreNoEvents) {
  for (const char* line :
       {"", "{}", "x", "{\"time\":", "{\"time\":1}", "{\"time\":\"1\",\"outcome\":\"hit\"}",
        "{\"time\":1,\"outcome\":\"lost\"}", "{\"time\":1e99,\"outcome\":\"hit\"}",
        "[{\"time\":1,\"outcome\":\"hit\"}]"})
    EXPECT_FALSE(parse_line(line)) << line;
  EXPECT_TRUE(parse_line("{\"time\":1,\"outcome\":\"hit\",\"new_field\":[1]}"));
  EXPECT_TRUE(parse_line("{\"time\":1,\"outcome\":\"hit\",\"tool\":5,\"tool_runs\":\"x\"}"));
}

TEST(Event, ATornLineHidesOnlyItself) {
  const std::string line = line_of(sample());
  const std::string whole = line.substr(0, line.size() - 1);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_FALSE(parse_line(whole.substr(0, cut)));
    EXPECT_TRUE(parse_line(whole.substr(0, cut) + whole)) << cut;
  }
}

TEST(Event, TagsBecomePaths) {
  Event e;
  e.cwd = "/src/app/build";
  e.roots = {{"workspace", "/src/app"}, {"cargo home", "/root/.cargo"}};
  EXPECT_EQ(with_paths("changed: file <workspace>/a.h", e), "changed: file /src/app/a.h");
  EXPECT_EQ(with_paths("<cwd>/x, <cargo home>/y", e), "/src/app/build/x, /root/.cargo/y");
  EXPECT_EQ(with_paths("<cwd>/../a.h, <cwd>/../../../../a.h", e), "/src/app/a.h, /../a.h");
  // What only looks like a tag stays.
  for (const char* text : {"", "<", "a<b", "<stdio.h>", "<workspace", "operator<"})
    EXPECT_EQ(with_paths(text, e), text);
  EXPECT_EQ(with_paths("<<workspace>/a.h", e), "</src/app/a.h");
}

TEST(Event, OutcomeNames) {
  for (const Outcome o :
       {Outcome::hit, Outcome::miss, Outcome::bypass, Outcome::failure, Outcome::running})
    EXPECT_EQ(parse_outcome(outcome_name(o)), o);
}

}  // namespace
}  // namespace deja::journal
