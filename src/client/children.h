// Processes that are below ours: who they are, and whether the tool has left some behind.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace deja::client {

// A helper that watches for the tool's end (Python's multiprocessing has one) ends right after it,
// and gets so long for it, as long as it is at work.
inline constexpr int kLooksMax = 10, kLookMs = 5;

// The ids of a process's children, proc(5); of very many, the first.
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

// Knows who of our children was there before the tool (an engine, what a shell had started before it
// became us). Processes whose parents have ended become our children (PR_SET_CHILD_SUBREAPER).
class LeftBehind {
 public:
  LeftBehind();
  // A tool that this process may become reaps nobody else's.
  ~LeftBehind();
  LeftBehind(const LeftBehind&) = delete;
  LeftBehind& operator=(const LeftBehind&) = delete;
  // Has the tool, which has ended, left a process that goes on? What is just about to end gets a
  // moment for it.
  bool any() const;
  // Does one of them do something now? Who sleeps does not end in the next moment.
  bool is_at_work() const;

 private:
  Children before_;
};

}  // namespace deja::client
