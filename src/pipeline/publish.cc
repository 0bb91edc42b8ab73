// SPDX-License-Identifier: Apache-2.0
// Publish: one Publication for each run. It first asks whether the run can prove anything, then collects
// what it read and wrote, then drafts the result (which puts the blobs), and last stores the records. Any
// step can end it with a reason, and nothing is then to be found by a later look-up: the manifest, which
// alone leads to a result, is written last.
//
// Tested by request_path_test.cc, test/diff and test/e2e.
#include "pipeline/publish.h"

#include "action/manifest.h"
#include "base/strip_ansi.h"
#include "evidence/blind_spots.h"
#include "evidence/modules.h"
#include "evidence/printed.h"
#include "evidence/unseen_programs.h"
#include "observe/log_reader.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/resident.h"
#include "pipeline/streams.h"
#include "sharing/output_name.h"
#include "sharing/portability.h"

namespace deja::pipeline {
namespace {

using action::Artifact;
using action::NotStored;
using action::Problem;
using action::Role;

// Why a run proves nothing, whatever was seen of it; none: it may.
std::optional<NotStored> hopeless(const RunReport& report, const Target& target) {
  const tool::Invocation& invocation = target.invocation;
  if (report.timed_out) return NotStored::timed_out;
  if (report.signal != 0) return NotStored::tool_killed;
  if (report.exit_code != 0 &&
      !target.adapter.proves_failure(invocation, report.exit_code, report.out + report.err))
    return NotStored::tool_failed;
  if (report.truncated) return NotStored::text_not_captured;
  if (report.read_stdin && !invocation.run.reads_stdin && !invocation.run.has_no_stdin)
    return NotStored::stdin_read;
  return {};
}

// Why a proven result is not to be stored; none: it is.
std::optional<NotStored> not_to_be_stored(const RunReport& report,
                                          const tool::Invocation& invocation,
                                          const Settings& settings) {
  if (settings.read_only || invocation.storage.is_read_only) return NotStored::read_only;
  if (report.exit_code != 0 && !invocation.storage.failures) return NotStored::tool_failed;
  if (report.elapsed_ns < settings.min_cost_ns) return NotStored::too_cheap;
  return {};
}

// A result before it is stored, and what the store must know of it.
struct Draft {
  action::ActionResult result;
  store::ResultFacts facts;
  bool all_known = true;
  std::uint64_t bytes = 0, cloned_bytes = 0;

  void name_blob(const store::PutBlob& blob) {
    facts.blobs.push_back({blob.digest, blob.size});
    all_known = all_known && blob.was_known;
    bytes += blob.size;
    cloned_bytes += blob.was_cloned ? blob.size : 0;
  }
};

struct StoredManifest {
  std::shared_ptr<const action::Manifest> manifest;
  std::size_t size = 0;  // as bytes
};

// Adds the trace to what is known under the key.
Result<StoredManifest> add_to_manifest(const ProbeKey& key, const ActionKey& result,
                                       const action::Trace& trace, store::RecordStore& records) {
  struct Context {
    const ActionKey& result;
    const action::Trace& trace;
    StoredManifest stored = {};
  } context{result, trace};
  const auto change = [](void* c, std::optional<std::string_view> present) {
    Context& ctx = *static_cast<Context*>(c);
    std::optional<action::Manifest> manifest;
    if (present) manifest = action::decode_manifest(*present);
    if (!manifest) manifest.emplace();
    manifest->add(ctx.result, ctx.trace);
    std::string bytes = encode(*manifest);
    ctx.stored = {std::make_shared<const action::Manifest>(*std::move(manifest)), bytes.size()};
    return bytes;
  };
  TRY(records.update_manifest(key, change, &context));
  return std::move(context.stored);
}

class Publication {
 public:
  Publication(const FinishedRun& run, const Settings& settings, Services& services)
      : run_(run),
        p_(run.prepared),
        target_(run.target),
        report_(run.report),
        settings_(settings),
        services_(services) {}

  void publish();
  void keep_traits();
  bool has_read_much() const { return has_read_much_; }
  PublishOutcome take() { return std::move(out_); }

 private:
  bool is_worth_a_look();
  Result<observe::Log> read_log();
  void learn_from_failure();
  evidence::RunFacts read_observation();
  void collect_facts();
  evidence::ModuleRun module_run() const;
  void remember_modules(const action::Trace& trace);
  Result<Draft> draft_result();
  Status add_output(const evidence::Output& output, sharing::RootSearch& leaks, Draft& draft);
  Result<action::StreamBytes> keep(const std::string& bytes, Draft& draft);
  Status store(const Published& published, Draft& draft);
  // Ends the publication for a reason that lies with the run, not with the store.
  Error reject(NotStored reason, const std::string& path, Error error);
  void fail(const Error& error);

  const FinishedRun& run_;
  const Prepared& p_;
  const Target& target_;
  const RunReport& report_;
  const Settings& settings_;
  Services& services_;

