//! Operators on objects, with the small-int cases first.

use bytecode::{BinaryOp, Opcode, Word};
use runtime::objects::float::{self, FloatObject};
use runtime::objects::str as text;
use runtime::protocol;
use runtime::value::{PyResult, Ref, Value};

/// The result on two small ints, if it is a small int again.
#[inline]
pub(crate) fn small(op: BinaryOp, a: Value, b: Value) -> Option<Value> {
    let (x, y) = (a.as_small()?, b.as_small()?);
    match op {
        BinaryOp::Add => Value::try_small(x + y),
        BinaryOp::Subtract => Value::try_small(x - y),
        BinaryOp::Multiply => Value::try_small(x.checked_mul(y)?),
        BinaryOp::And => Some(Value::small(x & y)),
        BinaryOp::Or => Some(Value::small(x | y)),
        BinaryOp::Xor => Some(Value::small(x ^ y)),
        BinaryOp::FloorDivide if y != 0 => Value::try_small(floor_divide(x, y)),
        BinaryOp::Modulo if y != 0 => Some(Value::small(x - floor_divide(x, y) * y)),
        BinaryOp::RightShift if y >= 0 => Some(Value::small(x >> y.min(63))),
        _ => None,
    }
}

fn floor_divide(a: i64, b: i64) -> i64 {
    let quotient = a / b;
    if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
}

/// The words of two small ints as they are: twice the number plus one.
#[inline]
fn tagged(a: Value, b: Value) -> Option<(i64, i64)> {
    (a.bits() & b.bits() & 1 != 0).then(|| (a.bits() as i64, b.bits() as i64))
}

/// The value with this word.
#[inline]
fn from_tagged(word: i64) -> Value {
    // SAFETY: the callers compute words of small ints, whose lowest bit is set.
    unsafe { Value::from_bits(word as u64) }
}

/// `a + b`, if all three are small ints.
#[inline]
pub(crate) fn add_small(a: Value, b: Value) -> Option<Value> {
    let (a, b) = tagged(a, b)?;
    (a - 1).checked_add(b).map(from_tagged)
}

/// `a - b`, if all three are small ints.
#[inline]
pub(crate) fn subtract_small(a: Value, b: Value) -> Option<Value> {
    let (a, b) = tagged(a, b)?;
    a.checked_sub(b - 1).map(from_tagged)
}

/// `a * b`, if all three are small ints.
#[inline]
pub(crate) fn multiply_small(a: Value, b: Value) -> Option<Value> {
    let (a, b) = tagged(a, b)?;
    (a - 1).checked_mul(b >> 1).map(|product| from_tagged(product | 1))
}

/// The result on two small ints or two exact floats, where that takes no call.
#[inline]
pub fn fast(op: BinaryOp, a: Value, b: Value) -> Option<Ref> {
    if let Some(result) = small(op, a, b) {
        return Some(result.to_ref());
    }
    let double = |value: Value| value.get_exact::<FloatObject>().map(FloatObject::value);
    let (x, y) = (double(a)?, double(b)?);
    Some(float::new(match op {
        BinaryOp::Add => x + y,
        BinaryOp::Subtract => x - y,
        BinaryOp::Multiply => x * y,
        BinaryOp::Divide if y != 0.0 => x / y,
        _ => return None,
    }))
}

/// `local += b` with text that nobody holds but `local` and the operand `a`: true if the text has grown; the operands then are gone.
#[inline]
pub(crate) fn append(op: BinaryOp, a: Value, b: Value, local: Option<&mut Value>) -> bool {
    match local {
        Some(local) if op == BinaryOp::Add && a.bits() == local.bits() && a.is_object() => grow(a, b, local),
        _ => false,
    }
}

fn grow(a: Value, b: Value, local: &mut Value) -> bool {
    // SAFETY: the local and the operand are the two references; the first is replaced, the second given up, as is that to `b`.
    unsafe {
        let Some(sum) = text::grow(a, b, 2) else { return false };
        *local = sum;
        drop((Ref::from_owned(sum), Ref::from_owned(b)));
    }
    true
}

/// Any operands.
pub(crate) fn general(word: Word, op: BinaryOp, a: &Ref, b: &Ref) -> PyResult {
    match word.opcode() {
        Opcode::BINARY_OP_INPLACE => protocol::inplace_op(op, a.value(), b.value()),
        _ => protocol::binary_op(op, a.value(), b.value()),
    }
}
