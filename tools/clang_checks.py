#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks of our sources with clang's tools.

  format    clang-format
  tidy      clang-tidy; --changed N: only the sources that the last N commits touched
  threads   clang's thread safety analysis of every source of the product. Each is compiled alone, so a forgotten
            #include is found here, too; in a unity build another source may have it.

Exits with 0 when there is nothing to report, else with 1 and what the tools said. A missing program is an
error, not a pass.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import cxx

# What is wrong with the command line itself has no place.
FINDING = re.compile(r"(?m)^(?:\S+:\d+:\d+: )?(?:error|warning): .*")
# A .cc file may use what its own header includes, which misc-include-cleaner does not know; of that check
# we keep the includes that nothing uses. That headers include what they need is tools/headers.py's part.
BY_DESIGN = re.compile(r"no header providing .* is directly included")
FORMAT, TIDY, COMPILER = "clang-format-19", "clang-tidy-19", "clang++-19"


def check_format(files):
    command = [FORMAT, "--dry-run", "--Werror", *map(str, files)]
    done = subprocess.run(command, cwd=cxx.ROOT, capture_output=True, text=True)
    bad = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error: code should be clang-formatted", done.stderr, re.MULTILINE)))
    for file in bad:
        print(f"{file}: not formatted; {FORMAT} -i {file}")
    if done.returncode != 0 and not bad:
        print(done.stderr)
    print(f"format: {len(bad)} of {len(files)} files" if done.returncode else f"format: all {len(files)} files are")
    return 1 if done.returncode else 0


def configured():
    """A directory with a compile database of the clang preset, which compiles each source alone, and with the
    headers that a build makes. Nothing else is built there. An error: None, after its words."""
    directory = cxx.ROOT / "build" / "checks"
    for command in (["cmake", "--preset", "clang", "-B", str(directory)],
                    ["cmake", "--build", str(directory), "--target", "deja_build_id", "deja_commit"]):
        done = subprocess.run(command, cwd=cxx.ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stdout + done.stderr)
            return None
    return directory


def database_for_clang(directory):
    """A compile database with each source once: of those that are in two programs, the first. Without -Werror: the
    compilers' warnings are the presets' part, and those in the standard library are nobody's. Returns the sources of
    ours it holds; none: there is no database."""
    entries = []
    seen = set()
    build = configured()
    if build is None:
        return []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = entry.get("arguments") or shlex.split(entry["command"])
        file = pathlib.Path(entry["directory"], entry["file"])
        if not file.is_relative_to(cxx.ROOT / "src") or file.suffix not in (".cc", ".c"):
            continue
        if file.resolve() in seen:
            continue
        seen.add(file.resolve())
        words = [word for word in words if word != "-Werror"]
        entries.append({"directory": entry["directory"], "file": str(file), "arguments": words})
    (directory / "compile_commands.json").write_text(json.dumps(entries))
    return sorted({e["file"] for e in entries})


def check_tidy(jobs, only):
    with tempfile.TemporaryDirectory(prefix="deja-tidy-") as directory:
        sources = database_for_clang(pathlib.Path(directory))
        sources = [s for s in sources if not cxx.is_test(pathlib.Path(s).relative_to(cxx.ROOT))]
        for part in ("src/client/", "src/observe/preload/"):  # not built like the others
            if sources and not any(part in s for s in sources):
                print(f"clang-tidy: the compile database has no source of {part}; is it of this tree?")
                return 1
        if only:
            sources = [s for s in sources if any(part in s for part in only)]

        def run(source):
            command = [TIDY, "--quiet", "-p", directory, source]
            return subprocess.run(command, cwd=cxx.ROOT, capture_output=True, text=True)

        if not sources:
            print("clang-tidy: no sources in the compile database")
            return 1
        findings = set()  # a header's finding comes once for each includer
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for source, done in zip(sources, pool.map(run, sources)):
                lines = FINDING.findall(done.stdout.replace(str(cxx.ROOT) + "/", ""))
                if done.returncode != 0 and not lines:
                    lines = [f"{source}: {TIDY} failed: {done.stderr.strip()}"]
                for line in lines:
                    if line not in findings and not BY_DESIGN.search(line):
                        findings.add(line)
                        print(line, flush=True)
    print(f"clang-tidy: {len(findings)} findings in {len(sources)} files")
    return 1 if findings else 0


