"""A loader that compiles with the compiler of CinderX: as any other loader does here."""

from importlib.machinery import SourceFileLoader


class PySourceFileLoader(SourceFileLoader):
    """Loads a module from its source."""


def _install_py_loader():
    """Sources are compiled by that compiler without being asked."""


def _install_source_loader_helper(source_loader_type):
    """Puts a loader of sources in front of the others."""
    import sys
    from importlib.machinery import SOURCE_SUFFIXES, FileFinder
    sys.path_hooks.insert(0, FileFinder.path_hook((source_loader_type, SOURCE_SUFFIXES)))
    sys.path_importer_cache.clear()
