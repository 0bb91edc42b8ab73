// SPDX-License-Identifier: Apache-2.0
// `deja run -- COMMAND…`: writes the table that routes the programs of a build, and becomes the command, with
// the interposer in its environment. So process id, signals, job control, terminal and descriptors are the
// command's own. Whatever is missing, the command runs without deja.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/path.h"
#include "cli/context.h"
#include "cli/options.h"
#include "cli/run_table.h"
#include "digest/hasher.h"
#include "observe/preload/loadable.h"
#include "observe/preload/route.h"
#include "os/cache_directory.h"
#include "os/clock.h"
#include "os/end.h"
#include "os/file.h"
#include "os/find_tool.h"
#include "os/io.h"
#include "os/places.h"
#include "os/process.h"

namespace deja::cli {
namespace {

// Tables and shapes that no build has used for this time are removed: a tool may be faster now, or closed.
constexpr std::int64_t kKeepNs = 14LL * 24 * 3600 * 1'000'000'000;

struct RunOptions {
  bool is_dry = false, explains = false, with_tests = false;
  std::vector<std::string> command;
};

// What the command is started with.
struct Plan {
  std::string program;  // absolute, or as the user spelled it
  os::Texts argv, environment;
  std::string report;  // empty: none
};

std::string directory_of_tables(const Context& context) { return context.places.dir + "/run"; }

void remove_old(const std::string& directory) {
  const auto names = os::list_directory(directory);
  if (!names) return;
  for (const std::string& name : *names) {
    const std::string path = join_path(directory, name);
    const auto file = os::stat_file(path);
    if (file && *file && (*file)->mtime_ns + kKeepNs < os::wall_ns())
      ignore(os::remove_file(path), "it is removed the next time");
  }
}

// Writes the file if it is not there. mtime is when it was made, unless it changes.
Status provide(const std::string& path, const std::string& bytes) {
  const auto there = os::stat_file(path);
  if (there && *there && (*there)->size == bytes.size()) return {};
  return os::write_file_atomic(path, bytes);
}

// While it exists, a write beyond the user's limit for files fails and sends no signal (setrlimit(2), RLIMIT_FSIZE):
// then the command runs without deja.
class FileLimitFails {
 public:
  FileLimitFails() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    (void)::sigaction(SIGXFSZ, &ignore, &before_);
  }
  ~FileLimitFails() { (void)::sigaction(SIGXFSZ, &before_, nullptr); }
  FileLimitFails(const FileLimitFails&) = delete;
  FileLimitFails& operator=(const FileLimitFails&) = delete;

