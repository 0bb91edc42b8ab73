// SPDX-License-Identifier: Apache-2.0
// What the user declares is read before the run, in one walk that fills both the key and the
// Declared, and compared after the run with what is there then. Tested by test/e2e/exec_*_test.cc.
#include "evidence/declared.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/path.h"
#include "evidence/glob.h"
#include "evidence/include_scan.h"
#include "os/clock.h"
#include "os/file.h"
#include "tool/exec/exec_options.h"
#include "tool/exec/make_rules.h"

namespace deja::evidence {
namespace {

using action::Claim;
using tool::exec::ExecOptions;

constexpr std::uint64_t kListMax = 64 << 20;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// The path of a declared input, and the option that declares it.
struct Named {
  std::string path;
  const char* option;
};

// The lines of a list of files. Blanks at the end of a line are not part of a name.
void add_lines(std::string_view text, std::string_view cwd, const char* option,
               std::vector<Named>& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && std::string_view(" \t\r").find(line.back()) != std::string_view::npos)
      line.remove_suffix(1);
    if (!line.empty()) out.push_back({tidy_path(join_path(cwd, line)), option});
  }
}

// Reads what a command line declares into a Declared, and stops at the first mistake.
class Reading {
 public:
  Reading(tool::Invocation& invocation, const tool::Command& command, const action::Roots& roots,
          digest::FileDigester& digester)
      : invocation_(invocation),
        order_(*command.exec_options),
        cwd_(command.cwd),
        roots_(roots),
        digester_(digester) {}

  // What is wrong; empty: nothing.
  std::string read(std::string_view list) {
    gather(list);
    for (const auto step : {&Reading::read_inputs, &Reading::scan_includes, &Reading::read_outputs})
      if (problem_.empty()) (this->*step)();
    return problem_;
  }
  Declared take() { return std::move(out_); }

 private:
  void fail(const char* option, std::string_view value, const char* why) {
    if (problem_.empty()) problem_ = std::string(option) + ": " + quoted(value) + ": " + why;
  }

  void field(const char* name, std::string value) {
    invocation_.key.fields.push_back({name, std::move(value)});
  }

  void gather(std::string_view list) {
    for (const std::string& name : order_.input_files)
      named_.push_back({tidy_path(join_path(cwd_, name)), "--input-file"});
    for (const std::string& name : order_.input_lists) {
      const std::string path = tidy_path(join_path(cwd_, name));
      const auto text = os::read_file_if_exists(path, kListMax);
      if (!text || !*text) return fail("--input-file-list", name, "cannot be read");
      out_.lists.push_back(path);
      add_lines(**text, cwd_, "--input-file-list", named_);
    }
    if (order_.input_list_from_stdin) {
      out_.is_watchable = false;
      add_lines(list, cwd_, "--input-file-stdin", named_);
    }
    for (const std::string& pattern : order_.input_globs) {
      const auto paths = expand_glob(tidy_path(join_path(cwd_, pattern)));
      if (!paths) return fail("--input-glob", pattern, "a directory cannot be listed");
      out_.is_watchable = false;
      for (const std::string& path : *paths) named_.push_back({path, "--input-glob"});
    }
    std::stable_sort(named_.begin(), named_.end(),
                     [](const Named& a, const Named& b) { return a.path < b.path; });
    const auto rest = std::unique(named_.begin(), named_.end(),
                                  [](const Named& a, const Named& b) { return a.path == b.path; });
    named_.erase(rest, named_.end());
  }

  bool add_input(const Named& named, const char* key_name) {
    Before input{named.path, {}, {}, os::file_clock_ns()};
    const auto content = digester_.digest_file(named.path, &input.identity);
    if (!content || !*content) {
      const auto there = os::stat_file(named.path);
      const bool is_there = there && *there;
      const bool is_directory = is_there && (*there)->is_directory();
      fail(named.option, named.path,
           is_directory ? "is a directory; name its files, or a pattern with --input-glob"
           : is_there   ? "cannot be read"
                        : "no such file");
      return false;
    }
    input.content = **content;
    field(key_name, roots_.tag(named.path));
    field("content", input.content.digest.hex());
    invocation_.declared.inputs.push_back(named.path);
    out_.inputs.push_back(std::move(input));
    return true;
  }

  void read_inputs() {
    for (const Named& named : named_)
      if (!add_input(named, "input")) return;
  }

