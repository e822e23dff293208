//! Allocation under its checker: hand-written cases as text, and random control-flow graphs on small machines.

use base::entity::EntityId;
use insta::assert_snapshot;

use super::{allocate, checker};
use crate::ir::{
    Block, Edge, ExitData, ExitFrame, ExitKind, ExitSlot, ExitValue, Fails, Function, InstData, MachineEnv,
    Op, PReg, Reg, RegClass, RegSet, Src, Sym, ValueRepr,
};
use crate::text::{parse, print};
use crate::verify::verify;

/// A small pseudo-random generator (xorshift), so that failures repeat.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }
}

/// A machine with three registers per file, of which a call preserves one.
fn tiny_machine() -> MachineEnv {
    let [r0, r1, r2] = [0, 1, 2].map(PReg::gpr);
    let [x0, x1, x2] = [0, 1, 2].map(PReg::xmm);
    MachineEnv {
        has_fused_multiply: false,
        gprs: vec![r0, r1, r2],
        xmms: vec![x0, x1, x2],
        clobbered_by_calls: RegSet::of(&[r0, r1, x0, x1, x2]),
        gpr_args: vec![r1, r0],
        xmm_args: vec![x0],
        result: [r0, x0],
        scratch: [PReg::gpr(11), PReg::xmm(15)],
        div_mod_shift: [r0, r2, r1],
    }
}

fn allocated(text: &str, env: &MachineEnv) -> String {
    let mut func = parse(text).expect("the text is well-formed");
    assert_eq!(verify(&func), Ok(()));
    allocate(&mut func, env);
    assert_eq!(verify(&func), Ok(()));
    print(&func)
}

#[test]
fn a_loop_needs_no_moves() {
    let text = "lir @f phase=virtual array=0 slots=0 {
bb0(%0:g):
  %1:g = mov #0
  jump -> bb1(%1, %1)
bb1(%2:g, %3:g) depth=1:
  %4:g = mul.8 %2, %2
  %5:g = add.8 %3, %4
  %6:g = add.8 %2, #1
  br_cmp.lt.8 %6, %0 -> bb1(%6, %5), bb2
bb2:
  ret (%5)
}";
    assert_snapshot!(allocated(text, &MachineEnv::x86_64()), @r#"
    lir @f phase=allocated array=0 slots=0 {
    bb0:
      rax = mov #0
      rcx = mov rax
      jump -> bb1
    bb1 depth=1:
      rdx = mul.8 rax, rax
      rcx = add.8 rcx, rdx
      rax = add.8 rax, #1
      br_cmp.lt.8 rax, rdi -> bb3, bb2
    bb3 depth=1:
      jump -> bb1
    bb2:
      rax = mov rcx
      ret (rax)
    }
    "#);
}

#[test]
fn a_value_that_lives_across_a_call_is_preserved() {
    let text = "lir @f phase=virtual array=0 slots=0 {
  exit0 = raise owned[%0]
bb0(%0:g, %1:g):
  %2:g = call @helper:get_iter (%1) fails zero exit0
  %3:g = add.8 %0, %2
  ret (%3)
}";
    assert_snapshot!(allocated(text, &MachineEnv::x86_64()), @r#"
    lir @f phase=allocated array=0 slots=0 {
      exit0 = raise owned[rbx]
    bb0:
      rbx = mov rdi
      rdi = mov rsi
      rax = call @helper:get_iter (rdi) fails zero exit0
      rax = add.8 rbx, rax
      ret (rax)
    }
    "#);
}

#[test]
fn too_many_values_are_spilled_and_constants_made_again() {
    let text = "lir @f phase=virtual array=0 slots=0 {
bb0(%0:g, %1:g):
  %2:g = mov #5
  %3:g = add.8 %0, %1
  %4:g = sub.8 %0, %1
  %5:g = mul.8 %3, %4
  %6:g = call @helper:get_iter (%5) fails never
  %7:g = add.8 %6, %3
  %8:g = add.8 %7, %4
  %9:g = add.8 %8, %2
  %10:g = sdiv.8 %9, %0
  ret (%10)
}";
    assert_snapshot!(allocated(text, &tiny_machine()), @r#"
    lir @f phase=allocated array=0 slots=2 {
    bb0:
      rdx = mov rcx
      [s0] = mov rdx
      rcx = mov #5
      rcx = add.8 rdx, rax
      rdx = sub.8 rdx, rax
      [s1] = mov rdx
      rax = mul.8 rcx, rdx
      rdx = mov rcx
      rcx = mov rax
      rax = call @helper:get_iter (rcx)
      rax = add.8 rax, rdx
      rdx = mov [s1]
      rax = add.8 rax, rdx
      rcx = mov #5
      rax = add.8 rax, rcx
      rcx = mov [s0]
      rax = sdiv.8 rax, rcx
      ret (rax)
    }
    "#);
}

