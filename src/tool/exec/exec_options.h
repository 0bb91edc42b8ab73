// What a `deja exec` command line asks for: which tool, what of it is declared, what is done with a
// result. Read by the engine, and by the subcommand that runs the tool where no engine can be had;
// both say the same of a wrong option.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tool/tool.h"

namespace deja::tool::exec {

// Which variables the tool is given. Declared ones are always part of the key.
enum class GivenVariables : std::uint8_t {
  declared,  // those of --input-env and --pass-env only
  observed,  // all; those it reads count, and of a tool that may read all of them, all
  all,       // all, and all are part of the key
};

enum class GivenStdin : std::uint8_t { none, inherit, keyed };

struct ExecOptions {
  // Names and patterns as typed, relative to the working directory.
  std::vector<std::string> input_files, input_lists, input_globs;
  bool input_list_from_stdin = false;
  std::vector<std::string> input_variables, passed_variables;
  std::vector<std::string> extra;  // opaque bytes

  std::vector<std::string> output_files, optional_outputs, output_directories;
  bool wants_stdout = true, wants_stderr = true;

  // Path A: the includes of these files are inputs.
  std::vector<std::string> seeds, include_directories, system_directories, quote_directories;
  // Path B: the tool writes make rules here, and their prerequisites are inputs.
  std::string depfile;

  GivenVariables variables = GivenVariables::declared;
  GivenStdin input = GivenStdin::none;
  std::string tool_hash;  // 64 lower-case hexadecimal digits; stands for the tool's file
  std::vector<std::string> filters;
  bool no_cwd_in_key = false;

  bool no_cache = false, read_only = false, non_deterministic = false;
  bool declared_only = false;  // not observed: what is declared is all that counts
  bool strict = false;         // reading or writing anything else is an error
  bool cache_failures = false;
  bool clock_counts = false;     // a tool that asks for the time proves nothing
  std::uint64_t ttl_ns = 0;      // results older than this are not used; 0: any age
  std::uint64_t timeout_ns = 0;  // 0: none

  bool print_key = false, explain = false, json = false;

  std::vector<std::string> argv;  // of the tool
  std::vector<bool> is_keyed;     // of argv: false where a filter matches

  bool bypasses() const { return no_cache || non_deterministic; }
};

// The words of `deja exec` as the command of its tool: argv becomes the tool's, exec_options is set.
// Why not to look it up; empty: go on.
std::optional<Bypass> read_command(Command& command);
// The tool's variables: `given` is set, and `environment` keeps those that count.
// REQUIRES: read_command().
void give_variables(Command& command);

// argv[0] is "exec". A string: what is wrong, one line that names option and value.
std::variant<ExecOptions, std::string> read_order(std::span<const std::string_view> argv);

// "deja exec: <what>\n", as it is printed.
std::string error_line(std::string_view what);

// What `deja exec --help` prints.
std::string help_text();

// The variables that the tool is given, of those that the user has; and of these, the ones that may
// change what it does (all but the passed ones).
struct Given {
  std::vector<EnvironmentVariable> all, counting;
};
Given given_variables(const ExecOptions& order, std::span<const EnvironmentVariable> users);

}  // namespace deja::tool::exec
