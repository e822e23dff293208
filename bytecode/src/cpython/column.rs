//! The column beside the opcode table that says how each opcode is shown: the instruction of CPython, and what its argument is.
//!
//! An opcode without a counterpart is shown by its own name (`Own`). The specialised forms never leave the interpreter, and are not here.

use super::instruction::Instruction::{self, *};
use crate::opcode::Opcode as O;

/// How an argument is made of our operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arg {
    /// Always this number.
    Fixed(u32),
    /// The operand itself.
    Operand,
    /// A local slot, numbered as CPython does: variables, cells, free variables.
    Local,
    /// Two of them, four bits each.
    LocalPair,
    /// A name, shifted by so many bits, and flags below it.
    Name(u32, u32),
    /// An operator of the family that begins at this number.
    Operator(u32),
    /// A comparison, with the orders that make it true.
    Compare,
    /// Items before the starred target in the low byte, after it above.
    Unpack,
    /// A format spec in bit 0, the conversion from bit 2 on.
    Interpolation,
    /// A distance to a target behind.
    Forward,
    /// A distance to a target in front.
    Backward,
    /// The distance back to the end of the awaited step that a handler covers.
    AwaitedStep,
    /// Whether a yield belongs to a delegation.
    Yield,
}

/// What one opcode is shown as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shown {
    /// As this instruction.
    As(Instruction, Arg),
    /// As `CALL_INTRINSIC_1` or `CALL_INTRINSIC_2`.
    Intrinsic,
    /// As a jump whose name depends on its direction.
    Jump,
    /// By its own name; its operand is a label, a slot or a plain number.
    Own,
    /// Not at all: it is never in stored code.
    Never,
}

/// `BINARY_OP`'s first in-place operator, and its subscription.
const INPLACE: u32 = 13;
const SUBSCRIPT: u32 = 26;

