"""Stands in for the C module of that name, which CPython's tests import before they run: says what they ask of it at once.

Methods which need what only the C module can do are skipped.
"""


def get_config():
    """The settings that tests look up: every code object here has the columns of its instructions."""
    return {"code_debug_ranges": 1}


def suppress_immortalization(suppress):
    """Nothing becomes immortal by being used here."""


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
