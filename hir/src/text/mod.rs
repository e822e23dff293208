//! The text form of HIR: [`print()`] and [`parse()`] are neighbours and inverse to each other.

mod parse;
mod print;

pub use parse::{parse, parse_all};
pub use print::print;

#[cfg(test)]
mod tests;
