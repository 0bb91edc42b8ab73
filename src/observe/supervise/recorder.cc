// SPDX-License-Identifier: Apache-2.0
// Each call is looked up in the table of calls.cc and handled by its kind. In doubt the log is marked as lost,
// which makes the run unpublishable but never wrong.
#include "observe/supervise/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "observe/preload/known_programs.h"
#include "observe/preload/log_layout.h"
#include "observe/supervise/calls.h"
#include "observe/supervise/log_writer.h"
#include "observe/supervise/tracee.h"
#include "os/fd.h"

namespace deja::observe::supervise {
namespace {

std::uint16_t open_flags(std::uint32_t flags) {
  std::uint32_t out = 0;
  const std::uint32_t access_mode = flags & O_ACCMODE;
  if (access_mode == O_RDONLY || access_mode == O_RDWR) out |= DEJA_OPEN_READ;
  if (access_mode != O_RDONLY) out |= DEJA_OPEN_WRITE;
  if ((flags & O_CREAT) != 0) out |= DEJA_OPEN_CREATE;
  if ((flags & O_EXCL) != 0) out |= DEJA_OPEN_EXCLUSIVE;
  if ((flags & O_TRUNC) != 0) out |= DEJA_OPEN_TRUNCATE;
  if ((flags & O_APPEND) != 0) out |= DEJA_OPEN_APPEND;
  if ((flags & O_NOFOLLOW) != 0) out |= DEJA_FLAG_NOFOLLOW;
  return static_cast<std::uint16_t>(out);
}

std::uint16_t look_flags(std::uint32_t at_flags) {
  return (at_flags & AT_SYMLINK_NOFOLLOW) != 0 ? DEJA_FLAG_NOFOLLOW : 0;
}

bool is_native(const seccomp_data& data) {
#if defined(__x86_64__)
  return data.arch == 0xc000003e && (data.nr & 0x40000000) == 0;
#else
  return data.arch == 0xc00000b7;
#endif
}

// True for a call that makes a fifo, a socket or a device.
bool is_made(const Syscall& call) {
#ifdef SYS_mknod
  if (call.number == SYS_mknod) return true;
#endif
  return call.number == SYS_mknodat;
}

// Sets the umask for one call, and restores ours afterwards.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() { ::umask(before_); }

 private:
  mode_t before_;
};

}  // namespace

int Recorder::SeenCall::at() const { return call.at < 0 ? AT_FDCWD : number(call.at); }

Recorder::Look Recorder::look_at(const Name& name, bool follow) {
  struct stat st;
  const int flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
  if (::fstatat(AT_FDCWD, name.lookup.c_str(), &st, flags) != 0) return {.error = errno};
  return {.identity = identity_of(st)};
}

void Recorder::record(const SeenCall& h, deja_op op, const Name& name, const Look& look,
                      std::uint16_t flags) {
  log_.write({.op = op,
              .flags = flags,
              .pid = h.process,
              .error = look.error,
              .text = name.text,
              .identity = look.error == 0 ? &look.identity : nullptr,
              .once = (flags & DEJA_OPEN_WRITE) == 0 || op != DEJA_OP_OPEN});
}

// --- processes -----------------------------------------------------------------------------------

void Recorder::report_in(pid_t process, std::uint16_t flags, pid_t parent,
                         const std::string& program, const std::string& directory) {
  log_.write({.op = DEJA_OP_PROCESS,
              .flags = flags,
              .pid = process,
              .value = static_cast<std::uint32_t>(parent),
              .text = program,
              .text2 = directory});
  // The variables that a program reads are not visible from outside.
  const bool is_known = deja_reads_single_variables(program.c_str());
  log_.write({.op = DEJA_OP_ENVIRON,
              .flags = static_cast<std::uint16_t>(DEJA_ENVIRON_SUPERVISED |
                                                  (is_known ? DEJA_ENVIRON_UNSEEN : 0U)),
              .pid = process});
}

