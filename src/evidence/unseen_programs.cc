// SPDX-License-Identifier: Apache-2.0
#include "evidence/unseen_programs.h"

#include "evidence/blind_spots.h"
#include "evidence/interpreter.h"
#include "os/file.h"
#include "os/mapping.h"

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

// The first program that did not report; empty when all did.
std::string unseen_program(const observe::Log& log, const std::string& tool) {
  for (const observe::Start& start : log.starts) {
    const std::string& wanted = start.wanted.empty() ? tool : start.wanted;
    if (!is_seen(start, wanted)) return wanted;
  }
  return {};
}

}  // namespace

Result<observe::Log> read_run_log(const os::Fd& fd, const std::string& tool, bool is_supervised) {
  if (!os::cannot_shrink(fd)) return Error{Code::invalid, 0, "the log could be cut short"};
  const os::FileIdentity id = TRY(os::stat_fd(fd));
  const os::Mapping mapping = TRY(os::Mapping::read_only(fd, id.size));
  observe::Log log = TRY(observe::read_log(mapping.view()));
  log.is_supervised = is_supervised;
  const std::string unseen = is_supervised ? "" : unseen_program(log, tool);
  if (unseen.empty()) return log;
  log.has_unseen_program = true;
  if (log.gap.empty()) {
    log.gap = "nothing was recorded of " + unseen;
    log.gap_kind = observe::GapKind::unseen_program;
  }
  return log;
}

digest::Traits traits_of_programs(const observe::Log& log) {
  digest::Traits traits = log.has_unseen_program ? kHasBlindSpot : 0;
  for (const observe::Event& e : log.events) {
    const bool starts = e.op == DEJA_OP_EXEC || e.op == DEJA_OP_SPAWN;
    if (starts && e.error == 0 && os::gains_rights(e.path)) return traits | kGainsRights;
  }
  return traits;
}

}  // namespace deja::evidence
