//! Binary and unary operators.
//!
//! Order of attempts for `a op b`: the right operand first if its type is a proper subclass that overrides the operator, else
//! left then right; each may decline with `NotImplemented`. Sequences have `+` and `*` apart from numbers.

use crate::objects::builtin_function::BuiltinFunction;
use crate::objects::float::{self, FLOAT};
use crate::objects::{self, int, is_not_implemented};
use crate::operator::{BinaryOp, OperatorSlots};
use crate::slots::{Binary, Unary};
use crate::value::{PyResult, Ref, Value};

/// `a op b`
#[inline]
pub fn binary_op(op: BinaryOp, a: Value, b: Value) -> PyResult {
    if let Some(result) = quick(op, a, b) {
        return Ok(result);
    }
    binary_op_slowly(op, a, b)
}

/// Small ints and floats, where nothing can fail.
#[inline]
fn quick(op: BinaryOp, a: Value, b: Value) -> Option<Ref> {
    if let (Some(x), Some(y)) = (a.as_small(), b.as_small()) {
        return match op {
            BinaryOp::Add => x.checked_add(y).map(int::from_i64),
            BinaryOp::Subtract => x.checked_sub(y).map(int::from_i64),
            BinaryOp::Multiply => x.checked_mul(y).map(int::from_i64),
            BinaryOp::And => Some(int::from_i64(x & y)),
            BinaryOp::Or => Some(int::from_i64(x | y)),
            BinaryOp::Xor => Some(int::from_i64(x ^ y)),
            BinaryOp::FloorDivide if y != 0 => int::arithmetic::floor_div_i64(x, y).map(int::from_i64),
            BinaryOp::Modulo if y != 0 => Some(int::from_i64(int::arithmetic::modulo_i64(x, y))),
            BinaryOp::RightShift if (0..64).contains(&y) => Some(int::from_i64(x >> y)),
            _ => None,
        };
    }
    let (x, y) = (exact_float(a)?, exact_float(b)?);
    match op {
        BinaryOp::Add => Some(float::new(x + y)),
        BinaryOp::Subtract => Some(float::new(x - y)),
        BinaryOp::Multiply => Some(float::new(x * y)),
        BinaryOp::Divide if y != 0.0 => Some(float::new(x / y)),
        _ => None,
    }
}

#[inline]
fn exact_float(value: Value) -> Option<f64> {
    if value.is_object() && value.is_exact(&FLOAT) { float::of(value) } else { None }
}

#[inline(never)]
fn binary_op_slowly(op: BinaryOp, a: Value, b: Value) -> PyResult {
    if let Some(result) = try_binary(op, a, b)? {
        return Ok(result);
    }
    if let Some(result) = sequence_op(op, a, b)? {
        return Ok(result);
    }
    Err(unsupported(op.symbol(), a, b))
}

/// The number protocol; nothing if both operands decline.
fn try_binary(op: BinaryOp, a: Value, b: Value) -> PyResult<Option<Ref>> {
    try_slots(op.slot(a.ty().slots()), op.slot(b.ty().slots()), a, b)
}

/// Asks the left slot and then the right one, or the other way round for a proper subclass on the right.
fn try_slots(left: Option<Binary>, right: Option<Binary>, a: Value, b: Value) -> PyResult<Option<Ref>> {
    let right = right.filter(|&right| !left.is_some_and(|left| std::ptr::fn_addr_eq(left, right)));
    let (type_a, type_b) = (a.ty(), b.ty());
    if std::ptr::eq(type_a, type_b) {
        return left.map_or(Ok(None), |slot| accepted(slot(a, b)?));
    }
    let right_first = right.is_some() && type_b.is_subclass_of(type_a);
    let order = if right_first { [right, left] } else { [left, right] };
    for slot in order.into_iter().flatten() {
        if let Some(result) = accepted(slot(a, b)?)? {
            return Ok(Some(result));
        }
    }
    Ok(None)
}

fn accepted(result: Ref) -> PyResult<Option<Ref>> {
    Ok(if is_not_implemented(result.value()) { None } else { Some(result) })
}

/// Concatenation and repetition of sequences.
fn sequence_op(op: BinaryOp, a: Value, b: Value) -> PyResult<Option<Ref>> {
    match op {
        BinaryOp::Add => a.ty().slots().concat.map(|concat| concat(a, b)).transpose(),
        BinaryOp::Multiply => match (a.ty().slots().repeat, b.ty().slots().repeat) {
            (Some(repeat), _) => repeat(a, repeat_count(b)?).map(Some),
            (None, Some(repeat)) => repeat(b, repeat_count(a)?).map(Some),
            (None, None) => Ok(None),
        },
        _ => Ok(None),
    }
}

