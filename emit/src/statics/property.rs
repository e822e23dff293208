//! Properties of static classes: calls of their getters and setters. (`static-python.md` 1.23)
//!
//! Where the class of the receiver says which function it is, that is called; otherwise what the class of the receiver has under the name,
//! through the vtable as a method is. Deletion, `super()` and what is not a plain property stay with `LOAD_ATTR` and its like.

use bytecode::Opcode;
use parser::ast::Expr;
use typeck::facts::AttributePlan;
use typeck::program::{ClassId, FunctionId, Program};

use crate::module::Emitter;

impl<'a> Emitter<'a, '_> {
    /// `receiver -- value`; false, and nothing, if the attribute is not planned as a property.
    pub(crate) fn read_property(&mut self, expr: &Expr<'a>, attr: &str) -> bool {
        let Some((descr, is_known)) = self.accessor(expr, attr, Program::typed_getter) else { return false };
        if is_known {
            self.block().op(Opcode::INVOKE_FUNCTION, descr);
        } else {
            self.block().op(Opcode::LOAD_METHOD_STATIC, descr);
            self.block().op(Opcode::INVOKE_METHOD, descr);
        }
        true
    }

    /// `value, receiver --`; false, and nothing, if the property has no setter that can be called so.
    pub(crate) fn set_property(&mut self, target: &Expr<'a>, attr: &str) -> bool {
        let Some((descr, is_known)) = self.accessor(target, attr, Program::typed_setter) else {
            return false;
        };
        if is_known {
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

    /// The descriptor of the function that a planned property has, as `find` finds it, and whether no subclass can have another one there.
    fn accessor(
        &mut self,
        expr: &Expr<'a>,
        attr: &str,
        find: fn(&Program<'a>, ClassId, &str) -> Option<FunctionId>,
    ) -> Option<(u32, bool)> {
        let AttributePlan::Property(class, is_exact) = *self.facts()?.attributes.get(&expr.id)? else {
            return None;
        };
        let checked = self.checked?;
        let accessor = find(checked.program, class, &self.mangled(attr))?;
        let is_final =
            checked.program.functions[accessor].is_final || checked.program.classes[class].is_final;
        let is_known = (is_exact || is_final) && !self.may_be_fake(accessor);
        Some((self.block().function(checked.function_descr(accessor)), is_known))
    }
}