#[test]
fn arguments_in_memory_stay_there_until_they_are_needed() {
    let text = "lir @f phase=virtual array=0 slots=0 {
  exit0 = deopt owned[%3] frame func0 3 [%2:word, %3:word, %5:float] []
bb0(%0:g, %1:g, %2:g, %3:g, %4:x, %5:x):
  %6:g = call @helper:get_iter (%0) fails never
  %7:g = add.8 %6, %3
  guard_cmp.eq.8 %7, #0 exit0
  ret (%2)
}";
    assert_snapshot!(allocated(text, &tiny_machine()), @r#"
    lir @f phase=allocated array=0 slots=0 {
      exit0 = deopt owned[rdx] frame func0 3 [[as0]:word, rdx:word, [ad2]:float] []
    bb0:
      rdx = mov [as1]
      rax = call @helper:get_iter (rcx)
      rax = add.8 rax, rdx
      guard_cmp.eq.8 rax, #0 exit0
      rax = mov [as0]
      ret (rax)
    }
    "#);
}

#[test]
fn the_checker_sees_a_wrong_register() {
    let env = MachineEnv::x86_64();
    let text =
        "lir @f phase=virtual array=0 slots=0 {\nbb0(%0:g, %1:g):\n  %2:g = sub.8 %0, %1\n  ret (%2)\n}";
    let original = parse(text).expect("well-formed");
    let mut func = original.clone();
    allocate(&mut func, &env);
    let first = func.blocks[func.layout[0]].insts[0];
    let sub = func.insts.keys().find(|&inst| func.insts[inst].op == Op::Sub).expect("there is a difference");
    assert_eq!(checker::check(&original, &func, &env), Ok(()), "{first}");
    func.insts[sub].srcs.swap(0, 1);
    let errors = checker::check(&original, &func, &env).expect_err("operands were exchanged");
    assert!(errors[0].contains("does not hold"), "{errors:?}");
}

/// Builds random verified code: blocks in a chain with random extra edges, values used only where they are defined for sure.
struct Generator {
    random: Random,
    func: Function,
}

impl Generator {
    fn block(&mut self, blocks: &[Block], at: usize, mut known: Vec<Reg>) {
        let block = blocks[at];
        known.extend(self.func.blocks[block].params.clone());
        for _ in 0..self.random.below(7) {
            self.inst(block, &mut known);
        }
        self.terminator(blocks, at, &known);
    }

    fn pick(&mut self, known: &[Reg], class: RegClass) -> Option<Reg> {
        let fitting: Vec<Reg> = known.iter().copied().filter(|&reg| self.func.class(reg) == class).collect();
        (!fitting.is_empty()).then(|| fitting[self.random.below(fitting.len())])
    }

    fn gpr(&mut self, block: Block, known: &mut Vec<Reg>) -> Reg {
        if let Some(reg) = self.pick(known, RegClass::Gpr).filter(|_| true) {
            return reg;
        }
        let reg = self.func.new_vreg(RegClass::Gpr);
        self.func.append(block, InstData::new(Op::Mov).to(reg).with(&[Src::Imm(3)]));
        known.push(reg);
        reg
    }

    fn xmm(&mut self, block: Block, known: &mut Vec<Reg>) -> Reg {
        if let Some(reg) = self.pick(known, RegClass::Xmm) {
            return reg;
        }
        let reg = self.func.new_vreg(RegClass::Xmm);
        self.func.append(block, InstData::new(Op::LoadDouble).to(reg).with(&[Src::Imm(7)]));
        known.push(reg);
        reg
    }

