// SPDX-License-Identifier: Apache-2.0
#include "os/find_tool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/call_chain.h"
#include "os/fd.h"
#include "os/io.h"
#include "os/text_buffer.h"

namespace deja::os {
namespace {

void join(TextBuffer& buffer, std::string_view cwd, std::string_view path) {
  buffer.clear();
  if (!path.starts_with('/')) buffer.add(cwd).add("/");
  buffer.add(path);
}

enum class Found { program, client, nothing };

bool is_script(const char* path) {
  char head[2] = {};
  const Fd fd(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return fd && read_exactly(fd.get(), head, sizeof(head)) == sizeof(head) && head[0] == '#' &&
         head[1] == '!';
}

Found look_at(const char* path, const ClientFile& client, const Calls& calls) {
  struct stat st;
  if (::stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return Found::nothing;
  if (st.st_dev == client.device && st.st_ino == client.inode) return Found::client;
  if (calls.chain != nullptr && calls.chain->clients() > 0) {
    const ClientFile file = {st.st_dev, st.st_ino};
    if (calls.chain->is_client(file) ||
        calls.chain->repeats(file, calls.arguments, is_script(path)))
      return Found::client;
  }
  return ::access(path, X_OK) == 0 ? Found::program : Found::nothing;
}

}  // namespace

long find_tool(std::string_view name, std::string_view path_variable, std::string_view cwd,
               const ClientFile& client, char* out, unsigned long out_size, bool* passed_client,
               const Calls& calls) {
  bool unused = false;
  bool& passed = passed_client != nullptr ? *passed_client : unused;
  passed = false;
  if (name.empty()) return -1;
  TextBuffer buffer(out, out_size);
  const std::size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) {
    join(buffer, cwd, name);
    if (!buffer.fits()) return -1;
    const Found found = look_at(out, client, calls);
    if (found == Found::program) return buffer.length();
    if (found == Found::nothing) return -1;
    passed = true;
    name = name.substr(slash + 1);
  }
  while (!path_variable.empty()) {
    const std::size_t colon = path_variable.find(':');
    const std::string_view directory = path_variable.substr(0, colon);
    path_variable.remove_prefix(colon == std::string_view::npos ? path_variable.size() : colon + 1);
    if (directory.empty()) {
      join(buffer, cwd, name);  // an empty element is the working directory (POSIX, XBD 8.3)
    } else {
      join(buffer, cwd, directory);
      buffer.add("/").add(name);
    }
    const Found found = buffer.fits() ? look_at(out, client, calls) : Found::nothing;
    if (found == Found::program) return buffer.length();
    passed = passed || found == Found::client;
  }
  return -1;
}

}  // namespace deja::os
