"""Disassembly of this program's own bytecode, which shares names with CPython's but not the encoding."""

import collections
import re
import sys
import types

__all__ = ["code_info", "dis", "disassemble", "distb", "disco", "findlinestarts", "findlabels", "show_code", "Positions",
           "COMPILER_FLAG_NAMES", "Instruction", "get_instructions", "pretty_flags", "opname", "opmap", "hasarg", "hasconst", "hasname",
           "hasjump", "hasjrel", "hasjabs", "haslocal", "hascompare", "hasfree", "hasexc"]

# The instructions that CPython numbers do not exist here, and so none of them has a property.
opname = []
opmap = {}
hasarg, hasconst, hasname, hasjump, hasjrel, hasjabs, haslocal, hascompare, hasfree, hasexc = ([] for _ in range(10))

COMPILER_FLAG_NAMES = {
    1: "OPTIMIZED",
    2: "NEWLOCALS",
    4: "VARARGS",
    8: "VARKEYWORDS",
    16: "NESTED",
    32: "GENERATOR",
    64: "NOFREE",
    128: "COROUTINE",
    256: "ITERABLE_COROUTINE",
    512: "ASYNC_GENERATOR",
    0x4000000: "HAS_DOCSTRING",
    0x8000000: "METHOD",
}

Positions = collections.namedtuple("Positions", "lineno end_lineno col_offset end_col_offset", defaults=[None] * 4)

Instruction = collections.namedtuple(
    "Instruction",
    "opname opcode arg argval argrepr offset start_offset starts_line line_number label positions cache_info",
)

# What runs before a frame begins.
_PROLOGUE = {"COPY_FREE_VARS", "MAKE_CELL", "CHECK_ARGS", "RETURN_GENERATOR"}


def pretty_flags(flags):
    """The names of a code object's flags."""
    names = []
    for bit in range(32):
        if flags & 1 << bit:
            names.append(COMPILER_FLAG_NAMES.get(1 << bit, hex(1 << bit)))
    return ", ".join(names) or "0x0"


def _code_of(x):
    """The code object of a function, method, generator, coroutine or source text."""
    x = getattr(x, "__func__", x)
    for name in ("__code__", "gi_code", "ag_code", "cr_code"):
        if hasattr(x, name):
            return getattr(x, name)
    if isinstance(x, str):
        return compile(x, "<disassembly>", "exec")
    return x


def disassemble(code, lasti=-1, *, file=None, **_):
    """Prints the instructions of one code object."""
    import _imp
    print(_imp.code_listing(code), end="", file=file)


disco = disassemble


def dis(x=None, *, file=None, depth=None, **options):
    """Prints the instructions of classes, methods, functions, and other compiled objects, with those nested in them."""
    if x is None:
        return distb(file=file)
    if isinstance(x, (type, types.ModuleType)):
        for name, item in sorted(x.__dict__.items()):
            if isinstance(item, (types.FunctionType, types.CodeType, type, classmethod, staticmethod)):
                print(f"Disassembly of {name}:", file=file)
                try:
                    dis(getattr(item, "__wrapped__", item), file=file, depth=depth)
                except TypeError as error:
                    print("Sorry:", error, file=file)
                print(file=file)
        return
    code = _code_of(x)
    if not isinstance(code, types.CodeType):
        raise TypeError(f"don't know how to disassemble {type(x).__name__} objects")
    disassemble(code, file=file)
    if depth is None or depth > 0:
        for item in code.co_consts:
            if isinstance(item, types.CodeType):
                print(file=file)
                print(f"Disassembly of {item!r}:", file=file)
                dis(item, file=file, depth=None if depth is None else depth - 1)


def distb(tb=None, *, file=None, **_):
    """Prints the instructions of the frame where an exception was raised last."""
    if tb is None:
        try:
            tb = sys.last_exc.__traceback__
        except AttributeError:
            raise RuntimeError("no last traceback to disassemble") from None
    while tb.tb_next:
        tb = tb.tb_next
    disassemble(tb.tb_frame.f_code, tb.tb_lasti, file=file)


def code_info(x):
    """What is known about a code object, as text."""
    code = _code_of(x)
    if not isinstance(code, types.CodeType):
        raise TypeError(f"don't know how to disassemble {type(x).__name__} objects")
    lines = [
        f"Name:              {code.co_name}",
        f"Filename:          {code.co_filename}",
        f"Argument count:    {code.co_argcount}",
        f"Positional-only arguments: {code.co_posonlyargcount}",
        f"Kw-only arguments: {code.co_kwonlyargcount}",
        f"Number of locals:  {code.co_nlocals}",
        f"Stack size:        {code.co_stacksize}",
        f"Flags:             {pretty_flags(code.co_flags)}",
    ]
    groups = [("Constants", [repr(item) for item in code.co_consts]), ("Names", code.co_names), ("Variable names", code.co_varnames),
              ("Free variables", code.co_freevars), ("Cell variables", code.co_cellvars)]
    for title, items in groups:
        if items:
            lines.append(f"{title}:")
            lines.extend(f"{at:4d}: {item}" for at, item in enumerate(items))
    return "\n".join(lines)


def show_code(co, *, file=None):
    """Prints what is known about a code object."""
    print(code_info(co), file=file)


def findlinestarts(code):
    """Pairs of offsets and lines, where lines begin."""
    last = False
    for start, _, line in code.co_lines():
        if line is not last:
            last = line
            yield start, line


def findlabels(code):
    raise NotImplementedError("not supported yet: jump targets of this program's bytecode by offset")


def get_instructions(x, **_):
    """The instructions of one code object, without those nested in it. Behind the prologue stands `RESUME`, which is no instruction
    here but the place where a frame begins, and where debuggers look for it."""
    import _imp
    code = _code_of(x)
    positions = [Positions(*at) for at in code.co_positions()]
    has_begun, last = False, None
    for line in _imp.code_listing(code).splitlines():
        found = re.match(r"\s*(?:\d+\s+)?(?:>>\s+)?(\d+) ([A-Z][A-Z_0-9]*)(?:\s+(\d+))?(?:\s+; (.*))?$", line)
        if found is None:
            continue
        at, name, arg, shown = int(found[1]), found[2], found[3] and int(found[3]), found[4] or ""
        if not has_begun and name not in _PROLOGUE:
            has_begun = True
            first = code.co_firstlineno
            yield Instruction("RESUME", 0, 0, 0, "", 2 * at - 2, 2 * at - 2, True, first, None, Positions(first, first, 0, 0), None)
        where = positions[at]
        yield Instruction(name, 0, arg, shown or arg, shown, 2 * at, 2 * at, where.lineno not in (None, last), where.lineno, None, where, None)
        last = where.lineno or last
