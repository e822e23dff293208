//! The HIR instruction set, in one table.
//!
//! Each line says everything about an instruction that another part of the compiler may ask: operands with the types they
//! must have, kind of immediate, result, memory read and written, whether it may deoptimise or raise, which operands it
//! consumes and what its result borrows from. Printer, parser, verifier, passes and refcount insertion read the table, so a
//! new instruction is one line here, one arm in the lowering and, if it can be folded, one rule in `simplify`.

use super::types::Type;

/// Kinds of memory, a bit each; stores conflict with loads of the same bit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Memory(pub u32);

impl Memory {
    /// No memory.
    pub const NONE: Self = Self(0);
    /// Items of lists.
    pub const ITEMS: Self = Self(1);
    /// Lengths and item pointers of lists and vectors.
    pub const LENGTH: Self = Self(2);
    /// Closure cells.
    pub const CELLS: Self = Self(4);
    /// Global variables.
    pub const GLOBALS: Self = Self(8);
    /// Raw elements of arrays.
    pub const ELEMENTS: Self = Self(16);
    /// Everything else, dicts and attributes of dynamic objects among it.
    pub const OTHER: Self = Self(32);
    /// Fields of static classes; one of sixteen bits per field, see [`Memory::field`].
    pub const FIELDS: Self = Self(0xffff_0000);
    /// All memory.
    pub const ALL: Self = Self(u32::MAX);

    /// The bit for the field at `offset`. Fields of different offset never alias.
    pub const fn field(offset: u32) -> Self {
        Self(1 << (16 + (offset / 4) % 16))
    }

    /// Whether both have a bit in common.
    pub const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What the type of a result must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ret {
    /// There is no result.
    None,
    /// Any subtype of this type.
    Within(Type),
    /// The type of operand 0.
    Same,
    /// Operand 0 itself, known to be narrower: a copy, not a new reference.
    Narrowed,
    /// Operand 0 with another reference.
    Shared,
}

/// Where the reference in an object result comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// It is new.
    New,
    /// It stays alive as long as this memory is not written.
    Memory(Memory),
    /// It stays alive as long as the field named by the immediate is not written.
    Field,
    /// It stays alive as long as operand 0.
    Operand,
    /// A constant.
    Immortal,
}

/// What the immediate operand is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImmKind {
    /// There is none.
    None,
    /// An integer.
    Int,
    /// A double.
    Float,
    /// A comparison.
    Cond,
    /// A constant object.
    Const,
    /// A class.
    Class,
    /// A field.
    Field,
    /// A call target.
    Func,
    /// A runtime helper.
    Helper,
    /// A global cell.
    Cell,
}

/// The row of one instruction.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// Name in text.
    pub name: &'static str,
    /// Types of the fixed operands.
    pub operands: &'static [Type],
    /// Type of any number of further operands.
    pub rest: Option<Type>,
    /// Immediate operand.
    pub imm: ImmKind,
    /// Result.
    pub ret: Ret,
    /// Memory read.
    pub reads: Memory,
    /// Memory written.
    pub writes: Memory,
    /// Origin of the reference in the result.
    pub source: Source,
    /// Operands whose reference is consumed, a bit each; bit 31 for all.
    pub steals: u32,
    /// Whether it may leave for the interpreter, before having any effect.
    pub may_deopt: bool,
    /// Whether it may raise.
    pub may_raise: bool,
    /// Whether it must stay although its result is unused.
    pub is_pinned: bool,
    /// Whether it ends a block, and with how many edges.
    pub edges: Option<u8>,
}

impl OpInfo {
    const fn new(operands: &'static [Type], ret: Ret) -> Self {
        Self {
            name: "",
            operands,
            rest: None,
            imm: ImmKind::None,
            ret,
            reads: Memory::NONE,
            writes: Memory::NONE,
            source: Source::New,
            steals: 0,
            may_deopt: false,
            may_raise: false,
            is_pinned: false,
            edges: None,
        }
    }

    const fn imm(self, imm: ImmKind) -> Self {
        Self { imm, ..self }
    }

    const fn rest(self, ty: Type) -> Self {
        Self { rest: Some(ty), ..self }
    }

    const fn reads(self, reads: Memory) -> Self {
        Self { reads, ..self }
    }

    const fn writes(self, writes: Memory) -> Self {
        Self { writes, is_pinned: true, ..self }
    }

