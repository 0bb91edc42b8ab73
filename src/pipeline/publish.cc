#include "pipeline/publish.h"

#include <algorithm>

#include "action/manifest.h"
#include "base/strip_ansi.h"
#include "evidence/unseen_programs.h"
#include "observe/log_reader.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/mapping.h"
#include "pipeline/modules.h"
#include "pipeline/streams.h"
#include "sharing/output_name.h"
#include "sharing/portability.h"
#include "tool/exec/exec_options.h"

namespace deja::pipeline {
namespace {

using action::Artifact;
using action::Role;

Result<observe::Log> read_log(const os::Fd& fd) {
  // Whoever runs below the client has it, too, and could end us by cutting it short.
  if (!os::cannot_shrink(fd)) return Error{Code::invalid, 0, "its log could be cut short"};
  const os::FileIdentity id = TRY(os::stat_fd(fd));
  const os::Mapping mapping = TRY(os::Mapping::read_only(fd, id.size));
  return observe::read_log(mapping.view());
}

bool starts_privileged(const observe::Log& log) {
  return std::any_of(log.events.begin(), log.events.end(), [](const observe::Event& e) {
    const bool starts = e.op == DEJA_OP_EXEC || e.op == DEJA_OP_SPAWN;
    return starts && e.error == 0 && os::gains_rights(e.path);
  });
}

// What the log says of the programs themselves, whether or not the run is worth more.
void learn_of_programs(const observe::Log& log, const RunReport& report, const std::string& tool,
                       PublishOutcome& out) {
  out.was_unheard =
      log.unheard || (!report.supervised && !evidence::unseen_program(log, tool).empty());
  out.gains_rights = starts_privileged(log);
  out.read_much = log.is_large;
}

// A run that failed may have failed because it was observed. (One that a signal has ended leaves
// programs that did not get as far as to report in.)
void learn_from_failure(const Prepared& p, const RunReport& report, PublishOutcome& out) {
  if (!report.log || report.signal != 0 || report.timed_out || report.exit_code == 0) return;
  if (const auto log = read_log(report.log)) learn_of_programs(*log, report, p.command.tool, out);
}

// Everything a publication gathers before it is stored.
struct Draft {
  action::ActionResult result;
  store::ResultFacts facts;
  bool all_known = true;
  std::uint64_t bytes = 0;

