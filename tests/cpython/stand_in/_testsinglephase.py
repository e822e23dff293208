"""Stands in for the C module of that name, which CPython's tests import before they run.

Methods which need what only the C module can do are skipped.
"""


def __getattr__(name):
    """Whoever calls what only CPython has is skipped, and the rest of a test module runs."""
    if name.startswith("__"):
        raise AttributeError(name)

    def missing(*args, **kwargs):
        import unittest
        raise unittest.SkipTest(f"_testsinglephase.{name} is CPython's own")

    return missing
