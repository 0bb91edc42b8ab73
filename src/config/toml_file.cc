// SPDX-License-Identifier: Apache-2.0
#include "config/toml_file.h"

#include <optional>
#include <utility>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace deja::config {
namespace {

Raw raw_list(const toml::array& array) {
  std::vector<std::string> texts;
  for (const toml::node& element : array) {
    const auto text = element.value_exact<std::string>();
    if (!text) return Other{};
    texts.push_back(*text);
  }
  return texts;
}

Raw raw_value(const toml::node& node) {
  if (const auto flag = node.value_exact<bool>()) return *flag;
  if (const auto number = node.value_exact<std::int64_t>()) return *number;
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const toml::array* array = node.as_array()) return raw_list(*array);
  return Other{};
}

// Depth is bounded by toml++ (TOML_MAX_NESTED_VALUES).
void flatten(const toml::table& table, const std::string& prefix, std::vector<FileEntry>& entries) {
  for (const auto& [name, node] : table) {
    std::string key = prefix + std::string(name.str());
    if (const toml::table* inner = node.as_table()) {
      flatten(*inner, key + ".", entries);
    } else {
      entries.push_back({std::move(key), raw_value(node), node.source().begin.line});
    }
  }
}

}  // namespace

std::vector<FileEntry> parse_toml(std::string_view text, const std::string& path,
                                  std::vector<Problem>& problems) {
  std::vector<FileEntry> entries;
  const toml::parse_result parsed = toml::parse(text, std::string_view(path));
  if (parsed) {
    flatten(parsed.table(), "", entries);
    return entries;
  }
  const toml::parse_error& error = parsed.error();
  std::string what(error.description());
  for (char& c : what)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  problems.push_back({path + ":" + std::to_string(error.source().begin.line), "",
                      what + "; the whole file is ignored until this is corrected"});
  return entries;
}

}  // namespace deja::config
