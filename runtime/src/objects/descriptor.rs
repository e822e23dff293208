//! Descriptors of builtin types and of layouts: computed attributes, members and `__slots__`, slot wrappers, `__new__`.

use std::cell::Cell;

use crate::args::{Args, Entry};
use crate::error;
use crate::field::Field;
use crate::gc;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects;
use crate::objects::builtin_function::BUILTIN_FUNCTION;
use crate::objects::method_wrapper;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::types::dunder::SlotDef;
use crate::types::slot_docs;
use crate::value::{Py, PyResult, Ref, Value};
use crate::weakref;

/// A computed attribute of a builtin type, or the dict or weak references of a class's instances.
#[repr(C)]
pub struct GetSetDescriptor {
    header: Header,
    def: &'static GetSetDef,
    owner: Field,
}

/// An entry of `__slots__`, or a field of a builtin type.
#[repr(C)]
pub struct MemberDescriptor {
    header: Header,
    name: Field,
    owner: Field,
    place: Place,
}

/// Where a member is.
#[derive(Clone, Copy)]
enum Place {
    /// An owned word of the instance.
    Slot(usize),
    /// Somewhere in a Rust struct.
    Native(&'static GetSetDef),
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
    fn traverse(&self, visit: Visitor<'_>) {
        self.owner.visit(visit);
    }
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for MemberDescriptor {
    fn type_object() -> &'static TypeObject {
        &MEMBER_DESCRIPTOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.name.visit(visit);
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
    /// An attribute of a builtin type.
    pub fn new(def: &'static GetSetDef, owner: &'static TypeObject) -> Py<GetSetDescriptor> {
        Self::of_class(def, owner)
    }

    fn of_class(def: &'static GetSetDef, owner: &TypeObject) -> Py<GetSetDescriptor> {
        let made = object::new_object(GetSetDescriptor {
            header: Header::new(&GETSET_DESCRIPTOR),
            def,
            owner: Field::new(owner.value().to_ref()),
        });
        if owner.spec().is_some() {
            // Builtin types are immortal, so there is no cycle to find.
            gc::untrack(made.value().ptr());
        }
        made
    }

    fn owner(&self) -> &TypeObject {
        self.owner.get().and_then(Value::get).expect("a computed attribute keeps its class")
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

static CLASS_DICT_DEF: GetSetDef = GetSetDef {
    get: |object| match native_dict(object)? {
        Some(native) => (native.def.get)(object),
        None => protocol::attribute::get_dict_attr(object),
    },
    set: Some(|object, new| match native_dict(object)? {
        Some(native) => getset_set(Value::from_object(native), object, new),
        None if new.is_none() => protocol::attribute::del_dict_attr(object),
        None => protocol::attribute::set_dict_attr(object, new),
    }),
    ..DICT_GETSET
};

/// The `__dict__` of the builtin type that an instance's class derives from: types and modules have rules of their own.
fn native_dict<'a>(object: Value) -> PyResult<Option<&'a GetSetDescriptor>> {
    let native = nearest_native(object.ty()).and_then(|native| native.lookup(names().__dict__));
    Ok(native.and_then(|found| found.get::<GetSetDescriptor>()))
}

/// `__dict__` of the instances of a class, or of a builtin type.
pub fn instance_dict_descriptor(class: &TypeObject) -> Ref {
    let def = if class.spec().is_some() { &DICT_DEF } else { &CLASS_DICT_DEF };
    GetSetDescriptor::of_class(def, class).into()
}

static WEAKREF_DEF: GetSetDef = GetSetDef {
    name: "__weakref__",
    doc: "list of weak references to the object",
    get: |object| {
        Ok(weakref::references(object).into_iter().next().unwrap_or_else(|| objects::none().to_ref()))
    },
    set: None,
};

/// `__weakref__` of the instances of a class.
pub fn weakref_descriptor(class: &TypeObject) -> Ref {
    GetSetDescriptor::of_class(&WEAKREF_DEF, class).into()
}

impl MemberDescriptor {
    /// The slot at `offset` in instances of `owner`.
    pub fn new(owner: &TypeObject, name: &str, offset: usize) -> Py<MemberDescriptor> {
        Self::at(owner, name, Place::Slot(offset))
    }

    /// A field of a builtin type.
    pub fn native(def: &'static GetSetDef, owner: &'static TypeObject) -> Py<MemberDescriptor> {
        let made = Self::at(owner, def.name, Place::Native(def));
        gc::untrack(made.value().ptr());
        made
    }

    fn at(owner: &TypeObject, name: &str, place: Place) -> Py<MemberDescriptor> {
        object::new_object(MemberDescriptor {
            header: Header::new(&MEMBER_DESCRIPTOR),
            name: Field::new(StrObject::intern(name)),
            owner: Field::new(owner.value().to_ref()),
            place,
        })
    }

    /// Offset in instances of `ty`, if it is a slot and they have it.
    pub fn offset_in(&self, ty: &TypeObject) -> Option<usize> {
        match self.place {
            Place::Slot(offset) if ty.is_subtype_of(self.owner()) => Some(offset),
            _ => None,
        }
    }

    fn owner(&self) -> &TypeObject {
        self.owner.get().and_then(Value::get).expect("a member keeps its class")
    }

    fn check(&self, object: Value) -> PyResult<()> {
        if object.ty().is_subtype_of(self.owner()) {
            return Ok(());
        }
        let (name, owner) = (self.name(), self.owner().name());
        let got = object.ty().name();
        Err(crate::raise!(
            TypeError,
            "descriptor '{name}' for '{owner}' objects doesn't apply to a '{got}' object"
        ))
    }

    /// The slot at `offset`, of an instance that [`MemberDescriptor::check`] has let pass.
    fn slot<'a>(offset: usize, object: Value) -> &'a Field {
        // SAFETY: instances of the owner have an owned word at this offset.
        unsafe { &*object.ptr().cast::<u8>().add(offset).cast::<Field>() }
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

crate::define_entry!(wrapper_entry: WrapperDescriptor = call_wrapper);

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
    wrapper.def.call_slot(wrapper.owner.slots(), receiver, args.rest())
}

crate::define_entry!(new_entry: NewFunction = call_new);

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
    if class.has(type_flags::NO_NEW) || !makes_instances_of(function, class) {
        let mut maker = class;
        while let Some(base) = maker.base()
            && !maker.lookup(names().__new__).is_some_and(|new| new.is_instance::<NewFunction>())
        {
            maker = base;
        }
        let native = maker.name();
        let name = class.name();
        return Err(crate::raise!(TypeError, "{owner}.__new__({name}) is not safe, use {native}.__new__()"));
    }
    match function.owner.slots().new {
        Some(new) => new(class, args.rest()),
        None => Err(crate::raise!(TypeError, "cannot create '{owner}' instances")),
    }
}

/// Whether the layout of a class is the one that a builtin `__new__` fills.
pub(crate) fn makes_instances_of(function: &NewFunction, class: &TypeObject) -> bool {
    class.is_subclass_of(function.owner)
        && nearest_native(class)
            .is_none_or(|native| std::ptr::eq(native, function.owner) || same_new(native, function.owner))
}

/// The builtin type that a class is or derives from first.
pub(crate) fn nearest_native(class: &TypeObject) -> Option<&TypeObject> {
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
        None => Ok(value.to_ref()),
        Some(object) if object.ty().is_subclass_of(wrapper(value).owner) => {
            Ok(method_wrapper::bind(value, object).into())
        }
        Some(object) => {
            let (name, owner, got) =
                (wrapper(value).def.name, wrapper(value).owner.name(), object.ty().name());
            Err(crate::raise!(
                TypeError,
                "descriptor '{name}' for '{owner}' objects doesn't apply to a '{got}' object"
            ))
        }
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
    if object.ty().is_subclass_of(descriptor.owner()) {
        return Ok(());
    }
    let (name, owner, got) = (descriptor.def.name, descriptor.owner().name(), object.ty().name());
    Err(crate::raise!(
        TypeError,
        "descriptor '{name}' for '{owner}' objects doesn't apply to a '{got}' object"
    ))
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
            let (name, owner) = (descriptor.def.name, descriptor.owner().name());
            let message = format!("attribute '{name}' of '{owner}' objects is not writable");
            Err(error::attribute_error(object, StrObject::intern(name).value(), &message))
        }
    }
}

fn member_get(value: Value, object: Option<Value>, _: Value) -> PyResult {
    let Some(object) = object else { return Ok(value.to_ref()) };
    let descriptor = member(value);
    descriptor.check(object)?;
    match descriptor.place {
        Place::Native(def) => (def.get)(object),
        Place::Slot(offset) => MemberDescriptor::slot(offset, object).get_ref().ok_or_else(|| {
            let (class, name) = (object.ty().full_name(), descriptor.name());
            let class = class.strip_prefix("__main__.").unwrap_or(&class);
            let message = format!("'{class}' object has no attribute '{name}'");
            error::attribute_error(object, descriptor.name.raw(), &message)
        }),
    }
}

fn member_set(value: Value, object: Value, new: Option<Value>) -> PyResult<()> {
    let descriptor = member(value);
    descriptor.check(object)?;
    let fails = |message: &str| Err(error::attribute_error(object, descriptor.name.raw(), message));
    match descriptor.place {
        Place::Native(GetSetDef { set: Some(set), .. }) => set(object, new),
        Place::Native(_) => fails("readonly attribute"),
        Place::Slot(offset) => {
            let old = MemberDescriptor::slot(offset, object).replace(new.map(Value::to_ref));
            if new.is_none() && old.is_none() { fails(&descriptor.name()) } else { Ok(()) }
        }
    }
}

macro_rules! getters {
    ($($name:literal => $get:expr;)*) => {
        &[$($crate::methods::GetSetDef { name: $name, doc: "", get: $get, set: None }),*]
    };
}
pub(crate) use getters;

static WRAPPER_GETSET: &[GetSetDef] = getters! {
    "__qualname__" => |value| qualified(wrapper(value).owner, wrapper(value).def.name);
    "__doc__" => |value| Ok(slot_docs::doc_of(wrapper(value).def.name).map_or_else(|| objects::none().to_ref(), |doc| StrObject::new(doc).into()));
    "__text_signature__" => |value| Ok(StrObject::new(slot_docs::signature_of(wrapper(value).def.name)).into());
};
static WRAPPER_MEMBERS: &[GetSetDef] = getters! {
    "__name__" => |value| Ok(StrObject::intern(wrapper(value).def.name).into());
    "__objclass__" => |value| Ok(wrapper(value).owner.value().to_ref());
};
static NEW_GETSET: &[GetSetDef] = getters! {
    "__class__" => |_| Ok(BUILTIN_FUNCTION.value().to_ref());
    "__module__" => |_| Ok(objects::none().to_ref());
    "__name__" => |_| Ok(names().__new__.to_ref());
    "__qualname__" => |value| {
        let owner = value.get::<NewFunction>().map_or("?", |function| function.owner.name());
        Ok(StrObject::new(&format!("{owner}.__new__")).into())
    };
    "__self__" => |value| Ok(value.get::<NewFunction>().map_or_else(objects::none, |function| function.owner.value()).to_ref());
    "__doc__" => |_| Ok(StrObject::new("Create and return a new object.  See help(type) for accurate signature.").into());
    "__text_signature__" => |_| Ok(StrObject::new("($type, *args, **kwargs)").into());
};
/// "C.name", for a descriptor of a class.
fn qualified(owner: &TypeObject, name: &str) -> PyResult {
    let class = owner.qualname();
    let class = class.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    Ok(StrObject::new(&format!("{class}.{name}")).into())
}

/// The documentation of a computed attribute, if it has any.
fn doc_of(def: &GetSetDef) -> Ref {
    match def.doc {
        "" => objects::none().to_ref(),
        doc => StrObject::new(doc).into(),
    }
}

/// For pickling: `getattr(owner, name)`.
pub(super) fn reduce_to_getattr(owner: Value, name: Ref) -> PyResult {
    let getattr = crate::builtins::namespace().get_text("getattr");
    let getattr = getattr.ok_or_else(|| crate::raise!(AttributeError, "getattr"))?;
    let args = TupleObject::of([owner.to_ref(), name]);
    Ok(TupleObject::of([getattr, args.into()]).into())
}

py_methods! { static WRAPPER_METHODS for "wrapper_descriptor", &WrapperDescriptor;
    /// For pickling.
    "__reduce__(self, /)"
    fn reduce_wrapper(this) -> PyResult {
        reduce_to_getattr(this.owner.value(), StrObject::intern(this.def.name).into())
    }
}
py_methods! { static NEW_METHODS for "builtin_function_or_method", &NewFunction;
    /// For pickling.
    "__reduce__(self, /)"
    fn reduce_new(this) -> PyResult {
        reduce_to_getattr(this.owner.value(), names().__new__.to_ref())
    }
}
py_methods! { static GETSET_METHODS for "getset_descriptor", &GetSetDescriptor;
    /// For pickling.
    "__reduce__(self, /)"
    fn reduce_getset(this) -> PyResult {
        reduce_to_getattr(this.owner.raw(), StrObject::intern(this.def.name).into())
    }
}
py_methods! { static MEMBER_METHODS for "member_descriptor", &MemberDescriptor;
    /// For pickling.
    "__reduce__(self, /)"
    fn reduce_member(this) -> PyResult {
        reduce_to_getattr(this.owner.raw(), this.name.get_or_none())
    }
}

static GETSET_GETSET: &[GetSetDef] = getters! {
    "__qualname__" => |value| qualified(getset(value).owner(), getset(value).def.name);
    "__doc__" => |value| Ok(doc_of(getset(value).def));
};
static GETSET_MEMBERS: &[GetSetDef] = getters! {
    "__name__" => |value| Ok(StrObject::intern(getset(value).def.name).into());
    "__objclass__" => |value| Ok(getset(value).owner.get_or_none());
};
static MEMBER_GETSET: &[GetSetDef] = getters! {
    "__qualname__" => |value| qualified(member(value).owner(), &member(value).name());
    "__doc__" => |value| Ok(match member(value).place {
        Place::Native(def) => doc_of(def),
        Place::Slot(_) => objects::none().to_ref(),
    });
};
static MEMBER_MEMBERS: &[GetSetDef] = getters! {
    "__name__" => |value| Ok(member(value).name.get_or_none());
    "__objclass__" => |value| Ok(member(value).owner.get_or_none());
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
    methods: &[WRAPPER_METHODS],
    members: WRAPPER_MEMBERS,
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
    methods: &[NEW_METHODS],
    getset: NEW_GETSET,
    ..TypeSpec::of::<NewFunction>("builtin_function_or_method")
};

/// `getset_descriptor`.
pub static GETSET_DESCRIPTOR: TypeObject = TypeObject::from_spec(&GETSET_SPEC);
static GETSET_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots {
        repr: Some(|value| {
            let (name, owner) = (getset(value).def.name, getset(value).owner().name());
            Ok(StrObject::new(&format!("<attribute '{name}' of '{owner}' objects>")).into())
        }),
        descr_get: Some(getset_get),
        descr_set: Some(getset_set),
        ..Slots::EMPTY
    },
    methods: &[GETSET_METHODS],
    members: GETSET_MEMBERS,
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
    methods: &[MEMBER_METHODS],
    members: MEMBER_MEMBERS,
    getset: MEMBER_GETSET,
    ..TypeSpec::of::<MemberDescriptor>("member_descriptor")
};
