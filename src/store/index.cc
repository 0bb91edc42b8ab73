// SPDX-License-Identifier: Apache-2.0
// LMDB flags: MDB_NOSYNC because sync() is what makes changes durable (index_state.h); MDB_NOTLS
// because a read transaction here belongs to a call, not to a thread; never MDB_WRITEMAP, so that a
// stray pointer in the process cannot damage the file.
//
// Tested by local_store_test.cc, store_property_test.cc and recovery_test.cc.
#include "store/index.h"

#include <fcntl.h>
#include <lmdb.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <thread>

#include "os/failpoint.h"
#include "os/lock.h"
#include "os/resident.h"
#include "store/crash_guard.h"
#include "store/use_count.h"

namespace deja::store {
namespace {

// Address space, not memory; small enough for a process under `ulimit -v`. The map doubles when full.
constexpr std::size_t kFirstMapBytes = std::size_t{256} << 20;
constexpr unsigned kMaxReaders = 1024;
constexpr std::size_t kPooledReaders = 16;
constexpr int kTries = 16;
// A look-up in a large index maps some 64 KiB, so this many keep some 64 MiB resident.
constexpr unsigned kUsesBetweenReleases = 1024;
constexpr const char* kTableNames[kTableCount] = {nullptr, "results", "manifests", "blobs",
                                                  "usage", "probes",  "memo_a",    "memo_b"};
constexpr std::string_view kCountersKey = "counters";

MDB_val val(std::string_view v) { return {v.size(), const_cast<char*>(v.data())}; }
std::string_view view(const MDB_val& v) { return {static_cast<const char*>(v.mv_data), v.mv_size}; }

Error lmdb_error(int code, std::string_view what) {
  if (code > 0) return sys_error_code(code, what);
  Error error{Code::corrupt, 0, std::string(what) + ": " + ::mdb_strerror(code)};
  if (code == MDB_MAP_FULL || code == MDB_TXN_FULL) error.code = Code::no_space;
  if (code == MDB_READERS_FULL) error.code = Code::unavailable;
  return error;
}

// The environments that this process has open, by directory. One of the project's few mutable globals,
// because LMDB's locks belong to the process and not to the object that took them.
struct Registry {
  Mutex mutex;
  std::map<std::string, std::weak_ptr<Index>> open GUARDED_BY(mutex);
  int pid GUARDED_BY(mutex) = 0;
};
Registry& registry() {
  static Registry* const instance = new Registry;  // never destroyed: threads may outlive main
  return *instance;
}

}  // namespace

struct Index::Environment {
  MDB_env* env = nullptr;
  unsigned tables[kTableCount] = {};
  std::optional<IndexState> state;
  os::FileIdentity file;
  CrashGuard::Region region = -1;
  std::unique_ptr<UseCount> use_count;  // of an embedded user

