//! `property`: an attribute that functions read, write and delete.

use std::cell::Cell;

use crate::args::Args;
use crate::error;
use crate::field::Field;
use crate::header::Header;
use crate::hooks::hooks;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects;
use crate::objects::class_method::is_abstract;
use crate::objects::function::FunctionObject;
use crate::objects::str::StrObject;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

/// A `property`.
#[repr(C)]
pub struct Property {
    header: Header,
    getter: Field,
    setter: Field,
    deleter: Field,
    doc: Field,
    name: Field,
    /// Whether the documentation is the getter's, and changes with it.
    has_getter_doc: Cell<bool>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Property {
    fn type_object() -> &'static TypeObject {
        &PROPERTY
    }
    fn traverse(&self, visit: Visitor<'_>) {
        for field in [&self.getter, &self.setter, &self.deleter, &self.doc, &self.name] {
            field.visit(visit);
        }
    }
    fn clear(&self) {
        for field in [&self.getter, &self.setter, &self.deleter, &self.doc] {
            drop(field.take());
        }
    }
}

fn property<'a>(value: Value) -> &'a Property {
    value.get::<Property>().expect("descriptors check their owner")
}

impl Property {
    /// The getter.
    pub fn getter(&self) -> Option<Value> {
        self.getter.get()
    }

    /// The setter.
    pub fn setter(&self) -> Option<Value> {
        self.setter.get()
    }

    fn new_of(ty: &TypeObject) -> Py<Property> {
        let [getter, setter, deleter, doc, name] = [const { Field::empty() }; 5];
        object::new_object_of(
            ty,
            Property {
                header: Header::new(ty),
                getter,
                setter,
                deleter,
                doc,
                name,
                has_getter_doc: Cell::new(false),
            },
        )
    }

    fn fill(&self, functions: &[Option<Value>]) {
        for (field, part) in [&self.getter, &self.setter, &self.deleter].into_iter().zip(functions) {
            let old = field.replace(part.map(Value::to_ref));
            if let Some(old) = old.as_ref().and_then(|old| old.get_exact::<FunctionObject>()) {
                // Callers may know it as what the property calls.
                (hooks().function_changed)(old);
            }
        }
    }

    /// Its name: one that it was given, or the getter's.
    fn find_name(&self) -> PyResult<Option<Ref>> {
        match (self.name.get_ref(), self.getter.get()) {
            (Some(name), _) => Ok(Some(name)),
            (None, Some(getter)) => protocol::get_optional_attr(getter, names().__name__),
            (None, None) => Ok(None),
        }
    }

    /// "property 'x' of 'C' object has no setter"
    fn lacks(&self, what: &str, object: Value) -> error::Raised {
        let class = object.ty().qualname();
        let class = class.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        let name = match self.find_name() {
            Ok(name) => name,
            Err(raised) => return raised,
        };
        let shown = name.as_ref().and_then(|name| protocol::repr_string(name.value()).ok());
        let message = match shown {
            Some(name) => format!("property {name} of '{class}' object has no {what}"),
            None => format!("property of '{class}' object has no {what}"),
        };
        error::attribute_error(object, name.as_ref().map_or_else(objects::none, Ref::value), &message)
    }

    /// A copy with one function replaced.
    fn with(&self, this: Value, at: usize, function: Value) -> PyResult {
        let mut parts = [self.getter.get(), self.setter.get(), self.deleter.get(), self.doc.get()];
        if !objects::is_none(function) {
            parts[at] = Some(function);
        }
        if self.has_getter_doc.get() && parts[0].is_some() {
            parts[3] = None;
        }
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
    let parts = parts.map(|part| part.filter(|&part| !objects::is_none(part)));
    let this = property(value);
    this.fill(&parts[..3]);
    let mut doc = parts[3].map(Value::to_ref);
    if doc.is_none()
        && let Some(getter) = parts[0]
    {
        doc = protocol::get_optional_attr(getter, names().__doc__)?
            .filter(|doc| !objects::is_none(doc.value()));
        this.has_getter_doc.set(doc.is_some());
    }
    keep_doc(value, doc)
}

/// The documentation of a subclass's instances is an attribute like others: what the class says stands in front of ours.
fn keep_doc(value: Value, doc: Option<Ref>) -> PyResult<()> {
    let this = property(value);
    if std::ptr::eq(value.ty(), &raw const PROPERTY) {
        drop(this.doc.replace(doc));
        return Ok(());
    }
    let doc = doc.unwrap_or_else(|| objects::none().to_ref());
    match protocol::set_attr(value, names().__doc__, doc.value()) {
        Err(raised) if !this.has_getter_doc.get() => {
            error::catch(raised, &error::types::AttributeError).map(drop)
        }
        outcome => outcome,
    }
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
    "__set_name__(self, /, *args)"
    fn property_set_name(this, args: crate::convert::Rest<'_>) -> PyResult<()> {
        let [_, name] = args.0 else {
            let count = args.0.len();
            return Err(crate::raise!(
                TypeError,
                "__set_name__() takes 2 positional arguments but {count} were given"
            ));
        };
        this.name.set(name.to_ref());
        Ok(())
    }
}

fn set_property_doc(value: Value, new: Option<Value>) -> PyResult<()> {
    drop(property(value).doc.replace(new.map(Value::to_ref)));
    Ok(())
}

fn get_name(value: Value) -> PyResult {
    match property(value).find_name()? {
        Some(name) => Ok(name),
        None => {
            let message = format!("'{}' object has no attribute '__name__'", value.ty().name());
            Err(error::attribute_error(value, names().__name__, &message))
        }
    }
}

static PROPERTY_MEMBERS: &[GetSetDef] = &[
    GetSetDef { name: "fget", doc: "", get: |value| Ok(property(value).getter.get_or_none()), set: None },
    GetSetDef { name: "fset", doc: "", get: |value| Ok(property(value).setter.get_or_none()), set: None },
    GetSetDef { name: "fdel", doc: "", get: |value| Ok(property(value).deleter.get_or_none()), set: None },
    GetSetDef {
        name: "__doc__",
        doc: "",
        get: |value| Ok(property(value).doc.get_or_none()),
        set: Some(set_property_doc),
    },
];

static PROPERTY_GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "__name__",
        doc: "",
        get: get_name,
        set: Some(|value, new| {
            drop(property(value).name.replace(new.map(Value::to_ref)));
            Ok(())
        }),
    },
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
    slots: Slots {
        new: Some(|ty, _| Ok(Property::new_of(ty).into())),
        init: Some(property_init),
        descr_get: Some(property_get),
        descr_set: Some(property_set),
        ..Slots::EMPTY
    },
    methods: &[PROPERTY_METHODS],
    members: PROPERTY_MEMBERS,
    getset: PROPERTY_GETSET,
    ..TypeSpec::of::<Property>("property")
};
