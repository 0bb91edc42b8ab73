// SPDX-License-Identifier: Apache-2.0
// Cargo, Meson, systemd and the shell. Tested by cli/init_test.cc.

#include "setup/kinds.h"

#include <algorithm>

#include "base/path.h"
#include "os/file.h"
#include "setup/toml_edit.h"

namespace deja::setup {
namespace {

constexpr std::string_view kRustMark = "  # by deja init --rust";

std::string cargo_directory(const Surroundings& surroundings) {
  std::string home = surroundings.variable("CARGO_HOME");
  if (!home.empty()) return home;
  return surroundings.home.empty() ? "" : surroundings.home + "/.cargo";
}

// Cargo, too, prefers the older of the two names.
std::string cargo_config(const std::string& directory) {
  const auto old = os::stat_file(directory + "/config");
  return old && *old ? directory + "/config" : directory + "/config.toml";
}

// A file that is deja's as a whole: written, or removed if it still is what deja has written.
Result<Plan> own_file(const std::string& path, const std::string& text, bool remove,
                      const std::string& what) {
  const std::string before = TRY(text_of(path));
  Plan plan;
  plan.state = path + ": " + what + (remove ? " is not there" : " is there already");
  const std::string mark = text.substr(0, text.find('\n'));
  if (!before.empty() && !before.starts_with(mark))
    return invalid(path + " was not written by deja; move it away first");
  if (remove && before.empty()) return plan;
  plan.steps = TRY(change_file(path, remove ? "" : text));
  return plan;
}

// 'gcc' for CC=gcc and for CC="deja gcc"; "" for an empty one.
std::string bare_compiler(const std::string& value) {
  const std::size_t blank = value.find(' ');
  if (blank == std::string::npos || base_name(value.substr(0, blank)) != "deja") return value;
  const std::size_t begin = value.find_first_not_of(' ', blank);
  return begin == std::string::npos ? "" : value.substr(begin);
}

std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// The words of a compiler's variable as a list of Meson's.
std::string meson_list(const std::string& program, const std::string& command) {
  std::string out = "['" + program + "'";
  for (std::size_t at = 0; at < command.size();) {
    const std::size_t end = std::min(command.find(' ', at), command.size());
    if (end > at) out += ", '" + command.substr(at, end - at) + "'";
    at = end + 1;
  }
  return out + "]";
}

std::string compiler(const Surroundings& surroundings, const char* variable, const char* usual) {
  const std::string value = bare_compiler(surroundings.variable(variable));
  return value.empty() ? usual : value;
}

}  // namespace

Result<Plan> plan_rust(const Surroundings& surroundings, bool remove) {
  const std::string directory = cargo_directory(surroundings);
  if (directory.empty()) return invalid("cargo's directory is unknown: set CARGO_HOME or HOME");
  const std::string path = cargo_config(directory);
  const std::string before = TRY(text_of(path));
  const TomlKey key = {"build", "rustc-wrapper"};
  auto wrapper = toml_string(before, key);
  if (!wrapper) return std::move(wrapper).error().context(path);
  Plan plan;
  plan.state = path + (remove ? ": cargo builds do not go through deja"
                              : ": cargo builds go through deja already");
  const bool is_deja = base_name(*wrapper) == "deja";
  if (remove ? wrapper->empty() : is_deja) return plan;
  if (!remove && !wrapper->empty())
    return invalid(path + " has another rustc-wrapper, \"" + *wrapper + "\"; remove it first");
  auto after = remove ? toml_unset(before, key, kRustMark)
                      : toml_set(before, key, toml_quoted(surroundings.program), kRustMark);
  if (!after)
    return invalid(path + " has a form that deja does not edit: " + (remove ? "remove" : "add") +
                   " 'rustc-wrapper = \"" + (remove ? *wrapper : surroundings.program) +
                   "\"' under [build] there");
  plan.steps = TRY(change_file(path, *after));
  if (!remove) plan.next.push_back("cargo build");
  return plan;
}

Result<Plan> plan_meson(const Surroundings& surroundings, bool remove) {
  if (surroundings.data_home.empty())
    return invalid("Meson's directory is unknown: set XDG_DATA_HOME or HOME");
  const std::string text =
      "# by deja init --meson: meson setup --native-file deja <build directory>\n"
      "[binaries]\nc = " +
      meson_list(surroundings.program, compiler(surroundings, "CC", "cc")) +
      "\ncpp = " + meson_list(surroundings.program, compiler(surroundings, "CXX", "c++")) + "\n";
  Plan plan =
      TRY(own_file(surroundings.data_home + "/meson/native/deja", text, remove, "the native file"));
  if (!remove) plan.next.push_back("meson setup --native-file deja build");
  return plan;
}

Result<Plan> plan_systemd(const Surroundings& surroundings, bool remove) {
  if (surroundings.config_home.empty())
    return invalid("systemd's directory is unknown: set XDG_CONFIG_HOME or HOME");
  const std::string directory = surroundings.config_home + "/systemd/user";
  std::string text =
      "# by deja init --systemd\n[Unit]\nDescription=deja, the engine of the build cache\n\n"
      "[Service]\nExecStart=\"" +
      surroundings.program_path + "\" daemon run\nRestart=on-abnormal\n";
  const std::string cache = surroundings.variable("DEJA_DIR");
  if (!cache.empty())
    text += "Environment=\"DEJA_DIR=" + join_path(surroundings.cwd, cache) + "\"\n";
  text += "\n[Install]\nWantedBy=default.target\n";
  Plan plan = TRY(own_file(directory + "/deja.service", text, remove, "the unit"));
  const std::string link = directory + "/default.target.wants/deja.service";
  const bool linked = TRY(os::stat_file(link, os::Links::keep)).has_value();
  if (linked == remove)
    plan.steps.push_back({.kind = remove ? Step::Kind::remove : Step::Kind::link,
                          .path = link,
                          .text = "../deja.service"});
  plan.next.push_back("systemctl --user daemon-reload");
  plan.next.push_back(remove ? "systemctl --user stop deja   # if it runs"
                             : "systemctl --user start deja   # or log in again");
  return plan;
}

std::string shell_lines(const Surroundings& surroundings, bool remove) {
  std::string out;
  for (const auto& [variable, usual] : {std::pair("CC", "cc"), std::pair("CXX", "c++")}) {
    const std::string name = compiler(surroundings, variable, usual);
    out += "export " + std::string(variable) + "=" +
           shell_quoted(remove ? name : surroundings.program + " " + name) + "\n";
  }
  return out;
}

}  // namespace deja::setup
