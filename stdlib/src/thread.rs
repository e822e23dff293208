//! `_thread`: threads, locks, and data that each thread has for itself.
//!
//! One thread at a time runs Python code ([`runtime::global_lock`]); so this module's own state needs no further lock. Threads
//! begin and end in `handle`, wait in `lock`, and keep their data in `local`.

mod handle;
mod local;
mod lock;
pub(crate) mod semaphore;

use runtime::audit_hook::given;
use runtime::convert::OrNone;
use runtime::objects::dict::DictObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::struct_sequence::StructType;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int};
use runtime::thread::identity;
use runtime::types::ready;
use runtime::value::Py;
use runtime::world::World;
use runtime::{PyResult, Ref, Value, error, global_lock, protocol, py_functions, raise, signal};

use handle::{HANDLE, Handle};

pub(crate) use handle::after_fork;

/// Longest wait, in seconds.
const TIMEOUT_MAX: f64 = 9_223_372_036.0;

/// What `_excepthook` is called with.
static HOOK_ARGS: StructType =
    StructType::new("_thread", "_ExceptHookArgs", &["exc_type", "exc_value", "exc_traceback", "thread"])
        .with_docs(
            "What threading.excepthook is told of an exception that ended a thread.",
            &["its class", "the exception", "its traceback", "the thread"],
        );

/// The thread that imported this module first, which is the main one.
static MAIN: World<std::cell::Cell<u64>> = World::new(std::cell::Cell::new(0));

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in [&lock::LOCK, &lock::RLOCK, &HANDLE, &local::LOCAL] {
        ready::ready(ty);
    }
    MAIN.set(identity());
    let dict = module.dict();
    dict.set_text("lock", lock::LOCK.value().to_ref());
    dict.set_text("LockType", lock::LOCK.value().to_ref());
    dict.set_text("RLock", lock::RLOCK.value().to_ref());
    dict.set_text("_ThreadHandle", HANDLE.value().to_ref());
    dict.set_text("_local", local::LOCAL.value().to_ref());
    dict.set_text("_ExceptHookArgs", HOOK_ARGS.class()?.value().to_ref());
    dict.set_text("error", error::types::RuntimeError.value().to_ref());
    dict.set_text("TIMEOUT_MAX", float::new(TIMEOUT_MAX));
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// The end of the program: waits for the threads that are not daemons.
pub fn shut_down() -> PyResult<()> {
    let threading = runtime::sys_state::modules().get_text("threading");
    match threading {
        Some(threading) => protocol::call_method_text(threading.value(), "_shutdown", &[]).map(drop),
        None => handle::join_all(),
    }
}

/// Prints an exception that has ended a thread, as `threading.excepthook` does.
fn print_exception(args: Value) -> PyResult<()> {
    let attribute = |name: &str| protocol::get_attr_text(args, name);
    let (class, exception, thread) = (attribute("exc_type")?, attribute("exc_value")?, attribute("thread")?);
    if class.value() == error::types::SystemExit.value() {
        return Ok(());
    }
    let name = if objects::is_none(thread.value()) {
        identity().to_string()
    } else {
        protocol::str_string(protocol::get_attr_text(thread.value(), "name")?.value())?
    };
    let text = format!("Exception in thread {name}:\n{}", error::print::format_exception(exception.value()));
    let is_none = |stream: &Ref| objects::is_none(stream.value());
    let sys = runtime::sys_state::modules().get_text("sys");
    let sys_stderr = sys.and_then(|sys| protocol::get_attr_text(sys.value(), "stderr").ok());
    if sys_stderr.as_ref().is_none_or(is_none) && !objects::is_none(thread.value()) {
        // The stream that there was when the thread was made.
        let kept = protocol::get_attr_text(thread.value(), "_stderr")?;
        if !is_none(&kept) {
            let text = StrObject::new(&text);
            protocol::call_method_text(kept.value(), "write", &[text.value()])?;
        }
        return Ok(());
    }
    error::print::write_to_sys_stderr(&text);
    Ok(())
}

