#!/usr/bin/env python3
"""clang-format and clang-tidy over our sources: `clang_checks.py format`, `clang_checks.py tidy --build DIR`.

Exit 0: nothing to say. Exit 1: their words. A missing program is an error, not a pass.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import cxx

# What is wrong with the command line itself has no place.
FINDING = re.compile(r"(?m)^(?:\S+:\d+:\d+: )?(?:error|warning): .*")
# A .cc file may use what its own header includes, which misc-include-cleaner does not know; of that check
# we keep the includes that nothing uses. That headers include what they need is tools/headers.py's part.
BY_DESIGN = re.compile(r"no header providing .* is directly included")
FORMAT, TIDY = "clang-format-19", "clang-tidy-19"


def check_format(files):
    command = [FORMAT, "--dry-run", "--Werror", *map(str, files)]
    done = subprocess.run(command, cwd=cxx.ROOT, capture_output=True, text=True)
    bad = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error: code should be clang-formatted", done.stderr, re.MULTILINE)))
    for file in bad:
        print(f"{file}: not formatted; {FORMAT} -i {file}")
    if done.returncode != 0 and not bad:
        print(done.stderr)
    print(f"format: {len(bad)} of {len(files)} files" if done.returncode else f"format: all {len(files)} files are")
    return 1 if done.returncode else 0


def database_for_clang(build, directory):
    """The build's own compile database without the entries clang cannot read (the musl client is built
    by gcc's spec files). Without -Werror: the compilers' warnings are the presets' part, and clang's about
    gcc's flags, or in the standard library, are nobody's. Returns the sources of ours it holds."""
    entries = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = entry.get("arguments") or shlex.split(entry["command"])
        file = pathlib.Path(entry["directory"], entry["file"])
        if not file.is_relative_to(cxx.ROOT / "src") or file.suffix != ".cc" or "musl" in words[0]:
            continue
        words = [word for word in words if word != "-Werror"]
        entries.append({"directory": entry["directory"], "file": str(file), "arguments": words})
    (directory / "compile_commands.json").write_text(json.dumps(entries))
    return sorted({e["file"] for e in entries})


def check_tidy(build, jobs, only):
    with tempfile.TemporaryDirectory(prefix="deja-tidy-") as directory:
        sources = database_for_clang(build, pathlib.Path(directory))
        sources = [s for s in sources if not cxx.is_test(pathlib.Path(s).relative_to(cxx.ROOT))]
        if only:
            sources = [s for s in sources if any(part in s for part in only)]

        def run(source):
            command = [TIDY, "--quiet", "-p", directory, source]
            return subprocess.run(command, cwd=cxx.ROOT, capture_output=True, text=True)

        if not sources:
            print("clang-tidy: no sources in the compile database; build first")
            return 1
        findings = set()  # a header's finding comes once for each includer
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for source, done in zip(sources, pool.map(run, sources)):
                lines = FINDING.findall(done.stdout.replace(str(cxx.ROOT) + "/", ""))
                if done.returncode != 0 and not lines:
                    lines = [f"{source}: {TIDY} failed: {done.stderr.strip()}"]
                for line in lines:
                    if line not in findings and not BY_DESIGN.search(line):
                        findings.add(line)
                        print(line, flush=True)
    print(f"clang-tidy: {len(findings)} findings in {len(sources)} files")
    return 1 if findings else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["format", "tidy"])
    parser.add_argument("only", nargs="*", help="parts of paths: check only the files whose path holds one")
    parser.add_argument("--build", type=pathlib.Path, default=cxx.ROOT / "build" / "dev")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_intermixed_args()
    if args.what == "tidy":
        return check_tidy(args.build, args.jobs, args.only)
    files = cxx.own_files("src", "test")
    return check_format([f for f in files if not args.only or any(part in str(f) for part in args.only)])


if __name__ == "__main__":
    sys.exit(main())
