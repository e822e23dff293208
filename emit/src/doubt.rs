//! Doubts about programs that compile: what CPython's compiler says as a `SyntaxWarning`.
//!
//! Two walks over the tree. The first looks for jumps that leave a `finally` block (PEP 765) and so swallow an exception; the second for
//! expressions that cannot mean what they say: an assertion of a tuple, the identity of a literal, a call or an index where a comma is
//! missing. A type is only guessed from the form of an expression; what is not a display, a literal or a comprehension has none.

use base::Span;
use parser::ast::{CmpOp, Constant, Expr, ExprContext, ExprKind, Expression, Int, Module, Stmt, StmtKind};
use parser::visit::{self, Visitor};

use crate::fold;

/// A doubt with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Doubt {
    /// The guilty text.
    pub span: Span,
    /// CPython's sentence.
    pub message: String,
}

/// What the parser and the compiler doubt in a module.
pub fn doubts_of_module(module: &Module<'_>) -> Vec<Doubt> {
    let mut found = of_parser(module.warnings);
    let mut jumps = Jumps { around: Vec::new(), found: Vec::new() };
    visit::walk_body(&mut jumps, module.body);
    found.append(&mut jumps.found);
    let mut mistakes = Mistakes { found };
    visit::walk_body(&mut mistakes, module.body);
    mistakes.found
}

/// What the parser and the compiler doubt in an expression.
pub fn doubts_of_expression(expression: &Expression<'_>) -> Vec<Doubt> {
    let mut mistakes = Mistakes { found: of_parser(expression.warnings) };
    mistakes.visit_expr(expression.body);
    mistakes.found
}

/// What the parser alone doubts.
pub fn of_parser(warnings: &[parser::ast::Warning<'_>]) -> Vec<Doubt> {
    warnings.iter().map(|warning| Doubt { span: warning.span, message: warning.message.to_owned() }).collect()
}

// --- Jumps out of `finally` ---

/// What a jump would leave.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Finally,
    Function,
    Loop,
}

struct Jumps {
    around: Vec<Around>,
    found: Vec<Doubt>,
}

impl Jumps {
    fn inside<'a>(&mut self, around: Around, body: &'a [Stmt<'a>]) {
        self.around.push(around);
        visit::walk_body(self, body);
        self.around.pop();
    }

    fn jump(&mut self, span: Span, keyword: &str) {
        if self.around.last() == Some(&Around::Finally) {
            self.found.push(Doubt { span, message: format!("'{keyword}' in a 'finally' block") });
        }
    }
}

impl<'a> Visitor<'a> for Jumps {
    fn visit_stmt(&mut self, stmt: &'a Stmt<'a>) {
        match stmt.kind {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                self.inside(Around::Function, def.body);
            }
            StmtKind::For { body, orelse, .. }
            | StmtKind::AsyncFor { body, orelse, .. }
            | StmtKind::While { body, orelse, .. } => {
                self.inside(Around::Loop, body);
                visit::walk_body(self, orelse);
            }
            StmtKind::Try(parts) | StmtKind::TryStar(parts) => {
                visit::walk_body(self, parts.body);
                parts.handlers.iter().for_each(|handler| visit::walk_body(self, handler.body));
                visit::walk_body(self, parts.orelse);
                self.inside(Around::Finally, parts.finalbody);
            }
            StmtKind::Return { .. } => self.jump(stmt.span, "return"),
            StmtKind::Break => self.jump(stmt.span, "break"),
            StmtKind::Continue => self.jump(stmt.span, "continue"),
            _ => visit::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr<'a>) {}
}

// --- Expressions that cannot be meant ---

struct Mistakes {
    found: Vec<Doubt>,
}

impl Mistakes {
    fn doubt(&mut self, span: Span, message: String) {
        self.found.push(Doubt { span, message });
    }

    fn call(&mut self, func: &Expr<'_>) {
        let is_value = matches!(
            func.kind,
            ExprKind::Constant { .. }
                | ExprKind::Tuple { .. }
                | ExprKind::List { .. }
                | ExprKind::ListComp { .. }
                | ExprKind::Dict { .. }
                | ExprKind::DictComp { .. }
                | ExprKind::Set { .. }
                | ExprKind::SetComp { .. }
                | ExprKind::GeneratorExp { .. }
                | ExprKind::JoinedStr { .. }
                | ExprKind::TemplateStr { .. }
        );
        if let Some(ty) = type_name(func).filter(|_| is_value) {
            self.doubt(func.span, format!("'{ty}' object is not callable; perhaps you missed a comma?"));
        }
    }