    fn inst(&mut self, block: Block, known: &mut Vec<Reg>) {
        let (a, b) = (self.gpr(block, known), self.gpr(block, known));
        let two = [Src::Reg(a), Src::Reg(b)];
        let dst = self.func.new_vreg(RegClass::Gpr);
        let data = match self.random.below(10) {
            0 => InstData::new(Op::Add).to(dst).with(&two),
            1 => InstData::new(Op::Sub).to(dst).with(&two),
            2 => InstData::new(Op::Mov).to(dst).with(&[Src::Imm(self.random.below(3) as i64)]),
            3 => InstData::new(Op::Mov).to(dst).with(&two[..1]),
            4 => InstData::new(Op::Sdiv).to(dst).with(&two),
            5 => InstData::new(Op::Srem).to(dst).with(&two),
            6 => InstData::new(Op::Shl).to(dst).with(&two),
            7 => {
                let exit = self.exit(ExitKind::Raise, known);
                let sym = Some(Sym::Helper(abi::helper::HelperId::GetItem));
                let args = if self.random.below(2) == 0 { vec![a, b] } else { vec![a] };
                InstData { sym, args, fails: Fails::Zero, exit, ..InstData::new(Op::Call) }.to(dst)
            }
            8 => {
                let exit = self.exit(ExitKind::Deopt, known);
                InstData::new(Op::AddOv).to(dst).with(&two).exiting(exit)
            }
            _ => {
                let (x, y) = (self.xmm(block, known), self.xmm(block, known));
                let dst = self.func.new_vreg(RegClass::Xmm);
                known.push(dst);
                self.func.append(block, InstData::new(Op::Fadd).to(dst).with(&[Src::Reg(x), Src::Reg(y)]));
                return;
            }
        };
        self.func.append(block, data);
        known.push(dst);
    }

    fn exit(&mut self, kind: ExitKind, known: &[Reg]) -> Option<crate::ir::Exit> {
        let mut locals = Vec::new();
        for &reg in known {
            if self.random.below(3) == 0 {
                locals.push(ExitSlot::Value(ExitValue::Reg(reg), ValueRepr::Word));
            }
        }
        let frame = ExitFrame { code: hir::env::FuncId::from_index(0), offset: 0, locals, stack: Vec::new() };
        Some(self.func.exits.push(ExitData { kind, frames: vec![frame], owned: Vec::new(), done: None }))
    }

    fn terminator(&mut self, blocks: &[Block], at: usize, known: &[Reg]) {
        let block = blocks[at];
        let known = &mut known.to_vec();
        if at + 1 == blocks.len() {
            let result = self.gpr(block, known);
            self.func.append(block, InstData { args: vec![result], ..InstData::new(Op::Ret) });
            return;
        }
        let targets = if self.random.below(2) == 0 {
            vec![blocks[at + 1]]
        } else {
            vec![blocks[at + 1], blocks[1 + self.random.below(blocks.len() - 1)]]
        };
        let condition = self.gpr(block, known);
        let mut edges = Vec::new();
        for target in targets {
            let mut args = Vec::new();
            for param in self.func.blocks[target].params.clone() {
                let arg = if self.func.class(param) == RegClass::Gpr {
                    self.gpr(block, known)
                } else {
                    self.xmm(block, known)
                };
                args.push(arg);
            }
            edges.push(Edge { target, args });
        }
        let op = if edges.len() == 1 { Op::Jump } else { Op::BrCmp };
        let mut data = InstData { edges, ..InstData::new(op) };
        if op == Op::BrCmp {
            data = data.with(&[Src::Reg(condition), Src::Imm(0)]);
        }
        self.func.append(block, data);
    }
}

fn random_function(seed: u64) -> Function {
    let mut generator = Generator { random: Random::new(seed), func: Function::new(format!("seed{seed}")) };
    let count = 2 + generator.random.below(7);
    let blocks: Vec<Block> = (0..count).map(|_| generator.func.new_block()).collect();
    generator.func.layout.clone_from(&blocks);
    for (at, &block) in blocks.iter().enumerate() {
        let limit = if at == 0 { 6 } else { 4 };
        for _ in 0..generator.random.below(limit + 1) {
            let class = if generator.random.below(4) == 0 { RegClass::Xmm } else { RegClass::Gpr };
            let param = generator.func.new_vreg(class);
            generator.func.blocks[block].params.push(param);
        }
        generator.func.blocks[block].loop_depth = generator.random.below(3) as u32;
        generator.func.blocks[block].is_cold = at > 0 && generator.random.below(4) == 0;
    }
    // Values of the entry dominate everything.
    let mut of_entry = Vec::new();
    for at in 0..blocks.len() {
        generator.block(&blocks, at, of_entry.clone());
        if at == 0 {
            let entry = &generator.func.blocks[blocks[0]];
            of_entry.extend(entry.params.iter().copied());
            of_entry.extend(entry.insts.iter().filter_map(|&inst| generator.func.insts[inst].dst));
        }
    }
    generator.func
}

#[test]
fn random_functions_pass_the_checker() {
    for env in [tiny_machine(), MachineEnv::x86_64()] {
        for seed in 1..500 {
            let mut func = random_function(seed);
            assert_eq!(verify(&func), Ok(()), "seed {seed}\n{}", print(&func));
            allocate(&mut func, &env);
            assert_eq!(verify(&func), Ok(()), "seed {seed}\n{}", print(&func));
        }
    }
}
