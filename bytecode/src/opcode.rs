//! THE opcode table: names, operands, stack effects and documentation of every instruction, declared once.
//!
//! The enum, the encoding, the disassembler, the assembler, the verifier's stack effects, `docs/bytecode.md` and the dispatch
//! skeletons of interpreter and HIR builder derive from it: a new opcode is one entry here, and the exhaustive matches that
//! do not handle it stop compiling. Names are CPython's and Static Python's.
//!
//! An entry reads `NAME { Operand } (inputs => outputs) flags`, the top of the stack on the right. Items are `Object`, `Int`,
//! `Double`, or a representation that the operand decides (`OfLocal`, `OfField`, ...); `Counted` stands for as many objects
//! as the operand says. `jump (...)` gives the outputs on the jump edge where they differ.

/// What the 24-bit operand of an instruction means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OperandKind {
    /// Nothing.
    None,
    /// A local slot.
    Local,
    /// Two local slots, 12 bits each, the first in the low half.
    LocalPair,
    /// An index into the constants.
    Const,
    /// An index into the names.
    Name,
    /// A number: how many, how deep, flags.
    Count,
    /// The index of an instruction.
    Label,
    /// A [`BinaryOp`](crate::BinaryOp).
    Binary,
    /// A [`CompareOp`](crate::CompareOp).
    Compare,
    /// 1 for `is not` and `not in`.
    Invert,
    /// An [`Intrinsic`](crate::Intrinsic).
    Intrinsic,
    /// `FORMAT` conversion: 1 `str`, 2 `repr`, 3 `ascii`.
    Conversion,
    /// Items before the starred target in the low 12 bits, after it in the high 12 bits.
    Unpack,
    /// An index into the types.
    Type,
    /// An index into the fields.
    Field,
    /// An index into the functions.
    Function,
    /// An index into the classes.
    Class,
    /// A [`TypeCode`](crate::TypeCode).
    TypeCode,
    /// Two type codes, the target in the high 12 bits.
    Convert,
    /// A [`PrimitiveBinaryOp`](crate::PrimitiveBinaryOp) in the low 12 bits, the type code in the high 12 bits.
    PrimitiveBinary,
    /// A [`PrimitiveUnaryOp`](crate::PrimitiveUnaryOp) in the low 12 bits, the type code in the high 12 bits.
    PrimitiveUnary,
    /// A [`PrimitiveCompareOp`](crate::PrimitiveCompareOp).
    PrimitiveCompare,
    /// A [`SequenceKind`](crate::SequenceKind).
    Sequence,
    /// A [`LenKind`](crate::LenKind).
    Len,
    /// The interpreter's own business; never in code that is stored or verified.
    Cache,
}

/// One entry, or a run of entries, of a stack effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item {
    /// An object, or null where the opcode says so.
    Object,
    /// A 64-bit integer.
    Int,
    /// A 64-bit float.
    Double,
    /// As many objects as the operand counts.
    Counted,
    /// Twice as many objects as the operand counts.
    CountedPairs,
    /// The representation of the local slot that the operand names.
    OfLocal,
    /// The representation of the field that the operand names.
    OfField,
    /// The representation of the type that the operand names.
    OfType,
    /// The representation of the type code that the operand is.
    OfTypeCode,
    /// The source of a conversion.
    OfSource,
    /// The target of a conversion.
    OfTarget,
    /// Operands of the operator that the operand names.
    OfOperands,
    /// Result of the operator that the operand names.
    OfResult,
    /// The elements of the sequence kind that the operand names.
    OfElement,
    /// The parameters of the function that the operand names.
    OfParams,
    /// The parameters of the function that the operand names, but the receiver.
    OfParamsAfterSelf,
    /// The return value of the function that the operand names.
    OfReturn,
    /// As many objects as the intrinsic pops.
    OfIntrinsic,
    /// Before and after the starred target, and the target itself.
    OfUnpack,
    /// The `n`th entry from the top, copied (`COPY`).
    Copied,
    /// The top entry and the `n`th, exchanged (`SWAP`).
    Swapped,
    /// One object, or two if the flag bit 0 is set.
    Flagged,
    /// Whatever is on top.
    Any,
}

/// What else is true of an opcode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpcodeFlags {
    /// Control never reaches the next instruction.
    pub ends_block: bool,
    /// It cannot raise, and runs no Python code.
    pub cannot_raise: bool,
    /// A specialised form that only the interpreter writes, into its own copy of the code.
    pub quickened: bool,
}