pid_t Recorder::process_of(const Tracee& tracee) {
  const auto known = processes_.find(tracee.thread());
  if (known != processes_.end()) return known->second;
  const auto status = tracee.status();
  if (!status) {
    log_.lose(DEJA_LOST_PATH);
    return tracee.thread();
  }
  if (!has_our_rights(tracee)) log_.lose(DEJA_LOST_KERNEL);  // started in a namespace of its own
  processes_[tracee.thread()] = status->process;
  if (processes_.try_emplace(status->process, status->process).second ||
      status->process == tracee.thread())
    report_in(status->process, DEJA_PROCESS_FORKED, status->parent, tracee.program(),
              tracee.path_of(AT_FDCWD));
  return status->process;
}

// Called at the first call of a new program, before it has read the time. A setuid program has other
// rights than the supervisor, and may see other files.
void Recorder::finish_program(pid_t process) {
  if (fresh_.erase(process) == 0) return;
  const Tracee tracee(process);
  const auto status = tracee.status();
  if (!status || !has_our_rights(tracee)) return log_.lose(DEJA_LOST_KERNEL);
  if (filters_ == 0) filters_ = status->filters;
  // Other filters may forbid the clock's system calls.
  if (status->filters > filters_) return note_any_clock(process);
  if (!tracee.expose_clock())
    log_.write({.op = DEJA_OP_CLOCK,
                .flags = DEJA_FLAG_ONLY_ONCE,
                .pid = process,
                .value = DEJA_CLOCK_TIME});
}

void Recorder::note_any_clock(pid_t process) {
  for (const std::uint32_t asked : {DEJA_CLOCK_TIME, DEJA_CLOCK_REALTIME})
    log_.write({.op = DEJA_OP_CLOCK,
                .flags = DEJA_FLAG_ONLY_ONCE | DEJA_CLOCK_UNTOLD,
                .pid = process,
                .value = asked});
}

// Its filter may kill it for the system call that replaces a read of the vDSO clock.
void Recorder::before_sandbox(const seccomp_notif& notification) {
  const Syscall* call = is_native(notification.data) ? find_call(notification.data.nr) : nullptr;
  if (call == nullptr || call->kind != SyscallKind::sandbox) return;
  const Tracee tracee(static_cast<pid_t>(notification.pid));
  const auto status = tracee.status();
  // Another thread may be in that code now, also a thread of a vfork parent, whose memory this is.
  if (!status || status->threads != 1) return;
  const auto parent = Tracee(status->parent).status();
  const bool shares_memory =
      ::syscall(SYS_kcmp, status->process, status->parent, KCMP_VM, 0, 0) == 0;
  if (shares_memory && (!parent || parent->threads != 1)) return;
  tracee.cover_clock();
}

// From here on, its reads of the clock are not visible, nor those of a vfork parent with the same memory.
void Recorder::on_sandbox(const SeenCall& h) {
  note_any_clock(h.process);
  if (const auto status = h.tracee.status()) note_any_clock(status->parent);
}

void Recorder::finish() {
  log_.begin();
  outputs_.record_closed();
  for (const pid_t process : fresh_)
    log_.write({.op = DEJA_OP_CLOCK,
                .flags = DEJA_FLAG_ONLY_ONCE,
                .pid = process,
                .value = DEJA_CLOCK_TIME});
  fresh_.clear();
}

// --- receiving ---------------------------------------------------------------------------------------

void Recorder::handle(const seccomp_notif& notification) {
  const auto thread = static_cast<pid_t>(notification.pid);
  const Syscall* call = is_native(notification.data) ? find_call(notification.data.nr) : nullptr;
  const bool is_new = is_native(notification.data) && notification.data.nr > DEJA_NEWEST_CALL;
  if (call == nullptr || thread == 0) log_.lose(is_new ? DEJA_LOST_UNKNOWN : DEJA_LOST_KERNEL);
  before_sandbox(notification);
  if (call == nullptr || call->kind == SyscallKind::sandbox || call->kind == SyscallKind::confine ||
      call->kind == SyscallKind::hide)
    stand_ins_.give_up();
  // The log is unusable already, so recording would only take time.
  if (log_.has_lost()) return stand_in_or_let_go(notification);
  log_.begin();
  outputs_.record_closed();
  const Tracee tracee(thread);
  const SeenCall h{notification, *call, tracee, process_of(tracee)};
  finish_program(h.process);
  if (log_.has_lost() || dispatch(h) == Answer::later) stand_in_or_let_go(notification);
}

