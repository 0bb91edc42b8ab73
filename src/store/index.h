// SPDX-License-Identifier: Apache-2.0
// Index: the tables of a store in one LMDB environment, shared by any number of processes.
//
// The rules that LMDB imposes on its users are enforced here:
//   - one environment per path and process: open() returns the existing one
//   - the map grows when it is full, and follows another process that made it grow
//   - an environment is not used across fork: in a child every call fails with Code::invalid
//   - reader slots of killed processes are cleared
// Thread-safe. A body must be short and must not call read() or write() itself.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "os/file.h"
#include "store/index_state.h"

struct MDB_env;
struct MDB_txn;

namespace deja::store {

enum class Table : unsigned {
  counters,   // one row, and the removals; in LMDB's root table, which every commit writes anyway
  results,    // action key -> result row
  manifests,  // probe key -> manifest row
  blobs,      // digest -> blob row
  usage,      // action key -> usage row
  probes,     // probe key -> number of its results (u32)
  memo_a,     // identity -> memo row; two generations, see memo.cc
  memo_b,
};
inline constexpr unsigned kTableCount = 8;

// The operations of an open transaction. In the table of counters an empty key is that of its row. Views are valid until the next change or the end of the body.
class IndexTxn {
 public:
  Result<std::optional<std::string_view>> get(Table table, std::string_view key) const;
  Status put(Table table, std::string_view key, std::string_view value);
  Result<bool> erase(Table table, std::string_view key);
  Status clear(Table table);
  // Rows in the order of keys, from the first key >= from, until visit returns false.
  using VisitRow = std::function<bool(std::string_view key, std::string_view value)>;
  Status scan(Table table, std::string_view from, const VisitRow& visit) const;
  std::uint64_t id() const;

 private:
  friend class Index;
  IndexTxn(MDB_txn* txn, const unsigned* tables) : txn_(txn), tables_(tables) {}
  Error error(int code, const char* what) const;

  MDB_txn* txn_;
  const unsigned* tables_;
  mutable int failure_ = 0;  // the last LMDB code that was an error
};

class Index {
 public:
  enum class Access { read_write, read_only };
  // REQUIRES: check_index(directory) returned sound. Returns the one Index of this process for that
  // directory. is_embedded: keeps a UseCount instead of a CrashGuard.
  static Result<std::shared_ptr<Index>> open(const std::string& directory, Access access,
                                             bool is_embedded = false);
  // Creates an empty index in a directory that does not exist yet; private to the caller.
  static Result<std::unique_ptr<Index>> create(const std::string& directory);
  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  using Body = std::function<Status(IndexTxn&)>;
  Status read(const Body& body);
  // Commits if body succeeds, else changes nothing. Body may run more than once.
  Status write(const Body& body);

  // Differs after every change of the index, by any process, and after reopen(). Reading it takes no system
  // call.
  struct Stamp {
    std::uint64_t opened = 0;  // how often; 0: never
    std::uint64_t txn = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const;

  // True if another process has replaced or removed this index.
  bool is_replaced() const;
  // Opens the index that is there now. REQUIRES: as open().
  Status reopen();

  // REQUIRES: called in a body of write(). They record the state that the next boot may trust; durable
  // when they return. mark_clean: everything up to that transaction is on disk.
  Status mark_dirty();
  Status mark_clean(std::uint64_t txn);
  std::uint64_t file_bytes() const;
  // Bounds the memory that the map keeps resident; also called after a fixed number of transactions.
  void release_pages();

 private:
  struct Environment;
  Index(std::string directory, Access access, bool is_embedded);
  Status open_environment(bool create);
  void close_environment();
  Status check_process() const;
  Status adopt_size();
  Status grow(std::uint64_t seen_size);
  enum class Next { done, grow, adopt, reopen };
  Next try_write(const Body& body, Status& status, std::uint64_t& map_size);
  int begin_read(MDB_txn** txn);
  void end_read(MDB_txn* txn);
  void count_use();

  // Constant after construction.
  const std::string directory_;
  const Access access_;
  const bool is_embedded_;
  const int pid_;

  // Held shared by every transaction, exclusively by calls that move or replace the map.
  mutable std::shared_mutex shape_;
  std::unique_ptr<Environment> env_;
  std::uint64_t opened_ = 0;

  std::atomic<unsigned> uses_{0};  // transactions since pages were released

  Mutex pool_mutex_;
  std::vector<MDB_txn*> pool_ GUARDED_BY(pool_mutex_);  // reset read transactions, ready to renew
};

}  // namespace deja::store
