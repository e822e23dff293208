//! Placeholder header, replaced with the crate's first code.
#![forbid(unsafe_code)]