/// The column.
pub(super) const fn shown(opcode: O) -> Shown {
    use Arg::*;
    use Shown::As;
    match opcode {
        O::NOP => As(NOP, Fixed(0)),
        O::POP_TOP => As(POP_TOP, Fixed(0)),
        O::COPY => As(COPY, Operand),
        O::SWAP => As(SWAP, Operand),
        O::PUSH_NULL => As(PUSH_NULL, Fixed(0)),
        O::LOAD_CONST => As(LOAD_CONST, Operand),
        O::LOAD_FAST | O::LOAD_CLOSURE => As(LOAD_FAST, Local),
        O::LOAD_FAST_LOAD_FAST => As(LOAD_FAST_LOAD_FAST, LocalPair),
        O::LOAD_FAST_CHECK => As(LOAD_FAST_CHECK, Local),
        O::STORE_FAST => As(STORE_FAST, Local),
        O::DELETE_FAST => As(DELETE_FAST, Local),
        O::MAKE_CELL => As(MAKE_CELL, Local),
        O::COPY_FREE_VARS => As(COPY_FREE_VARS, Operand),
        O::LOAD_DEREF => As(LOAD_DEREF, Local),
        O::STORE_DEREF => As(STORE_DEREF, Local),
        O::DELETE_DEREF => As(DELETE_DEREF, Local),
        O::LOAD_GLOBAL => As(LOAD_GLOBAL, Name(1, 0)),
        O::STORE_GLOBAL => As(STORE_GLOBAL, Operand),
        O::DELETE_GLOBAL => As(DELETE_GLOBAL, Operand),
        O::LOAD_NAME => As(LOAD_NAME, Operand),
        O::STORE_NAME => As(STORE_NAME, Operand),
        O::DELETE_NAME => As(DELETE_NAME, Operand),
        O::LOAD_LOCALS => As(LOAD_LOCALS, Fixed(0)),
        O::LOAD_FROM_DICT_OR_DEREF => As(LOAD_FROM_DICT_OR_DEREF, Local),
        O::LOAD_FROM_DICT_OR_GLOBALS => As(LOAD_FROM_DICT_OR_GLOBALS, Operand),
        O::LOAD_BUILD_CLASS => As(LOAD_BUILD_CLASS, Fixed(0)),
        O::LOAD_ASSERTION_ERROR => As(LOAD_COMMON_CONSTANT, Fixed(0)),
        O::SETUP_ANNOTATIONS => As(SETUP_ANNOTATIONS, Fixed(0)),
        O::LOAD_ATTR => As(LOAD_ATTR, Name(1, 0)),
        O::LOAD_METHOD => As(LOAD_ATTR, Name(1, 1)),
        O::STORE_ATTR => As(STORE_ATTR, Operand),
        O::DELETE_ATTR => As(DELETE_ATTR, Operand),
        O::LOAD_SUPER_ATTR => As(LOAD_SUPER_ATTR, Name(2, 0)),
        O::LOAD_SUPER_METHOD => As(LOAD_SUPER_ATTR, Name(2, 1)),
        O::BINARY_SUBSCR => As(BINARY_OP, Fixed(SUBSCRIPT)),
        O::STORE_SUBSCR => As(STORE_SUBSCR, Fixed(0)),
        O::DELETE_SUBSCR => As(DELETE_SUBSCR, Fixed(0)),
        O::BINARY_SLICE => As(BINARY_SLICE, Fixed(0)),
        O::STORE_SLICE => As(STORE_SLICE, Fixed(0)),
        O::BINARY_OP => As(BINARY_OP, Operator(0)),
        O::BINARY_OP_INPLACE => As(BINARY_OP, Operator(INPLACE)),
        O::COMPARE_OP => As(COMPARE_OP, Compare),
        O::IS_OP => As(IS_OP, Operand),
        O::CONTAINS_OP => As(CONTAINS_OP, Operand),
        O::UNARY_NEGATIVE => As(UNARY_NEGATIVE, Fixed(0)),
        O::UNARY_POSITIVE => As(CALL_INTRINSIC_1, Fixed(5)),
        O::UNARY_INVERT => As(UNARY_INVERT, Fixed(0)),
        O::UNARY_NOT => As(UNARY_NOT, Fixed(0)),
        _ => shown_control(opcode),
    }
}

/// Its part on jumps, calls and displays.
const fn shown_control(opcode: O) -> Shown {
    use Arg::*;
    use Shown::As;
    match opcode {
        O::JUMP
        | O::POP_JUMP_IF_TRUE
        | O::POP_JUMP_IF_FALSE
        | O::POP_JUMP_IF_NONE
        | O::POP_JUMP_IF_NOT_NONE => Shown::Jump,
        O::JUMP_BACKWARD => As(JUMP_BACKWARD, Backward),
        O::RETURN_VALUE => As(RETURN_VALUE, Fixed(0)),
        O::GET_ITER => As(GET_ITER, Fixed(0)),
        O::FOR_ITER => As(FOR_ITER, Forward),
        O::GET_LEN => As(GET_LEN, Fixed(0)),
        O::CALL | O::CALL_METHOD => As(CALL, Operand),
        O::CALL_KW | O::CALL_METHOD_KW => As(CALL_KW, Operand),
        O::CALL_FUNCTION_EX => As(CALL_FUNCTION_EX, Fixed(0)),
        O::CALL_INTRINSIC => Shown::Intrinsic,
        O::MAKE_FUNCTION => As(MAKE_FUNCTION, Fixed(0)),
        O::SET_FUNCTION_ATTRIBUTE => As(SET_FUNCTION_ATTRIBUTE, Operand),
        O::BUILD_TUPLE => As(BUILD_TUPLE, Operand),
        O::BUILD_LIST => As(BUILD_LIST, Operand),
        O::BUILD_SET => As(BUILD_SET, Operand),
        O::BUILD_MAP => As(BUILD_MAP, Operand),
        O::BUILD_SLICE => As(BUILD_SLICE, Operand),
        O::BUILD_STRING => As(BUILD_STRING, Operand),
        O::LIST_APPEND => As(LIST_APPEND, Operand),
        O::SET_ADD => As(SET_ADD, Operand),
        O::MAP_ADD => As(MAP_ADD, Operand),
        O::LIST_EXTEND => As(LIST_EXTEND, Operand),
        O::SET_UPDATE => As(SET_UPDATE, Operand),
        O::DICT_UPDATE => As(DICT_UPDATE, Operand),
        O::DICT_MERGE => As(DICT_MERGE, Operand),
        O::UNPACK_SEQUENCE => As(UNPACK_SEQUENCE, Operand),
        O::UNPACK_EX => As(UNPACK_EX, Unpack),
        O::FORMAT_SIMPLE => As(FORMAT_SIMPLE, Fixed(0)),
        O::FORMAT_WITH_SPEC => As(FORMAT_WITH_SPEC, Fixed(0)),
        O::CONVERT_VALUE => As(CONVERT_VALUE, Operand),
        O::BUILD_INTERPOLATION => As(BUILD_INTERPOLATION, Interpolation),
        O::BUILD_TEMPLATE => As(BUILD_TEMPLATE, Fixed(0)),
        _ => shown_statement(opcode),
    }
}

