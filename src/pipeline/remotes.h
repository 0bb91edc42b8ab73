// SPDX-License-Identifier: Apache-2.0
// What the path of a request asks of remotes. exchange/ implements it; only the engine knows both. A remote hit is
// an import into the local store, which the ordinary look-up then finds: one code path verifies and places.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "action/trace.h"
#include "digest/digest.h"

namespace deja::pipeline {

// Thread-safe. No method fails: a remote can make a build faster or change nothing. Troubles are kept for the
// journal.
class Remotes {
 public:
  virtual ~Remotes() = default;

  struct Question {
    const ProbeKey& probe;
    std::uint64_t cost_ns = 0;  // what a run took when it was last stored here; 0: not known
    std::string_view cwd{};     // the request's; it leads to the project
    // Does this claim hold here and now? Called by one thread at a time, while the thread that asks waits, and not
    // after import_result() has returned.
    std::function<bool(const action::Observation&)> holds;
    // Does the client still wait? Called several times a second while the remote is waited for; it also tells the
    // client that the engine is alive.
    std::function<bool()> keep_waiting;
    // May an output of this command lie there, at an absolute path? Under the same rules.
    std::function<bool(std::string_view path)> may_write;
  };
  struct Imported {
    ActionKey key;
    std::string from;          // the remote's name, without secrets
    std::string writer;        // who signed the result; empty: nobody
    std::uint64_t bytes = 0;   // received
    std::int64_t took_ns = 0;  // from the question to the import
  };
  // Puts one result whose trace holds into the local store, so that a look-up finds it. Empty: no remote has
  // one, has answered in time, or is worth asking.
  virtual std::optional<Imported> import_result(const Question& question) = 0;

  // Offers a result that is in the local store. Returns at once; the upload comes later.
  virtual void offer(const ProbeKey& probe, const ActionKey& key) = 0;

  // A build has used this result: a hit, or a run that was stored. The next build of the project may want it. Returns
  // the remote from which the result was fetched before it was asked for, at its first use; else empty.
  struct Use {
    std::string_view cwd;
    const ProbeKey& probe;
    const ActionKey& key;
    std::uint64_t cost_ns = 0;  // of the run that it saves
    std::uint64_t bytes = 0;
  };
  virtual std::string note_use(const Use& use) = 0;
};

}  // namespace deja::pipeline
