//! Parameters: from a flat list to `ast.arguments`, with the rules about order.

use super::{Builder, ExprRef, Fallible, refuse_at, refuse_next};
use crate::ast::{Arg, Arguments};
use base::Span;

/// The forms of parameters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParamKind {
    /// `name`
    Plain,
    /// `/`
    Slash,
    /// `*` or `*name`
    Star,
    /// `**name`
    DoubleStar,
}

/// One parameter as written.
#[derive(Clone, Copy)]
pub(crate) struct Param<'a> {
    kind: ParamKind,
    /// The name and annotation; for marks, the mark.
    span: Span,
    /// What to point at: the stars before a name, else the same.
    mark: Span,
    arg: Option<&'a Arg<'a>>,
    default: Option<(u32, ExprRef<'a>)>,
}

impl Param<'_> {
    /// Notes where the stars before the name stand.
    pub(crate) fn marked(self, start: u32) -> Self {
        let len = if self.kind == ParamKind::DoubleStar { 2 } else { 1 };
        Self { mark: Span::new(start, start + len), ..self }
    }
}

/// What the parameters seen so far allow.
#[derive(Default)]
struct Seen<'a> {
    posonlyargs: Vec<Arg<'a>>,
    args: Vec<Arg<'a>>,
    vararg: Option<&'a Arg<'a>>,
    kwonlyargs: Vec<Arg<'a>>,
    kw_defaults: Vec<Option<ExprRef<'a>>>,
    kwarg: Option<&'a Arg<'a>>,
    defaults: Vec<ExprRef<'a>>,
    slash: bool,
    star: Option<Span>,
}

impl<'a> Builder<'a, '_> {
    pub(crate) fn param(
        &mut self,
        l: u32,
        r: u32,
        kind: ParamKind,
        name: Option<&'a str>,
        annotation: Option<ExprRef<'a>>,
        default: Option<(u32, ExprRef<'a>)>,
    ) -> Param<'a> {
        let span = Span::new(l, r);
        let arg = name.map(|arg| &*self.arena.alloc(Arg { id: self.id(), span, arg, annotation }));
        Param { kind, span, mark: span, arg, default }
    }

    /// The parameters of a function.
    pub(crate) fn parameters(&mut self, params: Vec<Param<'a>>) -> Fallible<&'a Arguments<'a>> {
        let seen = Seen::all(params)?;
        match seen.useless_star() {
            Some(star) => refuse_at(star, BARE_STAR),
            None => Ok(self.arguments_of(seen)),
        }
    }

    /// The parameters of a lambda. CPython points behind a useless star, not at it.
    pub(crate) fn lambda_parameters(&mut self, params: Vec<Param<'a>>) -> Fallible<&'a Arguments<'a>> {
        let last = params.last().map(|param| (param.kind, param.mark));
        let seen = Seen::all(params)?;
        match (seen.useless_star(), last) {
            (Some(_), Some((ParamKind::DoubleStar, stars))) => refuse_at(stars, BARE_STAR),
            (Some(star), _) => refuse_next(star, BARE_STAR),
            (None, _) => Ok(self.arguments_of(seen)),
        }
    }

    fn arguments_of(&mut self, seen: Seen<'a>) -> &'a Arguments<'a> {
        let arguments = Arguments {
            posonlyargs: self.slice(seen.posonlyargs),
            args: self.slice(seen.args),
            vararg: seen.vararg,
            kwonlyargs: self.slice(seen.kwonlyargs),
            kw_defaults: self.slice(seen.kw_defaults),
            kwarg: seen.kwarg,
            defaults: self.exprs(seen.defaults),
        };
        self.arena.alloc(arguments)
    }
}

/// What is said about a `*` that separates nothing.
const BARE_STAR: &str = "named arguments must follow bare *";

impl<'a> Seen<'a> {
    fn all(params: Vec<Param<'a>>) -> Fallible<Self> {
        let mut seen = Self::default();
        if let [Param { kind: ParamKind::Slash, span, .. }] = params[..] {
            return refuse_at(span, "invalid syntax");
        }
        for param in params {
            seen.add(param)?;
        }
        Ok(seen)
    }

    /// A bare star that no named parameter follows.
    fn useless_star(&self) -> Option<Span> {
        self.star.filter(|_| self.vararg.is_none() && self.kwonlyargs.is_empty())
    }

    fn add(&mut self, param: Param<'a>) -> Fallible<()> {
        if self.kwarg.is_some() {
            return refuse_at(param.mark, "arguments cannot follow var-keyword argument");
        }
        match param.kind {
            ParamKind::Plain => self.add_plain(param),
            ParamKind::Slash => self.add_slash(param.span),
            ParamKind::Star => self.add_star(param),
            ParamKind::DoubleStar => {
                refuse_default(param, "var-keyword argument cannot have default value")?;
                self.kwarg = param.arg;
                Ok(())
            }
        }
    }

    fn add_plain(&mut self, param: Param<'a>) -> Fallible<()> {
        let arg = *param.arg.expect("a plain parameter has a name");
        let default = param.default.map(|(_, value)| value);
        if self.star.is_some() {
            self.kwonlyargs.push(arg);
            self.kw_defaults.push(default);
            return Ok(());
        }
        match default {
            Some(value) => self.defaults.push(value),
            None if !self.defaults.is_empty() => {
                return refuse_at(param.span, "parameter without a default follows parameter with a default");
            }
            None => {}
        }
        self.args.push(arg);
        Ok(())
    }

    fn add_slash(&mut self, span: Span) -> Fallible<()> {
        if self.slash {
            return refuse_at(span, "/ may appear only once");
        }
        if self.star.is_some() {
            return refuse_at(span, "/ must be ahead of *");
        }
        if self.args.is_empty() {
            return refuse_at(span, "at least one argument must precede /");
        }
        self.slash = true;
        self.posonlyargs = std::mem::take(&mut self.args);
        Ok(())
    }

    fn add_star(&mut self, param: Param<'a>) -> Fallible<()> {
        refuse_default(param, "var-positional argument cannot have default value")?;
        if self.star.is_some() {
            return refuse_at(param.mark, "* argument may appear only once");
        }
        self.star = Some(param.span);
        self.vararg = param.arg;
        Ok(())
    }
}

fn refuse_default(param: Param<'_>, message: &str) -> Fallible<()> {
    match param.default {
        Some((sign, _)) => refuse_at(Span::new(sign, sign + 1), message),
        None => Ok(()),
    }
}
