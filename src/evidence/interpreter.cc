// SPDX-License-Identifier: Apache-2.0
#include "evidence/interpreter.h"

#include <algorithm>
#include <string_view>

#include "base/path.h"
#include "os/file.h"
#include "os/find_tool.h"
#include "os/places.h"

namespace deja::evidence {
namespace {

// The two words after "#!" (execve(2)): a program and its argument.
struct Script {
  std::string program, argument;
};

std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

Script read_script(const std::string& path) {
  constexpr std::size_t kLineMax = 256;  // BINPRM_BUF_SIZE
  char head[kLineMax];
  const auto fd = os::open_read(path);
  const auto size = fd ? os::read_at(*fd, 0, head, sizeof(head)) : Result<std::size_t>(0);
  std::string_view text(head, size ? *size : 0);
  if (text.empty() || text.starts_with("\x7f")) return {};
  if (!text.starts_with("#!")) return {"/bin/sh", {}};
  text.remove_prefix(2);
  text = text.substr(0, text.find('\n'));
  Script script;
  script.program = take_word(text);
  script.argument = take_word(text);
  return script;
}

std::string find_on_path(const std::string& name, std::string_view path, std::string_view cwd) {
  char found[os::kPlaceMax];
  const long n = os::find_tool(name, path, cwd, {}, found, sizeof(found));
  return n < 0 ? std::string() : std::string(found, static_cast<std::size_t>(n));
}

}  // namespace

std::string interpreter_of(const std::string& path) { return read_script(path).program; }

std::vector<std::string> interpreters_of(const std::string& script, std::string_view path,
                                         std::string_view cwd) {
  std::vector<std::string> out;
  std::string program = script;
  for (int i = 0; i < kInterpretersMax; ++i) {
    const Script read = read_script(program);
    if (read.program.empty()) break;
    out.push_back(read.program);
    program = read.program;
    if (base_name(read.program) != "env" || read.argument.empty()) continue;
    program = find_on_path(read.argument, path, cwd);
    if (program.empty()) break;
    out.push_back(program);
  }
  return out;
}

}  // namespace deja::evidence
