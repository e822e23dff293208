//! From checked syntax to bytecode.
//!
//! - [`module`]: entry points for files, expressions and interactive input
//! - `block`: one code object under construction: pools, labels, depth, handlers
//! - `assemble`: labels to offsets, unreachable code away, definite assignment, the exception table
//! - `stmt`, `loops`, `try_`, `with_`, `assign`, `import`, `pattern`: statements by family
//! - `expr`, `call`, `comprehension`, `string`, `fold`: expressions by family
//! - `function`, `class`, `annotation`, `generic`: definitions
//! - `doubt`: what is worth a `SyntaxWarning`
//! - `strict`: sealing modules and freezing classes
//! - `statics`: typed instructions for modules that the checker has accepted
//!
//! The emitter decides nothing about types: what the checker proved it only spells as typed instructions.
#![forbid(unsafe_code)]

mod annotation;
mod assemble;
mod assign;
mod block;
mod call;
mod class;
mod comprehension;
mod docstring;
mod doubt;
mod error;
mod expr;
mod fold;
mod function;
mod generic;
mod import;
mod literal_key;
mod loops;
pub mod module;
mod name;
mod pattern;
mod places;
mod statics;
mod stmt;
mod strict;
mod string;
mod try_;
mod unparse;
mod with_;

pub use doubt::{Doubt, doubts_of_expression, doubts_of_module, of_parser as doubts_of_parser};
pub use error::EmitError;
pub use fold::literal as constant;
pub use module::{Options, emit_expression, emit_interactive, emit_module, emit_static_module};
pub use statics::Checked;