py_functions! { static FUNCTIONS;
    /// Create a new lock object.
    "allocate_lock()"
    fn allocate_lock() -> Ref {
        lock::new()
    }
    /// An obsolete synonym of allocate_lock().
    "allocate()"
    fn allocate() -> Ref {
        lock::new()
    }
    /// Return a non-zero integer that uniquely identifies the current thread amongst other threads that exist simultaneously.
    "get_ident()"
    fn get_ident() -> u64 {
        identity()
    }
    /// Return a non-negative integer identifying the thread as reported by the OS (kernel).
    "get_native_id()"
    fn get_native_id() -> i64 {
        // SAFETY: a plain query.
        unsafe { libc::syscall(libc::SYS_gettid) }
    }
    /// Internal only. Return a non-zero integer that uniquely identifies the main thread of the main interpreter.
    "_get_main_thread_ident()"
    fn get_main_thread_ident() -> u64 {
        MAIN.get()
    }
    /// Return the number of currently running Python threads, excluding the main thread.
    "_count()"
    fn count() -> u32 {
        global_lock::others()
    }
    /// Return True if daemon threads are allowed in the current interpreter, and False otherwise.
    "daemon_threads_allowed()"
    fn daemon_threads_allowed() -> bool {
        true
    }
    /// Return the thread stack size used when creating new threads, and set it if a size is given.
    "stack_size(size=0, /)"
    fn stack_size(size: Option<i64>) -> PyResult<usize> {
        const LEAST: i64 = 32 << 10;
        match size {
            None => Ok(handle::stack()),
            Some(size) if size < 0 => Err(raise!(ValueError, "size must be 0 or a positive value")),
            Some(size) if size != 0 && size < LEAST => Err(raise!(ValueError, "size not valid: {size} bytes")),
            Some(size) => Ok(handle::set_stack(size as usize)),
        }
    }
    /// Set the name of the current thread.
    "set_name(name)"
    fn set_name(name: &StrObject) {
        // The system keeps fifteen bytes and a NUL.
        const LIMIT: usize = 15;
        let text = name.to_string_lossy();
        let mut bytes = [0u8; LIMIT + 1];
        let kept = text.as_bytes().iter().take_while(|&&byte| byte != 0).take(LIMIT);
        bytes.iter_mut().zip(kept).for_each(|(place, byte)| *place = *byte);
        // SAFETY: a text with a NUL, for the calling thread.
        unsafe { libc::pthread_setname_np(libc::pthread_self(), bytes.as_ptr().cast()) };
    }
    /// Start a new thread and return its identifier.
    "start_new_thread(function, args, kwargs={}, /)"
    fn start_new_thread(function: Value, args_given: Value, kwargs: Option<Value>) -> PyResult<u64> {
        if !protocol::is_callable(function) {
            return Err(raise!(TypeError, "first arg must be callable"));
        }
        let Some(args) = args_given.get::<TupleObject>() else {
            return Err(raise!(TypeError, "2nd arg must be a tuple"));
        };
        let pairs = match kwargs {
            None => Vec::new(),
            Some(kwargs) => match kwargs.get::<DictObject>() {
                Some(dict) => dict.to_pairs(),
                None => return Err(raise!(TypeError, "optional 3rd arg must be a dictionary")),
            },
        };
        let said = given(kwargs);
        runtime::tell!("_thread.start_new_thread", function.to_ref(), args_given.to_ref(), said);
        let (names, values): (Vec<Ref>, Vec<Ref>) = pairs.into_iter().unzip();
        let all = args.items().iter().map(|arg| arg.to_ref()).chain(values).collect();
        let names = (!names.is_empty()).then(|| TupleObject::new(names).into_ref());
        handle::start(&Handle::new(None), function.to_ref(), all, names, true)
    }
    /// An obsolete synonym of start_new_thread().
    "start_new(function, args, kwargs={}, /)"
    fn start_new(function: Value, args: Value, kwargs: Option<Value>) -> PyResult<u64> {
        start_new_thread(function, args, kwargs)
    }
    /// For internal use only: start a new thread that can be joined.
    "start_joinable_thread(function, handle=None, daemon=True)"
    fn start_joinable_thread(function: Value, handle: OrNone<Value>, daemon: Option<bool>) -> PyResult {
        if !protocol::is_callable(function) {
            return Err(raise!(TypeError, "thread function must be callable"));
        }
        let daemon = daemon.unwrap_or(true);
        let said = given(handle.0);
        runtime::tell!("_thread.start_joinable_thread", function.to_ref(), int::from_i64(i64::from(daemon)), said);
        let handle = match handle.0 {
            None => Handle::new(None),
            Some(handle) => match handle.get::<Handle>() {
                Some(handle) => Py::from_object(handle),
                None => return Err(raise!(TypeError, "'handle' must be a _ThreadHandle")),
            },
        };
        handle::start(&handle, function.to_ref(), Vec::new(), None, daemon)?;
        Ok(handle.into())
    }
    /// Simulate the arrival of the given signal in the main thread.
    "interrupt_main(signum=2, /)"
    fn interrupt_main(signum: Option<i32>) -> PyResult<()> {
        let signal = signum.unwrap_or(libc::SIGINT);
        if signal < 1 || signal as usize >= signal::COUNT {
            return Err(raise!(ValueError, "signal number out of range"));
        }
        if signal::is_ours(signal) {
            signal::simulate(signal);
        }
        // In the main thread it has arrived with the end of this call.
        signal::check()
    }
    /// Raise SystemExit to exit the current thread.
    "exit()"
    fn exit() -> PyResult {
        Err(error::raise_with_args(&error::types::SystemExit, &[]))
    }
    /// An obsolete synonym of exit().
    "exit_thread()"
    fn exit_thread() -> PyResult {
        exit()
    }
    /// Return True if the current interpreter is the main Python interpreter.
    "_is_main_interpreter()"
    fn is_main_interpreter() -> bool {
        true
    }
    /// Wait for all threads that are not daemons.
    "_shutdown()"
    fn shutdown() -> PyResult<()> {
        handle::join_all()
    }
    /// Internal only. Make a thread handle for threads not spawned by the _thread or threading module.
    "_make_thread_handle(ident, /)"
    fn make_thread_handle(ident: i64) -> Ref {
        Handle::new(Some(ident as u64)).into_ref()
    }
    /// Handle uncaught Thread.run() exception.
    "_excepthook(args, /)"
    fn excepthook(args: Value) -> PyResult<()> {
        if args.ty().value() != HOOK_ARGS.class()?.value() {
            return Err(raise!(TypeError, "_thread.excepthook argument type must be ExceptHookArgs"));
        }
        print_exception(args)
    }
}
