//! Types: what the checker knows of a value.
//!
//! Types are interned, so that equality is one compare and a type is four bytes everywhere. `Dynamic` is the gradual type: it
//! flows into everything but primitives, with a run-time check where the target has one. [`Ty`] adds whether the knowledge is
//! *enforced*: the sum of two `int`s is an int by every sensible rule, but a subclass may say otherwise, so the sum must be
//! checked before code relies on it.

mod callable;
mod display;
mod iteration;
mod literal;
mod relation;

use parser::ast::Operator;
use rustc_hash::FxHashMap;

use crate::program::{ClassId, FunctionId, ModuleId, TypeVarId};

pub use iteration::Iteration;
pub use literal::Literal;
pub use relation::Assignable;

base::entity_id! {
    /// Names one interned type.
    pub struct TypeId, "ty"
}

/// Declares the primitive types with their properties.
macro_rules! primitives {
    ($($name:ident $text:literal $bits:literal $signed:literal,)*) => {
        /// A primitive type: its values are machine words, not objects.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Primitive { $(#[doc = concat!("`", $text, "`")] $name,)* }

        impl Primitive {
            /// Every primitive.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in `__static__`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Width in bits.
            pub const fn bits(self) -> u32 {
                match self { $(Self::$name => $bits,)* }
            }

            /// Whether negative values exist.
            pub const fn is_signed(self) -> bool {
                match self { $(Self::$name => $signed,)* }
            }
        }
    };
}

primitives! {
    Int8 "int8" 8 true,
    Int16 "int16" 16 true,
    Int32 "int32" 32 true,
    Int64 "int64" 64 true,
    UInt8 "uint8" 8 false,
    UInt16 "uint16" 16 false,
    UInt32 "uint32" 32 false,
    UInt64 "uint64" 64 false,
    Char "char" 8 true,
    Double "double" 64 true,
    CBool "cbool" 1 false,
}

impl Primitive {
    /// The primitive with this name in `__static__`, aliases included.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ssize_t" => Some(Self::Int64),
            "size_t" => Some(Self::UInt64),
            _ => Self::ALL.iter().copied().find(|primitive| primitive.name() == name),
        }
    }

    /// Whether it is an integer type.
    pub const fn is_integer(self) -> bool {
        !matches!(self, Self::Double | Self::CBool)
    }

    /// Whether an integer literal is a value of the type.
    pub fn holds(self, value: i128) -> bool {
        match self {
            Self::Double => true,
            Self::CBool => (0..=1).contains(&value),
            _ if self.is_signed() => {
                (-(1i128 << (self.bits() - 1))..1i128 << (self.bits() - 1)).contains(&value)
            }
            _ => (0..1i128 << self.bits()).contains(&value),
        }
    }

    /// The type of an operation on two integer types; `None` if no type holds both.
    pub fn common(self, other: Self) -> Option<Self> {
        if self == other {
            return Some(self);
        }
        if !self.is_integer() || !other.is_integer() {
            return None;
        }
        if self.is_signed() == other.is_signed() {
            return Some(if self.bits() >= other.bits() { self } else { other });
        }
        let (signed, unsigned) = if self.is_signed() { (self, other) } else { (other, self) };
        let bits = signed.bits().max(unsigned.bits() * 2);
        [Self::Int8, Self::Int16, Self::Int32, Self::Int64]
            .into_iter()
            .find(|candidate| candidate.bits() == bits)
    }

    /// Whether a value may flow from `self` into `target` without being asked to.
    pub fn widens_to(self, target: Self) -> bool {
        if self == target {
            return true;
        }
        if !self.is_integer() || !target.is_integer() {
            return false;
        }
        match (self.is_signed(), target.is_signed()) {
            (false, true) => self.bits() < target.bits(),
            (true, false) => false,
            _ => self.bits() <= target.bits(),
        }
    }

    /// Whether an operator exists on the type.
    pub fn supports(self, op: Operator) -> bool {
        match self {
            Self::CBool => false,
            Self::Double => matches!(
                op,
                Operator::Add
                    | Operator::Sub
                    | Operator::Mult
                    | Operator::Div
                    | Operator::FloorDiv
                    | Operator::Mod
                    | Operator::Pow
            ),
            _ => op != Operator::MatMult,
        }
    }
}

