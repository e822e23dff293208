//! The text of an annotation, for `from __future__ import annotations`.
//!
//! The text is canonical, as CPython's `ast_unparse.c` makes it: one space around operators, only the parentheses that
//! precedence demands, strings in repr form.

use parser::ast::{BoolOp, Constant, Expr, ExprKind, Precedence, UnaryOp};

use crate::module::Emitter;

impl Emitter<'_, '_> {
    /// The canonical text of an expression.
    pub(crate) fn unparse(&self, expr: &Expr<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, expr, Precedence::TUPLE, self.source);
        out
    }
}

/// The source text of an expression; nothing in a tree that no text was parsed for.
fn text_of<'s>(expr: &Expr<'_>, source: &'s str) -> &'s str {
    source.get(expr.span.start as usize..expr.span.end as usize).unwrap_or_default()
}

fn write(out: &mut Vec<u8>, expr: &Expr<'_>, level: Precedence, source: &str) {
    let own = precedence(expr);
    let parenthesize = own < level;
    if parenthesize {
        out.push(b'(');
    }
    write_bare(out, expr, own, source);
    if parenthesize {
        out.push(b')');
    }
}

fn precedence(expr: &Expr<'_>) -> Precedence {
    match expr.kind {
        ExprKind::Tuple { .. } => Precedence::TUPLE,
        ExprKind::NamedExpr { .. } | ExprKind::Yield { .. } | ExprKind::YieldFrom { .. } => Precedence::TUPLE,
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

fn write_bare(out: &mut Vec<u8>, expr: &Expr<'_>, own: Precedence, source: &str) {
    match expr.kind {
        ExprKind::Name { id, .. } => out.extend_from_slice(id.as_bytes()),
        ExprKind::Constant { value, kind } => {
            out.extend_from_slice(kind.copied().unwrap_or_default().as_bytes());
            write_constant(out, value);
        }
        ExprKind::Attribute { value, attr, .. } => {
            write(out, value, Precedence::ATOM, source);
            if matches!(value.kind, ExprKind::Constant { value: Constant::Int(_), .. }) {
                out.push(b' ');
            }
            out.push(b'.');
            out.extend_from_slice(attr.as_bytes());
        }
        ExprKind::Subscript { value, slice, .. } => {
            write(out, value, Precedence::ATOM, source);
            out.push(b'[');
            write_slice(out, slice, source);
            out.push(b']');
        }
        ExprKind::Tuple { elts, .. } => {
            out.push(b'(');
            write_tuple_items(out, elts, source);
            out.push(b')');
        }
        ExprKind::List { elts, .. } => {
            out.push(b'[');
            write_list(out, elts, source);
            out.push(b']');
        }
        ExprKind::Starred { value, .. } => {
            out.push(b'*');
            write(out, value, Precedence::BIT_OR, source);
        }
        ExprKind::BinOp { left, op, right } => {
            let is_power = own == Precedence::POWER;
            write(out, left, if is_power { own.tighter() } else { own }, source);
            out.extend_from_slice(format!(" {} ", op.symbol()).as_bytes());
            write(out, right, if is_power { own } else { own.tighter() }, source);
        }
        ExprKind::UnaryOp { op, operand } => {
            out.extend_from_slice(op.symbol().as_bytes());
            write(out, operand, own, source);
        }
        ExprKind::BoolOp { op, values } => {
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.extend_from_slice(format!(" {} ", op.symbol()).as_bytes());
                }
                write(out, value, own.tighter(), source);
            }
        }
        ExprKind::Call { func, args, keywords } => {
            write(out, func, Precedence::ATOM, source);
            out.push(b'(');
            write_list(out, args, source);
            for (at, keyword) in keywords.iter().enumerate() {
                if at > 0 || !args.is_empty() {
                    out.extend_from_slice(b", ");
                }
                match keyword.arg {
                    Some(name) => out.extend_from_slice(format!("{name}=").as_bytes()),
                    None => out.extend_from_slice(b"**"),
                }
                write(out, keyword.value, Precedence::TEST, source);
            }
            out.push(b')');
        }
        ExprKind::IfExp { test, body, orelse } => {
            write(out, body, Precedence::TEST.tighter(), source);
            out.extend_from_slice(b" if ");
            write(out, test, Precedence::TEST.tighter(), source);
            out.extend_from_slice(b" else ");
            write(out, orelse, Precedence::TEST, source);
        }
        // Anything else is rare in an annotation and keeps the author's spelling.
        _ => out.extend_from_slice(text_of(expr, source).as_bytes()),
    }
}

fn write_slice(out: &mut Vec<u8>, slice: &Expr<'_>, source: &str) {
    match slice.kind {
        ExprKind::Tuple { elts, .. } if !elts.is_empty() => write_tuple_items(out, elts, source),
        ExprKind::Slice { lower, upper, step } => {
            for (at, part) in [lower, upper, step].into_iter().enumerate() {
                if at == 1 || (at == 2 && part.is_some()) {
                    out.push(b':');
                }
                if let Some(part) = part {
                    write(out, part, Precedence::TEST, source);
                }
            }
        }
        _ => write(out, slice, Precedence::TUPLE, source),
    }
}

fn write_tuple_items(out: &mut Vec<u8>, elts: &[Expr<'_>], source: &str) {
    write_list(out, elts, source);
    if elts.len() == 1 {
        out.push(b',');
    }
}

fn write_list(out: &mut Vec<u8>, elts: &[Expr<'_>], source: &str) {
    for (at, elt) in elts.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(b", ");
        }
        write(out, elt, Precedence::TEST, source);
    }
}

/// Constants are shown as `repr` shows them; an infinity is written as a number that is too big.
fn write_constant(out: &mut Vec<u8>, value: Constant<'_>) {
    match value {
        Constant::None => out.extend_from_slice(b"None"),
        Constant::Ellipsis => out.extend_from_slice(b"..."),
        Constant::Bool(true) => out.extend_from_slice(b"True"),
        Constant::Bool(false) => out.extend_from_slice(b"False"),
        Constant::Int(int) => out.extend_from_slice(int.to_string().as_bytes()),
        Constant::Float(_) | Constant::Complex(_) => {
            let text = parser::print::constant_repr(&value).replace("inf", "1e309");
            out.extend_from_slice(text.as_bytes());
        }
        Constant::Str(_) | Constant::Bytes(_) => {
            out.extend_from_slice(parser::print::constant_repr(&value).as_bytes());
        }
    }
}
