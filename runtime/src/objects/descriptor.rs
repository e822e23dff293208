//! Descriptors: computed attributes, `__slots__` members, slot wrappers, `property`, `classmethod`, `staticmethod`.

use std::cell::Cell;

use crate::args::{Args, Entry, into_entry};
use crate::error;
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects::builtin_function::BUILTIN_FUNCTION;
use crate::objects::method::MethodObject;
use crate::objects::str::StrObject;
use crate::objects::{self};
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::types::dunder::SlotDef;
use crate::types::slot_docs;
use crate::value::{Py, PyResult, Ref, Value};

/// A computed attribute of a builtin type.
#[repr(C)]
pub struct GetSetDescriptor {
    header: Header,
    def: &'static GetSetDef,
    /// `None`: the instance dict of any object.
    owner: Option<&'static TypeObject>,
}

/// An entry of `__slots__`.
#[repr(C)]
pub struct MemberDescriptor {
    header: Header,
    name: Field,
    owner: Field,
    offset: usize,
}

/// A slot of a builtin type under its special method's name.
#[repr(C)]
pub struct WrapperDescriptor {
    header: Header,
    entry: Cell<Entry>,
    def: &'static SlotDef,
    owner: &'static TypeObject,
}

/// `__new__` of a builtin type.
#[repr(C)]
pub struct NewFunction {
    header: Header,
    entry: Cell<Entry>,
    owner: &'static TypeObject,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for GetSetDescriptor {
    fn type_object() -> &'static TypeObject {
        &GETSET_DESCRIPTOR
    }
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for MemberDescriptor {
    fn type_object() -> &'static TypeObject {
        &MEMBER_DESCRIPTOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.owner.visit(visit);
    }
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for WrapperDescriptor {
    fn type_object() -> &'static TypeObject {
        &WRAPPER_DESCRIPTOR
    }
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for NewFunction {
    fn type_object() -> &'static TypeObject {
        &NEW_FUNCTION
    }
}

impl GetSetDescriptor {
    /// An attribute of `owner`.
    pub fn new(def: &'static GetSetDef, owner: &'static TypeObject) -> Py<GetSetDescriptor> {
        object::new_object(GetSetDescriptor {
            header: Header::new(&GETSET_DESCRIPTOR),
            def,
            owner: Some(owner),
        })
    }
}

static DICT_DEF: GetSetDef = DICT_GETSET;

/// `__dict__` of instances, for the tables of builtin types.
pub const DICT_GETSET: GetSetDef = GetSetDef {
    name: "__dict__",
    doc: "dictionary for instance variables",
    get: protocol::attribute::get_dict_attr,
    set: Some(protocol::attribute::set_dict_attr),
};

/// `__dict__` of instances.
pub fn instance_dict_descriptor() -> Ref {
    object::new_object(GetSetDescriptor {
        header: Header::new(&GETSET_DESCRIPTOR),
        def: &DICT_DEF,
        owner: None,
    })
    .into()
}

impl MemberDescriptor {
    /// The slot at `offset` in instances of `owner`.
    pub fn new(owner: &TypeObject, name: &str, offset: usize) -> Py<MemberDescriptor> {
        object::new_object(MemberDescriptor {
            header: Header::new(&MEMBER_DESCRIPTOR),
            name: Field::new(StrObject::intern(name)),
            owner: Field::new(owner.value().to_ref()),
            offset,
        })
    }

    /// Offset in the instance, for inline caches.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Offset in instances of `ty`, if they have the slot.
    pub fn offset_in(&self, ty: &TypeObject) -> Option<usize> {
        ty.is_subtype_of(self.owner()).then_some(self.offset)
    }

    fn owner(&self) -> &TypeObject {
        self.owner.get().and_then(Value::get).expect("a member keeps its class")
    }

    fn slot<'a>(&self, object: Value) -> PyResult<&'a Field> {
        if !object.is_object() || !object.ty().is_subtype_of(self.owner()) {
            let (name, owner) = (self.name(), self.owner().name());
            let got = object.ty().name();
            return Err(crate::raise!(
                TypeError,
                "descriptor '{name}' for '{owner}' objects doesn't apply to a '{got}' object"
            ));
        }
        // SAFETY: instances of the owner have an owned word at this offset.
        Ok(unsafe { &*object.ptr().cast::<u8>().add(self.offset).cast::<Field>() })
    }