/// What a type is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    /// Not known statically.
    Dynamic,
    /// The type of expressions that do not finish.
    Never,
    /// `None`.
    None,
    /// A machine word.
    Primitive(Primitive),
    /// An instance of a class or, unless `exact`, of a subclass. `float`, not exact, also admits `int`.
    Instance {
        /// The class.
        class: ClassId,
        /// Type arguments; empty if unknown.
        args: Box<[TypeId]>,
        /// Whether subclasses are excluded.
        exact: bool,
    },
    /// The class itself, as a value.
    Class {
        /// The class.
        class: ClassId,
        /// Type arguments, in `CheckedList[int]`.
        args: Box<[TypeId]>,
    },
    /// A primitive type's name, as a value: `int64` in `int64(x)`.
    PrimitiveName(Primitive),
    /// One value.
    Literal(Literal),
    /// One of several types; at least two, flat, without repetition.
    Union(Box<[TypeId]>),
    /// A statically known function.
    Function(FunctionId),
    /// A method of a statically typed receiver.
    Method(FunctionId),
    /// Anything that may be called so.
    Callable {
        /// What it takes by place; open for `...`.
        params: Option<Box<[TypeId]>>,
        /// What it gives.
        ret: TypeId,
    },
    /// What can be iterated over, whatever its class.
    Iteration {
        /// How.
        kind: Iteration,
        /// What it gives, and, for generators, takes and returns.
        args: Box<[TypeId]>,
    },
    /// A coroutine of a known function, by what awaiting it gives. Nobody can write it down: the annotation is dynamic.
    Awaitable(TypeId),
    /// A module.
    Module(ModuleId),
    /// A name of `__static__` or a builtin function that the checker understands.
    Special(Special),
    /// A type parameter of a generic class, by position.
    Param(u8, Box<str>),
    /// A type variable of a function.
    Var(TypeVarId),
}

