// SPDX-License-Identifier: Apache-2.0
// Memory is read by process_vm_readv(2), everything else from /proc/PID. A path is valid only while the caller
// waits in its call, so the recorder checks that after reading (Listener::is_valid()).
#include "observe/supervise/tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "os/fd.h"

namespace deja::observe::supervise {
namespace {

std::string read_link(const std::string& path) {
  std::array<char, PATH_MAX> text;
  const ssize_t size = ::readlink(path.c_str(), text.data(), text.size());
  if (size <= 0 || static_cast<std::size_t>(size) == text.size()) return {};
  return {text.data(), static_cast<std::size_t>(size)};
}

// The part of a path below a prefix of whole components; empty if it is not below it.
std::optional<std::string_view> below(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return std::nullopt;
  const std::string_view rest = path.substr(prefix.size());
  if (!rest.empty() && rest.front() != '/') return std::nullopt;
  return rest;
}

}  // namespace

std::string read_text(const std::string& path) {
  const os::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 8192> bytes;
  const ssize_t size = fd ? ::read(fd.get(), bytes.data(), bytes.size()) : -1;
  return size <= 0 ? std::string() : std::string(bytes.data(), static_cast<std::size_t>(size));
}

std::optional<unsigned long> field(std::string_view text, std::string_view name, int base) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  const char* from = text.data() + at + name.size();
  unsigned long value = 0;
  const auto [end, error] = std::from_chars(from, text.data() + text.size(), value, base);
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::string Tracee::proc(const char* what) const {
  return "/proc/" + std::to_string(thread_) + "/" + what;
}

bool Tracee::bytes(std::uint64_t address, void* out, std::size_t size) const {
  const struct iovec here = {out, size};
  const struct iovec there = {remote_pointer(address), size};
  return ::process_vm_readv(thread_, &here, 1, &there, 1, 0) == static_cast<ssize_t>(size);
}

// Reads page by page: the page after the end of the text may not be mapped.
TextRead Tracee::text(std::uint64_t address, std::string& out) const {
  constexpr std::uint64_t kPage = 4096;
  out.clear();
  while (out.size() < PATH_MAX) {
    char part[kPage];
    const std::size_t size = kPage - address % kPage;
    const struct iovec here = {part, size};
    const struct iovec there = {remote_pointer(address), size};
    const ssize_t got = ::process_vm_readv(thread_, &here, 1, &there, 1, 0);
    if (got <= 0) return got < 0 && errno == EFAULT ? TextRead::bad_address : TextRead::denied;
    const std::string_view all(part, static_cast<std::size_t>(got));
    const std::size_t end = all.find('\0');
    out.append(all.substr(0, end));
    if (end != std::string_view::npos) return TextRead::good;
    address += static_cast<std::uint64_t>(got);
  }
  return TextRead::good;  // too long for the kernel too, which returns ENAMETOOLONG
}

bool Tracee::long_text(std::uint64_t address, std::size_t max, std::string& out) const {
  constexpr std::uint64_t kPage = 4096;
  out.clear();
  while (out.size() <= max) {
    char part[kPage];
    const std::size_t size = kPage - address % kPage;
    if (!bytes(address, part, size)) return false;
    const std::string_view all(part, size);
    const std::size_t end = all.find('\0');
    out.append(all.substr(0, end));
    if (end != std::string_view::npos) return out.size() <= max;
    address += size;
  }
  return false;
}

std::string Tracee::path_of(int at) const {
  std::string path = read_link(at == AT_FDCWD ? proc("cwd") : proc("fd/") + std::to_string(at));
  if (!path.starts_with('/') || path.ends_with(" (deleted)")) path.clear();
  return path;
}

std::optional<Name> Tracee::name(int at, const std::string& path) const {
  if (!path.starts_with('/')) {
    std::string directory = path_of(at);
    if (directory.empty()) return std::nullopt;
    if (!directory.ends_with('/')) directory += '/';
    const std::string way = at == AT_FDCWD ? proc("cwd/") : proc("fd/") + std::to_string(at) + "/";
    return Name{directory + path, way + path};
  }
  Name name{path, path};
  const struct {
    const char* prefix;
    std::string own;
  } kOwn[] = {{"/proc/self", "/proc/" + std::to_string(thread_)},
              {"/proc/thread-self", "/proc/" + std::to_string(thread_)},
              {"/dev/fd", proc("fd")},
              {"/dev/stdin", proc("fd/0")},
              {"/dev/stdout", proc("fd/1")},
              {"/dev/stderr", proc("fd/2")}};
  if (path[1] != 'p' && path[1] != 'd') return name;
  for (const auto& row : kOwn) {
    if (const auto rest = below(path, row.prefix)) {
      name.lookup = row.own + std::string(*rest);
      name.is_own = true;
    }
  }
  if (below(path, "/proc")) name.is_own = true;
  return name;
}

std::optional<Name> Tracee::opened(int fd) const {
  std::string path = path_of(fd);
  if (path.empty()) return std::nullopt;
  return Name{std::move(path), proc("fd/") + std::to_string(fd)};
}

std::optional<Tracee::Status> Tracee::status() const {
  const std::string text = read_text(proc("status"));
  const auto process = field(text, "\nTgid:\t", 10);
  const auto parent = field(text, "\nPPid:\t", 10);
  const auto umask = field(text, "\nUmask:\t", 8);
  if (!process || !parent || !umask) return std::nullopt;
  Status status{static_cast<pid_t>(*process), static_cast<pid_t>(*parent),
                static_cast<mode_t>(*umask)};
  status.threads = static_cast<unsigned>(field(text, "\nThreads:\t", 10).value_or(2));
  status.no_new_privs = field(text, "\nNoNewPrivs:\t", 10).value_or(1) != 0;
  status.filters = static_cast<unsigned>(field(text, "\nSeccomp_filters:\t", 10).value_or(0));
  return status;
}

std::string Tracee::rights() const {
  const std::string status = read_text(proc("status"));
  std::string rights;
  for (const std::string_view name : {"\nUid:", "\nGid:", "\nGroups:", "\nCapEff:"}) {
    const std::size_t from = status.find(name);
    const std::size_t to = from == std::string::npos ? from : status.find('\n', from + 1);
    if (to == std::string::npos) return {};
    rights += status.substr(from, to - from);
  }
  for (const char* space : {"ns/mnt", "ns/user"}) {
    const std::string name = read_link(proc(space));
    if (name.empty()) return {};
    rights += '\n' + name;
  }
  return rights + '\n' + read_text(proc("attr/current"));  // empty without a security module
}

std::string Tracee::program() const { return read_link(proc("exe")); }

}  // namespace deja::observe::supervise
