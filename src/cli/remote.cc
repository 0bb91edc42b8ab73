// SPDX-License-Identifier: Apache-2.0
// `deja remote`: the state of the configured remotes, and moving results by hand. The work is done by
// libdeja-remote.so (remote_loader/admin.h); here are words and options.
//
// Tested by test/remote.
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/path.h"
#include "cli/context.h"
#include "cli/format.h"
#include "cli/json.h"
#include "cli/options.h"
#include "remote_loader/configure.h"
#include "remote_loader/plugin.h"
#include "store/local_store.h"

extern char** environ;

namespace deja::cli {
namespace {

constexpr const char* kRemoteDetails =
    "status  says whether the remote answers, and what waits to be uploaded\n"
    "push    uploads all results of the local store; file:///x.dejapack is replaced\n"
    "pull    imports what earlier builds of this project have used\n"
    "flush   uploads what is still queued and waits for it, at most --timeout seconds\n"
    "bench   measures the time of small requests, and the throughput\n"
    "ls      counts what is on the remote\n"
    "rm      removes the results of one key from the remote ('deja why' shows keys)\n"
    "\nThe remote is the setting `remote`, or DEJA_REMOTE.";

struct RemoteRequest {
  std::string what, key;
  Format format = Format::text;
  std::uint64_t timeout_s = 60;
};

// The remote with the local store behind it.
struct Opened {
  std::unique_ptr<store::LocalStore> store;
  std::unique_ptr<exchange::Admin> admin;
};

Result<Opened> open(const Context& context) {
  std::vector<std::string_view> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  auto options = exchange::options_from(context.loaded.config, environment);
  if (!options)
    return Error{
        Code::invalid, 0,
        context.loaded.config.remote.empty()
            ? "no remote is configured; set `remote` in a configuration file, or DEJA_REMOTE"
            : "remotes are switched off by remote_mode = \"off\""};
  options->cache_dir = context.places.dir;
  options->trouble = [](const std::string&) {};
  Opened opened;
  opened.store = TRY(store::LocalStore::open(
      {.dir = context.places.dir, .limit_bytes = context.loaded.config.store_limit_bytes}));
  const exchange::Plugin* const plugin =
      TRY(exchange::load_plugin(join_path(context.libexec, exchange::kPluginFile)));
  opened.admin = TRY(plugin->open_admin(*options, context.cwd, *opened.store, *opened.store));
  return opened;
}

std::string rate(double bytes_per_s) {
  return human_size(static_cast<std::uint64_t>(bytes_per_s)) + "/s";
}

std::string milliseconds(std::int64_t ns) {
  return human_elapsed(static_cast<std::uint64_t>(ns) / 1000);
}

Result<int> print_state(const RemoteRequest& asked, exchange::Admin& admin) {
  const exchange::RemoteState state = admin.state();
  if (asked.format == Format::json) {
    print(pretty({{"remote", state.name},
                  {"answers", state.answers},
                  {"problem", state.problem},
                  {"answer_us", state.answer_ns / 1000},
                  {"may_write", state.may_write},
                  {"writer", state.writer},
                  {"trusted_writers", state.trusted ? Json(*state.trusted) : Json()},
                  {"queued", state.queued},
                  {"project", state.project},
                  {"branch", state.branch}}));
    return state.answers ? kDone : kProblems;
  }
  Table table;
  table.row({"remote", printable(state.name)});
  table.row({"state", state.answers ? "answers in " + milliseconds(state.answer_ns)
                                    : "does not answer: " + printable(state.problem)});
  table.row({"mode", state.may_write ? "read and write" : "read only"});
  table.row({"signing", state.writer.empty() ? "off" : "as " + state.writer});
  table.row({"trusted", state.trusted ? counted(*state.trusted, "writer") : "everyone"});
  table.row({"queued", counted(state.queued, "upload")});
  table.row(
      {"project", state.project.empty()
                      ? "unknown"
                      : printable(state.project) +
                            (state.branch.empty() ? "" : ", branch " + printable(state.branch))});
  print(table.text());
  return state.answers ? kDone : kProblems;
}

Result<int> push(const RemoteRequest& asked, const Context& context, Opened& opened) {
  std::vector<exchange::ResultName> results;
  for (const auto& listed : TRY(opened.store->list_results()))
    results.push_back({listed.probe, listed.key});
  const auto report = TRY(opened.admin->push(results, [&](std::size_t done, std::size_t all) {
    if (context.is_terminal && asked.format == Format::text && done % 16 == 0)
      print("\r" + std::to_string(done) + " of " + std::to_string(all) + " ");
    return true;
  }));
  if (asked.format == Format::json) {
    print(pretty({{"offered", report.offered},
                  {"there", report.there},
                  {"not_shared", report.not_shared},
                  {"failed", report.failed},
                  {"bytes", report.bytes}}));
  } else {
    if (context.is_terminal) print("\r");
    print("offered " + counted(report.offered, "result") + " (" + human_size(report.bytes) + "), " +
          std::to_string(report.there) + " were on the remote already\n");
    if (report.not_shared != 0)
      print(counted(report.not_shared, "result") +
            " not shared: " + printable(report.why_not_shared) + "\n");
  }
  if (report.failed == 0) return kDone;
  return Error{Code::unavailable, 0,
               counted(report.failed, "result") + " could not be uploaded: " + report.why_failed};
}

Result<int> pull(const RemoteRequest& asked, exchange::Admin& admin) {
  const auto report = TRY(admin.pull());
  if (asked.format == Format::json) {
    print(pretty({{"known", report.known},
                  {"there", report.there},
                  {"imported", report.imported},
                  {"absent", report.absent},
                  {"errors", report.errors},
                  {"bytes", report.bytes}}));
  } else if (report.known == 0) {
    print(printable(report.ended_because) + "\n");
  } else {
    print("imported " + std::to_string(report.imported) + " of " + counted(report.known, "result") +
          " (" + human_size(report.bytes) + "), " + std::to_string(report.there) +
          " were in the store already, " + std::to_string(report.absent) +
          " are not on the remote\n");
  }
  return report.errors == 0 ? kDone : kProblems;
}

Result<int> flush(const RemoteRequest& asked, exchange::Admin& admin) {
  const auto report = TRY(admin.flush(static_cast<std::int64_t>(asked.timeout_s) * 1'000'000'000));
  if (asked.format == Format::json) {
    print(pretty({{"sent", report.sent}, {"left", report.left}, {"errors", report.errors}}));
  } else {
    print("uploaded " + counted(report.sent, "result") + ", " + std::to_string(report.left) +
          " left\n");
  }
  if (report.left == 0) return kDone;
  return Error{Code::timeout, 0,
               counted(report.left, "upload") + " left after " + std::to_string(asked.timeout_s) +
                   " s" + (report.last_error.empty() ? "" : ": " + report.last_error)};
}

Result<int> bench(const RemoteRequest& asked, exchange::Admin& admin) {
  const auto speed = TRY(admin.measure());
  if (asked.format == Format::json) {
    print(pretty({{"small_get_us", speed.small_get_ns / 1000},
                  {"small_put_us", speed.small_put_ns / 1000},
                  {"get_bytes_per_s", static_cast<std::uint64_t>(speed.get_bytes_per_s)},
                  {"put_bytes_per_s", static_cast<std::uint64_t>(speed.put_bytes_per_s)}}));
    return kDone;
  }
  Table table;
  table.row({"get 1 KiB", milliseconds(speed.small_get_ns)});
  table.row({"put 1 KiB", milliseconds(speed.small_put_ns)});
  table.row({"get 4 MiB", rate(speed.get_bytes_per_s)});
  table.row({"put 4 MiB", rate(speed.put_bytes_per_s)});
  print(table.text());
  return kDone;
}

Result<int> list(const RemoteRequest& asked, exchange::Admin& admin) {
  const auto size = TRY(admin.size());
  if (asked.format == Format::json) {
    print(pretty({{"records", size.records},
                  {"record_bytes", size.record_bytes},
                  {"blobs", size.blobs},
                  {"blob_bytes", size.blob_bytes}}));
    return kDone;
  }
  print(counted(size.records, "record") + ", " + human_size(size.record_bytes) + "\n" +
        counted(size.blobs, "blob") + ", " + human_size(size.blob_bytes) + "\n");
  return kDone;
}

Result<int> remove(const RemoteRequest& asked, exchange::Admin& admin) {
  const auto key = Digest::from_hex(asked.key);
  if (!key)
    return Error{Code::invalid, 0,
                 "not a key: '" + asked.key +
                     "'; give the probe_key of 'deja events --format json', 64 hexadecimal digits"};
  const bool was_there = TRY(admin.remove(ProbeKey{*key}));
  print(was_there ? "removed\n" : "the remote has nothing for this key\n");
  return kDone;
}

Result<int> run(const Context& context, const RemoteRequest& asked) {
  Opened opened = TRY(open(context));
  exchange::Admin& admin = *opened.admin;
  if (asked.what == "status") return print_state(asked, admin);
  if (asked.what == "push") return push(asked, context, opened);
  if (asked.what == "pull") return pull(asked, admin);
  if (asked.what == "flush") return flush(asked, admin);
  if (asked.what == "bench") return bench(asked, admin);
  if (asked.what == "ls") return list(asked, admin);
  return remove(asked, admin);
}

}  // namespace

int run_remote(const Context& context, Args args) {
  RemoteRequest asked;
  std::optional<std::uint64_t> timeout;
  // The key of `rm` stands behind it.
  std::vector<std::string> rest(args.begin(), args.end());
  if (rest.size() >= 2 && rest[0] == "rm" && !rest[1].starts_with("-")) {
    asked.key = rest[1];
    rest.erase(rest.begin() + 1);
  }
  OptionTable options("remote", "Shows the configured remotes, and moves results by hand.",
                      kRemoteDetails);
  options.word("what", "status, push, pull, flush, bench, ls or rm <key>",
               {"status", "push", "pull", "flush", "bench", "ls", "rm"}, asked.what);
  options.number("--timeout", "How many seconds flush waits (default: 60)", timeout);
  options.format(asked.format);
  if (const auto code = options.parse(rest)) return *code;
  asked.timeout_s = timeout.value_or(asked.timeout_s);
  const auto code = run(context, asked);
  if (code) return *code;
  print_error("remote " + asked.what + ": " + code.error().message);
  return code.error().code == Code::invalid ? kUsage : kProblems;
}

}  // namespace deja::cli
