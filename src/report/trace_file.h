// SPDX-License-Identifier: Apache-2.0
// Events as a trace in Chrome's JSON format, which Perfetto, speedscope and chrome://tracing read
// (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU). Each command is a complete
// event ("X") in a lane of its own as long as it runs, so what ran at once is seen at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/event.h"

namespace deja::report {

class TraceFile {
 public:
  // In any order. What comes after `max` events is dropped.
  explicit TraceFile(std::size_t max = 1'000'000) : max_(max) {}
  void add(const journal::Event& event);
  // Times are in microseconds since the first command began.
  std::string text() const;

 private:
  struct Piece {
    std::int64_t begin_ns, end_ns;
    std::string body;  // members of the JSON object, but for its times and its lane
  };
  const std::size_t max_;
  std::vector<Piece> pieces_;
};

}  // namespace deja::report
