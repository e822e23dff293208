//! `sys`: the interpreter's own settings and state.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use std::time::Duration;

use runtime::convert::OrNone;
use runtime::error::ExceptionObject;
use runtime::header::{IMMORTAL_COUNT, flags};
use runtime::hooks;
use runtime::objects::dict::DictObject;
use runtime::objects::int::{self, parse};
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::namespace::NamespaceObject;
use runtime::objects::set;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, async_generator, float, frame, struct_sequence, unawaited};
use runtime::type_object::{TypeObject, type_flags};
use runtime::{Py, PyResult, Ref, Value, audit_hook, error, gc, protocol, py_functions, sys_state, thread};

/// What the command line knows.
#[derive(Clone, Debug, Default)]
pub struct Startup {
    /// `sys.argv`
    pub argv: Vec<OsString>,
    /// `sys.orig_argv`
    pub original: Vec<OsString>,
    /// `sys.path`
    pub path: Vec<String>,
    /// `sys.executable`
    pub executable: String,
    /// Flags by name that differ from 0.
    pub flags: Vec<(String, i64)>,
    /// `sys.warnoptions`
    pub warnings: Vec<String>,
    /// `sys._xoptions`, as `name` or `name=value`.
    pub extended: Vec<String>,
    /// `sys.pycache_prefix`
    pub cache_prefix: Option<String>,
    /// Whether what is written to the standard streams is written at once.
    pub is_unbuffered: bool,
    /// What the standard streams are to be encoded with, if not with UTF-8.
    pub stream_encoding: Option<String>,
    /// What standard input and output do with what cannot be coded.
    pub stream_errors: Option<String>,
    /// How many processors `os.cpu_count` is to tell of.
    pub cpu_count: Option<i64>,
}

/// What `sys.setdlopenflags` has been told, for whoever asks: no module is loaded by `dlopen` here.
static DLOPEN_FLAGS: AtomicI32 = AtomicI32::new(libc::RTLD_NOW);

/// How many processors `os.cpu_count` is to tell of, or -1 to ask the system.
static CPU_COUNT: AtomicI64 = AtomicI64::new(-1);

/// How many processors the command line says that there are.
pub(crate) fn cpu_count() -> Option<i64> {
    Some(CPU_COUNT.load(Ordering::Relaxed)).filter(|&count| count > 0)
}

/// `sys.version`, in the form that `platform` takes apart: version, build and its date (that of the language's release), compiler.
const VERSION: &str = "3.14.0 (main, Oct  7 2025, 00:00:00) [Static Python in Rust]";

/// `sys.copyright`
pub(crate) const COPYRIGHT: &str = "Copyright (c) the Static Python in Rust contributors.";

/// Makes and registers `sys`.
pub fn initialize(startup: &Startup) -> PyResult<()> {
    crate::io::initialize();
    CPU_COUNT.store(startup.cpu_count.unwrap_or(-1), Ordering::Relaxed);
    let module = ModuleObject::native("sys");
    module.describe("The program itself: its arguments, modules, streams, settings and limits, and hooks into what it does.");
    module.unaudited();
    module.add_functions(FUNCTIONS);
    module.add_functions(crate::breakpoint::FUNCTIONS);
    module.add_functions(crate::displayhook::FUNCTIONS);
    crate::sys_tracing::fill(&module);
    let dict = module.dict();
    let strings = |items: &[String]| -> Ref {
        ListObject::new(items.iter().map(|item| StrObject::new(item).into()).collect()).into()
    };
    // What is no text keeps its bytes, as surrogates.
    let words = |items: &[OsString]| -> Ref {
        ListObject::new(items.iter().map(|item| crate::posix::argument::decode(item.as_bytes())).collect())
            .into()
    };
    dict.set_text("argv", words(&startup.argv));
    dict.set_text("orig_argv", words(&startup.original));
    dict.set_text("path", strings(&startup.path));
    dict.set_text("executable", StrObject::new(&startup.executable));
    dict.set_text("_base_executable", StrObject::new(&base_executable(&startup.executable)));
    dict.set_text(
        "_git",
        TupleObject::of(["CPython", "", ""].map(|part| StrObject::intern(part).into_ref())),
    );
    dict.set_text("modules", Value::from_object(sys_state::modules()).to_ref());
    add_streams(dict, startup)?;
    add_constants(dict)?;
    add_flags(dict, &startup.flags)?;
    add_options(dict, startup)?;
    for (name, original) in ORIGINALS {
        let function = dict.get_text(name).expect("it is in the table of functions");
        dict.set_text(original, function);
    }
    sys_state::modules().set_text("sys", module.clone());
    match &startup.stream_encoding {
        Some(encoding) => recode_streams(module.dict(), encoding, startup.stream_errors.as_deref()),
        None => Ok(()),
    }
}

