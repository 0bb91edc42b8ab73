// SPDX-License-Identifier: Apache-2.0
// What a `deja exec` command line asks for: which tool, what is declared about it, what to do with
// a result. Both the engine and the subcommand (which runs the tool when there is no engine) read
// it, so both report the same error for a wrong option.
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

// Which variables the tool gets. Declared ones are always part of the key.
enum class GivenVariables : std::uint8_t {
  declared,  // those of --input-env and --pass-env only
  observed,  // all; those it reads count, or all of them when it may read them all
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

  // First way to find inputs: the includes of these files are inputs.
  std::vector<std::string> seeds, include_directories, system_directories, quote_directories;
  // Second way: the tool writes make rules to this file, and their prerequisites are inputs.
  std::string depfile;

  GivenVariables variables = GivenVariables::declared;
  GivenStdin input = GivenStdin::none;
  // 64 lower-case hexadecimal digits; replaces the digest of the tool's file
  std::string tool_hash;
  std::vector<std::string> filters;
  bool no_cwd_in_key = false;

  bool no_cache = false, read_only = false, non_deterministic = false;
  bool declared_only = false;  // not observed: only what is declared counts
  bool strict = false;         // a read or write that is not declared is an error
  bool cache_failures = false;
  bool clock_counts = false;     // a run that reads the clock is not stored
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
std::variant<ExecOptions, std::string> parse_command_line(std::span<const std::string_view> argv);

// "deja exec: <what>" with a newline, as printed.
std::string error_line(std::string_view what);

// The text that `deja exec --help` prints.
std::string help_text();

// From the user's variables: those that the tool gets, and of these the ones that may change what
// it does (all but the passed ones).
struct Given {
  std::vector<EnvironmentVariable> all, counting;
};
Given given_variables(const ExecOptions& options, std::span<const EnvironmentVariable> users);

}  // namespace deja::tool::exec
