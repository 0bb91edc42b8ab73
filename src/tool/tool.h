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
  busy,                // the engine has its maximum number of clients
  foreign_client,      // client of another user, mount namespace or root directory
  unobservable,        // the tool cannot be observed (static, setuid, foreign binary)
  internal_error,      // the cache failed; the journal has the reason
  no_cache,            // deja exec --no-cache, --non-deterministic
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
      exec_options;  // the options of `deja exec`; null for other callers

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

// Inputs and outputs that the user declares. Absolute paths.
struct Declaration {
  std::vector<std::string> inputs;       // only their content counts
  std::vector<std::string> outputs;      // their content before the run does not count
  std::vector<std::string> directories;  // that hold outputs
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

struct Invocation {
  const char* adapter = "";           // "cc"
  const char* dialect = "";           // "gcc", "clang", "emcc", or "either" when unknown
  std::string language;               // for the journal: "c", "c++", …
  std::string what;                   // for the journal: the source as spelled
  std::string source;                 // absolute path of the main source; empty when none
  std::vector<std::string> run_argv;  // what the client runs (argv[0] as the user spelled it)
  std::vector<KeyArgument> key_arguments;
  std::vector<KeyField> key_fields;
  // The tool may be run by its path: called by a bare name, it would only search PATH for itself.
  bool may_run_by_path = false;
  std::string key_tool;  // the tool's location as the key has it; empty: its path
  // Colours are forced; they are stripped for a reader that is not a terminal.
  bool colours_forced = false;
  // Only with colours_forced: would the tool by itself colour its output on a terminal in this
  // environment (TERM, NO_COLOR)? If not, colours are stripped for a terminal, too.
  bool colours_on_terminal = false;
  // Outputs may hold paths that a byte search cannot see (compressed sections, LTO bytecode,
  // precompiled headers): results are bound to all roots.
  bool opaque_outputs = false;
  // Outputs may hold relative paths from one file to another ("../src/a.h"). The relative position
  // of the roots counts, and their absolute position does once a path outside of them is named.
  bool relates_paths = false;
  const Timekeeper* timekeeper = nullptr;  // one program of the tool's process tree; null: none
  // Absolute paths that prefix-map options replace in the outputs ("-ffile-prefix-map=/a=.").
  std::vector<std::string> mapped_prefixes;
  // Absolute paths of make-style dependency files that this command writes (-MF, or by default). A
  // hint: when a name is missing, the result only cannot be moved to another root.
  std::vector<std::string> depfiles;
  // Absolute paths of files that are read and rewritten (ar's archive), or of outputs whose absence
  // counts: their state before the run is an input. A hint: without it, a run that reads and writes
  // the same file cannot be stored.
  std::vector<std::string> updates;
  // Like updates, for files whose names only the sources show (Fortran's modules).
  struct UpdatedFiles {
    std::string directory;             // absolute
    std::vector<std::string> endings;  // of their names
  };
  std::vector<UpdatedFiles> updated_files;
  // Absolute paths of directories that are listed only to find one exact name: the file found is an
  // input, the listing is not.
  std::vector<std::string> searched_directories;
  // Absolute paths of directories with code of the user's that the tool loads. That code may read
  // more than the tool itself.
  std::vector<std::string> plugin_directories;
  // The tool runs the user's code inside its own process (proc macros), and what that code reads
  // can reach the outputs in any form. What the tool reads before it opens the first shared library
  // does not count.
  bool runs_plugins = false;
  std::vector<KeyedFile> keyed_files;  // not inputs, as long as they do not change
  // The directory whose content may move between checkouts, when the command line shows it; else
  // empty.
  std::string workspace;
  // Cargo's target directory: two concurrent builds have different ones. Empty: unknown.
  std::string target_directory;
  // Absolute path of the directory in which clang keeps modules that it makes on demand; empty: it
  // makes none. pipeline/modules.h tells the modules that a run made from those it read.
  std::string module_cache;
  // Absolute path of a file that exists when the tool has compiled this before, and could reuse its
  // own results (rustc's incremental cache) if that were allowed. Empty: it has no such cache.
  std::string incremental_marker;
  // Absolute path of the build script that this compiles, which cargo runs before the next compile;
  // else empty.
  std::string build_script;
  // A file in an output's place is removed first, or replaced by a rename, whatever it is.
  bool replaces_outputs = false;
  // Absolute paths of outputs that are known from the command line before the run. A hint: two
  // commands that write one file at the same time can mix their bytes in it unnoticed; with the
  // hint they run one after the other.
  std::vector<std::string> written;
  // Outputs that may have another name the next time (action::OutputName). Absolute paths; empty:
  // the name counts as it is. spelled_output: as on the command line.
  std::string output, spelled_output, depfile_output;
  // Absolute paths of the sources that the command line names. Their contents are part of the key,
  // so one command line that compiles many sources in turn has a manifest for each.
  std::vector<std::string> sources;
  // Prints the commands that it runs (-v, -###), maybe with names that are unique to this run.
  bool prints_commands = false;
  bool reads_stdin = false;     // standard input is a source; its text becomes part of the key
  bool failures_count = false;  // the tool fails when it has findings (clang-tidy)
  // Facts (k… below) about the text of the arguments, like those of scan_source about files:
  // "-DWHERE=__FILE__" mentions its own path though no file does.
  std::uint32_t argument_facts = 0;
  bool facts_count = true;      // the facts below apply to what this tool reads
  bool defines_ndebug = false;  // unless a file undefines it

  // Only for `deja exec`. The tool is unknown, so everything that any of its programs reads counts.
  // But the clock, random numbers and the machine's load are ignored: the user asked for caching.
  bool is_generic = false;
  // The tool is unknown, and the clock and random numbers count, too (tool/any).
  bool is_unknown = false;
  bool is_observed = true;    // its reads are observed; false: the user declares them
  bool clock_counts = false;  // with is_generic: the clock counts
  bool has_no_stdin = false;  // the tool gets an empty standard input
  bool drops_stdout = false, drops_stderr = false;  // not shown to the user
  // The tool gets named variables, and those that count are in the key.
  bool are_variables_keyed = false;
  std::optional<std::vector<std::string>> run_environment;  // "NAME=value"; none: the client's own
  Declaration declared;
  std::shared_ptr<const exec::ExecOptions> exec_options;
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
  // (A full disk or a killed child is no proof.) Then the failure is stored like any result.
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
inline constexpr std::uint8_t kScanVersion = 14;  // raised when the same bytes give other facts
std::uint32_t scan_source(std::string_view bytes);
// Checks only whether it is a tree (kHoldsTree) and may hold times; reads a small part of clang's
// files.
std::uint32_t scan_tree(std::string_view bytes);

}  // namespace deja::tool
