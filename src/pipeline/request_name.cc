#include "pipeline/request_name.h"

#include <algorithm>
#include <iterator>

#include "action/recipe.h"

namespace deja::pipeline {

bool is_shell_noise(std::string_view variable) {
  static constexpr std::string_view kShellNoise[] = {"_", "SHLVL", "OLDPWD"};
  return std::find(std::begin(kShellNoise), std::end(kShellNoise), variable) !=
         std::end(kShellNoise);
}

Digest request_name(const Request& q, const Settings& s) {
  action::HashSink sink;
  const char flags[] = {static_cast<char>(q.calling),
                        static_cast<char>(q.stdout_is_terminal),
                        static_cast<char>(q.stderr_is_terminal),
                        static_cast<char>(q.streams_are_one),
                        static_cast<char>(s.portable),
                        static_cast<char>(s.read_only),
                        static_cast<char>(s.build_scripts)};
  sink.field("flags", {flags, sizeof(flags)});
  sink.field("umask", std::to_string(q.umask));
  sink.field("salt", s.salt);
  for (const std::string& dir : s.base_dirs) sink.field("base", dir);
  for (const auto& [name, known_as] : s.tools) {
    sink.field("tool", name);
    sink.field("known as", known_as);
  }
  sink.field("front", std::to_string(q.front.device) + ":" + std::to_string(q.front.inode));
  sink.field("cwd", q.cwd);
  for (const std::string_view argument : q.argv) sink.field("argument", argument);
  for (const std::string_view entry : q.environment) {
    if (!is_shell_noise(entry.substr(0, entry.find('=')))) sink.field("environment", entry);
  }
  return sink.finish();
}

}  // namespace deja::pipeline
