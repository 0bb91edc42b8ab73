// SPDX-License-Identifier: Apache-2.0
// The pattern is split into pieces. Then, from the last piece to the first, a row says for each place in the
// text whether the pieces from there on match the rest of the text. So no pattern takes exponential time.
//
// Tested by glob_test.cc.
#include "base/glob.h"

#include <vector>

namespace deja {
namespace {

struct Piece {
  enum class Kind {
    byte,         // text[0]
    any_byte,     // ?
    set,          // the text between the brackets
    within_name,  // *
    anything,     // **
    directories,  // **/
  } kind;
  std::string_view text;
};
using Kind = Piece::Kind;

// The set that starts after the '['; no data: it has no end.
std::string_view set_of(std::string_view rest) {
  std::size_t end = !rest.empty() && (rest[0] == '!' || rest[0] == '^') ? 1 : 0;
  ++end;  // a ']' at the beginning is a byte of the set
  end = rest.find(']', end);
  return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

std::vector<Piece> pieces_of(std::string_view pattern) {
  std::vector<Piece> pieces;
  while (!pattern.empty()) {
    Piece piece{Kind::byte, pattern.substr(0, 1)};
    std::size_t size = 1;
    const bool at_name = pieces.empty() ||
                         (pieces.back().kind == Kind::byte && pieces.back().text == "/") ||
                         pieces.back().kind == Kind::directories;
    if (pattern[0] == '\\' && pattern.size() > 1) {
      piece.text = pattern.substr(1, 1);
      size = 2;
    } else if (pattern[0] == '?') {
      piece.kind = Kind::any_byte;
    } else if (at_name && pattern.starts_with("**/")) {
      piece.kind = Kind::directories;
      size = 3;
    } else if (pattern.starts_with("**")) {
      piece.kind = Kind::anything;
      size = 2;
    } else if (pattern[0] == '*') {
      piece.kind = Kind::within_name;
    } else if (pattern[0] == '[') {
      if (const std::string_view set = set_of(pattern.substr(1)); set.data() != nullptr) {
        piece = {Kind::set, set};
        size = set.size() + 2;
      }
    }
    pieces.push_back(piece);
    pattern.remove_prefix(size);
  }
  return pieces;
}

bool is_in_set(std::string_view set, char byte) {
  const bool is_negated = set[0] == '!' || set[0] == '^';
  if (is_negated) set.remove_prefix(1);
  const auto value = [](char c) { return static_cast<unsigned char>(c); };
  bool found = false;
  for (std::size_t i = 0; i < set.size(); ++i) {
    const bool is_range = i + 2 < set.size() && set[i + 1] == '-';
    const char last = set[is_range ? i + 2 : i];
    found = found || (value(set[i]) <= value(byte) && value(byte) <= value(last));
    if (is_range) i += 2;
  }
  return found != is_negated;
}

bool takes(const Piece& piece, char byte, GlobOf of) {
  if (piece.kind == Kind::byte) return piece.text[0] == byte;
  if (of == GlobOf::path && byte == '/') return false;
  return piece.kind == Kind::any_byte || is_in_set(piece.text, byte);
}

// after[i]: the pieces after this one match text.substr(i). Returns the same with this one.
std::vector<bool> row_of(const Piece& piece, const std::vector<bool>& after, std::string_view text,
                         GlobOf of) {
  std::vector<bool> row(text.size() + 1);
  bool behind_a_slash = false;  // does `after` hold behind a '/' that comes later?
  for (std::size_t i = text.size() + 1; i-- > 0;) {
    const bool has_byte = i < text.size();
    if (has_byte && text[i] == '/') behind_a_slash = behind_a_slash || after[i + 1];
    switch (piece.kind) {
      case Kind::byte:
      case Kind::any_byte:
      case Kind::set:
        row[i] = has_byte && after[i + 1] && takes(piece, text[i], of);
        break;
      case Kind::within_name:
        row[i] = after[i] || (has_byte && row[i + 1] && (of == GlobOf::text || text[i] != '/'));
        break;
      case Kind::anything:
        row[i] = after[i] || (has_byte && row[i + 1]);
        break;
      case Kind::directories:
        row[i] = after[i] || behind_a_slash;
        break;
    }
  }
  return row;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text, GlobOf of) {
  const std::vector<Piece> pieces = pieces_of(pattern);
  std::vector<bool> row(text.size() + 1);
  row[text.size()] = true;
  for (std::size_t i = pieces.size(); i-- > 0;) row = row_of(pieces[i], row, text, of);
  return row[0];
}

std::string glob_of_text(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') pattern.push_back('\\');
    pattern.push_back(c);
  }
  return pattern;
}

}  // namespace deja
