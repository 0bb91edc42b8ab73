// SPDX-License-Identifier: Apache-2.0
// Finds one set of moves from the roots of one checkout to those of another. When the roots do not
// move together there is none, and no text can be moved. Tested by relocate_test.cc.
#include "sharing/relocate.h"

#include <algorithm>
#include <array>

#include "base/path.h"

namespace deja::sharing {
namespace {

using action::Root;
using action::Roots;
using Move = tool::TextMoves::Move;

// Outer roots first: when the checkout moves, the working directory in it moves along.
std::array<Root, action::kRoots.size()> outermost_first(const Roots& roots) {
  auto out = action::kRoots;
  std::stable_sort(out.begin(), out.end(),
                   [&](Root a, Root b) { return roots.path(a).size() < roots.path(b).size(); });
  return out;
}

// A request without this root is another action.
bool is_always_there(Root root) {
  return root == Root::cwd || root == Root::workspace || root == Root::target;
}

bool ends_path(char c) {
  return c != '_' && c != '-' && c != '.' &&
         (c < '0' || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') || (c > 'z' && c >= 0));
}

bool is_whole_path(std::string_view text, std::size_t at, std::size_t end) {
  return (end == text.size() || ends_path(text[end])) && (at == 0 || ends_path(text[at - 1]));
}

// The move that the path is in, or null.
const Move* holder(const std::vector<Move>& moves, const std::string& path) {
  const auto found = std::find_if(moves.begin(), moves.end(),
                                  [&](const Move& m) { return is_within(path, m.from); });
  return found == moves.end() ? nullptr : &*found;
}

// False if what stays is inside of what moves, or what has moved would move again.
bool can_move(const std::vector<Move>& moves, const Roots& from, const Roots& to) {
  for (const Root root : action::kRoots) {
    const std::string& a = from.path(root);
    if (root == Root::objects || a.empty() || a != to.path(root)) continue;
    if (holder(moves, a) != nullptr) return false;
  }
  return std::none_of(moves.begin(), moves.end(), [&](const Move& move) {
    const Move* const again = move.to.empty() ? nullptr : holder(moves, move.to);
    return again != nullptr && again->from != move.from;
  });
}

}  // namespace

std::optional<tool::TextMoves> find_moves(const Roots& from, const Roots& to) {
  tool::TextMoves out;
  std::vector<Move>& moves = out.paths;
  for (const Root root : outermost_first(from)) {
    if (root == Root::objects) continue;  // its name is in no text, or the result is bound to it
    const std::string& a = from.path(root);
    const std::string& b = to.path(root);
    if (is_always_there(root) && a.empty() != b.empty()) return std::nullopt;
    if (a.empty()) continue;
    if (const Move* const known = holder(moves, a)) {
      // A root that stays must not be inside one that moves.
      if (!known->to.empty() && known->to + a.substr(known->from.size()) != b) return std::nullopt;
    } else if (a != b) {
      moves.push_back({a, b});
    }
  }
  if (!can_move(moves, from, to)) return std::nullopt;
  if (from.spelled_output() != to.spelled_output()) {
    out.old_target = from.spelled_output();
    out.new_target = to.spelled_output();
  }
  return out;
}

std::optional<std::string> move_text(std::string_view text, const Roots& from, const Roots& to) {
  const auto moves = find_moves(from, to);
  if (!moves) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto move = std::find_if(moves->paths.begin(), moves->paths.end(), [&](const Move& m) {
      return text.substr(at).starts_with(m.from) && is_whole_path(text, at, at + m.from.size());
    });
    if (move == moves->paths.end()) {
      out.push_back(text[at++]);
      continue;
    }
    if (move->to.empty()) return std::nullopt;
    out.append(move->to);
    at += move->from.size();
  }
  return out;
}

std::optional<std::string> move_depfile(std::string_view text, const Roots& from, const Roots& to,
                                        const tool::Adapter& adapter,
                                        const tool::Invocation& invocation) {
  const auto moves = find_moves(from, to);
  if (!moves) return std::nullopt;
  return adapter.move_depfile(invocation, text, *moves);
}

}  // namespace deja::sharing
