// SPDX-License-Identifier: Apache-2.0
// The pipeline's view of a tool. An adapter turns a command line into an Invocation (what the
// pipeline needs to key, run and replay it) or a Bypass (not looked up, and why).
//
// Reads and writes are observed, so an adapter need not know which option reads or writes what. It
// must know five things: whether the command is one bounded job; which arguments are paths (so that
// the key can say "<root>/a.c"); how diagnostics get their colour; which outputs can hide a path;
// and, where the tool is a script, which of its scripts read the clock without writing the time
// anywhere (TrustedScript).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "digest/digest.h"

namespace deja::tool {
namespace exec {
struct ExecOptions;  // tool/exec/exec_options.h
}

// Why a command is not looked up. Each has one row in kBypassReasons (bypass.cc): name, sentence,
// example. The table makes docs/bypass.md and the counters' names, and a test runs the examples.
enum class BypassReason : std::uint8_t {
  not_a_compile,       // a question whose answer cannot be stored
  no_input,            // no source file named
  stdin_source,        // source comes from an open descriptor
  interactive,         // the tool would interact with a terminal
  response_file,       // @file that cannot be read or nests too deep
  argument_error,      // an option that lacks its value
  environment_output,  // DEPENDENCIES_OUTPUT, SUNPRO_DEPENDENCIES: the environment names outputs
  unsupported_option,  // an option that makes the run impossible to store soundly
  unknown_tool,        // no adapter knows this program
  tool_not_found,      // no such program on PATH (the real exec reports it)
  disabled,            // DEJA_DISABLE, or `disable` in the config
  internal_error,      // the cache failed; the journal has the reason
  no_cache,            // deja exec --no-cache, --non-deterministic
  excluded,            // the setting `exclude` names the source
  rule,                // a setting `bypass.…` names the tool, an argument or a variable
  fallback,            // its result could not be stored, so the setting `fallback` runs it
  incremental,         // edited repeatedly: left to rustc's incremental cache
  not_run,             // deja exec: a wrong option, or only the key was asked for
};

struct Bypass {
  BypassReason reason;
  std::string detail;  // the option, the file; one line, may be empty
};

struct BypassRow {
  BypassReason reason;
  const char* name;      // stable: stats, events, docs
  const char* sentence;  // for docs/bypass.md
  const char* example;   // a command that takes this branch; empty when none can be written
  const char* remedy;    // what the user can do so that the command is looked up
};
// All rows in the order of the enum.
const std::vector<BypassRow>& bypass_rows();
const char* bypass_name(BypassReason reason);

struct EnvironmentVariable {
  std::string_view name, value;
};

// A program that reads the clock at every start, though few of its runs output the time.
struct Timekeeper {
  std::string_view program;  // its name, maybe with a target and a version; "sh": any shell
  // Can a run that read, wrote or printed this text have output the time?
  bool (*may_tell)(std::string_view text);
};

// A client's request. The views live as long as the request.
struct Command {
  std::string tool;                    // absolute path of the real program
  std::vector<std::string_view> argv;  // argv[0] as the user spelled it
  std::string_view cwd;                // absolute, as getcwd gives it
  // The variables that the tool may read and that count (`deja exec` passes further ones that do
  // not).
  std::vector<EnvironmentVariable> environment;
  bool talks_to_terminal = false;  // stdout or stderr is one
  std::string known_as;  // the name of a known program, from the configuration; empty: argv[0]
  std::shared_ptr<const exec::ExecOptions>
      exec_options;  // what `deja exec` was told; null for other callers
  // All that the tool is given, where that is not what the client has (`deja exec`).
  std::optional<std::vector<EnvironmentVariable>> given = {};

