// SPDX-License-Identifier: Apache-2.0
// pump() reads, strips and writes, without threads. When the user's reader has closed, the pipe to
// the tool is closed too, so that the tool gets the error that it would get without deja. Tested by
// test/e2e/streams_test.cc and test/e2e/unwritten_test.cc.
#include "client/stream.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "client/descriptors.h"
#include "os/io.h"
#include "wire/messages.h"

namespace deja::client {

void Capture::add(const char* data, std::size_t n) {
  if (memory_ == nullptr) {
    void* p = ::mmap(nullptr, wire::kStreamMax, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
      overflow_ = true;
      return;
    }
    memory_ = static_cast<char*>(p);
  }
  if (n > wire::kStreamMax - size_) overflow_ = true;
  if (overflow_) return;
  std::memcpy(memory_ + size_, data, n);
  size_ += n;
}

void Stream::open(os::Fd from, int to, bool strip) {
  from_ = std::move(from);
  to_ = to;
  has_reader_ = to >= 0 && is_pipe(to);
  strip_ = strip;
}

void Stream::pass_on(const char* data, std::size_t n) {
  if (to_ < 0 || n == 0) return;
  if (error_ != 0) {
    discarded_ += n;
    return;
  }
  std::size_t written = 0;
  error_ = -os::write_all(to_, data, n, &written);
  arrived_ += written;
}

void Stream::pump(std::size_t most) {
  static char input[kPumpMost];
  static char output[sizeof(input) + kAnsiMax];
  const ssize_t n = os::read_some(from_.get(), input, most);
  if (n <= 0) return finish();
  const auto size = static_cast<std::size_t>(n);
  if (captures_) capture_.add(input, size);
  if (!strip_) {
    pass_on(input, size);
  } else {
    pass_on(output, stripper_.feed(input, size, output));
  }
  // The tool's own write would have reported a full disk, and the tool would have continued or
  // ended in its own way. It may continue, up to this limit.
  if (error_ == EPIPE || discarded_ > wire::kStreamMax) close_unread();
}

void Stream::finish() {
  char rest[kAnsiMax];
  if (strip_) pass_on(rest, stripper_.finish(rest));
  close();
}

std::size_t Stream::waiting() const {
  int count = 0;
  return ::ioctl(from_.get(), FIONREAD, &count) == 0 && count > 0 ? static_cast<std::size_t>(count)
                                                                  : 0;
}

void Stream::drain() {
  for (std::size_t rest = is_open() ? waiting() : 0; rest > 0 && is_open();) {
    const std::size_t most = std::min(rest, kPumpMost);
    pump(most);
    rest -= most;
  }
}

void Stream::cut() {
  was_cut_ = true;
  if (error_ == 0 && waiting() > 0) error_ = EPIPE;
  close_unread();
}

void Stream::close_unread() {
  // A tool that has written everything is about to end, and gets a moment for it. One that
  // continues to write finds the pipe closed or full.
  constexpr int kLastMomentMs = 20;
  struct pollfd writers = {from_.get(), 0, 0};
  is_reported_ = error_ == 0 || ::poll(&writers, 1, kLastMomentMs) <= 0;
  close();
}

OpenStreams::OpenStreams(Stream* all, int count, int watched) {
  for (struct pollfd& fd : fds_) fd = {-1, POLLIN, 0};
  fds_[kWatched].fd = watched;
  for (int i = 0; i < count; ++i) {
    if (!all[i].is_open()) continue;
    fds_[2 * count_].fd = all[i].from();
    fds_[2 * count_ + 1] = {all[i].reader(), 0, 0};
    streams_[count_++] = &all[i];
  }
}

int OpenStreams::poll(int timeout_ms) { return ::poll(fds_, kAll, timeout_ms); }

void OpenStreams::pump() {
  cut_what_nobody_reads();
  for (int i = 0; i < count_; ++i)
    if (fds_[2 * i].revents != 0 && streams_[i]->is_open()) streams_[i]->pump();
}

void OpenStreams::cut_what_nobody_reads() {
  for (int i = 0; i < count_; ++i)
    if ((fds_[2 * i + 1].revents & (POLLERR | POLLNVAL)) != 0) streams_[i]->cut();
}

bool OpenStreams::pump_what_fits() {
  // A pipe that accepts any data accepts this much (PIPE_BUF, minus what the colour stripper may
  // hold back).
  constexpr std::size_t kFits = 4096 - kAnsiMax;
  cut_what_nobody_reads();
  for (int i = 0; i < count_; ++i) {
    if (!streams_[i]->is_open()) continue;
    struct pollfd to = {streams_[i]->to(), POLLOUT, 0};
    const bool has_text = (fds_[2 * i].revents & POLLIN) != 0;
    if (has_text && to.fd >= 0 && ::poll(&to, 1, 0) == 0) return false;
    if (fds_[2 * i].revents != 0) streams_[i]->pump(kFits);
  }
  return true;
}

}  // namespace deja::client
