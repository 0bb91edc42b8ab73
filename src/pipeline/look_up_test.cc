// SPDX-License-Identifier: Apache-2.0
#include "pipeline/look_up.h"

#include <gtest/gtest.h>

#include "action/manifest.h"
#include "pipeline/testing/path_test.h"
#include "store/store_support.h"

namespace deja::pipeline {
namespace {

using action::Claim;

class LookUp : public testing::PathTest {
 protected:
  // Publishes a result whose only claim is the content of a.h.
  ActionKey put(const std::string& content, std::uint32_t exit_code) {
    action::Trace trace;
    trace.observations = {
        {Claim::file, at("a.h"), std::string(digest::digest_bytes(content).view())}};
    const ActionKey key = store::action_key_of(content + std::to_string(exit_code));
    manifest_.add(key, trace);
    action::ActionResult result;
    result.exit_code = exit_code;
    EXPECT_TRUE(memory_.put_manifest(probe_, encode(manifest_)));
    EXPECT_TRUE(memory_.put_result(key, encode(result), {}));
    return key;
  }
  LookUpOutcome look_up(const std::vector<ActionKey>& refused = {}) {
    evidence::ClaimChecker checker(command_, roots_, services().digester);
    return look_up_trace(probe_, checker, services(), refused);
  }

  const ProbeKey probe_ = store::probe_key_of("probe");
  const tool::Command command_;
  const action::Roots roots_;
  action::Manifest manifest_;
};

TEST_F(LookUp, ACheckerThatRemembersChecksAClaimThatHeldOnce) {
  write_source("a.h", "one");
  put("one", 1);
  evidence::ClaimChecker checker(command_, roots_, services().digester);
  const auto finds = [&] { return look_up_trace(probe_, checker, services()).found.has_value(); };
  checker.remember();
  EXPECT_TRUE(finds());
  write_source("a.h", "other");
  EXPECT_TRUE(finds());
  checker.forget();
  EXPECT_FALSE(finds());
  checker.remember();
  EXPECT_FALSE(finds());
  write_source("a.h", "one");
  EXPECT_TRUE(finds()) << "what did not hold is not remembered";
}

TEST_F(LookUp, NothingIsKnownAtFirst) {
  EXPECT_FALSE(look_up().found);
  EXPECT_EQ(look_up().why_not, "new");
}

TEST_F(LookUp, OfTwoTracesThatHoldTheNewestIsTaken) {
  const ActionKey old = put(text("a.h"), 1);
  const ActionKey fresh = put(text("a.h"), 2);
  EXPECT_EQ(look_up().found->key, fresh);
  EXPECT_EQ(look_up().found->result->exit_code, 2u);
  EXPECT_EQ(look_up({fresh}).found->key, old);
  EXPECT_FALSE(look_up({fresh, old}).found);
}

TEST_F(LookUp, AnOlderTraceThatHoldsIsTaken) {
  const ActionKey old = put(text("a.h"), 1);
  put("not what is there", 2);
  EXPECT_EQ(look_up().found->key, old);
}

TEST_F(LookUp, SaysWhatIsAgainstTheNewestTrace) {
  put("neither", 1);
  EXPECT_TRUE(look_up().why_not.starts_with("changed: file " + at("a.h"))) << look_up().why_not;
  const ActionKey key = put(text("a.h"), 2);
  ASSERT_TRUE(memory_.remove_result(key));
  EXPECT_EQ(look_up().why_not, "evicted");
}

// Another engine has published since this one read the manifest.
TEST_F(LookUp, AsksTheStoreAgainBeforeItIsAMiss) {
  put("not what is there", 1);
  EXPECT_FALSE(look_up().found);
  const ActionKey fresh = put(text("a.h"), 2);
  EXPECT_EQ(look_up().found->key, fresh);
}

TEST_F(LookUp, ADamagedRecordIsNotThere) {
  const ActionKey key = put(text("a.h"), 1);
  ASSERT_TRUE(memory_.put_result(key, "damaged", {}));
  EXPECT_EQ(look_up().why_not, "evicted");
  restart();
  ASSERT_TRUE(memory_.put_manifest(probe_, "damaged"));
  EXPECT_EQ(look_up().why_not, "new");
}

TEST_F(LookUp, AFailingStoreIsATroubleAndNothingIsThere) {
  put(text("a.h"), 1);
  store_.fail_at(2);  // get_result
  const LookUpOutcome outcome = look_up();
  EXPECT_FALSE(outcome.found);
  EXPECT_EQ(outcome.troubles, std::vector<std::string>{"the store is broken"});
}

TEST_F(LookUp, TheTraceOfAResultIsKnownWhileItsManifestIs) {
  const ActionKey key = put(text("a.h"), 1);
  EXPECT_TRUE(known_trace(probe_, key, services()).observations.empty());
  look_up();
  EXPECT_EQ(known_trace(probe_, key, services()).observations.size(), 1u);
}

}  // namespace
}  // namespace deja::pipeline
