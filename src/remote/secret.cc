// SPDX-License-Identifier: Apache-2.0
#include "remote/secret.h"

#include <sys/stat.h>

#include <algorithm>

#include "os/file.h"

namespace deja::remote {
namespace {

constexpr std::uint64_t kSecretMax = 64 << 10;

std::string subject(std::string_view what, const std::string& path) {
  return std::string(what) + " " + path;
}

Status check(std::string_view what, const std::string& path, const os::FileIdentity& file) {
  if (!file.is_regular())
    return Error{Code::invalid, 0, subject(what, path) + " is not a regular file"};
  if ((file.mode & 077) != 0)
    return Error{Code::denied, 0,
                 subject(what, path) + " is open to other users: run chmod 600 " + path};
  if (file.size > kSecretMax)
    return Error{Code::invalid, 0, subject(what, path) + " is longer than 64 KiB"};
  return {};
}

// Looked at before it is opened, because opening a pipe waits; and again after that, because the file that is
// checked must be the file that is read.
Result<os::Fd> open_checked(std::string_view what, const std::string& path) {
  const auto before = TRY(os::stat_file(path));
  if (before && !before->is_regular())
    return Error{Code::invalid, 0, subject(what, path) + " is not a regular file"};
  auto fd = os::open_read(path);
  if (!fd) {
    Error error = std::move(fd).error();
    error.code = Code::invalid;
    return std::move(error).context(what);
  }
  const os::FileIdentity file = TRY(os::stat_fd(*fd));
  TRY(check(what, path, file));
  return std::move(*fd);
}

Result<std::string> one_line(const std::string& subject, std::string text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_blank(text.back())) text.pop_back();
  const auto start = std::find_if_not(text.begin(), text.end(), is_blank);
  text.erase(text.begin(), start);
  if (text.empty()) return Error{Code::invalid, 0, subject + " is empty"};
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }))
    return Error{Code::invalid, 0, subject + " has more than one line, or a control character"};
  return text;
}

}  // namespace

Status check_secret_file(std::string_view what, const std::string& path) {
  TRY(open_checked(what, path));
  return {};
}

Result<std::string> read_secret_file(std::string_view what, const std::string& path) {
  const os::Fd fd = TRY(open_checked(what, path));
  return os::read_fd(fd, kSecretMax);
}

Result<std::string> read_secret_line(std::string_view what, const std::string& path) {
  std::string text = TRY(read_secret_file(what, path));
  return one_line(subject(what, path), std::move(text));
}

Result<std::string> read_secret_variable(const Environment& environment, std::string_view name) {
  return one_line("the variable " + std::string(name), variable(environment, name));
}

}  // namespace deja::remote
