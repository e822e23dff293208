//! Properties of static classes: calls of their getters and setters. (`static-python.md` 1.23)
//!
//! Where the class of the receiver says which function it is, that is called; otherwise what the class of the receiver has under the name,
//! through the vtable as a method is. Deletion, `super()` and what is not a plain property stay with `LOAD_ATTR` and its like.

use bytecode::Opcode;
use parser::ast::Expr;
use typeck::facts::AttributePlan;
use typeck::program::{ClassId, FunctionId};

use crate::module::Emitter;

impl<'a> Emitter<'a, '_> {
    /// `receiver -- value`; false, and nothing, if the attribute is not planned as a property.
    pub(crate) fn read_property(&mut self, expr: &Expr<'a>, attr: &str) -> bool {
        let Some((class, is_exact)) = self.property_plan(expr) else { return false };
        let program = self.checked.expect("plans come from a checked module").program;
        let Some(getter) = program.typed_getter(class, &self.mangled(attr)) else { return false };
        let descr = self.accessor_descr(getter);
        if self.is_known_accessor(class, is_exact, getter) {
            self.block().op(Opcode::INVOKE_FUNCTION, descr);
        } else {
            self.block().op(Opcode::LOAD_METHOD_STATIC, descr);
            self.block().op(Opcode::INVOKE_METHOD, descr);
        }
        true
    }

    /// `value, receiver --`; false, and nothing, if the property has no setter that can be called so.
    pub(crate) fn set_property(&mut self, target: &Expr<'a>, attr: &str) -> bool {
        let Some((class, is_exact)) = self.property_plan(target) else { return false };
        let program = self.checked.expect("plans come from a checked module").program;
        let Some(setter) = program.typed_setter(class, &self.mangled(attr)) else { return false };
        let descr = self.accessor_descr(setter);
        if self.is_known_accessor(class, is_exact, setter) {
            self.block().op(Opcode::SWAP, 2);
            self.block().op(Opcode::INVOKE_FUNCTION, descr);
        } else {
            self.block().op(Opcode::LOAD_METHOD_STATIC, descr);
            // value, callee, receiver -- callee, receiver, value
            self.block().op(Opcode::SWAP, 2);
            self.block().op(Opcode::SWAP, 3);
            self.block().op(Opcode::INVOKE_METHOD, descr);
        }
        self.block().op0(Opcode::POP_TOP);
        true
    }

    fn property_plan(&self, expr: &Expr<'a>) -> Option<(ClassId, bool)> {
        match *self.facts()?.attributes.get(&expr.id)? {
            AttributePlan::Property(class, is_exact) => Some((class, is_exact)),
            _ => None,
        }
    }

    fn accessor_descr(&mut self, accessor: FunctionId) -> u32 {
        let checked = self.checked.expect("plans come from a checked module");
        self.block().function(checked.function_descr(accessor))
    }

    /// Whether no subclass can have another function there.
    fn is_known_accessor(&self, class: ClassId, is_exact: bool, accessor: FunctionId) -> bool {
        let program = self.checked.expect("plans come from a checked module").program;
        let is_known = is_exact || program.functions[accessor].is_final || program.classes[class].is_final;
        is_known && !self.may_be_fake(accessor)
    }
}
