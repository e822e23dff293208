//! `Vector[T]` and `Array[T]`: construction, and the methods of vectors that take or give primitives. (decision 12)

use parser::ast::{Expr, ExprKind};

use super::call::Actuals;
use super::mismatch::Destination;
use super::{Checker, Env};
use crate::facts::{CallPlan, Coercion, VectorOp};
use crate::program::{ClassId, FunctionId};
use crate::ty::{Primitive, Ty, Type, TypeId};

impl<'a> Checker<'_, 'a> {
    /// `Array[T](length)`, `Vector[T]()`, `Vector[T](length)`, `Vector[T](iterable)`
    pub(super) fn row_construction(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        class: ClassId,
        element: TypeId,
        actuals: Actuals<'a>,
    ) -> Ty {
        let (shown, is_vector) = (self.program.classes[class].name, class == self.program.known.vector);
        let args = Box::new([element]);
        let id = self.program.types.intern(Type::Instance { class, args, exact: true });
        if self.program.types.as_primitive(element).is_none() {
            let ty = self.program.show(element);
            self.error("SP0141", expr.span, format!("{shown} elements must be primitive, not {ty}"));
        }
        match (actuals.args, actuals.keywords) {
            ([length], []) if !matches!(length.kind, ExprKind::Starred { .. }) => {
                let ty = self.index(env, length);
                if is_vector && !self.is_length(ty) {
                    // Whatever else it is, the run-time looks what it gives.
                    self.as_object(length, ty);
                    return Ty::sure(id);
                }
                self.unbox_length(length, ty);
            }
            ([], []) if is_vector => {}
            _ if is_vector => self.error(
                "SP0142",
                expr.span,
                "Vector takes at most one argument, its length or its elements",
            ),
            _ => self.error("SP0142", expr.span, "Array takes one argument, its length"),
        }
        self.facts().calls.insert(expr.id, CallPlan::Array(id));
        Ty::sure(id)
    }

    /// An `int64` wherever the run-time takes one.
    fn unbox_length(&mut self, expr: &Expr<'a>, ty: Ty) {
        let int64 = self.program.types.primitive(Primitive::Int64);
        match self.primitive_of(ty) {
            Some(_) if self.flow(expr.id, ty, int64) => {}
            Some(primitive) => {
                let message = format!("type mismatch: {} is not an int64", primitive.name());
                self.error("SP0136", expr.span, message);
            }
            None if self.is_length(ty) || self.may_be_length(ty.id) => {
                self.set_coercion(expr.id, Some(Coercion::Unbox(Primitive::Int64)));
            }
            None => {
                let message = format!("type mismatch: {} is no length", self.program.show(ty.id));
                self.error("SP0136", expr.span, message);
            }
        }
    }

    /// Whether only the run-time can tell.
    fn may_be_length(&self, ty: TypeId) -> bool {
        ty == self.program.types.dynamic || self.program.is_object(ty)
    }

    /// Whether a value is certainly a number that can be a length.
    fn is_length(&mut self, ty: Ty) -> bool {
        let widened = self.program.inexact(ty.id);
        self.primitive_of(ty).is_some() || self.program.is_instance_of(widened, self.program.known.int)
    }

    /// `append` and `pop` of a vector, whose elements are no objects; other methods are like those of any builtin.
    pub(super) fn vector_call(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        (value, receiver): (&'a Expr<'a>, Ty),
        function: FunctionId,
        actuals: Actuals<'a>,
    ) -> Option<Ty> {
        let (class, &[element], _) = self.program.types.as_instance(receiver.id)? else { return None };
        if class != self.program.known.vector || self.program.types.as_primitive(element).is_none() {
            return None;
        }
        let name = self.program.functions[function].name;
        let (op, count, result) = match name {
            "append" => (VectorOp::Append, 1, self.program.types.none),
            "pop" => (VectorOp::Pop, 0, element),
            _ => return None,
        };
        if actuals.args.len() != count || !actuals.keywords.is_empty() || actuals.has_stars() {
            self.untyped_arguments(env, actuals);
            let plural = if count == 1 { "one argument" } else { "no arguments" };
            self.error("SP0142", expr.span, format!("{name} of a vector takes {plural}"));
            return Some(Ty::sure(result));
        }
        for item in actuals.args {
            self.check(env, item, element, Destination::Described("positional arg 1"));
        }
        self.make_sure(value, receiver);
        self.facts().calls.insert(expr.id, CallPlan::Vector(op, receiver.id));
        Some(Ty::sure(result))
    }
}
