// SPDX-License-Identifier: Apache-2.0
// deja_probe and deja_store. A job's result is stored like a run's: an action result with the
// payload as standard output, under the action key of its probe key. The trace is empty, because
// the probe key holds everything that the result depends on.
#include <algorithm>

#include "action/not_stored.h"
#include "action/recipe.h"
#include "action/result.h"
#include "action/trace.h"
#include "api/cache.h"
#include "base/path.h"
#include "evidence/before_run.h"
#include "os/clock.h"
#include "os/file.h"
#include "pipeline/streams.h"

namespace deja::api {
namespace {

// To be changed when a field changes its meaning. It is the first field of every key; no command's
// key begins like this.
constexpr std::string_view kRecipe = "deja job 1, BLAKE3-256";

struct Input {
  std::string name;  // its name in the key
  evidence::Before file;
};

std::string_view bytes_of(const void* data, std::size_t size) {
  return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
}

using Variable = std::pair<std::string, std::optional<std::string>>;

std::vector<Variable> sorted_variables(const deja_variable* list) {
  std::vector<Variable> out;
  for (const deja_variable* v = list; v != nullptr && v->name != nullptr; ++v)
    out.emplace_back(v->name, v->value == nullptr ? std::optional<std::string>()
                                                  : std::optional<std::string>(v->value));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// A sink puts the length before the bytes. docs/api.md says what each field is for.
ProbeKey job_key(const deja_action& action, const std::vector<Input>& inputs,
                 std::string_view salt) {
  action::HashSink sink;
  sink.field("recipe", kRecipe);
  sink.field("salt", salt);
  sink.field("name", action.name);
  for (const Input& input : inputs) {
    sink.field("input", input.name);
    sink.field("content", input.file.content.digest.hex());
  }
  for (const auto& [name, value] : sorted_variables(action.variables)) {
    sink.field(value ? "given variable" : "unset variable", name);
    if (value) sink.field("value", *value);
  }
  sink.field("extra", bytes_of(action.extra, action.extra_size));
  return ProbeKey{sink.finish()};
}

std::vector<std::string> sorted_names(const char* const* list) {
  std::vector<std::string> out;
  for (; list != nullptr && *list != nullptr; ++list) out.push_back(tidy_path(*list));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// DEJA_OK, or the status of the first input that cannot be read.
deja_status look_at_inputs(const deja_action& action, const std::string& directory,
                           digest::FileDigester& digester, std::vector<Input>& out) {
  for (std::string& name : sorted_names(action.inputs)) {
    Input input{std::move(name), {}};
    input.file.path = join_path(directory, input.name);
    input.file.looked_ns = os::file_clock_ns();
    const auto content = digester.digest_file(input.file.path, &input.file.identity);
    if (!content) return fail(DEJA_NO_INPUT, content.error().message);
    if (!*content) return fail(DEJA_NO_INPUT, "no such file: " + input.file.path);
    input.file.content = **content;
    out.push_back(std::move(input));
  }
  return DEJA_OK;
}

}  // namespace
}  // namespace deja::api

struct deja_job {
  std::shared_ptr<deja::api::Cache> cache;
  std::string name, directory;
  std::vector<deja::api::Input> inputs;
  deja::ProbeKey probe;
  std::string key;
  std::int64_t looked_ns = 0;  // monotonic: the time of the probe's answer
  bool is_hit = false;
  std::string payload;
  int exit_code = 0;

