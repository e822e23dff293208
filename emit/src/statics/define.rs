//! Functions with checked arguments, classes with a layout, index loops.

use bytecode::{Const, LenKind, Opcode, PrimitiveBinaryOp, PrimitiveCompareOp, TypeCode, TypeDescr};
use parser::ast::{ClassDef, Expr, ExprKind, Stmt};
use typeck::facts::LoopPlan;
use typeck::program::FunctionId;

use crate::error::Emit;
use crate::module::{Emitter, FrameBlock};

impl<'a> Emitter<'a, '_> {
    /// The static function that a statement defines.
    pub(crate) fn static_function(&self, stmt: &Stmt<'a>) -> Option<FunctionId> {
        self.facts()?.functions.get(&stmt.id).map(|plan| plan.function)
    }

    /// Gives the code being opened its signature and its prologue.
    pub(crate) fn check_arguments(&mut self, function: FunctionId) {
        let signature = self.checked.expect("plans come from a checked module").signature(function);
        let needs_checks = signature.params.iter().any(|ty| *ty != TypeDescr::Object);
        let code = &mut self.block().code;
        code.signature = Some(signature);
        if needs_checks {
            self.block().op0(Opcode::CHECK_ARGS);
        }
    }

    /// Pushes a class with a static layout; false if the class is built dynamically.
    pub(crate) fn static_class(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a ClassDef<'a>,
        first_line: u32,
        is_generic: bool,
    ) -> Emit<bool> {
        let Some(&class) = self.facts().and_then(|facts| facts.classes.get(&stmt.id)) else {
            return Ok(false);
        };
        let decl = self.checked.expect("plans come from a checked module").class_decl(class);
        self.class_body(stmt, def, first_line, is_generic)?;
        def.bases.iter().try_for_each(|base| self.expr(base))?;
        if is_generic {
            self.load_name(".generic_base");
        }
        self.at(stmt.span);
        self.block().op(Opcode::BUILD_TUPLE, def.bases.len() as u32 + u32::from(is_generic));
        // The checker admits no other keyword.
        match def.keywords {
            [metaclass] => self.expr(metaclass.value)?,
            _ => self.block().op0(Opcode::PUSH_NULL),
        }
        self.at(stmt.span);
        let at = self.block().class(decl);
        self.block().op(Opcode::BUILD_STATIC_CLASS, at);
        Ok(true)
    }

    /// Emits a `for` loop as planned; false if there is no plan.
    pub(crate) fn planned_for(
        &mut self,
        stmt: &Stmt<'a>,
        target: &'a Expr<'a>,
        iter: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) -> Emit<bool> {
        let Some(plan) = self.facts().and_then(|facts| facts.loops.get(&stmt.id)).copied() else {
            return Ok(false);
        };
        let index = self.hidden_slot(TypeCode::Int64);
        let bound = match plan {
            LoopPlan::CRange => Bound::Limit(self.crange_bounds(iter, index)?),
            LoopPlan::Index(class, container) => {
                self.expr(iter)?;
                let slot = self.hidden_slot(TypeCode::Object);
                self.block().op(Opcode::STORE_FAST, slot);
                self.int64_const(0);
                self.block().op(Opcode::STORE_LOCAL, index);
                let kind =
                    self.sequence_kind(class, container, true).expect("the checker plans sequences only");
                let len = self.len_kind(class, true).expect("sequences are measurable");
                Bound::Container { slot, kind: kind as u32, len }
            }
        };
        self.index_loop(target, iter, body, orelse, index, bound)?;
        Ok(true)
    }

    /// Pushes and stores `start` into `index`; returns the slot of the limit.
    fn crange_bounds(&mut self, iter: &'a Expr<'a>, index: u32) -> Emit<u32> {
        let ExprKind::Call { args, .. } = iter.kind else {
            unreachable!("the checker plans calls of crange")
        };
        let limit = self.hidden_slot(TypeCode::Int64);
        if let [start, stop] = args {
            self.expr(start)?;
            self.block().op(Opcode::STORE_LOCAL, index);
            self.expr(stop)?;
        } else {
            self.expr(&args[0])?;
        }
        self.block().op(Opcode::STORE_LOCAL, limit);
        if args.len() == 1 {
            self.int64_const(0);
            self.block().op(Opcode::STORE_LOCAL, index);
        }
        Ok(limit)
    }

    fn index_loop(
        &mut self,
        target: &'a Expr<'a>,
        iter: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
        index: u32,
        bound: Bound,
    ) -> Emit {
        let (start, next, done) = (self.block().label(), self.block().label(), self.block().label());
        let (left, end) = (self.block().label(), self.block().label());
        self.at(iter.span);
        self.block().mark(start);
        self.block().op(Opcode::LOAD_LOCAL, index);
        match bound {
            Bound::Limit(limit) => self.block().op(Opcode::LOAD_LOCAL, limit),
            Bound::Container { slot, len, .. } => {
                self.block().op(Opcode::LOAD_FAST_CHECK, slot);
                self.block().op(Opcode::FAST_LEN, len as u32);
            }
        }
        self.block().op(Opcode::PRIMITIVE_COMPARE_OP, PrimitiveCompareOp::Less as u32);
        self.block().jump(Opcode::POP_JUMP_IF_ZERO, done);
        // `continue` advances the index first.
        self.push_frame_block(FrameBlock::WhileLoop { start: next, end: left });
        if let Bound::Container { slot, kind, .. } = bound {
            self.block().op(Opcode::LOAD_FAST_CHECK, slot);
            self.block().op(Opcode::LOAD_LOCAL, index);
            self.block().op(Opcode::SEQUENCE_GET, kind);
        } else {
            self.block().op(Opcode::LOAD_LOCAL, index);
        }
        self.store(target)?;
        self.stmts(body)?;
        self.pop_frame_block();
        self.block().mark(next);
        self.at(iter.span);
        self.advance(index);
        self.block().jump(Opcode::JUMP_BACKWARD, start);
        self.block().mark(done);
        self.drop_container(bound);
        self.stmts(orelse)?;
        self.nowhere();
        self.block().jump(Opcode::JUMP, end);
        self.block().mark(left);
        self.drop_container(bound);
        self.block().mark(end);
        Ok(())
    }

    fn advance(&mut self, index: u32) {
        self.block().op(Opcode::LOAD_LOCAL, index);
        self.int64_const(1);
        let operand = PrimitiveBinaryOp::Add as u32 | (TypeCode::Int64 as u32) << 12;
        self.block().op(Opcode::PRIMITIVE_BINARY_OP, operand);
        self.block().op(Opcode::STORE_LOCAL, index);
    }

    /// The container is released when the loop is left, as an iterator would be.
    fn drop_container(&mut self, bound: Bound) {
        if let Bound::Container { slot, .. } = bound {
            self.block().op(Opcode::DELETE_FAST, slot);
        }
    }

    pub(super) fn int64_const(&mut self, value: i64) {
        let at = self.block().constant(Const::Int(value));
        self.block().op(Opcode::PRIMITIVE_LOAD_CONST, at);
    }
}

/// What ends an index loop.
#[derive(Clone, Copy)]
enum Bound {
    /// The slot of a limit that is computed once.
    Limit(u32),
    /// The length of a container, which is measured every time.
    Container { slot: u32, kind: u32, len: LenKind },
}
