// SPDX-License-Identifier: Apache-2.0
#include "pipeline/table_answer.h"

#include "pipeline/prewarm.h"
#include "pipeline/request_name.h"
#include "pipeline/testing/path_test.h"
#include "wire/answer_table.h"
#include "wire/codec.h"
#include "wire/messages.h"

namespace deja::pipeline {
namespace {

class TableAnswerTest : public testing::PathTest {
 protected:
  void SetUp() override {
    if (!services().requests.can_watch()) GTEST_SKIP() << "the kernel gives no watches";
  }
  // Stores the result of the command, and returns what the table would hold for it.
  std::optional<std::string> answer() {
    ask();
    prewarm();
    const Request request = this->request();
    const auto cached = cached_answer(request_name(request, settings_), request, services());
    if (cached == nullptr) return std::nullopt;
    return table_answer(request, settings_, *cached, store_);
  }
};

TEST_F(TableAnswerTest, HoldsTheFilesAndTheReplay) {
  const auto bytes = answer();
  ASSERT_TRUE(bytes);
  wire::Reader r(bytes->data(), bytes->size());
  ASSERT_EQ(r.u32(), 1u);
  EXPECT_EQ(r.text(), at("a.o") + std::string(1, '\0'));
  EXPECT_NE(r.u32() & wire::kFileInline, 0u);
  EXPECT_EQ(r.u32(), 0644u);
  EXPECT_EQ(r.text(), object());
  const wire::ReplayHead replay = wire::read_replay_head(r);
  EXPECT_EQ(replay.exit_code, 0u);
  EXPECT_EQ(r.left(), replay.stdout_size + replay.stderr_size);
}

TEST_F(TableAnswerTest, AnAuditIsTheEngines) {
  settings_.audit_rate = 0.5;
  EXPECT_FALSE(answer());
}

TEST_F(TableAnswerTest, SoIsALineForTheUser) {
  settings_.progress = Progress::hits;
  EXPECT_FALSE(answer());
}

}  // namespace
}  // namespace deja::pipeline