  std::optional<NotStored> unwanted_because_;  // none: what is proven is stored
  digest::Traits traits_ = 0;                  // of the tool's file
  bool has_read_much_ = false;                 // the log took much memory
  evidence::RunFacts facts_;
  PublishOutcome out_;
};

void Publication::publish() {
  if (!is_worth_a_look()) return learn_from_failure();
  collect_facts();
  out_.not_stored = facts_.problem ? facts_.problem
                                   : evidence::problem_of_texts(facts_, target_.invocation,
                                                                report_.out, report_.err);
  if (out_.not_stored) return;
  auto draft = draft_result();
  if (!draft) return fail(draft.error());
  if (!run_.before.locks.were_ours()) {
    out_.not_stored = Problem{NotStored::output_contended};
    return;
  }
  Published published;
  published.trace = std::move(facts_.trace);
  published.trace.conceal();
  published.key = action_key(p_.probe, published.trace, draft->result.streams_are_one);
  published.result = std::make_shared<const action::ActionResult>(std::move(draft->result));
  if (unwanted_because_) {
    out_.not_stored = Problem{*unwanted_because_};
  } else {
    if (auto stored = store(published, *draft); !stored) return fail(stored.error());
    remember_modules(published.trace);
    out_.dup = draft->all_known && draft->bytes > 0;
    out_.bytes = draft->bytes;
    out_.cloned_bytes = draft->cloned_bytes;
  }
  out_.to_share = std::make_shared<const Published>(std::move(published));
  if (!out_.not_stored) out_.published = out_.to_share;
}

void Publication::fail(const Error& error) {
  if (!out_.not_stored) out_.not_stored = Problem{NotStored::store_failed, error.message};
  out_.troubles.push_back(error.message);
}

Error Publication::reject(NotStored reason, const std::string& path, Error error) {
  out_.not_stored = Problem{reason, path};
  return error;
}

// False: the run proves nothing, or it is neither stored nor shared.
bool Publication::is_worth_a_look() {
  if (const auto why = hopeless(report_, target_)) {
    out_.not_stored = Problem{*why};
    return false;
  }
  const tool::Invocation& invocation = target_.invocation;
  unwanted_because_ = not_to_be_stored(report_, invocation, settings_);
  if (!unwanted_because_ || invocation.storage.is_strict || services_.flights.has_waiters(p_.probe))
    return true;
  out_.not_stored = Problem{*unwanted_because_};
  return false;
}

Result<observe::Log> Publication::read_log() {
  observe::Log log = TRY(evidence::read_run_log(report_.log, p_.command.tool, report_.supervised));
  traits_ |= evidence::traits_of_programs(log);
  has_read_much_ = log.is_large;
  return log;
}

// A run that failed may have failed because it was observed. (One that a signal has ended leaves
// programs that had no time to report in.)
void Publication::learn_from_failure() {
  if (!report_.log || report_.signal != 0 || report_.timed_out || report_.exit_code == 0) return;
  ignore(read_log(), "then nothing is learned");
}

// What is known of the tool's file is kept only when it is not brand-new; by now it may be old enough.
void Publication::keep_traits() {
  if (traits_ == 0) return;
  os::FileIdentity now;
  const auto content = services_.digester.digest_file(p_.command.tool, &now);
  if (content && *content && now == p_.tool_file) services_.digester.add_traits(now, traits_);
}

evidence::RunFacts Publication::read_observation() {
  evidence::RunFacts none;
  if (!report_.log) return none.problem = Problem{NotStored::not_observed}, none;
  const auto log = read_log();
  if (!log) return none.problem = Problem{NotStored::not_observed, log.error().message}, none;
  evidence::TraceBuilder builder(p_.command, target_.invocation, target_.adapter, target_.roots,
                                 services_.digester, run_.before.updates);
  return builder.build(*log, report_.ended_ns);
}

void Publication::collect_facts() {
  const tool::Invocation& invocation = target_.invocation;
  facts_ = invocation.run.is_observed
               ? read_observation()
               : evidence::declared_run_facts(invocation, run_.before.marks, report_.ended_ns);
  if (facts_.makes_raw_calls) traits_ |= evidence::kHasBlindSpot;
  if (!facts_.problem && invocation.storage.is_strict)
    out_.undeclared = evidence::undeclared(facts_, p_.command.tool, invocation, target_.roots);
  if (!out_.undeclared.empty())
    facts_.problem = Problem{NotStored::not_declared, out_.undeclared.front()};
  if (!facts_.problem && invocation.policy.is_generic)
    evidence::check_declared(
        p_.declared,
        {p_.command, invocation, target_.roots,
         report_.ended_ns - static_cast<std::int64_t>(report_.elapsed_ns), report_.exit_code != 0},
        services_.digester, facts_);
  if (!facts_.problem && !facts_.modules.empty())
    evidence::claim_modules(
        module_run(), services_.digester, services_.mentions,
        [this](const ProbeKey& key) -> std::optional<action::Manifest> {
          const auto record = services_.records.get_manifest(key);
          if (!record || !*record) return std::nullopt;
          return action::decode_manifest(**record);
        },
        facts_);
}

evidence::ModuleRun Publication::module_run() const {
  return {p_.command,  target_.invocation,     target_.roots,
          p_.identity, report_.exit_code != 0, !(report_.out.empty() && report_.err.empty())};
}

// If this fails the modules are unknown to later runs.
void Publication::remember_modules(const action::Trace& trace) {
  for (const evidence::MadeModule& made :
       evidence::made_modules(module_run(), trace, facts_.modules))
    ignore(add_to_manifest(made.key, made.result, made.trace, services_.records),
           "a missing record is only a miss");
}

Result<Draft> Publication::draft_result() {
  Draft draft;
  action::ActionResult& r = draft.result;
  r.exit_code = report_.exit_code;
  r.streams_are_one = wants_one_stream(target_) && !report_.out.empty();
  r.colours_forced = target_.invocation.run.colours_forced;
  r.made_in = target_.roots;
  r.cost_ns = report_.elapsed_ns;
  r.made_at_ns = os::wall_ns();
  r.evidence = !report_.log ? "declared" : report_.supervised ? "supervisor" : "interposer";
  r.ttl_ns = target_.invocation.storage.ttl_ns;
  r.out = TRY(keep(report_.out, draft));
  r.err = TRY(keep(report_.err, draft));
  const sharing::RunContext run{target_.request.cwd, target_.invocation, target_.adapter,
                                target_.roots};
  sharing::RootSearch leaks = sharing::make_root_search(run, facts_);
  const sharing::OutputTexts output_texts = sharing::add_output_texts(target_.roots, leaks);
  leaks.search_messages(strip_ansi(report_.out));
  leaks.search_messages(strip_ansi(report_.err));
  for (const evidence::Output& output : facts_.outputs) TRY(add_output(output, leaks, draft));
  sharing::decide_output_name(run, leaks, output_texts, facts_);
  sharing::decide_portability(run, leaks, facts_, services_.mentions);
  draft.facts.cost_ns = report_.elapsed_ns;
  draft.facts.probe = p_.probe;
  return draft;
}

Status Publication::add_output(const evidence::Output& output, sharing::RootSearch& leaks,
                               Draft& draft) {
  Artifact a;
  a.role = output.role;
  a.placement = output.placement;
  a.path = target_.roots.tag_output(output.path);
  a.mode = output.identity.mode & 07777;
  a.link_text = output.link_text;
  if (output.role == Role::output || output.role == Role::depfile) {
    auto opened = os::open_read(output.path);
    if (!opened) return reject(NotStored::output_unreadable, output.path, opened.error());
    const os::Fd fd = *std::move(opened);
    const store::PutBlob blob = TRY(services_.blobs.put_blob(fd));
    // The bytes stored must be the bytes the tool left: nobody may have touched the file since.
    const bool is_other = output.generation != 0 && os::generation_of(fd) != output.generation;
    if (is_other || !(TRY(os::stat_fd(fd)) == output.identity))
      return reject(NotStored::output_changed, output.path,
                    Error{Code::invalid, 0,
                          "the output changed after the tool had written it: " + output.path});
    if (output.role == Role::output) TRY(leaks.search(fd));
    a.digest = blob.digest;
    a.size = blob.size;
    draft.name_blob(blob);
  }
  draft.result.artifacts.push_back(std::move(a));
  return {};
}

Result<action::StreamBytes> Publication::keep(const std::string& bytes, Draft& draft) {
  std::optional<store::PutBlob> blob;
  auto stream = keep_stream(bytes, services_.blobs, blob);
  if (blob) draft.name_blob(*blob);
  return stream;
}

// Blobs are stored already; the result comes next, and only then the manifest that leads to it.
Status Publication::store(const Published& published, Draft& draft) {
  const std::string record = encode(*published.result);
  TRY(services_.records.put_result(published.key, record, draft.facts));
  services_.cache.results.put(published.key, published.result, record.size());
  auto [manifest, size] =
      TRY(add_to_manifest(p_.probe, published.key, published.trace, services_.records));
  services_.cache.manifests.put(p_.probe, std::move(manifest), size);
  return {};
}

}  // namespace

PublishOutcome publish(const FinishedRun& run, const Settings& settings, Services& services) {
  PublishOutcome out;
  bool has_read_much = false;
  {
    Publication publication(run, settings, services);
    publication.publish();
    if (!settings.read_only) publication.keep_traits();
    has_read_much = publication.has_read_much();
    out = publication.take();
  }
  if (has_read_much) os::give_memory_back();
  return out;
}

}  // namespace deja::pipeline
