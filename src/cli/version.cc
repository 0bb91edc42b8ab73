// SPDX-License-Identifier: Apache-2.0
// What is installed: the version, the digest of the sources (client and engine compare it), the commit and the kind of
// build. The last two come from CMake (cmake/Commit.cmake). Tested by cli_test.cc.
#include <commit.h>  // made by cmake/Commit.cmake
#include <fmt/format.h>

#include "cli/context.h"
#include "cli/json.h"
#include "cli/options.h"
#include "wire/messages.h"

namespace deja::cli {

int run_version(const Context&, Args args) {
  Format format = Format::text;
  OptionTable options("version", "The version of deja.");
  options.format(format);
  if (const auto code = options.parse(args)) return *code;
  const std::string version(wire::kVersion);
  const std::string build = fmt::format("{:08x}", wire::build_number());
  const std::string commit = DEJA_COMMIT;  // "+" at its end: the sources had changes; "": not known
  const std::string kind = DEJA_BUILD_KIND;
  if (format == Format::json) {
    print(pretty({{"version", version},
                  {"build", build},
                  {"commit", commit},
                  {"kind", kind},
                  {"protocol", wire::kProtocol}}));
  } else {
    print("deja " + version + " (build " + build + (commit.empty() ? "" : ", commit " + commit) +
          ", " + kind + ")\n");
  }
  return kDone;
}

}  // namespace deja::cli
