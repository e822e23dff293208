//! The verifier: well-formed code, by abstract interpretation over representations.
//!
//! - Every operand names something: a local, a pool entry, an instruction, a member of its enumeration.
//! - Control never runs off the end; every jump target is an instruction.
//! - On every path the stack has what each instruction pops, in the representation that it takes.
//! - Where paths meet, the stacks agree in depth and representations.
//! - The stack never grows past `stack_size`; a handler's depth is at most the depth of what it covers, and the entries
//!   that survive into it agree among all instructions that it covers.
//! - `LOAD_FAST` and its kin touch object slots only, `LOAD_LOCAL` primitive ones; cell instructions touch cells.
//! - `COPY` copies objects, `COPY_PRIMITIVE` primitives.
//! - Quickened forms do not occur.
//! - `ranges` is as long as `words`; parameters and signature agree in number.
//!
//! Cost: O(instructions x stack depth).

use std::fmt;

use crate::code::{CellKind, Code, Const};
use crate::effect::{self, Stack};
use crate::opcode::{Opcode, OperandKind};
use crate::operator::{
    BinaryOp, CompareOp, Intrinsic, LenKind, PrimitiveBinaryOp, PrimitiveCompareOp, PrimitiveUnaryOp, Repr,
    SequenceKind, TypeCode,
};
use crate::word::Word;

/// A broken invariant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    /// Which code object, by qualified name.
    pub code: String,
    /// Which instruction; `None` for the code object as a whole.
    pub at: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{} at {at}: {}", self.code, self.message),
            None => write!(f, "{}: {}", self.code, self.message),
        }
    }
}

/// Checks `code` and everything nested in it; returns every broken invariant.
pub fn verify(code: &Code) -> Vec<VerifyError> {
    code.walk().into_iter().flat_map(|code| Verifier::new(code).run()).collect()
}

/// The operand stack before each reachable instruction; `None` for unreachable ones.
///
/// The unwinder and the HIR builder need it to know which entries are counted objects. `code` must be well-formed.
pub fn stack_maps(code: &Code) -> Vec<Option<Stack>> {
    let mut verifier = Verifier::new(code);
    verifier.follow();
    verifier.stacks
}

/// State of one check.
struct Verifier<'c> {
    code: &'c Code,
    errors: Vec<VerifyError>,
    stacks: Vec<Option<Stack>>,
    worklist: Vec<usize>,
}

impl<'c> Verifier<'c> {
    fn new(code: &'c Code) -> Self {
        Self { code, errors: Vec::new(), stacks: vec![None; code.words.len()], worklist: Vec::new() }
    }

    fn run(mut self) -> Vec<VerifyError> {
        self.check_shape();
        for at in 0..self.code.words.len() {
            self.check_operand(at);
        }
        if self.errors.is_empty() {
            self.follow();
        }
        if self.errors.is_empty() {
            for at in 0..self.code.words.len() {
                if let Some(before) = self.stacks[at].clone() {
                    self.check_copy(at, self.code.words[at], &before);
                }
            }
        }
        self.errors
    }

    fn fail(&mut self, at: Option<usize>, message: impl Into<String>) {
        self.errors.push(VerifyError { code: self.code.qualname.clone(), at, message: message.into() });
    }

    fn check_shape(&mut self) {
        let code = self.code;
        if code.words.is_empty() {
            self.fail(None, "no instructions");
        }
        if code.ranges.len() != code.words.len() {
            self.fail(None, format!("{} ranges for {} instructions", code.ranges.len(), code.words.len()));
        }
        if code.param_count() > code.locals.len() {
            self.fail(None, "more parameters than locals");
        }
        if code.signature.as_ref().is_some_and(|signature| signature.params.len() != code.param_count()) {
            self.fail(None, "the signature and the parameters differ in number");
        }
        for handler in &code.handlers {
            if handler.start >= handler.end || handler.end as usize > code.words.len() {
                self.fail(None, format!("handler covers {}..{}", handler.start, handler.end));
            }
            if handler.target as usize >= code.words.len() {
                self.fail(None, format!("handler target {} is outside", handler.target));
            }
        }
    }

