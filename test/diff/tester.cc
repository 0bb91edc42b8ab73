// SPDX-License-Identifier: Apache-2.0
#include "diff/tester.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include <poll.h>
#include <sys/stat.h>

namespace deja::test {
namespace {

namespace fs = std::filesystem;

struct Left {
  Trial trial;
  std::vector<std::string> links;
};

void copy_tree(Workspace& ws, const std::string& from, const std::string& to) {
  Options at_base;
  at_base.cwd = ws.base();
  const Result copied = ws.run({"cp", "-a", from, to}, at_base);
  if (!copied.ok()) ADD_FAILURE() << "cp -a " << from << " " << to << ": " << copied;
}

Left run_here(Workspace& ws, const Command& command, bool with_deja) {
  Left left;
  left.trial.result =
      ws.run(with_deja ? Workspace::with_deja(command.argv) : command.argv, command.options);
  left.trial.tree = ws.tree();
  left.links = links_of(ws.work());
  return left;
}

// Runs the bare tool in a copy of `before`, at the path of the work directory.
Left run_bare(Workspace& ws, const Command& command, const std::string& before) {
  const std::string aside = ws.base() + "/aside";
  fs::rename(ws.work(), aside);
  copy_tree(ws, before, ws.work());
  Left left = run_here(ws, command, false);
  fs::remove_all(ws.work());
  fs::rename(aside, ws.work());
  return left;
}

std::string in_one_line(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + " ";
  return text;
}

std::string compare(const Left& bare, const Left& deja) {
  std::ostringstream out;
  out << difference(bare.trial, deja.trial);
  if (bare.links != deja.links)
    out << "links differ: bare " << in_one_line(bare.links) << "; deja " << in_one_line(deja.links)
        << "\n";
  return out.str();
}

}  // namespace

std::vector<std::string> links_of(const std::string& directory) {
  std::map<std::pair<dev_t, ino_t>, std::vector<std::string>> names;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
    struct stat st = {};
    if (::lstat(entry.path().c_str(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink < 2)
      continue;
    names[{st.st_dev, st.st_ino}].push_back(entry.path().lexically_relative(directory).string());
  }
  std::vector<std::string> out;
  for (auto& [inode, of] : names) {
    std::sort(of.begin(), of.end());
    for (std::size_t i = 1; i < of.size(); ++i) out.push_back(of[0] + "=" + of[i]);
  }
  std::sort(out.begin(), out.end());
  return out;
}

static Left with_sorted_messages(Left left) {
  std::multiset<std::string> lines;
  std::istringstream text(left.trial.result.err);
  for (std::string line; std::getline(text, line);) lines.insert(line + "\n");
  left.trial.result.err.clear();
  for (const std::string& line : lines) left.trial.result.err += line;
  return left;
}

Verdict judge(Workspace& ws, const Command& command) { return judge(ws, command, command); }

Verdict judge(Workspace& ws, const Command& command, const Command& bare_command) {
  Verdict verdict;
  const std::string before = ws.base() + "/before";
  copy_tree(ws, ws.work(), before);
  const Left deja = run_here(ws, command, true);
  verdict.event = ws.last_event();
  const Left bare = run_bare(ws, bare_command, before);
  verdict.bare = bare.trial.result;
  verdict.difference = compare(bare, deja);
  if (!verdict.difference.empty()) {
    const auto varies = [&] { return !compare(bare, run_bare(ws, bare_command, before)).empty(); };
    verdict.noisy = varies();
    // The runs may be in one second. (For a hit, passing time is no excuse.)
    if (!verdict.noisy && !verdict.is_hit()) {
      ::poll(nullptr, 0, 1100);
      verdict.noisy = varies();
    }
    // gcc -pipe: two programs print messages at once, in either order.
    if (!verdict.noisy && !verdict.is_hit())
      verdict.noisy = compare(with_sorted_messages(bare), with_sorted_messages(deja)).empty();
  }
  fs::remove_all(before);
  return verdict;
}

bool warm_up(Workspace& ws, const Command& command, int runs) {
  const Tree before = ws.tree();
  bool ok = true;
  for (int i = 0; i < runs; ++i) {
    ok = ws.deja(command.argv, command.options).ok() && ok;
    ws.restore(before);
  }
  return ok;
}

std::string as_shell(const Command& command) {
  const auto quoted = [](const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
  };
  std::string line;
  if (!command.options.cwd.empty()) line += "cd " + quoted(command.options.cwd) + " && ";
  for (const std::string& entry : command.options.env) {
    const bool sets = entry.find('=') != std::string::npos;
    line += sets ? "env " + quoted(entry) + " " : "env -u " + entry + " ";
  }
  for (const std::string& argument : command.argv) line += quoted(argument) + " ";
  return line;
}

}  // namespace deja::test
