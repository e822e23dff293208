//! A Python process: front end, runtime, interpreter and JIT wired together.
//!
//! The runtime must not know who compiles and who finds files; the command line and the C library both need the same answer.
//! It is here:
//!
//! - `cache`: compiled modules on disk
//! - [`compile`]: source to code, dynamic or static, errors as Python's `SyntaxError`
//! - [`import`]: modules from `sys.path`
//! - [`program`]: files, modules, texts as `__main__`
//! - [`run`]: a process from its settings to its exit code
#![forbid(unsafe_code)]

mod cache;
pub mod compile;
mod files;
pub mod import;
pub mod program;
pub mod run;
mod tokens;
mod tree;

pub use program::Program;
pub use run::{Settings, finish, run_program, start};
pub use stdlib::sys::Options;
