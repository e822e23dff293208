//! Static Python: typed calls, fields, casts and containers.

use abi::helper::HelperId as H;
use abi::layout::type_object;
use bytecode::{LenKind, MethodKind, Opcode as B, Repr, SequenceKind, TypeCode, TypeDescr, Word};

use super::types::{class_of, is_precise, type_of};
use super::{Builder, Built, code_type};
use crate::env::{CastHints, FieldKind, FieldPlace, FieldRef, Signature, StandIn};
use crate::ir::{Imm, Opcode, Type, Value};

impl Builder<'_> {
    pub(super) fn translate_static(&mut self, word: Word) -> Built<bool> {
        let n = word.index();
        match word.opcode() {
            B::INVOKE_FUNCTION | B::INVOKE_NATIVE => self.invoke(n, false)?,
            B::INVOKE_METHOD => self.invoke(n, true)?,
            B::INVOKE_CLOSURE => self.invoke_closure(n),
            // The call looks the method up; until then a null stands for it, which the interpreter looks up as well.
            B::LOAD_METHOD_STATIC => {
                let receiver = self.pop_object();
                let null = self.null();
                self.push(null);
                self.push(receiver);
            }
            B::TP_ALLOC => {
                let (class, ty) = self.class_operand(n)?;
                let facts = self.env.class_facts(class);
                let ty = if ty.is_subtype(Type::OTHER) { facts.exact } else { ty };
                let inline: Vec<Value> = facts.inline_alloc.map_or(Vec::new(), |inline| {
                    let size = self.const_int(i64::from(inline.size), Type::I64);
                    let flags = [inline.is_tracked, inline.is_counted];
                    let flags = flags.map(|flag| self.const_int(i64::from(flag), Type::I64));
                    [size].into_iter().chain(flags).collect()
                });
                let object = self.emit_raise(Opcode::Alloc, &inline, Imm::Class(class), ty);
                self.push(object);
            }
            B::BUILD_STATIC_CLASS => {
                let metaclass = self.pop();
                let bases = self.pop_object();
                let body = self.pop_object();
                let (code, index) = (self.code_object(), self.const_int(n as i64, Type::I64));
                let class = self.object_helper(H::BuildStaticClass, &[code, index, body, bases, metaclass]);
                self.push(class);
            }
            B::LOAD_FIELD => self.load_field(n)?,
            B::STORE_FIELD => self.store_field(n)?,
            B::CAST => self.cast(n),
            B::REFINE_TYPE => {
                let value = self.pop_object();
                let value = self.narrowed(value, type_of(&self.code.types[n], self.env));
                self.push(value);
            }
            B::LOAD_TYPE => {
                let value = self.pop_object();
                if self.func.ty(value).may_be_tagged() {
                    return self.unsupported(word);
                }
                let class = self.emit(Opcode::TypeOf, &[value], Imm::None, Type::TYPE);
                self.push(class);
            }
            B::HAS_OWN_DEFAULTS => {
                let value = self.pop_object();
                let flag = self.const_int(i64::from(type_object::OWN_DEFAULTS), Type::I64);
                if self.func.ty(value).may_be_tagged() {
                    // Asking for the default is always right.
                    self.push(flag);
                    return Ok(true);
                }
                let class = self.emit(Opcode::TypeOf, &[value], Imm::None, Type::TYPE);
                let flags = self.raw_field(class, "flags", type_object::FLAGS);
                let has = self.emit(Opcode::Iand, &[flags, flag], Imm::None, Type::I64);
                self.push(has);
            }
            B::LOAD_CLASS => {
                let (class, _) = self.class_operand(n)?;
                let value = self.emit(Opcode::ConstClass, &[], Imm::Class(class), Type::TYPE);
                self.push(value);
            }
            _ => return self.translate_container(word),
        }
        Ok(true)
    }

    fn class_operand(&mut self, n: usize) -> Built<(crate::env::ClassId, Type)> {
        let descr = &self.code.types[n];
        match class_of(descr, self.env) {
            Some(class) => Ok((class, type_of(descr, self.env))),
            None => self.unresolved(),
        }
    }

    /// The value with the smaller of the two types; unrelated types are taken as the new one.
    fn narrowed(&mut self, value: Value, ty: Type) -> Value {
        let have = self.func.ty(value);
        if have.is_subtype(ty) {
            return value;
        }
        let narrow = have.intersect(ty);
        if narrow.is_empty() || narrow == have {
            value
        } else {
            self.emit(Opcode::Refine, &[value], Imm::None, narrow)
        }
    }

    fn cast(&mut self, n: usize) {
        let value = self.pop_object();
        let ty = type_of(&self.code.types[n], self.env);
        if !is_precise(&self.code.types[n], self.env) {
            let (code, index) = (self.code_object(), self.const_int(n as i64, Type::I64));
            self.status_helper(H::Cast, &[value, code, index]);
            let value = self.narrowed(value, ty);
            self.push(value);
            return;
        }
        if self.func.ty(value).is_subtype(ty) {
            self.push(value);
            return;
        }
        let (code, class) = (self.code_object(), class_of(&self.code.types[n], self.env));
        let mut args = vec![value, code];
        if let Some(class) = class {
            let facts = self.env.class_facts(class);
            let is_exact = ty.is_subtype(facts.exact.union(Type::NONE)) && !facts.is_final;
            let hints = CastHints {
                admits_tagged: ty.could_be(Type::SMALL_INT),
                admits_none: ty.could_be(Type::NONE),
                depth: facts.depth.filter(|_| !is_exact),
            };
            args.push(self.emit(Opcode::ConstClass, &[], Imm::Class(class), Type::TYPE));
            args.push(self.const_int(hints.encode(), Type::I64));
        }
        // Of two classes the declared one is the better news, even if it is a subclass of the other.
        let narrow = ty.intersect(self.func.ty(value).unspecialised());
        let narrow = if narrow.is_empty() { ty } else { narrow };
        // `specialise` may take the value for what it most often is.
        let value = self.emit_deopt(Opcode::Cast, &args, Imm::Int(n as i64), narrow);
        self.push(value);
    }

    fn invoke(&mut self, n: usize, is_method: bool) -> Built<()> {
        let descr = &self.code.functions[n];
        if !descr.given.is_empty() || descr.kind == MethodKind::Named {
            // What a test has put there wants the arguments as objects.
            self.invoke_boxed(n, is_method);
            return Ok(());
        }
        let Some(place) = self.env.callee(descr, is_method) else { return self.unresolved() };
        let mut params: Vec<Type> = descr.signature.params.iter().map(|ty| type_of(ty, self.env)).collect();
        let ret = type_of(&descr.signature.ret, self.env);
        let is_native = descr.kind == MethodKind::Native;
        if self.func.counts_exactly && !is_native || self.env.needs_frame(place.func) {
            self.invoke_boxed(n, is_method);
            return Ok(());
        }
        let mut args = Vec::new();
        for &ty in params.iter().rev() {
            let value = if ty.is_subtype(Type::PRIMITIVE) { self.pop_prim(ty) } else { self.pop_object() };
            args.push(value);
        }
        args.reverse();
        let receiver = (is_method && descr.kind == MethodKind::Static).then(|| self.pop_object());
        if is_method {
            // The callable that `LOAD_METHOD_STATIC` left below the receiver.
            self.pop();
        }
        let op = match (place.slot, receiver) {
            (None, receiver) => {
                // Behind the arguments, where nobody looks but who has to find an override.
                args.extend(receiver);
                params.extend(receiver.map(|_| Type::OBJECT));
                Opcode::CallStatic
            }
            (Some(_), Some(receiver)) => {
                let class = self.class_of_receiver(receiver, n);
                args.insert(0, class);
                Opcode::CallVirtualOf
            }
            (Some(_), None) if descr.kind == MethodKind::Class => {
                args.insert(0, args[0]);
                Opcode::CallVirtualOf
            }
            (Some(_), None) => Opcode::CallVirtual,
        };
        let name = format!("{}.{}", descr.module, descr.name);
        let sig = Signature { name, func: place.func, slot: place.slot, params, ret };
        let result = self.call_target(op, sig, &args);
        self.push(result);
        Ok(())
    }

    /// The class of a value that is an instance of the class of callee number `n`.
    fn class_of_receiver(&mut self, receiver: Value, n: usize) -> Value {
        let descr = &self.code.functions[n];
        let class = descr.split_name().0.unwrap_or_default();
        let ty = type_of(&TypeDescr::class(&descr.module, class), self.env);
        let receiver = self.narrowed(receiver, ty);
        self.emit(Opcode::TypeOf, &[receiver], Imm::None, Type::TYPE)
    }

    /// Calls by way of the runtime, with objects, whose references it gives to the callee.
    pub(super) fn invoke_boxed(&mut self, n: usize, is_method: bool) {
        let (signature, kind) = (&self.code.functions[n].signature, self.code.functions[n].kind);
        let mut args: Vec<Value> = Vec::new();
        for ty in signature.params.iter().rev() {
            args.push(match ty.type_code() {
                TypeCode::Object => self.pop_object(),
                code => self.box_primitive(code),
            });
        }
        if is_method && kind == MethodKind::Static || kind == MethodKind::Nested {
            args.push(self.pop_object());
        }
        if is_method {
            // The callable that `LOAD_METHOD_STATIC` left below the receiver.
            self.pop();
        }
        let which = self.const_int((n * 2 + usize::from(is_method)) as i64, Type::I64);
        args.extend([which, self.code_object()]);
        args.reverse();
        let result = self.object_helper(H::Invoke, &args);
        let result = match signature.ret.type_code() {
            TypeCode::Object => self.narrowed(result, type_of(&signature.ret, self.env)),
            code => {
                self.push(result);
                self.unbox_primitive(code)
            }
        };
        self.push(result);
    }

    fn field_operand(&mut self, n: usize) -> Built<(FieldRef, FieldPlace)> {
        let descr = &self.code.fields[n];
        let Some(place) = self.env.field(descr) else { return self.unresolved() };
        let field = FieldRef {
            class: place.class,
            name: descr.name.clone(),
            offset: place.offset,
            kind: place.kind,
            ty: type_of(&descr.ty, self.env),
        };
        Ok((field, place))
    }

    /// The code object and the number of a field there, as operands.
    fn field_number(&mut self, n: usize) -> [Value; 2] {
        [self.code_object(), self.const_int(n as i64, Type::I64)]
    }

    fn load_field(&mut self, n: usize) -> Built<()> {
        let (field, FieldPlace { stand_in, reads_ask, .. }) = self.field_operand(n)?;
        let (kind, ty) = (field.kind, field.ty);
        let imm = Imm::Field(self.func.import_field(field));
        // What is no double makes a float slot leave as it is.
        match (stand_in, kind) {
            _ if reads_ask => return self.load_stand_in(n, kind, ty),
            (StandIn::Present, _) => return self.load_stand_in(n, kind, ty),
            (StandIn::Possible, FieldKind::Raw) => self.guard_owner(Opcode::GuardOwnFields),
            _ => {}
        }
        if (stand_in, kind) == (StandIn::Possible, FieldKind::Word) {
            // The interpreter finds the owner where it is.
            let owner = *self.stack.last().expect("verified bytecode does not underflow the stack");
            let value = self.emit(Opcode::LoadField, &[owner], imm, ty.union(Type::NULL));
            let value = self.emit_deopt(Opcode::GuardField, &[value], Imm::None, ty);
            self.pop();
            self.push(value);
            return Ok(());
        }
        let owner = self.pop_object();
        let value = match kind {
            FieldKind::Raw => self.emit(Opcode::LoadField, &[owner], imm, ty),
            FieldKind::FloatSlot => {
                let double = self.emit_deopt(Opcode::LoadFloatSlot, &[owner], imm, Type::F64);
                self.emit(Opcode::BoxFloat, &[double], Imm::None, Type::FLOAT_EXACT)
            }
            FieldKind::Word => {
                let value = self.emit(Opcode::LoadField, &[owner], imm, ty.union(Type::NULL));
                self.emit_raise(Opcode::CheckField, &[value, owner], imm, ty)
            }
        };
        self.push(value);
        Ok(())
    }

    /// Leaves for the interpreter if the class of the owner, which is on the stack, is marked as the guard says.
    fn guard_owner(&mut self, guard: Opcode) {
        let owner = *self.stack.last().expect("verified bytecode does not underflow the stack");
        let owner = self.as_object(owner);
        let ty = self.func.ty(owner);
        self.emit_deopt(guard, &[owner], Imm::None, ty);
    }

    /// What the class of the owner has in the place of a field: an object, which stands for a primitive.
    fn load_stand_in(&mut self, n: usize, kind: FieldKind, ty: Type) -> Built<()> {
        let owner = self.pop_object();
        let [code, number] = self.field_number(n);
        let value = self.object_helper(H::LoadStandIn, &[owner, code, number]);
        let value = match (kind, self.field_code(n)) {
            (FieldKind::Raw, Some(code)) => {
                let value = self.narrowed(value, boxed_type(code));
                self.push(value);
                self.unbox_primitive(code)
            }
            _ => self.narrowed(value, ty),
        };
        self.push(value);
        Ok(())
    }

    /// Hands an object, which stands for a primitive, to what the class of the owner has in the place of a field.
    fn store_stand_in(&mut self, n: usize, kind: FieldKind) -> Built<()> {
        let owner = self.pop_object();
        let value = match (kind, self.field_code(n)) {
            (FieldKind::Raw, Some(code)) => self.box_primitive(code),
            _ => self.pop_object(),
        };
        let [code, number] = self.field_number(n);
        self.status_helper(H::StoreStandIn, &[owner, value, code, number]);
        Ok(())
    }

    /// The code of the primitive that a field holds.
    fn field_code(&self, n: usize) -> Option<TypeCode> {
        match self.code.fields[n].ty {
            TypeDescr::Primitive(code) => Some(code),
            _ => None,
        }
    }

    fn store_field(&mut self, n: usize) -> Built<()> {
        let (field, place) = self.field_operand(n)?;
        let (kind, ty, offset) = (field.kind, field.ty, field.offset);
        let imm = Imm::Field(self.func.import_field(field));
        match (place.stand_in, kind) {
            _ if place.stores_ask => return self.store_stand_in(n, kind),
            (StandIn::Never, _) => {}
            (StandIn::Present, _) => return self.store_stand_in(n, kind),
            (StandIn::Possible, FieldKind::Raw | FieldKind::FloatSlot) => {
                self.guard_owner(Opcode::GuardOwnFields);
            }
            (StandIn::Possible, FieldKind::Word) => {
                let owner = *self.stack.last().expect("verified bytecode does not underflow the stack");
                let old = self.emit(Opcode::LoadField, &[owner], imm, ty.union(Type::NULL));
                self.emit_deopt(Opcode::GuardField, &[old], Imm::None, ty);
            }
        }
        if place.may_ask {
            self.guard_owner(Opcode::GuardStores);
        }
        let owner = self.pop_object();
        match kind {
            FieldKind::Raw => {
                let value = self.pop_prim(ty);
                self.func.append(self.block, Opcode::StoreField, &[owner, value], imm, Type::EMPTY, None);
            }
            FieldKind::Word => {
                let value = self.pop_object();
                self.emit(Opcode::SwapField, &[owner, value], imm, Type::WORD);
            }
            FieldKind::FloatSlot => {
                let value = self.pop_object();
                if self.func.ty(value).is_subtype(Type::INT) {
                    let offset = self.const_int(i64::from(offset), Type::I64);
                    self.helper(H::StoreFloatSlot, &[owner, offset, value], Type::I64);
                } else {
                    let exact = self.exact_float(value);
                    let double = self.emit(Opcode::UnboxFloat, &[exact], Imm::None, Type::F64);
                    self.func.append(
                        self.block,
                        Opcode::StoreFloatSlot,
                        &[owner, double],
                        imm,
                        Type::EMPTY,
                        None,
                    );
                }
            }
        }
        Ok(())
    }

    /// The value, which leaves for the interpreter unless it is exactly a float.
    pub(super) fn exact_float(&mut self, value: Value) -> Value {
        if self.func.ty(value).is_subtype(Type::FLOAT_EXACT) {
            return value;
        }
        self.emit_deopt(Opcode::CheckType, &[value], Imm::None, Type::FLOAT_EXACT)
    }

    fn translate_container(&mut self, word: Word) -> Built<bool> {
        let n = word.operand();
        match word.opcode() {
            B::FAST_LEN => {
                let Some(kind) = LenKind::from_operand(n) else { return self.unsupported(word) };
                let value = self.pop_object();
                let length = self.fast_len(kind, value);
                self.push(length);
            }
            B::SEQUENCE_GET | B::SEQUENCE_SET => {
                let Some(kind) = SequenceKind::from_operand(n) else { return self.unsupported(word) };
                if kind.element() == TypeCode::Single {
                    return self.unsupported(word);
                }
                if word.opcode() == B::SEQUENCE_GET {
                    self.sequence_get(kind)
                } else {
                    self.sequence_set(kind)
                }
            }
            B::LIST_DEL => {
                let index = self.pop_prim(Type::I64);
                let list = self.pop_object();
                let index = self.emit(Opcode::BoxInt, &[index], Imm::None, Type::INT_EXACT);
                self.status_helper(H::DelItem, &[list, index]);
            }
            B::BUILD_CHECKED_LIST | B::BUILD_CHECKED_MAP => {
                let source = self.pop_object();
                let (code, index) = (self.code_object(), self.const_int(i64::from(n), Type::I64));
                let (helper, ty) = if word.opcode() == B::BUILD_CHECKED_LIST {
                    (H::BuildCheckedList, Type::CHECKED_LIST)
                } else {
                    (H::BuildCheckedMap, Type::CHECKED_DICT)
                };
                let value = self.helper(helper, &[code, index, source], ty);
                self.push(value);
            }
            B::BUILD_ARRAY => {
                let length = self.pop_prim(Type::I64);
                let (code, index) = (self.code_object(), self.const_int(i64::from(n), Type::I64));
                let ty = type_of(&self.code.types[n as usize], self.env);
                let value = self.helper(H::BuildArray, &[code, index, length], ty);
                self.push(value);
            }
            B::VECTOR_APPEND => {
                let Some(ty) = element_type(n) else { return self.unsupported(word) };
                let value = self.pop_prim(ty);
                let vector = self.pop_object();
                let vector = self.narrowed(vector, Type::VECTOR);
                self.emit_raise(Opcode::VectorAppend, &[vector, value], Imm::None, Type::EMPTY);
            }
            B::VECTOR_POP => {
                let Some(ty) = element_type(n) else { return self.unsupported(word) };
                let vector = self.pop_object();
                let vector = self.narrowed(vector, Type::VECTOR);
                let value = self.emit_raise(Opcode::VectorPop, &[vector], Imm::None, ty);
                self.push(value);
            }
            B::LOAD_DEFAULT => {
                let position = self.pop_prim(Type::I64);
                let receiver = self.pop_object();
                let (code, index) = (self.code_object(), self.const_int(i64::from(n), Type::I64));
                let value = self.helper(H::LoadDefault, &[code, index, receiver, position], Type::OBJECT);
                self.push(value);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The type that a length or sequence kind promises.
    fn fast_len(&mut self, kind: LenKind, value: Value) -> Value {
        let ty = match kind {
            LenKind::List => Type::LIST_EXACT,
            LenKind::Dict => Type::DICT_EXACT,
            LenKind::Set => Type::SET_EXACT,
            LenKind::Tuple => Type::TUPLE_EXACT,
            LenKind::Array => Type::ARRAY,
            LenKind::Vector => Type::VECTOR,
            LenKind::Str => Type::STR_EXACT,
            LenKind::CheckedList => Type::CHECKED_LIST,
            LenKind::CheckedDict => Type::CHECKED_DICT,
            LenKind::ListInexact
            | LenKind::DictInexact
            | LenKind::SetInexact
            | LenKind::TupleInexact
            | LenKind::StrInexact => return self.helper(H::Length, &[value], Type::I64),
        };
        let value = self.narrowed(value, ty);
        self.length_of(value)
    }

    fn length_of(&mut self, value: Value) -> Value {
        self.emit(Opcode::FastLen, &[value], Imm::None, Type::I64)
    }

    /// The sequence and an index in bounds.
    fn checked_index(&mut self, kind: SequenceKind, is_store: bool) -> (Value, Value) {
        let index = self.pop_prim(Type::I64);
        let sequence = self.pop_object();
        let ty = match kind {
            SequenceKind::List => Type::LIST_EXACT,
            SequenceKind::Tuple => Type::TUPLE_EXACT,
            SequenceKind::CheckedList => Type::CHECKED_LIST,
            SequenceKind::ListInexact => {
                let exact = self.emit_deopt(Opcode::GuardType, &[sequence], Imm::None, Type::LIST_EXACT);
                return self.bounded(exact, index, is_store);
            }
            _ if kind.is_vector() => Type::VECTOR,
            _ => Type::ARRAY,
        };
        let sequence = self.narrowed(sequence, ty);
        self.bounded(sequence, index, is_store)
    }

    fn bounded(&mut self, sequence: Value, index: Value, is_store: bool) -> (Value, Value) {
        if self.func.ty(sequence).is_subtype(Type::LIST) {
            self.emit_deopt(Opcode::GuardWords, &[sequence], Imm::None, Type::EMPTY);
        }
        let length = self.length_of(sequence);
        let imm = Imm::Int(i64::from(is_store));
        let index = self.emit_raise(Opcode::CheckBounds, &[index, length, sequence], imm, Type::I64);
        (sequence, index)
    }

    fn sequence_get(&mut self, kind: SequenceKind) {
        let (sequence, index) = self.checked_index(kind, false);
        let value = match code_type(kind.element()) {
            Some(ty) if kind.is_vector() => {
                let items = self.emit(Opcode::VectorItems, &[sequence], Imm::None, Type::PTR);
                self.emit(Opcode::VectorItem, &[sequence, index, items], Imm::None, ty)
            }
            Some(ty) => self.emit(Opcode::ArrayItem, &[sequence, index], Imm::None, ty),
            None if kind == SequenceKind::Tuple => {
                self.emit(Opcode::TupleItem, &[sequence, index], Imm::None, Type::OBJECT)
            }
            None => self.emit(Opcode::ListItem, &[sequence, index], Imm::None, Type::OBJECT),
        };
        self.push(value);
    }

    fn sequence_set(&mut self, kind: SequenceKind) {
        let (sequence, index) = self.checked_index(kind, true);
        match code_type(kind.element()) {
            Some(ty) if kind.is_vector() => {
                let value = self.pop_prim(ty);
                let items = self.emit(Opcode::VectorItems, &[sequence], Imm::None, Type::PTR);
                let args = [sequence, index, value, items];
                self.func.append(self.block, Opcode::VectorStore, &args, Imm::None, Type::EMPTY, None);
            }
            Some(ty) => {
                let value = self.pop_prim(ty);
                let args = [sequence, index, value];
                self.func.append(self.block, Opcode::ArrayStore, &args, Imm::None, Type::EMPTY, None);
            }
            None => {
                let value = self.pop_object();
                self.emit(Opcode::ListSwap, &[sequence, index, value], Imm::None, Type::OBJECT);
            }
        }
    }
}

/// The type of a sequence's elements, if it has primitive ones that there are registers for.
fn element_type(operand: u32) -> Option<Type> {
    SequenceKind::from_operand(operand)
        .map(SequenceKind::element)
        .filter(|code| *code != TypeCode::Single)
        .and_then(code_type)
}

/// The type of the objects that stand for a primitive.
fn boxed_type(code: TypeCode) -> Type {
    match code.repr() {
        Repr::Double => Type::FLOAT_EXACT,
        _ if code == TypeCode::CBool => Type::BOOL,
        _ => Type::INT_EXACT,
    }
}
