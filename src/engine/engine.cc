// SPDX-License-Identifier: Apache-2.0
// Puts an engine together. Without a store (damaged, not ours, no space) there are no services: each request is
// a bypass with the reason, the tool runs, and maintain() tries again.
//
// Tested by engine_test.cc, test/e2e and test/api.
#include "engine/engine.h"

#include <stdlib.h>

#include "journal/human.h"
#include "os/cache_directory.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/watcher.h"
#include "pipeline/fallback.h"
#include "pipeline/prewarm.h"
#include "pipeline/request_name.h"
#include "pipeline/request_path.h"
#include "pipeline/table_answer.h"
#include "tool/exec/exec_options.h"
#include "wire/request_form.h"

namespace deja::engine {
namespace {

// How long an engine may outlive its last request for uploads. What is left then stays in the queue.
constexpr std::int64_t kLingerNs = 2'000'000'000;

journal::Outcome journal_outcome(pipeline::OutcomeKind kind) {
  switch (kind) {
    case pipeline::OutcomeKind::hit:
      return journal::Outcome::hit;
    case pipeline::OutcomeKind::miss:
      return journal::Outcome::miss;
    case pipeline::OutcomeKind::bypass:
      return journal::Outcome::bypass;
    case pipeline::OutcomeKind::failure:
      return journal::Outcome::failure;
  }
  return journal::Outcome::bypass;
}

config::Sources sources_of(const pipeline::Request& request) {
  return {
      [&request](std::string_view name) -> std::optional<std::string_view> {
        for (const std::string_view entry : request.environment) {
          if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name))
            return entry.substr(name.size() + 1);
        }
        return std::nullopt;
      },
      request.cwd};
}

// What `deja exec --explain` or --json prints to standard error.
std::string told(const journal::Event& e, pipeline::Outcome::Tell how) {
  std::string text;
  if (how == pipeline::Outcome::Tell::nothing) return text;
  if (how == pipeline::Outcome::Tell::json) {
    journal::append_line(e, text);
    return text;
  }
  text = std::string(journal::outcome_name(e.outcome));
  if (!e.reason.empty()) text += ", " + e.reason;
  if (e.outcome != journal::Outcome::hit)
    text += e.action_key.empty() ? "; not stored" : "; stored";
  if (!e.detail.empty()) text += ": " + e.detail;
  return tool::exec::error_line(text + "; key " + e.probe_key);
}

pipeline::Progress progress_of(config::Progress progress) {
  switch (progress) {
    case config::Progress::off:
      return pipeline::Progress::off;
    case config::Progress::hits:
      return pipeline::Progress::hits;
    case config::Progress::all:
      return pipeline::Progress::all;
  }
  return pipeline::Progress::off;
}

// A line of `progress`: hits and failures, or all that was looked up.
std::string progress_line(const journal::Event& e, const pipeline::Outcome& o) {
  using pipeline::OutcomeKind, pipeline::Progress;
  const bool is_miss = o.kind == OutcomeKind::miss;
  if (o.kind == OutcomeKind::bypass || o.progress == Progress::off ||
      (is_miss && o.progress != Progress::all))
    return "";
  const std::string label =
      is_miss && e.dup ? "dup" : std::string(journal::outcome_name(e.outcome));
  const std::string size = e.bytes != 0 ? ", " + journal::human_size(e.bytes) : "";
  return "deja: " + e.what + ": " + label + " (" + journal::human_elapsed(e.elapsed_us) + size +
         ")\n";
}

void add_last_word(const journal::Event& event, pipeline::Outcome& outcome) {
  const std::string text = told(event, outcome.tell) + progress_line(event, outcome);
  if (auto* replay = std::get_if<pipeline::Replay>(&outcome.answer)) replay->err += text;
  if (auto* done = std::get_if<pipeline::Done>(&outcome.answer)) done->last_word += text;
}

}  // namespace

config::Sources own_sources(std::string_view cwd) {
  return {[](std::string_view name) -> std::optional<std::string_view> {
            const char* value = ::getenv(std::string(name).c_str());
            if (value == nullptr) return std::nullopt;
            return std::string_view(value);
          },
          cwd};
}

// The table's entries refer to remotes, which live in a library that goes first.
Engine::~Engine() {
  if (table() != nullptr) table()->rest();
  if (services_ != nullptr) services_->requests.close_table();
}

