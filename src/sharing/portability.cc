// SPDX-License-Identifier: Apache-2.0
// Decides for each root whether the result depends on where the root is, from the arguments, the
// trace and a search of the artifacts. Each rule is tested by the wrong hit that it prevents, in
// test/diff/sharing_test.cc.
#include "sharing/portability.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/path.h"
#include "evidence/searches.h"

namespace deja::sharing {
namespace {

using action::Claim;
using action::Observation;
using action::Root;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_outer(std::string_view directory, const std::string& root) {
  return directory.size() < root.size() && directory.starts_with('/') &&
         is_within(root, tidy_path(directory));
}

// For each "=" in the text: the rest of the root's path after a prefix map has cut off what is
// before the "=" ("-ffile-prefix-map=/home/u=/src" leaves "/ws" of "/home/u/ws").
std::vector<std::string> rests_of(std::string_view text, const std::string& root) {
  std::vector<std::string> rests;
  for (std::size_t at = text.find('='); at != std::string_view::npos; at = text.find('=', at + 1)) {
    const std::string_view before = text.substr(0, at);
    for (std::size_t n = 2; n < root.size(); ++n) {
      if (!before.ends_with(std::string_view(root).substr(0, n))) continue;
      const bool begins =
          n == before.size() || contains("=,", before.substr(before.size() - n - 1, 1));
      if (begins) rests.push_back(root.substr(n));
    }
  }
  return rests;
}

// A compiler writes the shorter of a file's name and its real path. Does its choice depend on the
// length of the root's path? The log has only the absolute form of the name.
bool choice_depends_on_length(const evidence::RealPath& real, const std::string& root,
                              const std::string& cwd) {
  const bool moves_along =
      is_within(real.asked, root) || (is_within(real.asked, cwd) && is_within(cwd, root));
  if (!moves_along) return true;
  if (!is_within(real.asked, cwd)) return false;  // both names grow with the root's
  // The name may have been relative, which a real path never is. The shortest root is "/x".
  constexpr std::size_t kShortestRoot = 2;
  const std::size_t relative = real.asked.size() - std::min(real.asked.size(), cwd.size() + 1);
  return relative > kShortestRoot + (real.result.size() - root.size());
}

bool is_mapped(const std::string& directory, const tool::Invocation& invocation) {
  return std::any_of(invocation.outputs.mapped_prefixes.begin(),
                     invocation.outputs.mapped_prefixes.end(),
                     [&](const std::string& prefix) { return is_within(directory, prefix); });
}

// Facts that hold only without NDEBUG are dropped when NDEBUG is defined.
std::uint32_t facts_of(const tool::Invocation& invocation, const evidence::RunFacts& run_facts) {
  std::uint32_t facts = run_facts.facts | invocation.policy.argument_facts;
  const bool is_defined =
      invocation.policy.defines_ndebug && (run_facts.facts & tool::kSetsNdebug) == 0;
  if ((facts & tool::kMentionsOwnPathForDebugging) != 0 && !is_defined)
    facts |= tool::kMentionsOwnPath | tool::kMentionsTypePath;
  if ((invocation.policy.argument_facts & tool::kReportsOwnPath) != 0)
    facts |= tool::kMentionsOwnPath;
  return facts;
}

// The directories in a list variable that the tool searches. (Those of the loader's leave no names
// in outputs.)
std::vector<std::string_view> listed_in(const Observation& o) {
  const bool is_list = o.claim == Claim::directories && o.subject != "LD_LIBRARY_PATH";
  return is_list ? evidence::directories_in(o.value) : std::vector<std::string_view>();
}

// Decides one root.
class RootCheck {
 public:
  RootCheck(Root root, const RunContext& run, const RootSearch& leaks,
            const evidence::RunFacts& run_facts)
      : root_(root),
        path_(run.roots.path(root)),
        tag_(1, static_cast<char>(root)),
        run_(run),
        leaks_(leaks),
        run_facts_(run_facts),
        facts_(facts_of(run.invocation, run_facts)) {}

