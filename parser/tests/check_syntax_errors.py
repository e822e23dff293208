"""Checks the unmarked cases of syntax_errors.txt against the CPython that runs this script (3.13)."""

import ast
import pathlib
import re
import sys
import warnings

warnings.simplefilter("ignore")


def cases(text):
    head, source = None, []
    for line in text.splitlines():
        if line.startswith("%% "):
            if head is not None:
                yield head, "\n".join(source)
            head, source = line[3:], []
        elif head is not None:
            source.append(line)
    yield head, "\n".join(source)


def verdict(source):
    try:
        ast.parse(source.encode())
    except SyntaxError as e:
        text = f"{type(e).__name__}: {e.msg} @ {e.lineno} {e.offset} {e.end_lineno} {e.end_offset}"
        return re.sub(r" (-1|0)$", " ?", text)
    return "ok"


table = pathlib.Path(__file__).with_name("syntax_errors.txt").read_text()
checked = wrong = 0
for head, source in cases(table):
    if head.startswith("["):
        continue
    checked += 1
    found = verdict(source)
    if found != head:
        wrong += 1
        print(f"{source!r}\n  table   {head}\n  CPython {found}")
print(f"{checked} cases checked, {wrong} differ")
sys.exit(wrong != 0)