    fn name(&self) -> String {
        self.name
            .get()
            .and_then(|name| name.get::<StrObject>())
            .map(StrObject::to_string_lossy)
            .unwrap_or_default()
    }
}

impl WrapperDescriptor {
    /// A wrapper for a slot of `owner`.
    pub fn new(def: &'static SlotDef, owner: &'static TypeObject) -> Py<WrapperDescriptor> {
        object::new_object(WrapperDescriptor {
            header: Header::new(&WRAPPER_DESCRIPTOR),
            entry: Cell::new(wrapper_entry),
            def,
            owner,
        })
    }

    /// Which special method this is.
    pub fn def(&self) -> &'static SlotDef {
        self.def
    }

    /// The type whose slot it calls.
    pub fn owner(&self) -> &'static TypeObject {
        self.owner
    }
}

impl NewFunction {
    /// `owner.__new__`
    pub fn new(owner: &'static TypeObject) -> Py<NewFunction> {
        object::new_object(NewFunction {
            header: Header::new(&NEW_FUNCTION),
            entry: Cell::new(new_entry),
            owner,
        })
    }

    /// The type whose `new` slot it calls.
    pub fn owner(&self) -> &'static TypeObject {
        self.owner
    }
}

unsafe extern "C" fn wrapper_entry(
    callable: Value,
    args: *const Value,
    nargs: usize,
    kwnames: Value,
) -> Value {
    // SAFETY: the entry convention; the callable is a wrapper.
    let (wrapper, args) =
        unsafe { (callable.cast::<WrapperDescriptor>(), Args::from_entry(args, nargs, kwnames)) };
    into_entry(call_wrapper(wrapper, args))
}

fn call_wrapper(wrapper: &WrapperDescriptor, args: Args<'_>) -> PyResult {
    let (name, owner) = (wrapper.def.name, wrapper.owner.name());
    let Some(&receiver) = args.positional.first() else {
        return Err(crate::raise!(TypeError, "descriptor '{name}' of '{owner}' object needs an argument"));
    };
    if !receiver.ty().is_subclass_of(wrapper.owner) {
        let got = receiver.ty().name();
        return Err(crate::raise!(
            TypeError,
            "descriptor '{name}' requires a '{owner}' object but received a '{got}'"
        ));
    }
    (wrapper.def.call)(wrapper.owner.slots(), receiver, args.rest())
}

unsafe extern "C" fn new_entry(callable: Value, args: *const Value, nargs: usize, kwnames: Value) -> Value {
    // SAFETY: the entry convention; the callable is a `__new__`.
    let (function, args) =
        unsafe { (callable.cast::<NewFunction>(), Args::from_entry(args, nargs, kwnames)) };
    into_entry(call_new(function, args))
}

fn call_new(function: &NewFunction, args: Args<'_>) -> PyResult {
    let owner = function.owner.name();
    let Some(class) = args.positional.first() else {
        return Err(crate::raise!(TypeError, "{owner}.__new__(): not enough arguments"));
    };
    let Some(class) = class.get::<TypeObject>() else {
        let got = class.ty().name();
        return Err(crate::raise!(TypeError, "{owner}.__new__(X): X is not a type object ({got})"));
    };
    if !class.is_subclass_of(function.owner) {
        let name = class.name();
        return Err(crate::raise!(TypeError, "{owner}.__new__({name}): {name} is not a subtype of {owner}"));
    }
    if class.has(type_flags::NO_NEW)
        || nearest_native(class)
            .is_some_and(|native| !std::ptr::eq(native, function.owner) && !same_new(native, function.owner))
    {
        let native = nearest_native(class).map_or(owner, TypeObject::name);
        let name = class.name();
        return Err(crate::raise!(TypeError, "{owner}.__new__({name}) is not safe, use {native}.__new__()"));
    }
    match function.owner.slots().new {
        Some(new) => new(class, args.rest()),
        None => Err(crate::raise!(TypeError, "cannot create '{owner}' instances")),
    }
}

fn nearest_native(class: &TypeObject) -> Option<&TypeObject> {
    let mut class = Some(class);
    while let Some(candidate) = class.filter(|candidate| candidate.spec().is_none()) {
        class = candidate.base();
    }
    class
}

fn same_new(a: &TypeObject, b: &TypeObject) -> bool {
    matches!((a.slots().new, b.slots().new), (Some(a), Some(b)) if std::ptr::fn_addr_eq(a, b))
}

fn bind_or_self(value: Value, object: Option<Value>, _: Value) -> PyResult {
    match object {
        Some(object) => Ok(MethodObject::new(value, object).into()),
        None => Ok(value.to_ref()),
    }
}

