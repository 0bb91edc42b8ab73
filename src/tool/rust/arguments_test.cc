// SPDX-License-Identifier: Apache-2.0
#include "tool/rust/arguments.h"

#include <gtest/gtest.h>

namespace deja::tool::rust {
namespace {

// A command line that cargo passes.
const std::vector<std::string_view> kCargo = {
    "--crate-name",
    "serde",
    "--edition=2021",
    "/reg/serde/src/lib.rs",
    "--error-format=json",
    "--json=diagnostic-rendered-ansi,artifacts,future-incompat",
    "--crate-type",
    "lib",
    "--emit=dep-info,metadata,link",
    "-C",
    "embed-bitcode=no",
    "-C",
    "debuginfo=2",
    "--cfg",
    "feature=\"default\"",
    "-C",
    "metadata=abc",
    "-C",
    "extra-filename=-abc",
    "--out-dir",
    "/ws/target/debug/deps",
    "-C",
    "incremental=/ws/target/debug/incremental",
    "-L",
    "dependency=/ws/target/debug/deps",
    "-L",
    "native=/ws/native",
    "--extern",
    "serde_derive=/ws/target/debug/deps/libserde_derive-1.so",
    "--cap-lints",
    "allow"};

std::string paths(const Arguments& a) {
  std::string out;
  for (const KeyArgument& k : a.key)
    if (k.has_path()) out += std::string(k.path()) + "\n";
  return out;
}

TEST(RustArguments, OfCargo) {
  const Arguments a = read_arguments(kCargo);
  EXPECT_EQ(a.crate_name, "serde");
  EXPECT_EQ(a.source, "/reg/serde/src/lib.rs");
  EXPECT_EQ(a.crate_types, (std::vector<std::string>{"lib"}));
  EXPECT_EQ(a.emits, (std::vector<std::string>{"dep-info", "metadata", "link"}));
  EXPECT_EQ(a.out_dir, "/ws/target/debug/deps");
  EXPECT_EQ(a.extra_filename, "-abc");
  EXPECT_EQ(a.dependency_directories, (std::vector<std::string>{"/ws/target/debug/deps"}));
  EXPECT_EQ(a.error_format, "json");
  EXPECT_FALSE(a.embeds_bitcode);
  EXPECT_EQ(paths(a),
            "/reg/serde/src/lib.rs\n/ws/target/debug/deps\n/ws/target/debug/deps\n/ws/native\n"
            "/ws/target/debug/deps/libserde_derive-1.so\n");
  EXPECT_EQ(a.question + a.unsupported + a.missing_value, "");
}

TEST(RustArguments, AfterTwoDashesThereAreOnlySources) {
  const Arguments a = read_arguments({"-O", "--", "--version"});
  EXPECT_EQ(a.source, "--version");
  EXPECT_EQ(a.question, "");
  EXPECT_EQ(a.run, (std::vector<std::string>{"-O", "--", "--version"}));
}

TEST(RustArguments, IncrementalIsLeftOut) {
  for (const auto& words : {std::vector<std::string_view>{"-C", "incremental=/x", "a.rs"},
                            std::vector<std::string_view>{"-Cincremental=/x", "a.rs"},
                            std::vector<std::string_view>{"--codegen", "incremental=/x", "a.rs"},
                            std::vector<std::string_view>{"--codegen=incremental=/x", "a.rs"}}) {
    const Arguments a = read_arguments(words);
    EXPECT_TRUE(a.is_incremental);
    EXPECT_EQ(a.run, (std::vector<std::string>{"a.rs"}));
    ASSERT_EQ(a.key.size(), 1U);
    EXPECT_EQ(a.key[0].text, "a.rs");
  }
}

TEST(RustArguments, EverySpelling) {
  const Arguments a =
      read_arguments({"-Ldependency=d1", "-L", "dependency=d2", "-oout", "--emit",
                      "dep-info=x.d,link", "-Cextra-filename=-1", "--color=never",
                      "--crate-type=rlib,cdylib", "--test", "a.rs", "--remap-path-prefix=/a=b=/c"});
  EXPECT_EQ(a.dependency_directories, (std::vector<std::string>{"d1", "d2"}));
  EXPECT_EQ(read_arguments({"-Ld", "-Lcrate=e", "-L", "all=f", "-Lnative=g"}).searched_by_name,
            (std::vector<std::string>{"d", "e", "f"}));
  EXPECT_EQ(a.output, "out");
  EXPECT_EQ(a.dep_info_files, (std::vector<std::string>{"x.d"}));
  EXPECT_EQ(a.crate_types, (std::vector<std::string>{"rlib", "cdylib"}));
  EXPECT_TRUE(a.is_test);
  EXPECT_TRUE(a.has_colour);
  EXPECT_EQ(paths(a), "d1\nd2\nout\na.rs\n/a=b\n");
}

TEST(RustArguments, Questions) {
  for (const auto& words :
       {std::vector<std::string_view>{"-vV"}, std::vector<std::string_view>{"--version"},
        std::vector<std::string_view>{"-", "--crate-name", "___", "--print=file-names"},
        std::vector<std::string_view>{"--print", "cfg"},
        std::vector<std::string_view>{"--explain", "E0001"}})
    EXPECT_NE(read_arguments(words).question, "") << words[0];
  EXPECT_EQ(read_arguments({"a.rs", "-v"}).question, "");
}

TEST(RustArguments, WhatCannotBeRemembered) {
  EXPECT_EQ(read_arguments({"a.rs", "-Z", "self-profile=x"}).unsupported, "-Z self-profile=x");
  EXPECT_EQ(read_arguments({"a.rs", "-Zthreads=8"}).unsupported, "");
  EXPECT_EQ(read_arguments({"a.rs", "-o"}).missing_value, "-o");
}

}  // namespace
}  // namespace deja::tool::rust
