// SPDX-License-Identifier: Apache-2.0
// What tests of transports share: names, bytes, files, and the whole of an object as one string.
#pragma once

#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "os/clock.h"
#include "remote/sha256.h"
#include "remote/transport.h"

namespace deja::remote {

inline constexpr Deadline kNoLimit{};
inline constexpr Deadline kPast{1};
inline constexpr std::uint64_t kAnySize = 1ULL << 30;
inline const Error kBusy{Code::unavailable, 0, "busy"};
// What read_object() and read_streamed() return for no object.
inline const std::string kAbsent = "(absent)";

inline Name name_of(Kind kind, std::string_view bytes) { return {kind, sha256(bytes)}; }
inline Name blob_name(std::string_view bytes) { return name_of(Kind::blob, bytes); }
inline Name record_name(std::string_view text) { return name_of(Kind::record, text); }

// A text that no other test has used, also not an earlier run against the same server.
inline std::string fresh(std::string_view text) {
  static std::atomic<int> count = 0;
  return std::string(text) + " " + std::to_string(::getpid()) + " " +
         std::to_string(os::wall_ns()) + " " + std::to_string(++count);
}

// Bytes without a pattern; new ones each time.
inline std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  static std::atomic<std::uint64_t> count = 0;
  std::mt19937_64 random(static_cast<std::uint64_t>(os::wall_ns()) + ++count);
  for (std::size_t i = 0; i < size; i += 8) {
    const std::uint64_t next = random();
    std::memcpy(bytes.data() + i, &next, std::min<std::size_t>(8, size - i));
  }
  return bytes;
}

// A file in memory of this size; its bytes are zero.
inline os::Fd sparse_file(std::uint64_t size) {
  os::Fd file(::memfd_create("object", MFD_CLOEXEC));
  EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
  return file;
}
// One with these bytes; its offset is at the end.
inline os::Fd file_of(std::string_view bytes) {
  os::Fd file(::memfd_create("object", MFD_CLOEXEC));
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written <= 0) {
      ADD_FAILURE() << "cannot write a file in memory";
      break;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return file;
}

inline std::string read_object(Transport& transport, const Name& name) {
  const auto got = transport.get(name, kAnySize, kNoLimit);
  EXPECT_TRUE(got) << got.error().message;
  return got && *got ? (*got)->bytes : kAbsent;
}
inline std::string read_streamed(Transport& transport, const Name& name) {
  std::string bytes;
  const auto sink = [&bytes](std::string_view piece) {
    bytes.append(piece);
    return Status();
  };
  const auto got = transport.get_to(name, kAnySize, sink, kNoLimit);
  EXPECT_TRUE(got) << got.error().message;
  EXPECT_TRUE((got && *got) || bytes.empty());
  return got && *got ? bytes : kAbsent;
}

// The code of a call that should have failed; empty if it has not.
template <typename T>
std::optional<Code> code_of(const Result<T>& result) {
  if (result) return std::nullopt;
  EXPECT_FALSE(result.error().message.empty());
  return result.error().code;
}

}  // namespace deja::remote
