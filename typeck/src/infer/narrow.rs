//! Narrowing: what a condition says about names and fields when it is true, and when it is false.
//! (`static-python.md` 1.9)

use parser::ast::{BoolOp, CmpOp, Constant, Expr, ExprKind, UnaryOp};

use super::{Checker, Env};
use crate::program::{ClassId, Member};
use crate::ty::{Primitive, Special, Ty, Type, TypeId};

impl<'a> Checker<'_, 'a> {
    /// Checks a condition; returns the states in which it is true and false.
    pub(crate) fn condition(&mut self, mut env: Env<'a>, test: &'a Expr<'a>) -> (Env<'a>, Env<'a>) {
        match test.kind {
            ExprKind::UnaryOp { op: UnaryOp::Not, operand } => {
                let (when_true, when_false) = self.condition(env, operand);
                let operand = self.facts().types[operand.id];
                if let Some(ty) = operand {
                    let truth = self.negated(test, ty);
                    self.record(test, truth);
                    self.note_condition(test);
                }
                (when_false, when_true)
            }
            ExprKind::BoolOp { op, values } => self.bool_condition(env, test, op, values),
            ExprKind::Compare { left, ops: [op @ (CmpOp::Is | CmpOp::IsNot)], comparators: [right] } => {
                self.expr(&mut env, test, None);
                let subject = match (is_none(left), is_none(right)) {
                    (false, true) => left,
                    (true, false) => right,
                    _ => return (env.clone(), env),
                };
                let (is, is_not) = self.split_none(env, subject);
                if *op == CmpOp::Is { (is, is_not) } else { (is_not, is) }
            }
            ExprKind::Call { func, args: [subject, class], keywords: [] } if self.is_isinstance(func) => {
                self.expr(&mut env, test, None);
                self.split_isinstance(env, subject, class)
            }
            ExprKind::NamedExpr { target, .. } => {
                self.expr(&mut env, test, None);
                self.split_truth(env, target)
            }
            _ => {
                self.expr(&mut env, test, None);
                self.note_condition(test);
                self.split_truth(env, test)
            }
        }
    }

    /// What `not` of a value of a type is; of a primitive, a primitive.
    pub(super) fn negated(&mut self, test: &Expr<'a>, operand: Ty) -> Ty {
        if self.primitive_of(operand).is_none() {
            self.facts().operators.remove(&test.id);
            return Ty::sure(self.exact(self.program.known.bool));
        }
        self.facts().operators.insert(test.id, Primitive::CBool);
        Ty::sure(self.program.types.primitive(Primitive::CBool))
    }

    /// Refuses operands of a choice whose value is asked for, not only its truth, if only some of them are primitives.
    pub(super) fn check_choices(&mut self, value: &'a Expr<'a>) {
        match value.kind {
            ExprKind::UnaryOp { op: UnaryOp::Not, operand } => self.check_choices(operand),
            ExprKind::BoolOp { values, .. } => {
                values.iter().for_each(|value| self.check_choices(value));
                let members: Vec<TypeId> = values.iter().map(|value| self.subject_type(value)).collect();
                self.primitive_choice(values, &members);
            }
            _ => {}
        }
    }

    /// A primitive condition is tested as such.
    fn note_condition(&mut self, test: &Expr<'a>) {
        let ty = self.facts().types[test.id];
        let primitive = ty.and_then(|ty| self.primitive_of(ty));
        let conditions = &mut self.facts().conditions;
        match primitive {
            Some(primitive) => conditions.insert(test.id, primitive),
            None => conditions.remove(&test.id),
        };
    }

    fn bool_condition(
        &mut self,
        env: Env<'a>,
        test: &'a Expr<'a>,
        op: BoolOp,
        values: &'a [Expr<'a>],
    ) -> (Env<'a>, Env<'a>) {
        let mut going = env;
        let mut left: Option<Env<'a>> = None;
        for (at, value) in values.iter().enumerate() {
            let (when_true, when_false) = self.condition(going, value);
            let (on, off) = if op == BoolOp::And { (when_true, when_false) } else { (when_false, when_true) };
            if at + 1 == values.len() {
                super::env::join_into(&mut left, &off, self.program);
                let off = left.expect("just joined");
                let members = values.iter().map(|value| self.subject_type(value));
                let members: Vec<TypeId> = members.collect();
                let is_uniform = members.iter().all(|&member| member == members[0]);
                let ty = match self.program.types.as_primitive(members[0]) {
                    Some(_) if is_uniform => Ty::sure(members[0]),
                    _ => Ty::expected(self.exact(self.program.known.bool)),
                };
                self.record(test, ty);
                return if op == BoolOp::And { (on, off) } else { (off, on) };
            }
            super::env::join_into(&mut left, &off, self.program);
            going = on;
        }
        unreachable!("a boolean operation has operands")
    }

    /// Replaces what is known of a name or field.
    fn refine(&mut self, env: &mut Env<'a>, subject: &'a Expr<'a>, ty: TypeId) {
        match subject.kind {
            ExprKind::Name { id, .. } => {
                if let Some(var) = self.variable(id) {
                    let is_sure = env.get(var).is_some_and(|known| known.is_sure);
                    env.set_narrowed(var, Ty { id: ty, is_sure });
                }
            }
            ExprKind::Attribute { value, attr, .. } => {
                if let Some(var) = value.as_name().and_then(|name| self.variable(name)) {
                    env.narrow_field(var, attr, ty);
                }
            }
            _ => {}
        }
        if ty == self.program.types.never {
            env.stop();
        }
    }

    fn subject_type(&mut self, subject: &Expr<'a>) -> TypeId {
        self.facts().types[subject.id].map_or(self.program.types.dynamic, |ty| ty.id)
    }

    fn split_none(&mut self, env: Env<'a>, subject: &'a Expr<'a>) -> (Env<'a>, Env<'a>) {
        let ty = self.subject_type(subject);
        let (mut is, mut is_not) = (env.clone(), env);
        if self.program.types.admits_none(ty) {
            let rest = self.program.types.without_none(ty);
            let none = self.program.types.none;
            self.refine(&mut is, subject, none);
            self.refine(&mut is_not, subject, rest);
        }
        (is, is_not)
    }

    fn split_truth(&mut self, env: Env<'a>, subject: &'a Expr<'a>) -> (Env<'a>, Env<'a>) {
        let ty = self.subject_type(subject);
        let (mut when_true, when_false) = (env.clone(), env);
        if matches!(self.program.types.get(ty), Type::Union(_)) && self.program.types.admits_none(ty) {
            let rest = self.program.types.without_none(ty);
            self.refine(&mut when_true, subject, rest);
        }
        (when_true, when_false)
    }

    fn is_isinstance(&mut self, func: &'a Expr<'a>) -> bool {
        func.as_name() == Some("isinstance") && self.global_special("isinstance") == Some(Special::IsInstance)
    }

    fn split_isinstance(
        &mut self,
        env: Env<'a>,
        subject: &'a Expr<'a>,
        class: &'a Expr<'a>,
    ) -> (Env<'a>, Env<'a>) {
        let classes: Option<Vec<ClassId>> = match class.kind {
            ExprKind::Tuple { elts, .. } => elts.iter().map(|elt| self.class_of_expr(elt)).collect(),
            _ => self.class_of_expr(class).map(|class| vec![class]),
        };
        let Some(classes) = classes else { return (env.clone(), env) };
        let ty = self.subject_type(subject);
        let (yes, no) = self.split_by_classes(ty, &classes);
        let (mut when_true, mut when_false) = (env.clone(), env);
        self.refine(&mut when_true, subject, yes);
        if no != ty {
            self.refine(&mut when_false, subject, no);
        }
        (when_true, when_false)
    }

    /// The parts of a type that are, and that are not, instances of the classes.
    fn split_by_classes(&mut self, ty: TypeId, classes: &[ClassId]) -> (TypeId, TypeId) {
        let wanted: Vec<_> = classes.iter().map(|&class| self.instance(class)).collect();
        let wanted = self.program.types.union(wanted);
        if !matches!(self.program.types.get(ty), Type::Union(_)) {
            let is_already = ty != self.program.types.dynamic && self.program.is_subtype(ty, wanted);
            return (if is_already { ty } else { wanted }, ty);
        }
        let members = self.program.types.members(ty);
        let (inside, outside): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|&member| self.program.is_subtype(member, wanted));
        let yes = if inside.is_empty() { wanted } else { self.program.types.union(inside) };
        (yes, self.program.types.union(outside))
    }

    /// The class that an expression names at the top level.
    fn class_of_expr(&mut self, expr: &'a Expr<'a>) -> Option<ClassId> {
        if expr.as_name().is_some_and(|name| self.variable(name).is_some()) {
            return None;
        }
        match self.program.chase_expr(self.module, expr)? {
            // An int is no instance of float, although `float` in an annotation admits it.
            (_, Member::Class(class)) if class != self.program.known.float => Some(class),
            _ => None,
        }
    }
}

fn is_none(expr: &Expr<'_>) -> bool {
    matches!(expr.kind, ExprKind::Constant { value: Constant::None, .. })
}
