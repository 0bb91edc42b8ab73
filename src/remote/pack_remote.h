// SPDX-License-Identifier: Apache-2.0
// The pack under a path, as it is now. While there is no file, nothing is in it: the first build of a project has no pack
// yet. When the file is replaced, the next call reads the new one.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "os/file.h"
#include "remote/pack_file.h"

namespace deja::remote {

class PackRemote final : public Transport {
 public:
  explicit PackRemote(std::string path) : path_(std::move(path)) {}

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
  // Null: there is no file.
  Result<std::shared_ptr<PackFile>> now(Deadline deadline);
  Error refuse() const;

  const std::string path_;
  std::atomic<bool> is_stopped_{false};
  Mutex mutex_;
  std::shared_ptr<PackFile> pack_ GUARDED_BY(mutex_);
  os::FileIdentity identity_ GUARDED_BY(mutex_);  // of pack_
};

}  // namespace deja::remote
