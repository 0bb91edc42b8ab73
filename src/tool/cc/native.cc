// SPDX-License-Identifier: Apache-2.0
#include "tool/cc/native.h"

#include <algorithm>
#include <array>
#include <set>

#include "digest/hasher.h"
#include "os/file.h"

namespace deja::tool::cc {
namespace {

// x86, then arm, then the rest. Left out because no compiler asks for them: frequencies, bogomips,
// numbers of cores and processors, microcode and bugs.
constexpr std::array<std::string_view, 19> kFields = {
    "vendor_id",        "cpu family",  "model",    "model name",
    "stepping",         "cache size",  "flags",    "CPU implementer",
    "CPU architecture", "CPU variant", "CPU part", "CPU revision",
    "Features",         "isa",         "uarch",    "mvendorid",
    "marchid",          "mimpid",      "cpu"};

std::string_view field_name(std::string_view line) {
  std::string_view name = line.substr(0, line.find(':'));
  while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
  return name;
}

constexpr const char* kCacheFiles[] = {"size", "coherency_line_size", "level", "type"};

std::optional<std::string> read_identity() {
  const auto cpuinfo = os::read_file("/proc/cpuinfo", 16u << 20);
  if (!cpuinfo) return std::nullopt;
  std::string text = cpu_identity_text(*cpuinfo);
  if (text.empty()) return std::nullopt;
  for (int index = 0; index < 8; ++index) {
    for (const char* name : kCacheFiles) {
      const auto value = os::read_file_if_exists(
          "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/" + name, 4096);
      if (value && *value) text += **value;
    }
  }
  return digest::digest_bytes(text).hex();
}

}  // namespace

std::string cpu_identity_text(std::string_view cpuinfo) {
  std::set<std::string> processors;  // one paragraph each; big.LITTLE machines have several kinds
  std::string processor;
  while (!cpuinfo.empty()) {
    const std::size_t end = std::min(cpuinfo.find('\n'), cpuinfo.size());
    const std::string_view line = cpuinfo.substr(0, end);
    cpuinfo.remove_prefix(std::min(end + 1, cpuinfo.size()));
    if (line.empty() && !processor.empty()) processors.insert(std::exchange(processor, {}));
    if (std::find(kFields.begin(), kFields.end(), field_name(line)) != kFields.end())
      processor.append(line).push_back('\n');
  }
  if (!processor.empty()) processors.insert(processor);
  std::string text;
  for (const std::string& one : processors) text.append(one).push_back('\n');
  return text;
}

std::optional<std::string> cpu_identity() {
  static const std::optional<std::string> identity = read_identity();
  return identity;
}

}  // namespace deja::tool::cc
