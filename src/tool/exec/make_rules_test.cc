// SPDX-License-Identifier: Apache-2.0
#include "tool/exec/make_rules.h"

#include <gtest/gtest.h>

namespace deja::tool::exec {
namespace {

using Names = std::vector<std::string>;

TEST(MakeRules, PrerequisitesOfAllRulesOnce) {
  EXPECT_EQ(prerequisites("a.o: b.h a.c b.h\nc.o :c.c\n\nb.h:\n"), (Names{"a.c", "b.h", "c.c"}));
}

TEST(MakeRules, ContinuationsAndQuotes) {
  EXPECT_EQ(prerequisites("a.o b.o: \\\n  with\\ blank.h \\\r\n  hash\\#.h $$money.h x\\\n y"),
            (Names{"$money.h", "hash#.h", "with blank.h", "x", "y"}));
}

TEST(MakeRules, ColonsInNames) {
  EXPECT_EQ(prerequisites("out:  c:/x.h a\\:b ns::y.h"), (Names{"a:b", "c:/x.h", "ns::y.h"}));
}

TEST(MakeRules, CommentsAreNoNames) {
  EXPECT_EQ(prerequisites("# made by a tool: 1.0\nout: a # b\n"), (Names{"a"}));
}

TEST(MakeRules, WithoutRuleIsNone) {
  EXPECT_EQ(prerequisites(""), std::nullopt);
  EXPECT_EQ(prerequisites("no rule at all\n"), std::nullopt);
  EXPECT_EQ(prerequisites("out:"), Names());
}

}  // namespace
}  // namespace deja::tool::exec
