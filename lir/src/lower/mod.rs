//! HIR to LIR.
//!
//! One walk in emission order: hot loops contiguous, cold blocks last. Each HIR value becomes a virtual register, except
//! constants, which become immediates, or are made where they are needed, and comparisons used by one branch or guard, which
//! become part of it. Families of operations have a file each.
//!
//! Needs: HIR in phase `Counted`, verified. Gives: LIR in phase `Virtual`. Cost: linear.

mod arith;
mod boxing;
mod call;
mod control;
mod exits;
mod fast_path;
mod frame;
mod memory;
mod vector;

use base::entity::SecondaryMap;
use hir::env::ConstId;
use hir::ir::dominators::Cfg;
use hir::ir::{Block as HirBlock, Imm, Inst as HirInst, Opcode, Phase, Type, Value};
use hir::{Reason, Unsupported};

use crate::ir::{Block, Edge, Function, InstData, MachineEnv, Mem, Op, Reg, RegClass, Src, Sym};
use crate::layout::Layout;

type Lowered<T> = Result<T, Unsupported>;

/// State of one lowering.
struct Lower<'f> {
    hir: &'f hir::ir::Function,
    layout: &'f Layout,
    env: &'f MachineEnv,
    out: Function,
    regs: SecondaryMap<Value, Option<Reg>>,
    blocks: SecondaryMap<HirBlock, Option<Block>>,
    /// How often each value is used; a comparison used once may become part of its user.
    uses: SecondaryMap<Value, u32>,
    /// Where instructions are appended.
    at: Block,
    /// The HIR instruction being lowered.
    inst: HirInst,
    /// Its block.
    hir_block: HirBlock,
    /// What follows it there.
    behind: &'f [HirInst],
    /// The release that a call in front of it does.
    released: Option<HirInst>,
}

/// Lowers a function.
pub fn lower(hir: &hir::ir::Function, layout: &Layout, env: &MachineEnv) -> Lowered<Function> {
    debug_assert_eq!(hir.phase, Phase::Counted, "reference counting comes before lowering");
    let order = emission_order(hir);
    let mut out = Function::new(hir.name.clone());
    out.fails_by_carry = !hir.ret.could_be(Type::WORD);
    let at = out.new_block();
    let first = hir.blocks[hir.entry()].insts[0];
    let mut lower = Lower {
        hir,
        layout,
        env,
        out,
        regs: SecondaryMap::new(),
        blocks: SecondaryMap::new(),
        uses: count_uses(hir),
        at,
        inst: first,
        hir_block: hir.entry(),
        behind: &[],
        released: None,
    };
    lower.blocks[hir.entry()] = Some(at);
    lower.lower_blocks(&order)?;
    Ok(lower.out)
}

/// Reachable blocks: reverse post-order in which loop bodies stay together, then the cold ones.
fn emission_order(hir: &hir::ir::Function) -> Vec<(HirBlock, u32)> {
    let cfg = Cfg::new(hir);
    let mut seen = vec![hir.entry()];
    let mut post = Vec::new();
    let mut stack = vec![(hir.entry(), ordered_successors(hir, &cfg, hir.entry()))];
    while let Some((block, succs)) = stack.last_mut() {
        match succs.pop() {
            Some(next) if seen.contains(&next) => {}
            Some(next) => {
                seen.push(next);
                let succs = ordered_successors(hir, &cfg, next);
                stack.push((next, succs));
            }
            None => {
                post.push(*block);
                stack.pop();
            }
        }
    }
    post.reverse();
    let (cold, mut order): (Vec<HirBlock>, Vec<HirBlock>) =
        post.into_iter().partition(|&block| hir.blocks[block].is_cold && block != hir.entry());
    order.extend(cold);
    order.into_iter().map(|block| (block, cfg.loop_depth(block))).collect()
}

/// Successors so that the last one is visited first and so placed last: what leaves a loop.
fn ordered_successors(hir: &hir::ir::Function, cfg: &Cfg, block: HirBlock) -> Vec<HirBlock> {
    let mut succs: Vec<HirBlock> = hir.successors(block).collect();
    succs.sort_by_key(|&succ| std::cmp::Reverse(cfg.loop_depth(succ)));
    succs
}

fn count_uses(hir: &hir::ir::Function) -> SecondaryMap<Value, u32> {
    let mut uses = SecondaryMap::new();
    for &block in &hir.layout {
        for &inst in &hir.blocks[block].insts {
            hir.for_each_use(inst, |value| uses[value] += 1);
        }
    }
    uses
}

/// The register file for values of a type.
fn class_of(ty: Type) -> RegClass {
    if ty.is_subtype(Type::F64) { RegClass::Xmm } else { RegClass::Gpr }
}

