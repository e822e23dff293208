//! Calls of functions that are made in functions, by what a variable holds.
//!
//! The checker knows which `def` the variable means, and the environment which code that has; at run time any object may be there, since cells
//! have contents that anybody may replace, and functions a `__code__`. So the call is direct behind guards that the object is a function with
//! just this code and these globals, and hands the callee the tuple of its cells. Costs two loads, three compares, and a count on the tuple.

use abi::layout::function_object;

use super::Builder;
use super::types::type_of;
use crate::env::{ClassId, FieldKind, FieldRef, Signature};
use crate::ir::types::Spec;
use crate::ir::{Imm, Opcode, Type, Value};

impl Builder<'_> {
    /// `callable, args... -- result`
    pub(super) fn invoke_closure(&mut self, n: usize) {
        let descr = &self.code.functions[n];
        let callee = self.env.nested_callee(self.func.id, n as u32).filter(|_| !self.func.counts_exactly);
        let Some(callee) = callee else {
            self.invoke_boxed(n, false);
            return;
        };
        let mut params: Vec<Type> = descr.signature.params.iter().map(|ty| type_of(ty, self.env)).collect();
        let ret = type_of(&descr.signature.ret, self.env);
        let callable = self.stack[self.stack.len() - params.len() - 1];
        let callable = self.as_object(callable);
        let function = self.emit_deopt(Opcode::GuardType, &[callable], Imm::None, Type::FUNC);
        let (globals, _) = self.env.namespaces(self.func.id);
        for (name, offset, ty, is) in [
            ("code", function_object::CODE, Type::CODE, callee.code),
            ("globals", function_object::GLOBALS, Type::DICT_EXACT, globals),
        ] {
            let part = self.word_field(function, name, offset, ty);
            self.emit_deopt(Opcode::GuardType, &[part], Imm::None, ty.with_spec(Spec::Object(is)));
        }
        let mut args: Vec<Value> = Vec::new();
        for &ty in params.iter().rev() {
            args.push(if ty.is_subtype(Type::PRIMITIVE) { self.pop_prim(ty) } else { self.pop_object() });
        }
        args.reverse();
        self.pop();
        if callee.takes_closure {
            args.push(self.word_field(function, "closure", function_object::CLOSURE, Type::TUPLE_EXACT));
            params.push(Type::TUPLE_EXACT);
        }
        let name = format!("{}.{}", descr.module, descr.name);
        let sig = Signature { name, func: callee.func, slot: None, params, ret };
        let result = self.call_target(Opcode::CallStatic, sig, &args);
        self.push(result);
    }

    /// A part of a function.
    fn word_field(&mut self, function: Value, name: &str, offset: usize, ty: Type) -> Value {
        let field = self.func.import_field(FieldRef {
            class: ClassId::OBJECT.id(),
            name: name.to_owned(),
            offset: offset as u32,
            kind: FieldKind::Word,
            ty,
        });
        self.emit(Opcode::LoadField, &[function], Imm::Field(field), ty)
    }
}
