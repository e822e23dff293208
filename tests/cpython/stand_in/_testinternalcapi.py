"""Stands in for the C module of that name, which CPython's tests import before they run: says what they ask of it at once.

What only the C module can do is absent, so that the methods which need it fail by themselves.
"""


def get_config():
    """The settings that tests look up: every code object here has the columns of its instructions."""
    return {"code_debug_ranges": 1}
