// SPDX-License-Identifier: Apache-2.0
// survives_walk: reads every page of an index in a child process. A damaged file may crash the child or
// make it loop; the parent only sees whether the walk succeeded.
#include <lmdb.h>
#include <signal.h>
#include <unistd.h>

#include "os/process.h"
#include "store/index_state.h"

namespace deja::store {
namespace {

constexpr unsigned kWalkSeconds = 30;
constexpr std::size_t kWalkMapBytes = std::size_t{1} << 36;

// Sums all bytes, so that the compiler cannot leave out a read.
bool walk_table(MDB_txn* txn, MDB_dbi table, std::uint64_t& sum) {
  MDB_cursor* cursor = nullptr;
  if (::mdb_cursor_open(txn, table, &cursor) != 0) return false;
  MDB_val key;
  MDB_val value;
  int rc;
  while ((rc = ::mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
    for (const MDB_val& v : {key, value}) {
      const auto* bytes = static_cast<const unsigned char*>(v.mv_data);
      for (std::size_t i = 0; i < v.mv_size; ++i) sum += bytes[i];
    }
  }
  return rc == MDB_NOTFOUND;
}

bool walk(const char* directory) {
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  if (::mdb_env_create(&env) != 0) return false;
  ::mdb_env_set_maxdbs(env, 64);
  // LMDB maps the larger of this size and the one in the file; small enough for most limits.
  ::mdb_env_set_mapsize(env, kWalkMapBytes);
  if (::mdb_env_open(env, directory, MDB_RDONLY | MDB_NOLOCK, 0600) != 0) return false;
  if (::mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn) != 0) return false;
  std::uint64_t sum = 0;
  MDB_dbi root;
  constexpr MDB_dbi kFreeList = 0;
  if (::mdb_dbi_open(txn, nullptr, 0, &root) != 0) return false;
  if (!walk_table(txn, kFreeList, sum) || !walk_table(txn, root, sum)) return false;
  for (const char* name :
       {"results", "manifests", "blobs", "usage", "probes", "memo_a", "memo_b"}) {
    MDB_dbi table;
    if (::mdb_dbi_open(txn, name, 0, &table) != 0 || !walk_table(txn, table, sum)) return false;
  }
  return true;
}

}  // namespace

bool survives_walk(const std::string& directory) {
  const auto exit_code = os::run_in_copy([&] {
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGALRM}) ::signal(signal, SIG_DFL);
    ::alarm(kWalkSeconds);
    return walk(directory.c_str()) ? 0 : 1;
  });
  return exit_code == 0;
}

}  // namespace deja::store