  // All return LMDB's code.
  int open_once(const std::string& directory, unsigned flags);
  int open(const std::string& directory, bool read_only);
  int open_tables(bool create);
};

Error IndexTxn::error(int code, const char* what) const {
  failure_ = code;
  return lmdb_error(code, what);
}

Result<std::optional<std::string_view>> IndexTxn::get(Table table, std::string_view key) const {
  MDB_val k = val(table == Table::counters && key.empty() ? kCountersKey : key);
  MDB_val v;
  const int rc = ::mdb_get(txn_, tables_[static_cast<unsigned>(table)], &k, &v);
  if (rc == MDB_NOTFOUND) return std::optional<std::string_view>();
  if (rc != 0) return error(rc, "index get");
  return std::optional(view(v));
}

Status IndexTxn::put(Table table, std::string_view key, std::string_view value) {
  MDB_val k = val(table == Table::counters && key.empty() ? kCountersKey : key);
  MDB_val v = val(value);
  if (const int rc = ::mdb_put(txn_, tables_[static_cast<unsigned>(table)], &k, &v, 0); rc != 0)
    return error(rc, "index put");
  return {};
}

Result<bool> IndexTxn::erase(Table table, std::string_view key) {
  MDB_val k = val(key);
  const int rc = ::mdb_del(txn_, tables_[static_cast<unsigned>(table)], &k, nullptr);
  if (rc == MDB_NOTFOUND) return false;
  if (rc != 0) return error(rc, "index erase");
  return true;
}

Status IndexTxn::clear(Table table) {
  if (const int rc = ::mdb_drop(txn_, tables_[static_cast<unsigned>(table)], 0); rc != 0)
    return error(rc, "index clear");
  return {};
}

Status IndexTxn::scan(Table table, std::string_view from, const VisitRow& visit) const {
  MDB_cursor* raw = nullptr;
  int rc = ::mdb_cursor_open(txn_, tables_[static_cast<unsigned>(table)], &raw);
  if (rc != 0) return error(rc, "index scan");
  const std::unique_ptr<MDB_cursor, void (*)(MDB_cursor*)> cursor(raw, ::mdb_cursor_close);
  MDB_val k = val(from);
  MDB_val v;
  rc = ::mdb_cursor_get(raw, &k, &v, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
  while (rc == 0 && visit(view(k), view(v))) rc = ::mdb_cursor_get(raw, &k, &v, MDB_NEXT);
  if (rc != 0 && rc != MDB_NOTFOUND) return error(rc, "index scan");
  return {};
}

std::uint64_t IndexTxn::id() const { return ::mdb_txn_id(txn_); }

Index::Index(std::string directory, Access access, bool is_embedded)
    : directory_(std::move(directory)),
      access_(access),
      is_embedded_(is_embedded),
      pid_(::getpid()) {}

Index::~Index() {
  // In a forked child the environment is the parent's and must not be closed.
  if (::getpid() == pid_)
    close_environment();
  else
    static_cast<void>(env_.release());
}

Result<std::shared_ptr<Index>> Index::open(const std::string& directory, Access access,
                                           bool is_embedded) {
  auto& all = registry();
  const MutexLock lock(all.mutex);
  if (all.pid != ::getpid()) {
    all.open.clear();
    all.pid = ::getpid();
  }
  if (auto present = all.open[directory].lock()) {
    // Opening a second environment and closing it would release the first one's locks.
    if (present->access_ == Access::read_only && access == Access::read_write)
      return Error{Code::unavailable, 0,
                   "this process has opened the store for reading only: " + directory};
    if (present->is_replaced()) TRY(present->reopen());
    return present;
  }
  std::shared_ptr<Index> index(new Index(directory, access, is_embedded));
  TRY(index->open_environment(false));
  all.open[directory] = index;
  return index;
}

Result<std::unique_ptr<Index>> Index::create(const std::string& directory) {
  TRY(os::make_directory(directory));
  std::unique_ptr<Index> index(new Index(directory, Access::read_write, false));
  TRY(index->open_environment(true));
  return index;
}

namespace {

// LMDB takes a shared lock on the first byte of its lock file, and waits while another process holds an
// exclusive one (mdb_env_excl_lock in mdb.c): another LMDB user for a moment, a foreign program forever.
bool lock_file_is_free(const std::string& directory) {
  constexpr int kLooks = 100;
  for (int i = 0; i < kLooks; ++i) {
    if (!os::is_first_byte_locked(directory + "/lock.mdb")) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // tidy-allow: sleep no deadline
  }
  return false;
}

}  // namespace

int Index::Environment::open_once(const std::string& directory, unsigned flags) {
  if (!lock_file_is_free(directory)) return EBUSY;
  if (const int rc = ::mdb_env_create(&env); rc != 0) return rc;
  ::mdb_env_set_maxdbs(env, kTableCount);
  ::mdb_env_set_maxreaders(env, kMaxReaders);
  ::mdb_env_set_mapsize(env, kFirstMapBytes);
  const int rc = ::mdb_env_open(env, directory.c_str(), flags, 0600);
  // LMDB 0.9.24 sets close-on-exec on all of its descriptors but this one.
  int fd = -1;
  if (rc == 0 && ::mdb_env_get_fd(env, &fd) == 0) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return rc;
}

int Index::Environment::open(const std::string& directory, bool read_only) {
  const unsigned flags = MDB_NOSYNC | MDB_NOTLS | (read_only ? unsigned{MDB_RDONLY} : 0);
  int rc = open_once(directory, flags);
  // Not even the lock file may be opened: then no process of this user writes, so no lock is needed.
  // LMDB wants a new environment after a failure.
  if (read_only && (rc == EACCES || rc == EROFS || rc == ENOENT)) {
    ::mdb_env_close(std::exchange(env, nullptr));
    rc = open_once(directory, flags | MDB_NOLOCK);
  }
  return rc == 0 && !read_only ? ::mdb_reader_check(env, nullptr) : rc;
}

int Index::Environment::open_tables(bool create) {
  MDB_txn* txn = nullptr;
  int rc = ::mdb_txn_begin(env, nullptr, create ? 0 : unsigned{MDB_RDONLY}, &txn);
  for (unsigned i = 0; rc == 0 && i < kTableCount; ++i)
    rc = ::mdb_dbi_open(txn, kTableNames[i], create ? unsigned{MDB_CREATE} : 0, &tables[i]);
  if (rc == 0) return ::mdb_txn_commit(txn);
  if (txn != nullptr) ::mdb_txn_abort(txn);
  return rc;
}

Status Index::open_environment(bool create) {
  env_ = std::make_unique<Environment>();
  ++opened_;
  const bool read_only = access_ == Access::read_only;
  int rc = env_->open(directory_, read_only);
  if (rc == 0) rc = env_->open_tables(create);
  Status done;
  if (rc != 0) {
    // A missing table means a damaged index, not an absent row.
    done = lmdb_error(rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc, "open index " + directory_);
  } else if (auto state =
                 create ? IndexState::create(directory_) : IndexState::open(directory_, read_only);
             state) {
    env_->state = *std::move(state);
    if (auto id = os::stat_file(directory_ + "/data.mdb"); id && *id) env_->file = **id;
    if (create) {
      // New and private to this process: nothing in it can cause a crash.
    } else if (is_embedded_) {
      env_->use_count = UseCount::begin(directory_);
    } else {
      env_->region = CrashGuard::watch(suspect_path(directory_));
    }
  } else {
    done = std::move(state).error();
  }
  if (!done) close_environment();
  return done;
}

void Index::close_environment() {
  if (!env_) return;
  {
    const MutexLock lock(pool_mutex_);
    for (MDB_txn* const txn : pool_) ::mdb_txn_abort(txn);
    pool_.clear();
  }
  CrashGuard::unwatch(env_->region);
  ::mdb_env_close(env_->env);
  env_.reset();
}

Status Index::check_process() const {
  if (::getpid() != pid_)
    return Error{Code::invalid, 0,
                 "the store was opened by another process, the parent of this one; open it here"};
  if (!env_) return Error{Code::unavailable, 0, "the index is not open: " + directory_};
  return {};
}

Index::Stamp Index::stamp() const {
  const std::shared_lock lock(shape_);
  if (!env_) return {opened_, 0};
  const CrashGuard guard(env_->region);
  const Use use(env_->use_count.get());
  MDB_envinfo info;
  ::mdb_env_info(env_->env, &info);
  return {opened_, info.me_last_txnid};
}

bool Index::is_replaced() const {
  const std::shared_lock lock(shape_);
  if (!env_) return true;
  const auto now = os::stat_file(directory_ + "/data.mdb");
  return !now || !*now || (*now)->inode != env_->file.inode || (*now)->device != env_->file.device;
}

Status Index::reopen() {
  const std::unique_lock lock(shape_);
  close_environment();
  return open_environment(false);
}

// Adopts the map size that another process has set.
Status Index::adopt_size() {
  const std::unique_lock lock(shape_);
  TRY(check_process());
  if (const int rc = ::mdb_env_set_mapsize(env_->env, 0); rc != 0)
    return lmdb_error(rc, "adopt index size");
  return {};
}

Status Index::grow(std::uint64_t seen_size) {
  const std::unique_lock lock(shape_);
  TRY(check_process());
  MDB_envinfo info;
  ::mdb_env_info(env_->env, &info);
  if (info.me_mapsize > seen_size) return {};  // another thread has grown it
  if (const int rc = ::mdb_env_set_mapsize(env_->env, info.me_mapsize * 2); rc != 0)
    return lmdb_error(rc, "grow index");
  return {};
}

int Index::begin_read(MDB_txn** txn) {
  {
    const MutexLock lock(pool_mutex_);
    if (!pool_.empty()) {
      *txn = pool_.back();
      pool_.pop_back();
    }
  }
  if (*txn != nullptr) {
    const int rc = ::mdb_txn_renew(*txn);
    if (rc == 0) return 0;
    ::mdb_txn_abort(*txn);
    *txn = nullptr;
    if (rc == MDB_MAP_RESIZED) return rc;
  }
  int rc = ::mdb_txn_begin(env_->env, nullptr, MDB_RDONLY, txn);
  if (rc == MDB_READERS_FULL) {
    ::mdb_reader_check(env_->env, nullptr);
    rc = ::mdb_txn_begin(env_->env, nullptr, MDB_RDONLY, txn);
  }
  return rc;
}

void Index::end_read(MDB_txn* txn) {
  {
    const MutexLock lock(pool_mutex_);
    if (pool_.size() < kPooledReaders) {
      ::mdb_txn_reset(txn);
      pool_.push_back(txn);
      return;
    }
  }
  ::mdb_txn_abort(txn);
}

Status Index::read(const Body& body) {
  for (int i = 0; i < kTries; ++i) {
    {
      const std::shared_lock lock(shape_);
      TRY(check_process());
      const CrashGuard guard(env_->region);
      const Use use(env_->use_count.get());
      MDB_txn* raw = nullptr;
      const int rc = begin_read(&raw);
      if (rc == 0) {
        IndexTxn txn(raw, env_->tables);
        Status status = body(txn);
        end_read(raw);
        count_use();
        return status;
      }
      if (rc != MDB_MAP_RESIZED) return lmdb_error(rc, "read index");
    }
    TRY(adopt_size());
  }
  return Error{Code::unavailable, 0, "the index grows while it is written: " + directory_};
}

Index::Next Index::try_write(const Body& body, Status& status, std::uint64_t& map_size) {
  const std::shared_lock lock(shape_);
  status = check_process();
  if (!status) return Next::done;
  if (const int injected = os::failpoint(); injected != 0) {
    status = sys_error_code(injected, "change index");
    return Next::done;
  }
  const CrashGuard guard(env_->region);
  const Use use(env_->use_count.get());
  MDB_txn* raw = nullptr;
  int rc = ::mdb_txn_begin(env_->env, nullptr, 0, &raw);
  if (rc == MDB_MAP_RESIZED) return Next::adopt;
  if (rc != 0) {
    status = lmdb_error(rc, "change index");
    return rc == MDB_PANIC ? Next::reopen : Next::done;
  }
  MDB_envinfo info;
  ::mdb_env_info(env_->env, &info);
  map_size = info.me_mapsize;
  IndexTxn txn(raw, env_->tables);
  status = body(txn);
  if (status) {
    if (const int injected = os::failpoint(); injected != 0)
      status = sys_error_code(injected, "commit index");
  }
  if (!status) {
    ::mdb_txn_abort(raw);
    return txn.failure_ == MDB_MAP_FULL ? Next::grow : Next::done;
  }
  rc = ::mdb_txn_commit(raw);
  if (rc == MDB_MAP_FULL) return Next::grow;
  if (rc != 0) status = lmdb_error(rc, "commit index");
  count_use();
  return Next::done;
}

Status Index::write(const Body& body) {
  if (access_ == Access::read_only)
    return Error{Code::denied, EROFS, "the store is read-only: " + directory_};
  Status status;
  for (int i = 0; i < kTries; ++i) {
    std::uint64_t map_size = 0;
    switch (try_write(body, status, map_size)) {
      case Next::done:
        return status;
      case Next::grow:
        TRY(grow(map_size));
        break;
      case Next::adopt:
        TRY(adopt_size());
        break;
      case Next::reopen:
        TRY(reopen());
        break;
    }
  }
  return status ? Error{Code::unavailable, 0, "the index grows while it is written: " + directory_}
                : std::move(status);
}

void Index::count_use() {
  if (uses_.fetch_add(1, std::memory_order_relaxed) >= kUsesBetweenReleases) release_pages();
}

void Index::release_pages() {
  uses_ = 0;
  if (env_) os::release_mapped_pages(env_->file);
}

Status Index::mark_dirty() { return env_->state->mark_dirty(); }
Status Index::mark_clean(std::uint64_t txn) { return env_->state->mark_clean(txn); }

std::uint64_t Index::file_bytes() const {
  const auto id = os::stat_file(directory_ + "/data.mdb");
  return id && *id ? (*id)->size : 0;
}

}  // namespace deja::store
