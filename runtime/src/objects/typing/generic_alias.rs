//! `types.GenericAlias`: a class with type arguments, `list[int]`, also unpacked as `*tuple[int, str]`.

use std::cell::Cell;

use crate::args::Args;
use crate::field::Field;
use crate::hash;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::methods::MethodDef;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects::iterators::AliasIterator;
use crate::objects::str::StrObject;
use crate::objects::tuple::{TUPLE, TupleObject};
use crate::objects::{self, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};
use crate::{py_class_methods, py_methods};

use super::{show, substitute, union};

/// An origin with arguments.
#[repr(C)]
pub struct AliasObject {
    header: Header,
    origin: Field,
    args: Field,
    /// Found when first asked for.
    parameters: Field,
    is_unpacked: Cell<bool>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for AliasObject {
    fn type_object() -> &'static TypeObject {
        &GENERIC_ALIAS
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.origin, &self.args, &self.parameters].into_iter().for_each(|field| field.visit(visit));
    }
}

/// `origin[item]`
pub fn new(origin: Value, item: Value) -> PyResult {
    Ok(new_of(&GENERIC_ALIAS, origin, item, false))
}

fn new_of(ty: &TypeObject, origin: Value, item: Value, is_unpacked: bool) -> Ref {
    let args = match item.is_instance::<TupleObject>() {
        true => item.to_ref(),
        false => TupleObject::from_values(&[item]).into(),
    };
    let contents = AliasObject {
        header: Header::new(ty),
        origin: Field::new(origin.to_ref()),
        args: Field::new(args),
        parameters: Field::empty(),
        is_unpacked: Cell::new(is_unpacked),
    };
    object::new_object_of(ty, contents).into()
}

fn this<'a>(value: Value) -> &'a AliasObject {
    value.get::<AliasObject>().expect("slots and attributes check their owner")
}

impl AliasObject {
    fn args(&self) -> &TupleObject {
        self.args.get().and_then(Value::get).expect("an alias keeps a tuple")
    }

    fn parameters(&self) -> PyResult<Py<TupleObject>> {
        if self.parameters.get().is_none() {
            let found = substitute::parameters_of(self.args().items())?;
            self.parameters.set(found);
        }
        let known = self.parameters.get().and_then(Value::get::<TupleObject>);
        Ok(Py::from_object(known.expect("parameters are a tuple")))
    }

    fn origin(&self) -> Value {
        self.origin.get().expect("an alias keeps its origin")
    }
}

/// The one `__class_getitem__` of every builtin type that PEP 585 lists (CPython: `Py_GenericAlias`).
pub static SUBSCRIPTABLE: &[MethodDef] = CLASS_METHODS;

py_class_methods! { static CLASS_METHODS for "type";
    /// See PEP 585
    "__class_getitem__(cls, item, /)"
    fn class_getitem(cls, item: Value) -> PyResult {
        new(cls.value(), item)
    }
}

fn repr(value: Value) -> PyResult {
    let this = this(value);
    let star = if this.is_unpacked.get() { "*" } else { "" };
    let text = format!("{star}{}[{}]", show::type_text(this.origin())?, show::arguments_text(this.args())?);
    Ok(StrObject::new(&text).into())
}

/// Attributes of the alias itself; every other is the origin's.
const OWN: [&str; 12] = [
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
    "__copy__",
    "__deepcopy__",
    "__bases__",
];

fn getattro(value: Value, name: Value) -> PyResult {
    let is_own = name.get::<StrObject>().is_none_or(|name| OWN.iter().any(|own| name.eq_str(own)));
    if is_own {
        protocol::generic_get_attr(value, name)
    } else {
        protocol::get_attr(this(value).origin(), name)
    }
}

fn call(value: Value, args: Args<'_>) -> PyResult {
    let made = protocol::call_args(this(value).origin(), args)?;
    // `__orig_class__` is set where the instance allows it.
    if let Err(raised) = protocol::set_attr(made.value(), names().__orig_class__, value) {
        drop(crate::error::catch(raised, &crate::error::types::Exception)?);
    }
    Ok(made)
}

fn subscript(value: Value, item: Value) -> PyResult {
    let this = this(value);
    let args = substitute::substitute(value, this.args(), &*this.parameters()?, item)?;
    Ok(new_of(&GENERIC_ALIAS, this.origin(), TupleObject::new(args).value(), this.is_unpacked.get()))
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.get::<AliasObject>(), b.get::<AliasObject>()) else {
        return singleton::decline();
    };
    if !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return singleton::decline();
    }
    let same = x.is_unpacked.get() == y.is_unpacked.get()
        && protocol::is_same_or_equal(x.origin(), y.origin())?
        && protocol::is_same_or_equal(x.args.raw(), y.args.raw())?;
    Ok(objects::bool(same == (op == CompareOp::Equal)).to_ref())
}

