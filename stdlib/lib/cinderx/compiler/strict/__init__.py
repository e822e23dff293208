"""Strict modules, by the names that CinderX gives them."""

from __strict__ import StrictModule, StrictModuleError

__all__ = ["StrictCodeGenerator", "StrictModule", "StrictModuleError"]


class StrictCodeGenerator:
    """Passed to `cinderx.compiler.compile`: the module is strict, whether it says so or not. A code generator of its own cannot be had."""

    _opted_in = False, True

    def __init__(self, *args, **keywords):
        raise NotImplementedError("not supported yet: a generator of strict code as an object; pass the class to `cinderx.compiler.compile`")
