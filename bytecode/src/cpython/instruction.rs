//! The instructions of CPython 3.14, with their numbers and their inline caches, and behind them this program's own.
//!
//! Tools read code objects by these numbers: `opcode.opmap` is made of this table. What CPython has no instruction for, static code
//! above all, keeps the name that it has in the [opcode table](crate::opcode) and gets a number where CPython keeps its specialised forms,
//! which never show here. Numbers past 255 belong to instructions that only exist while CPython compiles.

use crate::opcode::Opcode;

/// The number of the first instruction of our own.
const FIRST_OWN: u16 = 129;

/// Declares the instructions of CPython: name, number, and units for inline caches.
macro_rules! instructions {
    ($($name:ident = $number:literal $(+ $caches:literal)?,)*) => {
        /// An instruction of CPython.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the names are CPython's")]
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u16)]
        pub(super) enum Instruction { $($name = $number,)* }

        impl Instruction {
            /// Every instruction.
            const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in listings.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// How many units behind it are reserved for its inline caches.
            pub(super) const fn caches(self) -> u32 {
                match self { $(Self::$name => 0 $(+ $caches)?,)* }
            }
        }
    };
}

instructions! {
    CACHE = 0, BINARY_SLICE = 1, BUILD_TEMPLATE = 2, CALL_FUNCTION_EX = 4, CHECK_EG_MATCH = 5, CHECK_EXC_MATCH = 6,
    CLEANUP_THROW = 7, DELETE_SUBSCR = 8, END_FOR = 9, END_SEND = 10, EXIT_INIT_CHECK = 11, FORMAT_SIMPLE = 12,
    FORMAT_WITH_SPEC = 13, GET_AITER = 14, GET_ANEXT = 15, GET_ITER = 16, RESERVED = 17, GET_LEN = 18,
    GET_YIELD_FROM_ITER = 19, INTERPRETER_EXIT = 20, LOAD_BUILD_CLASS = 21, LOAD_LOCALS = 22, MAKE_FUNCTION = 23,
    MATCH_KEYS = 24, MATCH_MAPPING = 25, MATCH_SEQUENCE = 26, NOP = 27, NOT_TAKEN = 28, POP_EXCEPT = 29, POP_ITER = 30,
    POP_TOP = 31, PUSH_EXC_INFO = 32, PUSH_NULL = 33, RETURN_GENERATOR = 34, RETURN_VALUE = 35, SETUP_ANNOTATIONS = 36,
    STORE_SLICE = 37, STORE_SUBSCR = 38 + 1, TO_BOOL = 39 + 3, UNARY_INVERT = 40, UNARY_NEGATIVE = 41, UNARY_NOT = 42,
    WITH_EXCEPT_START = 43, BINARY_OP = 44 + 5, BUILD_INTERPOLATION = 45, BUILD_LIST = 46, BUILD_MAP = 47, BUILD_SET = 48,
    BUILD_SLICE = 49, BUILD_STRING = 50, BUILD_TUPLE = 51, CALL = 52 + 3, CALL_INTRINSIC_1 = 53, CALL_INTRINSIC_2 = 54,
    CALL_KW = 55 + 3, COMPARE_OP = 56 + 1, CONTAINS_OP = 57 + 1, CONVERT_VALUE = 58, COPY = 59, COPY_FREE_VARS = 60,
    DELETE_ATTR = 61, DELETE_DEREF = 62, DELETE_FAST = 63, DELETE_GLOBAL = 64, DELETE_NAME = 65, DICT_MERGE = 66,
    DICT_UPDATE = 67, END_ASYNC_FOR = 68, EXTENDED_ARG = 69, FOR_ITER = 70 + 1, GET_AWAITABLE = 71, IMPORT_FROM = 72,
    IMPORT_NAME = 73, IS_OP = 74, JUMP_BACKWARD = 75 + 1, JUMP_BACKWARD_NO_INTERRUPT = 76, JUMP_FORWARD = 77,
    LIST_APPEND = 78, LIST_EXTEND = 79, LOAD_ATTR = 80 + 9, LOAD_COMMON_CONSTANT = 81, LOAD_CONST = 82, LOAD_DEREF = 83,
    LOAD_FAST = 84, LOAD_FAST_AND_CLEAR = 85, LOAD_FAST_BORROW = 86, LOAD_FAST_BORROW_LOAD_FAST_BORROW = 87,
    LOAD_FAST_CHECK = 88, LOAD_FAST_LOAD_FAST = 89, LOAD_FROM_DICT_OR_DEREF = 90, LOAD_FROM_DICT_OR_GLOBALS = 91,
    LOAD_GLOBAL = 92 + 4, LOAD_NAME = 93, LOAD_SMALL_INT = 94, LOAD_SPECIAL = 95, LOAD_SUPER_ATTR = 96 + 1, MAKE_CELL = 97,
    MAP_ADD = 98, MATCH_CLASS = 99, POP_JUMP_IF_FALSE = 100 + 1, POP_JUMP_IF_NONE = 101 + 1, POP_JUMP_IF_NOT_NONE = 102 + 1,
    POP_JUMP_IF_TRUE = 103 + 1, RAISE_VARARGS = 104, RERAISE = 105, SEND = 106 + 1, SET_ADD = 107,
    SET_FUNCTION_ATTRIBUTE = 108, SET_UPDATE = 109, STORE_ATTR = 110 + 4, STORE_DEREF = 111, STORE_FAST = 112,
    STORE_FAST_LOAD_FAST = 113, STORE_FAST_STORE_FAST = 114, STORE_GLOBAL = 115, STORE_NAME = 116, SWAP = 117, UNPACK_EX = 118,
    UNPACK_SEQUENCE = 119 + 1, YIELD_VALUE = 120, RESUME = 128, INSTRUMENTED_END_FOR = 234, INSTRUMENTED_POP_ITER = 235,
    INSTRUMENTED_END_SEND = 236, INSTRUMENTED_FOR_ITER = 237, INSTRUMENTED_INSTRUCTION = 238,
    INSTRUMENTED_JUMP_FORWARD = 239, INSTRUMENTED_NOT_TAKEN = 240, INSTRUMENTED_POP_JUMP_IF_TRUE = 241,
    INSTRUMENTED_POP_JUMP_IF_FALSE = 242, INSTRUMENTED_POP_JUMP_IF_NONE = 243, INSTRUMENTED_POP_JUMP_IF_NOT_NONE = 244,
    INSTRUMENTED_RESUME = 245, INSTRUMENTED_RETURN_VALUE = 246, INSTRUMENTED_YIELD_VALUE = 247,
    INSTRUMENTED_END_ASYNC_FOR = 248, INSTRUMENTED_LOAD_SUPER_ATTR = 249, INSTRUMENTED_CALL = 250,
    INSTRUMENTED_CALL_KW = 251, INSTRUMENTED_CALL_FUNCTION_EX = 252, INSTRUMENTED_JUMP_BACKWARD = 253,
    INSTRUMENTED_LINE = 254, ENTER_EXECUTOR = 255, ANNOTATIONS_PLACEHOLDER = 256, JUMP = 257, JUMP_IF_FALSE = 258,
    JUMP_IF_TRUE = 259, JUMP_NO_INTERRUPT = 260, LOAD_CLOSURE = 261, POP_BLOCK = 262, SETUP_CLEANUP = 263,
    SETUP_FINALLY = 264, SETUP_WITH = 265, STORE_FAST_MAYBE_NULL = 266,
}

/// The number of an opcode that is shown by its own name.
pub(super) fn own_number(opcode: Opcode) -> u8 {
    let before = super::own_opcodes().position(|own| own == opcode).expect("the column marks it as our own");
    u8::try_from(usize::from(FIRST_OWN) + before).expect("there is room for a hundred")
}

/// Every name with its number: CPython's, then our own.
pub fn numbers() -> impl Iterator<Item = (&'static str, u16)> {
    let theirs = Instruction::ALL.iter().map(|&instruction| (instruction.name(), instruction as u16));
    theirs.chain(super::own_opcodes().zip(FIRST_OWN..).map(|(opcode, number)| (opcode.name(), number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique() {
        let all: Vec<_> = numbers().collect();
        for (at, (name, number)) in all.iter().enumerate() {
            let same = |(other, its): &&(&str, u16)| other == name || its == number;
            assert_eq!(all.iter().filter(same).count(), 1, "{name} at {at}");
        }
        assert!(all.iter().all(|&(_, number)| number <= 255 || (256..=266).contains(&number)));
    }
}
