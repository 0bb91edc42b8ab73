// SPDX-License-Identifier: Apache-2.0
// The daemon gets its listening socket and its lock as descriptors from the process that starts it:
// usually a client (client/connect.cc), or `deja daemon start`, here. The numbers must be those of
// daemon/main.cc. `deja daemon run` opens both itself.

#include "cli/engine_link.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/path.h"
#include "os/cache_directory.h"
#include "os/engine_environment.h"
#include "os/file.h"
#include "os/io.h"
#include "os/lock.h"
#include "os/places.h"
#include "os/process.h"
#include "os/socket.h"
#include "wire/frame.h"

namespace deja::cli {
namespace {

constexpr std::size_t kAnswerMax = 1 << 20;
constexpr int kEngineSocketFd = 3;
constexpr int kEngineLockFd = 4;

Result<std::string> read_answer(const os::Fd& socket) {
  wire::FrameHead head;
  const ssize_t got = os::read_exactly(socket.get(), &head, sizeof(head), kAnswerTimeoutMs);
  if (got < 0) return sys_error_code(static_cast<int>(-got), "read", "the daemon's answer");
  // A daemon of another version also answers with its status, so the build may differ.
  if (got != sizeof(head) || head.magic != wire::kMagic ||
      head.kind != static_cast<std::uint16_t>(wire::Kind::answer) || head.size > kAnswerMax)
    return Error{Code::protocol, 0,
                 "the daemon does not answer; it may be another version of deja"};
  std::string body(head.size, '\0');
  if (os::read_exactly(socket.get(), body.data(), body.size(), kAnswerTimeoutMs) !=
      static_cast<ssize_t>(body.size()))
    return Error{Code::protocol, 0, "the daemon's answer is incomplete"};
  return body;
}

std::string lock_path(const Context& context) { return context.places.dir + "/daemon.lock"; }

// Creates the directories of the lock and the socket.
Status prepare_directories(const Context& context) {
  const config::Places& places = context.places;
  if (!TRY(os::stat_file(engine_path(context))))
    return Error{Code::unavailable, 0, engine_path(context) + " is missing: install deja again"};
  if (places.socket.empty())
    return Error{
        Code::invalid, 0,
        "no directory has a path that is short enough for the socket: set XDG_RUNTIME_DIR"};
  if (const os::CacheDirectory claim = os::claim_cache_directory(places.dir.c_str());
      claim != os::CacheDirectory::ours)
    return Error{Code::denied, 0, places.dir + ": " + os::describe(claim)};
  const std::string directory(parent_path(places.socket));
  if (directory != places.dir && !os::make_private_dir(directory.c_str()))
    return Error{
        Code::denied, 0,
        directory + " must be a directory that only this user can write to: run chmod go-w on it"};
  return {};
}

struct Handover {
  os::Fd listener, lock;
};

// Empty when another daemon has the lock.
Result<std::optional<Handover>> prepare_handover(const Context& context) {
  TRY(prepare_directories(context));
  os::Fd lock = TRY(os::try_lock_file(lock_path(context)));
  if (!lock) return std::optional<Handover>();
  os::Fd listener = TRY(os::listen_unix(context.places.socket));
  return std::optional(Handover{std::move(listener), std::move(lock)});
}

Error exec_engine(const Context& context, const std::string& mode) {
  const std::string engine = engine_path(context);
  os::Texts environment = os::own_environment();
  std::erase_if(environment, [](const std::string& entry) { return !os::is_for_engine(entry); });
  const int error = os::become_program(engine, {"dejad", mode, context.places.dir}, environment);
  return sys_error_code(error, "start", engine);
}

// In the grandchild; its errors cannot be reported.
void become_in_background(const Context& context, const Handover& handover) {
  ::signal(SIGPIPE, SIG_IGN);
  // First to numbers above the agreed ones, so that neither overwrites the other.
  const int socket = ::fcntl(handover.listener.get(), F_DUPFD_CLOEXEC, 10);
  const int lock = ::fcntl(handover.lock.get(), F_DUPFD_CLOEXEC, 10);
  if (::dup2(socket, kEngineSocketFd) < 0 || ::dup2(lock, kEngineLockFd) < 0) return;
  for (int fd = 0; fd < 3; ++fd) os::silence_stream(fd);
  (void)exec_engine(context, "--daemon");
}

}  // namespace

std::string engine_path(const Context& context) { return context.libexec + "/dejad"; }

Result<std::optional<std::string>> ask_daemon(const Context& context, std::string_view word) {
  if (context.places.socket.empty()) return std::optional<std::string>();
  const auto socket = TRY(os::connect_unix(context.places.socket, kAnswerTimeoutMs));
  if (!socket) return std::optional<std::string>();
  const std::string frame = wire::frame_of(wire::Kind::ask, word);
  if (const int r = os::send_all(socket->get(), frame.data(), frame.size(), kAnswerTimeoutMs);
      r != 0)
    return sys_error_code(-r, "send", context.places.socket);
  return std::optional(TRY(read_answer(*socket)));
}

DaemonStatus daemon_status(const Context& context) {
  DaemonStatus status;
  const auto answer = ask_daemon(context, "status");
  if (answer && !*answer) return status;
  status.is_running = true;
  status.is_silent = true;
  if (!answer) return status;
  const auto json = nlohmann::json::parse(**answer, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return status;
  status.is_silent = false;
  if (json.is_object() && json.contains("sessions") && json["sessions"].is_number_integer())
    status.sessions = json["sessions"].get<std::int64_t>();
  status.answer = **answer;
  if (const auto pid = json.find("pid"); pid != json.end() && pid->is_number_integer())
    status.pid = pid->get<std::int64_t>();
  if (const auto version = json.find("version"); version != json.end() && version->is_string())
    status.version = version->get<std::string>();
  const auto build = json.find("build");
  status.is_of_our_build = build != json.end() && *build == wire::build_number();
  return status;
}

bool is_daemon_alive(const Context& context) {
  const auto there = os::stat_file(lock_path(context));
  if (!there || !*there) return false;
  const auto lock = os::try_lock_file(lock_path(context));
  return lock && !*lock;
}

namespace {

// Its id is in the lock file; but another process may have that id by now.
std::optional<pid_t> process_with_lock(const std::string& lock) {
  const auto text = os::read_file(lock, 64);
  const auto file = os::stat_file(lock);
  if (!text || !file || !*file) return std::nullopt;
  pid_t pid = 0;
  std::from_chars(text->data(), text->data() + text->size(), pid);
  const std::string directory = "/proc/" + std::to_string(pid) + "/fd";
  const auto descriptors =
      pid > 1 ? os::list_directory(directory) : Result(std::vector<std::string>());
  if (!descriptors) return std::nullopt;
  for (const std::string& fd : *descriptors) {
    const auto open = os::stat_file(join_path(directory, fd));
    if (open && *open && (*open)->device == (*file)->device && (*open)->inode == (*file)->inode)
      return pid;
  }
  return std::nullopt;
}

// An engine may be killed at any moment: the store is made for it.
bool kill_until_gone(const Context& context, pid_t pid) {
  constexpr int kPatienceMs = 1000;
  constexpr int kPauseMs = 10;
  for (const int signal : {SIGTERM, SIGKILL}) {
    os::send_signal(pid, signal);
    os::send_signal(pid, SIGCONT);  // a stopped process takes a signal once it continues
    for (int ms = 0; ms < kPatienceMs; ms += kPauseMs) {
      if (!is_daemon_alive(context)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
    }
  }
  return false;
}

}  // namespace

bool end_silent_daemon(const Context& context) {
  bool is_gone = true;
  if (is_daemon_alive(context)) {
    const auto pid = process_with_lock(lock_path(context));
    is_gone = pid && kill_until_gone(context, *pid);
  }
  if (is_gone) ignore(os::remove_file(context.places.socket), "a start removes it too");
  forget_silence(context);
  return is_gone;
}

void forget_silence(const Context& context) {
  const std::string mark = join_path(context.places.dir, os::kSilenceMark);
  ignore(os::remove_file(mark), "a mark that stays costs only time");
}

Error become_daemon(const Context& context) {
  if (auto ready = prepare_directories(context); !ready) return std::move(ready).error();
  if (is_daemon_alive(context))
    return {Code::unavailable, 0, "a daemon for " + context.places.dir + " is already running"};
  if (::setenv("DEJA_SOCKET_PATH", context.places.socket.c_str(), 1) != 0)
    return sys_error("setenv");
  return exec_engine(context, "--foreground");
}

Result<bool> start_daemon(const Context& context) {
  const auto handover = TRY(prepare_handover(context));
  if (!handover) return false;
  TRY(os::run_detached([&] { become_in_background(context, *handover); }));
  return true;
}

}  // namespace deja::cli