std::unique_ptr<Engine> Engine::open(Options options) {
  auto engine = std::unique_ptr<Engine>(new Engine(std::move(options)));
  // In a directory that is not ours the journal counts in memory, and opening the store says why.
  const std::string& dir = engine->options_.dir;
  const bool is_ours = os::claim_cache_directory(dir.c_str()) == os::CacheDirectory::ours;
  engine->journal_ = journal::Journal::open(is_ours ? dir : std::string());
  engine->open_store();
  return engine;
}

void Engine::open_store() {
  store::LocalStore::Options options;
  options.dir = options_.dir;
  options.limit_bytes = options_.limit_bytes;
  options.spares_bytes = options_.spares_bytes;
  options.is_embedded = options_.is_embedded;
  auto opened = store::LocalStore::open(std::move(options));
  if (!opened) {
    const std::string problem = "store: " + opened.error().message;
    journal_->trouble(problem);
    const MutexLock lock(problems_mutex_);
    store_problem_ = problem;
    return;
  }
  store_ = *std::move(opened);
  const std::string outputs = options_.dir + "/outputs";
  const bool has_outputs = static_cast<bool>(os::make_directories(outputs));
  digest::FileDigester::Options memo;
  memo.scan = tool::scan_source;
  memo.scan_version = tool::kScanVersion;
  memo.below = store_.get();
  digester_ = std::make_unique<digest::FileDigester>(memo);
  services_ = std::unique_ptr<pipeline::Services>(
      new pipeline::Services{*store_,
                             *store_,
                             *digester_,
                             options_.interposer,
                             [store = store_.get()](const ActionKey& key) { store->touch(key); },
                             {},
                             {},
                             {}});
  if (has_outputs) services_->locks = outputs + "/locks";
  services_->shapes = options_.dir + "/run/shapes";
  // Without a table clients ask the engine each time. On network file systems a lock may take long.
  if (options_.offers_answers && services_->requests.can_watch() && !store_->is_read_only() &&
      os::is_watchable_filesystem(options_.dir))
    ignore(services_->requests.open_table(options_.dir), "it only saves time");
  services_->on_still_running = [this](const pipeline::Outcome& outcome,
                                       const pipeline::Request& request) {
    record_running(outcome, request);
  };
  remotes_ = std::make_unique<RemoteRegistry>(
      RemoteRegistry::Options{options_.remote_library, options_.dir, kLingerNs,
                              [this](const std::string& text) { journal_->trouble(text); }},
      *store_, *store_);
  ready_ = services_.get();
}

bool Engine::make_spares() const {
  if (!wants_spares()) return false;
  if (auto made = store_->make_spares(); !made) journal_->trouble("store: " + made.error().message);
  return wants_spares();
}

std::string Engine::store_problem() {
  const MutexLock lock(problems_mutex_);
  return store_problem_;
}

void Engine::forget() {
  pipeline::Services* const services = this->services();
  if (services == nullptr) return;
  services->requests.clear();
  services->cache.manifests.clear();
  services->cache.results.clear();
  services->cache.last_probes.clear();
}

// A request that comes while another one forgets waits for it.
std::uint64_t Engine::forget_removed() {
  const std::uint64_t epoch = store_->epoch();
  if (epoch_ == epoch) return epoch;
  const MutexLock lock(epoch_mutex_);
  if (epoch_ != epoch) forget();
  epoch_ = epoch;
  return epoch;
}

void Engine::forget_unless(std::uint64_t epoch) {
  if (store_->epoch() != epoch) forget();
}

void Engine::prewarm(const pipeline::Request& request) {
  pipeline::Services* const services = this->services();
  if (services == nullptr) return;
  const std::uint64_t epoch = forget_removed();
  pipeline::prewarm(request, settings_for(request), *services);
  forget_unless(epoch);
}

warm::AnswerTable* Engine::table() const {
  pipeline::Services* const services = this->services();
  return services == nullptr ? nullptr : services->requests.table();
}

