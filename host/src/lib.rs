//! A Python process: front end, runtime, interpreter and JIT wired together.
//!
//! The runtime must not know who compiles and who finds files; the command line and the C library both need the same answer.
//! It is here:
//!
//! - `kept_file`, `cache`, [`findings`], [`premises`]: compiled modules and findings on disk, and what they rest on
//! - [`compile`]: source to code, dynamic or static, errors as Python's `SyntaxError`
//! - [`import`]: modules from `sys.path`
//! - `interactive`: the prompt
//! - `options`, `checked_options`: what stands before the program on a command line, and in the environment
//! - `packed`: archives and compiled files as programs
//! - [`program`]: files, modules, texts as `__main__`
//! - [`settings`]: what `pyproject.toml` says of strict modules
//! - `site`: folders of installed packages, virtual environments
//! - `strict_error`: what importing a strict module raises that would have effects
//! - [`run`]: a process from its settings to its exit code
#![forbid(unsafe_code)]

mod anchors;
mod cache;
mod checked_options;
pub mod compile;
mod decode;
mod files;
pub mod findings;
pub mod import;
mod import_time;
mod interactive;
mod kept_file;
mod options;
mod packed;
pub mod premises;
pub mod program;
mod read_tree;
mod room;
pub mod run;
mod scopes;
pub mod settings;
mod site;
mod strict_error;
mod tokens;
mod tree;
mod verbose;
mod warning;

/// The version of the language, and of the library.
pub const PYTHON_VERSION: &str = "3.14.0";

pub use options::{HashChecks, Options};
pub use program::Program;
pub use run::{Settings, finish, run_program, start};
