"""The compiler of CinderX as a package; modules are compiled when they are imported, without being asked.

What is compiled apart from an import is what its text says, or what the `compiler` says that is passed along: a class of
`cinderx.compiler.static` or `cinderx.compiler.strict`.
"""

import builtins
import dis
import io

import _cinderx

__all__ = ("compile", "compileFile", "compile_code", "exec_cinder", "get_disassembly_as_string", "make_static_instr")


def compile(source, filename, mode, flags=0, dont_inherit=True, optimize=-1, compiler=None, modname="<module>"):
    """A code object; `compiler` may say that it is typed, or strict."""
    is_static, is_strict = getattr(compiler, "_opted_in", (False, False))
    if not is_static and not is_strict:
        return builtins.compile(source, filename, mode, flags, dont_inherit, optimize)
    if mode != "exec":
        raise ValueError("typed and strict code is that of a module: mode must be 'exec'")
    return _cinderx.compile_module(source, filename, modname, is_static, is_strict, optimize)


def compile_code(source, filename, mode, flags=0, optimize=-1, compiler=None, modname="<module>"):
    """A code object, as `compile` makes it."""
    return compile(source, filename, mode, flags, True, optimize, compiler, modname)


def compileFile(filename, *args, **keywords):
    """Writes the compiled code of a file, where imports look for it."""
    import py_compile
    return py_compile.compile(filename, doraise=True)


def exec_cinder(source, locals, globals, modname="<module>"):
    """Runs a program; the first of the two dictionaries is the namespace."""
    exec(source if hasattr(source, "co_code") else compile_code(source, "<module>", "exec"), locals, globals)


def make_static_instr(instr, co):
    """Typed instructions have their names and numbers already."""
    return instr


def get_disassembly_as_string(co, recurse=False):
    """The listing that `dis` prints."""
    listing = io.StringIO()
    dis.dis(co, file=listing, depth=None if recurse else 0)
    return listing.getvalue()
