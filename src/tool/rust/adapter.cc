// SPDX-License-Identifier: Apache-2.0
// The adapter for rustc and for clippy-driver, which is rustc with more lints. Cargo runs
// "deja rustc …" (RUSTC_WRAPPER) or "deja clippy-driver rustc …" (RUSTC_WORKSPACE_WRAPPER).
#include <algorithm>

#include "base/path.h"
#include "digest/hasher.h"
#include "tool/cargo.h"
#include "tool/cc/arguments.h"
#include "tool/cc/native.h"
#include "tool/link_time.h"
#include "tool/prefix_maps.h"
#include "tool/rust/arguments.h"
#include "tool/rust/dep_info.h"
#include "tool/tool.h"
#include "tool/variables.h"

namespace deja::tool {
namespace rust {
namespace {

constexpr VariableRow kVariables[] = {
    {"TERM", VariableUse::ignored,
     "decides the colours of a terminal; stderr is a pipe, or colours are forced"},
    {"NO_COLOR", VariableUse::ignored,
     "an explicit choice overrides it, and a pipe has no colours without one"},
    {"COLORTERM", VariableUse::ignored, "decides the links of a terminal; stderr is a pipe"},
    {"CLICOLOR", VariableUse::ignored, "as NO_COLOR"},
    {"CLICOLOR_FORCE", VariableUse::ignored, "as NO_COLOR"},
    {"CARGO_MAKEFLAGS", VariableUse::ignored,
     "the jobserver: the number of threads, not their results"},
    {"MAKEFLAGS", VariableUse::ignored, "as CARGO_MAKEFLAGS"},
    {"MFLAGS", VariableUse::ignored, "as CARGO_MAKEFLAGS"},
    {"RUST_BACKTRACE", VariableUse::ignored,
     "how rustc reports its own crash; a crash is not stored"},
    {"PATH", VariableUse::searched, "finds the linker; macros may use it in other ways"},
};

// enum deja_clock in observe/preload/log_layout.h.
constexpr std::uint64_t kClockMonotonic = 3;

bool is_driver(std::string_view word) { return base_name(word) == "rustc"; }

// The directory that holds both the target directory and the sources. Empty unless the target
// directory has its usual name: with another name it may lie anywhere.
std::string workspace_of(const std::string& out_dir, const std::string& target_directory) {
  std::string_view at = out_dir;
  while (!at.empty() && at != "/") {
    if (base_name(at) == "target") return std::string(parent_path(at));
    at = parent_path(at);
  }
  return target_directory.empty() ? out_dir : std::string();
}

bool has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Cargo builds it in its own directory (<target>/<profile>/build/<package>-<hash>). Other programs
// and tests of such a name go to "deps".
bool is_build_script(const Arguments& a, const std::string& directory) {
  return a.crate_name.starts_with("build_script_") && has(a.emits, "link") && !a.is_test &&
         base_name(parent_path(directory)) == "build";
}

using Words = std::vector<std::string_view>;

// The words, with every "@file" replaced by that file's lines (rustc_driver's args.rs: each line is
// a word, and a line cannot name another file). texts: owns the text that the new words refer to.
std::variant<Words, Bypass> expand(const Words& words, std::string_view cwd,
                                   std::vector<std::string>& texts, std::vector<KeyedFile>& files) {
  texts.reserve(words.size());
  Words out;
  for (const std::string_view word : words) {
    if (!word.starts_with('@')) {
      out.push_back(word);
      continue;
    }
    auto text = cc::read_response(cwd, word.substr(1));
    if (!text || !*text) return Bypass{BypassReason::response_file, std::string(word)};
    files.push_back({tidy_path(join_path(cwd, word.substr(1))), digest::digest_bytes(**text)});
    texts.push_back(**std::move(text));
    std::string_view rest = texts.back();
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      out.push_back(line);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return out;
}

// Why the command is not looked up.
std::optional<Bypass> why_not(const Arguments& arguments) {
  if (!arguments.missing_value.empty())
    return Bypass{BypassReason::argument_error, arguments.missing_value};
  if (!arguments.question.empty() && !arguments.can_be_answered)
    return Bypass{BypassReason::not_a_compile, arguments.question};
  if (arguments.source.empty() && arguments.question.empty())
    return Bypass{BypassReason::no_input, ""};
  if (!arguments.unsupported.empty())
    return Bypass{BypassReason::unsupported_option, arguments.unsupported};
  return std::nullopt;
}

// What else the words imply; the words themselves are in the key.
std::optional<Bypass> look_at_words(const Words& words, Invocation& out) {
  for (const std::string_view word : words) {
    const bool is_for_linker = word.starts_with("link-arg") || word.starts_with("-Clink-arg");
    const char* why = is_for_linker ? why_not_linked(word.substr(word.find('l'))) : nullptr;
    if (why != nullptr)
      return Bypass{BypassReason::unsupported_option, std::string(word) + ": " + why};
    if (!asks_for_own_processor(word)) continue;
    const auto cpu = cc::cpu_identity();
    if (!cpu) return Bypass{BypassReason::unsupported_option, cc::kUnknownProcessor};
    out.key.fields.push_back({"cpu", *cpu});
  }
  return std::nullopt;
}

// Fills an Invocation from rustc's parsed command line.
class InvocationBuilder {
 public:
  InvocationBuilder(const Arguments& arguments, const Command& command, const Options& options,
                    Invocation& out)
      : a_(arguments), command_(command), options_(options), out_(out) {}

  void fill() {
    out_.identity.adapter = "rust";
    out_.identity.dialect = "rustc";
    out_.identity.language = "rust";
    out_.identity.what = !a_.question.empty()     ? a_.question
                         : !a_.crate_name.empty() ? a_.crate_name
                                                  : a_.source;
    out_.run.reads_stdin = a_.source == "-";
    if (!a_.source.empty() && !out_.run.reads_stdin) out_.identity.source = absolute(a_.source);
    out_.key.arguments.insert(out_.key.arguments.end(), a_.key.begin(), a_.key.end());
    // Added options come first: after "--" they would be names of sources. But rustup's proxy
    // accepts "+toolchain" only as the first word.
    auto word = a_.run.begin();
    if (word != a_.run.end() && word->starts_with('+')) out_.run.argv.push_back(*word++);
    add_colours();
    add_maps();
    out_.run.argv.insert(out_.run.argv.end(), word, a_.run.end());
    name_outputs();
    // rustc searches directories for dependencies by crate name and hash (CrateLocator).
    std::vector<std::string> by_name;
    by_name.reserve(a_.searched_by_name.size());
    for (const std::string& crates : a_.searched_by_name) by_name.push_back(absolute(crates));
    for (const std::string& crates : a_.dependency_directories)
      if (!has(by_name, absolute(crates)))
        out_.policy.searched_directories.push_back(absolute(crates));
    for (const std::string& crates : a_.crate_directories)
      out_.policy.plugin_directories.push_back(absolute(crates));
    out_.policy.runs_plugins = true;
    out_.outputs.are_replaced = true;
    out_.policy.facts_count = false;  // the facts are about C and C++
  }

 private:
  std::string absolute(const std::string& path) const {
    return tidy_path(join_path(command_.cwd, path));
  }

  void add_colours() {
    if (a_.error_format == "json" || a_.has_colour || !options_.may_force_colours) return;
    out_.run.argv.emplace_back("--color=always");
    out_.run.colours_forced = true;
    const auto term = command_.variable("TERM");
    out_.run.colours_on_terminal = term && !term->empty() && *term != "dumb" &&
                                   command_.variable("NO_COLOR").value_or("").empty();
  }

  void add_maps() {
    if (!options_.portable || out_.identity.source.empty()) return;
    std::vector<std::string> roots = options_.portable_roots;
    const std::string cwd(command_.cwd);
    const std::string out_dir = a_.out_dir.empty() ? "" : absolute(a_.out_dir);
    const std::string target_directory = target_directory_of(out_dir, a_.target);
    std::string workspace = out_dir.empty() ? "" : workspace_of(out_dir, target_directory);
    if (workspace.empty()) workspace = target_directory;
    // Cargo compiles members in the workspace's directory, and other crates in their own. A target
    // directory above the working directory, or elsewhere, does not show where the sources are.
    const bool is_above = cwd != workspace && is_within(cwd, workspace);
    if (is_member() && (is_above || !is_within(cwd, workspace))) roots.push_back(cwd);
    if (!is_above) roots.push_back(workspace);
    add_prefix_maps(roots, "--remap-path-prefix=", out_);
  }

  bool is_member() const {
    const auto manifest = command_.variable("CARGO_MANIFEST_DIR");
    return command_.variable("CARGO_PRIMARY_PACKAGE") ||
           (manifest && *manifest != command_.cwd && is_within(*manifest, command_.cwd));
  }

  void name_outputs() {
    const bool only_asks = !a_.question.empty() && out_.identity.source.empty();
    const bool is_linked = a_.emits.empty() || has(a_.emits, "link") || has(a_.emits, "llvm-bc");
    // Bitcode stores its strings packed.
    out_.outputs.are_opaque = is_linked && !only_asks && (a_.has_lto || a_.embeds_bitcode);
    const std::string directory = absolute(a_.out_dir.empty() ? "." : a_.out_dir);
    if (!a_.out_dir.empty()) {
      out_.places.target_directory = target_directory_of(directory, a_.target);
      out_.places.workspace = workspace_of(directory, out_.places.target_directory);
    }
    const std::string stem = join_path(directory, a_.crate_name + a_.extra_filename);
    if (has(a_.emits, "dep-info")) {
      for (const std::string& file : a_.dep_info_files)
        out_.outputs.depfiles.push_back(absolute(file));
      if (a_.dep_info_files.empty()) out_.outputs.depfiles.push_back(stem + ".d");
    }
    if (a_.is_incremental && !out_.outputs.depfiles.empty())
      out_.places.incremental_marker = out_.outputs.depfiles.front();
    if (is_build_script(a_, directory)) out_.places.build_script = stem;
  }

  const Arguments& a_;
  const Command& command_;
  const Options& options_;
  Invocation& out_;
};

class RustAdapter final : public Adapter {
 public:
  bool knows(std::string_view program_name) const override {
    return program_name == "rustc" || program_name == "clippy-driver";
  }

  Classified classify(const Command& command, const Options& options) const override {
    std::vector<std::string_view> words(command.argv.begin() + 1, command.argv.end());
    Invocation out;
    out.run.argv.emplace_back(command.argv.front());
    // clippy-driver gets the name of the compiler that it replaces; only this name is checked.
    if (base_name(command.argv.front()) == "clippy-driver" && !words.empty() &&
        is_driver(words.front())) {
      out.run.argv.emplace_back(words.front());
      out.key.arguments.push_back({std::string(words.front()), 0});
      words.erase(words.begin());
    }
    std::vector<std::string> texts;
    auto expanded = expand(words, command.cwd, texts, out.key.files);
    if (auto* bypass = std::get_if<Bypass>(&expanded)) return std::move(*bypass);
    Arguments arguments = read_arguments(std::get<Words>(expanded));
    if (auto why = why_not(arguments)) return *std::move(why);
    if (!out.key.files.empty()) {
      // A command line that is too long for the system is passed on unchanged, so nothing can be
      // removed from it.
      if (arguments.is_incremental)
        return Bypass{BypassReason::response_file, "-C incremental in a response file"};
      arguments.run.assign(words.begin(), words.end());
    }
    if (auto why = look_at_words(std::get<Words>(expanded), out)) return *std::move(why);
    InvocationBuilder(arguments, command, options, out).fill();
    return out;
  }

  VariableUse variable_use(std::string_view name, std::string_view program) const override {
    // For the linker and its driver.
    const VariableUse linking = cc_adapter().variable_use(name, program);
    if (linking == VariableUse::directory || linking == VariableUse::listed) return linking;
    return find_variable_use(kVariables, name, true);
  }
  std::vector<std::string> variables_in(std::string_view depfile) const override {
    return variables_of(depfile);
  }
  bool clock_matters(std::uint64_t clock) const override { return clock != kClockMonotonic; }
  std::span<const TrustedScript> trusted_script(const Invocation&) const override {
    return link_time_programs();
  }
  // A failure is not stored: users of cargo edit before they try again.
  bool proves_failure(const Invocation&, std::uint32_t, std::string_view) const override {
    return false;
  }
  std::optional<std::string> move_depfile(const Invocation&, std::string_view text,
                                          const TextMoves& moves) const override {
    return move_dep_info(text, moves);
  }
};

}  // namespace
}  // namespace rust

const Adapter& rust_adapter() {
  static const rust::RustAdapter adapter;
  return adapter;
}

}  // namespace deja::tool
