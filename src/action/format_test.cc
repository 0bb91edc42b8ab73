// SPDX-License-Identifier: Apache-2.0
// The bytes of records and keys, so that a change of them is not made by accident: stores and remotes
// hold what older versions have written. A change on purpose also changes the record's version, or the
// recipe's (recipe.cc), and these bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "action/manifest.h"
#include "action/recipe.h"
#include "action/result.h"
#include "base/bytes.h"

namespace deja::action {
namespace {

Digest digest_of(unsigned char byte) {
  Digest digest;
  digest.bytes.fill(byte);
  return digest;
}

std::string times(const char* hex, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += hex;
  return out;
}

// Lines of hexadecimal digits with spaces between them.
std::string packed(std::initializer_list<std::string> lines) {
  std::string out;
  for (const std::string& line : lines)
    std::copy_if(line.begin(), line.end(), std::back_inserter(out),
                 [](char c) { return c != ' '; });
  return out;
}

TEST(Format, Manifest) {
  Trace first, second;
  first.observations = {{Claim::file, "/a.c", std::string(digest_of(0xaa).view())},
                        {Claim::absent, "/a.h", ""}};
  second.observations = {first.observations[1], {Claim::unset, "X", ""}};
  Manifest manifest;
  manifest.add(ActionKey{digest_of(0x11)}, first);
  manifest.add(ActionKey{digest_of(0x22)}, second);
  // clang-format off
  EXPECT_EQ(to_hex(encode(manifest)), packed({
      "64656a4d 01",                                   // "dejM", version
      "03",                                            // three claims
      "01 00 04 2f612e63 20", times("aa", 32),         // file "/a.c"
      "02 03 01 68 00",                                // absent: "/a." of the last, then "h"
      "08 00 01 58 00",                                // unset "X"
      "02",                                            // two traces, the newest first
      times("22", 32), "02 01 01",                     // claims 1 and 2
      times("11", 32), "02 00 01",                     // claims 0 and 1
  }));
  // clang-format on
}

TEST(Format, Result) {
  ActionResult result;
  result.exit_code = 1;
  result.streams_are_one = true;
  result.colours_forced = true;
  result.out = {"hi", std::nullopt, 2};
  result.err = {"", digest_of(0xee), 300};
  result.artifacts = {{Role::symlink, Placement::made, "\1/l", 0755, 5, digest_of(0xdd), "to"}};
  result.made_in = Roots("/w", "");
  result.made_in.set(OutputName::output, "/w/o");
  result.made_in.set_spelled_output("o");
  result.cost_ns = 128;
  result.made_at_ns = -1;
  result.ttl_ns = 3;
  result.evidence = "interposer";
  // clang-format off
  EXPECT_EQ(to_hex(encode(result)), packed({
      "64656a52 04",                                   // "dejR", version
      "01 03",                                         // exit code, flags
      "02 00 02 6869",                                 // stdout: "hi"
      "ac02 01", times("ee", 32),                      // stderr: 300 bytes in a blob
      "01",                                            // one artifact
      "04 03 03 012f6c ed010000 05", times("dd", 32), "02 746f",
      "02 2f77 00 00 00 00 00 00",                     // the working directory, no other root
      "04 2f772f6f 00 01 6f",                          // output "/w/o", no depfile, spelled "o"
      "8001 ffffffffffffffff 03",                      // cost, time, time to live
      "0a 696e746572706f736572",                       // "interposer"
  }));
  // clang-format on
}

// Every claim's number is stored.
TEST(Format, NumbersOfClaims) {
  EXPECT_EQ(static_cast<int>(Claim::file), 1);
  EXPECT_EQ(static_cast<int>(Claim::real), 6);
  EXPECT_EQ(static_cast<int>(Claim::root), 10);
  EXPECT_EQ(static_cast<int>(Claim::machine), 13);
  EXPECT_EQ(static_cast<int>(Claim::search), 14);
  EXPECT_EQ(static_cast<int>(Claim::output_name), 16);
  EXPECT_EQ(static_cast<int>(Claim::directories), 17);
  EXPECT_EQ(static_cast<int>(Claim::date), 20);
  EXPECT_EQ(static_cast<int>(Claim::access), 22);
  EXPECT_EQ(static_cast<int>(Claim::variables_like), 24);
  EXPECT_EQ(static_cast<int>(Claim::absent_or_file), 26);
  EXPECT_EQ(static_cast<int>(Claim::variable_digest), 28);
}

// What a key is made of, in the order in which it is hashed.
TEST(Format, KeyRecipe) {
  tool::Command command;
  command.tool = "/usr/bin/gcc-12";
  command.cwd = "/w/build";
  command.environment = {{"TZ", "UTC"}, {"HOME", "/h"}};
  tool::Invocation invocation;
  invocation.identity.adapter = "cc";
  invocation.run.argv = {"gcc", "-c", "../a.c"};
  invocation.key.arguments = {{"-c"}, {"/w/a.c", 0}};
  invocation.key.fields = {{"source", "none"}};
  const Roots roots("/w/build", "/w");
  const Action action{command, invocation, roots, digest_of(0x33), 022, "salt"};
  EXPECT_EQ(explain(action),
            "recipe: deja action 4, BLAKE3-256\n"
            "salt: salt\n"
            "adapter: cc\n"
            "tool: /usr/bin/gcc-12\n"
            "tool digest: " +
                times("33", 32) +
                "\n"
                "name: gcc\n"
                "argument: -c\n"
                "argument: <workspace>/a.c\n"
                "source: none\n"
                "cwd is a root: yes\n"
                "workspace is a root: yes\n"
                "umask: 18\n"
                "variable: TZ\n"
                "value: UTC\n");
  EXPECT_EQ(probe_key(action).hex(),
            "0a0cceb125b7f8531486da3f1ad8a0facd911bd1ebac4fb2815842cc136401cf");
  Trace trace;
  trace.observations = {{Claim::absent, "\2/a.h", ""}};
  EXPECT_EQ(action_key(probe_key(action), trace).hex(),
            "a2a06943b77b17d565ddbf1b0efd7e26d19edc6a78344beabbaffbf28c0de093");
  EXPECT_EQ(action_key(probe_key(action), trace, true).hex(),
            "1031a07ca1fd8cbfd0c6e623b2cc239ba26d5b53c0f5dbb64b18b4c9d0ee0542");
  EXPECT_EQ(digest_of_variable("TZ", "UTC").hex(),
            "200633ac6ce86dcd302ca6b80a30caa86e948ee912e6f3187ffa7340834cc1b5");
}

}  // namespace
}  // namespace deja::action
