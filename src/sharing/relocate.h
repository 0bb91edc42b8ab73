// Relocation: depfiles and diagnostics that name the directories of one checkout, rewritten for another.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "action/roots.h"
#include "tool/tool.h"

namespace deja::sharing {

// The replacements that turn all roots of `from` into those of `to`, outermost first; empty when none
// do. A root that `to` has not has nowhere to go: texts that name it cannot be moved.
std::optional<tool::TextMoves> find_moves(const action::Roots& from, const action::Roots& to);

inline bool can_move(const action::Roots& from, const action::Roots& to) {
  return from == to || find_moves(from, to).has_value();
}

// A message with its paths moved. Empty when it names what cannot be moved.
std::optional<std::string> move_text(std::string_view text, const action::Roots& from,
                                     const action::Roots& to);

std::optional<std::string> move_depfile(std::string_view text, const action::Roots& from,
                                        const action::Roots& to, const tool::Adapter& adapter,
                                        const tool::Invocation& invocation);

}  // namespace deja::sharing
