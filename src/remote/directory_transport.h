// SPDX-License-Identifier: Apache-2.0
// A remote in a directory that several machines or users share: a local disk, NFS, a volume of a container.
//
//   <root>/ac/ab/ab12…   a record      <root>/cas/ab/ab12…   a blob      <root>/tmp/   what is being written
//
// No locks: NFS servers and container volumes do not always have them, and a dead holder would stop all. An
// object is written to tmp/ and renamed, so it is seen whole or not at all. "Only if there is none" is link(2), which
// fails if the name exists. The version of an object is the SHA-256 of its bytes. replace() compares it and then
// renames, and rename(2) cannot compare: when two writers replace one version at the same instant, the second one
// overwrites what the first one stored. So abilities().replaces_by_version is false; who lost an entry this way
// offers it again later.
//
// Others may write in the directory. So symlinks in it are not followed, only regular files are read, and whose they are
// does not matter: what is read is checked by the caller. New directories get the mode of <root> (as it is after
// `chmod 2770`), and who may enter <root> may read the objects, whatever the umask.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "os/directory.h"
#include "remote/transport.h"

namespace deja::remote {

class DirectoryTransport final : public Transport {
 public:
  // <root> is made when it is first used, if its parent is there.
  explicit DirectoryTransport(
      std::string root,
      std::function<std::int64_t()> now_ns = nullptr);  // default: os::monotonic_ns

  // Temporary files that have not been written for so long belong to dead writers.
  static constexpr std::int64_t kTempAgeMax_ns = 24 * 3600 * 1'000'000'000LL;

  std::string name() const override { return "directory " + root_; }
  Abilities abilities() const override { return {.lists = true}; }
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
  void stop() override { stopped_ = true; }

 private:
  using DirectoryPtr = std::shared_ptr<const os::Directory>;
  struct Temp;

  // The deadline holds between system calls: a call on a dead NFS server cannot be interrupted.
  Status check(Deadline deadline) const;
  Error explain(Error error) const;
  Result<DirectoryPtr> root();
  Result<DirectoryPtr> enter(const std::string& name, bool make);
  Result<std::optional<os::Directory>> fan_out(const Name& name, bool make);
  Result<std::optional<Object>> read(const Name& name, std::uint64_t max_bytes, Deadline deadline);
  Result<bool> stream(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                      Deadline deadline);
  Result<Temp> write_temp(const Source& source, Deadline deadline);
  void remove_dead(const os::Directory& temps, const os::FileIdentity& own);
  Result<Put> place(Temp& temp, const Name& name, const os::Directory& directory,
                    const std::string& version, Deadline deadline);
  Status list_kind(Kind kind, const std::function<bool(const Listed&)>& each, Deadline deadline,
                   bool& more);

  const std::string root_;
  const std::function<std::int64_t()> now_ns_;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> cleaned_ = false;
  Mutex mutex_;
  DirectoryPtr open_root_ GUARDED_BY(mutex_);
};

}  // namespace deja::remote