  void name_blob(const store::PutBlob& blob) {
    facts.blobs.push_back({blob.digest, blob.size});
    all_known = all_known && blob.was_known;
    bytes += blob.size;
  }
};

Status add_output(const evidence::Output& output, const action::Roots& roots, Services& services,
                  sharing::RootSearch& leaks, Draft& draft) {
  Artifact a;
  a.role = output.role;
  a.placement = output.placement;
  a.path = roots.tag_output(output.path);
  a.mode = output.identity.mode & 07777;
  a.link_text = output.link_text;
  if (output.role == Role::output || output.role == Role::depfile) {
    const os::Fd fd = TRY(os::open_read(output.path));
    const store::PutBlob blob = TRY(services.blobs.put_blob(fd));
    // The bytes stored must be the bytes the tool left: nobody may have touched the file since.
    const bool is_other = output.generation != 0 && os::generation_of(fd) != output.generation;
    if (is_other || !(TRY(os::stat_fd(fd)) == output.identity))
      return Error{Code::invalid, 0, "changed after the tool wrote it: " + output.path};
    if (output.role == Role::output) TRY(leaks.search(fd));
    a.digest = blob.digest;
    a.size = blob.size;
    draft.name_blob(blob);
  }
  draft.result.artifacts.push_back(std::move(a));
  return {};
}

Result<action::StreamBytes> keep(const std::string& bytes, Services& services, Draft& draft) {
  std::optional<store::PutBlob> blob;
  auto stream = keep_stream(bytes, services.blobs, blob);
  if (blob) draft.name_blob(*blob);
  return stream;
}

Result<Draft> draft_result(const Target& target, const RunReport& report,
                           evidence::RunFacts& run_facts, Services& services) {
  Draft draft;
  action::ActionResult& r = draft.result;
  r.exit_code = report.exit_code;
  r.streams_are_one = wants_one_stream(target) && !report.out.empty();
  r.colours_forced = target.invocation.colours_forced;
  r.made_in = target.roots;
  r.cost_ns = report.elapsed_ns;
  r.made_at_ns = os::wall_ns();
  r.evidence = !report.log ? "declared" : report.supervised ? "supervisor" : "interposer";
  if (target.invocation.exec_options != nullptr) r.ttl_ns = target.invocation.exec_options->ttl_ns;
  r.out = TRY(keep(report.out, services, draft));
  r.err = TRY(keep(report.err, services, draft));
  const sharing::RunContext run{target.request.cwd, target.invocation, target.adapter,
                                target.roots};
  sharing::RootSearch leaks = sharing::make_root_search(run, run_facts);
  const sharing::OutputTexts output_texts = sharing::add_output_texts(target.roots, leaks);
  leaks.search_messages(strip_ansi(report.out));
  leaks.search_messages(strip_ansi(report.err));
  for (const evidence::Output& output : run_facts.outputs)
    TRY(add_output(output, target.roots, services, leaks, draft));
  sharing::decide_output_name(run, leaks, output_texts, run_facts);
  sharing::decide_portability(run, leaks, run_facts, services.mentions);
  draft.facts.cost_ns = report.elapsed_ns;
  return draft;
}

// Blobs are stored already; the result comes next, and only then the manifest that leads to it.
Status store_draft(const ProbeKey& probe, const Published& published, Draft& draft,
                   Services& services) {
  const std::string record = encode(*published.result);
  draft.facts.probe = probe;
  TRY(services.records.put_result(published.key, record, draft.facts));
  services.cache.results.put(published.key, published.result, record.size());
  struct Context {
    const Published* published;
    std::shared_ptr<const action::Manifest> manifest;
    std::size_t size = 0;
  } context{&published, nullptr, 0};
  const auto change = [](void* c, std::optional<std::string_view> present) {
    Context& ctx = *static_cast<Context*>(c);
    std::optional<action::Manifest> manifest;
    if (present) manifest = action::decode_manifest(*present);
    if (!manifest) manifest.emplace();
    manifest->add(ctx.published->key, ctx.published->trace);
    std::string bytes = encode(*manifest);
    ctx.size = bytes.size();
    ctx.manifest = std::make_shared<const action::Manifest>(*std::move(manifest));
    return bytes;
  };
  TRY(services.records.update_manifest(probe, change, &context));
  services.cache.manifests.put(probe, context.manifest, context.size);
  return {};
}

// Why a run cannot be spoken of, whatever was seen of it; empty: it can.
std::string hopeless(const RunReport& report, const Target& target) {
  const tool::Invocation& invocation = target.invocation;
  if (report.timed_out) return "took too long";
  if (report.signal != 0) return "ended by a signal";
  if (report.exit_code != 0 &&
      !target.adapter.proves_failure(invocation, report.exit_code, report.out + report.err))
    return "the tool failed";
  if (report.truncated) return "not all of its text could be captured, or it left a process behind";
  if (report.read_stdin && !invocation.reads_stdin && !invocation.has_no_stdin)
    return "reads standard input";
  return {};
}

// Why what is known of a run is not to be stored; empty: it is.
std::string not_worth_storing(const RunReport& report, const tool::Invocation& invocation,
                              bool read_only) {
  const bool forbids = invocation.exec_options != nullptr && invocation.exec_options->read_only;
  if (read_only || forbids) return "read-only";
  if (report.exit_code != 0 && invocation.exec_options != nullptr &&
      !invocation.exec_options->cache_failures)
    return "the tool failed";
  return {};
}

evidence::RunFacts observed_run_facts(const Prepared& p, const Target& target,
                                      const BeforeRun& before, const RunReport& report,
                                      Services& services, PublishOutcome& out) {
  evidence::RunFacts none;
  if (!report.log) return none.problem = "was not observed", none;
  auto log = read_log(report.log);
  if (!log) return none.problem = log.error().message, none;
  const std::string unseen =
      report.supervised ? "" : evidence::unseen_program(*log, p.command.tool);
  if (!unseen.empty() && log->gap.empty()) log->gap = "a program did not report in: " + unseen;
  learn_of_programs(*log, report, p.command.tool, out);
  evidence::TraceBuilder builder(p.command, target.invocation, target.adapter, target.roots,
                                 services.digester, before.updates);
  return builder.build(*log, report.ended_ns);
}

evidence::RunFacts collect_run_facts(const Prepared& p, const Target& target,
                                     const BeforeRun& before, const RunReport& report,
                                     Services& services, PublishOutcome& out) {
  const tool::exec::ExecOptions* order = target.invocation.exec_options.get();
  evidence::RunFacts run_facts =
      order != nullptr && order->declared_only
          ? evidence::declared_run_facts(target.invocation, before.marks, report.ended_ns)
          : observed_run_facts(p, target, before, report, services, out);
  if (order == nullptr) return run_facts;
  if (run_facts.problem.empty() && order->strict)
    out.undeclared =
        evidence::undeclared(run_facts, p.command.tool, target.invocation, target.roots);
  if (!out.undeclared.empty()) run_facts.problem = "not declared: " + out.undeclared.front();
  if (run_facts.problem.empty())
    evidence::check_declared(
        p.declared, target.invocation, p.command, target.roots,
        {report.ended_ns - static_cast<std::int64_t>(report.elapsed_ns), report.exit_code != 0},
        services.digester, run_facts);
  return run_facts;
}

// Such a name is another one each time.
std::string printed_temporary(const RunReport& report, const evidence::RunFacts& run_facts) {
  for (const std::string& name : run_facts.temporaries) {
    if (report.out.find(name) != std::string::npos || report.err.find(name) != std::string::npos)
      return "prints the name of a temporary file: " + name;
  }
  return {};
}

}  // namespace

PublishOutcome publish(const Prepared& p, const Target& target, const BeforeRun& before,
                       const RunReport& report, bool read_only, Services& services) {
  PublishOutcome out;
  out.why_not = hopeless(report, target);
  if (!out.why_not.empty()) return learn_from_failure(p, report, out), out;
  const std::string unwanted_because = not_worth_storing(report, target.invocation, read_only);
  const bool is_strict =
      target.invocation.exec_options != nullptr && target.invocation.exec_options->strict;
  // Nobody is to have it: do not look at it.
  if (!unwanted_because.empty() && !is_strict && !services.flights.has_waiters(p.probe))
    return out.why_not = unwanted_because, learn_from_failure(p, report, out), out;

  evidence::RunFacts run_facts = collect_run_facts(p, target, before, report, services, out);
  if (run_facts.problem.empty()) claim_modules(p, target, report, services, run_facts);
  if (run_facts.problem.empty() && target.invocation.prints_commands)
    run_facts.problem = printed_temporary(report, run_facts);
  const tool::Timekeeper* const keeper = target.invocation.timekeeper;
  if (run_facts.problem.empty() && run_facts.asked_time &&
      (keeper->may_tell(report.out) || keeper->may_tell(report.err)))
    run_facts.problem = "reads the clock, and may tell it";
  if (!run_facts.problem.empty()) return out.why_not = run_facts.problem, out;

  const bool speaks = !report.out.empty() || !report.err.empty();
  if (target.invocation.colours_forced && speaks && (run_facts.facts & tool::kHoldsEscape) != 0)
    return out.why_not = "a header holds escape sequences", out;

  auto draft = draft_result(target, report, run_facts, services);
  if (!draft) {
    out.why_not = draft.error().message;
    out.troubles.push_back(out.why_not);
    return out;
  }
  if (!before.locks.were_ours()) return out.why_not = "others write one of its outputs", out;
  Published published;
  published.trace = std::move(run_facts.trace);
  published.trace.conceal();
  published.key = action_key(p.probe, published.trace, draft->result.streams_are_one);
  published.result = std::make_shared<const action::ActionResult>(std::move(draft->result));
  out.why_not = unwanted_because;
  if (out.why_not.empty()) {
    if (auto stored = store_draft(p.probe, published, *draft, services); !stored) {
      out.why_not = stored.error().message;
      out.troubles.push_back(out.why_not);
      return out;
    }
    remember_modules(p, target, published.trace, run_facts.modules, services);
    out.dup = draft->all_known && draft->bytes > 0;
    out.bytes = draft->bytes;
  }
  out.to_share = std::make_shared<const Published>(std::move(published));
  if (out.why_not.empty()) out.published = out.to_share;
  return out;
}

}  // namespace deja::pipeline
