//! Which specialised form an instruction turns into when it meets operands of a certain kind.
//!
//! A specialised form that meets anything else puts the original word back and runs that; the original specialises again when
//! it can. So a form never has to be right for good, only to notice when it is not.

use bytecode::{BinaryOp, CompareOp, Opcode, PrimitiveBinaryOp, PrimitiveCompareOp, Repr, TypeCode, Word};
use runtime::objects::float::FLOAT;
use runtime::objects::iterators::SequenceIterator;
use runtime::objects::range::RangeIterator;
use runtime::value::Value;

/// Orders of two numbers, as bits of the operand of a specialised comparison.
const LESS: u32 = 1;
const EQUAL: u32 = 2;
const GREATER: u32 = 4;
const UNORDERED: u32 = 8;
const ANY: u32 = 15;

/// The order of two integers.
#[inline]
pub(crate) fn order(a: i64, b: i64) -> u32 {
    if a < b {
        LESS
    } else if a == b {
        EQUAL
    } else {
        GREATER
    }
}

/// The order of two doubles.
#[inline]
pub(crate) fn order_of_doubles(a: f64, b: f64) -> u32 {
    (a < b) as u32 * LESS
        + (a == b) as u32 * EQUAL
        + (a > b) as u32 * GREATER
        + (a.is_nan() | b.is_nan()) as u32 * UNORDERED
}

/// The orders that make a comparison true.
fn orders(op: CompareOp) -> u32 {
    match op {
        CompareOp::Less => LESS,
        CompareOp::LessEqual => LESS | EQUAL,
        CompareOp::Equal => EQUAL,
        CompareOp::NotEqual => LESS | GREATER | UNORDERED,
        CompareOp::Greater => GREATER,
        CompareOp::GreaterEqual => GREATER | EQUAL,
    }
}

/// The form of a binary operator for these operands.
pub(crate) fn binary(word: Word, a: Value, b: Value) -> Option<Word> {
    let op = BinaryOp::from_operand(word.operand())?;
    let is_float = |value: Value| value.is_object() && value.is_exact(&FLOAT);
    let form = if a.is_small() && b.is_small() {
        match op {
            BinaryOp::Add => Opcode::BINARY_OP_ADD_INT,
            BinaryOp::Subtract => Opcode::BINARY_OP_SUBTRACT_INT,
            BinaryOp::Multiply => Opcode::BINARY_OP_MULTIPLY_INT,
            _ => return None,
        }
    } else if is_float(a) && is_float(b) {
        match op {
            BinaryOp::Add => Opcode::BINARY_OP_ADD_FLOAT,
            BinaryOp::Subtract => Opcode::BINARY_OP_SUBTRACT_FLOAT,
            BinaryOp::Multiply => Opcode::BINARY_OP_MULTIPLY_FLOAT,
            BinaryOp::Divide => Opcode::BINARY_OP_DIVIDE_FLOAT,
            _ => return None,
        }
    } else {
        return None;
    };
    Some(word.with_opcode(form))
}

/// The form of a comparison for these operands, given the instruction behind it.
pub(crate) fn compare(word: Word, next: Word, a: Value, b: Value) -> Option<Word> {
    let truths = orders(CompareOp::from_operand(word.operand())?);
    let jumps = match next.opcode() {
        Opcode::POP_JUMP_IF_TRUE => Some(truths),
        Opcode::POP_JUMP_IF_FALSE => Some(ANY & !truths),
        _ => None,
    };
    if a.is_small() && b.is_small() {
        return Some(match jumps {
            Some(jumps) => Word::new(jump_form(jumps), 0),
            None => Word::new(Opcode::COMPARE_OP_INT, truths),
        });
    }
    let are_floats = a.is_object() && b.is_object() && a.is_exact(&FLOAT) && b.is_exact(&FLOAT);
    jumps.filter(|_| are_floats).map(|jumps| Word::new(Opcode::COMPARE_OP_FLOAT_JUMP, jumps))
}