/// The program that a virtual environment is of, whose own one is a link to it.
fn base_executable(executable: &str) -> String {
    let path = Path::new(executable);
    let environment = path.parent().and_then(Path::parent);
    let is_inside = environment.is_some_and(|folder| folder.join("pyvenv.cfg").is_file());
    let base = path.canonicalize().ok().filter(|_| is_inside);
    base.map_or_else(|| executable.to_owned(), |base| base.display().to_string())
}

/// Gives the standard streams another encoding: its codec may be a module, which can be imported once there is `sys`.
fn recode_streams(dict: &DictObject, encoding: &str, errors: Option<&str>) -> PyResult<()> {
    let codecs = protocol::import::import_absolute("codecs")?;
    let info = protocol::call_method_text(codecs.value(), "lookup", &[text(encoding).value()])?;
    let encoding = protocol::get_attr_text(info.value(), "name")?;
    let names = TupleObject::of([text("encoding"), text("errors")]);
    for name in ["stdin", "stdout", "stderr"] {
        let Some(stream) = dict.get_text(name).filter(|stream| !objects::is_none(stream.value())) else {
            continue;
        };
        let errors = if name == "stderr" { "backslashreplace" } else { errors.unwrap_or("strict") };
        let change = protocol::get_attr_text(stream.value(), "reconfigure")?;
        protocol::call(change.value(), &[encoding.value(), text(errors).value()], Some(names.value()))?;
    }
    Ok(())
}

fn add_streams(dict: &DictObject, startup: &Startup) -> PyResult<()> {
    for (fd, name, file) in [(0, "stdin", "<stdin>"), (1, "stdout", "<stdout>"), (2, "stderr", "<stderr>")] {
        let stream = crate::io::standard::stream(fd, file, startup)?;
        dict.set_text(name, stream.clone());
        dict.set_text(&format!("__{name}__"), stream);
    }
    Ok(())
}

fn text(value: &str) -> Ref {
    StrObject::new(value).into()
}

fn number(value: i64) -> Ref {
    int::from_i64(value)
}

fn add_constants(dict: &DictObject) -> PyResult<()> {
    let version = [
        ("major", number(3)),
        ("minor", number(14)),
        ("micro", number(0)),
        ("releaselevel", text("final")),
        ("serial", number(0)),
    ];
    dict.set_text(
        "version_info",
        struct_sequence::unique(
            "sys",
            "version_info",
            "The version of the language, as a named tuple.",
            &version,
        )?,
    );
    dict.set_text("version", text(VERSION));
    dict.set_text("hexversion", number(0x030e_00f0));
    dict.set_text("api_version", number(1013));
    dict.set_text("copyright", text(COPYRIGHT));
    dict.set_text("abiflags", text(""));
    dict.set_text("platform", text("linux"));
    dict.set_text("byteorder", text("little"));
    dict.set_text("maxsize", number(isize::MAX as i64));
    dict.set_text("maxunicode", number(0x10_ffff));
    for name in ["prefix", "exec_prefix", "base_prefix", "base_exec_prefix"] {
        dict.set_text(name, text("/usr"));
    }
    dict.set_text("platlibdir", text("lib"));
    dict.set_text("_stdlib_dir", text(crate::library::ROOT));
    dict.set_text("thread_info", thread_info()?);
    dict.set_text("float_repr_style", text("short"));
    for name in ["meta_path", "path_hooks"] {
        dict.set_text(name, ListObject::empty());
    }
    dict.set_text("path_importer_cache", DictObject::new());
    let names = crate::names().into_iter().map(text).collect();
    dict.set_text("builtin_module_names", TupleObject::new(names));
    dict.set_text("stdlib_module_names", stdlib_module_names()?);
    dict.set_text("monitoring", crate::monitoring::make()?);
    dict.set_text("float_info", float_info()?);
    dict.set_text("int_info", int_info()?);
    dict.set_text("hash_info", hash_info()?);
    let implementation = DictObject::new();
    implementation.set_text("name", text("spc"));
    implementation.set_text("cache_tag", text("staticpy-314"));
    implementation.set_text("version", dict.get_text("version_info").unwrap_or_else(|| number(0)));
    implementation.set_text("hexversion", number(0x030e_00f0));
    implementation.set_text("_multiarch", text("x86_64-linux-gnu"));
    dict.set_text("implementation", NamespaceObject::make(&implementation));
    Ok(())
}

