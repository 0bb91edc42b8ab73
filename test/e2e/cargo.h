// SPDX-License-Identifier: Apache-2.0
// Shared by the tests of cargo and rustc.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "e2e/setup.h"

namespace deja::test {

// The directory of a real rustc and cargo. rustup's programs with these names are proxies that
// search the user's home for their toolchains.
inline std::string toolchain() {
  const char* const home = std::getenv("HOME");
  const std::string directory = std::string(home == nullptr ? "" : home) + "/.rustup/toolchains";
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored))
    if (std::filesystem::exists(entry.path() / "bin/cargo")) return (entry.path() / "bin").string();
  const std::string rustc = find_program("rustc");
  return rustc.empty() ? "" : std::filesystem::path(rustc).parent_path().string();
}

class CargoTest : public ::testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    bin = toolchain();
    if (bin.empty()) GTEST_SKIP() << "NOT TESTED: rustc is not installed";
    rustc = bin + "/rustc";
    ws.set("PATH=" + ws.bin() + ":" + bin + ":/usr/bin:/bin");
    ws.set("CARGO_NET_OFFLINE=true");
    ws.set("CARGO_TERM_COLOR=never");
    ws.set("CARGO_HOME=" + ws.base() + "/cargo");
  }
  Result cargo(const std::string& directory, const Argv& words) const {
    Argv argv = {"cargo"};
    argv.insert(argv.end(), words.begin(), words.end());
    return ws.run(argv, {.env = {"RUSTC_WRAPPER=" + Workspace::program()}, .cwd = directory});
  }
  // The outcomes since the last call of the commands whose `what` begins with this text: "util hit,
  // mac hit". With "": all except bypasses.
  std::string outcomes(const std::string& what = "") {
    std::string out;
    const auto events = ws.events();
    for (; seen < events.size(); ++seen) {
      const Event& e = events[seen];
      if (what.empty() ? e.outcome == "bypass" : !e.what.starts_with(what)) continue;
      out += (out.empty() ? "" : ", ") + e.what + " " + e.outcome;
    }
    return out;
  }

  Workspace ws{GetParam()};
  std::string bin, rustc;
  std::size_t seen = 0;
};

}  // namespace deja::test
