//! Static calls and construction.

use bytecode::{Const, Opcode, TypeCode};
use parser::ast::{Expr, ExprKind, Keyword};
use typeck::facts::{Argument, CallPlan};
use typeck::program::{FunctionId, Param};

use crate::error::Emit;
use crate::fold;
use crate::module::Emitter;

/// A call in the source.
#[derive(Clone, Copy)]
struct Site<'a> {
    expr: &'a Expr<'a>,
    args: &'a [Expr<'a>],
    keywords: &'a [Keyword<'a>],
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
                self.expr(&args[0])?;
                let descr = self.checked.expect("plans come from a checked module").type_descr(*ty);
                let at = self.block().ty(descr);
                self.at(expr.span);
                self.block().op(Opcode::BUILD_ARRAY, at);
            }
        }
        Ok(true)
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
        self.arguments(site, function, receivers, arguments)?;
        let descr = self.checked.expect("plans come from a checked module").function_descr(function);
        let at = self.block().function(descr);
        self.at(site.expr.span);
        self.block().op(Opcode::INVOKE_FUNCTION, at);
        Ok(())
    }

    /// `receiver -- result`
    fn invoke_method(&mut self, site: Site<'a>, function: FunctionId, arguments: &[Argument]) -> Emit {
        let descr = self.checked.expect("plans come from a checked module").function_descr(function);
        let at = self.block().function(descr);
        self.at(site.expr.span);
        self.block().op(Opcode::LOAD_METHOD_STATIC, at);
        self.arguments(site, function, 1, arguments)?;
        self.at(site.expr.span);
        self.block().op(Opcode::INVOKE_METHOD, at);
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

    /// Pushes the arguments in parameter order, evaluated in source order.
    fn arguments(
        &mut self,
        site: Site<'a>,
        function: FunctionId,
        receivers: usize,
        arguments: &[Argument],
    ) -> Emit {
        let program = self.checked.expect("plans come from a checked module").program;
        let params: Vec<Param<'a>> = program.functions[function].params[receivers..].to_vec();
        let order: Vec<usize> =
            arguments.iter().filter_map(|argument| source_position(site, argument)).collect();
        if order.is_sorted() {
            for (argument, param) in arguments.iter().zip(&params) {
                self.argument(site, argument, param)?;
            }
            return Ok(());
        }
        self.spilled_arguments(site, arguments, &params)
    }

    fn argument(&mut self, site: Site<'a>, argument: &Argument, param: &Param<'a>) -> Emit {
        match *argument {
            Argument::Positional(at) => self.expr(&site.args[at]),
            Argument::Keyword(at) => self.expr(site.keywords[at].value),
            Argument::Default => {
                let default = param.default.expect("the checker maps defaults that exist");
                let constant = fold::constant(default).expect("the checker maps constant defaults only");
                self.argument_constant(&constant, param);
                Ok(())
            }
        }
    }

    fn argument_constant(&mut self, constant: &Const, param: &Param<'a>) {
        match self.primitive_type(param.ty) {
            Some(primitive) => self.primitive_const(constant, primitive),
            None => self.load_const(constant.clone()),
        }
    }

    /// Keywords out of order: everything is evaluated in source order into hidden locals first.
    fn spilled_arguments(&mut self, site: Site<'a>, arguments: &[Argument], params: &[Param<'a>]) -> Emit {
        let mut slots = vec![None; arguments.len()];
        let mut order: Vec<usize> = (0..arguments.len()).collect();
        order.sort_by_key(|&at| source_position(site, &arguments[at]));
        for at in order.into_iter().filter(|&at| arguments[at] != Argument::Default) {
            self.argument(site, &arguments[at], &params[at])?;
            let code = self.primitive_type(params[at].ty).map_or(TypeCode::Object, super::descr::type_code);
            let slot = self.hidden_slot(code);
            self.local_op(Opcode::STORE_FAST, Opcode::STORE_LOCAL, slot);
            slots[at] = Some(slot);
        }
        for (at, slot) in slots.into_iter().enumerate() {
            match slot {
                Some(slot) => {
                    self.local_op(Opcode::LOAD_FAST_CHECK, Opcode::LOAD_LOCAL, slot);
                    let is_object = self.block().code.locals[slot as usize].ty == TypeCode::Object;
                    if is_object {
                        self.block().op(Opcode::DELETE_FAST, slot);
                    }
                }
                None => self.argument(site, &arguments[at], &params[at])?,
            }
        }
        Ok(())
    }
}

/// Where an argument stands in the source; defaults stand nowhere.
fn source_position(site: Site<'_>, argument: &Argument) -> Option<usize> {
    match *argument {
        Argument::Positional(at) => Some(at),
        Argument::Keyword(at) => Some(site.args.len() + at),
        Argument::Default => None,
    }
}
