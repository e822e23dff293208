//! `cmp_to_key`: what a comparison function makes of values that are to be sorted.

use runtime::args::Args;
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::str::StrObject;
use runtime::objects::{self};
use runtime::operator::CompareOp;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, protocol, raise};

/// A value with the function that compares it; without a value, what makes such objects.
#[repr(C)]
pub(super) struct Key {
    header: Header,
    compare: Field,
    value: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Key {
    fn type_object() -> &'static TypeObject {
        &KEY
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.compare.visit(visit);
        self.value.visit(visit);
    }
}

/// `cmp_to_key(compare)`
pub(super) fn new(compare: Ref, value: Option<Ref>) -> Ref {
    let (compare, value) = (Field::new(compare), Field::from_option(value));
    object::new_object(Key { header: Header::new(&KEY), compare, value }).into()
}

fn call(value: Value, args: Args<'_>) -> PyResult {
    let this = value.get::<Key>().expect("slots are called for instances");
    let (positional, keywords): (_, Vec<_>) = (args.positional, args.keywords().collect());
    let given = match (positional, keywords.as_slice()) {
        ([given], []) => *given,
        ([], [(name, given)]) if protocol::str_string(*name)? == "obj" => *given,
        ([], []) => return Err(raise!(TypeError, "K() missing required argument 'obj' (pos 1)")),
        _ => return Err(raise!(TypeError, "K() takes exactly 1 argument ({} given)", args.len())),
    };
    Ok(new(this.compare.get_or_none(), Some(given.to_ref())))
}

fn compare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.get::<Key>(), b.get::<Key>()) else {
        return Err(raise!(TypeError, "other argument must be K instance"));
    };
    let (Some(left), Some(right)) = (x.value.get_ref(), y.value.get_ref()) else {
        return Err(raise!(AttributeError, "object"));
    };
    let order = protocol::call(x.compare.get_or_none().value(), &[left.value(), right.value()], None)?;
    protocol::compare(op, order.value(), Value::small(0))
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "obj",
        doc: "Value wrapped by a key function.",
        get: |value| {
            let this = value.get::<Key>().expect("descriptors check their owner");
            Ok(this.value.get_ref().unwrap_or_else(|| objects::none().to_ref()))
        },
        set: None,
    },
    GetSetDef {
        name: "__text_signature__",
        doc: "",
        get: |_| Ok(StrObject::intern("(obj)").into()),
        set: None,
    },
];

pub(super) static KEY: TypeObject = TypeObject::from_spec(&KEY_SPEC);
static KEY_SPEC: TypeSpec = TypeSpec {
    module: "functools",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots {
        call: Some(call),
        richcompare: Some(compare),
        hash: Some(protocol::unhashable),
        ..Slots::EMPTY
    },
    getset: GETSET,
    ..TypeSpec::of::<Key>("KeyWrapper")
};
