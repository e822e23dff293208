//! Expressions.

use parser::ast::{
    Arguments, BoolOp, CmpOp, Comprehension, Constant, Conversion, Expr, ExprKind, Int, Keyword,
};

use super::Analyser;
use super::SIZE;
use super::iterate::RETURNED;
use super::module::Frame;
use super::value::{Args, Body, EnvId, Eval, Flow, Function, Kind, Stop, Value};

/// Functions to which the order of what they get does not matter.
const FORGETFUL: [&str; 8] = ["sorted", "sum", "min", "max", "any", "all", "set", "frozenset"];
/// Values of a generator that are computed.
const GIVEN: usize = 2_000;

impl<'a> Analyser<'a, '_> {
    pub(super) fn eval(&mut self, expr: &'a Expr<'a>) -> Eval<'a> {
        self.nested(|this| this.expression(expr))
    }

    fn expression(&mut self, expr: &'a Expr<'a>) -> Eval<'a> {
        match expr.kind {
            ExprKind::Constant { value, .. } => Ok(self.constant(value)),
            ExprKind::Name { id, .. } => self.at(expr.span, |this| this.load_name(id)),
            ExprKind::Attribute { value, attr, .. } => {
                let value = self.eval(value)?;
                let attr = self.mangled(attr);
                self.at(expr.span, |this| this.attribute(value, attr))
            }
            ExprKind::Subscript { value, slice, .. } => {
                let (value, key) = (self.eval(value)?, self.eval(slice)?);
                self.at(expr.span, |this| this.item(value, key))
            }
            ExprKind::Call { func, args, keywords } => self.call_expression(expr, func, args, keywords),
            ExprKind::BinOp { left, op, right } => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                self.at(expr.span, |this| this.binary(op, left, right))
            }
            ExprKind::UnaryOp { op, operand } => {
                let operand = self.eval(operand)?;
                self.at(expr.span, |this| this.unary(op, operand))
            }
            ExprKind::BoolOp { op, values } => self.bool_op(expr, op, values),
            ExprKind::Compare { left, ops, comparators } => self.comparison(expr, left, ops, comparators),
            ExprKind::IfExp { test, body, orelse } => self.conditional(expr, test, body, orelse),
            ExprKind::NamedExpr { target, value } => {
                let value = self.eval(value)?;
                self.assign(target, value)?;
                Ok(value)
            }
            ExprKind::Lambda { args, body } => self.lambda(expr, args, body),
            ExprKind::List { elts, .. } => {
                let items = self.elements(elts)?;
                Ok(self.list_of(items))
            }
            ExprKind::Tuple { elts, .. } => {
                let items = self.elements(elts)?;
                Ok(self.tuple_of(items))
            }
            ExprKind::Set { elts } => {
                let items = self.elements(elts)?;
                self.new_set(items, false)
            }
            ExprKind::Dict { keys, values } => self.dict(keys, values),
            ExprKind::ListComp { elt, generators } => {
                let items = self.comprehension(expr, generators, |this| this.eval(elt))?;
                Ok(self.list_of(items))
            }
            ExprKind::SetComp { elt, generators } => {
                let items = self.comprehension(expr, generators, |this| this.eval(elt))?;
                self.new_set(items, false)
            }
            ExprKind::GeneratorExp { elt, generators } => {
                let forgets = std::mem::take(&mut self.forgets_order);
                self.generator_expression(expr, elt, generators, forgets)
            }
            ExprKind::DictComp { key, value, generators } => {
                self.dict_comprehension(expr, key, value, generators)
            }
            ExprKind::JoinedStr { values } => self.joined(values),
            ExprKind::FormattedValue { .. } => self.formatted(expr),
            ExprKind::Interpolation { value, .. } => self.eval(value),
            ExprKind::TemplateStr { values } => {
                values.iter().try_for_each(|value| self.eval(value).map(drop))?;
                Ok(self.typed("string.templatelib.Template"))
            }
            ExprKind::Slice { lower, upper, step } => self.slice(lower, upper, step),
            ExprKind::Yield { value } => {
                let value = self.optional(value)?.unwrap_or(Value::None);
                self.give(value, GIVEN)
            }
            ExprKind::YieldFrom { value } => {
                let source = self.eval(value)?;
                for item in self.at(expr.span, |this| this.items(source))?.unwrap_or_default() {
                    self.give(item, GIVEN)?;
                }
                Ok(self.attribute_of_instance(source, RETURNED).unwrap_or(Value::None))
            }
            ExprKind::Starred { value, .. } => self.eval(value),
            ExprKind::Await { .. } => Ok(self.unsupported("`await`")),
        }
    }

    fn constant(&mut self, value: Constant<'a>) -> Value<'a> {
        match value {
            Constant::None => Value::None,
            Constant::Bool(value) => Value::Bool(value),
            Constant::Int(Int::Small(value)) => Value::Int(value),
            Constant::Int(Int::Big(_)) => self.typed("int"),
            Constant::Float(value) => Value::Float(value),
            Constant::Complex(_) => self.typed("complex"),
            Constant::Str(text) => text.as_str().map_or_else(|| self.typed("str"), Value::Str),
            Constant::Bytes(bytes) => Value::Bytes(bytes),
            Constant::Ellipsis => Value::Ellipsis,
        }
    }

    /// Elements of a display; nothing if a star stands for unknown ones.
    fn elements(&mut self, elts: &'a [Expr<'a>]) -> Eval<'a, Option<Vec<Value<'a>>>> {
        let (mut items, mut is_known) = (Vec::new(), true);
        for elt in elts {
            let value = self.eval(elt)?;
            match elt.kind {
                ExprKind::Starred { .. } => match self.at(elt.span, |this| this.items(value))? {
                    Some(found) => items.extend(found),
                    None => is_known = false,
                },
                _ => items.push(value),
            }
        }
        Ok(is_known.then_some(items))
    }

    fn dict(&mut self, keys: &'a [Option<&'a Expr<'a>>], values: &'a [Expr<'a>]) -> Eval<'a> {
        let mut pairs = Vec::new();
        let mut is_known = true;
        for (key, value) in keys.iter().zip(values) {
            match key {
                Some(key) => {
                    let key = self.eval(key)?;
                    let value = self.eval(value)?;
                    self.put(&mut pairs, key, value);
                }
                None => {
                    let source = self.eval(value)?;
                    match self.at(value.span, |this| this.pairs_of(source))? {
                        Some(found) => {
                            found.into_iter().for_each(|(key, value)| self.put(&mut pairs, key, value))
                        }
                        None => is_known = false,
                    }
                }
            }
        }
        Ok(if is_known { self.object(Kind::Dict(pairs)) } else { self.typed("dict") })
    }

    fn slice(
        &mut self,
        lower: Option<&'a Expr<'a>>,
        upper: Option<&'a Expr<'a>>,
        step: Option<&'a Expr<'a>>,
    ) -> Eval<'a> {
        let mut parts = Vec::new();
        for part in [lower, upper, step] {
            parts.push(self.optional(part)?.unwrap_or(Value::None));
        }
        Ok(self.object(Kind::Partial { function: Value::Native("slice"), args: parts, keywords: Vec::new() }))
    }

    // --- Texts ---

    fn joined(&mut self, values: &'a [Expr<'a>]) -> Eval<'a> {
        let mut text = Some(String::new());
        let mut unknown = None;
        for value in values {
            match self.eval(value)? {
                Value::Str(part) => {
                    if let Some(text) = text.as_mut().filter(|text| text.len() <= SIZE) {
                        text.push_str(part);
                    }
                }
                found @ Value::Opaque(_) => unknown = Some(found),
                _ => text = None,
            }
        }
        Ok(match (unknown, text) {
            (Some(unknown), _) => unknown,
            (None, Some(text)) => self.text(&text),
            (None, None) => self.typed("str"),
        })
    }

    fn formatted(&mut self, expr: &'a Expr<'a>) -> Eval<'a> {
        let ExprKind::FormattedValue { value, conversion, format_spec } = expr.kind else {
            unreachable!("the caller has looked")
        };
        let value = self.eval(value)?;
        let spec = self.optional(format_spec)?;
        self.at(expr.span, |this| match (conversion, spec) {
            (Conversion::None | Conversion::Str, None) => this.text_of(value, "__str__"),
            (Conversion::Repr, None) => this.text_of(value, "__repr__"),
            _ => {
                let text = this.text_of(value, "__str__")?;
                Ok(if matches!(text, Value::Opaque(_)) { text } else { this.typed("str") })
            }
        })
    }

    // --- Conditions ---

    fn bool_op(&mut self, expr: &'a Expr<'a>, op: BoolOp, values: &'a [Expr<'a>]) -> Eval<'a> {
        let (first, rest) = values.split_first().expect("the grammar gives two operands");
        let value = self.eval(first)?;
        if rest.is_empty() {
            return Ok(value);
        }
        if let Value::Opaque(id) = value {
            return self.at(expr.span, |this| Ok(this.inspect(id, "SP0814", "tests")));
        }
        match (self.truth(value)?, op) {
            (Some(true), BoolOp::And) | (Some(false), BoolOp::Or) => self.bool_op(expr, op, rest),
            (Some(_), _) => Ok(value),
            (None, _) => self.branch_values(|_| Ok(value), |this| this.bool_op(expr, op, rest)),
        }
    }

    fn conditional(
        &mut self,
        expr: &'a Expr<'a>,
        test: &'a Expr<'a>,
        body: &'a Expr<'a>,
        orelse: &'a Expr<'a>,
    ) -> Eval<'a> {
        let test = self.eval(test)?;
        if let Value::Opaque(id) = test {
            self.at(expr.span, |this| Ok(this.inspect(id, "SP0814", "tests")))?;
            self.eval(body)?;
            self.eval(orelse)?;
            return Ok(self.silent());
        }
        match self.truth(test)? {
            Some(true) => self.eval(body),
            Some(false) => self.eval(orelse),
            None => self.branch_values(|this| this.eval(body), |this| this.eval(orelse)),
        }
    }

    fn comparison(
        &mut self,
        expr: &'a Expr<'a>,
        left: &'a Expr<'a>,
        ops: &'a [CmpOp],
        comparators: &'a [Expr<'a>],
    ) -> Eval<'a> {
        let mut left = self.eval(left)?;
        let mut result = Value::Bool(true);
        for (op, right) in ops.iter().zip(comparators) {
            let right = self.eval(right)?;
            result = self.at(expr.span, |this| this.compare(*op, left, right))?;
            if matches!(result, Value::Opaque(_)) || self.truth(result)? == Some(false) {
                break;
            }
            left = right;
        }
        Ok(result)
    }

    // --- Calls ---

    fn call_expression(
        &mut self,
        expr: &'a Expr<'a>,
        func: &'a Expr<'a>,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
    ) -> Eval<'a> {
        let function = self.eval(func)?;
        if args.is_empty() && function == Value::Native("super") {
            return self.at(expr.span, Self::super_without_arguments);
        }
        let mut given = Args::default();
        let forgets = matches!(function, Value::Native(path) if FORGETFUL.contains(&path));
        for arg in args {
            self.forgets_order = forgets && matches!(arg.kind, ExprKind::GeneratorExp { .. });
            let value = self.eval(arg)?;
            match arg.kind {
                ExprKind::Starred { .. } => match self.at(arg.span, |this| this.items(value))? {
                    Some(items) => given.positional.extend(items),
                    None => given.is_open = true,
                },
                _ => given.positional.push(value),
            }
        }
        for keyword in keywords {
            let value = self.eval(keyword.value)?;
            match keyword.arg {
                Some(name) => given.keywords.push((name, value)),
                None => match self.at(keyword.span, |this| this.pairs_of(value))? {
                    Some(pairs) => {
                        given.keywords.extend(pairs.into_iter().filter_map(|(key, value)| match key {
                            Value::Str(key) => Some((key, value)),
                            _ => None,
                        }))
                    }
                    None => given.is_open = true,
                },
            }
        }
        self.at(expr.span, |this| this.call(function, given))
    }

    fn lambda(&mut self, expr: &'a Expr<'a>, args: &'a Arguments<'a>, body: &'a Expr<'a>) -> Eval<'a> {
        let (defaults, kw_defaults) = self.defaults(args)?;
        let (unit, env) = (self.frame().unit, self.frame().env);
        let scope = self.units[unit].scopes.body(expr.id);
        let is_generator = self.units[unit].scopes.table[scope].has_yield;
        Ok(self.object(Kind::Function(Function {
            name: "<lambda>",
            unit,
            scope,
            env,
            args,
            body: Body::Value(body),
            defaults,
            kw_defaults,
            is_async: false,
            is_generator,
        })))
    }

    // --- Comprehensions ---

    /// What a comprehension gives, element by element; nothing if it runs over what is not known.
    fn comprehension(
        &mut self,
        expr: &'a Expr<'a>,
        generators: &'a [Comprehension<'a>],
        mut element: impl FnMut(&mut Self) -> Eval<'a>,
    ) -> Eval<'a, Option<Vec<Value<'a>>>> {
        let forgets = matches!(expr.kind, ExprKind::SetComp { .. });
        let first = self.eval(generators[0].iter)?;
        let (unit, env) = (self.frame().unit, self.frame().env);
        let receiver = self.frame().receiver;
        let scope = self.units[unit].scopes.body(expr.id);
        let env: EnvId = self.new_env(unit, scope, Some(env));
        let mut items = Vec::new();
        let is_known = self.in_frame(unit, scope, env, receiver, |this| {
            this.clauses(generators, Some(first), forgets, &mut |this| {
                let item = element(this)?;
                items.push(item);
                this.pay(1)
            })
        })?;
        Ok(is_known.then_some(items))
    }

    /// Only what its first clause goes over is evaluated where a generator expression stands.
    fn generator_expression(
        &mut self,
        expr: &'a Expr<'a>,
        elt: &'a Expr<'a>,
        clauses: &'a [Comprehension<'a>],
        forgets: bool,
    ) -> Eval<'a> {
        let first = self.eval(clauses[0].iter)?;
        if let Value::Opaque(id) = first {
            return self.at(clauses[0].iter.span, |this| Ok(this.inspect(id, "SP0815", "iterates over")));
        }
        let (unit, outer) = (self.frame().unit, self.frame().env);
        let scope = self.units[unit].scopes.body(expr.id);
        let env = self.new_env(unit, scope, Some(outer));
        let function = Function {
            name: "<genexpr>",
            unit,
            scope,
            env: outer,
            args: self.arena.alloc(Arguments::default()),
            body: Body::Turns { elt, clauses, first, forgets },
            defaults: Vec::new(),
            kw_defaults: Vec::new(),
            is_async: false,
            is_generator: true,
        };
        Ok(self.object(Kind::Generator { function, env }))
    }

    /// Runs a generator expression; if its turns are not known, neither is what it gives.
    pub(super) fn give_turns(
        &mut self,
        elt: &'a Expr<'a>,
        clauses: &'a [Comprehension<'a>],
        first: Value<'a>,
        forgets: bool,
    ) -> Eval<'a, Flow<'a>> {
        let is_known = self.clauses(clauses, Some(first), forgets, &mut |this| {
            let item = this.eval(elt)?;
            this.give(item, SIZE).map(drop)
        })?;
        self.frame().may_give |= !is_known;
        Ok(Flow::Next)
    }

    fn dict_comprehension(
        &mut self,
        expr: &'a Expr<'a>,
        key: &'a Expr<'a>,
        value: &'a Expr<'a>,
        generators: &'a [Comprehension<'a>],
    ) -> Eval<'a> {
        let mut keys = Vec::new();
        let values = self.comprehension(expr, generators, |this| {
            keys.push(this.eval(key)?);
            this.eval(value)
        })?;
        let Some(values) = values else { return Ok(self.typed("dict")) };
        let mut pairs = Vec::new();
        keys.into_iter().zip(values).for_each(|(key, value)| self.put(&mut pairs, key, value));
        Ok(self.object(Kind::Dict(pairs)))
    }

    /// Runs `element` for each turn of the clauses; whether all turns are known.
    fn clauses(
        &mut self,
        generators: &'a [Comprehension<'a>],
        first: Option<Value<'a>>,
        forgets: bool,
        element: &mut dyn FnMut(&mut Self) -> Eval<'a, ()>,
    ) -> Eval<'a, bool> {
        let Some((clause, rest)) = generators.split_first() else {
            element(self)?;
            return Ok(true);
        };
        let source = match first {
            Some(source) => source,
            None => self.eval(clause.iter)?,
        };
        let items = self.at(clause.iter.span, |this| match forgets {
            true => this.unordered_items(source),
            false => this.items(source),
        })?;
        let (items, mut is_known) = match items {
            Some(items) => (items, true),
            // Once, for its effects.
            None => (self.element(source).into_iter().collect(), false),
        };
        for item in items {
            self.assign(clause.target, item)?;
            let mut is_wanted = Some(true);
            for test in clause.ifs {
                let value = self.eval(test)?;
                is_wanted = match self.truth_of(value, test.span)? {
                    Some(true) => is_wanted,
                    other => other,
                };
                if is_wanted == Some(false) {
                    break;
                }
            }
            is_known &= is_wanted.is_some();
            if is_wanted != Some(false) {
                is_known &= self.clauses(rest, None, forgets, element)?;
            }
        }
        Ok(is_known)
    }

    /// Gives a value out of the running generator, which is run ahead for so many at most.
    fn give(&mut self, value: Value<'a>, limit: usize) -> Eval<'a> {
        self.pay(1)?;
        if let Some(managed) = self.frame().managed {
            return self.run_managed(managed, value);
        }
        let runs = |frame: &Frame<'a>| frame.yields.is_some() || frame.driven.is_some();
        let Some(at) = self.frames.iter().rposition(runs) else { return Ok(Value::None) };
        if self.frames[at].driven.is_some() {
            return self.take_turn(at, value);
        }
        let is_sure = self.branches == self.frames[at].branches;
        let frame = &mut self.frames[at];
        frame.may_give |= !is_sure;
        let yields = frame.yields.get_or_insert_default();
        yields.push(value);
        if yields.len() >= limit {
            return Err(Stop::Enough);
        }
        Ok(Value::None)
    }
}
