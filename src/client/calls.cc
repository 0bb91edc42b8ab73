// SPDX-License-Identifier: Apache-2.0
// Tested by test/fault/loop_test.cc.
#include "client/calls.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cstring>

#include "observe/preload/log_layout.h"

namespace deja::client {

std::uint64_t hash_of_arguments(char* const* argv) {
  os::ArgumentsHash hash;
  if (*argv != nullptr)
    for (char* const* at = argv + 1; *at != nullptr; ++at) hash.add(*at);
  return hash.value();
}

void calls_for(const Environment& env, const os::ClientFile& client, const char* tool,
               char* const* argv, char* out) {
  out[0] = '\0';
  struct stat st;
  if (::stat(tool, &st) != 0) return;
  os::TextBuffer text(out, kCallsText);
  os::CallChain(env.calls).extend(client, {st.st_dev, st.st_ino}, hash_of_arguments(argv), text);
  if (!text.fits()) out[0] = '\0';
}

char* make_entry(std::string_view a, std::string_view b, std::string_view c, std::string_view d) {
  const std::size_t n = a.size() + b.size() + c.size() + d.size() + 1;
  void* p = ::mmap(nullptr, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  char* at = static_cast<char*>(p);
  for (const std::string_view part : {a, b, c, d}) {
    std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  return static_cast<char*>(p);
}

char** with_calls(const Environment& env, std::string_view calls) {
  void* p = ::mmap(nullptr, (env.count + 2) * sizeof(char*), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  char** out = static_cast<char**>(p);
  std::size_t n = 0;
  bool is_told = false;
  for (std::size_t i = 0; i < env.count; ++i) {
    const std::string_view entry = env.raw[i];
    const std::string_view name = entry.substr(0, entry.find('='));
    if (name == os::kCallsVariable) continue;
    out[n] = env.raw[i];
    if (name == DEJA_LOG_VARIABLE) {
      out[n] = make_entry(entry.substr(0, entry.find(',')), ",", calls, "");
      is_told = true;
    }
    if (out[n++] == nullptr) return nullptr;
  }
  if (!is_told) out[n] = make_entry(os::kCallsVariable, "=", calls, "");
  return is_told || out[n] != nullptr ? out : nullptr;
}

}  // namespace deja::client
