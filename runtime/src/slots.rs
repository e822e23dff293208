//! The function table of a type: what CPython calls slots.
//!
//! One field per protocol operation. A builtin type fills them with Rust functions; a Python class gets, for every special
//! method it defines, a function that looks the method up and calls it (`types::dunder`). Every operand is borrowed.

use crate::args::Args;
use crate::buffer::Buffer;
use crate::operator::CompareOp;
use crate::type_object::TypeObject;
use crate::value::{PyResult, Ref, Value};

/// One operand.
pub type Unary = fn(Value) -> PyResult;
/// Two operands; for arithmetic either may be the one whose type is asked, and `NotImplemented` declines.
pub type Binary = fn(Value, Value) -> PyResult;
/// Result of a truth or containment question.
pub type Predicate = fn(Value) -> PyResult<bool>;

macro_rules! slots {
    ($($(#[$meta:meta])* $field:ident: $ty:ty,)*) => {
        /// See the module documentation.
        #[derive(Clone, Copy)]
        pub struct Slots { $($(#[$meta])* pub $field: Option<$ty>,)* }

        impl Slots {
            /// A type that implements nothing itself.
            pub const EMPTY: Slots = Slots { $($field: None,)* };

            /// Takes over from `base` what this table leaves open.
            pub(crate) fn inherit(&mut self, base: &Slots) {
                $(if self.$field.is_none() { self.$field = base.$field; })*
            }
        }
    };
}

slots! {
    /// Makes an instance of the type or of a subclass.
    new: fn(&TypeObject, Args<'_>) -> PyResult,
    /// Fills in a fresh instance.
    init: fn(Value, Args<'_>) -> PyResult<()>,
    /// Calls the instance.
    call: fn(Value, Args<'_>) -> PyResult,
    /// `repr()`.
    repr: Unary,
    /// `str()`.
    str: Unary,
    /// `hash()`, never -1.
    hash: fn(Value) -> PyResult<i64>,
    /// Comparison; may decline.
    richcompare: fn(Value, Value, CompareOp) -> PyResult,
    /// Attribute read; the name is a str.
    getattro: Binary,
    /// Attribute write, or delete without a value.
    setattro: fn(Value, Value, Option<Value>) -> PyResult<()>,
    /// Descriptor read: descriptor, instance if any, owner.
    descr_get: fn(Value, Option<Value>, Value) -> PyResult,
    /// Descriptor write, or delete without a value.
    descr_set: fn(Value, Value, Option<Value>) -> PyResult<()>,
    /// `iter()`.
    iter: Unary,
    /// `next()`; `None` when exhausted.
    iternext: fn(Value) -> PyResult<Option<Ref>>,
    /// `__del__`.
    finalize: fn(Value) -> PyResult<()>,
    /// `__await__`.
    await_: Unary,
    /// `__aiter__`.
    aiter: Unary,
    /// `__anext__`.
    anext: Unary,
    /// `len()`.
    len: fn(Value) -> PyResult<usize>,
    /// `a[b]`.
    subscript: Binary,
    /// `a[b] = c`, or `del a[b]` without a value.
    ass_subscript: fn(Value, Value, Option<Value>) -> PyResult<()>,
    /// `b in a`.
    contains: fn(Value, Value) -> PyResult<bool>,
    /// Lends the object's memory.
    buffer: fn(Value) -> PyResult<Buffer>,
    /// Ends a loan.
    release_buffer: fn(Value),
    /// Sequence `+`.
    concat: Binary,
    /// Sequence `*`.
    repeat: fn(Value, isize) -> PyResult,
    /// Sequence `+=`.
    inplace_concat: Binary,
    /// Sequence `*=`.
    inplace_repeat: fn(Value, isize) -> PyResult,
    /// `bool()`.
    bool: Predicate,
    /// `-a`.
    negative: Unary,
    /// `+a`.
    positive: Unary,
    /// `abs()`.
    absolute: Unary,
    /// `~a`.
    invert: Unary,
    /// `__index__`.
    index: Unary,
    /// `__int__`.
    int: Unary,
    /// `__float__`.
    float: Unary,
    /// `a + b`.
    add: Binary,
    /// `a - b`.
    subtract: Binary,
    /// `a * b`.
    multiply: Binary,
    /// `a / b`.
    true_divide: Binary,
    /// `a // b`.
    floor_divide: Binary,
    /// `a % b`.
    remainder: Binary,
    /// `divmod(a, b)`.
    divmod: Binary,
    /// `a ** b`.
    power: Binary,
    /// `pow(a, b, c)`.
    power_mod: fn(Value, Value, Value) -> PyResult,
    /// `a @ b`.
    matrix_multiply: Binary,
    /// `a << b`.
    lshift: Binary,
    /// `a >> b`.
    rshift: Binary,
    /// `a & b`.
    and: Binary,
    /// `a | b`.
    or: Binary,
    /// `a ^ b`.
    xor: Binary,
    /// `a += b`.
    inplace_add: Binary,
    /// `a -= b`.
    inplace_subtract: Binary,
    /// `a *= b`.
    inplace_multiply: Binary,
    /// `a /= b`.
    inplace_true_divide: Binary,
    /// `a //= b`.
    inplace_floor_divide: Binary,
    /// `a %= b`.
    inplace_remainder: Binary,
    /// `a **= b`.
    inplace_power: Binary,
    /// `a @= b`.
    inplace_matrix_multiply: Binary,
    /// `a <<= b`.
    inplace_lshift: Binary,
    /// `a >>= b`.
    inplace_rshift: Binary,
    /// `a &= b`.
    inplace_and: Binary,
    /// `a |= b`.
    inplace_or: Binary,
    /// `a ^= b`.
    inplace_xor: Binary,
}
