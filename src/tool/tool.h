// What the pipeline knows of a tool. An adapter turns a command line into an Invocation (what the
// pipeline needs to key, run and replay it) or a Bypass (never looked up, and why).
//
// With observation, an adapter need not know what an option reads or writes: that is seen. It
// must know five things: is this one bounded job; which arguments are paths (so that the key can
// say "<root>/a.c"); how diagnostics get their colour; which outputs could hide a path; and, where
// the tool is a script, which of its scripts ask for the time without telling it (TrustedScript).
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

// Why a command is not looked up at all. One row each in kBypassReasons (bypass.cc): name,
// sentence, example; the table makes docs/bypass.md, the counters' names and a test.
enum class BypassReason : std::uint8_t {
  not_a_compile,       // a question whose answer cannot be remembered
  no_input,            // no source file named
  stdin_source,        // source comes from an open descriptor
  interactive,         // the tool would talk to a terminal
  response_file,       // @file that cannot be read or nests too deep
  argument_error,      // an option that lacks its value
  environment_output,  // DEPENDENCIES_OUTPUT, SUNPRO_DEPENDENCIES: outputs named by the environment
  unsupported_option,  // an option that makes the run impossible to remember soundly
  unknown_tool,        // no adapter knows this program
  tool_not_found,      // no such program on PATH (the real exec reports it)
  disabled,            // DEJA_DISABLE, or `disable` in the config
  busy,                // the engine has all the clients it will take
  foreign_client,      // client of another user, mount namespace or root directory
  unobservable,        // no evidence can be had for this tool (static, setuid, foreign binary)
  internal_error,      // the cache failed; the journal's line says how
  no_cache,            // deja exec --no-cache, --non-deterministic
  incremental,         // edited over and over: left to rustc's incremental cache
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

// A program that asks for the time whenever it starts, though few of its runs tell it.
struct Timekeeper {
  std::string_view program;  // as it is called, maybe with a target and a version; "sh": any shell
  // May a run that read, wrote or printed this text have told the time?
  bool (*may_tell)(std::string_view text);
};

// What a client asks for. The views live as long as the request.
struct Command {
  std::string tool;                    // absolute path of the real program
  std::vector<std::string_view> argv;  // argv[0] as the user spelled it
  std::string_view cwd;                // absolute, as getcwd gives it
  // What the tool may read and what counts of it (`deja exec` gives some that do not).
  std::vector<EnvironmentVariable> environment;
  bool talks_to_terminal = false;  // stdout or stderr is one
  std::string known_as;            // a name that an adapter knows; empty: argv[0]
  std::shared_ptr<const exec::ExecOptions>
      exec_options;  // what `deja exec` was told; null for other callers
  // All that the tool is given, where that is not what the client has (`deja exec`).
  std::optional<std::vector<EnvironmentVariable>> given = {};

  std::optional<std::string_view> variable(std::string_view name) const;
  // By which an adapter knows the tool.
  std::string_view name() const { return known_as.empty() ? argv.front() : known_as; }
};

// An argument as the key sees it: literal text with, in [path_at, path_end), a path. A path is
// keyed with roots replaced by their tags; the rest of the text is keyed as it is. ("-I/ws/include"
// has a path from 2 on; "-ffile-prefix-map=/ws=." one from 18 to 21.)
struct KeyArgument {
  static constexpr std::size_t kNoPath = ~std::size_t{0};
  std::string text;
  std::size_t path_at = kNoPath;
  std::size_t path_end = kNoPath;  // kNoPath: to the end of the text
  // The path is the name of an output, which may be called otherwise the next time.
  enum class Output : std::uint8_t { none, main, depfile };
  Output output = Output::none;
  bool is_target = false;  // of a dependency file
  bool is_input = false;   // a file that the tool is given to work on

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

// A part of the key that is neither argument nor variable.
struct KeyField {
  std::string name, value;
};

// A response file under a name that is made up anew each time: its text is in the key.
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
    // Diagnostics are asked for in colour; a reader that is no terminal gets them stripped.
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
    // run made of the modules and reads is told apart in pipeline/modules.h.
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
    // Files that are read and written anew (ar's archive), or whose absence counts though they are
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
    // They may say where one path lies as seen from another ("../src/a.h"): how the roots lie to each
    // other counts, and where they are, once a path outside is named.
    bool relate_paths = false;
  } outputs;

