# SPDX-License-Identifier: Apache-2.0
"""Counts how often programs are started, from events of the kernel (fanotify), without changing the programs."""

import ctypes
import os
import select
import struct
import threading
import time

FAN_CLOEXEC, FAN_NONBLOCK, FAN_REPORT_FID = 0x1, 0x2, 0x200
FAN_MARK_ADD, FAN_OPEN_EXEC, FAN_Q_OVERFLOW = 0x1, 0x1000, 0x4000
AT_FDCWD = -100
HEAD = struct.Struct("<IBBHQii")  # the event's length, version, reserved, the head's length, what, descriptor, process


class Starts:
    """Starts of the given files (their inodes: no other program may share them). `with` it; count() any time.

    None when the kernel does not report it."""

    def __init__(self, paths):
        self.seen, self.lost, self.end = 0, False, False
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.fanotify_init(FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_FID, os.O_RDONLY)
        for path in paths if self.fd >= 0 else ():
            if libc.fanotify_mark(self.fd, FAN_MARK_ADD, ctypes.c_uint64(FAN_OPEN_EXEC), AT_FDCWD, os.fsencode(path)):
                os.close(self.fd)
                self.fd = -1
                break
        self.reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        if self.fd >= 0:
            self.reader.start()
        return self

    def __exit__(self, *_):
        if self.fd >= 0:
            self.end = True
            self.reader.join()
            os.close(self.fd)

    def count(self):
        """Starts since the last call, or None."""
        if self.fd < 0 or self.lost:
            return None
        while select.select([self.fd], [], [], 0)[0]:  # what is queued yet belongs to this count
            time.sleep(0.005)
        out, self.seen = self.seen, 0
        return out

    def _read(self):
        while not self.end:
            if not select.select([self.fd], [], [], 0.1)[0]:
                continue
            events = os.read(self.fd, 1 << 16)
            while events:
                length, _, _, _, what, _, _ = HEAD.unpack_from(events)
                self.lost |= bool(what & FAN_Q_OVERFLOW)
                self.seen += bool(what & FAN_OPEN_EXEC)
                events = events[length:]
