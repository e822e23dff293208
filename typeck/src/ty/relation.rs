//! Relations between types: may a value of one flow into another, and at what price?

use super::{Literal, Ty, Type, TypeId};
use crate::program::{ClassKind, Program};

/// Whether and how a value may flow into a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Assignable {
    /// As it is.
    Yes,
    /// With a run-time check of the target type.
    Checked,
    /// A primitive integer must be widened.
    Widened,
    /// Not at all.
    No,
}

impl Program<'_> {
    /// May a value of type `source` flow into a place of type `target`?
    pub fn assignable(&mut self, source: Ty, target: TypeId) -> Assignable {
        let (from, to) = (self.types.get(source.id).clone(), self.types.get(target).clone());
        if source.id == target || from == Type::Never {
            return if source.is_sure || matches!(to, Type::Dynamic) {
                Assignable::Yes
            } else {
                Assignable::Checked
            };
        }
        match (from, to) {
            (Type::Primitive(from), Type::Primitive(to)) if from.widens_to(to) => Assignable::Widened,
            (Type::Primitive(_), _) | (_, Type::Primitive(_)) => Assignable::No,
            (_, Type::Dynamic) => Assignable::Yes,
            (Type::Dynamic, _) => Assignable::Checked,
            _ if self.is_subtype(source.id, target) => {
                let is_sure = source.is_sure && (!self.rests_on_library(source.id) || self.is_erased(target));
                if is_sure || self.is_object(target) { Assignable::Yes } else { Assignable::Checked }
            }
            _ => Assignable::No,
        }
    }

    /// Whether every value of `sub` is one of `sup`. Neither is dynamic or primitive.
    pub fn is_subtype(&mut self, sub: TypeId, sup: TypeId) -> bool {
        if sub == sup {
            return true;
        }
        match (self.types.get(sub).clone(), self.types.get(sup).clone()) {
            (Type::Dynamic | Type::Never, _) | (_, Type::Dynamic) => true,
            (Type::Union(members), _) => members.iter().all(|&member| self.is_subtype(member, sup)),
            (_, Type::Union(members)) => members.iter().any(|&member| self.is_subtype(sub, member)),
            (sub, Type::Callable { params, ret }) => self.is_callable_as(&sub, params.as_deref(), ret),
            (Type::Var(var), _) => {
                let bound = self.type_vars[var].bound;
                self.is_object(sup) || self.is_subtype(bound, sup)
            }
            (_, Type::Instance { class, args, .. }) if self.classes[class].kind == ClassKind::Protocol => {
                let sub = self.widen_literal(sub);
                self.fits_protocol(sub, class, &args)
            }
            (_, Type::Iteration { kind, args }) => self.is_iterable_as(sub, kind, &args),
            (Type::Awaitable(own), Type::Awaitable(wanted)) => self.is_subtype(own, wanted),
            (Type::Param(..), _) => self.is_object(sup),
            (Type::Literal(literal), _) => {
                let base = self.literal_base(&literal);
                self.is_subtype(base, sup)
            }
            (
                Type::Instance { class, args, exact },
                Type::Instance { class: other, args: wanted, exact: must },
            ) => {
                if must && !(exact && class == other) {
                    return false;
                }
                let is_float = other == self.known.float && self.is_subclass(class, self.known.int);
                let related = is_float || self.is_subclass(class, other);
                related && self.arguments_fit(class, &args, other, &wanted)
            }
            (
                Type::None
                | Type::Class { .. }
                | Type::Function(_)
                | Type::Method(_)
                | Type::Module(_)
                | Type::Iteration { .. }
                | Type::Awaitable(_)
                | Type::Callable { .. },
                _,
            ) => {
                self.is_object(sup)
                    || (matches!(self.types.get(sub), Type::Class { .. })
                        && self.is_instance_of(sup, self.known.type_))
            }
            _ => false,
        }
    }

    /// Type arguments are invariant, but those of tuples, which nobody can write; unknown ones fit.
    fn arguments_fit(
        &mut self,
        class: crate::program::ClassId,
        args: &[TypeId],
        other: crate::program::ClassId,
        wanted: &[TypeId],
    ) -> bool {
        if wanted.is_empty() || args.is_empty() && self.classes[class].base_args.iter().all(Option::is_none) {
            return true;
        }
        let args = &self.arguments_of(class, args, other)[..];
        if args.is_empty() {
            return true;
        }
        let class = other;
        if class == self.known.tuple {
            return args.len() == wanted.len()
                && args.iter().zip(wanted).all(|(&arg, &want)| self.is_subtype(arg, want));
        }
        args.len() == wanted.len()
            && args.iter().zip(wanted).all(|(&arg, &want)| self.is_consistent(arg, want))
    }

    /// Whether type arguments are the same as far as both are known. `list[Exact[int]]` is as good as `list[int]` where the display is fresh.
    fn is_consistent(&mut self, a: TypeId, b: TypeId) -> bool {
        let dynamic = self.types.dynamic;
        if a == b || a == dynamic || b == dynamic || self.inexact(a) == self.inexact(b) {
            return true;
        }
        match (self.types.get(a).clone(), self.types.get(b).clone()) {
            (Type::Instance { class, args, .. }, Type::Instance { class: other, args: others, .. }) => {
                class == other
                    && (args.is_empty() || others.is_empty() || args.len() == others.len())
                    && args.iter().zip(&others).all(|(&arg, &other)| self.is_consistent(arg, other))
            }
            _ => false,
        }
    }

    /// The type with literals widened and exactness forgotten.
    pub fn inexact(&mut self, id: TypeId) -> TypeId {
        match self.types.get(id).clone() {
            Type::Literal(literal) => {
                let base = self.literal_base(&literal);
                self.inexact(base)
            }
            Type::Instance { class, args, exact: true } => {
                self.types.intern(Type::Instance { class, args, exact: false })
            }
            Type::Union(members) => {
                let members: Vec<_> = members.iter().map(|&member| self.inexact(member)).collect();
                self.types.union(members)
            }
            _ => id,
        }
    }

    /// The class of a literal, exact.
    pub fn literal_base(&mut self, literal: &Literal) -> TypeId {
        let class = match literal {
            Literal::Int(_) => self.known.int,
            Literal::Bool(_) => self.known.bool,
            Literal::Str(_) => self.known.str,
            Literal::Bytes(_) => self.known.bytes,
            Literal::Member { class, .. } => return self.types.instance(*class),
        };
        self.types.exact_instance(class)
    }

    /// A literal widened to its class; other types as they are.
    pub fn widen_literal(&mut self, id: TypeId) -> TypeId {
        match self.types.get(id).clone() {
            Type::Literal(literal) => self.literal_base(&literal),
            _ => id,
        }
    }

    /// Whether a type is `object`.
    pub fn is_object(&self, id: TypeId) -> bool {
        self.is_instance_of(id, self.known.object)
    }

    /// Whether a type is an instance type of just this class.
    pub fn is_instance_of(&self, id: TypeId, wanted: crate::program::ClassId) -> bool {
        matches!(self.types.get(id), Type::Instance { class, .. } if *class == wanted)
    }
}

