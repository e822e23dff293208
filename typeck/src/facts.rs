//! What the checker found out about the nodes of a module, for the emitter.
//!
//! Types are for everyone; the plans say which typed instructions a node becomes. A node without a plan is compiled
//! dynamically, which is always correct.

use std::ops::Range;

use base::entity::SecondaryMap;
use parser::ast::NodeId;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::program::{ClassId, FunctionId};
use crate::scope::ScopeId;
use crate::ty::{Primitive, Ty, TypeId};

/// What happens to the value of an expression before it is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coercion {
    /// It is checked against a type.
    Cast(TypeId),
    /// It is boxed.
    Box(Primitive),
    /// It is checked and unboxed.
    Unbox(Primitive),
    /// It is widened or truncated.
    Convert(Primitive, Primitive),
}

/// How an attribute is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttributePlan {
    /// A field at a fixed offset, reached through this class.
    Field(ClassId),
    /// A property of a static class, reached through this class: calls of its functions, direct ones if the class is exact.
    Property(ClassId, bool),
    /// Found dynamically, as an object that stands for a primitive.
    Boxed(Primitive),
}

/// How the arguments of a static call are found, in parameter order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Argument {
    /// The positional argument.
    Positional(usize),
    /// An element of a starred positional argument, which is a tuple of known length.
    Unpacked {
        /// The positional argument.
        place: usize,
        /// The element.
        at: usize,
        /// What it is checked against.
        cast: Option<TypeId>,
    },
    /// The keyword argument, by position among the keywords.
    Keyword(usize),
    /// The parameter's default.
    Default,
    /// `*args`: the positional arguments from one on.
    Rest(Range<usize>),
    /// `**kwargs`: keyword arguments.
    Keywords(Vec<usize>),
}

/// What a method gets of the value that it is called through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Receiver {
    /// The value.
    Itself,
    /// Its class.
    Class,
    /// Nothing.
    Nothing,
}

/// What the constructor of a dataclass does besides storing arguments and constants, in this order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filling {
    /// Fields whose factories are called, as no argument gives them, with what these make.
    pub made: Vec<(String, Maker)>,
    /// `__post_init__`, which takes nothing but the instance.
    pub after: Option<FunctionId>,
}

/// A factory that is a builtin class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Maker {
    /// `list`
    List,
    /// `dict`
    Dict,
    /// `set`
    Set,
}

/// What a call becomes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CallPlan {
    /// `INVOKE_FUNCTION` of a function.
    Function(FunctionId, Vec<Argument>),
    /// `INVOKE_CLOSURE` of a function that is defined in another one.
    Nested(FunctionId, Vec<Argument>),
    /// `INVOKE_NATIVE` of a C function.
    Native(FunctionId, Vec<Argument>),
    /// A method call; `direct` skips the vtable.
    Method {
        /// The method.
        function: FunctionId,
        /// The static class of the receiver.
        class: ClassId,
        /// What it gets of the receiver.
        receiver: Receiver,
        /// Whether the implementation is known.
        direct: bool,
        /// The arguments behind the receiver.
        arguments: Vec<Argument>,
    },
    /// A method of a base class, through `super()` in a method, or `super(C, receiver)`.
    Super {
        /// The method.
        function: FunctionId,
        /// What it gets of the receiver.
        receiver: Receiver,
        /// The arguments behind the receiver.
        arguments: Vec<Argument>,
    },
    /// Allocation, then `__init__`.
    Construct(ClassId, Option<FunctionId>, Vec<Argument>),
    /// Allocation of an instance whose fields are the arguments, and what else the constructor of a dataclass does.
    Fill(ClassId, FunctionId, Vec<Argument>, Filling),
    /// `box(x)`, `unbox(x)`, `int64(x)`, `double(x)`: the argument's coercion does everything.
    Coerce,
    /// `cast(T, x)`
    Cast(TypeId),
    /// `len(x)` or `clen(x)` of a known container.
    Len {
        /// The class of the container.
        class: ClassId,
        /// Whether subclasses are excluded.
        exact: bool,
        /// Whether the result is boxed.
        boxed: bool,
    },
    /// `CheckedList[T](x)`, `CheckedDict[K, V](x)` of a display or any iterable.
    Checked(TypeId),
    /// `Array[T](n)`, `Vector[T](n)`, `Vector[T]()`
    Array(TypeId),
    /// A method of a vector of this type.
    Vector(VectorOp, TypeId),
    /// A dynamic call whose result is unboxed.
    Unboxed(Primitive),
    /// `append` of a list whose class is known exactly, so that nothing can have overridden it.
    Append,
}

