//! What of `sys` looks at running code and follows it: trace and profile functions, and the frames of all threads.
//!
//! `threading.settrace_all_threads` and its relatives end here. The state is `runtime::tracing`.

use runtime::objects::dict::DictObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::{self, frame, int};
use runtime::tracing::{self, Which};
use runtime::{PyResult, Ref, Value, protocol, py_functions};

/// Adds the functions.
pub(crate) fn fill(module: &ModuleObject) {
    module.add_functions(FUNCTIONS);
}

fn given(function: Value) -> Option<Value> {
    Some(function).filter(|&function| !objects::is_none(function))
}

py_functions! { static FUNCTIONS;
    /// Set the global debug tracing function.
    "settrace(function, /)"
    fn settrace(function: Value) -> PyResult<()> {
        runtime::tell!("sys.settrace");
        tracing::set_function(Which::Trace, given(function));
        Ok(())
    }
    /// Set the global debug tracing function of all threads.
    "_settraceallthreads(function, /)"
    fn settraceallthreads(function: Value) {
        tracing::set_all(Which::Trace, given(function));
    }
    /// Return the global debug tracing function set with sys.settrace.
    "gettrace()"
    fn gettrace() -> Option<Ref> {
        tracing::function(Which::Trace)
    }
    /// Set the profiling function.
    "setprofile(function, /)"
    fn setprofile(function: Value) -> PyResult<()> {
        runtime::tell!("sys.setprofile");
        tracing::set_function(Which::Profile, given(function));
        Ok(())
    }
    /// Set the profiling function of all threads.
    "_setprofileallthreads(function, /)"
    fn setprofileallthreads(function: Value) {
        tracing::set_all(Which::Profile, given(function));
    }
    /// Return the profiling function set with sys.setprofile.
    "getprofile()"
    fn getprofile() -> Option<Ref> {
        tracing::function(Which::Profile)
    }
    /// Call func(*args), while tracing is enabled.
    "call_tracing(func, args, /)"
    fn call_tracing(func: Value, args: &objects::tuple::TupleObject) -> PyResult {
        tracing::loudly(|| protocol::call(func, args.items(), None))
    }
    /// Return a dict mapping each thread's id to its current stack frame.
    "_current_frames()"
    fn current_frames() -> PyResult {
        runtime::tell!("sys._current_frames");
        let frames = DictObject::new();
        for (ident, anchor, place) in tracing::threads() {
            if let Some(frame) = frame::of_thread(anchor, place) {
                // An int is hashed without running code.
                let _ = frames.set(int::from_u64(ident).value(), frame);
            }
        }
        Ok(frames.into())
    }
    /// Return a dict mapping each thread's identifier to its current raised exception.
    "_current_exceptions()"
    fn current_exceptions() -> PyResult {
        runtime::tell!("sys._current_exceptions");
        let exceptions = DictObject::new();
        for (ident, handled) in tracing::handled_exceptions() {
            // An int is hashed without running code.
            let _ = exceptions.set(int::from_u64(ident).value(), handled.unwrap_or_else(|| objects::none().to_ref()));
        }
        Ok(exceptions.into())
    }
}
