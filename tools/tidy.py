#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fast style checks: sizes, banned calls and words, bare to-do marks, links and names in the docs, licenses.

Every rule is a function that yields violations, "file:line: what, and what to do instead".
A line that must break a rule says so, with the reason: `// tidy-allow: <rule> <why>`.
Exit 0: clean. Exit 1: one line for each violation.
"""

import pathlib
import re
import sys

import cxx
import spdx

FILE_LINES_MAX, TEST_FILE_LINES_MAX = 600, 1000
FUNCTION_LINES_MAX = 70

# (rule, what is banned, use instead)
BANNED = [
    ("strcpy", r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok)\s*\(", "std::string, fmt::format or snprintf"),
    ("rand", r"\b(rand|srand)\s*\(", "a seeded std::mt19937_64, or getrandom for secrets"),
    ("ato", r"\b(atoi|atol|atof|atoll)\s*\(", "std::from_chars, which can fail"),
    ("endl", r"\bstd::endl\b", r"'\n'"),
    ("using-namespace", r"\busing\s+namespace\b(?!\s+std::(string_view_|chrono_)?literals)", "the full name or a using-declaration"),
    ("shared-state", r"\bstd::(async|future|promise|shared_future)\b", "a thread with a name and an owner"),
    ("detach", r"\.\s*detach\s*\(\s*\)", "std::jthread, joined by its owner"),
    ("volatile-time", r"\b(localtime|gmtime|asctime|ctime)\s*\(", "the _r function"),
]
# What os/ has a better form of.
BANNED_IN_PRODUCT = [
    ("system", r"\b(system|popen)\s*\(", "os/ (spawn)"),
    ("fstream", r"\bstd::(i|o)?fstream\b|\bfopen\s*\(", "os/file.h"),
]
# The interposer is made of functions that bear the names of banned ones.
DEFINES_THEM = "src/observe/preload/"
# Only in tests: what makes them slow or flaky.
BANNED_IN_TESTS = [
    ("sleep", r"\b(sleep|usleep|nanosleep|sleep_for|sleep_until)\s*\(", "waiting for the event itself, with a deadline"),
]
# Calls that os/ wraps (failpoints, EINTR, O_CLOEXEC, paths in errors). They start with `::` by convention.
SYSCALLS = re.compile(
    r"(?<![\w>:])::(open|openat|creat|rename|renameat|renameat2|unlink|unlinkat|link|linkat|symlink|mkdir|mkdirat|rmdir|"
    r"read|write|pread|pwrite|sendmsg|recvmsg|send|recv|fork|vfork|execv|execve|execvp|socket|socketpair|connect|"
    r"accept|accept4|bind|listen|fsync|fdatasync|ftruncate|truncate|mmap|munmap|flock|poll|stat|lstat|fstat|fstatat|"
    r"copy_file_range|sendfile|posix_spawn|posix_spawnp|waitpid|getcwd|opendir|readdir)\s*\("
)
# Directories of src/ that make system calls of their own, and why.
SYSCALL_DIRECTORIES = {
    "os": "it holds the wrappers",
    "client": "a static program of a few kilobytes without exceptions; most of its calls stand between fork and exec",
    "observe/preload": "C code in the tool's own process; a wrapper would be observed itself",
    "observe/supervise": "it repeats the calls of other processes exactly as they were made",
}


def makes_system_calls(file):
    path = "/".join(file.parts[1:])
    return any(path.startswith(directory + "/") for directory in SYSCALL_DIRECTORIES)


def check_syscall_directories(code):
    """A directory that makes no such call any more needs no leave."""
    for directory in SYSCALL_DIRECTORIES:
        files = [text for file, text in code.items() if "/".join(file.parts).startswith(f"src/{directory}/")]
        if not any(SYSCALLS.search(cxx.strip(text)) or directory == "observe/preload" for text in files):
            yield f"tools/tidy.py: src/{directory} makes no system call: take it out of SYSCALL_DIRECTORIES"
# Words of other caches for things that have one name here (docs/ARCHITECTURE.md, "Words").
WORDS = {"passthrough": "bypass", "uncacheable": "bypass"}
# Split so that this line is not one itself.
MARKS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b(?!\(#\d+\):)")


def allowed(line, rule):
    return re.search(rf"tidy-allow:\s*{re.escape(rule)}\s+\S", line) is not None


def check_sizes(file, text):
    lines_max = TEST_FILE_LINES_MAX if cxx.is_test(file) else FILE_LINES_MAX
    count = text.count("\n")
    if count > lines_max:
        yield f"{file}:1: {count} lines, at most {lines_max}: give one of its ideas a file of its own"
    lines = text.splitlines()
    for name, line, length in cxx.functions(text):
        if length > FUNCTION_LINES_MAX and not allowed(lines[line - 1], "function-length"):
            yield f"{file}:{line}: {name} has {length} lines, at most {FUNCTION_LINES_MAX}: name its phases"


def check_calls(file, text):
    if str(file).startswith(DEFINES_THEM):
        return
    lines = text.splitlines()
    for number, (line, code) in enumerate(zip(lines, cxx.strip(text).splitlines()), 1):
        rules = BANNED + (BANNED_IN_TESTS if cxx.is_test(file) else [] if file.parts[1] == "os" else BANNED_IN_PRODUCT)
        for rule, pattern, instead in rules:
            match = re.search(pattern, code)
            if match and not allowed(line, rule):
                yield f"{file}:{number}: [{rule}] {match[0].strip(' (')} is banned: use {instead}"
        if file.parts[0] == "src" and not cxx.is_test(file) and not makes_system_calls(file):
            match = SYSCALLS.search(code)
            if match and not allowed(line, "syscall"):
                yield f"{file}:{number}: [syscall] {match[0].strip(' (')} outside os/: call or add its wrapper there"


def check_words(file, text):
    lines = text.splitlines()
    for number, code in enumerate(cxx.strip(text).splitlines(), 1):
        for word, instead in WORDS.items():
            if re.search(word, code, re.IGNORECASE) and not allowed(lines[number - 1], "word"):
                yield f"{file}:{number}: [word] \"{word}\" is not one of our words: say {instead}"


def check_header(file, text):
    if file.suffix != ".h":
        return
    if not re.search(r"^#pragma once$", text, re.MULTILINE):
        yield f"{file}:1: no `#pragma once`"


def check_marks(file, text):
    for number, line in enumerate(text.splitlines(), 1):
        match = MARKS.search(line)
        if match:
            yield f"{file}:{number}: bare {match[0]}: do it, or {match[0]}(#issue):"


LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
ROOTED = re.compile(r"`((?:src|docs|test|tools|cmake)/[\w./-]+\.\w+)`")


def anchors_of(text):
    """The names that a page's headings have in links, as GitHub makes them."""
    titles = [re.sub(r"[`*]|\[|\]\([^)]*\)", "", title) for title in re.findall(r"^#+\s+(.*)$", text, re.MULTILINE)]
    return {re.sub(r"[^\w -]", "", title.strip().lower()).replace(" ", "-") for title in titles}


