//! The machine frame: which functions need one, and how big it is.
//!
//! ```text
//!   [rbp + 16]  arguments for which there was no register
//!   [rbp + 8]   return address
//!   [rbp]       caller's rbp
//!   [rbp - 8]   saved registers
//!   ...         padding
//!   [rsp + a]   spill slots
//!   [rsp]       array area: items for helpers, and arguments of calls for which there is no register
//! ```
//!
//! A leaf that can neither call, nor exit, nor destroy anything, and that keeps everything in scratch registers, has none.

use std::collections::BTreeSet;

use lir::ir::{Function, Op, PReg, RegKind};
use lir::operands::for_each_operand;

use crate::output::FrameInfo;

/// Registers that a callee must preserve and that allocation may use.
const CALLEE_SAVED: [PReg; 4] = [PReg::gpr(3), PReg::gpr(12), PReg::gpr(13), PReg::gpr(14)];

/// Lays out the frame of an allocated function.
pub(crate) fn lay_out(func: &Function) -> FrameInfo {
    let mut used = BTreeSet::new();
    let mut leaves = false;
    for &block in &func.layout {
        for &inst in &func.blocks[block].insts {
            let op = func.insts[inst].op;
            leaves |=
                op.info().may_exit && (func.insts[inst].exit.is_some() || is_call(op)) || op == Op::Decref;
            for_each_operand(func, inst, |operand| {
                if let RegKind::Physical(reg) = operand.reg.kind() {
                    used.insert(reg);
                }
            });
        }
    }
    let saved: Vec<PReg> = CALLEE_SAVED.iter().copied().filter(|reg| used.contains(reg)).collect();
    let words = func.array_words + func.slots;
    let has_frame = leaves || !saved.is_empty() || words > 0;
    // Return address, rbp and the saved registers stand above; rsp must be a multiple of 16 at calls.
    let above = 2 + saved.len() as u32;
    let locals_bytes = if has_frame { (words + (above + words) % 2) * 8 } else { 0 };
    FrameInfo { has_frame, saved, locals_bytes, slots_offset: func.array_words * 8 }
}

/// Whether the operation calls in the hot path.
pub(crate) fn is_call(op: Op) -> bool {
    matches!(op, Op::Call | Op::CallMem)
}
