// SPDX-License-Identifier: Apache-2.0
#include "pipeline/request_name.h"

#include "action/recipe.h"
#include "base/shell_noise.h"

namespace deja::pipeline {

Digest request_name(const Request& q, const Settings& s) {
  action::HashSink sink;
  const char flags[] = {static_cast<char>(q.calling), static_cast<char>(q.stdout_is_terminal),
                        static_cast<char>(q.stderr_is_terminal),
                        static_cast<char>(q.streams_are_one),
                        static_cast<char>(s.read_only)};  // the store's, not a setting
  sink.field("flags", {flags, sizeof(flags)});
  sink.field("umask", std::to_string(q.umask));
  sink.field("settings", s.answer_text);
  sink.field("client", std::to_string(q.client.device) + ":" + std::to_string(q.client.inode));
  sink.field("program", q.program);
  sink.field("cwd", q.cwd);
  for (const std::string_view argument : q.argv) sink.field("argument", argument);
  for (const std::string_view entry : q.environment) {
    if (!is_shell_noise_entry(entry)) sink.field("environment", entry);
  }
  return sink.finish();
}

}  // namespace deja::pipeline
