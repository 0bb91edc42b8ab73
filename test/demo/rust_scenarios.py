# SPDX-License-Identifier: Apache-2.0
"""The end of `./dev demo`: what users of cargo do every day, with deja and without it.

A scenario is a list of steps in one directory. It is done twice: with rustc alone (but for `-C incremental`, which deja
takes out), then through deja; after each step all that rustc has left is compared, and what cargo said. Where a file
differs, the scenario is done with rustc alone once more: only files that differ between those two may differ.
"""

import dataclasses
import re
import subprocess
import sys
import typing

import crates
import starts

KINDS = ("hits", "misses", "failures", "bypasses")
HEAD = ["project", "scenario", "rustc alone", "rustc", *KINDS, "files", "equal"]


def no_edit(_):
    pass


@dataclasses.dataclass
class Step:
    name: str
    cargo: str = "build"
    clean: bool = False  # the target directory is removed before
    edit: typing.Callable = no_edit
    # The expected outcome: "hits" (nothing is compiled), "nothing" (cargo runs nothing), "" (anything).
    expect: str = ""
    misses_most: int = 1 << 30
    is_shown: bool = True

    def repeats(self, other):
        return self.clean and self.edit is no_edit and self.cargo == other.cargo


@dataclasses.dataclass
class Seen:
    """The files after a step, and how often the step started rustc."""
    files: dict
    said: list
    output: str
    compiled: bool
    counts: dict = None
    started: int = None


def write(name, text):
    return lambda directory: (directory / name).write_text(text)


def flip(number):
    """Another branch: three files of the workspace differ."""
    def edit(directory):
        for member, (_, source, text) in crates.Small.MEMBERS.items():
            if member != "mac":
                more = f"\npub fn of_branch_{number}() -> u32 {{ {number} }}\n" if number else ""
                (directory / member / "src" / source).write_text(text + more)
    return edit


VARYING = re.compile(r"^ +Finished | generated \d+ warn")
LEAF = crates.Small.MEMBERS["leaf"][2]
CLIPPY = "clippy"

DAY = [
    Step("cold", clean=True),
    Step("warm", clean=True, expect="hits"),
    Step("the same again", expect="nothing"),
    Step("check after build", "check"),
    Step("check, target removed", "check", clean=True, expect="hits"),
    Step("test --no-run", "test --no-run"),
    Step("test --no-run, target removed", "test --no-run", clean=True, expect="hits"),
    Step("test, after these hits", "test", expect="nothing"),
    Step("clippy", CLIPPY),
    Step("clippy, target removed", CLIPPY, clean=True, expect="hits"),
]
BRANCHES = [
    Step("branch A", clean=True, edit=flip(0), is_shown=False),
    Step("branch B", edit=flip(1)),
    Step("back to A, target kept", edit=flip(0), expect="hits"),
    Step("to B, target kept", edit=flip(1), expect="hits"),
    Step("to A, target removed", clean=True, edit=flip(0), expect="hits"),
    Step("to B, target removed", clean=True, edit=flip(1), expect="hits"),
    Step("branch A", clean=True, edit=flip(0), expect="hits", is_shown=False),
    Step("leaf edited, target kept", edit=write("leaf/src/lib.rs", LEAF.replace("+ 1", "+ 7")), misses_most=3),
    Step("leaf edited, target removed", clean=True, expect="hits"),
    Step("leaf as it was", edit=write("leaf/src/lib.rs", LEAF), expect="hits"),
]
MACRO = [
    Step("as it was", clean=True, is_shown=False),
    Step("file read by a macro edited", clean=True, edit=write("data.txt", "two"), misses_most=2),
    Step("that file as it was", clean=True, edit=write("data.txt", "one"), expect="hits"),
]
CLONE = [
    Step("second clone", clean=True),
    Step("second clone, warm", clean=True, expect="hits"),
    Step("second clone, again", expect="nothing"),
]
GRAPH = [
    Step("cold", clean=True),
    Step("warm", clean=True, expect="hits"),
    Step("the same again", expect="nothing"),
]
# (kind of graph, name of its directory, scenario); one cache for all.
SCENARIOS = [
    (crates.Small, "workspace", DAY),
    (crates.Small, "workspace", BRANCHES),
    (crates.Small, "workspace", MACRO),
    (crates.Small, "another-workspace", CLONE),
    (crates.Bat, "bat", GRAPH),
    (crates.Bat, "another-bat", CLONE),
]


