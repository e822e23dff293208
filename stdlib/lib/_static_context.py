"""`ContextDecorator` and `ExcContextDecorator` of `__static__`: context managers in which decorated functions run."""

from functools import wraps
from inspect import iscoroutinefunction


class ExcContextDecorator:
    """A decorator that is a context manager, and may swallow what the function raises: then that returns None."""

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        return False

    def _recreate_cm(self):
        """The context manager for one call."""
        return self

    def __call__(self, func):
        if iscoroutinefunction(func):

            @wraps(func)
            async def inner(*args, **kwargs):
                with self._recreate_cm():
                    return await func(*args, **kwargs)

        else:

            @wraps(func)
            def inner(*args, **kwargs):
                with self._recreate_cm():
                    return func(*args, **kwargs)

        return inner


class ContextDecorator(ExcContextDecorator):
    """One that lets every exception through."""
