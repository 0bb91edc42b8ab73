// SPDX-License-Identifier: Apache-2.0
// The variables that tools read: each adapter has one table, and this looks a variable up.
#pragma once

#include <span>
#include <string_view>

#include "tool/tool.h"

namespace deja::tool {

struct VariableRow {
  std::string_view name;
  VariableUse use;
  const char* why;
};

// Temporary files are removed at the end, so it does not matter where their directory is; that there is one
// does (pipeline/prepare.cc). These hold for every adapter.
inline constexpr VariableRow kTemporaryDirectories[] = {
    {"TMPDIR", VariableUse::ignored, "holds files that are removed at the end"},
    {"TMP", VariableUse::ignored, "as TMPDIR"},
    {"TEMP", VariableUse::ignored, "as TMPDIR"},
    {"TEMPDIR", VariableUse::ignored, "as TMPDIR"},
};

// is_own_program: the adapter knows the program. For other programs only `ignored` holds.
VariableUse find_variable_use(std::span<const VariableRow> rows, std::string_view name,
                              bool is_own_program);

}  // namespace deja::tool
