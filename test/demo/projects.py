# SPDX-License-Identifier: Apache-2.0
"""The projects of the demo: where their source comes from, and how a user of deja would build them."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

JOBS = str(os.cpu_count() or 2)


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"demo: {' '.join(map(str, command))}\n{(done.stdout + done.stderr)[-4000:]}")


def make_with(deja):
    return ["make", "-j", JOBS, f"CC={deja} gcc" if deja else "CC=gcc"]


class GoogleTest:
    """CMake and ninja: one source, a second build directory. deja is the compiler's launcher."""

    name = "googletest"
    what = "C++, CMake, a second build directory of one source"
    SOURCE = pathlib.Path("/usr/src/googletest")  # Debian's package googletest

    def __init__(self, work):
        self.source = work / "googletest"
        shutil.copytree(self.SOURCE, self.source)

    def prepare(self, directory, deja):
        launcher = [f"-DCMAKE_{language}_COMPILER_LAUNCHER={deja}" for language in ("C", "CXX")] if deja else []
        run(["cmake", "-G", "Ninja", "-S", self.source, "-B", directory, "-DCMAKE_BUILD_TYPE=Release",
             "-Dgtest_build_samples=ON", *launcher])

    def command(self, deja):
        return ["ninja", "-j", JOBS]


class Zlib:
    """configure and make inside the source: a second checkout. deja is used as CC="deja gcc"."""

    name = "zlib"
    what = "C, make, a second checkout"

    def __init__(self, work):
        self.source = debian_source("zlib", work)

    def prepare(self, directory, deja):
        shutil.copytree(self.source, directory, symlinks=True)
        run(["./configure"], cwd=directory)

    def command(self, deja):
        return make_with(deja)


class Generated:
    """A replacement for zlib when Debian's source is not available: 60 C files with relative includes."""

    name = "generated"
    what = "C, make, a second checkout of written files"

    def __init__(self, work):
        self.source = work / "generated"
        (self.source / "include").mkdir(parents=True)
        names = [f"part{i:02}" for i in range(60)]
        for i, name in enumerate(names):
            (self.source / "include" / f"{name}.h").write_text(f"#pragma once\nint {name}(int value);\n")
            other = names[i - 1]
            (self.source / f"{name}.c").write_text(
                f'#include <stdio.h>\n#include <stdlib.h>\n#include "include/{name}.h"\n#include "include/{other}.h"\n'
                f"int {name}(int value) {{\n  if (value > {i}) printf(\"%d\\n\", value);\n"
                f"  return value <= 0 ? 0 : {other}(value - 1) + {i};\n}}\n")
        (self.source / "main.c").write_text('#include "include/part00.h"\nint main(void) { return part00(0); }\n')
        (self.source / "Makefile").write_text(
            "OBJECTS = " + " ".join(f"{name}.o" for name in [*names, "main"]) + "\nCFLAGS = -O2 -I.\n"
            "program: $(OBJECTS)\n\t$(CC) -o $@ $(OBJECTS)\nclean:\n\trm -f program $(OBJECTS)\n")

    def prepare(self, directory, deja):
        shutil.copytree(self.source, directory)

    def command(self, deja):
        return make_with(deja)


class NoSource(Exception):
    pass


def debian_sources_list(work):
    """The machine's own Debian registries with their sources; written to a private list."""
    stanzas, lines = [], []
    for path in [*pathlib.Path("/etc/apt").glob("sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*")]:
        text = path.read_text(errors="replace")
        if path.suffix == ".sources":
            for stanza in re.split(r"\n\s*\n", text):
                if re.search(r"^URIs:.*\bdebian\b", stanza, re.MULTILINE):
                    stanzas.append(re.sub(r"^Types:.*$", "Types: deb-src", stanza.strip(), flags=re.MULTILINE))
        elif path.suffix == ".list":
            lines += [re.sub(r"^deb\s", "deb-src ", line) for line in text.splitlines()
                      if re.match(r"deb\s.*\bdebian\b", line)]
    directory = work / "apt" / "sources.list.d"
    directory.mkdir(parents=True)
    (directory / "debian.sources").write_text("\n\n".join(stanzas) + "\n")
    (directory / "debian.list").write_text("\n".join(lines) + "\n")
    if not stanzas and not lines:
        raise NoSource("no Debian registry in /etc/apt")
    return directory


class DebianSources:
    """Sources of Debian packages, by apt with the demo's own lists and cache."""

    def __init__(self, work):
        parts = debian_sources_list(work)
        self.directory = work / "apt"
        for name in ("lists/partial", "cache/archives/partial", "download"):
            (self.directory / name).mkdir(parents=True)
        self.options = ["-o", f"Dir::Etc::sourceparts={parts}", "-o", "Dir::Etc::sourcelist=/dev/null",
                        "-o", f"Dir::State::lists={self.directory / 'lists'}", "-o", f"Dir::Cache={self.directory / 'cache'}",
                        "-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=2"]
        self.run("apt-get", "-q", "update")

    def run(self, *command):
        try:
            return subprocess.run([command[0], *self.options, *command[1:]], cwd=self.directory / "download",
                                  capture_output=True, text=True, timeout=90)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NoSource(str(error)) from error

    def versions(self, package):
        """More than one: a security archive may name a version that its mirror no longer has."""
        stanzas = self.run("apt-cache", "showsrc", "--only-source", package).stdout
        return list(dict.fromkeys(re.findall(r"^Version: (\S+)", stanzas, re.MULTILINE)))

    def unpack(self, package, target, with_patches=True):
        said = f"apt knows no source package {package}"
        for version in self.versions(package):
            done = self.run("apt-get", "-q", "source", "--download-only", "--only-source", f"{package}={version}")
            if done.returncode != 0:
                said = done.stderr.strip()
                continue
            plain_version = version.partition(":")[2] or version  # files have no epoch in their names
            run(["dpkg-source", "--no-check", *([] if with_patches else ["--skip-patches"]), "-x",
                 f"{package}_{plain_version}.dsc", target], cwd=self.directory / "download")
            return target
        raise NoSource(said)


def debian_source(package, work):
    """The unpacked source of one Debian package."""
    return DebianSources(work).unpack(package, work / package)


PROJECTS = {kind.name: kind for kind in (GoogleTest, Zlib, Generated)}


def choose(names, work):
    """The named projects, or googletest and zlib; one after the other: each is unpacked just before it is built."""
    unknown = set(names) - PROJECTS.keys()
    if unknown:
        sys.exit(f"demo: no project {', '.join(sorted(unknown))}; there are {', '.join(PROJECTS)}")
    for name in names or ["googletest", "zlib"]:
        try:
            yield PROJECTS[name](work)
        except NoSource as reason:
            print(f"\n*** demo: no Debian source of {name} to be had here ({reason}).\n"
                  f"*** A generated project takes its place; the numbers are not comparable.\n", file=sys.stderr)
            yield Generated(work)
