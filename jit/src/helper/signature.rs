//! The C signature of a helper against its row of the table, checked by the compiler.
//!
//! A row says kinds (`word`, `int`, `items`, ...); a Rust type that may be passed as a kind implements [`Passed`] for it, one that may
//! come back [`Returned`]. [`checked`] accepts a function whose types fit its row, in number and order, and nothing else. So a
//! helper that takes or gives something else than compiled code assumes does not compile.

use interp::frame::Frame;
use runtime::header::Header;
use runtime::value::Value;

/// The kinds of the table, as types.
#[allow(non_camel_case_types, reason = "these are the words of the table")]
pub(super) mod kind {
    macro_rules! kinds {
        ($($name:ident),+) => { $(pub(in crate::helper) struct $name;)+ };
    }
    kinds!(word, steal, give, int, float, items, steal_items, out, count, own, null_own, void);
}

/// A type that compiled code passes as arguments of this kind.
pub(super) trait Passed<Kind> {}

/// A type that compiled code gets as results of this kind.
pub(super) trait Returned<Kind> {}

macro_rules! fits {
    ($what:ident: $($kind:ident = $($ty:ty),+;)+) => { $($(impl $what<kind::$kind> for $ty {})+)+ };
}

fits! { Passed:
    word = Value, *mut Header;
    steal = Value;
    give = Value;
    int = i64, u64, usize, u32, *mut Frame;
    float = f64;
    items = *const Value;
    steal_items = *const Value;
    count = usize;
    out = *mut Value;
}

// All 64 bits of a result are looked at, so that narrower types do not fit.
fits! { Returned:
    own = Value;
    null_own = Value;
    int = i64;
    float = f64;
    void = u64;
}

/// A function pointer that fits kinds of arguments and of a result.
pub(super) trait Fits<Params, Ret> {}

macro_rules! functions {
    ($(($($arg:ident $kind:ident)*))+) => {
        $(impl<R, RK, $($arg, $kind),*> Fits<($($kind,)*), RK> for unsafe extern "C" fn($($arg),*) -> R
        where
            R: Returned<RK>,
            $($arg: Passed<$kind>),*
        {})+
    };
}

functions! {
    ()
    (A K)
    (A K B L)
    (A K B L C M)
    (A K B L C M D N)
    (A K B L C M D N E O)
    (A K B L C M D N E O F P)
}

/// The function, if it fits its row.
pub(super) const fn checked<Params, Ret, F: Copy + Fits<Params, Ret>>(function: F) -> F {
    function
}

/// `unsafe extern "C" fn` with as many arguments as the kinds make; the types are found from the function.
macro_rules! pointer {
    ([$($done:tt)*]) => { unsafe extern "C" fn($($done)*) -> _ };
    ([$($done:tt)*] items $($rest:ident)*) => { pointer!([$($done)* _, _,] $($rest)*) };
    ([$($done:tt)*] steal_items $($rest:ident)*) => { pointer!([$($done)* _, _,] $($rest)*) };
    ([$($done:tt)*] $kind:ident $($rest:ident)*) => { pointer!([$($done)* _,] $($rest)*) };
}

/// The kinds of the arguments as a tuple; a pointer to items brings their number.
macro_rules! params {
    ([$($done:ident)*]) => { ($($crate::helper::signature::kind::$done,)*) };
    ([$($done:ident)*] items $($rest:ident)*) => { params!([$($done)* items count] $($rest)*) };
    ([$($done:ident)*] steal_items $($rest:ident)*) => { params!([$($done)* steal_items count] $($rest)*) };
    ([$($done:ident)*] $kind:ident $($rest:ident)*) => { params!([$($done)* $kind] $($rest)*) };
}

pub(super) use {params, pointer};
