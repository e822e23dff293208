//! A thin assembler over iced-x86: instructions with labels, symbols and marks, encoded in one go.
//!
//! iced's `BlockEncoder` chooses the shortest branches and resolves addresses inside the code; an instruction's "address" while
//! assembling is its number. Calls to symbols are declared as bytes, because their targets are unknown here.

use iced_x86::{
    BlockEncoder, BlockEncoderOptions, Code, Instruction, InstructionBlock, MemoryOperand, Register,
};

use crate::output::{Reloc, RelocKind, Target};

/// A place in the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Label(usize);

/// The assembler.
#[derive(Default)]
pub(crate) struct Asm {
    insts: Vec<Instruction>,
    /// Number of the instruction at each label.
    labels: Vec<Option<usize>>,
    branches: Vec<(usize, Label)>,
    /// Instructions whose memory operand is the data at a label.
    data_uses: Vec<(usize, Label)>,
    relocs: Vec<(usize, RelocKind, Target)>,
}

/// Encoded bytes, relocations, and the offset of each instruction.
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) relocs: Vec<Reloc>,
    offsets: Vec<u32>,
    labels: Vec<Option<usize>>,
}

impl Encoded {
    /// Offset of instruction number `at`.
    pub(crate) fn offset(&self, at: usize) -> u32 {
        self.offsets.get(at).copied().unwrap_or(self.bytes.len() as u32)
    }

    /// Offset of a bound label.
    pub(crate) fn label(&self, label: Label) -> u32 {
        self.offset(self.labels[label.0].expect("every label is bound before encoding"))
    }
}

impl Asm {
    pub(crate) fn new_label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// Binds a label to the next instruction.
    pub(crate) fn bind(&mut self, label: Label) {
        self.labels[label.0] = Some(self.insts.len());
    }

    /// Number of the next instruction.
    pub(crate) fn position(&self) -> usize {
        self.insts.len()
    }

    pub(crate) fn push(&mut self, inst: Instruction) {
        self.insts.push(inst);
    }

    pub(crate) fn op0(&mut self, code: Code) {
        self.push(Instruction::with(code));
    }

    pub(crate) fn r(&mut self, code: Code, a: Register) {
        self.push(valid(Instruction::with1(code, a)));
    }

    pub(crate) fn m(&mut self, code: Code, a: MemoryOperand) {
        self.push(valid(Instruction::with1(code, a)));
    }

    pub(crate) fn rr(&mut self, code: Code, a: Register, b: Register) {
        self.push(valid(Instruction::with2(code, a, b)));
    }

    pub(crate) fn rrr(&mut self, code: Code, a: Register, b: Register, c: Register) {
        self.push(valid(Instruction::with3(code, a, b, c)));
    }

    pub(crate) fn ri(&mut self, code: Code, a: Register, imm: i64) {
        self.push(valid(Instruction::with2(code, a, imm)));
    }

    pub(crate) fn rm(&mut self, code: Code, a: Register, mem: MemoryOperand) {
        self.push(valid(Instruction::with2(code, a, mem)));
    }

    pub(crate) fn mr(&mut self, code: Code, mem: MemoryOperand, b: Register) {
        self.push(valid(Instruction::with2(code, mem, b)));
    }

    pub(crate) fn mi(&mut self, code: Code, mem: MemoryOperand, imm: i64) {
        self.push(valid(Instruction::with2(code, mem, narrow(imm))));
    }

    pub(crate) fn rri(&mut self, code: Code, a: Register, b: Register, imm: i64) {
        self.push(valid(Instruction::with3(code, a, b, narrow(imm))));
    }

    /// A branch to a label.
    pub(crate) fn branch(&mut self, code: Code, label: Label) {
        self.branches.push((self.insts.len(), label));
        self.push(valid(Instruction::with_branch(code, 0)));
    }

    /// An instruction with a register and the data at a label.
    pub(crate) fn r_data(&mut self, code: Code, a: Register, label: Label) {
        self.data_uses.push((self.insts.len(), label));
        self.rm(code, a, MemoryOperand::with_base_displ(Register::RIP, 0));
    }

    /// Eight bytes of data.
    pub(crate) fn data(&mut self, bits: u64) {
        self.push(valid(Instruction::try_with_declare_qword_1(bits)));
    }

    /// `call` or `jmp` with a 32-bit displacement to a target known later.
    pub(crate) fn transfer(&mut self, is_call: bool, target: Target) {
        self.relocs.push((self.insts.len(), RelocKind::Rel32, target));
        let opcode = if is_call { 0xE8 } else { 0xE9 };
        self.push(valid(Instruction::try_with_declare_byte_5(opcode, 0, 0, 0, 0)));
    }

    /// `mov reg, imm64` with an address known later.
    pub(crate) fn address(&mut self, reg: Register, target: Target) {
        self.relocs.push((self.insts.len(), RelocKind::Abs64, target));
        self.push(valid(Instruction::with2(Code::Mov_r64_imm64, reg, 0u64)));
    }

    /// Encodes everything.
    pub(crate) fn finish(mut self) -> Encoded {
        // Labels at the end have an instruction, too.
        self.op0(Code::Int3);
        for (at, inst) in self.insts.iter_mut().enumerate() {
            inst.set_ip(at as u64 + 1);
        }
        let address =
            |label: Label| self.labels[label.0].expect("every label is bound before encoding") as u64 + 1;
        for &(at, label) in &self.branches {
            self.insts[at].set_near_branch64(address(label));
        }
        for &(at, label) in &self.data_uses {
            self.insts[at].set_memory_displacement64(address(label));
        }
        let block = InstructionBlock::new(&self.insts, 0x10_0000);
        let options = BlockEncoderOptions::RETURN_NEW_INSTRUCTION_OFFSETS;
        let result =
            BlockEncoder::encode(64, block, options).expect("only encodable instructions are assembled");
        let offsets = result.new_instruction_offsets;
        let relocs = self.relocs.iter().map(|&(at, kind, target)| {
            let skip = match kind {
                RelocKind::Rel32 => 1,
                RelocKind::Abs64 => 2,
            };
            Reloc { offset: offsets[at] + skip, kind, target }
        });
        Encoded { relocs: relocs.collect(), bytes: result.code_buffer, offsets, labels: self.labels }
    }
}

/// Immediates beside memory or a second register have 32 bits, as lowering sees to.
fn narrow(imm: i64) -> i32 {
    i32::try_from(imm).expect("lowering puts wide constants into registers")
}

fn valid(inst: Result<Instruction, iced_x86::IcedError>) -> Instruction {
    inst.expect("the operands fit the instruction's form")
}