/// Its part on statements and suspension; the rest is our own.
const fn shown_statement(opcode: O) -> Shown {
    use Arg::*;
    use Shown::As;
    match opcode {
        O::MATCH_MAPPING => As(MATCH_MAPPING, Fixed(0)),
        O::MATCH_SEQUENCE => As(MATCH_SEQUENCE, Fixed(0)),
        O::MATCH_KEYS => As(MATCH_KEYS, Fixed(0)),
        O::MATCH_CLASS => As(MATCH_CLASS, Operand),
        O::RAISE_VARARGS => As(RAISE_VARARGS, Operand),
        O::RERAISE => As(RERAISE, Operand),
        O::PUSH_EXC_INFO => As(PUSH_EXC_INFO, Fixed(0)),
        O::POP_EXCEPT => As(POP_EXCEPT, Fixed(0)),
        O::CHECK_EXC_MATCH => As(CHECK_EXC_MATCH, Fixed(0)),
        O::CHECK_EG_MATCH => As(CHECK_EG_MATCH, Fixed(0)),
        O::WITH_EXCEPT_START => As(WITH_EXCEPT_START, Fixed(0)),
        O::IMPORT_NAME => As(IMPORT_NAME, Operand),
        O::IMPORT_FROM => As(IMPORT_FROM, Operand),
        O::RETURN_GENERATOR => As(RETURN_GENERATOR, Fixed(0)),
        O::YIELD_VALUE => As(YIELD_VALUE, Yield),
        O::GET_YIELD_FROM_ITER => As(GET_YIELD_FROM_ITER, Fixed(0)),
        O::SEND => As(SEND, Forward),
        O::END_SEND => As(END_SEND, Fixed(0)),
        O::CLEANUP_THROW => As(CLEANUP_THROW, Fixed(0)),
        O::GET_AWAITABLE => As(GET_AWAITABLE, Operand),
        O::GET_AITER => As(GET_AITER, Fixed(0)),
        O::GET_ANEXT => As(GET_ANEXT, Fixed(0)),
        O::END_ASYNC_FOR => As(END_ASYNC_FOR, AwaitedStep),
        _ if is_quickened(opcode) => Shown::Never,
        _ => Shown::Own,
    }
}

/// The specialised forms stand last in the opcode table.
const fn is_quickened(opcode: O) -> bool {
    opcode as u8 >= O::LOAD_GLOBAL_MODULE as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specialised_forms_are_last() {
        for &opcode in O::ALL {
            assert_eq!(is_quickened(opcode), opcode.info().flags.quickened, "{}", opcode.name());
        }
    }
}
