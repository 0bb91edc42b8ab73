#include "observe/testing/fixture.h"
namespace deja::observe {
namespace {
using testing::ToolRun;
class SuperviseTest : public testing::ObserveTest {};
TEST_F(SuperviseTest, Smoke) {
  const ToolRun r = run({testing::static_probe_program(), "look", "absent"}, {.supervised = true});
  EXPECT_EQ(r.exit_code, 0) << r.output;
  EXPECT_EQ(r.log.gap, "");
  EXPECT_TRUE(r.has(DEJA_OP_STAT, at("absent"), ENOENT));
}
}  // namespace
}  // namespace deja::observe
