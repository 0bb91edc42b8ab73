// SPDX-License-Identifier: Apache-2.0
#include "pipeline/testing/fake_client.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "base/path.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/io.h"

namespace deja::pipeline::testing {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

}  // namespace

FakeRun::FakeRun(std::string cwd, const std::vector<std::string>& environment,
                 const RunOrder& order)
    : cwd_(std::move(cwd)),
      environment_(order.environment != nullptr ? *order.environment : environment) {
  report.elapsed_ns = 7'000'000;
  const auto tool = os::stat_file(std::string(order.tool));
  EXPECT_TRUE(tool && *tool) << order.tool;
  log_.add(DEJA_OP_PROCESS, std::string(order.tool), cwd_,
           {.identity = **tool, .when_ns = os::wall_ns() + kSecondNs});
}

std::string FakeRun::at(const std::string& name) const { return join_path(cwd_, name); }

std::string FakeRun::text(const std::string& name) const {
  const auto text = os::read_file_if_exists(at(name), 1 << 20);
  return text && *text ? **text : "";
}

// As if each call came long after the file was last written, which no test waits for.
void FakeRun::record(deja_op op, const std::string& name, int error, unsigned flags) {
  observe::testing::Fields fields{.error = error,
                                  .flags = static_cast<std::uint16_t>(flags),
                                  .when_ns = os::wall_ns() + kSecondNs};
  const auto there = os::stat_file(at(name));
  if (error == 0 && there && *there) fields.identity = **there;
  log_.add(op, at(name), {}, fields);
}

void FakeRun::reads(const std::string& name) {
  const auto there = os::stat_file(at(name));
  if (!there || !*there) return misses(name);
  record(DEJA_OP_OPEN, name, 0, DEJA_OPEN_READ);
}

void FakeRun::misses(const std::string& name) {
  record(DEJA_OP_OPEN, name, ENOENT, DEJA_OPEN_READ);
}

void FakeRun::lists(const std::string& name) { record(DEJA_OP_LIST, name); }

void FakeRun::asks(const std::string& variable) {
  observe::testing::Fields fields{.flags = DEJA_FLAG_UNSET, .when_ns = os::wall_ns() + kSecondNs};
  std::string value;
  for (const std::string& entry : environment_) {
    if (!entry.starts_with(variable + "=")) continue;
    value = entry.substr(variable.size() + 1);
    fields.flags = 0;
  }
  log_.add(DEJA_OP_GETENV, variable, value, fields);
}

void FakeRun::writes(const std::string& name, std::string_view bytes) {
  const auto before = os::stat_file(at(name));
  const bool existed = before && *before;
  const int fd = ::open(at(name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  ASSERT_GE(fd, 0) << at(name);
  const os::Fd file(fd);
  record(
      DEJA_OP_OPEN, name, 0,
      DEJA_OPEN_WRITE | DEJA_OPEN_CREATE | DEJA_OPEN_TRUNCATE | (existed ? DEJA_OPEN_EXISTED : 0));
  ASSERT_EQ(os::write_all(file.get(), bytes.data(), bytes.size()), 0);
  record(DEJA_OP_CLOSE, name);
}

void FakeRun::removes(const std::string& name) {
  record(DEJA_OP_UNLINK, name);
  EXPECT_TRUE(os::remove_tree(at(name)));
}

RunReport FakeRun::end() {
  const std::string bytes = log_.bytes();
  report.log = os::Fd(::memfd_create("log", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT_EQ(os::write_all(report.log.get(), bytes.data(), bytes.size()), 0);
  EXPECT_EQ(::fcntl(report.log.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
  report.ended_ns = os::wall_ns();
  return std::move(report);
}

Result<RunReport> FakeClient::run(const RunOrder& order) {
  if (on_run) on_run(order);
  if (is_gone) return Error{Code::unavailable, 0, "the client is gone"};
  ++runs;
  FakeRun run(cwd_, environment, order);
  tool_(run);
  RunReport report = run.end();
  if (!order.observe || !is_observed) report.log = os::Fd();
  return report;
}

Result<std::optional<std::string>> FakeClient::read_stdin() {
  if (is_gone) return Error{Code::unavailable, 0, "the client is gone"};
  return stdin_;
}

}  // namespace deja::pipeline::testing