    fn check_operand(&mut self, at: usize) {
        let word = self.code.words[at];
        let opcode = word.opcode();
        if opcode.info().flags.quickened {
            self.fail(Some(at), format!("{} belongs to the interpreter", opcode.name()));
        } else if !self.operand_is_valid(word) {
            self.fail(Some(at), format!("{} has the bad operand {}", opcode.name(), word.operand()));
        }
    }

    /// Whether the operand names something of the right kind.
    fn operand_is_valid(&self, word: Word) -> bool {
        let code = self.code;
        let (at, number) = (word.index(), word.operand());
        let (low, high) = (word.halves().0 as u32, word.halves().1 as u32);
        match word.opcode().info().operand {
            OperandKind::None => at == 0,
            OperandKind::Count | OperandKind::Unpack => true,
            OperandKind::Invert => at < 2,
            OperandKind::Conversion => (1..=3).contains(&at),
            OperandKind::Local => self.local_is_valid(word.opcode(), at),
            OperandKind::LocalPair => {
                self.local_is_valid(word.opcode(), low as usize)
                    && self.local_is_valid(word.opcode(), high as usize)
            }
            OperandKind::Const => at < code.consts.len(),
            OperandKind::Name => at < code.names.len(),
            OperandKind::Label => at < code.words.len(),
            OperandKind::Type => at < code.types.len(),
            OperandKind::Field => at < code.fields.len(),
            OperandKind::Function => at < code.functions.len(),
            OperandKind::Class => at < code.classes.len(),
            OperandKind::Binary => BinaryOp::from_operand(number).is_some(),
            OperandKind::Compare => CompareOp::from_operand(number).is_some(),
            OperandKind::Intrinsic => Intrinsic::from_operand(number).is_some(),
            OperandKind::TypeCode => TypeCode::from_operand(number).is_some(),
            OperandKind::Convert => TypeCode::from_operand(low).and(TypeCode::from_operand(high)).is_some(),
            OperandKind::PrimitiveBinary => {
                PrimitiveBinaryOp::from_operand(low).is_some() && TypeCode::from_operand(high).is_some()
            }
            OperandKind::PrimitiveUnary => {
                PrimitiveUnaryOp::from_operand(low).is_some() && TypeCode::from_operand(high).is_some()
            }
            OperandKind::PrimitiveCompare => PrimitiveCompareOp::from_operand(number).is_some(),
            OperandKind::Sequence => SequenceKind::from_operand(number).is_some(),
            OperandKind::Len => LenKind::from_operand(number).is_some(),
            OperandKind::Cache => false,
        }
    }

    /// Whether an instruction may touch this local slot.
    fn local_is_valid(&self, opcode: Opcode, slot: usize) -> bool {
        let Some(local) = self.code.locals.get(slot) else { return false };
        let is_object = local.ty.repr() == Repr::Object;
        match opcode {
            Opcode::LOAD_LOCAL | Opcode::STORE_LOCAL => !is_object,
            Opcode::LOAD_DEREF
            | Opcode::STORE_DEREF
            | Opcode::DELETE_DEREF
            | Opcode::LOAD_CLOSURE
            | Opcode::LOAD_FROM_DICT_OR_DEREF => is_object && local.cell != CellKind::None,
            _ => is_object,
        }
    }

    /// Runs the code over representations until no stack changes.
    fn follow(&mut self) {
        self.flow(0, Stack::new(), None);
        while let Some(at) = self.worklist.pop() {
            self.step(at);
            if !self.errors.is_empty() {
                return;
            }
        }
    }

