// SPDX-License-Identifier: Apache-2.0
// Tested by cargo_test.cc and rust/arguments_test.cc.
#include "tool/cargo.h"

#include "base/path.h"

namespace deja::tool {

std::string target_directory_of(std::string_view out_dir, std::string_view target) {
  std::string_view profile;
  if (base_name(out_dir) == "deps" || base_name(out_dir) == "examples")
    profile = parent_path(out_dir);
  else if (base_name(parent_path(out_dir)) == "build")
    profile = parent_path(parent_path(out_dir));
  if (base_name(profile).empty()) return {};
  std::string_view directory = parent_path(profile);
  // With --target, crates for the host go to a directory without the target's name.
  std::string_view triple = base_name(target);
  if (triple.ends_with(".json")) triple.remove_suffix(5);
  if (!triple.empty() && base_name(directory) == triple) directory = parent_path(directory);
  return directory.size() > 1 ? std::string(directory) : std::string();
}

std::string target_directory_of_build_script(const Command& command) {
  const std::string_view out = command.variable("OUT_DIR").value_or("");
  if (!out.starts_with('/') || !command.variable("CARGO_MANIFEST_DIR") || clean_path(out) != out ||
      base_name(out) != "out")
    return {};
  return target_directory_of(parent_path(out), command.variable("TARGET").value_or(""));
}

}  // namespace deja::tool