/// `sys.stdlib_module_names`: the native modules, and what the library has at its top.
fn stdlib_module_names() -> PyResult {
    let mut names: Vec<&str> = crate::names();
    names.extend(crate::library::files().filter_map(|file| match file.split_once('/') {
        Some((package, _)) => Some(package),
        None => file.strip_suffix(".py"),
    }));
    names.retain(|name| !matches!(*name, "__init__" | "test" | "__pycache__"));
    names.sort_unstable();
    names.dedup();
    set::frozen_from(names.into_iter().map(text).collect())
}

fn thread_info() -> PyResult {
    let mut room = [0_u8; 64];
    // SAFETY: room for so many bytes.
    let length =
        unsafe { libc::confstr(libc::_CS_GNU_LIBPTHREAD_VERSION, room.as_mut_ptr().cast(), room.len()) };
    let version = room.get(..length.saturating_sub(1)).unwrap_or_default();
    let fields = [
        ("name", text("pthread")),
        ("lock", text("semaphore")),
        ("version", text(&String::from_utf8_lossy(version))),
    ];
    struct_sequence::new(
        "sys",
        "thread_info",
        "How threads and their locks are made, as a named tuple.",
        &fields,
    )
}

fn float_info() -> PyResult {
    struct_sequence::new(
        "sys",
        "float_info",
        "The range and the precision of floats, as a named tuple.",
        &[
            ("max", float::new(f64::MAX)),
            ("max_exp", number(1024)),
            ("max_10_exp", number(308)),
            ("min", float::new(f64::MIN_POSITIVE)),
            ("min_exp", number(-1021)),
            ("min_10_exp", number(-307)),
            ("dig", number(15)),
            ("mant_dig", number(53)),
            ("epsilon", float::new(f64::EPSILON)),
            ("radix", number(2)),
            ("rounds", number(1)),
        ],
    )
}

fn int_info() -> PyResult {
    let fields = [
        ("bits_per_digit", number(30)),
        ("sizeof_digit", number(4)),
        ("default_max_str_digits", number(4300)),
        ("str_digits_check_threshold", number(640)),
    ];
    struct_sequence::new("sys", "int_info", "How integers are held, as a named tuple.", &fields)
}

fn hash_info() -> PyResult {
    let fields = [
        ("width", number(64)),
        ("modulus", number((1 << 61) - 1)),
        ("inf", number(314_159)),
        ("nan", number(0)),
        ("imag", number(1_000_003)),
        ("algorithm", text("siphash13")),
        ("hash_bits", number(64)),
        ("seed_bits", number(128)),
        ("cutoff", number(0)),
    ];
    struct_sequence::new("sys", "hash_info", "How numbers and texts are hashed, as a named tuple.", &fields)
}

/// Hooks that a program may replace, and the names under which the originals stay.
const ORIGINALS: [(&str, &str); 4] = [
    ("breakpointhook", "__breakpointhook__"),
    ("excepthook", "__excepthook__"),
    ("displayhook", "__displayhook__"),
    ("unraisablehook", "__unraisablehook__"),
];

