#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the packages of a built tree: a .deb, its debug symbols, and a tarball that runs wherever it is unpacked.

  package.py --build build/release [--output DIR] [--quick]

Not CPack: for a package with a shared library it always writes a postinst that calls ldconfig, where Debian's policy
wants a trigger. Two runs on one commit give the same bytes (SOURCE_DATE_EPOCH; else the time of the commit).
"""

import argparse
import email.utils
import gzip
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEBIAN = ROOT / "cmake" / "debian"
# Who makes packages for others sets these, as for Debian's own tools.
MAINTAINER = f"{os.environ.get('DEBFULLNAME', 'The deja authors')} <{os.environ.get('DEBEMAIL', 'deja@example.org')}>"
DESCRIPTION = """build cache that remembers what tools did
 In front of a compiler or any other build tool, deja runs the tool once and
 records what it read and wrote. When all that it looked at is the same again,
 deja puts the outputs back instead of running the tool.
 .
 It works with gcc, clang, rustc and many other tools, and shares results
 between checkouts and machines."""


def run(argv, **options):
    return subprocess.run([str(word) for word in argv], check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def version_of(build):
    """As CMakeLists.txt has it: project(deja VERSION …), the only place."""
    match = re.search(r"^CMAKE_PROJECT_VERSION:STATIC=(\S+)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)
    return match[1]


def time_of_sources():
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    found = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True)
    return int(found.stdout or 0) if found.returncode == 0 else int((ROOT / "CHANGELOG.md").stat().st_mtime)


def write_gzip(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as zipped:
        zipped.write(text.encode())


def compress(path):
    write_gzip(path.with_name(path.name + ".gz"), path.read_text())
    path.unlink()


def changelog(version, when):
    """The section of CHANGELOG.md for this version, in Debian's form."""
    sections = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    text = next((s for s in sections if s.startswith(version + " ") or s.startswith(version + "\n")), "")
    text = re.sub(r"\s*\(\[[^)]*\)\)", "", text)  # links: there is no such file in the package
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text).replace("**", "").replace("`", "'")
    items = re.findall(r"^- (.*?)(?=^- |\n\n|\Z)", text, re.MULTILINE | re.DOTALL) or ["A build of this version."]
    lines = [textwrap.fill(" ".join(item.split()), 76, initial_indent="  * ", subsequent_indent="    ")
             for item in items]
    date = email.utils.formatdate(when)
    return f"deja ({version}) unstable; urgency=medium\n\n" + "\n".join(lines) + f"\n\n -- {MAINTAINER}  {date}\n"


