#include "pipeline/relocate.h"

#include "base/path.h"

namespace deja::pipeline {
namespace {

using action::Root;
using action::Roots;

struct Move {
  std::string from, to;
};

// The one replacement that turns all roots of `from` into those of `to`; empty when none does.
std::optional<Move> find_move(const Roots& from, const Roots& to) {
  std::optional<Move> move;
  // The outermost root first: a move of the workspace moves the working folder in it along.
  for (const Root root : {Root::workspace, Root::cwd}) {
    const std::string& a = from.path(root);
    const std::string& b = to.path(root);
    if (a.empty() != b.empty()) return std::nullopt;
    if (a == b) continue;
    if (!move) {
      move = Move{a, b};
    } else if (!is_within(a, move->from) || move->to + a.substr(move->from.size()) != b) {
      return std::nullopt;
    }
  }
  // A root that stays must not lie below one that moves.
  for (const Root root : action::kRoots) {
    const std::string& a = from.path(root);
    if (move && !a.empty() && a == to.path(root) && is_within(a, move->from)) return std::nullopt;
  }
  return move;
}

bool ends_path(char c) {
  return c != '_' && c != '-' && c != '.' &&
         (c < '0' || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') || (c > 'z' && c >= 0));
}

}  // namespace

bool can_move(const Roots& from, const Roots& to) {
  return from == to || find_move(from, to).has_value();
}

std::string move_text(std::string_view text, const Roots& from, const Roots& to) {
  const auto move = find_move(from, to);
  if (!move) return std::string(text);
  std::string out;
  for (;;) {
    const std::size_t at = text.find(move->from);
    if (at == std::string_view::npos) break;
    const std::size_t end = at + move->from.size();
    const bool whole =
        (end == text.size() || ends_path(text[end])) && (at == 0 || ends_path(text[at - 1]));
    out.append(text.substr(0, at));
    out.append(whole ? std::string_view(move->to) : text.substr(at, move->from.size()));
    text.remove_prefix(end);
  }
  return out.append(text);
}

std::optional<std::string> move_depfile(std::string_view text, const Roots& from, const Roots& to,
                                        const tool::Adapter& adapter,
                                        const tool::Invocation& invocation) {
  const auto move = find_move(from, to);
  if (!move) return std::nullopt;
  return adapter.move_depfile(invocation, text, move->from, move->to);
}

}  // namespace deja::pipeline