    fn subscript(&mut self, value: &Expr<'_>, index: &Expr<'_>) {
        let Some(ty) = type_name(value) else { return };
        let has_no_items = match value.kind {
            ExprKind::Constant { value, .. } => matches!(
                value,
                Constant::None
                    | Constant::Ellipsis
                    | Constant::Bool(_)
                    | Constant::Int(_)
                    | Constant::Float(_)
                    | Constant::Complex(_)
            ),
            ExprKind::Set { .. }
            | ExprKind::SetComp { .. }
            | ExprKind::GeneratorExp { .. }
            | ExprKind::TemplateStr { .. }
            | ExprKind::Lambda { .. } => true,
            _ => false,
        };
        if has_no_items {
            let message = format!("'{ty}' object is not subscriptable; perhaps you missed a comma?");
            self.doubt(value.span, message);
            return;
        }
        let is_sequence = match value.kind {
            ExprKind::Constant { value, .. } => matches!(value, Constant::Str(_) | Constant::Bytes(_)),
            ExprKind::Tuple { .. }
            | ExprKind::List { .. }
            | ExprKind::ListComp { .. }
            | ExprKind::JoinedStr { .. } => true,
            _ => false,
        };
        if let Some(index) = type_name(index).filter(|index| is_sequence && !["int", "bool"].contains(index)) { self.doubt(
            value.span,
            format!("{ty} indices must be integers or slices, not {index}; perhaps you missed a comma?"),
        ) }
    }

    /// `is` with a literal, once per comparison.
    fn compare(&mut self, span: Span, left: &Expr<'_>, ops: &[CmpOp], comparators: &[Expr<'_>]) {
        let mut left = left;
        for (op, right) in ops.iter().zip(comparators) {
            let literal = [left, right].into_iter().find(|side| is_equal_without_being_the_same(side));
            let (word, instead) = match op {
                CmpOp::Is => ("is", "=="),
                CmpOp::IsNot => ("is not", "!="),
                _ => ("", ""),
            };
            if let Some(ty) = literal.and_then(type_name).filter(|_| !word.is_empty()) {
                self.doubt(span, format!("\"{word}\" with '{ty}' literal. Did you mean \"{instead}\"?"));
                return;
            }
            left = right;
        }
    }
}

impl<'a> Visitor<'a> for Mistakes {
    fn visit_stmt(&mut self, stmt: &'a Stmt<'a>) {
        if let StmtKind::Assert { test: Expr { kind: ExprKind::Tuple { elts: [_, ..], .. }, .. }, .. } =
            stmt.kind
        {
            self.doubt(stmt.span, "assertion is always true, perhaps remove parentheses?".to_owned());
        }
        visit::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr<'a>) {
        match expr.kind {
            ExprKind::Call { func, .. } => self.call(func),
            ExprKind::Subscript { value, slice, ctx: ExprContext::Load } => self.subscript(value, slice),
            ExprKind::Compare { left, ops, comparators } => self.compare(expr.span, left, ops, comparators),
            _ => {}
        }
        visit::walk_expr(self, expr);
    }
}

/// Whether an expression is a constant other than the singletons, so that two equal ones need not be the same object.
fn is_equal_without_being_the_same(expr: &Expr<'_>) -> bool {
    match expr.kind {
        ExprKind::Constant { value, .. } => {
            !matches!(value, Constant::None | Constant::Bool(_) | Constant::Ellipsis)
        }
        ExprKind::Tuple { .. } => fold::constant(expr).is_some(),
        _ => false,
    }
}

/// The type of an expression, where its form tells it.
fn type_name(expr: &Expr<'_>) -> Option<&'static str> {
    Some(match expr.kind {
        ExprKind::Tuple { .. } => "tuple",
        ExprKind::List { .. } | ExprKind::ListComp { .. } => "list",
        ExprKind::Dict { .. } | ExprKind::DictComp { .. } => "dict",
        ExprKind::Set { .. } | ExprKind::SetComp { .. } => "set",
        ExprKind::GeneratorExp { .. } => "generator",
        ExprKind::Lambda { .. } => "function",
        ExprKind::JoinedStr { .. } => "str",
        ExprKind::TemplateStr { .. } => "string.templatelib.Template",
        ExprKind::Constant { value, .. } => constant_type(value),
        _ => return None,
    })
}

fn constant_type(value: Constant<'_>) -> &'static str {
    match value {
        Constant::None => "NoneType",
        Constant::Ellipsis => "ellipsis",
        Constant::Bool(_) => "bool",
        Constant::Int(Int::Small(_) | Int::Big(_)) => "int",
        Constant::Float(_) => "float",
        Constant::Complex(_) => "complex",
        Constant::Str(_) => "str",
        Constant::Bytes(_) => "bytes",
    }
}
