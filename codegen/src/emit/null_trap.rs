//! Tests for null that the hardware makes.
//!
//! What is read from a field may be null, if the field has been deleted or was never set, and is used at once in most cases: its count is
//! raised, or something is read through it. Null has no memory behind it, so that such a use faults; the test and the jump in front
//! of it are left out, and the use is noted with the cold block to which the jump would have gone. Whoever runs the code catches the
//! fault and goes on there ([`Layout::null_page`](lir::Layout)). HotSpot calls these implicit null checks.
//!
//! The block behind the jump must have no other way in, and what stands between jump and use may only compute, in registers
//! that the cold block does not read: at the use the machine is as the cold block expects it.
//!
//! Cost: a walk over the instructions behind each test for null, up to the first that has an effect.

use std::collections::{HashMap, HashSet};

use lir::ir::{Base, Block, Cc, Function, Inst, InstData, Mem, Op, Reg, Size, Src};
use lir::operands::{Role, for_each_operand};

use super::Emitter;
use crate::asm::Label;

/// Null tests that have been left out.
#[derive(Default)]
pub(super) struct NullTraps {
    /// The uses that stand in for a test, with the cold block's label.
    expected: HashMap<Inst, Label>,
    /// Numbers of the first machine instruction of such a use and of the one behind its last, and where a fault between them leads.
    pub(super) emitted: Vec<(usize, usize, Label)>,
}

impl Emitter<'_> {
    /// Leaves a test for null to the first use of the register, if that stands in the next block and will fault.
    pub(super) fn leaves_test_to_use(&mut self, data: &InstData, targets: &[Block]) -> bool {
        let [used, cold] = *targets else { return false };
        let (Src::Reg(reg), Src::Imm(0)) = (data.srcs[0], data.srcs[1]) else { return false };
        let is_null_test = data.op == Op::BrCmp && data.cc == Cc::Ne && data.size == Size::B8;
        if !is_null_test || !self.func.blocks[cold].is_cold || self.ways_in[&used] != 1 {
            return false;
        }
        let Some(found) = faulting_use(self.func, used, cold, reg, self.layout.null_page) else {
            return false;
        };
        let label = self.label_of(cold);
        self.null_traps.expected.insert(found, label);
        true
    }

    /// Notes the machine instructions since number `start` if they stand in for a test.
    pub(super) fn note_trap(&mut self, inst: Inst, start: usize) {
        if let Some(label) = self.null_traps.expected.remove(&inst) {
            self.null_traps.emitted.push((start, self.asm.position(), label));
        }
    }
}

/// How many edges lead to each block, those through empty blocks included.
pub(super) fn ways_in(func: &Function, resolve: impl Fn(Block) -> Block) -> HashMap<Block, u32> {
    let mut ways = HashMap::new();
    for &block in &func.layout {
        for edge in func.blocks[block].insts.last().iter().flat_map(|&&last| &func.insts[last].edges) {
            *ways.entry(resolve(edge.target)).or_insert(0) += 1;
        }
    }
    ways
}

/// The first instruction of `block` that has an effect or reads memory through `reg`, if it is one that faults when `reg` is null.
fn faulting_use(func: &Function, block: Block, cold: Block, reg: Reg, null_page: u32) -> Option<Inst> {
    let kept = read_by(func, cold)?;
    for &inst in &func.blocks[block].insts {
        let data = &func.insts[inst];
        if reads_through(data, reg, null_page) {
            return Some(inst);
        }
        let only_computes = matches!(
            data.op,
            Op::Mov | Op::LoadSym | Op::LoadDouble | Op::Load | Op::LoadSigned | Op::LoadFloat | Op::Lea
        );
        if !only_computes || data.dst.is_none_or(|dst| dst == reg || kept.contains(&dst)) {
            return None;
        }
    }
    None
}

/// What a block reads before it writes it; `None` if it goes on to another.
fn read_by(func: &Function, block: Block) -> Option<HashSet<Reg>> {
    let insts = &func.blocks[block].insts;
    let is_end = insts.last().is_some_and(|&last| matches!(func.insts[last].op, Op::Trap | Op::Exit));
    let mut read = HashSet::new();
    for &inst in insts {
        for_each_operand(func, inst, |operand| {
            if operand.role != Role::Def {
                read.insert(operand.reg);
            }
        });
    }
    is_end.then_some(read)
}

