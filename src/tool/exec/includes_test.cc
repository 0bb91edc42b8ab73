// SPDX-License-Identifier: Apache-2.0
#include "tool/exec/includes.h"

#include <gtest/gtest.h>

namespace deja::tool::exec {
namespace {

std::vector<std::string> names(std::string_view text) {
  std::vector<std::string> out;
  for (const Include& i : find_includes(text).includes)
    out.push_back((i.is_quoted ? "\"" : "<") + i.name + (i.is_next ? " next" : "") +
                  (i.is_text ? "" : " bytes"));
  return out;
}
using Names = std::vector<std::string>;

TEST(Includes, EveryDirective) {
  EXPECT_EQ(names("#include \"a.h\"\n  #  include <b.h> // c\n%:include <d.h>\n"
                  "#import \"e.h\"\n#include_next <f.h>\n#embed \"g.bin\" limit(3)\n"),
            (Names{"\"a.h", "<b.h", "<d.h", "\"e.h", "<f.h next", "\"g.bin bytes"}));
}

TEST(Includes, CommentsAndContinuedLines) {
  EXPECT_EQ(names("/* #include <no.h>\n*/ #include /* x */ <a.h>\n// #include <no.h> \\\n"
                  "#include <no.h>\n#inc\\\nlude \"b.h\"\n"),
            (Names{"<a.h", "\"b.h"}));
  EXPECT_EQ(names("char* s = \"/*\";\n#include <a.h>\n"), (Names{"<a.h"}));
  EXPECT_EQ(names("char q = '\"';\n#include <a.h>\n"), (Names{"<a.h"}));
}

TEST(Includes, WhatIsAskedFor) {
  EXPECT_EQ(names("#if __has_include(<a.h>) && __has_include(\"b.h\")\n#elif "
                  "__has_embed(<c> limit(1))\n#endif\n"),
            (Names{"<a.h", "\"b.h", "<c bytes"}));
  EXPECT_EQ(names("int x = __has_include(<a.h>);\n"), Names());
  EXPECT_EQ(names("#ifdef __has_include\n#endif\n"), Names());
}

TEST(Includes, ComputedOnesAreTold) {
  EXPECT_EQ(find_includes("#include HEADER\n").computed, "include HEADER");
  EXPECT_EQ(find_includes("#if __has_include(HEADER)\n").computed, "if __has_include(HEADER)");
  EXPECT_EQ(find_includes("#include \"a.h\"\n#define include X\n").computed, "");
}

}  // namespace
}  // namespace deja::tool::exec
