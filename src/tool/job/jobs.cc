#include "tool/job/jobs.h"

#include <algorithm>

#include "base/path.h"
#include "tool/program_name.h"

namespace deja::tool::job {
namespace {

using enum Match;
using enum Effect;

// GNU binutils 2.40's and LLVM 19's manuals.

const std::vector<Rule> kQuestions = {
    // of every job
    {"--version", word, query},
    {"--help", begin, query},
};

// Times and owners in an archive (ar's U, and an ar that was built that way) are found out after the
// run: pipeline/testimony.cc.
const std::vector<Rule> kArRules = {
    {"-V", word, query},
    {"-h", word, query},
    {"-M", word, Effect::stdin},  // a script of commands
    {"--plugin", word, value},
    {"--target", word, value},
    {"--output", word, value},
    {"--record-libdeps", word, value},
    {"u", letter, bypass, "u: compares times"},
    {"o", letter, bypass, "o: sets times of files"},
    {"U", letter, bypass, "U: stores times and owners"},
    {"M", letter, Effect::stdin},
};

const std::vector<Rule> kRanlibRules = {
    {"-v", word, query},
    {"-V", word, query},
    {"-h", word, query},
    {"--plugin", word, value},
    {"-U", word, bypass, "stores the time"},
    {"-t", word, bypass, "sets the time"},
};

const std::vector<Rule> kAsRules = {
    {"--target-help", word, query},
    {"-", word, Effect::stdin},
    {"--statistics", word, bypass, "prints times"},
    {"-o", word, value},
    {"-I", word, value},
    {"--MD", word, value},
    {"--defsym", word, value},
    {"--debug-prefix-map", word, value},
    {"-march", word, value},
    {"-mtune", word, value},
    {"--compress-debug-sections", begin, opaque},
};

const std::vector<Rule> kLdRules = {
    {"--print-output-format", word, query},
    {"--print-sysroot", word, query},
    {"-o", word, value},
    {"-m", word, value},
    {"-T", word, value},
    {"-e", word, value},
    {"-u", word, value},
    {"-z", word, value},
    {"-L", word, value},
    {"-l", word, value},
    {"-h", word, value},
    {"--soname", word, value},
    {"--rpath", word, value},
    {"--rpath-link", word, value},
    {"--dynamic-linker", word, value},
    {"--plugin", word, value},
    {"--plugin-opt", word, value},
    {"--Map", word, value},
    {"--Ttext", word, value},
    {"--defsym", word, value},
    {"--version-script", word, value},
    {"--compress-debug-sections", begin, opaque},
};

const std::vector<Rule> kClangTidyRules = {
    {"--list-checks", word, query},
    {"--dump-config", word, query},
    {"--verify-config", word, query},
    {"--explain-config", word, query},
    {"--fix", begin, bypass, "edits its sources"},
    {"--enable-check-profile", word, bypass, "prints times"},
    {"--vfsoverlay", begin, bypass, "names other files than are read"},
    {"-p", word, value},
    {"--checks", word, value},
    {"-", word, Effect::stdin},
};

const Rule* rule_in(const std::vector<Rule>& rules, std::string_view argument) {
  for (const Rule& rule : rules) {
    if (rule.match == letter) continue;
    if (rule.match == begin ? argument.starts_with(rule.text) : argument == rule.text) return &rule;
  }
  return nullptr;
}

const Rule* rule_for(const Job& job, const std::string& argument) {
  for (const std::vector<Rule>* rules : {&job.rules, &kQuestions}) {
    const Rule* rule = rule_in(*rules, argument);
    if (rule == nullptr && job.one_dash_will_do && argument.starts_with('-'))
      rule = rule_in(*rules, "-" + argument);
    if (rule != nullptr) return rule;
  }
  return nullptr;
}

Bypass bypass_of(const Rule& rule, std::string_view argument) {
  const std::string text(argument);
  if (rule.effect == query) return {BypassReason::not_a_compile, text};
  return {BypassReason::unsupported_option, text + ": " + rule.why};
}

void apply(const Rule& rule, std::string_view argument, Line& out) {
  out.is_opaque |= rule.effect == opaque;
  out.reads_stdin |= rule.effect == Effect::stdin;
  if (!out.bypass && (rule.effect == query || rule.effect == bypass))
    out.bypass = bypass_of(rule, argument);
}

// getopt takes letters from every word that begins with one dash, wherever it stands.
void apply_letters(const Job& job, std::string_view word, Line& out) {
  for (const Rule& rule : job.rules) {
    if (rule.match == letter && word.find(rule.text) != std::string_view::npos)
      apply(rule, word, out);
  }
}

// Behind the long options: letters, with or without a dash; then, with a, b or i, a member's name, and
// with N a number; then the archive. Returns where to go on.
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

const std::vector<Job>& jobs() {
  static const std::vector<Job> all = {
      {.name = "ar", .label = "archive", .rules = kArRules, .writes_operand = true},
      {.name = "ranlib", .label = "archive", .rules = kRanlibRules, .writes_operand = true},
      {.name = "emar", .label = "archive", .rules = kArRules, .writes_operand = true},
      {.name = "emranlib", .label = "archive", .rules = kRanlibRules, .writes_operand = true},
      {.name = "as",
       .label = "assembler",
       .rules = kAsRules,
       .one_dash_will_do = true,
       .reads_stdin = true},
      {.name = "ld", .label = "link", .rules = kLdRules, .one_dash_will_do = true},
      {.name = "ld.bfd", .label = "link", .rules = kLdRules, .one_dash_will_do = true},
      {.name = "ld.gold", .label = "link", .rules = kLdRules, .one_dash_will_do = true},
      {.name = "ld.lld",
       .label = "link",
       .rules = kLdRules,
       .one_dash_will_do = true,
       .colours = true},
      {.name = "clang-tidy",
       .label = "check",
       .rules = kClangTidyRules,
       .one_dash_will_do = true,
       .colours = true,
       .failures_count = true},
  };
  return all;
}

const Job* find_job(std::string_view program_name) {
  const std::string_view base = base_name(program_name);
  const auto it = std::find_if(jobs().begin(), jobs().end(),
                               [&](const Job& job) { return is_called(base, job.name); });
  return it == jobs().end() ? nullptr : &*it;
}

Line read_line(const Job& job, const std::vector<std::string>& arguments) {
  Line out;
  const bool has_operation = &job.rules == &kArRules;
  std::size_t i = has_operation ? skip_operation(job, arguments, out) : 0;
  for (; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const Rule* rule = rule_for(job, argument);
    if (rule != nullptr && rule->effect == value) {
      ++i;
    } else if (rule != nullptr) {
      apply(*rule, argument, out);
    } else if (!argument.starts_with('-')) {
      out.operands.push_back(i);
    } else if (!argument.starts_with("--")) {
      apply_letters(job, argument, out);
    }
  }
  if (out.operands.empty() && !out.reads_stdin && !out.bypass) {
    if (!job.reads_stdin) out.bypass = Bypass{BypassReason::no_input, {}};
    out.reads_stdin = job.reads_stdin;
  }
  return out;
}

}  // namespace deja::tool::job
