#include "os/find_tool.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace deja::os {
namespace {

// Appends pieces to a fixed buffer; length() is -1 once something did not fit.
class PathBuffer {
 public:
  PathBuffer(char* out, unsigned long size) : out_(out), size_(size) {}
  void append(std::string_view text) {
    if (length_ < 0 || static_cast<unsigned long>(length_) + text.size() + 1 > size_) {
      length_ = -1;
      return;
    }
    std::memcpy(out_ + length_, text.data(), text.size());
    length_ += static_cast<long>(text.size());
    out_[length_] = '\0';
  }
  void join(std::string_view cwd, std::string_view path) {
    length_ = 0;
    if (!path.starts_with('/')) {
      append(cwd);
      append("/");
    }
    append(path);
  }
  long length() const { return length_; }

 private:
  char* out_;
  unsigned long size_;
  long length_ = 0;
};

enum class Found { program, front, nothing };

Found look_at(const char* path, const FrontFile& front) {
  struct stat st;
  if (::stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return Found::nothing;
  if (st.st_dev == front.device && st.st_ino == front.inode) return Found::front;
  return ::access(path, X_OK) == 0 ? Found::program : Found::nothing;
}

}  // namespace

long find_tool(std::string_view name, std::string_view path_variable, std::string_view cwd,
               const FrontFile& front, char* out, unsigned long out_size) {
  if (name.empty()) return -1;
  PathBuffer buffer(out, out_size);
  const std::size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) {
    buffer.join(cwd, name);
    if (buffer.length() < 0) return -1;
    const Found found = look_at(out, front);
    if (found == Found::program) return buffer.length();
    if (found == Found::nothing) return -1;
    name = name.substr(slash + 1);
  }
  while (!path_variable.empty()) {
    const std::size_t colon = path_variable.find(':');
    const std::string_view folder = path_variable.substr(0, colon);
    path_variable.remove_prefix(colon == std::string_view::npos ? path_variable.size() : colon + 1);
    if (folder.empty()) {
      buffer.join(cwd, name);  // an empty element is the working directory (POSIX, XBD 8.3)
    } else {
      buffer.join(cwd, folder);
      buffer.append("/");
      buffer.append(name);
    }
    if (buffer.length() >= 0 && look_at(out, front) == Found::program) return buffer.length();
  }
  return -1;
}

}  // namespace deja::os
