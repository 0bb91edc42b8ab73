// SPDX-License-Identifier: Apache-2.0
// The paths that deja uses. Freestanding: client, engine and subcommands must agree on them.
#pragma once

#include <cstddef>
#include <string_view>

namespace deja::os {

// The variables that decide. Empty means unset (the XDG specification treats both alike).
struct PlaceVariables {
  std::string_view deja_dir;         // DEJA_DIR
  std::string_view xdg_cache_home;   // XDG_CACHE_HOME
  std::string_view home;             // HOME
  std::string_view xdg_runtime_dir;  // XDG_RUNTIME_DIR
  std::string_view tmpdir;           // TMPDIR
};

inline constexpr std::size_t kPlaceMax = 4096;  // bytes for any path below, with its NUL

// $DEJA_DIR (relative to cwd if not absolute), else $XDG_CACHE_HOME/deja, else $HOME/.cache/deja.
// Writes a NUL-terminated path; returns its length, or -1 if no variable is set or it is too long.
long cache_dir(const PlaceVariables& v, std::string_view cwd, char* out);

// The daemon's socket for a cache directory: <dir>/daemon.sock. If that does not fit into a socket
// address: $XDG_RUNTIME_DIR/deja/<hash>.sock, else $TMPDIR/deja-<uid>/<hash>.sock. The directory of
// these two must be made with make_private_dir before use. -1: none fits.
long socket_path(const PlaceVariables& v, std::string_view cache_dir, char* out);

// The file in the cache directory that records that an engine did not answer (client/silence.h).
inline constexpr std::string_view kSilenceMark = "daemon.silent";

// The file in the cache directory that records daemon.mode = "off" in a configuration file. Clients
// read no configuration file, and start no daemon while the mark exists. Engines make and remove it.
inline constexpr std::string_view kOffMark = "daemon.off";

// The file in the cache directory that leads clients to the engine's table of answers (wire/answer_table.h). A process
// that removes results on purpose removes this file afterwards, so that no client finds the table.
inline constexpr std::string_view kAnswersFile = "answers";

// Makes dir (not its parents) with mode 0700, or checks that it is a real directory of this user,
// closed to others. In a directory that others can write to, the socket could be an attacker's.
bool make_private_dir(const char* dir);

}  // namespace deja::os
