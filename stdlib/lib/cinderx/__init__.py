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
from _cinderx import immortalize_heap, is_immortal

from . import static

anext = anext
_next_or_sentinel = next

__all__ = [
    "AsyncLazyValue",
    "StrictModule",
    "anext",
    "async_cached_classproperty",
    "async_cached_property",
    "cached_classproperty",
    "cached_property",
    "cached_property_with_descr",
    "clear_caches",
    "clear_classloader_caches",
    "delay_adaptive",
    "disable_parallel_gc",
    "enable_parallel_gc",
    "freeze_type",
    "get_adaptive_delay",
    "get_import_error",
    "get_parallel_gc_settings",
    "has_parallel_gc",
    "immortalize_heap",
    "init",
    "install_frame_evaluator",
    "is_frame_evaluator_installed",
    "is_immortal",
    "is_initialized",
    "is_prefork_build",
    "is_supported_runtime",
    "remove_frame_evaluator",
    "set_adaptive_delay",
    "static",
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


def is_supported_runtime():
    return True


def is_prefork_build():
    return False


def _compile_perf_trampoline_pre_fork():
    """There are no trampolines: machine code is told to profilers by a map."""


def _is_compile_perf_trampoline_pre_fork_enabled():
    return False


# Code objects run this often before CPython's interpreter specialises them; this one does so at once, and remembers the number only.
_adaptive_delay = 80


def delay_adaptive(flag):
    """The interpreter specialises at once, whatever the flag says."""


def set_adaptive_delay(calls):
    global _adaptive_delay
    if not isinstance(calls, int):
        raise TypeError(f"an integer is required, not {type(calls).__name__}")
    if calls < 0:
        raise ValueError("delay must not be negative")
    _adaptive_delay = calls


def get_adaptive_delay():
    return _adaptive_delay


def has_parallel_gc():
    return False


def enable_parallel_gc(min_generation=2, num_threads=0):
    raise RuntimeError("not supported yet: collecting garbage on several threads")


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

    @property
    def fget(self):
        return self.func

    @property
    def slot(self):
        return self._slot

    def _load(self, instance):
        """What is kept for an instance, or an AttributeError."""
        if self._slot is not None:
            return self._slot.__get__(instance, type(instance))
        return object.__getattribute__(instance, self._PREFIX + self.name)

    def _compute(self, instance):
        return self.func(instance)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        try:
            return self._load(instance)
        except AttributeError:
            pass
        value = self._compute(instance)
        if self._slot is not None:
            self._slot.__set__(instance, value)
        else:
            object.__setattr__(instance, self._PREFIX + self.name, value)
        return value

    def __set__(self, instance, value):
        raise AttributeError(f"can't set cached property '{self.name}'")

    def __delete__(self, instance):
        raise AttributeError(f"can't delete cached property '{self.name}'")

    def has_value(self, instance):
        """Whether the getter has run for an instance."""
        try:
            self._load(instance)
        except AttributeError:
            return False
        return True

    def clear(self, instance):
        """Forgets the value of an instance."""
        if not self.has_value(instance):
            return
        if self._slot is not None:
            self._slot.__delete__(instance)
        else:
            object.__delattr__(instance, self._PREFIX + self.name)


class cached_property_with_descr(cached_property):
    """A cached property whose value is kept by a descriptor that is given."""

    def __init__(self, func, descr):
        super().__init__(func, descr)


class cached_classproperty:
    """A property of a class whose getter runs once; subclasses share the value."""

    def __init__(self, func):
        self.func = self.fget = func
        self.name = func.__name__
        self.__doc__ = func.__doc__
        self.__module__ = func.__module__

    def __set_name__(self, owner, name):
        self.name = name

    def _compute(self, owner):
        return self.func(owner)

    def __get__(self, instance, owner=None):
        try:
            return self._value
        except AttributeError:
            pass
        self._value = self._compute(type(instance) if owner is None else owner)
        return self._value


class AsyncLazyValue:
    """The value of a coroutine function that is called when somebody awaits it first, and once.

    Whoever awaits it while it runs gets its value, its exception, or its cancellation. Who awaits it after it has failed starts it again.
    """

    def __init__(self, func, *args, **kwargs):
        self._call = func, args, kwargs
        self._is_running = False
        self._waiters = []

    def __await__(self):
        if self._call is None:
            return self._value
        if self._is_running:
            return (yield from self._waiter(None).__await__())
        return (yield from self._run())

    def as_future(self, loop):
        """A future with the value; the coroutine is started if it is not running."""
        if self._call is None:
            future = loop.create_future()
            future.set_result(self._value)
            return future
        return self._waiter(loop) if self._is_running else loop.create_task(self._compute())

    async def _compute(self):
        return await self

    def _run(self):
        func, args, kwargs = self._call
        self._is_running = True
        try:
            self._value = yield from func(*args, **kwargs).__await__()
        except BaseException as error:
            for waiter in self._finished():
                _fail(waiter, error)
            raise
        self._call = None
        for waiter in self._finished():
            waiter.set_result(self._value)
        return self._value

    def _finished(self):
        """Those who still wait for what has ended."""
        waiters, self._waiters = self._waiters, []
        self._is_running = False
        return [waiter for waiter in waiters if not waiter.done()]

    def _waiter(self, loop):
        import asyncio
        loop = asyncio.get_running_loop() if loop is None else loop
        waiter = loop.create_future()
        self._waiters.append(waiter)
        return waiter


def _fail(waiter, error):
    """Ends a future as what it waits for has ended; one that was abandoned or interrupted is as good as cancelled."""
    if isinstance(error, Exception):
        waiter.set_exception(error)
    else:
        waiter.cancel()


class async_cached_property(cached_property):
    """A property whose coroutine runs once per instance; what it gives can be awaited any number of times."""

    _PREFIX = "_pystatic_async_cprop."

    def _compute(self, instance):
        return AsyncLazyValue(self.func, instance)


class async_cached_classproperty(cached_classproperty):
    """A property of a class whose coroutine runs once; what it gives can be awaited any number of times."""

    def _compute(self, owner):
        return AsyncLazyValue(self.func, owner)
