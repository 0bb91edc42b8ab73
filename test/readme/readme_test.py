#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README.md's commands, taken from its text and run as they stand: each build system gets a warm build, and each
command of the section "Use" does what it says. Everything happens in a new home directory."""

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
programs = None  # directory of deja

C_SOURCES = {"a.c": "#include <stdio.h>\n#include \"b.h\"\nint main(void) { return printf(\"%d\\n\", b()) < 0; }\n",
             "b.c": "#include \"b.h\"\nint b(void) { return 7; }\n", "b.h": "int b(void);\n"}
CONFIGURE = """#!/bin/sh
CC=cc
for word do case $word in CC=*) CC=${word#CC=} ;; esac; done
echo 'int main(void) { return 0; }' >conftest.c
$CC conftest.c -o conftest || exit 1
rm -f conftest conftest.c
echo "CC = $CC" | cat - Makefile.in >Makefile
"""
MAKEFILE = "program: a.o b.o\n\t$(CC) a.o b.o -o $@\na.o b.o: b.h\n"
# What a project of each kind has, what builds it after the README's command, what makes it unbuilt, its program.
KINDS = {
    "any build": ({**C_SOURCES, "Makefile": MAKEFILE}, None, "rm -f program *.o", "./program"),
    "make": ({**C_SOURCES, "Makefile": MAKEFILE}, None, "rm -f program *.o", "./program"),
    "CMake": ({**C_SOURCES, "CMakeLists.txt": "cmake_minimum_required(VERSION 3.20)\nproject(x C)\n"
                                             "add_executable(program a.c b.c)\n"},
              "cmake --build build", "rm -rf build", "build/program"),
    "Meson": ({**C_SOURCES, "meson.build": "project('x', 'c')\nexecutable('program', 'a.c', 'b.c')\n"},
              "ninja -C build", "rm -rf build", "build/program"),
    "autotools": ({**C_SOURCES, "Makefile.in": MAKEFILE, "configure": CONFIGURE}, "make", "rm -f program *.o Makefile",
                  "./program"),
    "cargo": ({"Cargo.toml": "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
               "src/main.rs": "fn main() { println!(\"7\"); }\n"}, None, "rm -rf target", "target/debug/x"),
}


def code_blocks(text):
    """Lines of each indented block."""
    return [[line[4:] for line in block.splitlines() if line.strip()]
            for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)]


def without_comment(line):
    return re.sub(r"\s+#.*", "", line).strip()


def rust_directory():
    """A toolchain's own programs: those of rustup look for the toolchain in HOME."""
    found = sorted(pathlib.Path(os.environ.get("HOME", "/nonexistent")).glob(".rustup/toolchains/*/bin/cargo"))
    cargo = found[0] if found else shutil.which("cargo")
    return str(pathlib.Path(cargo).parent) if cargo else None


class ReadmeTest(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="deja-readme-"))
        path = [str(programs), "/usr/bin", "/bin"]
        if rust_directory():
            path.insert(1, rust_directory())
        self.env = {"PATH": ":".join(path), "HOME": str(self.home), "LANG": "C.UTF-8", "CARGO_NET_OFFLINE": "true"}
        self.blocks = code_blocks((ROOT / "README.md").read_text(encoding="utf-8"))

    def tearDown(self):
        self.sh("deja daemon stop", self.home)
        shutil.rmtree(self.home)

    def sh(self, command, directory):
        done = subprocess.run(["sh", "-c", command], cwd=directory, env=self.env, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout

    def events(self):
        return [json.loads(line) for line in self.sh("deja events --format json", self.home).splitlines()]

    def project(self, kind):
        directory = self.home / kind
        for name, text in KINDS[kind][0].items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text)
        if kind == "autotools":
            (directory / "configure").chmod(0o755)
        return directory

    def build_twice(self, kind, command):
        directory = self.project(kind)
        _, then, clean, program = KINDS[kind]
        for _ in range(2):
            known = len(self.events())
            self.sh(command, directory)
            if then:
                self.sh(then, directory)
            self.assertEqual(self.sh(program, directory), "7\n")
            self.sh(clean, directory)
        second = self.events()[known:]
        # Meson asks the compiler questions whose answers name temporary files.
        ran = [e for e in second if e["tool_runs"] > 0 and e["not_stored"] != "temporary_name_printed"]
        self.assertEqual(ran, [], kind)
        self.assertGreater(sum(e["outcome"] == "hit" for e in second), 0, kind)

    def test_each_build_system(self):
        block = next(b for b in self.blocks if any("in your project" in line for line in b))
        start = next(i for i, line in enumerate(block) if "in your project" in line)
        commands = {line.split("#")[-1].strip(): without_comment(line) for line in block[start + 1:]}
        self.assertEqual(set(commands), set(KINDS))
        for kind, command in commands.items():
            if kind == "cargo" and not rust_directory():
                print("SKIPPED: cargo is not installed; ./dev test installs it")
                continue
            self.build_twice(kind, command)

    def test_each_command(self):
        block = next(b for b in self.blocks if any(line.startswith("deja stats") for line in b))
        commands = [without_comment(line) for line in block if line.startswith("deja ")]
        questions = [c for c in commands if shlex.split(c)[1] not in ("init", "exec")]
        self.assertGreater(len(questions), 6)
        directory = self.project("make")
        self.sh('make CC="deja gcc"', directory)
        for command in questions:
            with self.subTest(command=command):
                if command.startswith("deja audit"):
                    self.sh("rm -f program *.o", directory)
                    command = command.replace("make", "make CC='deja gcc'")
                self.assertNotEqual(self.sh(command, directory).strip(), "")


def main():
    global programs
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="directory of deja")
    arguments, rest = parser.parse_known_args()
    programs = arguments.programs.resolve()
    unittest.main(argv=sys.argv[:1] + rest)


if __name__ == "__main__":
    main()
