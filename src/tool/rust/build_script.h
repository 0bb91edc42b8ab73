// SPDX-License-Identifier: Apache-2.0
// rust.build_scripts: cargo starts the programs of build scripts directly, without a wrapper. So such a
// program is replaced by a shell script that starts it through `deja exec`. The program itself is kept next
// to the script, as "<program>.deja", and is started alone where `deja` is gone or cargo does not start it.
#pragma once

#include <string>

#include "base/result.h"

namespace deja::tool::rust {

// program: absolute path of what was just made. interposer: that of libdeja-observe.so, which tells where
// `deja` is installed.
Status wrap_build_script(const std::string& program, const std::string& interposer);

}  // namespace deja::tool::rust
