"""Stands in for the C module of that name, which CPython's tests import before they run: here `datetime` is the one in Python.

The tests have two suites, each of which hides the module of the other: the text of that in Python is executed here.
"""

import importlib.machinery

_spec = importlib.machinery.PathFinder.find_spec("_pydatetime")
exec(compile(_spec.loader.get_source("_pydatetime"), _spec.origin, "exec"), globals())