  std::optional<std::string_view> variable(std::string_view name) const;
  // The name by which an adapter knows the tool.
  std::string_view name() const { return known_as.empty() ? argv.front() : known_as; }
};

// An argument in the key: literal text with a path in [path_at, path_end). In the path, roots are
// replaced by their tags; the rest of the text is keyed as it is. ("-I/ws/include" has a path from
// 2 on; "-ffile-prefix-map=/ws=." one from 18 to 21.)
struct KeyArgument {
  static constexpr std::size_t kNoPath = ~std::size_t{0};
  std::string text;
  std::size_t path_at = kNoPath;
  std::size_t path_end = kNoPath;  // kNoPath: to the end of the text
  // The path names an output, which may have another name the next time.
  enum class Output : std::uint8_t { none, main, depfile };
  Output output = Output::none;
  bool is_target = false;  // the target in a dependency file
  bool is_input = false;   // a file given to the tool as input

  bool has_path() const { return path_at != kNoPath; }
  std::string_view path() const;  // empty when there is none
};

// What the user says of an action. Absolute paths.
struct Declaration {
  std::vector<std::string> inputs;       // their content counts, nothing else of them
  std::vector<std::string> outputs;      // what was there before the run does not count
  std::vector<std::string> directories;  // of outputs
  std::vector<std::string> required;     // outputs that a run without failure leaves, as spelled
  bool lists_inputs_on_stdin = false;    // standard input names more inputs
};

// A part of the key that is neither an argument nor a variable.
struct KeyField {
  std::string name, value;
};

// A response file with a new name for every run: its text is in the key.
struct KeyedFile {
  std::string path;  // absolute
  Digest content;
};

// How the user of `deja exec` wants to be told of the outcome.
enum class Tell : std::uint8_t { nothing, text, json };

// What an adapter makes of a command line, in parts: what it is, how the client runs it, what is keyed,
// where it works, what it writes, how what was seen of it is read, and what of it is stored. All paths
// are absolute.
struct Invocation {
  struct Identity {
    const char* adapter = "";  // "cc"
    const char* dialect = "";  // "gcc", "clang", "emcc", or "either" when nothing tells
    std::string language;      // for the journal: "c", "c++", …
    std::string what;          // for the journal: the source as spelled
    std::string source;        // the main source; empty when none
  } identity;

  struct Run {
    std::vector<std::string> argv;  // what the client runs (argv[0] as the user spelled it)
    std::optional<std::vector<std::string>> environment;  // "NAME=value"; none: the client's own
    // Called by a bare name, the tool would only look for itself in PATH; it may be run by its path.
    bool may_run_by_path = false;
    bool reads_stdin = false;   // standard input is a source; its text becomes part of the key
    bool has_no_stdin = false;  // the tool gets an empty standard input
    bool drops_stdout = false, drops_stderr = false;  // not shown to the user
    // Diagnostics are asked for in colour; a reader that is not a terminal gets them stripped.
    bool colours_forced = false;
    // Only with colours_forced: would the tool, left alone, colour what it writes to a terminal in
    // this environment (TERM, NO_COLOR)? When not, a terminal gets its text stripped too.
    bool colours_on_terminal = false;
    bool is_observed = true;     // what it reads is seen; false: the user says it
    std::uint32_t limit_ms = 0;  // it is ended when it takes longer; 0: any time
  } run;

  struct Key {
    std::vector<KeyArgument> arguments;
    std::vector<KeyField> fields;
    std::string tool;        // where the tool is; empty: its path
    bool tags_tool = false;  // where the tool is: its path, with roots replaced by their tags
    std::optional<Digest> tool_digest;  // stands for the digest of the tool's file
    bool names_interpreters = false;    // of the tool, if it is a script: they are not observed
    std::vector<KeyedFile> files;       // no inputs, as long as they stay what they are
    // Sources that the command line names. Their contents are part of the key, so that one command line
    // with many sources in turn keeps a manifest for each.
    std::vector<std::string> sources;
    // The variables are given to the tool by name, and those that count are in the key.
    bool has_variables = false;
    // Which directories may lie elsewhere the next time: those that are found from the working directory
    // and the source, the working directory alone, or none.
    enum class Roots : std::uint8_t { found, working_directory, none } roots = Roots::found;
  } key;