fn wrapper<'a>(value: Value) -> &'a WrapperDescriptor {
    value.get::<WrapperDescriptor>().expect("descriptors check their owner")
}

fn getset<'a>(value: Value) -> &'a GetSetDescriptor {
    value.get::<GetSetDescriptor>().expect("descriptors check their owner")
}

fn member<'a>(value: Value) -> &'a MemberDescriptor {
    value.get::<MemberDescriptor>().expect("descriptors check their owner")
}

fn check_getset(descriptor: &GetSetDescriptor, object: Value) -> PyResult<()> {
    match descriptor.owner {
        Some(owner) if !object.ty().is_subclass_of(owner) => {
            let (name, owner, got) = (descriptor.def.name, owner.name(), object.ty().name());
            Err(crate::raise!(
                TypeError,
                "descriptor '{name}' for '{owner}' objects doesn't apply to a '{got}' object"
            ))
        }
        _ => Ok(()),
    }
}

fn getset_get(value: Value, object: Option<Value>, _: Value) -> PyResult {
    let Some(object) = object else { return Ok(value.to_ref()) };
    check_getset(getset(value), object)?;
    (getset(value).def.get)(object)
}

fn getset_set(value: Value, object: Value, new: Option<Value>) -> PyResult<()> {
    let descriptor = getset(value);
    check_getset(descriptor, object)?;
    match descriptor.def.set {
        Some(set) => set(object, new),
        None => {
            let (name, owner) = (descriptor.def.name, descriptor.owner.map_or("object", TypeObject::name));
            let message = format!("attribute '{name}' of '{owner}' objects is not writable");
            Err(error::attribute_error(object, StrObject::intern(name).value(), &message))
        }
    }
}

fn member_get(value: Value, object: Option<Value>, _: Value) -> PyResult {
    let Some(object) = object else { return Ok(value.to_ref()) };
    let descriptor = member(value);
    match descriptor.slot(object)?.get_ref() {
        Some(found) => Ok(found),
        None => {
            let message = format!("'{}' object has no attribute '{}'", object.ty().name(), descriptor.name());
            Err(error::attribute_error(object, descriptor.name.raw(), &message))
        }
    }
}

fn member_set(value: Value, object: Value, new: Option<Value>) -> PyResult<()> {
    let descriptor = member(value);
    let old = descriptor.slot(object)?.replace(new.map(Value::to_ref));
    if new.is_none() && old.is_none() {
        return Err(error::attribute_error(object, descriptor.name.raw(), &descriptor.name()));
    }
    Ok(())
}

macro_rules! getters {
    ($($name:literal => $get:expr;)*) => { &[$(GetSetDef { name: $name, doc: "", get: $get, set: None }),*] };
}

static WRAPPER_GETSET: &[GetSetDef] = getters! {
    "__name__" => |value| Ok(StrObject::intern(wrapper(value).def.name).into());
    "__qualname__" => |value| Ok(StrObject::new(&format!("{}.{}", wrapper(value).owner.name(), wrapper(value).def.name)).into());
    "__objclass__" => |value| Ok(wrapper(value).owner.value().to_ref());
    "__doc__" => |value| Ok(slot_docs::doc_of(wrapper(value).def.name).map_or_else(|| objects::none().to_ref(), |doc| StrObject::new(doc).into()));
    "__text_signature__" => |value| Ok(StrObject::new(slot_docs::signature_of(wrapper(value).def.name)).into());
};
static NEW_GETSET: &[GetSetDef] = getters! {
    "__class__" => |_| Ok(BUILTIN_FUNCTION.value().to_ref());
    "__name__" => |_| Ok(names().__new__.to_ref());
    "__qualname__" => |value| {
        let owner = value.get::<NewFunction>().map_or("?", |function| function.owner.name());
        Ok(StrObject::new(&format!("{owner}.__new__")).into())
    };
    "__self__" => |value| Ok(value.get::<NewFunction>().map_or_else(objects::none, |function| function.owner.value()).to_ref());
    "__doc__" => |_| Ok(StrObject::new("Create and return a new object.  See help(type) for accurate signature.").into());
    "__text_signature__" => |_| Ok(StrObject::new("($type, *args, **kwargs)").into());
};
static GETSET_GETSET: &[GetSetDef] = getters! {
    "__name__" => |value| Ok(StrObject::intern(getset(value).def.name).into());
    "__qualname__" => |value| Ok(StrObject::new(&format!("{}.{}", getset(value).owner.map_or("object", TypeObject::name), getset(value).def.name)).into());
    "__doc__" => |value| Ok(StrObject::new(getset(value).def.doc).into());
    "__objclass__" => |value| Ok(getset(value).owner.map_or_else(objects::none, TypeObject::value).to_ref());
};
static MEMBER_GETSET: &[GetSetDef] = getters! {
    "__name__" => |value| Ok(member(value).name.get_or_none());
    "__objclass__" => |value| Ok(member(value).owner.get_or_none());
    "__doc__" => |_| Ok(objects::none().to_ref());
};

