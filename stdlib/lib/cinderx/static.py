"""What programs written for CinderX import of the runtime of typed code.

Numbers of types are those of its opcodes. What takes compiled code apart (`set_type_code`, `resolve_primitive_descr` and their like) has no
counterpart here and is not there.
"""

from __static__ import StaticTypeError, chkdict, chklist, is_type_static, rand, staticarray
from __strict__ import StrictModule
from _cinderx import is_static_callable

__all__ = [
    "StaticTypeError",
    "chkdict",
    "chklist",
    "init_subclass",
    "is_static_callable",
    "is_static_module",
    "is_type_static",
    "rand",
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
