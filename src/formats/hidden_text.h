// SPDX-License-Identifier: Apache-2.0
// Could an output contain text that a byte search does not find? Decided from the output itself, since
// an option that causes it may come from a specs file or a plugin.
#pragma once

#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace deja::formats {

struct HiddenText {
  // True for compressed files and sections, LTO bytecode, LLVM bitcode and precompiled headers, which
  // cannot be searched.
  bool is_more = false;
  // The content that could be unpacked: the metadata of a Rust library, in order.
  std::string unpacked;
};

Result<HiddenText> hidden_text(const os::Fd& fd);

}  // namespace deja::formats
