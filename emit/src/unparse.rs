//! The text of an annotation, for `from __future__ import annotations`.
//!
//! The text is canonical, as CPython's `ast_unparse.c` makes it: one space around operators, only the parentheses that
//! precedence demands, strings in repr form.

use parser::ast::{BoolOp, Constant, Expr, ExprKind, UnaryOp};

use crate::module::Emitter;

/// How tightly an expression binds, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Tuple,
    Test,
    Or,
    And,
    Not,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Arith,
    Term,
    Factor,
    Power,
    Await,
    Atom,
}

impl Emitter<'_, '_> {
    /// The canonical text of an expression.
    pub(crate) fn unparse(&self, expr: &Expr<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, expr, Level::Tuple, self.source);
        out
    }
}

/// The source text of an expression; nothing in a tree that no text was parsed for.
fn text_of<'s>(expr: &Expr<'_>, source: &'s str) -> &'s str {
    source.get(expr.span.start as usize..expr.span.end as usize).unwrap_or_default()
}

fn write(out: &mut Vec<u8>, expr: &Expr<'_>, level: Level, source: &str) {
    let own = level_of(expr);
    let parenthesize = own < level;
    if parenthesize {
        out.push(b'(');
    }
    write_bare(out, expr, own, source);
    if parenthesize {
        out.push(b')');
    }
}

fn level_of(expr: &Expr<'_>) -> Level {
    use parser::ast::Operator;
    match expr.kind {
        ExprKind::Tuple { .. } => Level::Tuple,
        ExprKind::NamedExpr { .. } | ExprKind::Yield { .. } | ExprKind::YieldFrom { .. } => Level::Tuple,
        ExprKind::Lambda { .. } | ExprKind::IfExp { .. } => Level::Test,
        ExprKind::BoolOp { op: BoolOp::Or, .. } => Level::Or,
        ExprKind::BoolOp { op: BoolOp::And, .. } => Level::And,
        ExprKind::UnaryOp { op: UnaryOp::Not, .. } => Level::Not,
        ExprKind::Compare { .. } => Level::Compare,
        ExprKind::UnaryOp { .. } => Level::Factor,
        ExprKind::Await { .. } => Level::Await,
        ExprKind::BinOp { op, .. } => match op {
            Operator::BitOr => Level::BitOr,
            Operator::BitXor => Level::BitXor,
            Operator::BitAnd => Level::BitAnd,
            Operator::LShift | Operator::RShift => Level::Shift,
            Operator::Add | Operator::Sub => Level::Arith,
            Operator::Mult | Operator::Div | Operator::FloorDiv | Operator::Mod | Operator::MatMult => {
                Level::Term
            }
            Operator::Pow => Level::Power,
        },
        _ => Level::Atom,
    }
}

fn tighter(level: Level) -> Level {
    const ORDER: [Level; 16] = [
        Level::Tuple,
        Level::Test,
        Level::Or,
        Level::And,
        Level::Not,
        Level::Compare,
        Level::BitOr,
        Level::BitXor,
        Level::BitAnd,
        Level::Shift,
        Level::Arith,
        Level::Term,
        Level::Factor,
        Level::Power,
        Level::Await,
        Level::Atom,
    ];
    ORDER[(level as usize + 1).min(ORDER.len() - 1)]
}

fn write_bare(out: &mut Vec<u8>, expr: &Expr<'_>, own: Level, source: &str) {
    match expr.kind {
        ExprKind::Name { id, .. } => out.extend_from_slice(id.as_bytes()),
        ExprKind::Constant { value, kind } => {
            out.extend_from_slice(kind.unwrap_or_default().as_bytes());
            write_constant(out, value);
        }
        ExprKind::Attribute { value, attr, .. } => {
            write(out, value, Level::Atom, source);
            if matches!(value.kind, ExprKind::Constant { value: Constant::Int(_), .. }) {
                out.push(b' ');
            }
            out.push(b'.');
            out.extend_from_slice(attr.as_bytes());
        }
        ExprKind::Subscript { value, slice, .. } => {
            write(out, value, Level::Atom, source);
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
            write(out, value, Level::BitOr, source);
        }
        ExprKind::BinOp { left, op, right } => {
            let is_power = own == Level::Power;
            write(out, left, if is_power { tighter(own) } else { own }, source);
            out.extend_from_slice(format!(" {} ", op.symbol()).as_bytes());
            write(out, right, if is_power { own } else { tighter(own) }, source);
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
                write(out, value, tighter(own), source);
            }
        }
        ExprKind::Call { func, args, keywords } => {
            write(out, func, Level::Atom, source);
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
                write(out, keyword.value, Level::Test, source);
            }
            out.push(b')');
        }
        ExprKind::IfExp { test, body, orelse } => {
            write(out, body, tighter(Level::Test), source);
            out.extend_from_slice(b" if ");
            write(out, test, tighter(Level::Test), source);
            out.extend_from_slice(b" else ");
            write(out, orelse, Level::Test, source);
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
                    write(out, part, Level::Test, source);
                }
            }
        }
        _ => write(out, slice, Level::Tuple, source),
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
        write(out, elt, Level::Test, source);
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