  // How evidence/ and sharing/ read what was seen of a run.
  struct Policy {
    const Timekeeper* timekeeper = nullptr;  // one program of its process tree; null: none
    // Directories that are listed in order to find one exact name each time: their listing is no input,
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
    bool clock_counts = false;  // is_generic, but the clock is no noise
    // Nothing is known of the tool, and nothing is noise either (tool/any).
    bool is_unknown = false;
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

// Knobs of classify that come from the configuration.
struct Options {
  bool portable = false;                    // inject -ffile-prefix-map for the roots below
  std::vector<std::string> portable_roots;  // absolute; the first is called "."
  // Other names of these, mapped to the same: {root, name}.
  std::vector<std::pair<std::string, std::string>> portable_aliases = {};
  bool may_force_colours = true;
};

// An interpreter that a tool starts, with a script of the tool's own. Of any other program that reads
// the whole environment nothing is known: what it asks proves nothing, and size, time and mode of
// what it looks at count.
struct TrustedScript {
  // What the script asks the clock and the machine: reaches no output; or may, so that only what
  // the interpreter has asked before it opened the script is its own affair; or reaches none because
  // all that it is told to do stands in one file that this run has written, under a new name.
  enum class Asks : std::uint8_t { never_tells, before_its_script, told_by_this_run };

  std::string_view program;  // without a version
  std::string_view script;   // how the script's path ends
  Asks asks;
  std::string_view times;  // how names end whose size and time count; empty: all
  const char* why;
};

enum class VariableUse : std::uint8_t {
  value,     // anything: its value counts
  ignored,   // cannot change what the tool leaves behind, given how we run it; but its text counts
             // where it is a path that is found in an output
  searched,  // lists directories in which programs are looked for, and nothing else is done with it
  // Lists directories that are searched, and their names or their order may count besides. One that
  // leads to nothing counts for nothing, and an unset variable is an empty list.
  listed,
  directory,  // PWD: believed while it names the working directory
};

// How a text that names the directories of one checkout is rewritten for another.
struct TextMoves {
  struct Move {
    std::string from, to;  // absolute, no trailing slash; `to` empty: nothing can stand there
  };
  // Paths at or below `from` move to `to`.
  std::vector<Move> paths;
  // The target of a dependency file, as the command line spells it; empty when it stays.
  std::string old_target, new_target;
};

enum class RealPathUse : std::uint8_t {
  may_write,         // may write the shorter of the two names
  compares,          // only compares it with another real path
  compares_sources,  // asks once for each file that is named as a source, to compare it; may write others
};

class Adapter {
 public:
  virtual ~Adapter() = default;
  // By the name it is called with ("x86_64-linux-gnu-g++-12"), never by running it.
  virtual bool knows(std::string_view program_name) const = 0;
  virtual Classified classify(const Command& command, const Options& options) const = 0;

  // Programs of this tool's process tree that read single variables with getenv and never the
  // whole environment; all others are taken to read all of it.
  // (The interposer has the same table by name and reports DEJA_OP_ENVIRON.)

