// SPDX-License-Identifier: Apache-2.0
// One lock file for each output. A run that gives up waiting leaves a mark next to the
// lock, so that the run that holds it learns that its output was not its own.
//
// Tested by output_locks_test.cc and test/e2e/concurrent_test.cc.
#include "os/output_locks.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "os/file.h"
#include "os/lock.h"
#include "os/process.h"

namespace deja::os {
namespace {

constexpr auto kPause = std::chrono::milliseconds(5);
constexpr int kPausesInASecond = 200;
constexpr int kFirstPauses = 4;  // reading /proc costs more than another try

// The mark of a run that did not wait for the lock.
constexpr std::string_view kLate = ".late";
std::string late_mark(const std::string& lock) { return lock + std::string(kLate); }

void remove(const std::string& lock) {
  ignore(remove_file(late_mark(lock)), "it may not exist");
  ignore(remove_file(lock), "an unlocked file does no harm");
}

// Its holder removes the file at the end, so a lock that was waited for may be a removed file.
bool is_still_there(const Fd& fd, const std::string& path) {
  const auto held = stat_fd(fd);
  const auto named = stat_file(path);
  return held && named && *named && held->device == (*named)->device &&
         held->inode == (*named)->inode;
}

void sign(const Fd& lock, pid_t holder) {
  ignore(write_fd(lock, std::to_string(holder) + "\n"), "the holder is only for messages");
}

pid_t holder_of(const std::string& lock) {
  const auto text = read_file_if_exists(lock, 64);
  pid_t holder = 0;
  if (text && *text) std::from_chars((*text)->data(), (*text)->data() + (*text)->size(), holder);
  return holder;
}

}  // namespace

OutputLocks OutputLocks::take(const std::string& directory, std::vector<std::string> names,
                              const std::function<bool()>& still_wanted, pid_t holder) {
  OutputLocks out;
  if (directory.empty()) return out;
  std::sort(names.begin(), names.end());  // so that two runs never wait for each other
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names) {
    const std::string lock = directory + "/" + name;
    for (int pauses = 1;; ++pauses) {
      auto fd = try_lock_file(lock);
      if (!fd) break;  // it cannot be made
      if (*fd) {
        if (!is_still_there(*fd, lock)) continue;
        sign(*fd, holder);
        out.locks_.push_back({lock, *std::move(fd)});
        break;
      }
      // This client was started by the run that it would wait for, which would never end.
      if (pauses % kFirstPauses == 0 && is_ancestor(holder_of(lock), holder)) break;
      if (pauses % kPausesInASecond == 0 && (is_stopped(holder_of(lock)) || !still_wanted())) {
        out.gave_up_ = true;
        ignore(create_file(late_mark(lock), 0600), "the mark is only a hint");
        break;
      }
      std::this_thread::sleep_for(kPause);  // tidy-allow: sleep flock has no deadline
    }
  }
  return out;
}

bool OutputLocks::were_ours() const {
  return !gave_up_ && std::none_of(locks_.begin(), locks_.end(), [](const Lock& lock) {
    const auto mark = stat_file(late_mark(lock.path));
    return !mark || *mark;
  });
}

OutputLocks::~OutputLocks() {
  for (const Lock& lock : locks_) remove(lock.path);
}

void OutputLocks::sweep(const std::string& directory) {
  const auto names = list_directory(directory);
  if (!names) return;
  for (const std::string& name : *names) {
    // A mark is removed with its lock; the lock of a mark that is alone is made by taking it.
    const bool is_mark = std::string_view(name).ends_with(kLate);
    const std::string lock =
        directory + "/" + (is_mark ? name.substr(0, name.size() - kLate.size()) : name);
    const auto fd = try_lock_file(lock);
    if (fd && *fd && is_still_there(*fd, lock)) remove(lock);
  }
}

}  // namespace deja::os
