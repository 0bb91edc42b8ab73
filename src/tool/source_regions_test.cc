// SPDX-License-Identifier: Apache-2.0
#include "tool/source_regions.h"

#include <gtest/gtest.h>

#include <string>

namespace deja::tool {
namespace {

// Is the "@" in this text inside a comment?
bool in_comment(const std::string& text) { return SourceRegions(text).is_comment(text.find('@')); }
// Is the "@" compiled only without NDEBUG?
bool for_debugging(const std::string& text) {
  return SourceRegions(text).is_for_debugging(text.find('@'));
}

TEST(SourceRegions, KnowsComments) {
  for (const char* text : {"/* @ */", "a // @\nb", "/*\n@\n*/", "// a \\\n @\n", "\"x\" /* @ */",
                           "'\"' /* @ */", "L'x' // @"})
    EXPECT_TRUE(in_comment(text)) << text;
}

TEST(SourceRegions, KnowsWhatOnlyLooksLikeOne) {
  for (const char* text :
       {"@", "/* x */ @", "// x\n@", "\"/*\" @ \"*/\"", "'/*' @ '*/'", "R\"(/*)\" @ /* */",
        "R\"x(/* )\" )x\" @ /* */", "\"\\\"/*\" @ \"*/\"", "/* @", "don't /*\n@ */ '",
        "u8R\"(\n/*)\" @ */", "/ * @ */", "\"a // @\n"})
    EXPECT_FALSE(in_comment(text)) << text;
}

TEST(SourceRegions, IsSureOnlyWhereAllLanguagesAgree) {
  for (const char* text :
       {"8 //**/ @\n;", "1'000 /* @ */", "R\"(\")\" /* @ */", "//* x\n// */ @\n",
        "#include <d/*.h>\n@ /* */", "#include <d/*.h>\n */ @ // */", "# include_next <a//@>\n",
        "R\"x(\" y )x\"/*\" @ \"*/\"", "F(1'/*') @ /* */", "1'/*'0 @ */", "/\\\n/ /*\n@ /* */",
        "/* *\\\n/ @ /* */", "/* *\\ \r\n\\\n/ @ /* */", "/* *\?\?/\n/ @ /* */"})
    EXPECT_FALSE(in_comment(text)) << text;
  for (const char* text :
       {"//****\n// @\n/* */", "8 //* @\n */", "//***\n/* @ */", "//** */ x\n/* @ */",
        "#include <d/e.h> // @", "#include <a//b>\n/* @ */", "x = R\"(/*)\"; /* @ */",
        "1'000'000 /* @ */", "char *\\\nx /* @ */", "/* @ *\\\n x */"})
    EXPECT_TRUE(in_comment(text)) << text;
}

TEST(SourceRegions, KnowsWhatNdebugLeavesOut) {
  for (const char* text :
       {"#ifndef NDEBUG\n@\n#endif\n", "#ifdef NDEBUG\n#else\n@\n#endif\n",
        "# ifdef  NDEBUG // x\nx\n# else\n@\n#endif", "#if !defined(NDEBUG)\n@\n#endif\n",
        "#if ! defined NDEBUG && !defined X\n@\n#endif\n",
        "#if !defined(NDEBUG) && defined(X) /* x */ // y\n@\n#endif\n",
        "\\\n#ifndef NDEBUG\n@\n#endif\n", "/* x */ #ifndef NDEBUG /* x */ // y\n@\n#endif\n",
        "#if defined ( NDEBUG ) || defined(X)\n#elif Y\n@\n#endif\n",
        "#ifndef X\n#ifdef NDEBUG\n#define X\n#else\n#define X @\n#endif\n#endif\n",
        "#ifndef NDEBUG\n#if X\n#else\n@\n#endif\n#endif\n"})
    EXPECT_TRUE(for_debugging(text)) << text;
}

TEST(SourceRegions, KnowsWhatNdebugDoesNot) {
  for (const char* text : {"@",
                           "#ifdef NDEBUG\n@\n#endif\n",
                           "#ifndef NDEBUG\n#else\n@\n#endif\n",
                           "#ifndef NDEBUG\n#endif\n@\n",
                           "#ifndef NDEBUG\n#elif X\n@\n#endif\n",
                           "#if !defined(NDEBUG) || X\n@\n#endif\n",
                           "#if defined(NDEBUG) && X\n#else\n@\n#endif\n",
                           "#if !defined(NDEBUG) && X || Y\n@\n#endif\n",
                           "#if !defined(NDEBUG) && \\\n X || Y\n@\n#endif\n",
                           "#if !defined(NDEBUG) && X\n@\n#endif\n",
                           "#if !defined(NDEBUG) /**/ || X\n@\n#endif\n",
                           "#if !defined(NDEBUG) /*\n*/ || X\n@\n#endif\n",
                           "#if !defined(NDEBUG) && defined(X), 1\n@\n#endif\n",
                           "#if !defined(NDEBUG) && defined(X) or 1\n@\n#endif\n",
                           "#if defined(NDEBUG) || X\n#else\n@\n#endif\n",
                           "#ifndef NDEBUG\n%:endif\n@\n%:if 1\n#endif\n",
                           "#ifndef NDEBUG\n?\?=endif\n@\n?\?=if 1\n#endif\n",
                           "#ifndef NDEBUG\n#/**/endif\n@\n#/**/if 1\n#endif\n",
                           "#ifndef NDEBUG\n#en\\\ndif\n@\n#i\\\nf 1\n#endif\n",
                           "#ifndef NDEBUG\n\\\n#endif\n@\n\\\n#if 1\n#endif\n",
                           "#ifndef G\n#define A \\\n#ifndef NDEBUG\n@\n#endif\n",
                           "#ifndef G\n#define A \\ \n#ifndef NDEBUG\n@\n#endif\n",
                           "#ifndef NDEBUGX\n@\n#endif\n",
                           "#if defined(NDEBUG) || X ? 0 : 1\n#else\n@\n#endif\n",
                           "/*\n#ifndef NDEBUG\n*/\n@\n",
                           "\"\\\n#ifndef NDEBUG\n\" @\n#endif",
                           "x #ifndef NDEBUG\n@\n#endif\n"})
    EXPECT_FALSE(for_debugging(text)) << text;
}

TEST(SourceRegions, StandsTornTexts) {
  const std::string text = "#if /* \" ' R\"x( // \\\n#else\n#endif\n#elif\n1'0 '\\";
  for (std::size_t n = 0; n <= text.size(); ++n)
    for (std::size_t from = 0; from <= n; ++from)
      EXPECT_FALSE(SourceRegions(std::string_view(text).substr(from, n - from)).is_comment(n));
}

}  // namespace
}  // namespace deja::tool
