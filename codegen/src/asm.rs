//! A thin assembler over iced-x86: instructions with labels, symbols and marks, encoded in one go.
//!
//! iced's `BlockEncoder` chooses the shortest branches and resolves addresses inside the code; an instruction's "address" while
//! assembling is its number. Calls to symbols are declared as bytes, because their targets are unknown here.
//!
//! On Intel processors before Ice Lake, a jump that crosses or touches the end of 32 bytes of code is decoded anew each time (Intel,
//! "Mitigations for Jump Conditional Code Erratum", 2019). Hot code is padded so that none does; code starts at a multiple of 32.

use iced_x86::{
    BlockEncoder, BlockEncoderOptions, BlockEncoderResult, Code, FlowControl, Instruction, InstructionBlock,
    MemoryOperand, Mnemonic, Register,
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
    pub(crate) fn finish(self) -> Encoded {
        self.finish_padded(None)
    }

    /// Encodes everything, with padding before the jumps in front of the label.
    pub(crate) fn finish_padded(mut self, hot_end: Option<Label>) -> Encoded {
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
        let hot = hot_end.and_then(|label| self.labels[label.0]).unwrap_or(0);
        let result = encode(&self.insts);
        let pads = padding(&self.insts[..hot], &result.new_instruction_offsets);
        let (bytes, starts, offsets) = match pads.is_empty() {
            true => {
                let offsets = result.new_instruction_offsets;
                (result.code_buffer, offsets.clone(), offsets)
            }
            false => self.encode_padded(&pads),
        };
        let relocs = self.relocs.iter().map(|&(at, kind, target)| {
            let skip = match kind {
                RelocKind::Rel32 => 1,
                RelocKind::Abs64 => 2,
            };
            Reloc { offset: offsets[at] + skip, kind, target }
        });
        Encoded { relocs: relocs.collect(), bytes, offsets: starts, labels: self.labels }
    }

    /// Encodes with padding in front of some instructions: the bytes, where each instruction's padding starts, and where it starts.
    fn encode_padded(&self, pads: &[(usize, usize)]) -> (Vec<u8>, Vec<u32>, Vec<u32>) {
        let mut padded = Vec::with_capacity(self.insts.len() + 2 * pads.len());
        let mut places = Vec::with_capacity(self.insts.len());
        let mut pads = pads.iter().peekable();
        for (at, &inst) in self.insts.iter().enumerate() {
            let start = padded.len();
            if let Some(&(_, bytes)) = pads.next_if(|&&(before, _)| before == at) {
                push_nops(&mut padded, bytes);
                // The padding has addresses of its own, which nothing names.
                let free = (self.insts.len() + start) as u64 + 1;
                for (more, nop) in padded[start..].iter_mut().enumerate() {
                    nop.set_ip(free + more as u64);
                }
            }
            places.push((start, padded.len()));
            padded.push(inst);
        }
        let result = encode(&padded);
        let offset = |at: usize| result.new_instruction_offsets[at];
        let starts = places.iter().map(|&(start, _)| offset(start)).collect();
        let offsets = places.iter().map(|&(_, own)| offset(own)).collect();
        (result.code_buffer, starts, offsets)
    }
}

/// What jumps must not cross.
const LINE: u32 = 32;

/// No-operations of one to nine bytes, as the processor's manual recommends them.
const NOPS: [&[u8]; 9] = [
    &[0x90],
    &[0x66, 0x90],
    &[0x0f, 0x1f, 0x00],
    &[0x0f, 0x1f, 0x40, 0x00],
    &[0x0f, 0x1f, 0x44, 0x00, 0x00],
    &[0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
    &[0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
    &[0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
    &[0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
];

fn push_nops(insts: &mut Vec<Instruction>, mut bytes: usize) {
    while bytes > 0 {
        let nop = NOPS[bytes.min(NOPS.len()) - 1];
        insts.push(valid(Instruction::with_declare_byte(nop)));
        bytes -= nop.len();
    }
}

fn encode(insts: &[Instruction]) -> BlockEncoderResult {
    let block = InstructionBlock::new(insts, 0x10_0000);
    let options = BlockEncoderOptions::RETURN_NEW_INSTRUCTION_OFFSETS;
    BlockEncoder::encode(64, block, options).expect("only encodable instructions are assembled")
}

/// How many bytes go in front of which instructions, so that no jump crosses or touches the end of a line. Padding may lengthen a branch
/// elsewhere; the rare jump that this moves is left where it comes to be.
fn padding(insts: &[Instruction], offsets: &[u32]) -> Vec<(usize, usize)> {
    let mut pads = Vec::new();
    let mut shift = 0;
    for (at, inst) in insts.iter().enumerate() {
        if !is_transfer(inst) {
            continue;
        }
        let first = if at > 0 && fuses(&insts[at - 1], inst) { at - 1 } else { at };
        let (start, end) = (offsets[first] + shift, offsets[at + 1] + shift);
        if start / LINE != end / LINE {
            let bytes = LINE - start % LINE;
            pads.push((first, bytes as usize));
            shift += bytes;
        }
    }
    pads
}

/// Whether an instruction goes elsewhere; calls of symbols are declared as bytes.
fn is_transfer(inst: &Instruction) -> bool {
    inst.code() == Code::DeclareByte || inst.flow_control() != FlowControl::Next
}

/// Whether the processor takes an instruction and the jump behind it as one.
fn fuses(first: &Instruction, jump: &Instruction) -> bool {
    use Mnemonic as M;
    let sets_flags =
        matches!(first.mnemonic(), M::Cmp | M::Test | M::And | M::Add | M::Sub | M::Inc | M::Dec);
    jump.flow_control() == FlowControl::ConditionalBranch && sets_flags
}

/// Immediates beside memory or a second register have 32 bits, as lowering sees to.
fn narrow(imm: i64) -> i32 {
    i32::try_from(imm).expect("lowering puts wide constants into registers")
}

fn valid(inst: Result<Instruction, iced_x86::IcedError>) -> Instruction {
    inst.expect("the operands fit the instruction's form")
}
