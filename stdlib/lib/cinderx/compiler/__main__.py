"""`-m cinderx.compiler file.py`: compiles, shows or runs one file.

What is typed, and what is strict, is said by the file, or by an option. Modules that the file imports say it themselves.
"""

import argparse
import os
import py_compile
import sys
import types

import _cinderx

from . import get_disassembly_as_string


def _arguments():
    parser = argparse.ArgumentParser(prog="cinderx.compiler", description="Compile, show or run one file.")
    kinds = parser.add_mutually_exclusive_group()
    for name in ("static", "strict", "builtin", "pyrefly"):
        kinds.add_argument("--" + name, action="store_true")
    parser.add_argument("--dis", action="store_true", help="print the instructions")
    parser.add_argument("-c", action="store_true", help="compile, and do not run")
    parser.add_argument("--output", help="where to put the compiled code")
    parser.add_argument("--modname", default="__main__", help="the name of the module")
    parser.add_argument("--opt", type=int, default=-1, choices=(-1, 0, 1, 2), help="the level of optimisation")
    parser.add_argument("--jit", action="store_true", help="compile functions to machine code before they are called")
    parser.add_argument("--pyrefly-types-dir", help=argparse.SUPPRESS)
    parser.add_argument("--pyrefly-search-path", help=argparse.SUPPRESS)
    parser.add_argument("input", help="the file")
    parser.add_argument("args", nargs=argparse.REMAINDER, help="what the program gets")
    return parser, parser.parse_args()


def _markers(source):
    """The markers that a file opens with."""
    import ast
    body = ast.parse(source).body
    named = (name.name for statement in body if isinstance(statement, ast.Import) for name in statement.names)
    return {"--" + name.strip("_") for name in named if name in ("__static__", "__strict__")}


def _write(parser, args, source):
    """Puts compiled code where imports look for it, or elsewhere. What a file is must be said by itself there."""
    wanted = {"--static"} if args.static else {"--strict"} if args.strict else set()
    for option in wanted - _markers(source):
        parser.error(f"not supported yet: to keep the code of a file that is compiled with {option} and does not say so itself")
    py_compile.compile(args.input, args.output, doraise=True, optimize=args.opt)


def _run(code, path, name):
    module = types.ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    exec(code, module.__dict__)


def main():
    parser, args = _arguments()
    if args.pyrefly:
        parser.error("not supported yet: types from another checker")
    with open(args.input, "rb") as file:
        source = file.read()
    try:
        code = _cinderx.compile_module(source, args.input, args.modname, args.static, args.strict, args.opt)
    except SyntaxError as error:
        sys.excepthook(type(error), error, None)
        sys.exit(1)
    if args.dis:
        print(get_disassembly_as_string(code, recurse=True), end="")
    if args.c:
        _write(parser, args, source)
    if args.c or args.dis:
        return
    if args.jit:
        from cinderx import jit
        jit.compile_after_n_calls(0)
    sys.argv[:] = [args.input, *args.args]
    _run(code, args.input, args.modname)


if __name__ == "__main__":
    main()
