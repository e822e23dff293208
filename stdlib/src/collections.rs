//! `_collections`: `deque`, `defaultdict`, `OrderedDict`, and what named tuples and counters are made of.
//!
//! - [`deque`]: double-ended queues
//! - [`defaultdict`]: dicts that make what is missing
//! - [`ordered_dict`]: dicts whose order is part of their value; [`ordered_views`]: their views and iterators

pub mod defaultdict;
pub mod deque;
pub mod ordered_dict;
pub mod ordered_views;

use runtime::header::Header;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::{DICT, DictObject};
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::slots::Slots;
use runtime::type_object::TypeSpec;
use runtime::types::ready;
use runtime::{PyResult, Ref, TypeObject, Value, protocol, py_functions, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in [
        &deque::DEQUE,
        &deque::DEQUE_ITERATOR,
        &deque::DEQUE_REVERSE_ITERATOR,
        &defaultdict::DEFAULT_DICT,
        &ordered_dict::ORDERED_DICT,
        &TUPLE_GETTER,
    ] {
        ready::ready(ty);
    }
    ordered_views::ALL.into_iter().for_each(ready::ready);
    let dict = module.dict();
    dict.set_text("deque", deque::DEQUE.value().to_ref());
    dict.set_text("_deque_iterator", deque::DEQUE_ITERATOR.value().to_ref());
    dict.set_text("_deque_reverse_iterator", deque::DEQUE_REVERSE_ITERATOR.value().to_ref());
    dict.set_text("defaultdict", defaultdict::DEFAULT_DICT.value().to_ref());
    dict.set_text("OrderedDict", ordered_dict::ORDERED_DICT.value().to_ref());
    dict.set_text("_tuplegetter", TUPLE_GETTER.value().to_ref());
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// The descriptor of a named tuple's field.
#[repr(C)]
pub struct TupleGetter {
    header: Header,
    index: usize,
    doc: runtime::field::Field,
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

fn get(descriptor: Value, instance: Option<Value>, _: Value) -> PyResult {
    let getter = descriptor.get::<TupleGetter>().expect("slots are called for instances");
    let Some(instance) = instance else { return Ok(descriptor.to_ref()) };
    let Some(tuple) = instance.get::<TupleObject>() else {
        let (index, name) = (getter.index, instance.ty().name());
        return Err(raise!(
            TypeError,
            "descriptor for index '{index}' for tuple subclasses doesn't apply to '{name}' object"
        ));
    };
    match tuple.items().get(getter.index) {
        Some(item) => Ok(item.to_ref()),
        None => Err(raise!(IndexError, "tuple index out of range")),
    }
}

fn set(_: Value, _: Value, value: Option<Value>) -> PyResult<()> {
    Err(match value {
        Some(_) => raise!(AttributeError, "can't set attribute"),
        None => raise!(AttributeError, "can't delete attribute"),
    })
}

/// `_tuplegetter`.
pub static TUPLE_GETTER: TypeObject = TypeObject::from_spec(&GETTER_SPEC);
static GETTER_SPEC: TypeSpec = TypeSpec {
    module: "collections",
    slots: Slots {
        new: Some(|_, args| match args.positional {
            [index, doc] => {
                let index = runtime::objects::int::to_clamped_index(*index)? as usize;
                let contents = TupleGetter {
                    header: Header::new(&TUPLE_GETTER),
                    index,
                    doc: runtime::field::Field::new(doc.to_ref()),
                };
                Ok(object::new_object(contents).into())
            }
            _ => Err(raise!(TypeError, "_tuplegetter expected 2 arguments, got {}", args.positional.len())),
        }),
        init: Some(|_, _| Ok(())),
        descr_get: Some(get),
        descr_set: Some(set),
        ..Slots::EMPTY
    },
    getset: &[runtime::methods::GetSetDef {
        name: "__doc__",
        doc: "",
        get: |value| Ok(value.get::<TupleGetter>().expect("asked of instances").doc.get_or_none()),
        set: Some(|value, new| {
            let getter = value.get::<TupleGetter>().expect("asked of instances");
            drop(getter.doc.replace(new.map(Value::to_ref)));
            Ok(())
        }),
    }],
    ..TypeSpec::of::<TupleGetter>("_tuplegetter")
};

py_functions! { static FUNCTIONS;
    /// Count elements in the iterable, updating the mapping
    "_count_elements(mapping, iterable, /)"
    fn count_elements(mapping: Value, iterable: Value) -> PyResult<()> {
        let (zero, one) = (runtime::objects::int::from_i64(0), runtime::objects::int::from_i64(1));
        let more = |known: Value| protocol::binary_op(runtime::BinaryOp::Add, known, one.value());
        if let Some(dict) = mapping.get::<DictObject>().filter(|_| is_like_dict(mapping)) {
            return protocol::for_each(iterable, |item| {
                let hash = protocol::hash(item.value())?;
                let known = dict.get_hashed(item.value(), hash)?;
                dict.set_hashed(item.value(), hash, more(known.as_ref().map_or(zero.value(), Ref::value))?)
            });
        }
        protocol::for_each(iterable, |item| {
            let known = protocol::call_method_text(mapping, "get", &[item.value(), zero.value()])?;
            protocol::set_item(mapping, item.value(), more(known.value())?.value())
        })
    }
}

/// Whether a mapping gets and sets items as a dict does.
fn is_like_dict(mapping: Value) -> bool {
    ["get", "__setitem__"].into_iter().map(|name| StrObject::intern(name).value()).all(|name| {
        let [own, dict] = [mapping.ty(), &DICT].map(|ty| ty.lookup(name));
        own.zip(dict).is_some_and(|(own, dict)| own == dict)
    })
}
