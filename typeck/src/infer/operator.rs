//! Arithmetic and comparisons, on objects and on primitives. (`static-python.md` 1.12, 1.13)

use base::Diagnostic;
use parser::ast::{CmpOp, Expr, ExprKind, Operator};

use super::{Checker, Env};
use crate::facts::Coercion;
use crate::ty::{Literal, Primitive, Ty, Type, TypeId};

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
            (None, Some(primitive))
                if op == Operator::Mult && primitive.is_integer() && self.is_repeatable(a) =>
            {
                self.set_coercion(right.id, Some(Coercion::Box(primitive)));
                a
            }
            (None, None) => {
                self.check_class_union(expr, a, op, b);
                let ty = self.object_op(a, op, b, right);
                if !self.is_plain_arithmetic(a, b) {
                    env.forget_fields();
                }
                ty
            }
            _ => self.primitive_op(expr, left, op, right, a, b, want),
        }
    }

    /// Whether a value is a list or a tuple and nothing else, which an integer repeats.
    fn is_repeatable(&self, ty: Ty) -> bool {
        let known = self.program.known;
        let class = self.program.types.as_instance(ty.id).map(|(class, ..)| class);
        self.is_exact(ty) && class.is_some_and(|class| [known.list, known.tuple].contains(&class))
    }

    /// `C | x` makes a union of classes; of what is certainly no type it makes none.
    fn check_class_union(&mut self, expr: &Expr<'a>, a: Ty, op: Operator, b: Ty) {
        let is_class = |this: &Self, ty: Ty| matches!(this.program.types.get(ty.id), Type::Class { .. });
        let is_value = |this: &Self, ty: Ty| {
            let known = this.program.known;
            let class = match this.program.types.get(ty.id) {
                Type::Literal(_) => return true,
                Type::Instance { class, .. } => *class,
                _ => return false,
            };
            [known.int, known.float, known.str, known.bytes, known.list, known.dict, known.tuple]
                .contains(&class)
        };
        let clash = (is_class(self, a) && is_value(self, b)) || (is_value(self, a) && is_class(self, b));
        if op == Operator::BitOr && clash {
            let (x, y) = (self.program.show(a.id), self.program.show(b.id));
            self.error("SP0138", expr.span, format!("unsupported operand type(s) for |: {x} and {y}"));
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
        if self.is_adaptable(left) {
            let b = self.expr(env, right, want);
            let context = self.primitive_of(b).map(|_| b.id);
            return (self.expr(env, left, context.or(want)), b);
        }
        let a = self.expr(env, left, want);
        let context = self.primitive_of(a).map(|_| a.id);
        let context = if self.is_adaptable(right) { context } else { want };
        let b = self.expr(env, right, context);
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
            None => self.library_operator(a, op, b),
        }
    }

    fn is_exact(&self, ty: Ty) -> bool {
        ty.is_sure
            && match self.program.types.get(ty.id) {
                Type::Instance { exact, .. } => *exact,
                Type::Literal(_) => true,
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
        self.facts().identities.remove(&expr.id);
        let ([op], [right]) = (ops, comparators) else {
            return self.compare_chain(env, expr, left, ops, comparators);
        };
        let (a, b) = self.operands(env, left, right, None);
        let is_membership = matches!(op, CmpOp::In | CmpOp::NotIn);
        if (self.primitive_of(a).is_some() && !is_membership) || self.primitive_of(b).is_some() {
            return self.primitive_compare(expr, left, *op, right, a, b);
        }
        self.box_index(left, a);
        if matches!(op, CmpOp::Eq | CmpOp::NotEq) && self.is_told_by_identity(a, b) {
            self.facts().identities.insert(expr.id);
            return Ty::sure(self.exact(self.program.known.bool));
        }
        let is_bool = self.object_compare(expr, a, *op, b);
        self.truth_of_compared(env, ops, is_bool)
    }

    /// Whether two values are equal if they are one: the first is certainly a member of an enumeration, which compares so with everything.
    pub(super) fn is_told_by_identity(&self, a: Ty, b: Ty) -> bool {
        let class = self.program.told_by_identity(a.id);
        let is_member = matches!(self.program.types.get(a.id), Type::Literal(Literal::Member { .. }));
        class.is_some()
            && self.program.told_by_identity(b.id) == class
            && (a.is_sure || is_member && b.is_sure)
    }

    /// Each operand of a chain is evaluated once, and compared with both neighbours.
    fn compare_chain(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        left: &'a Expr<'a>,
        ops: &'a [CmpOp],
        comparators: &'a [Expr<'a>],
    ) -> Ty {
        self.facts().chains.remove(&expr.id);
        let operands: Vec<_> = std::iter::once(left).chain(comparators).collect();
        let mut types: Vec<_> = operands.iter().map(|operand| self.expr(env, operand, None)).collect();
        if types.iter().any(|&ty| self.primitive_of(ty).is_some()) {
            return self.primitive_chain(env, expr, &operands, ops, &mut types);
        }
        let mut is_bool = true;
        for (pair, &op) in types.windows(2).zip(ops) {
            is_bool &= self.object_compare(expr, pair[0], op, pair[1]);
        }
        self.truth_of_compared(env, ops, is_bool)
    }

    /// A chain with primitives: constants take the type of the nearest one, and every pair has a type in common.
    fn primitive_chain(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        operands: &[&'a Expr<'a>],
        ops: &[CmpOp],
        types: &mut [Ty],
    ) -> Ty {
        for at in 0..types.len() {
            if self.primitive_of(types[at]).is_none() && self.is_adaptable(operands[at]) {
                let mut near = (0..at).rev().chain(at + 1..types.len()).map(|near| types[near]);
                let context = near.find(|&ty| self.primitive_of(ty).is_some()).map(|ty| ty.id);
                types[at] = self.expr(env, operands[at], context);
            }
        }
        let mut common = Vec::new();
        for (pair, &op) in types.windows(2).zip(ops) {
            let found = match op {
                CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn => {
                    let message = "primitives have neither identity nor members in a chained comparison";
                    self.error("SP0138", expr.span, message);
                    None
                }
                _ => self.common_primitive(expr, pair[0], pair[1], op.symbol()),
            };
            let Some(found) = found else { break };
            common.push(found);
        }
        // What stands between two pairs is converted for each of them; the ends have one type.
        if common.len() == ops.len() {
            for (at, primitive) in [(0, common[0]), (ops.len(), common[ops.len() - 1])] {
                let target = self.program.types.primitive(primitive);
                self.flow(operands[at].id, types[at], target);
            }
            self.facts().chains.insert(expr.id, common);
        }
        Ty::sure(self.program.types.primitive(Primitive::CBool))
    }

    /// What a comparison of objects gives, and leaves known of fields.
    fn truth_of_compared(&mut self, env: &mut Env<'a>, ops: &[CmpOp], is_bool: bool) -> Ty {
        if !ops.iter().all(|op| matches!(op, CmpOp::Is | CmpOp::IsNot)) {
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
        if matches!(op, CmpOp::In | CmpOp::NotIn) {
            let shown = self.program.show(b.id);
            self.error("SP0138", expr.span, format!("argument of type '{shown}' is not a container"));
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

/// Whether an exponent is certainly not negative.
fn is_natural(expr: &Expr<'_>) -> bool {
    matches!(expr.kind, ExprKind::Constant { value: parser::ast::Constant::Int(_), .. })
}
