// SPDX-License-Identifier: Apache-2.0
// Receives calls, examines the files they name, writes records, and answers.
//
// For calls that only read, the kernel makes the call afterwards: the file's identity shows later
// whether the tool saw the same file. For changes of names and files opened for writing, only the
// caller knows for certain whether they succeed and which file is meant. So the recorder makes the call
// itself, as the tool would (same directory, same umask), and passes the result on. Once a record was
// lost the log cannot be used, and the kernel makes every call.
#pragma once

#include <linux/seccomp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "observe/supervise/calls.h"
#include "observe/supervise/listener.h"
#include "observe/supervise/log_writer.h"
#include "observe/supervise/outputs.h"
#include "observe/supervise/stand_in.h"
#include "observe/supervise/tracee.h"

namespace deja::observe::supervise {

class Recorder {
 public:
  Recorder(const Listener& listener, LogWriter& log, StandIns& stand_ins)
      : listener_(listener), log_(log), stand_ins_(stand_ins) {}

  // The process that is about to become the tool.
  void expect(pid_t tool) { processes_[tool] = tool; }
  void handle(const seccomp_notif& notification);
  // Called before the process installs a filter of its own: that filter must not trap changes of ours.
  static void before_sandbox(const seccomp_notif& notification);
  // The run is over.
  void finish();

 private:
  // One call, from its notification to its answer.
  struct SeenCall {
    const seccomp_notif& notification;
    const Syscall& call;
    Tracee tracee;
    pid_t process;

    std::uint64_t argument(int index) const { return notification.data.args[index]; }
    int number(int index) const { return static_cast<int>(argument(index)); }
    std::uint32_t data() const {
      return call.data < 0 ? call.fixed : static_cast<std::uint32_t>(argument(call.data));
    }
    int at() const;
  };
  struct Look {
    int error = 0;
    deja_log_identity identity = {};
    bool is(mode_t type) const { return error == 0 && (identity.mode & S_IFMT) == type; }
  };
  // Whether the call has been answered.
  enum class Answer { later, given };

  Answer dispatch(const SeenCall& h);
  Answer on_name(const SeenCall& h);
  void on_other(const SeenCall& h);
  Answer on_open(const SeenCall& h, const Name& name);
  Answer on_new_name(const SeenCall& h, const Name& name);
  Answer on_two_names(const SeenCall& h, const Name& name);
  void on_look(const SeenCall& h, const Name& name);
  void on_readlink(const SeenCall& h, const Name& name);
  void on_exec(const SeenCall& h, const Name& name);
  void on_lock(const SeenCall& h);
  void on_change_fd(const SeenCall& h);
  void on_list(const SeenCall& h);
  void on_connect(const SeenCall& h);
  void on_clock(const SeenCall& h);

  Answer open_for_reading(const SeenCall& h, const Name& name, std::uint32_t flags);
  Answer open_for_writing(const SeenCall& h, const Name& name, std::uint32_t flags, mode_t mode);
  std::string load_program(const SeenCall& h, const Name& name, int depth);
  std::string load_script(const SeenCall& h, std::string_view line, int depth);
  void finish_program(pid_t process);
  void stand_in_or_let_go(const seccomp_notif& notification);
  void on_sandbox(const SeenCall& h);
  void note_any_clock(pid_t process);

  pid_t process_of(const Tracee& tracee);
  void report_in(pid_t process, std::uint16_t flags, pid_t parent, const std::string& program,
                 const std::string& directory);
  Answer give(const SeenCall& h, int result);
  bool has_our_rights(const Tracee& tracee) const {
    return !rights_.empty() && tracee.rights() == rights_;
  }
  // True if the recorder has the tool's rights, so that it can make calls for the tool.
  bool may_stand_in(const SeenCall& h, const Name& name);
  void record(const SeenCall& h, deja_op op, const Name& name, const Look& look,
              std::uint16_t flags = 0);
  static Look look_at(const Name& name, bool follow);

  const Listener& listener_;
  LogWriter& log_;
  StandIns& stand_ins_;
  Outputs outputs_{log_};
  const std::string rights_ =
      Tracee(::getpid()).rights();              // of this process; the tool starts with them
  std::unordered_map<pid_t, pid_t> processes_;  // by thread
  unsigned filters_ = 0;                        // number that the tool started with
  // Processes that have started another program, of which no call was received yet.
  std::unordered_set<pid_t> fresh_;
};

}  // namespace deja::observe::supervise
