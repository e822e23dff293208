//! Ground floor of the workspace: vocabulary that every other crate shares and that knows no other crate.
//!
//! - [`span`]: byte ranges in source text and their translation to lines and columns
//! - [`entity`]: typed `u32` indices with their maps and sets
//! - [`character_name`]: characters by their Unicode names
//! - [`diagnostic`]: what a stage says about the user's program
//! - [`rule`]: the table of all that can be found wrong
//! - [`suggest`]: the nearest of some names
//! - [`text`]: a cursor for the text forms of bytecode, HIR and LIR
#![forbid(unsafe_code)]

pub mod character_name;
pub mod diagnostic;
pub mod entity;
pub mod rule;
pub mod span;
pub mod suggest;
pub mod text;

/// What a static class puts in front of the name of a `functools.cached_property` to name the field that keeps its value.
pub const KEPT_PROPERTY: &str = "_pystatic_fprop.";

pub use diagnostic::{Diagnostic, Label, Origin, Severity};
pub use span::{LineCursor, LineIndex, Position, Span};
