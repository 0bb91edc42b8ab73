#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A walk through the subcommands on real builds with make, CMake and cargo, compared with walk.txt.

Times, sizes, keys and directories differ from run to run and are replaced. Read walk.txt as a user would: it is what
deja says.
"""

import argparse
import difflib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "readme"))
from readme_test import rust_directory

GOLDEN = pathlib.Path(__file__).with_name("walk.txt")
SKIPPED = 77

MAKE = {
    "Makefile": "CC = deja gcc\napp: main.o util.o\n\t$(CC) -o $@ main.o util.o\n"
                "%.o: %.c util.h\n\t$(CC) -c $< -o $@\nclean:\n\trm -f app *.o\n",
    "util.h": "int f(void);\n",
    "main.c": "#include \"util.h\"\nint main(void) { return f(); }\n",
    "util.c": "#include \"util.h\"\nint f(void) { return 0; }\n",
    "bad.c": "int\n",
}
CMAKE = {
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.20)\nproject(p C)\nadd_executable(app main.c)\n",
    "main.c": "int main(void) { return 0; }\n",
}
CARGO = {
    "Cargo.toml": "[package]\nname = \"tool\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    "src/main.rs": "fn main() {}\n",
}

# A directory and what is typed there. "#" lines are the walk's headings.
WALK = """
# a build with make, twice
make: make -s && make -s clean && make -s && deja stats
make: deja events
make: deja why app
make: deja why main.c
# a header changes
make: echo 'int g(void);' >> util.h && make -s && deja why util.o
make: deja why --last-build | grep -e build -e changed
make: deja events --outcome hit --limit 1
# what was not stored, not looked up, not known
make: deja gcc -c bad.c; deja why bad.c
make: deja gcc -ftime-report -c util.c >/dev/null 2>&1; deja why util.c
make: deja why nothing.c
make: deja staats
make: deja gcc2
# the store
make: deja list --sort name
make: deja verify
make: deja gc
make: deja config get store.limit
make: deja config set store.limit 5G && deja config get store.limit && deja config unset store.limit
make: deja config set store.limit lots
make: deja purge --yes && deja list
# CMake
cmake: deja init --cmake --yes
cmake: deja init --cmake --yes
cmake: cmake --preset deja >/dev/null && cmake --build build >/dev/null && deja stats --by project
cmake: deja init --cmake --remove --yes
# cargo
crate: deja init --rust --yes
crate: cargo build -q && deja why tool
crate: deja init --rust --remove --yes
# settings of another cache
crate: CCACHE_MAXSIZE=3G CCACHE_SLOPPINESS=time_macros deja init --from ccache --yes
crate: deja daemon status
crate: deja daemon stop
"""

UNITS = r"(?:ns|µs|ms|s|min|h|d|B|kB|MB|GB)"
REPLACED = [
    (r"\b([a-z]+)-[0-9a-f]{16}\b", r"\1-ID"), (r"\b[0-9a-f]{64}\b", "KEY"), (r"\b[0-9a-f]{12}\b", "KEY"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME"), (r"\d\d:\d\d:\d\d", "TIME"), (r"\b\d{8}-\d{6}\b", "SESSION"),
    (r"\b(?:just now|\d+ \w+ ago)\b", "AGO"),
    (rf"\b\d+(?:\.\d+)? {UNITS}(?: \d+ {UNITS})*\b", "N"),
    (r"\b\d+(?:\.\d+)? %", "N %"),
    (r"(?m)^(  checked) .*$", r"\1 …"),
    (r"(?m)^(phases|  phases) .*$", r"\1 …"), (r"version [0-9a-z.+-]+", "version V"), (r"process \d+", "process N"),
    (r"/\S+/rustc\b", "TOOLS/rustc"),
    (r" {2,}", "  "), (r"(?m) +$", ""),
]


def plain(text, home):
    text = text.replace(str(home), "/home/you")
    for pattern, by in REPLACED:
        text = re.sub(pattern, by, text)
    return text


def walk(programs):
    home = pathlib.Path(tempfile.mkdtemp(prefix="deja-walk-"))
    for name, files in (("make", MAKE), ("cmake", CMAKE), ("crate", CARGO)):
        for file, text in files.items():
            (home / name / file).parent.mkdir(parents=True, exist_ok=True)
            (home / name / file).write_text(text)
    env = {"PATH": f"{programs}:{rust_directory()}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8",
           "CARGO_NET_OFFLINE": "true", "TZ": "UTC"}
    out = []
    try:
        for line in WALK.strip().splitlines():
            if line.startswith("#"):
                out += ["", line]
                continue
            where, command = line.split(": ", 1)
            done = subprocess.run(["sh", "-c", command], cwd=home / where, env=env, text=True, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            out += ["", f"{where}$ {command}"] + plain(done.stdout, home).rstrip("\n").splitlines()
            if done.returncode != 0:
                out.append(f"[exit code {done.returncode}]")
    finally:
        subprocess.run([programs / "deja", "daemon", "stop"], env=env, check=False, capture_output=True)
        shutil.rmtree(home)
    return "\n".join(out).strip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="directory of deja")
    parser.add_argument("--write", action="store_true", help="write walk.txt")
    arguments = parser.parse_args()
    missing = [name for name in ("make", "gcc", "cmake", "ninja") if not shutil.which(name)]
    if not rust_directory():
        missing.append("cargo")
    if missing:
        print("SKIPPED: not installed: " + ", ".join(missing) + "; ./dev test installs them")
        return SKIPPED
    got = walk(arguments.programs.resolve())
    if arguments.write:
        GOLDEN.write_text(got, encoding="utf-8")
        return 0
    wanted = GOLDEN.read_text(encoding="utf-8")
    sys.stdout.writelines(difflib.unified_diff(wanted.splitlines(True), got.splitlines(True), "walk.txt", "now"))
    return 0 if got == wanted else 1


if __name__ == "__main__":
    sys.exit(main())
