//! `types.GenericAlias` (`list[int]`) and `types.UnionType` (`int | str`).

use crate::args::Args;
use crate::error;
use crate::field::Field;
use crate::hash;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};

/// An origin with arguments; a union has no origin.
#[repr(C)]
pub struct AliasObject {
    header: Header,
    origin: Field,
    args: Field,
}

// SAFETY: `repr(C)`, header first. `UnionType` shares the layout.
unsafe impl Object for AliasObject {
    fn type_object() -> &'static TypeObject {
        &GENERIC_ALIAS
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.origin.visit(visit);
        self.args.visit(visit);
    }
}

/// `origin[item]`
pub fn new(origin: Value, item: Value) -> PyResult {
    new_of(&GENERIC_ALIAS, origin, item)
}

fn new_of(ty: &TypeObject, origin: Value, item: Value) -> PyResult {
    let args = match item.is_instance::<TupleObject>() {
        true => item.to_ref(),
        false => TupleObject::from_values(&[item]).into(),
    };
    let contents =
        AliasObject { header: Header::new(ty), origin: Field::new(origin.to_ref()), args: Field::new(args) };
    Ok(object::new_object_of(ty, contents).into())
}

fn this<'a>(value: Value) -> &'a AliasObject {
    // SAFETY: slots and attributes of the two types are used for their instances only.
    unsafe { value.cast() }
}

fn args_of<'a>(value: Value) -> &'a TupleObject {
    this(value).args.get().and_then(Value::get).expect("an alias keeps a tuple")
}

/// The members of a union, or nothing.
pub fn union_members(value: Value) -> Option<Vec<Ref>> {
    (value.is_object() && value.is_exact(&UNION_TYPE))
        .then(|| args_of(value).items().iter().map(|item| item.to_ref()).collect())
}

/// `a | b` for types.
pub fn union_of(a: Value, b: Value) -> PyResult {
    let is_member = |value: Value| {
        objects::is_none(value)
            || value.is_instance::<TypeObject>()
            || value.is_object() && crate::objects::type_params::ALL.iter().any(|ty| value.is_exact(ty))
            || value.is_object() && (value.is_exact(&GENERIC_ALIAS) || value.is_exact(&UNION_TYPE))
    };
    if !is_member(a) || !is_member(b) {
        return singleton::decline();
    }
    let mut members: Vec<Ref> = Vec::new();
    for side in [a, b] {
        for member in union_members(side).unwrap_or_else(|| vec![side.to_ref()]) {
            let member =
                if objects::is_none(member.value()) { singleton::NONE_TYPE.value().to_ref() } else { member };
            let mut known = false;
            for other in &members {
                known |= protocol::is_same_or_equal(other.value(), member.value())?;
            }
            if !known {
                members.push(member);
            }
        }
    }
    if let [only] = members.as_slice() {
        return Ok(only.clone());
    }
    let contents = AliasObject {
        header: Header::new(&UNION_TYPE),
        origin: Field::empty(),
        args: Field::new(TupleObject::new(members)),
    };
    Ok(object::new_object_sharing_layout(&UNION_TYPE, contents).into())
}

/// A type argument as annotations show it.
fn item_text(item: Value) -> PyResult<String> {
    if objects::is_ellipsis(item) {
        return Ok("...".to_owned());
    }
    if item == singleton::NONE_TYPE.value() {
        return Ok("None".to_owned());
    }
    match item.get::<TypeObject>() {
        Some(class) => Ok(class.full_name()),
        None => protocol::repr_string(item),
    }
}

fn repr(value: Value) -> PyResult {
    let items = args_of(value).items().iter().map(|&item| item_text(item)).collect::<PyResult<Vec<_>>>()?;
    let text = match this(value).origin.get() {
        None => items.join(" | "),
        Some(origin) if items.is_empty() => format!("{}[()]", item_text(origin)?),
        Some(origin) => format!("{}[{}]", item_text(origin)?, items.join(", ")),
    };
    Ok(StrObject::new(&text).into())
}

fn getattro(value: Value, name: Value) -> PyResult {
    const OWN: [&str; 10] = [
        "__origin__",
        "__args__",
        "__parameters__",
        "__mro_entries__",
        "__reduce_ex__",
        "__reduce__",
        "__copy__",
        "__deepcopy__",
        "__unpacked__",
        "__class__",
    ];
    let text = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    let is_own = OWN.contains(&text.as_str());
    match this(value).origin.get() {
        Some(origin) if !(is_own || text.starts_with("__") && value.ty().lookup(name).is_some()) => {
            protocol::get_attr(origin, name)
        }
        _ => protocol::generic_get_attr(value, name),
    }
}