/// One row of the table.
#[derive(Debug)]
pub struct OpcodeInfo {
    /// The name in listings.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// What its operand means.
    pub operand: OperandKind,
    /// What it pops, deepest first.
    pub inputs: &'static [Item],
    /// What it pushes, deepest first.
    pub outputs: &'static [Item],
    /// What it pushes when it jumps, if that differs.
    pub jump_outputs: Option<&'static [Item]>,
    /// How far the stack grows on the fall-through and on the jump edge, if no operand has a say in it.
    pub growth: Option<(i32, i32)>,
    /// What else is true of it.
    pub flags: OpcodeFlags,
}

/// Hands the whole table to the macro `$consumer`.
#[macro_export]
macro_rules! for_each_opcode {
    ($consumer:ident) => {
        $consumer! {
            // Stack.

            /// Do nothing.
            NOP { None } (=>) [cannot_raise];
            /// Discard the top entry.
            POP_TOP { None } (Object =>);
            /// Push the `n`th entry from the top (1 is the top), an object, again.
            COPY { Count } (=> Copied) [cannot_raise];
            /// Push the `n`th entry from the top, a primitive, again.
            COPY_PRIMITIVE { Count } (=> Copied) [cannot_raise];
            /// Exchange the top entry and the `n`th from the top.
            SWAP { Count } (=> Swapped) [cannot_raise];
            /// Push null: "no value", where an opcode says that it accepts one.
            PUSH_NULL { None } (=> Object) [cannot_raise];

            // Locals, cells and constants.

            /// Push a constant.
            LOAD_CONST { Const } (=> Object) [cannot_raise];
            /// Push a local that is certainly bound.
            LOAD_FAST { Local } (=> Object) [cannot_raise];
            /// Push two locals that are certainly bound.
            LOAD_FAST_LOAD_FAST { LocalPair } (=> Object, Object) [cannot_raise];
            /// Push a local; UnboundLocalError if it is unbound.
            LOAD_FAST_CHECK { Local } (=> Object);
            /// Pop into a local.
            STORE_FAST { Local } (Object =>);
            /// Unbind a local; UnboundLocalError if it is unbound already.
            DELETE_FAST { Local } (=>);
            /// Unbind a local, if it is bound: one that a comprehension leaves behind in the frame it ran in.
            CLEAR_FAST { Local } (=>) [cannot_raise];
            /// Replace a local by a new cell that holds its value, if any.
            MAKE_CELL { Local } (=>);
            /// Store the closure's cells into the last `n` local slots.
            COPY_FREE_VARS { Count } (=>) [cannot_raise];
            /// Push the cell itself that sits in a local slot.
            LOAD_CLOSURE { Local } (=> Object) [cannot_raise];
            /// Push what a cell holds; NameError or UnboundLocalError if it is empty.
            LOAD_DEREF { Local } (=> Object);
            /// Pop into a cell.
            STORE_DEREF { Local } (Object =>);
            /// Empty a cell; error if it is empty already.
            DELETE_DEREF { Local } (=>);

            // Globals and names.

            /// Push a global or builtin.
            LOAD_GLOBAL { Name } (=> Object);
            /// Pop into a global.
            STORE_GLOBAL { Name } (Object =>);
            /// Unbind a global.
            DELETE_GLOBAL { Name } (=>);
            /// Push a name of a class or module body: local namespace, globals, builtins.
            LOAD_NAME { Name } (=> Object);
            /// Pop into the local namespace.
            STORE_NAME { Name } (Object =>);
            /// Unbind a name of the local namespace.
            DELETE_NAME { Name } (=>);
            /// Push the local namespace of a class or module body.
            LOAD_LOCALS { None } (=> Object);
            /// Pop a mapping; push its item for the cell's name, else what the cell holds.
            LOAD_FROM_DICT_OR_DEREF { Local } (Object => Object);
            /// Pop a mapping; push its item for the name, else the global.
            LOAD_FROM_DICT_OR_GLOBALS { Name } (Object => Object);
            /// Push `builtins.__build_class__`.
            LOAD_BUILD_CLASS { None } (=> Object);
            /// Push AssertionError, whatever the name is bound to.
            LOAD_ASSERTION_ERROR { None } (=> Object) [cannot_raise];
            /// Make sure that the local namespace has `__annotations__`.
            SETUP_ANNOTATIONS { None } (=>);

            // Attributes and items.

            /// `owner -- owner.name`
            LOAD_ATTR { Name } (Object => Object);
            /// `value, owner --`: `owner.name = value`.
            STORE_ATTR { Name } (Object, Object =>);
            /// `owner --`: `del owner.name`.
            DELETE_ATTR { Name } (Object =>);
            /// `owner -- callable, self`, or `callable, null` if the attribute is not a plain method. Followed by `CALL_METHOD`.
            LOAD_METHOD { Name } (Object => Object, Object);
            /// `super, class, self -- attribute`: `super(class, self).name` without making the super object if `super` is the builtin.
            LOAD_SUPER_ATTR { Name } (Object, Object, Object => Object);
            /// As `LOAD_SUPER_ATTR`, but `callable, self` or `callable, null` for `CALL_METHOD`.
            LOAD_SUPER_METHOD { Name } (Object, Object, Object => Object, Object);
            /// `container, key -- container[key]`
            BINARY_SUBSCR { None } (Object, Object => Object);
            /// `value, container, key --`: `container[key] = value`.
            STORE_SUBSCR { None } (Object, Object, Object =>);
            /// `container, key --`: `del container[key]`.
            DELETE_SUBSCR { None } (Object, Object =>);
            /// `container, start, stop -- container[start:stop]`
            BINARY_SLICE { None } (Object, Object, Object => Object);
            /// `value, container, start, stop --`: `container[start:stop] = value`.
            STORE_SLICE { None } (Object, Object, Object, Object =>);

            // Operators.

            /// `a, b -- a op b`
            BINARY_OP { Binary } (Object, Object => Object);
            /// `a, b -- a op= b`
            BINARY_OP_INPLACE { Binary } (Object, Object => Object);
            /// `a, b -- a op b`
            COMPARE_OP { Compare } (Object, Object => Object);
            /// `a, b -- a is b`, inverted if the operand is 1.
            IS_OP { Invert } (Object, Object => Object);
            /// `item, container -- item in container`, inverted if the operand is 1.
            CONTAINS_OP { Invert } (Object, Object => Object);
            /// `a -- -a`
            UNARY_NEGATIVE { None } (Object => Object);
            /// `a -- +a`
            UNARY_POSITIVE { None } (Object => Object);
            /// `a -- ~a`
            UNARY_INVERT { None } (Object => Object);
            /// `a -- not a`
            UNARY_NOT { None } (Object => Object);

            // Control.

            /// Go to the label.
            JUMP { Label } (=>) [ends_block cannot_raise];
            /// Go to a label before this instruction; signals and pending calls are served here.
            JUMP_BACKWARD { Label } (=>) [ends_block];
            /// The frame has begun; signals and pending calls are served here, and it may go on in machine code.
            BEGIN_FRAME { None } (=>);
            /// Pop; jump if it is true.
            POP_JUMP_IF_TRUE { Label } (Object =>);
            /// Pop; jump if it is false.
            POP_JUMP_IF_FALSE { Label } (Object =>);
            /// Pop; jump if it is None.
            POP_JUMP_IF_NONE { Label } (Object =>);
            /// Pop; jump if it is not None.
            POP_JUMP_IF_NOT_NONE { Label } (Object =>);
            /// Return the top entry.
            RETURN_VALUE { None } (Object =>) [ends_block];
            /// `iterable -- iterator`
            GET_ITER { None } (Object => Object);
            /// `iterator -- iterator, item`; when exhausted, pop the iterator and jump.
            FOR_ITER { Label } (Object => Object, Object) jump ();
            /// `object -- object, len(object)`
            GET_LEN { None } (Object => Object, Object);

            // Calls.

            /// `callable, args... -- result`
            CALL { Count } (Object, Counted => Object);
            /// `callable, args..., names -- result`; the operand counts all arguments, `names` is a tuple naming the last ones.
            CALL_KW { Count } (Object, Counted, Object => Object);
            /// `callable, self or null, args... -- result`, after `LOAD_METHOD`; the operand counts `args`.
            CALL_METHOD { Count } (Object, Object, Counted => Object);
            /// As `CALL_METHOD` with a tuple of keyword names on top.
            CALL_METHOD_KW { Count } (Object, Object, Counted, Object => Object);
            /// `callable, args, kwargs or null -- result`; `args` is any iterable.
            CALL_FUNCTION_EX { None } (Object, Object, Object => Object);
            /// A rare operation of the runtime.
            CALL_INTRINSIC { Intrinsic } (OfIntrinsic => Object);
            /// `code -- function`
            MAKE_FUNCTION { None } (Object => Object);
            /// `attribute, function -- function`; the operand says which: 1 defaults, 2 keyword defaults, 4 annotations, 8 closure, 16 annotate.
            SET_FUNCTION_ATTRIBUTE { Count } (Object, Object => Object);

            // Displays and unpacking.

            /// `items... -- tuple`
            BUILD_TUPLE { Count } (Counted => Object);
            /// `items... -- list`
            BUILD_LIST { Count } (Counted => Object);
            /// `items... -- set`
            BUILD_SET { Count } (Counted => Object);
            /// `key, value, ... -- dict`; the operand counts pairs.
            BUILD_MAP { Count } (CountedPairs => Object);
            /// `start, stop[, step] -- slice`; the operand is 2 or 3.
            BUILD_SLICE { Count } (Counted => Object);
            /// `strings... -- str`
            BUILD_STRING { Count } (Counted => Object);
            /// `list at depth n, ..., item -- ...`: append.
            LIST_APPEND { Count } (Object =>);
            /// `set at depth n, ..., item -- ...`: add.
            SET_ADD { Count } (Object =>);
            /// `dict at depth n, ..., key, value -- ...`: set.
            MAP_ADD { Count } (Object, Object =>);
            /// `list at depth n, ..., iterable -- ...`: extend.
            LIST_EXTEND { Count } (Object =>);
            /// `set at depth n, ..., iterable -- ...`: update.
            SET_UPDATE { Count } (Object =>);
            /// `dict at depth n, ..., mapping -- ...`: update.
            DICT_UPDATE { Count } (Object =>);
            /// As `DICT_UPDATE`, for the keywords of the callable below; a repeated key is a TypeError.
            DICT_MERGE { Count } (Object =>);
            /// `sequence -- last, ..., first`: exactly `n` items.
            UNPACK_SEQUENCE { Count } (Object => Counted);
            /// `iterable -- last, ..., starred list, ..., first`
            UNPACK_EX { Unpack } (Object => OfUnpack);

            // Strings.

            /// `value -- format(value)`
            FORMAT_SIMPLE { None } (Object => Object);
            /// `value, spec -- format(value, spec)`
            FORMAT_WITH_SPEC { None } (Object, Object => Object);
            /// `value -- converted`
            CONVERT_VALUE { Conversion } (Object => Object);
            /// `value, text[, spec] -- interpolation`; bit 0: a spec is there, bits 1 and 2: conversion.
            BUILD_INTERPOLATION { Count } (Object, Flagged => Object);
            /// `strings, interpolations -- template`
            BUILD_TEMPLATE { None } (Object, Object => Object);

            // Patterns.

            /// `subject -- subject, bool`: is it a mapping?
            MATCH_MAPPING { None } (Object => Object, Object);
            /// `subject -- subject, bool`: is it a sequence, but not text?
            MATCH_SEQUENCE { None } (Object => Object, Object);
            /// `subject, keys -- subject, keys, values or None`
            MATCH_KEYS { None } (Object, Object => Object, Object, Object);
            /// `subject, class, names -- attributes or None`; the operand counts positional patterns.
            MATCH_CLASS { Count } (Object, Object, Object => Object);

            // Exceptions and context managers.

            /// Raise: 0 re-raises the handled exception, 1 `exc`, 2 `exc, cause`.
            RAISE_VARARGS { Count } (Counted =>) [ends_block];
            /// `exc --`: raise it again as it is, from the operand's position if 1.
            RERAISE { Count } (Object =>) [ends_block];
            /// `exc -- previous, exc`: `exc` becomes the handled exception.
            PUSH_EXC_INFO { None } (Object => Object, Object) [cannot_raise];
            /// `previous --`: it becomes the handled exception again.
            POP_EXCEPT { None } (Object =>) [cannot_raise];
            /// `exc, type -- exc, bool`
            CHECK_EXC_MATCH { None } (Object, Object => Object, Object);
            /// `exc, type -- rest or None, matched or None`
            CHECK_EG_MATCH { None } (Object, Object => Object, Object);
            /// `manager -- exit, entered`
            BEFORE_WITH { None } (Object => Object, Object);
            /// `exit, previous, exc -- exit, previous, exc, result`: calls `exit(type, exc, traceback)`.
            WITH_EXCEPT_START { None } (Object, Object, Object => Object, Object, Object, Object);

            // Imports.

            /// `level, fromlist -- module`
            IMPORT_NAME { Name } (Object, Object => Object);
            /// `module -- module, attribute`
            IMPORT_FROM { Name } (Object => Object, Object);

            // Generators and coroutines.

            /// Make the generator and return it to the caller; the frame goes on from here at the first resumption.
            RETURN_GENERATOR { None } (=>);
            /// `value -- sent`
            YIELD_VALUE { None } (Object => Object);
            /// `iterable -- iterator` for `yield from`.
            GET_YIELD_FROM_ITER { None } (Object => Object);
            /// `receiver, value -- receiver, yielded`; when the receiver returns: `receiver, returned` and jump.
            SEND { Label } (Object, Object => Object, Object) jump (Object, Object);
            /// `receiver, value -- value`
            END_SEND { None } (Object, Object => Object);
            /// `receiver, last sent, exc -- none, value` if `exc` is StopIteration, else re-raise.
            CLEANUP_THROW { None } (Object, Object, Object => Object, Object);
            /// `object -- awaitable iterator`; the operand says for which statement the error is worded.
            GET_AWAITABLE { Count } (Object => Object);
            /// `async iterable -- async iterator`
            GET_AITER { None } (Object => Object);
            /// `async iterator -- async iterator, awaitable`
            GET_ANEXT { None } (Object => Object, Object);
            /// `async iterator, exc --` if `exc` is StopAsyncIteration, else re-raise.
            END_ASYNC_FOR { None } (Object, Object =>);
            /// `manager -- exit, awaitable`
            BEFORE_ASYNC_WITH { None } (Object => Object, Object);

            // Static Python: functions and classes.

            /// Check and unbox the arguments of an untyped caller; static callers enter behind it.
            CHECK_ARGS { None } (=>);
            /// `args... -- result`: call a statically resolved function.
            INVOKE_FUNCTION { Function } (OfParams => OfReturn);
            /// `args... -- result`: call a function of a C library with machine words.
            INVOKE_NATIVE { Function } (OfParams => OfReturn);
            /// `self -- callable, self`: the method that `self`'s class has in the vtable slot; that `self` has, for a class method.
            LOAD_METHOD_STATIC { Function } (Object => Object, Object);
            /// `callable, self, args... -- result`, after `LOAD_METHOD_STATIC`; static methods do not get `self`.
            INVOKE_METHOD { Function } (Object, Object, OfParamsAfterSelf => OfReturn);
            /// `callable, args... -- result`: call a function that was made in a function, with typed arguments if it is one of the descriptor's.
            INVOKE_CLOSURE { Function } (Object, OfParams => OfReturn);
            /// `body, bases, metaclass or null -- class`: run the body and lay the class out as declared; `bases` is a tuple.
            BUILD_STATIC_CLASS { Class } (Object, Object, Object => Object);
            /// Push a new instance with unset fields.
            TP_ALLOC { Type } (=> Object);
            /// `owner -- value`
            LOAD_FIELD { Field } (Object => OfField);
            /// `value, owner --`
            STORE_FIELD { Field } (OfField, Object =>);
            /// Check an object against a type; TypeError if it is not of it.
            CAST { Type } (Object => Object);
            /// State that an object is of a type; no effect at run time.
            REFINE_TYPE { Type } (Object => Object) [cannot_raise];
            /// `object -- type(object)`
            LOAD_TYPE { None } (Object => Object) [cannot_raise];
            /// Push the class.
            LOAD_CLASS { Type } (=> Object);
            /// Return the primitive on top.
            RETURN_PRIMITIVE { TypeCode } (OfTypeCode =>) [ends_block];

            // Static Python: primitives.

            /// Push a primitive local.
            LOAD_LOCAL { Local } (=> OfLocal) [cannot_raise];
            /// Pop into a primitive local.
            STORE_LOCAL { Local } (OfLocal =>) [cannot_raise];
            /// Push a primitive constant: an int or float constant of the code object.
            PRIMITIVE_LOAD_CONST { Const } (=> Any) [cannot_raise];
            /// `primitive -- object`
            PRIMITIVE_BOX { TypeCode } (OfTypeCode => Object);
            /// `object -- primitive`; OverflowError out of range, TypeError if it is not a number of the kind.
            PRIMITIVE_UNBOX { TypeCode } (Object => OfTypeCode);
            /// Truncate or extend an integer, or convert between integer and double.
            CONVERT_PRIMITIVE { Convert } (OfSource => OfTarget) [cannot_raise];
            /// `a, b -- a op b`, wrapped to the type's width; ZeroDivisionError and ValueError (negative shift) as decided.
            PRIMITIVE_BINARY_OP { PrimitiveBinary } (OfOperands, OfOperands => OfResult);
            /// `a -- op a`, wrapped to the type's width.
            PRIMITIVE_UNARY_OP { PrimitiveUnary } (OfOperands => OfOperands) [cannot_raise];
            /// `a, b -- cbool`
            PRIMITIVE_COMPARE_OP { PrimitiveCompare } (OfOperands, OfOperands => Int) [cannot_raise];
            /// Pop an integer; jump if it is zero.
            POP_JUMP_IF_ZERO { Label } (Int =>) [cannot_raise];
            /// Pop an integer; jump if it is not zero.
            POP_JUMP_IF_NONZERO { Label } (Int =>) [cannot_raise];
            /// Discard a primitive.
            POP_PRIMITIVE { TypeCode } (OfTypeCode =>) [cannot_raise];

            // Static Python: containers.

            /// `container -- length`
            FAST_LEN { Len } (Object => Int);
            /// `sequence, index -- item`; negative indexes count from the end, IndexError out of range.
            SEQUENCE_GET { Sequence } (Object, Int => OfElement);
            /// `value, sequence, index --`
            SEQUENCE_SET { Sequence } (OfElement, Object, Int =>);
            /// `list, index --`: delete an item; IndexError out of range.
            LIST_DEL { None } (Object, Int =>);
            /// `list -- CheckedList`: the items move over; their types have been proved.
            BUILD_CHECKED_LIST { Type } (Object => Object);
            /// `dict -- CheckedDict`: the items move over; their types have been proved.
            BUILD_CHECKED_MAP { Type } (Object => Object);
            /// `length -- array`: a zeroed static array or vector.
            BUILD_ARRAY { Type } (Int => Object);
            /// `vector, value --`: the vector grows by the value.
            VECTOR_APPEND { Sequence } (Object, OfElement =>);
            /// `vector -- value`: its last element, which it loses; IndexError if there is none.
            VECTOR_POP { Sequence } (Object => OfElement);
            /// `object -- flag`: whether methods of its class have other defaults than those that they override.
            HAS_OWN_DEFAULTS { None } (Object => Int) [cannot_raise];
            /// `receiver, n -- default`: that of parameter `n` of the callee; the receiver of a virtual call, or None.
            LOAD_DEFAULT { Function } (Object, Int => Object);

            // The interpreter's specialised forms. They never leave its own copy of the code. Unless they say otherwise they have the
            // operand of the form that they stand for, and fall back to it when they meet anything else.

            /// `LOAD_GLOBAL` of a module global.
            LOAD_GLOBAL_MODULE { Name } (=> Object) [quickened];
            /// `LOAD_GLOBAL` of a builtin.
            LOAD_GLOBAL_BUILTIN { Name } (=> Object) [quickened];
            /// `LOAD_ATTR` with a cache.
            LOAD_ATTR_CACHED { Name } (Object => Object) [quickened];
            /// `STORE_ATTR` with a cache.
            STORE_ATTR_CACHED { Name } (Object, Object =>) [quickened];
            /// `LOAD_METHOD` with a cache.
            LOAD_METHOD_CACHED { Name } (Object => Object, Object) [quickened];
            /// `LOAD_FAST`, and the `LOAD_ATTR` from an instance dict behind it.
            LOAD_FAST_LOAD_ATTR { Local } (=> Object) [quickened];
            /// `BINARY_OP`: the sum of two small ints.
            BINARY_OP_ADD_INT { Binary } (Object, Object => Object) [quickened];
            /// `BINARY_OP`: the difference of two small ints.
            BINARY_OP_SUBTRACT_INT { Binary } (Object, Object => Object) [quickened];
            /// `BINARY_OP`: the product of two small ints.
            BINARY_OP_MULTIPLY_INT { Binary } (Object, Object => Object) [quickened];
            /// `BINARY_OP`: the sum of two exact floats.
            BINARY_OP_ADD_FLOAT { Binary } (Object, Object => Object) [quickened];
            /// `BINARY_OP`: the difference of two exact floats.
            BINARY_OP_SUBTRACT_FLOAT { Binary } (Object, Object => Object) [quickened];
            /// `BINARY_OP`: the product of two exact floats.
            BINARY_OP_MULTIPLY_FLOAT { Binary } (Object, Object => Object) [quickened];
            /// `BINARY_OP`: the quotient of two exact floats.
            BINARY_OP_DIVIDE_FLOAT { Binary } (Object, Object => Object) [quickened];
            /// `COMPARE_OP` on two small ints; the operand says which orders make it true.
            COMPARE_OP_INT { Cache } (Object, Object => Object) [quickened];
            /// `COMPARE_OP` on two small ints, and the jump behind it, which is taken if `a < b`.
            JUMP_IF_LESS_INT { Cache } (Object, Object => Object) [quickened];
            /// `COMPARE_OP` on two small ints, and the jump behind it, which is taken if `a <= b`.
            JUMP_IF_LESS_EQUAL_INT { Cache } (Object, Object => Object) [quickened];
            /// `COMPARE_OP` on two small ints, and the jump behind it, which is taken if `a == b`.
            JUMP_IF_EQUAL_INT { Cache } (Object, Object => Object) [quickened];
            /// `COMPARE_OP` on two small ints, and the jump behind it, which is taken if `a != b`.
            JUMP_IF_NOT_EQUAL_INT { Cache } (Object, Object => Object) [quickened];
            /// `COMPARE_OP` on two small ints, and the jump behind it, which is taken if `a > b`.
            JUMP_IF_GREATER_INT { Cache } (Object, Object => Object) [quickened];
            /// `COMPARE_OP` on two small ints, and the jump behind it, which is taken if `a >= b`.
            JUMP_IF_GREATER_EQUAL_INT { Cache } (Object, Object => Object) [quickened];
            /// `COMPARE_OP` on two exact floats, and the jump behind it; the operand says which orders jump.
            COMPARE_OP_FLOAT_JUMP { Cache } (Object, Object => Object) [quickened];
            /// `BINARY_SUBSCR` of an exact list with a small int.
            BINARY_SUBSCR_LIST { None } (Object, Object => Object) [quickened];
            /// `STORE_SUBSCR` of an exact list with a small int.
            STORE_SUBSCR_LIST { None } (Object, Object, Object =>) [quickened];
            /// `FOR_ITER` over a range iterator.
            FOR_ITER_RANGE { Label } (Object => Object, Object) jump () [quickened];
            /// `FOR_ITER` over a list iterator.
            FOR_ITER_LIST { Label } (Object => Object, Object) jump () [quickened];
            /// `LOAD_FIELD` of an object.
            LOAD_FIELD_OBJECT { Field } (Object => OfField) [quickened];
            /// `LOAD_FIELD` of a float that is stored as a double.
            LOAD_FIELD_FLOAT { Field } (Object => OfField) [quickened];
            /// `LOAD_FIELD` of a primitive of 64 bits.
            LOAD_FIELD_WORD { Field } (Object => OfField) [quickened];
            /// `LOAD_FAST`, and the specialised `LOAD_FIELD` behind it.
            LOAD_FAST_LOAD_FIELD { Local } (=> Object) [quickened];
            /// `STORE_FIELD` of an object.
            STORE_FIELD_OBJECT { Field } (OfField, Object =>) [quickened];
            /// `STORE_FIELD` of an exact float over a double.
            STORE_FIELD_FLOAT { Field } (OfField, Object =>) [quickened];
            /// `STORE_FIELD` of a primitive of 64 bits.
            STORE_FIELD_WORD { Field } (OfField, Object =>) [quickened];
            /// `PRIMITIVE_LOAD_CONST` from the cache.
            PRIMITIVE_LOAD_CONST_WORD { Const } (=> Any) [quickened];
            /// `STORE_LOCAL` of a primitive of 64 bits.
            STORE_LOCAL_WORD { Local } (OfLocal =>) [quickened];
            /// `PRIMITIVE_BINARY_OP`: the sum of two integers of 64 bits.
            PRIMITIVE_ADD_WORD { PrimitiveBinary } (OfOperands, OfOperands => OfResult) [quickened];
            /// `PRIMITIVE_BINARY_OP`: the difference of two integers of 64 bits.
            PRIMITIVE_SUBTRACT_WORD { PrimitiveBinary } (OfOperands, OfOperands => OfResult) [quickened];
            /// `PRIMITIVE_BINARY_OP`: the product of two integers of 64 bits.
            PRIMITIVE_MULTIPLY_WORD { PrimitiveBinary } (OfOperands, OfOperands => OfResult) [quickened];
            /// `PRIMITIVE_BINARY_OP`: the sum of two doubles.
            PRIMITIVE_ADD_DOUBLE { PrimitiveBinary } (OfOperands, OfOperands => OfResult) [quickened];
            /// `PRIMITIVE_BINARY_OP`: the difference of two doubles.
            PRIMITIVE_SUBTRACT_DOUBLE { PrimitiveBinary } (OfOperands, OfOperands => OfResult) [quickened];
            /// `PRIMITIVE_BINARY_OP`: the product of two doubles.
            PRIMITIVE_MULTIPLY_DOUBLE { PrimitiveBinary } (OfOperands, OfOperands => OfResult) [quickened];
            /// `PRIMITIVE_COMPARE_OP` on signed integers, and the jump behind it; the operand says which orders jump.
            PRIMITIVE_COMPARE_INT_JUMP { Cache } (OfOperands, OfOperands => Int) [quickened];
            /// `PRIMITIVE_COMPARE_OP` on doubles, and the jump behind it; the operand says which orders jump.
            PRIMITIVE_COMPARE_DOUBLE_JUMP { Cache } (OfOperands, OfOperands => Int) [quickened];
            /// `SEQUENCE_GET` from an array of 64-bit elements.
            SEQUENCE_GET_WORD { Sequence } (Object, Int => OfElement) [quickened];
            /// `SEQUENCE_SET` into an array of 64-bit elements.
            SEQUENCE_SET_WORD { Sequence } (OfElement, Object, Int =>) [quickened];
        }
    };
}

