// SPDX-License-Identifier: Apache-2.0
#include "store/layout.h"

#include <unistd.h>

#include <atomic>
#include <charconv>

#include "os/clock.h"

namespace deja::store {
namespace {

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string Layout::blob(const Digest& digest) const {
  const std::string hex = digest.hex();
  std::string path;
  path.reserve(root_.size() + 7 + 66);
  path.append(root_).append("/blobs/").append(hex, 0, 2).append("/").append(hex, 2);
  return path;
}

std::string Layout::blob_directory(const Digest& digest) const {
  return root_ + "/blobs/" + digest.hex().substr(0, 2);
}

std::string Layout::new_temp() const {
  // The serial separates threads; the time separates processes with equal pids in different containers.
  static std::atomic<unsigned> serial{0};
  return tmp() + "/" + std::to_string(::getpid()) + "." + std::to_string(os::wall_ns()) + "." +
         std::to_string(serial++);
}

std::string Layout::ledger_log(std::uint64_t number) const {
  return ledger() + "/" + std::to_string(number) + ".log";
}

std::string Layout::ledger_base(std::uint64_t number) const {
  return ledger() + "/" + std::to_string(number) + ".base";
}

std::optional<Digest> digest_of_blob_name(std::string_view directory, std::string_view name) {
  if (directory.size() != 2 || name.size() != 62) return std::nullopt;
  return Digest::from_hex(std::string(directory).append(name));
}

std::optional<pid_t> owner_of_temp(std::string_view name) {
  return parse_number<pid_t>(name.substr(0, name.find('.')));
}

std::optional<LedgerName> parse_ledger_name(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto number = parse_number<std::uint64_t>(name.substr(0, dot));
  const std::string_view kind = name.substr(dot);
  if (!number || (kind != ".log" && kind != ".base")) return std::nullopt;
  return LedgerName{*number, kind == ".base"};
}

}  // namespace deja::store