  struct Places {
    // The directory that holds what may move between checkouts, where the command line tells; else empty.
    std::string workspace;
    // Cargo's target directory: two builds at once have one each. Empty: none is known.
    std::string target_directory;
    // The directory in which clang keeps modules that it makes on demand; empty: it makes none. What a
    // run made of the modules and reads is told apart in evidence/modules.h.
    std::string module_cache;
    // A file that is there when the tool has made this before, and would now reuse parts of its own
    // (rustc's incremental cache), if it were let; empty: it has no such cache.
    std::string incremental_marker;
    // The program that this makes for cargo to run before the next compile; else empty.
    std::string build_script;
  } places;

  struct Outputs {
    // Outputs that may be called otherwise the next time (action::OutputName). Empty: the name counts as
    // it is. spelled_main: as the command line has it.
    std::string main, spelled_main, main_depfile;
    // Make-style dependency files this command writes (-MF, or by default). A hint: a name that is
    // missing here only keeps the result from being moved to another root.
    std::vector<std::string> depfiles;
    // Outputs that the command line tells before the run. A hint: two commands that write one file at
    // the same time can leave each other's bytes in it without a sign, and with the hint they take turns.
    std::vector<std::string> written;
    // Files that are read and written again (ar's archive), or whose absence counts though they are
    // outputs: what they were before the run is an input. A hint: without it a run that reads and writes
    // one file proves nothing.
    std::vector<std::string> updates;
    // As updates, where only the sources tell which files of a directory these are (Fortran's modules).
    struct UpdatedFiles {
      std::string directory;
      std::vector<std::string> endings;  // of their names
    };
    std::vector<UpdatedFiles> updated_files;
    // Paths that prefix-map options replace in the outputs ("-ffile-prefix-map=/a=.").
    std::vector<std::string> mapped_prefixes;
    // What is in an output's place is unlinked first, or replaced by a rename, whatever it is.
    bool are_replaced = false;
    // They may hold paths where a byte search cannot see them (compressed sections, LTO bytecode,
    // precompiled headers): results are bound to all roots.
    bool are_opaque = false;
    // They may hold the name of an intermediate file, and the digest of its text, in which sources are named as
    // the command line spells them.
    bool name_intermediates = false;
    // They may name a file by a directory that it has in common with the working directory, and by the rest of its path.
    bool split_paths = false;
    // They may say where one path lies as seen from another ("../src/a.h"): how the roots lie to each
    // other counts, and where they are, once a path outside is named.
    bool relate_paths = false;
  } outputs;

  // How evidence/ and sharing/ read what was seen of a run.
  struct Policy {
    const Timekeeper* timekeeper = nullptr;  // one program of its process tree; null: none
    // Directories that are listed in order to find one exact name each time: their listing is not an input,
    // what is found is.
    std::vector<std::string> searched_directories;
    // Directories that hold code of the user's which the tool loads: it may ask for more than the tool
    // does.
    std::vector<std::string> plugin_directories;
    // The tool runs code of its user's in itself (proc macros), and what that asks for can come into the
    // outputs in any form. What the tool asks before it has opened a shared library is not that code's.
    bool runs_plugins = false;
    // It prints the commands that it runs (-v, -###), maybe with names that are made up for this run.
    bool prints_commands = false;
    bool failures_count = false;  // findings make the tool fail (clang-tidy)
    // Facts (k… below) about the text of the arguments, as scan_source has them about files:
    // "-DWHERE=__FILE__" mentions its own path though no file does.
    std::uint32_t argument_facts = 0;
    bool facts_count = true;      // the facts below are about what this tool reads
    bool defines_ndebug = false;  // unless a file undefines it
    // Only of `deja exec`. Nothing is known of the tool, so what each of its programs looks at counts;
    // but the clock, random numbers and the load of the machine are noise: the user asked for it.
    bool is_generic = false;
    bool clock_counts = false;  // is_generic, but the clock is not noise
    // Nothing is known of the tool, and nothing is noise either (tool/any).
    bool is_unknown = false;
    // is_unknown, and nobody has said that it may be stored (`deja run`): it must not read random numbers, nor send
    // signals to other processes.
    bool is_routed = false;
  } policy;

