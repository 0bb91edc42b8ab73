// SPDX-License-Identifier: Apache-2.0
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
  if (format == Format::json) {
    print(pretty({{"version", version}, {"build", build}, {"protocol", wire::kProtocol}}));
  } else {
    print("deja " + version + " (build " + build + ")\n");
  }
  return kDone;
}

}  // namespace deja::cli
