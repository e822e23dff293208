//! Bytecode to HIR, by simulating the operand stack.
//!
//! Blocks start at jump targets and behind branches. A block takes the locals that are live there and the whole operand stack
//! as parameters; `clean-cfg` removes those that always receive the same value, which leaves minimal SSA for reducible code
//! (Braun et al. 2013 remove them while building; doing it afterwards keeps the builder simple). Instructions that may leave
//! for the interpreter get a frame state with the live locals and the stack before the instruction. An instruction that can
//! only raise, outside of every handler, gets a bare position in static code, so that it keeps nothing alive, and elsewhere one with all
//! variables, for those who look at frames.
//!
//! An exception under a handler leaves with the whole frame; the handler is code of its own, as are hot loops of interpreted frames
//! and generators (`resumed`).
//!
//! Needs: verified bytecode. Gives: phase `Ssa`. Cost: instructions × live locals.

mod arith;
mod call;
mod closure;
mod completion;
mod control;
mod generic;
mod handling;
mod liveness;
mod namespace;
mod primitive;
mod range_loop;
mod resumed;
mod static_ops;
mod suspend;
mod types;

use std::collections::{HashMap, HashSet};

use abi::helper::HelperId;
use base::entity::EntityId;
use bytecode::code::CellKind;
use bytecode::{Code, CodeFlags, Const, Opcode as B, Repr, TypeCode, Word};

use crate::env::{CompileEnv, ConstId, FuncId};
use crate::ir::types::Spec;
use crate::ir::{Block, Edge, FrameState, Function, Imm, Opcode, Ret, Slot, StateId, Type, Value};
use crate::unsupported::{Reason, Unsupported};
use liveness::Liveness;
use range_loop::RangeIter;
pub use resumed::{Point, Start};
pub use types::{code_type, param_types, return_type, type_of};

type Built<T> = Result<T, Unsupported>;

/// State of one build.
struct Builder<'c> {
    code: &'c Code,
    env: &'c dyn CompileEnv,
    func: Function,
    live: Liveness,
    /// Representations on the stack before each instruction.
    stack_maps: Vec<Option<Vec<Repr>>>,
    /// The block that starts at an instruction.
    block_at: Vec<Option<Block>>,
    /// Blocks whose code is still to be built, by first instruction.
    work: Vec<u32>,
    /// Where instructions are appended.
    block: Block,
    /// The bytecode instruction being translated.
    at: u32,
    /// How many instructions there were before it.
    begun: usize,
    /// The tuple of the function's cells, if they come with each call.
    closure: Option<Value>,
    locals: Vec<Option<Value>>,
    stack: Vec<Value>,
    /// The locals and the stack before the instruction, for its frame state.
    before: (Vec<Option<Value>>, Vec<Value>),
    /// The full and the position-only state of this instruction, once made.
    states: [Option<StateId>; 2],
    /// Whether the block has been ended.
    is_ended: bool,
    /// Iterators of counting loops, by the marker that stands for them on the stack.
    ranges: HashMap<Value, RangeIter>,
    /// The markers on the stack at the start of each block.
    shapes: HashMap<Block, Vec<Option<i32>>>,
    /// Names of the globals that values were loaded from.
    global_names: HashMap<Value, usize>,
    /// Values that variables have held.
    stored: HashSet<Value>,
    /// Where methods that are on the stack were looked up.
    lookups: HashMap<Value, u32>,
    /// Whether a marker was used as an object.
    is_misused: bool,
    /// The interpreter's frame, if the code goes on in one.
    frame: Option<Value>,
    /// Whether counting loops go without their iterators.
    has_markers: bool,
}

/// The most instructions that one function may have.
const LIMIT: usize = 20_000;

/// Builtins that read the locals of their caller, which compiled code keeps nowhere, or follow its lines: the interpreter goes on where they
/// are loaded.
const FRAME_BUILTINS: [&str; 6] = ["locals", "vars", "dir", "eval", "exec", "breakpoint"];

/// Functions of modules that do so, by the names of their attributes.
const FRAME_FUNCTIONS: [&str; 5] = ["_getframe", "currentframe", "settrace", "setprofile", "set_trace"];

/// Whether code begins in a frame of the interpreter: its module counts references, or it looks at frames, of which its own may be one that it
/// has got hold of.
pub fn needs_frame(code: &Code) -> bool {
    code.flags.contains(CodeFlags::COUNTS_REFERENCES) || code.names.iter().any(|name| name == "f_locals")
}

