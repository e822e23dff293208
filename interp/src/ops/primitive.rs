//! Primitive values: raw 64-bit carriers in operand slots.
//!
//! Every operation wraps at the declared width (decision 9), or raises if it is one of those that trap (decision 28); division by zero and
//! negative shifts raise (decisions 7 and 8).

use bytecode::{Const, PrimitiveBinaryOp, PrimitiveCompareOp, PrimitiveUnaryOp, Repr, TypeCode, Word};
use runtime::objects::{self, float, int};
use runtime::value::{PyResult, Raised, Ref, Value};

/// A carrier as a stack word. Raw words are never touched as values.
#[inline]
pub(crate) fn raw(carrier: i64) -> Value {
    // SAFETY: the verifier keeps raw words away from every instruction that would look at them as objects.
    unsafe { Value::from_bits(carrier as u64) }
}

#[inline]
fn int_of(word: Value) -> i64 {
    word.bits() as i64
}

#[inline]
fn double_of(word: Value) -> f64 {
    f64::from_bits(word.bits())
}

#[inline]
fn raw_double(value: f64) -> Value {
    raw(value.to_bits() as i64)
}

/// A constant as a carrier.
pub(crate) fn constant(constant: &Const) -> Value {
    match constant {
        Const::Int(value) => raw(*value),
        Const::Bool(value) => raw((*value).into()),
        Const::Float(value) => raw_double(*value),
        _ => unreachable!("the verifier lets only numbers be primitive constants"),
    }
}

/// A carrier reduced to its type's width.
#[inline]
pub(crate) fn wrapped(ty: TypeCode, word: Value) -> Value {
    if ty.repr() == Repr::Double { word } else { raw(ty.wrap(int_of(word))) }
}

/// The object of a carrier.
pub(crate) fn boxed(ty: TypeCode, word: Value) -> Ref {
    match ty {
        TypeCode::Double | TypeCode::Single => float::new(double_of(word)),
        TypeCode::CBool => objects::bool(word.bits() != 0).to_ref(),
        TypeCode::UInt64 => int::from_u64(word.bits()),
        _ => int::from_i64(int_of(word)),
    }
}

/// The carrier of an object.
#[inline]
pub fn unboxed(ty: TypeCode, value: Value) -> PyResult<Value> {
    match (ty, value.as_small()) {
        (TypeCode::Int64, Some(small)) => Ok(raw(small)),
        _ => unboxed_slowly(ty, value),
    }
}

fn unboxed_slowly(ty: TypeCode, value: Value) -> PyResult<Value> {
    let mut carrier = 0u64;
    // SAFETY: the address is that of eight writable bytes, aligned to eight.
    unsafe { runtime::static_class::store_primitive((&raw mut carrier).cast(), ty, value)? };
    Ok(match ty {
        TypeCode::Single => raw_double(f64::from(f32::from_bits(carrier as u32))),
        TypeCode::Double => raw(carrier as i64),
        _ => raw(ty.wrap(carrier as i64)),
    })
}

/// Conversion between type codes, by their numbers.
pub(crate) fn convert(from: usize, to: usize, word: Value) -> Value {
    let code = |number: usize| TypeCode::from_operand(number as u32).expect("verified");
    let (from, to) = (code(from), code(to));
    match (from.repr(), to.repr()) {
        (Repr::Double, Repr::Double) => word,
        (Repr::Double, _) => raw(to.wrap(double_of(word) as i64)),
        (_, Repr::Double) if from == TypeCode::UInt64 => raw_double(word.bits() as f64),
        (_, Repr::Double) => raw_double(int_of(word) as f64),
        _ => raw(to.wrap(int_of(word))),
    }
}

