"""What `sysconfig` tells of how this program was built, under the names of CPython's makefile variables."""

build_time_vars = {
    "ABIFLAGS": "",
    "EXE": "",
    "EXT_SUFFIX": ".spc-314-x86_64-linux-gnu.so",
    "HAVE_FORK": 1,
    "HAVE_GETRANDOM": 1,
    "HAVE_GETRANDOM_SYSCALL": 1,
    "MACHDEP": "linux",
    "MULTIARCH": "x86_64-linux-gnu",
    "Py_DEBUG": 0,
    "Py_ENABLE_SHARED": 0,
    "Py_GIL_DISABLED": 0,
    "SIZEOF_VOID_P": 8,
    "SOABI": "spc-314-x86_64-linux-gnu",
    "VERSION": "3.14",
}