fn hash_alias(value: Value) -> PyResult<i64> {
    let this = this(value);
    Ok(hash::avoid_minus_one(protocol::hash(this.origin())? ^ protocol::hash(this.args.raw())?))
}

/// `*alias` gives one item, the alias unpacked.
fn iter(value: Value) -> PyResult {
    Ok(AliasIterator::new(value).into())
}

/// An alias as it stands behind a star.
pub(crate) fn unpacked(alias: Value) -> Ref {
    let this = this(alias);
    new_of(&GENERIC_ALIAS, this.origin(), this.args.raw(), true)
}

py_methods! { static METHODS for "types.GenericAlias", &AliasObject;
    /// The class that a base of this form stands for.
    "__mro_entries__(self, bases, /)"
    fn mro_entries(this, bases: Value) -> PyResult<Ref> {
        let _ = bases;
        Ok(TupleObject::of([this.origin().to_ref()]).into())
    }
    /// Not allowed for parameterised generics.
    "__instancecheck__(self, instance, /)"
    fn instancecheck(this, instance: Value) -> PyResult<bool> {
        let (_, _) = (this, instance);
        Err(crate::raise!(TypeError, "isinstance() argument 2 cannot be a parameterized generic"))
    }
    /// Not allowed for parameterised generics.
    "__subclasscheck__(self, subclass, /)"
    fn subclasscheck(this, subclass: Value) -> PyResult<bool> {
        let (_, _) = (this, subclass);
        Err(crate::raise!(TypeError, "issubclass() argument 2 cannot be a parameterized generic"))
    }
    /// State information for pickling; an unpacked alias is the first item of its plain form.
    "__reduce__(self, /)"
    fn reduce(this) -> PyResult<Ref> {
        let state: Ref = TupleObject::of([this.origin().to_ref(), this.args.get_or_none()]).into();
        if !this.is_unpacked.get() {
            return Ok(TupleObject::of([GENERIC_ALIAS.value().to_ref(), state]).into());
        }
        let plain = new_of(&GENERIC_ALIAS, this.origin(), this.args.raw(), false);
        let next = protocol::get_attr_text(protocol::import::import_absolute("builtins")?.value(), "next")?;
        let items = protocol::get_iter(plain.value())?;
        Ok(TupleObject::of([next, TupleObject::of([items]).into()]).into())
    }
    /// Names of the origin's attributes and of the alias's own.
    "__dir__(self, /)"
    fn dir(this) -> PyResult<Ref> {
        let names = crate::builtins::functions::dir(Some(this.origin()))?;
        for own in OWN {
            let own = StrObject::intern(own);
            if !protocol::contains(names.value(), own.value())? {
                protocol::call_method_text(names.value(), "append", &[own.value()])?;
            }
        }
        Ok(names)
    }
}

static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "__origin__", doc: "", get: |value| Ok(this(value).origin.get_or_none()), set: None },
    GetSetDef { name: "__args__", doc: "", get: |value| Ok(this(value).args.get_or_none()), set: None },
    GetSetDef {
        name: "__parameters__",
        doc: "Type variables in the GenericAlias.",
        get: |value| Ok(this(value).parameters()?.into()),
        set: None,
    },
    GetSetDef {
        name: "__unpacked__",
        doc: "",
        get: |value| Ok(objects::bool(this(value).is_unpacked.get()).to_ref()),
        set: None,
    },
    GetSetDef {
        name: "__typing_unpacked_tuple_args__",
        doc: "",
        get: |value| {
            let this = this(value);
            let is_tuple = this.is_unpacked.get() && this.origin() == TUPLE.value();
            Ok(if is_tuple { this.args.get_or_none() } else { objects::none().to_ref() })
        },
        set: None,
    },
];

fn new_alias(ty: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("GenericAlias")?;
    match args.positional {
        [origin, item] => Ok(new_of(ty, *origin, *item, false)),
        more => Err(crate::raise!(TypeError, "GenericAlias expected 2 arguments, got {}", more.len())),
    }
}

/// `types.GenericAlias`.
pub static GENERIC_ALIAS: TypeObject = TypeObject::from_spec(&ALIAS_SPEC);
static ALIAS_SPEC: TypeSpec = TypeSpec {
    module: "types",
    doc: "GenericAlias(origin, args, /)\n--\n\nRepresent a PEP 585 generic type\n\nE.g. for t = list[int], t.__origin__ is list and t.__args__ is (int,).",
    flags: type_flags::WEAK | type_flags::BASE | type_flags::GC,
    slots: Slots {
        new: Some(new_alias),
        init: Some(|_, _| Ok(())),
        repr: Some(repr),
        hash: Some(hash_alias),
        richcompare: Some(richcompare),
        getattro: Some(getattro),
        call: Some(call),
        or: Some(union::or),
        subscript: Some(subscript),
        iter: Some(iter),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<AliasObject>("GenericAlias")
};
