//! Typed instructions: how the checker's plans are spelled in bytecode.
//!
//! - [`descr`]: types, functions, fields and classes of the checker as descriptors
//! - `value`: coercions, primitive arithmetic, conditions
//! - `place`: fields, subscripts, primitive locals, constants of the module
//! - `call`: static calls and construction
//! - `argument`: their arguments
//! - `patched`: calls of what tests may replace
//! - `define`: functions with checked arguments, classes with a layout, index loops
//!
//! Every question starts at [`Checked`]; in a dynamic module the answer is always "no plan".

mod argument;
mod call;
mod define;
mod descr;
mod fill;
mod patched;
mod place;
mod property;
mod value;

pub(crate) use descr::type_code;

use base::Severity;
use parser::ast::{Expr, NodeId};
use typeck::Program;
use typeck::facts::Facts;
use typeck::program::ModuleId;
use typeck::ty::{Primitive, Type, TypeId};

use crate::module::Emitter;

/// A module that has been checked without errors.
#[derive(Clone, Copy)]
pub struct Checked<'a, 's> {
    /// The session.
    pub(crate) program: &'s Program<'a>,
    /// The module.
    pub(crate) module: ModuleId,
}

impl<'a, 's> Checked<'a, 's> {
    /// The module, if nothing is wrong with it.
    pub fn new(program: &'s Program<'a>, module: ModuleId) -> Option<Self> {
        let is_clean =
            program.modules[module].diagnostics.iter().all(|found| found.severity != Severity::Error);
        is_clean.then_some(Self { program, module })
    }

    pub(crate) fn facts(&self) -> &'s Facts {
        &self.program.modules[self.module].facts
    }
}

impl<'a, 's> Emitter<'a, 's> {
    /// What the checker found out, if the module is static.
    pub(crate) fn facts(&self) -> Option<&'s Facts> {
        self.checked.map(|checked| checked.facts())
    }

    /// The primitive type of an expression's value, before its coercion.
    pub(crate) fn primitive_of(&self, expr: &Expr<'a>) -> Option<Primitive> {
        let ty = self.facts()?.types[expr.id]?;
        self.primitive_type(ty.id)
    }

    /// The primitive that a type is.
    pub(crate) fn primitive_type(&self, ty: TypeId) -> Option<Primitive> {
        match self.checked?.program.types.get(ty) {
            Type::Primitive(primitive) => Some(*primitive),
            _ => None,
        }
    }

    /// The primitive in which an operator is computed.
    pub(crate) fn operator_type(&self, node: NodeId) -> Option<Primitive> {
        self.facts()?.operators.get(&node).copied()
    }
}
