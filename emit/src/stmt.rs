//! Statements: the dispatch, and those that need no family of their own.

use base::Span;
use bytecode::{Const, Intrinsic, Opcode};
use parser::ast::{Constant, Expr, ExprKind, Stmt, StmtKind};
use typeck::scope::ScopeKind;

use crate::block::Label;
use crate::error::Emit;
use crate::fold;
use crate::module::{Emitter, FrameBlock};

impl<'a> Emitter<'a, '_> {
    /// Statements in order.
    pub(crate) fn stmts(&mut self, body: &'a [Stmt<'a>]) -> Emit {
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    /// Whether the types say that nobody comes to a statement; then nothing is known of its operands either.
    fn is_unreached(&self, stmt: &Stmt<'a>) -> bool {
        let start = stmt.span.start;
        self.facts().is_some_and(|facts| facts.unreached.contains(&start) && !facts.reached.contains(&start))
    }

    /// Fails where nobody comes.
    pub(crate) fn fail_assertion(&mut self) {
        if self.block().is_reachable() {
            self.block().op0(Opcode::LOAD_ASSERTION_ERROR);
            self.block().op(Opcode::RAISE_VARARGS, 1);
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt<'a>) -> Emit {
        self.at(stmt.span);
        if self.is_unreached(stmt) {
            self.fail_assertion();
            return Ok(());
        }
        match stmt.kind {
            StmtKind::FunctionDef(def) => self.function_def(stmt, def, false),
            StmtKind::AsyncFunctionDef(def) => self.function_def(stmt, def, true),
            StmtKind::ClassDef(def) => self.class_def(stmt, def),
            StmtKind::Return { value } => self.return_(stmt, value),
            StmtKind::Delete { targets } => targets.iter().try_for_each(|target| self.delete(target)),
            StmtKind::Assign { targets, value } => self.assign(targets, value),
            StmtKind::TypeAlias { name, type_params, value } => {
                self.type_alias(stmt, name, type_params, value)
            }
            StmtKind::AugAssign { target, op, value } => self.augmented_assign(stmt, target, op, value),
            StmtKind::AnnAssign { target, annotation, value, simple } => {
                self.annotated_assign(stmt, target, annotation, value, simple)
            }
            StmtKind::For { target, iter, body, orelse } => self.for_(stmt, target, iter, body, orelse),
            StmtKind::AsyncFor { target, iter, body, orelse } => {
                self.async_for(stmt, target, iter, body, orelse)
            }
            StmtKind::While { test, body, orelse } => self.while_(test, body, orelse),
            StmtKind::If { test, body, orelse } => self.if_(test, body, orelse),
            StmtKind::With { items, body } => self.with(stmt, items, body, false),
            StmtKind::AsyncWith { items, body } => self.with(stmt, items, body, true),
            StmtKind::Match { subject, cases } => self.match_(subject, cases),
            StmtKind::Raise { exc, cause } => self.raise(exc, cause),
            StmtKind::Try(parts) => self.try_(parts, false),
            StmtKind::TryStar(parts) => self.try_(parts, true),
            StmtKind::Assert { test, msg } => self.assert(test, msg),
            StmtKind::Import { names } => self.import(names),
            StmtKind::ImportFrom { module, names, level } => self.import_from(stmt, module, names, level),
            StmtKind::Global { .. } | StmtKind::Nonlocal { .. } => Ok(()),
            StmtKind::Expr { value } => self.expr_stmt(value),
            StmtKind::Pass => {
                self.block().op0(Opcode::NOP);
                Ok(())
            }
            StmtKind::Break => self.break_(stmt.span),
            StmtKind::Continue => self.continue_(stmt.span),
        }
    }

    fn expr_stmt(&mut self, value: &'a Expr<'a>) -> Emit {
        let is_constant = matches!(value.kind, ExprKind::Constant { .. });
        if self.is_interactive && self.units.len() == 1 {
            self.expr(value)?;
            self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::Print as u32);
            self.block().op0(Opcode::POP_TOP);
        } else if is_constant {
            self.block().op0(Opcode::NOP);
        } else {
            self.expr(value)?;
            self.nowhere();
            self.pop_value(value);
            if self.facts().is_some_and(|facts| facts.asserted.contains(&value.id)) {
                self.fail_assertion();
            }
        }
        Ok(())
    }

    fn return_(&mut self, stmt: &Stmt<'a>, value: Option<&'a Expr<'a>>) -> Emit {
        let scope = self.unit_scope();
        if !matches!(scope.kind, ScopeKind::Function | ScopeKind::Lambda) {
            return self.error(stmt.span, "'return' outside function");
        }
        if value.is_some() && scope.is_coroutine && scope.has_yield {
            return self.error(stmt.span, "'return' with value in async generator");
        }
        let depth = self.block().depth();
        // A constant is loaded after the way out has been cleared, so that nothing needs to be preserved meanwhile.
        let boxed = value.and_then(|value| self.boxed_result(value));
        let is_primitive = self.return_type().is_some() || boxed.is_some();
        let constant = value.map_or(Some(Const::None), fold::constant).filter(|_| !is_primitive);
        if constant.is_none() {
            self.expr(value.expect("no value is a constant"))?;
            self.at(stmt.span);
            if let Some(code) = boxed {
                self.block().op(Opcode::PRIMITIVE_BOX, code as u32);
            }
        }
        self.refuse_leaving_star_handler(0, stmt.span)?;
        if !self.unit().frame_blocks.is_empty() {
            if constant.is_some() {
                self.block().op0(Opcode::NOP);
            }
            self.unwind_all(constant.is_none())?;
            self.nowhere();
        }
        let handlers = self.block().suspend_handlers(0);
        if let Some(constant) = constant {
            self.load_const(constant);
        }
        self.return_value();
        self.block().restore_handlers(handlers);
        self.block().continue_dead_at(depth);
        Ok(())
    }

    /// A test that is no code has a line all the same, for whoever traces.
    pub(crate) fn mark_constant(&mut self, test: &'a Expr<'a>) {
        if fold::constant(test).is_some() {
            self.at(test.span);
            self.block().op0(Opcode::NOP);
        }
    }

    fn if_(&mut self, test: &'a Expr<'a>, body: &'a [Stmt<'a>], orelse: &'a [Stmt<'a>]) -> Emit {
        let (else_, end) = (self.block().label(), self.block().label());
        self.mark_constant(test);
        self.jump_if(test, false, else_)?;
        self.stmts(body)?;
        if !orelse.is_empty() {
            self.nowhere();
            self.block().jump(Opcode::JUMP, end);
        }
        self.block().mark(else_);
        self.stmts(orelse)?;
        self.block().mark(end);
        Ok(())
    }

    fn raise(&mut self, exc: Option<&'a Expr<'a>>, cause: Option<&'a Expr<'a>>) -> Emit {
        let range = self.block().set_range(bytecode::SourceRange::default());
        let mut count = 0;
        for part in exc.into_iter().chain(cause) {
            self.expr(part)?;
            count += 1;
        }
        self.block().set_range(range);
        self.block().op(Opcode::RAISE_VARARGS, count);
        Ok(())
    }

    fn assert(&mut self, test: &'a Expr<'a>, msg: Option<&'a Expr<'a>>) -> Emit {
        if self.options.optimize > 0 {
            return Ok(());
        }
        let range = self.block().set_range(bytecode::SourceRange::default());
        let end = self.block().label();
        self.jump_if(test, true, end)?;
        self.block().set_range(range);
        self.block().op0(Opcode::LOAD_ASSERTION_ERROR);
        if let Some(msg) = msg {
            self.expr(msg)?;
            self.block().op(Opcode::CALL, 1);
        }
        self.at(test.span);
        self.block().op(Opcode::RAISE_VARARGS, 1);
        self.block().mark(end);
        Ok(())
    }

    /// Jumps to `label` if the truth of `test` is `when`; falls through otherwise.
    pub(crate) fn jump_if(&mut self, test: &'a Expr<'a>, when: bool, label: Label) -> Emit {
        match test.kind {
            ExprKind::UnaryOp { op: parser::ast::UnaryOp::Not, operand } => {
                self.jump_if(operand, !when, label)
            }
            ExprKind::BoolOp { op, values } => self.jump_if_bool_op(op, values, when, label),
            ExprKind::IfExp { test: condition, body, orelse } => {
                let (other, end) = (self.block().label(), self.block().label());
                self.jump_if(condition, false, other)?;
                self.jump_if(body, when, label)?;
                self.block().jump(Opcode::JUMP, end);
                self.block().mark(other);
                self.jump_if(orelse, when, label)?;
                self.block().mark(end);
                Ok(())
            }
            ExprKind::Compare { left, ops, comparators } if ops.len() > 1 => {
                self.jump_if_chain(test, left, ops, comparators, when, label)
            }
            ExprKind::Compare {
                left,
                ops: [op @ (parser::ast::CmpOp::Is | parser::ast::CmpOp::IsNot)],
                comparators,
            } if matches!(comparators[0].kind, ExprKind::Constant { value: Constant::None, .. }) => {
                self.expr(left)?;
                self.at(test.span);
                let is_none = (*op == parser::ast::CmpOp::Is) == when;
                let opcode = if is_none { Opcode::POP_JUMP_IF_NONE } else { Opcode::POP_JUMP_IF_NOT_NONE };
                self.block().jump(opcode, label);
                Ok(())
            }
            _ => self.jump_if_value(test, when, label),
        }
    }

    fn jump_if_value(&mut self, test: &'a Expr<'a>, when: bool, label: Label) -> Emit {
        if let Some(truth) = fold::constant(test).as_ref().and_then(fold::truth) {
            if truth == when {
                self.block().jump(Opcode::JUMP, label);
            }
            return Ok(());
        }
        self.expr(test)?;
        self.at(test.span);
        self.jump_on_value(test, when, label)
    }

    fn jump_if_bool_op(
        &mut self,
        op: parser::ast::BoolOp,
        values: &'a [Expr<'a>],
        when: bool,
        label: Label,
    ) -> Emit {
        let (last, first) = values.split_last().expect("a boolean operation has operands");
        let decides = op == parser::ast::BoolOp::Or;
        let end = self.block().label();
        let early = if decides == when { label } else { end };
        for value in first {
            self.jump_if(value, decides, early)?;
        }
        self.jump_if(last, when, label)?;
        self.block().mark(end);
        Ok(())
    }

    // --- The way out of nested statements ---

    /// Enters a statement that needs undoing.
    pub(crate) fn push_frame_block(&mut self, frame_block: FrameBlock<'a>) {
        let handlers = self.block().handler_count();
        self.unit().frame_blocks.push((frame_block, handlers));
    }

    /// Enters an `except` or `finally` body, whose clean-up handler is in force inside only.
    pub(crate) fn push_handler_block(&mut self, frame_block: FrameBlock<'a>) {
        let outside = self.block().handler_count() - 1;
        self.unit().frame_blocks.push((frame_block, outside));
    }

    /// Leaves it.
    pub(crate) fn pop_frame_block(&mut self) {
        self.unit().frame_blocks.pop().expect("frame blocks are pushed and popped in pairs");
    }

    fn break_(&mut self, span: Span) -> Emit {
        let depth = self.block().depth();
        let Some((target, count)) = self.unwind_to_loop(span, true)? else {
            return self.error(span, "'break' outside loop");
        };
        let handlers = self.block().suspend_handlers(count);
        if let FrameBlock::ForLoop { end, .. } | FrameBlock::WhileLoop { end, .. } = target {
            if matches!(target, FrameBlock::ForLoop { .. }) {
                self.block().op0(Opcode::POP_TOP);
            }
            self.block().jump(Opcode::JUMP, end);
        }
        self.block().restore_handlers(handlers);
        self.block().continue_dead_at(depth);
        Ok(())
    }

    fn continue_(&mut self, span: Span) -> Emit {
        let depth = self.block().depth();
        let Some((target, count)) = self.unwind_to_loop(span, false)? else {
            return self.error(span, "'continue' not properly in loop");
        };
        let handlers = self.block().suspend_handlers(count);
        if let FrameBlock::ForLoop { start, .. } | FrameBlock::WhileLoop { start, .. } = target {
            let opcode = if self.block().is_marked(start) { Opcode::JUMP_BACKWARD } else { Opcode::JUMP };
            self.block().jump(opcode, start);
        }
        self.block().restore_handlers(handlers);
        self.block().continue_dead_at(depth);
        Ok(())
    }

    /// Undoes everything inside the innermost loop; returns it with the number of handlers in force outside it.
    fn unwind_to_loop(&mut self, span: Span, is_break: bool) -> Emit<Option<(FrameBlock<'a>, usize)>> {
        let is_loop =
            |item: &FrameBlock<'_>| matches!(item, FrameBlock::ForLoop { .. } | FrameBlock::WhileLoop { .. });
        let inner = self.unit().frame_blocks.iter().rposition(|(item, _)| is_loop(item));
        self.refuse_leaving_star_handler(inner.map_or(0, |at| at + 1), span)?;
        let Some(at) = inner else {
            return Ok(None);
        };
        self.at(span);
        let target = self.unit().frame_blocks[at];
        let leaves_more = at + 1 < self.unit().frame_blocks.len();
        if leaves_more || is_break {
            // The statement's line comes before those of what it leaves; the jump of a `break` may turn out to be none.
            self.block().op0(Opcode::NOP);
        }
        if leaves_more {
            self.unwind(at + 1, false)?;
            self.nowhere();
        }
        Ok(Some(target))
    }

    /// Fails if one of the frame blocks from the innermost down to `from` is the body of `except*`.
    fn refuse_leaving_star_handler(&mut self, from: usize, span: Span) -> Emit {
        let left = &self.unit().frame_blocks[from..];
        if left.iter().any(|(item, _)| matches!(item, FrameBlock::StarHandler)) {
            return self.error(span, "'break', 'continue' and 'return' cannot appear in an except* block");
        }
        Ok(())
    }

    /// Undoes everything, for `return`; a value on top of the stack is kept if `keep`.
    fn unwind_all(&mut self, keep: bool) -> Emit {
        self.unwind(0, keep)
    }

    /// Undoes the frame blocks from the innermost down to `from`.
    fn unwind(&mut self, from: usize, keep: bool) -> Emit {
        let suspended = self.unit().frame_blocks.split_off(from);
        let handlers = match suspended.first() {
            Some(&(_, count)) => self.block().suspend_handlers(count),
            None => Vec::new(),
        };
        let base = self.block().handler_count();
        for at in (0..suspended.len()).rev() {
            let (frame_block, count) = suspended[at];
            // What still surrounds this block is in force again while it is being undone.
            self.unit().frame_blocks.extend_from_slice(&suspended[..at]);
            self.block().restore_handlers(handlers[..count - base].to_vec());
            self.undo(frame_block, keep)?;
            self.block().suspend_handlers(base);
            self.unit().frame_blocks.truncate(from);
        }
        self.block().restore_handlers(handlers);
        self.unit().frame_blocks.extend(suspended);
        Ok(())
    }

    /// Undoes one frame block.
    fn undo(&mut self, frame_block: FrameBlock<'a>, keep: bool) -> Emit {
        match frame_block {
            FrameBlock::WhileLoop { .. } => {}
            FrameBlock::StarHandler => unreachable!("no jump leaves the body of `except*`"),
            FrameBlock::ForLoop { .. } | FrameBlock::Value => self.drop_below(keep),
            FrameBlock::Try { finalbody } => {
                if keep {
                    self.push_frame_block(FrameBlock::Value);
                }
                let range = self.nowhere();
                self.stmts(finalbody)?;
                self.block().set_range(range);
                if keep {
                    self.pop_frame_block();
                }
            }
            FrameBlock::Freeze { classes } => self.freeze_listed(classes),
            FrameBlock::FinallyEnd => {
                self.drop_below(keep);
                self.pop_except_below(keep);
            }
            FrameBlock::Handler { name } => {
                self.pop_except_below(keep);
                if let Some((name, span)) = name {
                    let range = self.at(span);
                    self.unbind_exception(name);
                    self.block().set_range(range);
                }
            }
            FrameBlock::With { is_async, span } => {
                let range = self.at(span);
                if keep {
                    self.block().op(Opcode::SWAP, 2);
                }
                self.call_exit(is_async)?;
                self.block().set_range(range);
            }
        }
        Ok(())
    }

    /// Discards the top entry, or the one below it.
    fn drop_below(&mut self, keep: bool) {
        if keep {
            self.block().op(Opcode::SWAP, 2);
        }
        self.block().op0(Opcode::POP_TOP);
    }

    /// Restores the handled exception from the top entry, or from the one below it.
    fn pop_except_below(&mut self, keep: bool) {
        if keep {
            self.block().op(Opcode::SWAP, 2);
        }
        self.block().op0(Opcode::POP_EXCEPT);
    }

    /// `name = None; del name`
    pub(crate) fn unbind_exception(&mut self, name: &str) {
        self.load_const(Const::None);
        self.store_name(name);
        self.delete_name(name);
    }
}
