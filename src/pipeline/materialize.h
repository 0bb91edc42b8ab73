// SPDX-License-Identifier: Apache-2.0
// Materialize: puts the artifacts of a result in place, all or none, as the tool would have done, and
// prepares its streams for replay.
#pragma once

#include <sys/types.h>

#include <string>

#include "action/result.h"
#include "base/result.h"
#include "pipeline/client.h"
#include "pipeline/outcome.h"
#include "store/store.h"
#include "tool/tool.h"

namespace deja::pipeline {

// What a result is put in place for. Borrows its parts.
struct Target {
  const Request& request;
  const tool::Invocation& invocation;
  const tool::Adapter& adapter;
  const action::Roots& roots;
};

// Are stdout and stderr captured as one stream? Not where only one of them is wanted.
bool wants_one_stream(const Target& target);

// Does the user see colours? Else those that were forced are stripped.
bool keeps_colours(const Target& target);

// Why a result cannot be used for this request though its trace holds; empty when it can.
std::string unusable(const action::ActionResult& result, const Target& target);
// Why the user does not want a stored result: too old, or a failure (`deja exec`). Empty: it is wanted.
std::string unwanted(const action::ActionResult& result, const Target& target);

// What the user sees of a hit.
Result<Replay> replay_of(const action::ActionResult& result, const Target& target,
                         store::BlobStore& blobs);
// The text that a stored dependency file has for this request.
Result<std::string> depfile_text(const os::Fd& stored, const action::ActionResult& result,
                                 const Target& target);
// The mode of an artifact that is placed where nothing is.
Result<mode_t> fresh_mode(const action::Artifact& artifact, unsigned umask);

struct Materialized {
  Replay replay;
  std::uint64_t cloned_bytes = 0;  // shared with the store by the file system
};

// After an error the caller has the tool run. Nothing that the user can see has changed by then, except
// outputs that the tool will overwrite.
Result<Materialized> materialize(const action::ActionResult& result, const Target& target,
                                 store::BlobStore& blobs, Client& client);

}  // namespace deja::pipeline