void Recorder::stand_in_or_let_go(const seccomp_notif& notification) {
  if (stand_ins_.take(notification)) return log_.lose(DEJA_LOST_KERNEL);
  listener_.let_go(notification.id);
}

Recorder::Answer Recorder::dispatch(const SeenCall& h) {
  if (h.call.path >= 0) return on_name(h);
  on_other(h);
  return Answer::later;
}

// Calls with a path, which is read and made absolute first.
Recorder::Answer Recorder::on_name(const SeenCall& h) {
  std::string path;
  const std::uint64_t address = h.argument(h.call.path);
  // utimensat without a path changes the descriptor's file.
  if (address == 0 && h.call.kind == SyscallKind::change && h.call.at >= 0)
    return on_change_fd(h), Answer::later;
  const TextRead read = h.tracee.text(address, path);
  if (!listener_.is_valid(h.notification.id)) return Answer::given;  // it has ended
  if (read == TextRead::denied) log_.lose(DEJA_LOST_PATH);
  if (read != TextRead::good || path.size() >= PATH_MAX) return Answer::later;
  const bool is_empty = path.empty();
  if (is_empty && h.call.kind == SyscallKind::change && (h.data() & AT_EMPTY_PATH) != 0)
    return on_change_fd(h), Answer::later;
  if (is_empty && h.call.kind != SyscallKind::exec && h.call.kind != SyscallKind::link)
    return Answer::later;
  const auto name = is_empty ? h.tracee.opened(h.at()) : h.tracee.name(h.at(), path);
  if (!name) {
    // A bad descriptor, or a removed directory: the call fails.
    if (is_empty || h.tracee.path_of(h.at()).empty()) log_.lose(DEJA_LOST_PATH);
    return Answer::later;
  }
  switch (h.call.kind) {
    case SyscallKind::open:
    case SyscallKind::openat2:
    case SyscallKind::creat:
      return on_open(h, *name);
    case SyscallKind::mkdir:
    case SyscallKind::unlink:
    case SyscallKind::symlink:
      return on_new_name(h, *name);
    case SyscallKind::rename:
    case SyscallKind::link:
      return on_two_names(h, *name);
    case SyscallKind::readlink:
      on_readlink(h, *name);
      break;
    case SyscallKind::exec:
      on_exec(h, *name);
      break;
    default:
      on_look(h, *name);
  }
  return Answer::later;
}

void Recorder::on_other(const SeenCall& h) {
  switch (h.call.kind) {
    case SyscallKind::change:
      return on_change_fd(h);
    case SyscallKind::list:
      return on_list(h);
    case SyscallKind::lock:
      return on_lock(h);
    case SyscallKind::connect:
      return on_connect(h);
    case SyscallKind::clock:
      return on_clock(h);
    case SyscallKind::sandbox:
      return on_sandbox(h);
    case SyscallKind::socket:
    case SyscallKind::talk:
      return log_.write({.op = DEJA_OP_CONNECT, .pid = h.process, .text = "socket", .once = true});
    case SyscallKind::host:
      return log_.write({.op = DEJA_OP_HOST,
                         .flags = DEJA_FLAG_ONLY_ONCE,
                         .pid = h.process,
                         .text = h.call.number == SYS_uname ? "uname" : "load",
                         .once = true});
    case SyscallKind::confine:
    case SyscallKind::hide:
      return log_.lose(DEJA_LOST_KERNEL);
    default:
      return;
  }
}

// --- examining ---------------------------------------------------------------------------------------

