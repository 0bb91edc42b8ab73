// SPDX-License-Identifier: Apache-2.0
// Can these texts make a preprocessor write the time of day, and not only the date? __TIME__ and
// __TIMESTAMP__ can be spelled out, pasted with ##, or split over the end of a line.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace deja::tool {

class TimeWords {
 public:
  enum class Kind : std::uint8_t {
    source,   // comments do not count
    unknown,  // everything counts
  };
  void add(std::string_view text, Kind kind);
  // Can all texts together spell one of the two names? Underscores may come from anywhere
  // (__USER_LABEL_PREFIX__).
  bool may_be_spelled() const;

 private:
  std::set<std::string, std::less<>> pieces_;
};

}  // namespace deja::tool
