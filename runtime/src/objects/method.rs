//! `method`: a callable bound to its first argument.

use std::cell::Cell;

use crate::args::{Args, Entry};
use crate::field::Field;
use crate::hash;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects::descriptor::reduce_to_getattr;
use crate::objects::str::StrObject;
use crate::objects::{self, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Value};

/// A bound method.
#[repr(C)]
pub struct MethodObject {
    header: Header,
    entry: Cell<Entry>,
    /// What is called.
    pub function: Field,
    /// The first argument.
    pub receiver: Field,
}

const _: () = {
    use std::mem::offset_of;
    assert!(offset_of!(MethodObject, entry) == abi::layout::callable::ENTRY);
    assert!(offset_of!(MethodObject, function) == abi::layout::method_object::FUNCTION);
    assert!(offset_of!(MethodObject, receiver) == abi::layout::method_object::RECEIVER);
};

// SAFETY: `repr(C)`, header first.
unsafe impl Object for MethodObject {
    fn type_object() -> &'static TypeObject {
        &METHOD
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.function.visit(visit);
        self.receiver.visit(visit);
    }
}

impl MethodObject {
    /// Binds.
    pub fn new(function: Value, receiver: Value) -> Py<MethodObject> {
        object::new_object(MethodObject {
            header: Header::new(&METHOD),
            entry: Cell::new(entry),
            function: Field::new(function.to_ref()),
            receiver: Field::new(receiver.to_ref()),
        })
    }

    /// Binds, as an object of another type of this layout.
    pub(super) fn of_type(ty: &'static TypeObject, function: Value, receiver: Value) -> Py<MethodObject> {
        let contents = MethodObject {
            header: Header::new(ty),
            entry: Cell::new(entry),
            function: Field::new(function.to_ref()),
            receiver: Field::new(receiver.to_ref()),
        };
        object::new_object_sharing_layout(ty, contents)
    }
}

crate::define_entry!(entry: MethodObject = call_method);

fn call_method(method: &MethodObject, args: Args<'_>) -> PyResult {
    protocol::call_with_receiver(method.function.raw(), method.receiver.raw(), args)
}

fn this<'a>(value: Value) -> &'a MethodObject {
    value.get::<MethodObject>().expect("descriptors check their owner")
}

fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("method")?;
    let [function, receiver] = args.positional else {
        return Err(crate::raise!(TypeError, "method expected 2 arguments, got {}", args.positional.len()));
    };
    if !protocol::is_callable(*function) {
        return Err(crate::raise!(TypeError, "first argument must be callable"));
    }
    if objects::is_none(*receiver) {
        return Err(crate::raise!(TypeError, "instance must not be None"));
    }
    Ok(MethodObject::new(*function, *receiver).into())
}

fn repr(value: Value) -> PyResult {
    let method = this(value);
    let mut name = protocol::get_optional_attr(method.function.raw(), names().__qualname__)?;
    if name.is_none() {
        name = protocol::get_optional_attr(method.function.raw(), names().__name__)?;
    }
    let name = name.and_then(|name| name.get::<StrObject>().map(StrObject::to_string_lossy));
    let receiver = protocol::repr_string(method.receiver.raw())?;
    Ok(StrObject::new(&format!("<bound method {} of {receiver}>", name.as_deref().unwrap_or("?"))).into())
}

fn hash_method(value: Value) -> PyResult<i64> {
    let method = this(value);
    Ok(hash::avoid_minus_one(
        hash::address(method.receiver.raw().bits()) ^ protocol::hash(method.function.raw())?,
    ))
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (a.get::<MethodObject>(), b.get::<MethodObject>()) else {
        return singleton::decline();
    };
    if !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return singleton::decline();
    }
    let same = a.receiver.raw() == b.receiver.raw()
        && protocol::is_same_or_equal(a.function.raw(), b.function.raw())?;
    Ok(objects::bool(same == (op == CompareOp::Equal)).to_ref())
}

/// Attributes that the method itself lacks come from its function.
fn getattro(value: Value, name: Value) -> PyResult {
    if value.ty().lookup(name).is_some() {
        return protocol::generic_get_attr(value, name);
    }
    protocol::get_attr(this(value).function.raw(), name)
}

py_methods! { static METHODS for "method", &MethodObject;
    /// For pickling: `getattr(receiver, name)`.
    "__reduce__(self, /)"
    fn reduce(this) -> PyResult {
        let name = protocol::get_attr(this.function.raw(), names().__name__)?;
        reduce_to_getattr(this.receiver.raw(), name)
    }
}

static MEMBERS: &[GetSetDef] = &[
    GetSetDef {
        name: "__func__",
        doc: "the function (or other callable) implementing a method",
        get: |value| Ok(this(value).function.get_or_none()),
        set: None,
    },
    GetSetDef {
        name: "__self__",
        doc: "the instance to which a method is bound",
        get: |value| Ok(this(value).receiver.get_or_none()),
        set: None,
    },
];

static GETSET: &[GetSetDef] = &[GetSetDef {
    name: "__doc__",
    doc: "",
    get: |value| protocol::get_attr(this(value).function.raw(), names().__doc__),
    set: None,
}];

/// `method`.
pub static METHOD: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "method(function, instance, /)\n--\n\nA function that is called with an instance as its first argument.",
    flags: type_flags::WEAK | type_flags::GC | type_flags::HAS_ENTRY,
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        hash: Some(hash_method),
        richcompare: Some(richcompare),
        getattro: Some(getattro),
        descr_get: Some(|value, _, _| Ok(value.to_ref())),
        call: Some(protocol::call_through_entry),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    members: MEMBERS,
    getset: GETSET,
    ..TypeSpec::of::<MethodObject>("method")
};
