//! Assignment in all its forms, and `del`.

use bytecode::{BinaryOp, Const, Opcode};
use parser::ast::{Expr, ExprKind, Operator, Stmt};

use crate::error::Emit;
use crate::module::Emitter;

impl<'a> Emitter<'a, '_> {
    pub(crate) fn assign(&mut self, targets: &'a [Expr<'a>], value: &'a Expr<'a>) -> Emit {
        if let Some((elts, values)) = pairs(targets, value) {
            if (2..=3).contains(&elts.len()) {
                return self.assign_exchange(elts, values);
            }
            if values.iter().any(|value| self.primitive_of(value).is_some()) {
                return self.assign_primitives(elts, values);
            }
        }
        self.expr(value)?;
        let (last, first) = targets.split_last().expect("an assignment has a target");
        for target in first {
            self.block().op(Opcode::COPY, 1);
            self.store(target)?;
        }
        self.store(last)
    }

    /// `a, b = x, y` needs no tuple.
    fn assign_exchange(&mut self, elts: &'a [Expr<'a>], values: &'a [Expr<'a>]) -> Emit {
        values.iter().try_for_each(|value| self.expr(value))?;
        self.block().op(Opcode::SWAP, values.len() as u32);
        elts.iter().try_for_each(|elt| self.store(elt))
    }

    /// Primitives are in no tuple; the checker takes them only where it does not matter which target is stored to first.
    fn assign_primitives(&mut self, elts: &'a [Expr<'a>], values: &'a [Expr<'a>]) -> Emit {
        values.iter().try_for_each(|value| self.expr(value))?;
        elts.iter().rev().try_for_each(|elt| self.store(elt))
    }

    /// Pops the top entry into a target.
    pub(crate) fn store(&mut self, target: &'a Expr<'a>) -> Emit {
        let range = self.at(target.span);
        self.coerce(target.id);
        match target.kind {
            ExprKind::Name { id, .. } => {
                self.check_assignable(target, id)?;
                self.store_name(id);
            }
            ExprKind::Attribute { value, attr, .. } => {
                self.check_assignable(target, attr)?;
                self.expr(value)?;
                self.at_attribute(target.span, target);
                self.store_attribute(target, attr);
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value)?;
                if let Some((lower, upper)) = two_part_slice(slice) {
                    self.optional_expr(lower)?;
                    self.optional_expr(upper)?;
                    self.at(target.span);
                    self.block().op0(Opcode::STORE_SLICE);
                } else {
                    self.expr(slice)?;
                    self.at(target.span);
                    self.store_item(target);
                }
            }
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => self.unpack(target, elts)?,
            ExprKind::Starred { .. } => {
                return self.error(target.span, "starred assignment target must be in a list or tuple");
            }
            _ => return self.error(target.span, "cannot assign to expression"),
        }
        self.block().set_range(range);
        Ok(())
    }

    /// `value, owner --`
    fn store_attribute(&mut self, target: &Expr<'a>, attr: &str) {
        if let Some(field) = self.field_of(target, attr) {
            self.block().op(Opcode::STORE_FIELD, field);
        } else if !self.set_property(target, attr) {
            let attr = self.mangled(attr);
            self.name_op(Opcode::STORE_ATTR, &attr);
        }
    }

    /// `value, container, key --`
    fn store_item(&mut self, target: &Expr<'a>) {
        match self.sequence_of(target) {
            Some(kind) => self.block().op(Opcode::SEQUENCE_SET, kind as u32),
            None => self.block().op0(Opcode::STORE_SUBSCR),
        }
    }

    fn check_assignable(&self, target: &Expr<'a>, name: &str) -> Emit {
        if name == "__debug__" { self.error(target.span, "cannot assign to __debug__") } else { Ok(()) }
    }

    fn unpack(&mut self, target: &Expr<'a>, elts: &'a [Expr<'a>]) -> Emit {
        let is_starred = |elt: &Expr<'_>| matches!(elt.kind, ExprKind::Starred { .. });
        match elts.iter().position(is_starred) {
            None => self.block().op(Opcode::UNPACK_SEQUENCE, elts.len() as u32),
            Some(at) => {
                let after = elts.len() - at - 1;
                if elts[at + 1..].iter().any(is_starred) {
                    return self.error(target.span, "multiple starred expressions in assignment");
                }
                if at >= 1 << 8 || after >= 1 << 12 {
                    return self.error(target.span, "too many expressions in star-unpacking assignment");
                }
                self.block().op(Opcode::UNPACK_EX, at as u32 | (after as u32) << 12);
            }
        }
        for elt in elts {
            match elt.kind {
                ExprKind::Starred { value, .. } => self.store(value)?,
                _ => self.store(elt)?,
            }
        }
        Ok(())
    }

    pub(crate) fn augmented_assign(
        &mut self,
        stmt: &Stmt<'a>,
        target: &'a Expr<'a>,
        op: Operator,
        value: &'a Expr<'a>,
    ) -> Emit {
        self.at(target.span);
        match target.kind {
            ExprKind::Name { id, .. } => {
                self.check_assignable(target, id)?;
                self.load_name(id);
                self.refine(target.id);
                self.operate_in_place(stmt, target, op, value)?;
                self.coerce(target.id);
                self.store_name(id);
            }
            ExprKind::Attribute { value: owner, attr, .. } => {
                self.expr(owner)?;
                self.at(target.span);
                self.block().op(Opcode::COPY, 1);
                self.at_attribute(target.span, target);
                match self.field_of(target, attr) {
                    Some(field) => self.block().op(Opcode::LOAD_FIELD, field),
                    None if self.read_property(target, attr) => {}
                    None => {
                        let attr = self.mangled(attr);
                        self.name_op(Opcode::LOAD_ATTR, &attr);
                        self.unbox_attribute(target);
                    }
                }
                self.operate_in_place(stmt, target, op, value)?;
                self.at_attribute(target.span, target);
                self.coerce(target.id);
                self.block().op(Opcode::SWAP, 2);
                self.store_attribute(target, attr);
            }
            ExprKind::Subscript { value: owner, slice, .. } => {
                self.augmented_item(stmt, target, owner, slice, op, value)?;
            }
            _ => return self.error(target.span, "illegal expression for augmented assignment"),
        }
        Ok(())
    }

    fn augmented_item(
        &mut self,
        stmt: &Stmt<'a>,
        target: &Expr<'a>,
        owner: &'a Expr<'a>,
        slice: &'a Expr<'a>,
        op: Operator,
        value: &'a Expr<'a>,
    ) -> Emit {
        self.expr(owner)?;
        self.expr(slice)?;
        self.at(target.span);
        self.block().op(Opcode::COPY, 2);
        self.block().op(Opcode::COPY, 2);
        match self.sequence_of(target) {
            Some(kind) => self.block().op(Opcode::SEQUENCE_GET, kind as u32),
            None => self.block().op0(Opcode::BINARY_SUBSCR),
        }
        self.check_element(target.id);
        self.operate_in_place(stmt, target, op, value)?;
        self.at(target.span);
        self.coerce(target.id);
        // owner, key, value -- value, owner, key
        self.block().op(Opcode::SWAP, 3);
        self.block().op(Opcode::SWAP, 2);
        self.store_item(target);
        Ok(())
    }

    fn operate_in_place(
        &mut self,
        stmt: &Stmt<'a>,
        target: &Expr<'a>,
        op: Operator,
        value: &'a Expr<'a>,
    ) -> Emit {
        self.expr(value)?;
        self.at(stmt.span);
        match self.operator_type(target.id) {
            Some(primitive) => self.primitive_binary(op, primitive),
            None => self.block().op(Opcode::BINARY_OP_INPLACE, binary_operator(op) as u32),
        }
        Ok(())
    }

    pub(crate) fn annotated_assign(
        &mut self,
        stmt: &'a Stmt<'a>,
        target: &'a Expr<'a>,
        annotation: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
        simple: bool,
    ) -> Emit {
        if let (None, ExprKind::Name { id: name, .. } | ExprKind::Attribute { attr: name, .. }) =
            (value, target.kind)
            && name == "__debug__"
        {
            return self.error(stmt.span, "cannot assign to __debug__");
        }
        if let Some(value) = value {
            self.expr(value)?;
            self.store(target)?;
        } else if let ExprKind::Attribute { value, .. } | ExprKind::Subscript { value, .. } = target.kind {
            // CPython evaluates the parts of a bare target for their effects.
            self.expr(value)?;
            self.block().op0(Opcode::POP_TOP);
        }
        if simple {
            self.eager_annotation(target, annotation)?;
        }
        Ok(())
    }

    pub(crate) fn delete(&mut self, target: &'a Expr<'a>) -> Emit {
        self.at(target.span);
        match target.kind {
            ExprKind::Name { id, .. } => {
                if id == "__debug__" {
                    return self.error(target.span, "cannot delete __debug__");
                }
                self.delete_name(id);
            }
            ExprKind::Attribute { value, attr, .. } => {
                self.expr(value)?;
                self.at_attribute(target.span, target);
                let attr = self.mangled(attr);
                self.name_op(Opcode::DELETE_ATTR, &attr);
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value)?;
                self.expr(slice)?;
                self.at(target.span);
                self.block().op0(Opcode::DELETE_SUBSCR);
            }
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                elts.iter().try_for_each(|elt| self.delete(elt))?;
            }
            _ => return self.error(target.span, "cannot delete expression"),
        }
        Ok(())
    }

    /// An expression, or None where it is missing.
    pub(crate) fn optional_expr(&mut self, expr: Option<&'a Expr<'a>>) -> Emit {
        match expr {
            Some(expr) => self.expr(expr),
            None => {
                self.load_const(Const::None);
                Ok(())
            }
        }
    }
}

