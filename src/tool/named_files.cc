// SPDX-License-Identifier: Apache-2.0
#include "tool/named_files.h"

#include <string_view>

#include "base/path.h"

namespace deja::tool {
namespace {

// "a.c", "src/x.cpp"; not "-I.", "3.14 of something", "a." or "VAR=x.y".
bool looks_like_a_file(std::string_view text) {
  if (text.empty() || text[0] == '-' || text[0] == '@' || text.find('=') != std::string_view::npos)
    return false;
  const std::string_view name = base_name(text);
  const std::size_t dot = name.rfind('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < name.size() &&
         name.find(' ') == std::string_view::npos;
}

}  // namespace

NamedFiles named_files(const std::vector<std::string_view>& argv) {
  NamedFiles out;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string_view text = argv[i];
    if ((text == "-o" || text == "--output") && i + 1 < argv.size()) {
      out.output = argv[++i];
    } else if (text.size() > 2 && text.starts_with("-o") && text[2] == '/') {
      out.output = text.substr(2);
    } else if (text.starts_with("--output=")) {
      out.output = text.substr(9);
    } else if (out.source.empty() && looks_like_a_file(text)) {
      out.source = text;
    }
  }
  return out;
}

}  // namespace deja::tool