/// Turns the table into the enum and its rows.
macro_rules! define_opcodes {
    ($($(#[doc = $doc:literal])+ $name:ident { $operand:ident } ($($input:ident),* => $($output:ident),*)
       $(jump ($($jump:ident),*))? $([$($flag:ident)*])?;)*) => {
        /// An instruction of the bytecode; see the table for what each does.
        #[allow(non_camel_case_types, reason = "the names are CPython's")]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub enum Opcode { $($(#[doc = $doc])+ $name,)* }

        /// One row for each opcode, in the order of their numbers.
        static TABLE: &[OpcodeInfo] = &[$(OpcodeInfo {
            name: stringify!($name),
            doc: concat!($($doc,)+),
            operand: OperandKind::$operand,
            inputs: &[$(Item::$input),*],
            outputs: &[$(Item::$output),*],
            jump_outputs: define_opcodes!(@jump $(($($jump),*))?),
            growth: fixed_growth(
                &[$(Item::$input),*],
                &[$(Item::$output),*],
                define_opcodes!(@jump $(($($jump),*))?),
            ),
            flags: OpcodeFlags { $($($flag: true,)*)? ..NO_FLAGS },
        },)*];

        impl Opcode {
            /// Every opcode, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
    (@jump) => { None };
    (@jump ($($jump:ident),*)) => { Some(&[$(Item::$jump),*]) };
}

/// [`OpcodeInfo::growth`] of an opcode with these items.
const fn fixed_growth(inputs: &[Item], outputs: &[Item], jump: Option<&[Item]>) -> Option<(i32, i32)> {
    let jump = match jump {
        Some(items) => items,
        None => outputs,
    };
    match (fixed_count(inputs), fixed_count(outputs), fixed_count(jump)) {
        (Some(pops), Some(falls), Some(jumps)) => Some((falls - pops, jumps - pops)),
        _ => None,
    }
}

/// How many entries of the stack the items are, if that does not depend on the operand.
const fn fixed_count(items: &[Item]) -> Option<i32> {
    let (mut count, mut at) = (0, 0);
    while at < items.len() {
        match items[at] {
            Item::Counted | Item::CountedPairs | Item::Flagged | Item::OfIntrinsic | Item::OfUnpack => {
                return None;
            }
            Item::OfParams | Item::OfParamsAfterSelf => return None,
            Item::Swapped => {}
            _ => count += 1,
        }
        at += 1;
    }
    Some(count)
}

/// The flags of an opcode that has none.
const NO_FLAGS: OpcodeFlags = OpcodeFlags { ends_block: false, cannot_raise: false, quickened: false };

for_each_opcode!(define_opcodes);

impl Opcode {
    /// The opcode with this number; numbers past the table wrap to `NOP`, and the verifier rejects words that hold them.
    #[inline]
    pub const fn from_byte(byte: u8) -> Self {
        if (byte as usize) < Self::ALL.len() { Self::ALL[byte as usize] } else { Self::NOP }
    }

    /// Its row of the table.
    #[inline]
    pub fn info(self) -> &'static OpcodeInfo {
        &TABLE[self as usize]
    }

    /// The name in listings.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The opcode with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|opcode| opcode.name() == name)
    }

    /// Whether it runs before a frame begins.
    pub fn is_prologue(self) -> bool {
        matches!(
            self,
            Self::COPY_FREE_VARS
                | Self::MAKE_CELL
                | Self::CHECK_ARGS
                | Self::RETURN_GENERATOR
                | Self::BEGIN_FRAME
        )
    }

    /// Whether its operand is a jump target.
    pub fn jumps(self) -> bool {
        self.info().operand == OperandKind::Label
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        for (number, &opcode) in Opcode::ALL.iter().enumerate() {
            assert_eq!(opcode as usize, number);
            assert_eq!(Opcode::from_byte(number as u8), opcode);
            assert_eq!(Opcode::from_name(opcode.name()), Some(opcode));
        }
    }

    #[test]
    fn every_opcode_is_documented() {
        for opcode in Opcode::ALL {
            assert!(opcode.info().doc.trim().len() > 5, "{}", opcode.name());
        }
    }
}