// The settings are read after their files are watched, and the table takes an answer only if nothing has changed
// since then.
void Engine::offer(std::string_view body, const pipeline::Request& request) {
  warm::AnswerTable* const table = this->table();
  const std::string_view form = wire::form_of(body);
  if (table == nullptr || form.empty() || table->has(form)) return;
  pipeline::Services& services = *this->services();
  const std::uint64_t epoch = forget_removed();
  const std::uint64_t removals = table->removals();
  const auto files =
      services.requests.watch_if_there_is_room(config::looked_for(sources_of(request)));
  if (!files) return;
  const pipeline::Settings settings = settings_for(request);
  const auto cached =
      pipeline::cached_answer(pipeline::request_name(request, settings), request, services);
  if (cached == nullptr) return;
  auto answer = pipeline::table_answer(request, settings, *cached, services.blobs);
  if (!answer) return;
  const auto on_use = [this, outcome = pipeline::table_outcome(*cached),
                       cwd = std::string(request.cwd),
                       remotes = settings.remotes](const warm::AnswerTable::Use& use) {
    record_use(outcome, cwd, remotes, use);
  };
  table->put({std::string(form), *std::move(answer), cached->key, removals, on_use},
             {&cached->token, &*files});
  forget_unless(epoch);
}

// A process that removes results withdraws the table.
std::size_t Engine::keep_table() {
  warm::AnswerTable* const table = this->table();
  if (table->is_withdrawn()) {
    forget_removed();
    table->clear();
    ignore(table->publish(), "then clients ask the engine");
  }
  return table->upkeep();
}

void Engine::maintain() {
  if (store_ == nullptr) return open_store();
  if (auto done = store_->maintain(); !done) journal_->trouble("store: " + done.error().message);
  if (auto done = store_->sync(); !done) journal_->trouble("store: " + done.error().message);
}

void Engine::note(const std::vector<config::Problem>& problems) {
  constexpr std::size_t kNotedMax = 1000;  // of all projects
  for (const config::Problem& problem : problems) {
    const std::string text = problem.text();
    {
      const MutexLock lock(problems_mutex_);
      if (problems_noted_.size() >= kNotedMax) problems_noted_.clear();
      if (!problems_noted_.insert(text).second) continue;
    }
    journal_->trouble(text);
  }
}

pipeline::Settings Engine::settings_for(const pipeline::Request& request) {
  const auto loaded = config_.load(sources_of(request));
  note(loaded->problems);
  pipeline::Settings settings;
  settings.answer_text = loaded->answer_text;
  settings.disabled = loaded->config.disable;
  settings.portable = loaded->config.portable;
  settings.progress = progress_of(loaded->config.progress);
  settings.rust_incremental = loaded->config.rust_incremental;
  settings.build_scripts = loaded->config.rust_build_scripts;
  settings.audit_rate = loaded->config.audit_rate;
  settings.base_dirs = loaded->config.base_dirs;
  settings.salt = loaded->config.key_salt;
  settings.tools = loaded->config.tools;
  settings.rules = {loaded->config.exclude, loaded->config.bypass_tools,
                    loaded->config.bypass_arguments, loaded->config.bypass_variables};
  settings.min_cost_ns = loaded->config.min_cost_ms * 1'000'000;
  settings.heartbeat_s = loaded->config.heartbeat_s;
  settings.fallback = loaded->config.fallback;
  settings.read_only = services() != nullptr && store_->is_read_only();
  if (services() != nullptr) settings.remotes = remotes_->find(loaded->config, request.environment);
  return settings;
}

std::optional<bool> Engine::is_daemon_off(const pipeline::Request& request) {
  const config::Sources sources = sources_of(request);
  if (const auto said = sources.environment("DEJA_DAEMON"); said && *said == "off")
    return std::nullopt;
  return config_.load(sources)->config.daemon_mode == config::DaemonMode::off;
}

pipeline::Outcome Engine::handle(const pipeline::Request& request,
                                 const pipeline::Settings& settings, pipeline::Client& client) {
  pipeline::Outcome outcome;
  if (pipeline::Services* const services = this->services()) {
    const std::uint64_t epoch = forget_removed();
    outcome = pipeline::RequestPath(request, settings, *services, client).answer();
    forget_unless(epoch);
    // What was stored once more may differ (a shorter time to live).
    const bool is_stored =
        outcome.action && (outcome.kind != pipeline::OutcomeKind::hit || !outcome.remote.empty());
    if (is_stored && table() != nullptr) table()->forget(*outcome.action);
    outcome.progress = settings.progress;
    return outcome;
  }
  outcome.bypass = tool::BypassReason::internal_error;
  outcome.reason = store_problem();
  pipeline::Fallback fallback = pipeline::find_fallback(settings, request, *outcome.bypass);
  if (!fallback.problem.empty()) outcome.troubles.push_back(std::move(fallback.problem));
  outcome.answer = pipeline::ExecTool{std::move(fallback.program)};
  outcome.tool_runs = 1;
  if (!request.argv.empty()) outcome.tool = request.argv.front();
  return outcome;
}

