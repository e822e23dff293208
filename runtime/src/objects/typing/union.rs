//! `typing.Union`, also called `types.UnionType`: `int | str`. Members are unique and flat; their order does not matter for equality.

use crate::args::Args;
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, set, singleton};
use crate::operator::{BinaryOp, CompareOp};
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};
use crate::{py_class_methods, py_methods, raise};

use super::generic_alias::AliasObject;
use super::type_alias::TypeAliasObject;
use super::{call_typing, show, substitute};

/// A union of at least two types.
#[repr(C)]
pub struct UnionObject {
    header: Header,
    args: Field,
    /// Found when first asked for.
    parameters: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for UnionObject {
    fn type_object() -> &'static TypeObject {
        &UNION_TYPE
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.args.visit(visit);
        self.parameters.visit(visit);
    }
}

impl UnionObject {
    fn args(&self) -> &TupleObject {
        self.args.get().and_then(Value::get).expect("a union keeps a tuple")
    }
}

/// The members of a union, or nothing.
pub fn members(value: Value) -> Option<Vec<Ref>> {
    let union = value.get::<UnionObject>()?;
    Some(union.args().items().iter().map(|item| item.to_ref()).collect())
}

/// `a | b` for types; declines what is no type by itself.
pub fn or(a: Value, b: Value) -> PyResult {
    let is_type = |value: Value| {
        objects::is_none(value)
            || value.is_instance::<TypeObject>()
            || value.is_instance::<AliasObject>()
            || value.is_instance::<UnionObject>()
            || value.is_instance::<TypeAliasObject>()
    };
    if !is_type(a) || !is_type(b) {
        return singleton::decline();
    }
    from_members(&[a, b])
}

/// `a | b` where one side is a type parameter: the other may be anything that `typing` takes for a type, forward references included.
pub(super) fn or_any(a: Value, b: Value) -> PyResult {
    from_members(&[a, b])
}

/// The union of types; of one alone, that type.
pub fn from_members(members: &[Value]) -> PyResult {
    if members.is_empty() {
        return Err(raise!(TypeError, "Cannot take a Union of no types."));
    }
    let mut unique: Vec<Ref> = Vec::new();
    for &member in members {
        for member in self::members(member).unwrap_or_else(|| vec![member.to_ref()]) {
            add(checked(member)?, &mut unique)?;
        }
    }
    if let [only] = unique.as_slice() {
        return Ok(only.clone());
    }
    let args = Field::new(TupleObject::new(unique));
    Ok(object::new_object(UnionObject { header: Header::new(&UNION_TYPE), args, parameters: Field::empty() })
        .into())
}

/// A member as it is kept: None stands for its type, and what is no type at sight is for `typing` to judge.
fn checked(member: Ref) -> PyResult {
    if objects::is_none(member.value()) {
        return Ok(singleton::NONE_TYPE.value().to_ref());
    }
    let value = member.value();
    if value.is_instance::<TypeObject>()
        || value.is_instance::<AliasObject>()
        || value.is_instance::<TypeAliasObject>()
    {
        return Ok(member);
    }
    let message = StrObject::new("Union[arg, ...]: each arg must be a type.");
    call_typing("_type_check", &[value, message.value()])
}

fn add(member: Ref, unique: &mut Vec<Ref>) -> PyResult<()> {
    for known in unique.iter() {
        let (a, b) = (known.value(), member.value());
        // `list[int] | list[T]` compare by parts; a kind that differs cannot be equal.
        if std::ptr::eq(a.ty(), b.ty()) && protocol::is_same_or_equal(a, b)? {
            return Ok(());
        }
    }
    unique.push(member);
    Ok(())
}

fn this<'a>(value: Value) -> &'a UnionObject {
    value.get::<UnionObject>().expect("slots and attributes check their owner")
}

fn repr(value: Value) -> PyResult {
    let items = this(value).args().items();
    let shown = items.iter().map(|&item| show::type_text(item)).collect::<PyResult<Vec<_>>>()?;
    Ok(StrObject::new(&shown.join(" | ")).into())
}

/// Equal as sets; members that cannot be hashed are compared one by one.
fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.get::<UnionObject>(), b.get::<UnionObject>()) else {
        return singleton::decline();
    };
    if !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return singleton::decline();
    }
    let same = x.args().items().len() == y.args().items().len() && covers(x.args(), y.args())?;
    Ok(objects::bool(same == (op == CompareOp::Equal)).to_ref())
}

