// SPDX-License-Identifier: Apache-2.0
// Places what the engine would place in the same way (pipeline/materialize.cc): first all files under temporary names
// next to their places, then each one is renamed. Only the simple case is done here; for every other one the answer
// is false, and the engine decides.
#include "client/place.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "os/fd.h"
#include "os/io.h"
#include "os/places.h"
#include "os/spare.h"
#include "os/text_buffer.h"
#include "wire/answer_table.h"
#include "wire/codec.h"

namespace deja::client {
namespace {

constexpr std::size_t kCopiedAtOnce = 64 << 20;

// For one path at a time: a page that is touched costs 2 µs.
char scratch[os::kPlaceMax];

// What an answer says of one file. The texts point into the answer; the paths end with a NUL.
struct Record {
  std::string_view content;
  const char* path = nullptr;
  const char* blob = nullptr;
  std::uint32_t flags = 0, mode = 0;
  std::uint64_t size = 0, device = 0, inode = 0, mtime_ns = 0, ctime_ns = 0;
};

// Null: it is no path.
const char* read_path(wire::Reader& r) {
  const std::string_view text = r.text();
  return text.size() > 1 && text[0] == '/' && text.find('\0') == text.size() - 1 ? text.data()
                                                                                 : nullptr;
}

Record read_record(wire::Reader& r) {
  Record out;
  out.path = read_path(r);
  out.flags = r.u32();
  out.mode = r.u32();
  if ((out.flags & wire::kFileInline) != 0) {
    out.content = r.text();
    return out;
  }
  out.blob = read_path(r);
  for (std::uint64_t* v : {&out.size, &out.device, &out.inode, &out.mtime_ns, &out.ctime_ns})
    *v = r.u64();
  return out;
}

std::uint64_t nanoseconds(const struct timespec& t) {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(t.tv_nsec);
}

// In scratch; null: it is too long.
const char* temporary_name(const char* path, std::uint32_t serial) {
  const std::string_view whole = path;
  os::TextBuffer name(scratch, sizeof(scratch));
  name.add(whole.substr(0, whole.rfind('/'))).add("/.deja-");
  name.add_number(static_cast<std::uint64_t>(::getpid()), 10).add("-c").add_number(serial, 10);
  return name.fits() ? scratch : nullptr;
}

// As check_place() of pipeline/materialize.cc.
bool may_replace(const Record& record) {
  struct stat there = {};
  if (::lstat(record.path, &there) != 0) return true;
  if (!S_ISREG(there.st_mode) || ::access(record.path, W_OK) != 0) return false;
  if ((record.flags & wire::kFileKeepsPlace) == 0) return true;
  return there.st_nlink == 1 && there.st_uid == ::geteuid() &&
         (there.st_mode & 07777) == record.mode;
}

bool copy_blob(const Record& record, int to, std::uint64_t* cloned_bytes) {
  if (record.blob == nullptr) return false;
  const os::Fd from(::open(record.blob, O_RDONLY | O_NOFOLLOW));
  struct stat st = {};
  if (!from || ::fstat(from.get(), &st) != 0 ||
      static_cast<std::uint64_t>(st.st_size) != record.size || st.st_dev != record.device ||
      st.st_ino != record.inode || nanoseconds(st.st_mtim) != record.mtime_ns ||
      nanoseconds(st.st_ctim) != record.ctime_ns)
    return false;
  if (::ioctl(to, FICLONE, from.get()) == 0) {
    *cloned_bytes += record.size;
    return true;
  }
  std::uint64_t copied = 0;
  while (copied < record.size) {
    ssize_t n = ::copy_file_range(from.get(), nullptr, to, nullptr, kCopiedAtOnce, 0);
    if (n < 0) n = ::sendfile(to, from.get(), nullptr, kCopiedAtOnce);  // another file system
    if (n <= 0) return false;
    copied += static_cast<std::uint64_t>(n);
  }
  return true;
}

// <cache>/spares/<64 hex> for the blob <cache>/blobs/<2 hex>/<62 hex>, the store's names (store/layout.h).
bool take_spare(const Record& record, const char* to) {
  constexpr std::string_view kBlobs = "/blobs/";
  constexpr std::size_t kNameLength = 65;  // with the slash
  if (record.blob == nullptr || record.size < os::kSpareMin) return false;
  const std::string_view blob = record.blob;
  if (blob.size() < kBlobs.size() + kNameLength) return false;
  const std::size_t root = blob.size() - kBlobs.size() - kNameLength;
  if (blob.substr(root, kBlobs.size()) != kBlobs) return false;
  char path[os::kPlaceMax];
  os::TextBuffer spare(path, sizeof(path));
  const std::string_view name = blob.substr(root + kBlobs.size());
  spare.add(blob.substr(0, root)).add("/spares/").add(name.substr(0, 2)).add(name.substr(3));
  return spare.fits() && os::take_spare(path, to, static_cast<mode_t>(record.mode));
}

// Makes the whole file under its temporary name. Descriptors are closed before anything is executed, and musl makes
// two system calls of an open with O_CLOEXEC.
bool make_temporary(const Record& record, std::uint32_t serial, std::uint64_t* cloned_bytes) {
  const char* const name = temporary_name(record.path, serial);
  if (name == nullptr) return false;
  if (take_spare(record, name)) return true;
  const os::Fd to(::open(name, O_RDWR | O_CREAT | O_EXCL, record.mode));
  if (!to) return false;
  // A default ACL of the directory takes the umask's place (acl(5)), so the mode is always set.
  bool done = ::fchmod(to.get(), record.mode) == 0;
  if ((record.flags & wire::kFileInline) != 0) {
    done = done && os::write_all(to.get(), record.content.data(), record.content.size()) == 0;
  } else {
    done = done && copy_blob(record, to.get(), cloned_bytes);
  }
  if (!done) ::unlink(name);
  return done;
}

// An old file is unlinked first, as compilers do it; ext4 writes a file that is renamed over another one to the disk
// at once (auto_da_alloc, ext4(5)).
bool put_in_place(const Record& record, std::uint32_t serial) {
  ::unlink(record.path);
  return ::rename(temporary_name(record.path, serial), record.path) == 0;
}

// No signal ends this process between a temporary name and its place while this exists (SIGKILL does). A write beyond
// the limit of a file's size fails, and sends no signal (setrlimit(2), RLIMIT_FSIZE).
class SignalsHeld {
 public:
  SignalsHeld() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGXFSZ, &ignore, &before_);
    sigset_t all;
    ::sigfillset(&all);
    ::sigdelset(&all, SIGXFSZ);  // the kernel keeps a blocked signal though it is ignored
    ::sigprocmask(SIG_BLOCK, &all, &mask_);
  }
  ~SignalsHeld() {
    ::sigaction(SIGXFSZ, &before_, nullptr);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  struct sigaction before_ = {};
  sigset_t mask_;
};

}  // namespace

Placed place_files(std::string_view answer) {
  Record records[wire::kTableFilesMax];
  wire::Reader r(answer.data(), answer.size());
  const std::uint32_t count = r.u32();
  Placed out;
  if (r.failed() || count > wire::kTableFilesMax) return out;
  const SignalsHeld held;
  std::uint32_t made = 0;
  for (; made < count; ++made) {
    Record& record = records[made];
    record = read_record(r);
    if (r.failed() || record.path == nullptr || !may_replace(record) ||
        !make_temporary(record, made, &out.cloned_bytes))
      break;
  }
  out.replay = r.raw(r.left());
  std::uint32_t placed = 0;
  if (made == count && !r.failed())
    while (placed < made && put_in_place(records[placed], placed)) ++placed;
  for (std::uint32_t i = placed; i < made; ++i) ::unlink(temporary_name(records[i].path, i));
  out.done = placed == count && made == count && !r.failed();
  return out;
}

}  // namespace deja::client
