//! Fields, cells, globals and containers.

use abi::helper::HelperId;
use hir::env::FieldKind;
use hir::ir::{Imm, Inst, Opcode as H, Type};

use super::{Lower, Lowered};
use crate::ir::{Base, Cc, ExitKind, Fails, InstData, Mem, Op, Reg, RegClass, Size, Src, Sym};

impl Lower<'_> {
    pub(super) fn lower_memory(&mut self, inst: Inst) -> Lowered<()> {
        match self.hir.insts[inst].op {
            H::LoadField => self.load_field(inst),
            H::CheckField => self.check_field(inst),
            H::GuardField => self.guard_field(inst),
            H::GuardOwnFields => self.guard_class(inst, self.layout.stands_in),
            H::GuardStores => self.guard_class(inst, self.layout.stores_ask),
            H::StoreField => self.store_raw(inst),
            H::SwapField | H::InitField => self.store_word(inst),
            H::LoadFloatSlot => self.load_float_slot(inst),
            H::StoreFloatSlot => self.store_float_slot(inst, false),
            H::ReplaceFloatSlot => self.store_float_slot(inst, true),
            H::LoadCell => {
                let cell = self.reg(self.arg(0));
                let value = self.load(cell, self.layout.cell_value);
                self.set_result(value);
            }
            H::SwapCell => {
                let (cell, value) = (self.reg(self.arg(0)), self.src(self.arg(1)));
                let at = Mem::at(cell, self.layout.cell_value);
                self.swap(at, value);
            }
            H::LoadGlobalCell => {
                let Imm::Cell(cell) = self.hir.insts[inst].imm else {
                    return self.unsupported("load_global_cell");
                };
                let mem = Mem { base: Base::Sym(Sym::Cell(cell)), index: None, disp: 0 };
                let value = self.def(Op::Load, &[Src::Mem(mem)]);
                self.set_result(value);
            }
            H::TypeOf if !self.arg_ty(0).may_be_tagged() => {
                let object = self.reg(self.arg(0));
                let class = self.load(object, self.layout.type_pointer);
                self.set_result(class);
            }
            H::FastLen => return self.fast_len(),
            H::CheckBounds => self.check_bounds(inst),
            H::ListItem | H::ListSwap => self.list_item(inst),
            H::GuardWords => self.guard_words(),
            H::TupleItem => {
                let (tuple, index) = (self.reg(self.arg(0)), self.src(self.arg(1)));
                let mem = element(tuple, index, 8, self.layout.tuple_items);
                let item = self.def(Op::Load, &[Src::Mem(mem)]);
                self.set_result(item);
            }
            H::ArrayItem | H::ArrayStore => self.array(inst),
            H::VectorItems | H::VectorItem | H::VectorStore | H::VectorAppend | H::VectorPop => {
                self.vector(inst);
            }
            other => return self.unsupported(other.info().name),
        }
        Ok(())
    }

    fn field_mem(&mut self, inst: Inst) -> Mem {
        let object = self.reg(self.arg(0));
        Mem::at(object, self.hir.field(inst).offset as i32)
    }

    fn load_field(&mut self, inst: Inst) {
        let (kind, ty) = (self.hir.field(inst).kind, self.hir.field(inst).ty);
        let mem = self.field_mem(inst);
        let reg = if kind == FieldKind::Raw {
            self.load_raw(mem, ty)
        } else {
            self.def(Op::Load, &[Src::Mem(mem)])
        };
        self.set_result(reg);
    }

    /// Reads a primitive of type `ty`.
    pub(super) fn load_raw(&mut self, mem: Mem, ty: Type) -> Reg {
        if ty.is_subtype(Type::F64) {
            return self.def_float(Op::LoadFloat, &[Src::Mem(mem)]);
        }
        let (size, is_signed) = raw_size(ty);
        let reg = self.out.new_vreg(RegClass::Gpr);
        let op = if is_signed { Op::LoadSigned } else { Op::Load };
        self.emit(InstData::new(op).sized(size).to(reg).with(&[Src::Mem(mem)]));
        reg
    }

    /// Reads a whole word of the interpreter's, where every primitive is extended.
    pub(super) fn load_word(&mut self, mem: Mem, ty: Type) -> Reg {
        if ty.is_subtype(Type::F64) {
            self.def_float(Op::LoadFloat, &[Src::Mem(mem)])
        } else {
            self.def(Op::Load, &[Src::Mem(mem)])
        }
    }

    /// Writes a whole word of the interpreter's.
    pub(super) fn store_slot(&mut self, mem: Mem, value: hir::ir::Value) {
        if self.hir.ty(value).is_subtype(Type::F64) {
            self.store_raw_to(mem, value);
        } else {
            let src = self.src(value);
            self.emit(InstData::new(Op::Store).with(&[Src::Mem(mem), src]));
        }
    }

    pub(super) fn store_raw_to(&mut self, mem: Mem, value: hir::ir::Value) {
        let ty = self.hir.ty(value);
        if ty.is_subtype(Type::F64) {
            let value = self.reg(value);
            self.emit(InstData::new(Op::StoreFloat).with(&[Src::Mem(mem), Src::Reg(value)]));
        } else {
            let src = self.src(value);
            self.emit(InstData::new(Op::Store).sized(raw_size(ty).0).with(&[Src::Mem(mem), src]));
        }
    }

    fn store_raw(&mut self, inst: Inst) {
        let mem = self.field_mem(inst);
        self.store_raw_to(mem, self.arg(1));
    }

    fn store_word(&mut self, inst: Inst) {
        let mem = self.field_mem(inst);
        let value = self.src(self.arg(1));
        if self.hir.insts[inst].op == H::SwapField {
            self.swap(mem, value);
        } else {
            self.emit(InstData::new(Op::Store).with(&[Src::Mem(mem), value]));
        }
    }

    /// Writes a word and gives the old one as the result.
    fn swap(&mut self, mem: Mem, value: Src) {
        let old = self.def(Op::Load, &[Src::Mem(mem)]);
        self.emit(InstData::new(Op::Store).with(&[Src::Mem(mem), value]));
        self.set_result(old);
    }

    fn check_field(&mut self, inst: Inst) {
        let value = self.reg(self.arg(0));
        let object = self.reg(self.arg(1));
        let (unset, set) = (self.side_block(true), self.side_block(false));
        self.branch(InstData::new(Op::BrCmp).cc(Cc::Ne).with(&[Src::Reg(value), Src::Imm(0)]), set, unset);
        self.enter(unset);
        let offset = self.imm(i64::from(self.hir.field(inst).offset));
        self.raise(HelperId::RaiseUnsetField, vec![object, offset]);
        self.enter(set);
        self.alias(inst);
    }

    /// As a branch to a cold block, so that the test may be left to the hardware, as that of `check_field`.
    fn guard_field(&mut self, inst: Inst) {
        let value = self.reg(self.arg(0));
        let (unset, set) = (self.side_block(true), self.side_block(false));
        self.branch(InstData::new(Op::BrCmp).cc(Cc::Ne).with(&[Src::Reg(value), Src::Imm(0)]), set, unset);
        self.enter(unset);
        let exit = self.exit(ExitKind::Deopt);
        self.emit(InstData::new(Op::Exit).exiting(exit));
        self.enter(set);
        self.alias(inst);
    }

    /// Leaves if the class of the operand has a flag.
    fn guard_class(&mut self, inst: Inst, flag: u32) {
        let object = self.reg(self.arg(0));
        let class = self.load(object, self.layout.type_pointer);
        let mem = Mem::at(class, self.layout.class_flags);
        let flags = self.out.new_vreg(RegClass::Gpr);
        self.emit(InstData::new(Op::Load).sized(Size::B4).to(flags).with(&[Src::Mem(mem)]));
        let exit = self.exit(ExitKind::Deopt);
        let test =
            InstData::new(Op::GuardTest).cc(Cc::Eq).with(&[Src::Reg(flags), Src::Imm(i64::from(flag))]);
        self.emit(test.exiting(exit));
        self.alias(inst);
    }

    /// Calls a helper that always fails.
    pub(super) fn raise(&mut self, helper: HelperId, args: Vec<Reg>) {
        let exit = self.exit(ExitKind::Raise);
        let sym = Some(Sym::Helper(helper));
        self.emit(InstData { sym, args, fails: Fails::Zero, ..InstData::new(Op::Call) }.exiting(exit));
        self.emit(InstData::new(Op::Trap));
    }

    fn load_float_slot(&mut self, inst: Inst) {
        let mem = self.field_mem(inst);
        let encoded = self.def(Op::Load, &[Src::Mem(mem)]);
        let offset = self.imm(self.layout.double_offset);
        let exit = self.exit(ExitKind::Deopt);
        let bits = self.out.new_vreg(RegClass::Gpr);
        let subtract = InstData::new(Op::SubBorrow).to(bits).with(&[Src::Reg(encoded), Src::Reg(offset)]);
        self.emit(subtract.exiting(exit));
        let double = self.def_float(Op::BitsFloat, &[Src::Reg(bits)]);
        self.set_result(double);
    }

    /// A slot that holds an object, or nothing, is cleared first. The few NaNs whose bits run over the end of the word with the
    /// offset are stored as the usual one.
    fn store_float_slot(&mut self, inst: Inst, holds_double: bool) {
        let value = self.reg(self.arg(1));
        let mem = self.field_mem(inst);
        let offset = self.imm(self.layout.double_offset);
        let below = |word| InstData::new(Op::BrCmp).cc(Cc::Below).with(&[Src::Reg(word), Src::Reg(offset)]);
        if !holds_double {
            let old = self.def(Op::Load, &[Src::Mem(mem)]);
            let (clear, store) = (self.side_block(true), self.side_block(false));
            self.branch(below(old), clear, store);
            self.enter(clear);
            let Base::Reg(object) = mem.base else { unreachable!("a field is in an object") };
            let at = self.imm(i64::from(mem.disp));
            let sym = Some(Sym::Helper(HelperId::ClearFloatSlot));
            self.emit(InstData { sym, args: vec![object, at], ..InstData::new(Op::Call) });
            self.jump(store, Vec::new());
            self.enter(store);
        }
        let (nan, plain, join) = (self.side_block(true), self.side_block(false), self.side_block(false));
        let word = self.out.new_vreg(RegClass::Gpr);
        self.out.blocks[join].params.push(word);
        let bits = self.def(Op::FloatBits, &[Src::Reg(value)]);
        let encoded = self.def(Op::Add, &[Src::Reg(bits), Src::Reg(offset)]);
        self.branch(below(encoded), nan, plain);
        self.enter(plain);
        self.jump(join, vec![encoded]);
        self.enter(nan);
        let canonical = self.imm(f64::NAN.to_bits() as i64 + self.layout.double_offset);
        self.jump(join, vec![canonical]);
        self.enter(join);
        self.emit(InstData::new(Op::Store).with(&[Src::Mem(mem), Src::Reg(word)]));
    }

    fn fast_len(&mut self) -> Lowered<()> {
        let ty = self.arg_ty(0);
        let layout = self.layout;
        let sized = Type::LIST.union(Type::TUPLE).union(Type::BYTES).union(Type::CHECKED_LIST);
        let offsets = [
            (sized, Some(layout.size)),
            (Type::DICT.union(Type::CHECKED_DICT), Some(layout.dict_length)),
            (Type::STR, Some(layout.str_length)),
            (Type::SET, layout.set_used),
            (Type::ARRAY, Some(layout.array_length)),
            (Type::VECTOR, Some(layout.vector_length)),
        ];
        let found = offsets.iter().find(|(of, _)| ty.unspecialised().is_subtype(*of));
        let Some(&(_, offset)) = found else { return self.unsupported("fast_len") };
        let Some(offset) = offset else {
            // Where its length is, only the runtime knows; asking cannot fail.
            let object = self.reg(self.arg(0));
            let length = self.call_simple(HelperId::Length, vec![object]);
            self.set_result(length);
            return Ok(());
        };
        let object = self.reg(self.arg(0));
        let length = self.load(object, offset);
        self.set_result(length);
        Ok(())
    }

    /// One unsigned comparison in the common case; a negative index is tried again from the end.
    fn check_bounds(&mut self, inst: Inst) {
        let (index, length) = (self.reg(self.arg(0)), self.src(self.arg(1)));
        let sequence = self.reg(self.arg(2));
        let (again, done) = (self.side_block(true), self.side_block(false));
        let (inside, wrapped) = (self.side_block(false), self.side_block(true));
        let result = self.out.new_vreg(RegClass::Gpr);
        self.out.blocks[done].params.push(result);
        self.branch(InstData::new(Op::BrCmp).cc(Cc::Below).with(&[Src::Reg(index), length]), inside, again);
        self.enter(inside);
        self.jump(done, vec![index]);
        self.enter(again);
        let from_end = self.def(Op::Add, &[Src::Reg(index), length]);
        let fail = self.side_block(true);
        self.branch(
            InstData::new(Op::BrCmp).cc(Cc::Below).with(&[Src::Reg(from_end), length]),
            wrapped,
            fail,
        );
        self.enter(wrapped);
        self.jump(done, vec![from_end]);
        self.enter(fail);
        let is_store = self.imm(i64::from(self.hir.insts[inst].imm == Imm::Int(1)));
        self.raise(HelperId::RaiseIndexError, vec![sequence, is_store]);
        self.enter(done);
        self.set_result(result);
    }

    fn list_item(&mut self, inst: Inst) {
        let (list, index) = (self.reg(self.arg(0)), self.src(self.arg(1)));
        let items = self.load(list, self.layout.list_items);
        let mem = element(items, index, 8, 0);
        if self.hir.insts[inst].op == H::ListSwap {
            let value = self.src(self.arg(2));
            self.swap(mem, value);
        } else {
            let item = self.def(Op::Load, &[Src::Mem(mem)]);
            self.set_result(item);
        }
    }

    fn guard_words(&mut self) {
        let Some(offset) = self.layout.list_strategy else { return };
        let list = self.reg(self.arg(0));
        let exit = self.exit(ExitKind::Deopt);
        let test = InstData::new(Op::GuardCmp).cc(Cc::Eq).sized(Size::B1);
        self.emit(test.with(&[Src::Mem(Mem::at(list, offset)), Src::Imm(0)]).exiting(exit));
    }

    fn array(&mut self, inst: Inst) {
        let (array, index) = (self.reg(self.arg(0)), self.src(self.arg(1)));
        let first = self.layout.array_data;
        if self.hir.insts[inst].op == H::ArrayItem {
            let ty = self.result_ty();
            let reg = self.load_raw(element(array, index, width(ty), first), ty);
            self.set_result(reg);
        } else {
            let value = self.arg(2);
            let mem = element(array, index, width(self.hir.ty(value)), first);
            self.store_raw_to(mem, value);
        }
    }
}

/// `[base + index * scale + disp]`.
pub(super) fn element(base: Reg, index: Src, scale: u8, disp: i32) -> Mem {
    match index {
        Src::Reg(index) => Mem { index: Some((index, scale)), ..Mem::at(base, disp) },
        Src::Imm(index) => {
            let offset = i32::try_from(index * i64::from(scale))
                .expect("constant indices are bounds-checked small ones");
            Mem::at(base, disp + offset)
        }
        Src::None | Src::Mem(_) => unreachable!("an index is a register or a constant"),
    }
}

/// Width and signedness of a raw value in memory.
fn raw_size(ty: Type) -> (Size, bool) {
    if ty.is_subtype(Type::CBOOL) {
        return (Size::B1, false);
    }
    let (bytes, is_signed) = ty.int_width().unwrap_or((8, false));
    (Size::from_bytes(bytes).expect("widths are powers of two up to eight"), is_signed && bytes < 8)
}

pub(super) fn width(ty: Type) -> u8 {
    if ty.is_subtype(Type::F64) { 8 } else { raw_size(ty).0.bytes() as u8 }
}
