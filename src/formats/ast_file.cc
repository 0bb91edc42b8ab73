// SPDX-License-Identifier: Apache-2.0
// Parses LLVM's bit stream as far as the table of input files.
// Source: https://llvm.org/docs/BitCodeFormat.html for the stream; the output of clang 14 and 19 for
// its content. Tested by ast_file_test.cc.
#include "formats/ast_file.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/path.h"

namespace deja::formats {
namespace {

constexpr std::uint64_t kBlockInfo = 0;
constexpr std::uint64_t kControlBlock = 15;
constexpr std::uint64_t kInputFilesBlock = 16;
constexpr std::uint64_t kInputFileRecord = 1;
// [code, number, size, modification time, …], since clang 3.3.
constexpr std::size_t kTimeOfInput = 3;
constexpr std::size_t kOverriddenInput = 4, kTransientInput = 5;
// Since clang 18 a file found under another name has both names: this is the length of the first.
constexpr std::size_t kLengthOfAsked = 8;
constexpr std::size_t kFieldsMin = 7, kFieldsMax = 9;
// A record of the control block: 9 up to clang 14, which has one record more, and 8 since. Record 8 of
// clang 14 is not a blob.
constexpr std::uint64_t kModuleDirectory = 8, kOldModuleDirectory = 9;

// Reads bits, the lowest of each byte first. After a read past the end all values are 0 and failed().
class BitStream {
 public:
  explicit BitStream(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  void fail() { failed_ = true; }
  bool at_end() const { return at_ / 8 >= bytes_.size(); }

  std::uint64_t fixed(unsigned width) {
    if (width > 64 || width > bytes_.size() * 8 - at_) failed_ = true;
    if (failed_) return 0;
    std::uint64_t value = 0;
    for (unsigned i = 0; i < width; ++i, ++at_) {
      const auto byte = static_cast<unsigned char>(bytes_[at_ / 8]);
      value |= std::uint64_t{byte >> (at_ % 8) & 1U} << i;
    }
    return value;
  }

  // Groups of width - 1 bits; the highest bit of each says that more follow.
  std::uint64_t variable(unsigned width) {
    if (width < 2 || width > 32) failed_ = true;
    std::uint64_t value = 0;
    for (unsigned shift = 0; !failed_; shift += width - 1) {
      const std::uint64_t group = fixed(width);
      const std::uint64_t more = std::uint64_t{1} << (width - 1);
      if (shift >= 64) failed_ = true;
      if (!failed_) value |= (group & (more - 1)) << shift;
      if ((group & more) == 0) break;
    }
    return failed_ ? 0 : value;
  }

  void align() {
    const std::size_t next = (at_ + 31) / 32 * 32;
    if (next > bytes_.size() * 8) failed_ = true;
    if (!failed_) at_ = next;
  }

  void skip_bytes(std::uint64_t count) { take_bytes(count); }

  // Only at an aligned position.
  std::string_view take_bytes(std::uint64_t count) {
    if (count > (bytes_.size() * 8 - at_) / 8) failed_ = true;
    if (failed_) return {};
    const std::string_view bytes = bytes_.substr(at_ / 8, count);
    at_ += count * 8;
    return bytes;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

enum class Encoding : std::uint8_t { literal, fixed, variable, array, char6, blob };

struct Operand {
  Encoding encoding;
  std::uint64_t value;  // the value of a literal; otherwise the width
};
using Abbreviation = std::vector<Operand>;

struct Block {
  std::uint64_t id;
  unsigned id_width;  // width of the id that begins each entry
  std::vector<Abbreviation> abbreviations;
};

class AstParser {
 public:
  explicit AstParser(std::string_view file) : bits_(file) { bits_.skip_bytes(kAstMagic.size()); }

  bool may_hold_times() {
    Block top{~std::uint64_t{0}, 2, {}};
    while (!bits_.failed() && !bits_.at_end()) entry(top, 0);
    return bits_.failed() || inputs_ == 0 || found_time_;
  }

  std::optional<std::vector<AstInput>> inputs() {
    if (may_hold_times() && (bits_.failed() || inputs_ == 0)) return std::nullopt;
    if (is_odd_ || !directory_.starts_with('/') || names_.size() != inputs_) return std::nullopt;
    for (AstInput& input : names_) {
      input.asked = tidy_path(join_path(directory_, input.asked));
      input.found = tidy_path(join_path(directory_, input.found));
    }
    return std::move(names_);
  }

 private:
  enum : std::uint64_t { kEndBlock = 0, kEnterBlock = 1, kDefine = 2, kRecord = 3, kFirstOwn = 4 };
  static constexpr int kDepthMax = 8;

  static bool is_ours(std::uint64_t block) {
    return block == kControlBlock || block == kInputFilesBlock;
  }

  // Reads one entry of a block; false: it was the end of the block.
  bool entry(Block& in, int depth) {
    const std::uint64_t id = bits_.fixed(in.id_width);
    if (bits_.failed()) return false;
    switch (id) {
      case kEndBlock:
        bits_.align();
        return false;
      case kEnterBlock:
        enter(depth);
        return true;
      case kDefine:
        define(in);
        return true;
      case kRecord:
        act(in, unabbreviated());
        return true;
      default:
        if (id - kFirstOwn >= in.abbreviations.size()) {
          bits_.fail();
          return false;
        }
        act(in, abbreviated(in.abbreviations[id - kFirstOwn]));
        return true;
    }
  }

  void enter(int depth) {
    Block block{bits_.variable(8), static_cast<unsigned>(bits_.variable(4)), {}};
    bits_.align();
    const std::uint64_t words = bits_.fixed(32);
    if (block.id != kBlockInfo && !is_ours(block.id)) return bits_.skip_bytes(words * 4);
    if (depth == kDepthMax || block.id_width < 2 || block.id_width > 32) return bits_.fail();
    while (!bits_.failed() && entry(block, depth + 1)) {
    }
  }

  void define(Block& in) {
    Abbreviation out;
    for (std::uint64_t count = bits_.variable(5); count != 0 && !bits_.failed(); --count) {
      if (bits_.fixed(1) != 0) {
        out.push_back({Encoding::literal, bits_.variable(8)});
        continue;
      }
      const std::uint64_t encoding = bits_.fixed(3);
      if (encoding < 1 || encoding > 5) return bits_.fail();
      const bool has_width = encoding <= 2;
      out.push_back({static_cast<Encoding>(encoding), has_width ? bits_.variable(5) : 0});
    }
    if (in.id != kBlockInfo) {
      in.abbreviations.push_back(std::move(out));
    } else if (is_ours(
                   described_)) {  // it would change the abbreviation numbers; clang writes none
      bits_.fail();
    }
  }

  std::vector<std::uint64_t> unabbreviated() {
    blob_ = {};
    std::vector<std::uint64_t> values = {bits_.variable(6)};
    for (std::uint64_t count = bits_.variable(6); count != 0 && !bits_.failed(); --count)
      values.push_back(bits_.variable(6));
    return values;
  }

  std::uint64_t scalar(const Operand& operand) {
    switch (operand.encoding) {
      case Encoding::literal:
        return operand.value;
      case Encoding::fixed:
        return bits_.fixed(static_cast<unsigned>(std::min<std::uint64_t>(operand.value, 65)));
      case Encoding::variable:
        return bits_.variable(static_cast<unsigned>(std::min<std::uint64_t>(operand.value, 65)));
      case Encoding::char6:
        return bits_.fixed(6);
      default:
        bits_.fail();
        return 0;
    }
  }

  // Without the elements of arrays, which come last, as blobs do.
  std::vector<std::uint64_t> abbreviated(const Abbreviation& abbreviation) {
    std::vector<std::uint64_t> values;
    blob_ = {};
    for (std::size_t i = 0; i < abbreviation.size() && !bits_.failed(); ++i) {
      const Operand& operand = abbreviation[i];
      if (operand.encoding == Encoding::array) {
        if (i + 2 != abbreviation.size()) bits_.fail();
        for (std::uint64_t n = bits_.variable(6); n != 0 && !bits_.failed(); --n)
          skip(abbreviation[i + 1]);
        break;
      }
      if (operand.encoding == Encoding::blob) {
        const std::uint64_t size = bits_.variable(6);
        bits_.align();
        blob_ = bits_.take_bytes(size);
        bits_.align();
        break;
      }
      values.push_back(scalar(operand));
    }
    return values;
  }

  // An element of zero bits would make a loop of any length out of a few bytes.
  void skip(const Operand& element) {
    const bool is_empty = element.encoding == Encoding::literal ||
                          (element.encoding == Encoding::fixed && element.value == 0);
    if (is_empty) return bits_.fail();
    scalar(element);
  }

  void act(const Block& in, const std::vector<std::uint64_t>& record) {
    if (record.empty()) return;
    constexpr std::uint64_t kSetBlock = 1;
    if (in.id == kBlockInfo && record[0] == kSetBlock && record.size() > 1) described_ = record[1];
    const bool is_directory = record[0] == kModuleDirectory || record[0] == kOldModuleDirectory;
    if (in.id == kControlBlock && is_directory && blob_.starts_with('/')) directory_ = blob_;
    if (in.id != kInputFilesBlock || record[0] != kInputFileRecord) return;
    ++inputs_;
    found_time_ |= record.size() <= kTimeOfInput || record[kTimeOfInput] != 0;
    note_name(record);
  }

  void note_name(const std::vector<std::uint64_t>& record) {
    const bool is_known = record.size() >= kFieldsMin && record.size() <= kFieldsMax;
    const bool has_two = record.size() > kLengthOfAsked;
    const std::uint64_t length = is_known && has_two ? record[kLengthOfAsked] : blob_.size();
    is_odd_ |= !is_known || blob_.empty() || length == 0 || length > blob_.size() ||
               record[kOverriddenInput] != 0 || record[kTransientInput] != 0;
    if (is_odd_) return;
    const std::string asked(blob_.substr(0, length));
    const std::string found(blob_.substr(length));
    names_.push_back({asked, found.empty() ? asked : found});
  }

  BitStream bits_;
  std::uint64_t described_ = kBlockInfo;  // the block that the present BLOCKINFO entries describe
  std::size_t inputs_ = 0;
  bool found_time_ = false;
  std::string_view blob_;  // of the last record
  std::string directory_;  // the base of relative input names
  std::vector<AstInput> names_;
  bool is_odd_ = false;  // an input is not a plain file, or its record has an unknown form
};

}  // namespace

bool ast_may_hold_times(std::string_view file) {
  return !file.starts_with(kAstMagic) || AstParser(file).may_hold_times();
}

std::optional<std::vector<AstInput>> ast_inputs(std::string_view file) {
  if (!file.starts_with(kAstMagic)) return std::nullopt;
  return AstParser(file).inputs();
}

}  // namespace deja::formats
