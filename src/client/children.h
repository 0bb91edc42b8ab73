// SPDX-License-Identifier: Apache-2.0
// Finds this process's children, and processes that the tool has left behind.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace deja::client {

// A helper that watches for the tool's end (Python's multiprocessing has one) ends shortly after
// it. It gets this long, and longer while it is running.
inline constexpr int kLooksMax = 10, kLookMs = 5;

// The ids of a process's children (proc(5)); only the first ones when there are very many.
class Children {
 public:
  explicit Children(pid_t parent);
  std::size_t size() const { return size_; }
  pid_t operator[](std::size_t i) const { return ids_[i]; }
  bool has(pid_t id) const;

 private:
  static constexpr std::size_t kMax = 512;
  pid_t ids_[kMax];
  std::size_t size_ = 0;
};

// Records which of our children existed before the tool (an engine, or children of a shell that
// became this process). Processes whose parents have ended become our children
// (PR_SET_CHILD_SUBREAPER).
class LeftBehind {
 public:
  LeftBehind();
  // Undoes that: a tool that this process may become must not get foreign children to reap.
  ~LeftBehind();
  LeftBehind(const LeftBehind&) = delete;
  LeftBehind& operator=(const LeftBehind&) = delete;
  // Has the tool, which has ended, left a running process behind? A process that is about to end
  // gets a moment for it.
  bool any() const;
  // Is one of them running? A sleeping process will not end in the next moment.
  bool is_at_work() const;

 private:
  Children before_;
};

}  // namespace deja::client