/// `a op b`
pub(crate) fn binary(word: Word, a: Value, b: Value) -> PyResult<Value> {
    let (operator, code) = word.halves();
    let op = PrimitiveBinaryOp::from_operand(operator as u32).expect("verified");
    let ty = TypeCode::from_operand(code as u32).expect("verified");
    if op.operand_repr() == Repr::Double {
        return double_binary(op, double_of(a), double_of(b));
    }
    let (x, y) = (int_of(a), int_of(b));
    if op.traps() {
        return trapping_binary(op, ty, x, y).map(raw);
    }
    use PrimitiveBinaryOp as P;
    let zero_check = |value: i64| {
        if y == 0 {
            Err(runtime::raise!(ZeroDivisionError, "integer division or modulo by zero"))
        } else {
            Ok(value)
        }
    };
    let result = match op {
        P::Add => x.wrapping_add(y),
        P::Subtract => x.wrapping_sub(y),
        P::Multiply => x.wrapping_mul(y),
        P::Divide => zero_check(0).map(|_| x.wrapping_div(y))?,
        P::DivideUnsigned => zero_check(0).map(|_| (x as u64 / y as u64) as i64)?,
        P::Modulo => zero_check(0).map(|_| x.wrapping_rem(y))?,
        P::ModuloUnsigned => zero_check(0).map(|_| (x as u64 % y as u64) as i64)?,
        P::LeftShift | P::RightShift | P::RightShiftUnsigned => shift(op, ty, x, y)?,
        P::Xor => x ^ y,
        P::Or => x | y,
        P::And => x & y,
        P::Power => return Ok(raw_double((x as f64).powf(y as f64))),
        P::PowerUnsigned => return Ok(raw_double((x as u64 as f64).powf(y as u64 as f64))),
        _ => unreachable!("double operators are handled above"),
    };
    Ok(raw(ty.wrap(result)))
}

/// `a op b` of integers; a result outside of the type raises.
pub fn trapping_binary(op: PrimitiveBinaryOp, ty: TypeCode, a: i64, b: i64) -> PyResult<i64> {
    use PrimitiveBinaryOp as P;
    let wide = |carrier: i64| {
        if ty == TypeCode::UInt64 { i128::from(carrier as u64) } else { i128::from(carrier) }
    };
    let (x, y) = (wide(a), wide(b));
    let result = match op {
        P::AddTrapping => x + y,
        P::SubtractTrapping => x - y,
        P::MultiplyTrapping => x * y,
        P::DivideTrapping if y == 0 => {
            return Err(runtime::raise!(ZeroDivisionError, "integer division or modulo by zero"));
        }
        P::DivideTrapping => x / y,
        _ => {
            shift(P::LeftShift, ty, a, b)?;
            match (x, y) {
                (0, _) => 0,
                (_, 64..) => i128::MAX,
                _ => x << y,
            }
        }
    };
    let carrier = ty.wrap(result as i64);
    if wide(carrier) == result { Ok(carrier) } else { Err(overflow(ty)) }
}

fn overflow(ty: TypeCode) -> Raised {
    runtime::raise!(OverflowError, "{} overflow", ty.text())
}

/// A count at or past the width gives 0, or the sign for signed right shift.
fn shift(op: PrimitiveBinaryOp, ty: TypeCode, value: i64, count: i64) -> PyResult<i64> {
    if count < 0 && ty.is_signed() {
        return Err(runtime::raise!(ValueError, "negative shift count"));
    }
    let width = ty.size() as u64 * 8;
    let is_past = count as u64 >= width;
    Ok(match op {
        PrimitiveBinaryOp::LeftShift if is_past => 0,
        PrimitiveBinaryOp::LeftShift => value << count,
        PrimitiveBinaryOp::RightShift => value >> (count as u64).min(63),
        _ if is_past => 0,
        _ => (value as u64 >> count) as i64,
    })
}

