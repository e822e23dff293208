//! The parse tables that LALRPOP generates from `python.lalrpop`, kept apart because generated code follows no house style.

#![allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::unwrap_used,
    elided_lifetimes_in_paths,
    unused_parens,
    unused_imports,
    unreachable_pub,
    missing_docs,
    unused_macro_rules,
    reason = "generated code"
)]

include!(concat!(env!("OUT_DIR"), "/python.rs"));
