// SPDX-License-Identifier: Apache-2.0
// The same protocol as in preload/record.c: reserve room by one fetch_add, fill the record, store its size
// with release order. Equal records are recognised by a 64-bit hash.
#include "observe/supervise/log_writer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "os/fd.h"

namespace deja::observe::supervise {
namespace {

// The number of records remembered for dropping equal ones; some 40 bytes each.
constexpr std::size_t kSeenMax = 1 << 16;

std::int64_t now_ns() {
  struct timespec now = {};
  // The kernel stamps files with this clock; CLOCK_REALTIME would be ahead of it.
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::uint64_t mix(std::uint64_t h, std::uint64_t value) {
  h = (h ^ value) * 0x9fb21c651e98df25ULL;
  return h ^ (h >> 29);
}

std::uint64_t mix(std::uint64_t h, std::string_view text) {
  h = mix(h, text.size());
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix(h, 0x8ebc6af09c88c6e3ULL);
}

}  // namespace

deja_log_identity identity_of(const struct stat& st) {
  const auto ns = [](const struct timespec& t) {
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
  };
  return {st.st_dev,      st.st_ino,  static_cast<std::uint64_t>(st.st_size), ns(st.st_mtim),
          ns(st.st_ctim), st.st_mode, static_cast<std::uint32_t>(st.st_nlink)};
}

bool LogWriter::open(const char* path) {
  const os::Fd fd(::open(path, O_RDWR | O_CLOEXEC));
  deja_log_header header;
  if (!fd || ::pread(fd.get(), &header, sizeof header, 0) != sizeof header) return false;
  if (header.magic != DEJA_LOG_MAGIC || header.version != DEJA_LOG_VERSION ||
      header.capacity <= DEJA_LOG_HEADER_BYTES)
    return false;
  void* memory = ::mmap(nullptr, header.capacity, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return false;
  memory_ = static_cast<char*>(memory);
  capacity_ = header.capacity;
  return true;
}

void LogWriter::begin() { when_ns_ = now_ns(); }

void LogWriter::lose(deja_lost why) {
  if (memory_ == nullptr) return;
  void* const start = memory_;
  auto* header = static_cast<deja_log_header*>(start);
  __atomic_fetch_or(&header->lost, static_cast<std::uint32_t>(why), __ATOMIC_RELAXED);
}

bool LogWriter::has_lost() const {
  if (memory_ == nullptr) return true;
  const void* const start = memory_;
  return __atomic_load_n(&static_cast<const deja_log_header*>(start)->lost, __ATOMIC_RELAXED) != 0;
}

bool LogWriter::is_client(const deja_log_identity& file) const {
  if (memory_ == nullptr) return false;
  const void* const start = memory_;
  const auto* header = static_cast<const deja_log_header*>(start);
  return header->client_inode != 0 && header->client_inode == file.inode &&
         header->client_device == file.device;
}

bool LogWriter::is_repeated(const NewRecord& r) {
  std::uint64_t h = mix(mix(mix(1, r.op), r.flags), static_cast<std::uint32_t>(r.pid));
  h = mix(mix(mix(mix(h, static_cast<std::uint32_t>(r.error)), r.value), r.text), r.text2);
  if (r.identity != nullptr) {
    const deja_log_identity& id = *r.identity;
    for (const std::uint64_t value :
         {id.device, id.inode, id.file_size, static_cast<std::uint64_t>(id.mtime_ns),
          static_cast<std::uint64_t>(id.ctime_ns), std::uint64_t{id.mode}})
      h = mix(h, value);
  }
  if (seen_.size() >= kSeenMax) seen_.clear();
  return !seen_.insert(h).second;
}

void LogWriter::write(const NewRecord& r) {
  // Records of the previous program do not make those of its successor superfluous.
  if (r.op == DEJA_OP_PROCESS) seen_.clear();
  if (memory_ == nullptr || (r.once && is_repeated(r))) return;
  const std::size_t fixed =
      sizeof(deja_log_record) + (r.identity != nullptr ? sizeof(deja_log_identity) : 0);
  const std::uint64_t size = (fixed + r.text.size() + r.text2.size() + 7) & ~std::uint64_t{7};
  void* const start = memory_;
  auto* header = static_cast<deja_log_header*>(start);
  const std::uint64_t at = __atomic_fetch_add(&header->tail, size, __ATOMIC_RELAXED);
  if (at > capacity_ || size > capacity_ - at) return lose(DEJA_LOST_FULL);
  deja_log_record record = {};
  record.op = static_cast<std::uint16_t>(r.op);
  record.flags =
      static_cast<std::uint16_t>(r.flags | (r.identity != nullptr ? DEJA_FLAG_IDENTITY : 0));
  record.pid = r.pid;
  record.error = r.error;
  record.value = r.value;
  record.when_ns = when_ns_ != 0 ? when_ns_ : now_ns();
  record.text_size = static_cast<std::uint32_t>(r.text.size());
  record.text2_size = static_cast<std::uint32_t>(r.text2.size());
  char* out = memory_ + at;
  std::memcpy(out, &record, sizeof record);
  if (r.identity != nullptr) std::memcpy(out + sizeof record, r.identity, sizeof *r.identity);
  out += fixed;
  if (!r.text.empty()) std::memcpy(out, r.text.data(), r.text.size());
  if (!r.text2.empty()) std::memcpy(out + r.text.size(), r.text2.data(), r.text2.size());
  void* const place = memory_ + at;
  __atomic_store_n(&static_cast<deja_log_record*>(place)->size, static_cast<std::uint32_t>(size),
                   __ATOMIC_RELEASE);
}

}  // namespace deja::observe::supervise
