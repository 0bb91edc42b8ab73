// SPDX-License-Identifier: Apache-2.0
// The library from outside: its symbols, its header, its example.
#include <algorithm>
#include <sstream>

#include "api/api.h"

namespace deja::test {
namespace {

class Surface : public ApiTest {};

TEST_F(Surface, OnlyItsOwnFunctionsAreVisible) {
  NEEDS_TOOL("nm");
  const Result listed = ws.run({"nm", "-D", "--defined-only", DEJA_LIBRARY});
  ASSERT_TRUE(listed.ok()) << listed;
  std::istringstream lines(listed.out);
  std::vector<std::string> names;
  for (std::string address, kind, name; lines >> address >> kind >> name;) {
    EXPECT_TRUE(name.starts_with("deja_")) << name;
    EXPECT_EQ(kind, "T") << name;
    names.push_back(name);
  }
  // Everything that the header declares.
  for (const char* name :
       {"deja_error", "deja_open", "deja_trouble", "deja_close", "deja_probe", "deja_job_key",
        "deja_job_is_hit", "deja_job_payload", "deja_job_exit_code", "deja_store", "deja_job_free",
        "deja_run", "deja_result_is_hit", "deja_result_exit_code", "deja_result_signal",
        "deja_result_out", "deja_result_err", "deja_result_free"})
    EXPECT_EQ(std::erase(names, name), 1U) << name;
  EXPECT_EQ(names, std::vector<std::string>());
}

TEST_F(Surface, TheHeaderIsPlainCAndCxx) {
  ws.write("use.c", "#include <deja.h>\nint main(void) { deja_close(0); return *deja_error(); }\n");
  for (const Argv& compiler : {Argv{"gcc", "-std=c99"}, Argv{"clang", "-std=c99"},
                               Argv{"g++", "-x", "c++"}, Argv{"clang++", "-x", "c++"}}) {
    if (find_program(compiler.front()).empty()) continue;
    Argv argv = compiler;
    for (const char* word : {"-Wall", "-Wextra", "-pedantic", "-Werror", "-c", "use.c", "-o",
                             "use.o", "-I", DEJA_HEADER_DIR})
      argv.emplace_back(word);
    const Result compiled = ws.run(argv);
    EXPECT_TRUE(compiled.ok()) << compiler.front() << " " << compiler.back() << "\n" << compiled;
  }
}

TEST_F(Surface, TheExampleRemembers) {
  ws.write("text", "aab");
  const Result first = ws.run({DEJA_EXAMPLE, "text"});
  EXPECT_EQ(first.out, "61 2\n62 1\n");
  EXPECT_EQ(first.err, "");
  const Result second = ws.run({DEJA_EXAMPLE, "text"});
  EXPECT_EQ(second.out, first.out);
  EXPECT_EQ(second.err, "remembered\n");
  ws.write("text", "b");
  EXPECT_EQ(ws.run({DEJA_EXAMPLE, "text"}).out, "62 1\n");
  // The example must work without a cache.
  ws.write("file", "");
  const Options broken = {.env = {"DEJA_DIR=" + ws.path("file")}};
  EXPECT_EQ(ws.run({DEJA_EXAMPLE, "text"}, broken).out, "62 1\n");
  EXPECT_TRUE(ws.run({DEJA_EXAMPLE, "text"}, broken).ok());
}

}  // namespace
}  // namespace deja::test
