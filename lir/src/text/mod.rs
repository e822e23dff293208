//! The text form of LIR: [`print()`] and [`parse()`] are neighbours and inverse to each other.

mod parse;
mod print;

pub use parse::parse;
pub use print::{inst_text, print};

#[cfg(test)]
mod tests;
