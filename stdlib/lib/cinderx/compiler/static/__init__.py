"""The typed part of the compiler of CinderX. It is part of the program here: typed modules are compiled when they are imported."""

from ..errors import CollectingErrorSink, ErrorSink, PerfWarning, TypedSyntaxError


class StaticCodeGenerator:
    """Passed to `cinderx.compiler.compile`: the module is typed, whether it says so or not. A code generator of its own cannot be had."""

    _opted_in = True, False

    def __init__(self, *args, **keywords):
        raise NotImplementedError("not supported yet: a generator of typed code as an object; pass the class to `cinderx.compiler.compile`")

    flow_graph = None
