//! Names, attributes, items, displays, strings and imports: calls to runtime helpers.

use abi::helper::HelperId as H;
use abi::layout::type_object;
use bytecode::{Intrinsic, Opcode as B, Word};

use super::{Builder, Built};
use crate::ir::{Cond, Imm, Leaves, Opcode, Type, Value};

impl Builder<'_> {
    pub(super) fn translate_generic(&mut self, word: Word) -> Built<bool> {
        Ok(self.translate_name(word)
            || self.translate_namespace(word)
            || self.translate_attribute(word)
            || self.translate_pattern(word)
            || self.translate_display(word)?
            || self.translate_rest(word))
    }

    fn translate_name(&mut self, word: Word) -> bool {
        let n = word.index();
        match word.opcode() {
            B::LOAD_GLOBAL => self.push_global(n),
            B::STORE_GLOBAL => self.store_global(n),
            B::DELETE_GLOBAL => self.delete_global(n),
            B::LOAD_ASSERTION_ERROR => {
                let class = self.object(crate::env::ConstId::ASSERTION_ERROR.id(), Type::TYPE_EXACT);
                self.push(class);
            }
            B::MAKE_CELL => {
                let value = self.local_or_unset(n);
                let cell = self.helper(H::MakeCell, &[value], Type::CELL);
                self.locals[n] = Some(cell);
            }
            B::LOAD_CLOSURE => {
                let cell = self.cell(n);
                self.push(cell);
            }
            B::LOAD_DEREF => {
                let cell = self.cell(n);
                let value = self.emit(Opcode::LoadCell, &[cell], Imm::None, Type::WORD);
                self.check_cell(value, n);
                let value = self.as_object(value);
                self.push(value);
            }
            B::STORE_DEREF => {
                let (value, cell) = (self.pop_object(), self.cell(n));
                self.emit(Opcode::SwapCell, &[cell, value], Imm::None, Type::WORD);
            }
            B::DELETE_DEREF => {
                let cell = self.cell(n);
                let value = self.emit(Opcode::LoadCell, &[cell], Imm::None, Type::WORD);
                self.check_cell(value, n);
                let null = self.null();
                self.emit(Opcode::SwapCell, &[cell, null], Imm::None, Type::WORD);
            }
            _ => return false,
        }
        true
    }

    pub(super) fn push_global(&mut self, name: usize) {
        let value = self.load_global(name);
        self.global_names.insert(value, name);
        self.push(value);
    }

    pub(super) fn store_global(&mut self, name: usize) {
        let value = self.pop_object();
        let (globals, name) = (self.globals(), self.name(name));
        self.status_helper(H::StoreGlobal, &[globals, name, value]);
    }

    pub(super) fn delete_global(&mut self, name: usize) {
        let (globals, name) = (self.globals(), self.name(name));
        self.status_helper(H::DeleteGlobal, &[globals, name]);
    }

    pub(super) fn cell(&mut self, slot: usize) -> Value {
        let value = self.locals[slot].expect("the prologue makes every cell before its first use");
        if self.func.ty(value).is_subtype(Type::CELL) {
            return value;
        }
        self.emit(Opcode::Refine, &[value], Imm::None, Type::CELL)
    }

    fn check_cell(&mut self, value: Value, slot: usize) {
        let code = self.code_object();
        let index = self.const_int(slot as i64, Type::I64);
        let is_null = self.emit(Opcode::IsNull, &[value], Imm::None, Type::CBOOL);
        self.raise_if(is_null, H::RaiseUnboundLocal, &[code, index]);
    }

    pub(super) fn globals(&mut self) -> Value {
        let (globals, _) = self.env.namespaces(self.func.id);
        self.object(globals, Type::DICT_EXACT)
    }

    fn load_global(&mut self, index: usize) -> Value {
        if let Some(cell) = self.env.global_cell(self.func.id, index as u32) {
            let value = self.emit(Opcode::LoadGlobalCell, &[], Imm::Cell(cell), Type::WORD);
            return self.emit_deopt(Opcode::GuardSet, &[value], Imm::None, Type::OBJECT);
        }
        let (globals, builtins) = self.scopes();
        let args = [globals, builtins, self.name(index)];
        self.object_helper(H::LoadGlobal, &args)
    }

    /// The globals and builtins.
    pub(super) fn scopes(&mut self) -> (Value, Value) {
        let (_, builtins) = self.env.namespaces(self.func.id);
        (self.globals(), self.object(builtins, Type::DICT_EXACT))
    }

    /// The inline cache of the current instruction, as two operands.
    fn cache(&mut self) -> [Value; 2] {
        let at = i64::from(self.at);
        [self.code_object(), self.const_int(at, Type::I64)]
    }

    /// Loads a member of an enumeration, which is a constant behind tests that the name means its class still, and that this has not changed.
    fn load_member(&mut self, attribute: usize) -> bool {
        let owner = *self.stack.last().expect("verified bytecode does not underflow the stack");
        let name = self.global_names.get(&owner).copied();
        let found = name.and_then(|name| self.env.class_member(self.func.id, name as u32, attribute as u32));
        let Some(found) = found else { return false };
        let class = self.object(found.class, Type::OBJECT);
        let is_class = self.emit(Opcode::IsSame, &[owner, class], Imm::None, Type::CBOOL);
        self.emit_deopt(Opcode::Guard, &[is_class], Imm::None, Type::EMPTY);
        let version = self.raw_field(class, "version", type_object::VERSION);
        let known = self.const_int(found.version, Type::I64);
        let is_same = self.emit(Opcode::Icmp, &[version, known], Imm::Cond(Cond::Eq), Type::CBOOL);
        self.emit_deopt(Opcode::Guard, &[is_same], Imm::None, Type::EMPTY);
        self.pop();
        let member = self.object(found.member, found.ty);
        self.push(member);
        true
    }

    fn translate_attribute(&mut self, word: Word) -> bool {
        let n = word.index();
        match word.opcode() {
            B::LOAD_ATTR if self.load_member(n) => {}
            B::LOAD_ATTR => {
                let owner = self.pop_object();
                let (name, [code, at]) = (self.name(n), self.cache());
                let value = self.object_helper(H::LoadAttr, &[owner, name, code, at]);
                self.push(value);
            }
            B::STORE_ATTR => {
                let (owner, value) = (self.pop_object(), self.pop_object());
                let (name, [code, at]) = (self.name(n), self.cache());
                self.status_helper(H::StoreAttr, &[owner, name, value, code, at]);
            }
            B::DELETE_ATTR => {
                let owner = self.pop_object();
                let name = self.name(n);
                self.status_helper(H::DelAttr, &[owner, name]);
            }
            B::LOAD_SUPER_ATTR | B::LOAD_SUPER_METHOD => {
                let mut args = self.pop_many(3);
                args.push(self.name(n));
                let value = self.object_helper(H::GetSuperAttr, &args);
                self.push(value);
                if word.opcode() == B::LOAD_SUPER_METHOD {
                    let null = self.null();
                    self.push(null);
                }
            }
            B::BINARY_SUBSCR => {
                let args = self.pop_many(2);
                let value = self.generic_helper(H::GetItem, &args, Type::OBJECT);
                self.push(value);
            }
            B::STORE_SUBSCR => {
                let args = self.pop_many(3);
                self.generic_helper(H::SetItem, &[args[1], args[2], args[0]], Type::I64);
            }
            B::DELETE_SUBSCR => {
                let args = self.pop_many(2);
                self.status_helper(H::DelItem, &args);
            }
            B::BINARY_SLICE => {
                let args = self.pop_many(3);
                let slice = self.slice(args[1], args[2], None);
                let value = self.object_helper(H::GetItem, &[args[0], slice]);
                self.push(value);
            }
            B::STORE_SLICE => {
                let args = self.pop_many(4);
                let slice = self.slice(args[2], args[3], None);
                self.status_helper(H::SetItem, &[args[1], slice, args[0]]);
            }
            _ => return false,
        }
        true
    }

    fn slice(&mut self, start: Value, stop: Value, step: Option<Value>) -> Value {
        let step = step.unwrap_or_else(|| self.none());
        self.helper(H::BuildSlice, &[start, stop, step], Type::SLICE)
    }

    fn translate_display(&mut self, word: Word) -> Built<bool> {
        let n = word.index();
        let (helper, count, ty) = match word.opcode() {
            B::BUILD_TUPLE => (H::BuildTuple, n, Type::TUPLE_EXACT),
            B::BUILD_LIST => (H::BuildList, n, Type::LIST_EXACT),
            B::BUILD_SET => (H::BuildSet, n, Type::SET_EXACT),
            B::BUILD_MAP => (H::BuildMap, 2 * n, Type::DICT_EXACT),
            B::BUILD_STRING => (H::BuildString, n, Type::STR_EXACT),
            B::BUILD_SLICE => {
                let args = self.pop_many(n);
                let slice = self.slice(args[0], args[1], args.get(2).copied());
                self.push(slice);
                return Ok(true);
            }
            B::LIST_APPEND => return Ok(self.add_to(H::ListAppend, n, 1)),
            B::SET_ADD => return Ok(self.add_to(H::SetAdd, n, 1)),
            B::MAP_ADD => return Ok(self.add_to(H::DictSet, n, 2)),
            B::LIST_EXTEND => return Ok(self.add_to(H::ListExtend, n, 1)),
            B::SET_UPDATE => return Ok(self.add_to(H::SetUpdate, n, 1)),
            B::DICT_UPDATE => return Ok(self.add_to(H::DictUpdate, n, 1)),
            B::DICT_MERGE => {
                self.merge_keywords(n);
                return Ok(true);
            }
            B::UNPACK_SEQUENCE => {
                self.unpack(n);
                return Ok(true);
            }
            B::UNPACK_EX => {
                let (before, after) = word.halves();
                self.unpack_starred(before, after);
                return Ok(true);
            }
            _ => return Ok(false),
        };
        let items = self.pop_many(count);
        let value = self.helper(helper, &items, ty);
        self.push(value);
        Ok(true)
    }

    /// Adds the popped values to the container that is then at depth `depth`.
    fn add_to(&mut self, helper: H, depth: usize, count: usize) -> bool {
        let values = self.pop_many(count);
        let container = self.stack[self.stack.len() - depth];
        let mut args = vec![self.as_object(container)];
        args.extend(values);
        self.status_helper(helper, &args);
        true
    }

    /// The dict at depth `depth` collects keywords for the callable two entries below it.
    fn merge_keywords(&mut self, depth: usize) {
        let mapping = self.pop_object();
        let at = self.stack.len() - depth;
        let (dict, callable) = (self.stack[at], self.stack[at - 2]);
        let args = [self.as_object(dict), mapping, self.as_object(callable)];
        self.status_helper(H::DictMerge, &args);
    }

    /// The first item ends on top.
    fn unpack(&mut self, count: usize) {
        let sequence = self.pop_object();
        let imm = Imm::Int(count as i64);
        self.emit_raise(Opcode::Unpack, &[sequence], imm, Type::EMPTY);
        self.note_leaves(Leaves::Items(count as u32));
        let items: Vec<Value> = (0..count)
            .map(|at| self.emit(Opcode::Unpacked, &[], Imm::Int(at as i64), Type::OBJECT))
            .collect();
        self.stack.extend(items.into_iter().rev());
    }

    /// As `unpack`, with a list of what is between the first and the last items.
    fn unpack_starred(&mut self, before: usize, after: usize) {
        let sequence = self.pop_object();
        let size = before + 1 + after;
        let numbers = [size, before, after].map(|number| self.const_int(number as i64, Type::I64));
        self.status_helper(H::UnpackEx, &[sequence, numbers[0], numbers[1], numbers[2]]);
        self.note_leaves(Leaves::Items(size as u32));
        let items: Vec<Value> =
            (0..size).map(|at| self.emit(Opcode::Unpacked, &[], Imm::Int(at as i64), Type::OBJECT)).collect();
        self.stack.extend(items.into_iter().rev());
    }

    fn translate_rest(&mut self, word: Word) -> bool {
        let n = word.index();
        let value = match word.opcode() {
            B::FORMAT_SIMPLE => {
                let args = [self.pop_object(), self.null()];
                self.object_helper(H::FormatValue, &args)
            }
            B::FORMAT_WITH_SPEC => {
                let args = self.pop_many(2);
                self.object_helper(H::FormatValue, &args)
            }
            B::CONVERT_VALUE => {
                let args = [self.pop_object(), self.const_int(n as i64, Type::I64)];
                self.object_helper(H::ConvertValue, &args)
            }
            B::BUILD_INTERPOLATION => {
                let spec = if n & 1 != 0 { self.pop_object() } else { self.null() };
                let args = self.pop_many(2);
                let operand = self.const_int(n as i64, Type::I64);
                self.object_helper(H::BuildInterpolation, &[args[0], args[1], spec, operand])
            }
            B::BUILD_TEMPLATE => {
                let args = self.pop_many(2);
                self.object_helper(H::BuildTemplate, &args)
            }
            B::IMPORT_NAME => {
                let args = self.pop_many(2);
                let locals = self.own_namespace();
                let (globals, name) = (self.globals(), self.name(n));
                self.object_helper(H::ImportName, &[globals, locals, name, args[1], args[0]])
            }
            B::IMPORT_FROM => {
                let module = self.pop_object();
                let name = self.name(n);
                self.push(module);
                self.object_helper(H::ImportFrom, &[module, name])
            }
            B::MAKE_FUNCTION => {
                let code = self.pop_object();
                let globals = self.globals();
                self.helper(H::MakeFunction, &[globals, code], Type::FUNC)
            }
            B::SET_FUNCTION_ATTRIBUTE => {
                let args = self.pop_many(2);
                let which = self.const_int(n as i64, Type::I64);
                self.helper(H::SetFunctionAttribute, &[args[1], args[0], which], Type::I64);
                args[1]
            }
            B::CALL_INTRINSIC if Intrinsic::from_operand(n as u32).is_some_and(Intrinsic::needs_frame) => {
                let op = self.const_int(n as i64, Type::I64);
                let value = self.pop_object();
                let Some(frame) = self.frame else { return false };
                self.object_helper(H::CallIntrinsicInFrame, &[op, value, frame])
            }
            B::CALL_INTRINSIC => {
                let arity = Intrinsic::from_operand(n as u32).map_or(1, Intrinsic::arity);
                let mut args = vec![self.const_int(n as i64, Type::I64)];
                args.extend(self.pop_many(arity as usize));
                let helper = if arity == 1 { H::CallIntrinsic1 } else { H::CallIntrinsic2 };
                self.object_helper(helper, &args)
            }
            _ => return false,
        };
        self.push(value);
        true
    }
}
