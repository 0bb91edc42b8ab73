// SPDX-License-Identifier: Apache-2.0
// `deja exec --batch`: commands as JSON lines.
#include <nlohmann/json.hpp>
#include <sstream>

#include "e2e/exec.h"

namespace deja::test {
namespace {

using Json = nlohmann::json;

class ExecBatch : public ExecTest {
 protected:
  // Runs these lines, and returns the objects that were printed, by id.
  std::map<std::string, Json> batch(const std::string& lines, int exit_code) const {
    const Result r = ws.deja({"exec", "--batch"}, {.in = lines});
    EXPECT_EQ(r.exit_code, exit_code) << r;
    std::map<std::string, Json> out;
    std::istringstream text(r.out);
    for (std::string line; std::getline(text, line);) {
      Json object = Json::parse(line, nullptr, false);
      EXPECT_FALSE(object.is_discarded()) << line;
      const std::string id = object["id"].dump();
      EXPECT_TRUE(out.emplace(id, std::move(object)).second) << "twice: " << line;
    }
    return out;
  }
};

TEST_P(ExecBatch, RunsEachLineAndServesItTheNextTime) {
  ws.write("in", "1\n");
  ws.write("sub/in", "2\n");
  const std::string lines =
      R"({"argv": ["/bin/sh", "-c", "echo told; echo warned >&2"]}
{"id": "copy", "options": ["--input-file", "in", "--output-file", "out"], "argv": ["cp", "in", "out"], "cwd": ")" +
      ws.path("sub") + R"("}

{"id": 7, "options": ["--input-env", "NAME"], "argv": ["printenv", "NAME"], "env": {"NAME": "value"}}
)";
  for (int round = 0; round < 2; ++round) {
    ws.remove("sub/out");
    auto got = batch(lines, 0);
    ASSERT_EQ(got.size(), 3U);
    EXPECT_EQ(got["1"]["stdout"], "told\n");
    EXPECT_EQ(got["1"]["stderr"], "warned\n");
    EXPECT_EQ(got["\"copy\""]["exit_code"], 0);
    EXPECT_EQ(ws.read("sub/out"), "2\n");
    EXPECT_EQ(got["7"]["stdout"], "value\n");
    int runs = 0;
    for (const Event& e : ws.events()) runs += e.tool_runs;
    EXPECT_EQ(runs, 3);
  }
}

TEST_P(ExecBatch, ManyLines) {
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += R"({"argv": ["echo", ")" + std::to_string(i) + "\"]}\n";
  auto got = batch(lines, 0);
  ASSERT_EQ(got.size(), 100U);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(got[std::to_string(i + 1)]["stdout"], std::to_string(i) + "\n");
}

TEST_P(ExecBatch, FailuresAreTold) {
  auto got = batch(R"({"argv": ["/bin/sh", "-c", "exit 3"]}
{"argv": ["/bin/sh", "-c", "kill -9 $$"]}
{"argv": ["no-such-tool"]}
{"argv": ["true"], "options": ["--nope"]}
{"argv": ["true"]}
)",
                   1);
  EXPECT_EQ(got["1"]["exit_code"], 3);
  EXPECT_EQ(got["2"]["signal"], 9);
  EXPECT_EQ(got["3"]["exit_code"], 127);
  EXPECT_EQ(got["4"]["exit_code"], 2);
  EXPECT_NE(got["4"]["stderr"].get<std::string>().find("--nope"), std::string::npos);
  EXPECT_EQ(got["5"]["exit_code"], 0);
}

TEST_P(ExecBatch, LinesThatMakeNoSenseAreTold) {
  auto got = batch("no json\n{\"argv\": \"true\"}\n[1]\n{\"argv\": [\"true\"]}\n", 2);
  ASSERT_EQ(got.size(), 4U);
  for (const char* id : {"1", "2", "3"}) EXPECT_EQ(got[id]["exit_code"], 2) << id;
  EXPECT_EQ(got["4"]["exit_code"], 0);
  EXPECT_EQ(ws.deja({"exec", "--batch", "--strict"}, {.in = ""}).exit_code, 2);
  EXPECT_EQ(ws.deja({"exec", "--batch"}, {.in = ""}).exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(, ExecBatch, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label);

}  // namespace
}  // namespace deja::test
