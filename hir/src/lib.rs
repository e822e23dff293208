//! The high-level intermediate representation: what compiled Python means, before registers and machine words.
//!
//! - [`ir`]: functions, blocks, instructions, types; data only
//! - [`text`]: printer and parser
//! - [`mod@verify`]: the invariants of each phase
//! - [`env`]: what the compiler asks about classes, functions and constants
#![forbid(unsafe_code)]

pub mod env;
pub mod ir;
pub mod text;
pub mod verify;

pub use verify::verify;
