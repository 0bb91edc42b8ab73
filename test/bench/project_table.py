#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`./dev bench projects [names…]`: real projects, configured and built as their users do it; what hits and what does not.

  plain            the tools alone
  cold             through deja, nothing in the cache
  in place         cleaned and built again
  fresh tree       the tree deleted, unpacked, configured and built again at the same path
  terminal         the same from another terminal: another PATH, TMPDIR, SHLVL, OLDPWD, MAKEFLAGS, MAKELEVEL, …
  logical PWD      cleaned and built again, entered through a symbolic link
  second           another checkout at another path
  cold -g          as cold and second, with debug information
  second -g
  cold portable    as cold -g and second -g, with DEJA_PORTABLE=1 in both
  second portable

Hits, misses, bypasses and what was not stored are counted from `deja events`; what differs from the tools alone at that
path (with DEJA_PORTABLE: from a build with an empty cache at that path) is named. Exit 1 when anything differs.
When the other terminal costs hits, the build is repeated with one variable changed at a time to say which.
"""

import argparse
import collections
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import corpus

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "demo"))
import crates  # noqa: E402
import demo  # noqa: E402
import projects  # noqa: E402

# Variables that would make two builds differ in more than the cache.
DROPPED = re.compile(r"^(DEJA_|CCACHE_|CMAKE_|CARGO|RUST|MAKE|(CC|CXX|FC|[A-Z]*FLAGS|TMPDIR|PWD|OLDPWD|SHLVL|_)$)")
OUTPUT_SUFFIXES = {".o", ".lo", ".a", ".d", ".Po", ".Plo", ".h", ".gcno", ".dwo", ".su", ".mod", ".rlib", ".rmeta"}


class Failed(Exception):
    """A command of a build failed."""


@dataclasses.dataclass
class Row:
    project: str
    build: str
    configure_seconds: float
    build_seconds: float
    ratio: float | None
    configure_events: list  # as `deja events` prints them
    build_events: list
    outputs: int
    different: list | None  # None: there is nothing to compare with
    digests: dict  # of the outputs, by path

    def count(self, phase, test):
        return sum(1 for event in getattr(self, phase + "_events") if test(event))

    def cells(self):
        def counted(phase):
            return [self.count(phase, lambda e: e["outcome"] == "hit"),
                    self.count(phase, lambda e: e["outcome"] in ("miss", "failure")),
                    self.count(phase, lambda e: e["outcome"] == "bypass")]

        is_dup, is_unstored = (lambda e: e["dup"]), (lambda e: e["outcome"] == "miss" and e["not_stored"])
        is_plain = self.build == "plain" or self.build.startswith("plain ")
        counts = [""] * 8 if is_plain else [*counted("configure"), *counted("build"), self.count("build", is_dup),
                                            self.count("build", is_unstored)]
        same = "" if self.different is None else f"{self.outputs - len(self.different)}/{self.outputs}"
        return [self.project, self.build, *map(str, counts), f"{self.configure_seconds + self.build_seconds:.2f}",
                "" if self.ratio is None else f"{self.ratio:.2f}", same]


HEAD = ["project", "build", "conf. hits", "misses", "bypasses", "hits", "misses", "bypasses", "dups", "not stored",
        "seconds", "to plain", "same outputs"]


def outputs_of(tree):
    """Digests of the outputs of compilers, archivers and linkers, and of generated headers; by path."""
    found = {}
    for directory, names, files in os.walk(tree):
        # CMake and Meson test the compiler in directories with random names.
        names[:] = [name for name in names if name not in ("CMakeTmp", "CMakeScratch", "CheckTypeSize", "meson-private")
                    and not re.match(r"\d+\.\d+\.\d+$", name)]
        for name in files:
            path = os.path.join(directory, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            data = pathlib.Path(path).read_bytes()
            if os.path.splitext(name)[1] in OUTPUT_SUFFIXES or data[:4] == b"\x7fELF":
                found[os.path.relpath(path, tree)] = hashlib.blake2b(data, digest_size=16).hexdigest()
    return found


def differences(ours, theirs):
    return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))


class Bench:
    """One project with its own cache."""

    def __init__(self, project, options, work, sources):
        self.project, self.jobs, self.work = project, options.jobs, work
        self.deja = demo.Deja(str(options.deja.resolve()), work)
        self.tools = {False: corpus.Tools(), True: corpus.Tools(self.deja.program)}
        self.environment = {k: v for k, v in self.deja.environment.items() if not DROPPED.match(k)}
        self.environment |= {"DEJA_DIR": str(work / "cache"), "TMPDIR": str(work / "tmp"), "SHLVL": "1", "LC_ALL": "C.UTF-8",
                             "CCACHE_DISABLE": "1"}  # some build systems find it by themselves
        for name in ("tmp", "other tmp", "no programs"):
            (work / name.replace(" ", "-")).mkdir()
        self.pristine = work / "source"
        project.fetch(sources, self.pristine)
        self.source_files = outputs_of(self.pristine).keys()
        name = project.name.replace("/", "-")
        self.one, self.two = work / "one" / name, work / "a-second-checkout" / "of" / name
        self.rows, self.plain_seconds, self.references = [], {}, {}

    def unpack(self, tree):
        shutil.rmtree(tree, ignore_errors=True)
        tree.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.pristine, tree, symlinks=True)

    def run(self, commands, tree, variables):
        """Seconds, and the time of the start."""
        start, began = time.monotonic(), time.time()
        for argv, directory, more in commands:
            place = os.path.normpath(os.path.join(tree, directory))
            env = self.environment | {"PWD": place} | variables | more
            done = subprocess.run(argv, cwd=place, env=env, capture_output=True, text=True, errors="replace",
                                  stdin=subprocess.DEVNULL)
            if done.returncode != 0:
                raise Failed(f"{self.project.name}: {' '.join(argv)} ended with {done.returncode}\n"
                             f"{(done.stdout + done.stderr)[-3000:]}")
        return time.monotonic() - start, began

    def events_since(self, began, variables):
        cache = variables.get("DEJA_DIR", self.environment["DEJA_DIR"])
        done = subprocess.run([self.deja.program, "events", "--format", "json"], capture_output=True, text=True,
                              env=self.environment | {"DEJA_DIR": cache}, errors="replace")
        events = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
        return [event for event in events if event["time"] >= began]

    def build(self, name, tree, *, with_deja=True, debug=False, again=False, reference=None, variables=None, entered=None,
              jobs=None, reaches_deja=True):
        """Configures and builds (`again`: cleans and builds) and keeps a row. `entered`: another name of the tree."""
        tools, variables = self.tools[with_deja], variables or {}
        place = entered or tree
        if again:
            self.run(self.project.clean(tools, debug), place, variables)
            configuring, since = 0.0, time.time()
        else:
            self.unpack(tree)
            configuring, since = self.run(self.project.configure(tools, debug), place, variables)
        building, since_build = self.run(self.project.build(tools, debug, jobs or self.jobs), place, variables)
        events = self.events_since(since, variables) if with_deja else []
        if with_deja and reaches_deja and not any(event["time"] >= since_build for event in events):
            raise Failed(f"{self.project.name}: no command of the build has reached deja")
        outputs = {k: v for k, v in outputs_of(tree).items() if k not in self.source_files}
        plain = self.plain_seconds.get(reference)
        different = differences(outputs, self.references[reference]) if reference in self.references else None
        base = None if plain is None else plain[1] if again else sum(plain)
        row = Row(self.project.name, name, configuring, building, base and (configuring + building) / base,
                  [e for e in events if e["time"] < since_build], [e for e in events if e["time"] >= since_build],
                  len(outputs.keys() | self.references.get(reference, {}).keys()), different, outputs)
        self.rows.append(row)
        print(f"  {name:16} {configuring + building:7.2f} s", file=sys.stderr, flush=True)
        return row, outputs, (configuring, building)

    def refer(self, key, row_of_build):
        _, self.references[key], self.plain_seconds[key] = row_of_build

    def measure(self):
        one, two = self.one, self.two
        self.refer("one", self.build("plain", one, with_deja=False))
        self.build("cold", one, reference="one")
        self.build("in place", one, again=True, reference="one")
        fresh, _, _ = self.build("fresh tree", one, reference="one")
        self.measure_terminals(fresh)
        self.refer("two", self.build("plain second", two, with_deja=False))
        self.build("second", two, reference="two")
        self.build("cold -g", one, debug=True)
        self.refer("two -g", self.build("plain second -g", two, with_deja=False, debug=True))
        self.build("second -g", two, debug=True, reference="two -g")
        portable = {"DEJA_PORTABLE": "1"}
        self.build("cold portable", one, debug=True, variables=portable)
        other_cache = portable | {"DEJA_DIR": str(self.work / "other-cache")}
        try:
            self.refer("two portable", self.build("empty portable", two, debug=True, variables=other_cache))
        finally:
            subprocess.run([self.deja.program, "daemon", "stop"], env=self.environment | other_cache, capture_output=True)
        self.build("second portable", two, debug=True, variables=portable, reference="two portable")

    def terminal(self):
        return {"PATH": f"{self.work / 'no-programs'}:{self.environment['PATH']}", "TMPDIR": str(self.work / "other-tmp"),
                "SHLVL": "7", "OLDPWD": "/var", "_": "/usr/bin/something", "MAKELEVEL": "1", "MAKEFLAGS": "-j3",
                "COLUMNS": "77", "WINDOWID": "12345", "SSH_AUTH_SOCK": "/tmp/none"}

    def measure_terminals(self, fresh):
        def misses(row):
            return row.count("build", lambda e: e["outcome"] != "hit")

        terminal, _, _ = self.build("terminal", self.one, reference="one", variables=self.terminal(), jobs=self.jobs + 1)
        if misses(terminal) > misses(fresh):
            for name, value in self.terminal().items():
                self.build(f"terminal {name}", self.one, again=True, reference="one", variables={name: value})
        link = self.work / "link-to-one"
        link.symlink_to(self.one.parent)
        logical, _, _ = self.build("logical PWD", self.one, again=True, reference="one", entered=link / self.one.name)
        if logical.different:  # where a build asks for debug information by itself, it names the link
            self.refer("link", self.build("plain by the link", self.one, again=True, entered=link / self.one.name,
                                          variables={"DEJA_DISABLE": "1"}, reaches_deja=False))
            logical.different = differences(logical.digests, self.references["link"])

    def stop(self):
        self.deja.stop()


def reason_of(event, work):
    """The kind of a miss or bypass: its reason without values and with short paths."""
    text = " ".join(filter(None, [event["outcome"], event["reason"]]))
    text = re.sub(r"(variable \w+)=.*", r"\1", text)
    text = re.sub(r"changed: file .*", "changed: file", text)
    if event["detail"]:
        text += (": " if event["outcome"] == "bypass" else "; not stored: ") + event["detail"]
    return text.replace(str(work), "…")[:150]


def is_news(row, event):
    """Misses of a first build are expected, and so are bypasses of later ones."""
    is_first = row.build.startswith(("cold", "empty"))
    if event["outcome"] == "bypass":
        return row.build == "cold"
    return event["outcome"] != "hit" and (not is_first or bool(event["detail"]))


def explain(rows, work):
    """Lines about each kind of command that was not a hit, and each difference."""
    for row in rows:
        for phase in ("configure", "build"):
            kinds = collections.defaultdict(set)
            counts = collections.Counter()
            for event in filter(lambda e: is_news(row, e), getattr(row, phase + "_events")):
                file = re.search(r"changed: file (.*)", event["reason"])
                kind = reason_of(event, work)
                counts[kind] += 1
                kinds[kind].add((event["what"] + (": " + file[1] if file else "")).replace(str(work), "…"))
            for kind, count in counts.most_common():
                print(f"  {row.build}, {phase}: {count} × {kind}  ({', '.join(sorted(kinds[kind])[:3])})")
        for name in (row.different or [])[:5]:
            print(f"  {row.build}: DIFFERENT {name}")


IN_SUMMARY = ("in place", "fresh tree", "terminal", "logical PWD", "second", "second -g", "second portable")


def print_summary(rows):
    """One line for each project: the hits among the commands that were looked up."""
    def share(row):
        looked_up = [e for e in row.configure_events + row.build_events if e["outcome"] != "bypass"]
        return f"{sum(e['outcome'] == 'hit' for e in looked_up)}/{len(looked_up)}"

    by_project = collections.defaultdict(dict)
    for row in rows:
        by_project[row.project][row.build] = row
    lines = []
    for name, builds in by_project.items():
        if "in place" in builds:
            ratios = [f"{builds[b].ratio:.2f}" if b in builds else "" for b in ("cold", "in place", "fresh tree")]
            lines.append([name, *(share(builds[b]) if b in builds else "" for b in IN_SUMMARY), *ratios])
    demo.print_table(["project", *IN_SUMMARY, "cold / plain", "in place", "fresh tree"], lines)


def as_json(row):
    out = dataclasses.asdict(row)
    del out["digests"]
    for phase in ("configure_events", "build_events"):
        out[phase] = dict(collections.Counter(e["outcome"] for e in out[phase]))
        out[phase.replace("events", "not_hits")] = [
            {k: e[k] for k in ("outcome", "reason", "detail", "what", "dup", "cwd")}
            for e in getattr(row, phase) if e["outcome"] != "hit"]
    return out


def measure_all(options, work):
    sources, rows, failed = projects.DebianSources(work), [], []
    for number, project in enumerate(corpus.choose(options.names)):
        print(f"bench: {project.name}", file=sys.stderr)
        place = work / str(number)
        place.mkdir()
        bench = None
        try:
            bench = Bench(project, options, place, sources)
            bench.measure()
        except (Failed, projects.NoSource, crates.Missing) as reason:
            failed.append(f"{project.name}: {reason}")
            print(f"*** bench: {reason}", file=sys.stderr)
        finally:
            if bench:
                bench.stop()
        if bench:
            rows += bench.rows
            print()
            demo.print_table(HEAD, [row.cells() for row in bench.rows])
            explain(bench.rows, place)
            sys.stdout.flush()
        if not options.keep:
            shutil.rmtree(place, ignore_errors=True)
        if options.json:
            options.json.write_text(json.dumps([as_json(row) for row in rows], indent=1))
    return rows, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deja", type=pathlib.Path, help="the program under test")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--json", type=pathlib.Path, help="also write all rows there, with each miss")
    parser.add_argument("--keep", action="store_true", help="leave trees and caches, and say where")
    parser.add_argument("--packages", action="store_true", help="only print the Debian packages that the builds need")
    parser.add_argument("names", nargs="*", help="only these projects: " + ", ".join(p.name for p in corpus.all_projects()))
    options = parser.parse_args()
    if options.packages:
        print("\n".join(sorted({package for project in corpus.choose(options.names) for package in project.packages})))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work = pathlib.Path(tempfile.mkdtemp(prefix="deja-bench-"))
    load = os.getloadavg()[0]
    try:
        rows, failed = measure_all(options, work)
    finally:
        if options.keep:
            print(f"bench: kept in {work}", file=sys.stderr)
        else:
            shutil.rmtree(work, ignore_errors=True)
    print(f"\n{options.jobs} jobs; load {load:.1f} before, {os.getloadavg()[0]:.1f} after. Seconds of a busy machine say little.")
    print_summary(rows)
    different = [row for row in rows if row.different]
    for line in [*failed, *(f"{row.project}, {row.build}: {len(row.different)} outputs differ" for row in different)]:
        print(line)
    return 1 if different or failed else 0


if __name__ == "__main__":
    sys.exit(main())
