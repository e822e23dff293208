//! `for`, `while` and `async for`.

use bytecode::{Const, Opcode};
use parser::ast::{Expr, Stmt};

use crate::error::Emit;
use crate::fold;
use crate::module::{Emitter, FrameBlock};

impl<'a> Emitter<'a, '_> {
    pub(crate) fn while_(
        &mut self,
        test: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) -> Emit {
        let (start, orelse_, end) = (self.block().label(), self.block().label(), self.block().label());
        self.mark_constant(test);
        self.block().mark(start);
        self.push_frame_block(FrameBlock::WhileLoop { start, end });
        let is_endless = fold::constant(test).as_ref().and_then(fold::truth) == Some(true);
        if !is_endless {
            self.jump_if(test, false, orelse_)?;
        }
        self.stmts(body)?;
        self.at(test.span);
        self.block().jump(Opcode::JUMP_BACKWARD, start);
        self.pop_frame_block();
        self.block().mark(orelse_);
        self.stmts(orelse)?;
        self.block().mark(end);
        Ok(())
    }

    pub(crate) fn for_(
        &mut self,
        stmt: &Stmt<'a>,
        target: &'a Expr<'a>,
        iter: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) -> Emit {
        if self.planned_for(stmt, target, iter, body, orelse)? {
            return Ok(());
        }
        let (start, exhausted, end) = (self.block().label(), self.block().label(), self.block().label());
        self.iterated(iter)?;
        self.at(iter.span);
        self.block().op0(Opcode::GET_ITER);
        self.block().mark(start);
        self.push_frame_block(FrameBlock::ForLoop { start, end });
        self.block().jump(Opcode::FOR_ITER, exhausted);
        self.store(target)?;
        self.stmts(body)?;
        self.at(iter.span);
        self.block().jump(Opcode::JUMP_BACKWARD, start);
        self.pop_frame_block();
        self.block().mark(exhausted);
        self.stmts(orelse)?;
        self.block().mark(end);
        Ok(())
    }

    pub(crate) fn async_for(
        &mut self,
        stmt: &Stmt<'a>,
        target: &'a Expr<'a>,
        iter: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) -> Emit {
        if !self.may_await() {
            return self.error(stmt.span, "'async for' outside async function");
        }
        let (start, finished, end) = (self.block().label(), self.block().label(), self.block().label());
        self.expr(iter)?;
        self.at(iter.span);
        self.block().op0(Opcode::GET_AITER);
        self.block().mark(start);
        self.push_frame_block(FrameBlock::ForLoop { start, end });
        self.next_async(finished);
        self.store(target)?;
        self.stmts(body)?;
        self.at(iter.span);
        self.block().jump(Opcode::JUMP_BACKWARD, start);
        self.pop_frame_block();
        self.end_async(finished);
        self.stmts(orelse)?;
        self.block().mark(end);
        Ok(())
    }

    /// Awaits the next item of the async iterator on top; StopAsyncIteration goes to `finished`.
    pub(crate) fn next_async(&mut self, finished: crate::block::Label) {
        // The iterator survives into the handler; what is pushed above it does not.
        self.block().push_handler(finished);
        self.block().op0(Opcode::GET_ANEXT);
        self.load_const(Const::None);
        self.await_top();
        self.block().pop_handler();
    }

    /// The handler that ends an async loop: `iterator, exc`.
    pub(crate) fn end_async(&mut self, finished: crate::block::Label) {
        let depth = self.block().depth();
        self.block().continue_dead_at(depth);
        self.block().mark(finished);
        self.block().op0(Opcode::END_ASYNC_FOR);
    }

    /// `receiver, None -- result`: yields what the receiver yields until it returns.
    pub(crate) fn await_top(&mut self) {
        let (send, fail, done, exit) =
            (self.block().label(), self.block().label(), self.block().label(), self.block().label());
        self.block().mark(send);
        self.block().jump(Opcode::SEND, done);
        // An exception thrown in at the yield goes to the receiver: `receiver, last yielded, exc`.
        let depth = self.block().depth();
        self.block().push_handler_at(fail, depth);
        self.block().op0(Opcode::YIELD_VALUE);
        self.block().pop_handler();
        self.block().jump(Opcode::JUMP_BACKWARD, send);
        self.block().mark(fail);
        self.block().op0(Opcode::CLEANUP_THROW);
        self.block().jump(Opcode::JUMP, exit);
        self.block().mark(done);
        self.block().mark(exit);
        self.block().op0(Opcode::END_SEND);
    }
}
