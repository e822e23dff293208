//! Fields, subscripts, primitive locals, constants of the module.

use bytecode::{Const, LenKind, Opcode, SequenceKind, TypeCode};
use parser::ast::Expr;
use typeck::facts::{AttributePlan, SubscriptPlan};
use typeck::program::{ClassId, Constant, Member, ModuleId};
use typeck::scope::ScopeId;
use typeck::ty::TypeId;

use super::Checked;
use super::descr::type_code;
use crate::fold;
use crate::module::Emitter;

impl Checked<'_, '_> {
    /// The value of a `Final` of this or another static module.
    pub(crate) fn final_constant(&self, module: ModuleId, name: &str) -> Option<Const> {
        let mut module = module;
        let mut name = name;
        for _ in 0..8 {
            match self.program.modules[module].members.get(name)? {
                Member::Variable { is_final: true, constant: Some(constant), .. } => {
                    return Some(const_of(constant));
                }
                Member::Imported { module: from, name: original } => {
                    module = self.program.find_module(from)?;
                    name = original;
                }
                _ => return None,
            }
        }
        None
    }
}

impl<'a> Emitter<'a, '_> {
    /// The type code of a variable's slot.
    pub(crate) fn slot_type(&self, scope: ScopeId, name: &str) -> TypeCode {
        let primitive = self.facts().and_then(|facts| facts.primitive_locals.get(&(scope, name.to_owned())));
        primitive.map_or(TypeCode::Object, |&primitive| type_code(primitive))
    }

    /// The field descriptor index of an attribute, if it is a field.
    pub(crate) fn field_of(&mut self, expr: &Expr<'a>, attr: &str) -> Option<u32> {
        let AttributePlan::Field(class) = *self.facts()?.attributes.get(&expr.id)? else { return None };
        let descr = self.checked?.field_descr(class, &self.mangled(attr))?;
        Some(self.block().field(descr))
    }

    /// Unboxes what has been found under the name of an attribute, if that stands for a primitive.
    pub(crate) fn unbox_attribute(&mut self, expr: &Expr<'a>) {
        let plan = self.facts().and_then(|facts| facts.attributes.get(&expr.id));
        if let Some(&AttributePlan::Boxed(primitive)) = plan {
            self.block().op(Opcode::PRIMITIVE_UNBOX, type_code(primitive) as u32);
        }
    }

    /// The operand of `SEQUENCE_GET` and `SEQUENCE_SET`, if a subscript is one.
    pub(crate) fn sequence_of(&self, expr: &Expr<'a>) -> Option<SequenceKind> {
        let SubscriptPlan::Sequence { class, container, exact } = *self.facts()?.subscripts.get(&expr.id)?;
        self.sequence_kind(class, container, exact)
    }

    /// How a container is indexed.
    pub(crate) fn sequence_kind(
        &self,
        class: ClassId,
        container: TypeId,
        exact: bool,
    ) -> Option<SequenceKind> {
        let known = &self.checked?.program.known;
        if known.is_row(class) {
            return self.row_kind(container);
        }
        if class == known.checked_list {
            return Some(SequenceKind::CheckedList);
        }
        Some(if exact { SequenceKind::List } else { SequenceKind::ListInexact })
    }

    /// How an array or a vector is indexed.
    pub(crate) fn row_kind(&self, row: TypeId) -> Option<SequenceKind> {
        let program = self.checked?.program;
        let (class, args, _) = program.types.as_instance(row)?;
        let kind = if class == program.known.vector { SequenceKind::vector } else { SequenceKind::array };
        kind(type_code(self.primitive_type(*args.first()?)?))
    }

    /// How a container is measured.
    pub(crate) fn len_kind(&self, class: ClassId, exact: bool) -> Option<LenKind> {
        let known = &self.checked?.program.known;
        let kinds = [
            (known.list, LenKind::List, LenKind::ListInexact),
            (known.dict, LenKind::Dict, LenKind::DictInexact),
            (known.set, LenKind::Set, LenKind::SetInexact),
            (known.tuple, LenKind::Tuple, LenKind::TupleInexact),
            (known.str, LenKind::Str, LenKind::StrInexact),
            (known.array, LenKind::Array, LenKind::Array),
            (known.vector, LenKind::Vector, LenKind::Vector),
            (known.checked_list, LenKind::CheckedList, LenKind::CheckedList),
            (known.checked_dict, LenKind::CheckedDict, LenKind::CheckedDict),
        ];
        let (_, is_exact, inexact) = kinds.into_iter().find(|(candidate, ..)| *candidate == class)?;
        Some(if exact { is_exact } else { inexact })
    }

    /// Appends an instruction on a local slot, for objects or primitives as the slot is.
    pub(crate) fn local_op(&mut self, object: Opcode, primitive: Opcode, slot: u32) {
        let is_object = self.block().code.locals[slot as usize].ty == TypeCode::Object;
        self.block().op(if is_object { object } else { primitive }, slot);
    }
}

fn const_of(constant: &Constant<'_>) -> Const {
    match constant {
        Constant::Literal(value) => fold::literal(*value),
        Constant::Negated(value) => fold::negated(fold::literal(*value)),
    }
}
