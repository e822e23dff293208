//! What one instruction pops and pushes, with representations: the table's items, resolved against a code object.
//!
//! The verifier, the emitter's depth count, the interpreter's unwinder and the HIR builder all ask here.

use crate::code::{Code, Const};
use crate::descr::MethodKind;
use crate::opcode::{Item, Opcode, OperandKind};
use crate::operator::{
    Intrinsic, PrimitiveBinaryOp, PrimitiveCompareOp, PrimitiveUnaryOp, Repr, SequenceKind, TypeCode,
};
use crate::word::Word;

/// The representations on the operand stack, bottom first.
pub type Stack = Vec<Repr>;

/// Why an instruction cannot be executed on a stack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EffectError {
    /// It needs more entries than there are.
    Underflow,
    /// An entry has the wrong representation.
    Mismatch {
        /// What the opcode takes.
        expected: Repr,
        /// What is there.
        found: Repr,
    },
    /// Its operand names nothing.
    BadOperand,
}

/// Applies an instruction's pops and its pushes on the fall-through edge (or the jump edge if `jumps`) to `stack`.
pub fn apply(code: &Code, word: Word, jumps: bool, stack: &mut Stack) -> Result<(), EffectError> {
    let info = word.opcode().info();
    match word.opcode() {
        Opcode::COPY | Opcode::COPY_PRIMITIVE => {
            let top = nth_from_top(stack, word.index())?;
            stack.push(stack[top]);
            return Ok(());
        }
        Opcode::SWAP => {
            let other = nth_from_top(stack, word.index())?;
            let last = stack.len() - 1;
            stack.swap(other, last);
            return Ok(());
        }
        _ => {}
    }
    let height = stack.len();
    for &item in info.inputs {
        expand(code, word, item, stack)?;
    }
    pop(stack, height)?;
    let outputs = if jumps { info.jump_outputs.unwrap_or(info.outputs) } else { info.outputs };
    for &item in outputs {
        expand(code, word, item, stack)?;
    }
    Ok(())
}

/// Index of the `n`th entry from the top, where 1 is the top.
fn nth_from_top(stack: &Stack, n: usize) -> Result<usize, EffectError> {
    if n == 0 {
        return Err(EffectError::BadOperand);
    }
    stack.len().checked_sub(n).ok_or(EffectError::Underflow)
}

/// Removes what is above `height`, and as much of the same below it.
fn pop(stack: &mut Stack, height: usize) -> Result<(), EffectError> {
    let base = (2 * height).checked_sub(stack.len()).ok_or(EffectError::Underflow)?;
    for (&expected, &found) in stack[height..].iter().zip(&stack[base..height]) {
        if expected != found {
            return Err(EffectError::Mismatch { expected, found });
        }
    }
    stack.truncate(base);
    Ok(())
}

/// Where representations go: onto a stack, or into a count.
trait Sink {
    fn push(&mut self, repr: Repr);
    fn push_objects(&mut self, count: usize);
}

impl Sink for Stack {
    fn push(&mut self, repr: Repr) {
        Vec::push(self, repr);
    }

    fn push_objects(&mut self, count: usize) {
        self.extend(std::iter::repeat_n(Repr::Object, count));
    }
}

impl Sink for i32 {
    fn push(&mut self, _repr: Repr) {
        *self += 1;
    }

    fn push_objects(&mut self, count: usize) {
        *self += count as i32;
    }
}

/// Appends the representations that `item` stands for.
fn expand(code: &Code, word: Word, item: Item, out: &mut impl Sink) -> Result<(), EffectError> {
    let bad = EffectError::BadOperand;
    let (low, high) = word.halves();
    let at = word.index();
    let type_code = |number: usize| TypeCode::from_operand(number as u32).ok_or(EffectError::BadOperand);
    match item {
        Item::Object => out.push(Repr::Object),
        Item::Int => out.push(Repr::Int),
        Item::Double => out.push(Repr::Double),
        Item::Counted => out.push_objects(at),
        Item::CountedPairs => out.push_objects(2 * at),
        Item::Flagged => out.push_objects(1 + (at & 1)),
        Item::OfIntrinsic => {
            out.push_objects(Intrinsic::from_operand(at as u32).ok_or(bad)?.arity() as usize);
        }
        Item::OfUnpack => out.push_objects(low + 1 + high),
        Item::OfLocal => out.push(code.locals.get(at).ok_or(bad)?.ty.repr()),
        Item::OfField => out.push(code.fields.get(at).ok_or(bad)?.ty.repr()),
        Item::OfType => out.push(code.types.get(at).ok_or(bad)?.repr()),
        Item::OfTypeCode => out.push(type_code(at)?.repr()),
        Item::OfSource => out.push(type_code(low)?.repr()),
        Item::OfTarget => out.push(type_code(high)?.repr()),
        Item::OfOperands => out.push(operand_repr(word).ok_or(bad)?),
        Item::OfResult => out.push(PrimitiveBinaryOp::from_operand(low as u32).ok_or(bad)?.result_repr()),
        Item::OfElement => out.push(SequenceKind::from_operand(at as u32).ok_or(bad)?.element().repr()),
        Item::OfParams | Item::OfParamsAfterSelf => {
            let descr = code.functions.get(at).ok_or(bad)?;
            let skip = usize::from(item == Item::OfParamsAfterSelf && descr.kind != MethodKind::Static);
            descr.signature.params.iter().skip(skip).for_each(|ty| out.push(ty.repr()));
        }
        Item::OfReturn => out.push(code.functions.get(at).ok_or(bad)?.signature.ret.repr()),
        Item::Any => out.push(match code.consts.get(at).ok_or(bad)? {
            Const::Float(_) => Repr::Double,
            Const::Int(_) | Const::Bool(_) => Repr::Int,
            _ => return Err(EffectError::BadOperand),
        }),
        Item::Copied | Item::Swapped => unreachable!("COPY and SWAP are handled by `apply`"),
    }
    Ok(())
}

/// Representation of the operands of a primitive operator.
fn operand_repr(word: Word) -> Option<Repr> {
    let (low, _) = word.halves();
    match word.opcode().info().operand {
        OperandKind::PrimitiveBinary => {
            PrimitiveBinaryOp::from_operand(low as u32).map(PrimitiveBinaryOp::operand_repr)
        }
        OperandKind::PrimitiveUnary => PrimitiveUnaryOp::from_operand(low as u32).map(PrimitiveUnaryOp::repr),
        OperandKind::PrimitiveCompare => {
            PrimitiveCompareOp::from_operand(word.operand()).map(PrimitiveCompareOp::operand_repr)
        }
        _ => None,
    }
}

/// How far the stack grows (or shrinks) on the fall-through and on the jump edge.
pub fn depth_change(code: &Code, word: Word) -> Result<(i32, i32), EffectError> {
    let info = word.opcode().info();
    if let Some(growth) = info.growth {
        return Ok(growth);
    }
    let count = |items: &[Item]| -> Result<i32, EffectError> {
        let mut depth = 0;
        for &item in items {
            match item {
                Item::Copied => depth += 1,
                Item::Swapped => {}
                other => expand(code, word, other, &mut depth)?,
            }
        }
        Ok(depth)
    };
    let pops = count(info.inputs)?;
    Ok((count(info.outputs)? - pops, count(info.jump_outputs.unwrap_or(info.outputs))? - pops))
}