void Recorder::on_look(const SeenCall& h, const Name& name) {
  // faccessat2 has flags after its mode; faccessat has none.
  const std::uint32_t flags = h.call.kind != SyscallKind::access ? h.data()
                              : h.call.number == SYS_faccessat2
                                  ? static_cast<std::uint32_t>(h.argument(3))
                                  : 0;
  const std::uint16_t recorded = look_flags(flags);
  Look look = look_at(name, recorded == 0);
  if (h.call.kind == SyscallKind::access && look.error == 0 &&
      ::faccessat(AT_FDCWD, name.lookup.c_str(), static_cast<int>(h.data()),
                  static_cast<int>(flags & (AT_EACCESS | AT_SYMLINK_NOFOLLOW))) != 0)
    look.error = errno;
  // A missing file is not changed, unless the call makes it.
  if (is_made(h.call)) look.error = 0;
  const bool is_change = h.call.kind == SyscallKind::change && look.error == 0;
  if (h.call.kind == SyscallKind::statfs)
    log_.write({.op = DEJA_OP_HOST, .pid = h.process, .text = "filesystem", .once = true});
  record(h, is_change ? DEJA_OP_CHANGE : DEJA_OP_STAT, name, look, recorded);
}

void Recorder::on_readlink(const SeenCall& h, const Name& name) {
  std::array<char, PATH_MAX> text;
  const ssize_t size = ::readlink(name.lookup.c_str(), text.data(), text.size());
  const std::size_t length = size > 0 ? static_cast<std::size_t>(size) : 0;
  log_.write({.op = DEJA_OP_READLINK,
              .pid = h.process,
              .error = size < 0 ? errno : 0,
              .text = name.text,
              .text2 = {text.data(), length},
              .once = true});
}

void Recorder::on_list(const SeenCall& h) {
  const auto name = h.tracee.opened(h.at());
  if (!listener_.is_valid(h.notification.id)) return;
  if (!name) return log_.lose(DEJA_LOST_PATH);
  Look look = look_at(*name, true);
  if (look.is(S_IFDIR)) record(h, DEJA_OP_LIST, *name, look);
}

// The lock may have to wait, or fail. It is recorded as taken anyway, which only makes the run's result
// depend on more.
void Recorder::on_lock(const SeenCall& h) {
  const auto name = (h.data() & LOCK_EX) != 0 ? h.tracee.opened(h.at()) : std::nullopt;
  if (name) log_.write({.op = DEJA_OP_LOCK, .pid = h.process, .text = name->text, .once = true});
}

void Recorder::on_change_fd(const SeenCall& h) {
  const auto name = h.tracee.opened(h.at());
  if (name) record(h, DEJA_OP_CHANGE, *name, look_at(*name, true));  // otherwise a pipe or a socket
}

void Recorder::on_connect(const SeenCall& h) {
  struct sockaddr_un address = {};
  const std::uint64_t size = std::min<std::uint64_t>(h.argument(2), sizeof address);
  if (size < sizeof(sa_family_t) || !h.tracee.bytes(h.argument(1), &address, size)) return;
  std::string text = "socket";
  if (address.sun_family == AF_UNIX) {
    const std::size_t length = size - offsetof(struct sockaddr_un, sun_path);
    text = "unix:" + std::string(address.sun_path, length);
    if (length > 0 && address.sun_path[0] == '\0') text[5] = '@';
    text.resize(std::min(text.size(), text.find('\0')));
  }
  log_.write({.op = DEJA_OP_CONNECT, .pid = h.process, .text = text});
}

void Recorder::on_clock(const SeenCall& h) {
  // Only some libcs have their own calls for time() and gettimeofday().
  const bool is_any = h.call.number == SYS_clock_gettime;
  const bool is_time = !is_any && h.call.number != SYS_gettimeofday;
  const std::uint32_t flags = DEJA_FLAG_ONLY_ONCE | (is_any ? DEJA_CLOCK_UNTOLD : 0u);
  log_.write({.op = DEJA_OP_CLOCK,
              .flags = static_cast<std::uint16_t>(flags),
              .pid = h.process,
              .value = is_time ? DEJA_CLOCK_TIME : DEJA_CLOCK_REALTIME,
              .once = true});
}

