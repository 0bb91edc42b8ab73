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
  out.key_fields.push_back({"variables", kGiven[static_cast<std::size_t>(order.variables)]});
  const std::set<std::string> names(order.input_variables.begin(), order.input_variables.end());
  for (const std::string& name : names) {
    const auto value = command.variable(name);
    out.key_fields.push_back({value ? "given variable" : "unset variable", name});
    if (value) out.key_fields.push_back({"value", std::string(*value)});
  }
  if (order.variables != GivenVariables::all) return;
  std::vector<EnvironmentVariable> sorted = command.environment;
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const EnvironmentVariable& v : sorted) {
    if (v.name.starts_with("DEJA_")) continue;
    out.key_fields.push_back({"given variable", std::string(v.name)});
    out.key_fields.push_back({"value", std::string(v.value)});
  }
}

// What is declared by name only; the contents of inputs are added when they have been read.
void add_declaration(const ExecOptions& order, Invocation& out) {
  for (const std::string& extra : order.extra) out.key_fields.push_back({"extra", extra});
  if (!order.depfile.empty()) out.key_fields.push_back({"depfile", "tracked"});
  if (order.declared_only) {
    out.key_fields.push_back({"evidence", "declared"});
    out.is_observed = false;
  }
  if (order.strict) out.key_fields.push_back({"evidence", "strict"});
  if (order.clock_counts) out.key_fields.push_back({"evidence", "clock"});
  constexpr const char* kInputs[] = {"none", "inherit", "keyed"};
  out.key_fields.push_back({"stdin", kInputs[static_cast<std::size_t>(order.input)]});
}

class ExecAdapter final : public Adapter {
 public:
  bool knows(std::string_view) const override { return false; }

  // command.environment: the variables that count.
  Classified classify(const Command& command, const Options&) const override {
    const ExecOptions& order = *command.exec_options;
    Invocation out;
    out.adapter = "exec";
    out.exec_options = command.exec_options;
    out.what = what_of(order);
    out.is_generic = true;
    out.clock_counts = order.clock_counts;
    out.facts_count = order.clock_counts;
    out.run_argv = order.argv;
    for (std::size_t i = 1; i < order.argv.size(); ++i)
      if (order.is_keyed[i])
        out.key_arguments.push_back(key_argument(order.argv[i], order, command.cwd));
    out.reads_stdin = order.input == GivenStdin::keyed;
    out.has_no_stdin = order.input == GivenStdin::none;
    out.drops_stdout = !order.wants_stdout;
    out.drops_stderr = !order.wants_stderr;
    out.are_variables_keyed = order.variables != GivenVariables::observed;
    out.failures_count = order.cache_failures;
    out.declared.outputs = absolute(order.output_files, command.cwd);
    for (const std::string& path : absolute(order.optional_outputs, command.cwd))
      out.declared.outputs.push_back(path);
    out.declared.directories = absolute(order.output_directories, command.cwd);
    if (!order.depfile.empty())
      out.declared.outputs.push_back(tidy_path(join_path(command.cwd, order.depfile)));
    // With --declared-only the tool may be another deja, which would wait for us.
    if (!order.declared_only) out.written = out.declared.outputs;
    if (!order.no_cwd_in_key) out.key_fields.push_back({"cwd", std::string(command.cwd)});
    add_variables(order, command, out);
    add_declaration(order, out);
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
