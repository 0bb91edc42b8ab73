// SPDX-License-Identifier: Apache-2.0
// scan_source: does a text mention something that makes a compiler put the file's own path, the
// clock, or the file's own time into its output?
//
// It runs over every header once (the digester stores the answer with the digest), so it must be
// cheap compared with hashing: one memmem pass for each stem that several names share. (A single
// pass for all names, after Wu and Manber, was tried: no faster than eight passes of memmem.) A
// false alarm (a comment, an unused macro) costs sharing, never soundness. Tested by scan_test.cc.
#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>

#include "formats/ast_file.h"
#include "observe/raw_calls.h"
#include "tool/source_regions.h"
#include "tool/tool.h"

namespace deja::tool {

using namespace std::string_view_literals;

namespace {

struct Name {
  std::string_view text;
  std::string_view stem;  // part of text
  std::uint32_t fact;
  // Text directly before the name that makes the mention harmless.
  std::string_view unless_after = {};
};

// Left out on purpose: __FILE_NAME__ (last component only, which is in the key), __LINE__,
// __INCLUDE_LEVEL__, __func__ (names only), `.file "x"` and `#line 3 "x"` (their text is literal,
// so it is content), #pragma message (a message, not an output; streams are searched for roots),
// .incbin, #embed and __has_include (observed as reads and absences).
constexpr Name kNames[] = {
    {"__FILE__", "_FILE", kMentionsOwnPath},        // the path as the compiler found the file
    {"__BASE_FILE__", "_FILE", kMentionsOwnPath},   // the path of the main source
    {"__builtin_FILE", "_FILE", kMentionsOwnPath},  // __FILE__ as a function
    // Also matches __builtin_source_location, but not the test whether it exists (in <version>).
    {"source_location", "source_location", kMentionsOwnPath, "__has_builtin(__builtin_"},
    // clang spells unnamed types "(lambda at PATH:1:2)" into it.
    {"__PRETTY_FUNCTION__", "__PRETTY", kMentionsOwnPath, "__extension__ "},
    // clang's prefix maps do not change these. <assert.h> only prints it, and a search of the
    // output finds it.
    {"__PRETTY_FUNCTION__", "__PRETTY", kMentionsTypePath, "__extension__ "},
    {"__TIME__", "__TIME", kMentionsClock},
    {"__DATE__", "__DATE__", kMentionsClock},
    {"__TIMESTAMP__", "__TIME", kMentionsFileTime},
};
// Functions that print their arguments, or store them in a message: glibc's <assert.h>, libstdc++'s
// and libc++'s assertions. Also the macro that names the current function for them.
constexpr std::string_view kReporters[] = {
    "__assert_fail",         "__assert_perror_fail",      "__assert",
    "__glibcxx_assert_fail", "__replacement_assert",      "__libcpp_verbose_abort",
    "__ASSERT_FUNCTION",     "__libcpp_assertion_handler"};
// Names of feature tests, not of the feature itself.
constexpr std::string_view kFeatureNames[] = {
    "__cpp_lib_source_location", "__glibcxx_source_location", "__glibcxx_want_source_location"};
constexpr std::string_view kPstlLocation = "_PSTL_PRAGMA_LOCATION";
constexpr std::string_view kElf =
    "\x7f"
    "ELF";
constexpr std::string_view kArchive = "!<arch>";
constexpr std::string_view kBitcode = "BC\xc0\xde";
// Sections of gcc and clang, and a bitcode file in an archive.
constexpr std::string_view kRustMetadata("rust\0\0\0", 7);
constexpr std::string_view kBytecodeMarks[] = {".gnu.lto_", ".llvmbc", ".llvm.lto", kBitcode};
// gcc's modules are ELF files with a section of this name, stored after the name of another
// section.
constexpr std::string_view kGccModuleMark = "\0.gnu.c++.README\0"sv;
constexpr std::string_view kBuiltin = "__builtin";
constexpr std::string_view kStems[] = {
    "_FILE",  "source_location", "__PRETTY", "__TIME",   "__DATE__", "E__",
    kBuiltin, "NDEBUG",          "assert",   "__ASSERT", "__libcpp", "_PSTL_PRAGMA"};

// The whole identifier at bytes[at].
std::string_view word_at(std::string_view bytes, std::size_t at) {
  std::size_t from = at, to = at;
  while (from > 0 && is_word_char(bytes[from - 1])) --from;
  while (to < bytes.size() && is_word_char(bytes[to])) ++to;
  return bytes.substr(from, to - from);
}

bool has_word(std::string_view bytes, std::string_view word) {
  for (std::size_t at = 0; (at = bytes.find(word, at)) != std::string_view::npos; ++at) {
    if (word_at(bytes, at) == word) return true;
  }
  return false;
}

// ## can paste __FILE__ from two pieces, and the macro that does so may be in another file. One of
// the two pieces is an identifier that no other code uses: a piece from the end ("LE__"), or a
// piece from the beginning together with loose underscores ("__FILE" and "__"; "__FILE" alone is a
// type of glibc's).
bool is_piece_of_own_path(std::string_view bytes, std::size_t at) {
  const std::string_view word = word_at(bytes, at);
  for (const std::string_view name : {"__FILE__", "__BASE_FILE__"}) {
    if (word.size() >= name.size() || word.size() < 3) continue;
    if (name.ends_with(word)) return true;
    if (name.starts_with(word) && has_word(bytes, name.substr(word.size()))) return true;
  }
  return false;
}

// The same for a function: its first or its last part is an unusual word. (A backslash and a line
// end may also be inside a name.)
bool is_piece_of_builtin(std::string_view bytes, std::size_t at) {
  constexpr std::string_view kFile = "__builtin_FILE", kStem = "_FILE";
  const std::string_view word = word_at(bytes, at);
  if (word.size() > kStem.size() && word.size() < kFile.size() && kFile.ends_with(word))
    return true;
  for (const std::string_view name : {"__builtin_FILE", "__builtin_source_location"}) {
    if (word.size() < name.size() && word.size() >= kBuiltin.size() && name.starts_with(word))
      return true;
  }
  return false;
}

bool is_piece(std::string_view bytes, std::size_t at, std::string_view stem) {
  if ((stem == "_FILE" || stem == "E__") && is_piece_of_own_path(bytes, at)) return true;
  return (stem == kBuiltin || stem == "_FILE") && is_piece_of_builtin(bytes, at);
}

template <typename List>
bool has(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

// The name of the function whose argument list contains `at`, as far as its line shows (earlier
// lines may end in a backslash or a comma). "" when that is unclear.
std::string_view called_function(std::string_view bytes, std::size_t at) {
  constexpr std::size_t kFarthest = 400;
  int depth = 0;
  for (std::size_t i = at; i > 0 && at - i < kFarthest - 1;) {
    const char c = bytes[--i];
    if (c == '"' || c == '\'' || c == ';' || c == '{' || c == '}') return {};
    if (c == ')') ++depth;
    if (c != '(') continue;
    if (depth != 0) {
      --depth;
      continue;
    }
    while (i > 0 && bytes[i - 1] == ' ') --i;
    return i == 0 ? std::string_view() : word_at(bytes, i - 1);
  }
  return {};
}

std::uint32_t facts_of_name(std::string_view bytes, std::size_t at, std::string_view stem) {
  std::uint32_t facts = is_piece(bytes, at, stem) ? kMentionsOwnPath : 0U;
  for (const Name& name : kNames) {
    if (name.stem != stem) continue;
    const std::size_t stem_at = name.text.find(stem);
    if (at < stem_at || !bytes.substr(at - stem_at).starts_with(name.text)) continue;
    const bool is_excused =
        !name.unless_after.empty() && bytes.substr(0, at - stem_at).ends_with(name.unless_after);
    // <assert.h> passes the function's name on.
    const bool is_reported = is_excused && name.fact == kMentionsTypePath;
    if (!is_excused || is_reported) facts |= is_reported ? kReportsOwnPath : name.fact;
  }
  return has(kFeatureNames, word_at(bytes, at)) ? 0 : facts;
}

// "#ifdef NDEBUG" and "defined(NDEBUG)" only test it.
bool sets_ndebug(std::string_view bytes, std::size_t at) {
  if (word_at(bytes, at) != "NDEBUG") return false;
  std::size_t before = at;
  while (before > 0 && (bytes[before - 1] == ' ' || bytes[before - 1] == '(')) --before;
  const std::string_view word = before == 0 ? std::string_view() : word_at(bytes, before - 1);
  static constexpr std::string_view kQuestions[] = {"ifdef", "ifndef", "defined"};
  return !has(kQuestions, word);
}

// One text, with facts that are computed only when the text mentions something.
class Scan {
 public:
  explicit Scan(std::string_view bytes) : bytes_(bytes) {}

  std::uint32_t facts_at(std::size_t at, std::string_view stem) {
    if (stem == "NDEBUG") {
      const bool counts = sets_ndebug(bytes_, at) && !regions().is_comment(at);
      return counts ? kSetsNdebug : 0U;
    }
    if (stem == "assert" || stem == "__ASSERT" || stem == "__libcpp" || stem == "_PSTL_PRAGMA") {
      const std::string_view word = word_at(bytes_, at);
      return has(kReporters, word) || word == kPstlLocation ? kReportsOwnPath : 0U;
    }
    const std::uint32_t facts = facts_of_name(bytes_, at, stem);
    if ((facts & kMentionsOwnPath) == 0) return facts;
    return weaker_fact(facts, at);
  }

 private:
  // libstdc++'s <pstl/pstl_config.h> defines it for a #pragma message.
  bool is_pstl_location(std::size_t at) const {
    constexpr std::string_view kMention = " __FILE";  // at: where the stem is in the name
    const std::size_t begin = at + 5 - std::min(at + 5, kMention.size());
    return bytes_.substr(0, begin).ends_with(kPstlLocation);
  }
  // Replaces the fact that a text mentions its own path by a weaker one when this mention is
  // harmless.
  std::uint32_t weaker_fact(std::uint32_t facts, std::size_t at) {
    constexpr std::uint32_t kOwnPath = kMentionsOwnPath | kMentionsTypePath;
    if (regions().is_comment(at)) return facts & ~kOwnPath;
    if (has(kReporters, called_function(bytes_, at)) || is_pstl_location(at))
      return (facts & ~kOwnPath) | kReportsOwnPath;
    if (regions().is_for_debugging(at)) return (facts & ~kOwnPath) | kMentionsOwnPathForDebugging;
    return facts;
  }
  const SourceRegions& regions() {
    if (!regions_) regions_.emplace(bytes_);
    return *regions_;
  }

  const std::string_view bytes_;
  std::optional<SourceRegions> regions_;
};

// A program or a shared library: a linker does not look for bytecode in it, nor a compiler for
// modules. (elf(5): e_type is at 16, in the machine's byte order; ET_EXEC is 2, ET_DYN 3.) They are
// the largest inputs.
bool is_loadable_elf(std::string_view bytes) {
  constexpr std::size_t kType = 16;
  if (!bytes.starts_with(kElf) || bytes.size() < kType + 2) return false;
  const auto low = static_cast<unsigned char>(bytes[kType]);
  const auto high = static_cast<unsigned char>(bytes[kType + 1]);
  const unsigned type = low + high;  // either byte order
  return (low == 0 || high == 0) && (type == 2 || type == 3);
}

// elf(5), 64 bits, little endian: e_phoff at 32, e_phentsize at 54, e_phnum at 56; a program header
// begins with its type, and PT_INTERP, 3, names the loader. A shared library has no PT_INTERP
// either, but is not started as a program.
bool is_static_program(std::string_view bytes) {
  const auto number = [&](std::size_t at, std::size_t size) {
    std::uint64_t n = 0;
    for (std::size_t i = size; i-- > 0;)
      n = n << 8 | static_cast<unsigned char>(at + i < bytes.size() ? bytes[at + i] : 0);
    return n;
  };
  constexpr std::string_view kElf64Little = "\x02\x01";
  constexpr std::size_t kHeader = 64;
  if (bytes.size() < kHeader || bytes.substr(4, 2) != kElf64Little) return false;
  const std::uint64_t table = number(32, 8), size = number(54, 2), count = number(56, 2);
  if (count == 0 || size == 0 || table > bytes.size() || size * count > bytes.size() - table)
    return false;
  for (std::uint64_t i = 0; i < count; ++i)
    if (number(table + i * size, 4) == 3) return false;
  return true;
}

// A word that continues on the next line does not match any name, but could be one.
bool splits_word(std::string_view bytes) {
  for (std::size_t at = bytes.find('\\'); at != bytes.npos; at = bytes.find('\\', at + 1)) {
    if (at == 0 || !is_word_char(bytes[at - 1])) continue;
    const std::size_t end = bytes.find_first_not_of(" \t\r\f\v", at + 1);
    if (end == bytes.npos || bytes[end] != '\n' || end + 1 == bytes.size()) continue;
    const char next = bytes[end + 1];
    if (is_word_char(next) || next == '\\') return true;
  }
  return bytes.find("?\?/") != bytes.npos;  // a trigraph for the backslash
}

bool holds(std::string_view bytes, std::string_view mark) {
  return memmem(bytes.data(), bytes.size(), mark.data(), mark.size()) != nullptr;
}

// An archive of rustc's: ar(5), with a member of that name after the symbol table.
bool is_rust_library(std::string_view bytes) {
  constexpr std::size_t kHeader = 60, kSizeAt = 48, kSizeDigits = 10;
  constexpr std::string_view kName = "lib.rmeta/";
  std::size_t at = kArchive.size() + 1;  // and a newline
  for (int member = 0; member < 3 && at + kHeader <= bytes.size(); ++member) {
    if (bytes.substr(at).starts_with(kName)) return true;
    if (bytes[at] != '/') return false;  // neither a symbol table nor long names
    std::uint64_t size = 0;
    for (const char c : bytes.substr(at + kSizeAt, kSizeDigits))
      if (c >= '0' && c <= '9') size = size * 10 + static_cast<std::uint64_t>(c - '0');
    at += kHeader + size + size % 2;
  }
  return false;
}

// Only a linker reads these, and linked machine code hides no path.
std::uint32_t scan_object(std::string_view bytes) {
  // They make up hundreds of megabytes of a build and have few other readers, so their content is
  // not searched.
  if (bytes.starts_with(kArchive) && is_rust_library(bytes)) return kHoldsBytecode;
  for (const std::string_view mark : kBytecodeMarks) {
    if (holds(bytes, mark)) return kHoldsBytecode;
  }
  return 0;
}

// libc reads tables of the loader and of locales, and no compiler quotes them. They hold numbers
// that are small for their width. Text in wide characters (-finput-charset) has a zero next to each
// letter, and its four-byte characters are all below the highest code point.
bool is_text(std::string_view bytes) {
  constexpr std::size_t kHead = 32;
  const std::string_view head = bytes.substr(0, kHead);
  bool has_zeros = false, is_wide = true;
  for (std::size_t at = 0; at + 2 <= head.size(); at += 2)
    has_zeros |= head[at] == 0 && head[at + 1] == 0;
  for (std::size_t at = 0; at + 4 <= head.size(); at += 4) {
    constexpr char kLastPlane = 0x10;
    const auto is_small = [&](std::size_t high, std::size_t low) {
      return head[high] == 0 && head[low] >= 0 && head[low] <= kLastPlane;
    };
    is_wide &= is_small(at, at + 1) || is_small(at + 3, at + 2);
  }
  return !has_zeros || is_wide;
}

std::uint32_t facts_of_characters(std::string_view bytes) {
  std::uint32_t facts = splits_word(bytes) ? kSetsNdebug | kReportsOwnPath : 0U;
  if (is_text(bytes) && bytes.find('\x1b') != std::string_view::npos) facts |= kHoldsEscape;
  return facts;
}

}  // namespace

std::uint32_t scan_tree(std::string_view bytes) {
  if (bytes.starts_with(formats::kAstMagic))
    return kHoldsTree | (formats::ast_may_hold_times(bytes) ? kHoldsFileTimes : 0U);
  return bytes.starts_with(kElf) && holds(bytes, kGccModuleMark) ? kHoldsTree : 0U;
}

std::uint32_t scan_source(std::string_view bytes) {
  if (bytes.starts_with(kRustMetadata)) return 0;  // only rustc reads it
  if (is_loadable_elf(bytes)) {
    constexpr std::string_view kEnviron("\0environ\0", 9);  // in its dynamic symbol table
    return (is_static_program(bytes) ? kIsStatic : 0U) |
           (holds(bytes, kEnviron) ? kNamesEnviron : 0U) |
           (observe::makes_raw_calls(bytes) ? kMakesRawCalls : 0U);
  }
  std::uint32_t facts = scan_tree(bytes);
  // A precompiled tree holds macro names unchanged; an ESC byte in it is only a number.
  if (facts == 0) {
    if (bytes.starts_with(kElf) || bytes.starts_with(kArchive) || bytes.starts_with(kBitcode))
      return scan_object(bytes);
    facts = facts_of_characters(bytes);
  }
  Scan scan(bytes);
  for (const std::string_view stem : kStems) {
    std::size_t from = 0;
    while (from < bytes.size()) {
      const void* found =
          memmem(bytes.data() + from, bytes.size() - from, stem.data(), stem.size());
      if (found == nullptr) break;
      const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
      facts |= scan.facts_at(at, stem);
      from = at + 1;
    }
  }
  return facts;
}

}  // namespace deja::tool
