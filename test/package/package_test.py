#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The packages of a built release tree: installed, used, upgraded while an engine runs, removed; the tarball moved to
another place; `cmake --install`.

Everything happens in a temporary directory. dpkg works there on a database of its own (--root); the machine's is not
touched, and the machine's is read before and after to prove it.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
PROGRAMS = ["bin/deja", "libexec/deja/dejad", "libexec/deja/deja-cli", "libexec/deja/deja-supervise",
            "libexec/deja/libdeja-observe.so", "libexec/deja/libdeja-remote.so", "lib/libdeja.so"]
build = None  # the built tree
made = None   # directory of the packages


def run(argv, **options):
    return subprocess.run([str(word) for word in argv], check=True, text=True, capture_output=True, **options).stdout


def package(name):
    return next(made.glob(name))


def of_the_machine():
    """What the machine's own dpkg knows of deja."""
    known = subprocess.run(["dpkg-query", "-W", "-f", "${Version} ${db:Status-Status}", "deja"],
                           capture_output=True, text=True)
    return known.stdout or "nothing"


class Installation:
    """deja below a prefix, with a cache, a home and a project of its own."""

    def __init__(self, prefix, place):
        self.prefix, self.place = prefix, place
        self.work = place / "work"
        self.work.mkdir(parents=True)
        (self.work / "a.c").write_text("int a;\n")
        self.env = {"PATH": "/usr/bin:/bin", "HOME": str(place), "DEJA_DIR": str(place / "cache"), "LANG": "C.UTF-8"}

    def deja(self, *words):
        return run([self.prefix / "bin/deja", *words], cwd=self.work, env=self.env)

    def compile(self):
        """The outcome of a compile of a.c."""
        (self.work / "a.o").unlink(missing_ok=True)
        self.deja("gcc", "-c", "a.c", "-o", "a.o")
        assert (self.work / "a.o").exists()
        line = self.deja("events", "--format", "json").splitlines()[-1]
        return re.search(r'"outcome":\s*"(\w+)"', line)[1]

    def engine(self):
        status = self.deja("daemon", "status", "--format", "json")
        pid = re.search(r'"pid":\s*(\d+)', status)
        return int(pid[1]) if pid and re.search(r'"running":\s*true', status) else None

    def stop(self):
        if (self.prefix / "bin/deja").exists():
            self.deja("daemon", "stop")


def has_ended(pid, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)  # the end of a process that is no child has no event
    return False


