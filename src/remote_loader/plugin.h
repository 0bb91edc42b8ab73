// SPDX-License-Identifier: Apache-2.0
// libdeja-remote.so: all of exchange/ and remote/ with the libraries they need (libcurl, OpenSSL, zstd). It is loaded
// when a remote is first used, so a program without remotes neither links nor loads these.
//
// Both sides of this interface come from one build; load_plugin() refuses a library of another one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "pipeline/remotes.h"
#include "remote_loader/admin.h"
#include "remote_loader/options.h"
#include "store/store.h"

namespace deja::exchange {

// What the library offers. Its functions live as long as the process: it is never unloaded.
struct Plugin {
  std::uint32_t build = 0;  // wire::build_number() of the library
  Result<std::unique_ptr<pipeline::Remotes>> (*open_remotes)(const Options& options,
                                                             store::BlobStore& blobs,
                                                             store::RecordStore& records) = nullptr;
  // cwd: leads to the project.
  Result<std::unique_ptr<Admin>> (*open_admin)(const Options& options, const std::string& cwd,
                                               store::BlobStore& blobs,
                                               store::RecordStore& records) = nullptr;
  Keys* (*keys)() = nullptr;  // lives as long as the process
};

// The one symbol that the library exports has this type and name.
using PluginEntry = const Plugin*();
inline constexpr const char* kPluginEntry = "deja_remote_plugin";
inline constexpr const char* kPluginFile = "libdeja-remote.so";

// Loads it, once; later calls return the same. `invalid` names the file and what is wrong with it. Thread-safe.
Result<const Plugin*> load_plugin(const std::string& path);

}  // namespace deja::exchange
