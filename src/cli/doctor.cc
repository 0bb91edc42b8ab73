// SPDX-License-Identifier: Apache-2.0
// `deja doctor`: each check is a function that adds findings. A finding is "ok", or a problem with
// its remedy.

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/path.h"
#include "cli/context.h"
#include "cli/engine_link.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/real_tool.h"
#include "cli/store_access.h"
#include "journal/troubles.h"
#include "os/abilities.h"
#include "os/cache_directory.h"
#include "os/clock.h"
#include "os/file.h"
#include "remote_loader/configure.h"
#include "remote_loader/plugin.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): unistd.h has it on demand

namespace deja::cli {
namespace {

constexpr std::uint64_t kFreeBytesMin = 200'000'000;
// So many results that wait for their upload are more than a busy minute leaves.
constexpr std::size_t kQueuedMax = 1000;

struct Finding {
  std::string about;
  bool is_problem = false;
  std::string text;
};
using Findings = std::vector<Finding>;

void check_config(const Context& context, Findings& out) {
  for (const config::Problem& problem : context.loaded.problems)
    out.push_back({"config", true, problem.text()});
  if (context.loaded.problems.empty())
    out.push_back({"config", false,
                   context.loaded.files.empty() ? "there is no configuration file"
                                                : "read " + context.loaded.files.front()});
  if (context.loaded.config.disable)
    out.push_back({"config", true,
                   std::string(::getenv("DEJA_DISABLE") != nullptr ? "DEJA_DISABLE" : "disable") +
                       " is set: no command is looked up, and none is counted"});
  const std::string& fallback = context.loaded.config.fallback;
  if (!fallback.empty() && find_real_tool(context, fallback).empty())
    out.push_back({"config", true,
                   "fallback: there is no program " + fallback +
                       " on PATH, so tools run without it; install it, or correct the setting"});
}

void check_directory(const Context& context, Findings& out) {
  const std::string& dir = context.places.dir;
  const auto problem = [&](const std::string& text) { out.push_back({"directory", true, text}); };
  if (dir.empty())
    return problem("there is no cache directory: set DEJA_DIR, XDG_CACHE_HOME or HOME");
  if (const char* wrong = os::describe(os::look_at_cache_directory(dir.c_str())); *wrong != '\0')
    return problem(dir + ": " + wrong);
  const auto there = os::stat_file(dir);
  if (!there) return problem(there.error().message);
  if (!*there) {
    out.push_back({"directory", false, dir + " will be created at first use"});
    return;
  }
  if (!(*there)->is_directory())
    return problem(dir + " is not a directory: remove it, or set DEJA_DIR");
  if (((*there)->mode & 022) != 0)
    problem("other users can write to " + dir + ": run chmod go-w on it");
  const std::string probe = dir + "/doctor." + std::to_string(::getpid());
  const auto written = os::write_file_atomic(probe, "can this be written?\n");
  ignore(os::remove_file(probe), "the report is about the write");
  if (!written) return problem("cannot write to the cache directory: " + written.error().message);
  const auto space = os::disk_space(dir);
  if (!space) return problem(space.error().message);
  if (space->free_bytes < kFreeBytesMin)
    return problem("only " + human_size(space->free_bytes) + " are free on the disk of " + dir +
                   ": free some space, or set DEJA_DIR");
  out.push_back({"directory", false, dir + ", " + human_size(space->free_bytes) + " free"});
}

void check_installation(const Context& context, Findings& out) {
  bool complete = true;
  for (const char* name : {"dejad", "libdeja-observe.so"}) {
    const std::string path = context.libexec + "/" + name;
    const auto there = os::stat_file(path);
    if (there && *there && (*there)->is_regular()) continue;
    complete = false;
    out.push_back({"programs", true, path + " is missing: install deja again"});
  }
  if (complete) out.push_back({"programs", false, "all are in " + context.libexec});
}

void check_observation(const Context&, Findings& out) {
  if (!os::can_make_memory_files()) {
    out.push_back({"observe", true,
                   "the system call memfd_create is not allowed here, so no run is observed and "
                   "nothing is stored: allow it in the sandbox or container"});
  } else if (!os::can_notify_of_calls()) {
    out.push_back({"observe", true,
                   "seccomp notifications are not allowed here, so runs of static programs are not "
                   "stored: allow them in the sandbox or container"});
  } else {
    out.push_back({"observe", false, "programs can be observed"});
  }
}

void check_store(const Context& context, Findings& out) {
  if (!context.has_dir()) return;
  const auto problem = [&](const std::string& text) { out.push_back({"store", true, text}); };
  auto store = open_store(context, Access::read);
  if (!store) return problem("cannot be opened: " + store.error().message);
  if (!*store) {
    out.push_back({"store", false, "holds nothing yet"});
    return;
  }
  const auto stats = (*store)->stats();
  if (!stats) return problem("cannot be read: " + stats.error().message);
  if (!stats->last_error.empty()) problem(stats->last_error);
  if (stats->quarantined != 0)
    problem(counted(stats->quarantined, "damaged blob") + " in quarantine: check the disk");
  out.push_back({"store", false,
                 human_size(stats->bytes) + " of " + human_size(stats->limit_bytes) + ", " +
                     counted(stats->results, "result")});
}

// Asks the remotes once, as `deja remote status` does.
void check_remotes(const Context& context, Findings& out) {
  std::vector<std::string_view> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  auto options = exchange::options_from(context.loaded.config, environment);
  if (!options || !context.has_dir()) return;
  const auto problem = [&out](const std::string& text) { out.push_back({"remote", true, text}); };
  options->cache_dir = context.places.dir;
  options->trouble = problem;
  auto store = open_store(context, Access::read);
  if (!store || !*store) return;  // nothing is stored here, so nothing was asked
  const auto plugin =
      exchange::load_plugin(join_path(context.libexec, std::string(exchange::kPluginFile)));
  if (!plugin) return problem(plugin.error().message);
  auto admin = (*plugin)->open_admin(*options, context.cwd, **store, **store);
  if (!admin) return problem(admin.error().message);
  const exchange::RemoteState state = (*admin)->state();
  if (!state.answers)
    problem(state.name + " does not answer: " + state.problem +
            "; until it does, nothing is fetched or uploaded (remote_mode = \"off\" switches "
            "remotes off)");
  else
    out.push_back({"remote", false, state.name + " answers"});
  if (state.queued >= kQueuedMax)
    problem(counted(state.queued, "upload") + " are waiting: run 'deja remote flush'");
}

void check_daemon(const Context& context, Findings& out) {
  if (!context.has_dir()) return;
  if (context.places.socket.empty()) {
    out.push_back(
        {"daemon", true,
         "no directory has a path that is short enough for the socket: set XDG_RUNTIME_DIR"});
    return;
  }
  const DaemonStatus status = daemon_status(context);
  if (status.is_silent) {
    out.push_back({"daemon", true,
                   "its socket accepts connections, but nothing answers: run 'deja daemon stop'"});
  } else if (status.is_running && !status.is_of_our_build) {
    out.push_back({"daemon", true,
                   "is another build of deja (version " + status.version +
                       "), so each command starts its own engine: run 'deja daemon stop'"});
  } else if (status.is_running) {
    out.push_back({"daemon", false, "running, process " + std::to_string(status.pid.value_or(0))});
  } else {
    const bool is_off = context.loaded.config.daemon_mode == config::DaemonMode::off;
    out.push_back(
        {"daemon", false,
         is_off ? "switched off by daemon.mode" : "not running; the next command starts it"});
  }
}

void check_troubles(const Context& context, Findings& out) {
  if (!context.has_dir()) return;
  auto troubles = journal::read_troubles(context.journal());
  if (!troubles) {
    out.push_back({"journal", true, troubles.error().message});
    return;
  }
  // What is still wrong with the configuration is shown already.
  std::erase_if(*troubles, [&](const journal::Trouble& t) {
    return std::ranges::any_of(out, [&](const Finding& f) { return f.text == t.text; });
  });
  for (const journal::Trouble& t : *troubles)
    out.push_back({"journal", true,
                   t.text + " (" + std::to_string(t.count) + " ×, last " +
                       human_age(os::wall_ns() - t.last_ns) + ")"});
  if (troubles->empty()) out.push_back({"journal", false, "no troubles"});
}

std::string as_text(const Findings& findings, std::size_t problems) {
  Table table;
  for (const Finding& f : findings)
    table.row({f.is_problem ? "PROBLEM" : "ok", f.about, printable(f.text)});
  return table.text() + (problems == 0 ? "no problems\n" : counted(problems, "problem") + "\n");
}

Json as_json(const Findings& findings, std::size_t problems) {
  Json list = Json::array();
  for (const Finding& f : findings)
    list.push_back({{"about", f.about}, {"ok", !f.is_problem}, {"text", f.text}});
  return {{"problems", problems}, {"findings", std::move(list)}};
}

}  // namespace

int run_doctor(const Context& context, Args args) {
  Format format = Format::text;
  OptionTable options(
      "doctor", "Checks everything that deja needs to work. Exits with 1 when there is a problem.",
      "Troubles in the journal are listed until 'deja stats --zero' removes them.\n"
      "'deja verify' checks the content of the store.");
  options.format(format);
  if (const auto code = options.parse(args)) return *code;
  Findings findings;
  for (const auto check : {check_config, check_directory, check_installation, check_observation,
                           check_store, check_remotes, check_daemon, check_troubles})
    check(context, findings);
  std::size_t problems = 0;
  for (const Finding& f : findings) problems += f.is_problem ? 1 : 0;
  print(format == Format::json ? pretty(as_json(findings, problems)) : as_text(findings, problems));
  return problems == 0 ? kDone : kProblems;
}

}  // namespace deja::cli
