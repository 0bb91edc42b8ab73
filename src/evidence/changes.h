// SPDX-License-Identifier: Apache-2.0
// Changes: what the run itself did to files, by canonical name.
//
// A claim is about the name that a program used, so the facts about what was seen are kept by
// spelled path (facts.h). What was done to a file is kept by its one canonical name: a temporary
// directory may be made by one name of its parent and removed by another.
//
// The functions take spelled absolute paths, and are called in the order of the log.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "action/not_stored.h"
#include "evidence/directories.h"
#include "os/file.h"

namespace deja::evidence {

struct FileNumber {
  std::uint64_t device = 0, inode = 0;
  auto operator<=>(const FileNumber&) const = default;
};
inline FileNumber number_of(const os::FileIdentity& identity) {
  return {identity.device, identity.inode};
}

// What the run did to one file.
struct Change {
  bool written = false;       // opened for writing, renamed or linked to, made, removed
  bool existed = false;       // something of that name was there before the run
  bool unlinked = false;      // the run removed what was there
  bool in_place = false;      // an existing file was truncated and rewritten
  bool renamed = false;       // what is there now came by a rename
  bool was_empty = false;     // an existing file that had no content
  bool is_lock = false;       // held so that others wait
  bool continues = false;     // made without truncating: an old content would have stayed
  bool is_temporary = false;  // the run made up a random name
  // The file that was opened or renamed to this name last; inode 0: not known.
  FileNumber file;
  std::string spelled;  // the name by which it was changed first
};

class Changes {
 public:
  // What was done to the file; find() is null when nothing was, at() then makes an entry.
  const Change* find(const std::string& path);
  Change& at(const std::string& path);
  bool is_own(const std::string& path);  // made or written by this run
  // By canonical name.
  const std::map<std::string, Change>& all() const { return changes_; }

  // A file was opened for writing that is one of the run's from now on.
  void opened(Change& change, const os::FileIdentity& identity);
  // The last close counts; a file that is opened again is not finished.
  void closed(const os::FileIdentity& identity, std::uint32_t generation);
  void set_attributes(const std::string& path);  // of a file of its own
  void removed(const std::string& path);
  void renamed(const std::string& from, const std::string& to);
  void linked(const std::string& path, const std::string& other);
  void made_symlink(const std::string& path, const std::string& text);
  void made_directory(const std::string& path);

  // After the run: a directory that came by a rename is the run's own with all that is in it, by
  // whatever name the files were made.
  std::optional<action::Problem> add_renamed_directories();
  // os::generation_of() when the file was closed last; 0: not known.
  std::uint32_t generation_of(const Change& change) const;
  // Two commands that write one file may run at the same time. Is what is there now the work of
  // another one? ended_ns: when the run ended.
  bool is_of_others(const os::FileIdentity& now, const Change& change, std::int64_t ended_ns) const;

  std::string canonical(const std::string& path) { return directories_.canonical(path); }
  Directories& directories() { return directories_; }

 private:
  // A file of the run's own when the run had written all of it.
  struct Finished {
    os::FileIdentity identity;
    std::uint32_t generation = 0;
    bool was_renamed = false;  // since then, which gave it a newer ctime
  };
  const Finished* finished(const Change& change) const;
  void note_new_name(const FileNumber& file);
  void move_below(const std::string& from, const std::string& to);
  std::optional<action::Problem> add_below(const std::string& directory,
                                           const std::string& spelled);

  Directories directories_;
  std::map<std::string, Change> changes_;
  std::set<std::string, std::less<>> last_components_;  // of the names in changes_
  std::map<FileNumber, Finished> finished_;
};

}  // namespace deja::evidence
