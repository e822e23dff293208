//! Tests for null that the hardware makes.
//!
//! What is read from a field may be null, if the field has been deleted or was never set, and is used at once in most cases: its count is
//! raised, or something is read through it. Null has no memory behind it, so that such a use faults; the test and the jump in front
//! of it are left out, and the use is noted with the cold block to which the jump would have gone. Whoever runs the code catches the
//! fault and goes on there ([`Layout::null_page`](lir::Layout)). HotSpot calls these implicit null checks.
//!
//! Where a number is used instead, it is the test of its tag that null fails, and where the value is compared with an object, null is on
//! the unequal side. There the test is made on the way that is left: before a guard's exit, or behind the comparison.
//!
//! The blocks between jump and use must have no other way in, and what stands there may only compute, in registers
//! that the cold block does not read: at the use the machine is as the cold block expects it. Guards and other tests for null
//! may stand there, too; whoever leaves by them tests the earlier values first.
//!
//! Cost: a walk over the instructions behind each test for null, up to the first that has an effect.

use std::collections::{HashMap, HashSet};

use iced_x86::Code;
use lir::ir::{Base, Block, Cc, Function, Inst, InstData, Mem, Op, Reg, Size, Src};
use lir::operands::{Role, for_each_operand};

use super::regs::{gpr64, physical};
use super::{Cold, Emitter};
use crate::asm::Label;

/// A register to be tested for null, and where to go if it is.
pub(super) type NullTest = (Reg, Label);

/// Null tests that have been left out.
#[derive(Default)]
pub(super) struct NullTraps {
    /// The uses that stand in for a test, with the cold block's label.
    expected: HashMap<Inst, Label>,
    /// Numbers of the first machine instruction of such a use and of the one behind its last, and where a fault between them leads.
    pub(super) emitted: Vec<(usize, usize, Label)>,
    /// What is tested before the function is left by a guard or by another test for null.
    before_leaving: HashMap<Inst, Vec<NullTest>>,
    /// What is tested at the beginning of a block.
    at_start: HashMap<Block, Vec<NullTest>>,
    /// Blocks whose emission has begun.
    begun: HashSet<Block>,
}

/// Where a test for null is made instead.
#[derive(Default)]
struct Deferral {
    /// Guards and null tests on the way, whose cold side makes it.
    passed: Vec<Inst>,
    end: End,
}

#[derive(Default)]
enum End {
    /// By the last guard passed, which null does not pass.
    #[default]
    Guard,
    /// By an instruction that faults.
    Fault(Inst),
    /// At the beginning of a block.
    Start(Block),
}

/// What an instruction means for a value that has not been tested yet.
enum Step {
    Computes,
    Faults,
    /// Leaves the function if some condition does not hold.
    Leaves,
    /// Leaves the function if the value is null.
    LeavesIfNull,
    /// Goes on in the first block; otherwise, another value is null.
    NullTest(Block),
    /// Null goes on in this block.
    Splits(Block),
    HasEffect,
}

