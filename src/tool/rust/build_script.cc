// SPDX-License-Identifier: Apache-2.0
// Tested by test/e2e/rust_script_test.cc.
#include "tool/rust/build_script.h"

#include "base/path.h"
#include "os/file.h"

namespace deja::tool::rust {
namespace {

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// Cargo links the file to "build-script-build" next to it, and starts that by its full path.
std::string script(const std::string& program, const std::string& front) {
  const std::string deja = shell_quoted(front);
  return "#!/bin/sh\n"
         "# Starts the build script through deja (rust.build_scripts), which puts back what an "
         "equal\n"
         "# run has left.\n"
         "real=${0%/*}/" +
         shell_quoted(base_name(program)) +
         "\n"
         "if [ -n \"$OUT_DIR\" ] && [ -x " +
         deja + " ]; then\n  exec " + deja +
         " exec --env observed --clock-counts --output-dir \"$OUT_DIR\" -- \"$real\" \"$@\"\n"
         "fi\n"
         "exec \"$real\" \"$@\"\n";
}

}  // namespace

Status wrap_build_script(const std::string& program, const std::string& interposer) {
  const std::string_view prefix = parent_path(parent_path(parent_path(interposer)));
  const std::string front = join_path(prefix, "bin/deja");
  const std::string real = program + ".deja";
  TRY(os::rename_file(program, real));
  auto written = os::write_file_atomic(program, script(real, front), 0755);
  if (!written) ignore(os::rename_file(real, program), "the first failure is reported");
  return written;
}

}  // namespace deja::tool::rust
