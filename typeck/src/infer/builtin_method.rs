//! Methods of builtin and dynamic classes: called dynamically, checked as far as their stubs say.
//!
//! How many arguments there are, and their names, is looked at where the receiver is known to be of a builtin class and of no subclass, which
//! might take others. The words are those of the exception that the call would raise (CPython's `getargs.c`), so that what a method is
//! told depends on its signature: whether it takes keywords, and how many arguments.

use base::Diagnostic;
use parser::ast::{ExprKind, Keyword};

use super::call::Actuals;
use super::mismatch::Destination;
use super::{Checker, Env};
use crate::program::{FunctionId, Param, ParamKind};
use crate::ty::{Ty, TypeId};

impl<'a> Checker<'_, 'a> {
    /// A method of a builtin or dynamic class. What a dict is to give instead of a missing value, the second argument, may be anything.
    pub(super) fn untyped_method(
        &mut self,
        env: &mut Env<'a>,
        (params, takes_default): (&[Param<'a>], bool),
        ret: TypeId,
        type_args: &[TypeId],
        actuals: Actuals<'a>,
    ) -> Ty {
        let by_place = params.iter().take_while(|param| param.kind.is_by_place());
        let positional: Vec<_> = by_place.map(|param| param.ty).collect();
        for (at, arg) in actuals.args.iter().enumerate() {
            match positional.get(at) {
                Some(&ty) if takes_default && at == 1 => {
                    let want = self.program.types.substitute(ty, type_args);
                    let found = self.expr(env, arg, Some(want));
                    self.as_object(arg, found);
                }
                Some(&ty)
                    if !matches!(arg.kind, ExprKind::Starred { .. })
                        && self.program.types.as_primitive(ty).is_none() =>
                {
                    let what = format!("positional arg {}", at + 1);
                    self.argument(env, arg, ty, type_args, Destination::Described(&what));
                }
                _ => self.element(env, arg),
            }
        }
        actuals.keywords.iter().for_each(|keyword| self.element(env, keyword.value));
        let id = self.program.types.substitute(ret, type_args);
        self.dynamic_result(id)
    }

    /// Whether a call of a method of a builtin cannot succeed, whatever the arguments are, which is reported.
    pub(super) fn cannot_take(
        &mut self,
        function: FunctionId,
        params: &[Param<'a>],
        actuals: Actuals<'a>,
    ) -> bool {
        let entry = &self.program.functions[function];
        if entry.module != self.program.builtins() || actuals.has_stars() {
            return false;
        }
        let class = entry.class.map_or("", |class| self.program.classes[class].name);
        let method = Method { class, name: entry.name, params };
        let keyword = method.wrong_keyword(actuals);
        let keyword = keyword.map(|(keyword, message)| Diagnostic::error("SP0143", keyword.span, message));
        let count = || Some(Diagnostic::error("SP0144", actuals.span, method.wrong_count(actuals)?));
        let found = keyword.or_else(count);
        let is_wrong = found.is_some();
        found.into_iter().for_each(|found| self.report(found));
        is_wrong
    }
}

/// A method with its parameters behind the receiver.
struct Method<'p, 'a> {
    class: &'a str,
    name: &'a str,
    params: &'p [Param<'a>],
}

impl<'a> Method<'_, 'a> {
    fn has(&self, kind: ParamKind) -> bool {
        self.params.iter().any(|param| param.kind == kind)
    }

    /// Whether no parameter has a name for callers.
    fn is_by_place(&self) -> bool {
        !self.has(ParamKind::Ordinary) && !self.has(ParamKind::KeywordOnly)
    }

    /// A keyword that it does not take.
    fn wrong_keyword(&self, actuals: Actuals<'a>) -> Option<(&'a Keyword<'a>, String)> {
        let Self { class, name, params } = self;
        let first = actuals.keywords.first()?;
        if self.is_by_place() && !self.has(ParamKind::DoubleStar) {
            return Some((first, format!("{class}.{name}() takes no keyword arguments")));
        }
        let is_named =
            |param: &&Param<'a>| matches!(param.kind, ParamKind::Ordinary | ParamKind::KeywordOnly);
        actuals.keywords.iter().find_map(|keyword| {
            let given = keyword.arg?;
            let at = params.iter().position(|param| is_named(&param) && param.name == given);
            let message = match at {
                Some(at) if at < actuals.args.len() && params[at].kind.is_by_place() => {
                    let place = at + 1;
                    format!("argument for {name}() given by name ('{given}') and position ({place})")
                }
                None if !self.has(ParamKind::DoubleStar) => {
                    format!("{name}() got an unexpected keyword argument '{given}'")
                }
                _ => return None,
            };
            Some((keyword, message))
        })
    }

    /// Too few or too many arguments.
    fn wrong_count(&self, actuals: Actuals<'a>) -> Option<String> {
        let Self { class, name, params } = self;
        let given = actuals.args.len();
        let most = params.iter().filter(|param| param.kind.is_by_place()).count();
        let is_missing = |(at, param): &(usize, &Param<'a>)| {
            let is_named = actuals.keywords.iter().any(|keyword| keyword.arg == Some(param.name));
            let is_passed = *at < given || (param.kind != ParamKind::PositionalOnly && is_named);
            param.kind.is_by_place() && param.default.is_none() && !is_passed
        };
        let is_short = params.iter().enumerate().any(|entry| is_missing(&entry));
        let is_long = given > most && !self.has(ParamKind::Star);
        if !is_short && !is_long {
            return None;
        }
        let least = params.iter().filter(|param| param.kind.is_by_place() && param.default.is_none()).count();
        let bound = if is_short { least } else { most };
        let is_exact = least == most && !self.has(ParamKind::Star);
        let how = match (is_exact, is_short) {
            (true, _) => "",
            (false, true) => "at least ",
            (false, false) => "at most ",
        };
        let counted =
            |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        Some(match (self.is_by_place(), most) {
            (true, 0) => format!("{class}.{name}() takes no arguments ({given} given)"),
            (true, 1) if is_exact => format!("{class}.{name}() takes exactly one argument ({given} given)"),
            (true, _) => format!("{name} expected {how}{}, got {given}", counted(bound, "argument")),
            (false, 0) => format!("{name}() takes no positional arguments"),
            (false, _) => {
                let is_qualified = is_short || self.has(ParamKind::KeywordOnly);
                let what = if is_qualified { "positional argument" } else { "argument" };
                let how = if is_exact { "exactly " } else { how };
                format!("{name}() takes {how}{} ({given} given)", counted(bound, what))
            }
        })
    }
}
