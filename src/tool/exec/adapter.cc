// SPDX-License-Identifier: Apache-2.0
// The adapter for any tool, run by `deja exec`. It knows only what the user declares.
#include <algorithm>
#include <set>

#include "base/path.h"
#include "base/secrets.h"
#include "tool/exec/exec_options.h"
#include "tool/link_time.h"
#include "tool/tool.h"

namespace deja::tool {
namespace exec {
namespace {

constexpr std::size_t kWhatMax = 120;  // bytes of a command line in the journal

// A shell returns 126 or 127 when a program could not be started, and 128 + n when one was killed.
constexpr std::uint32_t kExitCodesOfTools = 125;

std::vector<std::string> absolute(const std::vector<std::string>& names, std::string_view cwd) {
  std::vector<std::string> out;
  out.reserve(names.size());
  for (const std::string& name : names) out.push_back(tidy_path(join_path(cwd, name)));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// For people and for the journal, so without what may be a secret.
std::string what_of(const ExecOptions& options) {
  std::string what(base_name(options.argv.front()));
  for (std::size_t i = 1; i < options.argv.size() && what.size() < kWhatMax; ++i)
    what.append(" ").append(announces_secret(options.argv[i - 1]) ? "***" : options.argv[i]);
  what = without_passwords(std::move(what));
  if (const std::size_t at = secret_at(what); at != what.npos) what.replace(at, what.npos, "***");
  return what.substr(0, kWhatMax);
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c < 0 ||
         c == '_' || c == '-' || c == '.' || c == '/';
}

// When the directory is not part of the key, its name in an argument is not either.
KeyArgument key_argument(const std::string& text, const ExecOptions& options,
                         std::string_view cwd) {
  KeyArgument out{text};
  if (!options.no_cwd_in_key || cwd == "/") return out;
  const std::size_t at = text.find(cwd);
  if (at == std::string::npos || !is_within(std::string_view(text).substr(at), cwd)) return out;
  // "stage/home/u/ws" is below the directory "stage" and does not name "/home/u/ws".
  const bool goes_on = at > 0 && is_name_byte(text[at - 1]);
  if (!goes_on) out.path_at = at;
  return out;
}

void add_variables(const ExecOptions& options, const Command& command, Invocation& out) {
  constexpr const char* kGiven[] = {"declared", "observed", "all"};
  out.key.fields.push_back({"variables", kGiven[static_cast<std::size_t>(options.variables)]});
  const std::set<std::string> names(options.input_variables.begin(), options.input_variables.end());
  for (const std::string& name : names) {
    const auto value = command.variable(name);
    out.key.fields.push_back({value ? "given variable" : "unset variable", name});
    if (value) out.key.fields.push_back({"value", std::string(*value)});
  }
  if (options.variables != GivenVariables::all) return;
  std::vector<EnvironmentVariable> sorted = command.environment;
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const EnvironmentVariable& v : sorted) {
    if (v.name.starts_with("DEJA_")) continue;
    out.key.fields.push_back({"given variable", std::string(v.name)});
    out.key.fields.push_back({"value", std::string(v.value)});
  }
}

// What is declared by name only; the contents of inputs are added when they have been read.
void add_declaration(const ExecOptions& options, Invocation& out) {
  for (const std::string& extra : options.extra) out.key.fields.push_back({"extra", extra});
  if (!options.depfile.empty()) out.key.fields.push_back({"depfile", "tracked"});
  if (options.declared_only) out.key.fields.push_back({"evidence", "declared"});
  if (options.strict) out.key.fields.push_back({"evidence", "strict"});
  if (options.clock_counts) out.key.fields.push_back({"evidence", "clock"});
  constexpr const char* kInputs[] = {"none", "inherit", "keyed"};
  out.key.fields.push_back({"stdin", kInputs[static_cast<std::size_t>(options.input)]});
}

void set_run(const ExecOptions& options, const Command& command, Invocation::Run& run) {
  run.argv = options.argv;
  run.environment.emplace();
  for (const EnvironmentVariable& v : command.given.value_or(command.environment))
    run.environment->push_back(std::string(v.name).append("=").append(v.value));
  run.reads_stdin = options.input == GivenStdin::keyed;
  run.has_no_stdin = options.input == GivenStdin::none;
  run.drops_stdout = !options.wants_stdout;
  run.drops_stderr = !options.wants_stderr;
  run.is_observed = !options.declared_only;
  run.limit_ms = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(options.timeout_ns / 1'000'000, UINT32_MAX));
}

void set_key(const ExecOptions& options, const Command& command, Invocation& out) {
  Invocation::Key& key = out.key;
  for (std::size_t i = 1; i < options.argv.size(); ++i)
    if (options.is_keyed[i])
      key.arguments.push_back(key_argument(options.argv[i], options, command.cwd));
  key.has_variables = options.variables != GivenVariables::observed;
  key.roots = options.no_cwd_in_key ? Invocation::Key::Roots::working_directory
                                    : Invocation::Key::Roots::none;
  key.tags_tool = options.no_cwd_in_key;
  if (!options.tool_hash.empty()) {
    key.tool = base_name(command.tool);
    key.tags_tool = false;
    key.tool_digest = Digest::from_hex(options.tool_hash);
  }
  key.names_interpreters = options.tool_hash.empty() && options.declared_only;
  if (!options.no_cwd_in_key) key.fields.push_back({"cwd", std::string(command.cwd)});
  add_variables(options, command, out);
  add_declaration(options, out);
}

void set_declared(const ExecOptions& options, const Command& command, Declaration& declared) {
  declared.outputs = absolute(options.output_files, command.cwd);
  for (const std::string& path : absolute(options.optional_outputs, command.cwd))
    declared.outputs.push_back(path);
  declared.directories = absolute(options.output_directories, command.cwd);
  declared.required = options.output_files;
  if (!options.depfile.empty()) {
    declared.outputs.push_back(tidy_path(join_path(command.cwd, options.depfile)));
    declared.required.push_back(options.depfile);
  }
  declared.lists_inputs_on_stdin = options.input_list_from_stdin;
}

class ExecAdapter final : public Adapter {
 public:
  bool knows(std::string_view) const override { return false; }

