#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists what the program may say to its users, to be read aloud: `python3 tools/messages.py > list`.

One line for each string literal of src/, "file:line: text", in the order of the files. A literal is listed if it has
two words, or a word next to a placeholder. Literals that stand side by side, or with only `+ value +` between them, are
one; the value reads as {}. Left out are tests, what only tests include, test hooks, preprocessor lines, assertions and
the reasons in ignore(). The list also has HTML, shell scripts and notes of tables that no user sees, and it lacks
labels of one word.
"""

import re
import sys

import cxx

HOOKS = re.compile(r"^#if(?:def| defined)[ (]+DEJA_TEST_HOOKS.*?^#(?:else|endif)", re.MULTILINE | re.DOTALL)
TWO_WORDS = re.compile(
    r"""[A-Za-z]{2,}['`,;:)"]*[ ]['`("]*(?:[A-Za-z]{2,}|a\b)"""
    r"""|\{[^{}]*\}[ ][a-z]{2,}|[a-z]{2,}:?[ ]['`"]?\{"""
)
NOT_SHOWN = re.compile(r"\b(?:ignore|_?[Ss]tatic_assert|CHECK)\(")
VALUE = re.compile(r"\+[^;?={}]*\+")  # what stands between the literals of `"no file " + name + " here"`


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def content(token):
    """What is between the quotes, in one line: line breaks read as \\n."""
    if token.startswith('"'):
        return token[1:-1].replace(r"\"", '"')
    return token[token.index("(") + 1:token.rindex(")")].replace("\n", r"\n")


def literals(text):
    """(line, text) of each message: literals side by side are one, and so are those with `+ value +` in between."""
    text = HOOKS.sub(blank, text)
    text = cxx.DIRECTIVE.sub(blank, text)
    code = cxx.strip(text)
    found = [m for m in cxx.TOKEN.finditer(text) if m[0].endswith('"') and not m[0].startswith("/")]
    first, words, end = 0, "", 0
    for match in found:
        if NOT_SHOWN.search(code, code.rfind(";", 0, match.start()) + 1, match.start()):
            continue
        gap = code[end:match.start()].strip()
        if gap and not (words and VALUE.fullmatch(gap)):
            yield text.count("\n", 0, first) + 1, words
            words = ""
        first = first if words else match.start()
        words += ("{}" if words and gap else "") + content(match[0])
        end = match.end()
    yield text.count("\n", 0, first) + 1, words


def main():
    for file in cxx.own_files("src"):
        if cxx.is_test(file):
            continue
        for line, text in literals((cxx.ROOT / file).read_text()):
            if TWO_WORDS.search(text):
                print(f"{file}:{line}: {text}")


if __name__ == "__main__":
    sys.exit(main())
