// scan_source: does a text mention something that makes a compiler put the file's own path, the
// clock, or the file's own time into its output?
//
// It runs over every header once (the digester remembers the answer with the digest), so it must
// cost little beside hashing: one memmem pass for each stem that several names share. (A single
// pass for all names, after Wu and Manber, was tried: no faster than eight passes of memmem.) A
// false alarm (a comment, an unused macro) costs sharing, never soundness. Tested by scan_test.cc.
#include <cstring>

#include "tool/ast_file.h"
#include "tool/tool.h"

namespace deja::tool {

using namespace std::string_view_literals;

namespace {

struct Name {
  std::string_view text;
  std::string_view stem;  // part of text
  std::uint32_t fact;
  std::string_view unless_after =
      {};  // a word and one blank in front of it that take the fact away
};

// Left out on purpose: __FILE_NAME__ (last component only, which is in the key), __LINE__,
// __INCLUDE_LEVEL__, __func__ (names only), `.file "x"` and `#line 3 "x"` (their text is literal,
// so it is content), #pragma message (a message, not an output; streams are searched for roots),
// .incbin, #embed and __has_include (observed as reads and absences).
constexpr Name kNames[] = {
    {"__FILE__", "_FILE", kMentionsOwnPath},        // the path as the compiler found the file
    {"__BASE_FILE__", "_FILE", kMentionsOwnPath},   // the path of the main source
    {"__builtin_FILE", "_FILE", kMentionsOwnPath},  // __FILE__ as a function
    {"source_location", "source_location", kMentionsOwnPath},  // also __builtin_source_location
    // clang spells unnamed types "(lambda at PATH:1:2)" into it.
    {"__PRETTY_FUNCTION__", "__PRETTY", kMentionsOwnPath},
    // No prefix map of clang's reaches these. <assert.h> only prints it, where a search finds it.
    {"__PRETTY_FUNCTION__", "__PRETTY", kMentionsTypePath, "__extension__ "},
    {"__TIME__", "__TIME", kMentionsClock},
    {"__DATE__", "__DATE__", kMentionsClock},
    {"__TIMESTAMP__", "__TIME", kMentionsFileTime},
};
constexpr std::string_view kElf =
    "\x7f"
    "ELF";
constexpr std::string_view kArchive = "!<arch>";
constexpr std::string_view kBitcode = "BC\xc0\xde";
// gcc's and clang's sections, and a bitcode file in an archive.
constexpr std::string_view kRustMetadata("rust\0\0\0", 7);
constexpr std::string_view kBytecodeMarks[] = {".gnu.lto_", ".llvmbc", ".llvm.lto", kBitcode};
// gcc's modules are ELF files with a section of this name, which follows that of another.
constexpr std::string_view kGccModuleMark = "\0.gnu.c++.README\0"sv;
constexpr std::string_view kBuiltin = "__builtin";
constexpr std::string_view kStems[] = {"_FILE", "source_location", "__PRETTY", "__TIME", "__DATE__",
                                       "E__",   kBuiltin};

bool is_word_char(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The whole identifier around bytes[at].
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

// ## can make __FILE__ of two pieces, and the macro that does so may be in another file. One of the
// two is an identifier that nobody else has: a piece from the end ("LE__"), or with a rest of
// underscores from the beginning ("__FILE" and "__"; alone it is a type of glibc's).
bool is_piece_of_own_path(std::string_view bytes, std::size_t at) {
  const std::string_view word = word_at(bytes, at);
  for (const std::string_view name : {"__FILE__", "__BASE_FILE__"}) {
    if (word.size() >= name.size() || word.size() < 3) continue;
    if (name.ends_with(word)) return true;
    if (name.starts_with(word) && has_word(bytes, name.substr(word.size()))) return true;
  }
  return false;
}

// The same of a function: its beginning is a word that nobody else has. (Line ends may be in a name,
// too: a backslash before them.)
bool is_piece_of_builtin(std::string_view bytes, std::size_t at) {
  const std::string_view word = word_at(bytes, at);
  for (const std::string_view name : {"__builtin_FILE", "__builtin_source_location"}) {
    if (word.size() < name.size() && word.size() >= kBuiltin.size() && name.starts_with(word))
      return true;
  }
  return false;
}

std::uint32_t facts_at(std::string_view bytes, std::size_t at, std::string_view stem) {
  std::uint32_t facts = 0;
  if ((stem == "_FILE" || stem == "E__") && is_piece_of_own_path(bytes, at))
    facts |= kMentionsOwnPath;
  if (stem == kBuiltin && is_piece_of_builtin(bytes, at)) facts |= kMentionsOwnPath;
  for (const Name& name : kNames) {
    if (name.stem != stem) continue;
    const std::size_t stem_at = name.text.find(stem);
    if (at < stem_at || !bytes.substr(at - stem_at).starts_with(name.text)) continue;
    const bool is_excused =
        !name.unless_after.empty() && bytes.substr(0, at - stem_at).ends_with(name.unless_after);
    if (!is_excused) facts |= name.fact;
  }
  return facts;
}

// A program or a shared library: no linker looks for bytecode in it, and no compiler for modules.
// (elf(5): e_type is at 16, in the machine's order; ET_EXEC is 2, ET_DYN 3.) They are the largest
// inputs there are.
bool is_loadable_elf(std::string_view bytes) {
  constexpr std::size_t kType = 16;
  if (!bytes.starts_with(kElf) || bytes.size() < kType + 2) return false;
  const auto low = static_cast<unsigned char>(bytes[kType]);
  const auto high = static_cast<unsigned char>(bytes[kType + 1]);
  const unsigned type = low + high;  // either order
  return (low == 0 || high == 0) && (type == 2 || type == 3);
}

// elf(5), 64 bits, little endian: e_phoff at 32, e_phentsize at 54, e_phnum at 56; a program header
// begins with its type, and PT_INTERP, 3, names the loader. A shared library has none either, but
// nobody starts one.
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

bool holds(std::string_view bytes, std::string_view mark) {
  return memmem(bytes.data(), bytes.size(), mark.data(), mark.size()) != nullptr;
}

// rustc's: ar(5), with a member of that name behind its table of symbols.
bool is_rust_library(std::string_view bytes) {
  constexpr std::size_t kHeader = 60, kSizeAt = 48, kSizeDigits = 10;
  constexpr std::string_view kName = "lib.rmeta/";
  std::size_t at = kArchive.size() + 1;  // and a line's end
  for (int member = 0; member < 3 && at + kHeader <= bytes.size(); ++member) {
    if (bytes.substr(at).starts_with(kName)) return true;
    if (bytes[at] != '/') return false;  // neither symbols nor long names
    std::uint64_t size = 0;
    for (const char c : bytes.substr(at + kSizeAt, kSizeDigits))
      if (c >= '0' && c <= '9') size = size * 10 + static_cast<std::uint64_t>(c - '0');
    at += kHeader + size + size % 2;
  }
  return false;
}

// Only a linker reads these, and what it does with machine code hides no path.
std::uint32_t scan_object(std::string_view bytes) {
  // Hundreds of megabytes of a build, whose other readers are few; what these may hold is not looked for.
  if (bytes.starts_with(kArchive) && is_rust_library(bytes)) return kHoldsBytecode;
  for (const std::string_view mark : kBytecodeMarks) {
    if (holds(bytes, mark)) return kHoldsBytecode;
  }
  return 0;
}

// Tables of the loader's and of locales are read by libc, and no compiler quotes them. They hold
// numbers that are small for their size; text in wide characters (-finput-charset) has a zero beside
// each letter, and those of four bytes are all below the last one there is.
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

}  // namespace

std::uint32_t scan_tree(std::string_view bytes) {
  if (bytes.starts_with(kAstMagic))
    return kHoldsTree | (ast_may_hold_times(bytes) ? kHoldsFileTimes : 0U);
  return bytes.starts_with(kElf) && holds(bytes, kGccModuleMark) ? kHoldsTree : 0U;
}

std::uint32_t scan_source(std::string_view bytes) {
  if (bytes.starts_with(kRustMetadata)) return 0;  // only rustc reads it
  if (is_loadable_elf(bytes)) {
    constexpr std::string_view kEnviron("\0environ\0", 9);  // in its table of dynamic symbols
    return (is_static_program(bytes) ? kIsStatic : 0U) |
           (holds(bytes, kEnviron) ? kNamesEnviron : 0U);
  }
  std::uint32_t facts = scan_tree(bytes);
  // Names of macros are in a tree as they are; an ESC is only a number there.
  if (facts == 0) {
    if (bytes.starts_with(kElf) || bytes.starts_with(kArchive) || bytes.starts_with(kBitcode))
      return scan_object(bytes);
    if (is_text(bytes) && bytes.find('\x1b') != std::string_view::npos) facts |= kHoldsEscape;
  }
  for (const std::string_view stem : kStems) {
    std::size_t from = 0;
    while (from < bytes.size()) {
      const void* found =
          memmem(bytes.data() + from, bytes.size() - from, stem.data(), stem.size());
      if (found == nullptr) break;
      const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
      facts |= facts_at(bytes, at, stem);
      from = at + 1;
    }
  }
  return facts;
}

}  // namespace deja::tool
