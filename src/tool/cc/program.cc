#include "tool/cc/program.h"

#include "base/path.h"

namespace deja::tool::cc {
namespace {

struct Driver {
  std::string_view name;
  Program program;
  bool plain_version;  // "clang19" is a name in use; "cc1" is another program
};

constexpr Driver kDrivers[] = {
    {"gcc", {kGcc, false}, true},          {"g++", {kGcc, true}, true},
    {"clang", {kClang, false}, true},      {"clang++", {kClang, true}, true},
    {"cc", {kEither, false}, false},       {"c++", {kEither, true}, false},
    {"emcc", {kEmscripten, false}, false}, {"em++", {kEmscripten, true}, false},
    {"c89", {kEither, false}, false},      {"c99", {kEither, false}, false},
};

bool is_version(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  return text.find_first_not_of("0123456789.") == std::string_view::npos;
}

// "", "-12", "-12.2.0", "19" where the driver allows it, mingw's "-posix" and "-win32".
bool is_suffix(std::string_view text, const Driver& driver) {
  if (text.empty() || text == "-posix" || text == "-win32") return true;
  if (text.front() == '-') return is_version(text.substr(1));
  return driver.plain_version && is_version(text);
}

bool is_target(std::string_view prefix) {  // "" or "x86_64-w64-mingw32-"
  return prefix.empty() || (prefix.size() > 1 && prefix.back() == '-');
}

}  // namespace

std::optional<Program> parse_program(std::string_view name) {
  const std::string_view base = base_name(name);
  std::optional<Program> found;
  std::size_t found_size = 0;
  for (const Driver& driver : kDrivers) {
    const std::size_t at = base.rfind(driver.name);
    if (at == std::string_view::npos || driver.name.size() <= found_size) continue;
    if (!is_target(base.substr(0, at)) || !is_suffix(base.substr(at + driver.name.size()), driver))
      continue;
    found = driver.program;
    found_size = driver.name.size();
  }
  return found;
}

}  // namespace deja::tool::cc
