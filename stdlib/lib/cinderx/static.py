"""What programs written for CinderX import of the runtime of typed code."""

from __static__ import StaticTypeError, chkdict, chklist, is_type_static, rand, staticarray

__all__ = ["StaticTypeError", "chkdict", "chklist", "is_type_static", "rand", "staticarray"]
