//! The text of an annotation, for `from __future__ import annotations`.
//!
//! The text is canonical, as CPython's `ast_unparse.c` makes it: one space around operators, only the parentheses that
//! precedence demands, strings in repr form. Cost: linear in the text.

use parser::ast::{
    Arguments, BoolOp, Comprehension, Constant, Conversion, Expr, ExprKind, Precedence, PyStr, UnaryOp,
};

/// The canonical text of an expression, which is WTF-8.
pub(crate) fn unparse(expr: &Expr<'_>) -> Vec<u8> {
    let mut text = Text::default();
    text.expr(expr, Precedence::TEST);
    text.out
}

fn precedence(expr: &Expr<'_>) -> Precedence {
    match expr.kind {
        // An empty tuple has its parentheses anyway.
        ExprKind::Tuple { elts: [], .. } => Precedence::ATOM,
        ExprKind::Tuple { .. } | ExprKind::NamedExpr { .. } => Precedence::TUPLE,
        ExprKind::Lambda { .. } | ExprKind::IfExp { .. } => Precedence::TEST,
        ExprKind::BoolOp { op: BoolOp::Or, .. } => Precedence::OR,
        ExprKind::BoolOp { op: BoolOp::And, .. } => Precedence::AND,
        ExprKind::UnaryOp { op: UnaryOp::Not, .. } => Precedence::NOT,
        ExprKind::Compare { .. } => Precedence::COMPARE,
        ExprKind::UnaryOp { .. } => Precedence::FACTOR,
        ExprKind::Await { .. } => Precedence::AWAIT,
        ExprKind::BinOp { op, .. } => op.precedence(),
        _ => Precedence::ATOM,
    }
}

#[derive(Default)]
struct Text {
    out: Vec<u8>,
}

impl Text {
    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Writes an expression where what binds less tightly than `level` wants parentheses.
    fn expr(&mut self, expr: &Expr<'_>, level: Precedence) {
        let own = precedence(expr);
        let parenthesize = own < level;
        if parenthesize {
            self.push("(");
        }
        self.bare(expr, own);
        if parenthesize {
            self.push(")");
        }
    }

