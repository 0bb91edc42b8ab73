#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the code: modules, functions, includes. Prints the tables of docs/measurements/code.md.

  measure_code.py           prints them
  measure_code.py --write   puts them into the page, below the line "## Tables"
"""

import argparse
import collections
import statistics
import sys

import cxx
import layers

PAGE = cxx.ROOT / "docs" / "measurements" / "code.md"
HEAD = "## Tables\n"


def table(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|---|" + "--:|" * (len(columns) - 1)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def module_of(file):
    return file.parts[1] if file.parts[0] == "src" else file.parts[0]


class Source:
    """A file of ours: its lines of code and of comments, its functions, the own headers it names."""

    def __init__(self, file):
        self.file = file
        text = (cxx.ROOT / file).read_text(errors="replace")
        code = cxx.strip(text).splitlines()
        raw = text.splitlines()
        self.lines = len(raw)
        self.code = sum(1 for line in code if line.strip())
        self.comments = sum(1 for line, bare in zip(raw, code) if line.strip() and not bare.strip())
        self.functions = [] if file.suffix == ".h" else cxx.functions(text)
        near = cxx.ROOT / file.parent
        self.includes = []
        for name in layers.includes_of(cxx.ROOT / file):
            for place in (cxx.ROOT / "src" / name, cxx.ROOT / "test" / name, near / name):
                if place.is_file():
                    self.includes.append(place.resolve().relative_to(cxx.ROOT))
                    break


def header_lines(source, sources):
    """Lines of the own headers that a source includes, directly or not."""
    seen, todo = set(), list(source.includes)
    while todo:
        header = todo.pop()
        if header not in seen and header in sources:
            seen.add(header)
            todo += sources[header].includes
    return sum(sources[header].lines for header in seen)


def of_modules(product, tests, sources):
    rows = []
    for name in sorted({module_of(s.file) for s in product}):
        mine = [s for s in product if module_of(s.file) == name]
        units = [s for s in mine if s.file.suffix != ".h"]
        code, comments = sum(s.code for s in mine), sum(s.comments for s in mine)
        lengths = [n for s in units for _, _, n in s.functions]
        heads = [header_lines(s, sources) for s in units]
        rows.append([name, len(mine), sum(s.lines for s in mine), max(s.lines for s in mine),
                     sum(s.lines for s in tests if module_of(s.file) == name), f"{comments / (code + comments):.0%}",
                     int(statistics.median(lengths)) if lengths else "", max(lengths, default=""),
                     int(statistics.median(heads)) if heads else ""])
    return table(["module", "files", "lines", "longest file", "lines of its unit tests", "comments", "median function",
                  "longest function", "own header lines of a source (median)"], rows)


def longest(product, count=15):
    found = sorted(((n, name, s.file, line) for s in product for name, line, n in s.functions), reverse=True)
    return table(["function", "lines", "where"], [[f"`{name}`", n, f"{file}:{line}"] for n, name, file, line in found[:count]])


def edges(product):
    count = collections.Counter()
    for s in product:
        for header in s.includes:
            if header.parts[0] == "src" and module_of(header) != module_of(s.file):
                count[module_of(s.file), module_of(header)] += 1
    names = sorted({a for a, _ in count})
    rows = [[name, sum(n for (a, _), n in count.items() if a == name),
             ", ".join(f"{b} {n}" for (a, b), n in sorted(count.items(), key=lambda item: -item[1]) if a == name)]
            for name in names]
    mutual = sum(1 for a, b in count if a < b and (b, a) in count)
    return table(["module", "includes", "of which modules"], rows), mutual


def measure():
    sources = {file: Source(file) for file in cxx.own_files("src", "test")}
    product = [s for s in sources.values() if not cxx.is_test(s.file)]
    tests = [s for s in sources.values() if cxx.is_test(s.file)]
    lengths = sorted(n for s in product for _, _, n in s.functions)
    code, comments = sum(s.code for s in product), sum(s.comments for s in product)
    edge_table, mutual = edges(product)
    heads = [header_lines(s, sources) for s in product if s.file.suffix != ".h"]
    at = lambda share: lengths[int(share * (len(lengths) - 1))]
    product_lines, test_lines = sum(s.lines for s in product), sum(s.lines for s in tests)
    whole = table(["all of it", ""], [
        ["files of the product", len(product)], ["their lines", product_lines],
        ["lines of tests", f"{test_lines} ({test_lines / product_lines:.2f} of the product)"],
        ["comments, of lines that are not empty", f"{comments / (code + comments):.0%}"],
        ["longest file", max(s.lines for s in product)],
        ["functions", len(lengths)],
        ["their lines: median, 95 %, 99 %, longest", f"{at(0.5)}, {at(0.95)}, {at(0.99)}, {lengths[-1]}"],
        ["own header lines of a source: median, most", f"{int(statistics.median(heads))}, {max(heads)}"],
        ["pairs of modules that include each other", mutual],
    ])
    return (f"\n{whole}\n### Modules\n\n{of_modules(product, tests, sources)}\n### Longest functions\n\n{longest(product)}\n"
            f"### Includes between modules\n\nEach number is how many `#include` lines.\n\n{edge_table}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    text = measure()
    if not args.write:
        print(text)
        return 0
    page = PAGE.read_text()
    if HEAD not in page:
        print(f"{PAGE.relative_to(cxx.ROOT)} has no line {HEAD.strip()!r}, below which the tables go", file=sys.stderr)
        return 1
    PAGE.write_text(page[:page.index(HEAD) + len(HEAD)] + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
