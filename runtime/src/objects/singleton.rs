//! `None`, `NotImplemented`, `Ellipsis` and `typing.NoDefault`, and access to the two bools: immortal statics with stable addresses.

use crate::header::Header;
use crate::object::Object;
use crate::objects::bool as boolean;
use crate::objects::str::StrObject;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};
use crate::world::World;

/// An object without contents.
#[repr(C)]
pub struct Singleton {
    header: Header,
}

// SAFETY: `repr(C)`, header first. The three types share the layout; `NoneType` stands for them.
unsafe impl Object for Singleton {
    fn type_object() -> &'static TypeObject {
        &NONE_TYPE
    }
}

fn none_repr(_: Value) -> PyResult {
    Ok(StrObject::intern("None").into_ref())
}

fn not_implemented_repr(_: Value) -> PyResult {
    Ok(StrObject::intern("NotImplemented").into_ref())
}

fn ellipsis_repr(_: Value) -> PyResult {
    Ok(StrObject::intern("Ellipsis").into_ref())
}

fn always_false(_: Value) -> PyResult<bool> {
    Ok(false)
}

fn no_truth(_: Value) -> PyResult<bool> {
    Err(crate::raise!(TypeError, "NotImplemented should not be used in a boolean context"))
}

fn new_none(_: &TypeObject, args: crate::args::Args<'_>) -> PyResult {
    no_arguments("NoneType", args)?;
    Ok(none().to_ref())
}

fn new_not_implemented(_: &TypeObject, args: crate::args::Args<'_>) -> PyResult {
    no_arguments("NotImplementedType", args)?;
    Ok(not_implemented().to_ref())
}

fn new_ellipsis(_: &TypeObject, args: crate::args::Args<'_>) -> PyResult {
    no_arguments("EllipsisType", args)?;
    Ok(ellipsis().to_ref())
}

fn no_arguments(name: &str, args: crate::args::Args<'_>) -> PyResult<()> {
    if args.is_empty() { Ok(()) } else { Err(crate::raise!(TypeError, "{name} takes no arguments")) }
}

/// `NoneType`.
pub static NONE_TYPE: TypeObject = TypeObject::from_spec(&NONE_SPEC);
static NONE_SPEC: TypeSpec = TypeSpec {
    doc: "NoneType()\n--\n\nThe type of the None singleton.",
    flags: type_flags::TRIVIAL_DROP,
    slots: Slots {
        new: Some(new_none),
        repr: Some(none_repr),
        bool: Some(always_false),
        hash: Some(|_| Ok(0xfca8_6420)),
        ..Slots::EMPTY
    },
    ..TypeSpec::of::<Singleton>("NoneType")
};

crate::py_methods! { static REDUCE_METHODS for "ellipsis", Value;
    /// For pickling: the name under which the singleton is found.
    "__reduce__(self, /)"
    fn singleton_reduce(this_value) -> PyResult {
        crate::protocol::repr(this_value)
    }
}

/// `NotImplementedType`.
pub static NOT_IMPLEMENTED_TYPE: TypeObject = TypeObject::from_spec(&NOT_IMPLEMENTED_SPEC);
static NOT_IMPLEMENTED_SPEC: TypeSpec = TypeSpec {
    doc: "NotImplementedType()\n--\n\nThe type of the NotImplemented singleton.",
    flags: type_flags::TRIVIAL_DROP,
    slots: Slots {
        new: Some(new_not_implemented),
        repr: Some(not_implemented_repr),
        bool: Some(no_truth),
        ..Slots::EMPTY
    },
    methods: &[REDUCE_METHODS],
    ..TypeSpec::of::<Singleton>("NotImplementedType")
};

/// `ellipsis`.
pub static ELLIPSIS_TYPE: TypeObject = TypeObject::from_spec(&ELLIPSIS_SPEC);
static ELLIPSIS_SPEC: TypeSpec = TypeSpec {
    doc: "ellipsis()\n--\n\nThe type of the Ellipsis singleton.",
    flags: type_flags::TRIVIAL_DROP,
    slots: Slots { new: Some(new_ellipsis), repr: Some(ellipsis_repr), ..Slots::EMPTY },
    methods: &[REDUCE_METHODS],
    ..TypeSpec::of::<Singleton>("ellipsis")
};

fn no_default_repr(_: Value) -> PyResult {
    Ok(StrObject::intern("typing.NoDefault").into_ref())
}

fn new_no_default(_: &TypeObject, args: crate::args::Args<'_>) -> PyResult {
    no_arguments("NoDefaultType", args)?;
    Ok(no_default().to_ref())
}

crate::py_methods! { static NO_DEFAULT_METHODS for "NoDefaultType", Value;
    /// For pickling: the name under which the singleton is found.
    "__reduce__(self, /)"
    fn no_default_reduce(this_value) -> Ref {
        let _ = this_value;
        StrObject::intern("NoDefault").into()
    }
}

/// `NoDefaultType`.
pub static NO_DEFAULT_TYPE: TypeObject = TypeObject::from_spec(&NO_DEFAULT_SPEC);
static NO_DEFAULT_SPEC: TypeSpec = TypeSpec {
    module: "typing",
    doc: "The type of the NoDefault singleton.",
    flags: type_flags::TRIVIAL_DROP,
    slots: Slots { new: Some(new_no_default), repr: Some(no_default_repr), ..Slots::EMPTY },
    methods: &[NO_DEFAULT_METHODS],
    ..TypeSpec::of::<Singleton>("NoDefaultType")
};

static NONE: World<Singleton> = World::new(Singleton { header: Header::immortal(&NONE_TYPE) });
static NOT_IMPLEMENTED: World<Singleton> =
    World::new(Singleton { header: Header::immortal(&NOT_IMPLEMENTED_TYPE) });
static NO_DEFAULT: World<Singleton> = World::new(Singleton { header: Header::immortal(&NO_DEFAULT_TYPE) });
static OMITTED: World<Singleton> = World::new(Singleton { header: Header::immortal(&ELLIPSIS_TYPE) });
static ELLIPSIS: World<Singleton> = World::new(Singleton { header: Header::immortal(&ELLIPSIS_TYPE) });

/// What stands for an argument that the callee is to find the default of. No program sees it.
#[inline]
pub fn omitted() -> Value {
    Value::from_object(&*OMITTED)
}

/// `None`.
#[inline]
pub fn none() -> Value {
    Value::from_object(&*NONE)
}

/// Whether `value` is `None`.
#[inline]
pub fn is_none(value: Value) -> bool {
    value == none()
}

/// `NotImplemented`.
#[inline]
pub fn not_implemented() -> Value {
    Value::from_object(&*NOT_IMPLEMENTED)
}

/// Whether `value` is `NotImplemented`.
#[inline]
pub fn is_not_implemented(value: Value) -> bool {
    value == not_implemented()
}

/// `Ellipsis`.
#[inline]
pub fn ellipsis() -> Value {
    Value::from_object(&*ELLIPSIS)
}

/// Whether `value` is `Ellipsis`.
#[inline]
pub fn is_ellipsis(value: Value) -> bool {
    value == ellipsis()
}

/// `typing.NoDefault`: a type parameter has no default.
pub fn no_default() -> Value {
    Value::from_object(&*NO_DEFAULT)
}

/// `True` or `False`.
#[inline]
pub fn bool(truth: bool) -> Value {
    if truth { Value::from_object(&*boolean::TRUE) } else { Value::from_object(&*boolean::FALSE) }
}

/// A counted `NotImplemented`, for operators that decline.
#[inline]
pub fn decline() -> PyResult {
    Ok(Ref::from_borrowed(not_implemented()))
}
