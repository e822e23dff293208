//! Type parameters of classes and functions: as types inside, as variables to be solved outside, as arguments of bases.
//! (PEP 484, PEP 695; decision 6)
//!
//! Parameters of classes are positions, which the arguments of a receiver replace; those of functions are variables, of which each
//! definition, and each `TypeVar` of a module, has its own.

use parser::ast::{self, Expr, ExprKind};

use crate::annotation::Place;
use crate::program::{ClassId, FunctionId, Program, TypeVar};
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
            let (names, object) = (self.classes[class].type_params, self.types.instance(self.known.object));
            self.classes[class].vars = names.iter().map(|name| self.type_var(name, object)).collect();
        }
        self.classes[class].vars.clone()
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
            let bound = match bound {
                Some(bound) => self.resolve_annotation(place, bound),
                None => self.types.instance(self.known.object),
            };
            vars.push((name, self.type_var(name, bound)));
        }
        let vars = &*self.arena.alloc_slice_copy(&vars);
        self.functions[function].type_vars = vars;
        Place { params, vars, class, ..Place::plain(module) }
    }

    /// A new type variable. A bound that the checker does not know is `object`.
    pub(crate) fn type_var(&mut self, name: &'a str, bound: TypeId) -> TypeId {
        let is_known = bound != self.types.dynamic && self.types.as_primitive(bound).is_none();
        let bound = if is_known { bound } else { self.types.instance(self.known.object) };
        let id = self.type_vars.push(TypeVar { name, bound });
        self.types.intern(Type::Var(id))
    }
}
