//! The HIR verifier: invariants only, no repairs.
//!
//! Each file lists the invariants it checks as the bullets of its header, and has a test that breaks each. The order is
//! graph, then definitions, then types, because each level relies on the one before.

mod cfg;
pub mod refcount;
mod ssa;
mod types;

use std::fmt;

use crate::ir::{Block, Function, Inst, Phase};

/// A broken invariant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    /// Where.
    pub block: Block,
    /// The guilty instruction, if there is one.
    pub inst: Option<Inst>,
    /// Which invariant, and how.
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.block, self.message)
    }
}

/// Collects errors of one function.
#[derive(Default)]
struct Errors(Vec<VerifyError>);

impl Errors {
    fn report(&mut self, block: Block, inst: Option<Inst>, message: impl Into<String>) {
        self.0.push(VerifyError { block, inst, message: message.into() });
    }

    /// Reports unless `holds`.
    fn check(&mut self, holds: bool, block: Block, inst: Inst, message: impl FnOnce() -> String) {
        if !holds {
            self.report(block, Some(inst), message());
        }
    }
}

/// Checks every invariant of the function's phase.
pub fn verify(func: &Function) -> Result<(), Vec<VerifyError>> {
    let mut errors = Errors::default();
    cfg::verify(func, &mut errors);
    if errors.0.is_empty() {
        ssa::verify(func, &mut errors);
    }
    if errors.0.is_empty() {
        types::verify(func, &mut errors);
    }
    if errors.0.is_empty() && func.phase == Phase::Counted {
        refcount::verify(func, &mut errors.0);
    }
    if errors.0.is_empty() { Ok(()) } else { Err(errors.0) }
}

#[cfg(test)]
mod tests;
