//! The parser: Python 3.14 source text to an abstract syntax tree in an arena.
//!
//! - [`parse_module`], [`parse_interactive`], [`parse_expression`], [`parse_function_type`]: the entry points
//! - [`ast`]: the tree, as CPython's `Python.asdl` declares it
//! - [`visit`]: walking over it
//! - [`describe`]: it as events, of which classes and fields
//! - [`feature_version`]: what an earlier version would not have parsed
//! - [`comments`]: what the tree leaves out; [`type_comments`]: the part of it that is about types
//! - [`print`]: the tree as `ast.dump` prints it
//!
//! The grammar is `python.lalrpop`; `build` holds its actions, `depth` the limit on nesting, `diagnose` the search for the
//! message that CPython would print.
//!
//! Trees and messages are those of CPython 3.13, compared by machine over its library, except where 3.14 differs:
//!
//! - t-strings (PEP 750) are `TemplateStr` and `Interpolation`;
//! - several exception types need no parentheses unless a name is bound (PEP 758);
//! - messages that 3.14 added or changed, marked `[3.14]` in `tests/syntax_errors.txt`: incompatible string prefixes, statements in
//!   conditional expressions, text between two strings, targets of `import … as`, `except … as` and `case … as`;
//! - backslashes in the format specs of raw f-strings stay what they are;
//! - a comment ends where it ends in the text that `f'{x # =\n =}'` shows, also if a string there contains `#`.
//!
//! Unlike CPython, source text nested deeper than [`MAX_TREE_DEPTH`] is a `SyntaxError` and never a `RecursionError` or
//! `MemoryError`. What needs names, such as `return` outside a function or a duplicate parameter, is for later stages.
#![forbid(unsafe_code)]

pub mod ast;
mod build;
mod comment;
mod depth;
pub mod describe;
mod diagnose;
pub mod feature_version;
mod grammar;
mod nodes;
mod parse;
pub mod print;
pub mod type_comments;
pub mod visit;

pub use comment::comments;
pub use lexer::{ErrorKind, SourceText, SyntaxError};
pub use nodes::Nodes;
pub use parse::{parse_expression, parse_function_type, parse_interactive, parse_module};

/// No path in a tree is longer than this; deeper source text is a located error. Recursive passes over the tree rely on it.
pub const MAX_TREE_DEPTH: u16 = 10_000;