/// Targets and values of `a, b = x, y`.
fn pairs<'a>(targets: &'a [Expr<'a>], value: &'a Expr<'a>) -> Option<(&'a [Expr<'a>], &'a [Expr<'a>])> {
    let [Expr { kind: ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. }, .. }] = targets else {
        return None;
    };
    let ExprKind::Tuple { elts: values, .. } = value.kind else { return None };
    let has_star = |list: &[Expr<'_>]| list.iter().any(|elt| matches!(elt.kind, ExprKind::Starred { .. }));
    let fits = elts.len() == values.len() && !has_star(elts) && !has_star(values);
    fits.then_some((*elts, values))
}

/// The bounds of a slice without a step.
pub(crate) fn two_part_slice<'a>(slice: &Expr<'a>) -> Option<(Option<&'a Expr<'a>>, Option<&'a Expr<'a>>)> {
    match slice.kind {
        ExprKind::Slice { lower, upper, step: None } => Some((lower, upper)),
        _ => None,
    }
}

/// The operand of `BINARY_OP` for an operator of the syntax.
pub(crate) fn binary_operator(op: Operator) -> BinaryOp {
    match op {
        Operator::Add => BinaryOp::Add,
        Operator::Sub => BinaryOp::Subtract,
        Operator::Mult => BinaryOp::Multiply,
        Operator::MatMult => BinaryOp::MatrixMultiply,
        Operator::Div => BinaryOp::Divide,
        Operator::Mod => BinaryOp::Modulo,
        Operator::Pow => BinaryOp::Power,
        Operator::LShift => BinaryOp::LeftShift,
        Operator::RShift => BinaryOp::RightShift,
        Operator::BitOr => BinaryOp::Or,
        Operator::BitXor => BinaryOp::Xor,
        Operator::BitAnd => BinaryOp::And,
        Operator::FloorDiv => BinaryOp::FloorDivide,
    }
}
