"""What the instructions take that code objects show, by the names and numbers of `_opcode_metadata`.

Code objects hold other bytecode, and show it in CPython's terms; `opcode`, and through it `dis` and `inspect`, read their tables from here.
"""

from _opcode_metadata import HAVE_ARGUMENT, opmap as _opmap

# Specialised instructions are not CPython's and do not show.
ENABLE_SPECIALIZATION = False
ENABLE_SPECIALIZATION_FT = False

_CONSTANT = {"LOAD_CONST", "PRIMITIVE_LOAD_CONST"}
_NAME = {
    "DELETE_ATTR", "DELETE_GLOBAL", "DELETE_NAME", "IMPORT_FROM", "IMPORT_NAME", "LOAD_ATTR", "LOAD_FROM_DICT_OR_GLOBALS",
    "LOAD_GLOBAL", "LOAD_NAME", "LOAD_SUPER_ATTR", "STORE_ATTR", "STORE_GLOBAL", "STORE_NAME",
}
_JUMP = {
    "END_ASYNC_FOR", "FOR_ITER", "JUMP", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_FORWARD", "JUMP_IF_FALSE",
    "JUMP_IF_TRUE", "JUMP_NO_INTERRUPT", "POP_JUMP_IF_FALSE", "POP_JUMP_IF_NONE", "POP_JUMP_IF_NOT_NONE", "POP_JUMP_IF_TRUE",
    "POP_JUMP_IF_NONZERO", "POP_JUMP_IF_ZERO", "SEND",
}
_FREE = {"DELETE_DEREF", "LOAD_DEREF", "LOAD_FROM_DICT_OR_DEREF", "MAKE_CELL", "STORE_DEREF"}
_LOCAL = {
    "DELETE_FAST", "LOAD_FAST", "LOAD_FAST_AND_CLEAR", "LOAD_FAST_BORROW", "LOAD_FAST_BORROW_LOAD_FAST_BORROW", "LOAD_FAST_CHECK",
    "LOAD_FAST_LOAD_FAST", "STORE_FAST", "STORE_FAST_LOAD_FAST", "STORE_FAST_MAYBE_NULL", "STORE_FAST_STORE_FAST",
    "CLEAR_FAST", "LOAD_CLOSURE", "LOAD_LOCAL", "STORE_LOCAL",
}
_HANDLER = {"SETUP_CLEANUP", "SETUP_FINALLY", "SETUP_WITH"}

_NAMES = {number: name for name, number in _opmap.items()}


def is_valid(opcode):
    """Whether there is an instruction of this number."""
    return opcode in _NAMES


def has_arg(opcode):
    """Whether the instruction has an argument."""
    return is_valid(opcode) and opcode > HAVE_ARGUMENT


def has_const(opcode):
    """Whether the instruction accesses a constant."""
    return _NAMES.get(opcode) in _CONSTANT


def has_name(opcode):
    """Whether the instruction accesses a name."""
    return _NAMES.get(opcode) in _NAME


def has_jump(opcode):
    """Whether the instruction has a jump target."""
    return _NAMES.get(opcode) in _JUMP


def has_free(opcode):
    """Whether the instruction accesses a free variable."""
    return _NAMES.get(opcode) in _FREE


def has_local(opcode):
    """Whether the instruction accesses a local variable."""
    return _NAMES.get(opcode) in _LOCAL


def has_exc(opcode):
    """Whether the instruction sets up a handler."""
    return _NAMES.get(opcode) in _HANDLER


def stack_effect(opcode, oparg=None, /, *, jump=None):
    """How an instruction changes the height of the stack."""
    raise NotImplementedError("not supported yet: _opcode.stack_effect()")


def get_nb_ops():
    """Names and symbols of the operations of BINARY_OP."""
    operations = {
        "ADD": "+", "AND": "&", "FLOOR_DIVIDE": "//", "LSHIFT": "<<", "MATRIX_MULTIPLY": "@", "MULTIPLY": "*", "REMAINDER": "%",
        "OR": "|", "POWER": "**", "RSHIFT": ">>", "SUBTRACT": "-", "TRUE_DIVIDE": "/", "XOR": "^",
    }
    plain = [("NB_" + name, symbol) for name, symbol in operations.items()]
    inplace = [("NB_INPLACE_" + name, symbol + "=") for name, symbol in operations.items()]
    return [*plain, *inplace, ("NB_SUBSCR", "[]")]


def get_intrinsic1_descs():
    """Names of the operations of CALL_INTRINSIC_1."""
    return [
        "INTRINSIC_1_INVALID", "INTRINSIC_PRINT", "INTRINSIC_IMPORT_STAR", "INTRINSIC_STOPITERATION_ERROR", "INTRINSIC_ASYNC_GEN_WRAP",
        "INTRINSIC_UNARY_POSITIVE", "INTRINSIC_LIST_TO_TUPLE", "INTRINSIC_TYPEVAR", "INTRINSIC_PARAMSPEC", "INTRINSIC_TYPEVARTUPLE",
        "INTRINSIC_SUBSCRIPT_GENERIC", "INTRINSIC_TYPEALIAS",
    ]


def get_intrinsic2_descs():
    """Names of the operations of CALL_INTRINSIC_2."""
    return [
        "INTRINSIC_2_INVALID", "INTRINSIC_PREP_RERAISE_STAR", "INTRINSIC_TYPEVAR_WITH_BOUND", "INTRINSIC_TYPEVAR_WITH_CONSTRAINTS",
        "INTRINSIC_SET_FUNCTION_TYPE_PARAMS", "INTRINSIC_SET_TYPEPARAM_DEFAULT",
    ]


def get_special_method_names():
    """Names of the methods that LOAD_SPECIAL looks up."""
    return ["__enter__", "__exit__", "__aenter__", "__aexit__"]


def get_executor(*, code, offset):
    """The trace that an instruction enters; there are none."""
    return None


def get_specialization_stats():
    """Counts of specialised instructions; they are not kept."""
    return None
