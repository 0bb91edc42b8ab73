// SPDX-License-Identifier: Apache-2.0
// The fixture of the tests of what a run's log proves.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "action/testing/problem_text.h"
#include "digest/hasher.h"
#include "evidence/trace_builder.h"
#include "os/clock.h"
#include "os/directory_test.h"
#include "os/file.h"

namespace deja::evidence {

using action::text_of;

using action::Claim;
using observe::Event;

// Plays a run: does on disk what a tool would do, and writes the log the interposer would write.
class TraceBuilderTest : public os::DirectoryTest {
 protected:
  void SetUp() override {
    command_.cwd = dir_;
    command_.environment = {{"SET", "value"}, {"PWD", dir_}};
    roots_ = action::Roots(dir_, "");
    invocation_.outputs.depfiles = {at("a.d")};
  }

  std::string at(const std::string& name) const { return dir_ + "/" + name; }
  void write(const std::string& name, std::string_view bytes) {
    ASSERT_TRUE(os::write_file_atomic(at(name), bytes));
  }

  Event event(deja_op op, const std::string& name, int error = 0, unsigned flags = 0) {
    Event e;
    e.op = op;
    e.path = name.starts_with('/') ? name : at(name);
    e.error = error;
    e.flags = static_cast<std::uint16_t>(flags);
    e.when_ns = os::wall_ns() + 1'000'000'000;  // long after the files were written
    if (const auto id = os::stat_file(e.path); id && *id && error == 0) {
      e.has_identity = true;
      e.identity = **id;
    }
    return e;
  }
  void reads(const std::string& name) {
    log_.events.push_back(event(DEJA_OP_OPEN, name, 0, DEJA_OPEN_READ));
  }
  void misses(const std::string& name) {
    log_.events.push_back(event(DEJA_OP_OPEN, name, ENOENT, DEJA_OPEN_READ));
  }
  void creates(const std::string& name,
               unsigned flags = DEJA_OPEN_WRITE | DEJA_OPEN_CREATE | DEJA_OPEN_TRUNCATE) {
    const bool existed = os::stat_file(at(name))->has_value();
    write(name, "output of " + name);
    log_.events.push_back(event(DEJA_OP_OPEN, name, 0, flags | (existed ? DEJA_OPEN_EXISTED : 0)));
  }
  void closes(const std::string& name) { log_.events.push_back(event(DEJA_OP_CLOSE, name)); }
  void removes(const std::string& name) {
    ::unlink(at(name).c_str());
    log_.events.push_back(event(DEJA_OP_UNLINK, name));
  }
  RunFacts build() {
    digest::FileDigester::Options options;
    options.scan = tool::scan_source;
    digest::FileDigester digester(options);
    TraceBuilder builder(command_, invocation_, tool::cc_adapter(), roots_, digester, before_);
    return builder.build(log_, ended_ns_ != 0 ? ended_ns_ : os::wall_ns());
  }
  static bool has(const RunFacts& t, Claim claim, const std::string& subject,
                  const std::string& value = "") {
    return std::find(t.trace.observations.begin(), t.trace.observations.end(),
                     action::Observation{claim, subject, value}) != t.trace.observations.end();
  }
  std::string digest(std::string_view bytes) {
    return std::string(digest::digest_bytes(bytes).view());
  }

  tool::Command command_;
  tool::Invocation invocation_;
  action::Roots roots_;
  observe::Log log_;
  std::vector<Before> before_;
  std::int64_t ended_ns_ = 0;
};

}  // namespace deja::evidence
