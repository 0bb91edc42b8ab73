// The builder turns the log of one observed run into a run_facts: the claims a trace makes, the
// outputs the run left, or the reason why nothing may be concluded.
//
// The rules, in one place:
// - A file that was read is an input, unless this run had written it before.
// - A name that was looked for and not there is an input (a claim of absence), unless this run
//   made something of that name.
// - What the run wrote and is still there at its end is an output; what is gone was temporary, and
//   nothing that was seen of it counts.
// - What an output was before the run does not count, unless the adapter says that it does (an
//   archive that is read and written anew) or a program that no adapter vouches for looked.
// - What a program that no adapter vouches for (a shell, whatever a wrapper script starts) has
//   looked at without opening it, counts with size, time and mode; what it asks the machine (the
//   time, the host's name) cannot be asked again. Of an interpreter that runs a script an adapter
//   knows (tool::TrustedScript), less may count; which script it is, is seen when it opens it.
// - Of a shell whose texts are all known count the variables that these may read (tool/shell); of a
//   small tool that a script starts, those that it asks for.
// - Of any tool (`deja exec`) nothing is known, so all its programs are such; but clock, random
//   numbers and load are noise there. Of an input that the user declared only its content counts, of
//   a declared output nothing that was there before.
// - A compiler that puts the date into words, and cannot put the time of day, proves something for
//   that day.
// - What was read of standard input is known only where the adapter had it kept for the key.
// - A file without content that was locked and still has none was there for the lock alone.
// - A directory that was renamed takes what is in it along, and all of that is the run's.
// - A run that changed, in place, something it did not make (appended to, edited, deleted, renamed
//   foreign files) or that looked where nothing can be checked again (the clock, the network, a
//   device) proves nothing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "action/result.h"
#include "action/roots.h"
#include "action/trace.h"
#include "digest/file_digester.h"
#include "evidence/directories.h"
#include "evidence/local_day.h"
#include "observe/log_reader.h"
#include "tool/cc/module_cache.h"
#include "tool/shell/script.h"
#include "tool/time_words.h"
#include "tool/tool.h"

namespace deja::evidence {

struct Output {
  std::string path;  // absolute, as the tool spelled it
  action::Role role = action::Role::output;
  action::Placement placement = action::Placement::replaced;
  os::FileIdentity identity;
  std::uint32_t generation = 0;  // os::generation_of it must still be this; 0: not known
  std::string link_text;
};

// A file that was read for its text.
struct Input {
  std::string path;
  Digest digest;
};

// The real path of a name that a program asked for, where it may write the shorter of the two.
struct RealPath {
  std::string asked, result;  // absolute
};

struct RunFacts {
  std::string problem;  // why nothing may be published; empty when the rest counts
  action::Trace trace;
  std::vector<Output> outputs;
  std::vector<Input> inputs;
  std::vector<Input> scripts;  // those that a program read of which nothing is known (a shell)
  std::vector<RealPath> real_paths;
  std::vector<std::string> programs;     // executables and libraries that ran
  std::vector<std::string> temporaries;  // names of files that the run made and removed
  // Of variables that the adapter takes for harmless. True only while no output holds `text`, a path
  // that the tool had from there: then the claim counts after all.
  struct IgnoredVariable {
    std::string text;
    action::Observation claim;
  };
  std::vector<IgnoredVariable> quiet;
  // Claim::logical_directory: counts where the name of the working directory may be in an output.
  std::vector<action::Observation> working_directory;
  // Of clang's, made on demand (pipeline/modules.h): what is claimed of them is yet to be told.
  struct Module {
    std::string path;
    Digest digest;
    os::FileIdentity identity;
    bool is_made = false;  // by this run, which has read all that it is made of
  };
  std::vector<Module> modules;
  std::vector<action::Observation>
      compared;             // stamps of all that clang may have compared with those
  std::uint32_t facts = 0;  // tool::kMentions…, of all files that were read
  bool asked_time = false;  // Invocation::Policy::timekeeper has, and no file shows that it told it
  bool has_plugin = false;  // Invocation::Policy::runs_plugins: it has opened one
};

// A file that the tool will read and write anew (Invocation::Outputs::updates), as it was before the run.
struct Before {
  std::string path;
  os::FileIdentity identity;
  digest::FileContent content;
  std::int64_t looked_ns = 0;  // the file clock when it was read
};
// Could a file that was opened then have been changed since without a sign in its stamps?
bool could_hide_a_change(const std::string& path, const os::FileIdentity& identity,
                         std::int64_t opened_ns);
// Those that are there.
std::vector<Before> look_before(const tool::Invocation& invocation, digest::FileDigester& digester);

class TraceBuilder {
 public:
  TraceBuilder(const tool::Command& command, const tool::Invocation& invocation,
               const tool::Adapter& adapter, const action::Roots& roots,
               digest::FileDigester& digester, const std::vector<Before>& before)
      : command_(command),
        invocation_(invocation),
        adapter_(adapter),
        roots_(roots),
        digester_(digester),
        before_(before) {}

