//! Raising, and the end of objects.

use runtime::error;
use runtime::header::Header;
use runtime::value::Value;

use super::failure;

pub(super) extern "C" fn raise(exc: Value, cause: Value) -> Value {
    match exc.non_null() {
        None => failure(error::reraise()),
        Some(exc) => failure(error::raise_statement(exc, cause.non_null())),
    }
}

pub(super) extern "C" fn dealloc(obj: *mut Header) -> u64 {
    crate::exit::dealloc(obj);
    0
}
