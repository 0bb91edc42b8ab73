// SPDX-License-Identifier: Apache-2.0
#include "tool/rust/dep_info.h"

#include <gtest/gtest.h>

namespace deja::tool::rust {
namespace {

constexpr const char* kText =
    "/ws/target/debug/deps/a.d: src/lib.rs /ws/x.txt\n\n"
    "/ws/target/debug/deps/liba.rmeta: src/lib.rs /ws/x.txt\n\nsrc/lib.rs:\n/ws/x.txt:\n";

TextMoves move(const std::string& from, const std::string& to) { return {{{from, to}}, {}, {}}; }

TEST(DepInfo, PathsMove) {
  EXPECT_EQ(move_dep_info(kText, move("/ws", "/other/ws")),
            "/other/ws/target/debug/deps/a.d: src/lib.rs /other/ws/x.txt\n\n"
            "/other/ws/target/debug/deps/liba.rmeta: src/lib.rs /other/ws/x.txt\n\nsrc/lib.rs:\n"
            "/other/ws/x.txt:\n");
  EXPECT_EQ(
      move_dep_info(*move_dep_info(kText, move("/ws", "/other/ws")), move("/other/ws", "/ws")),
      kText);
}

TEST(DepInfo, OnlyWholeDirectories) {
  EXPECT_EQ(move_dep_info("/ws2/a: b\n", move("/ws", "/x")), std::nullopt);
  EXPECT_EQ(move_dep_info("a: /v/ws/b\n", move("/ws", "/x")), std::nullopt);
  EXPECT_EQ(move_dep_info("a: ../ws/b\n", move("/ws", "/x")), std::nullopt);
  EXPECT_EQ(move_dep_info("a: b\n", move("/ws", "/x")), "a: b\n");
}

TEST(DepInfo, BlanksAreQuoted) {
  EXPECT_EQ(move_dep_info("/w\\ s/a: /w\\ s/b\n", move("/w s", "/x y")), "/x\\ y/a: /x\\ y/b\n");
  EXPECT_EQ(move_dep_info("/ws/a: /q\\ /ws/b\n", move("/ws", "/x")), std::nullopt);
}

TEST(DepInfo, NamesVariables) {
  EXPECT_EQ(variables_of("a: b\n\n# env-dep:TERM=x=y\n# env-dep:UNSET\nc: # env-dep:NO\n"),
            (std::vector<std::string>{"TERM", "UNSET"}));
}

TEST(DepInfo, WhatComesFromVariablesStays) {
  EXPECT_EQ(move_dep_info("/ws/a: b\n\n# env-dep:DIR=/ws\n", move("/ws", "/x")), std::nullopt);
}

}  // namespace
}  // namespace deja::tool::rust
