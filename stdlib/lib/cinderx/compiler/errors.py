"""What the checker of CinderX raises and collects. Here findings about types reach programs as syntax errors when a module is imported."""

from contextlib import contextmanager


class TypedSyntaxError(SyntaxError):
    """A program that is wrong as its types go."""


class PerfWarning(Warning):
    """A place that is slower than it could be."""

    def __init__(self, msg, filename, lineno, offset, text, end_lineno=None, end_offset=None):
        super().__init__(msg, filename, lineno, offset, text)
        self.msg = msg
        self.filename, self.lineno, self.offset, self.text = filename, lineno, offset, text
        self.end_lineno, self.end_offset = end_lineno, end_offset


class ErrorSink:
    """Raises the first error."""

    throwing = True

    def __init__(self):
        self.errors = []
        self.warnings = []

    def error(self, exception):
        raise exception

    def warn(self, warning):
        """Warnings are for those who collect them."""

    def syntax_error(self, msg, filename, node):
        self.error(TypedSyntaxError(msg, _place(filename, node)))

    def perf_warning(self, msg, filename, node):
        self.warn(PerfWarning(msg, *_place(filename, node)))

    @contextmanager
    def error_context(self, filename, node):
        """Gives errors that have no place the one of a node."""
        try:
            yield
        except TypedSyntaxError as error:
            if error.lineno is None:
                place = _place(filename, node)
                error.filename, error.lineno, error.offset, error.text, error.end_lineno, error.end_offset = place
            self.error(error)

    @property
    def has_errors(self):
        return bool(self.errors)

    @property
    def has_warnings(self):
        return bool(self.warnings)


class CollectingErrorSink(ErrorSink):
    """Keeps all errors and warnings."""

    throwing = False

    def error(self, exception):
        self.errors.append(exception)

    def warn(self, warning):
        self.warnings.append(warning)


def _place(filename, node):
    """Where a node stands, with columns that begin at 1."""
    import linecache
    end = node.end_lineno, None if node.end_col_offset is None else node.end_col_offset + 1
    return filename, node.lineno, node.col_offset + 1, linecache.getline(filename, node.lineno) or None, *end