 private:
  struct sigaction before_ = {};
};

// The path of the table.
Result<std::string> write_table(const Context& context, const RunOptions& options, Plan& plan) {
  if (!context.has_dir())
    return Error{Code::invalid, 0,
                 "there is no cache directory: set DEJA_DIR, XDG_CACHE_HOME or HOME"};
  const std::string& dir = context.places.dir;
  if (const auto claim = os::claim_cache_directory(dir.c_str()); claim != os::CacheDirectory::ours)
    return Error{Code::invalid, 0, dir + ": " + os::describe(claim)};
  const std::string tables = directory_of_tables(context);
  TRY(os::make_directories(tables));
  remove_old(tables);
  const config::Config& config = context.loaded.config;
  RunRules rules;
  rules.never = config.run_never;
  rules.always = config.run_always;
  rules.driver = config.run_driver;
  rules.with_tests = options.with_tests;
  rules.with_commands = config.run_commands;
  rules.is_dry = options.is_dry;
  rules.client = TRY(os::real_path(context.libexec + "/../../bin/deja"));
  rules.shapes = tables + "/shapes";
  if (options.is_dry || options.explains) {
    rules.report = tables + "/report-" + std::to_string(os::wall_ns());
    TRY(os::write_file_atomic(rules.report, ""));
    plan.report = rules.report;
  }
  const auto client = TRY(os::stat_file(rules.client));
  if (client) rules.client_file = {client->device, client->inode};
  TRY(provide(rules.shapes, empty_shapes()));
  const std::string bytes = encode_run_table(rules);
  std::string path = tables + "/table-" + digest::digest_bytes(bytes).hex().substr(0, 16);
  TRY(os::write_file_atomic(path, bytes));
  return path;
}

// The user's preloads stay first. A variable that is set but empty stays so when ours is removed.
void add_preload(const std::string& library, os::Texts& environment) {
  for (std::string& entry : environment) {
    if (!entry.starts_with("LD_PRELOAD=")) continue;
    entry += ":" + library;
    return;
  }
  environment.push_back("LD_PRELOAD=" + library);
}

std::size_t read_text(const char* path, char* out, std::size_t room) {
  const auto text = os::open_read(path);
  if (!text) return 0;
  const auto size = os::read_at(*text, 0, out, room);
  return size ? *size : 0;
}

// Is the command itself a tool that deja knows ("deja run -- gcc -c a.c")? Any other command is what the user
// calls a build, so only what it starts is looked up.
bool is_tool(const std::string& table, const Plan& plan) {
  std::vector<char*> argv;
  for (const std::string& word : plan.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::string room(DEJA_SCRIPT_MAX, '\0');
  const deja_start start = {plan.program.c_str(), argv.data(), read_text, room.data()};
  deja_route_table head;
  std::memcpy(&head, table.data(), sizeof(head));
  if (!deja_is_route_table(reinterpret_cast<const deja_route_table*>(table.data()), table.size()))
    return false;
  const deja_decision decision =
      deja_decide(reinterpret_cast<const deja_route_table*>(table.data()), &start);
  return decision.route == DEJA_ROUTE_ACTION && !decision.is_command;
}

// What the client needs to know of the descriptors that this process was given (client/descriptors.h).
std::string descriptors_text() {
  constexpr int kFirst = 10;
  constexpr std::size_t kMost = 20;
  std::string text;
  const auto all = os::inheritable_descriptors(kFirst);
  for (std::size_t i = 0; i < std::min(all.size(), kMost); ++i)
    text += "," + std::to_string(all[i].number) + ":" + std::to_string(all[i].device) + ":" +
            std::to_string(all[i].inode);
  return text;
}

// Puts the interposer, or deja's client, in front of the command.
Status route(const Context& context, const RunOptions& options, Plan& plan) {
  const std::string library = TRY(os::real_path(context.libexec + "/libdeja-observe.so"));
  // The loader separates libraries by these.
  if (library.find_first_of(" :") != std::string::npos)
    return Error{
        Code::invalid, 0,
        "this path has a space or a colon: " + library + "; install deja in another directory"};
  std::string path;
  {
    const FileLimitFails guard;
    path = TRY(write_table(context, options, plan));
  }
  const std::string variable = std::string(DEJA_ROUTE_VARIABLE "=") + path + descriptors_text();
  const std::string table = TRY(os::read_file(path, DEJA_ROUTE_SIZE_MAX));
  if (!options.is_dry && is_tool(table, plan)) {
    plan.argv.insert(plan.argv.begin(), {"deja", DEJA_ROUTED_OPTION, plan.program});
    plan.program = TRY(os::real_path(context.libexec + "/../../bin/deja"));
    plan.environment.push_back(variable);
    return {};
  }
  const char* const program = plan.program.c_str();
  if (!deja_can_route(program, deja_fit_of(AT_FDCWD, program, library.c_str())))
    return Error{
        Code::invalid, 0,
        plan.program + " cannot load the interposer (it is static, setuid or has capabilities)"};
  add_preload(library, plan.environment);
  plan.environment.push_back(variable);
  return {};
}

int cannot_run(int error, const std::string& program) {
  print_error("run: '" + program + "': " + std::strerror(error));
  return error == ENOENT ? kNotFound : kNotRunnable;
}

// "  12 driver  make          it starts other programs", the most frequent first.
std::string summary_of(const std::string& report) {
  std::map<std::string, int> counts;
  for (std::size_t at = 0; at < report.size();) {
    const std::size_t end = std::min(report.find('\n', at), report.size());
    const std::string line = report.substr(at, end - at);
    at = end + 1;
    const std::size_t why = line.find('\t');
    const std::size_t path = line.find('\t', why + 1);
    if (why == std::string::npos || path == std::string::npos) continue;
    const std::string command = line.substr(path + 1);
    const std::string program(base_name(command.substr(0, command.find(' '))));
    ++counts[line.substr(0, why) + "\t" + program + "\t" + line.substr(why + 1, path - why - 1)];
  }
  std::vector<std::pair<int, std::string>> rows;
  rows.reserve(counts.size());
  for (const auto& [text, count] : counts) rows.emplace_back(-count, text);
  std::sort(rows.begin(), rows.end());
  std::string out;
  for (const auto& [count, text] : rows) {
    const std::size_t program = text.find('\t') + 1;
    const std::size_t why = text.find('\t', program) + 1;
    std::string row = std::to_string(-count);
    row.insert(0, row.size() < 6 ? 6 - row.size() : 0, ' ');
    row += "  " + text.substr(0, program - 1);
    row.resize(std::max<std::size_t>(row.size() + 1, 17), ' ');
    row += text.substr(program, why - program - 1);
    row.resize(std::max<std::size_t>(row.size() + 1, 37), ' ');
    out += row + text.substr(why) + "\n";
  }
  return out;
}

// Ctrl-C is for the command. A handler, which exec resets, and not SIG_IGN, which the command would inherit.
void outlive_interrupts() {
  for (const int number : {SIGINT, SIGQUIT}) {
    struct sigaction action = {};
    if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) {
      action.sa_handler = [](int) {};
      action.sa_flags = SA_RESTART;
      (void)::sigaction(number, &action, nullptr);
    }
  }
}

// The report comes after the command, so this process waits for it.
int run_and_report(const Plan& plan) {
  outlive_interrupts();
  const auto child = os::start_program(plan.program, plan.argv, plan.environment);
  if (!child) return cannot_run(child.error().sys_errno, plan.argv.front());
  const auto end = os::ended(*child, true);
  const auto report = os::read_file(plan.report);
  ignore(os::remove_file(plan.report), "it is removed by a later run");
  if (report) {
    const std::string text = summary_of(*report);
    (void)os::write_all(STDERR_FILENO, text.data(), text.size());
  }
  if (!end) return kNotRunnable;
  return end->signal != 0 ? os::end_by_signal(end->signal) : end->exit_code;
}

}  // namespace

