#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`./dev bench cold`: the first build of a real project, with an empty cache.

Each round builds the project four times in directories of their own: with the compiler alone, through deja with an empty
cache, through ccache with an empty cache, and with the compiler alone again, which shows how much of a difference is
noise. A ratio compares two builds of one round; the median over the rounds is printed.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "demo"))
import projects  # noqa: E402

ROADS = ("compiler", "deja", "ccache", "compiler again")


def environment(road, directory):
    out = {k: v for k, v in os.environ.items() if not k.startswith(("DEJA_", "CCACHE_"))}
    out |= {"DEJA_DIR": str(directory / "cache"), "CCACHE_DIR": str(directory / "cache"),
            "XDG_CONFIG_HOME": str(directory / "config")}
    return out


def build(project, road, deja, directory):
    """Seconds of the build itself, and the cache's counters."""
    env = environment(road, directory)
    program = {"deja": deja, "ccache": "ccache"}.get(road)
    tree = directory / "build"
    project.prepare(tree, program)
    if road == "deja":
        # configure scripts and CMake's checks have filled it, and the engine runs.
        subprocess.run([deja, "purge", "--yes"], env=env, capture_output=True, check=True)
        subprocess.run([deja, "daemon", "start"], env=env, capture_output=True, check=True)
    if road == "ccache":
        subprocess.run(["ccache", "-C"], env=env, capture_output=True, check=True)
    start = time.monotonic()
    done = subprocess.run(project.command(program), cwd=tree, env=env, capture_output=True, text=True)
    seconds = time.monotonic() - start
    if road == "deja":  # whatever came of the build: its directory goes away
        subprocess.run([deja, "daemon", "stop"], env=env, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"bench: {project.name} by {road} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return seconds


def measure(project, deja, work, rounds):
    seconds = {road: [] for road in ROADS}
    for n in range(rounds):
        order = ROADS if n % 2 == 0 else tuple(reversed(ROADS))
        for road in order:
            directory = work / f"{project.name}-{n}-{road.replace(' ', '-')}"
            directory.mkdir()
            seconds[road].append(build(project, road, deja, directory))
            shutil.rmtree(directory)
    print(f"\nFirst build of {project.name} ({project.what}), {rounds} rounds, {projects.JOBS} jobs")
    print(f"  {'':16} {'median s':>9} {'over compiler':>14}")
    for road in ROADS:
        ratio = statistics.median(a / b for a, b in zip(seconds[road], seconds["compiler"]))
        print(f"  {road:16} {statistics.median(seconds[road]):9.2f} {ratio:14.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deja", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("names", nargs="*", help="only these projects: googletest, zlib, generated")
    args = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="deja-bench-"))
    try:
        for project in projects.choose(args.names, work):
            measure(project, str(args.deja.resolve()), work, args.rounds)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
