// SPDX-License-Identifier: Apache-2.0
// `deja init --rust`: adds the line to cargo's configuration that makes deja the wrapper of rustc.
// The rest of the user's file stays as it is, byte by byte. Tested by init_test.cc.

#include <stdlib.h>

#include <optional>
#include <string>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "base/path.h"
#include "cli/context.h"
#include "cli/options.h"
#include "os/file.h"

namespace deja::cli {
namespace {

constexpr std::string_view kMark = "  # by deja init --rust";
constexpr std::string_view kKey = "rustc-wrapper";
constexpr std::string_view kHeader = "[build]";

std::string cargo_directory() {
  const char* const home = ::getenv("CARGO_HOME");
  if (home != nullptr && *home != '\0') return home;
  const char* const users = ::getenv("HOME");
  return users != nullptr && *users != '\0' ? std::string(users) + "/.cargo" : "";
}

// Cargo, too, prefers the older of the two names.
std::string config_in(const std::string& directory) {
  const auto old = os::stat_file(directory + "/config");
  return old && *old ? directory + "/config" : directory + "/config.toml";
}

// The value of `build.rustc-wrapper`; an empty text: not set. Empty: not valid TOML.
std::optional<std::string> wrapper_in(const std::string& text) {
  const toml::parse_result table = toml::parse(text);
  if (!table) return std::nullopt;
  const auto wrapper = table["build"][kKey];
  if (wrapper && !wrapper.is_string()) return std::nullopt;
  return wrapper.value_or(std::string());
}

struct Lines {
  // The end of the line at `at`, after its newline.
  static std::size_t end(const std::string& text, std::size_t at) {
    return std::min(text.find('\n', at), text.size() - 1) + 1;
  }
  // The first line that begins with this text; npos: none.
  static std::size_t find(const std::string& text, std::string_view begin) {
    for (std::size_t at = 0; at < text.size(); at = end(text, at))
      if (std::string_view(text).substr(at).starts_with(begin)) return at;
    return std::string::npos;
  }
};

std::string add_line(std::string text, const std::string& wrapper) {
  const std::string line = std::string(kKey) + " = \"" + wrapper + "\"" + std::string(kMark) + "\n";
  if (!text.empty() && text.back() != '\n') text += '\n';
  const std::size_t header = Lines::find(text, kHeader);
  if (header != std::string::npos) return text.insert(Lines::end(text, header), line);
  return text + std::string(kHeader) + std::string(kMark) + "\n" + line;
}

// Removes only lines that add_line has written.
std::string remove_lines(std::string text) {
  for (const std::string_view begin : {kKey, kHeader}) {
    const std::size_t at = Lines::find(text, begin);
    if (at == std::string::npos) continue;
    const std::size_t end = Lines::end(text, at);
    std::string_view line = std::string_view(text).substr(at, end - at);
    while (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with(kMark)) text.erase(at, end - at);
  }
  return text;
}

Status write(const std::string& path, const std::string& text, mode_t mode) {
  const auto there = os::stat_file(path, os::Links::keep);
  if (text.empty() && there && *there && (*there)->is_regular()) {
    TRY(os::remove_file(path));
    return {};
  }
  TRY(os::make_directories(std::string(parent_path(path))));
  const auto real = os::real_path(path);  // the user may have made it a link
  return os::write_file_atomic(real ? *real : path, text, mode);
}

// The program that cargo will start: "deja" when PATH finds this installation, else the whole path.
std::string own_name(const Context& context) {
  std::string own = join_path(parent_path(parent_path(context.libexec)), "bin/deja");
  const auto id = os::stat_file(own);
  const char* const path = ::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (id && *id && !rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const auto there = os::stat_file(std::string(rest.substr(0, end)) + "/deja");
    if (there && *there)
      return (*there)->inode == (*id)->inode && (*there)->device == (*id)->device ? "deja" : own;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return own;
}

int fail(const std::string& what) {
  print_error("init: " + what);
  return kProblems;
}

int init_rust(const Context& context, bool remove) {
  const std::string directory = cargo_directory();
  if (directory.empty()) return fail("cargo's directory is unknown: set CARGO_HOME or HOME");
  const std::string path = config_in(directory);
  constexpr std::uint64_t kMax = 1 << 20;
  const auto old = os::read_file_if_exists(path, kMax);
  if (!old) return fail(old.error().message);
  const std::string before = old->value_or("");
  const auto wrapper = wrapper_in(before);
  if (!wrapper)
    return fail(path + " is not valid TOML; correct it and try again; nothing was changed");
  const std::string own = own_name(context);
  const bool is_deja = base_name(*wrapper) == "deja";
  if (!remove && is_deja) return print(path + ": cargo builds go through deja already\n"), kDone;
  if (!remove && !wrapper->empty())
    return fail(path + " has another rustc-wrapper, \"" + *wrapper + "\"; remove it first");
  if (remove && wrapper->empty())
    return print(path + ": cargo builds do not go through deja\n"), kDone;
  const std::string after = remove ? remove_lines(before) : add_line(before, own);
  // A table can be written in several ways, so the result is checked.
  if (wrapper_in(after) != (remove ? "" : own))
    return fail(path + " has a form that deja does not edit: " + (remove ? "remove" : "add") +
                " 'rustc-wrapper = \"" + (remove ? *wrapper : own) + "\"' under [build] there");
  const auto there = os::stat_file(path);
  const mode_t mode = there && *there ? (*there)->mode & 07777 : 0644;
  if (auto done = write(path, after, mode); !done) return fail(done.error().message);
  print(remove
            ? path + ": cargo builds no longer go through deja\n"
            : path +
                  ": cargo builds go through deja now; 'deja init --rust --remove' undoes that\n");
  return kDone;
}

}  // namespace

int run_init(const Context& context, Args args) {
  bool rust = false, remove = false;
  OptionTable options(
      "init",
      "Puts deja in front of a build tool's compiler, by a line in the tool's own settings.");
  options.flag("--rust", "Cargo's rustc: one line in $CARGO_HOME/config.toml", rust);
  options.flag("--remove", "Remove that line", remove);
  if (const auto code = options.parse(args)) return *code;
  if (!rust) {
    print_error("init: give --rust, which sets cargo up; see 'deja help init'");
    return kUsage;
  }
  return init_rust(context, remove);
}

}  // namespace deja::cli
