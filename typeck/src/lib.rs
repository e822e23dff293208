//! What names and expressions mean: scopes for every module, types for static ones.
//!
//! - [`scope`]: which names a code block binds, and where every name is found
//!
//! The emitter accepts only what this crate has checked.
#![forbid(unsafe_code)]

pub mod scope;
