"""The compiler of machine code, as far as programs may direct it. Functions without it answer as if nothing were compiled."""

import contextlib
import gc
import types

import _cinderx
from _cinderx import (
    append_jit_list,
    compile_after_n_calls,
    count_interpreted_calls,
    force_compile,
    force_uncompile,
    get_compile_after_n_calls,
    get_compiled_size,
    get_compiled_stack_size,
    get_jit_list,
    is_enabled,
    is_jit_compiled,
)

__all__ = [
    "append_jit_list",
    "auto",
    "background_compile",
    "clear_runtime_stats",
    "compile_after_n_calls",
    "count_interpreted_calls",
    "disable",
    "disable_emit_type_annotation_guards",
    "disable_hir_inliner",
    "disable_specialized_opcodes",
    "enable",
    "enable_emit_type_annotation_guards",
    "enable_hir_inliner",
    "enable_specialized_opcodes",
    "force_compile",
    "force_uncompile",
    "get_allocator_stats",
    "get_and_clear_inline_cache_stats",
    "get_and_clear_runtime_stats",
    "get_background_compile",
    "get_compilation_time",
    "get_compile_after_n_calls",
    "get_compiled_functions",
    "get_compiled_size",
    "get_compiled_spill_stack_size",
    "get_compiled_stack_size",
    "get_jit_list",
    "is_enabled",
    "is_hir_inliner_enabled",
    "is_inline_cache_stats_collection_enabled",
    "is_jit_compiled",
    "jit_suppress",
    "jit_unsuppress",
    "lazy_compile",
    "mlock_profiler_dependencies",
    "page_in_profiler_dependencies",
    "pause",
    "precompile_all",
    "read_jit_list",
    "wait_for_background_compiles",
]

# What `auto` sets.
_AUTO_CALLS = 1000

# Functions that have been named for compilation at their next call.
_lazy = []

# The counts of failed guards that have been read already.
_seen_deopts = 0


def auto():
    """Compiles functions that are called often."""
    enable()
    compile_after_n_calls(_AUTO_CALLS)


def enable():
    """Goes on compiling functions."""
    _cinderx.enable(True)


def disable(deopt_all=False):
    """Stops compiling functions; with `deopt_all`, those that are compiled are interpreted, too."""
    _cinderx.enable(False)
    if deopt_all:
        _cinderx.uncompile_all()


@contextlib.contextmanager
def pause(deopt_all=False):
    """Nothing is compiled inside."""
    was_enabled = is_enabled()
    disable(deopt_all)
    try:
        yield
    finally:
        _cinderx.enable(was_enabled)


def lazy_compile(function):
    """Compiles a function when `precompile_all` is called, or when it is called often enough."""
    if is_jit_compiled(function):
        return False
    _lazy.append(function)
    return True


def precompile_all(workers=0):
    """Compiles what has been named by `lazy_compile`."""
    while _lazy:
        force_compile(_lazy.pop())
    return True


def jit_suppress(function):
    """Never compiles a function; for use as a decorator, too."""
    _cinderx.suppress(function, True)
    return function


def jit_unsuppress(function):
    """Undoes `jit_suppress`."""
    _cinderx.suppress(function, False)
    return function


def get_compiled_functions():
    """The functions that have machine code."""
    return [f for f in gc.get_objects() if isinstance(f, types.FunctionType) and is_jit_compiled(f)]


def get_compilation_time():
    """Milliseconds spent compiling."""
    return int(_cinderx.statistics().get("compile_time", 0))


def read_jit_list(path):
    """Narrows compilation to the functions that a file names."""
    with open(path) as file:
        append_jit_list(file.read())


def get_allocator_stats():
    """Bytes of machine code."""
    return {"used_bytes": int(_cinderx.statistics().get("code_bytes", 0))}


def get_and_clear_runtime_stats():
    """How many guards have failed since the last call."""
    global _seen_deopts
    deopts = int(_cinderx.statistics().get("deopts", 0))
    _seen_deopts, since = deopts, deopts - _seen_deopts
    return {"deopt": since}


def clear_runtime_stats():
    get_and_clear_runtime_stats()


def get_compiled_spill_stack_size(function):
    """Bytes of the stack frame of a compiled function: there is nothing else in it."""
    return get_compiled_stack_size(function)


def background_compile(flag):
    """Functions are compiled where they are called; another thread for it cannot be had."""
    if flag:
        raise RuntimeError("functions are not compiled in the background")


def get_background_compile():
    return False


def wait_for_background_compiles():
    """Nothing is compiled in the background."""


def enable_hir_inliner():
    """Small functions are always inlined."""


def disable_hir_inliner():
    raise RuntimeError("inlining cannot be turned off")


def is_hir_inliner_enabled():
    return True


def enable_specialized_opcodes():
    """What the interpreter has seen is always used."""


def disable_specialized_opcodes():
    raise RuntimeError("what the interpreter has seen is always used")


def enable_emit_type_annotation_guards():
    raise RuntimeError("annotations of functions that are not static are not used")


def disable_emit_type_annotation_guards():
    """Annotations of functions that are not static are not used."""


def is_inline_cache_stats_collection_enabled():
    return False


def get_and_clear_inline_cache_stats():
    """Misses of inline caches are not counted."""
    return {}


def mlock_profiler_dependencies():
    """Profilers read a map of the machine code, which is a file."""


def page_in_profiler_dependencies():
    """Profilers read a map of the machine code, which is a file."""
