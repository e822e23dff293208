//! The arguments of static calls: pushed in the order of the parameters, evaluated in the order of the source.
//!
//! Where these orders differ, and where a default must be asked for, everything that runs code is evaluated into hidden locals first: between the
//! question and the call nothing may run, so that both mean the same callee. What `*args` and `**kwargs` collect is made here.

use bytecode::{Const, Opcode, TypeCode};
use parser::ast::{Expr, ExprKind};
use typeck::facts::Argument;
use typeck::program::{FunctionId, Param};

use super::call::Site;
use crate::error::Emit;
use crate::expr::is_starred;
use crate::fold;
use crate::module::Emitter;

/// A call whose callee is known.
pub(super) struct StaticCall<'a, 'f> {
    pub(super) site: Site<'a>,
    /// The callee's descriptor.
    pub(super) descr: u32,
    /// The function that the checker has seen, of which a class need not have one.
    pub(super) function: Option<FunctionId>,
    /// Parameters that are on the stack already.
    pub(super) receivers: usize,
    /// The other parameters.
    pub(super) params: Vec<Param<'a>>,
    pub(super) arguments: &'f [Argument],
    /// Whether an override may be called, which may have other defaults.
    pub(super) is_virtual: bool,
}

impl<'a> Emitter<'a, '_> {
    pub(super) fn static_call<'f>(
        &mut self,
        site: Site<'a>,
        function: FunctionId,
        (receivers, is_virtual): (usize, bool),
        arguments: &'f [Argument],
    ) -> StaticCall<'a, 'f> {
        let checked = self.checked.expect("plans come from a checked module");
        let params = checked.program.functions[function].params[receivers..].to_vec();
        let mut descr = checked.function_descr(function);
        let receivers = self.keep_shape(site, &mut descr, receivers, arguments);
        let descr = self.block().function(descr);
        StaticCall { site, descr, function: Some(function), receivers, params, arguments, is_virtual }
    }

    /// Whether some default is none that is known here.
    pub(super) fn needs_default(&self, call: &StaticCall<'a, '_>) -> bool {
        let mut pairs = call.arguments.iter().zip(&call.params);
        pairs.any(|(argument, param)| {
            *argument == Argument::Default && (call.is_virtual || self.default_of(call, param).is_none())
        })
    }

    /// The constant that a parameter's default is.
    fn default_of(&self, call: &StaticCall<'a, '_>, param: &Param<'a>) -> Option<Const> {
        let default = param.default.expect("the checker maps defaults that exist");
        fold::constant(default).or_else(|| {
            let checked = self.checked?;
            // In a function the name may be that of a variable.
            let function =
                Some(&checked.program.functions[call.function?]).filter(|entry| !entry.is_nested)?;
            checked.final_constant(function.module, default.as_name()?)
        })
    }

    /// Pushes the arguments; `receiver` is the slot with whom to ask for defaults: the receiver of a virtual call, or a nested function.
    pub(super) fn arguments(&mut self, call: &StaticCall<'a, '_>, receiver: Option<u32>) -> Emit {
        let order: Vec<usize> =
            call.arguments.iter().flat_map(|argument| places(call.site, argument)).collect();
        let is_unpacked = |argument: &Argument| matches!(argument, Argument::Unpacked { .. });
        if !order.is_sorted() || self.needs_default(call) || call.arguments.iter().any(is_unpacked) {
            return self.spilled_arguments(call, order, receiver);
        }
        for at in 0..call.arguments.len() {
            self.pushed_argument(call, at, receiver, &mut |emitter, expr, _| emitter.expr(expr))?;
        }
        Ok(())
    }

    /// Everything is evaluated in the order of the source into hidden locals first.
    fn spilled_arguments(
        &mut self,
        call: &StaticCall<'a, '_>,
        mut order: Vec<usize>,
        receiver: Option<u32>,
    ) -> Emit {
        let count = call.site.args.len() + call.site.keywords.len();
        let mut slots = vec![0; count];
        order.sort_unstable();
        order.dedup();
        let mut elements = vec![Vec::new(); count];
        for place in order {
            let expr = expr_at(call.site, place);
            let primitive = self.argument_code(call, place);
            if let (ExprKind::Starred { value, .. }, count @ 1..) = (&expr.kind, unpacked_count(call, place))
            {
                self.expr(value)?;
                elements[place] = self.unpacked(expr, count);
                continue;
            } else if let ExprKind::Starred { value, .. } = expr.kind {
                self.expr(value)?;
                self.block().op(Opcode::BUILD_LIST, 0);
                self.block().op(Opcode::SWAP, 2);
                self.block().op(Opcode::LIST_EXTEND, 1);
            } else {
                self.expr(expr)?;
            }
            let slot = self.hidden_slot(primitive);
            self.local_op(Opcode::STORE_FAST, Opcode::STORE_LOCAL, slot);
            slots[place] = slot;
        }
        for at in 0..call.arguments.len() {
            if let Argument::Unpacked { place, at, cast } = &call.arguments[at] {
                self.taken(elements[*place][*at]);
                self.at(call.site.expr.span);
                self.cast_to(*cast);
                continue;
            }
            self.pushed_argument(call, at, receiver, &mut |emitter, _, place| {
                emitter.taken(slots[place]);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Unpacks the tuple on top into hidden locals.
    fn unpacked(&mut self, expr: &'a Expr<'a>, count: usize) -> Vec<u32> {
        self.at(expr.span);
        self.block().op(Opcode::UNPACK_SEQUENCE, count as u32);
        let slots: Vec<u32> = (0..count).map(|_| self.hidden_slot(TypeCode::Object)).collect();
        slots.iter().for_each(|&slot| self.block().op(Opcode::STORE_FAST, slot));
        slots
    }

    /// How the argument at a place is passed.
    fn argument_code(&self, call: &StaticCall<'a, '_>, place: usize) -> TypeCode {
        let is_here = |argument: &Argument| match argument {
            Argument::Positional(_) | Argument::Keyword(_) => places(call.site, argument) == [place],
            _ => false,
        };
        let at = call.arguments.iter().position(is_here);
        let primitive = at.and_then(|at| self.primitive_type(call.params[at].ty));
        primitive.map_or(TypeCode::Object, super::descr::type_code)
    }

    /// Moves a hidden local to the stack.
    fn taken(&mut self, slot: u32) {
        self.local_op(Opcode::LOAD_FAST_CHECK, Opcode::LOAD_LOCAL, slot);
        if self.block().code.locals[slot as usize].ty == TypeCode::Object {
            self.block().op(Opcode::DELETE_FAST, slot);
        }
    }

    /// Pushes one argument; `push` pushes what stands at a place.
    fn pushed_argument(
        &mut self,
        call: &StaticCall<'a, '_>,
        at: usize,
        receiver: Option<u32>,
        push: &mut dyn FnMut(&mut Self, &'a Expr<'a>, usize) -> Emit,
    ) -> Emit {
        let site = call.site;
        let param = &call.params[at];
        match &call.arguments[at] {
            Argument::Default => {
                self.default_argument(call, at, receiver);
                Ok(())
            }
            Argument::Rest(range) if site.args[range.clone()].iter().any(is_starred) => {
                self.block().op(Opcode::BUILD_LIST, 0);
                for place in range.clone() {
                    let expr = &site.args[place];
                    let value = if let ExprKind::Starred { value, .. } = expr.kind { value } else { expr };
                    push(self, value, place)?;
                    self.at(expr.span);
                    let add = if is_starred(expr) { Opcode::LIST_EXTEND } else { Opcode::LIST_APPEND };
                    self.block().op(add, 1);
                }
                self.block().op(Opcode::CALL_INTRINSIC, bytecode::Intrinsic::ListToTuple as u32);
                Ok(())
            }
            Argument::Rest(range) => {
                range.clone().try_for_each(|place| push(self, &site.args[place], place))?;
                self.block().op(Opcode::BUILD_TUPLE, range.len() as u32);
                Ok(())
            }
            Argument::Keywords(found) => {
                for &keyword in found {
                    let name = site.keywords[keyword].arg.expect("the checker maps names");
                    self.load_const(Const::str(name));
                    push(self, site.keywords[keyword].value, site.args.len() + keyword)?;
                }
                self.block().op(Opcode::BUILD_MAP, found.len() as u32);
                Ok(())
            }
            argument => {
                let place = places(site, argument)[0];
                debug_assert!(param.item.is_none());
                push(self, expr_at(site, place), place)
            }
        }
    }

    fn default_argument(&mut self, call: &StaticCall<'a, '_>, at: usize, receiver: Option<u32>) {
        let param = &call.params[at];
        let primitive = self.primitive_type(param.ty);
        let push = |emitter: &mut Self, constant: Const| match primitive {
            Some(primitive) => emitter.primitive_const(&constant, primitive),
            None => emitter.load_const(constant),
        };
        match (self.default_of(call, param), receiver.filter(|_| call.is_virtual)) {
            (Some(constant), Some(slot)) => {
                let (known, end) = (self.block().label(), self.block().label());
                self.block().op(Opcode::LOAD_FAST_CHECK, slot);
                self.refine_receiver(call.function.expect("a virtual call has a method"));
                self.block().op0(Opcode::HAS_OWN_DEFAULTS);
                self.block().jump(Opcode::POP_JUMP_IF_ZERO, known);
                let depth = self.block().depth();
                self.asked_default(call, at, receiver);
                self.block().jump(Opcode::JUMP, end);
                self.block().continue_dead_at(depth);
                self.block().mark(known);
                push(self, constant);
                self.block().mark(end);
            }
            (Some(constant), None) => push(self, constant),
            (None, _) => self.asked_default(call, at, receiver),
        }
    }

    /// The default that the callee has when it is called.
    fn asked_default(&mut self, call: &StaticCall<'a, '_>, at: usize, receiver: Option<u32>) {
        match receiver {
            Some(slot) => self.block().op(Opcode::LOAD_FAST_CHECK, slot),
            None => self.load_const(Const::None),
        }
        self.int64_const((call.receivers + at) as i64);
        self.at(call.site.expr.span);
        self.block().op(Opcode::LOAD_DEFAULT, call.descr);
        if let Some(primitive) = self.primitive_type(call.params[at].ty) {
            self.block().op(Opcode::PRIMITIVE_UNBOX, super::descr::type_code(primitive) as u32);
        }
    }
}

/// Where the parts of an argument stand in the source; defaults stand nowhere.
fn places(site: Site<'_>, argument: &Argument) -> Vec<usize> {
    match argument {
        Argument::Positional(at) | Argument::Unpacked { place: at, .. } => vec![*at],
        Argument::Keyword(at) => vec![site.args.len() + at],
        Argument::Default => Vec::new(),
        Argument::Rest(range) => range.clone().collect(),
        Argument::Keywords(found) => found.iter().map(|at| site.args.len() + at).collect(),
    }
}

/// How many parameters a starred argument is unpacked for.
fn unpacked_count(call: &StaticCall<'_, '_>, place: usize) -> usize {
    let is_here =
        |argument: &&Argument| matches!(argument, Argument::Unpacked { place: at, .. } if *at == place);
    call.arguments.iter().filter(is_here).count()
}

/// The argument at a place.
fn expr_at<'a>(site: Site<'a>, place: usize) -> &'a Expr<'a> {
    match place.checked_sub(site.args.len()) {
        Some(at) => site.keywords[at].value,
        None => &site.args[place],
    }
}
