//! A function in HIR: SSA over blocks with parameters, everything in arenas, everything named by a `u32`.
//!
//! Instructions are uniform: an operation, values, an immediate, edges, a frame state and a result; what they mean is in the
//! opcode table. Lists live in pools of the function, so an instruction is `Copy`. Blocks own the order of their instructions.
//! A value replaced by another becomes an *alias* (method: Cranelift); readers call [`Function::resolve`], and
//! [`Function::resolve_aliases`] rewrites all uses once, at the end of a pass.

use abi::helper::HelperId;
use base::entity::PrimaryMap;
use base::entity_id;

use super::frame_state::{FrameState, StateId};
use super::opcode::{Cond, Opcode};
use super::types::Type;
use crate::env::{CellId, ClassId, ConstId, FieldRef, FuncId, Signature};

entity_id! {
    /// An SSA value.
    pub struct Value, "v"
}
entity_id! {
    /// A basic block.
    pub struct Block, "bb"
}
entity_id! {
    /// An instruction; not printed.
    pub struct Inst, "i"
}
entity_id! {
    /// A field used by this function.
    pub struct Field, "field"
}
entity_id! {
    /// A call target used by this function.
    pub struct Func, "fn"
}

/// How far a function has come; phases only go forward.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Phase {
    /// As the builder left it: SSA, with generic operations and unreachable blocks.
    Ssa,
    /// After the optimising passes.
    Optimized,
    /// Reference counting is explicit.
    Counted,
}

impl Phase {
    /// Every phase with its name.
    pub const ALL: &[(Self, &'static str)] =
        &[(Self::Ssa, "ssa"), (Self::Optimized, "optimized"), (Self::Counted, "counted")];

    /// Name in text.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// The immediate operand of an instruction.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(missing_docs, reason = "each variant holds what its name says")]
pub enum Imm {
    None,
    Int(i64),
    Float(f64),
    Cond(Cond),
    Const(ConstId),
    Class(ClassId),
    Field(Field),
    Func(Func),
    Helper(HelperId),
    Cell(CellId),
}

/// A list in one of the function's pools.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct List {
    start: u32,
    len: u32,
}

impl List {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }
}

/// An edge of the control-flow graph: a block and the arguments for its parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edge {
    /// Where it goes.
    pub target: Block,
    /// Values for the target's parameters.
    pub args: Vec<Value>,
}

impl Edge {
    /// An edge.
    pub fn new(target: Block, args: Vec<Value>) -> Self {
        Self { target, args }
    }
}

/// One instruction.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct InstData {
    /// What it does.
    pub op: Opcode,
    /// Immediate operand.
    pub imm: Imm,
    /// Value operands, in the function's pool.
    pub args: List,
    /// Edges of a terminator, in the function's pool.
    edges: List,
    /// Frame state for leaving to the interpreter or raising.
    pub state: Option<StateId>,
    /// Result, if the operation has one.
    pub result: Option<Value>,
}

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueDef {
    /// The result of an instruction.
    Inst(Inst),
    /// Parameter number so-and-so of a block.
    Param(Block, u32),
    /// Another value that replaced it.
    Alias(Value),
}

/// A value's type and definition.
#[derive(Clone, Copy, Debug)]
pub struct ValueData {
    /// What it can be.
    pub ty: Type,
    /// Where it comes from.
    pub def: ValueDef,
}

/// A block: parameters, then instructions, the last of which is a terminator.
#[derive(Clone, Debug, Default)]
pub struct BlockData {
    /// Parameters.
    pub params: Vec<Value>,
    /// Instructions in order.
    pub insts: Vec<Inst>,
    /// Whether it is expected to be executed rarely.
    pub is_cold: bool,
}

/// One function; see the module documentation.
#[derive(Clone, Debug)]
pub struct Function {
    /// Qualified name.
    pub name: String,
    /// The function being compiled.
    pub id: FuncId,
    /// Result type; the parameters are those of the entry block.
    pub ret: Type,
    /// How far it has come.
    pub phase: Phase,
    /// Whether operands of which nothing is known may be guessed by those beside them.
    pub guesses: bool,
    /// Whether frame states have every variable that has a value, wherever somebody may look at the frame.
    pub is_shown: bool,
    /// Whether variables and operands hold as many references as in the interpreter.
    pub counts_exactly: bool,
    /// Instructions.
    pub insts: PrimaryMap<Inst, InstData>,
    /// Blocks.
    pub blocks: PrimaryMap<Block, BlockData>,
    /// Blocks in order, the entry first; blocks that are not listed do not exist.
    pub layout: Vec<Block>,
    /// Values.
    pub values: PrimaryMap<Value, ValueData>,
    /// Frame states.
    pub states: PrimaryMap<StateId, FrameState>,
    /// Fields named by instructions.
    pub fields: PrimaryMap<Field, FieldRef>,
    /// Call targets named by instructions.
    pub funcs: PrimaryMap<Func, Signature>,
    /// In phase `Counted`: for each instruction with a state, the owned values to release when it leaves.
    pub owned_at: rustc_hash::FxHashMap<Inst, Vec<Value>>,
    /// In phase `Counted`: block parameters that come with a reference of their own.
    pub owned_params: base::entity::EntitySet<Value>,
    /// Whether a value has been replaced since uses were last rewritten.
    has_aliases: bool,
    value_pool: Vec<Value>,
    edge_pool: Vec<Edge>,
}

