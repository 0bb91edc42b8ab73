// SPDX-License-Identifier: Apache-2.0
// Presets are added at the front of the array "configurePresets" and are found again by their "vendor" member,
// so the user's own bytes stay as they are. Every result is parsed and compared. Tested by cmake_test.cc.

#include "setup/cmake.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "setup/json_text.h"

namespace deja::setup {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPresets = "configurePresets";
constexpr const char* kVendor = "deja.init";
constexpr int kVersion = 3;  // the first in which a preset needs no generator (CMake 3.21)
constexpr std::string_view kEmptyFile = "{\n  \"version\": 3,\n  \"configurePresets\": [\n  ]\n}\n";
// What stands before and behind the presets where the array had to be added.
constexpr std::string_view kArrayBegin = "\n  \"configurePresets\": [", kArrayEnd = "\n  ],";

bool is_ours(const Json& preset) {
  return preset.is_object() && preset.contains("vendor") && preset["vendor"].is_object() &&
         preset["vendor"].contains(kVendor);
}

Result<Json> parse_presets(const std::string& text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const bool good = json.is_object() && (!json.contains(kPresets) || json[kPresets].is_array()) &&
                    json.contains("version") && json["version"].is_number_integer();
  if (!good) return invalid("it is not a file of CMake presets; correct it and try again");
  return json;
}

std::string preset_text(const std::string& base, const std::string& launcher) {
  Json preset;
  preset["name"] = base.empty() ? "deja" : "deja-" + base;
  if (base.empty()) {
    preset["displayName"] = "with deja";
    preset["binaryDir"] = "${sourceDir}/build";
  } else {
    preset["displayName"] = base + ", with deja";
    preset["inherits"] = base;
  }
  for (const char* language : {"C", "CXX"})
    preset["cacheVariables"]["CMAKE_" + std::string(language) + "_COMPILER_LAUNCHER"] = launcher;
  preset["vendor"][kVendor] = "made by deja init --cmake";
  std::string out = "\n" + preset.dump(2);
  for (std::size_t at = 0; (at = out.find('\n', at)) != std::string::npos; at += 5)
    out.insert(at + 1, "    ");
  return out;
}

// Equal but for deja's presets?
bool same_but_ours(Json a, Json b) {
  for (Json* json : {&a, &b}) {
    Json kept = Json::array();
    for (const Json& preset : json->value(kPresets, Json::array()))
      if (!is_ours(preset)) kept.push_back(preset);
    (*json)[kPresets] = std::move(kept);
  }
  return nlohmann::json(a) == nlohmann::json(b);
}

}  // namespace

Result<std::vector<std::string>> preset_names(const std::string& text) {
  std::vector<std::string> names;
  if (text.empty()) return names;
  const Json json = TRY(parse_presets(text));
  for (const Json& preset : json.value(kPresets, Json::array())) {
    if (!preset.is_object() || is_ours(preset)) continue;
    const bool hidden = preset.contains("hidden") && preset["hidden"] == true;
    if (!hidden && preset.contains("name") && preset["name"].is_string())
      names.push_back(preset["name"].get<std::string>());
  }
  return names;
}

Result<std::string> add_presets(const std::string& text, const std::vector<std::string>& bases,
                                const std::string& launcher) {
  std::string out = text.empty() ? std::string() : TRY(remove_presets(text));
  if (out.empty()) out = kEmptyFile;
  const Json before = TRY(parse_presets(out));
  if (before["version"].get<std::int64_t>() < kVersion)
    return invalid("it has version " + before["version"].dump() +
                   "; deja's presets need version 3 or later");
  std::string block;
  for (const std::string& base : bases.empty() ? std::vector<std::string>{""} : bases)
    block += (block.empty() ? "" : ",") + preset_text(base, launcher);

  const JsonSpan root = json_root(out);
  if (const auto array = json_member(out, root, kPresets)) {
    const bool others = !json_elements(out, *array).empty();
    out.insert(array->begin + 1, block + (others ? "," : ""));
  } else {
    out.insert(root.begin + 1, std::string(kArrayBegin) + block + std::string(kArrayEnd));
  }
  const auto after = parse_presets(out);
  if (!after || !same_but_ours(before, *after))
    return invalid("it has a form that deja does not edit; edit it by hand");
  for (const Json& preset : (*after)[kPresets])
    if (!is_ours(preset) && preset.value("name", "").starts_with("deja") &&
        block.find("\"name\": " + preset["name"].dump()) != std::string::npos)
      return invalid("it has another preset " + preset["name"].dump() + "; rename it first");
  return out;
}

Result<std::string> remove_presets(const std::string& text) {
  if (text.empty()) return text;
  const Json before = TRY(parse_presets(text));
  const auto array = json_member(text, json_root(text), kPresets);
  if (!array) return text;
  const auto elements = json_elements(text, *array);
  std::size_t ours = 0;
  while (ours < elements.size() && is_ours(before[kPresets][ours])) ++ours;
  std::string out = text;
  if (ours != 0) {
    const bool all = ours == elements.size();
    const std::size_t end = elements[ours - 1].end;
    out.erase(array->begin + 1, (all ? end : text.find(',', end) + 1) - array->begin - 1);
    const std::string added = "{" + std::string(kArrayBegin) + std::string(kArrayEnd);
    if (const std::size_t at = out.find(added); all && at != std::string::npos)
      out.erase(at + 1, added.size() - 1);
  }
  if (out == kEmptyFile) return std::string();
  const auto after = parse_presets(out);
  const bool none_left =
      after && std::ranges::none_of(after->value(kPresets, Json::array()), is_ours);
  if (!none_left || !same_but_ours(before, *after))
    return invalid("deja's presets in it were moved; remove those with \"" + std::string(kVendor) +
                   "\" by hand");
  return out;
}

Result<Plan> plan_cmake(const Surroundings& surroundings, bool remove) {
  const std::string path = surroundings.cwd + "/CMakeUserPresets.json";
  const std::string project_path = surroundings.cwd + "/CMakePresets.json";
  const std::string text = TRY(text_of(path));
  const auto named = [](Error error, const std::string& file) {
    return std::move(error).context(file);
  };
  auto bases = preset_names(TRY(text_of(project_path)));
  if (!bases) return named(std::move(bases).error(), project_path);
  const auto own = preset_names(text);
  if (!own) return named(own.error(), path);
  bases->insert(bases->end(), own->begin(), own->end());
  auto after = remove ? remove_presets(text) : add_presets(text, *bases, surroundings.program);
  if (!after) return named(std::move(after).error(), path);

  Plan plan;
  plan.steps = TRY(change_file(path, *after));
  plan.state = path + (remove ? ": no preset of deja" : ": deja's presets are there already");
  if (remove) return plan;
  const std::string name = bases->empty() ? "deja" : "deja-" + bases->front();
  plan.next.push_back("cmake --preset " + name + " && cmake --build " +
                      (bases->empty() ? "build" : "<its binary directory>"));
  if (bases->size() > 1)
    plan.next.push_back(
        "('cmake --list-presets' lists the others; an existing build directory takes the launcher "
        "over)");
  return plan;
}

}  // namespace deja::setup
