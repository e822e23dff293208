//! Static calls and construction.

use bytecode::{Const, Opcode, TypeCode};
use parser::ast::{Expr, ExprKind, Keyword};
use typeck::facts::{Argument, CallPlan, VectorOp};
use typeck::program::FunctionId;
use typeck::ty::{Primitive, TypeId};

use crate::error::Emit;
use crate::module::Emitter;

/// A call in the source.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) expr: &'a Expr<'a>,
    pub(super) args: &'a [Expr<'a>],
    pub(super) keywords: &'a [Keyword<'a>],
}

impl<'a> Emitter<'a, '_> {
    /// Emits a call as planned; false if there is no plan.
    pub(crate) fn planned_call(
        &mut self,
        expr: &'a Expr<'a>,
        func: &'a Expr<'a>,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
    ) -> Emit<bool> {
        let Some(plan) = self.facts().and_then(|facts| facts.calls.get(&expr.id)) else { return Ok(false) };
        let site = Site { expr, args, keywords };
        match plan {
            CallPlan::Function(function, arguments) => self.invoke(site, *function, 0, arguments)?,
            CallPlan::Super(function, arguments) => {
                self.load_receiver();
                self.invoke(site, *function, 1, arguments)?;
            }
            CallPlan::Method { function, direct, arguments, .. } => {
                let ExprKind::Attribute { value, .. } = func.kind else { return Ok(false) };
                self.expr(value)?;
                if *direct {
                    self.invoke(site, *function, 1, arguments)?;
                } else {
                    self.invoke_method(site, *function, arguments)?;
                }
            }
            CallPlan::Construct(class, init, arguments) => self.construct(site, *class, *init, arguments)?,
            CallPlan::Unboxed(primitive) => {
                self.dynamic_call(expr, func, args, keywords)?;
                self.block().op(Opcode::PRIMITIVE_UNBOX, super::descr::type_code(*primitive) as u32);
            }
            CallPlan::Coerce => self.expr(&args[0])?,
            CallPlan::Append => {
                let ExprKind::Attribute { value, .. } = func.kind else { return Ok(false) };
                self.expr(value)?;
                self.expr(&args[0])?;
                self.at(expr.span);
                self.block().op(Opcode::LIST_APPEND, 1);
                self.block().op0(Opcode::POP_TOP);
                self.load_const(Const::None);
            }
            CallPlan::Cast(ty) => {
                self.expr(&args[1])?;
                let ty = self.checked.expect("plans come from a checked module").type_descr(*ty);
                let at = self.block().ty(ty);
                self.block().op(Opcode::CAST, at);
            }
            CallPlan::Len { class, exact, boxed } => {
                self.expr(&args[0])?;
                let kind =
                    self.len_kind(*class, *exact).expect("the checker plans measurable containers only");
                self.at(expr.span);
                self.block().op(Opcode::FAST_LEN, kind as u32);
                if *boxed {
                    self.block().op(Opcode::PRIMITIVE_BOX, TypeCode::Int64 as u32);
                }
            }
            CallPlan::Checked(ty) => {
                self.expr(&args[0])?;
                self.at(expr.span);
                self.build_checked(*ty);
            }
            CallPlan::Array(ty) => {
                match args {
                    [] => self.primitive_const(&Const::Int(0), Primitive::Int64),
                    [length, ..] => self.expr(length)?,
                }
                let descr = self.checked.expect("plans come from a checked module").type_descr(*ty);
                let at = self.block().ty(descr);
                self.at(expr.span);
                self.block().op(Opcode::BUILD_ARRAY, at);
            }
            CallPlan::Vector(op, ty) => {
                let ExprKind::Attribute { value, .. } = func.kind else { return Ok(false) };
                self.expr(value)?;
                self.vector_op(expr, args, *op, *ty)?;
            }
        }
        Ok(true)
    }

    /// `vector -- result`
    fn vector_op(&mut self, expr: &'a Expr<'a>, args: &'a [Expr<'a>], op: VectorOp, ty: TypeId) -> Emit {
        let kind = self.row_kind(ty).expect("vectors hold primitives") as u32;
        args.iter().try_for_each(|arg| self.expr(arg))?;
        self.at(expr.span);
        match op {
            VectorOp::Pop => self.block().op(Opcode::VECTOR_POP, kind),
            VectorOp::Append => {
                self.block().op(Opcode::VECTOR_APPEND, kind);
                self.load_const(Const::None);
            }
        }
        Ok(())
    }

    /// Pushes the first parameter.
    fn load_receiver(&mut self) {
        let is_cell = self.block().code.locals[0].cell != bytecode::code::CellKind::None;
        self.block().op(if is_cell { Opcode::LOAD_DEREF } else { Opcode::LOAD_FAST_CHECK }, 0);
    }

    /// `receivers, args... -- result`
    fn invoke(
        &mut self,
        site: Site<'a>,
        function: FunctionId,
        receivers: usize,
        arguments: &[Argument],
    ) -> Emit {
        let call = self.static_call(site, function, (receivers, false), arguments);
        self.arguments(&call, None)?;
        self.at(site.expr.span);
        self.block().op(Opcode::INVOKE_FUNCTION, call.descr);
        Ok(())
    }

    /// `receiver -- result`
    fn invoke_method(&mut self, site: Site<'a>, function: FunctionId, arguments: &[Argument]) -> Emit {
        let call = self.static_call(site, function, (1, true), arguments);
        let receiver = self.needs_default(&call).then(|| self.hidden_slot(TypeCode::Object));
        if let Some(slot) = receiver {
            // The receiver is asked for defaults, too.
            self.block().op(Opcode::COPY, 1);
            self.block().op(Opcode::STORE_FAST, slot);
        }
        self.at(site.expr.span);
        self.block().op(Opcode::LOAD_METHOD_STATIC, call.descr);
        self.arguments(&call, receiver)?;
        self.at(site.expr.span);
        self.block().op(Opcode::INVOKE_METHOD, call.descr);
        if let Some(slot) = receiver {
            self.block().op(Opcode::DELETE_FAST, slot);
        }
        Ok(())
    }

    /// Allocation, then `__init__`, whose result is discarded.
    fn construct(
        &mut self,
        site: Site<'a>,
        class: typeck::program::ClassId,
        init: Option<FunctionId>,
        arguments: &[Argument],
    ) -> Emit {
        let descr = self.checked.expect("plans come from a checked module").class_descr(class).exactly();
        let at = self.block().ty(descr);
        self.at(site.expr.span);
        self.block().op(Opcode::TP_ALLOC, at);
        if let Some(init) = init {
            self.block().op(Opcode::COPY, 1);
            self.invoke(site, init, 1, arguments)?;
            self.block().op0(Opcode::POP_TOP);
        }
        Ok(())
    }
}
