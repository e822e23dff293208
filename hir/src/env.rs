//! What the compiler asks its surroundings: classes, functions, constants, by id.
//!
//! HIR holds no address and no runtime object. Whatever the bytecode names is resolved before or during building through
//! [`CompileEnv`], which the `jit` crate implements over the runtime and tests implement over tables. Answers are facts for
//! the lifetime of the compiled code: what can change is either not answered or guarded by the implementer's invalidation.

use base::entity::EntityId;
use base::entity_id;
use bytecode::{FieldDescr, FunctionDescr, TypeDescr};

use crate::ir::types::Type;

entity_id! {
    /// A class. The first ids are the builtin classes of [`BUILTINS`].
    pub struct ClassId, "class"
}

entity_id! {
    /// A constant object, kept alive by the compiled code; references to it are not counted.
    pub struct ConstId, "const"
}

entity_id! {
    /// A function with a code object.
    pub struct FuncId, "func"
}

entity_id! {
    /// A word in memory that always holds the current value of a global or builtin name, or null.
    pub struct CellId, "cell"
}

macro_rules! builtins {
    ($($(#[$doc:meta])+ $konst:ident = $at:literal $leaf:ident $name:literal;)+) => {
        impl ClassId {
            $($(#[$doc])+ pub const $konst: Builtin = Builtin($at);)+
        }

        /// Builtin classes that the compiler knows by name, with the leaf of their exact instances.
        pub const BUILTINS: &[(&str, Type)] = &[$(($name, Type::$leaf)),+];
    };
}

macro_rules! singletons {
    ($($(#[$doc:meta])+ $konst:ident = $at:literal;)+) => {
        impl ConstId {
            $($(#[$doc])+ pub const $konst: Singleton = Singleton($at);)+
            /// How many constants have fixed ids; an environment numbers its own from here on.
            pub const FIRST_FREE: usize = [$($at),+].len();
        }
    };
}

/// The number of a singleton; [`Singleton::id`] makes it a [`ConstId`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Singleton(u32);

impl Singleton {
    /// The constant.
    pub fn id(self) -> ConstId {
        ConstId::from_index(self.0 as usize)
    }
}

singletons! {
    /// `None`.
    NONE = 0;
    /// `True`.
    TRUE = 1;
    /// `False`.
    FALSE = 2;
    /// `AssertionError`.
    ASSERTION_ERROR = 3;
}

/// The number of a builtin class; [`Builtin::id`] makes it a [`ClassId`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Builtin(u32);

impl Builtin {
    /// The class.
    pub fn id(self) -> ClassId {
        ClassId::from_index(self.0 as usize)
    }
}

builtins! {
    /// `int`.
    INT = 0 INT_EXACT "int";
    /// `bool`.
    BOOL = 1 BOOL "bool";
    /// `float`.
    FLOAT = 2 FLOAT_EXACT "float";
    /// `str`.
    STR = 3 STR_EXACT "str";
    /// `bytes`.
    BYTES = 4 BYTES_EXACT "bytes";
    /// `list`.
    LIST = 5 LIST_EXACT "list";
    /// `tuple`.
    TUPLE = 6 TUPLE_EXACT "tuple";
    /// `dict`.
    DICT = 7 DICT_EXACT "dict";
    /// `set`.
    SET = 8 SET_EXACT "set";
    /// `type`.
    TYPE = 9 TYPE_EXACT "type";
    /// `range`.
    RANGE = 10 RANGE "range";
    /// `function`.
    FUNC = 11 FUNC "function";
    /// `NoneType`.
    NONE = 12 NONE "NoneType";
    /// `slice`.
    SLICE = 13 SLICE "slice";
    /// `object`.
    OBJECT = 14 OTHER "object";
    /// What iterates over lists.
    LIST_ITERATOR = 15 OTHER "list_iterator";
}

/// The builtin class whose exact instances have exactly the leaves of `ty`.
pub fn builtin_of_exact(ty: Type) -> Option<ClassId> {
    let leaves = ty.unspecialised();
    let at = BUILTINS.iter().position(|&(_, leaf)| leaf == leaves && leaf != Type::OTHER)?;
    Some(ClassId::from_index(at))
}

/// How a value travels in registers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Repr {
    /// An object word in a general register.
    Word,
    /// A raw integer, boolean or address in a general register, extended to 64 bits as its type says.
    Raw,
    /// A double in an xmm register.
    Float,
}

impl Repr {
    /// How values of type `ty` travel.
    pub fn of(ty: Type) -> Self {
        if ty.is_subtype(Type::F64) {
            Self::Float
        } else if ty.is_subtype(Type::RAW) {
            Self::Raw
        } else {
            Self::Word
        }
    }
}

/// A field of a class with a static layout.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FieldRef {
    /// Class that declares it.
    pub class: ClassId,
    /// Name, for dumps and errors.
    pub name: String,
    /// Byte offset from the start of the object.
    pub offset: u32,
    /// What the slot holds.
    pub kind: FieldKind,
    /// What a read gives, null not included; for words and float slots an object type, else a primitive.
    pub ty: Type,
}

/// What the memory of a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FieldKind {
    /// An owned object word, null when unset.
    Word,
    /// A NaN-boxed `float` slot: the bits of a double plus 2^49, or a word below 2^49.
    FloatSlot,
    /// A raw primitive of the field's type.
    Raw,
}

/// A function as a call target.
#[derive(Clone, PartialEq, Debug)]
pub struct Signature {
    /// Qualified name, for dumps.
    pub name: String,
    /// The function.
    pub func: FuncId,
    /// Its slot in the vtable of its class, for virtual calls.
    pub slot: Option<u32>,
    /// Parameter types as the typed entry takes them; arguments are borrowed.
    pub params: Vec<Type>,
    /// Result type as the typed entry returns it; object results are owned.
    pub ret: Type,
}

/// What inline allocation needs to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InlineAlloc {
    /// Instance size in bytes, header included, of a size class with a free list.
    pub size: u32,
    /// Whether the cycle collector scans and counts instances.
    pub is_tracked: bool,
    /// Whether instances own a reference to the class.
    pub is_counted: bool,
}

/// Layout facts about a class.
#[derive(Clone, PartialEq, Debug)]
pub struct ClassFacts {
    /// Name, for dumps.
    pub name: String,
    /// The type of its instances, subclasses included.
    pub instance: Type,
    /// The type of its exact instances.
    pub exact: Type,
    /// Whether it can have no subclass.
    pub is_final: bool,
    /// Its place in the display of its subclasses, if it has one there.
    pub depth: Option<u32>,
    /// How to allocate instances inline; `None` if only the runtime can.
    pub inline_alloc: Option<InlineAlloc>,
}

/// What a cast can pass without asking the runtime, as the constant operand that it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CastHints {
    /// Tagged integers fit.
    pub admits_tagged: bool,
    /// None fits.
    pub admits_none: bool,
    /// Instances of subclasses fit, whose display has the class at this depth.
    pub depth: Option<u32>,
}

impl CastHints {
    /// The operand.
    pub fn encode(self) -> i64 {
        let depth = self.depth.map_or(0, |depth| i64::from(depth) + 1);
        i64::from(self.admits_tagged) | i64::from(self.admits_none) << 1 | depth << 2
    }

    /// What an operand says.
    pub fn decode(operand: i64) -> Self {
        Self {
            admits_tagged: operand & 1 != 0,
            admits_none: operand & 2 != 0,
            depth: u32::try_from((operand >> 2) - 1).ok(),
        }
    }
}

/// What is known about a field that a descriptor names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldPlace {
    /// Class that declares it.
    pub class: ClassId,
    /// Byte offset from the start of the object.
    pub offset: u32,
    /// What the slot holds.
    pub kind: FieldKind,
    /// Who else may give its value.
    pub stand_in: StandIn,
    /// Whether a subclass has a `__setattr__` of its own, which stores ask. That none has, the compiled code relies on.
    pub stores_ask: bool,
    /// Whether there may come such a subclass while the code runs.
    pub may_ask: bool,
    /// Whether a subclass has a `__getattribute__` of its own, which reads ask. That none has, the compiled code relies on.
    pub reads_ask: bool,
}

/// Whether a property of a subclass stands in the place of a field, which is null in its instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StandIn {
    /// None does.
    Never,
    /// None does now.
    Possible,
    /// One does.
    Present,
}

/// What is known about a callee that a descriptor names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CalleePlace {
    /// The function; for a method, that of the static receiver class.
    pub func: FuncId,
    /// The vtable slot, if a call must go through it; `None` if no override can exist.
    pub slot: Option<u32>,
}

