// SPDX-License-Identifier: Apache-2.0
// Edits lines of a TOML file: toml++ says where a value is, and checks the result. Tested by toml_edit_test.cc.

#include "setup/toml_edit.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 1
#include <toml++/toml.h>

namespace deja::setup {
namespace {

using Text = std::string (*)(const toml::node&);

std::string as_toml(const toml::node& node) {
  std::ostringstream out;
  node.visit([&](const auto& value) {
    if constexpr (toml::is_table<decltype(value)>) {
      out << toml::toml_formatter{value};
    } else {
      out << value;
    }
  });
  return out.str();
}

// Texts without quotes, lists joined by commas.
std::string as_plain(const toml::node& node) {
  const toml::array* list = node.as_array();
  if (list == nullptr) {
    const auto text = node.value_exact<std::string>();
    return text ? *text : as_toml(node);
  }
  std::string out;
  for (const toml::node& element : *list) out += (out.empty() ? "" : ",") + as_plain(element);
  return out;
}

void flatten(const toml::table& table, const std::string& prefix, Text text, TomlValues& values) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const toml::table* inner = node.as_table()) {
      flatten(*inner, key + ".", text, values);
    } else {
      values[key] = text(node);
    }
  }
}

Result<toml::table> parse_toml(const std::string& text) {
  toml::parse_result parsed = toml::parse(text);
  if (!parsed)
    return invalid("not valid TOML (line " + std::to_string(parsed.error().source().begin.line) +
                   ")");
  return std::move(parsed).table();
}

const toml::node* find(const toml::table& root, const TomlKey& key) {
  const toml::table* table = key.table.empty() ? &root : root[key.table].as_table();
  return table == nullptr ? nullptr : table->get(key.name);
}

Error other_form(const TomlKey& key) {
  return invalid("its '" + key.text() + "' has a form that deja does not edit; edit it by hand");
}

// A text and the offsets of its lines.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    for (std::size_t at = 0; at < text.size();) {
      starts_.push_back(at);
      at = std::min(text.find('\n', at), text.size() - 1) + 1;
    }
  }
  std::size_t count() const { return starts_.size(); }
  std::size_t begin(std::size_t line) const {
    return line < starts_.size() ? starts_[line] : text_.size();
  }
  std::size_t end(std::size_t line) const { return begin(line + 1); }
  // Without its newline and the blanks before it.
  std::string_view line(std::size_t at) const {
    std::string_view out = text_.substr(begin(at), end(at) - begin(at));
    while (!out.empty() && (out.back() == '\n' || out.back() == ' ' || out.back() == '\r'))
      out.remove_suffix(1);
    return out;
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
};

bool is_header(std::string_view line) { return line.starts_with('['); }

bool is_header_of(std::string_view line, const std::string& table) {
  const std::string header = "[" + table + "]";
  return line.starts_with(header);
}

std::string new_line(const TomlKey& key, const std::string& value, std::string_view mark) {
  const bool bare = key.name.find_first_not_of(
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                        "-_") == std::string::npos;
  return (bare ? key.name : toml_quoted(key.name)) + " = " + value + std::string(mark) + "\n";
}

std::string insert(std::string text, const TomlKey& key, const std::string& value,
                   std::string_view mark) {
  const std::string line = new_line(key, value, mark);
  if (!text.empty() && text.back() != '\n') text += '\n';
  const Lines lines(text);
  if (key.table.empty()) {
    // after the last line of the top that says something
    std::size_t at = 0;
    for (std::size_t i = 0; i < lines.count() && !is_header(lines.line(i)); ++i)
      if (!lines.line(i).empty() && lines.line(i).front() != '#') at = lines.end(i);
    return text.insert(at, line);
  }
  for (std::size_t i = 0; i < lines.count(); ++i)
    if (is_header_of(lines.line(i), key.table)) return text.insert(lines.end(i), line);
  return text + "[" + key.table + "]" + std::string(mark) + "\n" + line;
}

std::string replace(std::string text, const toml::source_region& region, const std::string& value) {
  const Lines lines(text);
  const std::size_t begin = lines.begin(region.begin.line - 1) + region.begin.column - 1;
  const std::size_t end = lines.begin(region.end.line - 1) + region.end.column - 1;
  if (begin > end || end > text.size()) return text;
  return text.replace(begin, end - begin, value);
}

