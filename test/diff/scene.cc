// SPDX-License-Identifier: Apache-2.0
#include "diff/scene.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace deja::test {
namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string octal(unsigned mode) {
  std::string out;
  for (int shift = 9; shift >= 0; shift -= 3) out += static_cast<char>('0' + (mode >> shift & 7));
  return out;
}

void set_time(const std::string& path, const struct timespec& time) {
  const struct timespec times[2] = {time, time};
  if (::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
    ADD_FAILURE() << "utimensat " << path;
}

}  // namespace

void Scene::write(const std::string& name, const std::string& text, unsigned mode) {
  note("mkdir -p \"$(dirname " + quoted(name) + ")\"; printf %s " + quoted(text) + " > " +
       quoted(name) + (mode == 0644 ? "" : "; chmod " + octal(mode) + " " + quoted(name)));
  ws.write(name, text, mode);
}

void Scene::rewrite_secretly(const std::string& name, const std::string& text) {
  note("t=$(stat -c %y " + quoted(name) + "); printf %s " + quoted(text) + " 1<> " + quoted(name) +
       "; touch -d \"$t\" " + quoted(name));
  const std::string path = ws.path(name);
  struct stat before = {};
  if (::stat(path.c_str(), &before) != 0) return;
  const int fd = ::open(path.c_str(), O_WRONLY);
  if (::pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    ADD_FAILURE() << "pwrite " << path;
  ::close(fd);
  set_time(path, before.st_mtim);
}

void Scene::remove(const std::string& name) {
  note("rm -rf " + quoted(name));
  ws.remove(name);
}

void Scene::make_directory(const std::string& name) {
  note("mkdir -p " + quoted(name));
  ws.make_directory(name);
}

void Scene::symlink(const std::string& to, const std::string& name) {
  note("ln -sfn " + quoted(to) + " " + quoted(name));
  ws.remove(name);
  fs::create_symlink(to, ws.path(name));
}

void Scene::hard_link(const std::string& existing, const std::string& name) {
  note("ln -f " + quoted(existing) + " " + quoted(name));
  ws.remove(name);
  fs::create_directories(fs::path(ws.path(name)).parent_path());
  fs::create_hard_link(ws.path(existing), ws.path(name));
}

void Scene::copy(const std::string& from, const std::string& to) {
  note("cp -r " + quoted(from) + " " + quoted(to));
  fs::copy(ws.path(from), ws.path(to),
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
}

void Scene::move(const std::string& from, const std::string& to) {
  note("mv -T " + quoted(from) + " " + quoted(to));
  fs::rename(ws.path(from), ws.path(to));
}

void Scene::touch(const std::string& name, long seconds) {
  note("touch -d @" + std::to_string(seconds) + " " + quoted(name));
  set_time(ws.path(name), {seconds, 0});
}

void Scene::change_mode(const std::string& name, unsigned mode) {
  note("chmod " + octal(mode) + " " + quoted(name));
  ::chmod(ws.path(name).c_str(), mode);
}

void Scene::script(const std::string& name, const std::string& text) {
  note("printf %s " + quoted(text) + " > ../bin/" + name + "; chmod +x ../bin/" + name);
  ws.script(name, text);
}

void Scene::remove_script(const std::string& name) {
  note("rm -f ../bin/" + name);
  ws.remove(ws.bin() + "/" + name);
}

std::string Scene::text() const {
  std::string out;
  for (const std::string& line : lines_) out += "  " + line + "\n";
  return out;
}

}  // namespace deja::test
