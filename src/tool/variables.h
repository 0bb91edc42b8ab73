// What adapters know of the variables that their tools read: one table an adapter, looked up here.
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

// Temporary files are gone at the end, wherever they lie. Every adapter's table has these.
inline constexpr VariableRow kTemporaryDirectories[] = {
    {"TMPDIR", VariableUse::ignored, "where files lie that are gone at the end"},
    {"TMP", VariableUse::ignored, "as TMPDIR"},
    {"TEMP", VariableUse::ignored, "as TMPDIR"},
    {"TEMPDIR", VariableUse::ignored, "as TMPDIR"},
};

// is_own_program: one that the adapter knows. Of others only `ignored` holds.
VariableUse find_variable_use(std::span<const VariableRow> rows, std::string_view name,
                              bool is_own_program);

}  // namespace deja::tool