// Is there a line that says something between a header and the next one?
bool has_content(const Lines& lines, std::size_t header) {
  for (std::size_t i = header + 1; i < lines.count() && !is_header(lines.line(i)); ++i)
    if (!lines.line(i).empty() && lines.line(i).front() != '#') return true;
  return false;
}

std::string remove_marked_headers(std::string text, std::string_view mark) {
  for (std::size_t i = Lines(text).count(); i-- > 0;) {
    const Lines lines(text);
    if (is_header(lines.line(i)) && lines.line(i).ends_with(mark) && !has_content(lines, i))
      text.erase(lines.begin(i), lines.end(i) - lines.begin(i));
  }
  return text;
}

// Does `after` differ from `before` in this key alone?
Status check(const std::string& before, const std::string& after, const TomlKey& key,
             const std::optional<std::string>& value) {
  TomlValues wanted, got;
  flatten(TRY(parse_toml(before)), "", as_toml, wanted);
  const auto parsed = parse_toml(after);
  if (!parsed) return other_form(key);
  flatten(*parsed, "", as_toml, got);
  wanted.erase(key.text());
  if (value) {
    const auto alone = parse_toml("x = " + *value + "\n");
    if (!alone) return invalid("'" + *value + "' is not a TOML value");
    wanted[key.text()] = as_toml(*alone->get("x"));
  }
  if (wanted != got) return other_form(key);
  return {};
}

}  // namespace

TomlKey toml_key(std::string_view dotted) {
  const std::size_t dot = dotted.find('.');
  if (dot == std::string_view::npos) return {"", std::string(dotted)};
  return {std::string(dotted.substr(0, dot)), std::string(dotted.substr(dot + 1))};
}

std::string toml_quoted(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (byte < ' ' || byte == 0x7f) {
      out.append("\\u00").append({kHex[byte >> 4], kHex[byte & 15]});
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

Result<std::optional<std::string>> toml_value(const std::string& text, const TomlKey& key) {
  const toml::table table = TRY(parse_toml(text));
  const toml::node* node = find(table, key);
  return node == nullptr ? std::optional<std::string>() : as_toml(*node);
}

Result<std::string> toml_string(const std::string& text, const TomlKey& key) {
  const toml::table table = TRY(parse_toml(text));
  const toml::node* node = find(table, key);
  if (node == nullptr) return std::string();
  const auto value = node->value_exact<std::string>();
  if (!value) return invalid("its '" + key.text() + "' is not a text");
  return *value;
}

Result<TomlValues> toml_values(const std::string& text) {
  TomlValues values;
  flatten(TRY(parse_toml(text)), "", as_plain, values);
  return values;
}

Result<std::string> toml_set(const std::string& text, const TomlKey& key, const std::string& value,
                             std::string_view mark) {
  const toml::table table = TRY(parse_toml(text));
  const toml::node* node = find(table, key);
  std::string after =
      node == nullptr ? insert(text, key, value, mark) : replace(text, node->source(), value);
  TRY(check(text, after, key, value));
  return after;
}

Result<std::string> toml_unset(const std::string& text, const TomlKey& key, std::string_view mark) {
  const toml::table table = TRY(parse_toml(text));
  const toml::node* node = find(table, key);
  if (node == nullptr) return text;
  const Lines lines(text);
  const std::size_t first = node->source().begin.line - 1, last = node->source().end.line - 1;
  if (!lines.line(last).ends_with(mark)) return other_form(key);
  std::string after = text;
  after.erase(lines.begin(first), lines.end(last) - lines.begin(first));
  if (!mark.empty()) after = remove_marked_headers(std::move(after), mark);
  TRY(check(text, after, key, std::nullopt));
  return after;
}

Result<std::string> toml_remove_marked(const std::string& text, std::string_view mark) {
  std::string after;
  const Lines lines(text);
  for (std::size_t i = 0; i < lines.count(); ++i)
    if (is_header(lines.line(i)) || !lines.line(i).ends_with(mark))
      after.append(text, lines.begin(i), lines.end(i) - lines.begin(i));
  after = remove_marked_headers(std::move(after), mark);
  if (!parse_toml(after))
    return invalid("the lines that end in '" + std::string(mark) +
                   "' cannot be removed one by one; remove them by hand");
  return after;
}

}  // namespace deja::setup
