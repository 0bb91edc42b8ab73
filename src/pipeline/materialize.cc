// SPDX-License-Identifier: Apache-2.0
// All artifacts are first completed under temporary names next to their places; only then are they renamed,
// so an error on the way leaves nothing. Where the tool would do something else than replace a plain file of
// the user's (write through a symlink, keep the mode of an old file), the tool itself has to run.
//
// Tested by request_path_test.cc, test/e2e/output_test.cc and symlink_test.cc.
#include "pipeline/materialize.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/path.h"
#include "base/strip_ansi.h"
#include "os/clock.h"
#include "os/file.h"
#include "pipeline/streams.h"
#include "sharing/relocate.h"

namespace deja::pipeline {
namespace {

using action::Artifact;
using action::Placement;
using action::Role;

// An artifact that is complete under a temporary name next to its place. What was not placed is removed.
class PreparedFile {
 public:
  PreparedFile(std::string temp, std::string path, bool is_taken)
      : temp_(std::move(temp)), path_(std::move(path)), is_taken_(is_taken) {}
  PreparedFile(PreparedFile&& o) noexcept
      : temp_(std::exchange(o.temp_, {})), path_(std::move(o.path_)), is_taken_(o.is_taken_) {}
  PreparedFile& operator=(PreparedFile&&) = delete;
  ~PreparedFile() {
    if (!temp_.empty()) ignore(os::remove_file(temp_), "nothing else can be done");
  }
  // An old file is unlinked first, as compilers do it. ext4 writes a file that is renamed over another one
  // to the disk at once (auto_da_alloc, ext4(5)), which costs more than all the rest of a hit.
  Status place() {
    if (temp_.empty()) return {};
    if (is_taken_) TRY(os::remove_file(path_));
    TRY(os::rename_file(temp_, path_));
    temp_.clear();
    return {};
  }

 private:
  std::string temp_, path_;
  bool is_taken_;
};

// Directories made for a hit. When the hit fails they are removed again, before the tool looks.
class MadeDirectories {
 public:
  MadeDirectories() = default;
  MadeDirectories(const MadeDirectories&) = delete;
  MadeDirectories& operator=(const MadeDirectories&) = delete;
  ~MadeDirectories() {
    for (auto it = made_.rbegin(); it != made_.rend(); ++it)
      ignore(os::remove_empty_directory(it->path), "it may contain files by now");
  }
  Status make(const std::string& path, mode_t mode) {
    if (const auto there = os::stat_file(path); there && *there) return {};
    TRY(os::make_directory(path, mode | 0700));  // files are still to be put into it
    made_.push_back({path, mode});
    return {};
  }
  Status make_all(const std::string& path, mode_t mode) {
    if (path.empty() || path == "/") return {};
    if (const auto there = os::stat_file(path); there && *there) return {};
    TRY(make_all(std::string(parent_path(path)), mode));
    return make(path, mode);
  }
  // Everything that belongs into them is there.
  Status keep() {
    const std::vector<Made> made = std::exchange(made_, {});
    for (const Made& m : made) {
      if ((m.mode & 0700) == 0700) continue;
      const os::Fd directory = TRY(os::open_read(m.path));
      TRY(os::set_mode(directory, m.mode));
    }
    return {};
  }

 private:
  struct Made {
    std::string path;
    mode_t mode;
  };
  std::vector<Made> made_;
};

std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> serial{0};
  return std::string(parent_path(path)) + "/.deja-" + std::to_string(::getpid()) + "-" +
         std::to_string(serial++);
}

// Is the file that is there also an input, which the command line names by another path? Then the tool would
// refuse, or read it first. (Symlinks and hard links: check_place.)
Result<bool> is_input(const os::FileIdentity& there, const std::string& path,
                      const Target& target) {
  for (const tool::KeyArgument& argument : target.invocation.key.arguments) {
    if (!argument.is_input) continue;
    const std::string named = join_path(target.request.cwd, argument.path());
    // By the same path it is what the tool itself has written ("cpp a.c a.i").
    if (base_name(named) != base_name(path) || tidy_path(named) == tidy_path(path)) continue;
    const auto input = TRY(os::stat_file(named));
    if (input && input->device == there.device && input->inode == there.inode) return true;
  }
  return false;
}

// Would the new file, put in place of what is there, be what the tool would have left? True: something is
// there; false: nothing is. An error where only the tool itself can do it: a device, a shared inode, a
// symlink, a file that may not be written or whose mode the tool would keep (docs/traps/output-place.md).
Result<bool> check_place(const Artifact& artifact, mode_t fresh_mode, const std::string& path,
                         const Target& target) {
  const auto there = TRY(os::stat_file(path, os::Links::keep));
  if (!there) return false;
  const auto& updates = target.invocation.outputs.updates;  // those are both
  if (updates.empty() && TRY(is_input(*there, path, target)))
    return Error{Code::invalid, 0, "the output is an input, too: " + path};
  if (artifact.role == Role::directory && there->is_directory()) return true;
  if (artifact.role == Role::directory || artifact.role == Role::symlink)
    return Error{Code::invalid, 0, "something else is in the place of the output: " + path};
  if (!there->is_regular())
    return Error{Code::invalid, 0, "the output exists and is not a regular file: " + path};
  const auto is_writable = os::is_writable(path);
  if (!is_writable) return false;  // another client is replacing it right now
  if (!*is_writable)
    return Error{Code::invalid, 0, "the output exists and cannot be written: " + path};
  if (artifact.placement == Placement::replaced) return true;  // the tool renames, too
  if (there->links != 1)
    return Error{Code::invalid, 0, "the output exists and has other hard links: " + path};
  if (there->owner != ::geteuid())
    return Error{Code::invalid, 0, "the output exists and belongs to another user: " + path};
  if ((there->mode & 07777) != fresh_mode)
    return Error{Code::invalid, 0,
                 "the output exists and has another mode than a new file: " + path};
  return true;
}

// Is this declared output among the artifacts, maybe by another path to its directory?
bool has_artifact(const action::ActionResult& result, const Target& target,
                  const std::string& name) {
  const std::string path = tidy_path(join_path(target.request.cwd, name));
  return std::any_of(result.artifacts.begin(), result.artifacts.end(), [&](const Artifact& a) {
    const std::string place = target.roots.expand(a.path);
    if (place == path) return true;
    if (base_name(place) != base_name(path)) return false;
    const auto one = os::real_path(std::string(parent_path(place)));
    const auto other = os::real_path(std::string(parent_path(path)));
    return one && other && *one == *other;
  });
}

// One result on its way to the disk of one request.
class Materialization {
 public:
  Materialization(const action::ActionResult& result, const Target& target, store::BlobStore& blobs)
      : result_(result), target_(target), blobs_(blobs) {}

