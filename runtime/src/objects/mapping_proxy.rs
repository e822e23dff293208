//! `mappingproxy`: a read-only view of a mapping, such as a class's `__dict__`.

use crate::args::Args;
use crate::field::Field;
use crate::header::Header;
use crate::object::{self, Object, Visitor};
use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::operator::BinaryOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Value};

/// A proxy.
#[repr(C)]
pub struct MappingProxy {
    header: Header,
    mapping: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for MappingProxy {
    fn type_object() -> &'static TypeObject {
        &MAPPING_PROXY
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.mapping.visit(visit);
    }
}

impl MappingProxy {
    /// A view of `mapping`.
    pub fn new(mapping: Value) -> Py<MappingProxy> {
        object::new_object(MappingProxy {
            header: Header::new(&MAPPING_PROXY),
            mapping: Field::new(mapping.to_ref()),
        })
    }
}

/// What a proxy shows; anything else is itself.
fn inner(value: Value) -> Value {
    value.get::<MappingProxy>().map_or(value, |proxy| proxy.mapping.raw())
}

/// Whether it has items by keys, and is no sequence that has them by place.
fn is_mapping(value: Value) -> bool {
    value.ty().slots().subscript.is_some()
        && !value.is_instance::<TupleObject>()
        && !value.is_instance::<ListObject>()
}

fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    match args.single() {
        Some(mapping) if is_mapping(mapping) => Ok(MappingProxy::new(mapping).into()),
        Some(other) => Err(crate::raise!(
            TypeError,
            "mappingproxy() argument must be a mapping, not {}",
            other.ty().name()
        )),
        None => Err(crate::raise!(TypeError, "mappingproxy() missing required argument 'mapping' (pos 1)")),
    }
}

macro_rules! forward {
    ($($doc:literal $signature:literal $name:ident;)*) => {
        py_methods! { static METHODS for "mappingproxy", &MappingProxy;
            $(#[doc = $doc] $signature
            fn $name(this) -> PyResult {
                protocol::call_method_text(this.mapping.raw(), stringify!($name), &[])
            })*
            /// Return the value for key if key is in the mapping, else default.
            "get(self, key, default=None, /)"
            fn get(this, key: Value, default: Option<Value>) -> PyResult {
                let default = default.unwrap_or_else(crate::objects::none);
                protocol::call_method_text(this.mapping.raw(), "get", &[key, default])
            }
        }
    };
}

forward! {
    "Return a view of the keys." "keys(self, /)" keys;
    "Return a view of the values." "values(self, /)" values;
    "Return a view of the items." "items(self, /)" items;
    "Return a shallow copy." "copy(self, /)" copy;
}

py_methods! { static REVERSED for "mappingproxy", &MappingProxy;
    /// The keys from the last to the first.
    "__reversed__(self, /)"
    fn reversed(this) -> PyResult {
        protocol::call_method_text(this.mapping.raw(), "__reversed__", &[])
    }
}

/// `mappingproxy`.
pub static MAPPING_PROXY: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "mappingproxy(mapping)\n--\n\nRead-only proxy of a mapping.",
    flags: type_flags::GC | type_flags::MAPPING,
    slots: Slots {
        new: Some(new),
        repr: Some(|value| {
            let shown = protocol::repr_string(inner(value))?;
            Ok(StrObject::new(&format!("mappingproxy({shown})")).into())
        }),
        str: Some(|value| protocol::str(inner(value))),
        hash: Some(|value| protocol::hash(inner(value))),
        richcompare: Some(|a, b, op| protocol::compare(op, inner(a), inner(b))),
        len: Some(|value| protocol::len(inner(value))),
        subscript: Some(|value, key| protocol::get_item(inner(value), key)),
        contains: Some(|value, key| protocol::contains(inner(value), key)),
        iter: Some(|value| protocol::get_iter(inner(value))),
        inplace_or: Some(|_, _| {
            Err(crate::raise!(TypeError, "'|=' is not supported by mappingproxy; use '|' instead"))
        }),
        or: Some(|a, b| protocol::binary_op(BinaryOp::Or, inner(a), inner(b))),
        ..Slots::EMPTY
    },
    methods: &[METHODS, REVERSED, crate::objects::typing::generic_alias::SUBSCRIPTABLE],
    ..TypeSpec::of::<MappingProxy>("mappingproxy")
};
