// SPDX-License-Identifier: Apache-2.0
// A bounded cache that evicts the least recently used entry. Thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"

namespace deja {

template <typename K, typename V>
class LruCache {
 public:
  // max_weight: limit for the sum of all entries' weights, in the unit that put() uses.
  explicit LruCache(std::size_t max_weight) : max_weight_(max_weight) {}

  std::shared_ptr<const V> get(const K& key) {
    const MutexLock lock(mutex_);
    const auto it = index_.find(key);
    if (it == index_.end()) return nullptr;
    order_.splice(order_.begin(), order_, it->second);
    return it->second->value;
  }
  void put(const K& key, std::shared_ptr<const V> value, std::size_t weight) {
    const MutexLock lock(mutex_);
    drop(key);
    if (weight > max_weight_) return;
    order_.push_front({key, std::move(value), weight});
    index_[key] = order_.begin();
    weight_ += weight;
    while (weight_ > max_weight_) drop(K(order_.back().key));
  }
  void remove(const K& key) {
    const MutexLock lock(mutex_);
    drop(key);
  }
  void clear() {
    const MutexLock lock(mutex_);
    index_.clear();
    order_.clear();
    weight_ = 0;
  }

 private:
  struct Item {
    K key;
    std::shared_ptr<const V> value;
    std::size_t weight;
  };
  void drop(const K& key) REQUIRES_LOCK(mutex_) {
    const auto it = index_.find(key);
    if (it == index_.end()) return;
    weight_ -= it->second->weight;
    order_.erase(it->second);
    index_.erase(it);
  }

  Mutex mutex_;
  const std::size_t max_weight_;
  std::size_t weight_ GUARDED_BY(mutex_) = 0;
  std::list<Item> order_ GUARDED_BY(mutex_);
  std::unordered_map<K, typename std::list<Item>::iterator> index_ GUARDED_BY(mutex_);
};

}  // namespace deja
