// Could an output hold text where a search for bytes does not find it? Told by the output itself,
// since an option that asks for it may come from a specs file or a plugin.
#pragma once

#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace deja::formats {

struct HiddenText {
  // Compressed files and sections, bytecode for link-time optimisation, LLVM bitcode, precompiled
  // headers: nobody knows what is in there.
  bool is_more = false;
  // What could be unpacked: the metadata of a Rust library, in order.
  std::string unpacked;
};

Result<HiddenText> hidden_text(const os::Fd& fd);

}  // namespace deja::formats
