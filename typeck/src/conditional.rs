//! Names that a module binds under conditions: in branches, loops, handlers and `with` blocks. (decision 17, `static-python.md` 1.6)
//!
//! A function or annotated variable that is bound at one place has the type that it has there, and so has one whose bindings all say the same:
//! functions of one statement with the same parameters, of which none has a default, and the same result; variables with the same annotation.
//! Everything else is dynamic, and so are functions that loops define. What a test of `sys.hexversion` leaves out is not looked at.

use parser::ast::{self, CmpOp, Expr, ExprKind, NodeId, Stmt, StmtKind};

use crate::declare::annotated_variable;
use crate::program::{FunctionId, Member, ModuleId, Program};

/// `sys.hexversion` of the Python that this is: 3.14.0, final.
const HEXVERSION: i64 = 0x030e_00f0;

impl<'a> Program<'a> {
    /// Declares what a block under a condition binds.
    pub(crate) fn declare_nested(&mut self, module: ModuleId, body: &'a [Stmt<'a>]) {
        for stmt in body {
            match stmt.kind {
                StmtKind::ClassDef(def) => self.declare_as_dynamic(module, def.name),
                StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                    let is_async = matches!(stmt.kind, StmtKind::AsyncFunctionDef(_));
                    let function = self.declare_function(module, stmt.id, def, None, is_async);
                    self.declare_alternative(module, def.name, function);
                }
                StmtKind::AnnAssign { target, annotation, value, simple: true } => {
                    self.declare_conditional_variable(module, target, annotation, value);
                }
                StmtKind::AnnAssign { target, .. } => self.declare_dynamic(module, target),
                _ => self.declare_stmt(module, stmt),
            }
        }
    }

    /// One of the functions that a name may stand for. Whether they agree is seen when they are bound.
    fn declare_alternative(&mut self, module: ModuleId, name: &'a str, function: FunctionId) {
        if self.loop_depth > 0 {
            // Calls may have been compiled before the next turn binds the name again.
            return self.declare_as_dynamic(module, name);
        }
        match self.modules[module].members.get(name) {
            None => _ = self.modules[module].members.insert(name, Member::Function(function)),
            Some(Member::Function(first)) if self.is_alternative(*first) => {
                self.alternatives.entry(*first).or_default().push(function);
            }
            Some(_) => self.declare_as_dynamic(module, name),
        }
    }

    /// Whether a function stands in the statement of the module that is being declared, so that another one there is bound instead of it.
    fn is_alternative(&self, first: FunctionId) -> bool {
        let (name, around) = (self.functions[first].def.name_span, self.outermost);
        around.start <= name.start && name.end <= around.end
    }

    fn declare_conditional_variable(
        &mut self,
        module: ModuleId,
        target: &'a Expr<'a>,
        annotation: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
    ) {
        let Some(name) = target.as_name() else { return };
        let source = self.modules[module].source;
        let text = |expr: &Expr<'a>| source.get(expr.span.start as usize..expr.span.end as usize);
        let is_again = self.modules[module].members.contains_key(name);
        let member = match self.modules[module].members.get(name) {
            None => annotated_variable(target, annotation, value),
            Some(Member::Variable { annotation: Some(first), .. }) if text(first) == text(annotation) => {
                annotated_variable(target, annotation, value)
            }
            Some(_) => return self.declare_as_dynamic(module, name),
        };
        // Which of several values it has is known only when the module runs.
        let member = match member {
            Member::Variable { ty, annotation, is_final, value, span, .. } => Member::Variable {
                ty,
                annotation,
                is_final: is_final && !is_again,
                constant: None,
                value,
                span,
            },
            other => other,
        };
        self.modules[module].members.insert(name, member);
    }

    /// Names whose functions do not agree are dynamic.
    pub(crate) fn bind_alternatives(&mut self, module: ModuleId) {
        let members = self.modules[module].members.iter();
        let found = members.filter_map(|(name, member)| match member {
            Member::Function(first) if self.alternatives.contains_key(first) => Some((*name, *first)),
            _ => None,
        });
        for (name, first) in found.collect::<Vec<_>>() {
            let others = &self.alternatives[&first];
            if !others.iter().all(|&other| self.agree(first, other)) {
                self.declare_as_dynamic(module, name);
            }
        }
    }

    /// Whether callers cannot tell two functions apart.
    fn agree(&self, first: FunctionId, other: FunctionId) -> bool {
        let (a, b) = (&self.functions[first], &self.functions[other]);
        let has_default = |param: &crate::program::Param<'a>| param.default.is_some();
        let is_same = |(x, y): (&crate::program::Param<'a>, &crate::program::Param<'a>)| {
            (x.name, x.ty, x.kind, x.item) == (y.name, y.ty, y.kind, y.item)
        };
        !a.is_dynamic
            && !b.is_dynamic
            && (a.is_async, a.is_generator, a.ret) == (b.is_async, b.is_generator, b.ret)
            && a.body == b.body
            && a.params.len() == b.params.len()
            && !a.params.iter().chain(&b.params).any(has_default)
            && a.params.iter().zip(&b.params).all(is_same)
    }

    /// The function that a statement defines, if its name stands for it or for one that agrees.
    pub(crate) fn defined_function(&self, module: ModuleId, name: &str, node: NodeId) -> Option<FunctionId> {
        let Some(Member::Function(first)) = self.modules[module].members.get(name) else { return None };
        let others = self.alternatives.get(first).map_or(&[][..], Vec::as_slice);
        std::iter::once(first).chain(others).copied().find(|&function| self.functions[function].node == node)
    }

    /// What a test of `sys.hexversion` gives here.
    pub(crate) fn known_test(&mut self, module: ModuleId, test: &'a Expr<'a>) -> Option<bool> {
        let ExprKind::Compare { left, ops: [op], comparators: [right] } = test.kind else { return None };
        let (a, b) = (self.version_operand(module, left)?, self.version_operand(module, right)?);
        match op {
            CmpOp::Lt => Some(a < b),
            CmpOp::LtE => Some(a <= b),
            CmpOp::Gt => Some(a > b),
            CmpOp::GtE => Some(a >= b),
            CmpOp::Eq => Some(a == b),
            CmpOp::NotEq => Some(a != b),
            _ => None,
        }
    }

    fn version_operand(&mut self, module: ModuleId, expr: &'a Expr<'a>) -> Option<i64> {
        match expr.kind {
            ExprKind::Constant { value: ast::Constant::Int(ast::Int::Small(value)), .. } => Some(value),
            ExprKind::Attribute { value, attr: "hexversion", .. } => {
                let is_sys =
                    matches!(self.modules[module].members.get(value.as_name()?), Some(Member::Module("sys")));
                is_sys.then_some(HEXVERSION)
            }
            _ => None,
        }
    }

    /// Whether an expression is certainly no type.
    pub(crate) fn is_no_type(&mut self, module: ModuleId, expr: &'a Expr<'a>) -> bool {
        match expr.kind {
            ExprKind::Constant { value, .. } => !matches!(value, ast::Constant::None | ast::Constant::Str(_)),
            ExprKind::List { .. }
            | ExprKind::Dict { .. }
            | ExprKind::Set { .. }
            | ExprKind::Lambda { .. } => true,
            ExprKind::Compare { .. } | ExprKind::BoolOp { .. } | ExprKind::UnaryOp { .. } => true,
            ExprKind::BinOp { left, right, .. } => {
                self.is_no_type(module, left) || self.is_no_type(module, right)
            }
            ExprKind::Name { .. } => {
                let found = self.chase_expr(module, expr);
                matches!(found, Some((_, Member::Function(_) | Member::Module(_) | Member::Variable { .. })))
            }
            _ => false,
        }
    }
}
