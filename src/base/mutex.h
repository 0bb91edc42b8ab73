// SPDX-License-Identifier: Apache-2.0
// Mutex and MutexLock with clang's capability attributes: -Wthread-safety then proves that guarded
// members are only used under their lock. It cannot do that for libstdc++'s std::mutex.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define DEJA_ATTRIBUTE(x) __attribute__((x))
#else
#define DEJA_ATTRIBUTE(x)
#endif
#define GUARDED_BY(x) DEJA_ATTRIBUTE(guarded_by(x))
#define REQUIRES_LOCK(...) DEJA_ATTRIBUTE(requires_capability(__VA_ARGS__))

namespace deja {

class DEJA_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() DEJA_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() DEJA_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class DEJA_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) DEJA_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() DEJA_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits on a Mutex that the caller holds.
using ConditionVariable = std::condition_variable_any;

}  // namespace deja
