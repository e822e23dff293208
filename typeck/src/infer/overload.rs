//! Overloads of stubs: which of the signatures under `@overload` a call or an operator is of. (PEP 484)
//!
//! The arguments are looked at once, without the parameters they go to. What a call gives is what the first signature says that takes them; where an
//! argument is not known, and signatures which might take it give different things, nobody knows which. The library decides by the values, so
//! that the result is only expected, as all that stubs say is.
//!
//! Cost: for each signature that of mapping the arguments and of comparing their types.

use parser::ast::Expr;

use super::Checker;
use super::call::Actuals;
use super::env::Env;
use crate::facts::Argument;
use crate::program::{FunctionId, Param, ParamKind};
use crate::ty::{Assignable, Ty, Type, TypeId};

/// How far a signature takes what is passed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    No,
    /// If what is not known turns out to be right.
    Perhaps,
    Yes,
}

impl<'a> Checker<'_, 'a> {
    /// A call of a function or method that a stub declares under `@overload`, of which `bound` parameters are the receiver's; nothing if it is
    /// no such function.
    pub(super) fn overloaded_call(
        &mut self,
        env: &mut Env<'a>,
        (function, bound, receiver): (FunctionId, usize, Option<TypeId>),
        type_args: &[TypeId],
        actuals: Actuals<'a>,
    ) -> Option<Ty> {
        let variants = self.program.overloads.get(&function)?.clone();
        self.untyped_arguments(env, actuals);
        if actuals.has_stars() {
            return Some(self.dynamic());
        }
        let mut found = Vec::new();
        for &variant in &variants {
            let params = self.program.functions[variant].params[bound..].to_vec();
            let Some(arguments) = places(&params, actuals) else { continue };
            let fit = self.arguments_fit(&params, &arguments, type_args, actuals);
            if fit == Fit::No {
                continue;
            }
            let solution = self.solve(&params, &arguments, actuals);
            let own = self.program.types.substitute(self.program.functions[variant].ret, type_args);
            let result = self.solved(own, &solution).id;
            let is_own = self.program.functions[variant].returns_self;
            found.push(receiver.filter(|_| is_own).map_or(result, |receiver| self.program.inexact(receiver)));
            if fit == Fit::Yes {
                break;
            }
        }
        if let [.., last] = found[..] {
            return Some(self.agreed(&found, last));
        }
        if !self.has_either(actuals) {
            self.report_unfit(env, (&variants, bound), type_args, actuals);
        }
        Some(self.dynamic())
    }

    /// What signatures give that all might be meant.
    fn agreed(&self, found: &[TypeId], last: TypeId) -> Ty {
        if found.iter().all(|&ty| ty == last) { Ty::expected(last) } else { self.dynamic() }
    }

    /// Whether some argument is one or the other of some types, each of which may be for another signature.
    fn has_either(&mut self, actuals: Actuals<'a>) -> bool {
        passed(actuals).any(|arg| {
            let ty = self.subject_type(arg);
            matches!(self.program.types.get(ty), Type::Union(_))
        })
    }

    /// Says of the signature that comes nearest what is wrong: of the last one that takes so many arguments.
    fn report_unfit(
        &mut self,
        env: &mut Env<'a>,
        (variants, bound): (&[FunctionId], usize),
        type_args: &[TypeId],
        actuals: Actuals<'a>,
    ) {
        let takes = |variant: &&FunctionId| {
            places(&self.program.functions[**variant].params[bound..], actuals).is_some()
        };
        let nearest = variants.iter().rev().find(takes).or(variants.last());
        let Some(&nearest) = nearest else { return };
        let params = self.program.functions[nearest].params[bound..].to_vec();
        self.library_arguments(env, (&params, type_args), actuals, nearest);
    }

    fn arguments_fit(
        &mut self,
        params: &[Param<'a>],
        arguments: &[Argument],
        type_args: &[TypeId],
        actuals: Actuals<'a>,
    ) -> Fit {
        let mut fit = Fit::Yes;
        for (param, argument) in params.iter().zip(arguments) {
            let (exprs, declared): (Vec<&Expr<'a>>, TypeId) = match argument {
                Argument::Positional(at) => (vec![&actuals.args[*at]], param.ty),
                Argument::Keyword(at) => (vec![actuals.keywords[*at].value], param.ty),
                Argument::Rest(rest) => {
                    let declared = param.item.unwrap_or(self.program.types.dynamic);
                    (actuals.args[rest.clone()].iter().collect(), declared)
                }
                Argument::Default | Argument::Keywords(_) | Argument::Unpacked { .. } => continue,
            };
            for expr in exprs {
                let found = self.facts().types[expr.id].unwrap_or(self.dynamic());
                match self.value_fits(found, declared, type_args) {
                    Fit::No => return Fit::No,
                    Fit::Perhaps => fit = Fit::Perhaps,
                    Fit::Yes => {}
                }
            }
        }
        fit
    }

    fn value_fits(&mut self, value: Ty, declared: TypeId, type_args: &[TypeId]) -> Fit {
        let own = self.program.types.substitute(declared, type_args);
        let target = self.parameter_type(own);
        let dynamic = self.program.types.dynamic;
        match self.program.assignable(value, target) {
            Assignable::Yes | Assignable::Checked if value.id == dynamic && target != dynamic => Fit::Perhaps,
            Assignable::Yes | Assignable::Checked => Fit::Yes,
            Assignable::Widened | Assignable::No => Fit::No,
        }
    }

    /// The method of a class of a stub that takes this operand, and what it gives; of several which might the first.
    pub(super) fn variant_for(
        &mut self,
        function: FunctionId,
        operand: Ty,
        type_args: &[TypeId],
    ) -> Option<FunctionId> {
        let variants = self.program.overloads.get(&function).cloned().unwrap_or_else(|| vec![function]);
        let takes = |this: &mut Self, variant: FunctionId| {
            let declared = this.program.functions[variant].params.get(1)?.ty;
            (this.value_fits(operand, declared, type_args) == Fit::Yes).then_some(variant)
        };
        variants.into_iter().find_map(|variant| takes(self, variant))
    }
}

fn passed<'a>(actuals: Actuals<'a>) -> impl Iterator<Item = &'a Expr<'a>> {
    actuals.args.iter().chain(actuals.keywords.iter().map(|keyword| keyword.value))
}

/// Which parameter each argument of a call without stars goes to, if the parameters take so many, with these names.
fn places<'a>(params: &[Param<'a>], actuals: Actuals<'a>) -> Option<Vec<Argument>> {
    let positional = params.iter().filter(|param| param.kind.is_by_place()).count();
    let given = actuals.args.len();
    let mut keywords: Vec<usize> = (0..actuals.keywords.len()).collect();
    let mut sources = Vec::with_capacity(params.len());
    for (at, param) in params.iter().enumerate() {
        let is_named = |&place: &usize| actuals.keywords[place].arg == Some(param.name);
        let named = keywords.iter().position(is_named).filter(|_| param.kind != ParamKind::PositionalOnly);
        sources.push(match param.kind {
            ParamKind::Star => Argument::Rest(positional.min(given)..given),
            ParamKind::DoubleStar => Argument::Keywords(std::mem::take(&mut keywords)),
            kind if kind.is_by_place() && at < given => Argument::Positional(at),
            _ => match (named, param.default) {
                (Some(named), _) => Argument::Keyword(keywords.remove(named)),
                (None, Some(_)) => Argument::Default,
                (None, None) => return None,
            },
        });
    }
    let is_collected = params.iter().any(|param| param.kind == ParamKind::Star);
    (keywords.is_empty() && (given <= positional || is_collected)).then_some(sources)
}
