// Tested by searches_test.cc and test/e2e/environment_test.cc.
#include "pipeline/searches.h"

#include "action/trace.h"
#include "base/path.h"
#include "os/file.h"

namespace deja::pipeline {

std::vector<std::string> search_candidates(std::string_view list, std::string_view name,
                                           std::string_view cwd) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t colon = list.find(':');
    out.push_back(join_path(join_path(cwd, list.substr(0, colon)), name));
    if (colon == std::string_view::npos) return out;
    list.remove_prefix(colon + 1);
  }
}

std::string search_value(std::string_view list, std::string_view name, std::string_view cwd,
                         const action::Roots& roots) {
  std::string out;
  for (const std::string& path : search_candidates(list, name, cwd)) {
    const auto there = os::stat_file(path);
    if (!there || !*there) continue;
    out.append(roots.tag(path)).push_back('\0');
    if (action::kind_letter((*there)->mode) == 'x') break;
  }
  return out;
}

std::string search_subject(std::string_view variable, std::string_view name) {
  return std::string(variable).append("/").append(name);
}

SearchFor search_of(std::string_view subject) {
  const std::size_t slash = subject.find('/');
  if (slash == std::string_view::npos) return {subject, {}};
  return {subject.substr(0, slash), subject.substr(slash + 1)};
}

}  // namespace deja::pipeline