/// `wrapper_descriptor`.
pub static WRAPPER_DESCRIPTOR: TypeObject = TypeObject::from_spec(&WRAPPER_SPEC);
static WRAPPER_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::HAS_ENTRY | type_flags::METHOD_DESCRIPTOR | type_flags::NO_NEW,
    slots: Slots {
        repr: Some(|value| {
            let (name, owner) = (wrapper(value).def.name, wrapper(value).owner.name());
            Ok(StrObject::new(&format!("<slot wrapper '{name}' of '{owner}' objects>")).into())
        }),
        descr_get: Some(bind_or_self),
        call: Some(protocol::call_through_entry),
        ..Slots::EMPTY
    },
    getset: WRAPPER_GETSET,
    ..TypeSpec::of::<WrapperDescriptor>("wrapper_descriptor")
};

/// The type of `__new__` in builtin types; programs see a builtin function.
pub static NEW_FUNCTION: TypeObject = TypeObject::from_spec(&NEW_SPEC);
static NEW_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::HAS_ENTRY | type_flags::NO_NEW,
    slots: Slots {
        repr: Some(|value| {
            Ok(StrObject::new(&format!("<built-in method __new__ of type object at {:#x}>", value.bits()))
                .into())
        }),
        call: Some(protocol::call_through_entry),
        ..Slots::EMPTY
    },
    getset: NEW_GETSET,
    ..TypeSpec::of::<NewFunction>("builtin_function_or_method")
};

/// `getset_descriptor`.
pub static GETSET_DESCRIPTOR: TypeObject = TypeObject::from_spec(&GETSET_SPEC);
static GETSET_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::NO_NEW,
    slots: Slots {
        repr: Some(|value| {
            let (name, owner) =
                (getset(value).def.name, getset(value).owner.map_or("object", TypeObject::name));
            Ok(StrObject::new(&format!("<attribute '{name}' of '{owner}' objects>")).into())
        }),
        descr_get: Some(getset_get),
        descr_set: Some(getset_set),
        ..Slots::EMPTY
    },
    getset: GETSET_GETSET,
    ..TypeSpec::of::<GetSetDescriptor>("getset_descriptor")
};

/// `member_descriptor`.
pub static MEMBER_DESCRIPTOR: TypeObject = TypeObject::from_spec(&MEMBER_SPEC);
static MEMBER_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots {
        repr: Some(|value| {
            let (name, owner) = (member(value).name(), member(value).owner().name());
            Ok(StrObject::new(&format!("<member '{name}' of '{owner}' objects>")).into())
        }),
        descr_get: Some(member_get),
        descr_set: Some(member_set),
        ..Slots::EMPTY
    },
    getset: MEMBER_GETSET,
    ..TypeSpec::of::<MemberDescriptor>("member_descriptor")
};

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
            "__func__" => |value| Ok($layout::of(value).callable.get_or_none());
            "__wrapped__" => |value| Ok($layout::of(value).callable.get_or_none());
            "__name__" => |value| protocol::get_attr($layout::of(value).callable(), names().__name__);
            "__qualname__" => |value| protocol::get_attr($layout::of(value).callable(), names().__qualname__);
            "__doc__" => |value| protocol::get_attr($layout::of(value).callable(), names().__doc__);
            "__module__" => |value| protocol::get_attr($layout::of(value).callable(), names().__module__);
            "__isabstractmethod__" => |value| is_abstract($layout::of(value).callable());
        };

        $(#[$meta])*
        pub static $static: TypeObject = TypeObject::from_spec(&$spec);
        static $spec: TypeSpec = TypeSpec {
            doc: $doc,
            flags: type_flags::BASE | type_flags::GC,
            dict_offset: $layout::DICT_OFFSET,
            slots: Slots {
                new: Some(|ty, args| {
                    args.no_keywords($name)?;
                    let [callable] = args.positional else {
                        return Err(crate::raise!(TypeError, concat!($name, " expected 1 argument, got {}"), args.positional.len()));
                    };
                    Ok($layout::new_of(ty, callable.to_ref()).into())
                }),
                init: Some(|_, _| Ok(())),
                repr: Some(|value| {
                    let inner = protocol::repr_string($layout::of(value).callable())?;
                    Ok(StrObject::new(&format!(concat!("<", $name, "({})>"), inner)).into())
                }),
                descr_get: Some($get),
                call: $call,
                ..Slots::EMPTY
            },
            getset: $getset,
            ..TypeSpec::of::<$layout>($name)
        };
    };
}

