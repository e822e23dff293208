//! Generators: what they yield, are sent and return, inside and outside. (PEP 342, PEP 380, PEP 525; decision 15)
//!
//! Making a generator is a dynamic call. Inside, what is yielded and returned is checked against the declaration; what is sent comes from
//! anywhere, and is only expected.

use base::Diagnostic;
use parser::ast::{Comprehension, Expr, ExprKind};

use super::call::Actuals;
use super::mismatch::Destination;
use super::{Checker, Env};
use crate::program::FunctionId;
use crate::ty::{Assignable, Iteration, Ty, Type, TypeId};

/// What a generator says that it does.
#[derive(Clone, Copy)]
pub(crate) struct Yields {
    /// The type of what it yields.
    item: TypeId,
    /// The type of what `yield` gives.
    sent: TypeId,
}

impl<'a> Checker<'_, 'a> {
    /// Notes what the function being checked yields and returns, if it is a generator that says so.
    pub(super) fn enter_generator(&mut self, function: FunctionId) {
        let entry = &self.program.functions[function];
        if !entry.is_generator {
            return;
        }
        let Type::Iteration { kind, args } = self.program.types.get(entry.ret).clone() else { return };
        let dynamic = self.program.types.dynamic;
        let sent = args.get(1).copied().unwrap_or(dynamic);
        self.yields = Some(Yields { item: args[0], sent });
        if kind == Iteration::Generator {
            self.ret = Some(args[2]).filter(|&ret| ret != dynamic);
        }
    }

    /// `yield value`
    pub(super) fn yield_(&mut self, env: &mut Env<'a>, expr: &Expr<'a>, value: Option<&'a Expr<'a>>) -> Ty {
        let yields = self.yields.filter(|_| !self.is_in_own_frame());
        match (value, yields) {
            (Some(value), Some(yields)) => {
                self.check(env, value, yields.item, Destination::Described("yield"));
            }
            (Some(value), None) => self.element(env, value),
            (None, Some(yields)) => {
                let none = Ty::sure(self.program.types.none);
                if self.program.assignable(none, yields.item) == Assignable::No {
                    let shown = self.program.show(yields.item);
                    let message = format!("type mismatch: None received for yield, expected {shown}");
                    self.report(Diagnostic::error("SP0131", expr.span, message));
                }
            }
            (None, None) => {}
        }
        env.forget_fields();
        yields.map_or(self.dynamic(), |yields| Ty::expected(yields.sent))
    }

    /// `yield from value`: its items are yielded, and what it returns is the value.
    pub(super) fn yield_from(&mut self, env: &mut Env<'a>, value: &'a Expr<'a>) -> Ty {
        let source = self.object(env, value);
        let item = self.object_item(value);
        let yields = self.yields.filter(|_| !self.is_in_own_frame());
        if let Some(yields) = yields
            && self.program.assignable(Ty::expected(item), yields.item) == Assignable::No
        {
            self.mismatch(value, item, yields.item, Destination::Described("yield from"));
        }
        env.forget_fields();
        match self.program.types.get(source.id) {
            Type::Iteration { kind: Iteration::Generator, args } => Ty::expected(args[2]),
            _ => self.dynamic(),
        }
    }

    /// What `next(iterator)` and `generator.send(value)` give, of what the checker knows; the call has been checked like any other.
    pub(super) fn advanced(&mut self, func: &'a Expr<'a>, actuals: Actuals<'a>) -> Option<Ty> {
        if !actuals.keywords.is_empty() || actuals.has_stars() {
            return None;
        }
        let (source, others) = match (func.kind, actuals.args) {
            (ExprKind::Name { id: "next", .. }, [source, others @ ..]) if others.len() < 2 => {
                (source, others)
            }
            (ExprKind::Attribute { value, attr: "send", .. }, [_]) => (value, &[][..]),
            _ => return None,
        };
        if func.as_name().is_some() && !self.is_builtin("next") {
            return None;
        }
        let source = self.subject_type(source);
        let Type::Iteration { kind, args } = self.program.types.get(source).clone() else { return None };
        let is_iterator = kind == Iteration::Iterator && func.as_name().is_some();
        if !is_iterator && kind != Iteration::Generator {
            return None;
        }
        if let (ExprKind::Attribute { .. }, [sent]) = (func.kind, actuals.args) {
            let ty = Ty::expected(self.subject_type(sent));
            if self.program.assignable(ty, args[1]) == Assignable::No {
                self.mismatch(sent, ty.id, args[1], Destination::Described("send"));
            }
        }
        let others = others.iter().map(|other| self.subject_type(other)).collect::<Vec<_>>();
        let item = self.program.types.union([args[0]].into_iter().chain(others));
        Some(Ty::expected(self.program.simplify_union(item)))
    }

    /// What `async for` gives over an expression.
    pub(super) fn async_item(&mut self, iter: &Expr<'a>) -> Ty {
        let source = self.subject_type(iter);
        self.program.iterated_item(source, true).map_or(self.dynamic(), Ty::expected)
    }

    /// A generator expression: a frame of its own, which sees what is known where it stands.
    pub(super) fn generator_expression(
        &mut self,
        env: &mut Env<'a>,
        expr: &'a Expr<'a>,
        generators: &'a [Comprehension<'a>],
    ) -> Ty {
        self.object(env, generators[0].iter);
        let scope = self.program.modules[self.module].scopes.body(expr.id);
        let items = self.inline_comprehension(&mut env.clone(), expr, scope, generators, None);
        env.forget_fields();
        let is_async = self.program.modules[self.module].scopes.table[scope].is_coroutine;
        let kind = if is_async { Iteration::AsyncGenerator } else { Iteration::Generator };
        let none = self.program.types.none;
        let args = [items[0], none, none][..kind.arity()].into();
        Ty::sure(self.program.types.intern(Type::Iteration { kind, args }))
    }
}
