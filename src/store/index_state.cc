// SPDX-License-Identifier: Apache-2.0
// Reads and writes the file `state`, and checks data.mdb without LMDB.
//
// clang-format off
//   state := raw8 "dejaidx1"  u8 is_clean  u64 txn  bytes boot_id  raw8 checksum, padded to 128 bytes
// clang-format on
#include "store/index_state.h"

#include <unistd.h>

#include <cstring>

#include "base/bytes.h"
#include "os/clock.h"
#include "os/disk.h"
#include "os/file.h"
#include "store/rows.h"
#include "store/use_count.h"

namespace deja::store {
namespace {

constexpr std::string_view kIndexStateMagic = "dejaidx1";
constexpr std::size_t kStateBytes = 128;
constexpr std::uint64_t kStateFileMax = 4096;

}  // namespace

std::string encode_state(const StateRecord& state) {
  Encoder e;
  e.raw(kIndexStateMagic);
  e.u8(state.is_clean ? 1 : 0);
  e.u64(state.txn);
  e.bytes(std::string_view(state.boot).substr(0, 64));
  e.raw(checksum('s', {}, e.view()));
  std::string bytes = std::move(e).take();
  bytes.resize(kStateBytes, '\0');
  return bytes;
}

std::optional<StateRecord> decode_state(std::string_view bytes) {
  Decoder d(bytes);
  StateRecord state;
  if (d.raw(kIndexStateMagic.size()) != kIndexStateMagic) return std::nullopt;
  state.is_clean = d.u8() == 1;
  state.txn = d.u64();
  state.boot = d.bytes();
  const std::string_view payload = bytes.substr(0, bytes.size() - d.remaining());
  if (d.raw(8) != checksum('s', {}, payload) || d.failed()) return std::nullopt;
  return state;
}

namespace {

// The fields of LMDB's two meta pages that bound everything else (lmdb.h: MDB_meta of 0.9).
struct Meta {
  std::uint32_t magic = 0;
  std::uint32_t version = 0;
  std::uint32_t page_size = 0;
  std::uint64_t roots[2] = {};
  std::uint64_t last_page = 0;
  std::uint64_t txn = 0;
};
constexpr std::size_t kMetaBytes = 152;
constexpr std::uint32_t kLmdbMagic = 0xBEEFC0DE;

Meta decode_meta(std::string_view page) {
  Decoder d(page);
  Meta meta;
  d.raw(16);  // page header
  meta.magic = d.u32();
  meta.version = d.u32();
  d.raw(16);  // address, map size
  for (std::uint64_t& root : meta.roots) {
    const std::uint32_t first = d.u32();  // the free list's "pad" is the page size
    if (&root == meta.roots) meta.page_size = first;
    d.raw(36);
    root = d.u64();
  }
  meta.last_page = d.u64();
  meta.txn = d.u64();
  if (d.failed()) meta.magic = 0;
  return meta;
}

bool is_plausible(const Meta& meta) {
  constexpr std::uint64_t kNoPage = ~std::uint64_t{0};
  if (meta.magic != kLmdbMagic || meta.version != 1 || meta.page_size < 512) return false;
  for (const std::uint64_t root : meta.roots)
    if (root != kNoPage && root > meta.last_page) return false;
  return true;
}

// The newest meta page of data.mdb; empty if LMDB would refuse the file or could crash over it.
Result<std::optional<Meta>> newest_meta(const std::string& directory, std::uint64_t& file_size) {
  auto fd = TRY(os::open_read_if_exists(directory + "/data.mdb"));
  if (!fd) return std::optional<Meta>();
  const os::FileIdentity id = TRY(os::stat_fd(*fd));
  if (!id.is_regular()) return std::optional<Meta>();
  file_size = id.size;
  std::optional<Meta> newest;
  const auto page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (const std::uint64_t offset : {std::uint64_t{0}, page_size}) {
    const Meta meta = decode_meta(TRY(os::read_range(*fd, offset, kMetaBytes)));
    if (!is_plausible(meta) || meta.page_size != page_size) return std::optional<Meta>();
    if (!newest || meta.txn > newest->txn) newest = meta;
  }
  return newest;
}

}  // namespace

Result<IndexState> IndexState::create(const std::string& directory) {
  auto fd = TRY(os::create_file(directory + "/state", 0600));
  IndexState state(std::move(fd));
  TRY(state.mark_dirty());
  return state;
}

Result<IndexState> IndexState::open(const std::string& directory, bool read_only) {
  const std::string path = directory + "/state";
  if (read_only) return IndexState(TRY(os::open_read(path)));
  return IndexState(TRY(os::open_read_write(path)));
}

Status IndexState::mark_dirty() {
  TRY(os::overwrite_start(fd_, encode_state({false, 0, os::boot_id()})));
  return os::sync_fd(fd_);
}

Status IndexState::mark_clean(std::uint64_t txn) {
  TRY(os::overwrite_start(fd_, encode_state({true, txn, os::boot_id()})));
  return os::sync_fd(fd_);
}

const char* health_name(IndexHealth health) {
  switch (health) {
    case IndexHealth::sound:
      return "sound";
    case IndexHealth::absent:
      return "absent";
    case IndexHealth::suspect:
      return "suspect";
    case IndexHealth::unsynced:
      return "not synced before the machine went down";
    case IndexHealth::damaged:
      return "damaged";
  }
  return "unknown";
}

namespace {

// True if something that is not a file has the name of one. LMDB would follow a symlink, and make the file that it
// names wherever that is.
Result<bool> is_misplaced(const std::string& directory) {
  for (const char* name : {"/data.mdb", "/lock.mdb", "/state"}) {
    const auto id = TRY(os::stat_file(directory + name, os::Links::keep));
    if (id && !id->is_regular()) return true;
    if (id && name == std::string_view("/state") && id->size > kStateFileMax) return true;
  }
  return false;
}

}  // namespace

Result<IndexHealth> check_index(const std::string& directory) {
  const auto id = TRY(os::stat_file(directory, os::Links::keep));
  if (!id) return IndexHealth::absent;
  if (!id->is_directory() || TRY(is_misplaced(directory))) return IndexHealth::damaged;
  std::uint64_t file_size = 0;
  const auto meta = TRY(newest_meta(directory, file_size));
  if (!meta) return IndexHealth::damaged;
  const auto bytes = TRY(os::read_file_if_exists(directory + "/state", kStateFileMax));
  const auto state = bytes ? decode_state(*bytes) : std::nullopt;
  if (!state) return IndexHealth::damaged;
  const bool same_boot = state->boot == os::boot_id();
  if (!same_boot && !(state->is_clean && state->txn == meta->txn)) return IndexHealth::unsynced;
  if (TRY(has_embedded_user_died_inside(directory))) {
    mark_suspect(suspect_path(directory).c_str());
    return IndexHealth::suspect;
  }
  const auto note = TRY(os::stat_file(suspect_path(directory)));
  if (note) return note->size == 0 ? IndexHealth::suspect : IndexHealth::damaged;
  // LMDB need not write pages that a transaction allocated and freed again, so a file a little shorter
  // than its last page can be sound. A truncated file looks the same.
  if (file_size < (meta->last_page + 1) * meta->page_size) return IndexHealth::suspect;
  return IndexHealth::sound;
}

std::string suspect_path(const std::string& directory) { return directory + "/suspect"; }

Status mark_index_damaged(const std::string& directory) {
  return os::write_file_atomic(suspect_path(directory), "damaged\n");
}

void mark_suspect(const char* path) { os::create_empty_file(path); }

}  // namespace deja::store
