//! `method-wrapper`: a special method of a builtin type, such as `[].__len__`, bound to its object.
//!
//! It has the layout of [`MethodObject`], and is called in the same way; programs tell the two types apart (`types.MethodWrapperType`).
//! What it knows of itself it reads from the wrapper descriptor that it was made of. Two are equal if they are of one descriptor and one object.

use crate::hash;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::objects::descriptor::reduce_to_getattr;
use crate::objects::method::MethodObject;
use crate::objects::str::StrObject;
use crate::objects::{self, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

/// Binds a wrapper descriptor.
pub(super) fn bind(descriptor: Value, receiver: Value) -> Py<MethodObject> {
    MethodObject::of_type(&METHOD_WRAPPER, descriptor, receiver)
}

fn this<'a>(value: Value) -> &'a MethodObject {
    debug_assert!(std::ptr::eq(value.ty(), &METHOD_WRAPPER));
    // SAFETY: the type has no subclasses, and slots and methods of it are used for its instances only, which have this layout.
    unsafe { value.cast() }
}

fn of_descriptor(value: Value, name: &str) -> PyResult {
    protocol::get_attr(this(value).function.raw(), StrObject::intern(name).value())
}

fn repr(value: Value) -> PyResult {
    let name = protocol::str_string(of_descriptor(value, "__name__")?.value())?;
    let receiver = this(value).receiver.raw();
    let text =
        format!("<method-wrapper '{name}' of {} object at {:#x}>", receiver.ty().name(), receiver.bits());
    Ok(StrObject::new(&text).into())
}

fn hash_wrapper(value: Value) -> PyResult<i64> {
    let wrapper = this(value);
    let both = hash::address(wrapper.receiver.raw().bits()) ^ hash::address(wrapper.function.raw().bits());
    Ok(hash::avoid_minus_one(both))
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let are_wrappers = std::ptr::eq(a.ty(), &METHOD_WRAPPER) && std::ptr::eq(b.ty(), &METHOD_WRAPPER);
    if !are_wrappers || !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return singleton::decline();
    }
    let (a, b) = (this(a), this(b));
    let same = a.receiver.raw() == b.receiver.raw() && a.function.raw() == b.function.raw();
    Ok(objects::bool(same == (op == CompareOp::Equal)).to_ref())
}

py_methods! { static METHODS for "method-wrapper", Value;
    /// For pickling: `getattr(receiver, name)`.
    "__reduce__(self, /)"
    fn reduce(value) -> PyResult {
        let name: Ref = protocol::get_attr(this(value).function.raw(), names().__name__)?;
        reduce_to_getattr(this(value).receiver.raw(), name)
    }
}

static MEMBERS: &[GetSetDef] = &[GetSetDef {
    name: "__self__",
    doc: "",
    get: |value| Ok(this(value).receiver.get_or_none()),
    set: None,
}];

static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "__objclass__", doc: "", get: |value| of_descriptor(value, "__objclass__"), set: None },
    GetSetDef { name: "__name__", doc: "", get: |value| of_descriptor(value, "__name__"), set: None },
    GetSetDef { name: "__qualname__", doc: "", get: |value| of_descriptor(value, "__qualname__"), set: None },
    GetSetDef { name: "__doc__", doc: "", get: |value| of_descriptor(value, "__doc__"), set: None },
    GetSetDef {
        name: "__text_signature__",
        doc: "",
        get: |value| of_descriptor(value, "__text_signature__"),
        set: None,
    },
];

/// `method-wrapper`.
pub static METHOD_WRAPPER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::HAS_ENTRY | type_flags::NO_NEW,
    slots: Slots {
        repr: Some(repr),
        hash: Some(hash_wrapper),
        richcompare: Some(richcompare),
        call: Some(protocol::call_through_entry),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    members: MEMBERS,
    getset: GETSET,
    ..TypeSpec::of::<MethodObject>("method-wrapper")
};
