//! Tests that see several crates at once.
//!
//! - `tidy`: the rules of the house that a machine can see
//! - `stages`: one small program, every text form
//! - `checker`: Markdown specifications of the type checker
//! - `checker_strict`: those of strict modules
//! - `command`: the command line on bad input, `command_check`: checking trees that change
//! - `programs`: programs with their output, compared with CPython
//! - `stress`: programs under the stress knobs
//! - `benchmarks`: the benchmark programs on small inputs, in every form and mode
//! - `fuzz`: the generator of random programs, and `generated`: such programs in every mode, under stress, and beside CPython
//! - `mutated`: specifications with mistakes in them, and what the tools say
//! - `diagnostics`: the table of rules, its pages, and how findings look
//! - `docs`: the examples, listings, quotations and paths of the documents
//! - `corpus`: the emitter over every library file that a Python on this machine brings
//!
//! Nothing depends on this crate.

#[cfg(test)]
mod benchmarks;
#[cfg(test)]
mod checker;
#[cfg(test)]
mod checker_strict;
#[cfg(test)]
mod command;
#[cfg(test)]
mod command_check;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod diagnostics;
#[cfg(test)]
mod docs;
pub mod fuzz;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod mutated;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod stages;
#[cfg(test)]
mod static_frames;
#[cfg(test)]
mod stress;
#[cfg(test)]
mod tidy;
