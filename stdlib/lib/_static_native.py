"""`native` of `__static__`: what typed code calls in C, and what untyped code finds in its place."""

from functools import wraps


def native(library):
    """Mark a function without a body as one of a C library."""

    def declare(function):
        @wraps(function)
        def refuse(*args, **kwargs):
            raise RuntimeError(
                f"native callable {function.__name__!r} in library {library!r} can only be called from static modules"
            )

        return refuse

    return declare
