// SPDX-License-Identifier: Apache-2.0
// The forms are from the sources of gcc, clang and rustc, and from what they write. Tested by
// path_forms_test.cc and sharing/root_search_test.cc.
#include "tool/path_forms.h"

#include <algorithm>
#include <iterator>

namespace deja::tool {
namespace {

// gcc names a file's constructors after the file, with every character other than a letter or digit
// replaced by '_' ("_GLOBAL__sub_I__w_src_a_cc", gcc/tree.cc get_file_function_name).
std::string as_symbol(std::string_view path) {
  std::string out(path);
  for (char& c : out) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alnum) c = '_';
  }
  return out;
}

// In a dependency list, as gcc and clang quote it.
std::string as_make(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == ' ' || c == '#') out.push_back('\\');
    if (c == '$') out.push_back('$');
    out.push_back(c);
  }
  return out;
}

bool is_plain(char c) { return c >= 0x20 && c < 0x7f; }

// In a C string: line markers, assembly, JSON (except for characters outside ASCII).
std::string as_c(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (!is_plain(c)) {
      for (const int shift : {6, 3, 0}) {
        if (shift == 6) out.push_back('\\');
        out.push_back(static_cast<char>('0' + (byte >> shift & 7)));
      }
      continue;
    }
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

// In a URL.
std::string as_url(std::string_view path) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  static constexpr std::string_view kKept = "/-_.~";
  std::string out;
  for (const char c : path) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alnum || kKept.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return out;
}

}  // namespace

std::set<std::string> path_forms(const std::string& path) {
  return {path, as_symbol(path), as_make(path), as_c(path), as_url(path)};
}

bool is_message_location(std::string_view text, std::size_t at) {
  const std::size_t newline = text.rfind('\n', at);
  std::string_view before = text.substr(0, at);
  if (newline != std::string_view::npos) before.remove_prefix(newline + 1);
  // rustc reports each file that it writes (--json=artifacts).
  if (before.ends_with("\"artifact\":\"")) return true;
  if (!before.empty() && before != "In file included from " && before != "                 from ")
    return false;
  const std::string_view line = text.substr(at, text.find('\n', at) - at);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view after = line.substr(colon + 1);
  static constexpr std::string_view kWords[] = {" In ", " At ",
                                                " Assembler messages:", " warning: ", " note: "};
  return (!after.empty() && after[0] >= '0' && after[0] <= '9') ||
         std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view w) { return after.starts_with(w); });
}

}  // namespace deja::tool