  // Which results are stored, and which stored ones are used.
  struct Storage {
    bool failures = true;       // also those of failed runs
    bool is_read_only = false;  // none is stored
    bool is_strict = false;     // none whose run read or wrote something that is not declared
    std::uint64_t ttl_ns = 0;   // none that is older is used; 0: any age
  } storage;

  struct Asked {
    bool for_key = false;  // print the key, run nothing
    Tell tell = Tell::nothing;
  } asked;

  Declaration declared;
  std::shared_ptr<const exec::ExecOptions>
      exec_options;  // for evidence/declared.h; null: no `deja exec`
};

using Classified = std::variant<Invocation, Bypass>;

// Settings for classify, from the configuration.
struct Options {
  bool portable = false;                    // add -ffile-prefix-map for the roots below
  std::vector<std::string> portable_roots;  // absolute; the first is called "."
  // Other names of these roots, mapped to the same text: {root, name}.
  std::vector<std::pair<std::string, std::string>> portable_aliases = {};
  bool may_force_colours = true;
};

// A script of a tool's own, with its interpreter. Of any other program that reads the whole
// environment nothing is known: a run in which it asks the clock or the machine is not stored, and
// size, time and mode of the files that it looks at count.
struct TrustedScript {
  // What the script asks the clock and the machine: it never reaches an output; or it may, so that
  // only what the interpreter asks before it opens the script can be ignored; or it never does
  // because everything that the script is told to do is in one new file that this run has written.
  enum class Asks : std::uint8_t { never_tells, before_its_script, told_by_this_run };

  std::string_view program;  // without a version
  std::string_view script;   // the end of the script's path
  Asks asks;
  std::string_view times;  // files with these endings count by size and time, too; empty: all files
  const char* why;
};

enum class VariableUse : std::uint8_t {
  value,  // the value counts
  // cannot change what the tool leaves behind, the way it is run here. But its text counts when it
  // is a path that occurs in an output
  ignored,
  searched,  // lists directories in which programs are searched, with no other use
  // Lists directories that are searched; their names or their order may also count. A directory
  // that does not exist does not count, and an unset variable is an empty list.
  listed,
  directory,  // PWD: used while it names the working directory
};

// How to rewrite a text that names the directories of one checkout for another checkout.
struct TextMoves {
  struct Move {
    std::string from, to;  // absolute, no trailing slash; `to` empty: no path can replace it
  };
  // Paths at or below `from` move to `to`.
  std::vector<Move> paths;
  // The target of a dependency file, as the command line spells it; empty when it stays.
  std::string old_target, new_target;
};

enum class RealPathUse : std::uint8_t {
  may_write,         // may write the shorter of the two names
  compares,          // only compares it with another real path
  compares_sources,  // asks once for each source file, to compare it; may write other real paths
};

class Adapter {
 public:
  virtual ~Adapter() = default;
  // Decided by the name it is called with ("x86_64-linux-gnu-g++-12"), never by running it.
  virtual bool knows(std::string_view program_name) const = 0;
  virtual Classified classify(const Command& command, const Options& options) const = 0;

  // Programs in this tool's process tree that read single variables with getenv and never the whole
  // environment. All other programs are assumed to read all of it. (The interposer has the same
  // table by name and reports DEJA_OP_ENVIRON.)

