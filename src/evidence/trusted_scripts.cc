// SPDX-License-Identifier: Apache-2.0
// What programs asked for that cannot be asked again, and whether it can have reached an output:
// unknown programs, scripts that an adapter trusts, and a program that asks for the time whenever
// it starts. Tested by trusted_scripts_test.cc.
#include <algorithm>

#include "base/path.h"
#include "evidence/rules.h"
#include "formats/file_pieces.h"
#include "tool/programs.h"

namespace deja::evidence {

namespace {

Result<bool> names_start(const std::string& path) {
  const os::Fd fd = TRY(os::open_read(path));
  bool found = false;
  TRY(formats::for_each_piece(fd, tool::kTimeOfStart.size(), [&](std::string_view piece) {
    found = piece.find(tool::kTimeOfStart) != std::string_view::npos;
    return !found;
  }));
  return found;
}

// May a run have written the time, judged by the text of a file?
Result<bool> may_write_time(const tool::Timekeeper& keeper, const std::string& path) {
  const os::Fd fd = TRY(os::open_read(path));
  const os::FileIdentity identity = TRY(os::stat_fd(fd));
  if (identity.size == 0) return false;
  return keeper.may_tell(TRY(formats::whole_content(fd, identity.size)));
}

}  // namespace

void conclude_scripts(Conclusion& c) {
  const Processes& processes = c.facts.processes;
  c.fail(processes.end());
  for (const std::string& script : processes.own_scripts()) {
    const auto now = os::stat_file(script);
    if (!now || *now) return c.fail(NotStored::random_name, script);
  }
  const auto& trusted = processes.directories_of_trusted();
  if (trusted.empty()) return;
  for (const Input& input : c.out.inputs) {
    const auto is_around = [&](const auto& directory) { return is_within(input.path, directory); };
    if (std::any_of(trusted.begin(), trusted.end(), is_around)) continue;
    const auto named = names_start(input.path);
    if (!named) return c.fail(NotStored::input_gone, input.path);
    if (*named) return c.fail(NotStored::time_written, input.path);
  }
}

// The timekeeper (Invocation::Policy::timekeeper) has asked for the time. Has anything asked the
// timekeeper?
void conclude_time(Conclusion& c) {
  if (!c.out.asked_time) return;
  const tool::Timekeeper& keeper = *c.invocation().policy.timekeeper;
  std::vector<std::string> paths;
  paths.reserve(c.out.inputs.size() + c.out.outputs.size());
  for (const Input& input : c.out.inputs) paths.push_back(input.path);
  for (const Output& output : c.out.outputs)
    if (output.identity.is_regular()) paths.push_back(output.path);
  for (const std::string& path : paths) {
    const auto may_write = may_write_time(keeper, path);
    if (!may_write) return c.fail(NotStored::input_gone, path);
    if (*may_write) return c.fail(NotStored::time_written, path);
  }
  for (const tool::KeyArgument& argument : c.invocation().key.arguments)
    if (keeper.may_tell(argument.text)) return c.fail(NotStored::clock_read);
}

}  // namespace deja::evidence