def changed_sources(commits):
    """Sources that the last commits touched, and those that the working tree has changed."""
    first = subprocess.run(["git", "rev-list", f"--max-count={commits + 1}", "HEAD"], cwd=cxx.ROOT, capture_output=True,
                           text=True, check=True).stdout.split()[-1]
    names = subprocess.run(["git", "diff", "--name-only", first], cwd=cxx.ROOT, capture_output=True, text=True, check=True)
    return [name for name in names.stdout.split() if name.endswith((".cc", ".c"))]


THREAD_FLAGS = ["-Wno-everything", "-Wthread-safety", "-Werror=thread-safety", "-fsyntax-only"]  # -w would allow all
UNGUARDED = """#include "base/mutex.h"
class Counter {
 public:
  int get() { return value_; }

 private:
  deja::Mutex mutex_;
  int value_ GUARDED_BY(mutex_) = 0;
};
"""


def finds_unguarded_member():
    """A flag that switches the analysis off would make every source pass."""
    command = [COMPILER, "-std=c++20", f"-I{cxx.ROOT / 'src'}", *THREAD_FLAGS, "-x", "c++", "-"]
    return subprocess.run(command, input=UNGUARDED, capture_output=True, text=True).returncode != 0


def is_compiled_alone(file):
    """By check_threads(); headers.py relies on it."""
    return file.parts[0] == "src" and file.suffix == ".cc" and not cxx.is_test(file)


def check_threads(jobs):
    """base/mutex.h's attributes mean something to clang alone, so its analysis runs beside the gcc build. C sources
    have no mutexes, and every build compiles them alone."""
    if not finds_unguarded_member():
        print("threads: the analysis does not find a planted mistake")
        return 1
    with tempfile.TemporaryDirectory(prefix="deja-threads-") as directory:
        sources = database_for_clang(pathlib.Path(directory))
        entries = json.loads((pathlib.Path(directory) / "compile_commands.json").read_text()) if sources else []
        entries = [e for e in entries if is_compiled_alone(pathlib.Path(e["file"]).relative_to(cxx.ROOT))]

        def run(entry):
            words = [w for w in entry["arguments"] if w.startswith(("-I", "-D", "-std"))]
            system = [w for i, w in enumerate(entry["arguments"]) if i and entry["arguments"][i - 1] == "-isystem"]
            command = [COMPILER, *words, *(f"-isystem{path}" for path in system), *THREAD_FLAGS, entry["file"]]
            return subprocess.run(command, cwd=entry["directory"], capture_output=True, text=True)

        failed = 0
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for done in pool.map(run, entries):
                failed += done.returncode != 0
                print(done.stderr, end="")
    print(f"threads: {failed} of {len(entries)} files have findings")
    return 1 if failed or not entries else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["format", "tidy", "threads"])
    parser.add_argument("only", nargs="*", help="parts of paths: check only the files whose path holds one")
    parser.add_argument("--changed", type=int, metavar="N", help="tidy: only what the last N commits touched")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_intermixed_args()
    if args.what == "threads":
        return check_threads(args.jobs)
    if args.what == "tidy":
        only = args.only if args.changed is None else changed_sources(args.changed)
        if args.changed is not None and not only:
            print("clang-tidy: no source has changed")
            return 0
        return check_tidy(args.jobs, only)
    files = cxx.own_files("src", "test")
    return check_format([f for f in files if not args.only or any(part in str(f) for part in args.only)])


if __name__ == "__main__":
    sys.exit(main())