def binaries_of(stage):
    for path in sorted(stage.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF":
            yield path


def split_debug_symbols(stage, symbols):
    """Strips the binaries. Returns the build IDs of those whose symbols are now below `symbols`."""
    ids = []
    for path in binaries_of(stage):
        note = re.search(r"Build ID: ([0-9a-f]+)", run(["readelf", "-n", path], stderr=subprocess.DEVNULL))
        if note and ".debug_info" in run(["readelf", "-SW", path]):
            debug = symbols / "usr/lib/debug/.build-id" / note[1][:2] / (note[1][2:] + ".debug")
            debug.parent.mkdir(parents=True, exist_ok=True)
            run(["objcopy", "--only-keep-debug", "--compress-debug-sections", path, debug])
            debug.chmod(0o644)
            ids.append(note[1])
        run(["strip", "--strip-unneeded", "--remove-section=.comment", "--remove-section=.note", path])
    return ids


def shared_library_depends(stage):
    """What dpkg-shlibdeps finds; it wants to be called where a debian/control is."""
    with tempfile.TemporaryDirectory() as directory:
        (pathlib.Path(directory) / "debian").mkdir()
        (pathlib.Path(directory) / "debian/control").write_text("Source: deja\n\nPackage: deja\nArchitecture: any\n")
        out = run(["dpkg-shlibdeps", "-O", "--ignore-missing-info", *binaries_of(stage)], cwd=directory,
                  stderr=subprocess.DEVNULL)
    return out.strip().removeprefix("shlibs:Depends=")


def tidy_modes(stage):
    for path in [stage, *stage.rglob("*")]:
        if path.is_symlink():
            continue
        is_script = "DEBIAN" in path.parts and path.name in ("postinst", "postrm")
        is_program = path.parent.name in ("bin", "deja") and "include" not in path.parts and "share" not in path.parts
        is_library = ".so" in path.name
        path.chmod(0o755 if path.is_dir() or is_script or (is_program and not is_library) else 0o644)


def build_deb(stage, control, extra, output, quick):
    """control: the fields; extra: name -> text of further control files."""
    meta = stage / "DEBIAN"
    meta.mkdir()
    files = [path for path in sorted(stage.rglob("*")) if meta not in path.parents and path != meta]
    size = sum((path.lstat().st_size + 1023) // 1024 if path.is_file() else 1 for path in files)
    control = control.replace("@SIZE@", str(size))
    sums = "".join(f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(stage)}\n"
                   for path in files if path.is_file() and not path.is_symlink())
    for name, text in {"control": control, "md5sums": sums, **extra}.items():
        (meta / name).write_text(text)
    tidy_modes(stage)
    run(["dpkg-deb", "--root-owner-group", "-Zgzip" if quick else "-Zxz", "-b", stage, output])


def make_deb(tree, version, when, work, output, quick):
    stage, symbols = work / "deb", work / "dbgsym"
    shutil.copytree(tree, stage / "usr", symlinks=True)
    doc = stage / "usr/share/doc/deja"
    (doc / "LICENSE").unlink()  # "copyright" says where it is
    (doc / "CHANGELOG.md").unlink()
    shutil.copy(DEBIAN / "copyright", doc / "copyright")
    write_gzip(doc / "changelog.gz", changelog(version, when))
    for page in list((stage / "usr/share/man").rglob("*.1")):
        compress(page)
    overrides = stage / "usr/share/lintian/overrides/deja"
    overrides.parent.mkdir(parents=True)
    shutil.copy(DEBIAN / "lintian-overrides", overrides)
    ids = split_debug_symbols(stage, symbols)
    architecture = run(["dpkg", "--print-architecture"]).strip()
    fields = f"Version: {version}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\nInstalled-Size: @SIZE@\n"
    name = f"{version}_{architecture}.deb"
    build_deb(stage, f"Package: deja\n{fields}Depends: {shared_library_depends(stage)}\nSection: devel\n"
              f"Priority: optional\nDescription: {DESCRIPTION}\n",
              {"postrm": (DEBIAN / "postrm").read_text(), "triggers": "activate-noawait ldconfig\n",
               "shlibs": f"libdeja 0 deja (= {version})\n"}, output / f"deja_{name}", quick)
    (symbols / "usr/share/doc").mkdir(parents=True)
    (symbols / "usr/share/doc/deja-dbgsym").symlink_to("deja")
    build_deb(symbols, f"Package: deja-dbgsym\nSource: deja\n{fields}Depends: deja (= {version})\nSection: debug\n"
              f"Priority: optional\nAuto-Built-Package: debug-symbols\nBuild-Ids: {' '.join(ids)}\n"
              "Description: debug symbols for deja\n", {}, output / f"deja-dbgsym_{name}", quick)
    return [output / f"deja_{name}", output / f"deja-dbgsym_{name}"]


def make_tarball(tree, version, when, work, output, quick):
    stage = work / "tarball"
    shutil.copytree(tree, stage, symlinks=True)
    for path in binaries_of(stage):
        run(["strip", "--strip-unneeded", path])
    tidy_modes(stage)
    name = f"deja-{version}-linux-{os.uname().machine}"
    path = output / f"{name}.tar.gz"

    def owned_by_root(info):
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        info.mtime = when
        return info

    with open(path, "wb") as file, gzip.GzipFile("", "wb", 1 if quick else 9, file, mtime=0) as zipped, \
            tarfile.open(fileobj=zipped, mode="w") as tar:
        tar.add(stage, name, filter=owned_by_root)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help="a built tree")
    parser.add_argument("--output", type=pathlib.Path, help="where the packages go (default: the tree)")
    parser.add_argument("--quick", action="store_true", help="for tests: compress fast")
    options = parser.parse_args()
    output = (options.output or options.build).resolve()
    version, when = version_of(options.build), time_of_sources()
    os.environ["SOURCE_DATE_EPOCH"] = str(when)
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="deja-package.") as directory:
        work = pathlib.Path(directory)
        tree = work / "tree"
        run(["cmake", "--install", options.build, "--prefix", tree])
        made = make_deb(tree, version, when, work, output, options.quick)
        made.append(make_tarball(tree, version, when, work, output, options.quick))
    print("\n".join(str(path) for path in made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
