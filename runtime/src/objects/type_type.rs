//! `type`: calling classes, reading their attributes, and what Python sees of them.

use crate::args::Args;
use crate::audit_hook;
use crate::error;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::objects::dict::DictObject;
use crate::objects::list::ListObject;
use crate::objects::mapping_proxy::MappingProxy;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int};
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::types::{self, slot_docs};
use crate::value::{Py, PyResult, Ref, Value};
use crate::{py_class_methods, py_methods};

fn this<'a>(value: Value) -> &'a TypeObject {
    value.get::<TypeObject>().expect("descriptors check their owner")
}

/// `Class(...)`: `__new__`, then `__init__` if the result is an instance.
fn call(value: Value, args: Args<'_>) -> PyResult {
    let ty = this(value);
    if std::ptr::eq(ty, &raw const TYPE) {
        if let Some(object) = args.single() {
            return Ok(object.ty().value().to_ref());
        }
        if args.positional.len() != 3 {
            return Err(crate::raise!(TypeError, "type() takes 1 or 3 arguments"));
        }
    }
    let new = ty.slots().new.filter(|_| !ty.has(type_flags::NO_NEW));
    let Some(new) = new else {
        let name = ty.full_name();
        return Err(crate::raise!(TypeError, "cannot create '{name}' instances"));
    };
    let instance = new(ty, args)?;
    if instance.ty().is_subclass_of(ty)
        && let Some(init) = instance.ty().slots().init
    {
        init(instance.value(), args)?;
    }
    Ok(instance)
}

/// `Class.name`: metaclass data descriptors, then the MRO, then the metaclass.
fn getattro(value: Value, name: Value) -> PyResult {
    let ty = this(value);
    let metatype = value.ty();
    let meta_found = metatype.lookup(name);
    if let Some(descriptor) = meta_found {
        let slots = descriptor.ty().slots();
        if let (Some(get), Some(_)) = (slots.descr_get, slots.descr_set) {
            return get(descriptor.to_ref().value(), Some(value), metatype.value());
        }
    }
    if let Some(found) = ty.lookup(name) {
        return match found.ty().slots().descr_get {
            Some(get) => get(found.to_ref().value(), None, value),
            None => Ok(found.to_ref()),
        };
    }
    if let Some(descriptor) = meta_found {
        return match descriptor.ty().slots().descr_get {
            Some(get) => get(descriptor.to_ref().value(), Some(value), metatype.value()),
            None => Ok(descriptor.to_ref()),
        };
    }
    let (class, text) =
        (ty.name(), name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default());
    Err(error::attribute_error(value, name, &format!("type object '{class}' has no attribute '{text}'")))
}

/// What `Class.name` is if the class has it under the name as it is: neither its metaclass nor the value has a say. Borrowed. It stays so as
/// long as no class changes.
pub fn plain_attribute(value: Value, name: Value) -> Option<Value> {
    let class = value.get::<TypeObject>()?;
    let metatype = value.ty();
    let own: fn(Value, Value) -> PyResult = getattro;
    let is_plain = metatype.slots().getattro.is_some_and(|slot| std::ptr::fn_addr_eq(slot, own));
    if !is_plain || metatype.lookup(name).is_some() {
        return None;
    }
    class.lookup(name).filter(|found| found.ty().slots().descr_get.is_none())
}

fn setattro(value: Value, name: Value, new: Option<Value>) -> PyResult<()> {
    let ty = this(value);
    let shown = || name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    if ty.spec().is_some() || ty.has(type_flags::IMMUTABLE) {
        let class = immutable_name(ty);
        return Err(crate::raise!(
            TypeError,
            "cannot set '{}' attribute of immutable type '{class}'",
            shown()
        ));
    }
    if let Some(descriptor) = value.ty().lookup(name)
        && let Some(set) = descriptor.ty().slots().descr_set
    {
        return set(descriptor.to_ref().value(), value, new);
    }
    if crate::field_default::assign(ty, name, new)? {
        types::attribute_changed(ty, name);
        return Ok(());
    }
    match new {
        Some(new) => {
            let name = name
                .get::<StrObject>()
                .map_or_else(|| name.to_ref(), |name| StrObject::intern_object(name).into());
            ty.dict().set_str(name.value(), new.to_ref());
            types::attribute_changed(ty, name.value());
            Ok(())
        }
        None => match ty.dict().remove_str(name) {
            Some(_) => {
                types::attribute_changed(ty, name);
                Ok(())
            }
            None => {
                let message = format!("type object '{}' has no attribute '{}'", ty.name(), shown());
                Err(error::attribute_error(value, name, &message))
            }
        },
    }
}

