// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <atomic>

namespace deja {
namespace {
std::atomic<LogSink> sink{nullptr};
}

void set_log_sink(LogSink s) { sink.store(s); }
bool log_enabled() { return sink.load(std::memory_order_relaxed) != nullptr; }
void log_line(std::string_view line) {
  if (const LogSink s = sink.load()) s(line);
}

}  // namespace deja
