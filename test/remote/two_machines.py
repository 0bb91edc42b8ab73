#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two machines and real projects: what one has built, the other gets from a remote.

Machine A builds a project at one path. Machine B is another user (when this runs as root) with another home, another
cache and another path. It builds the same source through the remote. Both leave byte for byte what the tools alone
leave at that path. What B could not use is listed with its reason. Without debug information first; then with it and
with DEJA_PORTABLE=1 on both machines, because objects with debug information hold the directory.

Exit 1: an output differs, or less than was to be expected came from the remote. Exit 77 (a skip): a tool is missing.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "demo"))
import crates  # noqa: E402
import projects  # noqa: E402
import servers  # noqa: E402

SKIP = 77
OTHER_USER = "nobody"
DROPPED = re.compile(r"^(DEJA_|CCACHE_|CMAKE_|CARGO|RUST|MAKE|XDG_|(CC|CXX|[A-Z]*FLAGS|TMPDIR|PWD|OLDPWD|SHLVL|_)$)")


class Failed(Exception):
    pass


def closed_directory(path):
    """The directory on the way to `path`, or itself, that is closed to other users; None: there is none."""
    for directory in [path, *path.parents]:
        if directory.stat().st_mode & 0o005 != 0o005:
            return directory
    return None


class Machine:
    """A user with a home, a directory for sources, and a cache."""

    def __init__(self, name, work, deja, remote, user=None):
        self.name, self.deja, self.user = name, deja, user
        self.home = work / name
        self.home.mkdir()
        if user:
            os.chown(self.home, user.pw_uid, user.pw_gid)
        self.environment = {k: v for k, v in os.environ.items() if not DROPPED.match(k)} | {
            "HOME": str(self.home), "DEJA_DIR": str(self.home / "cache"), "DEJA_REMOTE": remote, "CCACHE_DISABLE": "1",
            "LC_ALL": "C.UTF-8", "USER": user.pw_name if user else "me",
            "PATH": (f"{self.home}/bin:" if user else "") + "/usr/local/bin:/usr/bin:/bin"}

    def run(self, command, cwd=None, check=True, **variables):
        more = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        place = str(cwd or self.home)
        done = subprocess.run(list(map(str, command)), cwd=place, env=self.environment | {"PWD": place} | variables,
                              capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, **more)
        if check and done.returncode != 0:
            raise Failed(f"{self.name}: {' '.join(map(str, command))}: {done.returncode}\n"
                         f"{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout

    def give(self, path):
        """The tree belongs to this machine's user."""
        if self.user:
            for directory, _, names in os.walk(path):
                for name in [".", *names]:
                    os.chown(os.path.join(directory, name), self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)

    def events(self):
        return [json.loads(line) for line in self.run([self.deja, "events", "--format", "json"]).splitlines() if line]

    def stop(self):
        self.run([self.deja, "daemon", "stop"], check=False)


class CMakeProject:
    """jsoncpp with CMake and Ninja."""

    name = "jsoncpp"
    shared = (0.9, 0.9)  # the part that must come from the remote: without and with debug information and DEJA_PORTABLE
    OPTIONS = ["-DJSONCPP_WITH_TESTS=OFF", "-DBUILD_SHARED_LIBS=OFF", "-DBUILD_STATIC_LIBS=OFF", "-DCCACHE_EXECUTABLE="]

    def __init__(self, work):
        self.source = projects.debian_source("libjsoncpp", work)

    def prepare(self, tree):
        shutil.copytree(self.source, tree, symlinks=True)

    def build(self, machine, tree, deja, debug):
        launchers = [f"-DCMAKE_{language}_COMPILER_LAUNCHER={deja}" for language in ("C", "CXX")] if deja else []
        flags = "-O0 -g -DNDEBUG" if debug else "-O0 -DNDEBUG"
        machine.run(["cmake", "-G", "Ninja", "-S", ".", "-B", "build", "-DCMAKE_BUILD_TYPE=None", f"-DCMAKE_CXX_FLAGS={flags}",
                     f"-DCMAKE_C_FLAGS={flags}", *self.OPTIONS, *launchers], tree)
        machine.run(["ninja", "-C", "build"], tree)

    def outputs(self, tree):
        return {p.relative_to(tree): p for p in (tree / "build").rglob("*")
                if p.suffix in (".o", ".a") and p.is_file() and "CMakeScratch" not in p.parts}


class CargoProject:
    """A workspace of several crates with a proc macro, built by cargo without a network."""

    name = "cargo workspace"
    shared = (0.25, 0.5)  # its proc macro and what uses it are bound to their directory

    def __init__(self, work):
        self.toolchain = crates.Toolchain(work)
        self.graph = crates.Small(self.toolchain)
        library = self.toolchain.bin.parent / "lib"
        real = library.resolve()
        if closed_directory(real):  # the other user must reach it
            library.unlink()
            shutil.copytree(real, library, symlinks=True)

    def prepare(self, tree):
        self.graph.prepare(tree)

    def build(self, machine, tree, deja, debug):
        variables = {"RUSTC_WRAPPER": str(deja)} if deja else {}
        env = self.toolchain.environment(machine.environment, machine.home, CARGO_INCREMENTAL="0",
                                         CARGO_PROFILE_DEV_DEBUG="2" if debug else "0", **variables)
        changed = {k: v for k, v in env.items() if machine.environment.get(k) != v}
        machine.run([self.toolchain.bin / "cargo", "build", "--offline"], tree, **changed)

    def outputs(self, tree):
        return {p.relative_to(tree): p for p in (tree / "target").rglob("*")
                if p.suffix in (".rlib", ".rmeta", ".so") or (p.parent.name == "debug" and os.access(p, os.X_OK))
                if p.is_file()}


def digests(outputs):
    return {str(name): hashlib.blake2b(path.read_bytes()).hexdigest() for name, path in outputs.items()}


def reason_of(event, work):
    text = event["reason"] or "new"
    if event["not_stored"]:
        text += f"; not stored: {event['not_stored']}"
    return re.sub(r"(variable \w+)=.*", r"\1", text).replace(str(work), "…")[:160]


class Story:
    """One project on both machines."""

    def __init__(self, project, a, b, work):
        # With DEJA_PORTABLE the tools alone leave other debug information, so a cache that is empty is compared with.
        self.project, self.a, self.b, self.work, self.wrong = project, a, b, work, []

    def tree(self, machine, place):
        tree = machine.home / place
        shutil.rmtree(tree, ignore_errors=True)
        tree.parent.mkdir(parents=True, exist_ok=True)
        self.project.prepare(tree)
        machine.give(tree.parent)
        return tree

    def build(self, machine, place, deja, debug, **variables):
        """Digests of the outputs, and the events of the build."""
        tree = self.tree(machine, place)
        usual = machine.environment
        machine.environment = usual | variables
        before = len(machine.events()) if deja else 0
        self.project.build(machine, tree, deja, debug)
        events = machine.events()[before:] if deja else []
        if variables:
            machine.stop()
        machine.environment = usual
        return digests(self.project.outputs(tree)), events

    def compare(self, what, ours, plain):
        different = sorted(name for name in ours.keys() | plain.keys() if ours.get(name) != plain.get(name))
        self.wrong += [f"{what}: {name} is not what the tools alone leave" for name in different]
        if not plain:
            self.wrong.append(f"{what}: the build has no outputs")

    def run(self, debug, share_expected):
        name = f"{self.project.name}{' -g' if debug else ''}"
        portable = self.a.environment.get("DEJA_PORTABLE") == "1"
        plain, _ = self.build(self.a, "src/project", None, debug)
        ours, _ = self.build(self.a, "src/project", self.a.deja, debug)
        if not portable:  # debug information then holds other names on purpose
            self.compare(f"{name}, machine A", ours, plain)
        self.a.run([self.a.deja, "remote", "flush", "--timeout", "120"])

        place = "another place/of the/project"
        plain, _ = self.build(self.b, place, self.b.deja if portable else None, debug, DEJA_REMOTE_MODE="off",
                              DEJA_DIR=str(self.b.home / "cache of its own"))
        theirs, events = self.build(self.b, place, self.b.deja, debug)
        self.compare(f"{name}, machine B", theirs, plain)
        self.report(name + (", portable" if portable else ""), events, share_expected)

    def report(self, name, events, share_expected):
        asked = [e for e in events if e["outcome"] in ("hit", "miss")]
        remote = [e for e in asked if e["outcome"] == "hit" and e["remote"]]
        local = [e for e in asked if e["outcome"] == "hit" and not e["remote"]]
        print(f"{name}: {len(remote)} of {len(asked)} from the remote, {len(local)} local, "
              f"{len(asked) - len(remote) - len(local)} run")
        kinds = collections.defaultdict(list)
        for event in asked:
            if event["outcome"] == "miss":
                kinds[reason_of(event, self.work)].append(event["what"])
        for kind, names in kinds.items():
            print(f"  {len(names)} × {kind}  ({', '.join(names[:3])})")
        if len(remote) < share_expected * len(asked) or not asked:
            self.wrong.append(f"{name}: {len(remote)} of {len(asked)} came from the remote, at least "
                              f"{share_expected:.0%} were to be expected")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deja", required=True, type=pathlib.Path)
    parser.add_argument("--server", choices=("redis", "http"), default="redis")
    parser.add_argument("kinds", nargs="*", default=[], help="cpp, rust; both unless named")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, servers.end_once)
    work = pathlib.Path(tempfile.mkdtemp(prefix="deja-machines-"))
    work.chmod(0o755)
    deja, server, machines, wrong, is_incomplete = args.deja.resolve(), None, [], [], False
    try:
        server = {"redis": servers.Redis, "http": servers.Nginx}[args.server](work / "server")
        other = None
        if os.geteuid() == 0:
            closed = closed_directory(deja.parent)
            if closed:
                print(f"both machines are one user: {closed} is closed to others")
            else:
                other = pwd.getpwnam(OTHER_USER)
        for kind in args.kinds or ["cpp", "rust"]:
            try:
                project = CMakeProject(work) if kind == "cpp" else CargoProject(work)
                for number, share in enumerate(project.shared):
                    debug = portable = number == 1
                    a = Machine(f"{kind}-{number}-alice", work, deja, server.address())
                    b = Machine(f"{kind}-{number}-bob", work, deja, server.address(), other)
                    machines += [a, b]
                    for machine in (a, b):
                        machine.environment["DEJA_REMOTE_NAMESPACE"] = f"{kind} {number}"
                        if portable:
                            machine.environment["DEJA_PORTABLE"] = "1"
                    story = Story(project, a, b, work)
                    story.run(debug, share)
                    wrong += story.wrong
            except (crates.Missing, projects.NoSource) as reason:
                print(f"{kind} left out: {reason}")
                is_incomplete = True
    except servers.Missing as reason:
        print(f"skipped: {reason}")
        return SKIP
    except Failed as reason:
        print(reason)
        return 1
    finally:
        for machine in machines:
            machine.stop()
        if server is not None:
            server.stop()
        shutil.rmtree(work, ignore_errors=True)
    for line in wrong:
        print(line)
    return 1 if wrong else SKIP if is_incomplete else 0


if __name__ == "__main__":
    sys.exit(main())
