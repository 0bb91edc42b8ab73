// SPDX-License-Identifier: Apache-2.0
// The part of Recorder for new programs. The kernel reads a program's file, a script's interpreter and
// a program's loader without a system call.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "observe/supervise/recorder.h"
#include "os/fd.h"

namespace deja::observe::supervise {
namespace {

constexpr int kInterpretersMax = 5;  // the kernel's limit
#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#else
constexpr unsigned kMachine = EM_AARCH64;
#endif

bool is_ours(const Elf64_Ehdr& header) {
  return header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == kMachine;
}

// The loader (PT_INTERP) of a program; empty: it is static.
std::string loader_of(const os::Fd& fd, const Elf64_Ehdr& header) {
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    const auto at = static_cast<off_t>(header.e_phoff + i * sizeof segment);
    if (::pread(fd.get(), &segment, sizeof segment, at) != sizeof segment) break;
    if (segment.p_type != PT_INTERP || segment.p_filesz < 2 || segment.p_filesz > PATH_MAX)
      continue;
    std::string text(segment.p_filesz - 1, '\0');
    const ssize_t got =
        ::pread(fd.get(), text.data(), text.size(), static_cast<off_t>(segment.p_offset));
    if (got == static_cast<ssize_t>(text.size())) return text;
  }
  return {};
}

std::string path_of(const os::Fd& fd) {
  std::array<char, PATH_MAX> text;
  const std::string own = "/proc/self/fd/" + std::to_string(fd.get());
  const ssize_t size = ::readlink(own.c_str(), text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

std::string Recorder::load_script(const SeenCall& h, std::string_view line, int depth) {
  const std::size_t from = line.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  const std::size_t to = line.find_first_of(" \t\n", from);
  const auto name =
      h.tracee.name(AT_FDCWD, std::string(line.substr(from, to == line.npos ? to : to - from)));
  if (!name || depth >= kInterpretersMax) return {};
  return load_program(h, *name, depth + 1);
}

// Records the files that the kernel reads to start this one. Returns the path of the program that runs in
// the end; empty if it cannot be determined.
std::string Recorder::load_program(const SeenCall& h, const Name& name, int depth) {
  const os::Fd fd(::open(name.lookup.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return {};
  if (depth > 0) record(h, DEJA_OP_OPEN, name, look_at(name, true), DEJA_OPEN_READ);
  union {
    char bytes[512];
    Elf64_Ehdr elf;
  } head = {};
  const ssize_t size = ::pread(fd.get(), head.bytes, sizeof head.bytes, 0);
  if (size > 2 && head.bytes[0] == '#' && head.bytes[1] == '!')
    return load_script(h, std::string_view(head.bytes, static_cast<std::size_t>(size)).substr(2),
                       depth);
  if (size < static_cast<ssize_t>(sizeof head.elf) ||
      std::memcmp(head.bytes, ELFMAG, SELFMAG) != 0 || !is_ours(head.elf))
    return {};
  if (const std::string loader = loader_of(fd, head.elf); !loader.empty()) {
    const auto loader_name = h.tracee.name(AT_FDCWD, loader);
    if (!loader_name) return {};
    record(h, DEJA_OP_OPEN, *loader_name, look_at(*loader_name, true), DEJA_OPEN_READ);
  }
  return path_of(fd);
}

void Recorder::on_exec(const SeenCall& h, const Name& name) {
  Look look = look_at(name, true);
  if (look.error == 0 &&
      (!look.is(S_IFREG) || ::faccessat(AT_FDCWD, name.lookup.c_str(), X_OK, AT_EACCESS) != 0))
    look.error = EACCES;
  if (look.error != 0) return record(h, DEJA_OP_EXEC_FAILED, name, look);
  if (log_.is_client(look.identity)) {
    // The client would ask an engine, and may start one, inside this run.
    log_.lose(DEJA_LOST_KERNEL);
    return;
  }
  log_.write({.op = DEJA_OP_EXEC, .pid = h.process, .text = name.text, .identity = &look.identity});
  const std::string program = load_program(h, name, 0);
  // Neither a program of this machine nor a script: the kernel refuses it, or binfmt_misc runs it.
  if (program.empty()) return log_.lose(DEJA_LOST_UNKNOWN);
  report_in(h.process, 0, 0, program, h.tracee.path_of(AT_FDCWD));
  fresh_.insert(h.process);
}

}  // namespace deja::observe::supervise
