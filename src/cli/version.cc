#include "cli/context.h"
#include "cli/json.h"
#include "cli/options.h"
#include "wire/messages.h"

namespace deja::cli {

int run_version(const Context&, Args args) {
  Format format = Format::text;
  Options options("version", "The version of deja.");
  options.format(format);
  if (const auto code = options.parse(args)) return *code;
  const std::string version(wire::kVersion);
  if (format == Format::json) {
    print(pretty({{"version", version}, {"protocol", wire::kProtocol}}));
  } else {
    print("deja " + version + "\n");
  }
  return kDone;
}

}  // namespace deja::cli