/// A function that untyped code calls by a global name, as long as the name means it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlainCallee {
    /// The target that leads to it; it takes one object for each parameter.
    pub func: FuncId,
    /// The function object.
    pub object: ConstId,
    /// What listings call it.
    pub name: String,
}

/// A function that is defined in another one, as far as its `def` decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NestedCallee {
    /// The target of its code.
    pub func: FuncId,
    /// The code that such functions have.
    pub code: ConstId,
    /// Whether the tuple of its cells comes behind the arguments.
    pub takes_closure: bool,
}

/// An attribute of a class that is an instance of that class, such as a member of an enumeration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClassMember {
    /// The class.
    pub class: ConstId,
    /// The word of the class that holds its version, as long as it has this attribute.
    pub version: i64,
    /// The attribute.
    pub member: ConstId,
    /// The type of instances of just this class.
    pub ty: Type,
}

/// What the interpreter has seen the operands of an instruction to be, all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Tagged integers.
    Ints,
    /// Exact floats.
    Floats,
}

/// The surroundings of one compilation. `code` arguments name the function whose bytecode is read, so that inlined
/// functions resolve their own tables. Types are described by the bytecode's descriptors; only classes need resolving.
pub trait CompileEnv {
    /// The class of this name with these type arguments, unless it is a builtin of [`BUILTINS`].
    fn class(&self, module: &str, name: &str, args: &[TypeDescr]) -> Option<ClassId>;
    /// Layout facts.
    fn class_facts(&self, class: ClassId) -> ClassFacts;
    /// Whether `sub` is `class` or a subclass of it.
    fn is_subclass(&self, sub: ClassId, class: ClassId) -> bool;
    /// Where a field is.
    fn field(&self, descr: &FieldDescr) -> Option<FieldPlace>;
    /// The target of a call, if it can be called with typed arguments. A virtual call may reach an override of a subclass; any
    /// other reaches what the descriptor names.
    fn callee(&self, descr: &FunctionDescr, is_virtual: bool) -> Option<CalleePlace>;
    /// What functions have that callee number `descr` of `code` names, if `code` or code around it makes them.
    fn nested_callee(&self, _code: FuncId, _descr: u32) -> Option<NestedCallee> {
        None
    }
    /// Whether calls of the code that a target now reaches have a frame of the interpreter.
    fn needs_frame(&self, func: FuncId) -> bool;
    /// The object for entry `index` of the constants of `code`.
    fn constant(&self, code: FuncId, index: u32) -> ConstId;
    /// Entry `index` of the names of `code`, as a constant.
    fn name(&self, code: FuncId, index: u32) -> ConstId;
    /// The cell of a global name, if the function's globals are watched.
    fn global_cell(&self, code: FuncId, index: u32) -> Option<CellId>;
    /// What the operands of instruction `offset` of `code` have been so far.
    fn seen(&self, code: FuncId, offset: u32) -> Option<Seen>;
    /// The function that global name number `name` of `code` means now, if it takes so many arguments as they are and is worth a direct
    /// call, behind a test that it is still the one.
    fn plain_callee(&self, _code: FuncId, _name: u32, _args: usize) -> Option<PlainCallee> {
        None
    }
    /// Attribute number `attribute` of the class that global name number `name` of `code` means now, if it is an instance of that class. Both
    /// are to be tested.
    fn class_member(&self, _code: FuncId, _name: u32, _attribute: u32) -> Option<ClassMember> {
        None
    }
    /// Whether `code` may guess what it has not seen: static code is compiled before it has run, and a guess that fails too often is
    /// not repeated.
    fn guesses(&self, code: FuncId) -> bool;
    /// Whether frames of static code show their variables.
    fn shows_static(&self) -> bool;
    /// Globals and builtins dicts of `code`, as constants.
    fn namespaces(&self, code: FuncId) -> (ConstId, ConstId);
    /// The cell of free variable number `index` of `code`, if the function always has the same closure. Otherwise the closure comes
    /// with each call, behind the other arguments.
    fn closure_cell(&self, code: FuncId, index: u32) -> Option<ConstId>;
    /// The code object of `code`, as a constant.
    fn code_object(&self, code: FuncId) -> ConstId;
}