// --- opening -------------------------------------------------------------------------------------

Recorder::Answer Recorder::on_open(const SeenCall& h, const Name& name) {
  std::uint32_t flags = h.data();
  auto mode =
      static_cast<mode_t>(h.call.kind == SyscallKind::open ? h.argument(h.call.data + 1) : 0);
  if (h.call.kind == SyscallKind::creat) {
    mode = flags;
    flags = O_CREAT | O_WRONLY | O_TRUNC;
  }
  if (h.call.kind == SyscallKind::openat2) {
    struct open_how how = {};
    if (!h.tracee.bytes(h.argument(h.call.data), &how, sizeof how)) return Answer::later;
    // A refusal because of these flags cannot be found out by stat.
    if (how.resolve != 0) log_.lose(DEJA_LOST_KERNEL);
    flags = static_cast<std::uint32_t>(how.flags);
    mode = static_cast<mode_t>(how.mode);
  }
  if ((flags & O_TMPFILE) == O_TMPFILE) return Answer::later;  // a file without a name
  const bool is_reading = (flags & O_ACCMODE) == O_RDONLY && (flags & (O_CREAT | O_TRUNC)) == 0;
  if (is_reading || (flags & O_PATH) != 0) return open_for_reading(h, name, flags);
  return open_for_writing(h, name, flags, mode);
}

Recorder::Answer Recorder::open_for_reading(const SeenCall& h, const Name& name,
                                            std::uint32_t flags) {
  const bool follow = (flags & O_NOFOLLOW) == 0;
  Look look = look_at(name, follow);
  const bool only_path = (flags & O_PATH) != 0;
  if (look.is(S_IFLNK) && !only_path) look.error = ELOOP;
  if (look.error == 0 && (flags & O_DIRECTORY) != 0 && !look.is(S_IFDIR)) look.error = ENOTDIR;
  if (look.error == 0 && !only_path && !name.is_own &&
      ::faccessat(AT_FDCWD, name.lookup.c_str(), R_OK, AT_EACCESS) != 0)
    look.error = errno;
  record(h, only_path ? DEJA_OP_STAT : DEJA_OP_OPEN, name, look,
         only_path ? look_flags(follow ? 0 : AT_SYMLINK_NOFOLLOW)
                   : open_flags(flags & (O_ACCMODE | O_NOFOLLOW)));
  return Answer::later;
}

bool Recorder::may_stand_in(const SeenCall& h, const Name& name) {
  if (!has_our_rights(h.tracee)) log_.lose(DEJA_LOST_KERNEL);
  return !name.is_own && !log_.has_lost() && listener_.is_valid(h.notification.id);
}

Recorder::Answer Recorder::open_for_writing(const SeenCall& h, const Name& name,
                                            std::uint32_t flags, mode_t mode) {
  std::uint16_t recorded = open_flags(flags);
  const Look link = look_at(name, false);
  const bool existed = link.error == 0 && (flags & O_CREAT) != 0 && (flags & O_EXCL) == 0;
  if (existed) recorded |= DEJA_OPEN_EXISTED;
  if (existed && link.is(S_IFREG) && link.identity.file_size == 0) recorded |= DEJA_OPEN_EMPTY;
  Look look = link.is(S_IFLNK) ? look_at(name, true) : link;
  // Opening a pipe could block, and opening a terminal could take it over.
  const bool is_plain = look.error != 0 || look.is(S_IFREG) || look.is(S_IFDIR);
  const auto status = h.tracee.status();
  if (!is_plain || !status || !may_stand_in(h, name)) {
    if (look.error == ENOENT && (flags & O_CREAT) != 0) log_.lose(DEJA_LOST_PATH);
    record(h, DEJA_OP_OPEN, name, look, recorded);
    return Answer::later;
  }
  const Umask umask(status->umask);
  const os::Fd fd(::open(name.lookup.c_str(),
                         static_cast<int>(flags | O_CLOEXEC | O_NOCTTY | O_LARGEFILE), mode));
  struct stat st;
  look = {.error = fd ? 0 : errno};
  if (look.error == EMFILE || look.error == ENFILE) {  // the supervisor's own limit, not the tool's
    log_.lose(DEJA_LOST_FULL);
    return Answer::later;
  }
  if (fd && ::fstat(fd.get(), &st) == 0) look.identity = identity_of(st);
  record(h, DEJA_OP_OPEN, name, look, recorded);
  if (!fd) return give(h, -look.error);
  outputs_.follow(fd, h.process);
  listener_.answer_with(h.notification.id, fd, (flags & O_CLOEXEC) != 0);
  return Answer::given;
}

