// The adapter for any tool, run by `deja exec`. Nothing is known of the tool but what the user says.
#include <algorithm>
#include <set>

#include "base/path.h"
#include "tool/exec/exec_options.h"
#include "tool/link_time.h"
#include "tool/tool.h"

namespace deja::tool {
namespace exec {
namespace {

constexpr std::size_t kWhatMax = 120;  // bytes of a command line in the journal

// A shell says so when a program could not be started (126, 127) or was killed (128 + n).
constexpr std::uint32_t kExitCodesOfTools = 125;

std::vector<std::string> absolute(const std::vector<std::string>& names, std::string_view cwd) {
  std::vector<std::string> out;
  out.reserve(names.size());
  for (const std::string& name : names) out.push_back(tidy_path(join_path(cwd, name)));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string what_of(const ExecOptions& order) {
  std::string what(base_name(order.argv.front()));
  for (std::size_t i = 1; i < order.argv.size() && what.size() < kWhatMax; ++i)
    what.append(" ").append(order.argv[i]);
  return what.substr(0, kWhatMax);
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c < 0 ||
         c == '_' || c == '-' || c == '.' || c == '/';
}

// Where the directory is not part of the key, neither is its name in an argument.
KeyArgument key_argument(const std::string& text, const ExecOptions& order, std::string_view cwd) {
  KeyArgument out{text};
  if (!order.no_cwd_in_key || cwd == "/") return out;
  const std::size_t at = text.find(cwd);
  if (at == std::string::npos || !is_within(std::string_view(text).substr(at), cwd)) return out;
  // "stage/home/u/ws" is below the directory "stage", and says nothing of "/home/u/ws".
  const bool goes_on = at > 0 && is_name_byte(text[at - 1]);
  if (!goes_on) out.path_at = at;
  return out;
}

void add_variables(const ExecOptions& order, const Command& command, Invocation& out) {
  constexpr const char* kGiven[] = {"declared", "observed", "all"};
  out.key.fields.push_back({"variables", kGiven[static_cast<std::size_t>(order.variables)]});
  const std::set<std::string> names(order.input_variables.begin(), order.input_variables.end());
  for (const std::string& name : names) {
    const auto value = command.variable(name);
    out.key.fields.push_back({value ? "given variable" : "unset variable", name});
    if (value) out.key.fields.push_back({"value", std::string(*value)});
  }
  if (order.variables != GivenVariables::all) return;
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
void add_declaration(const ExecOptions& order, Invocation& out) {
  for (const std::string& extra : order.extra) out.key.fields.push_back({"extra", extra});
  if (!order.depfile.empty()) out.key.fields.push_back({"depfile", "tracked"});
  if (order.declared_only) out.key.fields.push_back({"evidence", "declared"});
  if (order.strict) out.key.fields.push_back({"evidence", "strict"});
  if (order.clock_counts) out.key.fields.push_back({"evidence", "clock"});
  constexpr const char* kInputs[] = {"none", "inherit", "keyed"};
  out.key.fields.push_back({"stdin", kInputs[static_cast<std::size_t>(order.input)]});
}

void set_run(const ExecOptions& order, const Command& command, Invocation::Run& run) {
  run.argv = order.argv;
  run.environment.emplace();
  for (const EnvironmentVariable& v : command.given.value_or(command.environment))
    run.environment->push_back(std::string(v.name).append("=").append(v.value));
  run.reads_stdin = order.input == GivenStdin::keyed;
  run.has_no_stdin = order.input == GivenStdin::none;
  run.drops_stdout = !order.wants_stdout;
  run.drops_stderr = !order.wants_stderr;
  run.is_observed = !order.declared_only;
  run.limit_ms =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(order.timeout_ns / 1'000'000, UINT32_MAX));
}

void set_key(const ExecOptions& order, const Command& command, Invocation& out) {
  Invocation::Key& key = out.key;
  for (std::size_t i = 1; i < order.argv.size(); ++i)
    if (order.is_keyed[i]) key.arguments.push_back(key_argument(order.argv[i], order, command.cwd));
  key.has_variables = order.variables != GivenVariables::observed;
  key.roots = order.no_cwd_in_key ? Invocation::Key::Roots::working_directory
                                  : Invocation::Key::Roots::none;
  key.tags_tool = order.no_cwd_in_key;
  if (!order.tool_hash.empty()) {
    key.tool = base_name(command.tool);
    key.tags_tool = false;
    key.tool_digest = Digest::from_hex(order.tool_hash);
  }
  key.names_interpreters = order.tool_hash.empty() && order.declared_only;
  if (!order.no_cwd_in_key) key.fields.push_back({"cwd", std::string(command.cwd)});
  add_variables(order, command, out);
  add_declaration(order, out);
}

void set_declared(const ExecOptions& order, const Command& command, Declaration& declared) {
  declared.outputs = absolute(order.output_files, command.cwd);
  for (const std::string& path : absolute(order.optional_outputs, command.cwd))
    declared.outputs.push_back(path);
  declared.directories = absolute(order.output_directories, command.cwd);
  declared.required = order.output_files;
  if (!order.depfile.empty()) {
    declared.outputs.push_back(tidy_path(join_path(command.cwd, order.depfile)));
    declared.required.push_back(order.depfile);
  }
  declared.lists_inputs_on_stdin = order.input_list_from_stdin;
}

class ExecAdapter final : public Adapter {
 public:
  bool knows(std::string_view) const override { return false; }

  // command.environment: the variables that count.
  Classified classify(const Command& command, const Options&) const override {
    const ExecOptions& order = *command.exec_options;
    Invocation out;
    out.exec_options = command.exec_options;
    out.identity.adapter = "exec";
    out.identity.what = what_of(order);
    out.policy.is_generic = true;
    out.policy.clock_counts = order.clock_counts;
    out.policy.facts_count = order.clock_counts;
    out.policy.failures_count = order.cache_failures;
    set_run(order, command, out.run);
    set_declared(order, command, out.declared);
    // With --declared-only the tool may be another deja, which would wait for us.
    if (!order.declared_only) out.outputs.written = out.declared.outputs;
    set_key(order, command, out);
    out.storage = {.failures = order.cache_failures,
                   .is_read_only = order.read_only,
                   .is_strict = order.strict,
                   .ttl_ns = order.ttl_ns};
    out.asked.for_key = order.print_key;
    out.asked.tell = order.json ? Tell::json : order.explain ? Tell::text : Tell::nothing;
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