impl Program<'_> {
    /// A union without members that others contain, and without literals where their class is there; dynamic if it is large.
    pub fn simplify_union(&mut self, id: TypeId) -> TypeId {
        let members = self.types.members(id);
        if members.len() < 2 {
            return id;
        }
        if members.len() > 8 {
            return self.types.dynamic;
        }
        // Two different literals of one class are worth no more than the class.
        let literals =
            members.iter().filter(|&&member| matches!(self.types.get(member), Type::Literal(_))).count();
        let widened: Vec<_> = members
            .iter()
            .map(
                |&member| if literals > 1 || members.len() > 2 { self.widen_literal(member) } else { member },
            )
            .collect();
        self.union_of_widest(&widened)
    }

    /// A union without members that others contain.
    pub fn without_covered(&mut self, id: TypeId) -> TypeId {
        let members = self.types.members(id);
        self.union_of_widest(&members)
    }

    fn union_of_widest(&mut self, members: &[TypeId]) -> TypeId {
        let mut kept: Vec<TypeId> = Vec::new();
        for (at, &member) in members.iter().enumerate() {
            let is_covered = members.iter().enumerate().any(|(other_at, &other)| {
                other_at != at && self.covers(other, member) && (other_at < at || !self.covers(member, other))
            });
            if !is_covered {
                kept.push(member);
            }
        }
        self.types.union(kept)
    }

    /// Whether `wide` is a superclass or the same class; `float` does not swallow `int` here, so that unions stay checkable, and no builtin a class
    /// of the library, which is not looked at.
    fn covers(&mut self, wide: TypeId, narrow: TypeId) -> bool {
        let is_float = self.is_instance_of(wide, self.known.float);
        let is_int = self
            .types
            .as_instance(narrow)
            .is_some_and(|(class, _, _)| self.is_subclass(class, self.known.int));
        let is_open = self.rests_on_library(narrow) && !self.rests_on_library(wide) && !self.is_object(wide);
        if is_open || is_float && is_int {
            return false;
        }
        self.is_subtype(narrow, wide)
    }
}
