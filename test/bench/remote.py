#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`./dev bench remote`: builds on a machine whose cache is empty, from a remote at a distance.

  local             everything is in the local cache, and no remote is configured
  deja redis 20     nothing is in the local cache, everything in a Redis 20 ms away (round trip)
  … prefetched      the same, and the project has a name, so the record of an earlier build is fetched ahead
  ccache redis 20   the same by ccache with its own Redis storage, or HTTP

All builds start with the tree cleaned and, for deja, a new engine that has read the compilers. Those of a round follow one another, and ratios are over
the local build of that round; medians over the rounds are printed. The distance is made by a proxy
(test/remote/proxy.py), which also counts round trips and bytes. Then: what uploads add to a first build, what a remote that
is dead or has nothing to say costs, the engine's memory.
"""

import argparse
import collections
import json
import os
import pathlib
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
for name in ("demo", "remote"):
    sys.path.insert(0, str(HERE.parent / name))
import crates  # noqa: E402
import demo  # noqa: E402
import projects  # noqa: E402
import proxy  # noqa: E402
import servers  # noqa: E402


def must(command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, errors="replace", **options)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))}: {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


class Native:
    """A project of ./dev demo: one tree for each compiler front, cleaned before each build."""

    fronts = ("deja", "ccache")
    others = (["gcc", "-c", "a.c"], ["g++", "-c", "a.cc"])

    def __init__(self, kind, work):
        self.project, self.work, self.name = kind(work), work, kind.name

    def tree(self, program):
        tree = self.work / f"{self.name}-{pathlib.Path(program).name}"
        if not tree.exists():
            self.project.prepare(tree, program)
        return tree

    def prepare(self, program, environment):
        self.tree(program)
        self.clean(program, environment)

    def clean(self, program, environment):
        is_ninja = self.project.command(program)[0] == "ninja"
        must(["ninja", "-t", "clean"] if is_ninja else ["make", "clean"], cwd=self.tree(program), env=environment)

    def build(self, program, environment):
        must(self.project.command(program), cwd=self.tree(program), env=environment)


class Cargo:
    fronts = ("deja",)

    def __init__(self, kind, work):
        self.toolchain, self.work, self.name = crates.Toolchain(work), work, kind.name
        self.kind = kind(self.toolchain)
        self.directory = work / "cargo" / self.name
        self.others = (["gcc", "-c", "a.c"], [self.toolchain.bin / "rustc", "--crate-type=rlib", "lib.rs"])

    def prepare(self, program, environment):
        if not self.directory.exists():
            self.directory.parent.mkdir(parents=True, exist_ok=True)
            self.kind.prepare(self.directory)
        self.clean(program, environment)

    def clean(self, program, environment):
        crates.remove_target(self.directory)

    def build(self, program, environment):
        env = self.toolchain.environment(environment, self.work, RUSTC_WRAPPER=str(program))
        must([self.toolchain.bin / "cargo", "build", "--offline"], cwd=self.directory, env=env)


KINDS = {"googletest": (Native, projects.GoogleTest), "zlib": (Native, projects.Zlib),
         "generated": (Native, projects.Generated), "bat": (Cargo, crates.Bat), "workspace": (Cargo, crates.Small)}


class Deja:
    """The program under test with caches of its own, one for each machine that it plays."""

    def __init__(self, program, work):
        self.program, self.work = program, work

    def environment(self, machine, **more):
        out = {k: v for k, v in os.environ.items() if not k.startswith(("DEJA_", "CCACHE_"))}
        return out | {"DEJA_DIR": str(self.work / "caches" / machine), "XDG_CONFIG_HOME": str(self.work / "config"),
                      "CCACHE_DISABLE": "1"} | more

    def ask(self, env, *words):
        return must([self.program, *words], env=env)

    def start(self, env):
        self.ask(env, "daemon", "start")

    def stop(self, env):
        subprocess.run([self.program, "daemon", "stop"], env=env, capture_output=True)

    def empty(self, env):
        self.stop(env)
        shutil.rmtree(env["DEJA_DIR"], ignore_errors=True)

    def counts(self, env):
        return json.loads(self.ask(env, "stats", "--format", "json"))

    def engine(self, env):
        """Resident memory in MB and processor seconds of the engine."""
        pid = json.loads(self.ask(env, "daemon", "status", "--format", "json"))["pid"]
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        resident = int(status.partition("VmRSS:")[2].split()[0]) / 1024
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return resident, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.deja = Deja(str(options.deja.resolve()), work)
        self.servers = {}
        for kind in (servers.Redis, servers.Nginx):
            try:
                server = kind(work / kind.name)
                self.servers[kind.name] = (server, proxy.Proxy(server.port))
            except servers.Missing as reason:
                print(f"bench: without {kind.name}: {reason}", file=sys.stderr)
        self.engines = []

    def close(self):
        for env in self.engines:
            self.deja.stop(env)
        for server, between in self.servers.values():
            between.close()
            server.stop()

    # One timed build; seconds.
    def timed(self, project, program, env):
        project.clean(program, env)
        start = time.monotonic()
        project.build(program, env)
        return time.monotonic() - start

    def deja_env(self, machine, server=None, named=False, direct=False, **more):
        if server:
            port = None if direct else self.servers[server][1].port
            more["DEJA_REMOTE"] = self.servers[server][0].address(port)
            more["DEJA_REMOTE_MODE"] = "rw" if direct else "ro"
        if named:
            more["DEJA_REMOTE_PROJECT"] = "bench"
        env = self.deja.environment(machine, **more)
        if env not in self.engines:
            self.engines.append(env)
        return env

    def fill(self, project):
        """The first machine builds once with each cache, then gives what it has to each server."""
        local = self.deja_env("first")
        self.deja.empty(local)
        project.prepare(self.deja.program, local)
        self.deja.start(local)
        project.clean(self.deja.program, local)
        project.build(self.deja.program, local)
        self.deja.stop(local)
        shutil.rmtree(self.work / "caches" / "ccache-first", ignore_errors=True)
        for name, (server, _) in self.servers.items():
            server.empty()
            self.deja.ask(self.deja_env("first", name, named=True, direct=True), "remote", "push")
            if "ccache" in project.fronts:
                env = self.ccache_env("first", name, direct=True) | {"CCACHE_RESHARE": "1"}
                project.prepare("ccache", env)
                project.build("ccache", env)

    def ccache_env(self, machine, server, direct=False):
        place, between = self.servers[server]
        env = {k: v for k, v in os.environ.items() if not k.startswith(("DEJA_", "CCACHE_"))}
        return env | {"CCACHE_DIR": str(self.work / "caches" / ("ccache-" + machine)), "CCACHE_CONFIGPATH": str(self.work / "no-ccache.conf"),
                      "CCACHE_REMOTE_STORAGE": place.address(None if direct else between.port) +
                      ("" if direct else "|read-only")}

    def know_compilers(self, project, env):
        """Another project was built here before: the engine has read the compilers, which takes a moment, once."""
        place = self.work / "another project"
        place.mkdir(exist_ok=True)
        (place / "a.c").write_text("int a;\n")
        (place / "a.cc").write_text("int a;\n")
        (place / "lib.rs").write_text("")
        quiet = env | {"DEJA_REMOTE_MODE": "off"}
        for command in project.others:
            must([self.deja.program, *command], cwd=place, env=quiet)
        self.deja.ask(env, "stats", "--zero")

    def local(self, project):
        env = self.deja_env("first")
        self.deja.stop(env)
        self.deja.start(env)
        before = self.deja.counts(env)
        seconds = self.timed(project, self.deja.program, env)
        after = self.deja.counts(env)
        resident, _ = self.deja.engine(env)
        return {"seconds": seconds, "hits": after["hits"] - before["hits"], "misses": after["misses"] - before["misses"],
                "memory": resident}

    def from_remote(self, project, server, delay, named):
        env = self.deja_env("second", server, named)
        self.deja.empty(env)
        between = self.servers[server][1]
        self.deja.start(env)
        self.know_compilers(project, env)
        between.delay = delay
        before = between.counts.copy()
        seconds = self.timed(project, self.deja.program, env)
        asked = between.counts.since(before)
        between.delay = 0
        counts = self.deja.counts(env)
        resident, _ = self.deja.engine(env)
        return {"seconds": seconds, "hits": counts["hits"], "misses": counts["misses"], "remote": counts["remote_hits"],
                "trips": asked.round_trips + asked.connections, "bytes": asked.bytes, "memory": resident}

    def by_ccache(self, project, server, delay):
        env = self.ccache_env("second", server)
        shutil.rmtree(env["CCACHE_DIR"], ignore_errors=True)
        between = self.servers[server][1]
        between.delay = delay
        before = between.counts.copy()
        seconds = self.timed(project, "ccache", env)
        asked = between.counts.since(before)
        between.delay = 0
        said = dict(line.split("\t") for line in must(["ccache", "--print-stats"], env=env).splitlines() if "\t" in line)
        hits = sum(int(said.get(name, 0)) for name in ("direct_cache_hit", "preprocessed_cache_hit"))
        return {"seconds": seconds, "hits": hits, "misses": int(said.get("cache_miss", 0)), "remote": hits,
                "trips": asked.round_trips + asked.connections, "bytes": asked.bytes, "memory": 0}

    def measure(self, project):
        rows = collections.defaultdict(list)
        self.fill(project)
        for n in range(self.options.rounds):
            ways = [("local", lambda: self.local(project))]
            for delay in self.options.delays:
                for server in self.servers:
                    def by_deja(named, server=server, delay=delay):
                        return self.from_remote(project, server, delay / 1000, named)
                    ways.append((f"deja {server} {delay}", lambda f=by_deja: f(False)))
                    ways.append((f"deja {server} {delay} prefetched", lambda f=by_deja: f(True)))
                    if "ccache" in project.fronts:
                        ways.append((f"ccache {server} {delay}",
                                     lambda s=server, d=delay: self.by_ccache(project, s, d / 1000)))
            for name, way in ways if n % 2 == 0 else reversed(ways):
                rows[name].append(way())
                print(f"  {name:32} {rows[name][-1]['seconds']:7.2f} s", file=sys.stderr, flush=True)
        print(f"\n{project.name}, {self.options.rounds} rounds")
        table = []
        for name, all_rounds in rows.items():
            def median(of, all_rounds=all_rounds):
                return statistics.median(of(one, local) for one, local in zip(all_rounds, rows["local"]))
            last = all_rounds[-1]
            is_local = name == "local"
            table.append([name, f"{median(lambda one, _: one['seconds']):.2f}",
                          f"{median(lambda one, local: one['seconds'] / local['seconds']):.2f}",
                          last["hits"], last["misses"], "" if is_local else last["remote"],
                          "" if is_local else f"{median(lambda one, _: one['trips'] / max(1, one['hits'])):.2f}",
                          "" if is_local else f"{median(lambda one, _: one['bytes'] / max(1, one['hits']) / 1024):.0f}",
                          f"{median(lambda one, _: one['memory']):.0f}" if last["memory"] else ""])
        demo.print_table(["build", "seconds", "over local", "hits", "misses", "asked for", "round trips per hit",
                          "KiB per hit", "engine MB"], [[str(cell) for cell in row] for row in table])

    def uploads(self, project):
        """First builds, without and with a remote that is written."""
        server = next(iter(self.servers))
        ratios, lasts, noise, parts = [], [], [], []
        for n in range(self.options.rounds):
            seconds, engine = {}, {}
            order = ("none", "remote", "none again")
            for way in order if n % 2 == 0 else reversed(order):
                self.servers[server][0].empty()
                env = self.deja_env("upload", server if way == "remote" else None, direct=True)
                self.deja.empty(env)
                self.deja.start(env)
                start = time.monotonic()
                used = resource.getrusage(resource.RUSAGE_CHILDREN)
                seconds[way] = self.timed(project, self.deja.program, env)
                now = resource.getrusage(resource.RUSAGE_CHILDREN)
                build_cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
                if way == "remote":
                    self.wait_for_uploads(env)
                    lasts.append(time.monotonic() - start - seconds[way])
                engine[way] = self.deja.engine(env)[1]
                self.deja.stop(env)
            parts.append((engine["remote"] - engine["none"]) / build_cpu)
            ratios.append(seconds["remote"] / seconds["none"])
            noise.append(seconds["none again"] / seconds["none"])
        print(f"\nFirst build of {project.name} with uploads over one without: {statistics.median(ratios):.3f} "
              f"(one without again: {statistics.median(noise):.3f}); the last upload {statistics.median(lasts):.2f} s later; "
              f"the engine's processor time for them is {statistics.median(parts):.1%} of the build's")

    def wait_for_uploads(self, env):
        """Looks at the queue, so that the engine does the work itself."""
        while json.loads(self.deja.ask(env, "remote", "status", "--format", "json"))["queued"]:
            time.sleep(0.05)

    def spawn(self, env, *words):
        start = time.monotonic()
        pid = os.posix_spawn(words[0], list(words), env)
        _, status = os.waitpid(pid, 0)
        if status != 0:
            sys.exit(f"bench: {' '.join(words)} ended with {status}")
        return time.monotonic() - start

    def singles(self, server):
        """One hit and one miss of a small C file: without a remote, with one, with one that never answers."""
        between = self.servers[server][1]
        place = self.work / "singles"
        place.mkdir(exist_ok=True)
        os.chdir(place)
        ways = {"none": self.deja_env("none"), "remote": self.deja_env("some", server, direct=True),
                "dead": self.deja_env("dead", server)}
        gcc = shutil.which("gcc")
        inside = {}
        hits, misses, dead = (collections.defaultdict(list) for _ in range(3))
        for env in ways.values():
            self.deja.empty(env)
            self.deja.start(env)
            pathlib.Path("a.c").write_text("int a;\n")
            self.spawn(env, self.deja.program, gcc, "-c", "a.c")
        time.sleep(1)  # files must look old before their stamps are trusted
        for n in range(self.options.singles):
            for way, env in ways.items() if n % 2 == 0 else reversed(ways.items()):
                hits[way].append(self.spawn(env, self.deja.program, gcc, "-c", "a.c"))
        for n in range(self.options.singles // 10):
            pathlib.Path(f"m{n}.c").write_text(f"int m{n};\n")
            for way in ("none", "remote") if n % 2 == 0 else ("remote", "none"):
                misses[way].append(self.spawn(ways[way], self.deja.program, gcc, "-c", f"m{n}.c"))
        between.fault = "silent"
        between.break_connections()
        for session in range(3):
            for way in ("none", "dead"):
                self.deja.stop(ways[way])
                self.deja.start(ways[way])
                total = 0
                for n in range(20):
                    pathlib.Path("d.c").write_text(f"int d{session}_{way}{n};\n")
                    total += self.spawn(ways[way], self.deja.program, gcc, "-c", "d.c")
                dead[way].append(total)
        between.fault = None
        for way, env in ways.items():
            lines = self.deja.ask(env, "events", "--format", "json").splitlines()
            inside[way] = statistics.median([e["elapsed_us"] for e in map(json.loads, lines) if e["outcome"] == "hit"])
        print(f"\nThe engine's part of such a hit, µs: no remote {inside['none']:.0f}, with one {inside['remote']:.0f}")
        medians = {way: statistics.median(values) * 1e3 for way, values in hits.items()}
        print(f"\nOne hit of a small C file, {self.options.singles} rounds, ms: no remote {medians['none']:.2f}, with one "
              f"{medians['remote']:.2f} ({medians['remote'] / medians['none']:.3f})")
        medians = {way: statistics.median(values) * 1e3 for way, values in misses.items()}
        print(f"One miss, {self.options.singles // 10} rounds, ms: no remote {medians['none']:.1f}, with one that has nothing "
              f"{medians['remote']:.1f} ({medians['remote'] / medians['none']:.3f})")
        added = statistics.median(a - b for a, b in zip(dead["dead"], dead["none"]))
        print(f"20 misses with a remote that never answers: {added * 1e3:.0f} ms more than without one")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deja", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--singles", type=int, default=200)
    parser.add_argument("--delays", type=lambda text: [int(word) for word in text.split(",")], default=[0, 5, 20, 50],
                        help="round trips in milliseconds: 0,5,20,50")
    parser.add_argument("--only", choices=("builds", "uploads", "singles"), help="one part of it")
    parser.add_argument("names", nargs="*", help="only these projects: " + ", ".join(KINDS))
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, servers.end_once)
    work = pathlib.Path(tempfile.mkdtemp(prefix="deja-bench-"))
    bench = None
    try:
        bench = Bench(args, work)
        if not bench.servers:
            sys.exit("bench: neither redis-server nor nginx is installed")
        for name in args.names or ["zlib", "googletest", "bat"]:
            if name not in KINDS:
                sys.exit(f"bench: no project {name}; there are {', '.join(KINDS)}")
            frame, kind = KINDS[name]
            try:
                project = frame(kind, work)
            except (crates.Missing, projects.NoSource) as reason:
                print(f"bench: {name} left out: {reason}", file=sys.stderr)
                continue
            if args.only in (None, "builds"):
                bench.measure(project)
            if args.only in (None, "uploads"):
                project.prepare(bench.deja.program, bench.deja_env("upload"))
                bench.uploads(project)
        if args.only in (None, "singles"):
            bench.singles(next(iter(bench.servers)))
    finally:
        if bench is not None:
            bench.close()
        shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
