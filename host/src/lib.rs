//! A Python process: front end, runtime, interpreter and JIT wired together.
//!
//! The runtime must not know who compiles and who finds files; the command line and the C library both need the same answer.
//! It is here:
//!
//! - [`compile`]: source to code, dynamic or static, errors as Python's `SyntaxError`
//! - [`import`]: modules from `sys.path`
//! - [`run`]: a program from its file to its exit code
#![forbid(unsafe_code)]

pub mod compile;
pub mod import;
pub mod run;

pub use run::{Settings, run_file, start};
