// SPDX-License-Identifier: Apache-2.0
#include "tool/variables.h"

#include <algorithm>

namespace deja::tool {

VariableUse find_variable_use(std::span<const VariableRow> rows, std::string_view name,
                              bool is_own_program) {
  const auto has_name = [&](const VariableRow& row) { return row.name == name; };
  const auto row = std::find_if(rows.begin(), rows.end(), has_name);
  if (row != rows.end())
    return is_own_program || row->use == VariableUse::ignored ? row->use : VariableUse::value;
  return std::any_of(std::begin(kTemporaryDirectories), std::end(kTemporaryDirectories), has_name)
             ? VariableUse::ignored
             : VariableUse::value;
}

}  // namespace deja::tool
