//! Words of the interpreter's frame.

use hir::ir::{Imm, Inst, Opcode as H};

use super::{Lower, Lowered};
use crate::ir::{InstData, Mem, Op, Size, Src};

impl Lower<'_> {
    pub(super) fn lower_frame(&mut self, inst: Inst) -> Lowered<()> {
        let data = &self.hir.insts[inst];
        let (op, Imm::Int(number)) = (data.op, data.imm) else { return self.unsupported("frame access") };
        let frame = self.reg(self.arg(0));
        let word = || Mem::at(frame, self.layout.frame_locals + number as i32 * 8);
        match op {
            H::TakeSlot => {
                let mem = word();
                let ty = self.result_ty();
                let reg = self.load_word(mem, ty);
                self.set_result(reg);
            }
            H::PutSlot => {
                let mem = word();
                self.store_slot(mem, self.arg(1));
            }
            _ => self.suspend(frame, number),
        }
        Ok(())
    }

    /// The frame's place, operands and property, as the interpreter would leave them.
    fn suspend(&mut self, frame: crate::ir::Reg, place: i64) {
        let (next, operands) = (place >> 32, place & 0xffff_ffff);
        let layout = self.layout;
        let mut store = |at: i32, value: Src| {
            let mem = Src::Mem(Mem::at(frame, at));
            self.emit(InstData::new(Op::Store).sized(Size::B4).with(&[mem, value]));
        };
        store(layout.frame_instruction, Src::Imm(next));
        store(layout.frame_operands, Src::Imm(operands));
        let flags = self.out.new_vreg(crate::ir::RegClass::Gpr);
        let mem = Mem::at(frame, layout.frame_flags);
        self.emit(InstData::new(Op::Load).sized(Size::B4).to(flags).with(&[Src::Mem(mem)]));
        let flags = self.def(Op::Or, &[Src::Reg(flags), Src::Imm(i64::from(layout.has_yielded))]);
        self.emit(InstData::new(Op::Store).sized(Size::B4).with(&[Src::Mem(mem), Src::Reg(flags)]));
    }
}
