//! Generators and coroutines: delegation and awaiting.

use runtime::objects::code::CodeObject;
use runtime::protocol::awaiting;
use runtime::value::Value;

use super::{give, own, status};

pub(super) unsafe extern "C" fn send(receiver: Value, value: Value, out: *mut Value) -> i64 {
    let (status, value) = match interp::resume::send(receiver, &value.to_ref()) {
        Ok(Ok(yielded)) => (0, yielded),
        Ok(Err(returned)) => (1, returned),
        Err(_) => return -1,
    };
    // SAFETY: the compiler passes room for a word.
    unsafe { give(out, [value]) };
    status
}

pub(super) extern "C" fn yield_from_iter(iterable: Value, code: Value) -> Value {
    let code = code.get::<CodeObject>().expect("the compiler passes a code object");
    own(interp::resume::yield_from_iterator(iterable.to_ref(), code))
}

pub(super) extern "C" fn cleanup_throw(exc: Value) -> Value {
    own(interp::resume::cleanup_throw(exc.to_ref()))
}

pub(super) extern "C" fn get_awaitable(a: Value, which: usize) -> Value {
    own(awaiting::get_awaitable(a, which))
}

pub(super) extern "C" fn get_async_iter(a: Value) -> Value {
    own(awaiting::get_async_iterator(a))
}

pub(super) extern "C" fn get_async_next(iterator: Value) -> Value {
    own(awaiting::get_async_next(iterator))
}

pub(super) extern "C" fn end_async_for(exc: Value) -> i64 {
    status(interp::resume::end_async_for(exc.to_ref()))
}
