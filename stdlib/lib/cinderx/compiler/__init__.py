"""The compiler of CinderX as a package; modules are compiled when they are imported, without being asked.

What it compiles here is what the program itself compiles: typed code comes from modules that say `import __static__`, when they are imported.
"""

import builtins
import dis
import io

__all__ = ("compile", "compileFile", "compile_code", "exec_cinder", "get_disassembly_as_string", "make_static_instr")


def compile(source, filename, mode, flags=0, dont_inherit=True, optimize=-1):
    """A code object, as the builtin function makes it."""
    return builtins.compile(source, filename, mode, flags, dont_inherit, optimize)


def compile_code(source, filename, mode, flags=0, optimize=-1, compiler=None, modname="<module>"):
    """A code object; there is but one compiler."""
    return builtins.compile(source, filename, mode, flags, True, optimize)


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
