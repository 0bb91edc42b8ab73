// SPDX-License-Identifier: Apache-2.0
// deja_run: the request path in this process as far as a hit. For everything else it starts the
// client as a child process, as a shell would.
#include <cstring>
#include <utility>

#include "api/cache.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/io.h"
#include "os/process.h"
#include "pipeline/audit.h"

struct deja_result {
  bool is_hit = false;
  int exit_code = 0, signal = 0;
  std::string out, err;
};

namespace deja::api {
namespace {

// A client that cannot run a tool: the pipeline can only give it a hit.
class AbsentClient final : public pipeline::Client {
 public:
  Result<pipeline::RunReport> run(const pipeline::RunOrder&) override {
    return Error{Code::unavailable, 0, "the library does not run tools"};
  }
  Result<std::optional<std::string>> read_stdin() override { return std::optional<std::string>(); }
  bool keep_waiting() override { return true; }
  bool is_alive() override { return true; }
};

struct ExecCommand {
  os::Texts words;  // "exec", options, "--", tool, arguments
  os::Texts environment;
  std::string directory;
  bool inherits = false;

  void set(const std::string& name, const std::string& value);
};

// The first entry with a name is the one that counts.
void ExecCommand::set(const std::string& name, const std::string& value) {
  const std::string start = name + "=";
  std::erase_if(environment, [&](const std::string& e) { return e.starts_with(start); });
  environment.push_back(start + value);
}

os::Texts texts(const char* const* list) {
  os::Texts out;
  for (; *list != nullptr; ++list) out.emplace_back(*list);
  return out;
}

// The request that the client would send for this command. Empty: the client must handle it.
std::optional<pipeline::Request> request_of(const ExecCommand& command, const Cache& cache) {
  const auto umask = os::own_umask();
  const auto streams =
      command.inherits ? os::standard_streams() : std::optional<os::StandardStreams>(std::in_place);
  if (!umask || !streams) return std::nullopt;
  pipeline::Request request;
  request.argv.assign(command.words.begin(), command.words.end());
  request.calling = pipeline::Calling::exec;
  request.cwd = command.directory;
  request.environment.assign(command.environment.begin(), command.environment.end());
  request.umask = *umask;
  request.stdout_is_terminal = streams->out_is_terminal;
  request.stderr_is_terminal = streams->err_is_terminal;
  request.streams_are_one = streams->are_one;
  request.client = cache.client_file();
  return request;
}

// False: no hit.
bool serve(ExecCommand& command, Cache& cache, deja_result& out) {
  engine::Engine* const engine = cache.engine();
  const auto request =
      engine == nullptr ? std::optional<pipeline::Request>() : request_of(command, cache);
  if (!request) return false;
  const std::int64_t started_ns = os::monotonic_ns();
  pipeline::Settings settings = engine->settings_for(*request);
  const double audit_rate = std::exchange(settings.audit_rate, 0);
  if (pipeline::is_audited(audit_rate)) {
    // This process has already decided whether to audit; the client's engine must not decide again.
    command.set("DEJA_AUDIT", "1");
    return false;
  }
  AbsentClient client;
  pipeline::Outcome outcome = engine->handle(*request, settings, client);
  auto* const replay = std::get_if<pipeline::Replay>(&outcome.answer);
  if (outcome.kind != pipeline::OutcomeKind::hit || replay == nullptr) return false;
  engine->record(outcome, *request, started_ns);
  out.is_hit = true;
  out.exit_code = static_cast<int>(replay->exit_code);
  out.out = std::move(replay->out);
  out.err = std::move(replay->err);
  return true;
}

// A child that is waited for in any case; text that it writes after an error is lost.
class Child {
 public:
  explicit Child(os::Heard heard) : heard_(std::move(heard)) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (heard_.pid > 0) wait();
  }

  os::Ended wait() {
    heard_.out.reset();
    heard_.err.reset();
    return *os::ended(std::exchange(heard_.pid, -1), true);
  }