class Player:
    def __init__(self, deja, work, toolchain, counter):
        self.deja, self.work, self.toolchain, self.counter = deja, work, toolchain, counter

    def play(self, graph, directory, steps, by_deja):
        crates.remove_target(directory)
        out = []
        for before, step in zip([None, *steps], steps):
            # rustc alone has just built this from scratch and would do the same again.
            if not by_deja and before and before.clean and step.repeats(before):
                out.append(out[-1])
                continue
            if step.clean:
                crates.remove_target(directory)
            step.edit(directory)
            out.append(self.step(graph, directory, step, by_deja))
        return out

    def step(self, graph, directory, step, by_deja):
        wrapper = {"RUSTC_WRAPPER": self.deja.program} if by_deja else self.toolchain.bare()
        environment = self.toolchain.environment(self.deja.environment, directory, **wrapper)
        if by_deja:
            self.deja.count_from_zero()
        self.counter.count()
        command = ["cargo", *step.cargo.split()]
        done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True)
        started = self.counter.count()
        if done.returncode != 0:
            sys.exit(f"demo: cargo {step.cargo} in {directory} ({step.name}):\n{(done.stdout + done.stderr)[-4000:]}")
        # Crates are compiled in parallel: their lines come in any order, and which warnings count as duplicates of
        # others varies. The last line holds the time.
        said = sorted(line for line in done.stderr.splitlines() if not VARYING.search(line))
        program = directory / "target" / "debug" / graph.program
        output = ""
        if isinstance(graph, crates.Small) and step.cargo == "build":
            output = crates.must([program]).stdout
        compiled = "Compiling" in done.stderr or "Checking" in done.stderr
        counts = self.deja.counts() if by_deja else None
        return Seen(crates.made_by_rustc(directory), said, output, compiled, counts, started)


def unequal(ours, bare):
    names = ours.files.keys() | bare.files.keys()
    return sorted(name for name in names if ours.files.get(name) != bare.files.get(name))


def judge(step, ours, bare):
    """What is wrong with a step, apart from its files."""
    counts = ours.counts
    requests = sum(counts[kind] for kind in KINDS)
    if counts["errors"]:
        yield f"{counts['errors']} errors inside deja"
    # Failures are always compiled again: build scripts test what a compiler can do.
    if step.expect == "hits" and (counts["misses"] or not counts["hits"]):
        yield f"{counts['hits']} hits, {counts['misses']} misses where nothing is new"
    if step.expect == "nothing" and (requests or ours.compiled):
        yield f"cargo does not find it fresh ({requests} requests)"
    if counts["misses"] > step.misses_most:
        yield f"{counts['misses']} misses, at most {step.misses_most} are due"
    if ours.output != bare.output:
        yield f"STALE: the program says {ours.output!r}, it should say {bare.output!r}"
    if ours.said != bare.said:
        ours_only, bare_only = (sorted(set(a) - set(b)) for a, b in ((ours.said, bare.said), (bare.said, ours.said)))
        yield f"cargo says other things: {ours_only[:3]} for {bare_only[:3]}"
    # Each hit saves one start; the questions of cargo and of build scripts are the same.
    if ours.started is not None and ours.started > bare.started - counts["hits"]:
        yield f"{ours.started} starts of rustc for {bare.started} without deja, in spite of {counts['hits']} hits"


def scenario(player, graph, directory, steps):
    """Rows of the table, and what was wrong."""
    bare = player.play(graph, directory, steps, by_deja=False)
    ours = player.play(graph, directory, steps, by_deja=True)
    again = None
    if any(unequal(a, b) for a, b in zip(ours, bare)):
        again = player.play(graph, directory, steps, by_deja=False)
    rows, wrong = [], []
    for i, step in enumerate(steps):
        differing = unequal(ours[i], bare[i])
        by_nature = unequal(again[i], bare[i]) if differing else []
        faults = [name for name in differing if name not in by_nature]
        problems = [*judge(step, ours[i], bare[i]), *(f"{name} is not rustc's" for name in faults)]
        wrong += [f"{directory.name}, {step.name}: {problem}" for problem in problems]
        equal = "yes" if not differing else f"NO: {len(faults)}" if faults else f"but {len(differing)} rustc varies"
        counts = ours[i].counts
        if step.is_shown or problems:
            started = ["?" if n is None else str(n) for n in (bare[i].started, ours[i].started)]
            numbers = [*(counts[kind] for kind in KINDS), len(ours[i].files)]
            rows.append([directory.name, step.name, *started, *map(str, numbers), equal])
    return rows, wrong


def play_all(deja, work):
    """Rows and faults of all scenarios. Raises crates.Missing when there is no cargo."""
    toolchain = crates.Toolchain(work)
    graphs, rows, wrong = {}, [], []
    with starts.Starts(toolchain.compilers()) as counter:
        player = Player(deja, work, toolchain, counter)
        for kind, name, steps in SCENARIOS:
            directory = work / name
            try:
                graph = graphs[kind] = graphs.get(kind) or kind(toolchain)
                if not directory.exists():
                    graph.prepare(directory)
            except crates.Missing as reason:
                loud(reason)
                continue
            if not toolchain.has_clippy():
                if any(step.cargo == CLIPPY for step in steps):
                    loud("no cargo-clippy and clippy-driver next to cargo")
                steps = [step for step in steps if step.cargo != CLIPPY]
            print(f"cargo in {name} ({graph.what}): {steps[0].name} to {steps[-1].name}", file=sys.stderr)
            more_rows, more_wrong = scenario(player, graph, directory, steps)
            rows += more_rows
            wrong += more_wrong
    return rows, wrong


def loud(reason):
    print(f"\n*** demo: NOT SHOWN for Rust: {reason}.\n", file=sys.stderr)