/// Whether a variable of this name may be one of them.
fn reads_frame(name: &str) -> bool {
    FRAME_BUILTINS.contains(&name) || FRAME_FUNCTIONS.contains(&name)
}

/// Builds the HIR of `code`. From the start, its typed entry takes the parameters that its signature says, and behind them the closure
/// if the environment knows no cells; see [`Start`] for others.
pub fn build(code: &Code, id: FuncId, env: &dyn CompileEnv, start: Start<'_>) -> Built<Function> {
    let refuse = |reason| Err(Unsupported { reason, offset: 0 });
    if matches!(start, Start::Call) {
        if code.flags.intersects(CodeFlags::SUSPENDS) {
            return refuse(Reason::Suspends);
        }
        if code.flags.intersects(CodeFlags::CLASS_BODY | CodeFlags::MODULE_BODY) {
            return refuse(Reason::Namespace);
        }
    }
    if code.words.len() > LIMIT {
        return refuse(Reason::TooBig);
    }
    match build_with(code, id, env, start, true) {
        Err(Unsupported { reason: Reason::Marker, .. }) => build_with(code, id, env, start, false),
        built => built,
    }
}

/// [`build`], with or without markers for counting loops.
fn build_with(
    code: &Code,
    id: FuncId,
    env: &dyn CompileEnv,
    start: Start<'_>,
    has_markers: bool,
) -> Built<Function> {
    let mut func = Function::new(code.qualname.clone(), id, return_type(code, env));
    func.guesses = env.guesses(id);
    func.is_shown = !code.flags.contains(CodeFlags::STATIC) || env.shows_static();
    func.counts_exactly = code.flags.contains(CodeFlags::COUNTS_REFERENCES);
    let entry = func.add_block();
    let live = Liveness::new(code, matches!(start, Start::Resume(_)), func.is_shown);
    let mut builder = Builder {
        code,
        env,
        func,
        live,
        stack_maps: bytecode::verify::stack_maps(code),
        block_at: vec![None; code.words.len()],
        work: Vec::new(),
        block: entry,
        at: 0,
        begun: 0,
        closure: None,
        locals: vec![None; code.locals.len()],
        stack: Vec::new(),
        before: (Vec::new(), Vec::new()),
        states: [None; 2],
        is_ended: false,
        ranges: HashMap::new(),
        shapes: HashMap::new(),
        global_names: HashMap::new(),
        stored: HashSet::new(),
        lookups: HashMap::new(),
        is_misused: false,
        frame: None,
        has_markers,
    };
    match start {
        Start::Call => {
            builder.bind_parameters(entry);
            builder.jump_to(0);
        }
        Start::Resume(points) => builder.bind_frame(points),
    }
    while let Some(start) = builder.work.pop() {
        builder.build_block(start)?;
    }
    Ok(builder.func)
}

