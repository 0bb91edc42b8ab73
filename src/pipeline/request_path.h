// SPDX-License-Identifier: Apache-2.0
// The path of a request, step by step as docs/ARCHITECTURE.md lists it. One object answers one request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evidence/claim_checker.h"
#include "os/clock.h"
#include "pipeline/client.h"
#include "pipeline/fallback.h"
#include "pipeline/finished_run.h"
#include "pipeline/flights.h"
#include "pipeline/look_up.h"
#include "pipeline/materialize.h"
#include "pipeline/outcome.h"
#include "pipeline/prepare.h"
#include "pipeline/publish.h"
#include "pipeline/services.h"

namespace deja::pipeline {

// Many requests may be answered at once with the same services, each by its own RequestPath.
class RequestPath {
 public:
  // The arguments must outlive the object.
  RequestPath(const Request& request, const Settings& settings, Services& services, Client& client)
      : request_(request), settings_(settings), services_(services), client_(client) {
    if (!request.argv.empty()) outcome_.tool = request.argv.front();
  }
  RequestPath(const RequestPath&) = delete;
  RequestPath& operator=(const RequestPath&) = delete;

  // Answers the request; to be called once. It may have the client run the tool, and blocks until that
  // has ended. The caller records the outcome, then sends its answer to the client.
  Outcome answer();

 private:
  // Steps. Those that can answer the request return true when they have done so.
  bool serve_from_request_cache();
  bool prepare();  // false: a bypass, or only the key was asked for
  bool audit();
  bool look_up();
  bool leave_to_incremental();
  bool leave_to_fallback();
  bool wait_for_other_run();
  bool ask_remotes();
  bool run();  // false: the client is gone
  void publish();

  // Puts a stored result in place. Returns why this request cannot use it; empty: it is a hit.
  std::string materialize(const StoredResult& stored, const Target& target);
  bool find_and_materialize();
  bool serve_shared(const Published& shared);
  bool may_write(std::string_view path) const;
  void share_hit();
  void explain_new_source();
  RunOrder make_run_order() const;
  os::OutputLocks lock_outputs();
  void describe_run();
  void wrap_build_script(const tool::Invocation& invocation);
  // The time since the last call, or since the request came, belongs to this phase.
  void end_phase(Phase phase);
  void note(std::vector<std::string> troubles);
  void bypass(tool::Bypass why);
  void bypass(tool::Bypass why, const Fallback& fallback);
  Outcome done();

  const Request& request_;
  const Settings& settings_;
  Services& services_;
  Client& client_;
  Outcome outcome_;
  std::int64_t phase_began_ns_ = os::monotonic_ns();

  // From prepare() on.
  std::optional<Prepared> prepared_;
  std::optional<Target> target_;
  std::optional<evidence::ClaimChecker> checker_;
  std::uint32_t landings_ = 0;  // when look_up() began
  // From wait_for_other_run() on: others wait for this run.
  std::optional<Flights::Turn> turn_;
  // From run() on.
  std::optional<BeforeRun> before_;
  RunReport report_;
  PublishOutcome published_;
};

}  // namespace deja::pipeline
