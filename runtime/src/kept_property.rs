//! `functools.cached_property` in a static class: its value is kept in a field, since instances have no dictionary.
//!
//! The compiler declares a field for each, named as the property behind [`base::KEPT_PROPERTY`]. When the class is made, the object that
//! the decorator has made goes into a [`KeptProperty`], which reads the field, calls the getter where it is unset, and lets programs
//! set and delete the value as they would the entry of a dictionary, checked like any field. The class gives the decorator's object.

use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::str::StrObject;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::static_class::{StaticField, TypedDescriptor};
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Value};

/// The descriptor of such a property.
#[repr(C)]
pub struct KeptProperty {
    header: Header,
    /// What the decorator has made.
    original: Field,
    /// The descriptor of the field, under the name of the property.
    place: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for KeptProperty {
    fn type_object() -> &'static TypeObject {
        &KEPT_PROPERTY
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.original, &self.place].into_iter().for_each(|field| field.visit(visit));
    }
}

impl KeptProperty {
    fn original(&self) -> Value {
        self.original.get().expect("set where it is made")
    }

    fn place(&self) -> &TypedDescriptor {
        let place = self.place.get().expect("set where it is made");
        place.get::<TypedDescriptor>().expect("made from a field")
    }
}

/// Puts the property that keeps its value in a field into the place of what the decorator has made.
pub(crate) fn install(class: &TypeObject, field: &StaticField) {
    let Some(name) = field.name.strip_prefix(base::KEPT_PROPERTY) else { return };
    let key = StrObject::intern(name);
    let Some(original) = class.dict().get_str(key.value()).map(Value::to_ref) else { return };
    let shown = StaticField { name: name.to_owned(), ..field.clone() };
    let property = object::new_object(KeptProperty {
        header: Header::new(&KEPT_PROPERTY),
        original: Field::new(original),
        place: Field::new(TypedDescriptor::new(class, &shown, None)),
    });
    class.dict().set_str(key.value(), property.into());
}

fn this<'a>(value: Value) -> &'a KeptProperty {
    value.get::<KeptProperty>().expect("slots are called for instances")
}

fn descr_get(value: Value, object: Option<Value>, _: Value) -> PyResult {
    let property = this(value);
    let Some(object) = object else { return Ok(property.original().to_ref()) };
    if let Some(found) = property.place().load(object)? {
        return Ok(found);
    }
    let getter = protocol::get_attr_text(property.original(), "func")?;
    let computed = protocol::call_one(getter.value(), object)?;
    property.place().store(object, Some(computed.value()))?;
    Ok(computed)
}

fn descr_set(value: Value, object: Value, new: Option<Value>) -> PyResult<()> {
    this(value).place().store(object, new)
}

/// An attribute of what the decorator has made.
fn of_original(value: Value, name: &str) -> PyResult {
    protocol::get_attr_text(this(value).original(), name)
}

py_methods! { static METHODS for "cached_property", &KeptProperty;
    /// Tells what the decorator has made where it stands.
    "__set_name__(self, owner, name, /)"
    fn set_name(this, owner: Value, name: Value) -> PyResult<()> {
        protocol::call_method_text(this.original(), "__set_name__", &[owner, name]).map(drop)
    }
}

static MEMBERS: &[GetSetDef] = &[
    GetSetDef { name: "func", doc: "", get: |value| of_original(value, "func"), set: None },
    GetSetDef { name: "attrname", doc: "", get: |value| of_original(value, "attrname"), set: None },
    GetSetDef { name: "__doc__", doc: "", get: |value| of_original(value, "__doc__"), set: None },
];

/// `cached_property` of a static class.
pub static KEPT_PROPERTY: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "__static__",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { descr_get: Some(descr_get), descr_set: Some(descr_set), ..Slots::EMPTY },
    methods: &[METHODS],
    members: MEMBERS,
    ..TypeSpec::of::<KeptProperty>("cached_property")
};