  // command.environment: the variables that count.
  Classified classify(const Command& command, const Options&) const override {
    const ExecOptions& options = *command.exec_options;
    Invocation out;
    out.exec_options = command.exec_options;
    out.identity.adapter = "exec";
    out.identity.what = what_of(options);
    out.policy.is_generic = true;
    out.policy.clock_counts = options.clock_counts;
    out.policy.facts_count = options.clock_counts;
    out.policy.failures_count = options.cache_failures;
    set_run(options, command, out.run);
    set_declared(options, command, out.declared);
    // With --declared-only the tool may be another deja, which would wait for us.
    if (!options.declared_only) out.outputs.written = out.declared.outputs;
    set_key(options, command, out);
    out.storage = {.failures = options.cache_failures,
                   .is_read_only = options.read_only,
                   .is_strict = options.strict,
                   .ttl_ns = options.ttl_ns};
    out.asked.for_key = options.print_key;
    out.asked.tell = options.json ? Tell::json : options.explain ? Tell::text : Tell::nothing;
    return out;
  }

  VariableUse variable_use(std::string_view, std::string_view) const override {
    return VariableUse::value;
  }
  bool clock_matters(std::uint64_t) const override { return false; }
  std::span<const TrustedScript> trusted_script(const Invocation&) const override {
    return link_time_programs();
  }

  bool proves_failure(const Invocation&, std::uint32_t exit_code, std::string_view) const override {
    return exit_code <= kExitCodesOfTools;
  }

  std::optional<std::string> move_depfile(const Invocation&, std::string_view,
                                          const TextMoves&) const override {
    return std::nullopt;
  }
};

}  // namespace
}  // namespace exec

const Adapter& exec_adapter() {
  static const exec::ExecAdapter adapter;
  return adapter;
}

}  // namespace deja::tool
