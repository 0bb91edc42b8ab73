// SPDX-License-Identifier: Apache-2.0
// The file is opened for each line: a command is new only when its tool runs, and that takes a thousand times longer.
// Tested by key_log_test.cc.
#include "journal/key_log.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "os/disk.h"
#include "os/file.h"
#include "os/lock.h"

namespace deja::journal {
namespace {

// Writers may exceed the limit while one of them rotates.
constexpr std::uint64_t kKeyFileMax = 64 << 20;

std::string line_of(const KeyRecord& record) {
  const std::int64_t time_us = record.time_ns / 1000;
  const nlohmann::json object = {{"time", static_cast<double>(time_us) / 1e6},
                                 {"probe_key", record.probe_key},
                                 {"tool", record.tool},
                                 {"what", record.what},
                                 {"cwd", record.cwd},
                                 {"fields", record.fields}};
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<KeyRecord> parse(std::string_view line) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return std::nullopt;
  try {
    KeyRecord record;
    record.time_ns = std::llround(object.at("time").get<double>() * 1e6) * 1000;
    object.at("probe_key").get_to(record.probe_key);
    object.at("tool").get_to(record.tool);
    object.at("what").get_to(record.what);
    object.at("cwd").get_to(record.cwd);
    object.at("fields").get_to(record.fields);
    return record;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

void rotate(const std::string& dir, std::uint64_t rotate_bytes) {
  const std::string path = dir + "/" + kKeysFile;
  const auto lock = os::try_lock_file(dir + "/lock");
  if (!lock || !*lock) return;  // another process rotates
  const auto now = os::stat_file(path);
  if (now && *now && (*now)->size >= rotate_bytes)
    ignore(os::rename_file(path, dir + "/" + kOlderKeysFile), "the next line tries again");
}

}  // namespace

Status append_key(const std::string& dir, const KeyRecord& record, std::uint64_t rotate_bytes) {
  const std::string line = line_of(record);
  if (line.size() > kKeyLineMax) return {};
  const std::string path = dir + "/" + kKeysFile;
  const auto before = TRY(os::stat_file(path));
  if (before && !before->is_regular())
    return Error{Code::invalid, 0, path + " is not a regular file: remove it"};
  if (before && before->size >= rotate_bytes) rotate(dir, rotate_bytes);
  const os::Fd file = TRY(os::open_append(path));
  return os::write_fd(file, line);
}

Status read_keys(const std::string& dir, const std::function<void(KeyRecord)>& take) {
  for (const char* name : {kOlderKeysFile, kKeysFile}) {
    const auto text = TRY(os::read_file_if_exists(dir + "/" + name, kKeyFileMax));
    if (!text) continue;
    std::string_view rest = *text;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      if (auto record = parse(rest.substr(0, end))) take(*std::move(record));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  return {};
}

}  // namespace deja::journal