impl Builder<'_> {
    fn bind_parameters(&mut self, entry: Block) {
        for (slot, ty) in param_types(self.code, self.env).into_iter().enumerate() {
            self.locals[slot] = Some(self.func.add_param(entry, ty));
        }
        if self.code.free_count() > 0 && self.env.closure_cell(self.func.id, 0).is_none() {
            self.closure = Some(self.func.add_param(entry, Type::TUPLE_EXACT));
        }
    }

    /// Translates instructions from `start` up to the next block.
    fn build_block(&mut self, start: u32) -> Built<()> {
        self.enter_block(start);
        let mut at = start;
        loop {
            self.at = at;
            self.states = [None; 2];
            self.before.0.clone_from(&self.locals);
            self.before.1.clone_from(&self.stack);
            self.is_ended = false;
            let word = self.code.words[at as usize];
            self.begun = self.func.insts.len();
            self.translate(word)?;
            self.note_completion();
            self.check_markers()?;
            if self.is_ended {
                return Ok(());
            }
            at += 1;
            if self.starts_block(at) {
                self.jump_to(at);
                return Ok(());
            }
        }
    }

    /// Whether a jump goes to an instruction.
    fn starts_block(&self, at: u32) -> bool {
        self.live.is_target(at)
    }

    /// Sets locals and stack up from the parameters of the block at `start`.
    fn enter_block(&mut self, start: u32) {
        let block = self.block_at[start as usize].expect("queued blocks exist");
        let mut params = self.func.blocks[block].params.clone().into_iter();
        self.block = block;
        self.locals = vec![None; self.code.locals.len()];
        for slot in self.live.live_at(start) {
            self.locals[slot] = params.next();
        }
        self.stack.clear();
        for entry in self.shapes[&block].clone() {
            let mut param = || params.next().expect("a block has a parameter for each entry");
            let value = match entry {
                Some(step) => {
                    let range = RangeIter { next: param(), stop: param(), step };
                    self.push_range(range)
                }
                None => param(),
            };
            self.stack.push(value);
        }
    }

    /// The block at an instruction, made and queued at the first request.
    fn block_for(&mut self, at: u32) -> Block {
        if let Some(block) = self.block_at[at as usize] {
            return block;
        }
        let block = self.func.add_block();
        self.block_at[at as usize] = Some(block);
        self.work.push(at);
        for slot in self.live.live_at(at) {
            let ty = self.local_param_type(slot);
            self.func.add_param(block, ty);
        }
        let shape = self.stack_shape();
        let reprs = self.stack_maps[at as usize].clone().expect("reachable code has a stack map");
        for (repr, entry) in reprs.into_iter().zip(&shape) {
            if entry.is_some() {
                self.func.add_param(block, range_loop::PARAM);
            }
            let ty = match repr {
                Repr::Object if entry.is_some() => range_loop::PARAM,
                Repr::Object => Type::WORD,
                Repr::Int => Type::RAW,
                Repr::Double => Type::F64,
            };
            self.func.add_param(block, ty);
        }
        self.shapes.insert(block, shape);
        block
    }

    fn local_param_type(&self, slot: usize) -> Type {
        let local = &self.code.locals[slot];
        // A slot for a cell holds a plain argument before its prologue has run.
        if local.cell != CellKind::None { Type::WORD } else { code_type(local.ty).unwrap_or(Type::WORD) }
    }

    /// An edge to the block at `at` from the current state.
    fn edge_to(&mut self, at: u32) -> Edge {
        let target = self.block_for(at);
        let mut args = Vec::new();
        for slot in self.live.live_at(at) {
            args.push(self.local_or_unset(slot));
        }
        args.extend(self.stack_arguments());
        self.is_misused |= self.shapes[&target] != self.stack_shape();
        Edge::new(target, args)
    }

    /// What a local slot holds for another block: null or zero if it is unset.
    fn local_or_unset(&mut self, slot: usize) -> Value {
        if let Some(value) = self.locals[slot] {
            return value;
        }
        match code_type(self.code.locals[slot].ty) {
            None => self.null(),
            Some(ty) if ty == Type::F64 => self.emit(Opcode::ConstFloat, &[], Imm::Float(0.0), ty),
            Some(ty) => self.const_int(0, ty),
        }
    }

    fn jump_to(&mut self, at: u32) {
        let edge = self.edge_to(at);
        self.func.jump(self.block, edge.target, edge.args);
        self.is_ended = true;
    }

    /// Ends the block with a branch on a machine boolean.
    fn branch(&mut self, condition: Value, yes: Edge, no: Edge) {
        self.func.terminate(self.block, Opcode::Branch, &[condition], vec![yes, no]);
        self.is_ended = true;
    }

    /// Goes on in a new block that only the current one reaches; gives the old one.
    fn switch_to(&mut self, block: Block) {
        self.block = block;
    }

    fn new_block(&mut self, is_cold: bool) -> Block {
        let block = self.func.add_block();
        self.func.blocks[block].is_cold = is_cold;
        block
    }

    // --- Emission -------------------------------------------------------------------------------------------------

    fn emit(&mut self, op: Opcode, args: &[Value], imm: Imm, ty: Type) -> Value {
        let inst = self.func.append(self.block, op, args, imm, ty, None);
        self.func.result(inst)
    }

    /// Emits an operation without a result.
    fn effect(&mut self, op: Opcode, args: &[Value], imm: Imm) {
        self.func.append(self.block, op, args, imm, Type::EMPTY, None);
    }

    /// Emits an operation that may leave for the interpreter before it has any effect.
    fn emit_deopt(&mut self, op: Opcode, args: &[Value], imm: Imm, ty: Type) -> Value {
        let state = self.full_state();
        let inst = self.func.append(self.block, op, args, imm, ty, Some(state));
        self.func.insts[inst].result.unwrap_or(Value::from_index(0))
    }

    /// Emits an operation that may raise.
    fn emit_raise(&mut self, op: Opcode, args: &[Value], imm: Imm, ty: Type) -> Value {
        let state = self.raise_state();
        let inst = self.func.append(self.block, op, args, imm, ty, Some(state));
        self.func.insts[inst].result.unwrap_or(Value::from_index(0))
    }

    /// Calls a helper: scalars in order, then items.
    fn helper(&mut self, helper: HelperId, args: &[Value], ty: Type) -> Value {
        let imm = Imm::Helper(helper);
        if helper.signature().may_raise() {
            self.emit_raise(Opcode::CallHelper, args, imm, ty)
        } else {
            self.emit(Opcode::CallHelper, args, imm, ty)
        }
    }

    /// Calls a helper that a later pass may replace by a speculation on its operands' types, for which it has the full state.
    fn generic_helper(&mut self, helper: HelperId, args: &[Value], ty: Type) -> Value {
        self.emit_deopt(Opcode::CallHelper, args, Imm::Helper(helper), ty)
    }

    /// Calls a helper that returns any object.
    fn object_helper(&mut self, helper: HelperId, args: &[Value]) -> Value {
        self.helper(helper, args, Type::OBJECT)
    }

    /// Calls a helper whose result only says whether it failed.
    fn status_helper(&mut self, helper: HelperId, args: &[Value]) {
        self.helper(helper, args, Type::I64);
    }

    /// Ends the block with a helper that always raises.
    fn raise(&mut self, helper: HelperId, args: &[Value]) {
        self.object_helper(helper, args);
        self.func.terminate(self.block, Opcode::Unreachable, &[], Vec::new());
        self.is_ended = true;
    }

    /// Leaves through `helper` on a cold path if `condition` is true, else goes on.
    fn raise_if(&mut self, condition: Value, helper: HelperId, args: &[Value]) {
        let (fail, next) = (self.new_block(true), self.new_block(false));
        self.branch(condition, Edge::new(fail, Vec::new()), Edge::new(next, Vec::new()));
        self.switch_to(fail);
        self.raise(helper, args);
        self.switch_to(next);
        self.is_ended = false;
    }

    fn null(&mut self) -> Value {
        self.emit(Opcode::Null, &[], Imm::None, Type::NULL)
    }

    fn const_int(&mut self, value: i64, ty: Type) -> Value {
        self.emit(Opcode::ConstInt, &[], Imm::Int(value), ty.with_spec(Spec::Int(value)))
    }

    fn object(&mut self, id: ConstId, ty: Type) -> Value {
        self.emit(Opcode::ConstObject, &[], Imm::Const(id), ty.with_spec(Spec::Object(id)))
    }

    fn none(&mut self) -> Value {
        self.object(ConstId::NONE.id(), Type::NONE)
    }

    fn name(&mut self, index: usize) -> Value {
        let id = self.env.name(self.func.id, index as u32);
        self.object(id, Type::STR_EXACT)
    }

    fn constant(&mut self, index: usize) -> Value {
        let id = |builder: &Self| builder.env.constant(builder.func.id, index as u32);
        let ty = match &self.code.consts[index] {
            Const::None => return self.none(),
            Const::Bool(value) => {
                let id = if *value { ConstId::TRUE } else { ConstId::FALSE };
                return self.object(id.id(), Type::BOOL);
            }
            Const::Int(value) if (-(1 << 62)..1 << 62).contains(value) => {
                return self.const_int(*value, Type::SMALL_INT);
            }
            Const::Int(_) | Const::BigInt(_) => Type::BIG_INT,
            Const::Float(value) => {
                let value = self.emit(Opcode::ConstFloat, &[], Imm::Float(*value), Type::F64);
                return self.emit(Opcode::BoxFloat, &[value], Imm::None, Type::FLOAT_EXACT);
            }
            Const::Str(_) => Type::STR_EXACT,
            Const::Bytes(_) => Type::BYTES_EXACT,
            Const::Tuple(_) => Type::TUPLE_EXACT,
            Const::Code(_) => Type::CODE,
            Const::Slice(_) => Type::SLICE,
            Const::Ellipsis | Const::Complex(..) | Const::FrozenSet(_) => Type::OTHER,
        };
        let id = id(self);
        self.object(id, ty)
    }

    // --- The stack ------------------------------------------------------------------------------------------------

    fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    fn pop(&mut self) -> Value {
        self.stack.pop().expect("verified bytecode does not underflow the stack")
    }

    /// Pops an entry that is certainly an object.
    fn pop_object(&mut self) -> Value {
        let value = self.pop();
        self.as_object(value)
    }

    /// The value as a non-null object, which the bytecode guarantees it is.
    fn as_object(&mut self, value: Value) -> Value {
        let ty = self.func.ty(value);
        if !ty.may_be_null() {
            return value;
        }
        self.is_misused |= self.ranges.contains_key(&value);
        let narrowed = ty.without(Type::NULL);
        // A null here can only be dead code behind an instruction that always raises.
        if narrowed.is_empty() {
            return self.none();
        }
        self.emit(Opcode::Refine, &[value], Imm::None, narrowed)
    }

    fn pop_many(&mut self, count: usize) -> Vec<Value> {
        let at = self.stack.len() - count;
        let values = self.stack.split_off(at);
        values.into_iter().map(|value| self.as_object(value)).collect()
    }

    /// Pops a primitive as a value of type `ty`.
    fn pop_prim(&mut self, ty: Type) -> Value {
        let value = self.pop();
        self.as_prim(value, ty)
    }

    fn as_prim(&mut self, value: Value, ty: Type) -> Value {
        let have = self.func.ty(value);
        if have.is_subtype(ty) {
            return value;
        }
        // A primitive that comes over an edge has no type of its own yet, and may turn out to have another one than this use asks
        // for: the truth of a `cbool` is asked for as that of a number.
        self.emit(Opcode::Convert, &[value], Imm::None, ty)
    }

    fn pop_code(&mut self, code: TypeCode) -> Value {
        self.pop_prim(code_type(code).unwrap_or(Type::I64))
    }

    // --- Frame states ---------------------------------------------------------------------------------------------

    /// The state before the current instruction.
    fn full_state(&mut self) -> StateId {
        if let Some(state) = self.states[0] {
            return state;
        }
        let state = self.make_state();
        let id = self.func.states.push(state);
        self.states[0] = Some(id);
        id
    }

    fn make_state(&mut self) -> FrameState {
        let live: Vec<usize> = self.live.live_at(self.at).collect();
        let (locals, stack) = self.before.clone();
        let is_raw = |slot: usize| code_type(self.code.locals[slot].ty).is_some();
        let mut slots = vec![Slot::Unset; locals.len()];
        for slot in live {
            if let Some(value) = locals[slot] {
                slots[slot] = match self.slot(value, is_raw(slot)) {
                    Slot::Value(value) if !self.live.is_read(self.at, slot) => Slot::Kept(value),
                    other => other,
                };
            }
        }
        let reprs = self.stack_maps[self.at as usize].clone().expect("reachable code has a stack map");
        let stack =
            stack.iter().zip(reprs).map(|(&value, repr)| self.slot(value, repr != Repr::Object)).collect();
        let is_handled = self.code.handler_at(self.at as usize).is_some();
        FrameState {
            code: self.func.id,
            offset: self.at,
            locals: slots,
            stack,
            parent: None,
            is_handled,
            done: None,
        }
    }

    /// The state at a call: the caller's frame while the callee runs, its operands popped.
    fn call_state(&mut self) -> StateId {
        let before = std::mem::replace(&mut self.before.1, self.stack.clone());
        let known = std::mem::take(&mut self.states);
        let state = self.full_state();
        self.before.1 = before;
        self.states = known;
        state
    }

    /// A value that was boxed for the interpreter's sake is handed over unboxed.
    fn slot(&self, value: Value, is_raw: bool) -> Slot {
        if is_raw {
            return Slot::Raw(value);
        }
        if let Some(&RangeIter { next, stop, step }) = self.ranges.get(&value) {
            return Slot::RangeIterator { next, stop, step };
        }
        if self.func.ty(value).is_subtype(Type::NULL) {
            return Slot::Unset;
        }
        match self.func.def_inst(value) {
            Some(inst)
                if matches!(
                    self.func.insts[inst].op,
                    Opcode::BoxInt | Opcode::BoxFloat | Opcode::BoxBool | Opcode::Tag
                ) =>
            {
                Slot::Value(self.func.arg(inst, 0))
            }
            _ => Slot::Value(value),
        }
    }

    /// The state for an exception: everything if a handler may see it, else the variables, or the position alone.
    fn raise_state(&mut self) -> StateId {
        if let Some(state) = self.states[1] {
            return state;
        }
        if self.code.handler_at(self.at as usize).is_some() {
            if self.func.counts_exactly {
                // What the instruction consumes is gone when the handler runs.
                self.raise_without_operands();
            }
            return self.states[1].unwrap_or_else(|| self.full_state());
        }
        let state = if self.func.is_shown {
            FrameState { stack: Vec::new(), ..self.make_state() }
        } else {
            FrameState::position(self.func.id, self.at)
        };
        let id = self.func.states.push(state);
        self.states[1] = Some(id);
        id
    }

    /// Lets what raises in this instruction leave no operands but those that the handler, if there is one, finds below its exception.
    fn raise_without_operands(&mut self) {
        let Some(handler) = self.code.handler_at(self.at as usize) else { return };
        let depth = handler.depth as usize;
        let mut state = self.make_state();
        state.stack.truncate(depth);
        self.states[1] = Some(self.func.states.push(state));
    }

    fn unsupported<T>(&self, word: Word) -> Built<T> {
        Err(Unsupported { reason: Reason::Opcode(word.opcode().name()), offset: self.at })
    }

    fn unresolved<T>(&self) -> Built<T> {
        Err(Unsupported { reason: Reason::Unresolved, offset: self.at })
    }

    /// Translates one instruction. What names something that is not there yet, as in a hot loop in front of a class, is left to the
    /// interpreter.
    fn translate(&mut self, word: Word) -> Built<()> {
        match self.translate_known(word) {
            Err(Unsupported { reason: Reason::Unresolved, .. }) => {
                self.leave();
                Ok(())
            }
            done => done,
        }
    }

    /// Goes on in the interpreter, at this instruction.
    fn leave(&mut self) {
        let state = self.full_state();
        self.func.append(self.block, Opcode::Deopt, &[], Imm::None, Type::EMPTY, Some(state));
        self.is_ended = true;
    }

    /// Translates one instruction by its family.
    fn translate_known(&mut self, word: Word) -> Built<()> {
        let handled = self.translate_frame_reader(word)
            || self.translate_stack(word)?
            || self.translate_control(word)?
            || self.translate_operator(word)?
            || self.translate_generic(word)?
            || self.translate_range_call(word)?
            || self.translate_call(word)?
            || self.translate_handling(word)?
            || self.translate_suspension(word)?
            || self.translate_primitive(word)?
            || self.translate_static(word)?;
        if handled { Ok(()) } else { self.unsupported(word) }
    }

    /// Leaves for the interpreter before something is loaded that looks at the frame.
    fn translate_frame_reader(&mut self, word: Word) -> bool {
        let name = || self.code.names[word.index()].as_str();
        let names_it = match word.opcode() {
            B::LOAD_GLOBAL | B::LOAD_NAME => reads_frame(name()),
            B::LOAD_ATTR | B::LOAD_METHOD => FRAME_FUNCTIONS.contains(&name()),
            _ => false,
        };
        if names_it {
            self.leave();
        }
        names_it
    }

    /// Stack, locals and constants.
    fn translate_stack(&mut self, word: Word) -> Built<bool> {
        let n = word.index();
        match word.opcode() {
            B::NOP | B::CHECK_ARGS | B::BEGIN_FRAME => {}
            B::POP_TOP | B::POP_PRIMITIVE => {
                self.pop();
            }
            B::COPY | B::COPY_PRIMITIVE => {
                let value = self.stack[self.stack.len() - n];
                let value = self.counted(value);
                self.push(value);
            }
            B::SWAP => {
                let top = self.stack.len() - 1;
                self.stack.swap(top + 1 - n, top);
            }
            B::PUSH_NULL => {
                let null = self.null();
                self.push(null);
            }
            B::LOAD_CONST => {
                let value = self.constant(n);
                self.push(value);
            }
            B::LOAD_FAST => self.load_fast(n),
            B::COPY_FREE_VARS => self.copy_free_vars(word)?,
            B::LOAD_FAST_LOAD_FAST => {
                let (first, second) = word.halves();
                self.load_fast(first);
                self.load_fast(second);
            }
            B::LOAD_FAST_CHECK => {
                self.check_bound(n);
                if !self.is_ended {
                    self.load_fast(n);
                }
            }
            B::STORE_FAST => {
                let value = self.stack.pop().expect("verified bytecode has a value to store");
                let value = self.shared(value, n);
                self.stored.insert(value);
                let old = self.locals[n].replace(value);
                self.keep(old);
            }
            B::DELETE_FAST | B::CLEAR_FAST => {
                if word.opcode() == B::DELETE_FAST {
                    self.check_bound(n);
                }
                let old = self.locals[n].take();
                self.keep(old);
            }
            B::LOAD_LOCAL => {
                let value = self.local_or_unset(n);
                self.push(value);
            }
            B::STORE_LOCAL => {
                let value = self.pop_code(self.code.locals[n].ty);
                self.locals[n] = Some(value);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What variable number `n` is to hold of a value: a reference of its own if another variable has it too.
    fn shared(&mut self, value: Value, n: usize) -> Value {
        let (root, ty) = (self.root(value), self.func.ty(value));
        let mut others = self.locals.iter().enumerate().filter(|&(at, _)| at != n);
        let is_held = others.any(|(_, other)| other.is_some_and(|other| self.root(other) == root));
        if !is_held || !self.func.is_hold_told(ty) {
            return value;
        }
        self.emit(Opcode::Share, &[value], Imm::None, ty)
    }

    /// The value that has been narrowed to this one.
    fn root(&self, value: Value) -> Value {
        self.narrowings(value).last().unwrap_or(value)
    }

    /// A value, and each that it has been narrowed from.
    fn narrowings(&self, value: Value) -> impl Iterator<Item = Value> {
        std::iter::successors(Some(value), |&value| {
            let inst = self.func.def_inst(value)?;
            (self.func.insts[inst].op.info().ret == Ret::Narrowed).then(|| self.func.arg(inst, 0))
        })
    }

    /// A variable has held the value until now.
    fn keep(&mut self, old: Option<Value>) {
        if let Some(value) = old.filter(|&value| self.func.ty(value).is_counted()) {
            self.effect(Opcode::Keep, &[value], Imm::None);
        }
    }

    /// The variables have held their values until now, when the function is left.
    fn keep_locals(&mut self) {
        for slot in 0..self.locals.len() {
            if self.live.is_kept(slot) {
                self.keep(self.locals[slot]);
            }
        }
    }

    /// The cells of the closure become locals. They are borrowed: the caller keeps the function alive, and it its closure.
    fn copy_free_vars(&mut self, word: Word) -> Built<()> {
        let first = self.code.locals.len() - self.code.free_count();
        for (index, slot) in (first..self.code.locals.len()).enumerate() {
            let cell = match self.closure {
                Some(closure) => {
                    let at = self.const_int(index as i64, Type::I64);
                    self.emit(Opcode::TupleItem, &[closure, at], Imm::None, Type::CELL)
                }
                None => match self.env.closure_cell(self.func.id, index as u32) {
                    Some(cell) => self.object(cell, Type::CELL),
                    None => return self.unsupported(word),
                },
            };
            self.locals[slot] = Some(cell);
        }
        Ok(())
    }

    fn load_fast(&mut self, slot: usize) {
        let value = match self.locals[slot] {
            Some(value) => self.as_object(value),
            None => self.null(),
        };
        let value = self.counted(value);
        self.push(value);
    }

    /// The value as another operand: with a reference of its own, if references are counted.
    fn counted(&mut self, value: Value) -> Value {
        let ty = self.func.ty(value);
        if !self.func.counts_exactly || !self.func.is_hold_told(ty) || ty.may_be_null() {
            return value;
        }
        self.emit(Opcode::Own, &[value], Imm::None, ty)
    }

    /// Raises unless the local is bound.
    fn check_bound(&mut self, slot: usize) {
        let code = self.code_object();
        let index = self.const_int(slot as i64, Type::I64);
        let Some(value) = self.locals[slot] else {
            self.raise(HelperId::RaiseUnboundLocal, &[code, index]);
            return;
        };
        if self.func.ty(value).may_be_null() {
            let is_null = self.emit(Opcode::IsNull, &[value], Imm::None, Type::CBOOL);
            self.raise_if(is_null, HelperId::RaiseUnboundLocal, &[code, index]);
        }
    }

    fn code_object(&mut self) -> Value {
        let id = self.env.code_object(self.func.id);
        self.object(id, Type::CODE)
    }
}

#[cfg(test)]
mod tests;
