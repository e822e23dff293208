//! `types.SimpleNamespace`: an object that is nothing but its attributes. `sys.implementation` is one.

use crate::args::Args;
use crate::field::Field;
use crate::header::Header;
use crate::object::{self, Object, Visitor};
use crate::objects::dict::{self, DictObject};
use crate::objects::singleton;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::operator::CompareOp;
use crate::protocol::{self, ReprGuard};
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};

/// A namespace.
#[repr(C)]
pub struct NamespaceObject {
    header: Header,
    /// The dict of the attributes.
    dict: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for NamespaceObject {
    fn type_object() -> &'static TypeObject {
        &NAMESPACE
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.dict.visit(visit);
    }
    fn clear(&self) {
        drop(self.dict.take());
    }
}

impl NamespaceObject {
    /// A namespace with these attributes.
    pub fn make(attributes: &DictObject) -> Ref {
        let dict = Field::new(attributes.copy());
        object::new_object(NamespaceObject { header: Header::new(&NAMESPACE), dict }).into()
    }
}

fn attributes<'a>(value: Value) -> &'a DictObject {
    if protocol::instance_dict(value).is_none()
        && let Some(slot) = protocol::instance_dict_slot(value)
    {
        slot.set(DictObject::new().into_ref().into_value());
    }
    protocol::instance_dict(value).expect("namespaces have a dict")
}

fn new(ty: &TypeObject, _: Args<'_>) -> PyResult {
    let dict = Field::new(DictObject::new());
    Ok(object::new_object_of(ty, NamespaceObject { header: Header::new(ty), dict }).into())
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let into = attributes(value);
    match args.positional {
        [] => {}
        [mapping] => {
            let given = protocol::call(dict::DICT.value(), &[*mapping], None)?;
            let given = given.get::<DictObject>().expect("dict() makes dicts");
            if given.keys().iter().any(|key| !key.is_instance::<StrObject>()) {
                return Err(crate::raise!(TypeError, "keywords must be strings"));
            }
            into.merge(given, true)?;
        }
        more => {
            let count = more.len();
            return Err(crate::raise!(TypeError, "SimpleNamespace expected at most 1 argument, got {count}"));
        }
    }
    args.keywords().for_each(|(name, value)| into.set_str(name, value.to_ref()));
    Ok(())
}

fn repr(value: Value) -> PyResult {
    let name = if value.is_exact(&NAMESPACE) { "namespace" } else { value.ty().name() };
    let Some(_guard) = ReprGuard::enter(value)? else {
        return Ok(StrObject::new(&format!("{name}(...)")).into());
    };
    let mut parts = Vec::new();
    for (key, item) in attributes(value).to_pairs() {
        if let Some(key) = key.get::<StrObject>() {
            parts.push(format!("{}={}", key.to_string_lossy(), protocol::repr_string(item.value())?));
        }
    }
    Ok(StrObject::new(&format!("{name}({})", parts.join(", "))).into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    if !a.is_instance::<NamespaceObject>() || !b.is_instance::<NamespaceObject>() {
        return singleton::decline();
    }
    protocol::compare(op, Value::from_object(attributes(a)), Value::from_object(attributes(b)))
}

py_methods! { static METHODS for "types.SimpleNamespace", Value;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce(value) -> PyResult {
        let state = Value::from_object(attributes(value)).to_ref();
        Ok(TupleObject::of([value.ty().value().to_ref(), TupleObject::empty().into(), state]).into())
    }
    /// Return a copy of the namespace object with new values for the specified attributes.
    "__replace__(self, /, **changes)"
    fn replace(value, changes: crate::convert::Keywords) -> PyResult {
        let copy = protocol::call(value.ty().value(), &[], None)?;
        attributes(copy.value()).merge(attributes(value), true)?;
        changes.0.into_iter().for_each(|(name, new)| attributes(copy.value()).set_str(name, new.to_ref()));
        Ok(copy)
    }
}

/// `types.SimpleNamespace`
pub static NAMESPACE: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "types",
    doc: "SimpleNamespace(mapping_or_iterable=(), /, **kwargs)\n--\n\nA simple attribute-based namespace.",
    flags: type_flags::BASE | type_flags::GC,
    dict_offset: std::mem::offset_of!(NamespaceObject, dict),
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        richcompare: Some(richcompare),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    ..TypeSpec::of::<NamespaceObject>("SimpleNamespace")
};
