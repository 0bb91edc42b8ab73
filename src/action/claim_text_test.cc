// SPDX-License-Identifier: Apache-2.0
#include "action/claim_text.h"

#include <gtest/gtest.h>

#include <set>

#include "action/roots.h"

namespace deja::action {
namespace {

Observation claim(Claim kind, std::string subject, std::string value = {}) {
  return {kind, std::move(subject), std::move(value)};
}

TEST(ClaimText, SaysWhatIsClaimedAndWhatHasChanged) {
  struct Row {
    Observation claim;
    const char *says, *changed;
  };
  const Row rows[] = {
      {claim(Claim::file, "\1/a.h", "\xab\xcd"), "file <cwd>/a.h has the content abcd",
       "changed: file <cwd>/a.h"},
      {claim(Claim::absent, "/x/b.h"), "/x/b.h is absent", "changed: /x/b.h, which was not there"},
      {claim(Claim::exists, "/x", "d"), "/x is a directory", "changed: /x, which was a directory"},
      {claim(Claim::link, "/x", "y"), "symlink /x leads to y",
       "changed: symlink /x, which led to y"},
      {claim(Claim::link, "/x"), "/x is not a symlink", "changed: /x, which was not a symlink"},
      {claim(Claim::unset, "A"), "variable A is not set", "changed: variable A, which was not set"},
      {claim(Claim::root, "\1", "/ws"), "directory <cwd> is at /ws",
       "changed: directory <cwd>, which an output names and which was at /ws"},
      {claim(Claim::stamps, "/x", "mode 16877"), "mode of /x: 16877", "changed: mode of /x"},
      {claim(Claim::stamps, "/x", "12 34 33188"), "size, time and mode of /x: 12 34 33188",
       "changed: size, time and mode of /x"},
      {claim(Claim::search, "PATH/as", std::string("/bin/as\0/usr/bin/as\0", 20)),
       "the search along PATH/as finds /bin/as, /usr/bin/as",
       "changed: what the search along PATH/as finds"},
      {claim(Claim::date, "", "2026-11-29 1764370800"), "the date is 2026-11-29",
       "changed: date, which was 2026-11-29"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(describe(row.claim), row.says);
    EXPECT_EQ(describe_change(row.claim), row.changed);
  }
}

// The numbers of claims have gaps, so each claim is told by its text.
TEST(ClaimText, EachClaimHasTextsOfItsOwn) {
  std::set<std::string> says, changed;
  int claims = 0;
  for (int number = 1; number <= static_cast<int>(kLastClaim); ++number) {
    const Observation o = claim(static_cast<Claim>(number), "/x", "-value");
    if (describe(o) == "unknown claim") continue;
    ++claims;
    EXPECT_NE(describe_change(o), "changed: unknown claim") << number;
    says.insert(describe(o));
    changed.insert(describe_change(o));
  }
  EXPECT_EQ(claims, 22);
  // A variable has one text, whether its value is concealed or not; a module changes as a file does.
  EXPECT_EQ(says.size(), 21u);
  EXPECT_EQ(changed.size(), 20u);
}

TEST(ClaimText, NeverShowsTheValueOfAVariable) {
  for (const Claim kind : {Claim::variable, Claim::variable_digest}) {
    const Observation o = claim(kind, "TOKEN", "secret");
    EXPECT_EQ(describe(o).find("secret"), std::string::npos);
    EXPECT_EQ(describe_change(o).find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace deja::action
