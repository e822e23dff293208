"""Patching strict modules for tests.

A module can be patched in a process that runs with `spc run --patching`. A proxy has the attributes of its module; what is set or deleted
through it is put back when it is cleaned up or left as a context manager.
"""

import warnings
from importlib.machinery import SourceFileLoader

from __strict__ import StrictModule, StrictModuleError, patching_enabled
from __strict__ import strict_module_patch, strict_module_patch_delete, strict_module_patch_enabled

__all__ = ["StrictModule", "StrictModuleError", "StrictModuleTestingPatchProxy", "StrictSourceFileLoader", "install"]

_MISSING = object()


def install(enable_patching=False):
    """Strict modules are imported as such without being asked; patching is for the command line to enable."""
    if enable_patching and not patching_enabled():
        raise ValueError("patching is enabled by `spc run --patching`")


class StrictModuleTestingPatchProxy:
    """The attributes of a strict module, to be set and deleted by a test."""

    def __init__(self, module):
        if type(module) is not StrictModule:
            raise TypeError(f"expected a strict module, not {type(module).__name__}")
        if not strict_module_patch_enabled(module):
            raise ValueError(f"strict module {module} does not allow patching")
        object.__setattr__(self, "module", module)
        object.__setattr__(self, "_originals", {})
        object.__setattr__(self, "__name__", module.__name__)

    def __getattribute__(self, name):
        if name in ("__name__", "__class__", "__enter__", "__exit__", "__del__", "cleanup", "module"):
            return object.__getattribute__(self, name)
        return getattr(object.__getattribute__(self, "module"), name)

    def __setattr__(self, name, value):
        module = object.__getattribute__(self, "module")
        original = module.__dict__.get(name, _MISSING)
        strict_module_patch(module, name, value)
        object.__getattribute__(self, "_originals").setdefault(name, original)

    def __delattr__(self, name):
        module = object.__getattribute__(self, "module")
        original = module.__dict__.get(name, _MISSING)
        strict_module_patch_delete(module, name)
        object.__getattribute__(self, "_originals").setdefault(name, original)

    def cleanup(self, ignore=None):
        """Puts back what has been patched, but for the names to ignore."""
        module = object.__getattribute__(self, "module")
        originals = object.__getattribute__(self, "_originals")
        for name in [name for name in originals if not ignore or name not in ignore]:
            original = originals.pop(name)
            if original is not _MISSING:
                strict_module_patch(module, name, original)
            elif name in module.__dict__:
                strict_module_patch_delete(module, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.cleanup()

    def __del__(self):
        try:
            originals = object.__getattribute__(self, "_originals")
        except AttributeError:
            # It was refused.
            return
        if originals:
            names = ", ".join(sorted(originals))
            name = object.__getattribute__(self, "__name__")
            warnings.warn(f"patches of {name} have not been put back: {names}", ResourceWarning, stacklevel=2)
            self.cleanup()


class StrictSourceFileLoader(SourceFileLoader):
    """Loads a module from its source; markers in it say what it is."""

    def __init__(self, fullname, path, import_path=None, stub_path=None, allow_list_prefix=None, allow_list_exact=None,
                 enable_patching=False, **keywords):
        super().__init__(fullname, path)
        if enable_patching:
            install(enable_patching)
