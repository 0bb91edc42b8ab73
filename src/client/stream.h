// SPDX-License-Identifier: Apache-2.0
// One of the tool's streams: a pipe whose text is captured unchanged, and passed on to the user's
// descriptor as it arrives.
#pragma once

#include <poll.h>

#include <cstddef>
#include <string_view>

#include "base/ansi.h"
#include "os/fd.h"

namespace deja::client {

// Captured bytes: address space that uses memory only when written to.
class Capture {
 public:
  void add(const char* data, std::size_t n);
  std::string_view view() const { return {memory_, size_}; }
  bool overflow() const { return overflow_; }

 private:
  char* memory_ = nullptr;
  std::size_t size_ = 0;
  bool overflow_ = false;
};

class Stream {
 public:
  // from: our end of the pipe. to: the user's descriptor; -1: the text is not passed on. strip: the
  // reader is not a terminal, so colours are removed.
  void open(os::Fd from, int to, bool strip);
  bool is_open() const { return static_cast<bool>(from_); }
  int from() const { return from_.get(); }
  int to() const { return to_; }
  // The user's descriptor, when poll(2) can report that its reader has closed it; else -1.
  int reader() const { return has_reader_ ? to_ : -1; }

  // Reads once, at most `most` bytes, and passes them on. Closes the pipe at its end, and when the
  // user's reader is gone: the tool must get that error.
  void pump(std::size_t most = kPumpMost);
  // Passes on everything that is in the pipe now.
  void drain();
  // The user's reader has closed; makes the tool's next write fail.
  void cut();
  void close() { from_.reset(); }
  // From now on the text is only passed on.
  void stop_capture() { captures_ = false; }

  std::string_view text() const { return capture_.view(); }
  // The errno of the write to the user's descriptor that failed; 0: none did.
  int error() const { return error_; }
  // Was the pipe closed because of that error while a process could still write to it?
  bool is_reported() const { return is_reported_; }
  // Has any text reached the user's descriptor?
  bool has_arrived() const { return arrived_ > 0; }
  // Is the captured text everything that the tool wrote?
  bool is_whole() const { return error_ == 0 && !was_cut_ && !capture_.overflow(); }

  static constexpr std::size_t kPumpMost = 64 * 1024;

 private:
  void pass_on(const char* data, std::size_t n);
  void finish();
  void close_unread();
  std::size_t waiting() const;

  os::Fd from_;
  int to_ = -1;
  bool strip_ = false, has_reader_ = false, captures_ = true, was_cut_ = false;
  bool is_reported_ = false;
  int error_ = 0;
  std::size_t arrived_ = 0, discarded_ = 0;
  Capture capture_;
  AnsiStripper stripper_;
};

// The streams that have not ended, as an array for poll(2).
class OpenStreams {
 public:
  // watched: one more descriptor to wait for; -1: none.
  OpenStreams(Stream* all, int count, int watched);
  bool any() const { return count_ > 0; }
  int poll(int timeout_ms);
  bool is_watched_ready() const { return fds_[kWatched].revents != 0; }
  // Handles the events that poll() reported.
  void pump();
  // The same without waiting. False: there is text that the user's descriptor does not accept now.
  bool pump_what_fits();

 private:
  void cut_what_nobody_reads();

  // For each stream our end, and the user's pipe, where poll() reports that the reader has closed
  // it.
  static constexpr int kWatched = 4, kAll = 5;
  struct pollfd fds_[kAll];
  Stream* streams_[2] = {nullptr, nullptr};
  int count_ = 0;
};

}  // namespace deja::client
