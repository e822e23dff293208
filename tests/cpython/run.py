#!/usr/bin/env python3
"""Measures `spc` by CPython's own tests: `run.py [--spc PATH] [--tests FOLDER] [--jit MODE] [--failures] [MODULE ...]`.

FOLDER is the `test` package of an installed CPython 3.13, which is used where it lies. Each module runs in a process of its own; when one
crashes or hangs, the method that did it is noted and the rest runs in another process. The table counts methods: passed, failed,
errors, skipped, crashed. `known.txt` names the methods, or classes (`CLASS.*`), that are known to fail, with a reason each; what fails and is not among them
makes the exit code 1, and so does what is among them and passes. The tests are those of 3.13: a method that fails because Python 3.14
itself differs, as a reason that begins with `3.14:` says, is counted by itself and does not lower the rate.
"""

import argparse
import collections
import glob
import os
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
STAND_IN = os.path.join(HERE, "stand_in")
ROOT = os.path.dirname(os.path.dirname(HERE))

MODULES = """
    test_grammar test_syntax test_exceptions test_generators test_coroutines test_asyncgen test_class test_descr test_super test_scope
    test_compile test_int test_float test_complex test_bool test_list test_tuple test_dict test_set test_str test_bytes test_range
    test_slice test_fstring test_patma test_with test_except_star test_type_params test_typing test_dataclasses test_enum
    test_functools test_itertools test_operator test_collections test_heapq test_bisect test_math test_random test_re test_json
    test_struct test_io test_copy test_weakref test_contextlib test_argparse test_textwrap test_string test_traceback test_threading
    test_abc test_asyncio test_base64 test_cmd_line test_cmd_line_script test_csv test_datetime test_decimal test_doctest
    test_fractions test_inspect test_logging test_os test_pprint test_queue test_shutil test_statistics test_tempfile test_time
    test_types test_unittest test_warnings
    test_array test_augassign test_binascii test_binop test_bufio test_builtin test_calendar test_call test_cmath test_codecs
    test_colorsys test_compare test_configparser test_contains test_copyreg test_decorators test_dictcomps test_dictviews
    test_dynamicclassattribute test_enumerate test_eof test_errno test_file test_fileio test_finalization test_fnmatch test_format
    test_frame test_genericalias test_genericpath test_genexps test_getopt test_glob test_global test_gzip test_hash test_hmac test_html
    test_index test_int_literal test_ipaddress test_isinstance test_iter test_keyword test_keywordonlyarg test_listcomps test_long
    test_marshal test_memoryio test_memoryview test_metaclass test_named_expressions test_numeric_tower test_optparse test_pickle
    test_positional_only_arg test_posixpath test_pow test_property test_raise test_reprlib test_richcmp test_runpy test_sched test_secrets
    test_selectors test_setcomps test_shelve test_shlex test_sort test_stat test_string_literals test_strtod test_structseq
    test_subclassinit test_symtable test_tokenize test_type_aliases test_typechecks test_unary test_userdict test_userlist test_weakset
    test_yield_from test_zlib
    test__colorize test_abstract_numbers test_baseexception test_charmapcodec test_cmd test_codeccallbacks test_defaultdict
    test_descrtut test_dynamic test_eintr test_epoll test_exception_group test_exception_variations test_extcall test_fcntl
    test_file_eintr test_filecmp test_fileinput test_ftplib test_generator_stop test_genericclass test_getpass test_gettext
    test_graphlib test_grp test_iterlen test_longexp test_mailbox test_mmap test_modulefinder test_netrc test_ntpath test_openpty
    test_picklebuffer test_pkg test_platform test_poll test_popen test_poplib test_print test_profile test_pty test_pwd
    test_py_compile test_quopri test_script_helper test_signal test_smtplib test_socketserver test_strftime test_stringprep
    test_strptime test_sys test_sys_setprofile test_termios test_thread test_threading_local test_threadsignals test_timeout
    test_tomllib test_tty test_unicode_file test_unicode_identifiers test_univnewlines test_urlparse test_wait3 test_wait4 test_wave
    test_webbrowser test_wsgiref test_zipapp
    test_ast test_audit test_bdb test_c_locale_coercion test_compileall test_context test_contextlib_async test_dbm test_dbm_dumb
    test_deque test_difflib test_email test_exception_hierarchy test_faulthandler test_funcattrs test_hashlib test_http_cookiejar
    test_httplib test_httpservers test_imaplib test_importlib test_largefile test_locale test_module
    test_multiprocessing_main_handling test_ordered_dict test_pdb test_pickletools test_posix test_resource test_robotparser
    test_select test_socket test_source_encoding test_subprocess test_sundry test_support test_sys_settrace test_tabnanny test_tarfile
    test_threadedtempfile test_timeit test_type_comments test_ucn test_unicode_file_functions test_unparse test_urllib2
    test_urllib2_localnet test_urllib_response test_userstring test_utf8_mode test_utf8source test_uuid test_xml_dom_minicompat
    test_zipfile test_zipimport test_zipimport_support
""".split()

OUTCOMES = ["passed", "failed", "error", "skipped", "crashed"]
CHANGED = "3.14"
COMPILED = "compiled:"


def find_tests():
    """The `test` folder of an installed CPython 3.13."""
    candidates = glob.glob(os.path.expanduser("~/.pyenv/versions/3.13*/lib/python3.13/test"))
    candidates += ["/usr/lib/python3.13/test", "/usr/local/lib/python3.13/test"]
    return next((path for path in candidates if os.path.isdir(path)), None)


