//! `classmethod` and `staticmethod`: one callable, bound to the class or to nothing.
//!
//! They look like the callable: its name, module and documentation are copied into their dict when they are made by a call.

use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects;
use crate::objects::descriptor::getters;
use crate::objects::method::MethodObject;
use crate::objects::str::StrObject;
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

/// The function that a class method or a static method wraps; anything else is itself.
pub fn unwrapped(value: Value) -> Value {
    match (value.get::<ClassMethod>(), value.get::<StaticMethod>()) {
        (Some(method), _) => method.callable(),
        (_, Some(method)) => method.callable(),
        _ => value,
    }
}

/// `classmethod` and `staticmethod` wrap one callable.
macro_rules! callable_wrapper {
    ($(#[$meta:meta])* $layout:ident, $static:ident, $spec:ident, $getset:ident, $name:literal, $doc:literal, $get:expr, $call:expr) => {
        $(#[$meta])*
        #[repr(C)]
        pub struct $layout {
            header: Header,
            callable: Field,
            dict: Field,
        }

        // SAFETY: `repr(C)`, header first.
        unsafe impl Object for $layout {
            fn type_object() -> &'static TypeObject {
                &$static
            }
            fn traverse(&self, visit: Visitor<'_>) {
                self.callable.visit(visit);
                self.dict.visit(visit);
            }
            fn clear(&self) {
                drop(self.callable.take());
                drop(self.dict.take());
            }
        }

        impl $layout {
            pub(crate) const DICT_OFFSET: usize = std::mem::offset_of!($layout, dict);

            /// Wraps.
            pub fn new(callable: Ref) -> Py<$layout> {
                Self::new_of(&$static, callable)
            }

            fn new_of(ty: &TypeObject, callable: Ref) -> Py<$layout> {
                let contents = $layout { header: Header::new(ty), callable: Field::new(callable), dict: Field::empty() };
                object::new_object_of(ty, contents)
            }

            /// What is wrapped.
            pub fn callable(&self) -> Value {
                self.callable.get().unwrap_or_else(objects::none)
            }

            fn of<'a>(value: Value) -> &'a Self {
                value.get::<$layout>().expect("descriptors check their owner")
            }
        }

        static $getset: &[GetSetDef] = getters! {
            "__annotations__" => |value| protocol::get_attr($layout::of(value).callable(), names().__annotations__);
            "__annotate__" => |value| protocol::get_attr($layout::of(value).callable(), names().__annotate__);
            "__isabstractmethod__" => |value| is_abstract($layout::of(value).callable());
        };

        $(#[$meta])*
        pub static $static: TypeObject = TypeObject::from_spec(&$spec);
        static $spec: TypeSpec = TypeSpec {
            doc: $doc,
            flags: type_flags::BASE | type_flags::GC,
            dict_offset: $layout::DICT_OFFSET,
            slots: Slots {
                new: Some(|ty, _| Ok($layout::new_of(ty, objects::none().to_ref()).into())),
                init: Some(|value, args| {
                    args.no_keywords($name)?;
                    let [callable] = args.positional else {
                        return Err(crate::raise!(TypeError, concat!($name, " expected 1 argument, got {}"), args.positional.len()));
                    };
                    $layout::of(value).callable.set(callable.to_ref());
                    look_like(value, *callable)
                }),
                repr: Some(|value| {
                    let inner = protocol::repr_string($layout::of(value).callable())?;
                    Ok(StrObject::new(&format!(concat!("<", $name, "({})>"), inner)).into())
                }),
                descr_get: Some($get),
                call: $call,
                ..Slots::EMPTY
            },
            members: getters! {
                "__func__" => |value| Ok($layout::of(value).callable.get_or_none());
                "__wrapped__" => |value| Ok($layout::of(value).callable.get_or_none());
            },
            getset: $getset,
            ..TypeSpec::of::<$layout>($name)
        };
    };
}

/// Copies what the callable has of the attributes by which functions are known.
fn look_like(wrapper: Value, callable: Value) -> PyResult<()> {
    let Some(dict) = protocol::attribute::make_instance_dict(wrapper) else { return Ok(()) };
    for name in [names().__module__, names().__name__, names().__qualname__, names().__doc__] {
        if let Some(found) = protocol::get_optional_attr(callable, name)? {
            dict.set_str(name, found);
        }
    }
    Ok(())
}

pub(super) fn is_abstract(callable: Value) -> PyResult {
    let flag = protocol::get_optional_attr(callable, StrObject::intern("__isabstractmethod__").value())?;
    let truth = match flag {
        Some(flag) => protocol::is_true(flag.value())?,
        None => false,
    };
    Ok(objects::bool(truth).to_ref())
}

fn class_method_get(value: Value, object: Option<Value>, owner: Value) -> PyResult {
    let class =
        if objects::is_none(owner) { object.map_or(owner, |object| object.ty().value()) } else { owner };
    Ok(MethodObject::new(ClassMethod::of(value).callable(), class).into())
}

fn static_method_get(value: Value, _: Option<Value>, _: Value) -> PyResult {
    Ok(StaticMethod::of(value).callable().to_ref())
}

callable_wrapper! {
    /// `classmethod`.
    ClassMethod, CLASS_METHOD, CLASS_METHOD_SPEC, CLASS_METHOD_GETSET, "classmethod",
    "classmethod(function, /)\n--\n\nConvert a function to be a class method.", class_method_get, None
}

callable_wrapper! {
    /// `staticmethod`.
    StaticMethod, STATIC_METHOD, STATIC_METHOD_SPEC, STATIC_METHOD_GETSET, "staticmethod",
    "staticmethod(function, /)\n--\n\nConvert a function to be a static method.", static_method_get,
    Some(|value, args| protocol::call_args(StaticMethod::of(value).callable(), args))
}