  Result<Replay> replay() const;
  // Makes missing directories, and all files under temporary names.
  Status prepare();
  Status place();
  std::uint64_t cloned_bytes() const { return cloned_bytes_; }

 private:
  Result<std::string> text_of(const action::StreamBytes& stream, bool strip) const;
  Status make_directories();
  Status make_parents(const std::string& place);
  Result<PreparedFile> prepare(const Artifact& artifact);
  Status fill(const Artifact& artifact, const os::Fd& temp);

  const action::ActionResult& result_;
  const Target& target_;
  store::BlobStore& blobs_;
  MadeDirectories directories_;
  std::vector<PreparedFile> files_;
  std::uint64_t cloned_bytes_ = 0;
};

Result<Replay> Materialization::replay() const {
  Replay replay;
  replay.exit_code = result_.exit_code;
  const bool strip = result_.colours_forced && !keeps_colours(target_);
  replay.out = TRY(text_of(result_.out, strip && result_.streams_are_one));
  replay.err = TRY(text_of(result_.err, strip));
  if (wants_one_stream(target_)) {
    replay.out += replay.err;  // at most one of them has bytes, see unusable()
    replay.err.clear();
  }
  if (target_.invocation.run.drops_stdout) replay.out.clear();
  if (target_.invocation.run.drops_stderr) replay.err.clear();
  return replay;
}

// The bytes for one of the user's streams.
Result<std::string> Materialization::text_of(const action::StreamBytes& stream, bool strip) const {
  std::string text = TRY(read_stream(stream, blobs_));
  if (strip) text = strip_ansi(text);
  auto moved = sharing::move_text(text, result_.made_in, target_.roots);
  if (!moved)
    return Error{Code::invalid, 0,
                 "a stored message names a directory that this command does not have"};
  return *std::move(moved);
}

Status Materialization::prepare() {
  TRY(make_directories());
  for (const Artifact& artifact : result_.artifacts)
    if (artifact.role != Role::directory) files_.push_back(TRY(prepare(artifact)));
  return {};
}

Status Materialization::place() {
  for (PreparedFile& file : files_) TRY(file.place());
  return directories_.keep();
}

// A directory comes before what is in it.
Status Materialization::make_directories() {
  for (const Artifact& artifact : result_.artifacts) {
    const std::string path = target_.roots.expand(artifact.path);
    TRY(make_parents(tidy_path(path)));
    if (artifact.role != Role::directory) continue;
    TRY(check_place(artifact, artifact.mode, path, target_));
    TRY(directories_.make(path, artifact.mode));
  }
  return {};
}

// Makes the missing directories above a declared output.
Status Materialization::make_parents(const std::string& place) {
  const mode_t mode = 0777 & ~target_.request.umask;
  const tool::Declaration& declared = target_.invocation.declared;
  const bool is_below =
      std::any_of(declared.directories.begin(), declared.directories.end(),
                  [&](const auto& directory) { return is_within(place, directory); });
  if (is_below) TRY(directories_.make_all(std::string(parent_path(place)), mode));
  for (const std::string& path : declared.outputs)
    if (base_name(path) == base_name(place))  // it may be spelled otherwise
      TRY(directories_.make_all(std::string(parent_path(path)), mode));
  return {};
}

Result<PreparedFile> Materialization::prepare(const Artifact& artifact) {
  const std::string path = target_.roots.expand(artifact.path);
  if (path.empty())
    return Error{Code::invalid, 0,
                 "a stored output lies in a directory that this command does not have"};
  // It is already there.
  if (artifact.role == Role::symlink && TRY(os::read_symlink(path)) == artifact.link_text)
    return PreparedFile({}, path, false);
  const mode_t mode = TRY(fresh_mode(artifact, target_.request.umask));
  const bool is_taken = TRY(check_place(artifact, mode, path, target_));
  const std::string temp = temporary_name(path);
  if (artifact.role == Role::symlink) {
    TRY(os::make_symlink(artifact.link_text, temp));
    return PreparedFile(temp, path, is_taken);
  }
  const bool is_stored_text = artifact.role != Role::depfile || result_.made_in == target_.roots;
  if (is_stored_text && blobs_.take_spare(artifact.digest, temp, mode))
    return PreparedFile(temp, path, is_taken);
  const os::Fd fd = TRY(os::create_file(temp, mode));
  PreparedFile file(temp, path, is_taken);
  TRY(fill(artifact, fd));
  return file;
}

Status Materialization::fill(const Artifact& artifact, const os::Fd& temp) {
  auto blob = TRY(blobs_.open_blob(artifact.digest));
  if (!blob)
    return Error{Code::corrupt, 0, "the store no longer has the blob " + artifact.digest.hex()};
  if (artifact.role != Role::depfile || result_.made_in == target_.roots) {
    if (TRY(os::copy_contents(blob->fd, temp)) == os::CopyKind::reflink)
      cloned_bytes_ += artifact.size;
    return {};
  }
  return os::write_fd(temp, TRY(depfile_text(blob->fd, result_, target_)));
}

}  // namespace

