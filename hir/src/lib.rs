//! The high-level intermediate representation: what compiled Python means, before registers and machine words.
//!
//! - [`ir`]: functions, blocks, instructions, types; data only
//! - [`text`]: printer and parser
//! - [`mod@verify`]: the invariants of each phase
//! - [`mod@build`]: bytecode to HIR
//! - [`passes`] and [`pipeline`]: optimisation and reference counting
//! - [`unsupported`]: why a function is not compiled
//! - [`mod@env`]: what the compiler asks about classes, functions and constants
#![forbid(unsafe_code)]

pub mod build;
pub mod env;
pub mod ir;
pub mod passes;
pub mod pipeline;
pub mod text;
pub mod unsupported;
pub mod verify;

pub use build::{Point, Start, build, needs_frame};
pub use unsupported::{Reason, Unsupported};
pub use verify::verify;