    fn bare(&mut self, expr: &Expr<'_>, own: Precedence) {
        match expr.kind {
            ExprKind::Name { id, .. } => self.push(id),
            ExprKind::Constant { value, kind } => {
                self.push(kind.copied().unwrap_or_default());
                self.constant(value);
            }
            ExprKind::Attribute { value, attr, .. } => {
                self.expr(value, Precedence::ATOM);
                if matches!(value.kind, ExprKind::Constant { value: Constant::Int(_), .. }) {
                    self.push(" ");
                }
                self.push(".");
                self.push(attr);
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value, Precedence::ATOM);
                self.enclosed("[", "]", |text| text.expr(slice, Precedence::TUPLE));
            }
            ExprKind::Slice { lower, upper, step } => self.slice(lower, upper, step),
            ExprKind::Tuple { elts: [], .. } => self.push("()"),
            ExprKind::Tuple { elts, .. } => {
                self.list(elts);
                if elts.len() == 1 {
                    self.push(",");
                }
            }
            ExprKind::List { elts, .. } => self.enclosed("[", "]", |text| text.list(elts)),
            ExprKind::Set { elts } => self.enclosed("{", "}", |text| text.list(elts)),
            ExprKind::Dict { keys, values } => self.enclosed("{", "}", |text| text.dict(keys, values)),
            ExprKind::Starred { value, .. } => {
                self.push("*");
                self.expr(value, Precedence::BIT_OR);
            }
            ExprKind::Call { func, args, keywords } => self.call(func, args, keywords),
            ExprKind::JoinedStr { .. } | ExprKind::TemplateStr { .. } => self.template(expr),
            // Only ever inside of those.
            ExprKind::FormattedValue { .. } | ExprKind::Interpolation { .. } => self.field(expr),
            _ => self.operation(expr, own),
        }
    }

    /// What is made of other expressions by operators and keywords.
    fn operation(&mut self, expr: &Expr<'_>, own: Precedence) {
        match expr.kind {
            ExprKind::BinOp { left, op, right } => {
                let is_power = own == Precedence::POWER;
                self.expr(left, if is_power { own.tighter() } else { own });
                self.push(&format!(" {} ", op.symbol()));
                self.expr(right, if is_power { own } else { own.tighter() });
            }
            ExprKind::UnaryOp { op, operand } => {
                self.push(op.symbol());
                self.expr(operand, own);
            }
            ExprKind::BoolOp { op, values } => {
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        self.push(&format!(" {} ", op.symbol()));
                    }
                    self.expr(value, own.tighter());
                }
            }
            ExprKind::Compare { left, ops, comparators } => {
                self.expr(left, own.tighter());
                for (op, comparator) in ops.iter().zip(comparators) {
                    self.push(&format!(" {} ", op.symbol()));
                    self.expr(comparator, own.tighter());
                }
            }
            ExprKind::IfExp { test, body, orelse } => {
                self.expr(body, own.tighter());
                self.push(" if ");
                self.expr(test, own.tighter());
                self.push(" else ");
                self.expr(orelse, own);
            }
            ExprKind::NamedExpr { target, value } => {
                self.expr(target, Precedence::ATOM);
                self.push(" := ");
                self.expr(value, Precedence::ATOM);
            }
            ExprKind::Lambda { args, body } => {
                self.push("lambda");
                self.parameters(args);
                self.push(": ");
                self.expr(body, own);
            }
            ExprKind::Await { value } => {
                self.push("await ");
                self.expr(value, Precedence::ATOM);
            }
            ExprKind::Yield { value: None } => self.push("(yield)"),
            ExprKind::Yield { value: Some(value) } => {
                self.enclosed("(yield ", ")", |text| text.expr(value, Precedence::TEST));
            }
            ExprKind::YieldFrom { value } => {
                self.enclosed("(yield from ", ")", |text| text.expr(value, Precedence::TEST));
            }
            ExprKind::ListComp { elt, generators } => {
                self.enclosed("[", "]", |text| text.comprehension(elt, generators));
            }
            ExprKind::SetComp { elt, generators } => {
                self.enclosed("{", "}", |text| text.comprehension(elt, generators));
            }
            ExprKind::GeneratorExp { elt, generators } => {
                self.enclosed("(", ")", |text| text.comprehension(elt, generators));
            }
            ExprKind::DictComp { key, value, generators } => self.enclosed("{", "}", |text| {
                text.expr(key, Precedence::TEST);
                text.push(": ");
                text.comprehension(value, generators);
            }),
            _ => unreachable!("every other expression is an atom"),
        }
    }

    fn enclosed(&mut self, open: &str, close: &str, inside: impl FnOnce(&mut Self)) {
        self.push(open);
        inside(self);
        self.push(close);
    }

    fn list(&mut self, elts: &[Expr<'_>]) {
        for (at, elt) in elts.iter().enumerate() {
            self.separate(at);
            self.expr(elt, Precedence::TEST);
        }
    }

    fn separate(&mut self, at: usize) {
        if at > 0 {
            self.push(", ");
        }
    }

    fn dict(&mut self, keys: &[Option<&Expr<'_>>], values: &[Expr<'_>]) {
        for (at, (key, value)) in keys.iter().zip(values).enumerate() {
            self.separate(at);
            match key {
                Some(key) => {
                    self.expr(key, Precedence::TEST);
                    self.push(": ");
                    self.expr(value, Precedence::TEST);
                }
                None => {
                    self.push("**");
                    self.expr(value, Precedence::BIT_OR);
                }
            }
        }
    }

    fn slice(&mut self, lower: Option<&Expr<'_>>, upper: Option<&Expr<'_>>, step: Option<&Expr<'_>>) {
        if let Some(lower) = lower {
            self.expr(lower, Precedence::TEST);
        }
        self.push(":");
        if let Some(upper) = upper {
            self.expr(upper, Precedence::TEST);
        }
        if let Some(step) = step {
            self.push(":");
            self.expr(step, Precedence::TEST);
        }
    }

    fn call(&mut self, func: &Expr<'_>, args: &[Expr<'_>], keywords: &[parser::ast::Keyword<'_>]) {
        self.expr(func, Precedence::ATOM);
        if let ([only], []) = (args, keywords)
            && matches!(only.kind, ExprKind::GeneratorExp { .. })
        {
            // It brings its own parentheses.
            return self.expr(only, Precedence::ATOM);
        }
        self.push("(");
        self.list(args);
        for (at, keyword) in keywords.iter().enumerate() {
            self.separate(args.len() + at);
            match keyword.arg {
                Some(name) => {
                    self.push(name);
                    self.push("=");
                }
                None => self.push("**"),
            }
            self.expr(keyword.value, Precedence::TEST);
        }
        self.push(")");
    }

    fn comprehension(&mut self, elt: &Expr<'_>, generators: &[Comprehension<'_>]) {
        self.expr(elt, Precedence::TEST);
        for generator in generators {
            self.push(if generator.is_async { " async for " } else { " for " });
            self.expr(generator.target, Precedence::TUPLE);
            self.push(" in ");
            self.expr(generator.iter, Precedence::TEST.tighter());
            for test in generator.ifs {
                self.push(" if ");
                self.expr(test, Precedence::TEST.tighter());
            }
        }
    }

    fn parameters(&mut self, args: &Arguments<'_>) {
        let positional = args.posonlyargs.len() + args.args.len();
        let without_default = positional - args.defaults.len();
        let mut count = 0;
        let mut begin = |text: &mut Self| {
            text.push(if count == 0 { " " } else { ", " });
            count += 1;
        };
        for (at, arg) in args.posonlyargs.iter().chain(args.args).enumerate() {
            begin(self);
            self.push(arg.arg);
            if let Some(default) = at.checked_sub(without_default).map(|at| &args.defaults[at]) {
                self.push("=");
                self.expr(default, Precedence::TEST);
            }
            if at + 1 == args.posonlyargs.len() {
                self.push(", /");
            }
        }
        if args.vararg.is_some() || !args.kwonlyargs.is_empty() {
            begin(self);
            self.push("*");
            self.push(args.vararg.map_or("", |arg| arg.arg));
        }
        for (arg, default) in args.kwonlyargs.iter().zip(args.kw_defaults) {
            begin(self);
            self.push(arg.arg);
            if let Some(default) = default {
                self.push("=");
                self.expr(default, Precedence::TEST);
            }
        }
        if let Some(arg) = args.kwarg {
            begin(self);
            self.push("**");
            self.push(arg.arg);
        }
    }

    /// Writes an f-string or a t-string: its contents, quoted as a string is.
    fn template(&mut self, expr: &Expr<'_>) {
        let mut inside = Self::default();
        inside.contents(expr);
        self.push(if matches!(expr.kind, ExprKind::TemplateStr { .. }) { "t" } else { "f" });
        self.constant(Constant::Str(PyStr::from_wtf8(&inside.out)));
    }

    /// Writes what stands between the quotes of a template, or behind the colon of a field.
    fn contents(&mut self, expr: &Expr<'_>) {
        match expr.kind {
            ExprKind::JoinedStr { values } | ExprKind::TemplateStr { values } => {
                values.iter().for_each(|value| self.contents(value));
            }
            ExprKind::Constant { value: Constant::Str(text), .. } => {
                for &byte in text.as_bytes() {
                    let times = if matches!(byte, b'{' | b'}') { 2 } else { 1 };
                    self.out.extend(std::iter::repeat_n(byte, times));
                }
            }
            _ => self.field(expr),
        }
    }

    /// Writes a replacement field.
    fn field(&mut self, expr: &Expr<'_>) {
        let (ExprKind::FormattedValue { value, conversion, format_spec }
        | ExprKind::Interpolation { value, conversion, format_spec, .. }) = expr.kind
        else {
            return self.expr(expr, Precedence::TEST);
        };
        let mut inside = Self::default();
        inside.expr(value, Precedence::TEST.tighter());
        // Two braces would stand for one.
        self.push(if inside.out.starts_with(b"{") { "{ " } else { "{" });
        self.out.append(&mut inside.out);
        self.push(match conversion {
            Conversion::None => "",
            Conversion::Str => "!s",
            Conversion::Repr => "!r",
            Conversion::Ascii => "!a",
        });
        if let Some(spec) = format_spec {
            self.push(":");
            self.contents(spec);
        }
        self.push("}");
    }

    /// Constants are shown as `repr` shows them; an infinity is written as a number that is too big.
    fn constant(&mut self, value: Constant<'_>) {
        match value {
            Constant::Ellipsis => self.push("..."),
            Constant::Float(_) | Constant::Complex(_) => {
                let text = parser::print::constant_repr(&value).replace("inf", "1e309");
                self.push(&text);
            }
            _ => self.push(&parser::print::constant_repr(&value)),
        }
    }
}
