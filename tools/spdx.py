#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The line that names the license, at the top of every source file. Adds it where it is missing; tidy.py checks it."""

import pathlib

import cxx

LICENSE = "SPDX-License-Identifier: Apache-2.0"
SLASHES = {".c", ".cc", ".h", ".S"}
HASHES = {".py", ".sh", ".cmake"}
SCRIPTS = ["dev", ".ci/run", "cmake/debian/postrm", "CMakeLists.txt"]


def files(root=cxx.ROOT):
    """Source files of every language, relative to root."""
    found = cxx.own_files("src", "test", "tools", "cmake", "docs", suffixes=SLASHES | HASHES | {".txt"}, root=root)
    found = [file for file in found if file.suffix != ".txt" or file.name == "CMakeLists.txt"]
    return found + [pathlib.Path(name) for name in SCRIPTS if (root / name).is_file()]


def is_licensed(text):
    """In the first line, or in the second after "#!"."""
    return any(LICENSE in line for line in text.splitlines()[:2])


def with_license(file, text):
    if is_licensed(text):
        return text
    line = ("// " if file.suffix in SLASHES else "# ") + LICENSE + "\n"
    if not text.startswith("#!"):
        return line + text
    first, rest = text.split("\n", 1)
    return first + "\n" + line + rest


def main(root=cxx.ROOT):
    for file in files(root):
        text = (root / file).read_text()
        licensed = with_license(file, text)
        if licensed != text:
            (root / file).write_text(licensed)
            print(file)


if __name__ == "__main__":
    main()