namespace {

journal::KeyRecord key_record(const pipeline::Outcome& o, const journal::Event& e) {
  journal::KeyRecord out{e.time_ns, e.probe_key, e.tool, e.what, e.cwd, {}};
  for (const tool::KeyField& field : o.key_fields) out.fields.emplace_back(field.name, field.value);
  return out;
}

// Where a hit came from, how much it was and how long it took, for people.
std::string remote_detail(const pipeline::Outcome& o) {
  std::string text = "from " + o.remote + ", " + std::to_string((o.received_bytes + 1023) / 1024) +
                     " KiB in " + std::to_string(o.received_in_ns / 1'000'000) + " ms";
  if (!o.writer.empty()) text += ", signed by " + o.writer;
  return text;
}

}  // namespace

namespace {

journal::Event event_of(const pipeline::Outcome& o, std::string_view cwd) {
  journal::Event e;
  e.outcome = journal_outcome(o.kind);
  e.dup = o.dup;
  e.remote = !o.remote.empty();
  e.made_by = o.writer;
  e.reason = o.bypass ? tool::bypass_name(*o.bypass) : o.reason;
  if (o.bypass) e.detail = o.reason;
  if (o.not_stored) {
    e.not_stored = o.not_stored->code();
    e.detail = o.not_stored->in_words();
  }
  e.tool = o.tool;
  e.what = o.what;
  e.output = o.output;
  e.cwd = cwd;
  for (const auto& [name, path] : o.roots) e.roots.push_back({name, path});
  if (o.probe) e.probe_key = o.probe->hex();
  if (o.action) e.action_key = o.action->hex();
  e.tool_runs = static_cast<std::uint64_t>(o.tool_runs);
  e.cost_us = o.cost_ns / 1000;
  for (std::size_t i = 0; i < o.phase_ns.size(); ++i)
    if (const std::int64_t us = o.phase_ns[i] / 1000; us > 0)
      e.phases.push_back({pipeline::kPhaseNames[i], static_cast<std::uint64_t>(us)});
  e.bytes = o.bytes;
  e.cloned_bytes = o.cloned_bytes;
  e.evidence = o.evidence;
  e.prefetched = !o.prefetched_from.empty();
  if (e.remote) e.detail = remote_detail(o);
  if (e.prefetched) e.detail = "fetched ahead from " + o.prefetched_from;
  return e;
}

}  // namespace

void Engine::record(pipeline::Outcome& o, const pipeline::Request& request,
                    std::int64_t started_ns) {
  if (o.bypass == tool::BypassReason::tool_not_found && o.reason.empty()) return;
  if (table() != nullptr) table()->collect();  // these were before
  if (request.began_ns != 0) {
    o.phase_ns[static_cast<std::size_t>(pipeline::Phase::send)] = started_ns - request.began_ns;
    started_ns = request.began_ns;
  }
  journal::Event e = event_of(o, request.cwd);
  e.time_ns = os::wall_ns();
  e.elapsed_us = static_cast<std::uint64_t>(os::monotonic_ns() - started_ns) / 1000;
  journal_->record(e);
  if (!o.key_fields.empty()) journal_->record_key(key_record(o, e));
  for (const std::string& trouble : o.troubles) journal_->trouble(trouble);
  add_last_word(e, o);
}

void Engine::record_running(const pipeline::Outcome& o, const pipeline::Request& request) {
  journal::Event e = event_of(o, request.cwd);
  e.outcome = journal::Outcome::running;
  e.time_ns = os::wall_ns();
  std::uint64_t us = 0;
  for (const journal::Phase& phase : e.phases) us += phase.us;
  e.elapsed_us = us;
  journal_->record(e);
}

void Engine::record_use(const pipeline::Outcome& outcome, const std::string& cwd,
                        const std::shared_ptr<pipeline::Remotes>& remotes,
                        const warm::AnswerTable::Use& use) {
  pipeline::Outcome used = outcome;
  used.cloned_bytes = use.cloned_bytes;
  if (remotes != nullptr)
    used.prefetched_from =
        remotes->note_use({cwd, *outcome.probe, *outcome.action, outcome.cost_ns, outcome.bytes});
  journal::Event e = event_of(used, cwd);
  e.time_ns = use.ended_ns;
  e.elapsed_us = static_cast<std::uint64_t>(use.elapsed_ns) / 1000;
  journal_->record(e);
  services_->on_hit(*outcome.action);
}

}  // namespace deja::engine
