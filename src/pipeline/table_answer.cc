// SPDX-License-Identifier: Apache-2.0
// The conditions are those of materialize.cc which depend on the request and the result alone. What depends on the
// files that are there when the answer is used, the client checks (client/place.cc).
//
// Tested by table_answer_test.cc.
#include "pipeline/table_answer.h"

#include <algorithm>

#include "base/path.h"
#include "os/file.h"
#include "pipeline/describe.h"
#include "pipeline/materialize.h"
#include "wire/answer_table.h"
#include "wire/messages.h"

namespace deja::pipeline {
namespace {

using action::Artifact;
using action::Role;

// Is there more to do for this request than to place files and print texts?
bool has_side_effects(const tool::Invocation& invocation) {
  return invocation.run.reads_stdin || invocation.asked.tell != tool::Tell::nothing ||
         !invocation.places.build_script.empty() || !invocation.places.incremental_marker.empty() ||
         !invocation.outputs.updates.empty() || !invocation.outputs.updated_files.empty() ||
         invocation.storage.ttl_ns != 0;
}

// Could this output be an input, too, by another path? (materialize.cc, is_input)
bool may_be_input(const std::string& path, const Target& target) {
  return std::ranges::any_of(
      target.invocation.key.arguments, [&](const tool::KeyArgument& argument) {
        if (!argument.is_input) return false;
        const std::string named = join_path(target.request.cwd, argument.path());
        return base_name(named) == base_name(path) && tidy_path(named) != tidy_path(path);
      });
}

// Is each required output an artifact by its own name? By another one it depends on symlinks that nobody watches.
bool has_required(const action::ActionResult& result, const Target& target) {
  return std::ranges::all_of(target.invocation.declared.required, [&](const std::string& name) {
    const std::string path = tidy_path(join_path(target.request.cwd, name));
    return std::ranges::any_of(result.artifacts, [&](const Artifact& artifact) {
      return target.roots.expand(artifact.path) == path;
    });
  });
}

// One file. An error: the engine has to place it.
class FileWriter {
 public:
  FileWriter(const action::ActionResult& result, const Target& target, store::BlobStore& blobs)
      : result_(result), target_(target), blobs_(blobs) {}
  Status write(const Artifact& artifact, wire::Writer& w) const;

 private:
  const action::ActionResult& result_;
  const Target& target_;
  store::BlobStore& blobs_;
};

Status FileWriter::write(const Artifact& artifact, wire::Writer& w) const {
  const std::string path = target_.roots.expand(artifact.path);
  const bool is_file = artifact.role == Role::output || artifact.role == Role::depfile;
  if (!is_file || path.empty() || artifact.size > wire::kTableFileMax ||
      may_be_input(path, target_))
    return Error{Code::invalid, 0, "not a plain file of moderate size"};
  const mode_t mode = TRY(fresh_mode(artifact, target_.request.umask));
  const bool keeps_place = artifact.placement != action::Placement::replaced;
  const auto blob = TRY(blobs_.open_blob(artifact.digest));
  if (!blob) return Error{Code::corrupt, 0, "the store no longer has the blob"};
  w.text({path.c_str(), path.size() + 1});
  const std::uint32_t flags = keeps_place ? wire::kFileKeepsPlace : 0;
  const bool is_rewritten = artifact.role == Role::depfile && result_.made_in != target_.roots;
  if (is_rewritten || blob->size <= wire::kInlineFileMax) {
    const std::string content = artifact.role == Role::depfile
                                    ? TRY(depfile_text(blob->fd, result_, target_))
                                    : TRY(os::read_fd(blob->fd, wire::kInlineFileMax));
    w.u32(flags | wire::kFileInline);
    w.u32(mode);
    w.text(content);
    return {};
  }
  if (blob->path.empty()) return Error{Code::invalid, 0, "the blob has no file"};
  const auto identity = TRY(os::stat_fd(blob->fd));
  w.u32(flags);
  w.u32(mode);
  w.text({blob->path.c_str(), blob->path.size() + 1});
  for (const std::uint64_t v : {identity.size, identity.device, identity.inode}) w.u64(v);
  w.u64(static_cast<std::uint64_t>(identity.mtime_ns));
  w.u64(static_cast<std::uint64_t>(identity.ctime_ns));
  return {};
}

}  // namespace

std::optional<std::string> table_answer(const Request& request, const Settings& settings,
                                        const warm::CachedAnswer& cached, store::BlobStore& blobs) {
  if (settings.disabled || settings.audit_rate > 0 || settings.progress != Progress::off ||
      has_side_effects(cached.invocation))
    return std::nullopt;
  const action::ActionResult& result = *cached.result;
  const Target target{request, cached.invocation, *cached.adapter, cached.roots};
  if (result.ttl_ns != 0 || result.artifacts.size() > wire::kTableFilesMax ||
      !has_required(result, target) || !unwanted(result, target).empty() ||
      !unusable(result, target).empty())
    return std::nullopt;
  const auto replay = replay_of(result, target, blobs);
  if (!replay) return std::nullopt;
  std::string memory(wire::kTableAnswerMax, '\0');
  wire::Writer w(memory.data(), memory.size());
  w.u32(static_cast<std::uint32_t>(result.artifacts.size()));
  const FileWriter files(result, target, blobs);
  for (const Artifact& artifact : result.artifacts)
    if (!files.write(artifact, w)) return std::nullopt;
  wire::write(w, wire::ReplayHead{replay->exit_code, static_cast<std::uint32_t>(replay->out.size()),
                                  static_cast<std::uint32_t>(replay->err.size())});
  w.raw(replay->out);
  w.raw(replay->err);
  if (!w.fits()) return std::nullopt;
  memory.resize(w.size());
  return memory;
}

Outcome table_outcome(const warm::CachedAnswer& cached) {
  Outcome outcome;
  describe(cached.tool, cached.invocation, cached.roots, cached.probe, outcome);
  describe_hit(cached.key, *cached.result, outcome);
  return outcome;
}

}  // namespace deja::pipeline
