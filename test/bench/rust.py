#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`./dev bench rust`: cargo builds of a real crate graph, in many ways.

  plain             cargo and rustc alone, an empty target directory
  deja cold         through deja (RUSTC_WRAPPER) with an empty cache
  deja warm         again, target directory removed
  deja clone        another clone under another name, the same cache
  sccache …         the same three through Debian's sccache with a local disk
  oracle link       a wrapper that puts back by hard links what rustc has left, checks nothing and starts no rustc
  oracle copy       the same by copies: for a cache whose files must not be changed

All warm builds of a round alternate, --warm times. Ratios compare within a round; medians are printed. CPU time is
that of cargo, of all it starts and of the cache's server: on a machine that is busy it says more. rustc's starts are
counted by the kernel (fanotify on a copy of rustc), so nothing stands in anybody's way; build scripts that start
rustc themselves are among them. The profile is cargo's dev profile as it comes.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "demo"))
import crates  # noqa: E402
import demo  # noqa: E402
import starts  # noqa: E402

GRAPHS = {kind.name: kind for kind in (crates.Bat, crates.Small)}


class Plain:
    """cargo alone; also the base class of all wrappers of rustc."""

    def __init__(self, bench):
        self.bench = bench

    def variables(self):
        return {}

    def empty(self):
        """Prepares a cold build: an empty cache and a running server."""

    def counts(self):
        """Hits, misses and failures since the last call."""
        return None, None, None

    def server(self):
        """The process that works for the builds but is not their child."""
        return None

    def stop(self):
        pass


class ByDeja(Plain):
    def __init__(self, bench):
        super().__init__(bench)
        self.deja = demo.Deja(bench.deja, bench.work)

    def variables(self):
        own = ("DEJA_DIR", "XDG_CONFIG_HOME")
        return {"RUSTC_WRAPPER": self.deja.program} | {name: self.deja.environment[name] for name in own}

    def empty(self):
        self.stop()
        shutil.rmtree(self.bench.work / "cache", ignore_errors=True)
        self.deja.ask("daemon", "start")

    def counts(self):
        counts = self.deja.counts()
        self.deja.count_from_zero()
        return counts["hits"], counts["misses"], counts["failures"]

    def server(self):
        return json.loads(self.deja.ask("daemon", "status", "--format", "json"))["pid"]

    def stop(self):
        self.deja.stop()


