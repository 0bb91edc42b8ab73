// SPDX-License-Identifier: Apache-2.0
#include "evidence/unseen_programs.h"

#include <string_view>

#include "evidence/interpreter.h"
#include "os/file.h"

namespace deja::evidence {
namespace {

bool is_same_file(const os::FileIdentity& a, const os::FileIdentity& b) {
  return a.device == b.device && a.inode == b.inode;
}

bool is_seen(const observe::Start& start, std::string wanted) {
  if (!start.reported_file) return false;
  if (start.wanted_file && is_same_file(*start.wanted_file, *start.reported_file)) return true;
  for (int i = 0; i < kInterpretersMax && !wanted.empty(); ++i) {
    const auto file = os::stat_file(wanted);
    if (file && *file && is_same_file(**file, *start.reported_file)) return true;
    wanted = interpreter_of(wanted);
  }
  return false;
}

}  // namespace

std::string unseen_program(const observe::Log& log, const std::string& tool) {
  for (const observe::Start& start : log.starts) {
    const std::string& wanted = start.wanted.empty() ? tool : start.wanted;
    if (!is_seen(start, wanted)) return wanted;
  }
  return {};
}

}  // namespace deja::evidence