def check_links(file, text, root=cxx.ROOT):
    """Relative links, and paths in backquotes that start at the project's top, must name what is there."""
    fenced = re.sub(r"^```.*?^```", lambda m: re.sub(r"[^\n]", "", m[0]), text, flags=re.MULTILINE | re.DOTALL)
    for number, line in enumerate(fenced.splitlines(), 1):
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            page = root / file.parent / path if path else root / file
            if path and not page.exists():
                yield f"{file}:{number}: link to {target}, which is not there"
            elif anchor and page.suffix == ".md" and anchor not in anchors_of(page.read_text() if path else text):
                yield f"{file}:{number}: link to {target}, but the page has no such heading"
        for path in ROOTED.findall(line):
            if not (root / path).exists():
                yield f"{file}:{number}: `{path}` is not there"


VARIABLE = re.compile(r"`(?:export )?(DEJA_[A-Z_]+)\b(?!\*)|^    .*?\b(DEJA_[A-Z_]+)=")


def check_variables(file, text, known):
    """A variable of ours that a page names is one that some program or script reads."""
    for number, line in enumerate(text.splitlines(), 1):
        for name in {a or b for a, b in VARIABLE.findall(line)} - known:
            yield f"{file}:{number}: nothing reads {name}"


DOC_COLUMNS_MAX = 120