  void scan_includes() {
    if (order_.seeds.empty()) return;
    const IncludeDirectories directories = {absolute(order_.quote_directories),
                                            absolute(order_.include_directories),
                                            absolute(order_.system_directories)};
    auto scanned = scan_includes_of(absolute(order_.seeds), directories);
    if (!scanned.unreadable.empty())
      return fail("--include-scan", scanned.unreadable, "cannot be read");
    out_.guess = std::move(scanned.guess);
    for (std::string& path : scanned.absent) {
      const auto& outputs = invocation_.declared.outputs;
      if (std::find(outputs.begin(), outputs.end(), path) == outputs.end())
        out_.absent.push_back(std::move(path));
    }
    for (const std::string& path : scanned.files) {
      const bool is_known =
          std::any_of(named_.begin(), named_.end(), [&](const Named& n) { return n.path == path; });
      if (!is_known && !add_input({path, "--include-scan"}, "scanned")) return;
    }
    // A missing file counts, too: it decides which file a name means (__has_include).
    for (const std::string& path : out_.absent) field("scanned, absent", roots_.tag(path));
  }

  std::vector<std::string> absolute(const std::vector<std::string>& names) const {
    std::vector<std::string> out;
    out.reserve(names.size());
    for (const std::string& name : names) out.push_back(tidy_path(join_path(cwd_, name)));
    return out;
  }

  // The one name of an output, as in Changes.
  static std::string canonical(const std::string& path) {
    const auto directory = os::real_path(std::string(parent_path(path)));
    return join_path(directory ? *directory : std::string(parent_path(path)), base_name(path));
  }

  void read_output(const char* option, const char* key_name, const std::string& name) {
    const std::string path = tidy_path(join_path(cwd_, name));
    const auto there = os::stat_file(path);
    if (there && *there && (*there)->is_directory())
      return fail(option, name, "is a directory; use --output-dir for files below it");
    const std::string one_name = canonical(path);
    for (const Before& input : out_.inputs) {
      const bool is_same = there && *there && (*there)->device == input.identity.device &&
                           (*there)->inode == input.identity.inode;
      const bool has_same_name = base_name(input.path) == base_name(path);
      if (is_same || (has_same_name && canonical(input.path) == one_name))
        return fail(option, name,
                    "is an input, too; a tool that edits a file in place cannot be stored");
    }
    outputs_.emplace(key_name, roots_.tag(path));
  }

  void read_outputs() {
    for (const std::string& name : order_.output_files)
      read_output("--output-file", "output", name);
    for (const std::string& name : order_.optional_outputs)
      read_output("--optional-output", "optional output", name);
    if (!order_.depfile.empty()) read_output("--depfile", "", order_.depfile);
    for (const std::string& name : order_.output_directories) {
      const std::string path = tidy_path(join_path(cwd_, name));
      const auto there = os::stat_file(path);
      if (there && *there && !(*there)->is_directory())
        return fail("--output-dir", name, "is not a directory; use --output-file for one file");
      outputs_.emplace("output directory", roots_.tag(path));
    }
    for (const auto& [key_name, path] :
         outputs_)  // sorted, so that the user's order does not count
      if (*key_name != 0) field(key_name, path);
  }

  tool::Invocation& invocation_;
  const ExecOptions& order_;
  const std::string_view cwd_;
  const action::Roots& roots_;
  digest::FileDigester& digester_;
  std::vector<Named> named_;
  struct Less {
    bool operator()(const std::pair<const char*, std::string>& a,
                    const std::pair<const char*, std::string>& b) const {
      const int order = std::string_view(a.first).compare(b.first);
      return order != 0 ? order < 0 : a.second < b.second;
    }
  };
  std::set<std::pair<const char*, std::string>, Less> outputs_;
  std::string problem_;
  Declared out_;
};

// Everything below a directory, itself included; nothing when the directory does not exist.
void mark_below(const std::string& directory, std::map<std::string, os::FileIdentity>& out) {
  const auto there = os::stat_file(directory, os::Links::keep);
  if (!there || !*there) return;
  out.emplace(directory, **there);
  if (!(*there)->is_directory()) return;
  const auto names = os::list_directory(directory);
  if (!names) return;
  for (const std::string& name : *names) mark_below(join_path(directory, name), out);
}

std::map<std::string, os::FileIdentity> look_at_outputs(const tool::Invocation& invocation) {
  std::map<std::string, os::FileIdentity> out;
  for (const std::string& directory : invocation.declared.directories) mark_below(directory, out);
  for (const std::string& path : invocation.declared.outputs) {
    const auto there = os::stat_file(path, os::Links::keep);
    if (there && *there) out.emplace(path, **there);
  }
  return out;
}

