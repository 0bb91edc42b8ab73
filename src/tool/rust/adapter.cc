// The adapter for rustc and for clippy-driver, which is rustc with more lints. Cargo runs
// "deja rustc …" (RUSTC_WRAPPER) or "deja clippy-driver rustc …" (RUSTC_WORKSPACE_WRAPPER).
#include <algorithm>

#include "base/path.h"
#include "tool/cc/arguments.h"
#include "tool/program_name.h"
#include "tool/rust/arguments.h"
#include "tool/rust/dep_info.h"
#include "tool/tool.h"

namespace deja::tool {
namespace rust {
namespace {

struct IgnoredVariable {
  std::string_view name;
  const char* why;
};
constexpr IgnoredVariable kIgnored[] = {
    {"TERM", "asked whether a terminal has colours; stderr is none, or they are forced"},
    {"NO_COLOR", "loses against an explicit choice, and a pipe has no colours without one"},
    {"COLORTERM", "asked whether a terminal has links; stderr is none"},
    {"CLICOLOR", "as NO_COLOR"},
    {"CLICOLOR_FORCE", "as NO_COLOR"},
    {"CARGO_MAKEFLAGS", "the jobserver: how many threads, not what they make"},
    {"MAKEFLAGS", "as CARGO_MAKEFLAGS"},
    {"MFLAGS", "as CARGO_MAKEFLAGS"},
    {"TMPDIR", "where files lie that are gone at the end"},
    {"RUST_BACKTRACE", "how rustc reports its own crash; that is not remembered"},
};

// enum deja_clock in observe/preload/log_layout.h.
constexpr std::uint64_t kClockMonotonic = 3;

bool is_driver(std::string_view word) { return base_name(word) == "rustc"; }

// The folder that holds target folder and sources: cargo writes to <it>/target/[triple/]<profile>/deps.
std::string workspace_of(const std::string& out_dir) {
  std::string_view at = out_dir;
  while (!at.empty() && at != "/") {
    if (base_name(at) == "target") return std::string(parent_path(at));
    at = parent_path(at);
  }
  return out_dir;
}

bool has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_any(const std::vector<std::string>& list, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return has(list, word); });
}

// Why the command is not looked up.
std::optional<Bypass> why_not(const Arguments& arguments) {
  if (!arguments.missing_value.empty())
    return Bypass{BypassReason::argument_error, arguments.missing_value};
  if (!arguments.question.empty()) return Bypass{BypassReason::not_a_compile, arguments.question};
  if (arguments.source == "-") return Bypass{BypassReason::stdin_source, "-"};
  if (arguments.source.empty()) return Bypass{BypassReason::no_input, ""};
  if (!arguments.unsupported.empty())
    return Bypass{BypassReason::unsupported_option, arguments.unsupported};
  return std::nullopt;
}

class RustAdapter final : public Adapter {
 public:
  bool knows(std::string_view program_name) const override {
    return program_name == "rustc" || program_name == "clippy-driver";
  }

  Classified classify(const Command& command, const Options& options) const override {
    std::vector<std::string_view> words(command.argv.begin() + 1, command.argv.end());
    Invocation out;
    out.run_argv.emplace_back(command.argv.front());
    // The compiler that a driver stands in for: only its name is looked at.
    if (base_name(command.argv.front()) == "clippy-driver" && !words.empty() &&
        is_driver(words.front())) {
      out.run_argv.emplace_back(words.front());
      out.key_arguments.push_back({std::string(words.front()), 0});
      words.erase(words.begin());
    }
    const auto is_response = [](std::string_view word) { return word.starts_with('@'); };
    if (std::any_of(words.begin(), words.end(), is_response))
      return Bypass{BypassReason::response_file, ""};
    Arguments arguments = read_arguments(words);
    if (auto why = why_not(arguments)) return *std::move(why);
    fill(arguments, command, options, out);
    return out;
  }

  bool ignores_variable(std::string_view name) const override {
    return std::any_of(std::begin(kIgnored), std::end(kIgnored),
                       [&](const IgnoredVariable& row) { return row.name == name; });
  }
  bool clock_matters(std::uint64_t clock) const override { return clock != kClockMonotonic; }
  std::span<const Vouched> vouched(const Invocation&) const override { return {}; }
  // What failed is compiled again: cargo's users edit and try.
  bool proves_failure(const Invocation&, std::uint32_t, std::string_view) const override {
    return false;
  }
  std::optional<std::string> move_depfile(const Invocation&, std::string_view text,
                                          std::string_view from,
                                          std::string_view to) const override {
    return move_dep_info(text, from, to);
  }

 private:
  static void fill(Arguments& a, const Command& command, const Options& options, Invocation& out) {
    const auto absolute = [&](const std::string& path) {
      return tidy_path(join_path(command.cwd, path));
    };
    out.adapter = "rust";
    out.dialect = "rustc";
    out.language = "rust";
    out.what = a.crate_name.empty() ? a.source : a.crate_name;
    out.source = absolute(a.source);
    out.run_argv.insert(out.run_argv.end(), a.run.begin(), a.run.end());
    out.key_arguments.insert(out.key_arguments.end(), a.key.begin(), a.key.end());
    if (!a.has_error_format && !a.has_colour && options.may_force_colours) {
      out.run_argv.emplace_back("--color=always");
      out.colours_forced = true;
      const auto term = command.variable("TERM");
      out.colours_on_terminal = term && !term->empty() && *term != "dumb" &&
                                command.variable("NO_COLOR").value_or("").empty();
    }
    // Metadata inside a shared library is compressed, and bitcode packs its strings.
    const bool is_linked = a.emits.empty() || has(a.emits, "link") || has(a.emits, "llvm-bc");
    const bool has_packed = is_any(a.crate_types, {"dylib", "proc-macro"});
    out.opaque_outputs = is_linked && (has_packed || a.has_lto || a.embeds_bitcode);
    const std::string folder = absolute(a.out_dir.empty() ? "." : a.out_dir);
    if (has(a.emits, "dep-info")) {
      for (const std::string& file : a.dep_info_files) out.depfiles.push_back(absolute(file));
      if (a.dep_info_files.empty())
        out.depfiles.push_back(join_path(folder, a.crate_name + a.extra_filename + ".d"));
    }
    // Crates that others depend on are looked for by name and hash (rustc's CrateLocator).
    for (const std::string& crates : a.dependency_folders)
      out.searched_folders.push_back(absolute(crates));
    if (!a.out_dir.empty()) out.workspace = workspace_of(folder);
    out.replaces_outputs = true;
    out.facts_count = false;  // none of C's
  }
};

}  // namespace
}  // namespace rust

const Adapter& rust_adapter() {
  static const rust::RustAdapter adapter;
  return adapter;
}

}  // namespace deja::tool
