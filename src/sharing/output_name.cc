// SPDX-License-Identifier: Apache-2.0
// Decides after the run which parts of the output's name the result depends on. In doubt it is the
// whole path, which costs hits only. Tested by test/diff/output_name_test.cc.
#include "sharing/output_name.h"

#include <algorithm>

#include "base/path.h"
#include "evidence/claim_checker.h"

namespace deja::sharing {
namespace {

using action::Claim;
using action::Observation;
using action::OutputName;

// The path without its last extension: "b/x.c" for "b/x.c.o". Side outputs have names that begin
// like this.
std::string stem_of(const std::string& path) {
  const std::string_view name = base_name(path);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return path;
  return path.substr(0, path.size() - (name.size() - dot));
}

bool is_about_path(Claim claim) {
  switch (claim) {
    case Claim::file:
    case Claim::absent:
    case Claim::exists:
    case Claim::listing:
    case Claim::link:
    case Claim::real:
    case Claim::same_file:
    case Claim::stamps:
      return true;
    default:
      return false;
  }
}

class OutputNameCheck {
 public:
  OutputNameCheck(const RunContext& run, const evidence::RunFacts& run_facts)
      : run_(run),
        run_facts_(run_facts),
        output_(run.roots.path(OutputName::output)),
        stem_(stem_of(output_)),
        directory_(parent_path(output_)) {}

  // Did the run make or look up other files that may be named after the output?
  bool has_side_outputs() const {
    if (run_.invocation.outputs.are_opaque) return true;
    const std::uint32_t facts = run_facts_.facts | run_.invocation.policy.argument_facts;
    if ((facts & (tool::kHoldsBytecode | tool::kHoldsTree)) != 0) return true;
    if (std::any_of(run_facts_.outputs.begin(), run_facts_.outputs.end(),
                    [&](const evidence::Output& out) { return !is_main(out); }))
      return true;
    const auto& claims = run_facts_.trace.observations;
    return std::any_of(claims.begin(), claims.end(), [&](const Observation& o) {
      return is_about_path(o.claim) && may_be_named_after_output(run_.roots.expand(o.subject));
    });
  }

 private:
  bool is_main(const evidence::Output& out) const {
    const std::string tagged = run_.roots.tag_output(out.path);
    const char wanted = static_cast<char>(out.role == action::Role::depfile ? OutputName::depfile
                                                                            : OutputName::output);
    return tagged.size() == 1 && tagged[0] == wanted;
  }
  // Named on the command line, or below or above a path that is.
  bool is_explained(const std::string& path) const {
    const auto& arguments = run_.invocation.key.arguments;
    return std::any_of(arguments.begin(), arguments.end(), [&](const tool::KeyArgument& argument) {
      if (!argument.has_path() || argument.output != tool::KeyArgument::Output::none) return false;
      const std::string named = tidy_path(join_path(run_.cwd, argument.path()));
      return is_within(path, named) || is_within(named, path);
    });
  }
  bool may_be_named_after_output(const std::string& path) const {
    const std::string tidy = tidy_path(path);
    if (tidy.starts_with(stem_)) return !is_named(tidy);
    return directory_ != run_.cwd && parent_path(tidy) == directory_ && !is_explained(tidy);
  }
  bool is_named(const std::string& path) const {
    const auto& arguments = run_.invocation.key.arguments;
    return std::any_of(arguments.begin(), arguments.end(), [&](const tool::KeyArgument& argument) {
      return argument.has_path() && argument.output == tool::KeyArgument::Output::none &&
             tidy_path(join_path(run_.cwd, argument.path())) == path;
    });
  }

  const RunContext& run_;
  const evidence::RunFacts& run_facts_;
  const std::string& output_;
  const std::string stem_;
  const std::string_view directory_;
};

}  // namespace

std::string objects_of_output(const tool::Command& command, const tool::Invocation& invocation) {
  // A compiler could compute something from the name of a source.
  if (invocation.outputs.main.empty() || !invocation.key.sources.empty()) return {};
  const std::string name = "/" + std::string(base_name(invocation.outputs.main)) + ".dir/";
  for (const tool::KeyArgument& argument : invocation.key.arguments) {
    if (!argument.is_input || argument.path_at != 0) continue;
    const std::string whole = join_path(command.cwd, argument.path());
    const std::size_t at = whole.find(name);
    if (at != std::string::npos && whole == tidy_path(whole))
      return whole.substr(0, at + name.size() - 1);
  }
  return {};
}

OutputTexts add_output_texts(const action::Roots& roots, RootSearch& leaks) {
  OutputTexts out;
  const std::string& path = roots.path(OutputName::output);
  out.is_movable = !path.empty();
  if (!out.is_movable) return out;
  out.directory = leaks.add_name(std::string(base_name(parent_path(path))));
  out.stem = leaks.add_name(std::string(base_name(stem_of(path))));
  return out;
}

void decide_output_name(const RunContext& run, const RootSearch& leaks, const OutputTexts& texts,
                        evidence::RunFacts& run_facts) {
  if (!texts.is_movable) return;
  const bool has_stem = leaks.found_text(texts.stem);
  // A name without a directory could also appear in an output without one.
  const bool is_bare = run.roots.spelled_output().find('/') == std::string::npos;
  const bool whole = (has_stem && is_bare) || OutputNameCheck(run, run_facts).has_side_outputs();
  const auto bind = [&](const std::string& part) {
    run_facts.trace.observations.push_back(
        {Claim::output_name, part, evidence::output_name_value(part, run.roots)});
  };
  if (whole) return bind("path");
  if (has_stem) bind("name");
  if (leaks.found_text(texts.directory)) bind("directory");
}

}  // namespace deja::sharing