/// `a op b` of doubles; a zero divisor raises.
pub fn double_binary(op: PrimitiveBinaryOp, a: f64, b: f64) -> PyResult<Value> {
    use PrimitiveBinaryOp as P;
    let is_division = matches!(op, P::DivideDouble | P::ModuloDouble | P::FloorDivideDouble);
    if is_division && b == 0.0 {
        return Err(match op {
            P::DivideDouble => runtime::raise!(ZeroDivisionError, "float division by zero"),
            P::ModuloDouble => runtime::raise!(ZeroDivisionError, "float modulo by zero"),
            _ => runtime::raise!(ZeroDivisionError, "float floor division by zero"),
        });
    }
    Ok(raw_double(match op {
        P::AddDouble => a + b,
        P::SubtractDouble => a - b,
        P::MultiplyDouble => a * b,
        P::DivideDouble => a / b,
        P::ModuloDouble => float::div_mod(a, b).1,
        P::FloorDivideDouble => float::div_mod(a, b).0,
        P::PowerDouble if b == 0.5 => a.sqrt(),
        P::PowerDouble => a.powf(b),
        _ => unreachable!("integer operators are handled elsewhere"),
    }))
}

/// `op a`
pub(crate) fn unary(word: Word, a: Value) -> Value {
    let (operator, code) = word.halves();
    let ty = TypeCode::from_operand(code as u32).expect("verified");
    match PrimitiveUnaryOp::from_operand(operator as u32).expect("verified") {
        PrimitiveUnaryOp::Negate => raw(ty.wrap(int_of(a).wrapping_neg())),
        PrimitiveUnaryOp::Invert => raw(ty.wrap(!int_of(a))),
        PrimitiveUnaryOp::NegateDouble => raw_double(-double_of(a)),
        PrimitiveUnaryOp::Not => raw((int_of(a) == 0).into()),
    }
}

/// `a op b` as 0 or 1
pub(crate) fn compare(word: Word, a: Value, b: Value) -> Value {
    use PrimitiveCompareOp as P;
    let (x, y) = (int_of(a), int_of(b));
    let (u, v) = (a.bits(), b.bits());
    let (d, e) = (double_of(a), double_of(b));
    let truth = match P::from_operand(word.operand()).expect("verified") {
        P::Equal => x == y,
        P::NotEqual => x != y,
        P::Less => x < y,
        P::LessEqual => x <= y,
        P::Greater => x > y,
        P::GreaterEqual => x >= y,
        P::LessUnsigned => u < v,
        P::LessEqualUnsigned => u <= v,
        P::GreaterUnsigned => u > v,
        P::GreaterEqualUnsigned => u >= v,
        P::EqualDouble => d == e,
        P::NotEqualDouble => d != e,
        P::LessDouble => d < e,
        P::LessEqualDouble => d <= e,
        P::GreaterDouble => d > e,
        P::GreaterEqualDouble => d >= e,
    };
    raw(truth.into())
}

/// Reads a packed primitive as a carrier.
///
/// # Safety
/// `address` is that of a primitive of this type.
#[inline]
pub(crate) unsafe fn load(address: *const u8, ty: TypeCode) -> Value {
    // SAFETY: the contract.
    unsafe {
        match ty {
            TypeCode::Int8 | TypeCode::Char => raw((*address.cast::<i8>()).into()),
            TypeCode::UInt8 | TypeCode::CBool => raw((*address).into()),
            TypeCode::Int16 => raw((*address.cast::<i16>()).into()),
            TypeCode::UInt16 => raw((*address.cast::<u16>()).into()),
            TypeCode::Int32 => raw((*address.cast::<i32>()).into()),
            TypeCode::UInt32 => raw((*address.cast::<u32>()).into()),
            TypeCode::Single => raw_double((*address.cast::<f32>()).into()),
            _ => raw(*address.cast::<i64>()),
        }
    }
}

/// Writes a carrier as a packed primitive.
///
/// # Safety
/// `address` is that of a primitive of this type.
#[inline]
pub(crate) unsafe fn store(address: *mut u8, ty: TypeCode, word: Value) {
    let bytes = match ty {
        TypeCode::Single => u64::from((double_of(word) as f32).to_bits()),
        _ => word.bits(),
    };
    // SAFETY: the contract; the type has this many bytes.
    unsafe { std::ptr::copy_nonoverlapping(bytes.to_le_bytes().as_ptr(), address, ty.size()) };
}
