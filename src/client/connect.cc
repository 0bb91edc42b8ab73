// SPDX-License-Identifier: Apache-2.0
// Starts the daemon without a race. The client that gets the lock file binds and listens, then
// starts the daemon with the listening socket and the lock as descriptors. From then on every
// client's connect succeeds and waits in the queue while the daemon loads. A lock of flock(2)
// belongs to the open file, so the daemon holds it as long as it lives: there is only one daemon.
#include "client/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "client/silence.h"
#include "observe/preload/route_layout.h"
#include "os/cache_directory.h"
#include "os/engine_environment.h"
#include "os/fd.h"
#include "os/places.h"
#include "os/text_buffer.h"

namespace deja::client {
namespace {

// The descriptors that daemon/main.cc expects.
constexpr int kEngineSocketFd = 3;
constexpr int kEngineLockFd = 4;
// How often a client that finds the lock taken tries again to connect, on a machine that is not overloaded.
constexpr int kStartTries = 200;
constexpr long kStartPauseNs = 2'000'000;

struct sockaddr_un address_of(const char* path) {
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
  return address;
}

// A socket outside the cache directory may be where another user can create one with its name.
bool belongs_to_us(const os::Fd& socket) {
  struct ucred peer = {};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         peer.uid == ::geteuid();
}

// Non-blocking: a stopped engine must not hold up a client, not even in connect(2).
int try_connect(const char* path) {
  os::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return -1;
  const struct sockaddr_un address = address_of(path);
  if (::connect(fd.get(), reinterpret_cast<const struct sockaddr*>(&address), sizeof(address)) != 0)
    return -1;
  return belongs_to_us(fd) ? fd.release() : -1;
}

// Moves descriptors to their agreed numbers in the child; both must survive exec.
void place_fd(int from, int to) {
  if (from == to) {
    ::fcntl(from, F_SETFD, 0);
  } else {
    ::dup2(from, to);
  }
}

void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int s = 1; s < 32; ++s) ::signal(s, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
}

// Keeps only the variables that an engine is started with; after fork the array is ours alone.
void filter_environment(char** environment) {
  char** out = environment;
  for (char** at = environment; *at != nullptr; ++at)
    if (os::is_for_engine(*at)) *out++ = *at;
  *out = nullptr;
}

// In the child of fork: becomes the engine or ends.
[[noreturn]] void become_engine(const char* engine, const char* mode, const char* dir, int socket,
                                int lock, char** environment) {
  reset_signals();
  filter_environment(environment);
  // First to numbers above the agreed ones, so that neither overwrites the other.
  const int high_socket = ::fcntl(socket, F_DUPFD_CLOEXEC, 10);
  const int high_lock = lock < 0 ? -1 : ::fcntl(lock, F_DUPFD_CLOEXEC, 10);
  place_fd(high_socket, kEngineSocketFd);
  if (high_lock >= 0) place_fd(high_lock, kEngineLockFd);
  const int null = ::open("/dev/null", O_RDWR);
  if (null >= 0) {
    for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
    if (null > kEngineLockFd) ::close(null);
  }
  char* const argv[] = {const_cast<char*>("dejad"), const_cast<char*>(mode), const_cast<char*>(dir),
                        nullptr};
  ::execve(engine, argv, environment);
  ::_exit(127);
}

// Creates the socket's directory when it is not the cache directory itself.
bool prepare_socket_directory(const char* socket, const char* dir) {
  const std::size_t dir_size = std::strlen(dir);
  if (std::strncmp(socket, dir, dir_size) == 0 && socket[dir_size] == '/') return true;
  char directory[os::kPlaceMax];
  const std::string_view path = socket;
  os::TextBuffer(directory, sizeof(directory)).add(path.substr(0, path.rfind('/')));
  return os::make_private_dir(directory);
}

int bind_and_listen(const char* path) {
  os::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return -1;
  ::unlink(path);
  const struct sockaddr_un address = address_of(path);
  const mode_t before = ::umask(0177);
  const int bound =
      ::bind(fd.get(), reinterpret_cast<const struct sockaddr*>(&address), sizeof(address));
  ::umask(before);
  if (bound != 0 || ::listen(fd.get(), 1024) != 0) return -1;
  return fd.release();
}

// Starts the daemon in its own session, as a grandchild, so that it need not be reaped here.
bool spawn_daemon(const char* engine, const char* dir, int socket, int lock, char** environment) {
  const pid_t child = ::fork();
  if (child < 0) return false;
  if (child == 0) {
    ::setsid();
    const pid_t grandchild = ::fork();
    if (grandchild != 0) ::_exit(grandchild < 0 ? 1 : 0);
    become_engine(engine, "--daemon", dir, socket, lock, environment);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Tries once to become the client that starts the daemon. 1: started; 0: another process has the
// lock; -1: impossible here.
int try_start(const char* engine, const char* dir, const char* socket_path, char** environment) {
  char lock_path[os::kPlaceMax];
  if (!os::TextBuffer(lock_path, sizeof(lock_path)).add(dir).add("/daemon.lock").fits()) return -1;
  const os::Fd lock(::open(lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) return -1;
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK ? 0 : -1;
  const os::Fd listener(bind_and_listen(socket_path));
  if (!listener) return -1;
  // Until the new daemon writes its id, an empty file says that it is starting (client/silence.cc).
  if (::ftruncate(lock.get(), 0) != 0) return -1;
  return spawn_daemon(engine, dir, listener.get(), lock.get(), environment) ? 1 : -1;
}

int connect_or_start(const char* engine, const char* dir, const char* socket, char** environment) {
  if (!prepare_socket_directory(socket, dir)) return -1;
  const int tries = kStartTries * load_per_processor();
  for (int i = 0; i < tries; ++i) {
    const int started = try_start(engine, dir, socket, environment);
    if (started < 0) return -1;
    if (started > 0) forget_silence(dir);
    const int fd = try_connect(socket);
    if (fd >= 0) return fd;
    if (was_silent_lately(dir)) return -1;
    const struct timespec pause = {0, kStartPauseNs};
    ::nanosleep(&pause, nullptr);
  }
  note_silence(dir);
  return -1;
}

int start_one_shot(const char* engine, const char* dir, char** environment) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return -1;
  const os::Fd theirs(pair[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    // A grandchild here too: the tool that this process may become must not find an unknown child.
    if (::fork() != 0) ::_exit(0);
    become_engine(engine, "--one-shot", dir, theirs.get(), -1, environment);
  }
  if (child > 0) {
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    ::fcntl(pair[0], F_SETFL, O_NONBLOCK);
    return pair[0];
  }
  ::close(pair[0]);
  return -1;
}

}  // namespace

bool libexec_path(std::string_view program, char* out) {
  char self[os::kPlaceMax];
  const ssize_t n = ::readlink("/proc/self/exe", self, sizeof(self));
  if (n <= 0) return false;
  std::string_view prefix(self, static_cast<std::size_t>(n));
  for (int up = 0; up < 2; ++up) {  // removes "/deja", then "/bin"
    const std::size_t slash = prefix.rfind('/');
    if (slash == std::string_view::npos) return false;
    prefix = prefix.substr(0, slash);
  }
  return os::TextBuffer(out, os::kPlaceMax).add(prefix).add("/libexec/deja/").add(program).fits();
}

namespace {

char cache_directory[os::kPlaceMax];
char engine_path[os::kPlaceMax];

bool find_engine() {
  return libexec_path("dejad", engine_path) && ::access(engine_path, X_OK) == 0;
}

bool is_switched_off(const char* dir) {
  char path[os::kPlaceMax];
  struct stat mark;
  return os::TextBuffer(path, sizeof(path)).add(dir).add("/").add(os::kOffMark).fits() &&
         ::lstat(path, &mark) == 0;
}

}  // namespace

bool find_cache_directory(const Environment& env, const UserCommand& command) {
  // A step of the build may have another HOME than the build.
  const std::size_t end = env.route.rfind(DEJA_ROUTE_DIRECTORY);
  if (end != std::string_view::npos)
    return os::TextBuffer(cache_directory, sizeof(cache_directory))
        .add(env.route.substr(0, end))
        .fits();
  return os::cache_dir(env.places, command.cwd, cache_directory) >= 0;
}

int reach_engine(const Environment& env) {
  static char socket[os::kPlaceMax];
  const bool wants_daemon =
      !env.daemon_off && os::socket_path(env.places, cache_directory, socket) > 0;
  if (wants_daemon) {
    const int fd = try_connect(socket);
    if (fd >= 0) return fd;
  }
  if (!find_engine() || os::claim_cache_directory(cache_directory) != os::CacheDirectory::ours)
    return -1;
  if (wants_daemon && !is_switched_off(cache_directory)) {
    const int fd = connect_or_start(engine_path, cache_directory, socket, env.raw);
    if (fd >= 0) return fd;
  }
  if (was_silent_lately(cache_directory)) return -1;
  return start_one_shot(engine_path, cache_directory, env.raw);
}

const char* engine_directory() { return cache_directory; }

int own_engine(const Environment& env) {
  if (!find_engine() || os::claim_cache_directory(cache_directory) != os::CacheDirectory::ours)
    return -1;
  return start_one_shot(engine_path, cache_directory, env.raw);
}

}  // namespace deja::client
