//! Fast paths in front of generic helpers, for code without types: no speculation, so nothing to leave for.
//!
//! A comparison of two tagged integers compares the words, whose order is that of the numbers; the truth of `True` and `False` is
//! known by identity; an iterator over a list steps forward, and a list with room takes another item. Everything else calls the helper, out of line.

use abi::helper::HelperId;
use hir::env::{ClassId, ConstId};
use hir::ir::{Imm, Inst, Type};

use super::memory::element;
use super::{Constant, Lower, Lowered};
use crate::ir::{Cc, InstData, Mem, Op, Reg, RegClass, Src, Sym};

impl Lower<'_> {
    /// Lowers a helper call with a fast path; false if it has none.
    pub(super) fn lower_fast_path(&mut self, inst: Inst) -> Lowered<bool> {
        match self.hir.insts[inst].imm {
            Imm::Helper(HelperId::Compare) => self.compare_tagged(inst),
            Imm::Helper(HelperId::FloatPow) => self.square_or_root(inst),
            Imm::Helper(HelperId::IterNext) => self.next_of_list(inst),
            Imm::Helper(HelperId::ListAppend) => self.append(inst),
            Imm::Helper(HelperId::IsTrue) if self.arg_ty(0).could_be(Type::BOOL) => self.truth_of_bool(inst),
            _ => Ok(false),
        }
    }

    fn compare_tagged(&mut self, inst: Inst) -> Lowered<bool> {
        let may_be_tagged = self.arg_ty(0).may_be_tagged() && self.arg_ty(1).may_be_tagged();
        // Operator numbers are the bytecode's: <, <=, ==, !=, >, >=.
        let conditions = [Cc::Lt, Cc::Le, Cc::Eq, Cc::Ne, Cc::Gt, Cc::Ge];
        let number = self.arg_ty(2).int_constant().and_then(|number| usize::try_from(number).ok());
        let Some(&cc) = number.and_then(|number| conditions.get(number)).filter(|_| may_be_tagged) else {
            return Ok(false);
        };
        let operands = [self.reg(self.arg(0)), self.reg(self.arg(1))];
        let (slow, join) = (self.side_block(true), self.side_block(false));
        let result = self.out.new_vreg(RegClass::Gpr);
        self.out.blocks[join].params.push(result);
        for (at, &operand) in operands.iter().enumerate() {
            if self.arg_ty(at).is_subtype(Type::SMALL_INT) {
                continue;
            }
            let next = self.side_block(false);
            let is_tagged = InstData::new(Op::BrTest).cc(Cc::Ne).with(&[Src::Reg(operand), Src::Imm(1)]);
            self.branch(is_tagged, next, slow);
            self.enter(next);
        }
        let truth = self.out.new_vreg(RegClass::Gpr);
        let compare = InstData::new(Op::SetCmp).cc(cc).to(truth);
        self.emit(compare.with(&[Src::Reg(operands[0]), Src::Reg(operands[1])]));
        let (yes, no) = (self.singleton(ConstId::TRUE.id()), self.singleton(ConstId::FALSE.id()));
        let singleton = self.def(Op::Select, &[Src::Reg(truth), Src::Reg(yes), Src::Reg(no)]);
        // The caller of a helper owns its result.
        self.emit(InstData::new(Op::Incref).with(&[Src::Reg(singleton)]));
        self.jump(join, vec![singleton]);
        self.finish_slow(inst, slow, join, result)
    }

    fn truth_of_bool(&mut self, inst: Inst) -> Lowered<bool> {
        let value = self.reg(self.arg(0));
        let (slow, join) = (self.side_block(true), self.side_block(false));
        let result = self.out.new_vreg(RegClass::Gpr);
        self.out.blocks[join].params.push(result);
        for (id, answer) in [(ConstId::TRUE, 1), (ConstId::FALSE, 0)] {
            let (found, next) = (self.side_block(false), self.side_block(false));
            let singleton = self.singleton(id.id());
            let is_it = InstData::new(Op::BrCmp).cc(Cc::Eq).with(&[Src::Reg(value), Src::Reg(singleton)]);
            self.branch(is_it, found, next);
            self.enter(found);
            let answer = self.imm(answer);
            self.jump(join, vec![answer]);
            self.enter(next);
        }
        self.jump(slow, Vec::new());
        self.finish_slow(inst, slow, join, result)
    }

    /// A list iterator that is not at its end steps forward; the end is the helper's, which lets go of the list.
    fn next_of_list(&mut self, inst: Inst) -> Lowered<bool> {
        if self.layout.list_strategy.is_some() {
            return Ok(false);
        }
        let iterator = self.reg(self.arg(0));
        let (slow, join) = (self.side_block(true), self.side_block(false));
        let result = self.out.new_vreg(RegClass::Gpr);
        self.out.blocks[join].params.push(result);
        if self.arg_ty(0).may_be_tagged() {
            self.unless(slow, InstData::new(Op::BrTest).cc(Cc::Eq).with(&[Src::Reg(iterator), Src::Imm(1)]));
        }
        let class = self.sym(Sym::Class(ClassId::LIST_ITERATOR.id()));
        let type_pointer = Src::Mem(Mem::at(iterator, self.layout.type_pointer));
        self.unless(slow, InstData::new(Op::BrCmp).cc(Cc::Eq).with(&[type_pointer, Src::Reg(class)]));
        let list = self.load(iterator, self.layout.iterator_sequence);
        self.unless(slow, InstData::new(Op::BrCmp).cc(Cc::Ne).with(&[Src::Reg(list), Src::Imm(0)]));
        let position = self.load(iterator, self.layout.iterator_position);
        let length = self.load(list, self.layout.size);
        let is_inside = InstData::new(Op::BrCmp).cc(Cc::Below).with(&[Src::Reg(position), Src::Reg(length)]);
        self.unless(slow, is_inside);
        let items = self.load(list, self.layout.list_items);
        let item = self.def(Op::Load, &[Src::Mem(element(items, Src::Reg(position), 8, 0))]);
        self.emit(InstData { tests: 1, ..InstData::new(Op::Incref) }.with(&[Src::Reg(item)]));
        let next = self.def(Op::Add, &[Src::Reg(position), Src::Imm(1)]);
        let place = Src::Mem(Mem::at(iterator, self.layout.iterator_position));
        self.emit(InstData::new(Op::Store).with(&[place, Src::Reg(next)]));
        self.jump(join, vec![item]);
        self.finish_slow(inst, slow, join, result)
    }

    /// An item is written behind the last one if there is room.
    fn append(&mut self, inst: Inst) -> Lowered<bool> {
        if self.layout.list_strategy.is_some() {
            return Ok(false);
        }
        let (list, item) = (self.reg(self.arg(0)), self.reg(self.arg(1)));
        let (slow, join) = (self.side_block(true), self.side_block(false));
        let result = self.out.new_vreg(RegClass::Gpr);
        self.out.blocks[join].params.push(result);
        let length = self.load(list, self.layout.size);
        let room = self.load(list, self.layout.list_capacity);
        self.unless(slow, InstData::new(Op::BrCmp).cc(Cc::Below).with(&[Src::Reg(length), Src::Reg(room)]));
        let tests = u8::from(self.arg_ty(1).may_be_tagged());
        self.emit(InstData { tests, ..InstData::new(Op::Incref) }.with(&[Src::Reg(item)]));
        let items = self.load(list, self.layout.list_items);
        let place = Src::Mem(element(items, Src::Reg(length), 8, 0));
        self.emit(InstData::new(Op::Store).with(&[place, Src::Reg(item)]));
        let longer = self.def(Op::Add, &[Src::Reg(length), Src::Imm(1)]);
        let size = Src::Mem(Mem::at(list, self.layout.size));
        self.emit(InstData::new(Op::Store).with(&[size, Src::Reg(longer)]));
        let done = self.imm(0);
        self.jump(join, vec![done]);
        self.finish_slow(inst, slow, join, result)
    }

    /// Goes to `slow` unless the test of the branch holds.
    fn unless(&mut self, slow: crate::ir::Block, test: InstData) {
        let next = self.side_block(false);
        self.branch(test, next, slow);
        self.enter(next);
    }

    /// `x ** 0.5` and `x ** 2.0` must be what the C library's `pow` gives, which errs by at most 0.54 units in the last place (so
    /// glibc and musl say of it). The machine gives the double that is closest to the true result, and its error exactly; if that is below 7/16 of
    /// a unit, every other double is more than 0.56 units away from the true result, so that `pow` gives this one. Else it is asked.
    ///
    /// With `s` for the double and `e` for the exact `x - s * s`, the root is `e / 2s` away, but for a relative 2^-53. The unit is that of
    /// the doubles below `s`, which is the smaller one at powers of two. What is so small that `e` may be inexact is left to `pow`, as are
    /// infinities and NaNs, which fail every comparison.
    fn square_or_root(&mut self, inst: Inst) -> Lowered<bool> {
        const EXPONENT: i64 = 0x7ff << 52;
        const LEAST: i64 = (1023 - 450) << 52;
        let exponent = match self.constant(self.arg(1)) {
            Some(Constant::Double(bits)) => f64::from_bits(bits),
            _ => return Ok(false),
        };
        if !self.env.has_fused_multiply || (exponent != 0.5 && exponent != 2.0) {
            return Ok(false);
        }
        let x = self.reg(self.arg(0));
        let is_root = exponent == 0.5;
        let (slow, join) = (self.side_block(true), self.side_block(false));
        let (normal, close) = (self.side_block(false), self.side_block(false));
        let result = self.out.new_vreg(RegClass::Xmm);
        self.out.blocks[join].params.push(result);
        let (s, error) = if is_root {
            let root = self.def_float(Op::Fsqrt, &[Src::Reg(x)]);
            (root, self.def_float(Op::Fnmadd, &[Src::Reg(x), Src::Reg(root), Src::Reg(root)]))
        } else {
            let square = self.def_float(Op::Fmul, &[Src::Reg(x), Src::Reg(x)]);
            (square, self.def_float(Op::Fnmadd, &[Src::Reg(square), Src::Reg(x), Src::Reg(x)]))
        };
        let bits = self.def(Op::FloatBits, &[Src::Reg(s)]);
        let below = self.def(Op::Sub, &[Src::Reg(bits), Src::Imm(1)]);
        let mask = self.imm(EXPONENT);
        let power = self.def(Op::And, &[Src::Reg(below), Src::Reg(mask)]);
        let least = self.imm(LEAST);
        self.branch(
            InstData::new(Op::BrCmp).cc(Cc::Ge).with(&[Src::Reg(power), Src::Reg(least)]),
            normal,
            slow,
        );
        self.enter(normal);
        let power = self.def_float(Op::BitsFloat, &[Src::Reg(power)]);
        let scale = if is_root { 7.0 / 8.0 } else { 7.0 / 16.0 } * f64::EPSILON;
        let mut limit = self.def_float(Op::Fmul, &[Src::Reg(power), Src::Imm(scale.to_bits() as i64)]);
        if is_root {
            limit = self.def_float(Op::Fmul, &[Src::Reg(limit), Src::Reg(s)]);
        }
        let error = self.def_float(Op::Fabs, &[Src::Reg(error)]);
        self.branch(
            InstData::new(Op::BrFcmp).cc(Cc::Lt).with(&[Src::Reg(error), Src::Reg(limit)]),
            close,
            slow,
        );
        self.enter(close);
        self.jump(join, vec![s]);
        self.finish_slow(inst, slow, join, result)
    }

    /// The call itself, out of line; then everything goes on with `result`.
    fn finish_slow(
        &mut self,
        inst: Inst,
        slow: crate::ir::Block,
        join: crate::ir::Block,
        result: Reg,
    ) -> Lowered<bool> {
        self.enter(slow);
        self.call_helper(inst)?;
        let answer = self.reg(self.hir.result(inst));
        self.jump(join, vec![answer]);
        self.enter(join);
        self.set_result(result);
        Ok(true)
    }
}
