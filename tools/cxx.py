# SPDX-License-Identifier: Apache-2.0
"""Just enough C++ for the style checks: which files are ours, code without comments and strings,
and where functions begin and end. It relies on our own formatting and needs no compiler."""

import bisect
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUFFIXES = {".h", ".cc", ".c"}

TOKEN = re.compile(
    r"""//[^\n]*(?:\\\n[^\n]*)*"""               # line comment
    r"""|/\*.*?\*/"""                            # block comment
    r"""|(?:u8|u|U|L)?R"(?P<tag>[^()\\ ]*)\(.*?\)(?P=tag)\""""
    r"""|"(?:\\.|[^"\\\n])*\""""
    r"""|(?<![0-9A-Za-z_])(?:u8|u|U|L)?'(?:\\.|[^'\\\n])+'""",  # no digit separator: 1'000
    re.DOTALL | re.VERBOSE,
)
DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)[^\n]*(?:(?<=\\)\n[^\n]*)*", re.MULTILINE)


def own_files(*directories, suffixes=SUFFIXES, root=ROOT):
    """Files below the named directories, relative to root, sorted."""
    found = []
    for directory in directories:
        found += [p.relative_to(root) for p in (root / directory).rglob("*") if p.suffix in suffixes and p.is_file()]
    return sorted(found)


def is_test(file):
    """Tests and what only tests include: test/, testing/, foo_test.cc, test_foo.h, temp_foo.h."""
    if file.parts[0] == "test" or "testing" in file.parts:
        return True
    return file.stem.endswith("_test") or file.stem.startswith(("test_", "temp_"))


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def strip(text):
    """The same text, line for line, with comments blanked and strings emptied to quotes."""

    def replace(match):
        token = match[0]
        if token.startswith("/"):
            return _blank(token)
        quote = token[-1]
        return quote + _blank(token[1:-1]) + quote

    return TOKEN.sub(replace, text)


def _without_directives(code):
    """Blanks preprocessor lines, and all but the first branch of each #if so that braces stay paired."""
    out, position, depth_hidden, branches = [], 0, 0, []
    for match in DIRECTIVE.finditer(code):
        between = code[position:match.start()]
        out.append(_blank(between) if depth_hidden else between)
        out.append(_blank(match[0]))
        position = match.end()
        word = match[1]
        if word in ("if", "ifdef", "ifndef"):
            branches.append(False)
        elif word in ("else", "elif") and branches and not branches[-1]:
            branches[-1] = True
            depth_hidden += 1
        elif word == "endif" and branches:
            depth_hidden -= branches.pop()
    out.append(code[position:])
    return "".join(out)


INITIALIZER_TAIL = re.compile(r"\)\s*(?:noexcept(?:\([^()]*\))?\s*)?:(?!:).*[\w>]\s*$", re.DOTALL)


def _kind_of_brace(head):
    """What a `{` outside of functions opens, told by the text since the last statement or block."""
    head = head.strip()
    if re.search(r'\bnamespace\b|\bextern\s+"\s*"$', head):
        return "space"
    if re.search(r"\b(class|struct|union|enum)\b", head) and not re.search(r"\)[^()]*$", head):
        return "space"
    if "(" not in head or INITIALIZER_TAIL.search(head) or re.search(r"[=,(]$", head):
        return "initializer"
    return "function"


def functions(text):
    """[(name, first line, number of lines)] of each function body, braces included. Lambdas and local
    types count as part of the function around them; initializers (tables) are not functions."""
    code = _without_directives(strip(text))
    newlines = [m.start() for m in re.finditer("\n", code)]

    def line_of(offset):
        return bisect.bisect_left(newlines, offset) + 1

    found, stack, head_start, parentheses = [], [], 0, 0
    for match in re.finditer(r"[{};()]", code):
        token, at = match[0], match.start()
        scope = stack[-1][0] if stack else "space"
        if token in "()":
            parentheses += 1 if token == "(" else -1
        elif token == "{":
            if scope != "space":
                kind = scope if scope == "initializer" else "inside"
            else:
                kind = "initializer" if parentheses else _kind_of_brace(code[head_start:at])
            stack.append((kind, at, head_start, parentheses))
            if kind == "space":
                head_start = at + 1
        elif token == "}" and stack:
            kind, opened, head, parentheses = stack.pop()
            if kind == "function":
                name = re.findall(r"([~\w:<>]+)\s*\(", code[head:opened])
                found.append((name[0] if name else "?", line_of(opened), line_of(at) - line_of(opened) + 1))
            if kind in ("space", "function"):
                head_start = at + 1
        elif token == ";" and scope == "space" and parentheses == 0:
            head_start = at + 1
    return found
