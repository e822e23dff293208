//! `bool`: two immortal instances of a final subclass of `int`.

use dashu_int::IBig;

use crate::args::Args;
use crate::header::Header;
use crate::objects;
use crate::objects::int::{INT, IntObject};
use crate::objects::str::StrObject;
use crate::protocol;
use crate::slots::{Binary, Slots};
use crate::type_object::{Layout, TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Value};
use crate::world::World;

/// `True`, laid out as an int.
pub(crate) static TRUE: World<IntObject> = World::new(IntObject::constant(Header::immortal(&BOOL), true));
/// `False`, laid out as an int.
pub(crate) static FALSE: World<IntObject> = World::new(IntObject::constant(Header::immortal(&BOOL), false));

/// Offset of the byte in a bool object that is 1 in `True` and 0 in `False`, for compiled code. The number type is a library's and
/// does not tell where its digits are, so that the two values are compared.
pub const TRUTH: usize = {
    let (one, zero) = (IntObject::bytes_of(IBig::ONE), IntObject::bytes_of(IBig::ZERO));
    let mut at = 0;
    while one[at] == zero[at] {
        at += 1;
    }
    assert!(one[at] == 1 && zero[at] == 0, "the lowest digit is where the numbers begin to differ");
    IntObject::VALUE + at
};

/// The truth value of a bool object.
#[inline]
pub fn truth_of(value: Value) -> Option<bool> {
    if value == objects::bool(true) {
        Some(true)
    } else if value == objects::bool(false) {
        Some(false)
    } else {
        None
    }
}

fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("bool")?;
    match args.positional {
        [] => Ok(objects::bool(false).to_ref()),
        [value] => Ok(objects::bool(protocol::is_true(*value)?).to_ref()),
        more => Err(crate::raise!(TypeError, "bool expected at most 1 argument, got {}", more.len())),
    }
}

fn repr(value: Value) -> PyResult {
    Ok(StrObject::intern(if truth_of(value) == Some(true) { "True" } else { "False" }).into_ref())
}

/// A logical operator on two bools; anything else is the int operator's business.
fn logical(a: Value, b: Value, both: fn(bool, bool) -> bool, int_operator: Option<Binary>) -> PyResult {
    match (truth_of(a), truth_of(b), int_operator) {
        (Some(a), Some(b), _) => Ok(objects::bool(both(a, b)).to_ref()),
        (_, _, Some(operator)) => operator(a, b),
        (_, _, None) => objects::singleton::decline(),
    }
}

/// `~value`, which is about the int.
fn invert(value: Value) -> PyResult {
    const MESSAGE: &str = "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This returns the \
        bitwise inversion of the underlying int object and is usually not what you expect from the negation of a bool object. \
        Use the 'not' operator for boolean negation or ~int(x) for the bitwise inversion of the underlying int.";
    crate::warning::warn(&crate::error::types::DeprecationWarning, MESSAGE, 1)?;
    Ok(objects::int::from_i64(if truth_of(value) == Some(true) { -2 } else { -1 }))
}

/// `bool`.
pub static BOOL: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    base: Some(&INT),
    doc: "bool(object=False, /)\n--\n\nReturns True when the argument is true, False otherwise.\nThe builtins True and False are the only two instances of the class bool.\nThe class bool is a subclass of the class int, and cannot be subclassed.",
    layout: Layout::of::<IntObject>(),
    flags: type_flags::FINAL | type_flags::MATCH_SELF,
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        str: Some(repr),
        and: Some(|a, b| logical(a, b, |a, b| a & b, INT.slots().and)),
        or: Some(|a, b| logical(a, b, |a, b| a | b, INT.slots().or)),
        invert: Some(invert),
        xor: Some(|a, b| logical(a, b, |a, b| a ^ b, INT.slots().xor)),
        ..Slots::EMPTY
    },
    ..TypeSpec::of::<IntObject>("bool")
};
