"""Sets `importlib` up when a program first asks for it.

Until then modules are imported natively and have no specs. This module gives the loaded ones theirs, installs the finders that CPython
installs at its start, and one for the packed library, whose folder is no path of any file system. Its place in `sys.modules` is then
taken by `importlib._bootstrap`, which is what CPython has under this name.
"""

import sys
import _imp
import _warnings

from importlib import _bootstrap, _bootstrap_external

_ROOT = _imp.library_root


class LibraryLoader(_bootstrap_external.SourceLoader):
    """Loads modules of the packed library."""

    def __init__(self, fullname, path):
        self.name = fullname
        self.path = path

    def __eq__(self, other):
        return self.__class__ == other.__class__ and self.__dict__ == other.__dict__

    def __hash__(self):
        return hash(self.name) ^ hash(self.path)

    def get_filename(self, fullname=None):
        return self.path

    def get_data(self, path):
        data = _imp.library_file(path)
        if data is None:
            with open(path, "rb") as file:
                return file.read()
        return data

    def get_code(self, fullname):
        return compile(self.get_data(self.path), self.path, "exec", dont_inherit=True)

    def is_package(self, fullname):
        return self.path.endswith("/__init__.py")

    def get_resource_reader(self, fullname):
        return None


class LibraryFinder:
    """Finds modules in one folder of the packed library."""

    def __init__(self, path):
        # What makes paths absolute makes the library one below the working directory.
        before, root, behind = path.partition(_ROOT)
        if not root or (before and not before.endswith("/")) or (behind and not behind.startswith("/")):
            raise ImportError("no folder of the library", path=path)
        self.path = root + behind

    def find_spec(self, fullname, target=None):
        if self.path == _ROOT and _imp.is_library_native(fullname):
            return _bootstrap.spec_from_loader(fullname, _bootstrap.BuiltinImporter, origin="built-in")
        base = self.path + "/" + fullname.rpartition(".")[2]
        for path in (base + "/__init__.py", base + ".py"):
            if _imp.library_file(path) is not None:
                return _spec(fullname, path)
        return None

    def iter_modules(self, prefix=""):
        start = self.path[len(_ROOT) + 1:]
        start = start + "/" if start else ""
        for name in _imp.library_files():
            if name.startswith(start):
                head, _, rest = name[len(start):].partition("/")
                if not rest and head.endswith(".py") and head != "__init__.py":
                    yield prefix + head[:-3], False
                elif rest == "__init__.py":
                    yield prefix + head, True

    def invalidate_caches(self):
        pass


_is_loading = False


def _archive_hook(path):
    """The importer of an archive; `zipimport` is loaded when the first one is met, and not looked for in archives."""
    global _is_loading
    if _is_loading or not path or _bootstrap_external._path_isdir(path):
        raise ImportError("no archive", path=path)
    _is_loading = True
    try:
        from zipimport import zipimporter
    finally:
        _is_loading = False
    return zipimporter(path)


_FileLoader = _bootstrap_external.SourceFileLoader
_get_dynamic_code = _FileLoader.get_code


def _get_code(self, fullname):
    """Static modules are checked and compiled by the program itself; nothing that is cached beside the source is theirs.

    A loader that reads or compiles in a way of its own is left to do so.
    """
    is_plain = (type(self).get_data is _FileLoader.get_data
                and type(self).source_to_code is _FileLoader.source_to_code)
    code = _imp.static_code(fullname, self.path) if is_plain else None
    return _get_dynamic_code(self, fullname) if code is None else code


_FileLoader.get_code = _get_code


def _spec(name, path):
    """The spec of a module with this file."""
    loader_class = LibraryLoader if path.startswith(_ROOT + "/") else _bootstrap_external.SourceFileLoader
    if path.endswith(".pyc"):
        loader_class = _bootstrap_external.SourcelessFileLoader
    is_package = path.rpartition("/")[2] == "__init__.py"
    spec = _bootstrap_external.spec_from_file_location(
        name, path, loader=loader_class(name, path),
        submodule_search_locations=[path.rpartition("/")[0]] if is_package else None)
    if loader_class is LibraryLoader:
        # Its files are in no directory.
        spec.origin = path
    return spec


def _give_main_spec(namespace, path):
    """A program that was found as modules are, and so has a package, has a spec under the name it was found by; others have a loader."""
    if namespace.get("__loader__") is not None:
        return
    package = namespace.get("__package__")
    if path is None:
        namespace["__loader__"] = _bootstrap.BuiltinImporter
    elif package is None:
        is_source = not path.endswith(".pyc")
        loader_class = _bootstrap_external.SourceFileLoader if is_source else _bootstrap_external.SourcelessFileLoader
        namespace["__loader__"] = loader_class("__main__", path)
    else:
        name = path.rpartition("/")[2].rpartition(".")[0]
        spec = _spec(package + "." + name if package else name, path)
        namespace["__spec__"] = spec
        namespace["__loader__"] = spec.loader
        namespace["__cached__"] = spec.cached


def _give_spec(module):
    """Gives a module that has been made natively what its finder would have given it."""
    namespace = module.__dict__
    name, path = namespace.get("__name__"), namespace.get("__file__")
    spec = namespace.get("__spec__")
    # A file may hide a native module, for which `importlib` then takes it.
    is_hiding = path is not None and getattr(spec, "loader", None) is _bootstrap.BuiltinImporter
    if name == "__main__":
        _give_main_spec(namespace, path)
        return
    if spec is not None and not is_hiding:
        return
    if path is not None:
        spec = _spec(name, path)
        namespace["__spec__"] = spec
        namespace["__loader__"] = spec.loader
        if not path.startswith(_ROOT + "/"):
            namespace["__cached__"] = spec.cached
    elif "__path__" in namespace:
        spec = _bootstrap.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = namespace["__path__"]
        namespace["__spec__"] = spec
        namespace["__loader__"] = _bootstrap_external.NamespaceLoader(name, namespace["__path__"], None)


def _keep_nothing(self, source_path, bytecode_path, data):
    """Compiled code that is kept beside its source is read, but imports do not write it: it is no faster than the compiler, which has a
    cache of its own. `py_compile` and `compileall` do."""


_bootstrap_external.SourceFileLoader._cache_bytecode = _keep_nothing
_bootstrap._bootstrap_external = _bootstrap_external
_bootstrap._install(sys, _imp)
_bootstrap_external._install(_bootstrap)
sys.path_hooks[:0] = LibraryFinder, _archive_hook
_bootstrap._give_spec = _give_spec
for _module in list(sys.modules.values()):
    if isinstance(_module, type(sys)):
        _give_spec(_module)
sys.modules["_frozen_importlib"] = _bootstrap
sys.modules["_frozen_importlib_external"] = _bootstrap_external
