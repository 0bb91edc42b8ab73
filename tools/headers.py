#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header of src/ and test/ includes what it needs.

A header that its own source file includes first is proven by the build; the others are compiled alone here, with
the include paths of the compile database, so that third-party headers are found as in the build.
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

import cxx

INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)


def header_flags(database):
    """All -I and -isystem directories and DEJA_ macros of the compile database, in order of first use."""
    flags, macros = [], set()
    for entry in json.loads(database.read_text()):
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


def proven_by_build(header):
    source = cxx.ROOT / header.with_suffix(".cc")
    if not source.is_file():
        return False
    first = INCLUDE.search(source.read_text())
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
    flags = header_flags(args.commands)
    every = cxx.own_files("src", "test", suffixes={".h"})
    headers = [str(h) for h in every if not proven_by_build(h)]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for header, code, words in pool.map(lambda h: compile_alone(h, flags, args.compiler), headers):
            if code != 0:
                failed += 1
                print(f"{header}: does not compile alone\n{words}")
    proven = f"{len(every) - len(headers)} of {len(every)} are proven by the build"
    print(f"headers: {failed} do not compile alone; {proven}" if failed else f"headers: all compile alone; {proven}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
