#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`./dev demo`: two real projects, each built three times.

  plain   the compiler alone
  cold    through deja, with nothing in the cache
  warm    through deja again, in another directory

Compares every object file of the cold and the warm build with the plain build's, byte for byte. Exits with 1
when one differs, or when a compile of a warm build was not a hit. `--all` prints hits and misses, too, and
goes on with what users of cargo do all day (rust_scenarios.py). Everything happens in a temporary directory
with a cache of its own, which is removed at the end, as is the daemon.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import crates
import projects
import rust_scenarios

BUILDS = ("plain", "cold", "warm")


class Deja:
    """The program under test with a private cache."""

    def __init__(self, program, work):
        self.program = program
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("DEJA_", "CCACHE_"))}
        self.environment["DEJA_DIR"] = str(work / "cache")
        # The demo's own directories only: a user's settings would change the demo.
        self.environment["XDG_CONFIG_HOME"] = str(work / "config")

    def ask(self, *words):
        done = subprocess.run([self.program, *words], env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"demo: `deja {' '.join(words)}` ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def count_from_zero(self):
        self.ask("stats", "--zero")

    def counts(self):
        return json.loads(self.ask("stats", "--format", "json"))

    def events(self):
        return [json.loads(line) for line in self.ask("events", "--format", "json").splitlines() if line.strip()]

    def stop(self):
        subprocess.run([self.program, "daemon", "stop"], env=self.environment, capture_output=True)


def build(project, directory, deja, way):
    """Prepares the directory untimed, builds it timed; seconds."""
    program = deja.program if way != "plain" else None
    project.prepare(directory, program)
    command = project.command(program)
    start = time.monotonic()
    done = subprocess.run(command, cwd=directory, env=deja.environment, capture_output=True, text=True)
    seconds = time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"demo: the {way} build of {project.name} failed:\n{(done.stdout + done.stderr)[-4000:]}")
    return seconds


def objects(directory):
    return {p.relative_to(directory): p for p in sorted(directory.rglob("*")) if p.suffix in (".o", ".lo") and p.is_file()}


def differences(directory, plain):
    ours, theirs = objects(directory), objects(plain)
    wrong = [f"{name}: only in one of the builds" for name in sorted(ours.keys() ^ theirs.keys())]
    for name in sorted(ours.keys() & theirs.keys()):
        if ours[name].read_bytes() != theirs[name].read_bytes():
            wrong.append(f"{name}: not the compiler's bytes")
    return wrong


def not_hits(deja, counts, object_count):
    """The commands of a warm build that are not hits: misses, failures, and compiles that were not looked up."""
    wrong = []
    if counts["misses"] or counts["failures"] or counts["errors"] or counts["hits"] < object_count:
        wrong.append(f"{object_count} objects, but {counts['hits']} hits, {counts['misses']} misses, "
                     f"{counts['failures']} failures, {counts['errors']} errors")
        for event in deja.events()[-400:]:
            if event["outcome"] not in ("hit", "bypass"):
                wrong.append(f"  {event['outcome']}: {event['what']} {event['reason']}".rstrip())
    return wrong


def show(project, deja, work):
    """Builds one project in all three ways; rows of the long table, one of the short table, what was wrong."""
    rows, wrong, seconds = [], [], {}
    directories = {way: work / f"{project.name}-{way}" for way in BUILDS}
    for way in BUILDS:
        if way != "plain":
            deja.count_from_zero()
        print(f"{project.name}, {way}: ", end="", file=sys.stderr, flush=True)
        seconds[way] = build(project, directories[way], deja, way)
        print(f"{seconds[way]:.1f} s", file=sys.stderr)
        row = [project.name if way == "plain" else "", way, f"{seconds[way]:.2f}", "", "", "",
               f"{seconds[way] / seconds['plain']:.2f}", str(len(objects(directories[way])))]
        if way != "plain":
            counts = deja.counts()
            row[3:6] = [str(counts[name]) for name in ("hits", "misses", "bypasses")]
            wrong += [f"{project.name}, {way}: {line}" for line in differences(directories[way], directories["plain"])]
        if way == "warm":
            wrong += [f"{project.name}, warm: {line}" for line in not_hits(deja, counts, len(objects(directories[way])))]
        rows.append(row)
    times = seconds["plain"] / seconds["warm"]
    short = [project.name, project.what, *(f"{seconds[way]:.1f} s" for way in BUILDS), f"{times:.0f} times"]
    return rows, short, wrong


SHORT_HEAD = ["project", "", "plain", "cold", "warm", "faster"]
HEAD = ["project", "build", "seconds", "hits", "misses", "bypasses", "to plain", "objects"]


def print_table(head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        cells = [cell.ljust(width) if i < 2 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


def show_rust(deja, work):
    try:
        return rust_scenarios.play_all(deja, work)
    except crates.Missing as reason:
        rust_scenarios.loud(reason)
        return [], []


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deja", required=True, type=pathlib.Path, help="the program under test")
    parser.add_argument("--all", action="store_true", help="hits and misses of each build, and cargo's builds")
    parser.add_argument("names", nargs="*", help="only these projects: googletest, zlib, generated, rust")
    args = parser.parse_args()
    deja_program = str(args.deja.resolve())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the clean-up below happens
    work = pathlib.Path(tempfile.mkdtemp(prefix="deja-demo-"))
    deja = Deja(deja_program, work)
    rows, short_rows, wrong, rust_rows = [], [], [], []
    names = [name for name in args.names if name != "rust"]
    try:
        for project in projects.choose(names, work) if names or not args.names else ():
            more_rows, short, more_wrong = show(project, deja, work)
            rows += more_rows
            short_rows.append(short)
            wrong += more_wrong
        if (args.all and not args.names) or "rust" in args.names:
            rust_rows, more_wrong = show_rust(deja, work)
            wrong += more_wrong
    finally:
        deja.stop()
        shutil.rmtree(work, ignore_errors=True)
    print(file=sys.stderr)
    tables = [(HEAD, rows)] if args.all else [(SHORT_HEAD, short_rows)]
    for head, table in (*tables, (rust_scenarios.HEAD, rust_rows)):
        if table:
            print_table(head, table)
            print()
    for line in wrong:
        print(line)
    if not rows and not rust_rows:
        print("No project was built: the sources or tools that it needs are missing.")
        return 0
    print("Something is wrong: see the lines above." if wrong else
          "All objects are the compiler's, byte for byte, and every compile of a warm build was a hit.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