  deja::ActionKey action_key() const { return deja::action::action_key(probe, {}); }
  deja::journal::Event event(deja::journal::Outcome outcome) const;
};

deja::journal::Event deja_job::event(deja::journal::Outcome outcome) const {
  deja::journal::Event e;
  e.outcome = outcome;
  e.what = name;
  e.cwd = directory;
  e.probe_key = key;
  e.action_key = action_key().hex();
  e.evidence = "caller";
  return e;
}

namespace deja::api {
namespace {

// Loads the stored result; false: there is none.
Result<bool> recall(engine::Engine& engine, deja_job& job, journal::Event& event) {
  const auto record = TRY(engine.store().get_result(job.action_key()));
  const auto result = record ? action::decode_result(*record) : std::nullopt;
  if (!result) return false;
  std::string payload = TRY(pipeline::read_stream(result->out, engine.store()));
  if (payload.size() != result->out.size) return false;
  job.payload = std::move(payload);
  job.exit_code = static_cast<int>(result->exit_code);
  event.cost_us = result->cost_ns / 1000;
  event.bytes = job.payload.size();
  engine.store().touch(job.action_key());
  return true;
}

void look_up(engine::Engine& engine, deja_job& job, std::int64_t started_ns) {
  engine.forget_removed();
  journal::Event event = job.event(journal::Outcome::hit);
  const auto found = recall(engine, job, event);
  if (!found) return engine.journal().trouble(found.error().message);
  if (!*found) return;
  job.is_hit = true;
  event.elapsed_us = static_cast<std::uint64_t>(os::monotonic_ns() - started_ns) / 1000;
  engine.journal().record(event);
}

Status publish(engine::Engine& engine, const deja_job& job, int exit_code, std::string_view payload,
               journal::Event& event) {
  std::optional<store::PutBlob> blob;
  store::ResultFacts facts;
  facts.cost_ns = static_cast<std::uint64_t>(os::monotonic_ns() - job.looked_ns);
  action::ActionResult result;
  result.exit_code = static_cast<std::uint32_t>(exit_code);
  result.out = TRY(pipeline::keep_stream(std::string(payload), engine.store(), blob));
  result.cost_ns = facts.cost_ns;
  result.made_at_ns = os::wall_ns();
  result.evidence = event.evidence;
  if (blob) facts.blobs.push_back({blob->digest, blob->size});
  event.dup = blob && blob->was_known;
  event.bytes = payload.size();
  event.elapsed_us = event.cost_us = facts.cost_ns / 1000;
  event.tool_runs = 1;
  return engine.store().put_result(job.action_key(), encode(result), facts);
}

void set_not_stored(const action::Problem& why, journal::Event& event) {
  event.not_stored = why.code();
  event.detail = why.in_words();
}

void keep(engine::Engine& engine, const deja_job& job, int exit_code, std::string_view payload) {
  journal::Event event =
      job.event(exit_code == 0 ? journal::Outcome::miss : journal::Outcome::failure);
  if (engine.store().is_read_only()) {
    event.action_key.clear();
    set_not_stored({action::NotStored::read_only}, event);
  } else if (auto stored = publish(engine, job, exit_code, payload, event); !stored) {
    event.action_key.clear();
    set_not_stored({action::NotStored::store_failed, stored.error().message}, event);
    engine.journal().trouble(stored.error().message);
  }
  engine.journal().record(event);
}

// The first input that may differ from what the probe read; empty: none.
std::string changed_input(const deja_job& job) {
  for (const Input& input : job.inputs) {
    const auto now = os::stat_file(input.file.path);
    if (!now || !*now || !(**now == input.file.identity) ||
        evidence::could_hide_a_change(input.file.path, input.file.identity, input.file.looked_ns))
      return input.file.path;
  }
  return {};
}

deja_status probe(deja_cache* cache, const deja_action* action, deja_job** out) {
  if (cache == nullptr || action == nullptr || out == nullptr)
    return fail(DEJA_INVALID, "deja_probe: cache, action or job is NULL");
  if (action->name == nullptr || *action->name == '\0')
    return fail(DEJA_INVALID, "deja_probe: action->name is NULL or empty");
  if (action->extra == nullptr && action->extra_size != 0)
    return fail(DEJA_INVALID, "deja_probe: action->extra is NULL, but extra_size is not 0");
  const std::int64_t started_ns = os::monotonic_ns();
  auto job = std::make_unique<deja_job>();
  job->cache = cache->cache;
  job->name = action->name;
  job->directory = absolute_directory(action->directory);
  const deja_status looked =
      look_at_inputs(*action, job->directory, job->cache->digester(), job->inputs);
  if (looked != DEJA_OK) return looked;
  job->probe = job_key(*action, job->inputs, job->cache->salt());
  job->key = job->probe.hex();
  if (engine::Engine* const engine = job->cache->engine()) look_up(*engine, *job, started_ns);
  job->cache->settle();
  job->looked_ns = os::monotonic_ns();
  *out = job.release();
  return DEJA_OK;
}

deja_status store(const deja_job* job, int exit_code, const void* payload, std::size_t size) {
  if (job == nullptr || (payload == nullptr && size != 0))
    return fail(DEJA_INVALID, "deja_store: job or payload is NULL");
  if (size > DEJA_PAYLOAD_MAX)
    return fail(DEJA_INVALID, "deja_store: the payload has " + std::to_string(size) +
                                  " bytes; the maximum is " + std::to_string(DEJA_PAYLOAD_MAX));
  if (const std::string path = changed_input(*job); !path.empty())
    return fail(DEJA_CHANGED, "changed since the probe: " + path);
  if (engine::Engine* const engine = job->cache->engine())
    keep(*engine, *job, exit_code, bytes_of(payload, size));
  return DEJA_OK;
}

}  // namespace
}  // namespace deja::api

extern "C" {

deja_status deja_probe(deja_cache* cache, const deja_action* action, deja_job** job) {
  return deja::api::catching_all([&] { return deja::api::probe(cache, action, job); });
}

const char* deja_job_key(const deja_job* job) { return job->key.c_str(); }
int deja_job_is_hit(const deja_job* job) { return job->is_hit ? 1 : 0; }
int deja_job_exit_code(const deja_job* job) { return job->exit_code; }

const void* deja_job_payload(const deja_job* job, size_t* size) {
  if (size != nullptr) *size = job->payload.size();
  return job->payload.c_str();
}

deja_status deja_store(deja_job* job, int exit_code, const void* payload, size_t size) {
  return deja::api::catching_all([&] { return deja::api::store(job, exit_code, payload, size); });
}

void deja_job_free(deja_job* job) {
  const deja::os::ClosedStreams held;  // the last user of the cache may close it here
  delete job;
}

}  // extern "C"
