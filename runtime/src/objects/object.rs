//! `object`: the base of everything, and what all values can do.

use crate::args::Args;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::object::{self, Object};
use crate::objects::dict::DictObject;
use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::objects::{self, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::types;
use crate::value::{PyResult, Ref, Value};
use crate::{py_class_methods, py_methods};

/// An instance without native contents.
#[repr(C)]
pub struct PlainObject {
    header: Header,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for PlainObject {
    fn type_object() -> &'static TypeObject {
        &OBJECT
    }
}

/// A bare instance of `ty`, with unset slots.
pub fn allocate(ty: &TypeObject) -> Ref {
    let made = object::new_object_of(ty, PlainObject { header: Header::new(ty) }).into_ref();
    if ty.has(type_flags::FIELD_DEFAULTS) {
        crate::field_default::fill(ty, made.value());
    }
    made
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    if !args.is_empty() {
        check_excess_new(ty)?;
    }
    if ty.has(type_flags::ABSTRACT) {
        return Err(types::abstract_error(ty));
    }
    Ok(allocate(ty))
}

/// Whether a class makes its instances as the builtin type does.
pub fn has_new_of(ty: &TypeObject, builtin: &TypeObject) -> bool {
    matches!((ty.slots().new, builtin.slots().new), (Some(a), Some(b)) if std::ptr::fn_addr_eq(a, b))
}

/// Whether `Class(...)` makes instances with `object.__new__`.
pub fn is_object_new(ty: &TypeObject) -> bool {
    ty.slots()
        .new
        .is_some_and(|slot| std::ptr::fn_addr_eq(slot, new as fn(&TypeObject, Args<'_>) -> PyResult))
}

/// Whether instances of a class are initialized by `object.__init__`.
pub fn is_object_init(ty: &TypeObject) -> bool {
    ty.slots()
        .init
        .is_some_and(|slot| std::ptr::fn_addr_eq(slot, init as fn(Value, Args<'_>) -> PyResult<()>))
}

/// Arguments are an error unless somebody's `__init__` takes them.
fn check_excess_new(ty: &TypeObject) -> PyResult<()> {
    if !is_object_new(ty) {
        return Err(crate::raise!(
            TypeError,
            "object.__new__() takes exactly one argument (the type to instantiate)"
        ));
    }
    if is_object_init(ty) {
        return Err(crate::raise!(TypeError, "{}() takes no arguments", ty.name()));
    }
    Ok(())
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    if args.is_empty() {
        return Ok(());
    }
    let ty = value.ty();
    if !is_object_init(ty) {
        return Err(crate::raise!(
            TypeError,
            "object.__init__() takes exactly one argument (the instance to initialize)"
        ));
    }
    if is_object_new(ty) && !ty.has(type_flags::NO_NEW) {
        let name = ty.name();
        return Err(crate::raise!(
            TypeError,
            "{name}.__init__() takes exactly one argument (the instance to initialize)"
        ));
    }
    Ok(())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    match op {
        CompareOp::Equal if a == b => Ok(objects::bool(true).to_ref()),
        CompareOp::NotEqual => {
            let Some(slot) = a.ty().slots().richcompare else { return singleton::decline() };
            let equal = slot(a, b, CompareOp::Equal)?;
            if objects::is_not_implemented(equal.value()) {
                return Ok(equal);
            }
            Ok(objects::bool(!protocol::is_true(equal.value())?).to_ref())
        }
        _ => singleton::decline(),
    }
}

py_methods! { static METHODS for "object", Value;
    /// Default object formatter.
    ///
    /// Return str(self) if format_spec is empty. Raise TypeError otherwise.
    "__format__(self, format_spec, /)"
    fn format(this, format_spec: &StrObject) -> PyResult {
        if !format_spec.is_empty() {
            let name = this.ty().name();
            return Err(crate::raise!(TypeError, "unsupported format string passed to {name}.__format__"));
        }
        protocol::str(this)
    }
    /// Default dir() implementation.
    "__dir__(self, /)"
    fn dir(this) -> PyResult {
        let names_found = DictObject::new();
        let dict = protocol::get_optional_attr(this, names().__dict__)?;
        if let Some(dict) = dict.as_ref().and_then(|dict| dict.get::<DictObject>()) {
            names_found.merge(dict, true)?;
        }
        if let Some(class) = protocol::get_optional_attr(this, names().__class__)? {
            types::collect_names(class.value(), &names_found)?;
        }
        Ok(ListObject::new(names_found.keys()).into())
    }
    /// Size of object in memory, in bytes.
    "__sizeof__(self, /)"
    fn sizeof(this) -> usize {
        if this.is_small() { 28 } else { this.ty().basicsize() }
    }
    /// Helper for pickle.
    "__reduce__(self, /)"
    fn reduce(this) -> PyResult {
        types::pickle::reduce(this, 0)
    }
    /// Helper for pickle.
    "__reduce_ex__(self, protocol, /)"
    fn reduce_ex(this, protocol: i64) -> PyResult {
        types::pickle::reduce_ex(this, protocol)
    }
    /// Helper for pickle.
    "__getstate__(self, /)"
    fn getstate(this) -> PyResult {
        types::pickle::state_of(this, false)
    }
}

py_class_methods! { static CLASS_METHODS for "object";
    /// This method is called when a class is subclassed.
    ///
    /// The default implementation does nothing. It may be
    /// overridden to extend subclasses.
    "__init_subclass__(cls, /)"
    fn init_subclass(cls) {
        let _ = cls;
    }
    /// Abstract classes can override this to customize issubclass().
    ///
    /// This is invoked early on by abc.ABCMeta.__subclasscheck__().
    /// It should return True, False or NotImplemented.  If it returns
    /// NotImplemented, the normal algorithm is used.  Otherwise, it
    /// overrides the normal algorithm (and the outcome is cached).
    "__subclasshook__(cls, object, /)"
    fn subclasshook(cls, object: Value) -> Value {
        let (_, _) = (cls, object);
        objects::not_implemented()
    }
}

fn set_class(value: Value, new: Option<Value>) -> PyResult<()> {
    let Some(new) = new else { return Err(crate::raise!(TypeError, "can't delete __class__ attribute")) };
    let Some(new) = new.get::<TypeObject>() else {
        return Err(crate::raise!(
            TypeError,
            "__class__ must be set to a class, not '{}' object",
            new.ty().name()
        ));
    };
    crate::audit_hook::setting(value, "__class__", Some(new.value()))?;
    let old = value.ty();
    let are_modules = [old, new].iter().all(|ty| ty.is_subtype_of(&objects::module::MODULE));
    let are_mutable = [old, new].iter().all(|ty| ty.has(type_flags::HEAP) && !ty.has(type_flags::IMMUTABLE));
    if value.is_small() || !(are_modules || are_mutable) {
        return Err(crate::raise!(
            TypeError,
            "__class__ assignment only supported for mutable types or ModuleType subclasses"
        ));
    }
    types::layout::check_assignment(old, new, "__class__")?;
    let header = value.header().expect("small ints were excluded");
    if new.has(type_flags::HEAP) {
        new.header.incref();
    }
    header.set_raw_type(new);
    // What has been remembered of a class rests on its metaclass, and on the values in it being no descriptors.
    if let Some(class) = value.get::<TypeObject>() {
        class.modified();
    } else if new.slots().descr_get.is_some() {
        new.modified();
    }
    if old.has(type_flags::HEAP) {
        // SAFETY: the instance owned one count of its old heap type.
        unsafe { Header::decref(std::ptr::from_ref(old).cast_mut().cast()) };
    }
    Ok(())
}

static GETSET: &[GetSetDef] = &[GetSetDef {
    name: "__class__",
    doc: "the object's class",
    get: |value| Ok(value.ty().value().to_ref()),
    set: Some(set_class),
}];

/// `object`.
pub static OBJECT: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "object()\n--\n\nThe base class of the class hierarchy.\n\nWhen called, it accepts no arguments and returns a new featureless\ninstance that has no instance attributes and cannot be given any.\n",
    base: None,
    flags: type_flags::BASE | type_flags::TRIVIAL_DROP,
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(|value| Ok(protocol::text::default_repr(value))),
        str: Some(protocol::repr),
        hash: Some(|value| Ok(crate::hash::address(value.bits()))),
        richcompare: Some(richcompare),
        getattro: Some(protocol::generic_get_attr),
        setattro: Some(protocol::generic_set_attr),
        ..Slots::EMPTY
    },
    methods: &[METHODS, CLASS_METHODS],
    getset: GETSET,
    ..TypeSpec::of::<PlainObject>("object")
};
