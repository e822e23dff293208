//! A Python process: front end, runtime, interpreter and JIT wired together.
//!
//! The runtime must not know who compiles and who finds files; the command line and the C library both need the same answer.
//! It is here:
//!
//! - [`compile`]: source to code, dynamic or static, errors as Python's `SyntaxError`
//! - [`import`]: modules from `sys.path`
//! - [`program`]: files, modules, texts as `__main__`
//! - [`run`]: a process from its settings to its exit code
#![forbid(unsafe_code)]

mod anchors;
pub mod compile;
mod decode;
mod files;
pub mod import;
mod interpretation;
pub mod program;
mod read_tree;
pub mod run;
mod tokens;
mod tree;
mod warning;

pub use interpretation::Interpretation;
pub use program::Program;
pub use run::{Settings, finish, run_program, start};
