// rust.build_scripts: cargo starts the programs that it has made of build scripts itself, so the place of
// such a program is taken by a shell script that starts it through `deja exec`. The program lies beside
// it, and is started alone where there is no deja any more, and where cargo does not start it.
#pragma once

#include <string>

#include "base/result.h"

namespace deja::pipeline {

// program: absolute path of what was just made. interposer: that of libdeja-observe.so, which tells where
// `deja` is installed.
Status wrap_build_script(const std::string& program, const std::string& interposer);

}  // namespace deja::pipeline
