//! A function in LIR: blocks with parameters over virtual registers, then over machine registers.
//!
//! Virtual code is in SSA form, as HIR is; allocation keeps blocks and instructions, rewrites operands in place, inserts moves
//! and empties the parameter lists. Blocks are in emission order: loops contiguous, cold blocks last.

use abi::helper::HelperId;
use base::entity::PrimaryMap;
use base::entity_id;
pub use hir::env::{CellId, ClassId, ConstId, FuncId};

use super::exit::{Exit, ExitData};
use super::op::{Cc, Op, Size};
use super::reg::{Reg, RegClass};

entity_id! {
    /// A block.
    pub struct Block, "bb"
}
entity_id! {
    /// An instruction; not printed.
    pub struct Inst, "i"
}

/// Something whose address is known only when code is installed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Sym {
    /// A runtime helper.
    Helper(HelperId),
    /// A class object.
    Class(ClassId),
    /// A constant object: the word itself.
    Const(ConstId),
    /// The typed entry of a function.
    Func(FuncId),
    /// The memory of a global cell.
    Cell(CellId),
}

/// How far a function has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Phase {
    /// Over virtual registers.
    Virtual,
    /// Over machine registers and slots.
    Allocated,
}

/// What an address starts from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// A register.
    Reg(Reg),
    /// The thread state.
    Thread,
    /// The array area of the frame.
    Array,
    /// The word at a symbol.
    Sym(Sym),
}

/// A memory operand: `base + index * scale + disp`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mem {
    /// Start.
    pub base: Base,
    /// Index and scale, 1, 2, 4 or 8.
    pub index: Option<(Reg, u8)>,
    /// Displacement.
    pub disp: i32,
}

impl Mem {
    /// `[base + disp]`.
    pub const fn at(base: Reg, disp: i32) -> Self {
        Self { base: Base::Reg(base), index: None, disp }
    }

    /// `[thread + disp]`.
    pub const fn thread(disp: i32) -> Self {
        Self { base: Base::Thread, index: None, disp }
    }

    /// Word `n` of the array area.
    pub const fn array(n: u32) -> Self {
        Self { base: Base::Array, index: None, disp: n as i32 * 8 }
    }
}

/// An operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Src {
    /// Absent.
    None,
    /// A register.
    Reg(Reg),
    /// A constant; wider than 32 bits only in `mov` and `double`.
    Imm(i64),
    /// Memory.
    Mem(Mem),
}

impl Src {
    /// The registers that it reads.
    pub fn regs(&self) -> [Option<Reg>; 2] {
        match self {
            Self::None | Self::Imm(_) => [None, None],
            Self::Reg(reg) => [Some(*reg), None],
            Self::Mem(mem) => {
                let base = match mem.base {
                    Base::Reg(reg) => Some(reg),
                    _ => None,
                };
                [base, mem.index.map(|(index, _)| index)]
            }
        }
    }
}

/// How a failing callee tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fails {
    /// It does not fail.
    Never,
    /// The result is 0.
    Zero,
    /// The result is negative.
    Negative,
    /// The carry flag is set.
    Carry,
    /// The pending-exception word of the thread state is set.
    Pending,
}

impl Fails {
    /// Every signal with its name.
    pub const ALL: &[(Self, &'static str)] = &[
        (Self::Never, "never"),
        (Self::Zero, "zero"),
        (Self::Negative, "negative"),
        (Self::Carry, "carry"),
        (Self::Pending, "pending"),
    ];
}

/// An edge: a block and arguments for its parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edge {
    /// Where it goes.
    pub target: Block,
    /// Values for the parameters; empty after allocation.
    pub args: Vec<Reg>,
}

/// One instruction. Unused parts have neutral values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstData {
    /// What it does.
    pub op: Op,
    /// Width.
    pub size: Size,
    /// Condition.
    pub cc: Cc,
    /// Result.
    pub dst: Option<Reg>,
    /// Operands.
    pub srcs: [Src; 3],
    /// Symbol of `sym` and `call`.
    pub sym: Option<Sym>,
    /// Arguments of a call or the result of a return.
    pub args: Vec<Reg>,
    /// How a call fails.
    pub fails: Fails,
    /// Whether a counted operand may be a tagged word (bit 0) or null (bit 1), and so needs a test.
    pub tests: u8,
    /// Where it may leave.
    pub exit: Option<Exit>,
    /// Edges of a terminator.
    pub edges: Vec<Edge>,
}

