//! `hasattr(value, "name")`: who asks whether there is an attribute may use it.
//!
//! Where the test is true, a type that does not declare the attribute says nothing of the value any more: it may be an instance of a subclass
//! that has not been shown here. So the test is not followed by an error about the attribute. (as mypy and pyright treat `hasattr`) Where the
//! test is no longer known to be true, the value is what it was before.
//!
//! Cost: one look-up of a name for each test.

use parser::ast::{Constant, Expr, ExprKind};

use super::{Checker, Env};
use crate::ty::{Ty, TypeId};

impl<'a> Checker<'_, 'a> {
    pub(super) fn is_hasattr(&mut self, func: &Expr<'a>) -> bool {
        func.as_name() == Some("hasattr") && self.is_builtin("hasattr")
    }

    /// The states in which a value has, and has not, the attribute that a literal names.
    pub(super) fn split_presence(
        &mut self,
        env: Env<'a>,
        subject: &'a Expr<'a>,
        name: &'a Expr<'a>,
    ) -> (Env<'a>, Env<'a>) {
        let mut when_true = env.clone();
        let ty = self.subject_type(subject);
        if let Some(var) = subject.as_name().and_then(|name| self.variable(name))
            && let Some(name) = literal_name(name)
            && self.program.types.as_primitive(ty).is_none()
            && !self.is_declared(ty, name)
        {
            let (dynamic, known) = (self.program.types.dynamic, env.get(var).unwrap_or(Ty::sure(ty)));
            when_true.open(var, known, dynamic);
        }
        (when_true, env)
    }

    /// Whether every member of a type declares an attribute.
    fn is_declared(&mut self, ty: TypeId, name: &str) -> bool {
        self.program.types.members(ty).into_iter().all(|member| {
            let widened = self.program.widen_literal(member);
            let class = self.program.types.as_instance(widened);
            class.is_some_and(|(class, ..)| self.program.class_member(class, name).is_some())
        })
    }
}

fn literal_name<'a>(name: &Expr<'a>) -> Option<&'a str> {
    match name.kind {
        ExprKind::Constant { value: Constant::Str(text), .. } => text.as_str(),
        _ => None,
    }
}