impl Function {
    /// Whether somebody can tell how long a variable holds a value of a type: by what its destructor does, or by counting. Nobody counts
    /// numbers, which are boxed anew each time.
    pub fn is_hold_told(&self, ty: Type) -> bool {
        let counts = self.counts_exactly && !ty.is_subtype(Type::INT_EXACT.union(Type::FLOAT_EXACT));
        ty.is_counted() && (counts || !ty.has_trivial_drop())
    }

    /// An empty function.
    pub fn new(name: impl Into<String>, id: FuncId, ret: Type) -> Self {
        Self {
            name: name.into(),
            id,
            ret,
            phase: Phase::Ssa,
            guesses: false,
            is_shown: false,
            counts_exactly: false,
            insts: PrimaryMap::new(),
            blocks: PrimaryMap::new(),
            layout: Vec::new(),
            values: PrimaryMap::new(),
            states: PrimaryMap::new(),
            fields: PrimaryMap::new(),
            funcs: PrimaryMap::new(),
            owned_at: rustc_hash::FxHashMap::default(),
            owned_params: base::entity::EntitySet::new(),
            has_aliases: false,
            value_pool: Vec::new(),
            edge_pool: Vec::new(),
        }
    }

    /// The first block.
    pub fn entry(&self) -> Block {
        self.layout[0]
    }

    /// Makes a block at the end of the layout.
    pub fn add_block(&mut self) -> Block {
        let block = self.blocks.push(BlockData::default());
        self.layout.push(block);
        block
    }

    /// Adds a parameter to `block`.
    pub fn add_param(&mut self, block: Block, ty: Type) -> Value {
        let at = self.blocks[block].params.len() as u32;
        let value = self.values.push(ValueData { ty, def: ValueDef::Param(block, at) });
        self.blocks[block].params.push(value);
        value
    }

    /// Makes an instruction without placing it; `ty` is the type of its result, if it has one.
    pub fn make_inst(
        &mut self,
        op: Opcode,
        args: &[Value],
        imm: Imm,
        ty: Type,
        state: Option<StateId>,
    ) -> Inst {
        let args = self.push_values(args);
        let inst = self.insts.push(InstData { op, imm, args, edges: List::default(), state, result: None });
        if op.info().ret != super::opcode::Ret::None {
            let result = self.values.push(ValueData { ty, def: ValueDef::Inst(inst) });
            self.insts[inst].result = Some(result);
        }
        inst
    }

    /// Makes an instruction whose result already has a number, for the parser.
    pub(crate) fn make_parsed_inst(
        &mut self,
        op: Opcode,
        args: &[Value],
        imm: Imm,
        state: Option<StateId>,
        result: Option<Value>,
    ) -> Inst {
        let args = self.push_values(args);
        self.insts.push(InstData { op, imm, args, edges: List::default(), state, result })
    }

    /// Appends an instruction to `block`.
    pub fn append(
        &mut self,
        block: Block,
        op: Opcode,
        args: &[Value],
        imm: Imm,
        ty: Type,
        state: Option<StateId>,
    ) -> Inst {
        let inst = self.make_inst(op, args, imm, ty, state);
        self.blocks[block].insts.push(inst);
        inst
    }

    /// Appends a terminator to `block`.
    pub fn terminate(&mut self, block: Block, op: Opcode, args: &[Value], edges: Vec<Edge>) -> Inst {
        let inst = self.append(block, op, args, Imm::None, Type::EMPTY, None);
        self.set_edges(inst, edges);
        inst
    }

    /// Ends `block` with a jump.
    pub fn jump(&mut self, block: Block, target: Block, args: Vec<Value>) -> Inst {
        self.terminate(block, Opcode::Jump, &[], vec![Edge::new(target, args)])
    }

    fn push_values(&mut self, values: &[Value]) -> List {
        let start = self.value_pool.len() as u32;
        self.value_pool.extend_from_slice(values);
        List { start, len: values.len() as u32 }
    }

    /// Gives an instruction other operands.
    pub fn set_args(&mut self, inst: Inst, args: &[Value]) {
        self.insts[inst].args = self.push_values(args);
    }

    /// Gives a terminator other edges.
    pub fn set_edges(&mut self, inst: Inst, edges: Vec<Edge>) {
        let start = self.edge_pool.len() as u32;
        let len = edges.len() as u32;
        self.edge_pool.extend(edges);
        self.insts[inst].edges = List { start, len };
    }

    /// Value operands of an instruction, unresolved.
    pub fn args(&self, inst: Inst) -> &[Value] {
        &self.value_pool[self.insts[inst].args.range()]
    }