fn is_abstract(callable: Value) -> PyResult {
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
    "Convert a function to be a class method.", class_method_get, None
}

callable_wrapper! {
    /// `staticmethod`.
    StaticMethod, STATIC_METHOD, STATIC_METHOD_SPEC, STATIC_METHOD_GETSET, "staticmethod",
    "Convert a function to be a static method.", static_method_get,
    Some(|value, args| protocol::call_args(StaticMethod::of(value).callable(), args))
}

/// A `property`.
#[repr(C)]
pub struct Property {
    header: Header,
    getter: Field,
    setter: Field,
    deleter: Field,
    doc: Field,
    name: Field,
    dict: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Property {
    fn type_object() -> &'static TypeObject {
        &PROPERTY
    }
    fn traverse(&self, visit: Visitor<'_>) {
        for field in [&self.getter, &self.setter, &self.deleter, &self.doc, &self.name, &self.dict] {
            field.visit(visit);
        }
    }
    fn clear(&self) {
        for field in [&self.getter, &self.setter, &self.deleter, &self.doc, &self.dict] {
            drop(field.take());
        }
    }
}

fn property<'a>(value: Value) -> &'a Property {
    value.get::<Property>().expect("descriptors check their owner")
}

impl Property {
    pub(crate) const DICT_OFFSET: usize = std::mem::offset_of!(Property, dict);

    /// The getter.
    pub fn getter(&self) -> Option<Value> {
        self.getter.get()
    }

    fn new_of(ty: &TypeObject) -> Py<Property> {
        let [getter, setter, deleter, doc, name, dict] = [const { Field::empty() }; 6];
        object::new_object_of(
            ty,
            Property { header: Header::new(ty), getter, setter, deleter, doc, name, dict },
        )
    }

    fn fill(&self, parts: [Option<Value>; 4]) {
        let keep = |value: Option<Value>| value.filter(|&value| !objects::is_none(value)).map(Value::to_ref);
        for (field, part) in [&self.getter, &self.setter, &self.deleter, &self.doc].into_iter().zip(parts) {
            drop(field.replace(keep(part)));
        }
    }

    /// "property 'x' of 'C' object has no setter"
    fn lacks(&self, what: &str, object: Value) -> error::Raised {
        let class = object.ty().qualname();
        let class = class.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        let name = self.name.get().and_then(|name| protocol::repr_string(name).ok());
        let message = match name {
            Some(name) => format!("property {name} of '{class}' object has no {what}"),
            None => format!("property of '{class}' object has no {what}"),
        };
        error::attribute_error(object, self.name.get().unwrap_or_else(objects::none), &message)
    }

    /// A copy with one function replaced.
    fn with(&self, this: Value, at: usize, function: Value) -> PyResult {
        let mut parts = [self.getter.get(), self.setter.get(), self.deleter.get(), self.doc.get()];
        parts[at] = Some(function);
        let parts = parts.map(|part| part.unwrap_or_else(objects::none));
        let made = protocol::call(this.ty().value(), &parts, None)?;
        if let (Some(copy), Some(name)) = (made.get::<Property>(), self.name.get_ref()) {
            copy.name.set(name);
        }
        Ok(made)
    }
}

fn property_init(value: Value, args: Args<'_>) -> PyResult<()> {
    const KEYWORDS: [&str; 4] = ["fget", "fset", "fdel", "doc"];
    let mut parts = [None; 4];
    if args.positional.len() > 4 {
        return Err(crate::raise!(
            TypeError,
            "property() takes at most 4 arguments ({} given)",
            args.positional.len()
        ));
    }
    for (part, &value) in parts.iter_mut().zip(args.positional) {
        *part = Some(value);
    }
    for (name, value) in args.keywords() {
        let name = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        match KEYWORDS.iter().position(|keyword| *keyword == name) {
            Some(at) => parts[at] = Some(value),
            None => {
                return Err(crate::raise!(
                    TypeError,
                    "property() got an unexpected keyword argument '{name}'"
                ));
            }
        }
    }
    let this = property(value);
    this.fill(parts);
    if this.doc.get().is_none()
        && let Some(getter) = this.getter.get()
    {
        let doc = protocol::get_optional_attr(getter, names().__doc__)?;
        drop(this.doc.replace(doc.filter(|doc| !objects::is_none(doc.value()))));
    }
    Ok(())
}