  // Hears the log of a run that ended at ended_ns (wall clock), then looks at the files themselves.
  RunFacts hear(const observe::Log& log, std::int64_t ended_ns);

 private:
  struct FileNumber {
    std::uint64_t device = 0, inode = 0;
    auto operator<=>(const FileNumber&) const = default;
  };
  // What this run did to one file, by its canonical name.
  struct Touched {
    bool written = false;       // opened for writing, renamed or linked to, made
    bool existed = false;       // something of that name was there before the run
    bool unlinked = false;      // the run removed what was there
    bool in_place = false;      // an existing file was truncated and rewritten
    bool renamed = false;       // what is there now came by a rename
    bool was_empty = false;     // an existing file that had no content
    bool is_lock = false;       // held so that others wait
    bool continues = false;     // made without truncating: what was there would have stayed
    bool is_temporary = false;  // the run made its name up
    // The file that was opened or renamed to this name last; 0: not known.
    FileNumber file;
    std::string spelled;
  };
  // A file of this run's own when the run had written all of it.
  struct Finished {
    os::FileIdentity identity;
    std::uint32_t generation = 0;
    bool was_renamed = false;  // since then, which gave it a newer ctime
  };
  struct ReadFile {
    os::FileIdentity identity;  // when it was first opened
    std::int64_t when_ns = 0;
    bool is_program = false;        // an executable or a library
    bool is_script = false;         // read by a program of which nothing is known
    bool by_libc = false;           // for itself (a time zone); no program has opened it
    std::int32_t only_opener = -1;  // the process that has opened it; -1: several
  };
  // A module that was made on demand.
  struct ReadModule {
    bool is_made = false;                      // by this run
    FileNumber file;                           // which made this
    std::optional<os::FileIdentity> identity;  // when it was opened last
    std::int64_t when_ns = 0;
  };
  // What a program that no adapter vouches for saw at a name.
  struct Look {
    bool was_there = false;
    bool only_kind = false;   // of an output: it cares for no more than what kind of thing that is
    bool is_trusted = false;  // its script does not care for what it finds there
    std::optional<os::FileIdentity> identity;  // of a symlink only where it saw no more
  };
  // A process of a program that no adapter vouches for, or not yet.
  struct UnknownProgram {
    std::string name;
    const tool::TrustedScript* trusted_script = nullptr;
    // What it has asked before its script was known, and would be a problem.
    std::string asked = {};
    bool may_ask_on = false;  // ... and might ask again without our hearing of it
    bool ran_others = false;  // it has opened a script of the same kind before
    bool is_unknown = false;  // nobody knows what it does with its environment
    std::string script = {};  // TrustedScript::Asks::told_by_this_run: its path
    std::size_t shell = kNoShell;
    bool shows_all = false;  // its variables, unless another program takes its place
  };
  static constexpr std::size_t kNoShell = ~std::size_t{0};
  // A shell, with its subshells.
  struct Shell {
    tool::shell::Kind kind = tool::shell::Kind::dash;
    std::string arguments;        // each with its NUL
    std::set<std::string> texts;  // paths of the files that it has read
  };
  using Handler = void (TraceBuilder::*)(const observe::Event&);
  static Handler handler_of(deja_op op);

  void on_program(const observe::Event& e);
  void on_library(const observe::Event& e);
  void on_exec(const observe::Event& e);
  void on_open(const observe::Event& e);
  void on_open_of_special(const observe::Event& e);
  void on_read(const observe::Event& e);
  void note_library_of_user(const observe::Event& e);
  void on_open_for_writing(const observe::Event& e);
  void on_stat(const observe::Event& e);
  void on_localtime(const observe::Event& e);
  void on_readlink(const observe::Event& e);
  void on_realpath(const observe::Event& e);
  void on_list(const observe::Event& e);
  void on_getenv(const observe::Event& e);
  void on_environ(const observe::Event& e);
  bool knows_variables(const observe::Event& e, std::string_view program);
  void on_clock(const observe::Event& e);
  void on_day(const observe::Event& e);
  bool may_put_date(std::int32_t pid) const;
  void note_zone(const observe::Event& e);
  bool may_put_time(const std::string& path, tool::TimeWords& words) const;
  bool leaves_precompiled() const;
  bool may_put_time_of_day() const;
  void conclude_date();
  void on_host(const observe::Event& e);
  void on_unlink(const observe::Event& e);
  void on_rename(const observe::Event& e);
  void on_link(const observe::Event& e);
  void on_symlink(const observe::Event& e);
  void on_mkdir(const observe::Event& e);
  void on_change(const observe::Event& e);
  void on_connect(const observe::Event& e);
  void on_close(const observe::Event& e);
  void on_lock(const observe::Event& e);
  void on_nothing(const observe::Event& e);

