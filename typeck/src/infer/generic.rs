//! Calls of generic functions: what their type variables stand for. (PEP 484, PEP 695; decision 6)
//!
//! Variables are solved from the arguments, after these have been checked against the bounds: each is the union of what the arguments put
//! in its place, and dynamic if none does. Code is shared by all instantiations, so that a result that is a variable is only expected.
//!
//! Cost: one walk over the types of parameters and arguments per call.

use parser::ast::{Expr, ExprKind};

use super::Checker;
use super::call::Actuals;
use crate::facts::Argument;
use crate::program::{ClassId, Param, Program};
use crate::ty::{Literal, Ty, Type, TypeId};

/// What variables have been found to stand for.
pub(super) type Solution = Vec<(Type, TypeId)>;

impl<'a> Checker<'_, 'a> {
    /// What any argument for a parameter is: its variables are what they are at least.
    pub(super) fn parameter_type(&mut self, ty: TypeId) -> TypeId {
        if !self.program.types.has_vars(ty) {
            return ty;
        }
        match self.program.types.get(ty).clone() {
            Type::Union(members) => {
                let members: Vec<_> = members.iter().map(|&member| self.parameter_type(member)).collect();
                return self.program.types.union(members);
            }
            // Whatever a variable stands for as a type argument, it is that and nothing above.
            Type::Instance { class, .. } if class != self.program.known.tuple => {
                let dynamic = self.program.types.dynamic;
                let is_var = |part: &Type| matches!(part, Type::Var(_));
                return self.program.types.replace(ty, &|part| is_var(part).then_some(dynamic));
            }
            _ => {}
        }
        let (object, dynamic) = (self.instance(self.program.known.object), self.program.types.dynamic);
        let Program { types, type_vars, .. } = &mut *self.program;
        types.replace(ty, &|part| match part {
            Type::Var(var) => {
                let bound = type_vars[*var].bound;
                Some(if bound == object { dynamic } else { bound })
            }
            _ => None,
        })
    }

    /// Solves the variables of a callee from the arguments of a call.
    pub(super) fn solve(
        &mut self,
        params: &[Param<'a>],
        arguments: &[Argument],
        actuals: Actuals<'a>,
    ) -> Solution {
        let mut solution = Solution::new();
        for (param, argument) in params.iter().zip(arguments) {
            let expr: &Expr<'a> = match argument {
                Argument::Positional(at) => &actuals.args[*at],
                Argument::Keyword(at) => actuals.keywords[*at].value,
                Argument::Unpacked { place, at, .. } => {
                    let found = self.unpacked_element(&actuals.args[*place], *at);
                    self.unify(param.ty, found, &mut solution);
                    continue;
                }
                Argument::Default | Argument::Rest(_) | Argument::Keywords(_) => continue,
            };
            let found = self.subject_type(expr);
            let found = self.program.inexact(found);
            self.unify(param.ty, found, &mut solution);
        }
        self.choose(&mut solution, actuals);
        solution
    }

    /// A constrained variable stands for the first of its constraints that all arguments fit.
    fn choose(&mut self, solution: &mut Solution, actuals: Actuals<'a>) {
        for (var, found) in solution {
            let Type::Var(id) = *var else { continue };
            let (name, constraints) =
                (self.program.type_vars[id].name, self.program.type_vars[id].constraints);
            let is_open = *found == self.program.types.dynamic
                || matches!(self.program.types.get(*found), Type::Var(_));
            if constraints.is_empty() || is_open {
                continue;
            }
            match constraints.iter().find(|&&one| self.program.is_subtype(*found, one)) {
                Some(&one) => *found = one,
                None => {
                    let shown: Vec<_> = constraints.iter().map(|&one| self.program.show(one)).collect();
                    let message = format!(
                        "type mismatch: {} received for type variable '{name}', expected one of {}",
                        self.program.show(*found),
                        shown.join(", ")
                    );
                    self.error("SP0131", actuals.span, message);
                    *found = self.program.types.dynamic;
                }
            }
        }
    }

    /// The type of an element of a starred argument.
    fn unpacked_element(&mut self, arg: &Expr<'a>, at: usize) -> TypeId {
        let ExprKind::Starred { value, .. } = arg.kind else { return self.program.types.dynamic };
        let tuple = self.subject_type(value);
        let element =
            self.program.types.as_instance(tuple).and_then(|(_, elements, _)| elements.get(at).copied());
        element.unwrap_or(self.program.types.dynamic)
    }

    /// Notes what `found` puts in the place of the variables of `declared`.
    fn unify(&mut self, declared: TypeId, found: TypeId, solution: &mut Solution) {
        match (self.program.types.get(declared).clone(), self.program.types.get(found).clone()) {
            (var @ Type::Var(_), _) => match solution.iter_mut().find(|(known, _)| *known == var) {
                Some((_, known)) => {
                    let union = self.program.types.union([*known, found]);
                    *known = self.program.simplify_union(union);
                }
                None => solution.push((var, found)),
            },
            (Type::Instance { class, args, .. }, Type::Instance { class: other, args: others, .. })
                if class == other && args.len() == others.len() =>
            {
                args.iter().zip(&others).for_each(|(&arg, &other)| self.unify(arg, other, solution));
            }
            (Type::Union(members), _) => {
                let (vars, others): (Vec<_>, Vec<_>) = members
                    .iter()
                    .partition(|&&member| matches!(self.program.types.get(member), Type::Var(_)));
                let class_of = |&ty: &TypeId| self.program.types.as_instance(ty).map(|(class, ..)| class);
                let taken: Vec<_> = others.iter().filter_map(class_of).collect();
                let is_taken = |member: &TypeId| {
                    others.contains(member) || class_of(member).is_some_and(|class| taken.contains(&class))
                };
                let mut rest = self.program.types.members(found);
                rest.retain(|member| !is_taken(member));
                let rest = self.program.types.union(rest);
                let is_unknown = rest == self.program.types.dynamic && !others.is_empty();
                if rest != self.program.types.never && !is_unknown {
                    vars.iter().for_each(|&var| self.unify(var, rest, solution));
                }
                others.iter().for_each(|&other| self.unify(other, found, solution));
            }
            (Type::Iteration { args, .. }, Type::Iteration { args: others, .. }) => {
                args.iter().zip(&others).for_each(|(&arg, &other)| self.unify(arg, other, solution));
            }
            (Type::Iteration { kind, args }, _) => {
                if let Some(item) = self.program.iterated_item(found, kind.is_async()) {
                    self.unify(args[0], item, solution);
                }
            }
            (Type::Callable { params, ret }, found) => {
                let Some((own, result)) = self.program.shape(&found) else { return };
                for (&param, &own) in params.iter().flat_map(|params| params.iter()).zip(&own) {
                    self.unify(param, own, solution);
                }
                self.unify(ret, result, solution);
            }
            _ => {}
        }
    }

    /// What a call gives whose callee declares this result.
    pub(super) fn solved(&mut self, ret: TypeId, solution: &Solution) -> Ty {
        let dynamic = self.program.types.dynamic;
        let id = self.program.types.replace(ret, &|part| match part {
            Type::Var(_) => {
                Some(solution.iter().find(|(known, _)| known == part).map_or(dynamic, |&(_, ty)| ty))
            }
            _ => None,
        });
        let is_var = |&member: &TypeId| matches!(self.program.types.get(member), Type::Var(_));
        let is_sure = !self.program.types.members(ret).iter().any(is_var);
        Ty { id, is_sure }
    }

    /// The type of a new instance: its type arguments are those in the call, or as the arguments of `__init__` say, or as the context asks,
    /// if what the arguments say fits it.
    pub(super) fn instance_made(
        &mut self,
        class: ClassId,
        (params, type_args): (&[Param<'a>], &[TypeId]),
        arguments: &[Argument],
        actuals: Actuals<'a>,
        want: Option<TypeId>,
    ) -> TypeId {
        let count = self.program.classes[class].type_params.len();
        if count == 0 {
            return self.exact(class);
        }
        let mut args = type_args.to_vec();
        if args.is_empty() {
            let (solution, dynamic) = (self.solve(params, arguments, actuals), self.program.types.dynamic);
            let vars = self.program.class_vars(class);
            let solved =
                |var: &TypeId| solution.iter().find(|(known, _)| known == self.program.types.get(*var));
            args = vars.iter().map(|var| solved(var).map_or(dynamic, |&(_, ty)| ty)).collect();
            let wanted = want.and_then(|want| self.program.types.as_instance(want));
            let wanted = wanted.filter(|(asked, wanted, _)| *asked == class && wanted.len() == count);
            if let Some((_, wanted, _)) = wanted {
                let wanted = wanted.to_vec();
                if args.iter().zip(&wanted).all(|(&arg, &wanted)| self.program.is_subtype(arg, wanted)) {
                    args = wanted;
                }
            }
        }
        if args.iter().all(|&arg| arg == self.program.types.dynamic) {
            return self.exact(class);
        }
        self.program.types.intern(Type::Instance { class, args: args.into(), exact: true })
    }

    /// What a receiver is asked as: a type variable as its bound, a literal as its class. Members of enumerations are read dynamically.
    pub(super) fn upper(&mut self, ty: Ty) -> Ty {
        match self.program.types.get(ty.id) {
            Type::Var(var) => Ty { id: self.program.type_vars[*var].bound, ..ty },
            Type::Literal(literal) => {
                let is_sure = ty.is_sure && !matches!(literal, Literal::Member { .. });
                Ty { id: self.program.widen_literal(ty.id), is_sure }
            }
            _ => ty,
        }
    }
}
