// What is behind a deja_cache, and the walls around every function of deja.h.
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

// Remembers the text for deja_error() of this thread.
deja_status fail(deja_status status, std::string_view text) noexcept;

// No exception leaves a function of deja.h.
template <typename Body>
deja_status within_walls(Body body) noexcept {
  const os::ClosedStreams held;  // no file of ours gets the host's texts
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return fail(DEJA_NO_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return fail(DEJA_NO_MEMORY, e.what());
  }
}

// Absolute; a relative name or none starts at the working directory of the process.
std::string absolute_directory(const char* name);

// Thread-safe.
class Cache {
 public:
  Cache(const char* directory, const char* front);

  // Null: nothing can be found or kept, for trouble(); or this is a child of who has opened it.
  engine::Engine* engine() const;
  const std::string& trouble() const { return trouble_; }
  const std::string& salt() const { return salt_; }
  digest::FileDigester& digester();

  const std::string& dir() const { return dir_; }  // as it was named; "": none
  const std::string& front() const { return front_; }
  const os::ClientFile& client_file() const { return client_file_; }

  // Now and then passes on what waits to be written: a process may live long and only ever hit.
  void settle();

 private:
  void open_assembly(const config::Loaded& loaded);

  std::string dir_, front_, trouble_, salt_;
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
