// SPDX-License-Identifier: Apache-2.0
// Presets of CMake with deja as the compiler launcher, in CMakeUserPresets.json: the file that CMake keeps for
// a user's own presets and that projects leave out of version control. A project whose CMakePresets.json has a
// preset "dev" gets "deja-dev", which inherits it; a project without presets gets "deja".
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "setup/plan.h"

namespace deja::setup {

// The names of a file's presets for configuring that are not hidden and not deja's. "": there is no file.
Result<std::vector<std::string>> preset_names(const std::string& text);

// The text of CMakeUserPresets.json with one preset for each base; without bases, the preset "deja". text: the
// present one, "" for none. Presets of an earlier call are replaced.
Result<std::string> add_presets(const std::string& text, const std::vector<std::string>& bases,
                                const std::string& launcher);
// Without the presets that add_presets has made; "" when there is nothing else in the file.
Result<std::string> remove_presets(const std::string& text);

// REQUIRES: surroundings.cwd has a CMakeLists.txt.
Result<Plan> plan_cmake(const Surroundings& surroundings, bool remove);

}  // namespace deja::setup
