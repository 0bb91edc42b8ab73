// SPDX-License-Identifier: Apache-2.0
#include "bench/units.h"

#include <algorithm>
#include <string>

namespace deja::bench {
namespace {

// The number of headers that the compiler reports, without the source itself.
long headers_read(Workspace& workspace, const Unit& unit) {
  const std::string rule = output_of(workspace, {unit.compiler, "-M", unit.source});
  long words = 0;
  for (std::size_t at = 0; (at = rule.find(' ', at)) != std::string::npos; ++at) {
    if (at + 1 < rule.size() && rule[at + 1] != ' ' && rule[at + 1] != '\\') ++words;
  }
  return words - 1;
}

void finish(Workspace& workspace, Unit& unit) {
  workspace.write(unit.source, unit.text);
  const long headers = headers_read(workspace, unit);
  unit.label += ", " + std::to_string(headers) + (headers == 1 ? " header" : " headers");
}

std::string header_text(const std::string& name) {
  std::string text = "#pragma once\n";
  for (int line = 0; line < 40; ++line)
    text += "// " + name + ", line " + std::to_string(line) +
            ": what a header says to its reader, at about the length of a line.\n";
  return text + "inline int " + name + "() { return " + std::to_string(name.size()) + "; }\n";
}

}  // namespace

Unit small_unit(Workspace& workspace) {
  workspace.write("small.h", "int twice(int value);\n");
  Unit unit{"C", "small.c", "small", "gcc",
            "#include \"small.h\"\nint twice(int value) { return 2 * value; }\n"};
  finish(workspace, unit);
  return unit;
}

Unit wide_unit(Workspace& workspace, int headers) {
  const std::string stem = "wide" + std::to_string(headers);
  Unit unit{"C++", stem + ".cc", stem, "g++", "#include <string>\n#include <vector>\n"};
  workspace.write(unit.source, unit.text);
  const int own = std::max(1, headers - static_cast<int>(headers_read(workspace, unit)));
  std::string calls;
  for (int i = 0; i < own; ++i) {
    const std::string name = stem + "_" + std::to_string(i);
    workspace.write(stem + "/" + name + ".h", header_text(name));
    unit.text += "#include \"" + stem + "/" + name + ".h\"\n";
    calls += " + " + name + "()";
  }
  unit.text += "int sum(const std::vector<int>& v) { return v.empty() ? 0 : v[0]" + calls + "; }\n";
  finish(workspace, unit);
  return unit;
}

Unit middle_unit(Workspace& workspace) {
  Unit unit{"C++", "middle.cc", "middle", "g++",
            "#include <algorithm>\n#include <map>\n#include <string>\n#include <vector>\n"
            "std::map<std::string, int> count(std::vector<std::string> words) {\n"
            "  std::sort(words.begin(), words.end());\n"
            "  std::map<std::string, int> seen;\n"
            "  for (const auto& word : words) ++seen[word];\n"
            "  return seen;\n}\n"};
  finish(workspace, unit);
  return unit;
}

Command compile(const Unit& unit, const std::string& client, const std::string& output) {
  Command command;
  if (!client.empty()) command.push_back(client);
  for (const std::string& word : {unit.compiler, std::string("-O1"), std::string("-c"), unit.source,
                                  std::string("-o"), output})
    command.push_back(word);
  return command;
}

}  // namespace deja::bench
