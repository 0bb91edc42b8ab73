#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the modules of src/ against tools/layers.txt: includes, unused edges, include cycles, CMake's DEPENDS.

Exit 0: all edges are as stated. Exit 1: one line for each violation.
"""

import argparse
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
SUFFIXES = {".h", ".cc", ".c", ".inc"}


def read_edges(path):
    """{module or module/directory: set of modules it may include}, and violations of the table's own rules."""
    edges, problems = {}, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        match = re.fullmatch(r"([a-z_/]+)\s*->\s*([a-z_ ]*)", line)
        if not match:
            problems.append(f"{path.name}:{number}: not of the form `module -> modules`: {line}")
            continue
        name, targets = match[1], set(match[2].split())
        for target in sorted(targets - edges.keys()):
            problems.append(f"{path.name}:{number}: {name} -> {target}: no module of that name above this line")
        edges.setdefault(name, set()).update(targets)
        if "/" not in name:
            edges[name] |= {"base", name}
    return edges, problems


def edges_of(file, edges):
    """The most special entry of the table that covers a file, given relative to src/."""
    parts = file.parent.parts
    for length in range(len(parts), 0, -1):
        name = "/".join(parts[:length])
        if name in edges:
            return name
    return None


def sources(src):
    return sorted(p for p in src.rglob("*") if p.suffix in SUFFIXES and p.is_file())


def includes_of(file):
    return INCLUDE.findall(file.read_text(errors="replace"))


def check_includes(src, edges):
    problems = []
    for path in sources(src):
        file = path.relative_to(src)
        name = edges_of(file, edges)
        if name is None:
            problems.append(f"src/{file}: module {file.parts[0]} is not in tools/layers.txt")
            continue
        for include in includes_of(path):
            target = pathlib.PurePosixPath(include)
            if "/" in name and (path.parent / target).is_file():
                continue  # a directory with edges of its own may name its files without the way to them
            if not (src / target).is_file():
                if target.parts[0] in edges or len(target.parts) == 1:
                    problems.append(f'src/{file}: "{include}" is no file; includes of ours start at src/')
                continue
            if "/" in name and str(target).startswith(name + "/"):
                continue
            module = target.parts[0]
            if module not in edges[name]:
                problems.append(f'src/{file}: includes "{include}", but {name} has no edge to {module}')
    return problems


def check_unused(src, edges):
    """An allowed edge that no include uses says more than is true."""
    used = {}
    for path in sources(src):
        name = edges_of(path.relative_to(src), edges)
        if name is not None:
            used.setdefault(name, set()).update(include.split("/")[0] for include in includes_of(path))
    problems = []
    for name, targets in edges.items():
        for target in sorted(targets - used.get(name, set()) - {"base", name}):
            problems.append(f"tools/layers.txt: {name} -> {target}: no include uses it; take it out")
    return problems


def check_cycles(src):
    """Headers that include each other, found by a depth-first walk; each cycle is reported once."""
    graph = {}
    for path in sources(src):
        if path.suffix == ".h":
            graph[str(path.relative_to(src))] = includes_of(path)
    problems, done = [], set()

    def walk(header, trail):
        if header in trail:
            problems.append("include cycle: " + " -> ".join(trail[trail.index(header):] + [header]))
            return
        if header in done or header not in graph:
            return
        for target in graph[header]:
            walk(target, trail + [header])
        done.add(header)

    for header in sorted(graph):
        walk(header, [])
    return problems


def read_modules(src):
    """{module: (DEPENDS, TEST_DEPENDS)} from the deja_module(...) calls in src/*/CMakeLists.txt."""
    modules = {}
    for path in sorted(src.glob("*/CMakeLists.txt")):
        text = re.sub(r"#.*", "", path.read_text())
        for call in re.finditer(r"\bdeja_module\(\s*([a-z_]+)([^)]*)\)", text):
            lists, current = {}, None
            for word in call[2].split():
                if re.fullmatch(r"[A-Z_]{4,}", word):
                    current = lists.setdefault(word, [])
                elif current is not None:
                    current.append(word)
            tests = [w.removeprefix("deja_") for w in lists.get("TEST_DEPENDS", [])]
            modules[call[1]] = (set(lists.get("DEPENDS", [])), set(tests))
    return modules


def closure(module, modules):
    seen, todo = set(), [module]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += modules.get(name, (set(), set()))[0]
    return seen


def check_cmake(src, edges):
    """DEPENDS may name only edges of the table, and must reach every module that is included."""
    problems = []
    modules = read_modules(src)
    for module, (depends, tests) in modules.items():
        where = f"src/{module}/CMakeLists.txt"
        if module not in edges:
            problems.append(f"{where}: module {module} is not in tools/layers.txt")
            continue
        for edge in sorted(depends - edges[module]):
            problems.append(f"{where}: DEPENDS {edge}, but tools/layers.txt gives {module} no such edge")
        linked = closure(module, modules)
        for edge in tests & modules.keys():
            linked |= closure(edge, modules)
        used = {}
        for path in sources(src / module):
            for include in includes_of(path):
                used.setdefault(include.split("/")[0], path.relative_to(src))
        for edge in sorted((used.keys() & modules.keys()) - linked):
            problems.append(f"{where}: DEPENDS does not reach {edge}, which src/{used[edge]} includes")
    return problems


def check(root):
    src = root / "src"
    edges, problems = read_edges(root / "tools" / "layers.txt")
    return problems + check_includes(src, edges) + check_cycles(src) + check_cmake(src, edges)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    problems = check(root) + check_unused(root / "src", read_edges(root / "tools" / "layers.txt")[0])
    for problem in problems:
        print(problem)
    print(f"layers: {len(problems)} violations" if problems else "layers: all edges are as stated")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
