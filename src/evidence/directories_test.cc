// SPDX-License-Identifier: Apache-2.0
#include "evidence/directories.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "action/testing/problem_text.h"
#include "os/directory_test.h"

namespace deja::evidence {
namespace {

using action::text_of;

// The disk is as it is after the run: what the run has removed is not there.
class DirectoriesTest : public os::DirectoryTest {
 protected:
  std::string at(const std::string& name) const { return dir_ + "/" + name; }
  void make_directory(const std::string& name) { EXPECT_EQ(::mkdir(at(name).c_str(), 0755), 0); }
  void make_link(const std::string& text, const std::string& name) {
    EXPECT_EQ(::symlink(text.c_str(), at(name).c_str()), 0);
  }
  std::string canonical(const std::string& name) { return directories_.canonical(at(name)); }
  std::string without(const std::string& name, bool to_end = true) {
    return directories_.without_own_links(at(name), to_end);
  }

  Directories directories_;
};

TEST_F(DirectoriesTest, SymlinksAndDotsAreResolvedButForTheLastComponent) {
  make_directory("real");
  make_directory("real/sub");
  make_link("real/sub", "link");
  make_link(at("link"), "far");
  EXPECT_EQ(canonical("link/x.o"), at("real/sub/x.o"));
  EXPECT_EQ(canonical("far/./x.o"), at("real/sub/x.o"));
  EXPECT_EQ(canonical("link/../y.o"), at("real/y.o"));
  EXPECT_EQ(canonical("link/.."), at("real"));
  EXPECT_EQ(canonical("link"), at("link"));
  EXPECT_EQ(directories_.canonical("/"), "/");
  EXPECT_EQ(directories_.canonical("/../usr"), "/usr");
}

TEST_F(DirectoriesTest, WhatIsGoneWasADirectoryBelowWhereItsParentLeads) {
  make_directory("real");
  make_link("real", "link");
  EXPECT_EQ(canonical("link/gone/full.rmeta"), at("real/gone/full.rmeta"));
  EXPECT_EQ(canonical("link/gone/deeper/x"), canonical("real/gone/deeper/x"));
  EXPECT_EQ(canonical("link/gone/../x"), at("real/x"));
}

TEST_F(DirectoriesTest, SymlinksOfTheRunLeadWhereTheyLedThen) {
  make_directory("one");
  make_directory("two");
  EXPECT_EQ(without("link/x"), at("link/x"));
  directories_.made_link(at("link"), "one");
  EXPECT_EQ(canonical("link/x"), at("one/x"));
  EXPECT_EQ(without("link/x"), at("one/x"));
  EXPECT_EQ(without("link", false), at("link"));
  EXPECT_EQ(without("link"), at("one"));
  directories_.removed(at("link"), true);
  directories_.made_link(at("link"), at("two"));
  EXPECT_EQ(canonical("link/x"), at("two/x"));
  EXPECT_EQ(without("link/x"), at("two/x"));
  directories_.removed(at("link"), true);
  EXPECT_EQ(canonical("link/x"), at("link/x"));
  EXPECT_EQ(without("link/x"), at("link/x"));
  EXPECT_EQ(text_of(directories_.problem()), "");
}

TEST_F(DirectoriesTest, OnlyTheRunsOwnSymlinksAreTakenOutOfASpelling) {
  make_directory("real");
  make_link("real", "there");
  directories_.made_link(at("real/own"), "../there/in");
  EXPECT_EQ(without("there/own/x"), at("there/../there/in/x"));
  directories_.made_link(at("a"), "b");
  directories_.made_link(at("b"), "a");
  EXPECT_EQ(without("a/x"), at("a/x"));  // goes round and round
}

TEST_F(DirectoriesTest, WhatMovesTakesItsSymlinksAlong) {
  make_directory("real");
  directories_.made_directory(at("tmp"));
  directories_.made_link(at("tmp/link"), "../real");
  EXPECT_EQ(canonical("tmp/link/x"), at("real/x"));
  EXPECT_EQ(canonical("out/y"), at("out/y"));  // looked for before
  directories_.moved(at("tmp"), at("out"));
  EXPECT_EQ(canonical("out/link/x"), at("real/x"));
  EXPECT_EQ(canonical("tmp/link/x"), at("tmp/link/x"));
  EXPECT_EQ(text_of(directories_.problem()), "");
}

// The disk shows where a name leads now. Where it led before the run replaced it is not known.
TEST_F(DirectoriesTest, StepsThatTheRunReplacesAreAProblem) {
  make_directory("real");
  make_link("real", "link");
  const auto after = [&](auto&& change) {
    Directories fresh;
    EXPECT_EQ(fresh.canonical(at("link/x")), at("real/x"));
    change(fresh);
    return text_of(fresh.problem());
  };
  const std::string problem = "link_replaced: " + at("link");
  EXPECT_EQ(after([&](Directories& d) { d.made_link(at("link"), "real"); }), problem);
  EXPECT_EQ(after([&](Directories& d) { d.removed(at("link"), false); }), problem);
  EXPECT_EQ(after([&](Directories& d) {
              d.made_link(at("new"), "real");
              d.moved(at("new"), at("link"));
            }),
            problem);
  EXPECT_EQ(after([&](Directories& d) { d.removed(at("other"), false); }), "");
}

}  // namespace
}  // namespace deja::evidence
