//! `defaultdict`: a dict that calls its factory for what is missing.

use runtime::args::Args;
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::{DICT, DictObject, Table};
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, singleton};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, error, protocol, py_methods, raise};

/// A dict with a factory. Starts as a [`DictObject`] does.
#[repr(C)]
pub struct DefaultDict {
    header: Header,
    table: Table,
    factory: Field,
}

// SAFETY: `repr(C)`; the beginning is that of `DictObject`, whose instances these are.
unsafe impl Object for DefaultDict {
    fn type_object() -> &'static TypeObject {
        &DEFAULT_DICT
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.table.traverse(visit);
        self.factory.visit(visit);
    }
    fn clear(&self) {
        dict(Value::from_object(self)).clear_all();
        drop(self.factory.take());
    }
}

const _: () = assert!(std::mem::offset_of!(DefaultDict, table) == std::mem::offset_of!(DictObject, table));

fn this<'a>(value: Value) -> &'a DefaultDict {
    value.get::<DefaultDict>().expect("slots and methods are called for instances")
}

fn dict<'a>(value: Value) -> &'a DictObject {
    value.get::<DictObject>().expect("a default dict is a dict")
}

fn new(ty: &TypeObject, _: Args<'_>) -> PyResult {
    let contents = DefaultDict { header: Header::new(ty), table: Table::new(), factory: Field::empty() };
    Ok(object::new_object_of(ty, contents).into())
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let factory = args.positional.first().copied().filter(|&factory| !objects::is_none(factory));
    if factory.is_some_and(|factory| !protocol::is_callable(factory)) {
        return Err(raise!(TypeError, "first argument must be callable or None"));
    }
    match factory {
        Some(factory) => this(value).factory.set(factory.to_ref()),
        None => drop(this(value).factory.take()),
    }
    let init = DICT.slots().init.expect("dicts can be initialised");
    init(value, if args.positional.is_empty() { args } else { args.rest() })
}

fn repr(value: Value) -> PyResult {
    let items = DICT.slots().repr.expect("dicts have a repr")(value)?;
    let items = items.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    let factory = match protocol::text::ReprGuard::enter(value)? {
        None => "...".to_owned(),
        Some(_guard) => protocol::repr_string(this(value).factory.get_or_none().value())?,
    };
    Ok(StrObject::new(&format!("{}({factory}, {items})", value.ty().name())).into())
}

fn copy_of(value: Value) -> PyResult {
    protocol::call(value.ty().value(), &[this(value).factory.get_or_none().value(), value], None)
}

fn or(a: Value, b: Value) -> PyResult {
    let (owner, other) = if a.get::<DefaultDict>().is_some() { (a, b) } else { (b, a) };
    if other.get::<DictObject>().is_none() {
        return singleton::decline();
    }
    let merged = protocol::call(owner.ty().value(), &[this(owner).factory.get_or_none().value(), a], None)?;
    dict(merged.value()).merge(dict(b), true)?;
    Ok(merged)
}

py_methods! { static METHODS for "defaultdict", Value;
    /// __missing__(key) # Called by __getitem__ for missing key; pseudo-code:
    ///   if self.default_factory is None: raise KeyError((key,))
    ///   self[key] = value = self.default_factory()
    ///   return value
    "__missing__(self, key, /)"
    fn missing(value, key: Value) -> PyResult {
        let Some(factory) = this(value).factory.get_ref() else { return Err(error::key_error(key)) };
        let made = protocol::call(factory.value(), &[], None)?;
        protocol::set_item(value, key, made.value())?;
        Ok(made)
    }
    /// D.copy() -> a shallow copy of D.
    "copy(self, /)"
    fn copy(value) -> PyResult {
        copy_of(value)
    }
    /// D.copy() -> a shallow copy of D.
    "__copy__(self, /)"
    fn dunder_copy(value) -> PyResult {
        copy_of(value)
    }
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce(value) -> PyResult {
        let args = match this(value).factory.get_ref() {
            Some(factory) => TupleObject::of([factory]),
            None => TupleObject::of([]),
        };
        let items = protocol::get_iter(protocol::call_method_text(value, "items", &[])?.value())?;
        let none = || objects::none().to_ref();
        let parts: [Ref; 5] = [value.ty().value().to_ref(), args.into(), none(), none(), items];
        Ok(TupleObject::of(parts).into())
    }
}

fn set_factory(value: Value, factory: Option<Value>) -> PyResult<()> {
    match factory {
        Some(factory) if !objects::is_none(factory) => this(value).factory.set(factory.to_ref()),
        _ => drop(this(value).factory.take()),
    }
    Ok(())
}

/// `collections.defaultdict`.
pub static DEFAULT_DICT: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "defaultdict(default_factory=None, /, [...])\n\nA dict that makes the values of missing keys by calling default_factory without arguments, and keeps them.\nWhat follows the factory is what dict takes.",
    module: "collections",
    base: Some(&DICT),
    flags: type_flags::BASE | type_flags::GC | type_flags::MAPPING,
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        hash: Some(protocol::unhashable),
        or: Some(or),
        ..Slots::EMPTY
    },
    methods: &[METHODS, runtime::objects::typing::generic_alias::SUBSCRIPTABLE],
    getset: &[GetSetDef {
        name: "default_factory",
        doc: "Factory for default value called by __missing__().",
        get: |value| Ok(this(value).factory.get_or_none()),
        set: Some(set_factory),
    }],
    ..TypeSpec::of::<DefaultDict>("defaultdict")
};