  // Until both streams have ended, or the child has ended and nothing is left to read.
  void listen(std::string& out, std::string& err) {
    const os::Fd end = os::end_of(heard_.pid);
    while (heard_.out || heard_.err) {
      const std::vector<bool> is_readable =
          os::wait_readable({heard_.out.get(), heard_.err.get(), end.get()});
      if (!is_readable[0] && !is_readable[1]) return;
      if (is_readable[0]) take(heard_.out, out);
      if (is_readable[1]) take(heard_.err, err);
    }
  }

 private:
  static void take(os::Fd& from, std::string& text) {
    char bytes[16 * 1024];
    const ssize_t n = os::read_some(from.get(), bytes, sizeof(bytes));
    if (n > 0) {
      text.append(bytes, static_cast<std::size_t>(n));
    } else {
      from.reset();
    }
  }

  os::Heard heard_;
};

deja_status start(const ExecCommand& command, const Cache& cache, deja_result& out) {
  if (cache.client_file().inode == 0)
    return fail(DEJA_NOT_RUN, "deja_run: no client program: " + cache.client());
  os::Texts argv = {"deja"};
  argv.insert(argv.end(), command.words.begin(), command.words.end());
  Result<os::Heard> started = Error{};
  if (!command.inherits) {
    started = os::start_heard(cache.client(), argv, command.environment, command.directory);
  } else if (auto pid =
                 os::start_program(cache.client(), argv, command.environment, command.directory)) {
    started = os::Heard{*pid, {}, {}};
  } else {
    started = std::move(pid).error();
  }
  if (!started) return fail(DEJA_NOT_RUN, "deja_run: " + started.error().message);
  Child child(*std::move(started));
  child.listen(out.out, out.err);
  const os::Ended ended = child.wait();
  out.exit_code = ended.exit_code;
  out.signal = ended.signal;
  return DEJA_OK;
}

deja_status run(deja_cache* handle, const deja_command* given, deja_result** out) {
  if (handle == nullptr || given == nullptr || out == nullptr)
    return fail(DEJA_INVALID, "deja_run: cache, command or result is NULL");
  if (given->words == nullptr || *given->words == nullptr)
    return fail(DEJA_INVALID, "deja_run: command->words is NULL or empty");
  Cache& cache = *handle->cache;
  const std::string directory = absolute_directory(given->directory);
  const auto real = os::real_path(directory);  // as the client resolves its own directory
  if (!real) return fail(DEJA_INVALID, "deja_run: no such directory: " + directory);
  ExecCommand command{
      texts(given->words),
      given->environment == nullptr ? os::own_environment() : texts(given->environment), *real,
      given->streams == DEJA_INHERIT};
  command.words.insert(command.words.begin(), "exec");
  if (!cache.dir().empty()) command.set("DEJA_DIR", cache.dir());
  auto result = std::make_unique<deja_result>();
  if (!serve(command, cache, *result)) {
    // The engine need not read again what was just read here.
    if (engine::Engine* const engine = cache.engine())
      ignore(engine->store().flush(), "it only saves reading files again");
    const deja_status started = start(command, cache, *result);
    if (started != DEJA_OK) return started;
  }
  cache.settle();
  *out = result.release();
  return DEJA_OK;
}

const char* stream(const std::string& text, std::size_t* size) {
  if (size != nullptr) *size = text.size();
  return text.c_str();
}

}  // namespace
}  // namespace deja::api

extern "C" {

deja_status deja_run(deja_cache* cache, const deja_command* command, deja_result** result) {
  return deja::api::catching_all([&] { return deja::api::run(cache, command, result); });
}

int deja_result_is_hit(const deja_result* result) { return result->is_hit ? 1 : 0; }
int deja_result_exit_code(const deja_result* result) { return result->exit_code; }
int deja_result_signal(const deja_result* result) { return result->signal; }
const char* deja_result_out(const deja_result* result, size_t* size) {
  return deja::api::stream(result->out, size);
}
const char* deja_result_err(const deja_result* result, size_t* size) {
  return deja::api::stream(result->err, size);
}
void deja_result_free(deja_result* result) { delete result; }

}  // extern "C"