/// The form of a comparison of small ints that jumps for these orders.
fn jump_form(jumps: u32) -> Opcode {
    match jumps & (ANY - UNORDERED) {
        LESS => Opcode::JUMP_IF_LESS_INT,
        EQUAL => Opcode::JUMP_IF_EQUAL_INT,
        GREATER => Opcode::JUMP_IF_GREATER_INT,
        orders if orders == LESS | EQUAL => Opcode::JUMP_IF_LESS_EQUAL_INT,
        orders if orders == LESS | GREATER => Opcode::JUMP_IF_NOT_EQUAL_INT,
        _ => Opcode::JUMP_IF_GREATER_EQUAL_INT,
    }
}

/// The form of an iteration over this iterator.
pub(crate) fn for_iter(word: Word, iterator: Value) -> Option<Word> {
    if iterator.get_exact::<RangeIterator>().is_some() {
        return Some(word.with_opcode(Opcode::FOR_ITER_RANGE));
    }
    iterator.get_exact::<SequenceIterator>().map(|_| word.with_opcode(Opcode::FOR_ITER_LIST))
}

/// The form of an operator on primitives, which is right for good.
pub(crate) fn primitive_binary(word: Word) -> Option<Word> {
    let (operator, code) = word.halves();
    let ty = TypeCode::from_operand(code as u32)?;
    let is_word = ty.repr() == Repr::Int && ty.size() == 8;
    Some(word.with_opcode(match PrimitiveBinaryOp::from_operand(operator as u32)? {
        PrimitiveBinaryOp::Add if is_word => Opcode::PRIMITIVE_ADD_WORD,
        PrimitiveBinaryOp::Subtract if is_word => Opcode::PRIMITIVE_SUBTRACT_WORD,
        PrimitiveBinaryOp::Multiply if is_word => Opcode::PRIMITIVE_MULTIPLY_WORD,
        PrimitiveBinaryOp::AddDouble => Opcode::PRIMITIVE_ADD_DOUBLE,
        PrimitiveBinaryOp::SubtractDouble => Opcode::PRIMITIVE_SUBTRACT_DOUBLE,
        PrimitiveBinaryOp::MultiplyDouble => Opcode::PRIMITIVE_MULTIPLY_DOUBLE,
        _ => return None,
    }))
}

/// The form of a comparison of primitives with the jump behind it, which is right for good.
pub(crate) fn primitive_compare(word: Word, next: Word) -> Option<Word> {
    use PrimitiveCompareOp as P;
    let (op, is_double) = match P::from_operand(word.operand())? {
        P::Equal => (CompareOp::Equal, false),
        P::NotEqual => (CompareOp::NotEqual, false),
        P::Less => (CompareOp::Less, false),
        P::LessEqual => (CompareOp::LessEqual, false),
        P::Greater => (CompareOp::Greater, false),
        P::GreaterEqual => (CompareOp::GreaterEqual, false),
        P::EqualDouble => (CompareOp::Equal, true),
        P::NotEqualDouble => (CompareOp::NotEqual, true),
        P::LessDouble => (CompareOp::Less, true),
        P::LessEqualDouble => (CompareOp::LessEqual, true),
        P::GreaterDouble => (CompareOp::Greater, true),
        P::GreaterEqualDouble => (CompareOp::GreaterEqual, true),
        _ => return None,
    };
    let jumps = match next.opcode() {
        Opcode::POP_JUMP_IF_NONZERO => orders(op),
        Opcode::POP_JUMP_IF_ZERO => ANY & !orders(op),
        _ => return None,
    };
    let form =
        if is_double { Opcode::PRIMITIVE_COMPARE_DOUBLE_JUMP } else { Opcode::PRIMITIVE_COMPARE_INT_JUMP };
    Some(Word::new(form, jumps))
}
