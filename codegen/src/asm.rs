//! A thin assembler over iced-x86: instructions with labels, symbols and marks, encoded in one go.
//!
//! iced encodes each instruction once; then branches are lengthened where a byte does not reach, and addresses inside the code are filled
//! in. Calls to symbols are declared as bytes, because their targets are unknown here.
//!
//! On Intel processors before Ice Lake, a jump that crosses or touches the end of 32 bytes of code is decoded anew each time (Intel,
//! "Mitigations for Jump Conditional Code Erratum", 2019). Hot code is padded so that none does; code starts at a multiple of 32.

use iced_x86::{Code, Encoder, FlowControl, Instruction, MemoryOperand, Mnemonic, Register};

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
        let hot = hot_end.and_then(|label| self.labels[label.0]).unwrap_or(0);
        let mut layout = Layout::new(&self);
        layout.relax();
        layout.pads = padding(&self.insts[..hot], &layout.offsets);
        if !layout.pads.is_empty() {
            layout.relax();
        }
        let relocs = self.relocs.iter().map(|&(at, kind, target)| {
            let skip = match kind {
                RelocKind::Rel32 => 1,
                RelocKind::Abs64 => 2,
            };
            Reloc { offset: layout.offsets[at] + skip, kind, target }
        });
        let (bytes, relocs) = (layout.emit(&self), relocs.collect());
        Encoded { relocs, bytes, offsets: layout.starts, labels: self.labels }
    }

    fn target(&self, label: Label) -> usize {
        self.labels[label.0].expect("every label is bound before encoding")
    }
}

/// A branch while its length is being decided.
struct Branch {
    /// Number of its instruction, and of the one that it goes to.
    at: usize,
    target: usize,
    is_short: bool,
}

/// Where everything comes to be.
struct Layout {
    /// The instructions one after the other, branches in their long form.
    raw: Vec<u8>,
    /// Where each begins in `raw`, and where the last one ends.
    raw_starts: Vec<u32>,
    branches: Vec<Branch>,
    /// Bytes of padding in front of instructions, by ascending number.
    pads: Vec<(usize, usize)>,
    /// Where the padding of each instruction begins, and where the instruction itself does; one more for the end.
    starts: Vec<u32>,
    offsets: Vec<u32>,
}

impl Layout {
    fn new(asm: &Asm) -> Self {
        let mut encoder = Encoder::new(64);
        let mut raw_starts = vec![0];
        let mut end = 0;
        for inst in &asm.insts {
            end += encoder.encode(inst, 0).expect("only encodable instructions are assembled") as u32;
            raw_starts.push(end);
        }
        let branch = |&(at, label): &(usize, Label)| Branch { at, target: asm.target(label), is_short: true };
        Self {
            raw: encoder.take_buffer(),
            raw_starts,
            branches: asm.branches.iter().map(branch).collect(),
            pads: Vec::new(),
            starts: Vec::new(),
            offsets: Vec::new(),
        }
    }

    /// Lengthens branches until each reaches its target.
    fn relax(&mut self) {
        loop {
            self.place();
            let offsets = &self.offsets;
            let mut changed = false;
            for branch in self.branches.iter_mut().filter(|branch| branch.is_short) {
                let distance = i64::from(offsets[branch.target]) - i64::from(offsets[branch.at] + 2);
                branch.is_short = i8::try_from(distance).is_ok();
                changed |= !branch.is_short;
            }
            if !changed {
                return;
            }
        }
    }

    /// Offsets for the lengths that branches have now.
    fn place(&mut self) {
        self.starts.clear();
        self.offsets.clear();
        let (mut branches, mut pads) = (self.branches.iter().peekable(), self.pads.iter().peekable());
        let mut offset = 0;
        for at in 0..self.raw_starts.len() - 1 {
            self.starts.push(offset);
            if let Some(&(_, bytes)) = pads.next_if(|&&(before, _)| before == at) {
                offset += bytes as u32;
            }
            self.offsets.push(offset);
            offset += match branches.next_if(|branch| branch.at == at) {
                Some(branch) if branch.is_short => 2,
                _ => self.raw_starts[at + 1] - self.raw_starts[at],
            };
        }
        self.starts.push(offset);
        self.offsets.push(offset);
    }

    /// The bytes, with displacements of branches and of data.
    fn emit(&self, asm: &Asm) -> Vec<u8> {
        let mut out = Vec::with_capacity(*self.offsets.last().expect("there is an end") as usize);
        let (mut branches, mut pads) = (self.branches.iter().peekable(), self.pads.iter().peekable());
        let mut data = asm.data_uses.iter().peekable();
        for at in 0..asm.insts.len() {
            if let Some(&(_, bytes)) = pads.next_if(|&&(before, _)| before == at) {
                push_nops(&mut out, bytes);
            }
            let raw = &self.raw[self.raw_starts[at] as usize..self.raw_starts[at + 1] as usize];
            let target = match branches.next_if(|branch| branch.at == at) {
                Some(branch) if branch.is_short => {
                    push_short(&mut out, raw, self.offsets[branch.target]);
                    continue;
                }
                Some(branch) => Some(branch.target),
                None => data.next_if(|&&(user, _)| user == at).map(|&(_, label)| asm.target(label)),
            };
            out.extend_from_slice(raw);
            if let Some(target) = target {
                // The displacement is the last field, and counts from the next instruction.
                let (end, field) = (out.len(), out.len() - 4);
                let distance = self.offsets[target].wrapping_sub(end as u32);
                out[field..].copy_from_slice(&distance.to_le_bytes());
            }
        }
        out
    }
}

/// The short form of a branch whose long form is `raw`.
fn push_short(out: &mut Vec<u8>, raw: &[u8], target: u32) {
    let opcode = match *raw {
        [0x0f, condition, ..] => 0x70 | condition & 0x0f,
        _ => 0xeb,
    };
    let distance = i64::from(target) - (out.len() as i64 + 2);
    out.extend([opcode, distance as i8 as u8]);
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

fn push_nops(out: &mut Vec<u8>, mut bytes: usize) {
    while bytes > 0 {
        let nop = NOPS[bytes.min(NOPS.len()) - 1];
        out.extend_from_slice(nop);
        bytes -= nop.len();
    }
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