    /// Operand number `at`, resolved.
    pub fn arg(&self, inst: Inst, at: usize) -> Value {
        self.resolve(self.args(inst)[at])
    }

    /// Edges of an instruction.
    pub fn edges(&self, inst: Inst) -> &[Edge] {
        &self.edge_pool[self.insts[inst].edges.range()]
    }

    /// Edges of an instruction, for change.
    pub fn edges_mut(&mut self, inst: Inst) -> &mut [Edge] {
        &mut self.edge_pool[self.insts[inst].edges.range()]
    }

    /// Result of an instruction that has one.
    pub fn result(&self, inst: Inst) -> Value {
        self.insts[inst].result.expect("the caller knows that this operation has a result")
    }

    /// The type of a value.
    pub fn ty(&self, value: Value) -> Type {
        self.values[self.resolve(value)].ty
    }

    /// Follows replacements.
    pub fn resolve(&self, mut value: Value) -> Value {
        while let ValueDef::Alias(next) = self.values[value].def {
            value = next;
        }
        value
    }

    /// Makes every reader of `old` read `new` instead.
    pub fn replace(&mut self, old: Value, new: Value) {
        let new = self.resolve(new);
        debug_assert_ne!(old, new, "a value cannot replace itself");
        self.values[old].def = ValueDef::Alias(new);
        self.has_aliases = true;
    }

    /// The instruction that defines a value, unless it is a parameter.
    pub fn def_inst(&self, value: Value) -> Option<Inst> {
        match self.values[self.resolve(value)].def {
            ValueDef::Inst(inst) => Some(inst),
            ValueDef::Param(..) | ValueDef::Alias(_) => None,
        }
    }

    /// The operation that defines a value, unless it is a parameter.
    pub fn def_op(&self, value: Value) -> Option<Opcode> {
        self.def_inst(value).map(|inst| self.insts[inst].op)
    }

    /// The terminator of a block that has one.
    pub fn terminator(&self, block: Block) -> Inst {
        *self.blocks[block].insts.last().expect("a complete block ends with a terminator")
    }

    /// Blocks that control may reach from the end of `block`, one per edge.
    pub fn successors(&self, block: Block) -> impl Iterator<Item = Block> + '_ {
        let last = self.blocks[block].insts.last();
        last.map_or(&[][..], |&inst| self.edges(inst)).iter().map(|edge| edge.target)
    }

    /// Calls `visit` with everything an instruction reads: operands, edge arguments, and the whole chain of its state.
    pub fn for_each_use(&self, inst: Inst, mut visit: impl FnMut(Value)) {
        self.args(inst).iter().for_each(|&arg| visit(self.resolve(arg)));
        for edge in self.edges(inst) {
            edge.args.iter().for_each(|&arg| visit(self.resolve(arg)));
        }
        self.for_each_state_value(inst, visit);
    }

    /// Calls `visit` with the values of the states that an instruction names.
    pub fn for_each_state_value(&self, inst: Inst, mut visit: impl FnMut(Value)) {
        let mut next = self.insts[inst].state;
        while let Some(state) = next {
            self.states[state].for_each_value(|value| visit(self.resolve(value)));
            next = self.states[state].parent;
        }
    }

    /// Rewrites every use of a replaced value.
    pub fn resolve_aliases(&mut self) {
        if !std::mem::take(&mut self.has_aliases) {
            return;
        }
        let resolved: Vec<Value> = self.values.keys().map(|value| self.resolve(value)).collect();
        let map = |value: Value| resolved[base::entity::EntityId::index(value)];
        self.value_pool.iter_mut().for_each(|value| *value = map(*value));
        self.edge_pool.iter_mut().flat_map(|edge| &mut edge.args).for_each(|value| *value = map(*value));
        self.states.values_mut().for_each(|state| state.map_values(map));
    }

    /// Names a field, once.
    pub fn import_field(&mut self, field: FieldRef) -> Field {
        let known = self.fields.iter().find(|(_, known)| **known == field).map(|(id, _)| id);
        known.unwrap_or_else(|| self.fields.push(field))
    }

    /// Names a call target, once.
    pub fn import_func(&mut self, sig: Signature) -> Func {
        let known = self.funcs.iter().find(|(_, known)| **known == sig).map(|(id, _)| id);
        known.unwrap_or_else(|| self.funcs.push(sig))
    }

    /// The field that an instruction's immediate names.
    pub fn field(&self, inst: Inst) -> &FieldRef {
        match self.insts[inst].imm {
            Imm::Field(field) => &self.fields[field],
            other => unreachable!("the verifier admits only fields here, not {other:?}"),
        }
    }

    /// The call target that an instruction's immediate names.
    pub fn callee(&self, inst: Inst) -> &Signature {
        match self.insts[inst].imm {
            Imm::Func(func) => &self.funcs[func],
            other => unreachable!("the verifier admits only call targets here, not {other:?}"),
        }
    }

    /// How many instructions are placed.
    pub fn size(&self) -> usize {
        self.layout.iter().map(|&block| self.blocks[block].insts.len()).sum()
    }
}
