// Layout: every name inside the store's directory, in both directions (name from thing, thing from
// name). Nothing here touches the disk.
//
//   format                    which layout this is: "deja store 1\n"
//   lock                      flock: held by whoever makes, rebuilds or replaces the index
//   blobs/ab/<62 hex>         content, mode 0444, named by its digest
//   index/                    data.mdb and lock.mdb of LMDB; state: may it be believed
//   (index_state.h) ledger/<n>.base, <n>.log  side records from which the index can be made again
//   (ledger.h) tmp/<pid>.<n>.<n>         what is being written, and what is being removed
//   quarantine/<hex>.<time>   content that was not what its name says
//   old/                      the last store of an unknown format, set aside
// Other names (the daemon's socket, the journal) belong to others and are never touched.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "digest/digest.h"

namespace deja::store {

inline constexpr std::string_view kFormatPrefix = "deja store ";
inline constexpr unsigned kFormatVersion = 1;

class Layout {
 public:
  explicit Layout(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string format() const { return root_ + "/format"; }
  std::string lock() const { return root_ + "/lock"; }
  std::string blobs() const { return root_ + "/blobs"; }
  std::string index() const { return root_ + "/index"; }
  std::string ledger() const { return root_ + "/ledger"; }
  std::string tmp() const { return root_ + "/tmp"; }
  std::string quarantine() const { return root_ + "/quarantine"; }
  std::string set_aside() const { return root_ + "/old"; }

  std::string blob(const Digest& digest) const;
  std::string blob_directory(const Digest& digest) const;
  // A name in tmp/ that nobody else makes, also not in another container.
  std::string new_temp() const;
  std::string ledger_log(std::uint64_t number) const;
  std::string ledger_base(std::uint64_t number) const;

 private:
  std::string root_;
};

// The digest whose blob lies at blobs/<directory>/<name>; empty for a foreign name.
std::optional<Digest> digest_of_blob_name(std::string_view directory, std::string_view name);
// The process that made tmp/<name>; empty for a foreign name.
std::optional<pid_t> owner_of_temp(std::string_view name);
struct LedgerName {
  std::uint64_t number = 0;
  bool is_base = false;
};
std::optional<LedgerName> parse_ledger_name(std::string_view name);

}  // namespace deja::store
