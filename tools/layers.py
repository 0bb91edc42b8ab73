#!/usr/bin/env python3
"""Checks the rooms of src/ against tools/layers.txt: includes, include cycles, and CMake's DEPENDS.

Exit 0: all doors are as stated. Exit 1: one line for each violation.
"""

import argparse
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
SUFFIXES = {".h", ".cc", ".c", ".inc"}


def read_doors(path):
    """{room or room/folder: set of rooms it may include}, and violations of the table's own rules."""
    doors, problems = {}, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        match = re.fullmatch(r"([a-z_/]+)\s*->\s*([a-z_ ]*)", line)
        if not match:
            problems.append(f"{path.name}:{number}: not of the form `room -> rooms`: {line}")
            continue
        name, targets = match[1], set(match[2].split())
        for target in sorted(targets - doors.keys()):
            problems.append(f"{path.name}:{number}: {name} -> {target}: no room of that name above this line")
        doors.setdefault(name, set()).update(targets)
        if "/" not in name:
            doors[name] |= {"base", name}
    return doors, problems


def doors_of(file, doors):
    """The most special entry of the table that covers a file, given relative to src/."""
    parts = file.parent.parts
    for length in range(len(parts), 0, -1):
        name = "/".join(parts[:length])
        if name in doors:
            return name
    return None


def sources(src):
    return sorted(p for p in src.rglob("*") if p.suffix in SUFFIXES and p.is_file())


def includes_of(file):
    return INCLUDE.findall(file.read_text(errors="replace"))


def check_includes(src, doors):
    problems = []
    for path in sources(src):
        file = path.relative_to(src)
        name = doors_of(file, doors)
        if name is None:
            problems.append(f"src/{file}: room {file.parts[0]} is not in tools/layers.txt")
            continue
        for include in includes_of(path):
            target = pathlib.PurePosixPath(include)
            if "/" in name and (path.parent / target).is_file():
                continue  # a folder with doors of its own may name its files without the way to them
            if not (src / target).is_file():
                if target.parts[0] in doors or len(target.parts) == 1:
                    problems.append(f'src/{file}: "{include}" is no file; includes of ours start at src/')
                continue
            if "/" in name and str(target).startswith(name + "/"):
                continue
            room = target.parts[0]
            if room not in doors[name]:
                problems.append(f'src/{file}: includes "{include}", but {name} has no door to {room}')
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


def read_rooms(src):
    """{room: (DEPENDS, TEST_DEPENDS)} from the room(...) calls in src/*/CMakeLists.txt."""
    rooms = {}
    for path in sorted(src.glob("*/CMakeLists.txt")):
        text = re.sub(r"#.*", "", path.read_text())
        for call in re.finditer(r"\broom\(\s*([a-z_]+)([^)]*)\)", text):
            lists, current = {}, None
            for word in call[2].split():
                if re.fullmatch(r"[A-Z_]{4,}", word):
                    current = lists.setdefault(word, [])
                elif current is not None:
                    current.append(word)
            tests = [w.removeprefix("deja_") for w in lists.get("TEST_DEPENDS", [])]
            rooms[call[1]] = (set(lists.get("DEPENDS", [])), set(tests))
    return rooms


def closure(room, rooms):
    seen, todo = set(), [room]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += rooms.get(name, (set(), set()))[0]
    return seen


def check_cmake(src, doors):
    """DEPENDS may name only doors of the table, and must reach every room that is included."""
    problems = []
    rooms = read_rooms(src)
    for room, (depends, tests) in rooms.items():
        where = f"src/{room}/CMakeLists.txt"
        if room not in doors:
            problems.append(f"{where}: room {room} is not in tools/layers.txt")
            continue
        for door in sorted(depends - doors[room]):
            problems.append(f"{where}: DEPENDS {door}, but tools/layers.txt gives {room} no such door")
        linked = closure(room, rooms)
        for door in tests & rooms.keys():
            linked |= closure(door, rooms)
        used = {}
        for path in sources(src / room):
            for include in includes_of(path):
                used.setdefault(include.split("/")[0], path.relative_to(src))
        for door in sorted((used.keys() & rooms.keys()) - linked):
            problems.append(f"{where}: DEPENDS does not reach {door}, which src/{used[door]} includes")
    return problems


def check(root):
    src = root / "src"
    doors, problems = read_doors(root / "tools" / "layers.txt")
    return problems + check_includes(src, doors) + check_cycles(src) + check_cmake(src, doors)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    problems = check(parser.parse_args().root)
    for problem in problems:
        print(problem)
    print(f"layers: {len(problems)} violations" if problems else "layers: all doors are as stated")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