class Packages(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="deja-package-test.")
        self.addCleanup(directory.cleanup)
        self.dir = pathlib.Path(directory.name)

    def installation(self, prefix):
        made_here = Installation(prefix, self.dir / "user")
        self.addCleanup(made_here.stop)
        return made_here

    def dpkg(self, root, *words):
        """A dpkg that knows only this root. Scripts run outside of it, because it holds no shell."""
        database = root / "var/lib/dpkg"
        for name in ("info", "updates", "triggers"):
            (database / name).mkdir(parents=True, exist_ok=True)
        for name in ("status", "available"):
            (database / name).touch()
        return run(["fakeroot", "dpkg", f"--root={root}", f"--log={self.dir}/dpkg.log", "--force-depends",
                    "--force-not-root", "--force-script-chrootless", *words],
                   env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})

    def newer(self, deb):
        """The same package as the next version."""
        tree, out = self.dir / "newer", self.dir / "newer.deb"
        run(["dpkg-deb", "-R", deb, tree])
        control = tree / "DEBIAN/control"
        control.write_text(re.sub(r"^(Version: .*)$", r"\1+next", control.read_text(), flags=re.MULTILINE))
        run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-b", tree, out])
        return out

    def expect_to_work(self, installed):
        self.assertEqual(installed.compile(), "miss")
        self.assertEqual(installed.compile(), "hit")

    def test_installed_used_upgraded_and_removed(self):
        machine = of_the_machine()
        root = self.dir / "root"
        root.mkdir()
        deb = package("deja_*.deb")
        self.dpkg(root, "-i", deb)
        for name in PROGRAMS + ["share/man/man1/deja.1.gz", "share/bash-completion/completions/deja",
                                "share/zsh/vendor-completions/_deja", "share/fish/vendor_completions.d/deja.fish",
                                "share/doc/deja/copyright", "share/doc/deja/changelog.gz"]:
            self.assertTrue((root / "usr" / name).exists(), name)
        installed = self.installation(root / "usr")
        self.expect_to_work(installed)
        old = installed.engine()
        self.assertEqual(os.readlink(f"/proc/{old}/exe"), str(root / "usr/libexec/deja/dejad"))

        self.dpkg(root, "-i", self.newer(deb))
        # The build goes on, whichever engine answers; the old one ends by itself, and its successor is of the new file.
        self.assertEqual(installed.compile(), "hit")
        self.assertTrue(has_ended(old), "the old engine stays")
        self.assertEqual(installed.compile(), "hit")
        new = installed.engine()
        self.assertNotEqual(new, old)
        self.assertEqual(os.readlink(f"/proc/{new}/exe"), str(root / "usr/libexec/deja/dejad"))

        self.dpkg(root, "-r", "deja")
        left = [path for path in (root / "usr").rglob("*") if not path.is_dir()] if (root / "usr").exists() else []
        self.assertEqual(left, [])
        self.assertTrue(has_ended(new), "the engine stays")
        self.assertTrue((installed.place / "cache").is_dir(), "the user's cache is the user's")
        self.assertEqual(of_the_machine(), machine)

    def test_the_hooks_of_tests_stay_at_home(self):
        for name in PROGRAMS:
            self.assertNotIn(b"DEJA_TEST_", (build / name).read_bytes(), name)

    def test_the_debug_symbols_belong_to_the_programs(self):
        run(["dpkg-deb", "-x", package("deja_*.deb"), self.dir])
        run(["dpkg-deb", "-x", package("deja-dbgsym_*.deb"), self.dir])
        for name in PROGRAMS[1:]:
            notes = run(["readelf", "-n", self.dir / "usr" / name])
            build_id = re.search(r"Build ID: (\w+)", notes)[1]
            symbols = self.dir / f"usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug"
            self.assertTrue(symbols.exists(), name)
            self.assertNotIn(".debug_info", run(["readelf", "-SW", self.dir / "usr" / name]), name)
            self.assertIn(".debug_line", run(["readelf", "-SW", symbols]), name)

    def test_the_distributions_checker_has_nothing_to_say(self):
        if shutil.which("lintian") is None:
            self.skipTest("NOT TESTED: lintian is not installed")
        checked = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", *made.glob("*.deb")],
                                 capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stdout), (0, ""))

    def test_the_tarball_runs_where_it_is_put(self):
        with tarfile.open(package("deja-*.tar.gz")) as tar:
            tar.extractall(self.dir / "first")
        top = next((self.dir / "first").iterdir())
        elsewhere = self.dir / "else-where"
        top.rename(elsewhere)
        installed = self.installation(elsewhere)
        self.expect_to_work(installed)
        self.assertEqual(installed.deja("doctor").splitlines()[-1], "no problems")

    def test_cmake_installs_what_the_tarball_holds(self):
        prefix = self.dir / "prefix"
        run(["cmake", "--install", build, "--prefix", prefix])
        with tarfile.open(package("deja-*.tar.gz")) as tar:
            held = {member.name.partition("/")[2] for member in tar if not member.isdir()}
        installed = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir()}
        self.assertEqual(installed, held)
        self.expect_to_work(self.installation(prefix))

    def test_the_version_comes_from_one_place(self):
        version = re.search(r"project\(deja VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
        with tarfile.open(package("deja-*.tar.gz")) as tar:
            tar.extractall(self.dir)
        said = run([next(self.dir.glob("deja-*")) / "bin/deja", "--version"])
        self.assertRegex(said, rf"^deja {re.escape(version)} \(build [0-9a-f]{{8}}, (commit \w+\+?, )?release\)\n$")
        self.assertEqual(package("deja_*.deb").name.split("_")[1], version)
        self.assertIn(f"-{version}-", package("deja-*.tar.gz").name)


def why_not_testable():
    missing = [name for name in PROGRAMS if not (build / name).exists()]
    if missing:
        return f"{build} is not built ({missing[0]} is missing): run ./dev build release"
    tools = [tool for tool in ("dpkg-deb", "dpkg-shlibdeps", "fakeroot", "gcc", "readelf") if shutil.which(tool) is None]
    return f"{tools[0]} is not installed" if tools else ""


def main():
    global build, made
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    options, rest = parser.parse_known_args()
    build = options.build.resolve()
    if reason := why_not_testable():
        print(f"NOT TESTED: {reason}")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="deja-packages.") as directory:
        made = pathlib.Path(directory)
        run([sys.executable, ROOT / "tools/package.py", "--build", build, "--output", made, "--quick"])
        program = unittest.main(argv=[sys.argv[0], *rest], exit=False)
    return 0 if program.result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
