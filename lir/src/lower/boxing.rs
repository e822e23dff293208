//! Between objects and primitives.

use abi::helper::HelperId;
use hir::env::{ClassId, ConstId};
use hir::ir::{Inst, Opcode as H, Type};

use super::{Lower, Lowered};
use crate::ir::{Cc, ExitKind, Fails, InstData, Mem, Op, Reg, RegClass, Size, Src, Sym};

/// Integers from here to its complement fit a tagged word.
const LEAST_SMALL: i64 = -(1 << 62);

impl Lower<'_> {
    pub(super) fn lower_boxing(&mut self, inst: Inst) -> Lowered<()> {
        let value = self.reg(self.arg(0));
        let reg = match self.hir.insts[inst].op {
            H::Tag => self.tag(value),
            H::Untag => self.def(Op::Sar, &[Src::Reg(value), Src::Imm(1)]),
            H::BoxInt => self.box_int(value),
            H::UnboxInt => self.unbox_int(value),
            H::BoxFloat => self.box_float(value),
            H::UnboxFloat => {
                self.def_float(Op::LoadFloat, &[Src::Mem(Mem::at(value, self.layout.float_value))])
            }
            H::BoxBool => {
                let (yes, no) = (self.singleton(ConstId::TRUE.id()), self.singleton(ConstId::FALSE.id()));
                self.def(Op::Select, &[Src::Reg(value), Src::Reg(yes), Src::Reg(no)])
            }
            other => return self.unsupported(other.info().name),
        };
        self.set_result(reg);
        Ok(())
    }

    /// `2 * value + 1`.
    fn tag(&mut self, value: Reg) -> Reg {
        let mem = Mem { index: Some((value, 1)), ..Mem::at(value, 1) };
        self.def(Op::Lea, &[Src::Mem(mem)])
    }

    fn box_int(&mut self, value: Reg) -> Reg {
        let ty = self.arg_ty(0);
        let is_small = ty.int_bounds().is_some_and(|(lo, hi)| lo >= LEAST_SMALL && hi < -LEAST_SMALL);
        if is_small || self.result_ty().is_subtype(Type::SMALL_INT) {
            return self.tag(value);
        }
        let (fast, slow, join) = (self.side_block(false), self.side_block(true), self.side_block(false));
        let result = self.out.new_vreg(RegClass::Gpr);
        self.out.blocks[join].params.push(result);
        let helper = if ty.is_subtype(Type::SIGNED) {
            // Shifting the range up makes "fits" the same as "not negative".
            let least = self.imm(-LEAST_SMALL);
            let shifted = self.def(Op::Add, &[Src::Reg(value), Src::Reg(least)]);
            self.branch(
                InstData::new(Op::BrCmp).cc(Cc::Ge).with(&[Src::Reg(shifted), Src::Imm(0)]),
                fast,
                slow,
            );
            HelperId::BoxI64
        } else {
            let high = self.def(Op::Shr, &[Src::Reg(value), Src::Imm(62)]);
            self.branch(InstData::new(Op::BrCmp).cc(Cc::Eq).with(&[Src::Reg(high), Src::Imm(0)]), fast, slow);
            HelperId::BoxU64
        };
        self.enter(fast);
        let small = self.tag(value);
        self.jump(join, vec![small]);
        self.enter(slow);
        let big = self.call_simple(helper, vec![value]);
        self.jump(join, vec![big]);
        self.enter(join);
        result
    }

    /// Calls a helper that cannot fail and returns in a general register.
    pub(super) fn call_simple(&mut self, helper: HelperId, args: Vec<Reg>) -> Reg {
        let out = self.out.new_vreg(RegClass::Gpr);
        self.emit(InstData { sym: Some(Sym::Helper(helper)), args, ..InstData::new(Op::Call) }.to(out));
        out
    }

    /// A tagged integer in range is shifted; anything else is the runtime's.
    fn unbox_int(&mut self, value: Reg) -> Reg {
        let (from, to) = (self.arg_ty(0), self.result_ty());
        let (fast, slow, join) = (self.side_block(false), self.side_block(true), self.side_block(false));
        let result = self.out.new_vreg(RegClass::Gpr);
        self.out.blocks[join].params.push(result);
        if from.could_be(Type::SMALL_INT) {
            self.branch(
                InstData::new(Op::BrTest).cc(Cc::Ne).with(&[Src::Reg(value), Src::Imm(1)]),
                fast,
                slow,
            );
        } else {
            self.jump(slow, Vec::new());
        }
        if from.could_be(Type::SMALL_INT) {
            self.enter(fast);
            let raw = self.def(Op::Sar, &[Src::Reg(value), Src::Imm(1)]);
            self.range_check(raw, to, slow);
            self.jump(join, vec![raw]);
        }
        self.enter(slow);
        let code = self.imm(type_code(to));
        let exit = self.exit(ExitKind::Raise);
        let out = self.out.new_vreg(RegClass::Gpr);
        let sym = Some(Sym::Helper(HelperId::UnboxInt));
        let call =
            InstData { sym, args: vec![value, code], fails: Fails::Pending, ..InstData::new(Op::Call) };
        self.emit(call.to(out).exiting(exit));
        self.jump(join, vec![out]);
        self.enter(join);
        result
    }

    /// Goes to `slow` unless the value survives truncation to the type's width.
    fn range_check(&mut self, raw: Reg, to: Type, slow: crate::ir::Block) {
        let next = self.side_block(false);
        if to.is_subtype(Type::U64) {
            self.branch(InstData::new(Op::BrCmp).cc(Cc::Ge).with(&[Src::Reg(raw), Src::Imm(0)]), next, slow);
        } else if to.is_subtype(Type::I64) {
            self.jump(next, Vec::new());
        } else {
            let narrow = self.extended(raw, to);
            self.branch(
                InstData::new(Op::BrCmp).cc(Cc::Eq).with(&[Src::Reg(raw), Src::Reg(narrow)]),
                next,
                slow,
            );
        }
        self.enter(next);
    }

    fn box_float(&mut self, value: Reg) -> Reg {
        const FLOAT_BYTES: u32 = 24;
        let Some(head) = self.free_list(FLOAT_BYTES) else {
            return self.call_simple(HelperId::BoxF64, vec![value]);
        };
        let (fast, slow, join) = (self.side_block(false), self.side_block(true), self.side_block(false));
        let result = self.out.new_vreg(RegClass::Gpr);
        self.out.blocks[join].params.push(result);
        let object = self.def(Op::Load, &[Src::Mem(head)]);
        self.branch(InstData::new(Op::BrCmp).cc(Cc::Ne).with(&[Src::Reg(object), Src::Imm(0)]), fast, slow);
        self.enter(fast);
        self.pop_free(object, head, ClassId::FLOAT.id());
        let field = Src::Mem(Mem::at(object, self.layout.float_value));
        self.emit(InstData::new(Op::StoreFloat).with(&[field, Src::Reg(value)]));
        self.jump(join, vec![object]);
        self.enter(slow);
        let boxed = self.call_simple(HelperId::BoxF64, vec![value]);
        self.jump(join, vec![boxed]);
        self.enter(join);
        result
    }

    /// The free-list head for objects of so many bytes.
    pub(super) fn free_list(&self, bytes: u32) -> Option<Mem> {
        let first = self.layout.free_lists?;
        (bytes <= self.layout.free_list_limit)
            .then(|| Mem::thread(first + (bytes.div_ceil(16) as i32 - 1) * 8))
    }

    /// Takes the object off its free list and writes its header.
    pub(super) fn pop_free(&mut self, object: Reg, head: Mem, class: ClassId) {
        let next = self.load(object, self.layout.free_list_link);
        self.emit(InstData::new(Op::Store).with(&[Src::Mem(head), Src::Reg(next)]));
        let class = self.sym(Sym::Class(class));
        let header = Src::Mem(Mem::at(object, self.layout.refcount));
        let header_word = Src::Imm(i64::from(self.layout.new_header));
        self.emit(InstData::new(Op::Store).sized(Size::B8).with(&[header, header_word]));
        let type_pointer = Src::Mem(Mem::at(object, self.layout.type_pointer));
        self.emit(InstData::new(Op::Store).with(&[type_pointer, Src::Reg(class)]));
    }
}

/// The bytecode's number of a primitive integer type.
fn type_code(ty: Type) -> i64 {
    ty.int_width()
        .map_or(6, |(bytes, is_signed)| i64::from(bytes.trailing_zeros() * 2) + i64::from(is_signed))
}