def read(report):
    """What a report says: outcomes by method, the method that has not ended, whether the run has."""
    outcomes, running, ended = {}, None, False
    with open(report, encoding="utf-8", errors="replace") as file:
        for line in file:
            kind, _, rest = line.rstrip("\n").partition("\t")
            name, _, detail = rest.partition("\t")
            if kind == "start":
                running = name
            elif kind == "end":
                ended = True
            elif kind != "count":
                outcomes[name] = (kind, detail)
                running = None
    return outcomes, running, ended


def environment_with(options, folder):
    """Makes a virtual environment whose packages are the tests and the stand-ins, which processes that are started with `-I` find
    too; gives the command that starts in it."""
    if options.python:
        os.symlink(options.tests, os.path.join(folder, "test"))
        return options.command
    packages = os.path.join(folder, "lib/python3.14/site-packages")
    for made in (packages, os.path.join(folder, "bin")):
        os.makedirs(made)
    with open(os.path.join(folder, "pyvenv.cfg"), "w") as file:
        file.write("include-system-site-packages = false\n")
    os.symlink(options.tests, os.path.join(packages, "test"))
    for name in os.listdir(STAND_IN):
        os.symlink(os.path.join(STAND_IN, name), os.path.join(packages, name))
    executable = os.path.join(folder, "bin/spc")
    os.symlink(os.path.abspath(options.spc), executable)
    return [executable, *options.command[1:]]


def listen_to_interrupts():
    """Undoes what a shell does to processes in the background: tests that interrupt themselves would wait for ever."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run_module(module, options):
    """Outcomes by method, each with a detail. A module that cannot be loaded is one method that crashed."""
    outcomes = {}
    with tempfile.TemporaryDirectory() as folder:
        command = environment_with(options, folder)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        if options.python:
            environment["PYTHONPATH"] = folder
        for _ in range(30):
            report = os.path.join(folder, "report")
            open(report, "w").close()
            whole = [*command, os.path.join(HERE, "methods.py"), report, "test." + module, *outcomes]
            try:
                done = subprocess.run(whole, env=environment, cwd=folder, timeout=options.timeout, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=listen_to_interrupts)
                how = f"exit code {done.returncode}: {last_line(done.stderr)}"
            except subprocess.TimeoutExpired:
                how = f"no end after {options.timeout} s"
            found, running, ended = read(report)
            outcomes.update(found)
            if ended:
                break
            if running is None:
                outcomes.setdefault(f"test.{module}", ("crashed", how))
                break
            outcomes[running] = ("crashed", how)
    return outcomes


def last_line(errors):
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else ""


def known_failures(mode):
    """Method to reason, from `known.txt`: `method: reason` lines. Reasons that begin with `compiled:` hold where all code is compiled."""
    known = {}
    with open(os.path.join(HERE, "known.txt"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, _, reason = line.strip().partition(": ")
                if mode != "off" or not reason.startswith(COMPILED):
                    known[name] = reason
    return known


def reason_of(name, known):
    """The reason for a method, or for all of its class."""
    return known.get(name) or known.get(name.rpartition(".")[0] + ".*", "")


def column(name, kind, known):
    """Where an outcome is counted."""
    is_bad = kind not in ("passed", "skipped")
    return CHANGED if is_bad and reason_of(name, known).startswith(CHANGED + ":") else kind


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--spc", default=os.path.join(ROOT, "target/release/spc"))
    parser.add_argument("--python", help="another Python to measure instead")
    parser.add_argument("--tests", default=find_tests())
    parser.add_argument("--jit", default="on", choices=["off", "on", "always"])
    parser.add_argument("--timeout", type=int, default=300)
    parser.add_argument("--failures", action="store_true", help="name the methods that do not pass")
    options = parser.parse_args()
    if options.tests is None:
        sys.exit("no CPython 3.13 with its tests is installed; say where they are by --tests")
    options.command = [options.python] if options.python else [os.path.abspath(options.spc), "run", "--jit=" + options.jit]
    known, surprises = known_failures(options.jit), []
    columns = [*OUTCOMES, CHANGED]
    print(f"{'module':<24}" + "".join(f"{name:>9}" for name in columns) + f"{'rate':>8}")
    for module in options.modules:
        outcomes = run_module(module, options)
        count = collections.Counter(column(name, kind, known) for name, (kind, _) in outcomes.items())
        ran = sum(count[kind] for kind in OUTCOMES if kind != "skipped")
        rate = 100 * count["passed"] / ran if ran else 0
        print(f"{module:<24}" + "".join(f"{count[kind]:>9}" for kind in columns) + f"{rate:>7.1f}%", flush=True)
        for name, (kind, detail) in outcomes.items():
            is_bad = kind not in ("passed", "skipped")
            if is_bad and options.failures:
                print(f"    {kind} {name}: {detail}")
            # What depends on the mode may go either way where only hot code is compiled; some tests depend on the machine.
            reason = reason_of(name, known)
            is_open = reason.startswith("sometimes:") or options.jit == "on" and reason.startswith(COMPILED)
            # Of a class that fails, some methods may pass.
            is_open |= name not in known and not is_bad
            if is_bad != bool(reason) and kind != "skipped" and not is_open:
                surprises.append(f"{kind} {name}")
    if surprises:
        print(f"{len(surprises)} methods do what known.txt does not say", *surprises, sep="\n    ")
    return bool(surprises)


if __name__ == "__main__":
    sys.exit(main())
