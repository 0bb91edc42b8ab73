// SPDX-License-Identifier: Apache-2.0
// What RequestPath works with: made once by the engine, shared by all requests.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "digest/file_digester.h"
#include "evidence/text_search_cache.h"
#include "pipeline/client.h"
#include "pipeline/flights.h"
#include "pipeline/outcome.h"
#include "pipeline/record_cache.h"
#include "pipeline/remotes.h"
#include "pipeline/rules.h"
#include "store/store.h"
#include "tool/rust/incremental.h"
#include "warm/request_cache.h"

namespace deja::pipeline {

// From the configuration, per request.
struct Settings {
  std::string answer_text;  // config::Loaded's: every setting that can change an answer
  bool disabled = false;
  bool portable = false;
  Progress progress = Progress::off;
  bool rust_incremental = true;  // tool/rust/incremental.h
  bool build_scripts = false;    // runs of cargo's build scripts are remembered
  bool read_only = false;        // use what is stored, store nothing
  double audit_rate = 0;         // the part of all hits for which the tool is run and compared
  std::vector<std::string> base_dirs;  // absolute; workspaces lie in these
  std::string salt;
  Rules rules;
  std::uint64_t min_cost_ns = 0;  // a run that took less is not stored
  std::uint64_t heartbeat_s = 0;  // a tool that runs for long is reported so often; 0: never
  std::string fallback;           // the program in front of what is left alone; empty: none
  std::map<std::string, std::string> tools;  // name of a program -> the name that an adapter knows
  std::shared_ptr<Remotes> remotes{};        // null: none is configured
};

struct Services {
  store::BlobStore& blobs;
  store::RecordStore& records;
  digest::FileDigester& digester;
  std::string interposer;  // path of libdeja-observe.so; empty: nothing can be observed
  std::function<void(const ActionKey&)> on_hit;  // called when a stored result was used
  Flights flights;
  RecordCache cache;
  warm::RequestCache requests;
  tool::rust::IncrementalPolicy incremental{};
  evidence::TextSearchCache mentions{};
  // Called while a tool runs for long: the outcome so far.
  std::function<void(const Outcome&, const Request&)> on_still_running{};
  std::string shapes{};  // the table of command shapes (shapes.h); empty: none
  std::string locks{};   // the file of the locks on outputs (os/output_locks.h); empty: none
};

}  // namespace deja::pipeline