// The mode of a new file. A file that was rewritten in place kept the mode it had, so its mode says nothing
// of a new file's unless it is the usual one.
Result<mode_t> fresh_mode(const Artifact& artifact, unsigned umask) {
  if (artifact.placement == Placement::in_place && artifact.mode != (0666 & ~umask))
    return Error{Code::invalid, 0,
                 "the stored output has the mode of an older file, which the tool kept"};
  return static_cast<mode_t>(artifact.mode);
}

Result<std::string> depfile_text(const os::Fd& stored, const action::ActionResult& result,
                                 const Target& target) {
  std::string text = TRY(os::read_fd(stored, 64 << 20));
  if (result.made_in == target.roots) return text;
  auto moved =
      sharing::move_depfile(text, result.made_in, target.roots, target.adapter, target.invocation);
  if (!moved)
    return Error{Code::invalid, 0,
                 "the stored dependency file cannot be rewritten for this directory"};
  return *std::move(moved);
}

Result<Replay> replay_of(const action::ActionResult& result, const Target& target,
                         store::BlobStore& blobs) {
  return Materialization(result, target, blobs).replay();
}

bool wants_one_stream(const Target& target) {
  const tool::Invocation::Run& run = target.invocation.run;
  return target.request.streams_are_one && !run.drops_stdout && !run.drops_stderr;
}

bool keeps_colours(const Target& target) {
  return target.request.stderr_is_terminal && target.invocation.run.colours_on_terminal;
}

std::string unwanted(const action::ActionResult& result, const Target& target) {
  const tool::Invocation::Storage& storage = target.invocation.storage;
  if (result.exit_code != 0 && !storage.failures)
    return "the stored result is a failure, and --cache-failures is not given";
  const std::int64_t now_ns = os::wall_ns();
  const auto is_over = [&](std::uint64_t ttl_ns) {
    return ttl_ns != 0 && now_ns - result.made_at_ns > static_cast<std::int64_t>(ttl_ns);
  };
  return is_over(storage.ttl_ns) || is_over(result.ttl_ns)
             ? "the stored result is older than --ttl allows"
             : "";
}

std::string unusable(const action::ActionResult& result, const Target& target) {
  if (result.exit_code == 0) {
    for (const std::string& name : target.invocation.declared.required)
      if (!has_artifact(result, target, name)) return "the stored result lacks the output " + name;
  }
  const bool separate_wanted = !wants_one_stream(target);
  if (result.streams_are_one && separate_wanted && result.out.size > 0)
    return "the stored result has standard output and error as one text";
  if (!result.streams_are_one && !separate_wanted && result.out.size > 0 && result.err.size > 0)
    return "the stored result has standard output and error as two texts";
  if (result.made_in != target.roots && !sharing::can_move(result.made_in, target.roots))
    return "the stored result was made in another directory";
  return {};
}

Result<Materialized> materialize(const action::ActionResult& result, const Target& target,
                                 store::BlobStore& blobs, Client& client) {
  Materialization materialization(result, target, blobs);
  Replay replay = TRY(materialization.replay());
  TRY(materialization.prepare());
  // From here on everything is complete next to its place. A client that has given up runs the tool itself:
  // then nothing may be put over what that tool writes.
  if (!client.is_alive()) return Error{Code::unavailable, 0, "the client is gone"};
  TRY(materialization.place());
  return Materialized{std::move(replay), materialization.cloned_bytes()};
}

}  // namespace deja::pipeline