impl Emitter<'_> {
    /// Defers a test for null, the branch `inst`, if something behind it can make it.
    pub(super) fn defers_null_test(&mut self, inst: Inst, targets: &[Block]) -> bool {
        let data = &self.func.insts[inst];
        let [used, cold] = *targets else { return false };
        let Src::Reg(reg) = data.srcs[0] else { return false };
        if !is_null_test(data) || !self.func.blocks[cold].is_cold {
            return false;
        }
        let Some(kept) = read_by(self.func, cold) else { return false };
        let Some(deferral) = self.deferral(used, reg, &kept) else { return false };
        let cold = self.label_of(cold);
        let label = self.leaving(inst, cold);
        for passed in deferral.passed {
            self.null_traps.before_leaving.entry(passed).or_default().push((reg, label));
        }
        match deferral.end {
            End::Guard => {}
            End::Fault(found) => {
                self.null_traps.expected.insert(found, label);
            }
            End::Start(block) => self.null_traps.at_start.entry(block).or_default().push((reg, label)),
        }
        true
    }

    /// Where the function is left to by `inst`: `target`, behind the tests that have been deferred past the instruction.
    pub(super) fn leaving(&mut self, inst: Inst, target: Label) -> Label {
        let Some(tests) = self.null_traps.before_leaving.remove(&inst) else { return target };
        let at = self.asm.new_label();
        self.cold.push(Cold::NullTests { at, tests, target });
        at
    }

    /// Makes the tests that were deferred to the beginning of `block`.
    pub(super) fn begin_block(&mut self, block: Block) {
        self.null_traps.begun.insert(block);
        let tests = self.null_traps.at_start.remove(&block).unwrap_or_default();
        self.test_for_null(&tests);
    }

    pub(super) fn test_for_null(&mut self, tests: &[NullTest]) {
        for &(reg, label) in tests {
            let reg = gpr64(physical(reg));
            self.asm.rr(Code::Test_rm64_r64, reg, reg);
            self.asm.branch(Code::Je_rel32_64, label);
        }
    }

    /// Notes the machine instructions since number `start` if they stand in for a test.
    pub(super) fn note_trap(&mut self, inst: Inst, start: usize) {
        if let Some(label) = self.null_traps.expected.remove(&inst) {
            self.null_traps.emitted.push((start, self.asm.position(), label));
        }
    }

    /// Where `reg` can be tested from the block `used` on, if the registers in `kept` are to stay as they are.
    fn deferral(&self, used: Block, reg: Reg, kept: &HashSet<Reg>) -> Option<Deferral> {
        let mut found = Deferral::default();
        // Where the test can stand in any case: behind the last comparison that tells null from others.
        let mut fallback = None;
        let mut block = used;
        'blocks: while self.is_next_part(block) {
            for (at, &inst) in self.func.blocks[block].insts.iter().enumerate() {
                match self.step(block, at, reg) {
                    Step::Computes if !changes(&self.func.insts[inst], reg, kept) => {}
                    Step::Faults => {
                        found.end = End::Fault(inst);
                        return Some(found);
                    }
                    Step::Leaves => found.passed.push(inst),
                    Step::LeavesIfNull => {
                        found.passed.push(inst);
                        return Some(found);
                    }
                    Step::NullTest(next) => {
                        found.passed.push(inst);
                        block = next;
                        continue 'blocks;
                    }
                    Step::Splits(next) if self.is_next_part(next) => {
                        fallback = Some((found.passed.len(), next));
                        block = next;
                        continue 'blocks;
                    }
                    _ => break 'blocks,
                }
            }
            break;
        }
        let (passed, start) = fallback?;
        found.passed.truncate(passed);
        found.end = End::Start(start);
        Some(found)
    }

    /// Whether a block has one way in and has not been emitted yet.
    fn is_next_part(&self, block: Block) -> bool {
        self.ways_in.get(&block) == Some(&1) && !self.null_traps.begun.contains(&block)
    }

    fn step(&self, block: Block, at: usize, reg: Reg) -> Step {
        let insts = &self.func.blocks[block].insts;
        let data = &self.func.insts[insts[at]];
        if reads_through(data, reg, self.layout.null_page) {
            return Step::Faults;
        }
        let tests_tag = data.srcs[..2] == [Src::Reg(reg), Src::Imm(1)];
        let target = |number: usize| self.resolve(data.edges[number].target);
        match data.op {
            Op::GuardTest if tests_tag && data.cc == Cc::Ne => Step::LeavesIfNull,
            Op::GuardTest | Op::GuardCmp => Step::Leaves,
            Op::BrTest if tests_tag && data.cc == Cc::Ne => Step::Splits(target(1)),
            Op::BrTest if tests_tag && data.cc == Cc::Eq => Step::Splits(target(0)),
            Op::BrCmp if is_null_test(data) && self.func.blocks[target(1)].is_cold => {
                Step::NullTest(target(0))
            }
            Op::BrCmp if data.size == Size::B8 && data.srcs[0] == Src::Reg(reg) => {
                let is_object = match data.srcs[1] {
                    Src::Imm(word) => word != 0,
                    Src::Reg(other) => self.holds_address(&insts[..at], other),
                    Src::Mem(_) | Src::None => false,
                };
                match data.cc {
                    Cc::Eq if is_object => Step::Splits(target(1)),
                    Cc::Ne if is_object => Step::Splits(target(0)),
                    _ => Step::HasEffect,
                }
            }
            Op::Mov | Op::LoadSym | Op::LoadDouble | Op::Load | Op::LoadSigned | Op::LoadFloat | Op::Lea => {
                Step::Computes
            }
            Op::Add | Op::Sub | Op::And | Op::Or | Op::Xor | Op::Sext | Op::Zext => Step::Computes,
            Op::Sar | Op::Shr | Op::Shl if matches!(data.srcs[1], Src::Imm(_)) => Step::Computes,
            _ => Step::HasEffect,
        }
    }

    /// Whether `reg` holds the address of a symbol behind these instructions.
    fn holds_address(&self, insts: &[Inst], reg: Reg) -> bool {
        let last = insts.iter().rev().map(|&inst| &self.func.insts[inst]).find(|data| data.dst == Some(reg));
        last.is_some_and(|data| data.op == Op::LoadSym)
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

/// Whether a branch goes to its second target if a register is null.
fn is_null_test(data: &InstData) -> bool {
    data.op == Op::BrCmp
        && data.cc == Cc::Ne
        && data.size == Size::B8
        && matches!(data.srcs[..2], [Src::Reg(_), Src::Imm(0)])
}

/// Whether an instruction writes `reg` or one of the registers in `kept`.
fn changes(data: &InstData, reg: Reg, kept: &HashSet<Reg>) -> bool {
    data.dst.is_none_or(|dst| dst == reg || kept.contains(&dst))
}

/// What a block reads before it writes it; `None` if it goes on to another.
fn read_by(func: &Function, block: Block) -> Option<HashSet<Reg>> {
    let insts = &func.blocks[block].insts;
    let is_end = insts.last().is_some_and(|&last| matches!(func.insts[last].op, Op::Trap | Op::Exit));
    let (mut read, mut written) = (HashSet::new(), HashSet::new());
    for &inst in insts {
        for_each_operand(func, inst, |operand| {
            if operand.role == Role::Def {
                written.insert(operand.reg);
            } else if !written.contains(&operand.reg) {
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

    /// The hot part of [`code`].
    fn hot_part(used: &str) -> String {
        let listing = code(used);
        let (hot, _) = listing.split_once("cold:").expect("the call is cold");
        hot.to_owned()
    }

    /// The code behind the prologue of a function whose `bb0` tests what it reads, and whose `bb1` is what uses it.
    fn code(used: &str) -> String {
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
        let (_, body) = listing.split_once("mov rbp, rsp\n").expect("there is a frame");
        let (body, _) = body.split_once("  call stackoverflow").expect("the prologue tests the stack");
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
    fn the_test_of_a_tag_does_and_null_is_found_before_its_exit() {
        assert_snapshot!(code("  guard_test.ne.8 %2, #1 exit0\n  %3:g = sar.8 %2, #1\n  ret (%3)"), @r#"
          mov rax, [rdi+18h]
          test al, 1
          je L3
          sar rax, 1
          pop rbp
          ret
        cold:
        L1:
          call @helper:raise_unset_field
          test rax, rax
          je L2
          ud2
        L2:
          call exit
        L3:
          test rax, rax
          je L1
          jmp L2
        L4:
        "#);
    }

    #[test]
    fn a_guard_on_the_way_tests_before_it_leaves() {
        assert_snapshot!(code("  guard_cmp.ne.8 %1, #0 exit0\n  %3:g = load.8 [%2+8]\n  ret (%3)"), @r#"
          mov rax, [rdi+18h]
          test rsi, rsi
          je L3
          mov rax, [rax+8] ; null: L1
          pop rbp
          ret
        cold:
        L1:
          call @helper:raise_unset_field
          test rax, rax
          je L2
          ud2
        L2:
          call exit
        L3:
          test rax, rax
          je L1
          jmp L2
        L4:
        "#);
    }

    #[test]
    fn behind_a_comparison_with_an_object_the_unequal_side_tests() {
        assert_snapshot!(code("  %3:g = sym @const0\n  br_cmp.eq.8 %2, %3 -> bb3, bb4\nbb3:\n  ret (%1)\nbb4:\n  ret (%2)"), @r#"
          mov rax, [rdi+18h]
          mov rcx, @const0
          cmp rax, rcx
          jne L1
          mov rax, rsi
          pop rbp
          ret
        L1:
          test rax, rax
          je L2
          pop rbp
          ret
        cold:
        L2:
          call @helper:raise_unset_field
          test rax, rax
          je L3
          ud2
        L3:
          call exit
        L4:
        "#);
    }

    #[test]
    fn behind_a_comparison_with_any_word_null_may_be_on_either_side() {
        assert_snapshot!(code("  br_cmp.eq.8 %2, %1 -> bb3, bb4\nbb3:\n  ret (%1)\nbb4:\n  ret (%2)"), @r#"
          mov rax, [rdi+18h]
          test rax, rax
          je L2
          cmp rax, rsi
          jne L1
          mov rax, rsi
          pop rbp
          ret
        L1:
          pop rbp
          ret
        cold:
        L2:
          call @helper:raise_unset_field
          test rax, rax
          je L3
          ud2
        L3:
          call exit
        L4:
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
