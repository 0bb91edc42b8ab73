// SPDX-License-Identifier: Apache-2.0
// How two keys differ, in words: "-O2 instead of -O1", "the text of the source". The keys are lists of fields as the
// key log holds them (journal/key_log.h). Pure functions.
#pragma once

#include <string>
#include <vector>

#include "journal/key_log.h"

namespace deja::explain {

struct Difference {
  std::string text;
  unsigned weight =
      1;  // how far apart it makes two commands; large where they hardly belong together
};

// What `now` has otherwise than `then`, apart from their sources if these have different names. Empty: nothing that the
// fields tell.
std::vector<Difference> differences(const journal::KeyRecord& then, const journal::KeyRecord& now);

// The sum of the weights, and something for another source or directory: the nearest command is the one with the
// smallest distance.
unsigned distance(const journal::KeyRecord& then, const journal::KeyRecord& now);

}  // namespace deja::explain
