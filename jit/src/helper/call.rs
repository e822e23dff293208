//! Calls.

use bytecode::{CodeFlags, Intrinsic};
use interp::eager::Awaited;
use interp::frame::Frame;
use runtime::objects;
use runtime::objects::code::CodeObject;
use runtime::protocol::Method;
use runtime::value::{PyResult, Ref, Value};

use super::attribute::cache;
use super::{give, own, slice};
use crate::context::installed;
use crate::entry;

pub(super) unsafe extern "C" fn call(callable: Value, items: *const Value, count: usize) -> Value {
    // SAFETY: the compiler passes its frame's words, whose references it gives away, and their number.
    own(call_with(callable, unsafe { slice(items, count) }, None))
}

pub(super) unsafe extern "C" fn call_keywords(
    callable: Value,
    items: *const Value,
    count: usize,
    names: Value,
) -> Value {
    // SAFETY: as above.
    own(call_with(callable, unsafe { slice(items, count) }, Some(names)))
}

pub(super) unsafe extern "C" fn call_bound(callable: Value, items: *const Value, count: usize) -> Value {
    // SAFETY: as above.
    own(call_with(callable, present(unsafe { slice(items, count) }), None))
}

pub(super) unsafe extern "C" fn call_bound_keywords(
    callable: Value,
    items: *const Value,
    count: usize,
    names: Value,
) -> Value {
    // SAFETY: as above.
    own(call_with(callable, present(unsafe { slice(items, count) }), Some(names)))
}

/// Calls with words whose references are given away.
fn call_with(callable: Value, args: &[Value], names: Option<Value>) -> PyResult {
    let given = Given(args);
    if names.is_none()
        && let Some(result) = entry::call_compiled_code(callable, args)
    {
        return result;
    }
    interp::call_owned(callable, args, given, names)
}

/// The references that compiled code gives away.
struct Given<'a>(&'a [Value]);

impl Drop for Given<'_> {
    fn drop(&mut self) {
        for &word in self.0 {
            // SAFETY: the helpers' rows say that they get the references, and each is dropped once.
            drop(unsafe { Ref::from_owned(word) });
        }
    }
}

/// The arguments without a receiver that is not there.
fn present(args: &[Value]) -> &[Value] {
    match args {
        [first, rest @ ..] if first.is_null() => rest,
        all => all,
    }
}

pub(super) unsafe extern "C" fn call_given(items: *const Value, count: usize) -> Value {
    // SAFETY: as above; the callable is the first.
    let args = unsafe { slice(items, count) };
    own(interp::call_counted(args[0], &args[1..], Given(args), None))
}

pub(super) unsafe extern "C" fn call_given_keywords(
    items: *const Value,
    count: usize,
    names: Value,
) -> Value {
    // SAFETY: as above.
    let args = unsafe { slice(items, count) };
    own(interp::call_counted(args[0], &args[1..], Given(args), Some(names)))
}

pub(super) unsafe extern "C" fn call_ex(items: *const Value, count: usize) -> Value {
    // SAFETY: as above; there are three.
    let parts = unsafe { slice(items, count) };
    let given = Given(if parts[2].is_null() { &parts[..2] } else { parts });
    let call = |args: &[Value], names, held| interp::call_owned(parts[0], args, (given, held), names);
    own(interp::with_spread(parts[0], parts[1], parts[2].non_null(), call))
}

pub(super) unsafe extern "C" fn call_method(
    name: Value,
    code: Value,
    at: usize,
    items: *const Value,
    count: usize,
) -> Value {
    // SAFETY: as above; the receiver is the first.
    let args = unsafe { slice(items, count) };
    own(by_name(name, code, at, args))
}

pub(super) unsafe extern "C" fn call_method_keywords(
    name: Value,
    code: Value,
    at: usize,
    names: Value,
    items: *const Value,
    count: usize,
) -> Value {
    // SAFETY: as above.
    let args = unsafe { slice(items, count) };
    own(by_name_with_keywords(name, code, at, names, args))
}

