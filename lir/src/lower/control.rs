//! Comparisons, guards, casts and terminators.

use hir::env::CastHints;
use hir::env::{ClassId, ConstId, builtin_of_exact};
use hir::ir::{Cond, Imm, Inst, Opcode as H, Spec, Type, Value};

use super::{Lower, Lowered};
use crate::ir::{Cc, Edge, ExitKind, Fails, InstData, Mem, Op, Reg, RegClass, Size, Src, Sym};

/// A comparison, to be completed to a branch, a guard or a truth value.
struct Test {
    kind: Kind,
    cc: Cc,
    size: Size,
    srcs: [Src; 2],
}

#[derive(Clone, Copy)]
enum Kind {
    Cmp,
    Test,
    Fcmp,
}

impl Test {
    fn cmp(cc: Cc, a: Src, b: Src) -> Self {
        Self { kind: Kind::Cmp, cc, size: Size::B8, srcs: [a, b] }
    }

    fn inst(&self, op: [Op; 3]) -> InstData {
        InstData::new(op[self.kind as usize]).cc(self.cc).sized(self.size).with(&self.srcs)
    }
}

const BRANCHES: [Op; 3] = [Op::BrCmp, Op::BrTest, Op::BrFcmp];
const SETS: [Op; 3] = [Op::SetCmp, Op::SetTest, Op::SetFcmp];

