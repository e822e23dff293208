//! Random programs: the project's own generator, and what holds the programs to their meaning.
//!
//! A seed and a style name a program for ever. Programs are typed as they are written, always end, and print what they compute:
//!
//! - `choice`: the seeded choices
//! - `types`: what the generator knows of the program so far
//! - `write`: lines, scopes and the bound on how much a program may run
//! - `number`, `container`, `machine`: expressions by type
//! - `statement`, `flow`: statements
//! - `definition`: functions, classes and the program around them
//! - `compare`: the program in every mode and under stress, and in CPython
//! - `shrink`: the smallest program that still goes wrong
//!
//! The method is that of Csmith (Yang, Chen, Eide and Regehr, "Finding and understanding bugs in C compilers", PLDI 2011): valid
//! by construction, several implementations, and any difference is a bug. What is not defined is avoided: addresses, the order of
//! sets, the depth of recursion, the sign of NaN. `docs/stress.md` says how to run it.

pub mod choice;
pub mod compare;
pub mod shrink;

mod container;
mod definition;
mod flow;
mod machine;
mod number;
mod statement;
mod types;
mod write;

/// What kind of programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Python as CPython runs it, at times with operands of wrong types.
    Plain,
    /// `import __static__`, with primitives.
    Typed,
}

/// A program.
#[derive(Clone, Debug)]
pub struct Program {
    /// A name that tells style and seed: `typed_17`.
    pub name: String,
    /// The source.
    pub source: String,
    /// Which style it is written in.
    pub style: Style,
}

/// The program that a seed names.
pub fn program(style: Style, seed: u64) -> Program {
    let prefix = if style == Style::Plain { "plain" } else { "typed" };
    Program { name: format!("{prefix}_{seed}"), source: write::Writer::new(style, seed).program(), style }
}