fn add_flags(dict: &DictObject, set: &[(String, i64)]) -> PyResult<()> {
    const NAMES: [&str; 21] = [
        "debug",
        "inspect",
        "interactive",
        "optimize",
        "dont_write_bytecode",
        "no_user_site",
        "no_site",
        "ignore_environment",
        "verbose",
        "bytes_warning",
        "quiet",
        "hash_randomization",
        "isolated",
        "dev_mode",
        "utf8_mode",
        "warn_default_encoding",
        "safe_path",
        "int_max_str_digits",
        "gil",
        "thread_inherit_context",
        "context_aware_warnings",
    ];
    let value = |name: &str| {
        let default = match name {
            "hash_randomization" | "utf8_mode" | "gil" => 1,
            "int_max_str_digits" => 4300,
            _ => 0,
        };
        set.iter().find(|(flag, _)| flag == name).map_or(default, |(_, value)| *value)
    };
    let shown = |name: &str| match name {
        "dev_mode" | "safe_path" => objects::bool(value(name) != 0).to_ref(),
        _ => number(value(name)),
    };
    let fields: Vec<(&str, Ref)> = NAMES.iter().map(|&name| (name, shown(name))).collect();
    dict.set_text(
        "flags",
        struct_sequence::unique(
            "sys",
            "flags",
            "What the command line and the environment have asked for, as a named tuple.",
            &fields,
        )?,
    );
    Ok(())
}

/// What the command line says in other places than `sys.flags`.
fn add_options(dict: &DictObject, startup: &Startup) -> PyResult<()> {
    dict.set_text(
        "warnoptions",
        ListObject::new(startup.warnings.iter().map(|option| text(option)).collect()),
    );
    let extended = DictObject::new();
    for option in &startup.extended {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, text(value)),
            None => (option.as_str(), objects::bool(true).to_ref()),
        };
        extended.set(text(name).value(), value)?;
    }
    dict.set_text("_xoptions", extended);
    let is_set = |name: &str| startup.flags.iter().any(|(flag, level)| flag == name && *level != 0);
    dict.set_text("dont_write_bytecode", objects::bool(is_set("dont_write_bytecode")).to_ref());
    let prefix = startup.cache_prefix.as_deref().map_or_else(|| objects::none().to_ref(), text);
    dict.set_text("pycache_prefix", prefix);
    if let Some((_, limit)) = startup.flags.iter().find(|(flag, _)| flag == "int_max_str_digits") {
        int::parse::set_max_str_digits(*limit as usize);
    }
    Ok(())
}

/// Whether a flag of `sys.flags` is set.
pub(crate) fn flag(name: &str) -> bool {
    let flags = sys_state::modules()
        .get_text("sys")
        .and_then(|sys| protocol::get_attr_text(sys.value(), "flags").ok());
    let flag = flags.and_then(|flags| protocol::get_attr_text(flags.value(), name).ok());
    flag.is_some_and(|flag| flag.as_small().map_or(flag.value() == objects::bool(true), |value| value != 0))
}

/// Flushes the standard streams.
pub fn flush_streams() {
    let Some(sys) = sys_state::modules().get_text("sys") else { return };
    let Some(module) = sys.get::<ModuleObject>() else { return };
    for name in ["stdout", "stderr"] {
        let Some(stream) = module.dict().get_text(name) else { continue };
        if objects::is_none(stream.value()) {
            continue;
        }
        if let Err(raised) = protocol::call_method_text(stream.value(), "flush", &[]) {
            drop(thread().take_raised(raised));
        }
    }
}

/// `sys.asyncgen_hooks`
static ASYNCGEN_HOOKS: struct_sequence::StructType =
    struct_sequence::StructType::new("builtins", "asyncgen_hooks", &["firstiter", "finalizer"]);