  // How a program in the tool's process tree uses the value of a variable.
  virtual VariableUse variable_use(std::string_view name, std::string_view program) const = 0;
  // How a program in the tool's process tree uses the real path of a file.
  virtual RealPathUse real_path_use(std::string_view program) const {
    static_cast<void>(program);
    return RealPathUse::may_write;
  }
  // Does a call that reads this clock (deja_clock) put the time into an output?
  virtual bool clock_matters(std::uint64_t clock) const = 0;
  // Does a program in the tool's process tree call time() only for __DATE__ and __TIME__?
  virtual bool puts_date(std::string_view program) const {
    static_cast<void>(program);
    return false;
  }
  // The trusted scripts that this invocation may run.
  virtual std::span<const TrustedScript> trusted_script(const Invocation& invocation) const = 0;
  // Variables that a depfile of this tool names as inputs, even if the tool also reads them for
  // itself.
  virtual std::vector<std::string> variables_in(std::string_view depfile) const {
    static_cast<void>(depfile);
    return {};
  }
  // Do the printed messages prove that the tool failed because of its inputs, and will fail again?
  // (A full disk or a killed child proves nothing.) Then the failure is stored like any result.
  virtual bool proves_failure(const Invocation& invocation, std::uint32_t exit_code,
                              std::string_view messages) const = 0;
  // The text of a depfile with its paths moved, laid out as the invocation's tool would do it.
  // Empty when this adapter cannot reproduce the text exactly.
  virtual std::optional<std::string> move_depfile(const Invocation& invocation,
                                                  std::string_view text,
                                                  const TextMoves& moves) const = 0;
};

// The adapter for C and C++ compilers (gcc and clang drivers).
const Adapter& cc_adapter();
// The adapter for any tool, run by `deja exec`: it matches no name.
const Adapter& exec_adapter();
// The adapter for archivers, assemblers, linkers, checkers (tool/job/jobs.h).
const Adapter& job_adapter();
// The adapter for tools that the configuration names: it matches no name.
const Adapter& any_adapter();
// The adapter for rustc.
const Adapter& rust_adapter();
// The adapter that knows this program, or null.
const Adapter* find_adapter(std::string_view program_name);
// The adapter for a program with another name that is a link to this one, or null.
const Adapter* find_adapter_by_link(std::string_view called, std::string_view leads_to);

// Facts about a source text, for digest::FileDigester. A name that ## pastes from more than two
// pieces is not found; but calls that read the clock (time, localtime) are also observed.
// __FILE__ and similar names (table in scan.cc)
inline constexpr std::uint32_t kMentionsOwnPath = 1;
inline constexpr std::uint32_t kMentionsClock = 2;     // __DATE__, __TIME__
inline constexpr std::uint32_t kMentionsFileTime = 4;  // __TIMESTAMP__: its own modification time
inline constexpr std::uint32_t kMentionsTypePath = 8;  // clang's __PRETTY_FUNCTION__
// Not a text: it holds the modification times of other files, and its readers compare them.
inline constexpr std::uint32_t kHoldsFileTimes = 16;
// Not a text: a compiler's stored declarations and macros (modules, clang's precompiled headers).
// It names the files it was made from, some with their size, and a macro in it can expand to any
// name.
inline constexpr std::uint32_t kHoldsTree = 128;
// Not a text: a linker compiles its content, so the outputs may hide paths.
inline constexpr std::uint32_t kHoldsBytecode = 32;
// It holds an ESC byte. When a compiler quotes such a line, colours cannot be told from it.
inline constexpr std::uint32_t kHoldsEscape = 64;
// A library or program that may read the whole environment itself.
inline constexpr std::uint32_t kNamesEnviron = 512;
// A program without a loader, so nothing can be preloaded into it.
inline constexpr std::uint32_t kIsStatic = 256;
// It mentions its own path, but only as an argument of a function that reports a failed assertion
// (table in scan.cc); or it names such a function; or it may do so in a word that is split over two
// lines. In a toolchain header that is only text, which a search finds; elsewhere the function
// could be the user's own.
inline constexpr std::uint32_t kReportsOwnPath = 1u << 12;
// It mentions its own path only where NDEBUG is not defined. It may also define or undefine NDEBUG.
inline constexpr std::uint32_t kMentionsOwnPathForDebugging = 1u << 13;
inline constexpr std::uint32_t kSetsNdebug = 1u << 14;
// A program or library that makes system calls by itself, which the interposer does not see.
inline constexpr std::uint32_t kMakesRawCalls = 1u << 15;
inline constexpr std::uint8_t kScanVersion = 15;  // raised when the same bytes give other facts
std::uint32_t scan_source(std::string_view bytes);
// Checks only whether it is a tree (kHoldsTree) and may hold times; reads a small part of clang's
// files.
std::uint32_t scan_tree(std::string_view bytes);

}  // namespace deja::tool