  // The root's path is in an artifact, or may be there in a form that cannot be searched.
  bool appears_in_output() const {
    if (leaks_.found(root_) || run_.invocation.outputs.are_opaque) return true;
    if ((facts_ & tool::kHoldsBytecode) != 0) return true;
    if (run_.invocation.policy.runs_plugins && is_in_read_variable()) return true;
    // A macro may have asked for its path and computed something from it.
    if (run_facts_.has_plugin && root_ == Root::cwd && !is_mapped(path_, run_.invocation))
      return true;
    if (run_.invocation.outputs.name_intermediates && is_below_spelled_path()) return true;
    if (is_split_in_output()) return true;
    const bool maps_help = (facts_ & tool::kMentionsTypePath) == 0 || is_gcc();
    if (maps_help && is_mapped(path_, run_.invocation)) return false;
    return (facts_ & tool::kMentionsOwnPath) != 0 && is_below_spelled_path();
  }

  // A path below the root is spelled out where it does not move with the root (in sources: see
  // decide_portability).
  bool is_spelled_out_elsewhere() const {
    if ((facts_ & tool::kHoldsTree) != 0) return true;
    const auto& programs = run_facts_.programs;
    if (std::any_of(programs.begin(), programs.end(),
                    [this](const std::string& p) { return is_within(p, path_); }))
      return true;
    for (const tool::KeyArgument& argument : run_.invocation.key.arguments) {
      const std::size_t from = argument.has_path() && is_within(argument.path(), path_)
                                   ? argument.path_at + path_.size()
                                   : 0;
      if (contains(argument.text.substr(0, argument.has_path() ? argument.path_at : 0), path_) ||
          contains(std::string_view(argument.text).substr(from), path_))
        return true;
    }
    const std::string& cwd = run_.roots.path(Root::cwd);
    if (std::any_of(run_facts_.real_paths.begin(), run_facts_.real_paths.end(),
                    [&](const evidence::RealPath& real) {
                      return is_within(real.result, path_) &&
                             choice_depends_on_length(real, path_, cwd);
                    }))
      return true;
    return std::any_of(run_facts_.trace.observations.begin(), run_facts_.trace.observations.end(),
                       [this](const Observation& o) {
                         return (o.claim == Claim::variable || o.claim == Claim::directories) &&
                                contains(o.value, path_);
                       });
  }

  // A prefix map of an outer directory leaves a part of the root's path in the output.
  bool is_cut_by_prefix_map() const {
    bool cut = false;
    for (const tool::KeyArgument& argument : run_.invocation.key.arguments)
      cut = cut || !rests_of(argument.text, path_).empty();
    const bool mentions = (facts_ & tool::kMentionsOwnPath) != 0;
    return cut && (mentions || leaks_.found_rest(root_));
  }

  // The tool searches a directory above the root, so a source could name the root's own directory.
  bool is_searched_from_outside() const {
    for (const tool::KeyArgument& argument : run_.invocation.key.arguments) {
      if (argument.has_path() && is_outer(argument.path(), path_)) return true;
    }
    for (const Observation& o : run_facts_.trace.observations) {
      for (const std::string_view directory : listed_in(o))
        if (is_outer(run_.roots.expand(directory), path_)) return true;
      if (o.claim != Claim::variable || o.subject == "HOME" || o.subject == "PWD") continue;
      const std::string value = run_.roots.expand(o.value);
      for (std::size_t at = 0; at < value.size();) {
        const std::size_t end = std::min(value.find(':', at), value.size());
        if (is_outer(std::string_view(value).substr(at, end - at), path_)) return true;
        at = end + 1;
      }
    }
    return false;
  }

  std::string directory_name() const { return std::string(base_name(path_)) + "/"; }

  // is_relative: bind only the root's place inside the root that holds it, if there is one.
  void bind(action::Trace& trace, bool is_relative) const {
    std::string place = path_;
    for (const Root holder : {Root::workspace, Root::checkout}) {
      const std::string& outer = run_.roots.path(holder);
      const bool holds = !outer.empty() && path_ != outer && is_within(path_, outer);
      if (!is_relative || !holds || root_ == Root::checkout) continue;
      place = std::string(1, static_cast<char>(holder)) + path_.substr(outer.size());
      break;
    }
    trace.observations.push_back({Claim::root, tag_, place});
  }

  Root root() const { return root_; }
  const std::string& path() const { return path_; }

