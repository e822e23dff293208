//! Named tuples made by native code (`sys.version_info`), and the field getters that named tuples use.

use crate::field::Field;
use crate::header::Header;
use crate::object::{self, Object, Visitor};
use crate::objects::dict::DictObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::{TUPLE, TupleObject};
use crate::objects::type_type::TYPE;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::types::build::{self, Shape};
use crate::value::{Py, PyResult, Ref, Value};

/// Reads one item of a tuple.
#[repr(C)]
pub struct TupleGetter {
    header: Header,
    index: usize,
    doc: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for TupleGetter {
    fn type_object() -> &'static TypeObject {
        &TUPLE_GETTER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.doc.visit(visit);
    }
}

impl TupleGetter {
    /// A getter of the item at `index`.
    pub fn new(index: usize, doc: Option<Ref>) -> Py<TupleGetter> {
        object::new_object(TupleGetter {
            header: Header::new(&TUPLE_GETTER),
            index,
            doc: Field::from_option(doc),
        })
    }
}

fn descr_get(value: Value, object: Option<Value>, _: Value) -> PyResult {
    let Some(object) = object else { return Ok(value.to_ref()) };
    let getter = value.get::<TupleGetter>().expect("slots are called for instances");
    let Some(tuple) = object.get::<TupleObject>() else {
        let (index, got) = (getter.index, object.ty().name());
        return Err(crate::raise!(
            TypeError,
            "descriptor for index '{index}' for tuple subclasses doesn't apply to '{got}' object"
        ));
    };
    match tuple.items().get(getter.index) {
        Some(item) => Ok(item.to_ref()),
        None => Err(crate::raise!(IndexError, "tuple index out of range")),
    }
}

fn descr_set(_: Value, _: Value, _: Option<Value>) -> PyResult<()> {
    Err(crate::raise!(AttributeError, "can't set attribute"))
}

/// `_tuplegetter`.
pub static TUPLE_GETTER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_collections",
    flags: type_flags::NO_NEW | type_flags::GC,
    slots: Slots { descr_get: Some(descr_get), descr_set: Some(descr_set), ..Slots::EMPTY },
    ..TypeSpec::of::<TupleGetter>("_tuplegetter")
};

/// A tuple with named fields, of a class of its own that prints as `module.name(field=value, ...)`.
pub fn new(module: &str, name: &str, fields: &[(&str, Ref)]) -> PyResult {
    let namespace = DictObject::new();
    namespace.set_text("__module__", StrObject::intern(module));
    namespace.set_text("__slots__", TupleObject::empty());
    let names = fields.iter().map(|(field, _)| StrObject::intern(field).into_ref()).collect();
    namespace.set_text("__match_args__", TupleObject::new(names));
    namespace.set_text("n_fields", crate::objects::int::from_i64(fields.len() as i64));
    for (at, (field, _)) in fields.iter().enumerate() {
        namespace.set_text(field, TupleGetter::new(at, None));
    }
    let bases = TupleObject::of([TUPLE.value().to_ref()]);
    let class = build::build(&TYPE, &StrObject::intern(name), &bases, &namespace, Shape::default())?;
    let mut slots = *class.slots();
    slots.repr = Some(repr);
    class.set_slots(slots);
    let items = fields.iter().map(|(_, value)| value.clone()).collect();
    Ok(TupleObject::instance_of(&class, items).into())
}

fn repr(value: Value) -> PyResult {
    let tuple = value.get::<TupleObject>().expect("named tuples are tuples");
    let names = value.ty().dict().get_text("__match_args__");
    let names =
        names.as_ref().and_then(|names| names.get::<TupleObject>()).map_or(&[][..], TupleObject::items);
    let mut parts = Vec::new();
    for (name, &item) in names.iter().zip(tuple.items()) {
        let name = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        parts.push(format!("{name}={}", crate::protocol::repr_string(item)?));
    }
    Ok(StrObject::new(&format!("{}({})", value.ty().full_name(), parts.join(", "))).into())
}
