//! Narrowing: what a condition says about names and fields when it is true, and when it is false.
//! (`static-python.md` 1.9)

use parser::ast::{BoolOp, CmpOp, Constant, Expr, ExprKind, UnaryOp};

use super::{Checker, Env, FieldPath, Variable};
use crate::facts::AttributePlan;
use crate::program::{ClassId, ClassKind, Guard, Member};
use crate::ty::{Literal, Primitive, Special, Ty, Type, TypeId};

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
                let (is, is_not) = match (is_none(left), is_none(right)) {
                    (false, true) => self.split_none(env, left),
                    (true, false) => self.split_none(env, right),
                    _ => self.split_identical(env, left, right),
                };
                if *op == CmpOp::Is { (is, is_not) } else { (is_not, is) }
            }
            ExprKind::Compare { left, ops: [op @ (CmpOp::Eq | CmpOp::NotEq)], comparators: [right] } => {
                self.expr(&mut env, test, None);
                self.note_condition(test);
                let (equal, differs) = match (is_none(left), is_none(right)) {
                    (false, true) => self.split_equal_none(env, left),
                    (true, false) => self.split_equal_none(env, right),
                    _ => self.split_equal(env, left, right),
                };
                if *op == CmpOp::Eq { (equal, differs) } else { (differs, equal) }
            }
            ExprKind::Compare { left, ops: [op @ (CmpOp::In | CmpOp::NotIn)], comparators: [right] } => {
                self.expr(&mut env, test, None);
                self.note_condition(test);
                let (is_in, is_not) = self.split_in(env, left, right);
                if *op == CmpOp::In { (is_in, is_not) } else { (is_not, is_in) }
            }
            ExprKind::Call { func, args: [subject, class], keywords: [] } if self.is_isinstance(func) => {
                self.expr(&mut env, test, None);
                self.split_isinstance(env, subject, class)
            }
            ExprKind::Call { func, args: [subject, name], keywords: [] } if self.is_hasattr(func) => {
                self.expr(&mut env, test, None);
                self.split_presence(env, subject, name)
            }
            ExprKind::Call { func, args: [subject, ..], keywords: [] } => {
                self.expr(&mut env, test, None);
                self.note_condition(test);
                match self.guard_of(func) {
                    Some(guard) => self.split_guard(env, subject, guard),
                    None => self.split_truth(env, test),
                }
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

    /// Replaces what is known of a name or field; what has been proved of what is sure is sure.
    pub(super) fn refine(&mut self, env: &mut Env<'a>, subject: &'a Expr<'a>, ty: TypeId) {
        let known = self.facts().types[subject.id];
        let is_sure = known.is_some_and(|known| known.is_sure);
        if ty == self.program.types.never && (is_sure || self.is_declared_open(subject)) {
            env.stop();
        }
        // Of what nobody has looked at, what is left is not known for sure.
        let is_open = known.is_some_and(|known| self.program.is_erased(known.id));
        self.refine_to(env, subject, Ty { id: ty, is_sure: is_sure && !is_open });
    }

    /// Whether a name is declared to be one of several types, of which some are not tested: what is none of them ends the program where a test has
    /// shown it.
    fn is_declared_open(&mut self, subject: &Expr<'a>) -> bool {
        let declared = subject.as_name().and_then(|name| self.variable(name));
        let declared = declared.and_then(|var| self.vars.declared(var));
        declared.is_some_and(|declared| self.program.is_erased(declared))
    }

    /// As [`Self::refine`], sure or not. Where nothing is left of what was not sure, it was something else.
    fn refine_to(&mut self, env: &mut Env<'a>, subject: &'a Expr<'a>, ty: Ty) {
        let never = self.program.types.never;
        if ty.id == never && ty.is_sure {
            env.stop();
        }
        let id = if ty.id == never { self.program.types.dynamic } else { ty.id };
        match subject.kind {
            ExprKind::NamedExpr { target, .. } => self.refine_to(env, target, ty),
            ExprKind::Name { id: name, .. } => {
                if let Some(var) = self.variable(name) {
                    let is_sure = ty.is_sure && env.get(var).is_some_and(|known| known.is_sure);
                    env.set_narrowed(var, Ty { id, is_sure });
                }
            }
            ExprKind::Attribute { .. } => {
                if let Some((var, path)) = self.field_path(subject) {
                    env.narrow_field(var, path, id);
                }
            }
            _ => {}
        }
    }

    /// The variable that a chain of attributes begins with, and the fields along it: all but the last have been looked at, and are at
    /// fixed places, so that whoever goes along them again finds the same objects until one of them is stored to.
    pub(super) fn field_path(&mut self, expr: &Expr<'a>) -> Option<(Variable, FieldPath<'a>)> {
        let mut path = Vec::new();
        let mut at = expr;
        while let ExprKind::Attribute { value, attr, .. } = at.kind {
            let is_field = matches!(self.facts().attributes.get(&at.id), Some(AttributePlan::Field(_)));
            if !path.is_empty() && !is_field {
                return None;
            }
            path.push(attr);
            at = value;
        }
        path.reverse();
        Some((self.variable(at.as_name()?)?, path))
    }

    pub(super) fn subject_type(&mut self, subject: &Expr<'a>) -> TypeId {
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

    /// `== None`: what differs is not None. What is equal may be an object that says so.
    fn split_equal_none(&mut self, env: Env<'a>, subject: &'a Expr<'a>) -> (Env<'a>, Env<'a>) {
        let equal = env.clone();
        let (_, differs) = self.split_none(env, subject);
        (equal, differs)
    }

    /// `== "r"`: a literal that is equal, or something that compares as it likes.
    fn split_equal(&mut self, env: Env<'a>, left: &'a Expr<'a>, right: &'a Expr<'a>) -> (Env<'a>, Env<'a>) {
        let (subject, value) = match (self.literal_of(left), self.literal_of(right)) {
            (_, Some(value)) => (left, value),
            (Some(value), _) => (right, value),
            (None, None) => return (env.clone(), env),
        };
        self.split_among(env, subject, &[value])
    }

    /// `in ("r", "w")`: equal to one of the literals.
    fn split_in(
        &mut self,
        env: Env<'a>,
        subject: &'a Expr<'a>,
        container: &'a Expr<'a>,
    ) -> (Env<'a>, Env<'a>) {
        let (ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } | ExprKind::Set { elts }) =
            container.kind
        else {
            return (env.clone(), env);
        };
        match elts.iter().map(|elt| self.literal_of(elt)).collect::<Option<Vec<_>>>() {
            Some(values) => self.split_among(env, subject, &values),
            None => (env.clone(), env),
        }
    }

    fn split_among(&mut self, env: Env<'a>, subject: &'a Expr<'a>, values: &[Literal]) -> (Env<'a>, Env<'a>) {
        let (mut equal, mut differs) = (env.clone(), env);
        let ty = self.subject_type(subject);
        let (yes, no) = self.split_by_literals(ty, values);
        if yes != ty {
            self.refine(&mut equal, subject, yes);
        }
        if no != ty {
            self.refine(&mut differs, subject, no);
        }
        (equal, differs)
    }

    /// The literal that an expression spells, or that a constant of the module stands for.
    fn literal_of(&mut self, expr: &'a Expr<'a>) -> Option<Literal> {
        let known = self.facts().types[expr.id].filter(|ty| ty.is_sure);
        let literal = Literal::of_expr(expr).or_else(|| self.member_of(expr));
        literal.or_else(|| match self.program.types.get(known?.id) {
            Type::Literal(value) if expr.as_name().is_some() => Some(value.clone()),
            _ => None,
        })
    }

    /// The members that may be, and that may not be, equal to one of the literals. Neither None nor another literal is.
    pub(super) fn split_by_literals(&mut self, ty: TypeId, values: &[Literal]) -> (TypeId, TypeId) {
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for member in self.program.enum_members_of(ty, values) {
            let is_equal = match self.program.types.get(member) {
                Type::Literal(known) => values
                    .iter()
                    .try_fold(false, |found, value| if found { Some(true) } else { value.is_equal(known) }),
                Type::None => Some(false),
                _ => None,
            };
            if is_equal != Some(false) {
                yes.push(member);
            }
            if is_equal != Some(true) {
                no.push(member);
            }
        }
        (self.program.types.union(yes), self.program.types.union(no))
    }

    /// The member of an enumeration of the top level that an expression names.
    pub(super) fn member_of(&mut self, expr: &'a Expr<'a>) -> Option<Literal> {
        let ExprKind::Attribute { value, .. } = expr.kind else { return None };
        match value.as_name().and_then(|name| self.variable(name)) {
            Some(_) => None,
            None => self.program.enum_literal(self.module, expr),
        }
    }

    /// `x is Color.RED`, `type(x) is C`.
    fn split_identical(
        &mut self,
        env: Env<'a>,
        left: &'a Expr<'a>,
        right: &'a Expr<'a>,
    ) -> (Env<'a>, Env<'a>) {
        match (self.member_of(left), self.member_of(right)) {
            (None, None) => self.split_exact_class(env, left, right),
            (_, Some(value)) => self.split_among(env, left, &[value]),
            (Some(value), None) => self.split_among(env, right, &[value]),
        }
    }

    /// `type(x) is C`: an instance of just this class.
    fn split_exact_class(
        &mut self,
        env: Env<'a>,
        left: &'a Expr<'a>,
        right: &'a Expr<'a>,
    ) -> (Env<'a>, Env<'a>) {
        let asked = |checker: &mut Self, call: &'a Expr<'a>, class: &'a Expr<'a>| {
            let ExprKind::Call { func, args: [subject], keywords: [] } = call.kind else { return None };
            let is_type = checker.class_of_expr(func) == Some(checker.program.known.type_);
            is_type.then_some(subject).zip(checker.class_of_expr(class))
        };
        let (is, is_not) = (env.clone(), env);
        let Some((subject, class)) = asked(self, left, right).or_else(|| asked(self, right, left)) else {
            return (is, is_not);
        };
        let mut is = is;
        let exact = self.exact(class);
        self.refine(&mut is, subject, exact);
        (is, is_not)
    }

    /// What a function that a condition calls says of its argument.
    fn guard_of(&mut self, func: &Expr<'a>) -> Option<Guard> {
        let ty = self.facts().types[func.id]?;
        match *self.program.types.get(ty.id) {
            Type::Function(function) | Type::Method(function) => self.program.functions[function].guard,
            _ => None,
        }
    }

    /// The program vouches for it, so that it is checked again where code relies on it.
    fn split_guard(&mut self, env: Env<'a>, subject: &'a Expr<'a>, guard: Guard) -> (Env<'a>, Env<'a>) {
        let ty = self.subject_type(subject);
        let (mut when_true, mut when_false) = (env.clone(), env);
        self.refine_to(&mut when_true, subject, Ty::expected(guard.ty));
        if guard.tells_both && ty != self.program.types.dynamic {
            let members = self.program.types.members(ty);
            let rest: Vec<_> =
                members.into_iter().filter(|&member| !self.program.is_subtype(member, guard.ty)).collect();
            let rest = self.program.types.union(rest);
            self.refine_to(&mut when_false, subject, Ty::expected(rest));
        }
        (when_true, when_false)
    }

    /// What a test of the value says: None is false, and so are some literals.
    fn split_truth(&mut self, env: Env<'a>, subject: &'a Expr<'a>) -> (Env<'a>, Env<'a>) {
        let ty = self.subject_type(subject);
        let (mut when_true, mut when_false) = (env.clone(), env);
        if matches!(self.program.types.get(ty), Type::Union(_) | Type::None) {
            let members = self.program.types.members(ty);
            let truth = |member: &TypeId| match self.program.types.get(*member) {
                Type::None => Some(false),
                Type::Literal(value) => value.is_true(),
                _ => None,
            };
            let truths: Vec<_> = members.iter().map(truth).collect();
            let mut without = |unwanted: bool| {
                let kept = members.iter().zip(&truths).filter(|(_, truth)| **truth != Some(unwanted));
                self.program.types.union(kept.map(|(member, _)| *member).collect::<Vec<_>>())
            };
            let (yes, no) = (without(false), without(true));
            if yes != ty {
                self.refine(&mut when_true, subject, yes);
            }
            if no != ty {
                self.refine(&mut when_false, subject, no);
            }
        }
        (when_true, when_false)
    }

    pub(super) fn is_prod_assert(&mut self, func: &'a Expr<'a>) -> bool {
        let found = self.program.chase_expr(self.module, func);
        matches!(found, Some((_, Member::Imported { module: "__static__", name: "prod_assert" })))
    }

    /// Whether an expression is a call of `assert_never` of the library.
    pub(super) fn is_assert_never(&mut self, call: &'a Expr<'a>) -> bool {
        let ExprKind::Call { func, .. } = call.kind else { return false };
        let found = self.program.chase_expr(self.module, func);
        let is_it = |module: &str, name: &str| {
            matches!(module, "typing" | "typing_extensions") && name == "assert_never"
        };
        matches!(found, Some((_, Member::Imported { module, name })) if is_it(module, name))
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
        let Some(classes) = classes else {
            let mut when_true = env.clone();
            if !self.names_float(class) {
                let dynamic = self.program.types.dynamic;
                self.refine(&mut when_true, subject, dynamic);
            }
            return (when_true, env);
        };
        let ty = self.subject_type(subject);
        let (yes, mut no) = self.split_by_classes(ty, &classes);
        if yes == ty && self.was_union(subject) {
            no = self.program.types.never;
        }
        let (mut when_true, mut when_false) = (env.clone(), env);
        self.refine(&mut when_true, subject, yes);
        self.claim(&mut when_true, subject, ty);
        if no != ty {
            self.refine(&mut when_false, subject, no);
            if classes.iter().any(|&class| self.answers_freely(class)) {
                self.claim(&mut when_false, subject, ty);
            }
        }
        (when_true, when_false)
    }

    /// What a subject has just been narrowed to, from a type, is what `isinstance` says: an object names its class as it likes (`__class__`), and an
    /// abstract class takes others for its instances. It is checked where it is read.
    pub(super) fn claim(&mut self, env: &mut Env<'a>, subject: &'a Expr<'a>, proved: TypeId) {
        match subject.kind {
            ExprKind::NamedExpr { target, .. } => self.claim(env, target, proved),
            ExprKind::Name { id: name, .. } => {
                if let Some(var) =
                    self.variable(name).filter(|&var| env.get(var).is_some_and(|ty| ty.id != proved))
                {
                    env.claim(var, proved);
                }
            }
            _ => {}
        }
    }

    /// Whether a class may say of one of its instances that it is none.
    pub(super) fn answers_freely(&self, class: ClassId) -> bool {
        self.program.has_virtual_instances(class) || self.program.is_dynamic_class(class)
    }

    /// Whether a name has been declared as one of several types, of which it may be the last one that is left.
    pub(super) fn was_union(&mut self, subject: &Expr<'a>) -> bool {
        let declared = subject.as_name().and_then(|name| self.variable(name));
        let declared = declared.and_then(|var| self.vars.declared(var));
        declared.is_some_and(|declared| matches!(self.program.types.get(declared), Type::Union(_)))
    }

    /// The parts of a type that are, and that are not, instances of the classes.
    pub(super) fn split_by_classes(&mut self, ty: TypeId, classes: &[ClassId]) -> (TypeId, TypeId) {
        let wanted: Vec<_> = classes.iter().map(|&class| self.instance(class)).collect();
        let wanted = self.program.types.union(wanted);
        let has_hook = |&class: &ClassId| self.program.has_hook(class, "__subclasshook__");
        if classes.iter().any(has_hook) && !self.program.is_subtype(ty, wanted) {
            // Whatever has some methods is an instance: it need not be one by its bases.
            return (self.program.types.dynamic, ty);
        }
        if !matches!(self.program.types.get(ty), Type::Union(_)) {
            let is_already = ty != self.program.types.dynamic && self.program.is_subtype(ty, wanted);
            return (if is_already { ty } else { wanted }, ty);
        }
        let members = self.program.types.members(ty);
        let (inside, outside): (Vec<_>, Vec<_>) = members
            .into_iter()
            .partition(|&member| self.program.is_subtype(member, wanted) && self.is_told(member, classes));
        let yes = if inside.is_empty() { wanted } else { self.program.types.union(inside) };
        (yes, self.program.types.union(outside))
    }

    /// Whether a test of these classes tells members of a type, whatever has been put in the place of classes of the library.
    fn is_told(&self, member: TypeId, classes: &[ClassId]) -> bool {
        match self.program.types.as_instance(member) {
            Some((class, ..)) if !self.program.is_of_library(class) => {
                classes.iter().any(|&wanted| self.program.is_subclass_here(class, wanted))
            }
            _ => true,
        }
    }

    fn names_float(&mut self, class: &'a Expr<'a>) -> bool {
        let float = self.program.known.float;
        matches!(self.program.chase_expr(self.module, class), Some((_, Member::Class(class))) if class == float)
    }

    /// The class that an expression names at the top level.
    pub(super) fn class_of_expr(&mut self, expr: &'a Expr<'a>) -> Option<ClassId> {
        if expr.as_name().is_some_and(|name| self.variable(name).is_some()) {
            return None;
        }
        match self.program.chase_expr(self.module, expr)? {
            // An int is no instance of float, although `float` in an annotation admits it.
            (_, Member::Class(class)) if class != self.program.known.float => {
                let is_told_by_class =
                    matches!(self.program.classes[class].kind, ClassKind::Nominal | ClassKind::NamedTuple);
                is_told_by_class.then_some(class)
            }
            _ => None,
        }
    }
}

fn is_none(expr: &Expr<'_>) -> bool {
    matches!(expr.kind, ExprKind::Constant { value: Constant::None, .. })
}