fn repr(value: Value) -> PyResult {
    Ok(StrObject::new(&format!("<class '{}'>", this(value).full_name())).into())
}

py_methods! { static METHODS for "type", &TypeObject;
    /// Return a type's method resolution order.
    "mro(self, /)"
    fn mro(this) -> PyResult {
        let order = types::mro::compute(this)?;
        Ok(ListObject::new(order).into())
    }
    /// Return a list of immediate subclasses.
    "__subclasses__(self, /)"
    fn subclasses(this) -> Py<ListObject> {
        ListObject::new(this.subclasses().into_iter().map(|class| class.value().to_ref()).collect())
    }
    /// Check if an object is an instance.
    "__instancecheck__(self, instance, /)"
    fn instancecheck(this, instance: Value) -> PyResult<bool> {
        Ok(instance.ty().is_subclass_of(this) || protocol::truth::claims_class(instance, this)?)
    }
    /// Check if a class is a subclass.
    "__subclasscheck__(self, subclass, /)"
    fn subclasscheck(this, subclass: Value) -> PyResult<bool> {
        protocol::truth::plain_is_subclass(subclass, this)
    }
    /// Specialized __dir__ implementation for types.
    "__dir__(self, /)"
    fn dir(this) -> PyResult {
        let found = DictObject::new();
        types::collect_names(this.value(), &found)?;
        Ok(ListObject::new(found.keys()).into())
    }
    /// Return memory consumption of the type object.
    "__sizeof__(self, /)"
    fn sizeof(this) -> usize {
        size_of::<TypeObject>() + 8 * this.vtable_len()
    }
}

py_class_methods! { static CLASS_METHODS for "type";
    /// Create the namespace for the class statement
    "__prepare__(cls, /, *args, **kwargs)"
    fn prepare(cls, args: crate::convert::Rest<'_>, keywords: crate::convert::Keywords) -> Ref {
        let (_, _, _) = (cls, args.0, keywords.0);
        DictObject::new().into()
    }
}

/// CPython calls every class immutable here.
fn no_delete(ty: &TypeObject, name: &str) -> error::Raised {
    crate::raise!(TypeError, "cannot delete '{name}' attribute of immutable type '{}'", ty.name())
}

/// Whether an attribute may be set or deleted that is no entry of the namespace.
fn check_mutable(ty: &TypeObject, name: &str, new: Option<Value>) -> PyResult<()> {
    if ty.has(type_flags::HEAP) && !ty.has(type_flags::IMMUTABLE) {
        // What cannot be deleted is refused before anybody is told.
        return if new.is_some() { audit_hook::setting(ty.value(), name, new) } else { Ok(()) };
    }
    let class = immutable_name(ty);
    Err(crate::raise!(TypeError, "cannot set '{name}' attribute of immutable type '{class}'"))
}

/// The name of a class that refuses to change: classes made at run time are named without their module.
fn immutable_name(ty: &TypeObject) -> String {
    if ty.has(type_flags::HEAP) { ty.name().to_owned() } else { ty.full_name().to_string() }
}

/// Refuses names that CPython could not keep.
pub(crate) fn check_name(name: &StrObject) -> PyResult<()> {
    if name.to_utf8()?.contains('\0') {
        return Err(crate::raise!(ValueError, "type name must not contain null characters"));
    }
    Ok(())
}

fn set_name(value: Value, new: Option<Value>) -> PyResult<()> {
    let ty = this(value);
    check_mutable(ty, "__name__", new)?;
    match new.map(|new| (new, new.get::<StrObject>())) {
        None => Err(no_delete(ty, "__name__")),
        Some((_, Some(name))) => {
            check_name(name)?;
            ty.set_qualname(ty.qualname());
            ty.set_name(name);
            Ok(())
        }
        Some((new, None)) => {
            let (class, got) = (ty.name(), new.ty().name());
            Err(crate::raise!(TypeError, "can only assign string to {class}.__name__, not '{got}'"))
        }
    }
}

fn set_qualname(value: Value, new: Option<Value>) -> PyResult<()> {
    let ty = this(value);
    check_mutable(ty, "__qualname__", new)?;
    match new {
        None => Err(no_delete(ty, "__qualname__")),
        Some(new) if new.is_instance::<StrObject>() => {
            ty.set_qualname(new.to_ref());
            Ok(())
        }
        Some(new) => {
            let (class, got) = (ty.name(), new.ty().name());
            Err(crate::raise!(TypeError, "can only assign string to {class}.__qualname__, not '{got}'"))
        }
    }
}