 private:
  // Where the working directory is below the root, what they have in common holds the root.
  bool is_split_in_output() const {
    if (!run_.invocation.outputs.split_paths || is_mapped(path_, run_.invocation) ||
        !leaks_.found_end(root_))
      return false;
    const auto& arguments = run_.invocation.key.arguments;
    const bool is_elsewhere =
        run_.roots.has(Root::logical_cwd) ||
        std::any_of(arguments.begin(), arguments.end(), [](const tool::KeyArgument& argument) {
          return contains(argument.text, "compilation-dir");
        });
    return is_elsewhere || !is_within(run_.roots.path(Root::cwd), path_);
  }
  // Did the run read a variable with a path below this root, other than the tool's own variables?
  bool is_in_read_variable() const {
    const auto& claims = run_facts_.trace.observations;
    return std::any_of(claims.begin(), claims.end(), [this](const Observation& o) {
      return o.claim == Claim::variable && o.value.starts_with(tag_) && o.subject != "PWD" &&
             !o.subject.starts_with("LD_");
    });
  }
  bool is_gcc() const { return std::string_view(run_.invocation.identity.dialect) == "gcc"; }
  // Does an argument or a search path spell out a path below this root?
  bool is_below_spelled_path() const {
    for (const tool::KeyArgument& argument : run_.invocation.key.arguments) {
      const bool is_output = argument.output != tool::KeyArgument::Output::none;
      const bool is_map = contains(argument.text, "-prefix-map=");  // finds no file
      if (argument.has_path() && !is_output && !is_map &&
          run_.roots.tag(argument.path()).starts_with(tag_))
        return true;
    }
    const auto& claims = run_facts_.trace.observations;
    return std::any_of(claims.begin(), claims.end(), [this](const Observation& o) {
      const auto directories = listed_in(o);
      return (o.claim == Claim::variable && o.subject != "PWD" && o.value.starts_with(tag_)) ||
             std::any_of(directories.begin(), directories.end(),
                         [this](std::string_view d) { return d.starts_with(tag_); });
    });
  }

