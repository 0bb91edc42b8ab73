// SPDX-License-Identifier: Apache-2.0
// Repairs the kind and permissions of every file and directory of the store; the content is verify()'s
// part (verify.cc). Tested by mend_test.cc and test/fault/verify_test.cc.
#include "store/mend.h"

#include <algorithm>

#include "os/cache_directory.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/index_state.h"

namespace deja::store {
namespace {

constexpr std::size_t kLinesMax = 50;
// Quarantine is for inspection by a person, not an archive: only the newest few are kept.
constexpr std::size_t kQuarantineMax = 16;
// A ledger is compacted before it grows this large. Searching a larger file for records takes minutes.
constexpr std::uint64_t kLedgerFileMax = std::uint64_t{16} << 30;
constexpr std::uint64_t kJournalFileMax = 256 << 20;
constexpr std::uint64_t kLocksFileMax = 16 << 20;

const char* kind_text(const os::FileIdentity& id) {
  if (id.is_regular()) return "a file";
  if (id.is_directory()) return "a directory";
  if (id.is_symlink()) return "a symbolic link";
  if (S_ISFIFO(id.mode)) return "a FIFO";
  return S_ISSOCK(id.mode) ? "a socket" : "a device";
}

class Mender {
 public:
  Mender(const Layout& layout, bool repair) : layout_(layout), repair_(repair) {}

  std::vector<std::string> mend() {
    want_directory(layout_.quarantine());  // first: other files are moved there
    for (const std::string& path : {layout_.lock(), layout_.format()}) want_file(path, 0600);
    want_format();
    want_mark();
    want_directory(layout_.tmp());
    look_at_index();
    look_at_ledger();
    look_at_blobs();
    // Not part of the store, but in the same directory.
    for (const char* name : {"outputs", "journal"}) want_directory(layout_.root() + "/" + name);
    for (const std::string& name : names_in(layout_.root() + "/outputs"))
      want_small_file(layout_.root() + "/outputs/" + name, kLocksFileMax);
    for (const std::string& name : names_in(layout_.root() + "/journal"))
      want_small_file(layout_.root() + "/journal/" + name, kJournalFileMax);
    if (more_ != 0) lines_.push_back("and " + std::to_string(more_) + " more problems like these");
    return std::move(lines_);
  }

 private:
  void say(const std::string& path, const std::string& text) {
    if (lines_.size() >= kLinesMax) {
      ++more_;
      return;
    }
    std::string_view name = path;
    if (name.size() > layout_.root().size()) name.remove_prefix(layout_.root().size() + 1);
    lines_.push_back(std::string(name) + " " + text);
  }

  // Reports the problem, and what was done about it.
  void mend_by(const std::string& path, const std::string& wrong, const char* done,
               const Status& status) {
    say(path, wrong + (!repair_  ? ""
                       : !status ? ", and cannot be repaired: " + status.error().message
                                 : ", " + std::string(done)));
  }

  void set_aside(const std::string& path, const os::FileIdentity& id, const std::string& wrong) {
    const bool has_content = id.is_regular() || id.is_directory();
    std::string name = path.substr(layout_.root().size() + 1);
    std::replace(name.begin(), name.end(), '/', '.');
    Status done;
    bool is_moved = false;
    if (repair_) {
      if (has_content && path != layout_.quarantine())
        is_moved = static_cast<bool>(move_to_quarantine(layout_, path, name.substr(0, 100)));
      if (!is_moved) done = os::remove_tree(path);
    }
    mend_by(path, wrong, is_moved ? "set aside in quarantine" : "removed", done);
  }

  // Empty: it does not exist, or cannot be examined.
  std::optional<os::FileIdentity> look(const std::string& path) {
    const auto id = os::stat_file(path, os::Links::keep);
    if (id) return *id;
    say(path, "cannot be examined: " + id.error().message);
    return std::nullopt;
  }

  std::vector<std::string> names_in(const std::string& directory) {
    const auto id = look(directory);
    if (!id || !id->is_directory()) return {};
    auto names = os::list_directory(directory);
    if (names) return *std::move(names);
    say(directory, "cannot be listed: " + names.error().message);
    return {};
  }

