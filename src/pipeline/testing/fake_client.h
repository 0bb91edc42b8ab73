// SPDX-License-Identifier: Apache-2.0
// A client in memory: its tool is a function of the test, which does on disk what a tool would do while
// the log of an observed run is written for it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "observe/testing/log_builder.h"
#include "pipeline/client.h"

namespace deja::pipeline::testing {

// One run of the tool. Names are relative to the working directory, or absolute.
class FakeRun {
 public:
  FakeRun(std::string cwd, const std::vector<std::string>& environment, const RunOrder& order);

  void reads(const std::string& name);   // misses() where there is nothing
  void misses(const std::string& name);  // looks for what is not there
  void lists(const std::string& name);
  void asks(const std::string& variable);  // getenv()
  void writes(const std::string& name, std::string_view bytes);
  void removes(const std::string& name);
  // What the tool left out of the log.
  void loses() { log_.lost(DEJA_LOST_FULL); }

  std::string text(const std::string& name) const;  // of a file
  std::string at(const std::string& name) const;    // absolute path

  RunReport report{};  // exit code, streams; the log is added when the run ends

 private:
  friend class FakeClient;
  void record(deja_op op, const std::string& name, int error = 0, unsigned flags = 0);
  RunReport end();

  const std::string cwd_;
  const std::vector<std::string> environment_;
  observe::testing::LogBuilder log_;
};

class FakeClient final : public Client {
 public:
  using Tool = std::function<void(FakeRun&)>;
  FakeClient(std::string cwd, Tool tool) : cwd_(std::move(cwd)), tool_(std::move(tool)) {}

  Result<RunReport> run(const RunOrder& order) override;
  Result<std::optional<std::string>> read_stdin() override;
  bool keep_waiting() override { return !is_gone; }
  bool is_alive() override { return !is_gone; }

  std::vector<std::string> environment{};  // "NAME=value"
  int runs = 0;
  bool is_observed = true;              // false: the run leaves no log
  bool is_gone = false;                 // dies before it could run the tool
  std::optional<std::string> stdin_{};  // what standard input holds
  // Called before the tool starts.
  std::function<void(const RunOrder&)> on_run{};

 private:
  const std::string cwd_;
  const Tool tool_;
};

}  // namespace deja::pipeline::testing
