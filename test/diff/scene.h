// SPDX-License-Identifier: Apache-2.0
// A workspace that also writes every change to a shell script, so that each finding has a
// reproducer.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "diff/tester.h"

namespace deja::test {

class Scene {
 public:
  explicit Scene(Workspace& of) : ws(of) {}

  void write(const std::string& name, const std::string& text, unsigned mode = 0644);
  // The same inode and size with other content, and the old modification time restored.
  void rewrite_secretly(const std::string& name, const std::string& text);
  void remove(const std::string& name);
  void make_directory(const std::string& name);
  void symlink(const std::string& to, const std::string& name);
  void hard_link(const std::string& existing, const std::string& name);
  // also whole directories, links stay links
  void copy(const std::string& from, const std::string& to);
  void move(const std::string& from, const std::string& to);
  void touch(const std::string& name, long seconds);
  void change_mode(const std::string& name, unsigned mode);
  void script(const std::string& name, const std::string& text);  // in the workspace's bin/
  void remove_script(const std::string& name);

  bool exists(const std::string& name) const { return ws.exists(name); }
  // Empty when it is not a file (any more): a symlink may dangle.
  std::string read(const std::string& name) const {
    return std::filesystem::is_regular_file(ws.path(name)) ? ws.read(name) : "";
  }
  void note(const std::string& line) { lines_.push_back(line); }
  std::string text() const;

  Workspace& ws;

 private:
  std::vector<std::string> lines_;
};

}  // namespace deja::test
