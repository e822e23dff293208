//! Calls.

use bytecode::Intrinsic;
use interp::frame::Frame;
use runtime::protocol::{self, Method};
use runtime::value::{PyResult, Value};

use super::attribute::cache;
use super::{own, slice};
use crate::context::installed;

pub(super) unsafe extern "C" fn call(callable: Value, items: *const Value, count: usize) -> Value {
    // SAFETY: the compiler passes its frame's words and their number.
    own(protocol::call(callable, unsafe { slice(items, count) }, None))
}

pub(super) unsafe extern "C" fn call_keywords(
    callable: Value,
    items: *const Value,
    count: usize,
    names: Value,
) -> Value {
    // SAFETY: the compiler passes its frame's words and their number.
    own(protocol::call(callable, unsafe { slice(items, count) }, Some(names)))
}

pub(super) unsafe extern "C" fn call_bound(callable: Value, items: *const Value, count: usize) -> Value {
    // SAFETY: the compiler passes its frame's words and their number.
    own(protocol::call(callable, present(unsafe { slice(items, count) }), None))
}

pub(super) unsafe extern "C" fn call_bound_keywords(
    callable: Value,
    items: *const Value,
    count: usize,
    names: Value,
) -> Value {
    // SAFETY: the compiler passes its frame's words and their number.
    own(protocol::call(callable, present(unsafe { slice(items, count) }), Some(names)))
}

/// The arguments without a receiver that is not there.
fn present(args: &[Value]) -> &[Value] {
    match args {
        [first, rest @ ..] if first.is_null() => rest,
        all => all,
    }
}

pub(super) extern "C" fn call_ex(callable: Value, args: Value, kwargs: Value) -> Value {
    own(interp::call_ex(std::ptr::null_mut(), callable, args, kwargs.non_null()))
}

pub(super) unsafe extern "C" fn call_method(
    name: Value,
    code: Value,
    at: usize,
    items: *const Value,
    count: usize,
) -> Value {
    // SAFETY: the compiler passes its frame's words and their number; the receiver is the first.
    let args = unsafe { slice(items, count) };
    own(by_name(name, code, at, args))
}

fn by_name(name: Value, code: Value, at: usize, args: &[Value]) -> PyResult {
    let cache = cache(code, at);
    if let Some(function) = interp::attribute::cached_method(args[0], name, cache) {
        // The class may lose the method while it runs.
        let function = function.to_ref();
        return protocol::call(function.value(), args, None);
    }
    let found = interp::attribute::load_method(args[0], name, cache);
    if found.is_err()
        && let Some(jit) = installed()
    {
        jit.failed_at.set(Some((code, at as u32)));
    }
    match found? {
        Method::Unbound(function) => protocol::call(function.value(), args, None),
        Method::Bound(callable) => protocol::call(callable.value(), &args[1..], None),
    }
}

pub(super) extern "C" fn call_intrinsic_1(op: u32, a: Value) -> Value {
    own(intrinsic(op, &[a]))
}

pub(super) extern "C" fn call_intrinsic_2(op: u32, a: Value, b: Value) -> Value {
    own(intrinsic(op, &[a, b]))
}

fn intrinsic(op: u32, args: &[Value]) -> PyResult {
    let intrinsic = Intrinsic::from_operand(op).expect("the compiler passes an intrinsic's number");
    interp::call_intrinsic(intrinsic, args)
}

pub(super) unsafe extern "C" fn call_intrinsic_in_frame(op: u32, a: Value, frame: *mut Frame) -> Value {
    let intrinsic = Intrinsic::from_operand(op).expect("the compiler passes an intrinsic's number");
    // SAFETY: the frame is that of the activation that the calling code continues.
    own(unsafe { interp::call_intrinsic_in_frame(intrinsic, &[a], frame) })
}

pub(super) extern "C" fn poll() -> i64 {
    super::status(interp::serve_pending())
}
