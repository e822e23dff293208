"""What programs written for CinderX import of the runtime of typed code.

Numbers of types are those of its opcodes. Classes are made static by the compiler alone, so that what makes them so from outside, or
takes native libraries apart, says that it is not supported.
"""

import functools

from __static__ import StaticTypeError, chkdict, chklist, is_type_static, rand, staticarray
from __strict__ import StrictModule
from _cinderx import is_static_callable

__all__ = [
    "StaticTypeError",
    "chkdict",
    "chklist",
    "init_subclass",
    "install_sp_audit_hook",
    "is_static_callable",
    "is_static_module",
    "is_type_static",
    "lookup_native_symbol",
    "make_context_decorator_wrapper",
    "make_recreate_cm",
    "rand",
    "resolve_primitive_descr",
    "set_type_code",
    "set_type_final",
    "set_type_static",
    "set_type_static_final",
    "staticarray",
]

TYPED_UINT8, TYPED_INT8, TYPED_UINT16, TYPED_INT16 = range(4)
TYPED_UINT32, TYPED_INT32, TYPED_UINT64, TYPED_INT64 = range(4, 8)
TYPED_OBJECT, TYPED_DOUBLE, TYPED_SINGLE, TYPED_CHAR = range(8, 12)
TYPED_BOOL, TYPED_VOID, TYPED_STRING, TYPED_ERROR = range(12, 16)
TYPED_ARRAY = 0x80

__all__ += [name for name in dir() if name.startswith("TYPED_")]


def is_static_module(module):
    """Whether the code of a module was compiled statically."""
    if type(module) is not StrictModule:
        return False
    own = (value for value in vars(module).values() if getattr(value, "__module__", None) == module.__name__)
    return any(is_type_static(value) if isinstance(value, type) else is_static_callable(value) for value in own)


def init_subclass(cls, /, **keywords):
    """Calls `__init_subclass__` of what stands behind a class in its order of bases."""
    super(cls, cls).__init_subclass__(**keywords)


_CODES = {
    "uint8": TYPED_UINT8, "int8": TYPED_INT8, "uint16": TYPED_UINT16, "int16": TYPED_INT16,
    "uint32": TYPED_UINT32, "int32": TYPED_INT32, "uint64": TYPED_UINT64, "int64": TYPED_INT64,
    "double": TYPED_DOUBLE, "single": TYPED_SINGLE, "char": TYPED_CHAR, "cbool": TYPED_BOOL,
}


def resolve_primitive_descr(descr):
    """The number of the type that a descriptor names: `("__static__", "int64", "#")` and its like."""
    if not isinstance(descr, tuple):
        raise TypeError(f"expected a tuple, not '{type(descr).__name__}'")
    match descr:
        case ("__static__", str(name), "#") if name in _CODES:
            return _CODES[name]
        case (_, _, *modifiers) if "#" not in modifiers:
            return TYPED_OBJECT
    raise ValueError(f"unknown primitive type: {descr!r}")


def make_recreate_cm(cls):
    """The method by which a context decorator gives itself for each call."""

    def _recreate_cm(self):
        if not isinstance(self, cls):
            raise TypeError(f"expected {cls.__name__!r}, got {type(self).__name__!r}")
        return self

    return _recreate_cm


def make_context_decorator_wrapper(decorator, wrapper, wrapped):
    """The function that runs another one inside a context: it looks like that one."""
    return functools.update_wrapper(wrapper, wrapped)


def install_sp_audit_hook():
    """The code of static functions cannot be replaced without being asked."""


def _property_missing_fget(self):
    raise AttributeError("unreadable attribute")


def _property_missing_fset(self, value):
    raise AttributeError("can't set attribute")


def _property_missing_fdel(self):
    raise AttributeError("can't delete attribute")


def _unsupported(what):
    raise NotImplementedError(f"not supported yet: {what}")


def set_type_static(cls):
    _unsupported("making a class static that the compiler has not made so")


def set_type_static_final(cls):
    _unsupported("making a class static that the compiler has not made so")


def set_type_final(cls):
    _unsupported("making a class final that the compiler has not made so")


def set_type_code(cls, code):
    _unsupported("giving a class the number of a primitive type")


def lookup_native_symbol(library, symbol):
    _unsupported("the address of a native function; `@native` of `__static__` calls it")
