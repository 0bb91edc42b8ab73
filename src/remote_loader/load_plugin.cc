// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <map>

#include "base/mutex.h"
#include "remote_loader/plugin.h"
#include "wire/build.h"

namespace deja::exchange {
namespace {

Result<const Plugin*> load(const std::string& path) {
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Error{Code::invalid, 0, std::string("no remotes: ") + ::dlerror()};
  auto* const entry = reinterpret_cast<PluginEntry*>(::dlsym(library, kPluginEntry));
  const Plugin* const plugin = entry == nullptr ? nullptr : entry();
  if (plugin == nullptr || plugin->build != wire::build_number())
    return Error{Code::invalid, 0,
                 "no remotes: " + path + " belongs to another build of deja; install deja again"};
  return plugin;
}

}  // namespace

Result<const Plugin*> load_plugin(const std::string& path) {
  static Mutex mutex;
  static std::map<std::string, const Plugin*>& loaded = *new std::map<std::string, const Plugin*>;
  const MutexLock lock(mutex);
  const auto at = loaded.find(path);
  if (at != loaded.end()) return at->second;
  const Plugin* const plugin = TRY(load(path));
  loaded[path] = plugin;
  return plugin;
}

}  // namespace deja::exchange
