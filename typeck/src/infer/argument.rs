//! Arguments: which parameter each goes to. (`static-python.md` 1.18, decision 13)
//!
//! What a call passes, and what it leaves to defaults, is known when it is compiled, so that the callee is entered with its parameters filled: what
//! `*args` and `**kwargs` collect is made by the caller. Only stars in the call itself may keep it from that: how many arguments they stand
//! for is known only when it runs, unless they stand in front of tuples of known length or `*args` takes them all.

use base::{Diagnostic, suggest};
use parser::ast::{Expr, ExprKind, Keyword};

use super::call::Actuals;
use super::mismatch::{Destination, Passing};
use super::{Checker, Env};
use crate::facts::Argument;
use crate::program::{FunctionId, Param, ParamKind};
use crate::ty::{Assignable, Ty, TypeId};

/// Parameters, and the type arguments of the receiver.
type Params<'p, 'a> = (&'p [Param<'a>], &'p [TypeId]);

impl<'a> Checker<'_, 'a> {
    /// Maps actuals to parameters and checks them; `None` if the call must be dynamic. Errors are reported.
    pub(super) fn map_arguments(
        &mut self,
        env: &mut Env<'a>,
        params: &[Param<'a>],
        type_args: &[TypeId],
        actuals: Actuals<'a>,
        function: FunctionId,
    ) -> Option<Vec<Argument>> {
        let positional = params.iter().filter(|param| param.kind.is_by_place()).count();
        let rest = params.iter().position(|param| param.kind == ParamKind::Star);
        let is_star = |arg: &Expr<'a>| matches!(arg.kind, ExprKind::Starred { .. });
        let first_star = actuals.args.iter().position(is_star);
        let is_collected = rest.is_some() && actuals.keywords.is_empty() && first_star >= Some(positional);
        if actuals.has_stars() && !is_collected {
            return self.map_unpacked(env, params, type_args, actuals, function);
        }
        let mut sources: Vec<Option<Argument>> = vec![None; params.len()];
        for (at, arg) in actuals.args.iter().enumerate() {
            if at < positional {
                let destination = Destination::Parameter(function, &params[at], Passing::Position);
                self.argument(env, arg, params[at].ty, type_args, destination);
                sources[at] = Some(Argument::Positional(at));
            } else if let Some(rest) = rest {
                self.collected(env, arg, (&params[rest], type_args), Passing::Position, function);
            } else {
                self.wrong_count(actuals, (positional, actuals.args.len()), function);
                self.element(env, arg);
            }
        }
        if let Some(rest) = rest {
            sources[rest] = Some(Argument::Rest(positional.min(actuals.args.len())..actuals.args.len()));
        }
        self.map_keywords(env, (params, type_args), sources, actuals, function)
    }

    /// Gives keywords to their parameters, then what is left to its default.
    fn map_keywords(
        &mut self,
        env: &mut Env<'a>,
        (params, type_args): Params<'_, 'a>,
        mut sources: Vec<Option<Argument>>,
        actuals: Actuals<'a>,
        function: FunctionId,
    ) -> Option<Vec<Argument>> {
        let mut extra = Vec::new();
        for (at, keyword) in actuals.keywords.iter().enumerate() {
            let is_known = self.map_keyword(env, (params, type_args), &mut sources, at, keyword, function);
            extra.extend((!is_known).then_some(at));
        }
        if let Some(at) = params.iter().position(|param| param.kind == ParamKind::DoubleStar) {
            sources[at] = Some(Argument::Keywords(extra));
        }
        self.fill_defaults(params, sources, actuals, function)
    }

    /// Maps the arguments of a call with stars, if these stand in front of tuples of known length that parameters by place take up.
    fn map_unpacked(
        &mut self,
        env: &mut Env<'a>,
        params: &[Param<'a>],
        type_args: &[TypeId],
        actuals: Actuals<'a>,
        function: FunctionId,
    ) -> Option<Vec<Argument>> {
        let positional = params.iter().filter(|param| param.kind.is_by_place()).count();
        let lengths: Vec<_> = actuals.args.iter().map(|arg| self.unpacked_types(env, arg)).collect();
        let is_open = |types: &Option<Box<[TypeId]>>| types.is_none();
        let count: usize = lengths.iter().flatten().map(|types| types.len()).sum();
        let is_collected = params.iter().any(|param| param.kind == ParamKind::Star);
        let has_mapping = actuals.keywords.iter().any(|keyword| keyword.arg.is_none());
        if lengths.iter().any(is_open) || has_mapping || (is_collected && count > positional) {
            self.plain_arguments(env, actuals);
            return None;
        }
        if count > positional {
            self.wrong_count(actuals, (positional, count), function);
            self.plain_arguments(env, actuals);
            return None;
        }
        let mut sources: Vec<Option<Argument>> = vec![None; params.len()];
        let mut next = 0;
        for (place, (arg, types)) in actuals.args.iter().zip(&lengths).enumerate() {
            for (at, &ty) in types.iter().flatten().enumerate() {
                let destination = Destination::Parameter(function, &params[next], Passing::Position);
                sources[next] = Some(if matches!(arg.kind, ExprKind::Starred { .. }) {
                    let target = self.program.types.substitute(params[next].ty, type_args);
                    let cast = self.unpacked_argument(arg, ty, target, destination);
                    Argument::Unpacked { place, at, cast }
                } else {
                    self.argument(env, arg, params[next].ty, type_args, destination);
                    Argument::Positional(place)
                });
                next += 1;
            }
        }
        if let Some(rest) = params.iter().position(|param| param.kind == ParamKind::Star) {
            sources[rest] = Some(Argument::Rest(actuals.args.len()..actuals.args.len()));
        }
        self.map_keywords(env, (params, type_args), sources, actuals, function)
    }

    /// The types of what a positional argument stands for; those of an argument without a star are found later.
    fn unpacked_types(&mut self, env: &mut Env<'a>, arg: &'a Expr<'a>) -> Option<Box<[TypeId]>> {
        let ExprKind::Starred { value, .. } = arg.kind else {
            return Some(Box::new([self.program.types.dynamic]));
        };
        let ty = self.object(env, value);
        let tuple = self.program.known.tuple;
        let elements = match self.program.types.as_instance(ty.id) {
            Some((class, elements, _)) if class == tuple && !elements.is_empty() => elements.into(),
            _ => return None,
        };
        self.make_sure(value, ty);
        Some(elements)
    }

    /// Checks an element that a star gives to a parameter; what it must be checked against when the call is made.
    fn unpacked_argument(
        &mut self,
        arg: &Expr<'a>,
        ty: TypeId,
        target: TypeId,
        destination: Destination<'_, 'a>,
    ) -> Option<TypeId> {
        let target = self.parameter_type(target);
        match self.program.assignable(Ty::expected(ty), target) {
            Assignable::Yes => None,
            Assignable::Checked => Some(target),
            Assignable::Widened | Assignable::No => {
                self.mismatch(arg, ty, target, destination);
                None
            }
        }
    }

    /// The arguments of a call whose stars have been looked at.
    fn plain_arguments(&mut self, env: &mut Env<'a>, actuals: Actuals<'a>) {
        let is_star = |arg: &&Expr<'a>| matches!(arg.kind, ExprKind::Starred { .. });
        actuals.args.iter().filter(|arg| !is_star(arg)).for_each(|arg| self.element(env, arg));
        actuals.keywords.iter().for_each(|keyword| self.element(env, keyword.value));
    }

    /// Checks an argument that `*args` or `**kwargs` collects; it is an object there.
    fn collected(
        &mut self,
        env: &mut Env<'a>,
        arg: &'a Expr<'a>,
        (param, type_args): (&Param<'a>, &[TypeId]),
        passing: Passing,
        function: FunctionId,
    ) {
        let item = param.item.filter(|&item| self.program.types.as_primitive(item).is_none());
        match item.filter(|_| !matches!(arg.kind, ExprKind::Starred { .. })) {
            Some(item) if item != self.program.types.dynamic => {
                self.argument(env, arg, item, type_args, Destination::Parameter(function, param, passing));
            }
            _ => self.element(env, arg),
        }
    }

    /// Checks an argument; the variables of a generic callee are solved from it afterwards, and do not guide it.
    pub(super) fn argument(
        &mut self,
        env: &mut Env<'a>,
        arg: &'a Expr<'a>,
        declared: TypeId,
        type_args: &[TypeId],
        destination: Destination<'_, 'a>,
    ) {
        let own = self.program.types.substitute(declared, type_args);
        let target = self.parameter_type(own);
        let want = (own == target).then_some(target);
        self.check_guided(env, arg, target, want, destination);
    }

    /// Gives a keyword to its parameter; false if it is one that `**kwargs` collects.
    fn map_keyword(
        &mut self,
        env: &mut Env<'a>,
        (params, type_args): Params<'_, 'a>,
        sources: &mut [Option<Argument>],
        at: usize,
        keyword: &'a Keyword<'a>,
        function: FunctionId,
    ) -> bool {
        let name = keyword.arg.expect("stars are handled before");
        let by_name = |param: &Param<'a>| matches!(param.kind, ParamKind::Ordinary | ParamKind::KeywordOnly);
        let Some(found) = params.iter().position(|param| param.name == name && by_name(param)) else {
            match params.iter().find(|param| param.kind == ParamKind::DoubleStar) {
                Some(extra) => {
                    self.collected(env, keyword.value, (extra, type_args), Passing::Keyword, function);
                }
                None => {
                    self.unknown_keyword(params, sources, at, keyword, function);
                    self.element(env, keyword.value);
                }
            }
            return false;
        };
        if sources[found].is_some() {
            self.error("SP0143", keyword.span, format!("got multiple values for argument '{name}'"));
        }
        let destination = Destination::Parameter(function, &params[found], Passing::Keyword);
        self.argument(env, keyword.value, params[found].ty, type_args, destination);
        sources[found] = Some(Argument::Keyword(at));
        true
    }

    /// Reports a keyword that no parameter has. The parameter that was meant counts as given.
    fn unknown_keyword(
        &mut self,
        params: &[Param<'a>],
        sources: &mut [Option<Argument>],
        at: usize,
        keyword: &Keyword<'a>,
        function: FunctionId,
    ) {
        let name = keyword.arg.expect("stars are handled before");
        let callee = self.program.functions[function].name;
        let message = format!("Given argument '{name}' does not exist in the definition of {callee}");
        let is_open = |param: &&Param<'a>| param.kind != ParamKind::PositionalOnly;
        let meant = suggest::likeliest(name, params.iter().filter(is_open).map(|param| param.name));
        let param = params.iter().position(|param| Some(param.name) == meant);
        if let Some(source) = param.map(|param| &mut sources[param]).filter(|source| source.is_none()) {
            *source = Some(Argument::Keyword(at));
        }
        let diagnostic = Diagnostic::error("SP0143", keyword.span, message).with_suggestion(meant);
        let diagnostic = self.with_definition(diagnostic, function);
        self.report(diagnostic);
    }

    /// Leaves to defaults what is not given. One that is no constant is asked for when the call is made; in front of an argument that is given by
    /// its name, and for primitives, the callee finds it itself.
    fn fill_defaults(
        &mut self,
        params: &[Param<'a>],
        sources: Vec<Option<Argument>>,
        actuals: Actuals<'a>,
        function: FunctionId,
    ) -> Option<Vec<Argument>> {
        let mut arguments = Vec::with_capacity(params.len());
        let (mut is_static, mut is_computed) = (true, false);
        for (param, source) in params.iter().zip(sources) {
            let by_place = param.kind.is_by_place();
            match (source, param.default) {
                (Some(source), _) => {
                    is_static &= !(by_place && is_computed);
                    arguments.push(source);
                }
                (None, Some(default)) => {
                    let is_primitive = self.program.types.as_primitive(param.ty).is_some();
                    let is_constant = self.program.is_constant_default(function, default);
                    is_static &= is_constant || !is_primitive;
                    is_computed |= by_place && !is_constant;
                    arguments.push(Argument::Default);
                }
                (None, None) => {
                    let callee = self.program.functions[function].name;
                    let message = format!("Function {callee} expects a value for argument {}", param.name);
                    let diagnostic = Diagnostic::error("SP0144", actuals.span, message);
                    let diagnostic = self.with_parameter(diagnostic, function, param.span);
                    self.report(diagnostic);
                    is_static = false;
                }
            }
        }
        is_static.then_some(arguments)
    }

    fn wrong_count(&mut self, actuals: Actuals<'a>, (positional, got): (usize, usize), function: FunctionId) {
        let callee = self.program.functions[function].name;
        let message =
            format!("Mismatched number of args for function {callee}. Expected {positional}, got {got}");
        let diagnostic = self.with_definition(Diagnostic::error("SP0144", actuals.span, message), function);
        self.report(diagnostic);
    }

    /// Shows where a callee is defined.
    fn with_definition(&self, diagnostic: Diagnostic, function: FunctionId) -> Diagnostic {
        let entry = &self.program.functions[function];
        self.program.label(diagnostic, self.module, entry.module, entry.def.name_span, "defined here")
    }
}