    const fn source(self, source: Source) -> Self {
        Self { source, ..self }
    }

    const fn steals(self, steals: u32) -> Self {
        Self { steals, ..self }
    }

    const fn deopts(self) -> Self {
        Self { may_deopt: true, is_pinned: true, ..self }
    }

    const fn raises(self) -> Self {
        Self { may_raise: true, is_pinned: true, ..self }
    }

    const fn ends(self, edges: u8) -> Self {
        Self { edges: Some(edges), is_pinned: true, ..self }
    }

    const fn pinned(self) -> Self {
        Self { is_pinned: true, ..self }
    }

    /// Whether the instruction is a function of its operands alone, so that equal ones can be merged.
    pub const fn is_pure(&self) -> bool {
        !self.is_pinned && self.reads.0 == 0 && !matches!(self.ret, Ret::None)
    }
}

macro_rules! opcodes {
    ($($(#[$doc:meta])+ $name:ident $text:literal $info:expr;)+) => {
        /// An HIR instruction's operation.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Opcode { $($(#[$doc])+ $name,)+ }

        /// The table, in the order of [`Opcode`].
        static TABLE: &[OpInfo] = &[$(OpInfo { name: $text, ..$info }),+];

        impl Opcode {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

impl Opcode {
    /// The operation's row in the table.
    pub fn info(self) -> &'static OpInfo {
        &TABLE[self as usize]
    }

    /// Whether it calls something, besides what its own work needs.
    pub fn is_call(self) -> bool {
        matches!(self, Self::CallHelper | Self::CallStatic | Self::CallVirtual | Self::CallVirtualOf)
    }

    /// The operation with this name in text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|op| op.info().name == name)
    }
}

/// A comparison; signedness comes from the operands' type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cond {
    /// `==`.
    Eq,
    /// `!=`.
    Ne,
    /// `<`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
}

impl Cond {
    /// Every comparison with its name.
    pub const ALL: &[(Self, &'static str)] = &[
        (Self::Eq, "eq"),
        (Self::Ne, "ne"),
        (Self::Lt, "lt"),
        (Self::Le, "le"),
        (Self::Gt, "gt"),
        (Self::Ge, "ge"),
    ];

    /// Name in text.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The comparison that holds exactly when this one does not; not for doubles, which may be unordered.
    #[must_use]
    pub fn negated(self) -> Self {
        [Self::Ne, Self::Eq, Self::Ge, Self::Gt, Self::Le, Self::Lt][self as usize]
    }

    /// The comparison with operands exchanged.
    #[must_use]
    pub fn swapped(self) -> Self {
        [Self::Eq, Self::Ne, Self::Gt, Self::Ge, Self::Lt, Self::Le][self as usize]
    }

    /// Its answer for two integers or doubles.
    pub fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        match self {
            Self::Eq => a == b,
            Self::Ne => a != b,
            Self::Lt => a < b,
            Self::Le => a <= b,
            Self::Gt => a > b,
            Self::Ge => a >= b,
        }
    }
}

use ImmKind as K;
use Memory as M;
use Ret::{Narrowed, None as Nothing, Same, Shared, Within};

const fn op(operands: &'static [Type], ret: Ret) -> OpInfo {
    OpInfo::new(operands, ret)
}

const T_INT: Type = Type::PRIM_INT;
const T_BITS: Type = Type::RAW;

opcodes! {
    // --- Constants ----------------------------------------------------------------------------------------------
    /// An integer of the declared type: primitive, boolean or tagged.
    ConstInt "const_int" op(&[], Within(Type::ANY)).imm(K::Int).source(Source::Immortal);
    /// A double.
    ConstFloat "const_float" op(&[], Within(Type::F64)).imm(K::Float);
    /// A constant object.
    ConstObject "const_object" op(&[], Within(Type::OBJECT)).imm(K::Const).source(Source::Immortal);
    /// A class as an object.
    ConstClass "const_class" op(&[], Within(Type::TYPE)).imm(K::Class).source(Source::Immortal);
    /// The null word.
    Null "null" op(&[], Within(Type::NULL)).source(Source::Immortal);

    // --- Types --------------------------------------------------------------------------------------------------
    /// The operand, which is known to have the declared type.
    Refine "refine" op(&[Type::ANY], Narrowed);
    /// The operand; leaves for the interpreter unless it has the declared type.
    GuardType "guard_type" op(&[Type::WORD], Narrowed).deopts();
    /// As `guard_type`, but what the interpreter does with anything else must happen even if nobody uses the result.
    CheckType "check_type" op(&[Type::WORD], Narrowed).deopts();
    /// Leaves for the interpreter if the operand is false.
    Guard "guard" op(&[Type::CBOOL], Nothing).deopts();
    /// The operand; raises `TypeError` unless it fits the type of that number in the code object, which is the second operand. A
    /// class and `CastHints` may follow, by which most values pass at a glance.
    Cast "cast" op(&[Type::OBJECT, Type::CODE], Narrowed).rest(Type::ANY).imm(K::Int).raises();
    /// The class of an object.
    TypeOf "type_of" op(&[Type::OBJECT], Within(Type::TYPE)).source(Source::Operand);
    /// Whether the operand is a tagged integer.
    IsSmallInt "is_small_int" op(&[Type::WORD], Within(Type::CBOOL));
    /// Whether the operand is exactly of a class.
    IsExact "is_exact" op(&[Type::OBJECT], Within(Type::CBOOL)).imm(K::Class);
    /// Whether the operand is an instance of a class or a subclass.
    IsInstance "is_instance" op(&[Type::OBJECT], Within(Type::CBOOL)).imm(K::Class);
    /// Whether two words are equal.
    IsSame "is_same" op(&[Type::WORD, Type::WORD], Within(Type::CBOOL));
    /// Whether a word is null.
    IsNull "is_null" op(&[Type::WORD], Within(Type::CBOOL));

    // --- Integers -----------------------------------------------------------------------------------------------
    /// Wrapping sum.
    Iadd "iadd" op(&[T_INT, T_INT], Same);
    /// Wrapping difference.
    Isub "isub" op(&[T_INT, T_INT], Same);
    /// Wrapping product.
    Imul "imul" op(&[T_INT, T_INT], Same);
    /// Quotient, truncated; the divisor is not zero. The least integer divided by -1 wraps.
    Idiv "idiv" op(&[T_INT, T_INT], Same);
    /// Remainder with the sign of the dividend; the divisor is not zero.
    Imod "imod" op(&[T_INT, T_INT], Same);
    /// Bitwise and.
    Iand "iand" op(&[T_BITS, T_BITS], Same);
    /// Bitwise or.
    Ior "ior" op(&[T_BITS, T_BITS], Same);
    /// Bitwise exclusive or.
    Ixor "ixor" op(&[T_BITS, T_BITS], Same);
    /// Left shift; a count at or past the width, read unsigned, gives 0.
    Ishl "ishl" op(&[T_INT, T_INT], Same);
    /// Right shift by the type's signedness; a count at or past the width gives 0 or the sign.
    Ishr "ishr" op(&[T_INT, T_INT], Same);
    /// Wrapping negation.
    Ineg "ineg" op(&[T_INT], Same);
    /// Complement.
    Inot "inot" op(&[T_INT], Same);
    /// Comparison.
    Icmp "icmp" op(&[T_BITS, T_BITS], Within(Type::CBOOL)).imm(K::Cond);
    /// Truncation or extension to the declared type.
    Convert "convert" op(&[T_BITS], Within(T_BITS));
    /// Sum that leaves for the interpreter on overflow.
    AddChecked "add_checked" op(&[Type::I64, Type::I64], Within(Type::I64)).deopts();
    /// Difference that leaves for the interpreter on overflow.
    SubChecked "sub_checked" op(&[Type::I64, Type::I64], Within(Type::I64)).deopts();
    /// Product that leaves for the interpreter on overflow.
    MulChecked "mul_checked" op(&[Type::I64, Type::I64], Within(Type::I64)).deopts();
    /// Quotient rounded towards minus infinity; the divisor is neither 0 nor -1.
    FloorDiv "floor_div" op(&[Type::I64, Type::I64], Within(Type::I64));
    /// Remainder with the sign of the divisor, which is neither 0 nor -1.
    FloorMod "floor_mod" op(&[Type::I64, Type::I64], Within(Type::I64));
    /// One of two values by a condition.
    Select "select" op(&[Type::CBOOL, Type::PRIMITIVE, Type::PRIMITIVE], Within(Type::PRIMITIVE));
    /// Negation of a machine boolean.
    Bnot "bnot" op(&[Type::CBOOL], Within(Type::CBOOL));

    // --- Doubles ------------------------------------------------------------------------------------------------
    /// Sum.
    Fadd "fadd" op(&[Type::F64, Type::F64], Within(Type::F64));
    /// Difference.
    Fsub "fsub" op(&[Type::F64, Type::F64], Within(Type::F64));
    /// Product.
    Fmul "fmul" op(&[Type::F64, Type::F64], Within(Type::F64));
    /// Quotient by the rules of IEEE 754.
    Fdiv "fdiv" op(&[Type::F64, Type::F64], Within(Type::F64));
    /// Negation.
    Fneg "fneg" op(&[Type::F64], Within(Type::F64));
    /// Absolute value.
    Fabs "fabs" op(&[Type::F64], Within(Type::F64));
    /// Square root.
    Fsqrt "fsqrt" op(&[Type::F64], Within(Type::F64));
    /// Comparison; everything but `ne` is false for NaN.
    Fcmp "fcmp" op(&[Type::F64, Type::F64], Within(Type::CBOOL)).imm(K::Cond);
    /// A signed integer as a double.
    IntToFloat "int_to_float" op(&[T_BITS], Within(Type::F64));
    /// A double truncated to a signed integer.
    FloatToInt "float_to_int" op(&[Type::F64], Within(Type::I64));

    // --- Boxing -------------------------------------------------------------------------------------------------
    /// An int object.
    BoxInt "box_int" op(&[T_INT], Within(Type::INT_EXACT));
    /// A tagged integer from one that fits.
    Tag "tag" op(&[Type::SIGNED], Within(Type::SMALL_INT));
    /// The value of a tagged integer.
    Untag "untag" op(&[Type::SMALL_INT], Within(Type::I64));
    /// The value of an int object in the declared primitive type, or `OverflowError`.
    UnboxInt "unbox_int" op(&[Type::OBJECT], Within(T_INT)).raises();
    /// A float object.
    BoxFloat "box_float" op(&[Type::F64], Within(Type::FLOAT_EXACT));
    /// The value of a float object.
    UnboxFloat "unbox_float" op(&[Type::FLOAT], Within(Type::F64));
    /// `True` or `False`.
    BoxBool "box_bool" op(&[Type::CBOOL], Within(Type::BOOL)).source(Source::Immortal);
    /// Whether the operand is `True`.
    UnboxBool "unbox_bool" op(&[Type::BOOL], Within(Type::CBOOL));

    // --- Fields and cells ---------------------------------------------------------------------------------------
    /// A word or raw field.
    LoadField "load_field" op(&[Type::OBJECT], Within(Type::ANY)).imm(K::Field).reads(M::FIELDS).source(Source::Field);
    /// The operand; raises `AttributeError` if it is null. The second operand is the object.
    CheckField "check_field" op(&[Type::WORD, Type::OBJECT], Narrowed).imm(K::Field).raises();
    /// The operand; leaves for the interpreter if it is null: a property of a subclass may stand in the place of the field.
    GuardField "guard_field" op(&[Type::WORD], Narrowed).deopts();
    /// The operand; leaves for the interpreter if a property stands in the place of a field in its class, which says so for good.
    GuardOwnFields "guard_own_fields" op(&[Type::OBJECT], Narrowed).deopts();
    /// The operand; leaves for the interpreter if its class has another `__setattr__` than a static base, which stores ask.
    GuardStores "guard_stores" op(&[Type::OBJECT], Narrowed).deopts();
    /// Writes a raw field.
    StoreField "store_field" op(&[Type::OBJECT, Type::PRIMITIVE], Nothing).imm(K::Field).writes(M::FIELDS);
    /// Writes a word field and returns what it held.
    SwapField "swap_field" op(&[Type::OBJECT, Type::WORD], Within(Type::WORD)).imm(K::Field).writes(M::FIELDS).steals(2);
    /// Writes a word field that holds null or an immortal, or whose old value does not count: the first store of a constructor.
    InitField "init_field" op(&[Type::OBJECT, Type::WORD], Nothing).imm(K::Field).writes(M::FIELDS).steals(2);
    /// The double in a float slot; leaves for the interpreter if there is none.
    LoadFloatSlot "load_float_slot" op(&[Type::OBJECT], Within(Type::F64)).imm(K::Field).reads(M::FIELDS).deopts();
    /// Writes a double to a float slot.
    StoreFloatSlot "store_float_slot" op(&[Type::OBJECT, Type::F64], Nothing).imm(K::Field).writes(M::FIELDS);
    /// Writes a double to a float slot that holds a double.
    ReplaceFloatSlot "replace_float_slot" op(&[Type::OBJECT, Type::F64], Nothing).imm(K::Field).writes(M::FIELDS);
    /// What a closure cell holds, or null.
    LoadCell "load_cell" op(&[Type::CELL], Within(Type::WORD)).reads(M::CELLS).source(Source::Memory(M::CELLS));
    /// Writes a closure cell and returns what it held.
    SwapCell "swap_cell" op(&[Type::CELL, Type::WORD], Within(Type::WORD)).writes(M::CELLS).steals(2);
    /// The current value of a global name, or null.
    LoadGlobalCell "load_global_cell" op(&[], Within(Type::WORD)).imm(K::Cell).reads(M::GLOBALS).source(Source::Memory(M::GLOBALS));
    /// The operand; leaves for the interpreter if it is null.
    GuardSet "guard_set" op(&[Type::WORD], Narrowed).deopts();

    // --- Containers ---------------------------------------------------------------------------------------------
    /// The length of an exact builtin container, or of a checked one or an array.
    FastLen "fast_len" op(&[Type::OBJECT], Within(Type::I64)).reads(M::LENGTH);
    /// The index within the length, counted from the end if negative; raises `IndexError` for the third operand, in the words of
    /// a store if the immediate is 1 and of a load if it is 0.
    CheckBounds "check_bounds" op(&[Type::I64, Type::I64, Type::OBJECT], Within(Type::I64)).imm(K::Int).raises();
    /// Item of a list at an index that is in bounds.
    ListItem "list_item" op(&[Type::OBJECT, Type::I64], Within(Type::OBJECT)).reads(M::ITEMS).source(Source::Memory(M::ITEMS));
    /// Replaces an item of a list at an index that is in bounds, and returns the old one.
    ListSwap "list_swap" op(&[Type::OBJECT, Type::I64, Type::OBJECT], Within(Type::OBJECT)).writes(M::ITEMS).steals(4);
    /// Leaves for the interpreter unless the list stores plain words.
    GuardWords "guard_words" op(&[Type::LIST], Nothing).reads(M::LENGTH).deopts();
    /// Item of a tuple at an index that is in bounds.
    TupleItem "tuple_item" op(&[Type::TUPLE, Type::I64], Within(Type::OBJECT)).source(Source::Operand);
    /// Element of a primitive array at an index that is in bounds.
    ArrayItem "array_item" op(&[Type::OBJECT, Type::I64], Within(Type::PRIMITIVE)).reads(M::ELEMENTS);
    /// Writes an element of a primitive array.
    ArrayStore "array_store" op(&[Type::OBJECT, Type::I64, Type::PRIMITIVE], Nothing).writes(M::ELEMENTS);
    /// Where the elements of a vector are.
    VectorItems "vector_items" op(&[Type::VECTOR], Within(Type::PTR)).reads(M::LENGTH);
    /// Element of a vector, whose elements are there, at an index that is in bounds.
    VectorItem "vector_item" op(&[Type::VECTOR, Type::I64, Type::PTR], Within(Type::PRIMITIVE)).reads(M::ELEMENTS);
    /// Writes an element of a vector, whose elements are there.
    VectorStore "vector_store" op(&[Type::VECTOR, Type::I64, Type::PRIMITIVE, Type::PTR], Nothing).writes(M::ELEMENTS);
    /// Appends an element to a vector.
    VectorAppend "vector_append" op(&[Type::VECTOR, Type::PRIMITIVE], Nothing).writes(M::LENGTH.union(M::ELEMENTS)).raises();
    /// Takes the last element off a vector; raises if there is none.
    VectorPop "vector_pop" op(&[Type::VECTOR], Within(Type::PRIMITIVE)).writes(M::LENGTH).reads(M::ELEMENTS).raises();
    /// A new instance of a class with unset fields. With operands, size and whether it is tracked, both constants, it is
    /// allocated inline.
    Alloc "alloc" op(&[], Within(Type::OBJECT)).rest(Type::I64).imm(K::Class).raises();

    // --- Interpreter frames -------------------------------------------------------------------------------------
    /// Moves word number so-and-so, locals first, then operands, out of the interpreter's frame at this address.
    TakeSlot "take_slot" op(&[Type::I64], Within(Type::ANY)).imm(K::Int).reads(M::OTHER).pinned();
    /// Moves a value into a word of the interpreter's frame, whose old content does not count.
    PutSlot "put_slot" op(&[Type::I64, Type::ANY], Nothing).imm(K::Int).writes(M::OTHER).steals(2);
    /// Marks the interpreter's frame as suspended by a `yield`: the next instruction in the upper half of the immediate, the number
    /// of operands in the lower one. The yielded value is returned behind it.
    Suspend "suspend" op(&[Type::I64], Nothing).imm(K::Int).writes(M::OTHER);
    /// The operand, as a new reference: what another frame holds of it counts.
    Own "own" op(&[Type::OBJECT], Shared).pinned();
    /// The operand, as the reference of another variable that holds it too.
    Share "share" op(&[Type::WORD], Shared).reads(M::OTHER);
    /// A variable holds the operand up to here.
    Keep "keep" op(&[Type::WORD], Nothing).pinned();

    // --- Calls --------------------------------------------------------------------------------------------------
    /// Calls a runtime helper; effects, ownership and failure are in its row.
    CallHelper "call_helper" op(&[], Within(Type::ANY)).rest(Type::ANY).imm(K::Helper).writes(M::ALL).reads(M::ALL).raises();
    /// Calls the typed entry of a function.
    CallStatic "call_static" op(&[], Within(Type::ANY)).rest(Type::ANY).imm(K::Func).writes(M::ALL).reads(M::ALL).raises();
    /// Calls a method of operand 0 through its class's vtable.
    CallVirtual "call_virtual" op(&[Type::OBJECT], Within(Type::ANY)).rest(Type::ANY).imm(K::Func).writes(M::ALL).reads(M::ALL).raises();
    /// Calls a method through the vtable of operand 0, a class, with the other operands.
    CallVirtualOf "call_virtual_of" op(&[Type::TYPE], Within(Type::ANY)).rest(Type::ANY).imm(K::Func).writes(M::ALL).reads(M::ALL).raises();
    /// Unpacks an iterable into exactly as many values as the immediate says, for `unpacked` to pick up.
    Unpack "unpack" op(&[Type::OBJECT], Nothing).imm(K::Int).writes(M::ALL).reads(M::ALL).raises();
    /// Value number so-and-so of the directly preceding `unpack`.
    Unpacked "unpacked" op(&[], Within(Type::OBJECT)).imm(K::Int).reads(M::OTHER).pinned();
    /// Serves the eval breaker if it is set.
    Poll "poll" op(&[], Nothing).writes(M::ALL).reads(M::ALL).raises();

    // --- Reference counts ---------------------------------------------------------------------------------------
    /// Adds a reference; null and tagged words are accepted as far as the operand's type allows them.
    Incref "incref" op(&[Type::WORD], Nothing).pinned();
    /// Drops a reference.
    Decref "decref" op(&[Type::WORD], Nothing).writes(M::ALL).steals(1);

    // --- Control ------------------------------------------------------------------------------------------------
    /// Goes to the block.
    Jump "jump" op(&[], Nothing).ends(1);
    /// Goes to the first block if the operand is true, else to the second.
    Branch "branch" op(&[Type::CBOOL], Nothing).ends(2);
    /// Leaves the function with a result.
    Return "return" op(&[Type::ANY], Nothing).steals(1).ends(0);
    /// Leaves for the interpreter.
    Deopt "deopt" op(&[], Nothing).deopts().ends(0);
    /// Never reached: the instruction before always raises.
    Unreachable "unreachable" op(&[], Nothing).ends(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for &op in Opcode::ALL {
            assert_eq!(Opcode::from_name(op.info().name), Some(op));
        }
    }

    #[test]
    fn negation_and_exchange_agree_with_evaluation() {
        for &(cond, _) in Cond::ALL {
            for (a, b) in [(1, 2), (2, 1), (1, 1)] {
                assert_eq!(cond.holds(a, b), !cond.negated().holds(a, b));
                assert_eq!(cond.holds(a, b), cond.swapped().holds(b, a));
            }
        }
    }
}
