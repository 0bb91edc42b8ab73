// SPDX-License-Identifier: Apache-2.0
// Which parts of a C or C++ text never reach a compiler, or only without NDEBUG? One pass over
// comments, literals and directives finds them (C++20 [lex.phases], [cpp.cond]). Where a text is
// unusual the answer is "not known", which only costs sharing. A text that compilers read in
// several ways is read in all of them; the answer is yes when every reading says yes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace deja::tool {

// A character of an identifier.
inline bool is_word_char(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

class SourceRegions {
 public:
  explicit SourceRegions(std::string_view bytes);

  bool is_comment(std::size_t at) const { return holds(comments_, at); }
  // Compiled only where NDEBUG is not defined ("#ifndef NDEBUG", or the "#else" of "#ifdef NDEBUG").
  bool is_for_debugging(std::size_t at) const { return holds(debugging_, at); }

 private:
  struct Region {
    std::size_t begin, end;
  };
  // One #if … #endif.
  struct Conditional {
    bool ends_with_ndebug = false;  // an earlier branch is taken when NDEBUG is defined
    bool is_dead = false;           // the current branch is not compiled when NDEBUG is defined
    std::size_t begin = 0;          // of the current branch
  };
  // Choices that depend on the language and on whether a directive is skipped; bits of a reading.
  enum : unsigned {
    kStarAfterSlashes = 1,  // "//*" is a slash and a comment (C89), else a line comment
    kNoHeaderNames = 2,     // "#include <x/*y>" begins a comment, else it names a file
    kNoRawStrings = 4,      // R"x( is a word and a literal
    kNoSeparators = 8,      // 1'000'000 holds a literal
    kReadings = 16
  };
  bool is_read_as(unsigned bit) {
    met_ |= bit;
    return (reading_ & bit) != 0;
  }
  void read();
  bool begins_comment(std::size_t at);
  bool begins_literal(std::size_t at);
  static std::vector<Region> in_both(const std::vector<Region>& a, const std::vector<Region>& b);
  static bool holds(const std::vector<Region>& regions, std::size_t at);
  std::size_t skip_comment(std::size_t at);
  std::size_t skip_literal(std::size_t at) const;
  std::size_t skip_raw_string(std::size_t at) const;
  bool is_raw_string(std::size_t quote);
  bool is_digit_separator(std::size_t at);
  std::size_t directive(std::size_t at);
  void begin_branch(std::string_view word, std::string_view condition, std::size_t at);
  void end_branch(std::size_t at);

  const std::string_view bytes_;
  unsigned reading_ = 0;
  unsigned met_ = 0;                // bits that changed something
  bool has_odd_directive_ = false;  // it is unknown which directive ends which conditional
  std::vector<Region> comments_, debugging_;  // sorted
  std::vector<Conditional> open_;
};

}  // namespace deja::tool
