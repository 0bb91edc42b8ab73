#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Remotes that fail, in every way that a proxy and a file system can make them fail.

A healthy machine has put half of the results on the remote. Then, for each fault, a machine with an empty cache builds all
files: it reads one half and writes the other. Whatever happens:

  - the build succeeds, and its outputs are what the compiler alone leaves;
  - its local cache holds nothing wrong: the same again without a remote, and `deja verify`;
  - the remote holds nothing wrong that is used: a third machine, without the fault, gets the right outputs.

The table says how long the build took over one without a remote. No time is asserted. Exit 1: something was wrong.
Exit 77 (a skip): no server is installed.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import proxy  # noqa: E402
import servers  # noqa: E402

SKIP = 77
FILES = 4
STATUSES = (403, 429, 500, 503)


class Failed(Exception):
    pass


class Bench:
    def __init__(self, deja, work):
        self.deja, self.work = str(deja), work
        self.wrong, self.rows, self.machines = [], [], 0
        self.expected = {}
        self.write_sources()

    def write_sources(self):
        """Every second output is too large for an offer, so it is a request of its own."""
        self.source = self.work / "source"
        self.source.mkdir()
        for n in range(FILES):
            table = f"unsigned char table{n}[99000] = {{1, 2, {n}}};\n"
            (self.source / f"f{n}.c").write_text(f"int f{n}(int x) {{ return x + {n}; }}\n" + (table if n % 2 else ""))
            subprocess.run(["gcc", "-c", f"f{n}.c", "-o", "expected.o"], cwd=self.source, check=True)
            self.expected[n] = (self.source / "expected.o").read_bytes()

    def environment(self, cache, remote=None, **more):
        out = {k: v for k, v in os.environ.items() if not k.startswith(("DEJA_", "AWS_")) and not k.lower().endswith("_proxy")}
        out |= {"DEJA_DIR": str(cache), "XDG_CONFIG_HOME": str(self.work / "config")} | more
        return out | {"DEJA_REMOTE": remote} if remote else out

    def new_cache(self):
        self.machines += 1
        return self.work / f"cache{self.machines}"

    def ask(self, env, *words, check=True):
        done = subprocess.run([self.deja, *words], env=env, capture_output=True, text=True)
        if check and done.returncode != 0:
            raise Failed(f"deja {' '.join(words)}: {done.returncode} {done.stderr.strip()}")
        return done

    def build(self, what, env, files=range(FILES)):
        """Compiles and compares; seconds."""
        total = 0
        for n in files:
            output = self.source / f"f{n}.o"
            output.unlink(missing_ok=True)
            start = time.monotonic()
            done = subprocess.run([self.deja, "gcc", "-c", f"f{n}.c"], cwd=self.source, env=env, capture_output=True, text=True)
            total += time.monotonic() - start
            if done.returncode != 0 or done.stderr or done.stdout:
                self.wrong.append(f"{what}: f{n}.c: {done.returncode} {done.stdout}{done.stderr}")
            elif not output.exists() or output.read_bytes() != self.expected[n]:
                self.wrong.append(f"{what}: f{n}.o is not the compiler's")
        return total

    def alone(self):
        """Seconds without a remote."""
        cache = self.new_cache()
        env = self.environment(cache)
        self.ask(env, "daemon", "start")
        seconds = self.build("without a remote", env)
        self.ask(env, "daemon", "stop")
        shutil.rmtree(cache)
        return seconds

    def fill(self, address, variables):
        cache = self.new_cache()
        env = self.environment(cache, address, **variables)
        self.build("the healthy machine", env, range(FILES // 2))
        self.ask(env, "remote", "flush")
        self.ask(env, "daemon", "stop")
        shutil.rmtree(cache)

    def remote_hits(self, env):
        return self.ask(env, "stats", "--format", "json").stdout.partition('"remote_hits": ')[2].partition(",")[0].strip()

    def check(self, what, env, cache, healthy_env):
        """After the build under a fault: nothing wrong in this cache or on the remote."""
        self.build(what + ", then without a remote", self.environment(cache))
        verified = self.ask(self.environment(cache), "verify", check=False)
        if verified.returncode != 0:
            self.wrong.append(f"{what}: the local cache is damaged: {verified.stdout}{verified.stderr}")
        self.ask(env, "daemon", "stop")
        if healthy_env is not None:
            self.build(what + ", then another machine", healthy_env)
            self.ask(healthy_env, "daemon", "stop")
            shutil.rmtree(healthy_env["DEJA_DIR"])

    def meet(self, what, address, variables, healthy_address=None, during=lambda: None):
        """One machine meets one fault."""
        cache = self.new_cache()
        env = self.environment(cache, address, **variables)
        alone = self.alone()
        self.ask(env, "daemon", "start")
        during()
        seconds = self.build(what, env)
        self.ask(env, "remote", "flush", "--timeout", "1", check=False)
        hits = self.remote_hits(env)
        healthy = self.environment(self.new_cache(), healthy_address, **variables) if healthy_address else None
        self.check(what, env, cache, healthy)
        shutil.rmtree(cache)
        self.rows.append((what, seconds - alone, alone, hits))
        print(f"{what:32} {seconds:6.2f} s, {seconds - alone:+6.2f} s over no remote, {hits} hits", flush=True)

    def meet_all(self, server):
        between = proxy.Proxy(server.port)
        try:
            faults = [(None, 0), *((fault, 0) for fault in proxy.FAULTS if fault != "status")]
            if server.name != "redis":
                faults += [("status", status) for status in STATUSES]
            for fault, status in faults:
                server.empty()
                self.fill(server.address(), server.variables)
                between.fault, between.status = fault, status
                self.meet(f"{server.name}: {status or fault or 'healthy'}", server.address(between.port), server.variables,
                          server.address())
        finally:
            between.close()

    def meet_directories(self):
        place = self.work / "remote"
        address = f"file://{place}"

        def filled():
            shutil.rmtree(place, ignore_errors=True)
            self.fill(address, {})

        filled()
        self.meet("directory: healthy", address, {}, address)
        self.meet_mounted(place, address, filled)
        filled()
        gone = threading.Event()

        def vanish():
            while not gone.wait(0.002):
                shutil.rmtree(place, ignore_errors=True)

        vanisher = threading.Thread(target=vanish)
        try:
            self.meet("directory: vanishes", address, {}, None, during=vanisher.start)
        finally:
            gone.set()
            if vanisher.ident:
                vanisher.join()
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for parent in ("ac", "cas"):
            (place / parent).write_text("a file where a directory belongs\n")
        self.meet("directory: of another form", address, {})

    def meet_mounted(self, place, address, filled):
        """A full and a read-only directory; both need a file system of their own."""
        if os.geteuid() != 0:
            print("directory: full and read-only are left out: this is not root")
            return
        mounted = self.work / "mounted"
        mounted.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", mounted], capture_output=True).returncode != 0:
            print("directory: full and read-only are left out: nothing can be mounted here")
            return
        try:
            filled()
            shutil.copytree(place, mounted / "remote")
            with open(mounted / "filler", "wb", buffering=0) as filler:
                try:
                    while True:
                        filler.write(b"x" * 4096)
                except OSError:
                    pass
            address = f"file://{mounted}/remote"
            self.meet("directory: full", address, {}, address)
            subprocess.run(["mount", "-o", "remount,ro", mounted], check=True)
            self.meet("directory: read-only", address, {}, address)
        finally:
            subprocess.run(["umount", mounted], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deja", required=True, type=pathlib.Path)
    parser.add_argument("names", nargs="*", help="only these: redis, http, s3, directory")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, servers.end_once)
    work = pathlib.Path(tempfile.mkdtemp(prefix="deja-faults-"))
    kinds = {kind.name: kind for kind in (servers.Redis, servers.Nginx, servers.Ceph)}
    met, skipped, bench = 0, [], None
    try:
        bench = Bench(args.deja.resolve(), work)
        for name in args.names or [*kinds, "directory"]:
            if name == "directory":
                bench.meet_directories()
                met += 1
                continue
            try:
                server = kinds[name](work / name)
            except servers.Missing as reason:
                skipped.append(f"{name} left out: {reason}")
                continue
            try:
                bench.meet_all(server)
                met += 1
            finally:
                server.stop()
    finally:
        if bench is not None:
            for cache in work.glob("cache*"):
                bench.ask(bench.environment(cache), "daemon", "stop", check=False)
        shutil.rmtree(work, ignore_errors=True)
    for line in [*skipped, *bench.wrong]:
        print(line)
    if bench.wrong:
        return 1
    return 0 if met else SKIP


if __name__ == "__main__":
    sys.exit(main())
