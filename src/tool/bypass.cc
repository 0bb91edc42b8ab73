// SPDX-License-Identifier: Apache-2.0
// The table of bypass reasons, the only place that lists them. From it come the names of counters
// and events, docs/bypass.md, and a test that runs every example.
#include "base/check.h"
#include "tool/tool.h"

namespace deja::tool {

const std::vector<BypassRow>& bypass_rows() {
  using enum BypassReason;
  static const std::vector<BypassRow> rows = {
      {not_a_compile, "not_a_compile",
       "The command asks the tool a question whose answer cannot be stored.", "gcc --help=common",
       "Nothing: such a command costs little."},
      {no_input, "no_input", "The command names no source file.", "gcc -c a.o",
       "Nothing: name a source, and the command is looked up."},
      {stdin_source, "stdin_source",
       "A source comes from an open descriptor, which cannot be read twice, or from more "
       "standard input than deja keeps (64 MiB).",
       "gcc -c -x c /dev/stdin -o a.o", "Give the source as a file."},
      {interactive, "interactive", "The tool would interact with a terminal.", "",
       "Nothing: run it without a terminal, and it is looked up."},
      {response_file, "response_file",
       "A response file (@file) is too large, is nested too deeply, or is quoted in a way that "
       "compilers "
       "read differently. For rustc: it does not exist, or it holds -C incremental.",
       "gcc -c @endless.rsp", "Use plain quotes."},
      {argument_error, "argument_error", "An option lacks its value; the tool reports that itself.",
       "gcc -c a.c -o", "Give the option its value."},
      {environment_output, "environment_output",
       "An environment variable makes the tool write or append to a file that the command line "
       "does "
       "not name.",
       "DEPENDENCIES_OUTPUT=deps gcc -c a.c", "Unset the variable and use -MF instead."},
      {unsupported_option, "unsupported_option",
       "An option, a language or a variable makes it impossible to store the run safely.",
       "gcc -c -ftime-report a.c",
       "Leave the option out if the build does not need it. docs/bypass.md says why each is one."},
      {unknown_tool, "unknown_tool", "deja does not know a program of this name.", "tar cf a.tar a",
       "Say what it is with the setting `tools.\"NAME\" = \"gcc\"`, or run it as `deja exec -- "
       "NAME …`."},
      {tool_not_found, "tool_not_found", "There is no such program on PATH.", "",
       "Install the program, or correct PATH."},
      {disabled, "disabled", "DEJA_DISABLE, or `disable` in the configuration, is set.",
       "DEJA_DISABLE=1 gcc -c a.c",
       "Unset DEJA_DISABLE, or set `disable = false`; `deja config` says where it is set."},
      {internal_error, "internal_error", "The cache failed; `deja events` shows the reason.", "",
       "Run `deja doctor`; it names what is wrong with the cache."},
      {no_cache, "no_cache", "`deja exec` got `--no-cache` or `--non-deterministic`.", "",
       "Leave the option out."},
      {excluded, "excluded", "A pattern of the setting `exclude` matches a source.", "",
       "Change `exclude`; `deja config` says where it is set."},
      {rule, "rule",
       "A pattern of `bypass.tools`, `bypass.arguments` or `bypass.variables` matches the command.",
       "", "Change that setting; `deja config` says where it is set."},
      {fallback, "fallback",
       "The cache is read-only and has no result, so the program of the setting `fallback` runs "
       "the command.",
       "", "Make the cache directory writable, and results are stored again."},
      {incremental, "incremental",
       "A crate that cargo compiles with its incremental cache was edited repeatedly; rustc "
       "compiles it until it hits again (`rust.incremental`).",
       "", "Nothing: it hits again by itself."},
      {not_run, "not_run",
       "`deja exec` reported a wrong option, or only printed the key; nothing was "
       "run.",
       "", "Correct the option that the message names."},
  };
  return rows;
}

const char* bypass_name(BypassReason reason) {
  const std::vector<BypassRow>& rows = bypass_rows();
  const auto index = static_cast<std::size_t>(reason);
  CHECK(index < rows.size() && rows[index].reason == reason);
  return rows[index].name;
}

}  // namespace deja::tool
