// SPDX-License-Identifier: Apache-2.0
// Texts of shells: whatever they hold, the reader ends, and the names that it finds are names.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "tool/shell/script.h"
#include "tool/shell/words.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace shell = deja::tool::shell;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const shell::Kind kind : {shell::Kind::dash, shell::Kind::bash, shell::Kind::busybox}) {
    const shell::Reading reading = shell::read_code(text, kind);
    for (const std::string& name : reading.names)
      CHECK(!name.empty() && shell::is_name_start(name[0]) &&
            std::all_of(name.begin(), name.end(), shell::is_name_char));
    // One more command cannot make less of it.
    const std::string longer = std::string(text) + "\neval x\n";
    if (reading.takes_all) CHECK(shell::read_code(longer, kind).takes_all);
  }
  shell::may_be_command(text);
  return 0;
}
