// SPDX-License-Identifier: Apache-2.0
// The contract tests of Transport, in two suites: TransportReads and TransportWrites. Every transport and
// every decorator passes both (read_only only the first, write_only only the second). A transport's test
// instantiates them like this:
//
//   struct MemSubject {
//     Transport& transport();  // the one under test
//     Transport& other();      // another client of the same remote: plants what is read, reads what was written
//     std::string secret();    // optional: what name() and messages must not hold
//     std::string skip();      // optional: why there is no server to test with; empty: there is one
//   };
//   INSTANTIATE_TEST_SUITE_P(Mem, TransportReads, subjects<MemSubject>());
//   INSTANTIATE_TEST_SUITE_P(Mem, TransportWrites, subjects<MemSubject>());
//
// Each test makes a subject of its own. What lies on the server from other tests does not matter: all bytes
// and names are new. A blob is always put under the SHA-256 of its bytes, so a server may check it.
//
// The tests are compiled once, for all subjects (as templates they took a tenth of the time of a whole build), and
// linked into each program with deja_transport_contract.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "remote/test_objects.h"

namespace deja::remote {

class ContractSubject {
 public:
  virtual ~ContractSubject() = default;
  virtual Transport& transport() = 0;
  virtual Transport& other() = 0;
  virtual std::string secret() = 0;
  virtual std::string skip() = 0;
};

template <typename Subject>
class ContractSubjectOf : public ContractSubject {
 public:
  Transport& transport() override { return subject_.transport(); }
  Transport& other() override { return subject_.other(); }
  std::string secret() override {
    if constexpr (requires { subject_.secret(); }) return subject_.secret();
    return {};
  }
  std::string skip() override {
    if constexpr (requires { subject_.skip(); }) return subject_.skip();
    return {};
  }

 private:
  Subject subject_;
};

// A class and not the bare pointer, which would be printed into the names of tests.
struct MakeSubject {
  std::unique_ptr<ContractSubject> (*make)() = nullptr;
  friend void PrintTo(const MakeSubject&, std::ostream* out) { *out << "subject"; }
};

template <typename... Subject>
auto subjects() {
  return testing::Values(MakeSubject{[]() -> std::unique_ptr<ContractSubject> {
    return std::make_unique<ContractSubjectOf<Subject>>();
  }}...);
}

class TransportContract : public testing::TestWithParam<MakeSubject> {
 protected:
  void SetUp() override {
    if (!subject_->skip().empty()) GTEST_SKIP() << subject_->skip();
  }
  Transport& transport() { return subject_->transport(); }
  Transport& other() { return subject_->other(); }

  // Puts an object through the other client.
  void plant(const Name& name, std::string_view bytes) {
    const Status done = other().put(name, {.bytes = bytes}, kNoLimit);
    ASSERT_TRUE(done) << done.error().message;
  }
  Name plant_blob(std::string_view bytes) {
    const Name name = blob_name(bytes);
    plant(name, bytes);
    return name;
  }
  std::string read(const Name& name) { return read_object(transport(), name); }
  std::string seen(const Name& name) { return read_object(other(), name); }
  // What the other client's get gives as version.
  std::string version_of(const Name& name) {
    const auto got = other().get(name, kAnySize, kNoLimit);
    EXPECT_TRUE(got && *got);
    return got && *got ? (*got)->version : "";
  }
  bool knows_versions() {
    const Name name = record_name(fresh("version probe"));
    plant(name, "x");
    return !version_of(name).empty();
  }
  // Messages and names go to logs and to people.
  void expect_no_secret(const std::string& text) {
    EXPECT_FALSE(text.empty());
    const std::string secret = subject_->secret();
    EXPECT_TRUE(secret.empty() || text.find(secret) == std::string::npos) << text;
  }

  const std::unique_ptr<ContractSubject> subject_ = GetParam().make();
};

class TransportReads : public TransportContract {};
class TransportWrites : public TransportContract {};

}  // namespace deja::remote
