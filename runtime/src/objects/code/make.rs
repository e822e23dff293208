//! `types.CodeType(...)`: its arguments are looked at as CPython does, and its instructions are those that some code has shown.
//!
//! The instructions that programs see are a view in CPython's terms, out of which none of this program's own can be made: what they
//! are is remembered of the code that has shown them (see `shown`), and everything else is changed as `code.replace()` does.

use super::replace;
use crate::args::Args;
use crate::objects;
use crate::objects::bytes::BytesObject;
use crate::objects::int;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::type_object::TypeObject;
use crate::value::{PyResult, Ref, Value};

/// What a parameter takes.
enum Kind {
    Int,
    Bytes,
    Tuple,
    Str,
}

use Kind::{Bytes, Int, Str, Tuple};

/// The parameters in order, by the attributes that they become; the last two may be left out.
const PARAMS: [(&str, Kind); 18] = [
    ("co_argcount", Int),
    ("co_posonlyargcount", Int),
    ("co_kwonlyargcount", Int),
    ("co_nlocals", Int),
    ("co_stacksize", Int),
    ("co_flags", Int),
    ("co_code", Bytes),
    ("co_consts", Tuple),
    ("co_names", Tuple),
    ("co_varnames", Tuple),
    ("co_filename", Str),
    ("co_name", Str),
    ("co_qualname", Str),
    ("co_firstlineno", Int),
    ("co_linetable", Bytes),
    ("co_exceptiontable", Bytes),
    ("co_freevars", Tuple),
    ("co_cellvars", Tuple),
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
    for (at, (value, (_, kind))) in given.iter().zip(&PARAMS).enumerate() {
        check(at + 1, *value, kind)?;
    }
    let value =
        |at: usize| given.get(at).map_or_else(|| TupleObject::new(Vec::new()).into(), |value| value.to_ref());
    let attributes: Vec<(&str, Ref)> =
        PARAMS.iter().enumerate().map(|(at, (name, _))| (*name, value(at))).collect();
    Ok(replace::make(attributes)?.into())
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
