// SPDX-License-Identifier: Apache-2.0
// Each method walks from the open root to the object's directory, one component at a time, and so follows no symlink.
// Only the root stays open: a directory below it that somebody removes is made again by the next put.
#include "remote/directory_transport.h"

#include <cerrno>
#include <random>
#include <utility>

#include "base/bytes.h"
#include "os/clock.h"
#include "os/file.h"
#include "remote/sha256.h"
#include "remote/source.h"

namespace deja::remote {
namespace {

constexpr std::size_t kFilePieceBytes = 256 << 10;

const char* directory_of(Kind kind) { return kind == Kind::record ? "ac" : "cas"; }

std::string random_name() {
  std::random_device random;
  std::string bytes(16, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return to_hex(bytes);
}

// On NFS a file that was replaced on another machine may have become stale between two calls.
bool is_stale(const Error& error) { return error.sys_errno == ESTALE; }

}  // namespace

// A file in tmp/, removed unless it was placed.
struct DirectoryTransport::Temp {
  DirectoryPtr directory;
  std::string name;
  bool placed = false;

  Temp(DirectoryPtr in, std::string as) : directory(std::move(in)), name(std::move(as)) {}
  Temp(Temp&& other) noexcept
      : directory(std::move(other.directory)),
        name(std::move(other.name)),
        placed(std::exchange(other.placed, true)) {}
  Temp& operator=(Temp&&) = delete;
  ~Temp() {
    if (!placed) ignore(directory->remove(name), "it is removed later as a dead writer's");
  }
};

DirectoryTransport::DirectoryTransport(std::string root, std::function<std::int64_t()> now_ns)
    : root_(std::move(root)), now_ns_(now_ns ? std::move(now_ns) : os::monotonic_ns) {}

Status DirectoryTransport::check(Deadline deadline) const {
  if (stopped_) return Error{Code::unavailable, 0, name() + ": stopped"};
  if (deadline.is_past(now_ns_()))
    return Error{Code::timeout, 0, name() + ": the deadline has passed"};
  return {};
}

// What the errno of a file means for a remote.
Error DirectoryTransport::explain(Error error) const {
  if (error.message.starts_with(name())) return error;
  switch (error.sys_errno) {
    case EIO:
    case ESTALE:
    case ENOTCONN:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case EMFILE:
    case ENFILE:
      error.code = Code::unavailable;
      break;
    case EFBIG:
      error.code = Code::no_space;
      break;
    case ELOOP:
    case ENOTDIR:
      error.code = Code::denied;
      error.message += " (symlinks in a shared directory are not followed: remove it)";
      break;
    default:
      break;
  }
  return std::move(error).context(name());
}

Result<DirectoryTransport::DirectoryPtr> DirectoryTransport::root() {
  const MutexLock lock(mutex_);
  if (open_root_) {
    // Somebody may have removed the directory and made a new one.
    const auto identity = open_root_->identity();
    if (identity && identity->links != 0) return open_root_;
    open_root_.reset();
  }
  auto found = os::Directory::open(root_);
  if (found && !*found) {
    // Its mode is the choice of who owns it. Until somebody chooses, it is private.
    const Status made = os::make_directory(root_, 0700);
    if (!made)
      return Error{Code::unavailable, made.error().sys_errno,
                   name() + " does not exist and cannot be created: create or mount it (" +
                       made.error().message + ")"};
    found = os::Directory::open(root_);
  }
  if (!found) return explain(std::move(found).error());
  if (!*found) return Error{Code::unavailable, ENOENT, name() + " was removed again"};
  open_root_ = std::make_shared<const os::Directory>(std::move(**found));
  return open_root_;
}

Result<DirectoryTransport::DirectoryPtr> DirectoryTransport::enter(const std::string& directory,
                                                                   bool make) {
  const DirectoryPtr root = TRY(this->root());
  auto entered = root->enter(directory);
  if (entered && !*entered && make) {
    const auto identity = TRY(root->identity());
    TRY(root->make(directory, identity.mode & 07777));
    entered = root->enter(directory);
  }
  if (!entered) return std::move(entered).error();
  if (!*entered) return DirectoryPtr();
  return std::make_shared<const os::Directory>(std::move(**entered));
}

Result<std::optional<os::Directory>> DirectoryTransport::fan_out(const Name& name, bool make) {
  const DirectoryPtr kind = TRY(enter(directory_of(name.kind), make));
  if (!kind) return std::optional<os::Directory>();
  const std::string two = name.hex().substr(0, 2);
  auto entered = TRY(kind->enter(two));
  if (!entered && make) {
    const auto identity = TRY(kind->identity());
    TRY(kind->make(two, identity.mode & 07777));
    entered = TRY(kind->enter(two));
  }
  return entered;
}

Result<bool> DirectoryTransport::stream(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                                        Deadline deadline) {
  const auto directory = TRY(fan_out(name, false));
  if (!directory) return false;
  const auto file = TRY(directory->open_file(name.hex()));
  if (!file) return false;
  const std::uint64_t size = TRY(os::stat_fd(*file)).size;
  if (size > max_bytes)
    return Error{Code::protocol, 0,
                 name.path() + " has " + std::to_string(size) + " bytes, at most " +
                     std::to_string(max_bytes) + " were asked for"};
  const auto each = [&](std::string_view piece) -> Status {
    TRY(check(deadline));
    return sink(piece);
  };
  TRY(read_source({.file = &*file, .size = size}, kFilePieceBytes, each));
  return true;
}

Result<bool> DirectoryTransport::get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                                        Deadline deadline) {
  TRY(check(deadline));
  constexpr int kTries = 3;
  bool delivered = false;
  bool refused = false;
  const auto guarded = [&](std::string_view piece) {
    delivered = true;
    Status taken = sink(piece);
    refused = !taken;
    return taken;
  };
  for (int i = 1;; ++i) {
    auto got = stream(name, max_bytes, guarded, deadline);
    if (got || refused) return got;
    if (i == kTries || delivered || !is_stale(got.error())) return explain(std::move(got).error());
  }
}

Result<std::optional<Object>> DirectoryTransport::read(const Name& name, std::uint64_t max_bytes,
                                                       Deadline deadline) {
  Object object;
  const auto append = [&object](std::string_view piece) {
    object.bytes.append(piece);
    return Status();
  };
  if (!TRY(get_to(name, max_bytes, append, deadline))) return std::optional<Object>();
  if (name.kind == Kind::record) object.version = sha256_hex(object.bytes);
  return std::optional(std::move(object));
}

Result<std::optional<Object>> DirectoryTransport::get(const Name& name, std::uint64_t max_bytes,
                                                      Deadline deadline) {
  return read(name, max_bytes, deadline);
}

Result<std::vector<std::optional<Object>>> DirectoryTransport::get_many(std::span<const Name> names,
                                                                        std::uint64_t max_bytes,
                                                                        Deadline deadline) {
  std::vector<std::optional<Object>> objects;
  objects.reserve(names.size());
  for (const Name& name : names) objects.push_back(TRY(read(name, max_bytes, deadline)));
  return objects;
}

Result<std::vector<bool>> DirectoryTransport::exists(std::span<const Name> names,
                                                     Deadline deadline) {
  std::vector<bool> found;
  found.reserve(names.size());
  for (const Name& name : names) {
    TRY(check(deadline));
    auto directory = fan_out(name, false);
    if (!directory) return explain(std::move(directory).error());
    if (!*directory) {
      found.push_back(false);
      continue;
    }
    auto identity = (*directory)->stat(name.hex());
    if (!identity) return explain(std::move(identity).error());
    found.push_back(*identity && (*identity)->is_regular());
  }
  return found;
}

// Temporary files are compared with one that was just written: both dates are of the same clock, the file server's.
void DirectoryTransport::remove_dead(const os::Directory& temps, const os::FileIdentity& own) {
  if (cleaned_.exchange(true)) return;
  const auto names = temps.list();
  if (!names) return;
  for (const std::string& name : *names) {
    const auto identity = temps.stat(name);
    if (identity && *identity && (*identity)->mtime_ns < own.mtime_ns - kTempAgeMax_ns)
      ignore(temps.remove(name), "the next writer tries again");
  }
}

Result<DirectoryTransport::Temp> DirectoryTransport::write_temp(const Source& source,
                                                                Deadline deadline) {
  const DirectoryPtr temps = TRY(enter("tmp", true));
  const DirectoryPtr top = TRY(root());
  const auto rights = TRY(top->identity());
  Temp temp(temps, random_name());
  // Objects are replaced and never written again, so nobody needs to write.
  const os::Fd file = TRY(temps->create(temp.name, rights.mode & 0444));
  const auto write = [&](std::string_view piece) -> Status {
    TRY(check(deadline));
    return os::write_fd(file, piece);
  };
  TRY(read_source(source, kFilePieceBytes, write));
  // Else a machine that fails could leave the name of an object with none of its bytes.
  TRY(os::sync_fd(file));
  const auto own = TRY(os::stat_fd(file));
  remove_dead(*temps, own);
  return temp;
}

Status DirectoryTransport::put(const Name& name, const Source& source, Deadline deadline) {
  TRY(check(deadline));
  const auto attempt = [&]() -> Status {
    const auto directory = TRY(fan_out(name, true));
    if (!directory) return Error{Code::unavailable, 0, "its directory was removed"};
    Temp temp = TRY(write_temp(source, deadline));
    TRY(check(deadline));
    TRY(temp.directory->rename(temp.name, *directory, name.hex()));
    temp.placed = true;
    return {};
  };
  Status done = attempt();
  if (!done) return explain(std::move(done).error());
  return {};
}

Result<Put> DirectoryTransport::place(Temp& temp, const Name& name, const os::Directory& directory,
                                      const std::string& version, Deadline deadline) {
  if (version.empty()) {
    auto linked = temp.directory->link(temp.name, directory, name.hex());
    if (linked && *linked) return Put::stored;
    // A repeated request of NFS may say "exists" though the first one made the link.
    const auto own = TRY(temp.directory->stat(temp.name));
    if (own && own->links == 2) return Put::stored;
    if (linked) return Put::lost;
    // File systems without hard links: look, then rename.
    const int failed = linked.error().sys_errno;
    if (failed != EPERM && failed != EOPNOTSUPP && failed != ENOSYS && failed != EMLINK)
      return std::move(linked).error();
    if (TRY(directory.stat(name.hex()))) return Put::lost;
  } else {
    const auto present = TRY(read(name, ~0ULL, deadline));
    if (!present || sha256_hex(present->bytes) != version) return Put::lost;
  }
  TRY(temp.directory->rename(temp.name, directory, name.hex()));
  temp.placed = true;
  return Put::stored;
}

Result<Put> DirectoryTransport::replace(const Name& name, std::string_view bytes,
                                        const std::string& version, Deadline deadline) {
  TRY(check(deadline));
  const auto attempt = [&]() -> Result<Put> {
    const auto directory = TRY(fan_out(name, true));
    if (!directory) return Error{Code::unavailable, 0, "its directory was removed"};
    Temp temp = TRY(write_temp({.bytes = bytes}, deadline));
    return place(temp, name, *directory, version, deadline);
  };
  auto done = attempt();
  if (!done) return explain(std::move(done).error());
  return done;
}

Result<bool> DirectoryTransport::remove(const Name& name, Deadline deadline) {
  TRY(check(deadline));
  auto directory = fan_out(name, false);
  if (!directory) return explain(std::move(directory).error());
  if (!*directory) return false;
  auto removed = (*directory)->remove(name.hex());
  if (!removed) return explain(std::move(removed).error());
  return removed;
}

Status DirectoryTransport::list_kind(Kind kind, const std::function<bool(const Listed&)>& each,
                                     Deadline deadline, bool& more) {
  const DirectoryPtr top = TRY(enter(directory_of(kind), false));
  if (!top) return {};
  for (const std::string& two : TRY(top->list())) {
    TRY(check(deadline));
    if (two.size() != 2) continue;
    const auto directory = top->enter(two);
    if (!directory || !*directory) continue;  // not ours, or gone by now
    for (const std::string& hex : TRY((*directory)->list())) {
      const auto name = Name::from_path(std::string(directory_of(kind)) + "/" + hex);
      if (!name || !hex.starts_with(two)) continue;
      const auto identity = TRY((*directory)->stat(hex));
      if (!identity || !identity->is_regular()) continue;
      more = each({*name, identity->size});
      if (!more) return {};
    }
  }
  return {};
}

Status DirectoryTransport::list(const std::function<bool(const Listed&)>& each, Deadline deadline) {
  TRY(check(deadline));
  bool more = true;
  for (const Kind kind : {Kind::record, Kind::blob}) {
    if (!more) break;
    Status done = list_kind(kind, each, deadline, more);
    if (!done) return explain(std::move(done).error());
  }
  return {};
}

}  // namespace deja::remote