py_functions! { static FUNCTIONS;
    /// Exit the interpreter by raising SystemExit(status).
    "exit(status=None, /)"
    fn exit(status: OrNone<Value>) -> PyResult<()> {
        // A tuple is what the exception is made with.
        match status.0.and_then(|status| status.get_exact::<TupleObject>()) {
            Some(args) => Err(error::raise_with_args(&error::types::SystemExit, args.items())),
            None => Err(error::raise_with_args(&error::types::SystemExit, status.0.as_slice())),
        }
    }
    /// Return a frame object from the call stack.
    "_getframe(depth=0, /)"
    fn getframe(depth: Option<isize>) -> PyResult {
        match frame::at(depth.unwrap_or(0).max(0) as usize) {
            Some(frame) => {
                runtime::tell!("sys._getframe", frame.clone());
                Ok(frame)
            }
            None => Err(runtime::raise!(ValueError, "call stack is not deep enough")),
        }
    }
    /// Return the reference count of object, that of the argument included.
    "getrefcount(object, /)"
    fn getrefcount(object: Value) -> u32 {
        // What lives for ever has the count that it was made with, as in CPython; ints in a word have none of their own.
        let counted = object.header().filter(|header| !header.has(flags::IMMORTAL));
        counted.map_or(IMMORTAL_COUNT, |header| header.refcount())
    }
    /// Return the size of object in bytes.
    "getsizeof(object, default=None, /)"
    fn getsizeof(object: Value, default: Option<Ref>) -> PyResult {
        let name = StrObject::intern("__sizeof__");
        let size = match protocol::attribute::call_special(object, name.value(), &[]) {
            Ok(Some(size)) => Ok(size),
            Ok(None) => Err(runtime::raise!(TypeError, "Type {} doesn't define __sizeof__", object.ty().name())),
            Err(raised) => Err(raised),
        };
        match (size, default) {
            (Err(raised), Some(default)) => error::catch(raised, &error::types::TypeError).map(|_| default),
            (size, _) => size,
        }
    }
    /// Check status of origin tracking for coroutine objects in this thread.
    "get_coroutine_origin_tracking_depth()"
    fn get_coroutine_origin_tracking_depth() -> usize {
        unawaited::origin_depth()
    }
    /// Enable or disable origin tracking for coroutine objects in this thread.
    "set_coroutine_origin_tracking_depth(depth)"
    fn set_coroutine_origin_tracking_depth(depth: i32) -> PyResult<()> {
        let Ok(depth) = usize::try_from(depth) else {
            return Err(runtime::raise!(ValueError, "depth must be >= 0"));
        };
        unawaited::set_origin_depth(depth);
        Ok(())
    }
    /// Return the current value of the recursion limit.
    "getrecursionlimit()"
    fn getrecursionlimit() -> u32 {
        thread().recursion_limit()
    }
    /// Set the maximum depth of the Python interpreter stack to n.
    "setrecursionlimit(limit, /)"
    fn setrecursionlimit(limit: i32) -> PyResult<()> {
        match u32::try_from(limit).ok().filter(|&limit| limit > 0) {
            None => Err(runtime::raise!(ValueError, "recursion limit must be greater or equal than 1")),
            Some(limit) if limit <= thread().depth() => {
                let depth = thread().depth();
                Err(runtime::raise!(RecursionError, "cannot set the recursion limit to {limit} at the recursion depth {depth}: the limit is too low"))
            }
            Some(limit) => {
                thread().set_recursion_limit(limit);
                Ok(())
            }
        }
    }
    /// ``Intern'' the given string.
    "intern(string, /)"
    fn intern(string: Value) -> PyResult {
        match string.get_exact::<StrObject>() {
            Some(text) => Ok(StrObject::intern_object(text).into()),
            None => Err(runtime::raise!(TypeError, "intern() argument must be str, not {}", string.ty().name())),
        }
    }
    /// Private function for clearing certain descriptors from a type's dictionary.
    ///
    /// A decorator that puts a class with slots in another's place calls it: these descriptors hold the old class.
    "_clear_type_descriptors(type, /)"
    fn clear_type_descriptors(ty: &TypeObject) -> PyResult<()> {
        if !ty.has(type_flags::HEAP) || ty.has(type_flags::IMMUTABLE) {
            return Err(runtime::raise!(TypeError, "argument is immutable"));
        }
        for name in ["__dict__", "__weakref__"] {
            drop(ty.dict().remove_str(StrObject::intern(name).value()));
        }
        ty.modified();
        Ok(())
    }
    /// Return current exception information: (type, value, traceback).
    "exc_info()"
    fn exc_info() -> Py<TupleObject> {
        let none = || objects::none().to_ref();
        match thread().handled_exception() {
            None => TupleObject::of([none(), none(), none()]),
            Some(exception) => {
                let traceback = exception.get::<ExceptionObject>().and_then(|exception| exception.traceback.get_ref());
                TupleObject::of([exception.ty().value().to_ref(), exception.to_ref(), traceback.unwrap_or_else(none)])
            }
        }
    }
    /// Return the current exception.
    "exception()"
    fn exception() -> Ref {
        thread().handled_exception().unwrap_or_else(objects::none).to_ref()
    }
    /// Handle an exception by displaying it with a traceback on sys.stderr.
    "excepthook(exctype, value, traceback, /)"
    fn excepthook(exctype: Value, value: Value, traceback: Value) -> PyResult<()> {
        crate::excepthook::display(exctype, value, traceback)
    }
    /// Handle an unraisable exception by displaying it on sys.stderr.
    "unraisablehook(unraisable, /)"
    fn unraisablehook(unraisable: Value) -> PyResult<()> {
        error::unraisable::print(unraisable)
    }
    /// Return the maximum string digits limit for non-binary int<->str conversions.
    "get_int_max_str_digits()"
    fn get_int_max_str_digits() -> usize {
        parse::max_str_digits()
    }
    /// Set the maximum string digits limit for non-binary int<->str conversions.
    "set_int_max_str_digits(maxdigits)"
    fn set_int_max_str_digits(maxdigits: isize) -> PyResult<()> {
        match usize::try_from(maxdigits).ok().filter(|&limit| limit == 0 || limit >= 640) {
            Some(limit) => {
                parse::set_max_str_digits(limit);
                Ok(())
            }
            None => Err(runtime::raise!(ValueError, "maxdigits must be 0 or larger than 640")),
        }
    }
    /// Return the current default encoding used by the Unicode implementation.
    "getdefaultencoding()"
    fn getdefaultencoding() -> &'static str {
        "utf-8"
    }
    /// Return the encoding used to convert Unicode filenames to OS filenames.
    "getfilesystemencoding()"
    fn getfilesystemencoding() -> &'static str {
        "utf-8"
    }
    /// Return the error mode used for Unicode to OS filename conversion.
    "getfilesystemencodeerrors()"
    fn getfilesystemencodeerrors() -> &'static str {
        "surrogateescape"
    }
    /// Return the name of the module for a calling frame.
    "_getframemodulename(depth=0)"
    fn getframemodulename(depth: Option<i32>) -> PyResult<Option<Ref>> {
        let depth = depth.unwrap_or(0);
        runtime::tell!("sys._getframemodulename", int::from_i64(depth.into()));
        let frame = (hooks::hooks().frame)(depth.max(0) as usize);
        let name = |frame: runtime::error::traceback::FrameInfo| frame.globals.get::<DictObject>().and_then(|globals| globals.get_text("__name__"));
        Ok(frame.and_then(name))
    }
    /// Return True if the given string is "interned".
    "_is_interned(string, /)"
    fn is_interned(string: &StrObject) -> bool {
        string.is_interned()
    }
    /// Return the current value of the flags that are used for dlopen calls.
    "getdlopenflags()"
    fn getdlopenflags() -> i32 {
        DLOPEN_FLAGS.load(Ordering::Relaxed)
    }
    /// Set the flags used by the interpreter for dlopen calls.
    "setdlopenflags(flags, /)"
    fn setdlopenflags(flags: i32) {
        DLOPEN_FLAGS.store(flags, Ordering::Relaxed);
    }
    /// Activate stack profiler trampoline *backend*.
    "activate_stack_trampoline(backend, /)"
    fn activate_stack_trampoline(backend: &StrObject) -> PyResult<()> {
        let _ = backend;
        // `perf` is told the names of compiled functions from the start, by `--perf-map`.
        Err(runtime::raise!(ValueError, "perf trampoline not available"))
    }
    /// Deactivate the current stack profiler trampoline backend.
    "deactivate_stack_trampoline()"
    fn deactivate_stack_trampoline() {}
    /// Return *True* if a stack profiler trampoline is active.
    "is_stack_trampoline_active()"
    fn is_stack_trampoline_active() -> bool {
        false
    }
    /// Return the installed asynchronous generators hooks.
    "get_asyncgen_hooks()"
    fn get_asyncgen_hooks() -> PyResult {
        let hooks = async_generator::hooks().map(|hook| hook.unwrap_or_else(|| objects::none().to_ref()));
        ASYNCGEN_HOOKS.make(hooks.into())
    }
    /// Set callbacks for async generators: at their first use, and for unfinished ones that nobody refers to.
    "set_asyncgen_hooks(firstiter=None, finalizer=None)"
    fn set_asyncgen_hooks(firstiter: Option<Ref>, finalizer: Option<Ref>) -> PyResult<()> {
        for (which, hook, name) in [(1, finalizer, "finalizer"), (0, firstiter, "firstiter")] {
            let Some(hook) = hook else { continue };
            let is_none = objects::is_none(hook.value());
            if !is_none && !protocol::is_callable(hook.value()) {
                let got = hook.ty().name();
                return Err(runtime::raise!(TypeError, "callable {name} expected, got {got}"));
            }
            audit_hook::raise(&format!("sys.set_asyncgen_hook_{name}"), Vec::new())?;
            async_generator::set_hook(which, Some(hook).filter(|_| !is_none));
        }
        Ok(())
    }
    /// Whether one thread at a time runs Python code.
    "_is_gil_enabled()"
    fn is_gil_enabled() -> bool {
        true
    }
    /// How many CPUs `os.cpu_count` is to tell, or -1 to ask the system.
    "_get_cpu_count_config()"
    fn get_cpu_count_config() -> i64 {
        cpu_count().unwrap_or(-1)
    }
    /// Return True if Python is exiting.
    "is_finalizing()"
    fn is_finalizing() -> bool {
        runtime::finalize::is_finalizing()
    }
    /// Return the current thread switch interval.
    "getswitchinterval()"
    fn getswitchinterval() -> f64 {
        runtime::global_lock::interval().as_secs_f64()
    }
    /// Set the ideal thread switching delay inside the Python interpreter.
    "setswitchinterval(interval, /)"
    fn setswitchinterval(interval: f64) -> PyResult<()> {
        if interval.is_nan() || interval <= 0.0 {
            return Err(runtime::raise!(ValueError, "switch interval must be strictly positive"));
        }
        let interval = Duration::try_from_secs_f64(interval).unwrap_or(Duration::MAX);
        runtime::global_lock::set_interval(interval);
        Ok(())
    }
    /// Return the number of memory blocks currently allocated.
    "getallocatedblocks()"
    fn getallocatedblocks() -> usize {
        let mut count = 0;
        runtime::alloc::for_each_block(|_| count += 1);
        count
    }
    /// Clear the internal type cache.
    "_clear_type_cache()"
    fn clear_type_cache() {
        gc::run_pending();
    }
    /// Passes the event to any hooks that are attached.
    "audit(event, /, *args)"
    fn audit(event: Value, args: runtime::convert::Rest<'_>) -> PyResult<()> {
        if !event.is_instance::<StrObject>() {
            let got = event.ty().name();
            return Err(runtime::raise!(TypeError, "expected str for argument 'event', not {got}"));
        }
        audit_hook::raise_object(event, TupleObject::from_values(args.0).value())
    }
    /// Adds a new audit hook callback.
    "addaudithook(hook)"
    fn addaudithook(hook: Value) -> PyResult<()> {
        audit_hook::add(hook)
    }
}