/// Whether an instruction's first effect is an access within the null page if `reg` is null.
fn reads_through(data: &InstData, reg: Reg, null_page: u32) -> bool {
    let is_near = |mem: &Mem| {
        let end = u32::try_from(mem.disp).ok().and_then(|disp| disp.checked_add(8));
        mem.base == Base::Reg(reg) && mem.index.is_none() && end.is_some_and(|end| end <= null_page)
    };
    match data.op {
        Op::Load | Op::LoadSigned | Op::LoadFloat | Op::Store | Op::StoreFloat => {
            matches!(&data.srcs[0], Src::Mem(mem) if is_near(mem))
        }
        Op::BrCmp | Op::BrTest | Op::GuardCmp | Op::GuardTest | Op::SetCmp | Op::SetTest => {
            data.srcs.iter().any(|src| matches!(src, Src::Mem(mem) if is_near(mem)))
        }
        // A tagged word has its lowest bit set; null has not, and is not tested for.
        Op::Incref => data.srcs[0] == Src::Reg(reg) && data.tests & super::call::NULL == 0 && null_page > 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use lir::Layout;
    use lir::ir::MachineEnv;
    use lir::regalloc::allocate;
    use lir::text::parse;

    use crate::disasm::disassemble;
    use crate::emit::emit;

    /// The hot part of a function whose `bb0` tests what it reads, and whose `bb1` is what uses it.
    fn hot_part(used: &str) -> String {
        let text = format!(
            "lir @f phase=virtual array=0 slots=0 {{
  exit0 = raise owned[] frame func0 3 [] []
bb0(%0:g, %1:g):
  %2:g = load.8 [%0+24]
  br_cmp.ne.8 %2, #0 -> bb1, bb2
bb1:
{used}
bb2 cold:
  %9:g = call @helper:raise_unset_field (%0, %1) fails zero exit0
  trap
}}"
        );
        let mut func = parse(&text).expect("the text is well-formed");
        assert_eq!(lir::verify(&func), Ok(()));
        allocate(&mut func, &MachineEnv::x86_64());
        let listing = disassemble(&emit(&func, &Layout { null_page: 4096, ..Layout::default() }));
        let (hot, _) = listing.split_once("cold:").expect("the call is cold");
        let (_, body) = hot.split_once("mov rbp, rsp\n").expect("there is a frame");
        body.to_owned()
    }

    #[test]
    fn a_count_stands_in_for_the_test() {
        assert_snapshot!(hot_part("  incref %2\n  ret (%2)"), @r#"
        mov rax, [rdi+18h]
        inc dword ptr [rax] ; null: L1
        pop rbp
        ret
        "#);
    }

    #[test]
    fn a_count_behind_the_test_of_a_tag_does() {
        assert_snapshot!(hot_part("  incref %2 tests 1\n  ret (%2)"), @r#"
          mov rax, [rdi+18h]
          test al, 1
          jne L1
          inc dword ptr [rax] ; null: L2
        L1:
          pop rbp
          ret
        "#);
    }

    #[test]
    fn a_read_behind_another_read_does() {
        assert_snapshot!(hot_part("  %3:g = load.8 [%1+8]\n  %4:g = load.8 [%2+16]\n  %5:g = add.8 %3, %4\n  ret (%5)"), @r#"
        mov rax, [rdi+18h]
        mov rcx, [rsi+8]
        mov rax, [rax+10h] ; null: L1
        add rax, rcx
        pop rbp
        ret
        "#);
    }

    #[test]
    fn a_read_of_a_distant_field_does_not() {
        assert_snapshot!(hot_part("  %3:g = load.8 [%2+4096]\n  ret (%3)"), @r#"
        mov rax, [rdi+18h]
        test rax, rax
        je L1
        mov rax, [rax+1000h]
        pop rbp
        ret
        "#);
    }

    #[test]
    fn a_read_behind_an_effect_does_not() {
        assert_snapshot!(hot_part("  incref %1\n  %3:g = load.8 [%2+8]\n  ret (%3)"), @r#"
        mov rax, [rdi+18h]
        test rax, rax
        je L1
        inc dword ptr [rsi]
        mov rax, [rax+8]
        pop rbp
        ret
        "#);
    }

    #[test]
    fn a_read_behind_a_change_of_what_the_cold_block_reads_does_not() {
        assert_snapshot!(hot_part("  %3:g = load.8 [%1+8]\n  call @helper:poll (%3, %2)\n  %4:g = load.8 [%2+8]\n  ret (%4)"), @r#"
        push rbx
        sub rsp, 8
        mov rbx, [rdi+18h]
        test rbx, rbx
        je L1
        mov rdi, [rsi+8]
        mov rsi, rbx
        call @helper:poll
        mov rax, [rbx+8]
        add rsp, 8
        pop rbx
        pop rbp
        ret
        "#);
    }

    #[test]
    fn without_a_use_the_test_stays() {
        assert_snapshot!(hot_part("  ret (%1)"), @r#"
        mov rax, [rdi+18h]
        test rax, rax
        je L1
        mov rax, rsi
        pop rbp
        ret
        "#);
    }
}
