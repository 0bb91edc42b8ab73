#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions and system calls of a hit and a miss, compared with those recorded in counts.json. A test fails when one
of them has grown by more than a tenth. Counts, never times: they are the same on a busy machine.

--write records the present counts. Do so in the commit that changes them, and say there why.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
RECORDED = HERE / "counts.json"
ROOM = 1.10
SKIPPED = 77
programs = count = None

SOURCES = {"a.c": "#include \"a.h\"\n#include \"b.h\"\nint f(void) { return A + B; }\n", "a.h": "#define A 1\n",
           "b.h": "#define B 2\n"}


class Cache:
    """A cache and a project below a directory whose name has always the same length."""

    def __init__(self, mode):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="deja-guard-"))
        for name, text in SOURCES.items():
            (self.base / name).write_text(text)
        past = time.time() - 60  # an engine does not remember facts about files that may still change
        for name in SOURCES:
            os.utime(self.base / name, (past, past))
        self.env = {"PATH": "/usr/bin:/bin", "HOME": str(self.base), "DEJA_DIR": str(self.base / "cache"),
                    "DEJA_DAEMON": mode, "LC_ALL": "C"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([programs / "deja", "daemon", "stop"], env=self.env, cwd=self.base, capture_output=True,
                       check=False)
        shutil.rmtree(self.base, ignore_errors=True)

    def run(self, *front):
        (self.base / "a.o").unlink(missing_ok=True)
        subprocess.run([*front, programs / "deja", "gcc", "-c", "a.c"], env=self.env, cwd=self.base, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ask(self, *words):
        return subprocess.run([programs / "deja", *words], env=self.env, cwd=self.base, check=True, text=True,
                              capture_output=True).stdout

    def last(self):
        return json.loads(self.ask("events", "--format", "json", "-n", "1"))

    def taken_from_table(self):
        self.ask("events")  # the engine has then taken the notes out of the table
        return json.loads(self.ask("daemon", "status", "--format", "json"))["taken_from_table"]

    def counted(self):
        """Instructions and calls of the client alone."""
        out = self.base / "count.json"
        self.run(count, out)
        return json.loads(out.read_text())

    def calls_of_all(self, *command):
        """System calls of all processes of a command."""
        out = self.base / "strace.txt"
        subprocess.run(["strace", "-f", "-qq", "-o", out, *command], env=self.env, cwd=self.base, check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)
        return len(re.findall(r"^\d+ +\w+\(", out.read_text(errors="replace"), re.MULTILINE))


def least(counts):
    """A client looks twice when the engine is at work on the table at that moment."""
    return {key: min(c[key] for c in counts) for key in counts[0]}


def from_table():
    counts = []
    with Cache("auto") as cache:
        end = time.monotonic() + 60
        while len(counts) < 5:  # once the engine has set watches and offered the answer
            assert time.monotonic() < end, "not five hits were taken from the table within a minute"
            cache.run()
            before = cache.taken_from_table()
            counted = cache.counted()
            if cache.taken_from_table() > before:
                counts.append(counted)
            time.sleep(0.02)
    return {f"hit from the table: client's {key}": value for key, value in least(counts).items()}


def from_engine():
    counts = []
    with Cache("auto") as cache:
        cache.run()
        cache.run()
        address = cache.base / "cache" / "answers"
        address.unlink(missing_ok=True)
        address.mkdir()  # no table can be found here
        for _ in range(5):
            cache.run()
            before = cache.taken_from_table()
            counts.append(cache.counted())
            assert cache.last()["outcome"] == "hit" and cache.taken_from_table() == before
    return {f"hit from the engine: client's {key}": value for key, value in least(counts).items()}


def without_daemon():
    with Cache("off") as cache:
        command = [programs / "deja", "gcc", "-c", "a.c"]
        bare = cache.calls_of_all("gcc", "-c", "a.c")
        cache.run()
        hits, misses = [], []
        for i in range(3):
            hits.append(cache.calls_of_all(*command))
            assert cache.last()["outcome"] == "hit"
            (cache.base / "a.h").write_text(f"#define A {i + 10}\n")
            misses.append(cache.calls_of_all(*command) - bare)
            assert cache.last()["outcome"] == "miss"
        return {"hit without a daemon: calls of client and engine": min(hits),
                "miss without a daemon: calls beyond the tool's own": min(misses)}


def measure():
    return {**from_table(), **from_engine(), **without_daemon()}


class GuardTest(unittest.TestCase):
    maxDiff = None

    def test_nothing_has_grown(self):
        recorded = json.loads(RECORDED.read_text())
        now = measure()
        self.assertEqual(set(now), set(recorded), "run guard_test.py --write")
        for name, value in now.items():
            print(f"{value:8} (recorded {recorded[name]:8}) {name}")
        grown = {name: (recorded[name], value) for name, value in now.items() if value > recorded[name] * ROOM}
        self.assertEqual(grown, {}, "more than a tenth above what counts.json has; if that is meant: --write")


def main():
    global programs, count
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="directory of deja")
    parser.add_argument("--count", type=pathlib.Path, required=True, help="the program made from count.c")
    parser.add_argument("--preset", default="dev", help="the counts are those of the preset dev")
    parser.add_argument("--write", action="store_true", help="record the present counts")
    arguments, rest = parser.parse_known_args()
    programs, count = arguments.programs.resolve(), arguments.count.resolve()
    if arguments.preset != "dev":
        print(f"SKIPPED: counts are recorded for the preset dev, not {arguments.preset}")
        sys.exit(SKIPPED)
    if os.uname().machine != "x86_64" or shutil.which("strace") is None:
        print("SKIPPED: needs x86_64 and strace; ./dev test installs strace")
        sys.exit(SKIPPED)
    if arguments.write:
        RECORDED.write_text(json.dumps(measure(), indent=2) + "\n")
        return
    unittest.main(argv=sys.argv[:1] + rest)


if __name__ == "__main__":
    main()