/// A method of vectors that has an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VectorOp {
    /// `append(value)`
    Append,
    /// `pop()`
    Pop,
}

/// What a `for` loop becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoopPlan {
    /// `crange(stop)` or `crange(start, stop)`.
    CRange,
    /// An index loop over an exact sequence, which may change its length meanwhile.
    Index(ClassId, TypeId),
}

/// How a subscript is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SubscriptPlan {
    /// `SEQUENCE_GET` or `SEQUENCE_SET` with a primitive index.
    Sequence {
        /// The class of the container.
        class: ClassId,
        /// The container's type.
        container: TypeId,
        /// Whether subclasses are excluded.
        exact: bool,
    },
}

/// The declared or inferred type of a function, for its code object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FunctionPlan {
    /// The function.
    pub function: FunctionId,
}

/// See the module documentation.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Types of expressions, after narrowing and before coercion.
    pub types: SecondaryMap<NodeId, Option<Ty>>,
    /// What happens to values of expressions.
    pub coercions: FxHashMap<NodeId, Coercion>,
    /// Displays that become checked containers, because their place asks for one.
    pub displays: FxHashMap<NodeId, TypeId>,
    /// What elements read from containers are checked against, before anything else happens to them.
    pub elements: FxHashMap<NodeId, TypeId>,
    /// What names and attributes are narrowed to, where the declaration says less.
    pub refinements: FxHashMap<NodeId, TypeId>,
    /// What names are narrowed to by what an object or an abstract class says, which is checked.
    pub claims: FxHashMap<NodeId, TypeId>,
    /// How attributes are reached.
    pub attributes: FxHashMap<NodeId, AttributePlan>,
    /// What calls become.
    pub calls: FxHashMap<NodeId, CallPlan>,
    /// What loops become.
    pub loops: FxHashMap<NodeId, LoopPlan>,
    /// How subscripts are reached.
    pub subscripts: FxHashMap<NodeId, SubscriptPlan>,
    /// Functions that are compiled statically, by their statement.
    pub functions: FxHashMap<NodeId, FunctionPlan>,
    /// Classes that are laid out statically, by their statement.
    pub classes: FxHashMap<NodeId, ClassId>,
    /// Locals that hold primitives, by scope and name.
    pub primitive_locals: FxHashMap<(ScopeId, String), Primitive>,
    /// Declared types of variables in cells, by the scope that makes the cell and the name.
    pub cells: FxHashMap<(ScopeId, String), TypeId>,
    /// Operands' primitive type of arithmetic and comparisons.
    pub operators: FxHashMap<NodeId, Primitive>,
    /// Chained comparisons of primitives: in what type each pair is compared, by the whole expression.
    pub chains: FxHashMap<NodeId, Vec<Primitive>>,
    /// Comparisons for equality, and values of patterns, of members of enumerations: the same member or another one.
    pub identities: FxHashSet<NodeId>,
    /// Conditions that are primitives.
    pub conditions: FxHashMap<NodeId, Primitive>,
    /// Where statements start that some pass has looked at.
    pub reached: FxHashSet<u32>,
    /// Where statements start that nothing leads to, by the types. They have not been looked at unless they have been reached otherwise.
    pub unreached: FxHashSet<u32>,
    /// What coroutines and generators return that are primitives, by the expression: they are boxed there.
    pub boxed_results: FxHashMap<NodeId, Primitive>,
    /// Calls of `assert_never`, behind which nothing is checked: they end in an exception, whatever the name stands for by then.
    pub asserted: FxHashSet<NodeId>,
    /// Functions whose end nothing leads to, by the types.
    pub endless: FxHashSet<FunctionId>,
    /// Abstract methods that say nothing, with what their callers are promised, which None is not.
    pub unwritten: FxHashMap<FunctionId, TypeId>,
}