Output make_output(const std::string& path, const os::FileIdentity& now, const Mark* before) {
  Output out;
  out.path = path;
  out.identity = now;
  const bool is_same_file = before != nullptr && before->identity.inode == now.inode;
  out.placement = before == nullptr ? action::Placement::made
                  : is_same_file    ? action::Placement::in_place
                                    : action::Placement::replaced;
  if (now.is_directory()) {
    out.role = action::Role::directory;
  } else if (now.is_symlink()) {
    out.role = action::Role::symlink;
    const auto text = os::read_symlink(path);
    if (text && *text) out.link_text = **text;
  }
  return out;
}

bool has_output(const RunFacts& run_facts, const std::string& path) {
  const auto& outputs = run_facts.outputs;
  const auto has_that_name = [&](const Output& o) { return o.path == path; };
  if (std::any_of(outputs.begin(), outputs.end(), has_that_name)) return true;
  const auto real = os::real_path(path);
  return std::any_of(outputs.begin(), outputs.end(), [&](const Output& o) {
    const auto other = os::real_path(o.path);
    return real && other && *real == *other;
  });
}

// Removes the claims about the tool's own file, which --tool-hash replaces.
void forget_tool(const tool::Command& command, const action::Roots& roots, RunFacts& run_facts) {
  const auto real = os::real_path(command.tool);
  std::erase_if(run_facts.trace.observations, [&](const action::Observation& o) {
    const bool is_of_file =
        o.claim == Claim::file || o.claim == Claim::stamps || o.claim == Claim::same_file;
    const std::string path = is_of_file ? roots.expand(o.subject) : "";
    return is_of_file && (path == command.tool || (real && path == *real));
  });
}

// Adds the inputs that the tool's depfile names, whether they were observed or not.
void add_prerequisites(const DeclaredRun& run, digest::FileDigester& digester,
                       RunFacts& run_facts) {
  const std::string& depfile = run.invocation.exec_options->depfile;
  const auto text = os::read_file(tidy_path(join_path(run.command.cwd, depfile)), kListMax);
  const auto names = text ? tool::exec::prerequisites(*text) : std::nullopt;
  if (!names) {
    run_facts.problem = Problem{NotStored::depfile_unusable, depfile + " has no rules"};
    return;
  }
  for (const std::string& name : *names) {
    const std::string file = tidy_path(join_path(run.command.cwd, name));
    os::FileIdentity identity;
    const auto content = digester.digest_file(file, &identity);
    if (!content || !*content) {
      std::string why = depfile;
      why.append(" names ").append(name).append(", which does not exist");
      run_facts.problem = Problem{NotStored::depfile_unusable, why};
      return;
    }
    if (has_output(run_facts, file)) continue;
    if (identity.newest_ns() >= run.began_ns) {
      run_facts.problem = Problem{NotStored::input_changed, name};
      return;
    }
    run_facts.trace.observations.push_back(
        {Claim::file, run.roots.tag(file), std::string((*content)->digest.view())});
  }
}

// The first argument that is not in the key and names an output; empty: none.
std::string hidden_output(const ExecOptions& order, const RunFacts& run_facts) {
  for (std::size_t i = 1; i < order.argv.size(); ++i) {
    if (order.is_keyed[i]) continue;
    for (const Output& out : run_facts.outputs)
      if (order.argv[i].find(base_name(out.path)) != std::string::npos) return order.argv[i];
  }
  return {};
}

bool is_of_system(std::string_view path) {
  static constexpr std::string_view kDirectories[] = {"/usr", "/lib",  "/lib32", "/lib64",
                                                      "/bin", "/sbin", "/etc",   "/proc",
                                                      "/sys", "/dev",  "/run",   "/var/cache"};
  return std::any_of(std::begin(kDirectories), std::end(kDirectories),
                     [&](std::string_view directory) { return is_within(path, directory); });
}

bool is_below(const std::string& path, const std::vector<std::string>& directories) {
  return std::any_of(directories.begin(), directories.end(),
                     [&](const std::string& directory) { return is_within(path, directory); });
}

bool is_among(const std::string& path, const std::vector<std::string>& paths) {
  if (std::find(paths.begin(), paths.end(), path) != paths.end()) return true;
  const auto real = os::real_path(path);
  return real && std::any_of(paths.begin(), paths.end(), [&](const std::string& p) {
           const auto other = os::real_path(p);
           return other && *other == *real;
         });
}

// A tool that reads files of a directory may list it to find them.
bool holds_declared(const std::string& directory, const tool::Declaration& declared) {
  const auto is_in = [&](const std::string& path) { return is_within(path, directory); };
  return std::any_of(declared.inputs.begin(), declared.inputs.end(), is_in) ||
         std::any_of(declared.outputs.begin(), declared.outputs.end(), is_in);
}

}  // namespace