int run_run(const Context& context, Args args) {
  RunOptions options;
  OptionTable table("run", "Runs a build; looks up each tool that it starts.",
                    "The settings run.never, run.driver, run.always and run.commands say how a "
                    "program is treated.");
  table.flag("--dry-run", "Run the build without the cache, and report what would be looked up",
             options.is_dry);
  table.flag("--explain", "Report at the end what each program was taken for, and why",
             options.explains);
  table.flag("--tests", "Also look up programs that are tests", options.with_tests);
  table.rest("COMMAND", "What to run, with its arguments, after --", options.command);
  if (const auto code = table.parse(args)) return *code;
  if (options.command.front().starts_with('-')) {
    print_error("run: no such option '" + options.command.front() + "'; see 'deja help run'");
    return kUsage;
  }
  Plan plan;
  plan.argv = options.command;
  plan.environment = os::own_environment();
  const char* const path = ::getenv("PATH");
  char found[os::kPlaceMax];
  if (os::find_tool(options.command.front(), path != nullptr ? path : "/bin:/usr/bin", context.cwd,
                    {}, found, sizeof(found)) < 0)
    return cannot_run(ENOENT, options.command.front());
  // A script sees the path that it was started by.
  const bool is_path = options.command.front().find('/') != std::string::npos;
  plan.program = is_path ? options.command.front() : found;
  Plan plain = plan;
  if (!context.loaded.config.disable) {
    if (const auto routed = route(context, options, plan); !routed) {
      print_error("run: the command runs without deja: " + routed.error().message);
      plan = std::move(plain);
    }
  }
  if (!plan.report.empty()) return run_and_report(plan);
  return cannot_run(os::become_program(plan.program, plan.argv, plan.environment),
                    options.command.front());
}

}  // namespace deja::cli
