//! LIR to machine code.
//!
//! Blocks are emitted in layout order, hot ones first; a jump to the next block vanishes, and a jump to a block that only jumps
//! on is redirected. Everything rare (exits, destruction, the poll's slow path, cold blocks) follows the hot code.
//!
//! Needs: phase `Allocated`, verified. Cost: linear, dominated by iced's encoder.

mod arith;
mod branch;
mod call;
mod memory;
mod null_trap;
pub(crate) mod regs;

use std::collections::HashMap;

use iced_x86::{Code, Register};
use lir::Layout;
use lir::ir::{Block, Exit, Function, Inst, Op, Phase};

use crate::asm::{Asm, Label};
use crate::frame::lay_out;
use crate::output::{CallSite, CompiledCode, ExitSite, FrameInfo, NullTrap, Target, Thunk};
use null_trap::{NullTest, NullTraps};
use regs::{gpr32, gpr64};

/// Code to be emitted behind the hot part.
enum Cold {
    /// The way out of an exit.
    Exit(Label, Exit),
    /// Destruction of the object in a register, then back.
    Dealloc { at: Label, reg: Register, back: Label },
    /// Tests for null that were deferred past a guard, then its exit.
    NullTests { at: Label, tests: Vec<NullTest>, target: Label },
    /// The slow path of a poll, then back.
    Poll { at: Label, exit: Label, back: Label },
}

/// State of one emission.
pub(crate) struct Emitter<'f> {
    func: &'f Function,
    layout: &'f Layout,
    asm: Asm,
    frame: FrameInfo,
    labels: HashMap<Block, Label>,
    exit_labels: HashMap<Exit, Label>,
    cold: Vec<Cold>,
    /// Calls: number of the instruction behind the call, and the exit.
    calls: Vec<(usize, Option<Exit>)>,
    /// For each emitted exit, the number of the instruction behind its call.
    exits: Vec<(Exit, usize)>,
    literals: Vec<(u64, Label)>,
    /// How many edges lead to each block.
    ways_in: HashMap<Block, u32>,
    null_traps: NullTraps,
}

/// Encodes an allocated function.
pub fn emit(func: &Function, layout: &Layout) -> CompiledCode {
    debug_assert_eq!(func.phase, Phase::Allocated, "registers are allocated first");
    let mut emitter = Emitter {
        func,
        layout,
        asm: Asm::default(),
        frame: lay_out(func),
        labels: HashMap::new(),
        exit_labels: HashMap::new(),
        cold: Vec::new(),
        calls: Vec::new(),
        exits: Vec::new(),
        literals: Vec::new(),
        ways_in: HashMap::new(),
        null_traps: NullTraps::default(),
    };
    emitter.ways_in = null_trap::ways_in(func, |block| emitter.resolve(block));
    emitter.emit_all()
}

