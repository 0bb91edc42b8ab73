// Moving what a result says from the roots it was made in to the roots of this request: depfiles
// and diagnostics may name them, artifacts may not (publish binds those that do).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "action/roots.h"
#include "tool/tool.h"

namespace deja::pipeline {

// Only a move that is one folder for another can be done exactly: either one root differs, or both
// differ by the same prefix.
bool can_move(const action::Roots& from, const action::Roots& to);
std::string move_text(std::string_view text, const action::Roots& from, const action::Roots& to);
std::optional<std::string> move_depfile(std::string_view text, const action::Roots& from,
                                        const action::Roots& to, const tool::Adapter& adapter,
                                        const tool::Invocation& invocation);

}  // namespace deja::pipeline