fn covers(x: &TupleObject, y: &TupleObject) -> PyResult<bool> {
    for &member in x.items() {
        let mut found = false;
        for &other in y.items() {
            found = found || protocol::is_same_or_equal(member, other)?;
        }
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

fn hash(value: Value) -> PyResult<i64> {
    let members = protocol::collect(this(value).args.raw())?;
    protocol::hash(set::frozen_from(members)?.value())
}

fn parameters(value: Value) -> PyResult {
    let this = this(value);
    if this.parameters.get().is_none() {
        let found = substitute::parameters_of(this.args().items())?;
        this.parameters.set(found);
    }
    Ok(this.parameters.get_or_none())
}

fn subscript(value: Value, item: Value) -> PyResult {
    let parameters = parameters(value)?;
    let parameters = parameters.get::<TupleObject>().expect("parameters are a tuple");
    let args = substitute::substitute(value, this(value).args(), parameters, item)?;
    let mut union = args.first().expect("a union has members").clone();
    for arg in &args[1..] {
        union = protocol::binary_op(BinaryOp::Or, union.value(), arg.value())?;
    }
    Ok(union)
}

py_methods! { static METHODS for "typing.Union", Value;
    /// Unions cannot be bases.
    "__mro_entries__(self, bases, /)"
    fn mro_entries(this_value, bases: Value) -> PyResult<Ref> {
        let _ = bases;
        Err(raise!(TypeError, "Cannot subclass {}", protocol::repr_string(this_value)?))
    }
    /// Whether an object is an instance of a member.
    "__instancecheck__(self, instance, /)"
    fn instancecheck(this_value, instance: Value) -> PyResult<bool> {
        protocol::is_instance(instance, this_value)
    }
    /// Whether a class is a subclass of a member.
    "__subclasscheck__(self, cls, /)"
    fn subclasscheck(this_value, cls: Value) -> PyResult<bool> {
        protocol::is_subclass(cls, this_value)
    }
}

py_class_methods! { static CLASS_METHODS for "typing.Union";
    /// See PEP 585
    "__class_getitem__(cls, args, /)"
    fn class_getitem(cls, args: Value) -> PyResult {
        let _ = cls;
        match args.get::<TupleObject>() {
            Some(members) => from_members(members.items()),
            None => from_members(&[args]),
        }
    }
}

fn union_name(_: Value) -> PyResult {
    Ok(StrObject::intern("Union").into())
}

static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "__args__", doc: "", get: |value| Ok(this(value).args.get_or_none()), set: None },
    GetSetDef {
        name: "__parameters__",
        doc: "Type variables in the types.UnionType.",
        get: parameters,
        set: None,
    },
    GetSetDef {
        name: "__origin__",
        doc: "Always returns the type",
        get: |_| Ok(UNION_TYPE.value().to_ref()),
        set: None,
    },
    GetSetDef { name: "__name__", doc: "Name of the type", get: union_name, set: None },
    GetSetDef {
        name: "__module__",
        doc: "Module of the type",
        get: |_| Ok(StrObject::intern(UNION_SPEC.module).into()),
        set: None,
    },
    GetSetDef { name: "__qualname__", doc: "Qualified name of the type", get: union_name, set: None },
];

fn no_instances(_: &TypeObject, _: Args<'_>) -> PyResult {
    Err(raise!(TypeError, "cannot create 'typing.Union' instances"))
}

/// `typing.Union`.
pub static UNION_TYPE: TypeObject = TypeObject::from_spec(&UNION_SPEC);
static UNION_SPEC: TypeSpec = TypeSpec {
    module: "typing",
    doc: "Represent a union type\n\nE.g. for int | str",
    flags: type_flags::WEAK | type_flags::GC,
    slots: Slots {
        new: Some(no_instances),
        repr: Some(repr),
        hash: Some(hash),
        richcompare: Some(richcompare),
        or: Some(or),
        subscript: Some(subscript),
        ..Slots::EMPTY
    },
    methods: &[METHODS, CLASS_METHODS],
    getset: GETSET,
    ..TypeSpec::of::<UnionObject>("Union")
};