impl Emitter<'_> {
    fn emit_all(mut self) -> CompiledCode {
        for &block in &self.func.layout {
            let label = self.asm.new_label();
            self.labels.insert(block, label);
        }
        let overflow = self.prologue();
        let order = self.block_order();
        let first_cold =
            order.iter().position(|&block| self.func.blocks[block].is_cold).unwrap_or(order.len());
        self.emit_blocks(&order[..first_cold], order.get(first_cold).copied());
        let cold_start = self.asm.new_label();
        self.asm.bind(cold_start);
        self.emit_blocks(&order[first_cold..], None);
        self.emit_cold();
        if let Some([label, back]) = overflow {
            self.asm.bind(label);
            self.asm.transfer(true, Target::Thunk(Thunk::StackOverflow));
            self.asm.branch(Code::Jae_rel32_64, back);
            self.fail();
        }
        let epilogues = self.exit_epilogues();
        self.emit_literals();
        self.finish(cold_start, epilogues)
    }

    /// Reachable blocks that do something, cold ones last.
    fn block_order(&self) -> Vec<Block> {
        let is_kept = |block: &Block| *block == self.func.layout[0] || self.jump_only(*block).is_none();
        let kept: Vec<Block> = self.func.layout.iter().copied().filter(is_kept).collect();
        let (cold, mut hot): (Vec<Block>, Vec<Block>) = kept
            .into_iter()
            .partition(|&block| self.func.blocks[block].is_cold && block != self.func.layout[0]);
        hot.extend(cold);
        hot
    }

    /// Where a block goes that does nothing but jump; a block that jumps to itself does something.
    fn jump_only(&self, block: Block) -> Option<Block> {
        let [inst] = self.func.blocks[block].insts[..] else { return None };
        let data = &self.func.insts[inst];
        (data.op == Op::Jump && data.edges[0].target != block).then(|| data.edges[0].target)
    }

    /// The block that an edge to `block` really reaches.
    fn resolve(&self, mut block: Block) -> Block {
        // A cycle of empty blocks is an endless loop; any member will do.
        for _ in 0..self.func.layout.len() {
            match self.jump_only(block) {
                Some(next) if block != self.func.layout[0] => block = next,
                _ => break,
            }
        }
        block
    }

    fn label_of(&self, block: Block) -> Label {
        self.labels[&self.resolve(block)]
    }

    fn emit_blocks(&mut self, blocks: &[Block], after: Option<Block>) {
        for (at, &block) in blocks.iter().enumerate() {
            let next = blocks.get(at + 1).copied().or(after);
            self.asm.bind(self.labels[&block]);
            self.begin_block(block);
            for &inst in &self.func.blocks[block].insts {
                let start = self.asm.position();
                self.emit_inst(inst, next);
                self.note_trap(inst, start);
            }
        }
    }

    fn emit_inst(&mut self, inst: Inst, next: Option<Block>) {
        let data = &self.func.insts[inst];
        match data.op {
            Op::Mov | Op::Xchg | Op::LoadSym | Op::LoadDouble => self.emit_move(data),
            Op::Load | Op::LoadSigned | Op::LoadFloat | Op::Store | Op::StoreFloat | Op::Lea => {
                self.emit_memory(data)
            }
            Op::Jump | Op::BrCmp | Op::BrTest | Op::BrFcmp => self.emit_branch(inst, next),
            Op::SetCmp | Op::SetTest | Op::SetFcmp => self.emit_condition(data),
            Op::GuardCmp | Op::GuardTest => self.emit_guard(inst),
            Op::Incref | Op::Decref | Op::Poll | Op::Call | Op::CallMem => self.emit_call(data),
            Op::Ret => self.epilogue(),
            Op::Exit => {
                let label = self.exit_label(data.exit.expect("an exit instruction has an exit"));
                self.asm.branch(Code::Jmp_rel32_64, label);
            }
            Op::Trap => self.asm.op0(Code::Ud2),
            _ => self.emit_arith(data),
        }
    }

    /// Sets the frame up; gives the label of the way out when calls are nested too deeply, and where that goes on if they are not.
    fn prologue(&mut self) -> Option<[Label; 2]> {
        if !self.frame.has_frame {
            return None;
        }
        let [overflow, back] = [self.asm.new_label(), self.asm.new_label()];
        let limit = regs::thread(self.layout.call_limit);
        self.asm.rm(Code::Cmp_r64_rm64, Register::RSP, limit);
        self.asm.branch(Code::Jb_rel32_64, overflow);
        self.asm.bind(back);
        self.asm.r(Code::Push_r64, Register::RBP);
        self.asm.rr(Code::Mov_r64_rm64, Register::RBP, Register::RSP);
        for reg in self.frame.saved.clone() {
            self.asm.r(Code::Push_r64, gpr64(reg));
        }
        if self.frame.locals_bytes > 0 {
            self.asm.ri(Code::Sub_rm64_imm32, Register::RSP, i64::from(self.frame.locals_bytes));
        }
        Some([overflow, back])
    }

    /// Undoes the prologue, and returns.
    fn epilogue(&mut self) {
        self.tear_down();
        if self.func.fails_by_carry {
            self.asm.op0(Code::Clc);
        }
        self.asm.op0(Code::Retnq);
    }

    fn tear_down(&mut self) {
        if !self.frame.has_frame {
            return;
        }
        if self.frame.locals_bytes > 0 {
            self.asm.ri(Code::Add_rm64_imm32, Register::RSP, i64::from(self.frame.locals_bytes));
        }
        for reg in self.frame.saved.clone().into_iter().rev() {
            self.asm.r(Code::Pop_r64, gpr64(reg));
        }
        self.asm.r(Code::Pop_r64, Register::RBP);
    }

    /// Returns failure to the caller.
    fn fail(&mut self) {
        self.asm.rr(Code::Xor_r32_rm32, Register::EAX, Register::EAX);
        if self.func.fails_by_carry {
            self.asm.op0(Code::Stc);
        }
        self.asm.op0(Code::Retnq);
    }

    /// Where exits go on to leave the function, with a result or with failure.
    fn exit_epilogues(&mut self) -> [Label; 2] {
        let labels = [self.asm.new_label(), self.asm.new_label()];
        let is_used = !self.exits.is_empty();
        self.asm.bind(labels[0]);
        if is_used {
            self.epilogue();
        }
        self.asm.bind(labels[1]);
        if is_used {
            self.tear_down();
            self.fail();
        }
        labels
    }

    /// The way out of an exit, made once.
    fn exit_label(&mut self, exit: Exit) -> Label {
        if let Some(&label) = self.exit_labels.get(&exit) {
            return label;
        }
        let label = self.asm.new_label();
        self.exit_labels.insert(exit, label);
        self.cold.push(Cold::Exit(label, exit));
        label
    }

    fn emit_cold(&mut self) {
        for cold in std::mem::take(&mut self.cold) {
            match cold {
                Cold::Exit(label, exit) => {
                    self.asm.bind(label);
                    self.asm.transfer(true, Target::Thunk(Thunk::Exit));
                    self.exits.push((exit, self.asm.position()));
                }
                Cold::Dealloc { at, reg, back } => {
                    self.asm.bind(at);
                    self.asm.rr(Code::Mov_r64_rm64, Register::R11, reg);
                    self.asm.transfer(true, Target::Thunk(Thunk::Dealloc));
                    self.calls.push((self.asm.position(), None));
                    self.asm.branch(Code::Jmp_rel32_64, back);
                }
                Cold::NullTests { at, tests, target } => {
                    self.asm.bind(at);
                    self.test_for_null(&tests);
                    self.asm.branch(Code::Jmp_rel32_64, target);
                }
                Cold::Poll { at, exit, back } => {
                    self.asm.bind(at);
                    self.asm.transfer(true, Target::Thunk(Thunk::Poll));
                    self.calls.push((self.asm.position(), None));
                    self.asm.branch(Code::Jae_rel32_64, back);
                    self.asm.branch(Code::Jmp_rel32_64, exit);
                }
            }
        }
    }

    /// A double in memory behind the code.
    fn literal(&mut self, bits: u64) -> Label {
        if let Some(&(_, label)) = self.literals.iter().find(|(known, _)| *known == bits) {
            return label;
        }
        let label = self.asm.new_label();
        self.literals.push((bits, label));
        label
    }

    fn emit_literals(&mut self) {
        if self.literals.is_empty() {
            return;
        }
        // Marks the end of the code for the disassembler.
        self.asm.op0(Code::Int3);
        for (bits, label) in std::mem::take(&mut self.literals) {
            self.asm.bind(label);
            self.asm.data(bits);
        }
    }

    fn finish(self, cold_start: Label, epilogues: [Label; 2]) -> CompiledCode {
        let encoded = self.asm.finish_padded(Some(cold_start));
        let mut numbers: HashMap<Exit, u32> = HashMap::new();
        let mut exits = Vec::new();
        for &(exit, at) in &self.exits {
            numbers.insert(exit, exits.len() as u32);
            exits.push(ExitSite { return_offset: encoded.offset(at), data: self.func.exits[exit].clone() });
        }
        let mut call_sites: Vec<CallSite> = self
            .calls
            .iter()
            .map(|&(at, exit)| CallSite {
                return_offset: encoded.offset(at),
                exit: exit.and_then(|exit| numbers.get(&exit).copied()),
            })
            .collect();
        call_sites.sort_unstable_by_key(|site| site.return_offset);
        let null_trap = |&(start, end, to): &(usize, usize, Label)| NullTrap {
            start: encoded.offset(start),
            end: encoded.offset(end),
            target: encoded.label(to),
        };
        let null_traps = self.null_traps.emitted.iter().map(null_trap).collect();
        CompiledCode {
            name: self.func.name.clone(),
            cold_offset: encoded.label(cold_start),
            return_offset: encoded.label(epilogues[0]),
            fail_offset: encoded.label(epilogues[1]),
            bytes: encoded.bytes,
            null_traps,
            relocs: encoded.relocs,
            call_sites,
            exits,
            frame: self.frame,
        }
    }
}

/// The 32-bit name of a general register, for shorter forms.
fn narrow(reg: lir::ir::Reg) -> Register {
    gpr32(regs::physical(reg))
}

#[cfg(test)]
mod tests;
