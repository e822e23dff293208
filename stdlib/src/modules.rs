//! The table of native modules: the name of each, what it is, and what fills it.

use runtime::PyResult;
use runtime::objects::module::ModuleObject;

use crate::{
    abc, accounts, array, atexit, binascii, bisect, cinderx, cmath, codecs, collections, contextvars, csv,
    errno, faulthandler, fcntl, functools, gc, hashes, heapq, imp, io, itertools, json, locale, marshal,
    math, mmap, multibyte, multiprocessing, operator, pickle, posix, random, resource, select, signal,
    socket, sre, stat, static_python, strict_python, string, structs, subprocess, termios, thread, time,
    typing, unicodedata, warnings, weak, zlib,
};

/// A native module.
pub(crate) struct NativeModule {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) fill: fn(&ModuleObject) -> PyResult<()>,
}

const fn native(
    name: &'static str,
    doc: &'static str,
    fill: fn(&ModuleObject) -> PyResult<()>,
) -> NativeModule {
    NativeModule { name, doc, fill }
}

pub(crate) static MODULES: &[NativeModule] = &[
    native(
        "_abc",
        "What abc.ABCMeta does natively: registries of virtual subclasses and their caches.",
        abc::fill,
    ),
    native("_codecs_cn", "Codecs for simplified Chinese.", multibyte::fill_cn),
    native("_codecs_jp", "Codecs for Japanese.", multibyte::fill_jp),
    native("_codecs_kr", "Codecs for Korean.", multibyte::fill_kr),
    native("_codecs_tw", "Codecs for traditional Chinese.", multibyte::fill_tw),
    native("_codecs_iso2022", "Codecs of the ISO 2022 family.", multibyte::fill_iso2022),
    native(
        "atexit",
        "Functions that are to be called when the program ends, the last registered first.",
        atexit::fill,
    ),
    native(
        "zlib",
        "Compression and decompression in the formats of zlib, gzip and raw deflate, with their checksums.",
        zlib::fill,
    ),
    native(
        "math",
        "Functions of real numbers, as the C standard defines them, and some of integers.",
        math::fill,
    ),
    native("cmath", "Functions of complex numbers; real arguments are taken as complex ones.", cmath::fill),
    native(
        "marshal",
        "Values to bytes and back, in the format of cached code: quick, but neither safe nor stable between versions.",
        marshal::fill,
    ),
    native(
        "_pickle",
        "The native part of pickle: what writes and reads pickles, and buffers that are passed on without a copy.",
        pickle::fill,
    ),
    native(
        "time",
        "The clocks of the machine: what time it is, how long something takes, and how times are written.",
        time::fill,
    ),
    native(
        "gc",
        "The collector of garbage that reference counts leave: when it runs, what it finds, who refers to whom.",
        gc::fill,
    ),
    native(
        "posix",
        "What the operating system offers, as POSIX has it. Programs import os instead.",
        posix::fill,
    ),
    native("_posixsubprocess", "How a process is started for subprocess.", subprocess::fill),
    native("_locale", "The conventions of languages and countries that the C library knows.", locale::fill),
    native(
        "faulthandler",
        "Prints the tracebacks of Python when the program crashes, hangs, or gets a signal.",
        faulthandler::fill,
    ),
    native(
        "fcntl",
        "Control of open files and devices: fcntl() and ioctl(), and locks on files.",
        fcntl::fill,
    ),
    native("grp", "The groups of users that the system knows.", accounts::fill_groups),
    native("pwd", "The users that the system knows.", accounts::fill_users),
    native("resource", "What the program has used of the machine, and the limits on that.", resource::fill),
    native("_multiprocessing", "Semaphores between processes, for multiprocessing.", multiprocessing::fill),
    native("_posixshmem", "Memory that processes share, by name.", multiprocessing::fill_memory),
    native("mmap", "Files mapped into memory.", mmap::fill),
    native("select", "Waits until files or sockets are ready: select, poll, epoll.", select::fill),
    native("_socket", "Sockets as the system has them. Programs import socket instead.", socket::fill),
    native("_signal", "Signals as the system has them. Programs import signal instead.", signal::fill),
    native("_warnings", "The native part of warnings: filters, and what is shown once.", warnings::fill),
    native("_weakref", "Weak references and proxies. Programs import weakref instead.", weak::fill),
    native("errno", "The names of the system's error numbers; errorcode has them by number.", errno::fill),
    native("_stat", "What the bits of a file's mode mean. Programs import stat instead.", stat::fill),
    native("_imp", "What importlib needs of the program that it runs in.", imp::fill),
    native("_contextvars", "Context variables. Programs import contextvars instead.", contextvars::fill),
    native(
        "_thread",
        "Threads and locks at the lowest level. Programs import threading instead.",
        thread::fill,
    ),
    native("termios", "Control of terminals, as POSIX has it.", termios::fill),
    native("_string", "The parsers of format strings, for string.Formatter.", string::fill),
    native("_codecs", "The codecs that are native, and the registry of all of them.", codecs::fill),
    native("unicodedata", "The properties of characters, from the database of Unicode.", unicodedata::fill),
    native(
        "array",
        "Arrays of numbers of one machine type, which take no more memory than their items.",
        array::fill,
    ),
    native(
        "binascii",
        "Bytes as printable text and back: base64, hex, quoted-printable, uuencode; checksums.",
        binascii::fill,
    ),
    native(
        "_struct",
        "Values as bytes and back, as C lays them out. Programs import struct instead.",
        structs::fill,
    ),
    native(
        "_collections",
        "The containers of collections that are native: deque, defaultdict, OrderedDict.",
        collections::fill,
    ),
    native(
        "_io",
        "Streams: files, buffers over them, and text over these. Programs import io instead.",
        io::fill,
    ),
    native(
        "itertools",
        "Iterators to build others from: endless ones, selections, groups, products, combinations.",
        itertools::fill,
    ),
    native(
        "_functools",
        "Functions that work on functions: partial, reduce, caches, comparison by keys.",
        functools::fill,
    ),
    native("_json", "The quick part of json: strings, scanning and encoding.", json::fill),
    native(
        "_random",
        "The generator of random numbers (Mersenne Twister) that random builds on.",
        random::fill,
    ),
    native("_bisect", "Places in sorted lists, found by halving.", bisect::fill),
    native("_heapq", "Lists as heaps: the smallest item is the first.", heapq::fill),
    native("_csv", "Reads and writes rows of comma-separated values.", csv::fill),
    native("_md5", "The hash MD5.", hashes::fill_md5),
    native("_sha1", "The hash SHA-1.", hashes::fill_sha1),
    native("_sha2", "The hashes of the SHA-2 family.", hashes::fill_sha2),
    native("_sha3", "The hashes of the SHA-3 family.", hashes::fill_sha3),
    native("_blake2", "The hashes BLAKE2b and BLAKE2s.", hashes::fill_blake2),
    native("_sre", "The matcher of regular expressions. Programs import re instead.", sre::fill),
    native(
        "_operator",
        "The operators of the language as functions. Programs import operator instead.",
        operator::fill,
    ),
    native("_typing", "The native part of typing.", typing::fill),
    native(
        "__static__",
        "What the static dialect of Python adds: primitive types, checked collections, casts.",
        static_python::fill,
    ),
    native(
        "__static__.compiler_flags",
        "Flags that modules of the static dialect may import.",
        static_python::fill_flags,
    ),
    native("_cinderx", "What programs written for CinderX ask of their runtime.", cinderx::fill),
    native(
        "__strict__",
        "What strict modules add: decorators that say what the analysis may assume.",
        strict_python::fill,
    ),
    native(
        "strict_modules",
        "What strict modules add: decorators that say what the analysis may assume.",
        strict_python::fill,
    ),
];
