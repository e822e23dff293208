//! Boxing and unboxing of primitives.

use bytecode::TypeCode;
use runtime::objects::{float, int};
use runtime::value::{Ref, Value};

pub(super) extern "C" fn box_i64(value: i64) -> Value {
    int::from_i64(value).into_value()
}

pub(super) extern "C" fn box_u64(value: u64) -> Value {
    int::from_u64(value).into_value()
}

pub(super) extern "C" fn box_f64(value: f64) -> Value {
    Ref::into_value(float::new(value))
}

pub(super) extern "C" fn unbox_int(value: Value, code: u32) -> i64 {
    let code = TypeCode::from_operand(code).expect("the compiler passes a type code");
    interp::unboxed(code, value).map_or(0, |word| word.bits() as i64)
}

pub(super) extern "C" fn unbox_f64(value: Value) -> f64 {
    interp::unboxed(TypeCode::Double, value).map_or(0.0, |word| f64::from_bits(word.bits()))
}
