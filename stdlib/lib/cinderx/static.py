"""What programs written for CinderX import of the runtime of typed code.

Numbers of types and operators are those of its opcodes. Classes are made static by the compiler alone: what `set_type_static` marks is
shown as such, and stays what it is.
"""

import builtins
import functools
import importlib
import weakref

import _cinderx
from __static__ import RAND_MAX, StaticTypeError, chkdict, chklist, is_type_static, lookup_native_symbol, rand, staticarray
from __strict__ import StrictModule
from _cinderx import is_static_callable, set_type_final, set_type_static

__all__ = [
    "RAND_MAX",
    "StaticTypeError",
    "__build_cinder_class__",
    "_clear_dlopen_cache",
    "_clear_dlsym_cache",
    "_property_missing_fdel",
    "_property_missing_fget",
    "_property_missing_fset",
    "_sizeof_dlopen_cache",
    "_sizeof_dlsym_cache",
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

TYPED_INT_UNSIGNED, TYPED_INT_SIGNED = range(2)
TYPED_INT_8BIT, TYPED_INT_16BIT, TYPED_INT_32BIT, TYPED_INT_64BIT = range(4)
TYPED_UINT8, TYPED_INT8, TYPED_UINT16, TYPED_INT16 = range(4)
TYPED_UINT32, TYPED_INT32, TYPED_UINT64, TYPED_INT64 = range(4, 8)
TYPED_OBJECT, TYPED_DOUBLE, TYPED_SINGLE, TYPED_CHAR = range(8, 12)
TYPED_BOOL, TYPED_VOID, TYPED_STRING, TYPED_ERROR = range(12, 16)
TYPED_ARRAY = 0x80

# Operators by family, each numbered from 0.
_OPERATORS = (
    "ADD_INT SUB_INT MUL_INT DIV_INT DIV_UN_INT MOD_INT MOD_UN_INT POW_INT LSHIFT_INT RSHIFT_INT RSHIFT_UN_INT XOR_INT OR_INT AND_INT "
    "ADD_DBL SUB_DBL MUL_DBL DIV_DBL MOD_DBL POW_DBL POW_UN_INT",
    "EQ_INT NE_INT LT_INT LE_INT GT_INT GE_INT LT_UN_INT LE_UN_INT GT_UN_INT GE_UN_INT EQ_DBL NE_DBL LT_DBL LE_DBL GT_DBL GE_DBL",
    "NEG_INT INV_INT NEG_DBL NOT_INT",
)
for _family in _OPERATORS:
    globals().update((f"PRIM_OP_{_name}", _number) for _number, _name in enumerate(_family.split()))

# Kinds of sequences, and of containers whose length is read; the last of each can be added to another.
SEQ_LIST, SEQ_TUPLE, SEQ_LIST_INEXACT, SEQ_CHECKED_LIST, SEQ_ARRAY_INT64, SEQ_SUBSCR_UNCHECKED = 0, 1, 2, 256, 0xF0, 8
SEQ_REPEAT_INEXACT_SEQ, SEQ_REPEAT_INEXACT_NUM, SEQ_REPEAT_REVERSED, SEQ_REPEAT_PRIMITIVE_NUM = 16, 32, 64, 128
FAST_LEN_LIST, FAST_LEN_DICT, FAST_LEN_SET, FAST_LEN_TUPLE, FAST_LEN_ARRAY, FAST_LEN_STR, FAST_LEN_INEXACT = *range(6), 16

__all__ += [name for name in dir() if name.startswith(("TYPED_", "PRIM_OP_", "SEQ_", "FAST_LEN_"))]


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


# Numbers that programs have given to classes.
_given_codes = weakref.WeakKeyDictionary()


def set_type_code(cls, code):
    """Gives a class the number of a primitive type, by which `resolve_primitive_descr` knows it."""
    if not isinstance(cls, type):
        raise TypeError(f"expected a type, not '{type(cls).__name__}'")
    if code not in _CODES.values():
        raise ValueError(f"unknown primitive type: {code!r}")
    _given_codes[cls] = code


def _given_code(module, names):
    """The number of the class that a descriptor names; None without."""
    try:
        found = importlib.import_module(module)
        for name in names:
            found = getattr(found, name)
        return _given_codes.get(found)
    except (ImportError, AttributeError, TypeError):
        return None


def resolve_primitive_descr(descr):
    """The number of the type that a descriptor names: `("__static__", "int64", "#")` and its like."""
    if not isinstance(descr, tuple):
        raise TypeError(f"expected a tuple, not '{type(descr).__name__}'")
    match descr:
        case ("__static__", str(name), "#") if name in _CODES:
            return _CODES[name]
        case (_, _, *modifiers) if "#" not in modifiers:
            return TYPED_OBJECT
        case (str(module), *names, "#") if (code := _given_code(module, names)) is not None:
            return code
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


def set_type_static_final(cls):
    """Shows a class as one that was compiled statically, and lets it have no subclasses."""
    return set_type_static(set_type_final(cls))


def __build_cinder_class__(func, name, keywords, needs_class_cell, final_method_names, is_final, cached_property_impls, *bases):
    """Builds a class as static modules of CinderX do by their code, from the function that runs its body.

    It is shown as static, but its fields are where other classes have theirs: places are for the compiler to give.
    """
    cls = builtins.__build_class__(func, name, *bases, **(keywords or {}))
    inherited = {method for base in bases for method in getattr(base, "__final_method_names__", ())}
    for method in inherited.intersection(cls.__dict__):
        raise TypeError(f"'{method}' overrides a final method in the static base class")
    names = inherited.union(final_method_names or ())
    if names:
        cls.__final_method_names__ = tuple(sorted(names))
    for impl in cached_property_impls or ():
        _bind_cached_property(cls, impl)
    return set_type_static_final(cls) if is_final else set_type_static(cls)


def _bind_cached_property(cls, impl):
    """Puts the descriptor of a cached property into its class, and takes the hidden name of the function away."""
    from cinderx import async_cached_property, cached_property
    for prefix, kind in ("_pystatic_cprop.", cached_property), ("_pystatic_async_cprop.", async_cached_property):
        if impl.__name__.startswith(prefix):
            hidden = impl.__name__
            name = hidden.removeprefix(prefix)
            break
    else:
        raise TypeError(f"'{impl.__name__}' is no cached property")
    slot = cls.__dict__.get(name)
    bound = kind(impl, slot) if hasattr(slot, "__get__") else kind(impl)
    bound.name = name
    setattr(cls, name, bound)
    if hidden in cls.__dict__:
        delattr(cls, hidden)


def _sizeof_dlopen_cache():
    """How many libraries have been found for native functions."""
    return _cinderx.native_libraries()[0]


def _sizeof_dlsym_cache():
    """How many native functions have been found."""
    return _cinderx.native_libraries()[1]


def _clear_dlopen_cache():
    """Finds libraries and their functions anew: they are remembered together."""
    _cinderx.forget_native_libraries()


def _clear_dlsym_cache():
    """Finds native functions anew."""
    _cinderx.forget_native_libraries()