fn repeat_count(value: Value) -> PyResult<isize> {
    if value.ty().slots().index.is_none() {
        let name = value.ty().name();
        return Err(crate::raise!(TypeError, "can't multiply sequence by non-int of type '{name}'"));
    }
    let message = "cannot fit 'int' into an index-sized integer";
    let int = int::index(value)?;
    match int::IntRef::of(int.value()).and_then(int::IntRef::to_i64) {
        Some(count) => Ok(count as isize),
        None => Err(crate::raise!(OverflowError, "{message}")),
    }
}

#[cold]
fn unsupported(symbol: &str, a: Value, b: Value) -> crate::error::Raised {
    let (left, right) = (a.ty().name(), b.ty().name());
    // `print >> file` of Python 2.
    let is_print = |name: &str| {
        a.get::<BuiltinFunction>().is_some_and(|function| function.def().signature.name() == name)
    };
    let hint = match symbol {
        ">>" if is_print("print") => ". Did you mean \"print(<message>, file=<output_stream>)\"?",
        _ => "",
    };
    crate::raise!(TypeError, "unsupported operand type(s) for {symbol}: '{left}' and '{right}'{hint}")
}

/// `a op= b`: the value to store back into `a`.
#[inline]
pub fn inplace_op(op: BinaryOp, a: Value, b: Value) -> PyResult {
    if let Some(result) = quick(op, a, b) {
        return Ok(result);
    }
    inplace_op_slowly(op, a, b)
}

fn inplace_op_slowly(op: BinaryOp, a: Value, b: Value) -> PyResult {
    let slots = a.ty().slots();
    if let Some(slot) = op.inplace_slot(slots)
        && let Some(result) = accepted(slot(a, b)?)?
    {
        return Ok(result);
    }
    if let Some(result) = try_binary(op, a, b)? {
        return Ok(result);
    }
    match op {
        BinaryOp::Add if slots.inplace_concat.is_some() => {
            return slots.inplace_concat.map_or_else(objects::singleton::decline, |concat| concat(a, b));
        }
        BinaryOp::Multiply if slots.inplace_repeat.is_some() => {
            let count = repeat_count(b)?;
            return slots.inplace_repeat.map_or_else(objects::singleton::decline, |repeat| repeat(a, count));
        }
        _ => {}
    }
    if let Some(result) = sequence_op(op, a, b)? {
        return Ok(result);
    }
    let symbol = if op == BinaryOp::Power { "**" } else { op.text() };
    Err(unsupported(&format!("{symbol}="), a, b))
}

/// `divmod(a, b)`
pub fn divmod(a: Value, b: Value) -> PyResult {
    match try_slots(a.ty().slots().divmod, b.ty().slots().divmod, a, b)? {
        Some(result) => Ok(result),
        None => Err(unsupported("divmod()", a, b)),
    }
}

/// `pow(a, b, c)`
pub fn power_mod(a: Value, b: Value, c: Value) -> PyResult {
    if objects::is_none(c) {
        return binary_op(BinaryOp::Power, a, b);
    }
    for operand in [a, b, c] {
        if let Some(slot) = operand.ty().slots().power_mod
            && let Some(result) = accepted(slot(a, b, c)?)?
        {
            return Ok(result);
        }
    }
    let [a, b, c] = [a, b, c].map(|value| value.ty().name());
    Err(crate::raise!(TypeError, "unsupported operand type(s) for ** or pow(): '{a}', '{b}', '{c}'"))
}

fn unary(slot: Option<Unary>, value: Value, what: &str) -> PyResult {
    match slot {
        Some(slot) => slot(value),
        None => Err(crate::raise!(TypeError, "bad operand type for {what}: '{}'", value.ty().name())),
    }
}

/// `-a`
pub fn negative(value: Value) -> PyResult {
    match value.as_small() {
        Some(small) => Ok(int::from_i64(-small)),
        None => unary(value.ty().slots().negative, value, "unary -"),
    }
}

/// `+a`
pub fn positive(value: Value) -> PyResult {
    unary(value.ty().slots().positive, value, "unary +")
}

/// `~a`
pub fn invert(value: Value) -> PyResult {
    unary(value.ty().slots().invert, value, "unary ~")
}

/// `abs(a)`
pub fn absolute(value: Value) -> PyResult {
    unary(value.ty().slots().absolute, value, "abs()")
}
