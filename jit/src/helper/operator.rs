//! Operators, comparisons and truth.

use bytecode::{BinaryOp, CompareOp};
use runtime::objects::str as text;
use runtime::operator::Comparison;
use runtime::value::{Ref, Value};
use runtime::{objects, protocol};

use super::{own, truth};

/// Added to the number of an operator for its in-place form.
const IN_PLACE: u32 = 256;

pub(super) extern "C" fn binary_op(a: Value, b: Value, op: u32) -> Value {
    let operator =
        BinaryOp::from_operand(op & (IN_PLACE - 1)).expect("the compiler passes an operator's number");
    if let Some(result) = interp::arithmetic_fast(operator, a, b) {
        return result.into_value();
    }
    own(match op & IN_PLACE {
        0 => protocol::binary_op(operator, a, b),
        _ => protocol::inplace_op(operator, a, b),
    })
}

pub(super) extern "C" fn binary_op_last(a: Value, b: Value, op: u32) -> Value {
    if op & (IN_PLACE - 1) == BinaryOp::Add as u32 {
        // SAFETY: the caller gives its reference up, the only one if there is one.
        if let Some(sum) = unsafe { text::grow(a, b, 1) } {
            return sum;
        }
    }
    let result = binary_op(a, b, op);
    if !result.is_null() {
        // SAFETY: as above.
        drop(unsafe { Ref::from_owned(a) });
    }
    result
}

pub(super) extern "C" fn unary_op(a: Value, op: u32) -> Value {
    own(match op {
        0 => protocol::negative(a),
        1 => protocol::positive(a),
        _ => protocol::invert(a),
    })
}

pub(super) extern "C" fn compare(a: Value, b: Value, op: u32) -> Value {
    let op = CompareOp::from_operand(op).expect("the compiler passes an operator's number");
    if let (Some(x), Some(y)) = (a.as_small(), b.as_small()) {
        return objects::bool(op.holds(x.cmp(&y))).to_ref().into_value();
    }
    own(protocol::compare(op, a, b))
}

pub(super) extern "C" fn contains(container: Value, item: Value) -> i64 {
    truth(protocol::contains(container, item))
}

pub(super) extern "C" fn is_true(a: Value) -> i64 {
    truth(protocol::is_true(a))
}

pub(super) extern "C" fn is_same(a: Value, b: Value) -> i64 {
    protocol::compare::is_same(a, b).into()
}

pub(super) extern "C" fn length(a: Value) -> i64 {
    protocol::len(a).map_or(-1, |length| length as i64)
}
