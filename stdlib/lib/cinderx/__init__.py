"""What programs written for CinderX import: cached properties, strict modules, and in `cinderx.jit` the compiler.

`cached_property` and `async_cached_property` are computed once per instance. In a static class the value is kept in a field that the
compiler adds; elsewhere in the dictionary of the instance. Names that have no meaning here, since there is but one evaluator and one
collector, do nothing.
"""

from __strict__ import (
    StrictModule,
    freeze_type,
    strict_module_patch,
    strict_module_patch_delete,
    strict_module_patch_enabled,
)
from _cinderx import is_immortal

__all__ = [
    "AsyncLazyValue",
    "StrictModule",
    "async_cached_property",
    "cached_property",
    "clear_caches",
    "clear_classloader_caches",
    "disable_parallel_gc",
    "enable_parallel_gc",
    "freeze_type",
    "get_import_error",
    "get_parallel_gc_settings",
    "has_parallel_gc",
    "init",
    "install_frame_evaluator",
    "is_frame_evaluator_installed",
    "is_immortal",
    "is_initialized",
    "remove_frame_evaluator",
    "strict_module_patch",
    "strict_module_patch_delete",
    "strict_module_patch_enabled",
    "watch_sys_modules",
]


def init():
    """Typed code runs without being asked."""


def is_initialized():
    return True


def get_import_error():
    return None


def install_frame_evaluator():
    """The evaluator knows typed code as it is."""


def remove_frame_evaluator():
    """The evaluator knows typed code as it is."""


def is_frame_evaluator_installed():
    return True


def clear_caches():
    """Caches are checked wherever they are used."""


def clear_classloader_caches():
    """Caches are checked wherever they are used."""


def watch_sys_modules():
    """Replaced modules are noticed without being asked."""


def has_parallel_gc():
    return False


def enable_parallel_gc(min_generation=2, num_threads=0):
    raise RuntimeError("parallel garbage collection is not supported")


def disable_parallel_gc():
    """It never runs."""


def get_parallel_gc_settings():
    return None


class cached_property:
    """A property whose getter runs once per instance."""

    _PREFIX = "_pystatic_cprop."

    def __init__(self, func, slot=None):
        self.func = func
        self.name = func.__name__
        self._slot = slot
        self.__doc__ = func.__doc__
        self.__module__ = func.__module__

    def __set_name__(self, owner, name):
        self.name = name

    def _place(self):
        return self._PREFIX + self.name if self._slot is None else self._slot.__name__

    def _compute(self, instance):
        return self.func(instance)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        place = self._place()
        try:
            return object.__getattribute__(instance, place)
        except AttributeError:
            pass
        value = self._compute(instance)
        object.__setattr__(instance, place, value)
        return value

    def __set__(self, instance, value):
        raise AttributeError(f"can't set cached property '{self.name}'")

    def __delete__(self, instance):
        raise AttributeError(f"can't delete cached property '{self.name}'")

    def has_value(self, instance):
        """Whether the getter has run for an instance."""
        try:
            object.__getattribute__(instance, self._place())
        except AttributeError:
            return False
        return True

    def clear(self, instance):
        """Forgets the value of an instance."""
        if self.has_value(instance):
            object.__delattr__(instance, self._place())


class AsyncLazyValue:
    """The value of a coroutine function that is called when somebody awaits it first, and once."""

    def __init__(self, func, *args, **kwargs):
        self._call = func, args, kwargs
        self._is_running = False
        self._waiters = []

    def __await__(self):
        while self._call is not None:
            if self._is_running:
                yield from self._turn()
            else:
                yield from self._run()
        return self._value

    def _run(self):
        func, args, kwargs = self._call
        self._is_running = True
        try:
            self._value = yield from func(*args, **kwargs).__await__()
            self._call = None
        finally:
            # If it has failed, the next who waits tries again.
            self._is_running = False
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    def _turn(self):
        import asyncio
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        yield from waiter.__await__()


class async_cached_property(cached_property):
    """A property whose coroutine runs once per instance; what it gives can be awaited any number of times."""

    _PREFIX = "_pystatic_async_cprop."

    def _compute(self, instance):
        return AsyncLazyValue(self.func, instance)
