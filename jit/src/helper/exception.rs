//! Raising, handling, contexts, and the end of objects.

use runtime::error;
use runtime::header::Header;
use runtime::value::{PyResult, Ref, Value};

use super::{failure, give, own, truth};

pub(super) extern "C" fn raise(exc: Value, cause: Value) -> Value {
    match exc.non_null() {
        None => failure(error::reraise()),
        Some(exc) => failure(error::raise_statement(exc, cause.non_null())),
    }
}

pub(super) extern "C" fn dealloc(obj: *mut Header) -> u64 {
    crate::exit::dealloc(obj);
    0
}

pub(super) extern "C" fn reraise(exc: Value) -> Value {
    failure(error::exception::restore(exc.to_ref()))
}

pub(super) extern "C" fn exchange_handled(exc: Value) -> Value {
    interp::exchange_handled(exc)
}

pub(super) extern "C" fn matches_exception(exc: Value, class: Value) -> i64 {
    truth(error::matches(exc, class))
}

pub(super) unsafe extern "C" fn matches_group(exc: Value, class: Value, out: *mut Value) -> i64 {
    // SAFETY: the compiler passes room for two words.
    unsafe { pair(interp::match_group(&exc.to_ref(), &class.to_ref()), out) }
}

pub(super) unsafe extern "C" fn enter_context(manager: Value, out: *mut Value) -> i64 {
    // SAFETY: the compiler passes room for two words.
    unsafe { pair(interp::enter_context(&manager.to_ref()), out) }
}

pub(super) unsafe extern "C" fn enter_async_context(manager: Value, out: *mut Value) -> i64 {
    // SAFETY: the compiler passes room for two words.
    unsafe { pair(runtime::protocol::awaiting::enter_async(manager), out) }
}

pub(super) extern "C" fn call_exit(exit: Value, exc: Value) -> Value {
    own(interp::call_exit(exit, exc))
}

/// # Safety
/// There is room for two words.
unsafe fn pair(result: PyResult<(Ref, Ref)>, out: *mut Value) -> i64 {
    let Ok((first, second)) = result else { return -1 };
    // SAFETY: the contract.
    unsafe { give(out, [first, second]) };
    0
}
