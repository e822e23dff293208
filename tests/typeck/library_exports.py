"""Prints the public names of modules of the library, as `typeck/src/stubs/exports.txt` has them; the modules are those of a folder of stubs.

A name is public if it does not begin with an underscore. A module has what `dir` shows, its parts if it is a package, and the names that its
`__getattr__` mentions. Modules of this project are left out: they may get names that no file shows.
"""

import importlib
import os
import pkgutil
import sys
import textwrap

OWN = ("__future__", "__static__", "__strict__", "cinderx")


def mentioned(code):
    """The texts among the constants of a function."""
    for constant in code.co_consts:
        for part in constant if isinstance(constant, (tuple, frozenset)) else (constant,):
            if isinstance(part, str) and part.isidentifier():
                yield part


def exports(module):
    names = {*dir(module), *getattr(module, "__all__", ())}
    names.update(part.name for part in pkgutil.iter_modules(getattr(module, "__path__", ())))
    if hasattr(module, "__getattr__"):
        names.update(mentioned(module.__getattr__.__code__))
    return sorted(name for name in names if not name.startswith("_"))


for file in sorted(os.listdir(sys.argv[1])):
    name = file.removesuffix(".pyi")
    if name not in OWN:
        names = " ".join(exports(importlib.import_module(name)))
        print(f"{name}:", *textwrap.wrap(names, 138), "", sep="\n")