  // What a program of the tool's process tree does with the value of a variable.
  virtual VariableUse variable_use(std::string_view name, std::string_view program) const = 0;
  // What a program of the tool's process tree does with the real path of a file.
  virtual RealPathUse real_path_use(std::string_view program) const {
    static_cast<void>(program);
    return RealPathUse::may_write;
  }
  // Does reading the clock this way (deja_clock) put the time into an output?
  virtual bool clock_matters(std::uint64_t clock) const = 0;
  // Does a program of the tool's process tree call time() only for __DATE__ and __TIME__?
  virtual bool puts_date(std::string_view program) const {
    static_cast<void>(program);
    return false;
  }
  // The interpreters in the process tree of this invocation that are known.
  virtual std::span<const TrustedScript> trusted_script(const Invocation& invocation) const = 0;
  // Variables that a depfile of this tool's names as inputs, though the tool reads them for itself, too.
  virtual std::vector<std::string> variables_in(std::string_view depfile) const {
    static_cast<void>(depfile);
    return {};
  }
  // Is what the tool printed the proof that it failed because of its inputs, and will fail again?
  // (A full disk or a killed child is none.) Then the failure is a result like others.
  virtual bool proves_failure(const Invocation& invocation, std::uint32_t exit_code,
                              std::string_view messages) const = 0;
  // The text of a depfile rewritten, laid out as the invocation's tool itself would have laid it
  // out. Empty when the text is not one this adapter can reproduce exactly.
  virtual std::optional<std::string> move_depfile(const Invocation& invocation,
                                                  std::string_view text,
                                                  const TextMoves& moves) const = 0;
};

// The adapter for C and C++ compilers (gcc and clang drivers).
const Adapter& cc_adapter();
// The adapter for any tool, run by `deja exec`: it knows no name.
const Adapter& exec_adapter();
// The adapter for archivers, assemblers, linkers, checkers (tool/job/jobs.h).
const Adapter& job_adapter();
// The adapter for tools that the configuration names: it knows no name.
const Adapter& any_adapter();
// The adapter for rustc.
const Adapter& rust_adapter();
// The adapter that knows this program, or null.
const Adapter* find_adapter(std::string_view program_name);
// The adapter for a program of another name that is a link to this one, or null.
const Adapter* find_adapter_by_link(std::string_view called, std::string_view leads_to);

// Facts about a source text, for digest::FileDigester. A name that is put together by ## of more
// than two pieces is not found; what the clock facts are about is also seen by observation (time, localtime).
inline constexpr std::uint32_t kMentionsOwnPath = 1;   // __FILE__ and its kin (table in scan.cc)
inline constexpr std::uint32_t kMentionsClock = 2;     // __DATE__, __TIME__
inline constexpr std::uint32_t kMentionsFileTime = 4;  // __TIMESTAMP__: its own modification time
inline constexpr std::uint32_t kMentionsTypePath = 8;  // clang's __PRETTY_FUNCTION__
// Not a text: it holds the modification times of other files, and whoever reads it compares them.
inline constexpr std::uint32_t kHoldsFileTimes = 16;
// Not a text: declarations and macros as a compiler keeps them (modules, clang's precompiled headers).
// It names the files it was made of, some with their size, and a macro in it can name anything.
inline constexpr std::uint32_t kHoldsTree = 128;
// Not a text: a linker compiles what it holds, so its outputs may hide paths.
inline constexpr std::uint32_t kHoldsBytecode = 32;
// It holds an ESC byte. Colours cannot be told from it when a compiler quotes the line.
inline constexpr std::uint32_t kHoldsEscape = 64;
// A library or program that may read the whole environment by itself.
inline constexpr std::uint32_t kNamesEnviron = 512;
// A program that no loader starts, so nothing can be preloaded into it.
inline constexpr std::uint32_t kIsStatic = 256;
// It mentions its own path, but only as an argument of a function that reports a failed assertion
// (table in scan.cc), or it names such a function, or may do so in a word that is split over two lines. In a header of the toolchain that is no more than
// text, which a search finds; in any other the function could be the user's own.
inline constexpr std::uint32_t kReportsOwnPath = 1u << 12;
// It mentions its own path only where NDEBUG is not defined; and it may define or undefine NDEBUG.
inline constexpr std::uint32_t kMentionsOwnPathForDebugging = 1u << 13;
inline constexpr std::uint32_t kSetsNdebug = 1u << 14;
inline constexpr std::uint8_t kScanVersion = 14;  // another one finds other facts in the same bytes
std::uint32_t scan_source(std::string_view bytes);
// Only whether it is a tree (kHoldsTree) and may hold times; looks at a small part of clang's.
std::uint32_t scan_tree(std::string_view bytes);

}  // namespace deja::tool
