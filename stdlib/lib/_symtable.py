"""The symbol tables behind `symtable`: the compiler's own scopes, with CPython's numbers."""

import _imp

DEF_GLOBAL = 1
DEF_LOCAL = 2
DEF_PARAM = 4
DEF_NONLOCAL = 8
USE = 16
DEF_FREE_CLASS = 64
DEF_IMPORT = 128
DEF_ANNOT = 256
DEF_COMP_ITER = 512
DEF_TYPE_PARAM = 1024
DEF_COMP_CELL = 2048
DEF_BOUND = DEF_LOCAL | DEF_PARAM | DEF_IMPORT | DEF_TYPE_PARAM

TYPE_FUNCTION, TYPE_CLASS, TYPE_MODULE, TYPE_ANNOTATION, TYPE_TYPE_ALIAS, TYPE_TYPE_PARAMETERS, TYPE_TYPE_VARIABLE = range(7)
LOCAL, GLOBAL_EXPLICIT, GLOBAL_IMPLICIT, FREE, CELL = range(1, 6)
SCOPE_OFF = 12
SCOPE_MASK = 15

_FLAGS = {"global": DEF_GLOBAL, "local": DEF_LOCAL, "parameter": DEF_PARAM, "nonlocal": DEF_NONLOCAL, "use": USE,
          "free in class": DEF_FREE_CLASS, "import": DEF_IMPORT, "annotation": DEF_ANNOT, "iteration variable": DEF_COMP_ITER,
          "type parameter": DEF_TYPE_PARAM}
_SCOPES = {"local": LOCAL, "global explicit": GLOBAL_EXPLICIT, "global implicit": GLOBAL_IMPLICIT, "free": FREE, "cell": CELL}
_TYPES = {"function": TYPE_FUNCTION, "class": TYPE_CLASS, "module": TYPE_MODULE, "annotation": TYPE_ANNOTATION,
          "type alias": TYPE_TYPE_ALIAS, "type parameters": TYPE_TYPE_PARAMETERS, "type variable": TYPE_TYPE_VARIABLE}


class _Entry:
    """One block; `symbols` has the flags of each name, with its scope in the bits above."""

    __slots__ = "type", "name", "lineno", "nested", "symbols", "varnames", "children", "__weakref__"

    def __init__(self, block):
        kind, self.name, self.lineno, self.nested, symbols, inside = block
        self.type = _TYPES[kind]
        self.symbols = {name: sum(_FLAGS[word] for word in words) | _SCOPES[scope] << SCOPE_OFF
                        for name, (words, scope) in symbols.items()}
        self.varnames = [name for name, flags in self.symbols.items() if flags & DEF_PARAM]
        self.children = [_Entry(inner) for inner in inside]

    @property
    def id(self):
        return id(self)

    def __repr__(self):
        return f"<symtable entry {self.name}({self.id}), line {self.lineno}>"


_Entry.__name__ = _Entry.__qualname__ = "symtable entry"


def symtable(source, filename, startstr, /):
    """Return symbol and scope dictionaries used internally by compiler."""
    return _Entry(_imp.scopes(source, filename, startstr))
