//! Constants: what they are, and what they become in a place that holds a primitive. (`static-python.md` 1.13)
//!
//! A literal, and the name of a `Final` whose value is one, adapt to the primitive that their context asks for, if they are values of it: an
//! integer to every type that holds it, a truth value to `cbool` and `double`, any number to `double`.

use parser::ast::{Constant, Expr, ExprKind, Int, UnaryOp};

use super::Checker;
use crate::program::{self, FunctionId, Member, Program};
use crate::scope::Resolution;
use crate::ty::{Literal, Primitive, Ty, Type, TypeId};

impl<'a> Checker<'_, 'a> {
    /// A constant of the source.
    pub(super) fn constant(&mut self, expr: &Expr<'a>, value: Constant<'a>, want: Option<TypeId>) -> Ty {
        if let Some(primitive) = want.and_then(|want| self.program.types.as_primitive(want)) {
            return self.primitive_literal(expr, value, false, primitive);
        }
        if let Some(literal) = self.program.wanted_literal(&value, want.unwrap_or(self.program.types.dynamic))
        {
            return Ty::sure(literal);
        }
        let id = match value {
            Constant::None => self.program.types.none,
            Constant::Bool(_) => self.exact(self.program.known.bool),
            Constant::Int(_) => self.exact(self.program.known.int),
            Constant::Float(_) => self.exact(self.program.known.float),
            Constant::Complex(_) => self.exact(self.program.known.complex),
            Constant::Str(_) => self.exact(self.program.known.str),
            Constant::Bytes(_) => self.exact(self.program.known.bytes),
            Constant::Ellipsis => self.program.types.dynamic,
        };
        Ty::sure(id)
    }

    /// A number with a sign.
    pub(super) fn negated_literal(
        &mut self,
        expr: &Expr<'a>,
        value: Constant<'a>,
        want: Option<TypeId>,
    ) -> Ty {
        if let Some(primitive) = want.and_then(|want| self.program.types.as_primitive(want)) {
            return self.primitive_literal(expr, value, true, primitive);
        }
        match value {
            Constant::Int(Int::Small(value)) => {
                Ty::sure(self.program.types.intern(Type::Literal(Literal::Int(-value))))
            }
            Constant::Int(_) => Ty::sure(self.exact(self.program.known.int)),
            _ => Ty::sure(self.exact(self.program.known.float)),
        }
    }

    /// A constant in a place that holds a primitive.
    pub(super) fn primitive_literal(
        &mut self,
        expr: &Expr<'a>,
        value: Constant<'a>,
        is_negated: bool,
        primitive: Primitive,
    ) -> Ty {
        let id = self.program.types.primitive(primitive);
        let fits = match (value, primitive) {
            (Constant::Float(_) | Constant::Int(_) | Constant::Bool(_), Primitive::Double) => true,
            (Constant::Bool(_), Primitive::CBool) => true,
            (Constant::Int(int), _) => {
                let value: Option<i128> = match int {
                    Int::Small(value) => Some(value.into()),
                    Int::Big(digits) => digits.parse().ok(),
                };
                let value = value.map(|value| if is_negated { -value } else { value });
                if !value.is_some_and(|value| primitive.holds(value)) {
                    let shown = if is_negated { format!("-{int}") } else { int.to_string() };
                    self.out_of_range(expr.span, &shown, primitive);
                }
                true
            }
            _ => false,
        };
        if fits {
            return Ty::sure(id);
        }
        let ty = self.constant(expr, value, None);
        Ty::sure(ty.id)
    }

    /// The name of a `Final` constant where its context asks for a primitive: as if the constant were written there.
    pub(super) fn adapted_name(
        &mut self,
        expr: &Expr<'a>,
        name: &'a str,
        want: Option<TypeId>,
    ) -> Option<Ty> {
        let primitive = want.and_then(|want| self.program.types.as_primitive(want))?;
        let (value, is_negated) = match self.final_constant(name)? {
            program::Constant::Literal(value) => (value, false),
            program::Constant::Negated(value) => (value, true),
        };
        Some(self.primitive_literal(expr, value, is_negated, primitive))
    }

    /// Whether an expression is a constant that adapts to the other operand.
    pub(super) fn is_adaptable(&mut self, expr: &Expr<'a>) -> bool {
        match expr.kind {
            ExprKind::Name { id, .. } => self.final_constant(id).is_some(),
            ExprKind::UnaryOp { op: UnaryOp::USub, operand } => is_literal(operand),
            _ => is_literal(expr),
        }
    }

    /// The value of a name that means a `Final` constant of this or another module.
    fn final_constant(&mut self, name: &'a str) -> Option<program::Constant<'a>> {
        let name = self.private_name(name);
        let scope = *self.scopes.last().expect("checking is always inside a scope");
        let scopes = &self.program.modules[self.module].scopes;
        let (owner, resolution) = scopes.lookup(scope, name);
        let is_global = match resolution {
            Resolution::Cell | Resolution::Free => false,
            Resolution::Local => owner == scopes.module(),
            _ => true,
        };
        match self.program.chase_name(self.module, name).filter(|_| is_global)?.1 {
            Member::Variable { is_final: true, constant, ty, .. } => {
                constant.filter(|_| ty.is_none_or(|ty| self.program.types.as_primitive(ty).is_none()))
            }
            _ => None,
        }
    }
}

impl<'a> Program<'a> {
    /// Whether a parameter's default is known when the program is compiled.
    pub(crate) fn is_constant_default(&mut self, function: FunctionId, default: &'a Expr<'a>) -> bool {
        let module = self.functions[function].module;
        match default.as_name().and_then(|name| self.chase_name(module, name)) {
            Some((_, Member::Variable { is_final: true, constant, .. })) => constant.is_some(),
            _ => is_literal(default),
        }
    }
}

/// Whether an expression is a constant, perhaps with a sign.
fn is_literal(expr: &Expr<'_>) -> bool {
    match expr.kind {
        ExprKind::Constant { .. } => true,
        ExprKind::UnaryOp { op: UnaryOp::USub, operand } => is_literal(operand),
        _ => false,
    }
}
