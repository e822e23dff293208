//! The `spc` command: runs, checks and explains Python programs.
//!
//! - `args`: the command line
//! - `options`: the command line as `python` reads it
//! - `commands`: one file per command
//! - `compile`: from a file to checked trees and bytecode
//! - `keyword`: which keyword was meant
//! - `modules`: files to check, and the modules that they see
//! - `render`: findings as text
//!
//! Exit codes: 0, the program's own, 1 for an uncaught exception or for errors that `spc check` finds, 2 for a program or command line
//! that is wrong. What an interrupt ends ends by that signal.

mod args;
mod commands;
mod compile;
mod keyword;
mod modules;
mod options;
mod render;

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::reserve::tune();
    // Deep but legal source recurses deeply in the passes over its tree.
    let child = std::thread::Builder::new().stack_size(256 << 20).spawn(|| commands::dispatch(args::parse()));
    runtime::signal::leave_to_others();
    let outcome = child.expect("a thread can be started").join();
    runtime::signal::end_as_program_did();
    ExitCode::from(outcome.unwrap_or(2))
}
