//! The parser: Python 3.14 source text to an abstract syntax tree in an arena.
//!
//! - [`parse_module`], [`parse_interactive`], [`parse_expression`]: the entry points
//! - [`ast`]: the tree, as CPython's `Python.asdl` declares it
//! - [`visit`]: walking over it
//! - [`print`]: the tree as `ast.dump` prints it
//!
//! The grammar is `python.lalrpop`; `build` holds its actions, `depth` the limit on nesting, `diagnose` the search for the
//! message that CPython would print.
#![forbid(unsafe_code)]

pub mod ast;
mod build;
mod depth;
mod diagnose;
mod grammar;
mod parse;
pub mod print;
pub mod visit;

pub use lexer::{ErrorKind, SourceText, SyntaxError};
pub use parse::{parse_expression, parse_interactive, parse_module};

/// No path in a tree is longer than this; deeper source text is a located error. Recursive passes over the tree rely on it.
pub const MAX_TREE_DEPTH: u16 = 3000;
