//! Static calls and construction.

use bytecode::{Const, Opcode, PrimitiveCompareOp, TypeCode};
use parser::ast::{Expr, ExprKind, Keyword};
use typeck::facts::{Argument, CallPlan, Receiver, VectorOp};
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
            CallPlan::Nested(function, arguments) => self.invoke_nested(site, func, *function, arguments)?,
            CallPlan::Native(function, arguments) => self.invoke_native(site, *function, arguments)?,
            CallPlan::Super { function, receiver, arguments } => {
                match (super_receiver(func), receiver) {
                    (Some(explicit), _) => self.expr(explicit)?,
                    (None, Receiver::Nothing) => {
                        return self.invoke(site, *function, 0, arguments).map(|()| true);
                    }
                    (None, _) => self.load_receiver(),
                }
                self.invoke_of(site, *function, *receiver, arguments)?;
            }
            CallPlan::Method { function, receiver, direct, arguments, .. } => {
                let ExprKind::Attribute { value, .. } = func.kind else { return Ok(false) };
                if *receiver != Receiver::Nothing && self.callee_path(site).is_some() {
                    self.invoke(site, *function, 1, arguments)?;
                    return Ok(true);
                }
                self.expr(value)?;
                if *direct && !self.may_be_fake(*function) {
                    self.invoke_of(site, *function, *receiver, arguments)?;
                } else {
                    self.invoke_method(site, *function, *receiver, arguments)?;
                }
            }
            CallPlan::Construct(class, init, arguments) if self.options.patching => {
                self.ask_for_instance(site, *class, *init, arguments)?;
            }
            CallPlan::Fill(class, init, arguments, _) if self.options.patching => {
                self.ask_for_instance(site, *class, Some(*init), arguments)?;
            }
            CallPlan::Construct(class, init, arguments) => self.construct(site, *class, *init, arguments)?,
            CallPlan::Fill(class, init, arguments, filling) => {
                self.fill(site, *class, *init, arguments, filling)?;
            }
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

    /// `receiver -- class` for a method of this class.
    fn load_class_of(&mut self, method: FunctionId) {
        self.refine_receiver(method);
        self.block().op0(Opcode::LOAD_TYPE);
    }

    /// States that the value on top is an instance of the class that a method belongs to.
    pub(super) fn refine_receiver(&mut self, method: FunctionId) {
        let checked = self.checked.expect("plans come from a checked module");
        if let Some(class) = checked.program.functions[method].class {
            let at = self.block().ty(checked.class_descr(class));
            self.block().op(Opcode::REFINE_TYPE, at);
        }
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

    /// `-- result` of the function that an expression gives, which is made in a function.
    fn invoke_nested(
        &mut self,
        site: Site<'a>,
        func: &'a Expr<'a>,
        function: FunctionId,
        arguments: &[Argument],
    ) -> Emit {
        self.expr(func)?;
        let call = self.static_call(site, function, (0, false), arguments);
        let callable = self.needs_default(&call).then(|| self.hidden_copy());
        self.arguments(&call, callable)?;
        self.at(site.expr.span);
        self.block().op(Opcode::INVOKE_CLOSURE, call.descr);
        if let Some(slot) = callable {
            self.block().op(Opcode::DELETE_FAST, slot);
        }
        Ok(())
    }

    /// A hidden local with what is on top, which is asked for defaults, too.
    fn hidden_copy(&mut self) -> u32 {
        let slot = self.hidden_slot(TypeCode::Object);
        self.block().op(Opcode::COPY, 1);
        self.block().op(Opcode::STORE_FAST, slot);
        slot
    }

    /// `args... -- result` of a C function, which gives a word: its upper bits mean nothing.
    fn invoke_native(&mut self, site: Site<'a>, function: FunctionId, arguments: &[Argument]) -> Emit {
        let call = self.static_call(site, function, (0, false), arguments);
        self.arguments(&call, None)?;
        self.at(site.expr.span);
        self.block().op(Opcode::INVOKE_NATIVE, call.descr);
        let checked = self.checked.expect("plans come from a checked module");
        let convert = |to: TypeCode| TypeCode::Int64 as u32 | (to as u32) << 12;
        match self.primitive_type(checked.program.functions[function].ret) {
            None => {
                self.block().op(Opcode::POP_PRIMITIVE, TypeCode::Int64 as u32);
                self.load_const(Const::None);
            }
            Some(Primitive::CBool) => {
                self.block().op(Opcode::CONVERT_PRIMITIVE, convert(TypeCode::UInt8));
                self.int64_const(0);
                self.block().op(Opcode::PRIMITIVE_COMPARE_OP, PrimitiveCompareOp::NotEqual as u32);
            }
            Some(Primitive::Double | Primitive::Int64) => {}
            Some(narrow) => {
                self.block().op(Opcode::CONVERT_PRIMITIVE, convert(super::descr::type_code(narrow)));
            }
        }
        Ok(())
    }

    /// `receiver -- result`, where the implementation is known.
    fn invoke_of(
        &mut self,
        site: Site<'a>,
        function: FunctionId,
        receiver: Receiver,
        arguments: &[Argument],
    ) -> Emit {
        match receiver {
            Receiver::Itself => {}
            Receiver::Class => self.load_class_of(function),
            Receiver::Nothing => self.block().op0(Opcode::POP_TOP),
        }
        self.invoke(site, function, usize::from(receiver != Receiver::Nothing), arguments)
    }

    /// `receiver -- result`
    fn invoke_method(
        &mut self,
        site: Site<'a>,
        function: FunctionId,
        passed: Receiver,
        arguments: &[Argument],
    ) -> Emit {
        let receivers = usize::from(passed != Receiver::Nothing);
        let call = self.static_call(site, function, (receivers, true), arguments);
        let receiver = self.needs_default(&call).then(|| self.hidden_copy());
        if passed == Receiver::Class {
            self.load_class_of(function);
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

    /// A call of what stands in the place of a class.
    fn ask_for_instance(
        &mut self,
        site: Site<'a>,
        class: typeck::program::ClassId,
        init: Option<FunctionId>,
        arguments: &[Argument],
    ) -> Emit {
        let call = self.constructor_call(site, class, init, arguments);
        self.arguments(&call, None)?;
        self.at(site.expr.span);
        self.block().op(Opcode::INVOKE_FUNCTION, call.descr);
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

/// What `super(C, receiver).method` goes on from.
fn super_receiver<'a>(func: &'a Expr<'a>) -> Option<&'a Expr<'a>> {
    let ExprKind::Attribute { value, .. } = func.kind else { return None };
    match value.kind {
        ExprKind::Call { args: [_, receiver], keywords: [], .. } => Some(receiver),
        _ => None,
    }
}