def check_columns(file, text):
    """Prose is broken at 120 columns; a row of a table cannot be, but what a reader sees of it is short."""
    for number, line in enumerate(text.splitlines(), 1):
        seen = re.sub(r"\]\([^)]*\)", "", line) if line.startswith("|") else line
        limit = 2 * DOC_COLUMNS_MAX if line.startswith("|") else DOC_COLUMNS_MAX
        if len(seen) > limit:
            yield f"{file}:{number}: {len(seen)} columns, at most {limit}"


TEST_CASE = re.compile(r"^TEST(?:_P|_F)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
# In documents "`Suite.Name`"; "…" or "*" at its end stands for any rest. In comments and in filters without the quotes.
NAMED_TEST = re.compile(r"`([A-Z]\w+)\.(\w*)([…*]?)`")
NAMED_IN_COMMENT = re.compile(r"(?<![\w./])([A-Z]\w+)\.([A-Z]\w+)([…*]?)(?![\w(])")
FILTER = re.compile(r"--gtest_filter='?\*?/?([A-Z]\w+)\.(\w*)([…*]?)")
TWO_WORDS = re.compile(r"[A-Z][a-z]+[A-Z]|[A-Z][A-Z][a-z]")  # a name like a test's, unlike `Cargo.toml`
TEST_FILE = re.compile(r"(?<![\w./*-])((?:[\w*-]+/)*[\w*]+_test)(\.cc)?(?![\w*])")
PAGE = re.compile(r"(?<![\w./-])docs/[\w/.-]+\.\w+")
TEST_PATH = re.compile(r"(?<![\w./-])test/[\w/*.-]*[\w*]")


class Tests:
    """What a page or a comment may name: cases {(suite, name)}, files, and the programs that hold them."""

    def __init__(self, cases=(), files=(), programs=()):
        self.cases, self.files, self.programs = set(cases), list(files), set(programs)
        self.suites = {suite for suite, _ in self.cases}

    def has_case(self, suite, name, rest):
        return any(s == suite and (n.startswith(name) if rest else n == name) for s, n in self.cases)

    def has_file(self, path):
        """path: a program, or a file: a whole path or its end, with `*` for any letters, with or without `.cc`."""
        if path.split("/test-bin/")[-1] in self.programs:
            return True
        name = path if path.endswith(".cc") else path + ".cc"
        return any(file.match(name) for file in self.files)


def find_missing_tests(line, tests, case_patterns):
    for pattern in case_patterns:
        for suite, name, rest in pattern.findall(line):
            is_other = not rest and suite not in tests.suites and not TWO_WORDS.match(name)
            if not is_other and not tests.has_case(suite, name, rest):
                yield f"no test is called {suite}.{name}{rest}"
    for path, suffix in TEST_FILE.findall(line):
        if not tests.has_file(path + suffix):
            yield f"there is no test {path}{suffix}"


def check_named_tests(file, text, tests):
    """A page that names a test names one that is there."""
    for number, line in enumerate(text.splitlines(), 1):
        for problem in find_missing_tests(line, tests, [NAMED_TEST, FILTER]):
            yield f"{file}:{number}: {problem}"


def check_comments(file, text, tests, root=cxx.ROOT):
    """So does a comment, "Tested by x_test.cc" above all. A path below test/, docs/ or src/<module>/ exists."""
    code = cxx.strip(text).splitlines()
    modules = "|".join(sorted(path.name for path in (root / "src").iterdir() if path.is_dir()))
    module_path = re.compile(rf"(?<![\w./-])(?:{modules})/[\w/.-]*\.(?:cc|c|h)\b")
    for number, (line, bare) in enumerate(zip(text.splitlines(), code), 1):
        start = len(bare.rstrip())
        comment = line[start:] if re.match(r"\s*(//|/?\*)", line[start:]) else ""
        for problem in find_missing_tests(comment, tests, [NAMED_IN_COMMENT, FILTER]):
            yield f"{file}:{number}: {problem}"
        for path in TEST_PATH.findall(comment):
            if not TEST_FILE.fullmatch(path) and not any(root.glob(path)):
                yield f"{file}:{number}: {path} is not there"
        for path in module_path.findall(comment):
            if not (root / "src" / path).exists() and not TEST_FILE.match(path):
                yield f"{file}:{number}: src/{path} is not there"
        for path in PAGE.findall(comment):
            if not (root / path).exists():
                yield f"{file}:{number}: {path} is not there"


def find_tests(code, root):
    """code: {path: text}. A program of tests has its name in CMake, or is called after its module."""
    cases = {case for text in code.values() for case in TEST_CASE.findall(text)}
    programs = {f"{file.parts[1]}_test" for file in code if len(file.parts) > 2 and cxx.is_test(file)}
    for listing in cxx.own_files("src", "test", "cmake", suffixes={".txt", ".cmake"}, root=root):
        programs.update(re.findall(r"\b\w+_test\b", (root / listing).read_text()))
    return Tests(cases, code, programs)


# Tables of reasons: {enum: file of its rows, each `{name, "name", …}`}. Of a bypass a test runs the example in its row.
REASONS = {"NotStored": "src/action/not_stored.cc", "BypassReason": "src/tool/bypass.cc"}
# Their tests use the names only as examples.
SHOW_REASONS = {"journal", "cli"}
HAVE_EXAMPLES = {"BypassReason"}


def check_reasons(code, tables=REASONS):
    """Each reason is given by the code and expected by a test that makes something happen."""
    for enum, table in tables.items():
        table = pathlib.Path(table)
        rows = re.findall(r"""\{(\w+), "\1"(.*?)\}(?=,\n)""", code.get(table, ""), re.DOTALL)
        tests, product = [], []
        for file, text in code.items():
            if file.parent == table.parent and file.stem in (table.stem, table.stem + "_test"):
                continue
            if not cxx.is_test(file):
                product.append(cxx.strip(text))
            elif file.parts[1] not in SHOW_REASONS:
                tests.append(text)
        given, tested = "\n".join(product), "\n".join(tests)
        for name, rest in rows:
            if not re.search(rf"\b{enum}::{name}\b", given):
                yield f"{table}:1: no code gives the reason {name}: take it out"
            has_example = enum in HAVE_EXAMPLES and not rest.endswith('""')
            if not has_example and not re.search(rf'\b{enum}::{name}\b|"(bypass )?{name}(: [^"]*)?"', tested):
                yield f"{table}:1: no test expects the reason {name}"


CODE_RULES = [check_sizes, check_calls, check_header, check_marks]


def check(root=cxx.ROOT):
    problems = []
    code = {file: (root / file).read_text(errors="replace") for file in cxx.own_files("src", "test", root=root)}
    tests = find_tests(code, root)
    for file, text in code.items():
        problems += check_comments(file, text, tests, root)
        for rule in CODE_RULES + ([check_words] if file.parts[0] == "src" else []):
            problems += rule(file, text)
    problems += check_reasons(code)
    problems += check_syscall_directories(code)
    scripts = cxx.own_files("tools", "test", "cmake", "src", suffixes={".py", ".sh", ".txt", ".cmake"}, root=root)
    for file in [*scripts, pathlib.Path("dev"), pathlib.Path(".ci/run")]:
        if (root / file).is_file():
            problems += check_marks(file, (root / file).read_text(errors="replace"))
    everything = [*code.values(), *((root / file).read_text(errors="replace") for file in scripts)]
    variables = {name for text in everything for name in re.findall(r"DEJA_[A-Z_]+", text)}
    for file in spdx.files(root):
        if not spdx.is_licensed((root / file).read_text(errors="replace")):
            problems.append(f"{file}:1: no `{spdx.LICENSE}`: run tools/spdx.py")
    pages = cxx.own_files("docs", suffixes={".md"}, root=root)
    for page in [*sorted(p.relative_to(root) for p in root.glob("*.md")), *pages]:
        text = (root / page).read_text()
        problems += check_marks(page, text)
        problems += check_links(page, text, root)
        problems += check_variables(page, text, variables)
        problems += check_columns(page, text)
        problems += check_named_tests(page, text, tests)
    return problems


def main():
    problems = check()
    for problem in problems:
        print(problem)
    print(f"tidy: {len(problems)} violations" if problems else "tidy: clean")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