fn by_name_with_keywords(name: Value, code: Value, at: usize, names: Value, args: &[Value]) -> PyResult {
    let given = Given(args);
    match look_up(name, code, at, args[0])? {
        Method::Unbound(function) => interp::call_owned(function.value(), args, given, Some(names)),
        Method::Bound(callable) if counts_references(code) => {
            interp::call_counted(callable.value(), &args[1..], given, Some(names))
        }
        Method::Bound(callable) => interp::call_owned(callable.value(), &args[1..], given, Some(names)),
    }
}

fn by_name(name: Value, code: Value, at: usize, args: &[Value]) -> PyResult {
    let given = Given(args);
    match look_up(name, code, at, args[0])? {
        Method::Unbound(function) => match entry::call_compiled_code(function.value(), args) {
            Some(result) => result,
            None => interp::call_owned(function.value(), args, given, None),
        },
        Method::Bound(callable) if counts_references(code) => {
            interp::call_counted(callable.value(), &args[1..], given, None)
        }
        Method::Bound(callable) => interp::call_owned(callable.value(), &args[1..], given, None),
    }
}

fn counts_references(code: Value) -> bool {
    code.get_exact::<CodeObject>().is_some_and(|code| code.has(CodeFlags::COUNTS_REFERENCES))
}

/// A method by its name; what fails, fails where it was looked up.
fn look_up(name: Value, code: Value, at: usize, owner: Value) -> PyResult<Method> {
    let cache = cache(code, at);
    if let Some(function) = interp::attribute::cached_method(owner, name, cache) {
        // The class may lose the method while it runs.
        return Ok(Method::Unbound(function.to_ref()));
    }
    let found = interp::attribute::load_method(owner, name, cache);
    if found.is_err()
        && let Some(jit) = installed()
    {
        jit.failed_at.set(Some((code, at as u32)));
    }
    found
}

pub(super) unsafe extern "C" fn call_awaited(
    callable: Value,
    out: *mut Value,
    code: Value,
    send: usize,
    items: *const Value,
    count: usize,
) -> i64 {
    // SAFETY: the compiler passes its frame's words and their number, and room for two results in the same place.
    let (args, out) = unsafe { (present(slice(items, count)), Out { words: out, code, send }) };
    awaited(interp::eager::call(callable, args, Given(args)), out)
}

pub(super) unsafe extern "C" fn call_method_awaited(
    name: Value,
    out: *mut Value,
    code: Value,
    at: usize,
    items: *const Value,
    count: usize,
) -> i64 {
    // SAFETY: as above; the receiver is the first.
    let args = unsafe { slice(items, count) };
    let (given, out) = (Given(args), Out { words: out, code, send: at >> 32 });
    awaited(
        look_up(name, code, at & u32::MAX as usize, args[0]).and_then(|found| match found {
            Method::Unbound(function) => interp::eager::call(function.value(), args, given),
            Method::Bound(callable) => interp::eager::call(callable.value(), &args[1..], given),
        }),
        out,
    )
}

/// Where an awaited call leaves what it has come to.
struct Out {
    words: *mut Value,
    code: Value,
    send: usize,
}

fn awaited(called: PyResult<Awaited>, out: Out) -> i64 {
    let (status, results) = match called {
        Ok(Awaited::Yielded(awaitable, value)) => (0, [awaitable, value]),
        Ok(Awaited::Returned(value)) => (1, [objects::none().to_ref(), value]),
        Ok(Awaited::Raised) => {
            if let Some(jit) = installed() {
                jit.failed_at.set(Some((out.code, out.send as u32)));
            }
            return -1;
        }
        Err(_) => return -1,
    };
    // SAFETY: the compiler passes room for two words.
    unsafe { give(out.words, results) };
    status
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