/// Declares names that the checker gives a meaning of their own.
macro_rules! specials {
    ($($name:ident $module:literal $text:literal,)*) => {
        /// A function that the checker understands.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Special { $(#[doc = concat!("`", $module, ".", $text, "`")] $name,)* }

        impl Special {
            /// The special with this name in a module.
            pub fn find(module: &str, name: &str) -> Option<Self> {
                match (module, name) { $(($module, $text) => Some(Self::$name),)* _ => None }
            }

            /// The name in its module.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

specials! {
    Box "__static__" "box",
    Unbox "__static__" "unbox",
    Cast "__static__" "cast",
    CLen "__static__" "clen",
    CRange "__static__" "crange",
    ProdAssert "__static__" "prod_assert",
    Rand "__static__" "rand",
    Len "builtins" "len",
    IsInstance "builtins" "isinstance",
    RevealType "builtins" "reveal_type",
}

/// A type with the knowledge whether run-time checks enforce it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ty {
    /// The type.
    pub id: TypeId,
    /// Whether every value that can get here is of the type; otherwise it must be checked before code relies on it.
    pub is_sure: bool,
}

impl Ty {
    /// A type that is enforced.
    pub const fn sure(id: TypeId) -> Self {
        Self { id, is_sure: true }
    }

    /// A type that is only expected.
    pub const fn expected(id: TypeId) -> Self {
        Self { id, is_sure: false }
    }
}

/// All types of a session.
#[derive(Debug)]
pub struct Types {
    table: base::entity::PrimaryMap<TypeId, Type>,
    ids: FxHashMap<Type, TypeId>,
    /// The dynamic type.
    pub dynamic: TypeId,
    /// The type without values.
    pub never: TypeId,
    /// The type of `None`.
    pub none: TypeId,
}

impl Default for Types {
    fn default() -> Self {
        let mut types = Self {
            table: base::entity::PrimaryMap::new(),
            ids: FxHashMap::default(),
            dynamic: base::entity::EntityId::from_index(0),
            never: base::entity::EntityId::from_index(1),
            none: base::entity::EntityId::from_index(2),
        };
        for (expected, ty) in
            [(types.dynamic, Type::Dynamic), (types.never, Type::Never), (types.none, Type::None)]
        {
            let id = types.intern(ty);
            debug_assert_eq!(id, expected);
        }
        types
    }
}

impl Types {
    /// The type's name.
    pub fn intern(&mut self, ty: Type) -> TypeId {
        if let Some(&id) = self.ids.get(&ty) {
            return id;
        }
        let id = self.table.push(ty.clone());
        self.ids.insert(ty, id);
        id
    }

    /// What a type is.
    pub fn get(&self, id: TypeId) -> &Type {
        &self.table[id]
    }

    /// A primitive.
    pub fn primitive(&mut self, primitive: Primitive) -> TypeId {
        self.intern(Type::Primitive(primitive))
    }

    /// An instance of a class without type arguments.
    pub fn instance(&mut self, class: ClassId) -> TypeId {
        self.intern(Type::Instance { class, args: Box::default(), exact: false })
    }

    /// An instance of exactly this class.
    pub fn exact_instance(&mut self, class: ClassId) -> TypeId {
        self.intern(Type::Instance { class, args: Box::default(), exact: true })
    }

    /// The primitive that a type is.
    pub fn as_primitive(&self, id: TypeId) -> Option<Primitive> {
        match self.get(id) {
            Type::Primitive(primitive) => Some(*primitive),
            _ => None,
        }
    }

    /// The class that a type is an instance of.
    pub fn as_instance(&self, id: TypeId) -> Option<(ClassId, &[TypeId], bool)> {
        match self.get(id) {
            Type::Instance { class, args, exact } => Some((*class, args, *exact)),
            _ => None,
        }
    }

    /// Members of a union; the type itself otherwise.
    pub fn members(&self, id: TypeId) -> Vec<TypeId> {
        match self.get(id) {
            Type::Union(members) => members.to_vec(),
            _ => vec![id],
        }
    }

    /// The union of types: flat, without repetition, without `Never`; dynamic if a member is.
    pub fn union(&mut self, members: impl IntoIterator<Item = TypeId>) -> TypeId {
        let mut flat: Vec<TypeId> = Vec::new();
        for member in members {
            flat.extend(self.members(member));
        }
        if flat.contains(&self.dynamic) {
            return self.dynamic;
        }
        flat.retain(|&member| member != self.never);
        flat.sort_unstable();
        flat.dedup();
        self.drop_exact_duplicates(&mut flat);
        match flat.as_slice() {
            [] => self.never,
            [one] => *one,
            _ => self.intern(Type::Union(flat.into())),
        }
    }

    /// An exact class beside the same class inexact says nothing.
    fn drop_exact_duplicates(&mut self, members: &mut Vec<TypeId>) {
        let all = members.clone();
        members.retain(|&member| match self.get(member).clone() {
            Type::Instance { class, args, exact: true } => {
                let inexact = Type::Instance { class, args, exact: false };
                !self.ids.get(&inexact).is_some_and(|id| all.contains(id))
            }
            _ => true,
        });
    }

    /// The type without `None`.
    pub fn without_none(&mut self, id: TypeId) -> TypeId {
        let none = self.none;
        let rest: Vec<_> = self.members(id).into_iter().filter(|&member| member != none).collect();
        self.union(rest)
    }

    /// Whether `None` is one of the members.
    pub fn admits_none(&self, id: TypeId) -> bool {
        self.members(id).contains(&self.none)
    }

    /// Whether one of the members is a literal.
    pub fn has_literals(&self, id: TypeId) -> bool {
        match self.get(id) {
            Type::Union(members) => members.iter().any(|&member| self.has_literals(member)),
            ty => matches!(ty, Type::Literal(_)),
        }
    }

    /// Replaces type parameters by `args`; parameters without argument become dynamic.
    pub fn substitute(&mut self, id: TypeId, args: &[TypeId]) -> TypeId {
        let dynamic = self.dynamic;
        self.replace(id, &|ty| match ty {
            Type::Param(at, _) => Some(args.get(*at as usize).copied().unwrap_or(dynamic)),
            _ => None,
        })
    }

    /// Whether a type variable is part of a type.
    pub fn has_vars(&self, id: TypeId) -> bool {
        match self.get(id) {
            Type::Var(_) => true,
            Type::Instance { args: parts, .. } | Type::Iteration { args: parts, .. } | Type::Union(parts) => {
                parts.iter().any(|&part| self.has_vars(part))
            }
            Type::Callable { params, ret } => {
                let params = params.as_deref().unwrap_or_default();
                params.iter().chain([ret]).any(|&part| self.has_vars(part))
            }
            Type::Awaitable(result) => self.has_vars(*result),
            _ => false,
        }
    }

    /// The type with the parts replaced that `replacement` has something for.
    pub fn replace(&mut self, id: TypeId, replacement: &dyn Fn(&Type) -> Option<TypeId>) -> TypeId {
        if let Some(found) = replacement(self.get(id)) {
            return found;
        }
        match self.get(id) {
            Type::Instance { args, .. } if args.is_empty() => return id,
            Type::Instance { .. } | Type::Iteration { .. } | Type::Union(_) | Type::Callable { .. } => {}
            Type::Awaitable(_) => {}
            _ => return id,
        }
        match self.get(id).clone() {
            Type::Awaitable(result) => {
                let result = self.replace(result, replacement);
                self.intern(Type::Awaitable(result))
            }
            Type::Instance { class, args, exact } => {
                let args = args.iter().map(|&arg| self.replace(arg, replacement)).collect();
                self.intern(Type::Instance { class, args, exact })
            }
            Type::Iteration { kind, args } => {
                let args = args.iter().map(|&arg| self.replace(arg, replacement)).collect();
                self.intern(Type::Iteration { kind, args })
            }
            Type::Union(members) => {
                let members: Vec<_> =
                    members.iter().map(|&member| self.replace(member, replacement)).collect();
                self.union(members)
            }
            Type::Callable { params, ret } => {
                let params = params
                    .map(|params| params.iter().map(|&param| self.replace(param, replacement)).collect());
                let ret = self.replace(ret, replacement);
                self.intern(Type::Callable { params, ret })
            }
            _ => id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_integers_follows_the_table() {
        use Primitive::*;
        assert_eq!(Int8.common(Int32), Some(Int32));
        assert_eq!(UInt8.common(Int8), Some(Int16));
        assert_eq!(UInt32.common(Int64), Some(Int64));
        assert_eq!(UInt64.common(Int64), None);
        assert_eq!(Double.common(Int64), None);
        assert!(UInt32.widens_to(Int64) && !UInt64.widens_to(Int64) && !Int8.widens_to(UInt64));
    }

    #[test]
    fn literals_must_be_in_range() {
        assert!(Primitive::Int8.holds(-128) && !Primitive::Int8.holds(128));
        assert!(Primitive::UInt64.holds(u64::MAX.into()) && !Primitive::UInt8.holds(-1));
    }

    #[test]
    fn unions_are_flat_and_canonical() {
        let mut types = Types::default();
        let int64 = types.primitive(Primitive::Int64);
        let (none, never, dynamic) = (types.none, types.never, types.dynamic);
        let one = types.union([none, int64]);
        let other = types.union([int64, one, never]);
        assert_eq!(one, other);
        assert_eq!(types.without_none(one), int64);
        assert_eq!(types.union([one, dynamic]), dynamic);
    }
}
