"""What tests written for CinderX use: conditions on the compiler, and subprocesses."""

import contextlib
import functools
import multiprocessing
import os
import sys
import tempfile
import unittest
from pathlib import Path

import cinderx
from cinderx import jit

ENCODING = sys.stdout.encoding or sys.getdefaultencoding()
SUBPROCESS_TIMEOUT_SEC = 100
CINDERX_PATH = os.path.dirname(os.path.dirname(cinderx.__file__))
FREE_THREADING_BUILD = False


def is_oss():
    return True


def is_asan_build():
    return False


is_sanitizer_build = is_asan_build


def passAlways(reason):
    return unittest.skip(reason)


def passIf(condition, reason):
    """Skips a test if the condition holds."""
    return unittest.skipIf(condition, reason)


def passUnless(condition, reason):
    return unittest.skipUnless(condition, reason)


def skip_if_jit(reason):
    return passIf(jit.is_enabled(), reason)


def skip_unless_jit(reason):
    return passUnless(jit.is_enabled(), reason)


def skip_if_prefork(reason="this is no build for servers that fork"):
    return passIf(cinderx.is_prefork_build(), reason)


def skip_if_ft(reason):
    return passIf(FREE_THREADING_BUILD, reason)


def skip_unless_lazy_imports(reason="imports are not lazy"):
    return unittest.skip(reason)


def skip_test_if_oss(reason):
    return passIf(is_oss(), reason)


def skip_module_if_oss():
    raise unittest.SkipTest("a module for another build")


def compiles_after_one_call():
    return jit.get_compile_after_n_calls() == 0


def is_jit_compiled_after_call(func):
    return jit.is_jit_compiled(func)


@contextlib.contextmanager
def no_background_compile():
    """Nothing is compiled in the background."""
    yield


def failUnlessJITCompiled(func):
    """Compiles a test before it runs; where it cannot be, it fails when it runs."""
    if not jit.is_enabled() or jit.force_compile(func):
        return func

    @functools.wraps(func)
    def fail(*args, **keywords):
        raise RuntimeError(f"{func.__qualname__} cannot be compiled")

    fail.inner_function = func
    return fail


def fail_if_deopt(func):
    """Fails a test in which compiled code falls back to the interpreter."""
    if not jit.is_enabled():
        return func

    @functools.wraps(func)
    def watched(*args, **keywords):
        jit.get_and_clear_runtime_stats()
        result = func(*args, **keywords)
        if events := jit.get_and_clear_runtime_stats()["deopt"]:
            raise RuntimeError(f"fell back to the interpreter: {events}")
        return result

    watched.inner_function = func
    return watched


def undo_fail_decorators(func):
    """The function that decorators of this module have wrapped."""
    while inner := getattr(func, "inner_function", None):
        func = inner
    return func


def subprocess_env():
    return {"PYTHONPATH": os.pathsep.join(path for path in sys.path if os.path.exists(path))}


def get_cinderjit_xargs():
    """Options of the interpreter that a subprocess is to have, too."""
    chosen = ((name, value) for name, value in sys._xoptions.items() if name.startswith(("jit", "cinderx-jit")))
    return [part for name, value in chosen for part in ("-X", name if value is True else f"{name}={value}")]


@contextlib.contextmanager
def temp_sys_path():
    """An empty folder at the head of the path; modules that are imported inside are forgotten."""
    modules, path = sys.modules.copy(), sys.path[:]
    with tempfile.TemporaryDirectory() as folder:
        sys.path.insert(0, folder)
        try:
            yield Path(folder)
        finally:
            sys.path[:] = path
            for name in sys.modules.keys() - modules.keys():
                del sys.modules[name]


def run_in_subprocess(func):
    """Runs a test in a process of its own, which may leave things as it likes."""

    @functools.wraps(func)
    def run(*args):
        context = multiprocessing.get_context("fork")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_send, args=(sender, func, args))
        process.start()
        sender.close()
        if not receiver.poll(SUBPROCESS_TIMEOUT_SEC):
            process.kill()
            raise TimeoutError(f"{func.__qualname__} does not end")
        failure, result = receiver.recv()
        process.join()
        if failure is not None:
            raise failure
        return result

    return run


def _send(sender, func, args):
    try:
        sender.send((None, func(*args)))
    except Exception as error:
        sender.send((error, None))


class CinderXTestCase(unittest.TestCase):
    """Assertions about instructions."""

    def assertBytecodeContains(self, func, expected_opcode, expected_oparg=None):
        import dis
        found = [(instr.opname, instr.arg) for instr in dis.get_instructions(undo_fail_decorators(func))]
        if expected_oparg is None:
            self.assertIn(expected_opcode, [name for name, _ in found])
        else:
            self.assertIn((expected_opcode, expected_oparg), found)

    def assertHIROpcodes(self, func, *, present=(), absent=()):
        self.assertTrue(jit.force_compile(func))
        counts = jit.get_function_hir_opcode_counts(func)
        for opcode in present:
            self.assertIn(opcode, counts)
        for opcode in absent:
            self.assertNotIn(opcode, counts)
