// SPDX-License-Identifier: Apache-2.0
// Edits one setting in a TOML file of the user's. All other bytes stay as they are. The result is parsed again
// and compared with what was wanted, so a form that the editor does not handle is an error, never a wrong file.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace deja::setup {

struct TomlKey {
  std::string table;  // "store"; empty: a key at the top of the file
  std::string name;   // "limit"
  std::string text() const { return table.empty() ? name : table + "." + name; }
};
// "store.limit", split at the first dot.
TomlKey toml_key(std::string_view dotted);
// The text as a TOML value: "a \"b\"", with its quotes.
std::string toml_quoted(std::string_view text);

// The value as TOML ("\"10G\"", "true", "[ 'a' ]"); empty: the key is not set. An error: not valid TOML.
Result<std::optional<std::string>> toml_value(const std::string& text, const TomlKey& key);
// The value if it is a text; empty: not set. An error: not valid TOML, or another type.
Result<std::string> toml_string(const std::string& text, const TomlKey& key);

// Every setting: its dotted key, and its value as text; the elements of a list joined by commas.
using TomlValues = std::map<std::string, std::string>;
Result<TomlValues> toml_values(const std::string& text);

// `value` is TOML. An existing value is replaced in place. A new line ends in `mark` ("  # by …"; may be empty),
// and so does the header of a table that had to be added.
Result<std::string> toml_set(const std::string& text, const TomlKey& key, const std::string& value,
                             std::string_view mark = {});
// Removes the lines of the setting. With a mark, only a line that ends in it (an error: it does not), and the
// header that was added with it.
Result<std::string> toml_unset(const std::string& text, const TomlKey& key,
                               std::string_view mark = {});
// Removes every line that ends in the mark, except headers of tables that hold something else now.
Result<std::string> toml_remove_marked(const std::string& text, std::string_view mark);

}  // namespace deja::setup
