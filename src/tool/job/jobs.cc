// SPDX-License-Identifier: Apache-2.0
// Applies the rules of a job to its command line. The first rule that matches an argument decides,
// so a table puts exceptions before the rules they limit. Tested by jobs_test.cc.
#include "tool/job/jobs.h"

#include <algorithm>

#include "base/path.h"
#include "tool/program_name.h"

namespace deja::tool::job {
namespace {

using enum Match;
using enum Effect;

const std::vector<Rule> kOfEveryJob = {
    // Rules that hold for every job.
    {"--version", word, query},
    {"--help", begin, query},
};

bool matches(const Rule& rule, std::string_view argument) {
  switch (rule.match) {
    case word:
      return argument == rule.text;
    case begin:
    case joined:
      return argument.starts_with(rule.text);
    case inside:
      return argument.find(rule.text) != std::string_view::npos;
    case letter:
      return false;
  }
  return false;
}

const Rule* rule_in(const std::vector<Rule>& rules, std::string_view argument) {
  for (const Rule& rule : rules) {
    if (matches(rule, argument)) return &rule;
  }
  return nullptr;
}

const Rule* rule_for(const Job& job, const std::string& argument) {
  for (const std::vector<Rule>* rules : {&job.rules, &kOfEveryJob}) {
    const Rule* rule = rule_in(*rules, argument);
    if (rule == nullptr && job.accepts_one_dash && argument.starts_with('-'))
      rule = rule_in(*rules, "-" + argument);
    if (rule != nullptr) return rule;
  }
  return nullptr;
}

void apply(const Rule& rule, std::string_view argument, Line& out) {
  out.is_opaque |= rule.effect == opaque;
  out.relates_paths |= rule.effect == relates;
  out.reads_stdin |= rule.effect == Effect::stdin;
  out.is_question |= rule.effect == query;
  if (!out.bypass && rule.effect == bypass)
    out.bypass = Bypass{BypassReason::unsupported_option, std::string(argument) + ": " + rule.why};
}

// Takes the option's value from this argument or the next. Returns how many more arguments it used.
std::size_t take_value(const Rule& rule, const std::vector<std::string>& arguments, std::size_t i,
                       Line& out) {
  const bool is_path = rule.effect == path || rule.effect == output;
  if (rule.effect != value && !is_path) return 0;
  std::size_t at = arguments[i].size();
  if (rule.match == inside) at = arguments[i].find(rule.text) + rule.text.size();
  if (rule.match == begin || rule.match == joined) at = rule.text.size();
  // "--name" in the table matches "-name" here.
  if (!arguments[i].starts_with(rule.text) && rule.match != inside) --at;
  const bool is_next = rule.match == word || (rule.match == joined && at >= arguments[i].size());
  if (is_next && i + 1 == arguments.size()) return 0;
  if (is_path) out.paths.push_back({is_next ? i + 1 : i, is_next ? 0 : at, rule.effect == output});
  return is_next ? 1 : 0;
}

// getopt reads letters from every word that begins with one dash, at any position.
void apply_letters(const Job& job, std::string_view word, Line& out) {
  for (const Rule& rule : job.rules) {
    if (rule.match == letter && word.find(rule.text) != std::string_view::npos)
      apply(rule, word, out);
  }
}

// After the long options come: the operation's letters, with or without a dash; with a, b or i a
// member's name, and with N a number; then the archive. Returns the index to continue at.
std::size_t skip_operation(const Job& job, const std::vector<std::string>& arguments, Line& out) {
  std::size_t at = 0;
  for (; at < arguments.size() && arguments[at].starts_with("--"); ++at) {
    const Rule* rule = rule_for(job, arguments[at]);
    if (rule != nullptr && rule->effect == query) return at;
    if (rule != nullptr && rule->effect == value) ++at;
  }
  if (at >= arguments.size()) return at;
  const std::string& letters = arguments[at];
  apply_letters(job, letters, out);
  if (rule_for(job, letters) != nullptr) return at;  // "-V"
  const bool at_member = letters.find_first_of("abi") != std::string_view::npos;
  const bool has_count = letters.find('N') != std::string_view::npos;
  return at + 1 + (at_member ? 1 : 0) + (has_count ? 1 : 0);
}

}  // namespace

const Job* find_job(std::string_view program_name) {
  const std::string_view base = base_name(program_name);
  const auto it = std::find_if(jobs().begin(), jobs().end(),
                               [&](const Job& job) { return is_called(base, job.name); });
  return it == jobs().end() ? nullptr : &*it;
}

Line read_line(const Job& job, const std::vector<std::string>& arguments) {
  Line out;
  std::size_t i = job.has_operation ? skip_operation(job, arguments, out) : 0;
  for (; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const Rule* rule = rule_for(job, argument);
    if (rule != nullptr) {
      apply(*rule, argument, out);
      i += take_value(*rule, arguments, i, out);
    } else if (!argument.starts_with('-')) {
      out.operands.push_back(i);
    } else if (!argument.starts_with("--")) {
      apply_letters(job, argument, out);
    }
  }
  if (out.operands.empty() && !out.reads_stdin && !out.bypass && !out.is_question) {
    if (!job.reads_stdin) out.bypass = Bypass{BypassReason::no_input, {}};
    out.reads_stdin = job.reads_stdin;
  }
  out.is_question = out.is_question && out.operands.empty() && !out.reads_stdin;
  return out;
}

}  // namespace deja::tool::job
