// SPDX-License-Identifier: Apache-2.0
// A frame begins with a magic and carries a checksum, so a reader can skip a torn frame by searching for the
// next magic. A file that cannot be read counts as empty.
#include "store/ledger.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/bytes.h"
#include "os/disk.h"
#include "os/file.h"
#include "store/rows.h"

namespace deja::store {
namespace {

constexpr std::string_view kLedgerMagic = "DJL1";
constexpr std::size_t kHeaderBytes = 4 + 1 + 32 + 4;

std::string frame_checksum(std::string_view kind_and_key, std::string_view row) {
  return checksum('l', kind_and_key, row);
}

// The frame at the start of bytes; 0: there is none.
std::size_t decode_frame(std::string_view bytes, LedgerFrame& frame) {
  Decoder d(bytes);
  if (d.raw(kLedgerMagic.size()) != kLedgerMagic) return 0;
  frame.kind = static_cast<FrameKind>(d.u8());
  frame.key = Digest::from_view(d.raw(32));
  frame.row = d.raw(d.u32());
  const std::string_view sum = d.raw(kChecksumBytes);
  if (d.failed() || sum != frame_checksum(bytes.substr(4, 33), frame.row)) return 0;
  return bytes.size() - d.remaining();
}

// A removal concerns the same row as a result.
bool is_about_manifest(const LedgerFrame& frame) { return frame.kind == FrameKind::manifest; }

}  // namespace

std::uint64_t ledger_frame_bytes(std::size_t row_bytes) {
  return kHeaderBytes + row_bytes + kChecksumBytes;
}

std::string encode_frame(FrameKind kind, const Digest& key, std::string_view row) {
  Encoder e;
  e.raw(kLedgerMagic);
  e.u8(static_cast<std::uint8_t>(kind));
  e.raw(key.view());
  e.u32(static_cast<std::uint32_t>(row.size()));
  const std::string kind_and_key = e.view().substr(4, 33);
  e.raw(row);
  e.raw(frame_checksum(kind_and_key, row));
  return std::move(e).take();
}

Result<std::uint64_t> scan_frames(std::string_view bytes, const VisitFrame& visit) {
  std::uint64_t lost = 0;
  while (!bytes.empty()) {
    LedgerFrame frame;
    std::size_t step = decode_frame(bytes, frame);
    if (step != 0) {
      TRY(visit(frame));
    } else {
      // Torn: continue at the next magic.
      step = std::min(bytes.find(kLedgerMagic, 1), bytes.size());
      lost += step;
    }
    bytes.remove_prefix(step);
  }
  return lost;
}

Result<LedgerFiles> find_ledger_files(const Layout& layout) {
  LedgerFiles files;
  if (!TRY(os::stat_file(layout.ledger()))) return files;
  const auto names = TRY(os::list_directory(layout.ledger()));
  for (const std::string& name : names) {
    const auto parsed = parse_ledger_name(name);
    if (!parsed) continue;
    files.last = std::max(files.last, parsed->number);
    if (parsed->is_base && parsed->number >= files.first) {
      files.first = parsed->number;
      files.has_base = true;
    }
  }
  for (const std::string& name : names) {
    const auto parsed = parse_ledger_name(name);
    if (!parsed) continue;
    const std::string path = layout.ledger() + "/" + name;
    if (parsed->number < files.first) {
      files.superseded.push_back(path);
    } else if (const auto id = TRY(os::stat_file(path)); id) {
      files.bytes += id->size;
    }
  }
  return files;
}

Status LedgerImage::add(const std::string& path) {
  const auto fd = os::open_read_if_exists(path);
  // An unreadable file or a name that is not a file has no frames for this process.
  if (!fd && fd.error().sys_errno != EACCES) return fd.error();
  if (!fd || !*fd) return {};
  const auto id = TRY(os::stat_fd(**fd));
  if (id.size == 0 || !id.is_regular()) return {};
  mappings_.push_back(TRY(os::Mapping::read_only(**fd, id.size)));
  const VisitFrame keep = [this](const LedgerFrame& frame) -> Status {
    frames_.push_back(frame);
    frames_.back().place = frames_.size();
    return {};
  };
  TRY(scan_frames(mappings_.back().view(), keep));
  return {};
}

Result<LedgerImage> LedgerImage::read(const Layout& layout) {
  const LedgerFiles files = TRY(find_ledger_files(layout));
  LedgerImage image;
  if (files.has_base) TRY(image.add(layout.ledger_base(files.first)));
  for (std::uint64_t n = files.first; n <= files.last; ++n) TRY(image.add(layout.ledger_log(n)));
  const auto row_of = [](const LedgerFrame& f) { return std::pair(is_about_manifest(f), f.key); };
  const auto order = [&](const LedgerFrame& f) { return std::pair(row_of(f), f.place); };
  std::ranges::sort(image.frames_, {}, order);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < image.frames_.size(); ++i) {
    const bool is_last =
        i + 1 == image.frames_.size() || row_of(image.frames_[i]) != row_of(image.frames_[i + 1]);
    if (is_last) image.frames_[kept++] = image.frames_[i];
  }
  image.frames_.resize(kept);
  return image;
}

Status Ledger::append(std::uint64_t number, std::string_view frame, std::uint64_t& written_bytes) {
  const MutexLock lock(mutex_);
  if (!fd_ || number_ != number) {
    auto opened = os::open_append(layout_.ledger_log(number));
    if (!opened && opened.error().sys_errno == ENOENT) {
      TRY(os::make_directories(layout_.ledger()));
      opened = os::open_append(layout_.ledger_log(number));
    }
    fd_ = TRY(std::move(opened));
    number_ = number;
  }
  // A short write leaves a torn frame, which readers skip.
  if (auto done = os::write_fd(fd_, frame); !done) return std::move(done).error().context("ledger");
  written_bytes += frame.size();
  return {};
}

}  // namespace deja::store