impl Lower<'_> {
    pub(super) fn lower_control(&mut self, inst: Inst) -> Lowered<()> {
        let op = self.hir.insts[inst].op;
        match op {
            H::Icmp | H::Fcmp | H::IsSmallInt | H::IsNull | H::IsSame | H::IsExact | H::UnboxBool => {
                self.lower_comparison(inst)
            }
            H::IsInstance => self.is_instance(inst),
            H::Guard => self.guard(),
            H::GuardType | H::CheckType => self.guard_type(inst),
            H::GuardSet => {
                let value = self.reg(self.arg(0));
                let exit = self.exit(ExitKind::Deopt);
                let test = InstData::new(Op::GuardCmp).cc(Cc::Ne).with(&[Src::Reg(value), Src::Imm(0)]);
                self.emit(test.exiting(exit));
                self.alias(inst);
                Ok(())
            }
            H::Cast => self.cast(inst),
            _ => {
                self.lower_terminator(inst);
                Ok(())
            }
        }
    }

    /// Comparisons with one user in a branch or guard are left to it.
    fn lower_comparison(&mut self, inst: Inst) -> Lowered<()> {
        if self.uses[self.hir.result(inst)] == 1 && self.is_tested(inst) {
            return Ok(());
        }
        let Some(test) = self.test(inst) else {
            return self.unsupported("is_exact of a possibly tagged value");
        };
        let out = self.out.new_vreg(RegClass::Gpr);
        let value = match self.hir.insts[inst].op {
            // The byte that is tested is the truth value.
            H::UnboxBool => InstData::new(Op::Load).sized(Size::B1).with(&test.srcs[..1]),
            _ => test.inst(SETS),
        };
        self.emit(value.to(out));
        self.set_result(out);
        Ok(())
    }

    /// Whether the next branch or guard of the block tests this comparison, with no effect between that could change its answer.
    fn is_tested(&self, inst: Inst) -> bool {
        let result = self.hir.result(inst);
        let insts = &self.hir.blocks[self.hir_block].insts;
        let Some(position) = insts.iter().position(|&other| other == inst) else { return false };
        let user = insts[position + 1..]
            .iter()
            .find(|&&later| self.hir.args(later).iter().any(|&arg| self.hir.resolve(arg) == result));
        let is_test = |later: Inst| matches!(self.hir.insts[later].op, H::Branch | H::Guard);
        user.is_some_and(|&later| is_test(later)) && self.test_is_simple(inst)
    }

    fn test_is_simple(&self, inst: Inst) -> bool {
        self.hir.insts[inst].op != H::IsExact || !self.hir.ty(self.hir.arg(inst, 0)).may_be_tagged()
    }

    /// The comparison that an instruction makes.
    fn test(&mut self, inst: Inst) -> Option<Test> {
        let data = &self.hir.insts[inst];
        let a = self.hir.arg(inst, 0);
        Some(match (data.op, data.imm) {
            (H::Icmp, Imm::Cond(cond)) => {
                let b = self.hir.arg(inst, 1);
                self.integer_test(cond, a, b)
            }
            (H::Fcmp, Imm::Cond(cond)) => {
                let srcs = [Src::Reg(self.reg(a)), Src::Reg(self.reg(self.hir.arg(inst, 1)))];
                Test { kind: Kind::Fcmp, cc: signed(cond), size: Size::B8, srcs }
            }
            (H::IsSmallInt, _) => {
                let srcs = [Src::Reg(self.reg(a)), Src::Imm(1)];
                Test { kind: Kind::Test, cc: Cc::Ne, size: Size::B8, srcs }
            }
            (H::IsNull, _) => Test::cmp(Cc::Eq, Src::Reg(self.reg(a)), Src::Imm(0)),
            (H::IsSame, _) => {
                let b = self.hir.arg(inst, 1);
                let (mut a, mut b) = (a, b);
                if self.constant(a).is_some() {
                    std::mem::swap(&mut a, &mut b);
                }
                Test::cmp(Cc::Eq, Src::Reg(self.reg(a)), self.src(b))
            }
            (H::UnboxBool, _) => {
                let truth = Src::Mem(Mem::at(self.reg(a), self.layout.bool_truth));
                Test { size: Size::B1, ..Test::cmp(Cc::Ne, truth, Src::Imm(0)) }
            }
            (H::IsExact, Imm::Class(class)) if !self.hir.ty(a).may_be_tagged() => self.class_test(a, class),
            _ => return None,
        })
    }

    fn integer_test(&mut self, cond: Cond, mut a: Value, mut b: Value) -> Test {
        let mut cc = if self.hir.ty(a).is_subtype(Type::SIGNED) { signed(cond) } else { unsigned(cond) };
        if self.constant(a).is_some() && self.constant(b).is_none() {
            std::mem::swap(&mut a, &mut b);
            cc = cc.swapped();
        }
        Test::cmp(cc, Src::Reg(self.reg(a)), self.src(b))
    }

    fn class_test(&mut self, value: Value, class: ClassId) -> Test {
        let object = self.reg(value);
        let class = self.sym(Sym::Class(class));
        Test::cmp(Cc::Eq, Src::Mem(Mem::at(object, self.layout.type_pointer)), Src::Reg(class))
    }

    /// The test of a truth value: the comparison that makes it, if that was left to its user.
    fn condition(&mut self, value: Value) -> Test {
        if self.regs[self.hir.resolve(value)].is_none()
            && self.constant(value).is_none()
            && let Some(inst) = self.hir.def_inst(value)
        {
            return self.test(inst).expect("only simple comparisons are left to their users");
        }
        let reg = self.reg(value);
        Test { size: Size::B4, ..Test::cmp(Cc::Ne, Src::Reg(reg), Src::Imm(0)) }
    }

    fn guard(&mut self) -> Lowered<()> {
        let test = self.condition(self.arg(0));
        if matches!(test.kind, Kind::Fcmp) {
            // Two flags tell about doubles, so that a branch is better than a condition.
            if let Some(countdown) = self.layout.deopt_countdown {
                self.count_guard(countdown);
            }
            let (fail, next) = (self.side_block(true), self.side_block(false));
            self.branch(test.inst(BRANCHES), next, fail);
            self.enter(fail);
            let exit = self.exit(ExitKind::Deopt);
            self.emit(InstData::new(Op::Exit).exiting(exit));
            self.enter(next);
            return Ok(());
        }
        let exit = self.exit(ExitKind::Deopt);
        self.emit(test.inst([Op::GuardCmp, Op::GuardTest, Op::GuardCmp]).exiting(exit));
        Ok(())
    }

    fn guard_type(&mut self, inst: Inst) -> Lowered<()> {
        let (value, from, to) = (self.arg(0), self.arg_ty(0), self.result_ty());
        let reg = self.reg(value);
        let exit = self.exit(ExitKind::Deopt);
        let tag = |cc| InstData::new(Op::GuardTest).cc(cc).with(&[Src::Reg(reg), Src::Imm(1)]);
        let is_word = |word: Src| InstData::new(Op::GuardCmp).cc(Cc::Eq).with(&[Src::Reg(reg), word]);
        if from.is_subtype(to) {
        } else if to.is_subtype(Type::SMALL_INT) {
            self.emit(tag(Cc::Ne).exiting(exit));
        } else if to.is_subtype(Type::NONE) {
            let none = self.singleton(ConstId::NONE.id());
            self.emit(is_word(Src::Reg(none)).exiting(exit));
        } else if let Spec::Object(object) = to.spec() {
            let object = self.singleton(object);
            self.emit(is_word(Src::Reg(object)).exiting(exit));
        } else {
            let class = match to.spec() {
                Spec::ExactClass(class) => Some(class),
                _ => builtin_of_exact(to),
            };
            let Some(class) = class else { return self.unsupported("guard_type of an inexact class") };
            if from.may_be_tagged() {
                self.emit(tag(Cc::Eq).exiting(exit));
            }
            if from.may_be_null() {
                let exit = self.exit(ExitKind::Deopt);
                let not_null = InstData::new(Op::GuardCmp).cc(Cc::Ne).with(&[Src::Reg(reg), Src::Imm(0)]);
                self.emit(not_null.exiting(exit));
            }
            let exit = self.exit(ExitKind::Deopt);
            let test = self.class_test(value, class);
            self.emit(test.inst([Op::GuardCmp; 3]).exiting(exit));
        }
        self.alias(inst);
        Ok(())
    }

    fn is_instance(&mut self, inst: Inst) -> Lowered<()> {
        let Imm::Class(class) = self.hir.insts[inst].imm else { return self.unsupported("is_instance") };
        let args = vec![self.reg(self.arg(0)), self.sym(Sym::Class(class))];
        let out = self.out.new_vreg(RegClass::Gpr);
        let sym = Some(Sym::Helper(abi::helper::HelperId::IsInstance));
        self.emit(InstData { sym, args, ..InstData::new(Op::Call) }.to(out));
        self.set_result(out);
        Ok(())
    }

    /// What the declared type admits at a glance passes; everything else is judged by the runtime, out of line.
    fn cast(&mut self, inst: Inst) -> Lowered<()> {
        let from = self.arg_ty(0);
        let value = self.reg(self.arg(0));
        let (slow, done) = (self.side_block(true), self.side_block(false));
        let known = self.hir.args(inst).len() > 2;
        let hints = if known { self.arg_ty(3).int_constant() } else { None };
        let hints = CastHints::decode(hints.unwrap_or(0));
        if from.may_be_tagged() {
            let next = self.side_block(false);
            let target = if hints.admits_tagged { done } else { slow };
            let tagged = InstData::new(Op::BrTest).cc(Cc::Ne).with(&[Src::Reg(value), Src::Imm(1)]);
            self.branch(tagged, target, next);
            self.enter(next);
        }
        if hints.admits_none && from.could_be(Type::NONE) {
            let (none, next) = (self.singleton(ConstId::NONE.id()), self.side_block(false));
            let is_none = InstData::new(Op::BrCmp).cc(Cc::Eq).with(&[Src::Reg(value), Src::Reg(none)]);
            self.branch(is_none, done, next);
            self.enter(next);
        }
        if known {
            let class = self.reg(self.arg(2));
            let ty = self.layout.type_pointer;
            let place = match hints.depth {
                Some(depth) => {
                    let object_class = self.load(value, ty);
                    Mem::at(object_class, self.layout.display + depth as i32 * 8)
                }
                None => Mem::at(value, ty),
            };
            let operands = [Src::Mem(place), Src::Reg(class)];
            self.branch(InstData::new(Op::BrCmp).cc(Cc::Eq).with(&operands), done, slow);
        } else {
            self.jump(slow, Vec::new());
        }
        self.enter(slow);
        self.check_cast(inst, value);
        self.jump(done, Vec::new());
        self.enter(done);
        self.alias(inst);
        Ok(())
    }

    fn check_cast(&mut self, inst: Inst, value: Reg) {
        let Imm::Int(index) = self.hir.insts[inst].imm else {
            unreachable!("a cast names a type by number");
        };
        let args = vec![value, self.reg(self.arg(1)), self.imm(index)];
        let exit = self.exit(ExitKind::Raise);
        let sym = Some(Sym::Helper(abi::helper::HelperId::Cast));
        let out = self.out.new_vreg(RegClass::Gpr);
        let call = InstData { sym, args, fails: Fails::Negative, ..InstData::new(Op::Call) };
        self.emit(call.to(out).exiting(exit));
    }

    fn lower_terminator(&mut self, inst: Inst) {
        let data = &self.hir.insts[inst];
        match data.op {
            H::Jump => {
                let edges = self.edges(inst);
                self.emit(InstData { edges, ..InstData::new(Op::Jump) });
            }
            H::Branch => {
                let condition = self.arg(0);
                let edges = self.edges(inst);
                if let Some(super::Constant::Word(word)) = self.constant(condition) {
                    let edge = edges[usize::from(word == 0)].clone();
                    self.emit(InstData { edges: vec![edge], ..InstData::new(Op::Jump) });
                    return;
                }
                let test = self.condition(condition);
                self.emit(InstData { edges, ..test.inst(BRANCHES) });
            }
            H::Return => {
                let args = vec![self.reg(self.arg(0))];
                self.emit(InstData { args, ..InstData::new(Op::Ret) });
            }
            H::Deopt => {
                let exit = self.exit(ExitKind::Deopt);
                self.emit(InstData::new(Op::Exit).exiting(exit));
            }
            _ => self.emit(InstData::new(Op::Trap)),
        }
    }

    fn edges(&mut self, inst: Inst) -> Vec<Edge> {
        let hir = self.hir;
        let edge = |edge: &hir::ir::Edge| Edge {
            target: self.block_of(edge.target),
            args: edge.args.iter().map(|&arg| self.reg(arg)).collect(),
        };
        hir.edges(inst).iter().map(edge).collect()
    }
}

fn signed(cond: Cond) -> Cc {
    [Cc::Eq, Cc::Ne, Cc::Lt, Cc::Le, Cc::Gt, Cc::Ge][cond as usize]
}

fn unsigned(cond: Cond) -> Cc {
    [Cc::Eq, Cc::Ne, Cc::Below, Cc::BelowEq, Cc::Above, Cc::AboveEq][cond as usize]
}