  void hear(const observe::Event& e);
  bool hear_of_modules(const observe::Event& e);
  void hear_of_module_file(const observe::Event& e, const std::string& path,
                           tool::ModuleCacheFile kind);
  void fail(const std::string& why);
  void read(const std::string& path, const os::FileIdentity* identity, std::int64_t when_ns);
  void read_program(const std::string& path, const os::FileIdentity* identity,
                    std::int64_t when_ns);
  void missing(const std::string& path);
  void note_refused(const observe::Event& e);
  bool note_refused_symlink(const observe::Event& e);
  void note_look(const observe::Event& e);
  std::string_view program_of(std::int32_t pid) const;  // its name; "": not known
  tool::VariableUse use_of(const observe::Event& e) const;
  bool note_logical_directory(const observe::Event& e, std::optional<std::string_view> now);
  void note_ignored_variable(const std::string& name, std::optional<std::string_view> value);
  void claim_environment();
  void claim_value(const std::string& variable);
  void note_text(const observe::Event& e);
  void conclude_shells();
  void conclude_shell(const Shell& shell);
  std::optional<std::string> read_texts(const Shell& shell, const tool::shell::Call& call);
  void conclude_shows();
  UnknownProgram* unknown_program(std::int32_t pid);
  void know_script(UnknownProgram& program, const observe::Event& e);
  void take_orders(UnknownProgram& program, const tool::TrustedScript& row,
                   const observe::Event& e);
  bool lists_around_its_script(const observe::Event& e);
  bool is_timekeeper(std::int32_t pid) const;
  Result<bool> may_tell_time(const std::string& path) const;
  void conclude_time();
  void ask(UnknownProgram& program, const std::string& problem, unsigned flags);
  void leave(std::int32_t pid);
  std::string canonical(const std::string& path) { return directories_.canonical(path); }
  Touched& touch(const std::string& path);
  const Touched* touched(const std::string& path);  // null: not by this run
  bool is_own(const std::string& path);             // made or written by this run

  void move_below(const std::string& from, const std::string& to);

  void add_renamed_directories();
  void add_below(const std::string& directory, const std::string& spelled);
  void conclude_outputs();
  void conclude_lock(const Touched& t, const os::FileIdentity& now);
  void conclude_output(const std::string& name, const Touched& t, const os::FileIdentity& now);
  void conclude_depfile(const std::string& path);
  action::Placement placement_of(const Touched& t) const;
  std::string why_not_output(const os::FileIdentity& now, const Touched& t) const;
  bool is_depfile(const std::string& name);
  bool is_named(const std::string& path) const;  // an argument, as it is spelled
  bool is_updated(const std::string& path);      // Invocation::Outputs::updates
  bool is_declared_input(const std::string& path) const;
  bool is_declared_output(const std::string& path);  // or one of its directories
  const Before* before(const std::string& path);
  bool is_touched(const std::string& path);
  std::optional<os::FileIdentity> still_there(const std::string& path);
  const Finished* finished(const Touched& t) const;
  bool is_of_others(const os::FileIdentity& now, const Touched& t) const;
  void conclude_reads();
  void conclude_program(const std::string& path, digest::Traits traits);
  void conclude_read(const std::string& path, const ReadFile& file);
  void note_facts(const std::string& path, digest::Traits traits);
  bool is_toolchain_header(const std::string& path) const;
  void conclude_updated(const std::string& path, const ReadFile& file);
  void conclude_stamps();
  bool is_of_module_cache(const observe::Event& clock);
  void conclude_modules();
  void conclude_programs();
  void conclude_searches();
  void conclude_listed();
  bool is_of_no_account(const std::string& path) const;
  void conclude_names();
  void conclude_stamped();
  void conclude_curious();
  void conclude_links();
  void conclude_listings();
  void conclude_listing(const std::string& path);
  void conclude_absences();
  void conclude_refused();
  void conclude_refusal(const std::string& path, char right, std::int64_t when_ns);
  void conclude_same_files();
  void claim_pair(const std::string& one, const std::string& other, bool only_inodes);
  void claim_look(const std::string& path, const Look& look);
  void claim_kind(const std::string& path, char letter);
  void claim_way(const std::string& path);
  bool claim_step(const std::string& step);
  Result<std::string> first_missing(std::string path);
  bool leads_to_root(const std::string& directory) const;
  void claim(action::Claim kind, std::string subject, std::string value = {});