  const Root root_;
  const std::string& path_;
  const std::string tag_;
  const RunContext& run_;
  const RootSearch& leaks_;
  const evidence::RunFacts& run_facts_;
  const std::uint32_t facts_;
};

// Does an argument name a directory above this root, after an option's letter, an "=" or a
// separator?
bool names_outer(std::string_view argument, const std::string& root) {
  for (std::size_t at = argument.find('/'); at != std::string_view::npos;) {
    const std::size_t end = std::min(argument.find_first_of(":,;", at), argument.size());
    if (is_outer(argument.substr(at, end - at), root)) return true;
    at = argument.find('/', end);
  }
  return false;
}

// For tools whose outputs hold relative paths: what must stay the same?
enum class Relation { free, between_roots, places };

Relation relation_of(const RunContext& run, const evidence::RunFacts& run_facts) {
  if (!run.invocation.outputs.relate_paths) return Relation::free;
  const action::Roots& roots = run.roots;
  const std::string& cwd = roots.path(Root::cwd);
  const std::string& workspace = roots.has(Root::workspace) ? roots.path(Root::workspace) : cwd;
  const auto is_outside = [&](std::string_view path) {
    const std::string whole = tidy_path(join_path(cwd, path));
    return !is_within(whole, cwd) && !is_within(whole, workspace);
  };
  for (const tool::KeyArgument& argument : run.invocation.key.arguments) {
    const bool is_whole = argument.has_path() && argument.path_at == 0;
    if (is_whole && is_outside(argument.path())) return Relation::places;
    if (names_outer(argument.text, cwd) || names_outer(argument.text, workspace))
      return Relation::places;
  }
  for (const evidence::Output& output : run_facts.outputs)
    if (is_outside(output.path)) return Relation::places;
  if (cwd == workspace) return Relation::free;
  return is_within(cwd, workspace) ? Relation::between_roots : Relation::places;
}

}  // namespace

RootSearch make_root_search(const RunContext& run, const evidence::RunFacts& run_facts) {
  RootSearch leaks(run.roots);
  for (const evidence::RunFacts::IgnoredVariable& ignored : run_facts.ignored_variables)
    leaks.add_text(ignored.text);
  for (const Root root : action::kRoots) {
    if (!run.roots.has(root)) continue;
    if (run.invocation.outputs.split_paths) leaks.add_end(root, run.roots.path(root));
    for (const tool::KeyArgument& argument : run.invocation.key.arguments)
      for (const std::string& rest : rests_of(argument.text, run.roots.path(root)))
        leaks.add_rest(root, rest);
  }
  return leaks;
}

namespace {

// Programs that read the working directory's name only write it into the output; then a search
// finds it.
bool may_hold_working_directory(const RunContext& run, const RootSearch& leaks,
                                const evidence::RunFacts& run_facts) {
  const std::uint32_t facts = run_facts.facts | run.invocation.policy.argument_facts;
  if (run.invocation.outputs.are_opaque || run_facts.has_plugin ||
      (facts & (tool::kHoldsBytecode | tool::kHoldsTree)) != 0)
    return true;
  for (const Root root : {Root::cwd, Root::logical_cwd})
    if (run.roots.has(root) && leaks.found(root)) return true;
  // An option can replace the name, or one of the two names.
  const auto& arguments = run.invocation.key.arguments;
  return !run.roots.has(Root::cwd) ||
         std::any_of(arguments.begin(), arguments.end(), [](const tool::KeyArgument& argument) {
           return contains(argument.text, "-map") || contains(argument.text, "remap") ||
                  contains(argument.text, "compilation-dir");
         });
}

// A script around a compiler can compute anything from the name of its working directory, and
// reading that name is not observed. These are the spellings with which a shell script gets it.
bool scripts_may_name_directory(const evidence::RunFacts& run_facts,
                                evidence::TextSearchCache& mentions) {
  static const std::vector<std::string> kSpellings = {"pwd",      "PWD",  "cwd", "realpath",
                                                      "readlink", "dirs", "~+",  "rev-parse"};
  return std::any_of(run_facts.scripts.begin(), run_facts.scripts.end(),
                     [&](const evidence::Input& script) {
                       return mentions.in_file(script.path, script.digest, kSpellings) != 0;
                     });
}

// `found`: which of the texts are in an input, by bits: the linker script's, then two of each open root.
void bind_named(const std::vector<RootCheck>& open, std::uint32_t found, action::Trace& trace) {
  for (std::size_t i = 0; i < open.size(); ++i) {
    const bool is_chosen = open[i].root() == Root::objects && (found & 1) != 0;
    const bool spelled = is_chosen || (found >> (2 * i + 1) & 1) != 0;
    const bool named = (found >> (2 * i + 2) & 1) != 0 && open[i].is_searched_from_outside();
    if (spelled || named || open[i].is_cut_by_prefix_map()) open[i].bind(trace, !spelled);
  }
}

}  // namespace

void decide_portability(const RunContext& run, const RootSearch& leaks,
                        evidence::RunFacts& run_facts, evidence::TextSearchCache& mentions) {
  const bool is_named_by_script = scripts_may_name_directory(run_facts, mentions);
  std::vector<RootCheck> open;
  // A linker script can select inputs by any part of their names. After that come two texts for
  // each open root: its path, and its directory's name.
  std::vector<std::string> texts = {"SECTIONS"};
  const Relation relation = relation_of(run, run_facts);
  for (const Root root : action::kRoots) {
    if (!run.roots.has(root)) continue;
    const RootCheck check(root, run, leaks, run_facts);
    const bool is_bound_to_place = relation == Relation::places || is_named_by_script;
    if (is_bound_to_place || check.appears_in_output() || check.is_spelled_out_elsewhere()) {
      check.bind(run_facts.trace, false);
    } else {
      if (relation == Relation::between_roots && root == Root::cwd)
        check.bind(run_facts.trace, true);
      open.push_back(check);
      texts.push_back(check.path());
      texts.push_back(check.directory_name());
    }
  }
  std::uint32_t found = 0;
  for (const evidence::Input& input : run_facts.inputs)
    found |= mentions.in_file(input.path, input.digest, texts);
  bind_named(open, found, run_facts.trace);
  for (std::size_t i = 0; i < run_facts.ignored_variables.size(); ++i) {
    // Below a prefix that is mapped, the output holds another text than the variable. clang cuts the working
    // directory off the name of an intermediate file.
    const std::string& text = run_facts.ignored_variables[i].text;
    if (leaks.found_text(i) || is_mapped(text, run.invocation) ||
        run.invocation.outputs.name_intermediates)
      run_facts.trace.observations.push_back(run_facts.ignored_variables[i].claim);
  }
  if (may_hold_working_directory(run, leaks, run_facts))
    for (action::Observation& claim : run_facts.working_directory)
      run_facts.trace.observations.push_back(std::move(claim));
  run_facts.trace.normalize();
}

}  // namespace deja::sharing