fn call(value: Value, args: Args<'_>) -> PyResult {
    let Some(origin) = this(value).origin.get() else {
        return Err(crate::raise!(TypeError, "'types.UnionType' object is not callable"));
    };
    let made = protocol::call_args(origin, args)?;
    // `__orig_class__` is set where the instance allows it.
    if let Err(raised) = protocol::set_attr(made.value(), names().__orig_class__, value) {
        let is_expected = error::catch(raised, &error::types::AttributeError).map(drop);
        if let Err(raised) = is_expected {
            drop(error::catch(raised, &error::types::TypeError)?);
        }
    }
    Ok(made)
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    if !std::ptr::eq(a.ty(), b.ty()) || !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return singleton::decline();
    }
    let same = match (this(a).origin.get(), this(b).origin.get()) {
        (Some(x), Some(y)) => {
            protocol::is_same_or_equal(x, y)?
                && protocol::is_same_or_equal(this(a).args.raw(), this(b).args.raw())?
        }
        (None, None) => {
            let (x, y) = (
                objects::set::from_iterable(this(a).args.raw())?,
                objects::set::from_iterable(this(b).args.raw())?,
            );
            protocol::is_same_or_equal(x.value(), y.value())?
        }
        _ => false,
    };
    Ok(objects::bool(same == (op == CompareOp::Equal)).to_ref())
}

fn hash_alias(value: Value) -> PyResult<i64> {
    match this(value).origin.get() {
        Some(origin) => {
            Ok(hash::avoid_minus_one(protocol::hash(origin)? ^ protocol::hash(this(value).args.raw())?))
        }
        None => {
            protocol::hash(objects::set::frozen_from(protocol::collect(this(value).args.raw())?)?.value())
        }
    }
}

py_methods! { static METHODS for "types.GenericAlias", Value;
    /// The class that a base of this form stands for.
    "__mro_entries__(self, bases, /)"
    fn mro_entries(this_value, bases: Value) -> PyResult<Ref> {
        let _ = bases;
        Ok(TupleObject::of([this(this_value).origin.get_or_none()]).into())
    }
    /// Not allowed for parameterised generics.
    "__instancecheck__(self, instance, /)"
    fn instancecheck(this_value, instance: Value) -> PyResult<bool> {
        let (_, _) = (this_value, instance);
        Err(crate::raise!(TypeError, "isinstance() argument 2 cannot be a parameterized generic"))
    }
    /// Not allowed for parameterised generics.
    "__subclasscheck__(self, subclass, /)"
    fn subclasscheck(this_value, subclass: Value) -> PyResult<bool> {
        let (_, _) = (this_value, subclass);
        Err(crate::raise!(TypeError, "issubclass() argument 2 cannot be a parameterized generic"))
    }
}

static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "__origin__", doc: "", get: |value| Ok(this(value).origin.get_or_none()), set: None },
    GetSetDef { name: "__args__", doc: "", get: |value| Ok(this(value).args.get_or_none()), set: None },
    GetSetDef { name: "__parameters__", doc: "", get: |_| Ok(TupleObject::empty().into()), set: None },
];

fn new_alias(ty: &TypeObject, args: Args<'_>) -> PyResult {
    match args.positional {
        [origin, item] => new_of(ty, *origin, *item),
        more => Err(crate::raise!(TypeError, "GenericAlias expected 2 arguments, got {}", more.len())),
    }
}

/// `types.GenericAlias`.
pub static GENERIC_ALIAS: TypeObject = TypeObject::from_spec(&ALIAS_SPEC);
static ALIAS_SPEC: TypeSpec = TypeSpec {
    module: "types",
    flags: type_flags::BASE | type_flags::GC,
    slots: Slots {
        new: Some(new_alias),
        init: Some(|_, _| Ok(())),
        repr: Some(repr),
        hash: Some(hash_alias),
        richcompare: Some(richcompare),
        getattro: Some(getattro),
        call: Some(call),
        or: Some(union_of),
        subscript: Some(|value, item| new(this(value).origin.raw(), item)),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<AliasObject>("GenericAlias")
};

/// `types.UnionType`.
pub static UNION_TYPE: TypeObject = TypeObject::from_spec(&UNION_SPEC);
static UNION_SPEC: TypeSpec = TypeSpec {
    module: "typing",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots {
        repr: Some(repr),
        hash: Some(hash_alias),
        richcompare: Some(richcompare),
        or: Some(union_of),
        ..Slots::EMPTY
    },
    getset: GETSET,
    ..TypeSpec::of::<AliasObject>("Union")
};