/// An attribute kept in the class dict under its own name.
///
/// `type` has none: its dict holds the descriptors of what all other classes have.
fn dict_entry(value: Value, name: Value) -> Option<Ref> {
    if value == TYPE.value() {
        return None;
    }
    this(value).dict().get_str(name).map(Value::to_ref)
}

fn get_module(value: Value) -> PyResult {
    let ty = this(value);
    match ty.spec() {
        Some(spec) => Ok(StrObject::intern(spec.module).into()),
        None => {
            Ok(dict_entry(value, names().__module__).unwrap_or_else(|| StrObject::intern("builtins").into()))
        }
    }
}

fn set_dict_entry(value: Value, name: Value, new: Option<Value>) -> PyResult<()> {
    let shown = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    check_mutable(this(value), &shown, new)?;
    match new {
        Some(new) => {
            this(value).dict().set_str(name, new.to_ref());
            if name == names().__module__ {
                // The line belongs to the module that the class came from.
                drop(this(value).dict().remove_str(StrObject::intern("__firstlineno__").value()));
            }
        }
        None if this(value).dict().remove_str(name).is_none() => {
            return Err(error::attribute_error(value, name, &shown));
        }
        None => {}
    }
    types::attribute_changed(this(value), name);
    Ok(())
}

fn get_doc(value: Value) -> PyResult {
    if let Some(spec) = this(value).spec() {
        let (_, doc) = slot_docs::split(spec.doc);
        return Ok(if doc.is_empty() { objects::none().to_ref() } else { StrObject::new(doc).into() });
    }
    let Some(doc) = dict_entry(value, names().__doc__) else { return Ok(objects::none().to_ref()) };
    match doc.ty().slots().descr_get {
        Some(get) => get(doc.value(), None, value),
        None => Ok(doc),
    }
}

fn get_text_signature(value: Value) -> PyResult {
    let parameters = this(value).spec().and_then(|spec| slot_docs::split(spec.doc).0);
    Ok(parameters.map_or_else(|| objects::none().to_ref(), |text| StrObject::new(text).into()))
}

/// The function that computes the annotations (PEP 649).
fn annotate(value: Value) -> PyResult<Option<Ref>> {
    let found =
        dict_entry(value, names().__annotate__).or_else(|| this(value).dict().get_text("__annotate_func__"));
    match found.as_ref().and_then(|found| found.ty().slots().descr_get.map(|get| (found, get))) {
        Some((found, get)) => get(found.value(), None, value).map(Some),
        None => Ok(found),
    }
}

fn get_annotations(value: Value) -> PyResult {
    if let Some(found) = dict_entry(value, names().__annotations__) {
        return Ok(found);
    }
    if let Some(found) = this(value).dict().get_text("__annotations_cache__") {
        return Ok(found);
    }
    if this(value).spec().is_some() {
        let message = format!("type object '{}' has no attribute '__annotations__'", this(value).name());
        return Err(error::attribute_error(value, names().__annotations__, &message));
    }
    let computed = match annotate(value)? {
        Some(annotate) if !objects::is_none(annotate.value()) => {
            protocol::call(annotate.value(), &[Value::small(1)], None)?
        }
        _ => DictObject::new().into(),
    };
    this(value).dict().set_text("__annotations_cache__", computed.clone());
    Ok(computed)
}

fn set_bases(value: Value, new: Option<Value>) -> PyResult<()> {
    check_mutable(this(value), "__bases__", new)?;
    let Some(new) = new else { return Err(no_delete(this(value), "__bases__")) };
    let Some(bases) = new.get::<TupleObject>() else {
        let (name, got) = (this(value).name(), new.ty().name());
        return Err(crate::raise!(TypeError, "can only assign tuple to {name}.__bases__, not {got}"));
    };
    types::bases::replace_bases(this(value), bases)
}

