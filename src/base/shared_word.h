// SPDX-License-Identifier: Apache-2.0
// A number in memory that processes share. Freestanding: <atomic> of C++20 needs a C library's threads, which the
// client does not have.
#pragma once

#include <type_traits>

namespace deja {

template <typename T>
class SharedWord {
  static_assert(std::is_integral_v<T>);
  static_assert(__atomic_always_lock_free(sizeof(T), nullptr),
                "a lock would be each process's own");

 public:
  // In one order that all processes agree on.
  T get() const { return __atomic_load_n(&value_, __ATOMIC_SEQ_CST); }
  void set(T value) { __atomic_store_n(&value_, value, __ATOMIC_SEQ_CST); }
  // Returns what was there before.
  T add(T amount) { return __atomic_fetch_add(&value_, amount, __ATOMIC_SEQ_CST); }
  // Sets the value if it is `expected`. Returns what was there before.
  T exchange_if(T expected, T value) {
    __atomic_compare_exchange_n(&value_, &expected, value, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    return expected;
  }

 private:
  T value_;
};

}  // namespace deja
