// SPDX-License-Identifier: Apache-2.0
// The messages between client and engine. One connection carries one request:
//
// clang-format off
//   client -> engine   Request
//   engine -> client   Replay      a hit: write these outputs and exit
//                    | Exec        a bypass: exec the real tool
//                    | Run         a miss: run the tool, observe, capture, report
//                    | Foreign     the engine sees other files than the client: use another engine
//                    | Wait        the engine is alive and working; another message follows
//                    | Feed        standard input is part of the action; another message follows
//   after Feed:
//   client -> engine   Fed (+ a descriptor with all of it; none: it cannot be read)
//   after Run:
//   client -> engine   Report (+ the trace log's descriptor)
//   engine -> client   Wait, or
//                      Published   the next invocation can hit; exit now (+ a final text)
//
// and for `deja daemon`:  Ask -> Answer.
// clang-format on
//
// Every message is a frame: FrameHead, then `size` bytes of body in the layout of codec.h. A side that
// reads an unknown frame closes the connection; a client whose connection ends runs the real tool. The
// layout of the head is the same in all protocol versions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "wire/build.h"
#include "wire/codec.h"

namespace deja::wire {

inline constexpr std::uint32_t kMagic = 0x316a6564;  // "dej1"
// Incremented with every change to any message; both sides must have the same.
inline constexpr std::uint16_t kProtocol = 10;
// A larger request does not come from a deja client (ARG_MAX is at most a few MiB).
inline constexpr std::size_t kRequestMax = 32 << 20;
// The largest tool output that is stored; more is passed on but not stored.
inline constexpr std::size_t kStreamMax = 64 << 20;
// The largest standard input that can be part of an action; a run with more is not looked up.
inline constexpr std::size_t kStdinMax = 64 << 20;
inline constexpr std::size_t kReportMax = 2 * kStreamMax + 4096;

enum class Kind : std::uint16_t {
  request = 1,
  replay,
  exec,
  run,
  wait,
  foreign,
  report,
  published,
  ask,
  answer,
  feed,
  fed
};

struct FrameHead {
  std::uint32_t magic = kMagic;
  std::uint16_t protocol = kProtocol;
  std::uint16_t kind = 0;
  std::uint32_t size = 0;
  std::uint32_t build = 0;  // build_number()
};
static_assert(sizeof(FrameHead) == 16);

inline constexpr std::string_view kVersion = DEJA_VERSION;

inline FrameHead frame_head(Kind kind, std::size_t size) {
  FrameHead head;
  head.kind = static_cast<std::uint16_t>(kind);
  head.size = static_cast<std::uint32_t>(size);
  head.build = build_number();
  return head;
}
inline bool is_ours(const FrameHead& head) {
  return head.magic == kMagic && head.protocol == kProtocol && head.build == build_number();
}

// The client's knowledge of its streams, as flags.
inline constexpr std::uint32_t kStdoutIsTerminal = 1;
inline constexpr std::uint32_t kStderrIsTerminal = 2;
inline constexpr std::uint32_t kStreamsAreOne = 4;  // stdout and stderr are the same open file

// The numbers of a request. They are followed by u32 Calling, the text cwd, the list argv (as the user
// spelled it), the list of the environment ("NAME=value", in order) without shell noise
// (base/shell_noise.h), the list of that noise, and u64 the time at which the client began (CLOCK_MONOTONIC,
// nanoseconds). What comes before the noise is the form of the request: two requests of one form have the same answer.
enum class Calling : std::uint32_t {
  wrapper = 0,     // argv is the tool's
  masquerade = 1,  // the client was called by the tool's name
  exec = 2,        // argv is that of `deja exec`: options, "--", the tool's argv
  // The interposer of `deja run` has found this start of a program: argv is the path of the program, then
  // the tool's argv.
  routed = 3,
};
struct RequestHead {
  std::uint32_t stream_flags = 0;
  std::uint32_t umask = 022;
  std::uint64_t root_mount = 0, root_device = 0, root_inode = 0;  // os/root_mount.h
  std::uint64_t client_device = 0, client_inode = 0;              // of the client's own executable
  std::uint64_t group = 0;                                        // effective gid
  std::uint64_t confinement = 0;  // os::confinement_of_this_process()
};
inline constexpr std::size_t kRequestHeadSize = 2 * 4 + 7 * 8;
inline void write(Writer& w, const RequestHead& h) {
  w.u32(h.stream_flags);
  w.u32(h.umask);
  for (const std::uint64_t v : {h.root_mount, h.root_device, h.root_inode, h.client_device,
                                h.client_inode, h.group, h.confinement})
    w.u64(v);
}
inline RequestHead read_request_head(Reader& r) {
  RequestHead h;
  h.stream_flags = r.u32();
  h.umask = r.u32();
  for (std::uint64_t* v : {&h.root_mount, &h.root_device, &h.root_inode, &h.client_device,
                           &h.client_inode, &h.group, &h.confinement})
    *v = r.u64();
  return h;
}

// A hit. Body: exit code, then the bytes for stdout, then the bytes for stderr up to the end.
struct ReplayHead {
  std::uint32_t exit_code = 0;
  std::uint32_t stdout_size = 0;
  std::uint32_t stderr_size = 0;
};
inline void write(Writer& w, const ReplayHead& h) {
  w.u32(h.exit_code);
  w.u32(h.stdout_size);
  w.u32(h.stderr_size);
}
inline ReplayHead read_replay_head(Reader& r) {
  ReplayHead h;
  h.exit_code = r.u32();
  h.stdout_size = r.u32();
  h.stderr_size = r.u32();
  return h;
}
inline constexpr std::size_t kReplayHeadSize = 12;

// A bypass: the client finds the tool itself, as it does without an engine. Body: nothing, or the absolute path
// of a program that is to be run with the tool's command line, and a NUL.

// A miss. Body: u32 flags, u32 milliseconds the tool may take (0: any), the texts tool (absolute
// path) and interposer to preload ("": none), the lists argv and environment, and one byte of room
// (the client ends the texts in place).
inline constexpr std::uint32_t kRunStripColour = 1;  // stderr is not a terminal
// Observe by deja-supervise; the interposer's path only says that the run is observed.
inline constexpr std::uint32_t kRunSupervise = 2;
inline constexpr std::uint32_t kRunNoStdin = 4;                          // standard input is empty
inline constexpr std::uint32_t kRunDropStdout = 8, kRunDropStderr = 16;  // captured, not passed on
inline constexpr std::uint32_t kRunEnvironment =
    32;  // the list is the environment; else the user's

// The result of a run. Body: ReportHead, stdout bytes, stderr bytes.
// The captured text is incomplete: more than kStreamMax, or a process still holds the stream.
inline constexpr std::uint32_t kReportTruncated = 1;
inline constexpr std::uint32_t kReportReadStdin = 2;   // the tool consumed standard input
inline constexpr std::uint32_t kReportTimedOut = 4;    // it exceeded its time and was killed
inline constexpr std::uint32_t kReportSupervised = 8;  // the log is the supervisor's
struct ReportHead {
  std::uint32_t flags = 0;
  std::uint32_t exit_code = 0;
  std::uint32_t signal = 0;  // not 0: ended by this signal
  std::uint32_t reserved = 0;
  std::uint64_t elapsed_ns = 0;
  std::uint64_t ended_ns = 0;  // wall clock
  std::uint32_t stdout_size = 0, stderr_size = 0;
};
inline void write(Writer& w, const ReportHead& h) {
  for (const std::uint32_t v : {h.flags, h.exit_code, h.signal, h.reserved}) w.u32(v);
  w.u64(h.elapsed_ns);
  w.u64(h.ended_ns);
  w.u32(h.stdout_size);
  w.u32(h.stderr_size);
}
inline ReportHead read_report_head(Reader& r) {
  ReportHead h;
  for (std::uint32_t* v : {&h.flags, &h.exit_code, &h.signal, &h.reserved}) *v = r.u32();
  h.elapsed_ns = r.u64();
  h.ended_ns = r.u64();
  h.stdout_size = r.u32();
  h.stderr_size = r.u32();
  return h;
}

// Published, the last message after a run: u32 exit code to use instead of the tool's (kAsTheTool: the
// tool's), then a text for standard error up to the end.
inline constexpr std::uint32_t kAsTheTool = ~std::uint32_t{0};
inline constexpr std::size_t kLastWordMax = 32 << 10;

// Ask: one word ("status", "stop"). Answer: a text; for status JSON {"pid":…, "version":…, …}.

}  // namespace deja::wire
