//! `types.CodeType(...)`: its arguments are looked at as CPython does, but code is made by `compile()` only.
//!
//! The instructions that programs see are a view in CPython's terms, out of which none of this program's own can be made.

use crate::args::Args;
use crate::error;
use crate::objects;
use crate::objects::bytes::BytesObject;
use crate::objects::int;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::type_object::TypeObject;
use crate::value::{PyResult, Value};

/// What a parameter takes.
enum Kind {
    Int,
    Bytes,
    Tuple,
    Str,
}

use Kind::{Bytes, Int, Str, Tuple};

/// The parameters in order; the last two may be left out.
const PARAMS: [Kind; 18] = [
    Int, Int, Int, Int, Int, Int, Bytes, Tuple, Tuple, Tuple, Str, Str, Str, Int, Bytes, Bytes, Tuple, Tuple,
];
const REQUIRED: usize = 16;

pub(super) fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("code")?;
    let given = args.positional;
    let count = given.len();
    if count < REQUIRED {
        return Err(crate::raise!(TypeError, "code expected at least {REQUIRED} arguments, got {count}"));
    }
    if count > PARAMS.len() {
        let most = PARAMS.len();
        return Err(crate::raise!(TypeError, "code expected at most {most} arguments, got {count}"));
    }
    for (at, (value, kind)) in given.iter().zip(&PARAMS).enumerate() {
        check(at + 1, *value, kind)?;
    }
    Err(error::not_supported("types.CodeType(...): code objects are made by compile() only"))
}

fn check(position: usize, value: Value, kind: &Kind) -> PyResult<()> {
    let (fits, wanted) = match kind {
        Int => return int::to_index(value, "Python int too large to convert to C int").map(drop),
        Bytes => (value.get::<BytesObject>().is_some(), "bytes"),
        Tuple => (value.get::<TupleObject>().is_some(), "tuple"),
        Str => (value.get::<StrObject>().is_some(), "str"),
    };
    if fits {
        return Ok(());
    }
    let got = if objects::is_none(value) { "None" } else { value.ty().name() };
    Err(crate::raise!(TypeError, "code() argument {position} must be {wanted}, not {got}"))
}
