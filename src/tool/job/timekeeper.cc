// SPDX-License-Identifier: Apache-2.0
#include "tool/job/timekeeper.h"

#include <algorithm>

namespace deja::tool::job {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The names are __DATE__, __TIME__, __DATE_NUM__, __UTC_TIME__, __POSIX_TIME__ and so on, since
// nasm 2.15 also with "?" (__?DATE?__). All contain one of these two parts.
constexpr std::string_view kParts[] = {"DATE", "TIME"};
constexpr std::string_view kNames[] = {"__DATE__", "__TIME__", "__DATE_NUM__", "__POSIX_TIME__"};

bool is_of_name(char c) {
  return c == '_' || c == '?' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         (c >= '0' && c <= '9');
}

// COFF and OMF objects have a field for the time.
bool has_no_time(std::string_view format) {
  return format.starts_with("elf") || format.starts_with("macho") || format == "bin";
}

std::string without_marks(std::string_view word) {
  std::string out(word);
  std::erase(out, '?');
  return out;
}

// A beginning or an end of one of the names, with at least one letter of it.
bool is_piece(std::string_view word) {
  const std::string piece = without_marks(word);
  if (piece.size() < 3 || piece.find_first_not_of('_') == std::string::npos) return false;
  return std::any_of(std::begin(kNames), std::end(kNames), [&](std::string_view name) {
    return name.starts_with(piece) || (piece.ends_with("__") && name.ends_with(piece));
  });
}

// Names can be pasted from two tokens (%+, %[]), or made from a string (%deftok).
bool nasm_may_tell(std::string_view text) {
  if (contains(text, "deftok") || contains(text, "%tok")) return true;
  const bool joins = contains(text, "%+") || contains(text, "%[");
  for (std::size_t at = 0; at < text.size();) {
    if (!is_of_name(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_of_name(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    at = end;
    const bool is_reserved = word.starts_with("__") && word.ends_with("__");
    if (is_reserved && std::any_of(std::begin(kParts), std::end(kParts),
                                   [&](std::string_view part) { return contains(word, part); }))
      return true;
    if (joins && is_piece(word)) return true;
  }
  return false;
}

}  // namespace

const Timekeeper* nasm_timekeeper(const Command& command,
                                  const std::vector<std::string>& arguments) {
  static constexpr Timekeeper kKeeper{"nasm", nasm_may_tell};
  if (command.variable("NASMENV")) return nullptr;  // holds more arguments
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].starts_with("-@")) return nullptr;  // reads more arguments from a file
    if (!arguments[i].starts_with("-f")) continue;
    const bool is_next = arguments[i].size() == 2 && i + 1 < arguments.size();
    if (!has_no_time(is_next ? arguments[i + 1] : arguments[i].substr(2))) return nullptr;
  }
  return &kKeeper;
}

const Timekeeper* rcc_timekeeper(const Command&, const std::vector<std::string>&) {
  static constexpr Timekeeper kKeeper{"rcc", [](std::string_view) { return false; }};
  return &kKeeper;
}

const Timekeeper* uic_timekeeper(const Command&, const std::vector<std::string>&) {
  static constexpr Timekeeper kKeeper{
      "uic", [](std::string_view text) { return contains(text, "** Created: "); }};
  return &kKeeper;
}

}  // namespace deja::tool::job
