#!/usr/bin/env python3
"""`./dev bench rust`: cargo builds of a real crate graph, by many roads.

  plain             cargo and rustc alone, an empty target folder
  deja cold         through deja (RUSTC_WRAPPER) with an empty cache
  deja warm         again, target folder removed
  deja clone        another clone under another name, the same cache
  sccache …         the same three through Debian's sccache with a local disk
  oracle link       a wrapper that puts back by hard links what rustc has left, checks nothing and starts no rustc
  oracle copy       the same by copies: what a cache has to do whose files nobody may change

All warm builds of a round alternate, --warm times. Ratios compare within a round; medians are printed. rustc's starts
are counted by the kernel (fanotify on a copy of rustc), so nothing stands in anybody's way; build scripts that start
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
    """cargo alone; also the base of all that stand before rustc."""

    def __init__(self, bench):
        self.bench = bench

    def variables(self):
        return {}

    def empty(self):
        """An empty cache and a server that runs: what comes before a cold build."""

    def counts(self):
        """Hits and misses since the last call."""
        return None, None

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
        return counts["hits"], counts["misses"] + counts["failures"]

    def stop(self):
        self.deja.stop()


class BySccache(Plain):
    def __init__(self, bench):
        super().__init__(bench)
        self.folder = bench.work / "sccache"
        with socket.socket() as probe:  # a port that nobody has
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def variables(self):
        return {"RUSTC_WRAPPER": "sccache", "SCCACHE_DIR": str(self.folder), "SCCACHE_SERVER_PORT": str(self.port),
                "SCCACHE_CONF": str(self.bench.work / "none"), "SCCACHE_CACHE_SIZE": "5G"}

    def ask(self, *words, check=True):
        env = self.bench.toolchain.environment(os.environ, self.bench.work, **self.variables())
        return subprocess.run(["sccache", *words], env=env, capture_output=True, text=True, check=check).stdout

    def empty(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.ask("--start-server")

    def counts(self):
        stats = json.loads(self.ask("--show-stats", "--stats-format", "json"))["stats"]
        self.ask("--zero-stats")
        return tuple(sum(stats[kind]["counts"].values()) for kind in ("cache_hits", "cache_misses"))

    def stop(self):
        self.ask("--stop-server", check=False)


class ByOracle(Plain):
    def __init__(self, bench, way):
        super().__init__(bench)
        self.way = way

    def variables(self):
        return {"RUSTC_WRAPPER": str(self.bench.toolchain.wrapper), "RUST_ORACLE": self.way,
                "RUST_ORACLE_STORE": str(self.bench.work / "oracle-store")}


class Bench:
    def __init__(self, options, work, graph):
        self.deja, self.work, self.graph = str(options.deja.resolve()), work, graph
        self.toolchain = graph.toolchain
        self.command = ["cargo", "build", "--offline", *options.cargo.split()]
        self.plain, self.by_deja = Plain(self), ByDeja(self)
        self.by_sccache = BySccache(self) if options.sccache and shutil.which("sccache") else None
        self.oracles = {way: ByOracle(self, way) for way in ("link", "copy")}
        self.rounds = []  # of each: road -> (seconds, starts, hits, misses)
        self.problems = []
        self.servers = [s for s in (self.by_deja, self.by_sccache) if s]
        (work / "oracle-store").mkdir()
        self.folders = {name: work / name for name in ("plain", "deja", "a-second-clone", "sccache-1", "sccache-clone-2",
                                                       "oracle")}
        for folder in self.folders.values():
            graph.prepare(folder)

    def run(self, folder, road, more=()):
        env = self.toolchain.environment(os.environ, self.folders[folder], **road.variables())
        env = {k: v for k, v in env.items() if not k.startswith(("DEJA_", "CCACHE_")) or k in road.variables()}
        start = time.monotonic()
        done = subprocess.run([*self.command, *more], cwd=self.folders[folder], env=env, capture_output=True, text=True)
        seconds = time.monotonic() - start
        if done.returncode != 0:
            sys.exit(f"bench: {folder} failed:\n{(done.stdout + done.stderr)[-3000:]}")
        return seconds, done.stderr

    def build(self, name, folder, road, counter):
        """One build with an empty target folder, measured; and one more, which must find nothing to do."""
        crates.remove_target(self.folders[folder])
        road.counts()
        counter.count()
        seconds, _ = self.run(folder, road)
        started = counter.count()
        hits, misses = road.counts()
        _, said = self.run(folder, road)
        if "Compiling" in said:
            self.problems.append(f"{name}: cargo compiles again what it has just built")
        print(f"  {name:14} {seconds:7.2f} s", file=sys.stderr)
        return seconds, started, hits, misses

    def round(self, number, counter, warm_count):
        out = {"plain": [self.build("plain", "plain", self.plain, counter)]}

        def measure(name, folder, road):
            out.setdefault(name, []).append(self.build(name, folder, road, counter))

        cold = [("deja cold", "deja", self.by_deja)]
        warm = [("deja warm", "deja", self.by_deja)]
        if self.by_sccache:
            cold.append(("sccache cold", "sccache-1", self.by_sccache))
            warm.append(("sccache warm", "sccache-1", self.by_sccache))
        for name, folder, road in cold if number % 2 == 0 else reversed(cold):
            road.empty()
            measure(name, folder, road)
        if number == 0:
            self.run("oracle", ByOracle(self, "record"))
        warm += [(f"oracle {way}", "oracle", road) for way, road in self.oracles.items()]
        dice = random.Random(number)
        for _ in range(warm_count):
            dice.shuffle(warm)
            for name, folder, road in warm:
                measure(name, folder, road)
        measure("deja clone", "a-second-clone", self.by_deja)
        measure("deja clone 2nd", "a-second-clone", self.by_deja)
        if self.by_sccache:
            measure("sccache clone", "sccache-clone-2", self.by_sccache)
        self.rounds.append({name: [statistics.median(r[0] for r in runs), *runs[-1][1:]] for name, runs in out.items()})

    def table(self):
        order = ["plain", "deja cold", "deja warm", "deja clone", "deja clone 2nd", "sccache cold", "sccache warm",
                 "sccache clone", "oracle link", "oracle copy"]
        print(f"  {'':14} {'median s':>9} {'to plain':>9} {'to oracle':>10} {'to copying':>11} {'rustc':>6} {'hits':>5} "
              f"{'misses':>6}")
        for name in order:
            if name not in self.rounds[0]:
                continue

            def over(base, name=name):
                return statistics.median(r[name][0] / r[base][0] for r in self.rounds)

            is_cold = name == "plain" or name.endswith("cold")
            oracle = ["", ""] if is_cold else [f"{over('oracle ' + way):.2f}" for way in self.oracles]
            counts = ["" if value is None else str(value) for value in self.rounds[-1][name][1:]]
            print(f"  {name:14} {statistics.median(r[name][0] for r in self.rounds):9.2f} {over('plain'):9.3f} "
                  f"{oracle[0]:>10} {oracle[1]:>11} {counts[0]:>6} {counts[1]:>5} {counts[2]:>6}")


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
    print(f"\n{' '.join(bench.command)} of {graph.name} ({graph.what}), {bench.toolchain.version}; {options.rounds} rounds, "
          f"each with {options.warm} of the warm builds; load at the end {load:.1f}")
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
