//! Arithmetic and comparisons, on objects and on primitives. (`static-python.md` 1.12, 1.13)

use base::Diagnostic;
use parser::ast::{CmpOp, Expr, ExprKind, Operator};

use super::{Checker, Env};
use crate::ty::{Primitive, Ty, TypeId};

impl<'a> Checker<'_, 'a> {
    pub(crate) fn bin_op(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        left: &'a Expr<'a>,
        op: Operator,
        right: &'a Expr<'a>,
        want: Option<TypeId>,
    ) -> Ty {
        self.facts().operators.remove(&expr.id);
        let want =
            want.filter(|&want| self.program.types.as_primitive(want).is_some() && op != Operator::Pow);
        let (a, b) = self.operands(env, left, right, want);
        match (self.primitive_of(a), self.primitive_of(b)) {
            (None, None) => {
                let ty = self.object_op(a, op, b, right);
                if !self.is_plain_arithmetic(a, b) {
                    env.forget_fields();
                }
                ty
            }
            _ => self.primitive_op(expr, left, op, right, a, b, want),
        }
    }

    /// Literals take the type of the other operand.
    fn operands(
        &mut self,
        env: &mut Env<'a>,
        left: &'a Expr<'a>,
        right: &'a Expr<'a>,
        want: Option<TypeId>,
    ) -> (Ty, Ty) {
        if is_literal(left) {
            let b = self.expr(env, right, want);
            let context = self.primitive_of(b).map(|_| b.id);
            return (self.expr(env, left, context.or(want)), b);
        }
        let a = self.expr(env, left, want);
        let context = self.primitive_of(a).map(|_| a.id);
        let b = self.expr(env, right, if is_literal(right) { context } else { want });
        (a, b)
    }

    /// Whether an operation on these operands runs no Python code.
    fn is_plain_arithmetic(&mut self, a: Ty, b: Ty) -> bool {
        let mut plain = |ty: Ty| {
            let ty = self.program.inexact(ty.id);
            let known = self.program.known;
            [known.int, known.float, known.str, known.bool]
                .iter()
                .any(|&class| self.program.is_instance_of(ty, class))
        };
        plain(a) && plain(b)
    }

    #[allow(clippy::too_many_arguments, reason = "two operands with their types, and the context")]
    fn primitive_op(
        &mut self,
        expr: &Expr<'a>,
        left: &'a Expr<'a>,
        op: Operator,
        right: &'a Expr<'a>,
        a: Ty,
        b: Ty,
        want: Option<TypeId>,
    ) -> Ty {
        let Some(mut common) = self.common_primitive(expr, a, b, op.symbol()) else {
            // Reported; a value of no type causes no further complaints.
            return Ty::sure(self.program.types.never);
        };
        if !common.supports(op) {
            let message =
                format!("cannot {} {} and {}", op.symbol(), self.program.show(a.id), self.program.show(b.id));
            self.error("SP0138", expr.span, message);
        }
        // The context's width, where both operands fit it.
        if let Some(wider) = want.and_then(|want| self.program.types.as_primitive(want))
            && common.widens_to(wider)
        {
            common = wider;
        }
        self.widen_operands(left, right, a, b, common);
        self.facts().operators.insert(expr.id, common);
        let result = if op == Operator::Pow { Primitive::Double } else { common };
        Ty::sure(self.program.types.primitive(result))
    }

    fn widen_operands(&mut self, left: &'a Expr<'a>, right: &'a Expr<'a>, a: Ty, b: Ty, common: Primitive) {
        let target = self.program.types.primitive(common);
        self.flow(left.id, a, target);
        self.flow(right.id, b, target);
    }

    /// The primitive type in which an operation is done; reports mixtures that have none.
    fn common_primitive(&mut self, expr: &Expr<'a>, a: Ty, b: Ty, symbol: &str) -> Option<Primitive> {
        let common = match (self.primitive_of(a), self.primitive_of(b)) {
            (Some(a), Some(b)) => a.common(b),
            _ => None,
        };
        if common.is_none() {
            let (x, y) = (self.program.show(a.id), self.program.show(b.id));
            let diagnostic = Diagnostic::error("SP0138", expr.span, format!("cannot {symbol} {x} and {y}"));
            let help = match (self.primitive_of(a), self.primitive_of(b)) {
                (Some(a), Some(b)) if a.is_integer() && b.is_integer() => {
                    Some(format!("convert one of them: `{}(...)` or `{}(...)`", a.name(), b.name()))
                }
                (Some(primitive), None) | (None, Some(primitive)) => Some(format!(
                    "make an object of the primitive with `box(...)`, or convert the object with `{}(...)`",
                    primitive.name()
                )),
                _ => None,
            };
            self.report(Diagnostic { help, ..diagnostic });
        }
        common
    }

    /// Result of an operator on objects: expected, not sure, unless both are exact.
    pub(crate) fn object_op(&mut self, a: Ty, op: Operator, b: Ty, right: &Expr<'a>) -> Ty {
        let known = self.program.known;
        let is_exact = self.is_exact(a) && self.is_exact(b);
        let (x, y) = (self.program.inexact(a.id), self.program.inexact(b.id));
        let int = |this: &Self, id| {
            this.program.is_instance_of(id, known.int) || this.program.is_instance_of(id, known.bool)
        };
        let float = |this: &Self, id| this.program.is_instance_of(id, known.float);
        let result = if int(self, x) && int(self, y) {
            match op {
                Operator::Div => Some(known.float),
                Operator::Pow => is_natural(right).then_some(known.int),
                Operator::MatMult => None,
                _ => Some(known.int),
            }
        } else if (float(self, x) || int(self, x)) && (float(self, y) || int(self, y)) {
            let has_power = matches!(op, Operator::Pow);
            let is_bitwise = !matches!(
                op,
                Operator::Add
                    | Operator::Sub
                    | Operator::Mult
                    | Operator::Div
                    | Operator::FloorDiv
                    | Operator::Mod
            );
            (!has_power && !is_bitwise).then_some(known.float)
        } else if self.program.is_instance_of(x, known.str) && op == Operator::Add && x == y {
            Some(known.str)
        } else if op == Operator::Mult && int(self, y) && self.program.is_instance_of(x, known.list) {
            return Ty { id: if is_exact { a.id } else { x }, is_sure: is_exact };
        } else if op == Operator::Mod && self.program.is_instance_of(x, known.str) {
            Some(known.str)
        } else {
            None
        };
        match result {
            Some(class) if is_exact => Ty::sure(self.exact(class)),
            Some(class) => Ty::expected(self.instance(class)),
            None => self.dynamic(),
        }
    }

    fn is_exact(&self, ty: Ty) -> bool {
        ty.is_sure
            && match self.program.types.get(ty.id) {
                crate::ty::Type::Instance { exact, .. } => *exact,
                crate::ty::Type::Literal(_) => true,
                _ => false,
            }
    }

    pub(crate) fn compare(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        left: &'a Expr<'a>,
        ops: &'a [CmpOp],
        comparators: &'a [Expr<'a>],
    ) -> Ty {
        self.facts().operators.remove(&expr.id);
        let (mut a, b) = self.operands(env, left, &comparators[0], None);
        let mut is_primitive = self.primitive_of(a).is_some() || self.primitive_of(b).is_some();
        if is_primitive && ops.len() == 1 && !matches!(ops[0], CmpOp::In | CmpOp::NotIn) {
            return self.primitive_compare(expr, left, ops[0], &comparators[0], a, b);
        }
        if is_primitive && matches!(ops[0], CmpOp::In | CmpOp::NotIn) {
            self.box_index(left, a);
            is_primitive = self.primitive_of(b).is_some();
        }
        let mut is_bool = true;
        let mut right = b;
        for (at, &op) in ops.iter().enumerate() {
            if at > 0 {
                right = self.expr(env, &comparators[at], None);
            }
            is_primitive |= self.primitive_of(right).is_some();
            is_bool &= self.object_compare(expr, a, op, right);
            a = right;
        }
        if is_primitive {
            self.error("SP0138", expr.span, "not supported yet: chained comparison of primitives");
        }
        let is_identity = ops.iter().all(|op| matches!(op, CmpOp::Is | CmpOp::IsNot));
        if !is_identity {
            env.forget_fields();
        }
        if is_bool { Ty::sure(self.exact(self.program.known.bool)) } else { self.dynamic() }
    }

    fn primitive_compare(
        &mut self,
        expr: &Expr<'a>,
        left: &'a Expr<'a>,
        op: CmpOp,
        right: &'a Expr<'a>,
        a: Ty,
        b: Ty,
    ) -> Ty {
        if matches!(op, CmpOp::Is | CmpOp::IsNot) {
            self.error("SP0138", expr.span, "primitives have no identity");
            return self.dynamic();
        }
        if let Some(common) = self.common_primitive(expr, a, b, op.symbol()) {
            self.widen_operands(left, right, a, b, common);
            self.facts().operators.insert(expr.id, common);
        }
        Ty::sure(self.program.types.primitive(Primitive::CBool))
    }

    /// Whether the result is certainly a bool; reports orderings that involve None.
    fn object_compare(&mut self, expr: &Expr<'a>, a: Ty, op: CmpOp, b: Ty) -> bool {
        if matches!(op, CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn) {
            return true;
        }
        let is_ordering = matches!(op, CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE);
        if is_ordering {
            for ty in [a, b] {
                if self.program.types.admits_none(ty.id) {
                    let shown = self.program.show(ty.id);
                    let message = format!(
                        "'{}' is not supported between values that may be None: {shown}",
                        op.symbol()
                    );
                    let help = "narrow it first: `if ... is not None`";
                    self.report(Diagnostic::error("SP0139", expr.span, message).with_help(help));
                    return false;
                }
            }
        }
        self.is_exact(a) && self.is_exact(b)
    }
}

/// Whether an expression is a number that adapts to the other operand.
pub(crate) fn is_literal(expr: &Expr<'_>) -> bool {
    match expr.kind {
        ExprKind::Constant { .. } => true,
        ExprKind::UnaryOp { op: parser::ast::UnaryOp::USub, operand } => is_literal(operand),
        _ => false,
    }
}

/// Whether an exponent is certainly not negative.
fn is_natural(expr: &Expr<'_>) -> bool {
    matches!(expr.kind, ExprKind::Constant { value: parser::ast::Constant::Int(_), .. })
}
