// SPDX-License-Identifier: Apache-2.0
#include "cli/real_tool.h"

#include <stdlib.h>

#include "os/file.h"
#include "os/find_tool.h"
#include "os/places.h"

namespace deja::cli {
namespace {

// This installation's client, which must not be taken for the tool.
os::ClientFile client_file(const Context& context) {
  const auto id = os::stat_file(context.libexec + "/../../bin/deja");
  return id && *id ? os::ClientFile{(*id)->device, (*id)->inode} : os::ClientFile();
}

}  // namespace

std::string find_real_tool(const Context& context, const std::string& name) {
  const char* const path = ::getenv("PATH");
  char found[os::kPlaceMax];
  const std::string_view directories = path != nullptr ? path : "/bin:/usr/bin";
  bool passed_client = false;
  long size = os::find_tool(name, directories, context.cwd, client_file(context), found,
                            sizeof(found), &passed_client);
  // "deja exec -- deja exec -- tool": here the client is an ordinary tool.
  if (size < 0 && passed_client)
    size = os::find_tool(name, directories, context.cwd, {}, found, sizeof(found));
  return size < 0 ? "" : found;
}

}  // namespace deja::cli
