// SPDX-License-Identifier: Apache-2.0
// `deja report`: chooses a span of the journal and prints what src/report makes of it. The journal is read from its
// end, so the last build costs as much as it is long. Tested by report_command_test.cc.

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/secrets.h"
#include "cli/context.h"
#include "cli/format.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/store_access.h"
#include "config/value.h"
#include "journal/reader.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/process.h"
#include "report/render.h"
#include "report/sessions.h"
#include "report/trace_file.h"

namespace deja::cli {
namespace {

struct ReportRequest {
  bool last_build = false, all = false, lists_sessions = false;
  bool json = false, markdown = false;
  std::string since, session, html, trace;
  std::optional<std::uint64_t> top;
};

// The events of the span, and what to call it.
struct Span {
  bool is_last_session = false;  // until a pause comes
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = std::numeric_limits<std::int64_t>::max();
  std::string title;
};

int report_failed(const std::string& what) {
  print_error("report: " + printable(what));
  return kProblems;
}

Result<std::vector<report::Session>> sessions(const Context& context) {
  report::SessionSplitter splitter;
  TRY(journal::visit_events(context.journal(), [&](const journal::Event& event) {
    splitter.add(event);
    return true;
  }));
  return splitter.sessions();
}

Result<Span> span_of(const Context& context, const ReportRequest& wanted) {
  Span span;
  span.title = "all events of the journal";
  if (wanted.all) return span;
  if (!wanted.since.empty()) {
    const auto seconds = config::parse_duration(wanted.since);
    if (!seconds || *seconds > 100ULL * 365 * 86400)
      return Error{Code::invalid, 0,
                   "--since '" + wanted.since + "' is not a time; write 2h, 30m or 7d"};
    span.begin_ns = os::wall_ns() - static_cast<std::int64_t>(*seconds) * os::kNsPerSecond;
    span.title = "the last " + wanted.since;
    return span;
  }
  if (wanted.session.empty()) {
    span.is_last_session = true;
    span.title = "last build";
    return span;
  }
  for (const report::Session& session : TRY(sessions(context))) {
    if (session.id() != wanted.session) continue;
    span.begin_ns = session.begin_ns;
    span.end_ns = session.end_ns;
    span.title = "session " + wanted.session;
    return span;
  }
  return Error{
      Code::invalid, 0,
      "the journal has no session '" + wanted.session + "'; 'deja report --sessions' lists them"};
}

report::State state_of(const Context& context) {
  report::State state;
  const auto store = open_store(context, Access::read);
  if (store && *store) {
    if (const auto stats = (*store)->stats()) {
      state.has_store = true;
      state.store_bytes = stats->bytes;
      state.store_limit_bytes = stats->limit_bytes;
      state.results = stats->results;
    }
  }
  for (const std::string& remote : context.loaded.config.remote)
    state.remotes.push_back(without_passwords(remote));
  return state;
}

int list_sessions(const Context& context, bool json) {
  const auto found = sessions(context);
  if (!found) return report_failed(found.error().message);
  Json list = Json::array();
  Table table;
  if (!found->empty()) table.row({"session", "took", "commands", "hit rate", "directory"});
  for (const report::Session& session : *found) {
    const auto us = static_cast<std::uint64_t>((session.end_ns - session.begin_ns) / 1000);
    table.row({session.id(), human_elapsed(us), std::to_string(session.commands),
               percent(session.hits, session.hits + session.misses), printable(session.directory)});
    list.push_back({{"id", session.id()},
                    {"begin", seconds(session.begin_ns)},
                    {"end", seconds(session.end_ns)},
                    {"commands", session.commands},
                    {"hits", session.hits},
                    {"misses", session.misses},
                    {"directory", session.directory}});
  }
  print(json ? pretty(list) : table.text());
  return kDone;
}

// A file that the user has named; his umask decides who may read it.
Status write_file(const std::string& name, const std::string& text) {
  const auto there = TRY(os::stat_file(name));
  if (there && there->is_directory()) return Error{Code::invalid, 0, name + " is a directory"};
  const mode_t mode = there ? there->mode & 07777 : 0666 & ~os::own_umask().value_or(022);
  return os::write_file_atomic(name, text, mode);
}

// The files that were asked for.
Status write_files(const ReportRequest& wanted, const report::Summary& summary,
                   const report::State& state, const std::string& title,
                   const report::TraceFile& trace) {
  if (!wanted.html.empty())
    if (auto done = write_file(wanted.html, as_html(summary, state, title)); !done)
      return Error{done.error().code, 0, "--html: " + done.error().message};
  if (!wanted.trace.empty())
    if (auto done = write_file(wanted.trace, trace.text()); !done)
      return Error{done.error().code, 0, "--trace: " + done.error().message};
  return {};
}

int make_report(const Context& context, const ReportRequest& wanted) {
  auto span = span_of(context, wanted);
  if (!span) return report_failed(span.error().message);
  report::Collector collector(wanted.top.value_or(10));
  report::TraceFile trace;
  report::SessionSplitter splitter;
  const auto read = journal::visit_events(context.journal(), [&](const journal::Event& event) {
    if (event.time_ns > span->end_ns) return true;
    if (event.time_ns < span->begin_ns || (span->is_last_session && splitter.add(event)))
      return false;
    collector.add(event);
    if (!wanted.trace.empty()) trace.add(event);
    return true;
  });
  if (!read) return report_failed(read.error().message);
  if (!splitter.sessions().empty())
    span->title += " (session " + splitter.sessions().front().id() + ")";
  const report::Summary summary = collector.finish();
  const report::State state = state_of(context);
  if (auto done = write_files(wanted, summary, state, span->title, trace); !done)
    return report_failed(done.error().message);
  if (wanted.json) return print(as_json(summary, state, span->title)), kDone;
  if (wanted.markdown) return print(as_markdown(summary, state, span->title)), kDone;
  if (wanted.html.empty() && wanted.trace.empty()) print(as_text(summary, state, span->title));
  return kDone;
}

}  // namespace

int run_report(const Context& context, Args args) {
  ReportRequest wanted;
  OptionTable options(
      "report", "What deja did in the last build, a session or a span of time, and what it saved.",
      "A session is a build as the journal shows it: commands without a pause of 30 seconds "
      "between\n"
      "them. The journal holds the last 8 to 16 MB of events. docs/reports.md explains every "
      "line.");
  options.flag("--last-build", "The newest session (the default)", wanted.last_build);
  options.text("--since", "The last 2h, 30m, 7d, …", wanted.since);
  options.text("--session", "The session with this ID", wanted.session);
  options.flag("--all", "Everything that the journal holds", wanted.all);
  options.flag("--sessions", "List the sessions, the newest first", wanted.lists_sessions);
  options.flag("--json", "Print one JSON object", wanted.json);
  options.flag("--markdown", "Print Markdown, for the summary of a CI job", wanted.markdown);
  options.text("--html", "Write a page with charts to this file", wanted.html);
  options.text("--trace", "Write a trace for Perfetto or chrome://tracing to this file",
               wanted.trace);
  options.number("--top", "How long the lists are (default: 10)", wanted.top);
  if (const auto code = options.parse(args)) return *code;
  const int spans = (wanted.last_build ? 1 : 0) + (wanted.all ? 1 : 0) +
                    (wanted.since.empty() ? 0 : 1) + (wanted.session.empty() ? 0 : 1);
  if (spans > 1 || (wanted.json && wanted.markdown)) {
    print_error(spans > 1 ? "report: give only one of --last-build, --since, --session and --all"
                          : "report: give only one of --json and --markdown");
    return kUsage;
  }
  if (wanted.lists_sessions) return list_sessions(context, wanted.json);
  return make_report(context, wanted);
}

}  // namespace deja::cli
