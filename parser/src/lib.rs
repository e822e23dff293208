//! The parser: Python 3.14 source text to an abstract syntax tree in an arena.
//!
//! - [`ast`]: the tree, as CPython's `Python.asdl` declares it
//! - [`visit`]: walking over it
#![forbid(unsafe_code)]

pub mod ast;
pub mod visit;

/// No path in a tree is longer than this; deeper source text is a located error. Recursive passes over the tree rely on it.
pub const MAX_TREE_DEPTH: u16 = 3000;
