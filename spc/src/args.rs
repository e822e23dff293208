//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Static Python: run, check and compile typed Python programs.
#[derive(Parser, Debug)]
#[command(name = "spc", version)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run a program.
    Run {
        /// The file.
        file: PathBuf,
        /// What the program sees in `sys.argv` behind its own name.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Check a program without running it.
    Check {
        /// Only the syntax.
        #[arg(long)]
        syntax_only: bool,
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print what one stage of the compiler makes of a file.
    Dump {
        /// Which stage.
        #[arg(long)]
        stage: Stage,
        /// The file.
        file: PathBuf,
    },
    /// Print the bytecode of a file, or of one function in it.
    Dis {
        /// The file.
        file: PathBuf,
        /// Qualified name of a function.
        function: Option<String>,
    },
}

/// A stage with a text form.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum Stage {
    /// What the lexer makes.
    Tokens,
    /// What the parser makes, as `ast.dump` prints it.
    Ast,
    /// Types of the expressions of a static module.
    Types,
    /// What the emitter makes.
    Bytecode,
}

/// Reads the command line; a wrong one ends the process with 2.
pub(crate) fn parse() -> Args {
    Args::parse()
}
