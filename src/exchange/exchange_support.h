// SPDX-License-Identifier: Apache-2.0
// What tests of the exchange share: a local store in a directory, bytes of a wanted kind, results and traces.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "digest/hasher.h"
#include "exchange/scratch.h"
#include "remote/mem_transport.h"
#include "store/store_support.h"
#include "store/temp_store.h"

namespace deja::exchange {

// Bytes that do not compress; the same for the same seed.
inline std::string noise(std::size_t size, unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}
// Bytes that compress well.
inline std::string text(std::size_t size, unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::string out;
  while (out.size() < size) out += "line " + std::to_string(random() % 1000) + " of a text\n";
  out.resize(size);
  return out;
}

inline const remote::Deadline kNoDeadline{};

// One machine: its local store, and a place for scratch files.
struct Machine {
  store::TempStore store;
  Scratch scratch{store.dir()};

  Digest put(std::string_view bytes) { return store::put_bytes(*store, bytes).digest; }
  std::string read(const Digest& digest) { return store::read_blob(*store, digest); }
};

}  // namespace deja::exchange
