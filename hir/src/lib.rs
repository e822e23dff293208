//! x
#![forbid(unsafe_code)]
pub mod env;
pub mod ir;
