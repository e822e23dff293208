//! Generators and coroutines: suspending, delegating, awaiting.
//!
//! A `yield` moves locals and operands back into the interpreter's frame and returns; whoever resumes enters at the point behind it. What the
//! frame holds between two resumptions is thus what the interpreter would have left there, so that either can go on.

use abi::helper::HelperId as H;
use bytecode::{Opcode as B, Word};

use super::{Builder, Built, code_type};
use crate::ir::{Cond, Edge, Imm, Leaves, Opcode, Type, Value};

impl Builder<'_> {
    pub(super) fn translate_suspension(&mut self, word: Word) -> Built<bool> {
        let n = word.index();
        match word.opcode() {
            B::YIELD_VALUE => {
                let Some(frame) = self.frame else { return self.unsupported(word) };
                self.suspend(frame);
            }
            B::GET_YIELD_FROM_ITER => {
                let args = [self.pop_object(), self.code_object()];
                self.push_made(H::YieldFromIter, &args);
            }
            B::SEND => self.send(word.operand()),
            B::END_SEND => {
                let value = self.pop();
                self.pop();
                self.push(value);
            }
            B::CLEANUP_THROW => {
                let exception = self.pop_object();
                self.pop();
                self.push_made(H::CleanupThrow, &[exception]);
            }
            B::GET_AWAITABLE => {
                let args = [self.pop_object(), self.const_int(n as i64, Type::I64)];
                self.push_made(H::GetAwaitable, &args);
            }
            B::GET_AITER => {
                let iterable = self.pop_object();
                self.push_made(H::GetAsyncIter, &[iterable]);
            }
            B::GET_ANEXT => {
                let iterator = self.pop_object();
                self.push(iterator);
                self.push_made(H::GetAsyncNext, &[iterator]);
            }
            B::END_ASYNC_FOR => {
                let exception = self.pop_object();
                self.pop();
                self.status_helper(H::EndAsyncFor, &[exception]);
            }
            B::BEFORE_ASYNC_WITH => {
                let manager = self.pop_object();
                self.push_pair(H::EnterAsyncContext, &[manager]);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn push_made(&mut self, helper: H, args: &[Value]) {
        let value = self.object_helper(helper, args);
        self.push(value);
    }

    /// Calls a helper that gives two objects, and pushes them.
    pub(super) fn push_pair(&mut self, helper: H, args: &[Value]) {
        let mut all = args.to_vec();
        all.push(self.const_int(2, Type::I64));
        self.status_helper(helper, &all);
        self.note_leaves(Leaves::Words(2));
        self.push_unpacked(2);
    }

    fn suspend(&mut self, frame: Value) {
        let value = self.pop_object();
        for slot in 0..self.code.locals.len() {
            let is_raw = code_type(self.code.locals[slot].ty).is_some();
            if let Some(value) = self.locals[slot] {
                self.put(frame, slot, value);
            } else if !is_raw {
                let null = self.null();
                self.put(frame, slot, null);
            }
        }
        let operands = self.stack.clone();
        for (at, &operand) in operands.iter().enumerate() {
            self.is_misused |= self.ranges.contains_key(&operand);
            self.put(frame, self.code.locals.len() + at, operand);
        }
        let place = i64::from(self.at + 1) << 32 | operands.len() as i64;
        self.effect(Opcode::Suspend, &[frame], Imm::Int(place));
        self.func.terminate(self.block, Opcode::Return, &[value], Vec::new());
        self.is_ended = true;
    }

    fn put(&mut self, frame: Value, at: usize, value: Value) {
        self.effect(Opcode::PutSlot, &[frame, value], Imm::Int(at as i64));
    }

    /// The receiver stays; what it yields or returns takes the place of what was sent.
    fn send(&mut self, finished: u32) {
        let args = self.pop_many(2);
        let size = self.const_int(1, Type::I64);
        let status = self.helper(H::Send, &[args[0], args[1], size], Type::I64);
        self.push(args[0]);
        self.note_leaves(Leaves::Sent(self.at));
        self.push_unpacked(1);
        self.go_on_sent(status, self.at + 1, finished);
    }

    /// Pushes the objects that a helper has given.
    pub(super) fn push_unpacked(&mut self, count: i64) {
        for at in 0..count {
            let value = self.emit(Opcode::Unpacked, &[], Imm::Int(at), Type::OBJECT);
            self.push(value);
        }
    }

    /// Goes on behind a `SEND` if the status is 0, and where it has `finished` otherwise.
    pub(super) fn go_on_sent(&mut self, status: Value, yielded: u32, finished: u32) {
        let zero = self.const_int(0, Type::I64);
        let is_yielded = self.emit(Opcode::Icmp, &[status, zero], Imm::Cond(Cond::Eq), Type::CBOOL);
        let (next, end): (Edge, Edge) = (self.edge_to(yielded), self.edge_to(finished));
        self.branch(is_yielded, next, end);
    }
}
