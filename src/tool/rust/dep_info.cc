// SPDX-License-Identifier: Apache-2.0
// Tested by dep_info_test.cc.
#include "tool/rust/dep_info.h"

#include <algorithm>

namespace deja::tool::rust {
namespace {

// rustc puts a backslash before a blank and quotes nothing else.
std::string escaped(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == ' ') out += '\\';
    out += c;
  }
  return out;
}

bool begins_name(std::string_view text, std::size_t at) {
  if (at == 0 || text[at - 1] == '\n') return true;
  return text[at - 1] == ' ' && (at < 2 || text[at - 2] != '\\');
}

bool ends_directory(std::string_view text, std::size_t at) {
  return at == text.size() || text[at] == '/' || text[at] == ':' || text[at] == ' ' ||
         text[at] == '\n';
}

bool is_comment(std::string_view text, std::size_t at) {
  const std::size_t line = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  return text.substr(line).starts_with('#');
}

}  // namespace

std::vector<std::string> variables_of(std::string_view text) {
  constexpr std::string_view kMark = "# env-dep:";
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(kMark))
      out.emplace_back(line.substr(kMark.size(), line.find('=') - kMark.size()));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

namespace {

std::optional<std::string> move_once(std::string_view text, const TextMoves::Move& move) {
  const std::string old_name = escaped(move.from), new_name = escaped(move.to);
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find(old_name); at != std::string_view::npos;
       at = text.find(old_name, at + 1)) {
    const std::size_t end = at + old_name.size();
    const bool is_path = begins_name(text, at) && ends_directory(text, end);
    if (is_comment(text, at) || !is_path || move.to.empty()) return std::nullopt;
    out.append(text.substr(done, at - done)).append(new_name);
    done = end;
  }
  return out.append(text.substr(done));
}

}  // namespace

std::optional<std::string> move_dep_info(std::string_view text, const TextMoves& moves) {
  std::optional<std::string> out(text);
  for (const TextMoves::Move& move : moves.paths)
    if (out) out = move_once(*out, move);
  return out;
}

}  // namespace deja::tool::rust
