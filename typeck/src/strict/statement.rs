//! Statements.

use parser::ast::{ClassDef, ExceptHandler, Expr, Stmt, StmtKind, Try, WithItem};

use super::Analyser;
use super::TURNS;
use super::drive::may_drive;
use super::value::{Args, Eval, Flow, Kind, Stop, Value};
use crate::scope::ScopeKind;

/// A `for` loop: the target, the body, what follows `else`.
pub(super) type Loop<'a> = (&'a Expr<'a>, &'a [Stmt<'a>], &'a [Stmt<'a>]);

impl<'a> Analyser<'a, '_> {
    /// Runs statements up to the first that goes elsewhere.
    pub(super) fn block(&mut self, body: &'a [Stmt<'a>]) -> Eval<'a, Flow<'a>> {
        for stmt in body {
            let flow = self.at(stmt.span, |this| this.statement(stmt))?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    pub(super) fn statement(&mut self, stmt: &'a Stmt<'a>) -> Eval<'a, Flow<'a>> {
        self.nested(|this| this.statement_kind(stmt))
    }

    fn statement_kind(&mut self, stmt: &'a Stmt<'a>) -> Eval<'a, Flow<'a>> {
        match stmt.kind {
            StmtKind::FunctionDef(def) => self.function_statement(stmt, def, false)?,
            StmtKind::AsyncFunctionDef(def) => self.function_statement(stmt, def, true)?,
            StmtKind::ClassDef(def) => self.class_statement(stmt, def)?,
            StmtKind::Return { value } => {
                return Ok(Flow::Return(self.optional(value)?.unwrap_or(Value::None)));
            }
            StmtKind::Delete { targets } => targets.iter().try_for_each(|target| self.delete(target))?,
            StmtKind::Assign { targets, value } => {
                let value = self.eval(value)?;
                targets.iter().try_for_each(|target| self.assign(target, value))?;
            }
            StmtKind::TypeAlias { name, .. } => {
                let alias = self.typed("typing.TypeAliasType");
                self.assign(name, alias)?;
            }
            StmtKind::AugAssign { target, op, value } => self.augmented(target, op, value)?,
            StmtKind::AnnAssign { target, value, .. } => {
                if let Some(value) = self.optional(value)? {
                    self.assign(target, value)?;
                }
            }
            StmtKind::For { target, iter, body, orelse } => return self.for_loop(target, iter, body, orelse),
            StmtKind::While { test, body, orelse } => return self.while_loop(test, body, orelse),
            StmtKind::If { test, body, orelse } => return self.if_statement(test, body, orelse),
            StmtKind::With { items, body } => return self.with(items, body),
            StmtKind::Match { subject, cases } => {
                let subject = self.eval(subject)?;
                return self.cases(subject, cases);
            }
            StmtKind::Raise { exc, cause } => return self.raise_statement(exc, cause),
            StmtKind::Try(parts) => return self.try_statement(parts),
            StmtKind::Assert { test, msg } => return self.assert_statement(test, msg),
            StmtKind::Import { names } => self.import_statement(names)?,
            StmtKind::ImportFrom { module, names, level } => self.import_from(module, names, level)?,
            StmtKind::Expr { value } => {
                self.eval(value)?;
            }
            StmtKind::Break => return Ok(Flow::Break),
            StmtKind::Continue => return Ok(Flow::Continue),
            StmtKind::Global { .. } | StmtKind::Nonlocal { .. } | StmtKind::Pass => {}
            StmtKind::TryStar(parts) => return self.try_star_statement(parts),
            StmtKind::AsyncFor { .. } | StmtKind::AsyncWith { .. } => {
                self.unsupported("asynchronous code");
            }
        }
        Ok(Flow::Next)
    }

    pub(super) fn optional(&mut self, value: Option<&'a Expr<'a>>) -> Eval<'a, Option<Value<'a>>> {
        value.map(|value| self.eval(value)).transpose()
    }

    fn class_statement(&mut self, stmt: &'a Stmt<'a>, def: &'a ClassDef<'a>) -> Eval<'a, ()> {
        let mut decorators = Vec::new();
        for decorator in def.decorator_list {
            decorators.push((decorator.span, self.eval(decorator)?));
        }
        let mut value = self.define_class(stmt, def)?;
        for (span, decorator) in decorators.into_iter().rev() {
            value = self.at(span, |this| this.call(decorator, Args::of(&[value])))?;
        }
        self.store_name(def.name, value)
    }

    // --- Conditions ---

    fn if_statement(
        &mut self,
        test: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) -> Eval<'a, Flow<'a>> {
        let test = self.eval(test)?;
        if let Value::Opaque(id) = test {
            self.inspect(id, "SP0814", "tests");
            return Ok(self.cut_short());
        }
        match self.truth(test)? {
            Some(true) => self.block(body),
            Some(false) => self.block(orelse),
            None => self.branch(|this| this.block(body), |this| this.block(orelse)),
        }
    }

    /// How code goes on whose way is not known: a function gives a result of which nothing is said, a module leaves the statement out.
    fn cut_short(&mut self) -> Flow<'a> {
        let (unit, scope) = (self.frame().unit, self.frame().scope);
        match self.units[unit].scopes.table[scope].kind {
            ScopeKind::Module | ScopeKind::Class => Flow::Next,
            _ => Flow::Return(self.silent()),
        }
    }

    fn assert_statement(&mut self, test: &'a Expr<'a>, msg: Option<&'a Expr<'a>>) -> Eval<'a, Flow<'a>> {
        let test = self.eval(test)?;
        if self.truth(test)? == Some(false) {
            let message = self.optional(msg)?;
            return Err(self.raise_args("AssertionError", message.into_iter().collect()));
        }
        Ok(Flow::Next)
    }

    // --- Loops ---

    fn for_loop(
        &mut self,
        target: &'a Expr<'a>,
        iter: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) -> Eval<'a, Flow<'a>> {
        let source = self.eval(iter)?;
        let parts = (target, body, orelse);
        if let Some(generator) = self.at(iter.span, |this| this.own_generator(source))? {
            return self.at(iter.span, |this| this.for_generator(generator, parts));
        }
        if matches!(self.kind(source), Some(Kind::List(_))) {
            return self.for_list(source, parts);
        }
        if matches!(self.kind(source), Some(Kind::Generator { .. })) && may_drive(iter, body) {
            return self.at(iter.span, |this| this.for_generator(source, parts));
        }
        if matches!(self.kind(source), Some(Kind::Generator { .. } | Kind::Iterator { .. })) {
            return match self.each(parts, TURNS, |this| this.next_item(source))? {
                Some(flow) => Ok(flow),
                None => Ok(self.endless()),
            };
        }
        if let Some(items) = self.at(iter.span, |this| this.items(source))? {
            let count = items.len();
            let mut items = items.into_iter();
            let flow = self.each(parts, count, |_| Ok(Some(items.next())))?;
            return Ok(flow.expect("the items are known"));
        }
        let Some(element) = self.element(source) else { return Ok(Flow::Next) };
        let run = |this: &mut Self| {
            this.assign(target, element)?;
            this.block(body)
        };
        let is_endless = matches!(self.kind(source), Some(Kind::Typed(class)) if self.is_endless(class));
        let outer = std::mem::replace(&mut self.frame().may_leave, false);
        let flow = self.some_turns(run)?;
        let may_leave = std::mem::replace(&mut self.frame().may_leave, outer);
        if is_endless && !may_leave && flow == Flow::Next {
            self.at(iter.span, |this| Ok(this.endless()))?;
        }
        if flow == Flow::Next { self.block(orelse) } else { Ok(flow) }
    }

    /// A list that changes in the body is seen as it is at each turn.
    fn for_list(&mut self, source: Value<'a>, parts: Loop<'a>) -> Eval<'a, Flow<'a>> {
        let mut turns = 0..;
        let flow = self.each(parts, TURNS, |this| {
            let at = turns.next().unwrap_or_default();
            Ok(match this.kind(source) {
                Some(Kind::List(items)) => Some(items.get(at).copied()),
                _ => None,
            })
        })?;
        match flow {
            Some(flow) => Ok(flow),
            // What it contains is not known any more.
            None => self.some_turns(|this| this.block(parts.1)),
        }
    }

    /// Runs the body once for each item that `next` gives, up to `limit` times; nothing if an item is not known.
    fn each(
        &mut self,
        (target, body, orelse): Loop<'a>,
        limit: usize,
        mut next: impl FnMut(&mut Self) -> Eval<'a, Option<Option<Value<'a>>>>,
    ) -> Eval<'a, Option<Flow<'a>>> {
        for turn in 0.. {
            let Some(item) = next(self)? else { return Ok(None) };
            let Some(item) = item else { break };
            if turn == limit {
                return Ok(Some(self.endless()));
            }
            self.pay(1)?;
            self.assign(target, item)?;
            match self.block(body)? {
                Flow::Break => return Ok(Some(Flow::Next)),
                Flow::Return(value) => return Ok(Some(Flow::Return(value))),
                Flow::Next | Flow::Continue => {}
            }
        }
        self.block(orelse).map(Some)
    }

    /// A loop goes on for longer than it is followed.
    fn endless(&mut self) -> Flow<'a> {
        self.over_budget("a loop does not end");
        Flow::Next
    }

    fn while_loop(
        &mut self,
        test: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) -> Eval<'a, Flow<'a>> {
        let outer = std::mem::replace(&mut self.frame().may_leave, false);
        let result = self.turns(test, body, orelse);
        self.frame().may_leave = outer;
        result
    }

    fn turns(
        &mut self,
        test: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) -> Eval<'a, Flow<'a>> {
        for _ in 0..TURNS {
            let value = self.eval(test)?;
            if let Value::Opaque(id) = value {
                self.inspect(id, "SP0814", "tests");
                return Ok(self.cut_short());
            }
            match self.truth(value)? {
                Some(false) => return self.block(orelse),
                Some(true) => {}
                None => return self.some_turns(|this| this.block(body)),
            }
            match self.block(body)? {
                Flow::Break => return Ok(Flow::Next),
                Flow::Return(value) => return Ok(Flow::Return(value)),
                Flow::Next | Flow::Continue if self.frame().may_leave => {
                    return self.some_turns(|this| this.block(body));
                }
                Flow::Next | Flow::Continue => {}
            }
        }
        self.over_budget("a loop does not end");
        Ok(Flow::Next)
    }

    /// Turns of a loop of which nobody knows how many there are: none, one, or more, in which what differs is not known.
    fn some_turns(&mut self, mut turn: impl FnMut(&mut Self) -> Eval<'a, Flow<'a>>) -> Eval<'a, Flow<'a>> {
        for _ in 0..2 {
            let flow = self.branch(|_| Ok(Flow::Next), |this| turn(this))?;
            if let Flow::Return(_) = flow {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    // --- Contexts ---

    pub(super) fn with(&mut self, items: &'a [WithItem<'a>], body: &'a [Stmt<'a>]) -> Eval<'a, Flow<'a>> {
        let Some((item, rest)) = items.split_first() else { return self.block(body) };
        let manager = self.eval(item.context_expr)?;
        if let Some(generator) = self.managing_generator(manager) {
            return self.at(item.context_expr.span, |this| this.with_generator(item, generator, rest, body));
        }
        let (enter, exit) = self.at(item.context_expr.span, |this| {
            let exit = this.attribute(manager, "__exit__")?;
            Ok((this.attribute(manager, "__enter__")?, exit))
        })?;
        let entered = self.at(item.context_expr.span, |this| this.call(enter, Args::default()))?;
        if let Some(target) = item.optional_vars {
            self.assign(target, entered)?;
        }
        let outcome = self.with(rest, body);
        let leave = |this: &mut Self, class: Value<'a>, exception: Value<'a>| {
            this.call(exit, Args::of(&[class, exception, Value::None]))
        };
        match outcome {
            Err(Stop::Raise(exception)) => {
                let class = self.class_of(exception);
                let handled = leave(self, class, exception)?;
                match self.truth(handled)? {
                    Some(true) => Ok(Flow::Next),
                    _ => Err(Stop::Raise(exception)),
                }
            }
            Ok(flow) => {
                leave(self, Value::None, Value::None)?;
                Ok(flow)
            }
            exhausted => exhausted,
        }
    }

    // --- Exceptions ---

    fn raise_statement(
        &mut self,
        exc: Option<&'a Expr<'a>>,
        cause: Option<&'a Expr<'a>>,
    ) -> Eval<'a, Flow<'a>> {
        let Some(exc) = exc else {
            let active = self.frames.iter().rev().find_map(|frame| frame.handled);
            return Err(match active {
                Some(exception) => Stop::Raise(exception),
                None => self.raise("RuntimeError", "No active exception to reraise"),
            });
        };
        let value = self.eval(exc)?;
        let cause = self.optional(cause)?;
        if let Value::Opaque(id) = value {
            return Err(Stop::Raise(self.inspect(id, "SP0813", "raises")));
        }
        let exception = self.made_exception(value)?;
        if let (Some(cause), Value::Object(id)) = (cause, exception) {
            let cause = self.made_exception(cause)?;
            self.state.objects[id].attributes.set("__cause__", cause);
        }
        Err(Stop::Raise(exception))
    }

    /// Of an exception class an instance is made where it is raised.
    fn made_exception(&mut self, value: Value<'a>) -> Eval<'a> {
        if self.is_class(value) { self.call(value, Args::default()) } else { Ok(value) }
    }

    fn try_statement(&mut self, parts: &'a Try<'a>) -> Eval<'a, Flow<'a>> {
        let result = self.try_handlers(parts);
        if matches!(result, Err(Stop::Exhausted | Stop::Enough)) || parts.finalbody.is_empty() {
            return result;
        }
        match self.block(parts.finalbody)? {
            Flow::Next => result,
            other => Ok(other),
        }
    }

    fn try_handlers(&mut self, parts: &'a Try<'a>) -> Eval<'a, Flow<'a>> {
        let before = self.possible.len();
        let flow = match self.block(parts.body) {
            Err(Stop::Raise(exception)) => return self.handle(parts.handlers, exception),
            Ok(Flow::Next) => self.block(parts.orelse)?,
            other => other?,
        };
        for exception in self.possible.split_off(before.min(self.possible.len())) {
            self.branch(|_| Ok(Flow::Next), |this| this.handle(parts.handlers, exception))?;
        }
        Ok(flow)
    }

    /// Runs the first handler that an exception fits.
    fn handle(&mut self, handlers: &'a [ExceptHandler<'a>], exception: Value<'a>) -> Eval<'a, Flow<'a>> {
        for handler in handlers {
            if let Some(class) = handler.type_ {
                let class = self.eval(class)?;
                let is_silent = matches!(exception, Value::Opaque(_));
                if !is_silent && self.is_instance(exception, class)? == Some(false) {
                    continue;
                }
            }
            if let Some(name) = handler.name {
                self.store_name(name, exception)?;
            }
            let outer = self.frame().handled.replace(exception);
            let flow = self.block(handler.body);
            self.frame().handled = outer;
            if let Some(name) = handler.name {
                // The body may have deleted it.
                self.store_name(name, Value::None)?;
                self.delete_name(name)?;
            }
            return flow;
        }
        Err(Stop::Raise(exception))
    }
}
