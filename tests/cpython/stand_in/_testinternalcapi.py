"""Stands in for the C module of that name, which CPython's tests import before they run: says what they ask of it at once.

Methods which need what only the C module can do are skipped.
"""

import sys


def get_config():
    """The settings that tests look up: every code object here has the columns of its instructions."""
    return {"code_debug_ranges": 1}


def suppress_immortalization(suppress):
    """Nothing is made immortal behind a program's back here, so there is nothing to suppress."""


def get_recursion_depth():
    """How many frames there are above the caller's, itself included."""
    frame, depth = sys._getframe(1), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


def get_immortalize_deferred():
    return False


def __getattr__(name):
    """Whoever calls what only CPython has is skipped, and the rest of a test module runs."""
    if name.startswith("__"):
        raise AttributeError(name)

    def missing(*args, **kwargs):
        import unittest
        raise unittest.SkipTest(f"_testinternalcapi.{name} is CPython's own")

    return missing
