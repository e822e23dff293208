//! How the iterator types of `itertools` are declared: fields and state in a struct, `new` and `next` in a type.

use runtime::args::Args;
use runtime::object::Object;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, protocol};

/// Declares the layout of an iterator type: owned fields, then state without references.
macro_rules! iterator_layout {
    ($(#[doc = $doc:expr])* $layout:ident for $ty:ident { $($(#[doc = $field_doc:expr])* $field:ident,)* } $({ $($(#[doc = $state_doc:expr])* $state:ident: $state_ty:ty,)* })?) => {
        $(#[doc = $doc])*
        #[repr(C)]
        struct $layout {
            header: runtime::header::Header,
            $($(#[doc = $field_doc])* $field: runtime::field::Field,)*
            $($($(#[doc = $state_doc])* $state: $state_ty,)*)?
        }

        // SAFETY: `repr(C)`, header first.
        unsafe impl runtime::object::Object for $layout {
            fn type_object() -> &'static runtime::TypeObject {
                &$ty
            }
            fn traverse(&self, visit: runtime::object::Visitor<'_>) {
                $(self.$field.visit(visit);)*
            }
            fn clear(&self) {
                $(drop(self.$field.take());)*
            }
        }

        impl $layout {
            fn of<'a>(value: runtime::Value) -> &'a Self {
                value.get::<Self>().expect("slots are called for instances")
            }
        }
    };
}

pub(super) use iterator_layout;

/// `__new__`
pub(super) type New = fn(&TypeObject, Args<'_>) -> PyResult;

/// `__next__`
pub(super) type Next = fn(Value) -> PyResult<Option<Ref>>;

/// The slots of an iterator type.
pub(super) const fn iterator_slots(new: New, next: Next) -> Slots {
    Slots { new: Some(new), iter: Some(protocol::identity), iternext: Some(next), ..Slots::EMPTY }
}

/// An iterator type that can be derived from.
pub(super) const fn iterator_spec<T: Object>(
    name: &'static str,
    doc: &'static str,
    new: New,
    next: Next,
) -> TypeSpec {
    TypeSpec {
        module: "itertools",
        doc,
        flags: type_flags::GC | type_flags::BASE,
        slots: iterator_slots(new, next),
        ..TypeSpec::of::<T>(name)
    }
}