  const tool::Command& command_;
  const tool::Invocation& invocation_;
  const tool::Adapter& adapter_;
  const action::Roots& roots_;
  digest::FileDigester& digester_;
  const std::vector<Before>& before_;

  std::int64_t ended_ns_ = 0;
  // The clock was read in a way that an adapter takes for harmless, but it may have been another.
  bool clock_untold_ = false;
  bool has_untold_clock_ = false;  // by the supervisor, which cannot tell one question from another
  std::set<std::int32_t> aged_modules_;  // processes that looked how old the modules are
  bool has_opened_library_ = false;      // Invocation::Policy::runs_plugins
  bool leaves_tree_ = false;             // one of its outputs is a tree of clang's
  bool had_foreign_ = false;             // there was a program that no adapter vouches for
  // A process that may put the date into words.
  struct Dated {
    int asked = 0;  // time(), as often as the log tells
    std::int64_t asked_ns = 0;
    bool has_zone = false;  // localtime()
    std::optional<LocalDay> day;
  };
  std::map<std::int32_t, Dated> dated_;
  std::set<std::int32_t> with_llvm_plugin_;  // processes
  RunFacts run_facts_;
  Directories directories_;
  std::map<std::string, Touched> touched_;            // by canonical name
  std::set<std::string, std::less<>> touched_names_;  // the last components of those
  std::map<FileNumber, Finished> finished_;
  std::map<std::string, ReadFile> reads_;          // by spelled path
  std::map<std::string, FileNumber> new_modules_;  // by the name that it is written by
  std::map<std::string, ReadModule> modules_;      // by tidy path
  std::map<std::string, char> seen_;               // spelled path -> kind_letter
  std::map<std::string, bool> absent_;             // spelled path
  // Spelled path and the right that was wanted ("rx"; '?': not known) -> when it was refused first.
  std::map<std::pair<std::string, char>, std::int64_t> refused_;
  std::map<std::string, std::string> links_;  // spelled path -> text
  struct Real {
    std::string result;
    bool may_be_written = false;
    std::set<std::int32_t> comparers;  // processes that asked once, to compare a source
  };
  std::map<std::string, Real> reals_;  // by spelled path
  std::map<std::string, bool> listings_;
  // What was looked at on the way: texts of symlinks (empty: none), and whether a directory is there.
  std::unordered_map<std::string, std::optional<std::string>> steps_;
  std::unordered_map<std::string, bool> there_;
  std::map<std::string, bool> ways_, executed_;  // spelled path
  std::set<std::string> searched_;  // variables whose directories were searched for programs
  std::set<std::string> listed_;    // variables: tool::VariableUse::listed
  // Spelled path; the first look of a program without a voucher.
  std::map<std::string, Look> looks_;
  // Spelled path: its size counts as it is; true: its time and mode, too.
  std::map<std::string, bool> stamped_;
  std::set<std::string> curious_;  // spelled path: all stamps count, a directory's too
  std::unordered_map<std::string, os::FileIdentity> stats_;  // when it was looked at first
  std::map<std::string, os::FileIdentity> link_stats_;       // of symlinks themselves
  std::map<std::string, std::vector<std::string>>
      equals_;  // digest -> paths of files that were read
  std::unordered_map<std::int32_t, std::int32_t> parents_;  // of processes that ever report in
  std::unordered_map<std::int32_t, std::string> programs_, executables_;
  std::unordered_map<std::int32_t, UnknownProgram> unknown_programs_;
  std::vector<Shell> shells_;
  std::set<std::string> one_by_one_;  // executables that ask for variables by name only
  std::optional<std::set<std::string>> declared_outputs_;  // canonical; when it was asked for
  std::vector<std::string> own_scripts_;                   // TrustedScript::Asks::told_by_this_run
  // Directories above scripts that keep to themselves what their interpreter has asked for itself.
  std::vector<std::string> reticent_;
};

}  // namespace deja::evidence