fn property_get(value: Value, object: Option<Value>, _: Value) -> PyResult {
    let Some(object) = object else { return Ok(value.to_ref()) };
    let this = property(value);
    match this.getter.get_ref() {
        Some(getter) => protocol::call_one(getter.value(), object),
        None => Err(this.lacks("getter", object)),
    }
}

fn property_set(value: Value, object: Value, new: Option<Value>) -> PyResult<()> {
    let this = property(value);
    match new {
        Some(new) => match this.setter.get_ref() {
            Some(setter) => protocol::call(setter.value(), &[object, new], None).map(drop),
            None => Err(this.lacks("setter", object)),
        },
        None => match this.deleter.get_ref() {
            Some(deleter) => protocol::call_one(deleter.value(), object).map(drop),
            None => Err(this.lacks("deleter", object)),
        },
    }
}

py_methods! { static PROPERTY_METHODS for "property", &Property;
    /// Descriptor to obtain a copy of the property with a different getter.
    "getter(self, object, /)"
    fn property_getter(this, object: Value) -> PyResult {
        this.with(Value::from_object(this), 0, object)
    }
    /// Descriptor to obtain a copy of the property with a different setter.
    "setter(self, object, /)"
    fn property_setter(this, object: Value) -> PyResult {
        this.with(Value::from_object(this), 1, object)
    }
    /// Descriptor to obtain a copy of the property with a different deleter.
    "deleter(self, object, /)"
    fn property_deleter(this, object: Value) -> PyResult {
        this.with(Value::from_object(this), 2, object)
    }
    /// Method to set name of a property.
    "__set_name__(self, owner, name, /)"
    fn property_set_name(this, owner: Value, name: Ref) {
        let _ = owner;
        this.name.set(name);
    }
}

fn set_property_doc(value: Value, new: Option<Value>) -> PyResult<()> {
    drop(property(value).doc.replace(new.map(Value::to_ref)));
    Ok(())
}

static PROPERTY_GETSET: &[GetSetDef] = &[
    GetSetDef { name: "fget", doc: "", get: |value| Ok(property(value).getter.get_or_none()), set: None },
    GetSetDef { name: "fset", doc: "", get: |value| Ok(property(value).setter.get_or_none()), set: None },
    GetSetDef { name: "fdel", doc: "", get: |value| Ok(property(value).deleter.get_or_none()), set: None },
    GetSetDef {
        name: "__doc__",
        doc: "",
        get: |value| Ok(property(value).doc.get_or_none()),
        set: Some(set_property_doc),
    },
    GetSetDef { name: "__name__", doc: "", get: |value| Ok(property(value).name.get_or_none()), set: None },
    GetSetDef {
        name: "__isabstractmethod__",
        doc: "",
        get: |value| {
            let this = property(value);
            for field in [&this.getter, &this.setter, &this.deleter] {
                if let Some(function) = field.get() {
                    let answer = is_abstract(function)?;
                    if protocol::is_true(answer.value())? {
                        return Ok(answer);
                    }
                }
            }
            Ok(objects::bool(false).to_ref())
        },
        set: None,
    },
];

/// `property`.
pub static PROPERTY: TypeObject = TypeObject::from_spec(&PROPERTY_SPEC);
static PROPERTY_SPEC: TypeSpec = TypeSpec {
    doc: "property(fget=None, fset=None, fdel=None, doc=None)\n--\n\nProperty attribute.",
    flags: type_flags::BASE | type_flags::GC,
    dict_offset: Property::DICT_OFFSET,
    slots: Slots {
        new: Some(|ty, _| Ok(Property::new_of(ty).into())),
        init: Some(property_init),
        descr_get: Some(property_get),
        descr_set: Some(property_set),
        ..Slots::EMPTY
    },
    methods: &[PROPERTY_METHODS],
    getset: PROPERTY_GETSET,
    ..TypeSpec::of::<Property>("property")
};
