//! `try` in all its forms.
//!
//! An exception arrives at a handler as the top of a stack cut to the depth of the `try`. `PUSH_EXC_INFO` puts the previously
//! handled exception below it; `POP_EXCEPT` restores that one. A second exception inside a handler goes to a small
//! clean-up handler that restores it too and raises on.

use bytecode::{Const, Intrinsic, Opcode};
use parser::ast::{ExceptHandler, Try};

use crate::block::Label;
use crate::error::Emit;
use crate::module::{Emitter, FrameBlock};

impl<'a> Emitter<'a, '_> {
    pub(crate) fn try_(&mut self, parts: &'a Try<'a>, is_star: bool) -> Emit {
        // The line of the `try` itself, for whoever traces.
        self.block().op0(Opcode::NOP);
        if parts.finalbody.is_empty() {
            self.try_except(parts, is_star)
        } else {
            self.try_finally(parts, is_star)
        }
    }

    fn try_finally(&mut self, parts: &'a Try<'a>, is_star: bool) -> Emit {
        let (handler, cleanup, end) = (self.block().label(), self.block().label(), self.block().label());
        self.push_frame_block(FrameBlock::Try { finalbody: parts.finalbody });
        self.block().push_handler(handler);
        if parts.handlers.is_empty() {
            self.stmts(parts.body)?;
        } else {
            self.try_except(parts, is_star)?;
        }
        self.block().pop_handler();
        self.pop_frame_block();
        let depth = self.block().depth();
        self.stmts(parts.finalbody)?;
        self.nowhere();
        self.block().jump(Opcode::JUMP, end);

        self.block().continue_dead_at(depth);
        self.block().mark(handler);
        self.open_handler(cleanup);
        self.push_handler_block(FrameBlock::FinallyEnd);
        self.stmts(parts.finalbody)?;
        self.pop_frame_block();
        self.raise_on(cleanup, depth, end);
        Ok(())
    }

    /// The end of a handler that raises on what it has handled; `end` follows, where the stack is so deep.
    pub(crate) fn raise_on(&mut self, cleanup: Label, depth: u32, end: Label) {
        self.nowhere();
        self.block().op(Opcode::RERAISE, 0);
        self.block().pop_handler();
        self.close_handler(cleanup);
        self.block().continue_dead_at(depth);
        self.block().mark(end);
    }

    /// Behind a handler's label: installs the clean-up and makes the exception the handled one.
    pub(crate) fn open_handler(&mut self, cleanup: Label) {
        let range = self.nowhere();
        self.block().op0(Opcode::PUSH_EXC_INFO);
        // What survives into the clean-up is the previously handled exception.
        let depth = self.block().depth() - 1;
        self.block().push_handler_at(cleanup, depth);
        self.block().set_range(range);
    }

    /// The clean-up: `previous, exc`; restores the previous exception and raises on.
    pub(crate) fn close_handler(&mut self, cleanup: Label) {
        self.nowhere();
        self.block().mark(cleanup);
        self.block().op(Opcode::SWAP, 2);
        self.block().op0(Opcode::POP_EXCEPT);
        self.block().op(Opcode::RERAISE, 1);
    }

    fn try_except(&mut self, parts: &'a Try<'a>, is_star: bool) -> Emit {
        let (handler, cleanup, end) = (self.block().label(), self.block().label(), self.block().label());
        self.block().push_handler(handler);
        self.stmts(parts.body)?;
        self.block().pop_handler();
        let depth = self.block().depth();
        self.stmts(parts.orelse)?;
        self.nowhere();
        self.block().jump(Opcode::JUMP, end);

        self.block().continue_dead_at(depth);
        self.block().mark(handler);
        self.open_handler(cleanup);
        if is_star {
            self.star_handlers(parts.handlers, end)?;
        } else {
            self.handlers(parts.handlers, end)?;
        }
        self.block().pop_handler();
        self.close_handler(cleanup);
        self.block().continue_dead_at(depth);
        self.block().mark(end);
        Ok(())
    }

    /// `previous, exc` on the stack: the handlers in order; the exception goes on if none matches.
    fn handlers(&mut self, handlers: &'a [ExceptHandler<'a>], end: Label) -> Emit {
        let depth = self.block().depth();
        for (at, handler) in handlers.iter().enumerate() {
            self.at(handler.span);
            let next = self.block().label();
            match handler.type_ {
                Some(ty) => {
                    self.expr(ty)?;
                    self.at(handler.span);
                    self.block().op0(Opcode::CHECK_EXC_MATCH);
                    self.block().jump(Opcode::POP_JUMP_IF_FALSE, next);
                }
                None if at + 1 < handlers.len() => {
                    return self.error(handler.span, "default 'except:' must be last");
                }
                None => {}
            }
            self.handler_body(handler, end)?;
            self.block().continue_dead_at(depth);
            self.block().mark(next);
        }
        self.nowhere();
        self.block().op(Opcode::RERAISE, 0);
        Ok(())
    }

    /// `previous, exc`: binds the name, runs the body, restores the previous exception and goes to `end`.
    fn handler_body(&mut self, handler: &'a ExceptHandler<'a>, end: Label) -> Emit {
        self.at(handler.span);
        let Some(name) = handler.name else {
            self.block().op0(Opcode::POP_TOP);
            self.push_handler_block(FrameBlock::Handler { name: None });
            self.stmts(handler.body)?;
            self.pop_frame_block();
            self.leave_handler(None, end);
            return Ok(());
        };
        self.store_name(name);
        let unbind = self.block().label();
        self.push_handler_block(FrameBlock::Handler { name: Some((name, handler.span)) });
        self.block().push_handler(unbind);
        self.stmts(handler.body)?;
        self.block().pop_handler();
        self.pop_frame_block();
        let depth = self.block().depth();
        self.leave_handler(Some(name), end);
        self.block().continue_dead_at(depth);
        self.block().mark(unbind);
        self.unbind_exception(name);
        self.block().op(Opcode::RERAISE, 1);
        Ok(())
    }

    /// `previous --`: the handler is done; its clean-up is not in force any more.
    fn leave_handler(&mut self, name: Option<&str>, end: Label) {
        self.nowhere();
        let outside = self.block().handler_count() - 1;
        let cleanup = self.block().suspend_handlers(outside);
        self.block().op0(Opcode::POP_EXCEPT);
        if let Some(name) = name {
            self.unbind_exception(name);
        }
        self.block().jump(Opcode::JUMP, end);
        self.block().restore_handlers(cleanup);
    }

    /// `except*`: each clause takes its part of the group; what is raised or left over is raised at the end.
    fn star_handlers(&mut self, handlers: &'a [ExceptHandler<'a>], end: Label) -> Emit {
        // previous, original -- previous, original, raised, rest
        self.block().op(Opcode::COPY, 1);
        self.block().op(Opcode::BUILD_LIST, 0);
        self.block().op(Opcode::SWAP, 2);
        for handler in handlers {
            self.star_handler(handler)?;
        }
        self.nowhere();
        // previous, original, raised, rest
        self.block().op(Opcode::LIST_APPEND, 1);
        self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::PrepareReraiseStar as u32);
        self.block().op(Opcode::COPY, 1);
        let reraise = self.block().label();
        self.block().jump(Opcode::POP_JUMP_IF_NOT_NONE, reraise);
        let depth = self.block().depth();
        self.block().op0(Opcode::POP_TOP);
        self.leave_handler(None, end);
        self.block().continue_dead_at(depth);
        self.block().mark(reraise);
        self.block().op(Opcode::RERAISE, 0);
        Ok(())
    }

    /// `previous, original, raised, rest` before and after.
    fn star_handler(&mut self, handler: &'a ExceptHandler<'a>) -> Emit {
        self.at(handler.span);
        let (no_match, next, failed) = (self.block().label(), self.block().label(), self.block().label());
        let ty = handler.type_.expect("the grammar gives every `except*` a type");
        self.expr(ty)?;
        self.at(handler.span);
        self.block().op0(Opcode::CHECK_EG_MATCH);
        self.block().op(Opcode::COPY, 1);
        self.block().jump(Opcode::POP_JUMP_IF_NONE, no_match);
        // previous, original, raised, rest, matched
        match handler.name {
            Some(name) => self.store_name(name),
            None => self.block().op0(Opcode::POP_TOP),
        }
        let depth = self.block().depth();
        self.push_frame_block(FrameBlock::StarHandler);
        self.block().push_handler(failed);
        self.stmts(handler.body)?;
        self.block().pop_handler();
        self.pop_frame_block();
        self.nowhere();
        if let Some(name) = handler.name {
            self.unbind_exception(name);
        }
        self.block().jump(Opcode::JUMP, next);
        // previous, original, raised, rest, exc: remember it and go on with the next clause.
        self.block().continue_dead_at(depth);
        self.block().mark(failed);
        if let Some(name) = handler.name {
            self.unbind_exception(name);
        }
        self.block().op(Opcode::LIST_APPEND, 2);
        self.block().jump(Opcode::JUMP, next);
        self.block().continue_dead_at(depth + 1);
        self.block().mark(no_match);
        self.block().op0(Opcode::POP_TOP);
        self.block().mark(next);
        Ok(())
    }

    /// Calls the exit method on top with three Nones and discards the result, awaiting it if `is_async`.
    pub(crate) fn call_exit(&mut self, is_async: bool) -> Emit {
        for _ in 0..3 {
            self.load_const(Const::None);
        }
        self.block().op(Opcode::CALL, 3);
        if is_async {
            self.block().op(Opcode::GET_AWAITABLE, 2);
            self.load_const(Const::None);
            self.await_top();
        }
        self.block().op0(Opcode::POP_TOP);
        Ok(())
    }
}
