//! `super`: attribute lookup that starts behind a class in an instance's MRO.

use crate::args::Args;
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Value};

/// A super object.
#[repr(C)]
pub struct SuperObject {
    header: Header,
    class: Field,
    receiver: Field,
    receiver_class: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for SuperObject {
    fn type_object() -> &'static TypeObject {
        &SUPER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.class, &self.receiver, &self.receiver_class].into_iter().for_each(|field| field.visit(visit));
    }
}

/// The class in whose MRO `super(class, receiver)` looks.
fn receiver_class(class: &TypeObject, receiver: Value) -> PyResult<Py<TypeObject>> {
    if let Some(as_class) = receiver.get::<TypeObject>()
        && derives(as_class, class)
    {
        return Ok(Py::from_object(as_class));
    }
    if derives(receiver.ty(), class) {
        return Ok(Py::from_object(receiver.ty()));
    }
    // A proxy may claim the class of what it stands for.
    if receiver.ty().lookup(names().__class__) != objects::object::OBJECT.lookup(names().__class__)
        || !receiver.ty().has(type_flags::GENERIC_GETATTR)
    {
        let claimed = protocol::get_optional_attr(receiver, names().__class__)?;
        if let Some(claimed) = claimed.as_ref().and_then(|claimed| claimed.get::<TypeObject>())
            && derives(claimed, class)
        {
            return Ok(Py::from_object(claimed));
        }
    }
    let (what, got) = match receiver.get::<TypeObject>() {
        Some(as_class) => ("type", as_class.name()),
        None => ("instance of", receiver.ty().name()),
    };
    let class = class.name();
    Err(crate::raise!(
        TypeError,
        "super(type, obj): obj ({what} {got}) is not an instance or subtype of type ({class})."
    ))
}

/// Whether a class has another in its order of resolution, which a metaclass may have made up.
fn derives(class: &TypeObject, other: &TypeObject) -> bool {
    match class.mro() {
        [] => class.is_subclass_of(other),
        order => order.contains(&other.value()),
    }
}

/// `super(class, receiver).name`, without making the super object.
pub fn super_attribute(class: &TypeObject, receiver: Value, name: Value) -> PyResult {
    let start = receiver_class(class, receiver)?;
    if name != names().__class__
        && let Some(found) = lookup(class, receiver, &start, name)?
    {
        return Ok(found);
    }
    // What no class behind has may be an attribute of super objects.
    let made = protocol::call(SUPER.value(), &[class.value(), receiver], None)?;
    protocol::generic_get_attr(made.value(), name)
}

fn lookup(
    class: &TypeObject,
    receiver: Value,
    start: &TypeObject,
    name: Value,
) -> PyResult<Option<crate::value::Ref>> {
    // The code of a descriptor may change the order.
    let order = start.mro_object();
    let order =
        order.as_ref().and_then(|order| order.get::<TupleObject>()).map_or(&[][..], TupleObject::items);
    let after = order.iter().skip_while(|&&entry| entry != class.value()).skip(1);
    for entry in after {
        let Some(found) = entry.get::<TypeObject>().and_then(|entry| entry.dict().get_str(name)) else {
            continue;
        };
        let found = found.to_ref();
        return match found.ty().slots().descr_get {
            Some(get) => {
                let object = Some(receiver).filter(|&receiver| receiver != start.value());
                get(found.value(), object, start.value()).map(Some)
            }
            None => Ok(Some(found)),
        };
    }
    Ok(None)
}

fn this<'a>(value: Value) -> &'a SuperObject {
    value.get::<SuperObject>().expect("descriptors check their owner")
}

fn getattro(value: Value, name: Value) -> PyResult {
    let this = this(value);
    let class = this.class.get().and_then(|class| class.get::<TypeObject>());
    let start = this.receiver_class.get().and_then(|class| class.get::<TypeObject>());
    if let (Some(class), Some(receiver), Some(start)) = (class, this.receiver.get(), start)
        && name != names().__class__
        && let Some(found) = lookup(class, receiver, start, name)?
    {
        return Ok(found);
    }
    protocol::generic_get_attr(value, name)
}

/// Without arguments the compiler's frame supplies both: the interpreter passes them explicitly.
fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    args.no_keywords("super")?;
    let (class, receiver) = match args.positional {
        [] => return Err(crate::raise!(RuntimeError, "super(): no arguments")),
        [class] => (*class, None),
        [class, receiver] => (*class, Some(*receiver).filter(|&receiver| !objects::is_none(receiver))),
        more => {
            return Err(crate::raise!(TypeError, "super() expected at most 2 arguments, got {}", more.len()));
        }
    };
    let Some(class) = class.get::<TypeObject>() else {
        return Err(crate::raise!(TypeError, "super() argument 1 must be a type, not {}", class.ty().name()));
    };
    let start = receiver.map(|receiver| receiver_class(class, receiver)).transpose()?;
    this(value).class.set(class.value().to_ref());
    drop(this(value).receiver.replace(receiver.map(Value::to_ref)));
    drop(this(value).receiver_class.replace(start.map(|start| start.value().to_ref())));
    Ok(())
}

fn new(ty: &TypeObject, _: Args<'_>) -> PyResult {
    let [class, receiver, receiver_class] = [const { Field::empty() }; 3];
    Ok(object::new_object_of(ty, SuperObject { header: Header::new(ty), class, receiver, receiver_class })
        .into())
}

fn repr(value: Value) -> PyResult {
    let name = |field: &Field| {
        field.get().and_then(|class| class.get::<TypeObject>()).map_or("NULL", TypeObject::name)
    };
    let class = name(&this(value).class);
    let text = match this(value).receiver_class.get() {
        Some(_) => format!("<super: <class '{class}'>, <{} object>>", name(&this(value).receiver_class)),
        None => format!("<super: <class '{class}'>, NULL>"),
    };
    Ok(StrObject::new(&text).into())
}

fn descr_get(value: Value, object: Option<Value>, _: Value) -> PyResult {
    let this = this(value);
    match (object, this.receiver.get(), this.class.get()) {
        (Some(object), None, Some(class)) => protocol::call(value.ty().value(), &[class, object], None),
        _ => Ok(value.to_ref()),
    }
}

static MEMBERS: &[GetSetDef] = &[
    GetSetDef {
        name: "__thisclass__",
        doc: "the class behind which super() looks",
        get: |value| Ok(this(value).class.get_or_none()),
        set: None,
    },
    GetSetDef {
        name: "__self__",
        doc: "the instance or class that methods are bound to; None if there is none",
        get: |value| Ok(this(value).receiver.get_or_none()),
        set: None,
    },
    GetSetDef {
        name: "__self_class__",
        doc: "the class in whose order super() looks; None if there is none",
        get: |value| Ok(this(value).receiver_class.get_or_none()),
        set: None,
    },
];

/// `super`.
pub static SUPER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "super() -> same as super(__class__, <first argument>)\nsuper(type) -> unbound super object\nsuper(type, obj) -> bound super object; requires isinstance(obj, type)\nsuper(type, type2) -> bound super object; requires issubclass(type2, type)",
    flags: type_flags::BASE | type_flags::GC,
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        getattro: Some(getattro),
        descr_get: Some(descr_get),
        ..Slots::EMPTY
    },
    members: MEMBERS,
    ..TypeSpec::of::<SuperObject>("super")
};
