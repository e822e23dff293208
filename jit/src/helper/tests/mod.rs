//! Helpers called through the address table with real objects: results, failure signals, reference counts.
//!
//! A session fails at its end if an object is left over, so that each test also proves what is borrowed, consumed and new.

mod containers;
mod control;
mod generic;
mod statics;

use runtime::objects::str::StrObject;
use runtime::testing::{self, Session};
use runtime::thread;
use runtime::value::{Ref, Value};

use super::HelperId;

/// Every helper by the name of its row, called through its address with the types of its row.
#[allow(dead_code, reason = "one line per row, whether a test calls it or not")]
mod table {
    use super::*;

    /// How compiled code passes and gets what a row says.
    macro_rules! passed {
        (int) => { i64 };
        (float) => { f64 };
        (out) => { *mut Value };
        (own) => { Value };
        (null_own) => { Value };
        (void) => { u64 };
        ($kind:ident) => { Value };
    }

    macro_rules! machine_type {
        ([$($done:ty),*] => $ret:ident) => { unsafe extern "C" fn($($done),*) -> passed!($ret) };
        ([$($done:ty),*] items $($rest:ident)* => $ret:ident) => {
            machine_type!([$($done,)* *const Value, usize] $($rest)* => $ret)
        };
        ([$($done:ty),*] steal_items $($rest:ident)* => $ret:ident) => {
            machine_type!([$($done,)* *const Value, usize] $($rest)* => $ret)
        };
        ([$($done:ty),*] $kind:ident $($rest:ident)* => $ret:ident) => {
            machine_type!([$($done,)* passed!($kind)] $($rest)* => $ret)
        };
    }

    macro_rules! callers {
        ($($(#[$doc:meta])+ $name:ident = $id:ident ($($arg:ident: $kind:ident),*) -> $ret:ident, $fails:ident, $touches:ident;)+) => {
            $(pub(super) fn $name() -> machine_type!([] $($kind)* => $ret) {
                let address = crate::helper::address(HelperId::$id);
                // SAFETY: the helper fits its row; it is called as machine code does, with 64 bits for every integer.
                unsafe { std::mem::transmute::<usize, machine_type!([] $($kind)* => $ret)>(address) }
            })+
        };
    }

    abi::for_each_helper!(callers);
}

/// Calls a helper by the name of its row.
macro_rules! help {
    ($name:ident($($arg:expr),*)) => {
        // SAFETY: the test passes what the row asks for.
        unsafe { super::table::$name()($($arg),*) }
    };
}
use help;

/// No words: compiled code passes an address all the same.
const NOTHING: &[Value] = &[];

/// A session in which Python functions can be called.
fn session() -> Session {
    interp::install();
    testing::session()
}

/// The owned result of a helper that must not fail.
fn own(value: Value) -> Ref {
    assert!(!value.is_null(), "{}", error());
    // SAFETY: the helper gives a new reference.
    unsafe { Ref::from_owned(value) }
}

/// What is raised, which must be something.
fn error() -> String {
    let exception = thread().fetch_raised().expect("an exception is set");
    runtime::error::print::format_exception_only(exception.value()).trim_end().to_owned()
}

/// That a helper has failed with this exception.
fn failed(result: Value, expected: &str) {
    assert!(result.is_null());
    assert_eq!(error(), expected);
}

fn no_error() {
    assert!(!thread().has_raised(), "{}", error());
}

fn small(value: i64) -> Value {
    Value::small(value)
}

/// An interned name; borrowed from the table of names.
fn name(text: &str) -> Value {
    let made = StrObject::intern(text);
    runtime::audit::exempt(made.value());
    made.value().to_ref().into_value()
}

/// A str that is a leak if it is not released.
fn text(text: &str) -> Ref {
    StrObject::new(text).into()
}

fn repr(value: &Ref) -> String {
    runtime::protocol::repr_string(value.value()).unwrap_or_else(|_| error())
}

/// Words whose references are given away to a helper; those of a test stay its own.
fn given(words: &[Value]) -> &[Value] {
    words.iter().filter(|word| !word.is_null()).for_each(|word| std::mem::forget(word.to_ref()));
    words
}

fn count(value: &Ref) -> u32 {
    value.value().header().expect("an object").refcount()
}

/// Helpers that no test here calls: they need the interpreter's frame of a running activation, or what a static module declares. Compiled programs
/// of `tests/run` call them.
const ELSEWHERE: &[&str] = &[
    "build_static_class",
    "call_intrinsic_in_frame",
    "delete_name",
    "invoke",
    "load_default",
    "load_locals",
    "load_name",
    "load_stand_in",
    "setup_annotations",
    "store_name",
    "store_stand_in",
];

#[test]
fn every_helper_is_called_here_or_listed() {
    let sources = [
        include_str!("containers.rs"),
        include_str!("control.rs"),
        include_str!("generic.rs"),
        include_str!("statics.rs"),
    ];
    for &id in HelperId::ALL {
        let name = id.signature().name;
        let is_called = sources.iter().any(|source| source.contains(&format!("help!({name}(")));
        assert_ne!(is_called, ELSEWHERE.contains(&name), "{name}");
    }
}