std::variant<Declared, std::string> look_at_declared(tool::Invocation& invocation,
                                                     const tool::Command& command,
                                                     const action::Roots& roots,
                                                     std::string_view list,
                                                     digest::FileDigester& digester) {
  Reading reading(invocation, command, roots, digester);
  if (std::string problem = reading.read(list); !problem.empty()) return problem;
  return reading.take();
}

std::vector<Mark> mark_outputs(const tool::Invocation& invocation) {
  std::vector<Mark> out;
  for (const auto& [path, identity] : look_at_outputs(invocation)) out.push_back({path, identity});
  return out;
}

RunFacts declared_run_facts(const tool::Invocation& invocation, const std::vector<Mark>& before,
                            std::int64_t ended_ns) {
  RunFacts out;
  const auto now = look_at_outputs(invocation);
  const auto find = [&](const std::string& path) {
    const auto it = std::find_if(before.begin(), before.end(),
                                 [&](const Mark& mark) { return mark.path == path; });
    return it == before.end() ? nullptr : &*it;
  };
  for (const Mark& mark : before) {
    if (!now.contains(mark.path)) out.problem = Problem{NotStored::file_deleted, mark.path};
  }
  for (const auto& [path, identity] : now) {
    const Mark* was = find(path);
    if (was != nullptr && (was->identity == identity || identity.is_directory())) continue;
    const bool is_file = identity.is_regular();
    if (!is_file && !identity.is_directory() && !identity.is_symlink())
      out.problem = Problem{NotStored::special_file_left, path};
    if (is_file && identity.links > 1) out.problem = Problem{NotStored::hard_link, path};
    if (is_file && identity.newest_ns() > ended_ns)
      out.problem = Problem{NotStored::output_changed, path};
    out.outputs.push_back(make_output(path, identity, was));
  }
  return out;
}

void check_declared(const Declared& declared, const DeclaredRun& run,
                    digest::FileDigester& digester, RunFacts& run_facts) {
  const ExecOptions& order = *run.invocation.exec_options;
  const auto fail = [&](NotStored reason, const std::string& detail) {
    if (!run_facts.problem) run_facts.problem = Problem{reason, detail};
  };
  if (order.declared_only && !declared.guess.empty())
    fail(NotStored::include_unknown, declared.guess);
  if (run.has_failed && !order.depfile.empty())
    fail(NotStored::depfile_unusable, "the tool failed");
  if (!order.tool_hash.empty()) forget_tool(run.command, run.roots, run_facts);
  for (const Before& input : declared.inputs) {
    const auto now = os::stat_file(input.path);
    if (!now || !*now || !(**now == input.identity) ||
        could_hide_a_change(input.path, input.identity, input.looked_ns))
      return fail(NotStored::input_changed, input.path);
    run_facts.trace.observations.push_back(
        {Claim::file, run.roots.tag(input.path), std::string(input.content.digest.view())});
  }
  for (const std::string& path : declared.absent)
    run_facts.trace.observations.push_back({Claim::absent, run.roots.tag(path), {}});
  std::vector<std::string> required = order.output_files;
  if (!order.depfile.empty()) required.push_back(order.depfile);
  for (const std::string& name : required) {
    if (!run.has_failed && !has_output(run_facts, tidy_path(join_path(run.command.cwd, name))))
      fail(NotStored::output_not_written, name);
  }
  if (const std::string name = hidden_output(order, run_facts); !name.empty())
    fail(NotStored::output_name_filtered, name);
  if (!order.depfile.empty() && !run_facts.problem) add_prerequisites(run, digester, run_facts);
  run_facts.trace.normalize();
}

std::vector<std::string> undeclared(const RunFacts& run_facts, const std::string& tool,
                                    const tool::Invocation& invocation,
                                    const action::Roots& roots) {
  const tool::Declaration& declared = invocation.declared;
  const std::string script = tidy_path(tool);  // its interpreter reads it
  std::vector<std::string> out;
  for (const Input& input : run_facts.inputs) {
    if (tidy_path(input.path) != script && !is_of_system(input.path) &&
        !is_among(input.path, declared.inputs) && !is_among(input.path, declared.outputs) &&
        !is_below(input.path, declared.directories))
      out.push_back("reads " + input.path);
  }
  for (const action::Observation& o : run_facts.trace.observations) {
    const std::string path = o.claim == Claim::listing ? roots.expand(o.subject) : "";
    if (!path.empty() && !is_of_system(path) && !is_below(path, declared.directories) &&
        !holds_declared(path, declared))
      out.push_back("lists " + path);
  }
  for (const Output& output : run_facts.outputs) {
    if (output.role == action::Role::directory) continue;
    if (!is_among(output.path, declared.outputs) && !is_below(output.path, declared.directories))
      out.push_back("writes " + output.path);
  }
  return out;
}

}  // namespace deja::evidence