    /// Each copying instruction copies the kind of entry that it is for.
    fn check_copy(&mut self, at: usize, word: Word, before: &Stack) {
        let is_primitive = match word.opcode() {
            Opcode::COPY => false,
            Opcode::COPY_PRIMITIVE => true,
            _ => return,
        };
        let copied = before.len().checked_sub(word.index()).and_then(|from| before.get(from));
        if copied.is_some_and(|&repr| (repr != Repr::Object) != is_primitive) {
            self.fail(Some(at), format!("{} of an entry of the other kind", word.opcode().name()));
        }
    }

    /// Executes one instruction and sends its stacks to its successors.
    fn step(&mut self, at: usize) {
        let word = self.code.words[at];
        let before = self.stacks[at].clone().expect("only visited instructions are in the worklist");
        self.flow_to_handler(at, &before);
        if word.opcode().jumps() {
            self.send(at, word, true, before.clone(), word.index());
        }
        if !word.opcode().info().flags.ends_block {
            self.send(at, word, false, before, at + 1);
        } else if !word.opcode().jumps() {
            let mut after = before;
            if let Err(error) = effect::apply(self.code, word, false, &mut after) {
                self.fail(Some(at), format!("{}: {error:?}", word.opcode().name()));
            }
        }
    }

    /// Applies the instruction on one edge and merges the result into the target.
    fn send(&mut self, at: usize, word: Word, jumps: bool, mut stack: Stack, target: usize) {
        match effect::apply(self.code, word, jumps, &mut stack) {
            Err(error) => self.fail(Some(at), format!("{}: {error:?}", word.opcode().name())),
            Ok(()) if target >= self.code.words.len() => self.fail(Some(at), "control runs off the end"),
            Ok(()) => self.flow(target, stack, Some(at)),
        }
    }

    /// The handler that covers `at` sees what survives of the stack, and the exception.
    fn flow_to_handler(&mut self, at: usize, before: &Stack) {
        let Some(&handler) = self.code.handler_at(at) else { return };
        let depth = handler.depth as usize;
        if depth > before.len() {
            self.fail(Some(at), format!("handler wants {depth} stack entries, there are {}", before.len()));
            return;
        }
        let mut stack = before[..depth].to_vec();
        stack.push(Repr::Object);
        self.flow(handler.target as usize, stack, Some(at));
    }

    /// Merges a stack into an instruction.
    fn flow(&mut self, target: usize, stack: Stack, from: Option<usize>) {
        if stack.len() > self.code.stack_size as usize {
            self.fail(from, format!("the stack grows to {}, past {}", stack.len(), self.code.stack_size));
        }
        match &self.stacks[target] {
            None => {
                self.stacks[target] = Some(stack);
                self.worklist.push(target);
            }
            Some(known) if *known != stack => {
                let message = format!("stacks differ at {target}: {known:?} and {stack:?}");
                self.fail(from, message);
            }
            Some(_) => {}
        }
    }
}

/// The operand stack size that `code` needs, by following depths along all paths.
pub fn needed_stack(code: &Code) -> u32 {
    let mut depths: Vec<Option<i32>> = vec![None; code.words.len()];
    let mut worklist = vec![(0usize, 0i32)];
    let mut highest = 0;
    while let Some((mut at, mut depth)) = worklist.pop() {
        highest = highest.max(depth);
        while let Some(slot @ None) = depths.get_mut(at) {
            *slot = Some(depth);
            let word = code.words[at];
            let (falls, jumps) = effect::depth_change(code, word).unwrap_or((0, 0));
            if let Some(handler) = code.handler_at(at) {
                worklist.push((handler.target as usize, handler.depth as i32 + 1));
            }
            if word.opcode().jumps() {
                worklist.push((word.index(), depth + jumps));
            }
            if word.opcode().info().flags.ends_block {
                break;
            }
            (at, depth) = (at + 1, depth + falls);
            highest = highest.max(depth);
        }
    }
    highest.max(0) as u32
}

/// Whether a constant can be loaded as a primitive.
pub fn is_primitive_const(constant: &Const) -> bool {
    matches!(constant, Const::Int(_) | Const::Float(_) | Const::Bool(_))
}