static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "__name__", doc: "", get: |value| Ok(this(value).name_object()), set: Some(set_name) },
    GetSetDef {
        name: "__qualname__",
        doc: "",
        get: |value| Ok(this(value).qualname()),
        set: Some(set_qualname),
    },
    GetSetDef {
        name: "__module__",
        doc: "",
        get: get_module,
        set: Some(|value, new| match new {
            Some(_) => set_dict_entry(value, names().__module__, new),
            None => Err(no_delete(this(value), "__module__")),
        }),
    },
    GetSetDef {
        name: "__doc__",
        doc: "",
        get: get_doc,
        set: Some(|value, new| match new {
            Some(_) => set_dict_entry(value, names().__doc__, new),
            None => Err(no_delete(this(value), "__doc__")),
        }),
    },
    GetSetDef {
        name: "__annotations__",
        doc: "",
        get: get_annotations,
        set: Some(|value, new| set_dict_entry(value, names().__annotations__, new)),
    },
    GetSetDef {
        name: "__annotate__",
        doc: "",
        get: |value| Ok(annotate(value)?.unwrap_or_else(|| objects::none().to_ref())),
        set: Some(|value, new| set_dict_entry(value, names().__annotate__, new)),
    },
    GetSetDef {
        name: "__abstractmethods__",
        doc: "",
        get: |value| {
            dict_entry(value, names().__abstractmethods__).ok_or_else(|| {
                error::attribute_error(value, names().__abstractmethods__, "__abstractmethods__")
            })
        },
        set: Some(|value, new| {
            let abstract_now = new.map_or(Ok(false), protocol::is_true)?;
            set_dict_entry(value, names().__abstractmethods__, new)?;
            let ty = this(value);
            if abstract_now {
                ty.set_flags(type_flags::ABSTRACT)
            } else {
                ty.clear_flags(type_flags::ABSTRACT)
            }
            Ok(())
        }),
    },
    GetSetDef {
        name: "__type_params__",
        doc: "",
        get: |value| {
            Ok(dict_entry(value, names().__type_params__).unwrap_or_else(|| TupleObject::empty().into()))
        },
        set: Some(|value, new| match new {
            Some(_) => set_dict_entry(value, names().__type_params__, new),
            None => Err(no_delete(this(value), "__type_params__")),
        }),
    },
    GetSetDef {
        name: "__bases__",
        doc: "",
        get: |value| {
            Ok(this(value)
                .bases()
                .map_or_else(|| TupleObject::empty().into(), |bases| Value::from_object(bases).to_ref()))
        },
        set: Some(set_bases),
    },
    GetSetDef {
        name: "__base__",
        doc: "",
        get: |value| {
            Ok(this(value).base().map_or_else(|| objects::none().to_ref(), |base| base.value().to_ref()))
        },
        set: None,
    },
    GetSetDef {
        name: "__mro__",
        doc: "",
        get: |value| Ok(this(value).mro_object().unwrap_or_else(|| objects::none().to_ref())),
        set: None,
    },
    GetSetDef {
        name: "__dict__",
        doc: "",
        get: |value| Ok(MappingProxy::new(Value::from_object(this(value).dict())).into()),
        set: None,
    },
    GetSetDef {
        name: "__basicsize__",
        doc: "",
        get: |value| Ok(int::from_i64(this(value).basicsize() as i64)),
        set: None,
    },
    GetSetDef {
        name: "__itemsize__",
        doc: "",
        get: |value| Ok(int::from_i64(types::layout::item_size(this(value)) as i64)),
        set: None,
    },
    GetSetDef {
        name: "__flags__",
        doc: "",
        get: |value| Ok(int::from_i64(types::cpython_flags(this(value)))),
        set: None,
    },
    GetSetDef {
        name: "__dictoffset__",
        doc: "",
        get: |value| Ok(int::from_i64(i64::from(this(value).dict_offset()))),
        set: None,
    },
    // Lists of weak references stand beside objects, not in them: before their first word, as it were.
    GetSetDef {
        name: "__weakrefoffset__",
        doc: "",
        get: |value| Ok(int::from_i64(if this(value).has(type_flags::WEAK) { -32 } else { 0 })),
        set: None,
    },
    GetSetDef { name: "__text_signature__", doc: "", get: get_text_signature, set: None },
];

/// `type`.
pub static TYPE: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type",
    flags: type_flags::WEAK | type_flags::BASE | type_flags::GC,
    slots: Slots {
        new: Some(types::build::type_new),
        init: Some(types::build::type_init),
        call: Some(call),
        repr: Some(repr),
        getattro: Some(getattro),
        setattro: Some(setattro),
        or: Some(objects::typing::union::or),
        ..Slots::EMPTY
    },
    methods: &[METHODS, CLASS_METHODS],
    getset: GETSET,
    ..TypeSpec::of::<TypeObject>("type")
};
