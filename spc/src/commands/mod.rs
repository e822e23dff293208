//! One file per command.

mod check;
mod dis;
mod dump;
mod machine;
mod run;

use crate::args::{Args, Command, Stage};

/// Carries a command out; returns the exit code.
pub(crate) fn dispatch(args: Args) -> u8 {
    match args.command {
        Command::Run { jit, file, args } => run::run(&jit, &file, args),
        Command::Check { syntax_only, files } => check::run(&files, syntax_only),
        Command::Dump { stage: stage @ (Stage::Hir | Stage::Lir | Stage::Asm), after, file, function } => {
            machine::run(stage, after.as_deref(), &file, function.as_deref())
        }
        Command::Dump { stage, file, .. } => dump::run(stage, &file),
        Command::Dis { file, function } => dis::run(&file, function.as_deref()),
    }
}

/// Writes to standard output; a reader that has gone away ends the command quietly, as it ends Unix filters.
pub(crate) fn print(text: &str) -> u8 {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => 0,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => 1,
        Err(error) => {
            eprintln!("spc: cannot write: {error}");
            1
        }
    }
}
