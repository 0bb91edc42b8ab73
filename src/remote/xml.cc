// SPDX-License-Identifier: Apache-2.0
// One pass, one stack of open elements whose names together are the path. Nothing is allocated by what the text
// announces, only by what it has.
//
// Tested by xml_test.cc and test/fuzz/xml.cc.
#include "remote/xml.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace deja::remote {
namespace {

constexpr std::size_t kDepthMax = 16;
constexpr std::size_t kNameMax = 128;

bool is_white_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.' || c == ':';
         });
}

// UTF-8 of a code point that XML allows (section 2.2).
bool append_utf8(std::string& out, std::uint32_t code) {
  const bool is_allowed = code == 9 || code == 10 || code == 13 || (code >= 32 && code < 0xd800) ||
                          (code >= 0xe000 && code < 0xfffe) || (code >= 0x10000 && code < 0x110000);
  if (!is_allowed) return false;
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
  return true;
}

// name: between "&" and ";".
bool append_entity(std::string& out, std::string_view name) {
  constexpr std::pair<std::string_view, char> kNamed[] = {
      {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, c] : kNamed) {
    if (name != known) continue;
    out.push_back(c);
    return true;
  }
  if (!name.starts_with('#')) return false;
  name.remove_prefix(1);
  const bool is_hex = name.starts_with('x');
  if (is_hex) name.remove_prefix(1);
  std::uint32_t code = 0;
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + name.size(), code, is_hex ? 16 : 10);
  return error == std::errc() && end == name.data() + name.size() && append_utf8(out, code);
}

class Reader {
 public:
  Reader(std::string_view text, const std::function<void(const XmlElement&)>& each)
      : rest_(text), each_(each) {}

  bool read() {
    while (!rest_.empty()) {
      const bool is_good = rest_.starts_with('<') ? read_tag() : read_text();
      if (!is_good) return false;
    }
    return open_.empty() && has_root_;
  }

 private:
  struct Open {
    std::size_t path_size;  // of the path without it
    std::string text{};
    bool has_children = false;
  };

  bool read_text() {
    const std::string_view text = rest_.substr(0, rest_.find('<'));
    rest_.remove_prefix(text.size());
    if (open_.empty()) return std::all_of(text.begin(), text.end(), is_white_space);
    return append_text(text);
  }

  bool append_text(std::string_view text) {
    std::string& out = open_.back().text;
    while (!text.empty()) {
      const std::string_view plain = text.substr(0, text.find('&'));
      out += plain;
      text.remove_prefix(plain.size());
      if (text.empty()) break;
      const std::size_t end = text.find(';');
      if (end == text.npos || end > 12 || !append_entity(out, text.substr(1, end - 1)))
        return false;
      text.remove_prefix(end + 1);
    }
    return true;
  }

  // The rest after `close`; false: there is none.
  bool skip_to(std::string_view close) {
    const std::size_t end = rest_.find(close);
    if (end == rest_.npos) return false;
    rest_.remove_prefix(end + close.size());
    return true;
  }

  bool read_tag() {
    if (rest_.starts_with("<?")) return skip_to("?>");
    if (rest_.starts_with("<!--")) return skip_to("-->");
    if (rest_.starts_with("<![CDATA[")) {
      if (open_.empty()) return false;
      const std::size_t end = rest_.find("]]>");
      if (end == rest_.npos) return false;
      open_.back().text += rest_.substr(9, end - 9);
      rest_.remove_prefix(end + 3);
      return true;
    }
    if (rest_.starts_with("<!")) return false;  // a document type
    const auto tag = take_tag();
    if (!tag) return false;
    if (tag->starts_with('/')) return close(trimmed(tag->substr(1)));
    const bool is_empty = tag->ends_with('/');
    const std::string_view inside = tag->substr(0, tag->size() - (is_empty ? 1 : 0));
    const std::string_view name = inside.substr(
        0, static_cast<std::size_t>(std::find_if(inside.begin(), inside.end(), is_white_space) -
                                    inside.begin()));
    return open(name) && (!is_empty || close(name));
  }

  // What stands between "<" and ">"; a ">" in a quoted value of an attribute ends nothing.
  std::optional<std::string_view> take_tag() {
    char quote = 0;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '<') {
        return std::nullopt;
      } else if (c == '>') {
        const std::string_view tag = rest_.substr(1, i - 1);
        rest_.remove_prefix(i + 1);
        return tag;
      }
    }
    return std::nullopt;
  }

  static std::string_view trimmed(std::string_view name) {
    while (!name.empty() && is_white_space(name.back())) name.remove_suffix(1);
    return name;
  }

  static std::string_view local(std::string_view name) { return name.substr(name.rfind(':') + 1); }

  bool open(std::string_view name) {
    if (!is_name(name) || open_.size() == kDepthMax || (open_.empty() && has_root_)) return false;
    has_root_ = true;
    if (!open_.empty()) open_.back().has_children = true;
    open_.push_back({.path_size = path_.size()});
    if (!path_.empty()) path_ += '/';
    path_ += local(name);
    return true;
  }

  bool close(std::string_view name) {
    if (open_.empty() || !is_name(name)) return false;
    const Open& element = open_.back();
    const std::string_view own =
        std::string_view(path_).substr(element.path_size == 0 ? 0 : element.path_size + 1);
    if (own != local(name)) return false;
    each_({path_, element.has_children ? std::string_view() : std::string_view(element.text),
           element.has_children});
    path_.resize(element.path_size);
    open_.pop_back();
    return true;
  }

  std::string_view rest_;
  const std::function<void(const XmlElement&)>& each_;
  std::string path_;
  std::vector<Open> open_;
  bool has_root_ = false;
};

}  // namespace

bool read_xml(std::string_view text, const std::function<void(const XmlElement&)>& each) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  return Reader(text, each).read();
}

}  // namespace deja::remote
