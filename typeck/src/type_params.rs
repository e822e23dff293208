//! Type parameters of classes and functions: as types inside, as variables to be solved outside, as arguments of bases.
//! (PEP 484, PEP 695; decision 6)
//!
//! Parameters of classes are positions, which the arguments of a receiver replace; those of functions are variables, of which each
//! definition, and each `TypeVar` of a module, has its own.

use parser::ast::{self, Expr, ExprKind};

use crate::annotation::Place;
use crate::program::{ClassId, FunctionId, Member, Program, TypeVar};
use crate::ty::{Type, TypeId};

impl<'a> Program<'a> {
    /// The type parameters of a class, as types inside it.
    pub(crate) fn own_params(&mut self, class: ClassId) -> Vec<TypeId> {
        let names = self.classes[class].type_params;
        names
            .iter()
            .enumerate()
            .map(|(at, &name)| self.types.intern(Type::Param(at as u8, name.into())))
            .collect()
    }

    /// Variables in the place of the type parameters of a class, to be solved where it is constructed.
    pub(crate) fn class_vars(&mut self, class: ClassId) -> Vec<TypeId> {
        if self.classes[class].vars.is_empty() {
            let names = self.classes[class].type_params;
            let vars = names.iter().enumerate().map(|(at, &name)| self.class_var(class, at, name)).collect();
            self.classes[class].vars = vars;
        }
        self.classes[class].vars.clone()
    }

    /// The variable of one type parameter of a class, which its header limits, or the variable of the module that it is called like.
    fn class_var(&mut self, class: ClassId, at: usize, name: &'a str) -> TypeId {
        let (module, params) = (self.classes[class].module, self.classes[class].type_params);
        let limit = match self.classes[class].def.type_params.get(at).map(|param| param.kind) {
            Some(ast::TypeParamKind::TypeVar { bound: Some(bound), .. }) => {
                self.limit(Place { class: Some(class), params, ..Place::plain(module) }, bound)
            }
            Some(_) => Limit::None,
            None => match self.chase_name(module, name) {
                Some((there, Member::TypeVar(call, known))) => {
                    let var = self.declared_type_var(there, name, call, known);
                    match self.types.get(var) {
                        Type::Var(var) => match &self.type_vars[*var] {
                            TypeVar { constraints: [], bound, .. } => Limit::Bound(*bound),
                            TypeVar { constraints, .. } => Limit::Constraints(constraints),
                        },
                        _ => Limit::None,
                    }
                }
                _ => Limit::None,
            },
        };
        self.type_var(name, limit)
    }

    /// The type arguments of a base of a class that has these: `Box[int]` for `class Numbers(Box[int])`.
    pub(crate) fn arguments_of(&mut self, class: ClassId, args: &[TypeId], base: ClassId) -> Vec<TypeId> {
        if class == base {
            return args.to_vec();
        }
        let entry = &self.classes[class];
        let found = entry.bases.iter().position(|&direct| self.is_subclass(direct, base));
        let Some(at) = found else { return Vec::new() };
        let (direct, slice) = (entry.bases[at], entry.base_args[at]);
        let (module, params) = (entry.module, entry.type_params);
        let place = Place { params, class: Some(class), ..Place::plain(module) };
        let parts: &[Expr<'a>] = match slice.map(|slice| (slice, slice.kind)) {
            Some((_, ExprKind::Tuple { elts, .. })) => elts,
            Some((slice, _)) => std::slice::from_ref(slice),
            None => &[],
        };
        let own: Vec<TypeId> = parts.iter().map(|part| self.resolve_annotation(place, part)).collect();
        let own: Vec<TypeId> = own.into_iter().map(|part| self.types.substitute(part, args)).collect();
        self.arguments_of(direct, &own, base)
    }

    /// Makes the type parameters of a function; returns where its annotations stand.
    pub(crate) fn enter_type_params(&mut self, function: FunctionId) -> Place<'a, 'a> {
        let entry = &self.functions[function];
        let (module, class, def) = (entry.module, entry.class, entry.def);
        let params = class.map_or(&[][..], |class| self.classes[class].type_params);
        let mut vars = Vec::with_capacity(def.type_params.len());
        for param in def.type_params {
            let ast::TypeParamKind::TypeVar { name, bound, .. } = param.kind else { continue };
            let place = Place { class, params, vars: &vars, ..Place::plain(module) };
            let limit = bound.map_or(Limit::None, |bound| self.limit(place, bound));
            vars.push((name, self.type_var(name, limit)));
        }
        let vars = &*self.arena.alloc_slice_copy(&vars);
        self.functions[function].type_vars = vars;
        Place { params, vars, class, ..Place::plain(module) }
    }

    /// What stands behind the colon of a type parameter: a bound, or constraints in parentheses.
    fn limit(&mut self, place: Place<'_, 'a>, bound: &'a Expr<'a>) -> Limit<'a> {
        match bound.kind {
            ExprKind::Tuple { elts, .. } => self.constraints(place, elts),
            _ => Limit::Bound(self.resolve_annotation(place, bound)),
        }
    }

    /// The types of which a variable is one. With one that the checker does not know, it can be anything.
    pub(crate) fn constraints(&mut self, place: Place<'_, 'a>, exprs: &'a [Expr<'a>]) -> Limit<'a> {
        let types: Vec<TypeId> = exprs.iter().map(|expr| self.resolve_annotation(place, expr)).collect();
        let is_known = |&ty: &TypeId| ty != self.types.dynamic && self.types.as_primitive(ty).is_none();
        match types.len() >= 2 && types.iter().all(is_known) {
            true => Limit::Constraints(self.arena.alloc_slice_copy(&types)),
            false => Limit::None,
        }
    }

    /// A new type variable. A bound that the checker does not know is `object`.
    pub(crate) fn type_var(&mut self, name: &'a str, limit: Limit<'a>) -> TypeId {
        let (bound, constraints) = match limit {
            Limit::None => (self.types.dynamic, &[][..]),
            Limit::Bound(bound) => (bound, &[][..]),
            Limit::Constraints(types) => (self.types.union(types.iter().copied()), types),
        };
        let is_known = bound != self.types.dynamic && self.types.as_primitive(bound).is_none();
        let bound = if is_known { bound } else { self.types.instance(self.known.object) };
        let id = self.type_vars.push(TypeVar { name, bound, constraints });
        self.types.intern(Type::Var(id))
    }
}

/// What the values of a type variable can be.
#[derive(Clone, Copy)]
pub(crate) enum Limit<'a> {
    /// Anything.
    None,
    /// What fits this type.
    Bound(TypeId),
    /// Those of one of these types.
    Constraints(&'a [TypeId]),
}
