// SPDX-License-Identifier: Apache-2.0
// Two checkouts of one project: the second asks for results of the first.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "diff/tester.h"

namespace deja::test {

using Files = std::map<std::string, std::string>;

class Sharing : public ::testing::Test {
 protected:
  // In texts, "{R}" is the directory of this checkout, "{1}" that of the first, "{W}" their parent.
  std::string filled(std::string text, const std::string& root) const {
    const auto fill = [&text](const std::string& mark, const std::string& by) {
      for (std::size_t at = text.find(mark); at != std::string::npos;
           at = text.find(mark, at + by.size()))
        text.replace(at, mark.size(), by);
    };
    fill("{R}", root);
    fill("{1}", ws.path("p1"));
    fill("{W}", ws.work());
    return text;
  }
  Command command_in(const std::string& checkout) const {
    Command out;
    for (const std::string& a : argv) out.argv.push_back(filled(a, ws.path(checkout)));
    for (const std::string& e : env) out.options.env.push_back(filled(e, ws.path(checkout)));
    out.options.cwd = checkout + (cwd.empty() ? "" : "/" + cwd);
    return out;
  }
  // A miss in p1; the same files in `second`; `change` (in p1); then the command in `second`.
  Verdict share(const Files& files, const std::function<void()>& change = nullptr,
                const std::string& second = "p2") {
    for (const auto& [name, text] : files) ws.write("p1/" + name, filled(text, ws.path("p1")));
    if (!cwd.empty()) ws.make_directory("p1/" + cwd);
    std::filesystem::create_directories(std::filesystem::path(ws.path(second)).parent_path());
    std::filesystem::copy(
        ws.path("p1"), ws.path(second),
        std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
    warm_up(ws, command_in("p1"), 1);
    EXPECT_EQ(ws.last_event().outcome, "miss") << "a failure would show nothing";
    if (change) change();
    const Verdict verdict = judge(ws, command_in(second));
    EXPECT_EQ(verdict.difference, "")
        << as_shell(command_in(second)) << "\ndeja: " << verdict.event;
    return verdict;
  }
  // The same after removing everything that was shared before.
  Verdict share_again(const Files& files) {
    ws.deja({"purge", "--yes"});
    for (const char* checkout : {"p1", "p2"}) std::filesystem::remove_all(ws.path(checkout));
    return share(files);
  }
  void change_header() { ws.write("p1/inc/a.h", "#define V 8\n"); }

  Workspace ws;
  Argv argv;
  std::vector<std::string> env;
  std::string cwd;
  const Files with_header = {{"inc/a.h", "#define V 7\n"}};
  Files with(const std::string& source) const {
    Files out = with_header;
    out["a.c"] = source;
    return out;
  }
};

}  // namespace deja::test
