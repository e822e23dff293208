//! System calls: asked again when a signal interrupts them, and raising `OSError` when they fail.
//!
//! The one place that turns a C result into a `PyResult` (PEP 475: `EINTR` runs the handlers of signals and goes on, unless one of
//! them raises). [`system!`] is the only way in which modules of the system call the C library for something that may fail.
//!
//! Other threads run meanwhile. Cost: that of the call.

use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::{PyResult, Raised, Ref, Value, error, global_lock, signal};

/// A result of the C library that says by a special value that it failed.
pub(crate) trait Status: Copy {
    /// Whether it says so.
    fn is_failure(self) -> bool;
}

macro_rules! signed {
    ($($ty:ty)*) => { $(impl Status for $ty {
        fn is_failure(self) -> bool {
            self == -1
        }
    })* };
}

signed! { i32 i64 isize }

impl<T> Status for *mut T {
    fn is_failure(self) -> bool {
        self.is_null()
    }
}

/// The error number of the last system call.
pub(crate) fn last_errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// `OSError` for an error number, about up to two files.
pub(crate) fn os_error(errno: i32, names: &[Value]) -> Raised {
    let Some(&second) = names.get(1) else { return error::os_error(errno, names.first().copied()) };
    let (number, text) = (int::from_i64(errno.into()), StrObject::new(&error::errno_text(errno)));
    let args = [number.value(), text.value(), names[0], objects::none(), second];
    error::raise_with_args(error::types::os_error_class(errno), &args)
}

/// `OSError` for the last system call.
pub(crate) fn failure() -> Raised {
    os_error(last_errno(), &[])
}

/// Makes a call that may take its time while other threads run; gives its result and the error number. It must not touch objects.
pub(crate) fn waiting<T>(call: impl FnOnce() -> T) -> (T, i32) {
    global_lock::released(|| {
        let result = call();
        (result, last_errno())
    })
}

/// Calls until no signal interrupts; `names` are the files that an error is about.
pub(crate) fn retry<T: Status>(names: &[Value], mut call: impl FnMut() -> T) -> PyResult<T> {
    // A signal that arrived since the last safe point would not interrupt a call that waits.
    signal::check()?;
    loop {
        let (result, errno) = waiting(&mut call);
        if !result.is_failure() {
            return Ok(result);
        }
        match errno {
            libc::EINTR => signal::check()?,
            errno => return Err(os_error(errno, names)),
        }
    }
}

/// `system!(name(arguments))` calls a function of the C library, `system!(name(arguments) at path, ...)` one whose errors name files.
/// Arguments are numbers, or pointers into values of the caller.
macro_rules! system {
    (@call $names:expr, $name:ident, $($arg:expr),*) => {
        $crate::system::retry($names, || {
            // SAFETY: a call of the C library with numbers and with pointers into values that the caller keeps through the call.
            unsafe { libc::$name($($arg),*) }
        })
    };
    ($name:ident($($arg:expr),* $(,)?)) => { system!(@call &[], $name, $($arg),*) };
    ($name:ident($($arg:expr),* $(,)?) at $($path:expr),+) => {
        system!(@call &[$($path.given()),+], $name, $($arg),*)
    };
}
pub(crate) use system;

/// A pair of results.
pub(crate) fn pair(first: impl Into<i64>, second: impl Into<i64>) -> Ref {
    TupleObject::of([int::from_i64(first.into()), int::from_i64(second.into())]).into()
}

/// Adds integers to a module by their names.
pub(crate) fn add_constants(module: &runtime::objects::module::ModuleObject, constants: &[(&str, i64)]) {
    for &(name, value) in constants {
        module.dict().set_text(name, int::from_i64(value));
    }
}

/// A table of constants of the C library by their own names: `constants![O_RDONLY O_WRONLY]`.
macro_rules! constants {
    ($($name:ident)*) => { &[$((stringify!($name), libc::$name as i64)),*] };
}
pub(crate) use constants;
