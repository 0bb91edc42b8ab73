// SPDX-License-Identifier: Apache-2.0
// The implementation of deja_cache, and the guards around every function of deja.h.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <new>
#include <string>

#include "api/deja.h"
#include "engine/engine.h"
#include "os/closed_streams.h"
#include "os/find_tool.h"

namespace deja::api {

// Stores the text for deja_error() in this thread.
deja_status fail(deja_status status, std::string_view text) noexcept;

// Lets no exception leave a function of deja.h.
template <typename Body>
deja_status catching_all(Body body) noexcept {
  // keeps closed standard streams closed, so that no file gets the host's output
  const os::ClosedStreams held;
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return fail(DEJA_NO_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return fail(DEJA_NO_MEMORY, e.what());
  }
}

// Absolute. A relative name, or none, is resolved in the process's working directory.
std::string absolute_directory(const char* name);

// Thread-safe.
class Cache {
 public:
  Cache(const char* directory, const char* client);

  // Null: nothing can be looked up or stored, and trouble() says why; or this is a forked child of
  // the process that opened it.
  engine::Engine* engine() const;
  const std::string& trouble() const { return trouble_; }
  const std::string& salt() const { return salt_; }
  digest::FileDigester& digester();

  const std::string& dir() const { return dir_; }  // as the caller named it; "": none
  const std::string& client() const { return client_; }
  const os::ClientFile& client_file() const { return client_file_; }

  // Writes queued data from time to time: a process may run long and never miss.
  void settle();

 private:
  void open_assembly(const config::Loaded& loaded);

  std::string dir_, client_, trouble_, salt_;
  os::ClientFile client_file_;
  const pid_t pid_;
  std::unique_ptr<engine::Engine> engine_;
  digest::FileDigester bare_digester_{{}};
  std::atomic<std::int64_t> settled_ns_;
};

}  // namespace deja::api

struct deja_cache {
  std::shared_ptr<deja::api::Cache> cache;  // shared with its jobs
};
