//! Comparison, equality, hashing and containment.

use crate::objects::float::{self, FLOAT};
use crate::objects::str::{STR, StrObject};
use crate::objects::{self, is_not_implemented};
use crate::operator::{CompareOp, Comparison};
use crate::protocol;
use crate::thread::thread;
use crate::value::{PyResult, Ref, Value};

/// `a op b`
#[inline]
pub fn compare(op: CompareOp, a: Value, b: Value) -> PyResult {
    if let (Some(a), Some(b)) = (a.as_small(), b.as_small()) {
        return Ok(objects::bool(op.holds(a.cmp(&b))).to_ref());
    }
    compare_slowly(op, a, b)
}

#[inline(never)]
fn compare_slowly(op: CompareOp, a: Value, b: Value) -> PyResult {
    thread().check_stack(" in comparison")?;
    let (type_a, type_b) = (a.ty(), b.ty());
    let (left, right) = (type_a.slots().richcompare, type_b.slots().richcompare);
    let right_first = !std::ptr::eq(type_a, type_b) && type_b.is_subclass_of(type_a);
    if right_first && let Some(result) = attempt(right, b, a, op.swapped())? {
        return Ok(result);
    }
    if let Some(result) = attempt(left, a, b, op)? {
        return Ok(result);
    }
    if !right_first && let Some(result) = attempt(right, b, a, op.swapped())? {
        return Ok(result);
    }
    match op {
        CompareOp::Equal => Ok(objects::bool(is_same(a, b)).to_ref()),
        CompareOp::NotEqual => Ok(objects::bool(!is_same(a, b)).to_ref()),
        _ => {
            let (op, left, right) = (op.text(), type_a.name(), type_b.name());
            Err(crate::raise!(TypeError, "'{op}' not supported between instances of '{left}' and '{right}'"))
        }
    }
}

type Compare = fn(Value, Value, CompareOp) -> PyResult;

fn attempt(slot: Option<Compare>, a: Value, b: Value, op: CompareOp) -> PyResult<Option<Ref>> {
    let Some(slot) = slot else { return Ok(None) };
    let result = slot(a, b, op)?;
    Ok(if is_not_implemented(result.value()) { None } else { Some(result) })
}

/// The truth of `a op b`.
#[inline]
pub fn compare_bool(op: CompareOp, a: Value, b: Value) -> PyResult<bool> {
    if let (Some(a), Some(b)) = (a.as_small(), b.as_small()) {
        return Ok(op.holds(a.cmp(&b)));
    }
    let result = compare_slowly(op, a, b)?;
    protocol::is_true(result.value())
}

/// `a is b`
#[inline]
pub fn is_same(a: Value, b: Value) -> bool {
    a == b
}

/// `a is b or a == b`: how containers compare.
#[inline]
pub fn is_same_or_equal(a: Value, b: Value) -> PyResult<bool> {
    if a == b {
        return Ok(true);
    }
    if a.is_small() && b.is_small() {
        return Ok(false);
    }
    if a.is_object() && b.is_object() && a.is_exact(&STR) && b.is_exact(&STR) {
        // SAFETY: both are exact strs.
        return Ok(unsafe { a.cast::<StrObject>().eq(b.cast::<StrObject>()) });
    }
    compare_bool(CompareOp::Equal, a, b)
}

/// `hash(value)`
#[inline]
pub fn hash(value: Value) -> PyResult<i64> {
    if let Some(small) = value.as_small() {
        return Ok(crate::hash::int(small));
    }
    match value.ty().slots().hash {
        Some(slot) => {
            thread().check_stack(" while hashing an object")?;
            slot(value)
        }
        None => Ok(crate::hash::address(value.bits())),
    }
}

/// The slot of types without a hash.
pub fn unhashable(value: Value) -> PyResult<i64> {
    Err(crate::raise!(TypeError, "unhashable type: '{}'", value.ty().name()))
}

/// `item in container`
pub fn contains(container: Value, item: Value) -> PyResult<bool> {
    if let Some(slot) = container.ty().slots().contains {
        return slot(container, item);
    }
    let name = container.ty().name();
    if !protocol::is_iterable(container) {
        return Err(crate::raise!(TypeError, "argument of type '{name}' is not a container or iterable"));
    }
    let iterator = protocol::get_iter(container)?;
    while let Some(candidate) = protocol::iter_next(iterator.value())? {
        if is_same_or_equal(candidate.value(), item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Order of two floats or ints as doubles, when both are exact; for sorting.
pub fn float_order(a: Value, b: Value) -> Option<std::cmp::Ordering> {
    if a.is_object() && b.is_object() && a.is_exact(&FLOAT) && b.is_exact(&FLOAT) {
        return float::of(a)?.partial_cmp(&float::of(b)?);
    }
    None
}
