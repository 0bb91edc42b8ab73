#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header of src/ and test/ includes what it needs.

A header that its own source file includes first is proven where that source is compiled alone: by the build, or, in a
unity build, by the threads check (clang_checks.py), for sources of the product. The others are compiled alone here,
with the include paths of the compile database, so that third-party headers are found as in the build.
Exit 0: all compile. Exit 1: the compiler's words for each that does not.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import shlex
import subprocess
import sys

import clang_checks
import cxx

INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)


def is_unity(database):
    """Does the build compile sources in batches? Its database then names the batches that CMake has written."""
    return any("Unity" in pathlib.Path(entry["file"]).parts for entry in database)


def header_flags(database):
    """All -I and -isystem directories and DEJA_ macros of the compile database, in order of first use."""
    flags, macros = [], set()
    for entry in database:
        words = entry.get("arguments") or shlex.split(entry["command"])
        if "musl" in pathlib.Path(words[0]).name or any("musl" in word for word in words):
            continue  # another libc's directories do not mix with these
        for i, word in enumerate(words):
            if word in ("-isystem", "-I"):
                flag = [word, words[i + 1]]
            elif word.startswith("-I"):
                flag = [word]
            elif word.startswith("-DDEJA_") and word.split("=")[0] not in macros:
                macros.add(word.split("=")[0])
                flag = [word]
            else:
                continue
            if flag not in flags:
                flags.append(flag)
    return [word for flag in flags for word in flag]


def is_proven(header, unity):
    source = header.with_suffix(".cc")
    if not (cxx.ROOT / source).is_file() or (unity and not clang_checks.is_compiled_alone(source)):
        return False
    first = INCLUDE.search((cxx.ROOT / source).read_text())
    return first is not None and first[1] == str(header.relative_to(header.parts[0]))


def compile_alone(header, flags, compiler):
    command = [compiler, "-std=c++20", "-fsyntax-only", *flags, "-include", header, "-x", "c++", "/dev/null"]
    done = subprocess.run(command, cwd=cxx.ROOT, capture_output=True, text=True)
    return header, done.returncode, done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commands", type=pathlib.Path, required=True, help="compile_commands.json of a build")
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    database = json.loads(args.commands.read_text())
    flags = header_flags(database)
    unity = is_unity(database)
    every = cxx.own_files("src", "test", suffixes={".h"})
    headers = [str(h) for h in every if not is_proven(h, unity)]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for header, code, words in pool.map(lambda h: compile_alone(h, flags, args.compiler), headers):
            if code != 0:
                failed += 1
                print(f"{header}: does not compile alone\n{words}")
    proven = f"{len(every) - len(headers)} of {len(every)} are proven by {'the threads check' if unity else 'the build'}"
    print(f"headers: {failed} do not compile alone; {proven}" if failed else f"headers: all compile alone; {proven}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
