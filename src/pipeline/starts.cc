#include "pipeline/starts.h"

#include <string_view>

#include "os/file.h"

namespace deja::pipeline {
namespace {

bool is_same_file(const os::FileIdentity& a, const os::FileIdentity& b) {
  return a.device == b.device && a.inode == b.inode;
}

// The program that the kernel, or libc (a text without "#!"), starts for this file; empty when the
// file is a program itself or cannot be read.
std::string interpreter_of(const std::string& path) {
  constexpr std::size_t kLineMax = 256;  // BINPRM_BUF_SIZE
  char head[kLineMax];
  const auto fd = os::open_read(path);
  const auto size = fd ? os::read_at(*fd, 0, head, sizeof(head)) : Result<std::size_t>(0);
  std::string_view text(head, size ? *size : 0);
  if (text.empty() || text.starts_with("\x7f")) return {};
  if (!text.starts_with("#!")) return "/bin/sh";
  text.remove_prefix(2);
  text = text.substr(0, text.find('\n'));
  const std::size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  text.remove_prefix(from);
  return std::string(text.substr(0, text.find_first_of(" \t")));
}

bool is_seen(const observe::Start& start, std::string wanted) {
  constexpr int kInterpretersMax = 5;  // as the kernel: scripts whose interpreter is a script
  if (!start.reported_file) return false;
  if (start.wanted_file && is_same_file(*start.wanted_file, *start.reported_file)) return true;
  for (int i = 0; i < kInterpretersMax && !wanted.empty(); ++i) {
    const auto file = os::stat_file(wanted);
    if (file && *file && is_same_file(**file, *start.reported_file)) return true;
    wanted = interpreter_of(wanted);
  }
  return false;
}

}  // namespace

std::string unseen_program(const observe::Log& log, const std::string& tool) {
  for (const observe::Start& start : log.starts) {
    const std::string& wanted = start.wanted.empty() ? tool : start.wanted;
    if (!is_seen(start, wanted)) return wanted;
  }
  return {};
}

}  // namespace deja::pipeline
