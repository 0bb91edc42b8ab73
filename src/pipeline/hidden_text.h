// Could an output hold text where a search for bytes does not find it? Told by the output itself,
// since an option that asks for it may come from a specs file or a plugin.
#pragma once

#include "base/result.h"
#include "os/fd.h"

namespace deja::pipeline {

// Compressed files and sections, bytecode for link-time optimisation, LLVM bitcode, precompiled
// headers.
Result<bool> may_hide_text(const os::Fd& fd);

}  // namespace deja::pipeline
