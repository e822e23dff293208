//! What an instruction reads, writes, consumes and borrows, its immediate and types taken into account.
//!
//! The opcode table gives the general answer; a field access touches only its own field's bit, a helper call what the helper
//! table says, and releasing a value whose destructor is trivial touches nothing that compiled code can see.

use abi::helper::{Param, Touches};

use super::function::{Function, Imm, Inst};
use super::opcode::{ImmKind, Memory, Opcode, Source};
use super::types::Type;

/// What never changes its length.
const FIXED_LENGTH: Type = Type::ARRAY;

/// Memory that `inst` may read.
pub fn reads(func: &Function, inst: Inst) -> Memory {
    let info = func.insts[inst].op.info();
    if func.insts[inst].op == Opcode::FastLen && func.ty(func.arg(inst, 0)).is_subtype(FIXED_LENGTH) {
        return Memory::NONE;
    }
    match func.insts[inst].imm {
        Imm::Field(_) if info.reads != Memory::NONE => Memory::field(func.field(inst).offset),
        Imm::Helper(helper) => memory_of(helper.signature().touches, info.reads),
        _ => info.reads,
    }
}

/// Memory that `inst` may write.
pub fn writes(func: &Function, inst: Inst) -> Memory {
    let data = &func.insts[inst];
    let info = data.op.info();
    match data.imm {
        Imm::Field(_) if info.writes != Memory::NONE => Memory::field(func.field(inst).offset),
        Imm::Helper(helper) => match helper.signature().touches {
            Touches::Heap => Memory::NONE,
            other => memory_of(other, info.writes),
        },
        _ if data.op == Opcode::Decref && func.ty(func.arg(inst, 0)).has_trivial_drop() => Memory::NONE,
        _ => info.writes,
    }
}

fn memory_of(touches: Touches, all: Memory) -> Memory {
    match touches {
        Touches::Nothing => Memory::NONE,
        // What a container held is released, and its destructor may run anything.
        Touches::Heap | Touches::Container | Touches::Anything => all,
    }
}

/// Whether `inst` consumes the reference of operand `at`.
pub fn steals(func: &Function, inst: Inst, at: usize) -> bool {
    match func.insts[inst].imm {
        Imm::Helper(helper) => helper_param(helper.signature().params, at)
            .is_some_and(|param| matches!(param, Param::Steal | Param::StealItems)),
        _ => func.insts[inst].op.info().steals >> at.min(31) & 1 == 1,
    }
}

/// The parameter for HIR operand `at`: scalars come first, in order, then the items of an array parameter. The operand for an `out`
/// parameter is the number of words, a constant.
pub fn helper_param(params: &[Param], at: usize) -> Option<Param> {
    let is_array = |param: &&Param| matches!(param, Param::Items | Param::StealItems);
    let mut scalars = params.iter().filter(|param| !is_array(param));
    scalars.nth(at).or_else(|| params.iter().find(is_array)).copied()
}

/// Where the reference in the result of `inst` comes from, and the memory it depends on.
pub fn source(func: &Function, inst: Inst) -> Source {
    let info = func.insts[inst].op.info();
    match info.source {
        Source::Field => Source::Memory(Memory::field(func.field(inst).offset)),
        other => other,
    }
}

/// Whether `inst` may raise.
pub fn may_raise(func: &Function, inst: Inst) -> bool {
    match func.insts[inst].imm {
        Imm::Helper(helper) => helper.signature().may_raise(),
        _ => func.insts[inst].op.info().may_raise,
    }
}

/// Whether `inst` may be dropped when its result is unused.
pub fn is_removable(func: &Function, inst: Inst) -> bool {
    let info = func.insts[inst].op.info();
    match info.imm {
        ImmKind::Helper => {
            let Imm::Helper(helper) = func.insts[inst].imm else { return false };
            let sig = helper.signature();
            !sig.may_raise() && matches!(sig.touches, Touches::Nothing | Touches::Heap)
        }
        _ => !info.is_pinned,
    }
}
