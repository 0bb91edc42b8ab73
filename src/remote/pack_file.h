// SPDX-License-Identifier: Apache-2.0
// A remote in one file (x.dejapack), for caches that carry files from one CI job to the next, or for a directory that
// cannot be written. PackFile reads it, PackWriter makes it.
//
//   pack = raw8 "dejapack", u32 version (1), u32 zero, u64 count, u64 table_offset, u64 file_size,
//          objects, count * row                                            (all little endian)
//   row  = u8 kind (0 record, 1 blob), raw id[32], u64 offset, u64 size    (strictly ascending by kind and id)
//
// The table begins at table_offset and ends with the file. Each object lies between the head and the table.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "remote/transport.h"

namespace deja::remote {

// Reads by pread(2): nothing is mapped, so a file that is cut while it is read is an error and no signal. Whoever
// replaces the file under its name does not disturb a reader. Writing calls are `denied`.
class PackFile final : public Transport {
 public:
  // `corrupt`: it is not a pack, or it is incomplete. All rows are checked, in little memory.
  static Result<std::unique_ptr<PackFile>> open(const std::string& path);

  std::string name() const override { return "pack " + path_; }
  Abilities abilities() const override { return {.lists = true, .reads_only = true}; }
  Result<std::optional<Object>> get(const Name& name, std::uint64_t max_bytes,
                                    Deadline deadline) override;
  Result<bool> get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                      Deadline deadline) override;
  Result<std::vector<std::optional<Object>>> get_many(std::span<const Name> names,
                                                      std::uint64_t max_bytes,
                                                      Deadline deadline) override;
  Result<std::vector<bool>> exists(std::span<const Name> names, Deadline deadline) override;
  Status put(const Name& name, const Source& source, Deadline deadline) override;
  Result<Put> replace(const Name& name, std::string_view bytes, const std::string& version,
                      Deadline deadline) override;
  Result<bool> remove(const Name& name, Deadline deadline) override;
  Status list(const std::function<bool(const Listed&)>& each, Deadline deadline) override;
  void stop() override { is_stopped_ = true; }

 private:
  struct Row {
    Name name;
    std::uint64_t offset = 0, size = 0;
  };
  PackFile(std::string path, os::Fd file) : path_(std::move(path)), file_(std::move(file)) {}
  Status read_head();
  Status each_row(const std::function<bool(const Row&)>& each) const;
  Result<Row> read_row(std::uint64_t number) const;
  Result<Row> row_of(std::string_view bytes) const;
  Result<std::optional<Row>> find(const Name& name) const;
  Status start(Deadline deadline) const;
  Status check_size(const Row& row, std::uint64_t max_bytes) const;
  Error error(Code code, std::string_view what) const;
  Status refuse() const;

  const std::string path_;
  const os::Fd file_;
  std::uint64_t count_ = 0, table_offset_ = 0;
  std::atomic<bool> is_stopped_{false};
};

// Writes a temporary file next to the pack and renames it at the end, so that a pack is old or new, never half. An
// object that is replaced or removed before the end leaves its bytes in the file.
class PackWriter {
 public:
  static Result<std::unique_ptr<PackWriter>> create(const std::string& path);
  ~PackWriter();  // without finish() nothing is left
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;

  // A client that reads and writes what will be in the pack. Several are independent; none may outlive the writer.
  std::unique_ptr<Transport> client();
  // The pack is there, with mode 0600. Nothing may be written after it.
  Status finish();

 private:
  class Client;
  struct Place {
    std::uint64_t offset = 0, size = 0, version = 0;
  };
  PackWriter(std::string path, std::string temp, os::Fd file);
  Status write(std::string_view bytes) REQUIRES_LOCK(mutex_);
  Result<Place> append(const Source& source) REQUIRES_LOCK(mutex_);

  const std::string path_;
  const std::string temp_;

  // Held while an object is written: objects lie one after the other in one file.
  Mutex mutex_;
  const os::Fd file_;
  std::map<Name, Place> places_ GUARDED_BY(mutex_);
  std::uint64_t end_ GUARDED_BY(mutex_) = 0;
  std::uint64_t last_version_ GUARDED_BY(mutex_) = 0;
  bool is_finished_ GUARDED_BY(mutex_) = false;
  bool is_broken_ GUARDED_BY(mutex_) = false;
};

}  // namespace deja::remote
