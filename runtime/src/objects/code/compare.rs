//! Equality of code objects: the same instructions on the same names and constants at the same places, wherever the source file lies.

use bytecode::{Code, Const};

/// Whether two pieces of code are equal.
pub(super) fn are_equal(one: &Code, other: &Code) -> bool {
    let heads =
        |code: &Code| (code.first_line, code.flags, code.arg_count, code.posonly_count, code.kwonly_count);
    heads(one) == heads(other)
        && one.name == other.name
        && one.locals == other.locals
        && one.names == other.names
        && one.words == other.words
        && one.ranges == other.ranges
        && one.handlers == other.handlers
        && one.types == other.types
        && one.fields == other.fields
        && one.functions == other.functions
        && one.signature == other.signature
        && one.consts.len() == other.consts.len()
        && one.consts.iter().zip(&other.consts).all(|(one, other)| is_same(one, other))
}

/// Whether two constants are the same; nested code is compared like its surroundings.
fn is_same(one: &Const, other: &Const) -> bool {
    match (one, other) {
        (Const::Code(one), Const::Code(other)) => are_equal(one, other),
        _ => one.is_same(other),
    }
}
