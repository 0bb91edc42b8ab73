// Programs that no adapter vouches for, and interpreters that one vouches for once their script is
// known. Tested by witness_test.cc.
#include <algorithm>

#include "base/path.h"
#include "os/file.h"
#include "os/mapping.h"
#include "pipeline/witness.h"

namespace deja::pipeline {

using tool::Vouched;

namespace {

// "python3.11" is python, "node20" node.
bool is_program(std::string_view name, std::string_view program) {
  return name.starts_with(program) &&
         name.find_first_not_of("0123456789.", program.size()) == std::string_view::npos;
}

std::string_view extension(std::string_view path) {
  const std::string_view name = base_name(path);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? "" : name.substr(dot + 1);
}

// "js" is also spelled "mjs" and "cjs".
bool is_of_kind(std::string_view path, std::string_view script) {
  const auto kind = [](std::string_view name) {
    const std::string_view ending = extension(name);
    return ending.ends_with("js") ? std::string_view("js") : ending;
  };
  return kind(path) == kind(script);
}

// Debian's node keeps modules in files that other builds have inside the program; it loads them before
// any script, and none asks for the time.
constexpr std::string_view kOwnModules[] = {"/usr/share/nodejs/cjs-module-lexer/",
                                            "/usr/share/nodejs/undici/", "/usr/share/nodejs/acorn/",
                                            "/usr/share/nodejs/acorn-walk/"};

bool is_part_of_interpreter(std::string_view path) {
  return std::any_of(std::begin(kOwnModules), std::end(kOwnModules),
                     [&](std::string_view folder) { return path.starts_with(folder); });
}

// What JavaScript calls the time at which its interpreter started.
constexpr std::string_view kNameOfStart = "timeOrigin";

Result<bool> names_start(const std::string& path) {
  const os::Fd fd = TRY(os::open_read(path));
  const os::FileIdentity identity = TRY(os::stat_fd(fd));
  if (identity.size == 0) return false;
  const os::Mapping mapping = TRY(os::Mapping::read_only(fd, identity.size));
  return mapping.view().find(kNameOfStart) != std::string_view::npos;
}

}  // namespace

Witness::Foreign* Witness::foreign(std::int32_t pid) {
  const auto it = foreign_.find(pid);
  return it == foreign_.end() ? nullptr : &it->second;
}

// It opens a file for reading: is it the script that an adapter knows?
void Witness::know_script(Foreign& foreign, const std::string& path) {
  if (foreign.vouched != nullptr || foreign.ran_others || is_part_of_interpreter(path)) return;
  for (const Vouched& row : adapter_.vouched(invocation_)) {
    if (!is_program(foreign.name, row.program)) continue;
    const bool is_early = row.asks == Vouched::Asks::before_its_script;
    if (!path.ends_with(row.script)) {
      // A script that ran before has asked, and may have left word.
      foreign.ran_others |= is_early && is_of_kind(path, row.script);
      continue;
    }
    if (is_early && foreign.may_ask_on) return fail(foreign.asked);
    if (is_early && !foreign.asked.empty())
      reticent_.push_back(path.substr(0, path.size() - row.script.size()));
    foreign.vouched = &row;
    foreign.ran_others = false;
    foreign.asked.clear();
    return;
  }
}

// It asks what cannot be asked again.
void Witness::ask(Foreign& foreign, const std::string& problem, unsigned flags) {
  if (foreign.vouched != nullptr) {
    if (foreign.vouched->asks == Vouched::Asks::before_its_script) fail(problem);
    return;
  }
  const auto rows = adapter_.vouched(invocation_);
  if (foreign.ran_others || std::none_of(rows.begin(), rows.end(), [&](const Vouched& row) {
        return is_program(foreign.name, row.program);
      }))
    return fail(problem);
  foreign.asked = problem;
  foreign.may_ask_on |= (flags & DEJA_FLAG_ONLY_ONCE) != 0;
}

// Another program starts in its process, or the run has ended.
void Witness::leave(std::int32_t pid) {
  const auto it = foreign_.find(pid);
  if (it == foreign_.end()) return;
  if (!it->second.asked.empty()) fail(it->second.asked);
  foreign_.erase(it);
}

void Witness::conclude_programs() {
  while (!foreign_.empty()) leave(foreign_.begin()->first);
  if (reticent_.empty()) return;
  for (const Input& input : testimony_.inputs) {
    const bool is_own = std::any_of(reticent_.begin(), reticent_.end(), [&](const auto& folder) {
      return is_within(input.path, folder);
    });
    if (is_own) continue;
    const auto named = names_start(input.path);
    if (!named) return fail("gone after the run: " + input.path);
    if (*named) return fail("may tell when it was started: " + input.path);
  }
}

}  // namespace deja::pipeline