class BySccache(Plain):
    def __init__(self, bench):
        super().__init__(bench)
        self.directory = bench.work / "sccache"
        with socket.socket() as probe:  # a free port
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None

    def variables(self):
        return {"RUSTC_WRAPPER": "sccache", "SCCACHE_DIR": str(self.directory), "SCCACHE_SERVER_PORT": str(self.port),
                "SCCACHE_CONF": str(self.bench.work / "none"), "SCCACHE_CACHE_SIZE": "5G"}

    def environment(self):
        return self.bench.toolchain.environment(os.environ, self.bench.work, **self.variables())

    def ask(self, *words):
        return crates.must(["sccache", *words], env=self.environment()).stdout

    def empty(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
        env = self.environment() | {"SCCACHE_START_SERVER": "1", "SCCACHE_NO_DAEMON": "1"}
        self.process = subprocess.Popen(["sccache"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self.process.poll() is None and not self.listens():
            time.sleep(0.05)

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def counts(self):
        stats = json.loads(self.ask("--show-stats", "--stats-format", "json"))["stats"]
        self.ask("--zero-stats")
        return *(sum(stats[kind]["counts"].values()) for kind in ("cache_hits", "cache_misses")), None

    def server(self):
        return self.process.pid

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None


class ByOracle(Plain):
    def __init__(self, bench, way):
        super().__init__(bench)
        self.way = way

    def variables(self):
        return {"RUSTC_WRAPPER": str(self.bench.toolchain.wrapper), "RUST_ORACLE": self.way,
                "RUST_ORACLE_STORE": str(self.bench.work / "oracle-store")}


def cpu_of(process):
    """CPU seconds of a process and its ended children."""
    if process is None:
        return 0
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, options, work, graph):
        self.deja, self.work, self.graph = str(options.deja.resolve()), work, graph
        self.toolchain = graph.toolchain
        self.command = ["cargo", "build", "--offline", *options.cargo.split()]
        self.plain, self.by_deja = Plain(self), ByDeja(self)
        self.by_sccache = BySccache(self) if options.sccache and shutil.which("sccache") else None
        self.oracles = {way: ByOracle(self, way) for way in ("link", "copy")}
        self.rounds = []  # of each: road -> [seconds, CPU seconds, starts, hits, misses, failures]
        self.problems = []
        self.servers = [s for s in (self.by_deja, self.by_sccache) if s]
        (work / "oracle-store").mkdir()
        names = ("plain", "deja", "a-second-clone", "sccache-1", "sccache-clone-2", "oracle")
        self.directories = {name: work / name for name in names}
        for directory in self.directories.values():
            graph.prepare(directory)

    def run(self, directory, road):
        """Seconds, CPU seconds, and cargo's output."""
        env = self.toolchain.environment(os.environ, self.directories[directory], **road.variables())
        env = {k: v for k, v in env.items() if not k.startswith(("DEJA_", "CCACHE_")) or k in road.variables()}
        server = road.server()
        cpu = cpu_of(server)
        with tempfile.TemporaryFile("w+") as said:
            start = time.monotonic()
            cargo = subprocess.Popen(self.command, cwd=self.directories[directory], env=env, stdout=said, stderr=said)
            _, status, usage = os.wait4(cargo.pid, 0)
            seconds = time.monotonic() - start
            cargo.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            text = said.read()
        if cargo.returncode != 0:
            sys.exit(f"bench: {directory} failed:\n{text[-3000:]}")
        return seconds, cpu_of(server) - cpu + usage.ru_utime + usage.ru_stime, text

    def build(self, name, directory, road, counter):
        """One build with an empty target directory, measured; and another one, which must find nothing to do."""
        crates.remove_target(self.directories[directory])
        road.counts()
        counter.count()
        seconds, cpu, _ = self.run(directory, road)
        started = counter.count()
        counts = road.counts()
        if "Compiling" in self.run(directory, road)[2]:
            self.problems.append(f"{name}: cargo compiles again what it has just built")
        print(f"  {name:14} {seconds:7.2f} s, {cpu:7.2f} s of CPU", file=sys.stderr, flush=True)
        return seconds, cpu, started, *counts

    def round(self, number, counter, warm_count):
        out = {"plain": [self.build("plain", "plain", self.plain, counter)]}

        def measure(name, directory, road):
            out.setdefault(name, []).append(self.build(name, directory, road, counter))

        cold = [("deja cold", "deja", self.by_deja)]
        warm = [("deja warm", "deja", self.by_deja)]
        if self.by_sccache:
            cold.append(("sccache cold", "sccache-1", self.by_sccache))
            warm.append(("sccache warm", "sccache-1", self.by_sccache))
        for name, directory, road in cold if number % 2 == 0 else reversed(cold):
            road.empty()
            measure(name, directory, road)
        if number == 0:
            self.run("oracle", ByOracle(self, "record"))
        warm += [(f"oracle {way}", "oracle", road) for way, road in self.oracles.items()]
        dice = random.Random(number)
        for _ in range(warm_count):
            dice.shuffle(warm)
            for name, directory, road in warm:
                measure(name, directory, road)
        measure("deja clone", "a-second-clone", self.by_deja)
        measure("deja clone 2nd", "a-second-clone", self.by_deja)
        if self.by_sccache:
            measure("sccache clone", "sccache-clone-2", self.by_sccache)
        self.rounds.append({name: [*(statistics.median(r[i] for r in runs) for i in (0, 1)), *runs[-1][2:]]
                            for name, runs in out.items()})

    def table(self):
        order = ["plain", "deja cold", "deja warm", "deja clone", "deja clone 2nd", "sccache cold", "sccache warm",
                 "sccache clone", "oracle link", "oracle copy"]
        heads = ("seconds", "to plain", "to oracle", "to copying", "CPU s", "to plain", "to oracle", "rustc", "hits",
                 "misses", "failures")
        print(" ".join([f"  {'':14}", *(f"{head:>10}" for head in heads)]))
        for name in order:
            if name not in self.rounds[0]:
                continue

            def over(base, what, name=name):
                return f"{statistics.median(r[name][what] / r[base][what] for r in self.rounds):.3f}"

            is_cold = name == "plain" or name.endswith("cold")
            seconds, cpu = (f"{statistics.median(r[name][what] for r in self.rounds):.2f}" for what in (0, 1))
            counts = ["" if value is None else str(value) for value in self.rounds[-1][name][2:]]
            to_oracles = ["", "", ""]
            if not is_cold:
                to_oracles = [over("oracle link", 0), over("oracle copy", 0), over("oracle link", 1)]
            row = [seconds, over("plain", 0), *to_oracles[:2], cpu, over("plain", 1), to_oracles[2], *counts]
            print(" ".join([f"  {name:14}", *(f"{cell:>10}" for cell in row)]).rstrip())


def measure(graph, options, work):
    bench = Bench(options, work, graph)
    try:
        with starts.Starts(bench.toolchain.compilers()) as counter:
            for number in range(options.rounds):
                print(f"bench: {graph.name}, round {number + 1} of {options.rounds}", file=sys.stderr)
                bench.round(number, counter, options.warm)
    finally:
        for server in bench.servers:
            server.stop()
    load = os.getloadavg()[0]
    print(f"\n{' '.join(bench.command)} of {graph.name} ({graph.what}), {bench.toolchain.version}\n"
          f"{options.rounds} rounds, each with {options.warm} of the warm builds; load at the end {load:.1f}")
    bench.table()
    for line in bench.problems:
        print(line)
    return 1 if bench.problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deja", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--warm", type=int, default=5, help="warm builds of each kind in a round")
    parser.add_argument("--no-sccache", dest="sccache", action="store_false")
    parser.add_argument("--cargo", default="", help="more words for `cargo build`, such as --release")
    parser.add_argument("graph", nargs="?", choices=sorted(GRAPHS), default="bat")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the clean-up below happens
    work = pathlib.Path(tempfile.mkdtemp(prefix="deja-bench-"))
    try:
        return measure(GRAPHS[options.graph](crates.Toolchain(work)), options, work)
    except crates.Missing as reason:
        sys.exit(f"bench: cannot measure rust here: {reason}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
