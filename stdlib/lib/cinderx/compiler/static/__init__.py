"""The typed part of the compiler of CinderX. It is part of the program here: typed modules are compiled when they are imported."""

from ..errors import CollectingErrorSink, ErrorSink, PerfWarning, TypedSyntaxError


class StaticCodeGenerator:
    """A code generator cannot be had apart from the import of a typed module."""

    def __init__(self, *args, **keywords):
        raise NotImplementedError("not supported yet: generating typed code apart from an import; import a module that says `import __static__`")

    flow_graph = None
