// SPDX-License-Identifier: Apache-2.0
// Relocation: rewrites depfiles and diagnostics of one checkout for another checkout.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "action/roots.h"
#include "tool/tool.h"

namespace deja::sharing {

// The replacements that turn all roots of `from` into those of `to`, outermost first; empty when
// there is no such set. A root that `to` lacks cannot be replaced: texts that name it cannot be
// moved.
std::optional<tool::TextMoves> find_moves(const action::Roots& from, const action::Roots& to);

inline bool can_move(const action::Roots& from, const action::Roots& to) {
  return from == to || find_moves(from, to).has_value();
}

// A message with its paths moved. Empty when it names a path that cannot be moved.
std::optional<std::string> move_text(std::string_view text, const action::Roots& from,
                                     const action::Roots& to);

std::optional<std::string> move_depfile(std::string_view text, const action::Roots& from,
                                        const action::Roots& to, const tool::Adapter& adapter,
                                        const tool::Invocation& invocation);

}  // namespace deja::sharing
