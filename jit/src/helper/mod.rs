//! The runtime helpers: what compiled code calls, one function per line of the table in `abi::helper`.
//!
//! Each is a thin wrapper over the runtime or over the interpreter's own operation, so that both engines do the same. What is
//! borrowed, consumed and returned, and how failure shows, is in the table and its conventions. A helper without a function here, or
//! with one whose types do not fit its row (`signature`), does not compile.
//!
//! - `attribute`, `operator`, `subscript`: the operators of the language
//! - `call`, `iteration`, `construction`: calls, loops, displays
//! - `name`, `pattern`, `suspension`: namespaces, `match`, generators
//! - `boxing`, `statics`: primitives and Static Python
//! - `exception`: raising

mod attribute;
mod boxing;
mod call;
mod construction;
mod exception;
mod iteration;
mod name;
mod operator;
mod pattern;
mod signature;
mod statics;
mod subscript;
mod suspension;

use abi::helper::HelperId;
use runtime::objects::dict::DictObject;
use runtime::value::{PyResult, Ref, Value};

use attribute::*;
use boxing::*;
use call::*;
use construction::*;
use exception::*;
use iteration::*;
use name::*;
use operator::*;
use pattern::*;
use signature::{checked, kind, params, pointer};
use statics::*;
use subscript::*;
use suspension::*;

macro_rules! addresses {
    ($($(#[$doc:meta])+ $name:ident = $id:ident ($($arg:ident: $kind:ident),*) -> $ret:ident, $fails:ident, $touches:ident;)+) => {
        /// The address of a helper's function.
        pub fn address(id: HelperId) -> usize {
            match id {
                $(HelperId::$id => {
                    let function: pointer!([] $($kind)*) = $name;
                    checked::<params!([] $($kind)*), kind::$ret, _>(function) as usize
                })+
            }
        }
    };
}

abi::for_each_helper!(addresses);

/// A new reference, or 0.
fn own(result: PyResult) -> Value {
    result.map_or(Value::NULL, Ref::into_value)
}

/// 0, or negative.
fn status(result: PyResult<()>) -> i64 {
    if result.is_ok() { 0 } else { -1 }
}

/// 1, 0, or negative.
fn truth(result: PyResult<bool>) -> i64 {
    result.map_or(-1, i64::from)
}

/// What always fails.
fn failure(raised: runtime::value::Raised) -> Value {
    let _ = raised;
    Value::NULL
}

/// Moves results to words in the caller's frame, in order.
///
/// # Safety
/// There is room for so many words.
unsafe fn give(out: *mut Value, results: impl IntoIterator<Item = Ref>) {
    for (at, result) in results.into_iter().enumerate() {
        // SAFETY: the contract.
        unsafe { *out.add(at) = result.into_value() };
    }
}

/// Words in the caller's frame.
///
/// # Safety
/// `items` points to `count` words that live as long as the result is used.
unsafe fn slice<'a>(items: *const Value, count: usize) -> &'a [Value] {
    // SAFETY: the contract; the address is not null even for no words.
    unsafe { std::slice::from_raw_parts(items, count) }
}

/// The exact dict that a word is, as the compiler has promised.
fn dict<'a>(word: Value) -> &'a DictObject {
    word.get::<DictObject>().expect("namespaces are dicts")
}

#[cfg(test)]
mod tests;
