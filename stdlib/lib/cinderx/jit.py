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
    get_num_inlined_functions,
    is_enabled,
    is_jit_compiled,
    set_max_code_size,
)

__all__ = [
    "after_fork_child",
    "append_jit_list",
    "auto",
    "background_compile",
    "clear_runtime_stats",
    "compile_after_n_calls",
    "count_interpreted_calls",
    "disassemble",
    "disable",
    "disable_emit_type_annotation_guards",
    "disable_hir_inliner",
    "disable_specialized_opcodes",
    "dump_elf",
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
    "get_function_compilation_time",
    "get_function_hir_opcode_counts",
    "get_inlined_functions_stats",
    "get_jit_list",
    "get_num_inlined_functions",
    "is_enabled",
    "is_hir_inliner_enabled",
    "is_inline_cache_stats_collection_enabled",
    "is_jit_compiled",
    "is_multithreaded_compile_test_enabled",
    "jit_suppress",
    "jit_unsuppress",
    "lazy_compile",
    "load_aot_bundle",
    "mlock_profiler_dependencies",
    "multithreaded_compile_test",
    "page_in_profiler_dependencies",
    "pause",
    "precompile_all",
    "print_hir",
    "read_jit_list",
    "set_max_code_size",
    "wait_for_background_compiles",
]

# What `auto` sets.
_AUTO_CALLS = 1000

# Functions that have been named for compilation at their next call.
_lazy = []

# The counts of failed guards that have been read already, by function.
_seen_deopts = {}


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


def get_function_compilation_time(function):
    """Milliseconds spent compiling a function, however often; 0 without machine code."""
    return max(_cinderx.compile_time(function), 0) / 1000


def get_function_hir_opcode_counts(function):
    """How often each operation is in what the machine code of a function is made from; None without machine code."""
    return _cinderx.operations(function) if is_jit_compiled(function) else None


def get_inlined_functions_stats(function):
    """How many functions are part of the machine code of a function, and which known ones are not, by the reason."""
    refused = {why: set(names) for why, names in (_cinderx.not_inlined(function) or {}).items()}
    return {"num_inlined_functions": max(get_num_inlined_functions(function), 0), "failure_stats": refused}


def disassemble(function):
    """Prints the machine code of a function, as it would be compiled now; nothing without machine code."""
    for text in _cinderx.machine_code(function):
        print(text, end="")


def print_hir(function):
    """Prints what the machine code of a function is made from; nothing without machine code."""
    for text in _cinderx.hir(function):
        print(text, end="")


def get_allocator_stats():
    """Bytes of machine code, and how many there may be."""
    numbers = _cinderx.statistics()
    return {"used_bytes": int(numbers.get("code_bytes", 0)), "max_bytes": int(numbers.get("max_bytes", 0))}


def get_and_clear_runtime_stats():
    """For each function of which guards have failed since the last call: its name, and how many."""
    events = []
    for name, count in _cinderx.failed_guards().items():
        since = count - _seen_deopts.get(name, 0)
        _seen_deopts[name] = count
        if since:
            events.append({"normal": {"func_qualname": name, "reason": "GuardFailure"}, "int": {"count": since}})
    return {"deopt": events}


def clear_runtime_stats():
    get_and_clear_runtime_stats()


def get_compiled_spill_stack_size(function):
    """Bytes of the stack frame of a compiled function: there is nothing else in it."""
    return get_compiled_stack_size(function)


def background_compile(flag):
    """Functions are compiled where they are called; another thread for it cannot be had."""
    if flag:
        _unsupported("compiling functions in the background")


def get_background_compile():
    return False


def wait_for_background_compiles():
    """Nothing is compiled in the background."""


def enable_hir_inliner():
    """From now on small functions become part of the code of their callers."""
    _cinderx.inliner(True)


def disable_hir_inliner():
    """From now on functions are called where they are called."""
    _cinderx.inliner(False)


def is_hir_inliner_enabled():
    return _cinderx.inliner()


def enable_specialized_opcodes():
    """From now on what the interpreter has seen of operands is used."""
    _cinderx.specialized_opcodes(True)


def disable_specialized_opcodes():
    """From now on what the interpreter has seen of operands is not used."""
    _cinderx.specialized_opcodes(False)


def enable_emit_type_annotation_guards():
    _unsupported("using annotations of functions that are not static")


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


def after_fork_child():
    """Memory for machine code is a child's own without being asked."""


def is_multithreaded_compile_test_enabled():
    return False


def _deopt_gen(generator):
    """A generator that is suspended has a frame of the interpreter: there is nothing to leave."""
    if not isinstance(generator, (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)):
        raise TypeError(f"expected a generator, not '{type(generator).__name__}'")
    return False


def _would_tag_if_deferred(function):
    """Counts are kept where they are: nothing is deferred."""
    return False


def _unsupported(what):
    raise NotImplementedError(f"not supported yet: {what}")


def multithreaded_compile_test():
    _unsupported("compiling on several threads")


def dump_elf(path):
    """Writes the machine code of all functions to an ELF file, where tools find it by name and at its addresses."""
    from . import _elf
    with open(path, "wb") as file:
        file.write(_elf.image(_cinderx.installed_code()))


def load_aot_bundle(path):
    _unsupported("loading machine code from a file")
