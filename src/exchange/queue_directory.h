// SPDX-License-Identifier: Apache-2.0
// Where the uploads of a configuration wait.
#pragma once

#include <string>

#include "digest/hasher.h"
#include "remote_loader/options.h"

namespace deja::exchange {

// A directory for each configuration: what was meant for one remote is not sent to another. Its name holds no
// secret.
inline std::string queue_directory(const Options& options) {
  std::string text = options.space;
  for (const std::string& address : options.addresses) text += '\n' + address;
  return options.cache_dir + "/uploads/" + digest::digest_bytes(text).hex().substr(0, 16);
}

}  // namespace deja::exchange
