// SPDX-License-Identifier: Apache-2.0
// What is looked at before a run: files that the tool reads and then overwrites
// (Invocation::Outputs::updates). After the run their first content is gone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "digest/file_digester.h"
#include "os/file.h"
#include "tool/tool.h"

namespace deja::evidence {

struct Before {
  std::string path;
  os::FileIdentity identity;
  digest::FileContent content;
  std::int64_t looked_ns = 0;  // the file clock when it was read
};

// The files of Invocation::Outputs::updates and updated_files that exist.
std::vector<Before> look_before(const tool::Invocation& invocation, digest::FileDigester& digester);

// True when a file that was opened at opened_ns could have changed since then with equal stamps.
bool could_hide_a_change(const std::string& path, const os::FileIdentity& identity,
                         std::int64_t opened_ns);

// Is `name` (a file name or a path) one of these files, by its ending?
bool is_of(const tool::Invocation::Outputs::UpdatedFiles& files, std::string_view name);

}  // namespace deja::evidence
