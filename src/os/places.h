// Where deja keeps its things. Freestanding: client, engine and subcommands must agree on these.
#pragma once

#include <cstddef>
#include <string_view>

namespace deja::os {

// The variables that decide; empty means unset (the XDG specification treats both alike).
struct PlaceVariables {
  std::string_view deja_dir;         // DEJA_DIR
  std::string_view xdg_cache_home;   // XDG_CACHE_HOME
  std::string_view home;             // HOME
  std::string_view xdg_runtime_dir;  // XDG_RUNTIME_DIR
  std::string_view tmpdir;           // TMPDIR
};

inline constexpr std::size_t kPlaceMax = 4096;  // bytes for any path below, with its NUL

// $DEJA_DIR (relative to cwd when it is), else $XDG_CACHE_HOME/deja, else $HOME/.cache/deja.
// Writes a NUL-terminated path; returns its length, or -1 when no variable helps or it is too long.
long cache_dir(const PlaceVariables& v, std::string_view cwd, char* out);

// The daemon's socket for a cache directory: <dir>/daemon.sock; where that does not fit a socket
// address, $XDG_RUNTIME_DIR/deja/<hash>.sock, else $TMPDIR/deja-<uid>/<hash>.sock. The directories of
// the latter two must be made with make_private_dir before use. -1: none fits.
long socket_path(const PlaceVariables& v, std::string_view cache_dir, char* out);

// The file in the cache directory that says that an engine has kept silent (client/silence.h).
inline constexpr std::string_view kSilenceMark = "daemon.silent";

// The file in the cache directory that says that daemon.mode is "off" in a configuration file: clients
// read none of these, and start no daemon while it is there. Engines make and remove it.
inline constexpr std::string_view kOffMark = "daemon.off";

// Makes dir (not its parents) with mode 0700, or checks that it is a real directory, ours, and closed
// to others: a socket in a directory that others can write to could be theirs.
bool make_private_dir(const char* dir);

}  // namespace deja::os
