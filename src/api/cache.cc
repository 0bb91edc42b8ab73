// SPDX-License-Identifier: Apache-2.0
// The engine is opened with the handle. A child after fork does not use it, because LMDB forbids
// that. A handle without an engine still computes keys, with a digester of its own. Tested by
// test/api.
#include "api/cache.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/path.h"
#include "observe/preload/log_layout.h"
#include "os/cache_directory.h"
#include "os/clock.h"
#include "os/closed_streams.h"
#include "os/file.h"

namespace deja::api {
namespace {

constexpr std::int64_t kSettleNs = 60'000'000'000;

// Static, because there may be no memory left to report an error.
thread_local char error_text[4096] = "";

// The client of the installation or build tree that this library belongs to; empty: there is none.
std::string installed_client() {
  static const char here = 0;
  Dl_info info = {};
  if (::dladdr(&here, &info) == 0 || info.dli_fname == nullptr) return {};
  const auto library = os::real_path(info.dli_fname);
  if (!library) return {};
  // lib/libdeja.so, or lib/<architecture>/libdeja.so
  std::string_view directory = parent_path(*library);
  for (int up = 0; up < 2; ++up) {
    directory = parent_path(directory);
    std::string client = join_path(directory, "bin/deja");
    if (const auto there = os::stat_file(client); there && *there && (*there)->is_regular())
      return client;
  }
  return {};
}

}  // namespace

deja_status fail(deja_status status, std::string_view text) noexcept {
  const std::size_t size = std::min(text.size(), sizeof(error_text) - 1);
  std::memcpy(error_text, text.data(), size);
  error_text[size] = '\0';
  return status;
}

std::string absolute_directory(const char* name) {
  const std::string_view given = name == nullptr ? "" : name;
  if (given.starts_with('/')) return tidy_path(given);
  const auto here = os::real_path(".");
  return tidy_path(join_path(here ? *here : "/", given));
}

Cache::Cache(const char* directory, const char* client)
    : client_(client == nullptr ? installed_client() : absolute_directory(client)),
      pid_(::getpid()),
      settled_ns_(os::monotonic_ns()) {
  if (const auto there = os::stat_file(client_); there && *there)
    client_file_ = {(*there)->device, (*there)->inode};
  const std::string cwd = absolute_directory(nullptr);
  const config::Sources sources = engine::own_sources(cwd);
  if (directory != nullptr) {
    dir_ = absolute_directory(directory);
  } else if (const auto places = config::places(sources)) {
    dir_ = places->dir;
  }
  const config::Loaded loaded = config::load(sources);
  salt_ = loaded.config.key_salt;
  if (dir_.empty()) {
    trouble_ = "there is no cache directory: set DEJA_DIR, XDG_CACHE_HOME or HOME";
  } else if (loaded.config.disable) {
    trouble_ = "the setting disable is on, so nothing is cached";
  } else if (::getenv(DEJA_LOG_VARIABLE) != nullptr) {
    // Replacing a tool here would hide from the outer deja what the tool reads.
    trouble_ = "another deja observes this process";
  } else {
    open_assembly(loaded);
  }
}

void Cache::open_assembly(const config::Loaded& loaded) {
  // One name for each directory: the store has one index per name that it is opened by.
  static_cast<void>(os::claim_cache_directory(dir_.c_str()));
  const auto real = os::real_path(dir_);
  engine_ = engine::Engine::open({.dir = real ? *real : dir_,
                                  .limit_bytes = loaded.config.store_limit_bytes,
                                  .interposer = {},
                                  .remote_library = {},
                                  .is_embedded = true});
  engine_->note(loaded.problems);
  trouble_ = engine_->store_problem();
}

engine::Engine* Cache::engine() const {
  const bool is_usable = engine_ != nullptr && engine_->services() != nullptr && ::getpid() == pid_;
  return is_usable ? engine_.get() : nullptr;
}

digest::FileDigester& Cache::digester() {
  engine::Engine* const engine = this->engine();
  return engine != nullptr ? engine->services()->digester : bare_digester_;
}

void Cache::settle() {
  engine::Engine* const engine = this->engine();
  const std::int64_t now_ns = os::monotonic_ns();
  std::int64_t last_ns = settled_ns_;
  if (engine == nullptr || now_ns - last_ns < kSettleNs ||
      !settled_ns_.compare_exchange_strong(last_ns, now_ns))
    return;
  auto done = engine->store().flush();
  if (done) done = engine->store().follow_replacement();
  if (!done) engine->journal().trouble("store: " + done.error().message);
}

}  // namespace deja::api

using deja::api::Cache;
using deja::api::fail;

extern "C" {

const char* deja_error(void) { return deja::api::error_text; }

deja_status deja_open(const char* directory, const char* client, deja_cache** cache) {
  return deja::api::catching_all([&] {
    if (cache == nullptr) return fail(DEJA_INVALID, "deja_open: cache is NULL");
    if (directory != nullptr && *directory == '\0')
      return fail(DEJA_INVALID, "deja_open: directory is empty");
    if (client != nullptr && *client == '\0')
      return fail(DEJA_INVALID, "deja_open: client is empty");
    *cache = new deja_cache{std::make_shared<Cache>(directory, client)};
    return DEJA_OK;
  });
}

const char* deja_trouble(const deja_cache* cache) { return cache->cache->trouble().c_str(); }

void deja_close(deja_cache* cache) {
  const deja::os::ClosedStreams held;
  delete cache;
}

}  // extern "C"
