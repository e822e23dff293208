//! `with` and `async with`.

use bytecode::{Const, Opcode};
use parser::ast::{Stmt, WithItem};

use crate::error::Emit;
use crate::module::{Emitter, FrameBlock};

impl<'a> Emitter<'a, '_> {
    /// Several items nest, the first one outermost.
    pub(crate) fn with(
        &mut self,
        stmt: &Stmt<'a>,
        items: &'a [WithItem<'a>],
        body: &'a [Stmt<'a>],
        is_async: bool,
    ) -> Emit {
        let Some((item, rest)) = items.split_first() else { return self.stmts(body) };
        if is_async && !self.may_await() {
            return self.error(stmt.span, "'async with' outside async function");
        }
        let (handler, cleanup, end) = (self.block().label(), self.block().label(), self.block().label());
        let span = item.context_expr.span;
        self.expr(item.context_expr)?;
        self.at(span);
        self.enter(is_async);
        let depth = self.block().depth() - 1;
        self.block().push_handler_at(handler, depth);
        self.push_handler_block(FrameBlock::With { is_async, span });
        match item.optional_vars {
            Some(target) => self.store(target)?,
            None => self.block().op0(Opcode::POP_TOP),
        }
        self.with(stmt, rest, body, is_async)?;
        self.pop_frame_block();
        self.block().pop_handler();
        self.at(span);
        self.call_exit(is_async)?;
        self.block().jump(Opcode::JUMP, end);
        let outer = depth - 1;

        self.block().continue_dead_at(depth);
        self.block().mark(handler);
        self.open_handler(cleanup);
        self.exit_with_exception(is_async)?;
        let suppressed = self.block().label();
        self.block().jump(Opcode::POP_JUMP_IF_TRUE, suppressed);
        self.block().op(Opcode::RERAISE, 0);
        self.block().pop_handler();
        // exit, previous, exc: the manager has dealt with it.
        self.block().continue_dead_at(depth + 2);
        self.block().mark(suppressed);
        self.block().op0(Opcode::POP_TOP);
        self.block().op0(Opcode::POP_EXCEPT);
        self.block().op0(Opcode::POP_TOP);
        self.block().jump(Opcode::JUMP, end);
        self.close_handler(cleanup);
        self.block().continue_dead_at(outer);
        self.block().mark(end);
        Ok(())
    }

    /// `manager -- exit, entered`
    fn enter(&mut self, is_async: bool) {
        if is_async {
            self.block().op0(Opcode::BEFORE_ASYNC_WITH);
            self.block().op(Opcode::GET_AWAITABLE, 1);
            self.load_const(Const::None);
            self.await_top();
        } else {
            self.block().op0(Opcode::BEFORE_WITH);
        }
    }

    /// `exit, previous, exc -- exit, previous, exc, result`
    fn exit_with_exception(&mut self, is_async: bool) -> Emit {
        self.block().op0(Opcode::WITH_EXCEPT_START);
        if is_async {
            self.block().op(Opcode::GET_AWAITABLE, 2);
            self.load_const(Const::None);
            self.await_top();
        }
        Ok(())
    }
}
