//! Vectors: rows of primitives that grow in place as long as their length is below their limit.

use abi::helper::HelperId;
use hir::ir::{Inst, Opcode as H};

use super::Lower;
use super::memory::{element, width};
use crate::ir::{Cc, ExitKind, Fails, InstData, Mem, Op, Reg, Src, Sym};

impl Lower<'_> {
    pub(super) fn vector(&mut self, inst: Inst) {
        let vector = self.reg(self.arg(0));
        match self.hir.insts[inst].op {
            H::VectorItems => {
                let items = self.load(vector, self.layout.vector_data);
                self.set_result(items);
            }
            H::VectorItem => {
                let (index, items) = (self.src(self.arg(1)), self.reg(self.arg(2)));
                let ty = self.result_ty();
                let value = self.load_raw(element(items, index, width(ty), 0), ty);
                self.set_result(value);
            }
            H::VectorStore => {
                let (index, value, items) = (self.src(self.arg(1)), self.arg(2), self.reg(self.arg(3)));
                let mem = element(items, index, width(self.hir.ty(value)), 0);
                self.store_raw_to(mem, value);
            }
            H::VectorAppend => self.vector_append(vector),
            _ => self.vector_pop(vector),
        }
    }

    /// Whether a number is below the limit up to which the vector is resized in place.
    fn is_below_limit(&self, vector: Reg, number: Reg) -> InstData {
        let limit = Src::Mem(Mem::at(vector, self.layout.vector_limit));
        InstData::new(Op::BrCmp).cc(Cc::Below).with(&[Src::Reg(number), limit])
    }

    /// Where there is no room the runtime makes some, or raises.
    fn vector_append(&mut self, vector: Reg) {
        let length = self.load(vector, self.layout.vector_length);
        let (grow, append) = (self.side_block(true), self.side_block(false));
        self.branch(self.is_below_limit(vector, length), append, grow);
        self.enter(grow);
        let exit = self.exit(ExitKind::Raise);
        let sym = Some(Sym::Helper(HelperId::VectorGrow));
        let call = InstData { sym, args: vec![vector], fails: Fails::Negative, ..InstData::new(Op::Call) };
        self.emit(call.exiting(exit));
        self.jump(append, vec![]);
        self.enter(append);
        let items = self.load(vector, self.layout.vector_data);
        let value = self.arg(1);
        self.store_raw_to(element(items, Src::Reg(length), width(self.hir.ty(value)), 0), value);
        let longer = self.def(Op::Add, &[Src::Reg(length), Src::Imm(1)]);
        self.set_vector_length(vector, longer);
    }

    /// The last position of an empty vector is the largest number, which is below no limit.
    fn vector_pop(&mut self, vector: Reg) {
        let length = self.load(vector, self.layout.vector_length);
        let last = self.def(Op::Sub, &[Src::Reg(length), Src::Imm(1)]);
        let (fail, pop) = (self.side_block(true), self.side_block(false));
        self.branch(self.is_below_limit(vector, last), pop, fail);
        self.enter(fail);
        self.raise(HelperId::RaisePopError, vec![vector]);
        self.enter(pop);
        let items = self.load(vector, self.layout.vector_data);
        let ty = self.result_ty();
        let value = self.load_raw(element(items, Src::Reg(last), width(ty), 0), ty);
        self.set_vector_length(vector, last);
        self.set_result(value);
    }

    fn set_vector_length(&mut self, vector: Reg, length: Reg) {
        let place = Src::Mem(Mem::at(vector, self.layout.vector_length));
        self.emit(InstData::new(Op::Store).with(&[place, Src::Reg(length)]));
    }
}
