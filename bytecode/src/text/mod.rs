//! The text form of code objects: `spc dis` prints it, tests write it.
//!
//! A code object is a block; its pools come first, one line an entry, then the instructions, then the exception table.
//! Operands are printed as numbers, what they name follows behind `;` for people. Source ranges follow `@` as
//! `line:column-end_line:end_column`. `parse(print(code)) == code` for every well-formed code object.

mod parse;
mod print;

pub use parse::{parse, parse_type};
pub use print::{listing, print};

#[cfg(test)]
pub(crate) mod tests;