/// A value that needs no register until it is used.
#[derive(Clone, Copy)]
enum Constant {
    Word(i64),
    Double(u64),
    Sym(Sym),
}

impl Lower<'_> {
    fn lower_blocks(&mut self, order: &[(HirBlock, u32)]) -> Lowered<()> {
        for &(block, depth) in order {
            let lir = match self.blocks[block] {
                Some(known) => known,
                None => self.out.new_block(),
            };
            self.blocks[block] = Some(lir);
            self.out.blocks[lir].is_cold = self.hir.blocks[block].is_cold;
            self.out.blocks[lir].loop_depth = depth;
            for &param in &self.hir.blocks[block].params {
                let reg = self.out.new_vreg(class_of(self.hir.ty(param)));
                self.regs[param] = Some(reg);
                self.out.blocks[lir].params.push(reg);
            }
        }
        for &(block, _) in order {
            self.at = self.block_of(block);
            self.hir_block = block;
            self.out.layout.push(self.at);
            let insts = &self.hir.blocks[block].insts;
            for (at, &inst) in insts.iter().enumerate() {
                self.inst = inst;
                self.behind = &insts[at + 1..];
                if self.released.take_if(|release| *release == inst).is_none() {
                    self.lower_inst(inst)?;
                }
            }
        }
        let is_cold = |out: &Function, block: &Block| out.blocks[*block].is_cold;
        let (cold, mut hot): (Vec<Block>, Vec<Block>) =
            self.out.layout.iter().copied().partition(|block| is_cold(&self.out, block));
        hot.extend(cold);
        self.out.layout = hot;
        Ok(())
    }

    fn block_of(&self, block: HirBlock) -> Block {
        self.blocks[block].expect("every reachable block has been numbered")
    }

    fn lower_inst(&mut self, inst: HirInst) -> Lowered<()> {
        use Opcode as H;
        match self.hir.insts[inst].op {
            H::ConstInt | H::ConstFloat | H::ConstObject | H::ConstClass | H::Null => Ok(()),
            H::Iadd
            | H::Isub
            | H::Imul
            | H::Idiv
            | H::Imod
            | H::Iand
            | H::Ior
            | H::Ixor
            | H::Ishl
            | H::Ishr
            | H::Ineg
            | H::Inot
            | H::Convert
            | H::AddChecked
            | H::SubChecked
            | H::MulChecked
            | H::FloorDiv
            | H::FloorMod
            | H::Select
            | H::Bnot
            | H::Fadd
            | H::Fsub
            | H::Fmul
            | H::Fdiv
            | H::Fneg
            | H::Fabs
            | H::Fsqrt
            | H::IntToFloat
            | H::FloatToInt => self.lower_arith(inst),
            H::Icmp
            | H::Fcmp
            | H::IsSmallInt
            | H::IsExact
            | H::IsInstance
            | H::IsSame
            | H::IsNull
            | H::UnboxBool
            | H::Guard
            | H::GuardType
            | H::CheckType
            | H::GuardSet
            | H::Branch
            | H::Jump
            | H::Return
            | H::Deopt
            | H::Unreachable
            | H::Cast => self.lower_control(inst),
            H::BoxInt | H::Tag | H::Untag | H::UnboxInt | H::BoxFloat | H::UnboxFloat | H::BoxBool => {
                self.lower_boxing(inst)
            }
            H::CallHelper
            | H::CallStatic
            | H::CallVirtual
            | H::CallVirtualOf
            | H::Unpack
            | H::Unpacked
            | H::Poll
            | H::Incref
            | H::Own
            | H::Share
            | H::Decref
            | H::Alloc => self.lower_call(inst),
            H::Refine => {
                self.alias(inst);
                Ok(())
            }
            H::Keep => Ok(()),
            H::TakeSlot | H::PutSlot | H::Suspend => self.lower_frame(inst),
            _ => self.lower_memory(inst),
        }
    }

    fn unsupported<T>(&self, what: &'static str) -> Lowered<T> {
        let state = self.hir.insts[self.inst].state;
        let offset = state.map_or(0, |state| self.hir.states[state].offset);
        Err(Unsupported { reason: Reason::Lowering(what), offset })
    }

    fn arg(&self, at: usize) -> Value {
        self.hir.arg(self.inst, at)
    }

    fn arg_ty(&self, at: usize) -> Type {
        self.hir.ty(self.arg(at))
    }

    fn result_ty(&self) -> Type {
        self.hir.ty(self.hir.result(self.inst))
    }

    /// The result is the first operand.
    fn alias(&mut self, inst: HirInst) {
        let source = self.hir.arg(inst, 0);
        let reg = self.reg(source);
        self.regs[self.hir.result(inst)] = Some(reg);
    }

    /// The constant that a value is.
    fn constant(&self, value: Value) -> Option<Constant> {
        let value = self.hir.resolve(value);
        let inst = self.hir.def_inst(value)?;
        match (self.hir.insts[inst].op, self.hir.insts[inst].imm) {
            (Opcode::ConstInt, Imm::Int(n)) if self.hir.ty(value).is_subtype(Type::SMALL_INT) => {
                Some(Constant::Word(n << 1 | 1))
            }
            (Opcode::ConstInt, Imm::Int(n)) => Some(Constant::Word(n)),
            (Opcode::ConstFloat, Imm::Float(double)) => Some(Constant::Double(double.to_bits())),
            (Opcode::ConstObject, Imm::Const(id)) => Some(Constant::Sym(Sym::Const(id))),
            (Opcode::ConstClass, Imm::Class(id)) => Some(Constant::Sym(Sym::Class(id))),
            (Opcode::Null, _) => Some(Constant::Word(0)),
            (Opcode::Refine, _) => self.constant(self.hir.arg(inst, 0)),
            _ => None,
        }
    }

    /// A register that holds the value; constants are made here.
    fn reg(&mut self, value: Value) -> Reg {
        let value = self.hir.resolve(value);
        match self.constant(value) {
            Some(Constant::Word(word)) => self.imm(word),
            Some(Constant::Double(bits)) => {
                let reg = self.out.new_vreg(RegClass::Xmm);
                self.emit(InstData::new(Op::LoadDouble).to(reg).with(&[Src::Imm(bits as i64)]));
                reg
            }
            Some(Constant::Sym(sym)) => self.sym(sym),
            None => self.regs[value].unwrap_or_else(|| panic!("{value} is lowered before its uses")),
        }
    }

    /// The value as an operand: an immediate if it is a constant of 32 bits.
    fn src(&mut self, value: Value) -> Src {
        match self.constant(value) {
            Some(Constant::Word(word)) if i32::try_from(word).is_ok() => Src::Imm(word),
            _ => Src::Reg(self.reg(value)),
        }
    }

    fn imm(&mut self, word: i64) -> Reg {
        self.def(Op::Mov, &[Src::Imm(word)])
    }

    fn sym(&mut self, sym: Sym) -> Reg {
        let reg = self.out.new_vreg(RegClass::Gpr);
        self.emit(InstData { sym: Some(sym), ..InstData::new(Op::LoadSym) }.to(reg));
        reg
    }

    fn singleton(&mut self, id: ConstId) -> Reg {
        self.sym(Sym::Const(id))
    }

    fn emit(&mut self, data: InstData) {
        self.out.append(self.at, data);
    }

    /// Emits an operation with a result in a new general register.
    fn def(&mut self, op: Op, srcs: &[Src]) -> Reg {
        let reg = self.out.new_vreg(RegClass::Gpr);
        self.emit(InstData::new(op).to(reg).with(srcs));
        reg
    }

    /// Emits an operation with a result in a new vector register.
    fn def_float(&mut self, op: Op, srcs: &[Src]) -> Reg {
        let reg = self.out.new_vreg(RegClass::Xmm);
        self.emit(InstData::new(op).to(reg).with(srcs));
        reg
    }

    fn load(&mut self, base: Reg, disp: i32) -> Reg {
        self.def(Op::Load, &[Src::Mem(Mem::at(base, disp))])
    }

    fn set_result(&mut self, reg: Reg) {
        let result = self.hir.result(self.inst);
        self.regs[result] = Some(reg);
    }

    /// A new block beside the current one: as hot as it is, or cold.
    fn side_block(&mut self, is_cold: bool) -> Block {
        let block = self.out.new_block();
        self.out.blocks[block].is_cold = is_cold || self.out.blocks[self.at].is_cold;
        self.out.blocks[block].loop_depth = self.out.blocks[self.at].loop_depth;
        block
    }

    /// Goes on in `block`.
    fn enter(&mut self, block: Block) {
        self.out.layout.push(block);
        self.at = block;
    }

    fn jump(&mut self, target: Block, args: Vec<Reg>) {
        self.emit(InstData { edges: vec![Edge { target, args }], ..InstData::new(Op::Jump) });
    }

    /// Ends the block with a comparison that goes to one of two blocks without arguments.
    fn branch(&mut self, data: InstData, yes: Block, no: Block) {
        let edges = [yes, no].map(|target| Edge { target, args: Vec::new() }).to_vec();
        self.emit(InstData { edges, ..data });
    }
}

#[cfg(test)]
mod tests;
