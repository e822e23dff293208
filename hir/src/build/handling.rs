//! Exceptions under way, context managers, patterns.
//!
//! Compiled code has no edges to its handlers: an exception under `try` rebuilds the interpreter's frame, and the handler is a point at
//! which code of its own goes on (`resumed`). What stands here is the inside of handlers.

use abi::helper::HelperId as H;
use bytecode::{Opcode as B, Word};

use super::{Builder, Built};
use crate::ir::{Cond, Imm, Opcode, Type, Value};

impl Builder<'_> {
    pub(super) fn translate_handling(&mut self, word: Word) -> Built<bool> {
        match word.opcode() {
            B::RERAISE => {
                let exception = self.pop_object();
                self.raise(H::Reraise, &[exception]);
            }
            B::PUSH_EXC_INFO => {
                let exception = self.pop_object();
                let previous = self.helper(H::ExchangeHandled, &[exception], Type::WORD);
                self.push(previous);
                self.push(exception);
            }
            B::POP_EXCEPT => {
                let previous = self.pop();
                self.helper(H::ExchangeHandled, &[previous], Type::WORD);
            }
            B::CHECK_EXC_MATCH => {
                let class = self.pop_object();
                let exception = self.pop_object();
                self.push(exception);
                self.push_answer(H::MatchesException, &[exception, class]);
            }
            B::CHECK_EG_MATCH => {
                let args = self.pop_many(2);
                self.push_pair(H::MatchesGroup, &args);
            }
            B::BEFORE_WITH => {
                let manager = self.pop_object();
                self.push_pair(H::EnterContext, &[manager]);
            }
            B::WITH_EXCEPT_START => {
                let at = self.stack.len();
                let (exit, exception) = (self.stack[at - 3], self.stack[at - 1]);
                let args = [self.as_object(exit), self.as_object(exception)];
                let result = self.object_helper(H::CallExit, &args);
                self.push(result);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn translate_pattern(&mut self, word: Word) -> bool {
        match word.opcode() {
            B::MATCH_MAPPING | B::MATCH_SEQUENCE => {
                let is_mapping = word.opcode() == B::MATCH_MAPPING;
                let subject = self.pop_object();
                self.push(subject);
                self.push_answer(if is_mapping { H::MatchMapping } else { H::MatchSequence }, &[subject]);
            }
            B::MATCH_KEYS => {
                let args = self.pop_many(2);
                self.stack.extend(&args);
                let values = self.object_helper(H::MatchKeys, &args);
                self.push(values);
            }
            B::MATCH_CLASS => {
                let args = self.pop_many(3);
                let count = self.const_int(word.index() as i64, Type::I64);
                let attributes = self.object_helper(H::MatchClass, &[args[0], args[1], count, args[2]]);
                self.push(attributes);
            }
            _ => return false,
        }
        true
    }

    /// Pushes the answer of a helper as a bool.
    fn push_answer(&mut self, helper: H, args: &[Value]) {
        let answer = self.helper(helper, args, Type::I64);
        let zero = self.const_int(0, Type::I64);
        let truth = self.emit(Opcode::Icmp, &[answer, zero], Imm::Cond(Cond::Ne), Type::CBOOL);
        let value = self.emit(Opcode::BoxBool, &[truth], Imm::None, Type::BOOL);
        self.push(value);
    }
}
