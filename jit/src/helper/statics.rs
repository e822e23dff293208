//! Static Python: instances, casts, float slots, arithmetic on primitives.

use bytecode::{PrimitiveBinaryOp, TypeCode};
use runtime::objects::code::CodeObject;
use runtime::objects::int;
use runtime::objects::static_vector::StaticVector;
use runtime::protocol;
use runtime::static_class;
use runtime::type_object::TypeObject;
use runtime::value::{Ref, Value};

use super::{failure, own, slice, status};

/// Calls the class that type number `index` of `code` is.
fn make(code: Value, index: usize, argument: Value) -> Value {
    let code = code.get::<CodeObject>().expect("the compiler passes the code");
    let class = static_class::generic_class(&code.code().types[index]);
    own(class.and_then(|class| protocol::call_one(class.value(), argument)))
}

pub(super) extern "C" fn build_checked_list(code: Value, index: usize, list: Value) -> Value {
    make(code, index, list)
}

pub(super) extern "C" fn build_checked_map(code: Value, index: usize, dict: Value) -> Value {
    make(code, index, dict)
}

pub(super) extern "C" fn build_array(code: Value, index: usize, length: i64) -> Value {
    make(code, index, int::from_i64(length).value())
}

pub(super) extern "C" fn vector_grow(vector: Value) -> i64 {
    status(vector.get::<StaticVector>().expect("the compiler has proved it").grow())
}

pub(super) extern "C" fn raise_pop_error(vector: Value) -> Value {
    match vector.get::<StaticVector>().expect("the compiler has proved it").pop() {
        Err(raised) => failure(raised),
        Ok(_) => unreachable!("there is no element"),
    }
}

pub(super) extern "C" fn load_default(code: Value, index: usize, receiver: Value, position: usize) -> Value {
    let code = code.get::<CodeObject>().expect("the compiler passes the code");
    own(interp::load_default(&code.code().functions[index], receiver, position))
}

pub(super) unsafe extern "C" fn invoke(
    code: Value,
    which: usize,
    items: *const Value,
    count: usize,
) -> Value {
    let code = code.get::<CodeObject>().expect("the compiler passes the code");
    // SAFETY: the compiler passes its frame's words, whose references it gives away, and their number.
    let args = unsafe { slice(items, count).iter().map(|&word| Ref::from_owned(word)).collect() };
    own(interp::invoke_owned(&code.code().functions[which / 2], which % 2 == 1, args))
}

pub(super) extern "C" fn build_static_class(
    code: Value,
    index: usize,
    body: Value,
    bases: Value,
    metaclass: Value,
) -> Value {
    let code = code.get::<CodeObject>().expect("the compiler passes the code");
    let (decl, metaclass) = (&code.code().classes[index], metaclass.non_null().map(Value::to_ref));
    own(interp::build_static_class(decl, &body.to_ref(), &bases.to_ref(), metaclass.as_ref()))
}

pub(super) extern "C" fn tp_alloc(class: Value) -> Value {
    let class = class.get::<TypeObject>().expect("instances are made of classes");
    own(static_class::new_instance(class))
}

pub(super) extern "C" fn cast(value: Value, code: Value, index: usize) -> i64 {
    let code = code.get::<CodeObject>().expect("the compiler passes the code");
    status(interp::check_cast(&code.code().types[index], value))
}

pub(super) extern "C" fn load_stand_in(owner: Value, code: Value, index: usize) -> Value {
    let code = code.get::<CodeObject>().expect("the compiler passes the code");
    own(interp::load_field_object(&code.code().fields[index], owner))
}

pub(super) extern "C" fn store_stand_in(owner: Value, value: Value, code: Value, index: usize) -> i64 {
    let code = code.get::<CodeObject>().expect("the compiler passes the code");
    status(interp::store_field_object(&code.code().fields[index], owner, value))
}

pub(super) extern "C" fn is_instance(value: Value, class: Value) -> i64 {
    let class = class.get::<TypeObject>().expect("casts are to classes");
    value.ty().is_subclass_of(class).into()
}

/// The address of a field.
fn field(obj: Value, offset: usize) -> *mut u8 {
    obj.ptr().cast::<u8>().wrapping_add(offset)
}

pub(super) unsafe extern "C" fn store_float_slot(obj: Value, offset: usize, value: Value) -> u64 {
    // SAFETY: the compiler passes the offset of a float slot of the object.
    unsafe { static_class::store_float(field(obj, offset), value) };
    0
}

pub(super) unsafe extern "C" fn clear_float_slot(obj: Value, offset: usize) -> u64 {
    // SAFETY: the compiler passes the offset of a float slot of the object; a double is stored right afterwards.
    unsafe { static_class::clear_float(field(obj, offset)) };
    0
}

/// The interpreter's operation on doubles.
fn doubles(op: PrimitiveBinaryOp, a: f64, b: f64) -> f64 {
    interp::double_binary(op, a, b).map_or(0.0, |word| f64::from_bits(word.bits()))
}

pub(super) extern "C" fn double_floordiv(a: f64, b: f64) -> f64 {
    doubles(PrimitiveBinaryOp::FloorDivideDouble, a, b)
}

pub(super) extern "C" fn double_mod(a: f64, b: f64) -> f64 {
    doubles(PrimitiveBinaryOp::ModuloDouble, a, b)
}

pub(super) extern "C" fn float_pow(a: f64, b: f64) -> f64 {
    a.powf(b)
}

pub(super) extern "C" fn double_pow(a: f64, b: f64) -> f64 {
    doubles(PrimitiveBinaryOp::PowerDouble, a, b)
}

pub(super) extern "C" fn trapping_binary(op: usize, code: usize, a: i64, b: i64) -> i64 {
    let op = PrimitiveBinaryOp::from_operand(op as u32).expect("the builder passes an operator's number");
    let code = TypeCode::from_operand(code as u32).expect("the builder passes a type's number");
    interp::trapping_binary(op, code, a, b).unwrap_or(0)
}

pub(super) extern "C" fn raise_zero_division(kind: u64) -> Value {
    failure(match kind {
        0 => runtime::raise!(ZeroDivisionError, "integer division or modulo by zero"),
        _ => runtime::raise!(ZeroDivisionError, "float division by zero"),
    })
}

pub(super) extern "C" fn raise_negative_shift() -> Value {
    failure(runtime::raise!(ValueError, "negative shift count"))
}
