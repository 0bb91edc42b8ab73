// SPDX-License-Identifier: Apache-2.0
// A terminal that a program draws on: the alternate screen, single keys, and the signals that matter to it. Signals
// are read like keys, so nothing happens in a handler. The destructor restores everything.
#pragma once

#include <termios.h>

#include <string_view>

#include "base/result.h"
#include "os/fd.h"

namespace deja::os {

class Terminal {
 public:
  // Takes over standard input and output, which must be terminals (else Code::invalid). plain: writes no escape
  // sequence, for terminals that know none.
  static Result<Terminal> open(bool plain);
  Terminal(Terminal&& other) noexcept;
  Terminal& operator=(Terminal&&) = delete;
  ~Terminal();

  struct Size {
    int columns = 80, rows = 24;
  };
  Size size() const;

  enum class Event { timeout, key, resize, end };
  // Waits for a key, another size, or a signal that ends the program. A stop (Ctrl-Z) is carried out here and
  // reported as `resize` when the program goes on.
  Event wait(int timeout_ms);
  char key() const { return key_; }
  // The signal that `end` was about; 0: the terminal is gone.
  int signal() const { return signal_; }

  // Draws on the whole screen; lines are separated by "\n". False: the terminal is gone.
  bool draw(std::string_view text) const;
  // Back to the state before open(); also called by the destructor.
  void restore();

 private:
  Terminal() = default;
  void enter();

  bool plain_ = false;
  bool entered_ = false;
  struct termios before_ = {};
  Fd signals_;
  char key_ = 0;
  int signal_ = 0;
};

}  // namespace deja::os
