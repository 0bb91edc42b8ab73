#include "pipeline/hidden_text.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>

#include "os/file.h"
#include "os/mapping.h"
#include "pipeline/gzip.h"
#include "pipeline/rust_metadata.h"

namespace deja::pipeline {
namespace {

constexpr std::string_view kHidingFiles[] = {
    "BC\xc0\xde",        // LLVM bitcode: strings are not at whole bytes
    "\xde\xc0\x17\x0b",  // the same, wrapped
    "gpch",              // gcc's precompiled header
    "CPCH",              // clang's
    "DIAG",              // clang's serialized diagnostics, also a bit stream
};
constexpr std::string_view kGzip = "\x1f\x8b";
constexpr std::string_view kHidingSections[] = {
    ".gnu.lto_",        ".gnu.debuglto_",  // compressed
    ".zdebug",                             // compressed the old way
    ".llvmbc",          ".llvm.lto",       // bitcode
    "__llvm_prf_names", "__llvm_covmap",  "__llvm_covfun",
};

// Of anything else there is no telling what it hides in turn.
bool is_text(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t' && c != '\r';
  });
}

// The section headers of a 64-bit file; nothing it says about itself is trusted.
class Sections {
 public:
  // Empty: not a table that can be read.
  static std::optional<Sections> of(std::string_view file) {
    Sections out(file);
    if (file.size() < sizeof(out.header_)) return std::nullopt;
    std::memcpy(&out.header_, file.data(), sizeof(out.header_));
    const Elf64_Ehdr& h = out.header_;
    if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_shentsize != sizeof(Elf64_Shdr))
      return std::nullopt;
    if (h.e_shoff == 0) return out;
    const auto first = out.at(0);
    if (!first) return std::nullopt;
    out.count_ = h.e_shnum != 0 ? h.e_shnum : first->sh_size;
    const auto names = out.at(h.e_shstrndx != SHN_XINDEX ? h.e_shstrndx : first->sh_link);
    if (!names || names->sh_offset > file.size()) return std::nullopt;
    out.names_ = file.substr(names->sh_offset);
    return out;
  }

  std::uint64_t count() const { return count_; }
  std::optional<Elf64_Shdr> at(std::uint64_t index) const {
    Elf64_Shdr out;
    if (header_.e_shoff > file_.size()) return std::nullopt;
    if (index >= (file_.size() - header_.e_shoff) / sizeof(out)) return std::nullopt;
    std::memcpy(&out, file_.data() + header_.e_shoff + index * sizeof(out), sizeof(out));
    return out;
  }
  // To the end of all names, not only of this one.
  std::optional<std::string_view> name_of(const Elf64_Shdr& section) const {
    if (section.sh_name >= names_.size()) return std::nullopt;
    return names_.substr(section.sh_name);
  }

 private:
  explicit Sections(std::string_view file) : file_(file) {}

  std::string_view file_, names_;
  Elf64_Ehdr header_ = {};
  std::uint64_t count_ = 0;
};

// Metadata of a Rust library, or a proc macro's.
bool is_metadata(std::string_view name) {
  constexpr char kName[] = ".rustc";
  return name.starts_with(std::string_view(kName, sizeof(kName)));  // and nothing more
}

// Tables that are cut short or lie elsewhere hide whatever they like.
bool sections_may_hide_text(std::string_view file, std::string& unpacked) {
  const auto sections = Sections::of(file);
  if (!sections) return true;
  for (std::uint64_t i = 1; i < sections->count(); ++i) {
    const auto section = sections->at(i);
    const auto name = section ? sections->name_of(*section) : std::nullopt;
    if (!name || (section->sh_flags & SHF_COMPRESSED) != 0) return true;
    const auto begins = [&](std::string_view hiding) { return name->starts_with(hiding); };
    if (std::any_of(std::begin(kHidingSections), std::end(kHidingSections), begins)) return true;
    if (!is_metadata(*name)) continue;
    if (section->sh_offset > file.size() || section->sh_size > file.size() - section->sh_offset)
      return true;
    const auto text = unpack_rust_metadata(file.substr(section->sh_offset, section->sh_size));
    if (!text) return true;
    unpacked += *text;
  }
  return false;
}

}  // namespace

Result<HiddenText> hidden_text(const os::Fd& fd) {
  HiddenText out;
  const os::FileIdentity identity = TRY(os::stat_fd(fd));
  if (identity.size < 4) return out;
  const os::Mapping mapping = TRY(os::Mapping::read_only(fd, identity.size));
  const std::string_view file = mapping.view();
  if (file.starts_with(kGzip)) {  // gcc's optimisation record, Fortran's modules
    constexpr std::size_t kMost = 64 << 20;
    auto text = unpack_gzip(file, kMost);
    out.is_more = !text || !is_text(*text);
    out.unpacked = std::move(text).value_or("");
  }
  for (const std::string_view magic : kHidingFiles) {
    if (file.starts_with(magic)) out.is_more = true;
  }
  if (file.starts_with(ELFMAG)) out.is_more = sections_may_hide_text(file, out.unpacked);
  return out;
}

}  // namespace deja::pipeline