  // True: it exists and can be used.
  bool want(const std::string& path, const os::FileIdentity& id, bool is_right, mode_t rights) {
    if (!is_right) {
      set_aside(path, id, std::string("is ") + kind_text(id));
      return false;
    }
    if ((id.mode & rights) == rights) return true;
    const Status done = repair_ ? os::change_mode(path, (id.mode & 0777) | rights) : Status();
    mend_by(path, "lacks permissions", "corrected", done);
    return repair_ && done;
  }
  bool want_file(const std::string& path, mode_t rights) {
    const auto id = look(path);
    return id && want(path, *id, id->is_regular(), rights);
  }
  bool want_directory(const std::string& path) {
    const auto id = look(path);
    return id && want(path, *id, id->is_directory(), 0700);
  }

  void want_small_file(const std::string& path, std::uint64_t size_max) {
    if (!want_file(path, 0600)) return;
    const auto id = look(path);
    if (id && id->size > size_max) set_aside(path, *id, "is too large");
  }

  void want_mark() {
    const std::string path = layout_.root() + "/CACHEDIR.TAG";
    want_small_file(path, kJournalFileMax);
    const auto id = look(path);
    if (id || (!repair_ && !lines_.empty())) return;
    const bool done = repair_ && os::mark_cache_directory(layout_.root().c_str());
    mend_by(path, "is missing", "made again",
            done ? Status() : Error{Code::io, 0, "it cannot be written"});
  }

  // The format is also known from the index.
  void want_format() {
    const auto text = os::read_file_if_exists(layout_.format(), 4096);
    const std::string ours = std::string(kFormatPrefix) + std::to_string(kFormatVersion) + "\n";
    if (text && *text && **text == ours) return;
    const auto bytes = os::read_file_if_exists(layout_.index() + "/state", 4096);
    if (!bytes || !*bytes || !decode_state(**bytes)) return;
    const bool is_there = text && *text && !(*text)->empty();
    // Another format version may be right.
    if (is_there && (*text)->starts_with(kFormatPrefix)) return;
    mend_by(layout_.format(), is_there ? "is damaged" : "is missing", "written again",
            repair_ ? os::write_file_atomic(layout_.format(), ours) : Status());
  }

  // Missing files of the index are rebuilt from the ledger later.
  void look_at_index() {
    if (!want_directory(layout_.index())) return;
    for (const char* name : {"data.mdb", "lock.mdb", "state", "suspect"})
      want_file(layout_.index() + "/" + name, 0600);
  }

  void look_at_ledger() {
    if (!want_directory(layout_.ledger())) return;
    for (const std::string& name : names_in(layout_.ledger())) {
      const std::string path = layout_.ledger() + "/" + name;
      const auto id = look(path);
      if (!id) continue;
      if (parse_ledger_name(name)) {
        want_small_file(path, kLedgerFileMax);
      } else {
        set_aside(path, *id, "does not belong here");
      }
    }
  }

  void look_at_blobs() {
    if (!want_directory(layout_.blobs())) return;
    for (const std::string& directory : names_in(layout_.blobs())) {
      const std::string path = layout_.blobs() + "/" + directory;
      const auto id = look(path);
      if (!id) continue;
      if (!digest_of_blob_name(directory, std::string(62, '0'))) {
        set_aside(path, *id, "does not belong here");
      } else if (want(path, *id, id->is_directory(), 0700)) {
        for (const std::string& name : names_in(path)) look_at_blob(directory, name);
      }
    }
  }

  void look_at_blob(const std::string& directory, const std::string& name) {
    const std::string path = layout_.blobs() + "/" + directory + "/" + name;
    const auto id = look(path);
    if (!id) return;
    if (!digest_of_blob_name(directory, name)) {
      set_aside(path, *id, "does not belong here");
    } else {
      want(path, *id, id->is_regular(), 0400);
    }
  }

  const Layout& layout_;
  const bool repair_;
  std::vector<std::string> lines_;
  std::size_t more_ = 0;
};

}  // namespace

std::vector<std::string> mend_directory(const Layout& layout, bool repair) {
  return Mender(layout, repair).mend();
}

Status move_to_quarantine(const Layout& layout, const std::string& path, const std::string& name) {
  TRY(os::make_directories(layout.quarantine()));
  const auto names = TRY(os::list_directory(layout.quarantine()));
  if (names.size() >= kQuarantineMax)
    TRY(os::remove_tree(layout.quarantine() + "/" + names.front()));
  return os::rename_file(path,
                         layout.quarantine() + "/" + name + "." + std::to_string(os::wall_ns()));
}

}  // namespace deja::store