// --- changing names ------------------------------------------------------------------------------

Recorder::Answer Recorder::give(const SeenCall& h, int result) {
  listener_.answer(h.notification.id, result);
  return Answer::given;
}

Recorder::Answer Recorder::on_new_name(const SeenCall& h, const Name& name) {
  const auto status = h.tracee.status();
  std::string text;
  if (h.call.kind == SyscallKind::symlink && h.tracee.text(h.argument(0), text) != TextRead::good)
    return Answer::later;
  if (!status || !may_stand_in(h, name)) {
    log_.lose(DEJA_LOST_PATH);
    return Answer::later;
  }
  const char* path = name.lookup.c_str();
  int result = 0;
  deja_op op = DEJA_OP_UNLINK;
  if (h.call.kind == SyscallKind::unlink) {
    result = ::unlinkat(AT_FDCWD, path, static_cast<int>(h.data()));
  } else if (h.call.kind == SyscallKind::symlink) {
    op = DEJA_OP_SYMLINK;
    result = ::symlink(text.c_str(), path);
  } else {
    op = DEJA_OP_MKDIR;
    const Umask umask(status->umask);
    result = ::mkdir(path, h.data());
  }
  const int error = result == 0 ? 0 : errno;
  log_.write({.op = op, .pid = h.process, .error = error, .text = name.text, .text2 = text});
  return give(h, -error);
}

Recorder::Answer Recorder::on_two_names(const SeenCall& h, const Name& name) {
  const int next = h.call.path + 1;
  const bool has_at = h.call.at >= 0;
  std::string path;
  if (h.tracee.text(h.argument(has_at ? next + 1 : next), path) != TextRead::good || path.empty())
    return Answer::later;
  const auto to = h.tracee.name(has_at ? h.number(next) : AT_FDCWD, path);
  if (!to || to->is_own || !may_stand_in(h, name)) {
    log_.lose(DEJA_LOST_PATH);
    return Answer::later;
  }
  std::uint16_t flags = 0;
  int result = 0;
  if (h.call.kind == SyscallKind::rename) {
    if ((h.data() & RENAME_EXCHANGE) != 0) flags |= DEJA_RENAME_EXCHANGE;
    if ((h.data() & RENAME_NOREPLACE) != 0) flags |= DEJA_RENAME_NOREPLACE;
    result = static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, name.lookup.c_str(), AT_FDCWD,
                                        to->lookup.c_str(), h.data()));
  } else {
    flags = DEJA_FLAG_NOFOLLOW;
    result = ::linkat(AT_FDCWD, name.lookup.c_str(), AT_FDCWD, to->lookup.c_str(),
                      static_cast<int>(h.data() & AT_SYMLINK_FOLLOW));
  }
  const int error = result == 0 ? 0 : errno;
  log_.write({.op = h.call.kind == SyscallKind::rename ? DEJA_OP_RENAME : DEJA_OP_LINK,
              .flags = flags,
              .pid = h.process,
              .error = error,
              .text = name.text,
              .text2 = to->text});
  return give(h, -error);
}

}  // namespace deja::observe::supervise