impl InstData {
    /// An instruction without operands.
    pub const fn new(op: Op) -> Self {
        Self {
            op,
            size: Size::B8,
            cc: Cc::Eq,
            dst: None,
            srcs: [Src::None; 3],
            sym: None,
            args: Vec::new(),
            fails: Fails::Never,
            tests: 0,
            exit: None,
            edges: Vec::new(),
        }
    }

    /// The same with a result.
    #[must_use]
    pub fn to(mut self, dst: Reg) -> Self {
        self.dst = Some(dst);
        self
    }

    /// The same with operands.
    #[must_use]
    pub fn with(mut self, srcs: &[Src]) -> Self {
        self.srcs[..srcs.len()].copy_from_slice(srcs);
        self
    }

    /// The same at another width.
    #[must_use]
    pub fn sized(mut self, size: Size) -> Self {
        self.size = size;
        self
    }

    /// The same with a condition.
    #[must_use]
    pub fn cc(mut self, cc: Cc) -> Self {
        self.cc = cc;
        self
    }

    /// The same with an exit.
    #[must_use]
    pub fn exiting(mut self, exit: Option<Exit>) -> Self {
        self.exit = exit;
        self
    }
}

/// A block.
#[derive(Clone, Debug, Default)]
pub struct BlockData {
    /// Parameters; empty after allocation.
    pub params: Vec<Reg>,
    /// Instructions in order.
    pub insts: Vec<Inst>,
    /// Whether it is expected to be executed rarely.
    pub is_cold: bool,
    /// How many loops contain it.
    pub loop_depth: u32,
}

/// One function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Qualified name.
    pub name: String,
    /// How far it has come.
    pub phase: Phase,
    /// File of each virtual register.
    pub vregs: Vec<RegClass>,
    /// Instructions.
    pub insts: PrimaryMap<Inst, InstData>,
    /// Blocks.
    pub blocks: PrimaryMap<Block, BlockData>,
    /// Blocks in emission order, the entry first.
    pub layout: Vec<Block>,
    /// Exits.
    pub exits: PrimaryMap<Exit, ExitData>,
    /// 8-byte words of the array area.
    pub array_words: u32,
    /// 8-byte spill slots; known after allocation.
    pub slots: u32,
    /// Whether a failing call sets the carry flag for this function's callers, instead of returning 0.
    pub fails_by_carry: bool,
}

impl Function {
    /// An empty function.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            phase: Phase::Virtual,
            vregs: Vec::new(),
            insts: PrimaryMap::new(),
            blocks: PrimaryMap::new(),
            layout: Vec::new(),
            exits: PrimaryMap::new(),
            array_words: 0,
            slots: 0,
            fails_by_carry: false,
        }
    }

    /// A new virtual register.
    pub fn new_vreg(&mut self, class: RegClass) -> Reg {
        self.vregs.push(class);
        Reg::virt(self.vregs.len() as u32 - 1)
    }

    /// A new block, not yet placed.
    pub fn new_block(&mut self) -> Block {
        self.blocks.push(BlockData::default())
    }

    /// Appends an instruction to `block`.
    pub fn append(&mut self, block: Block, data: InstData) -> Inst {
        let inst = self.insts.push(data);
        self.blocks[block].insts.push(inst);
        inst
    }

    /// The file of a register operand.
    pub fn class(&self, reg: Reg) -> RegClass {
        match reg.kind() {
            super::reg::RegKind::Virtual(n) => self.vregs[n as usize],
            super::reg::RegKind::Physical(reg) => reg.class(),
            super::reg::RegKind::Slot(_, class) | super::reg::RegKind::Incoming(_, class) => class,
        }
    }

    /// The last instruction of a block.
    pub fn terminator(&self, block: Block) -> Inst {
        *self.blocks[block].insts.last().expect("a complete block ends with a terminator")
    }

    /// Successors of a block, one per edge.
    pub fn successors(&self, block: Block) -> impl Iterator<Item = Block> + '_ {
        self.insts[self.terminator(block)].edges.iter().map(|edge| edge.target)
    }
}
