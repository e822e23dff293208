//! Calls of unknown callables.

use abi::helper::HelperId as H;
use bytecode::{Opcode as B, Word};

use super::{Builder, Built};
use crate::env::Signature;
use crate::ir::types::Spec;
use crate::ir::{Imm, Leaves, Opcode, Type, Value};

impl Builder<'_> {
    pub(super) fn translate_call(&mut self, word: Word) -> Built<bool> {
        let n = word.index();
        if self.is_awaited() && self.translate_awaited(word) {
            return Ok(true);
        }
        let value = match word.opcode() {
            B::CALL => match self.call_plainly(n) {
                Some(result) => result,
                None => {
                    let args = self.pop_many(n + 1);
                    let helper = if self.func.counts_exactly { H::CallGiven } else { H::Call };
                    self.object_helper(helper, &args)
                }
            },
            B::CALL_KW => {
                let names = self.pop_object();
                let args = self.pop_many(n + 1);
                self.call_with_names(args[0], names, &args[1..])
            }
            // The attribute is bound at once: the pair `callable, null` means the same.
            B::LOAD_METHOD => {
                let owner = self.pop_object();
                let name = self.name(n);
                let method = self.object_helper(H::GetAttr, &[owner, name]);
                self.lookups.insert(method, self.at);
                self.push(method);
                self.null()
            }
            B::CALL_METHOD | B::CALL_METHOD_KW => {
                let names = (word.opcode() == B::CALL_METHOD_KW).then(|| self.pop_object());
                let args = self.pop_many(n);
                let (receiver, callable) = (self.pop(), self.pop_object());
                let ty = self.func.ty(receiver);
                if ty.is_subtype(Type::NULL) {
                    match names {
                        None => self.call_looked_up(callable, &args),
                        Some(names) => self.call_looked_up_with_names(callable, names, &args),
                    }
                } else {
                    // The receiver is there, or only the runtime can tell.
                    let (plain, named) = match ty.may_be_null() {
                        true => (H::CallBound, H::CallBoundKeywords),
                        false => (H::Call, H::CallKeywords),
                    };
                    match names {
                        None => self.call_with(plain, &[callable], Some(receiver), &args),
                        Some(names) => self.call_with(named, &[callable, names], Some(receiver), &args),
                    }
                }
            }
            B::CALL_FUNCTION_EX => {
                let kwargs = self.pop();
                let args = self.pop_many(2);
                self.object_helper(H::CallEx, &[args[0], args[1], kwargs])
            }
            _ => return Ok(false),
        };
        self.push(value);
        Ok(true)
    }

    /// Calls a function under a global name directly, behind a guard that it is the function that the name has meant.
    fn call_plainly(&mut self, n: usize) -> Option<Value> {
        let at = self.stack.len().checked_sub(n + 1)?;
        let callable = self.stack[at];
        let &name = self.global_names.get(&callable)?;
        let callee = self.env.plain_callee(self.func.id, name as u32, n)?;
        let ty = Type::OTHER.with_spec(Spec::Object(callee.object));
        self.emit_deopt(Opcode::GuardType, &[callable], Imm::None, ty);
        let args: Vec<Value> = self.pop_many(n + 1).split_off(1);
        let args: Vec<Value> = args.into_iter().map(|arg| self.handed_over(arg)).collect();
        let params = vec![Type::OBJECT; n];
        let sig = Signature { name: callee.name, func: callee.func, slot: None, params, ret: Type::OBJECT };
        Some(self.call_target(Opcode::CallStatic, sig, &args))
    }

    /// Calls the function that `sig` describes, as `op` finds it.
    pub(super) fn call_target(&mut self, op: Opcode, sig: Signature, args: &[Value]) -> Value {
        let ret = sig.ret;
        let func = self.func.import_func(sig);
        let state = self.call_state();
        let inst = self.func.append(self.block, op, args, Imm::Func(func), ret, Some(state));
        self.func.result(inst)
    }

    /// What a callee's frame holds of an argument: a reference of its own. A value that no variable has held gives up its only one.
    fn handed_over(&mut self, arg: Value) -> Value {
        let ty = self.func.ty(arg);
        if ty.is_counted() && self.is_held(arg) { self.emit(Opcode::Own, &[arg], Imm::None, ty) } else { arg }
    }

    /// Whether a variable may have held a value, as that or under a wider type.
    fn is_held(&self, value: Value) -> bool {
        self.narrowings(value)
            .any(|value| self.stored.contains(&value) || self.func.def_inst(value).is_none())
    }

    /// Whether the result of the instruction is awaited, where this code can suspend.
    fn is_awaited(&self) -> bool {
        self.frame.is_some() && self.awaiting_send().is_some()
    }

    fn awaiting_send(&self) -> Option<u32> {
        self.code.awaiting_send(self.at + 1)
    }

    /// A call whose result is awaited does what follows up to the `SEND`, and goes on behind it or behind the `await`.
    fn translate_awaited(&mut self, word: Word) -> bool {
        let (n, send) = (word.index(), self.awaiting_send().expect("the result is awaited"));
        let (helper, first, at, args) = match word.opcode() {
            B::CALL => {
                let args = self.pop_many(n + 1);
                (H::CallAwaited, args[0], 0, args[1..].to_vec())
            }
            B::CALL_METHOD => {
                let mut args = self.pop_many(n);
                let (receiver, callable) = (self.pop(), self.pop_object());
                let is_absent = self.func.ty(receiver).is_subtype(Type::NULL);
                let lookup = if is_absent { self.take_lookup(callable) } else { None };
                match lookup {
                    Some((owner, name)) => {
                        args.insert(0, owner);
                        let at = self.lookups.get(&callable).copied().unwrap_or(self.at);
                        (H::CallMethodAwaited, name, i64::from(at), args)
                    }
                    None => {
                        args.insert(0, receiver);
                        (H::CallAwaited, callable, 0, args)
                    }
                }
            }
            _ => return false,
        };
        let at = if helper == H::CallAwaited { i64::from(send) } else { i64::from(send) << 32 | at };
        let (size, code, at) =
            (self.const_int(2, Type::I64), self.code_object(), self.const_int(at, Type::I64));
        let all: Vec<Value> = [first, size, code, at].into_iter().chain(args).collect();
        let status = self.helper(helper, &all, Type::I64);
        self.note_leaves(Leaves::Sent(send));
        self.push_unpacked(2);
        let finished = self.code.words[send as usize].operand();
        self.go_on_sent(status, send + 1, finished);
        true
    }

    /// Calls a helper with scalars and then arguments.
    fn call_with(&mut self, helper: H, first: &[Value], receiver: Option<Value>, args: &[Value]) -> Value {
        let all: Vec<Value> = first.iter().copied().chain(receiver).chain(args.iter().copied()).collect();
        self.object_helper(helper, &all)
    }

    /// Calls with keywords.
    fn call_with_names(&mut self, callable: Value, names: Value, args: &[Value]) -> Value {
        match self.func.counts_exactly {
            true => self.call_with(H::CallGivenKeywords, &[names, callable], None, args),
            false => self.call_with(H::CallKeywords, &[callable, names], None, args),
        }
    }

    /// A method that was looked up in this block, with nothing since that could raise or have an effect, is called by name, without
    /// making the bound method.
    fn call_looked_up(&mut self, callable: Value, args: &[Value]) -> Value {
        let Some((owner, name)) = self.take_lookup(callable) else {
            // Until its call a bound method may be the only one that holds its receiver.
            let helper = if self.func.counts_exactly { H::CallGiven } else { H::Call };
            return self.call_with(helper, &[callable], None, args);
        };
        let at = self.lookups.get(&callable).copied().unwrap_or(self.at);
        let (code, at) = (self.code_object(), self.const_int(i64::from(at), Type::I64));
        self.call_with(H::CallMethod, &[name, code, at, owner], None, args)
    }

    /// As [`Builder::call_looked_up`], with keywords.
    fn call_looked_up_with_names(&mut self, callable: Value, names: Value, args: &[Value]) -> Value {
        let Some((owner, name)) = self.take_lookup(callable) else {
            return self.call_with_names(callable, names, args);
        };
        let at = self.lookups.get(&callable).copied().unwrap_or(self.at);
        let (code, at) = (self.code_object(), self.const_int(i64::from(at), Type::I64));
        self.call_with(H::CallMethodKeywords, &[name, code, at, names, owner], None, args)
    }

    /// Removes the attribute lookup that made `callable`, if it can be repeated here.
    fn take_lookup(&mut self, callable: Value) -> Option<(Value, Value)> {
        let inst = self.func.def_inst(callable)?;
        if self.func.insts[inst].imm != Imm::Helper(H::GetAttr) {
            return None;
        }
        let insts = &self.func.blocks[self.block].insts;
        let at = insts.iter().position(|&other| other == inst)?;
        let is_harmless = |&later: &crate::ir::Inst| {
            let info = self.func.insts[later].op.info();
            !info.is_pinned && self.func.insts[later].op != Opcode::CallHelper
        };
        if !insts[at + 1..].iter().all(is_harmless) {
            return None;
        }
        // The interpreter would need the bound method.
        let mut is_named = false;
        for state in self.func.states.values() {
            state.for_each_value(|value| is_named |= value == callable);
        }
        if is_named {
            return None;
        }
        self.raise_without_operands();
        let found = (self.func.arg(inst, 0), self.func.arg(inst, 1));
        self.func.blocks[self.block].insts.remove(at);
        Some(found)
    }
}
