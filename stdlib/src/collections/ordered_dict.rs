//! `OrderedDict`: a dict whose order is part of its value and can be changed.
//!
//! Method: every dict keeps the order of insertion in its table, so nothing is kept beside it: what is moved is removed and added
//! again behind or before all others, which the table does in constant time on average. Methods that CPython's type writes in
//! terms of subscripts go by those of subclasses here too (`Objects/odictobject.c`); the others go to the table. Views and iterators
//! are in [`super::ordered_views`].

use runtime::args::Args;
use runtime::convert::Keywords;
use runtime::field::Field;
use runtime::header::Header;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::views::ViewKind;
use runtime::objects::dict::{DICT, DictObject, Table, key_hash};
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, singleton};
use runtime::operator::CompareOp;
use runtime::protocol::{self, ReprGuard};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, error, py_class_methods, py_methods, raise};

use super::ordered_views::{self, new_iterator, new_view};

/// A dict with attributes. Starts as a [`DictObject`] does.
#[repr(C)]
pub struct OrderedDict {
    header: Header,
    table: Table,
    attributes: Field,
}

// SAFETY: `repr(C)`; the beginning is that of `DictObject`, whose instances these are.
unsafe impl Object for OrderedDict {
    fn type_object() -> &'static TypeObject {
        &ORDERED_DICT
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.table.traverse(visit);
        self.attributes.visit(visit);
    }
    fn clear(&self) {
        this(Value::from_object(self)).clear_all();
        drop(self.attributes.take());
    }
}

const _: () = assert!(std::mem::offset_of!(OrderedDict, table) == std::mem::offset_of!(DictObject, table));

fn this<'a>(value: Value) -> &'a DictObject {
    value.get::<DictObject>().expect("an ordered dict is a dict")
}

fn is_ordered(value: Value) -> bool {
    value.get::<OrderedDict>().is_some()
}

fn new(ty: &TypeObject, _: Args<'_>) -> PyResult {
    let contents = OrderedDict { header: Header::new(ty), table: Table::new(), attributes: Field::empty() };
    Ok(object::new_object_of(ty, contents).into())
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    if args.positional.len() > 1 {
        let got = args.positional.len();
        return Err(raise!(TypeError, "expected at most 1 arguments, got {got}"));
    }
    update_from(value, args.positional.first().copied(), args.keywords())
}

/// Adds a mapping or pairs, then keywords, by assigning to subscripts.
fn update_from(
    value: Value,
    source: Option<Value>,
    keywords: impl Iterator<Item = (Value, Value)>,
) -> PyResult<()> {
    if let Some(source) = source {
        update_from_one(value, source)?;
    }
    keywords.into_iter().try_for_each(|(name, item)| protocol::set_item(value, name, item))
}

fn update_from_one(value: Value, source: Value) -> PyResult<()> {
    if let Some(dict) = source.get_exact::<DictObject>() {
        let pairs = dict.to_pairs();
        return pairs.iter().try_for_each(|(key, item)| protocol::set_item(value, key.value(), item.value()));
    }
    if let Some(keys) = method_of(source, "keys")? {
        return protocol::for_each(protocol::call(keys.value(), &[], None)?.value(), |key| {
            let item = protocol::get_item(source, key.value())?;
            protocol::set_item(value, key.value(), item.value())
        });
    }
    match method_of(source, "items")? {
        Some(items) => update_from_pairs(value, protocol::call(items.value(), &[], None)?.value()),
        None => update_from_pairs(value, source),
    }
}

fn method_of(value: Value, name: &str) -> PyResult<Option<Ref>> {
    protocol::get_optional_attr(value, StrObject::intern(name).value())
}

fn update_from_pairs(value: Value, source: Value) -> PyResult<()> {
    protocol::for_each(source, |pair| {
        let mut parts =
            protocol::get_iter(pair.value()).and_then(|parts| protocol::collect(parts.value()))?;
        match parts.len() {
            2 => {}
            few @ 0..2 => {
                let ending = if few == 1 { "" } else { "s" };
                return Err(raise!(ValueError, "need more than {few} value{ending} to unpack"));
            }
            _ => return Err(raise!(ValueError, "too many values to unpack (expected 2)")),
        }
        let (item, key) = (parts.pop(), parts.pop());
        let (item, key) = (item.expect("there are two"), key.expect("there are two"));
        protocol::set_item(value, key.value(), item.value())
    })
}

fn repr(value: Value) -> PyResult {
    let name = value.ty().name();
    if this(value).is_empty() {
        return Ok(StrObject::new(&format!("{name}()")).into());
    }
    let Some(_guard) = ReprGuard::enter(value)? else { return Ok(StrObject::new("...").into()) };
    let copy = match value.is_exact(&ORDERED_DICT) {
        true => this(value).copy().into(),
        false => {
            let items = protocol::call_method_text(value, "items", &[])?;
            protocol::call(DICT.value(), &[items.value()], None)?
        }
    };
    let items = protocol::repr_string(copy.value())?;
    Ok(StrObject::new(&format!("{name}({items})")).into())
}

/// Two ordered dicts are equal only if their order is.
fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    if !matches!(op, CompareOp::Equal | CompareOp::NotEqual)
        || !is_ordered(a)
        || b.get::<DictObject>().is_none()
    {
        return singleton::decline();
    }
    let equal_as_dicts = DICT.slots().richcompare.expect("dicts compare")(a, b, CompareOp::Equal)?;
    let mut is_equal = protocol::is_true(equal_as_dicts.value())?;
    if is_equal && is_ordered(b) {
        is_equal = have_equal_keys(this(a), this(b))?;
    }
    Ok(objects::bool(is_equal == (op == CompareOp::Equal)).to_ref())
}

/// Whether the keys of two dicts are equal one by one.
fn have_equal_keys(a: &DictObject, b: &DictObject) -> PyResult<bool> {
    let versions = || [a.table.keys_version(), b.table.keys_version()];
    let begun = versions();
    let (mut at_a, mut at_b) = (0, 0);
    loop {
        let (one, other) = match (a.table.next_from(at_a), b.table.next_from(at_b)) {
            (Some(one), Some(other)) => (one, other),
            (one, other) => return Ok(one.is_none() && other.is_none()),
        };
        let keys = [one.1.key.to_ref(), other.1.key.to_ref()];
        let is_equal = protocol::is_same_or_equal(keys[0].value(), keys[1].value())?;
        if versions() != begun {
            return Err(ordered_views::mutated());
        }
        if !is_equal {
            return Ok(false);
        }
        (at_a, at_b) = (one.0 + 1, other.0 + 1);
    }
}

fn or(a: Value, b: Value) -> PyResult {
    let (owner, other) = if is_ordered(a) { (a, b) } else { (b, a) };
    if other.get::<DictObject>().is_none() {
        return singleton::decline();
    }
    let merged = protocol::call(owner.ty().value(), &[a], None)?;
    update_from_one(merged.value(), b)?;
    Ok(merged)
}

fn inplace_or(a: Value, b: Value) -> PyResult {
    update_from_one(a, b)?;
    Ok(a.to_ref())
}

/// Takes an entry out and gives key, hash and value.
fn take(dict: &DictObject, at: usize) -> Option<(Ref, i64, Ref)> {
    let entry = dict.table.entry(at)?;
    let (key, value) = (entry.key.to_ref(), entry.value.to_ref());
    let (stored, item) = dict.table.remove_at(at);
    // SAFETY: the table owned one count of the value and handed it over.
    drop((stored, unsafe { Ref::from_owned(item) }));
    Some((key, entry.hash, value))
}

fn copy_of(value: Value) -> PyResult {
    let copy = match value.is_exact(&ORDERED_DICT) {
        true => new(&ORDERED_DICT, Args::positional(&[]))?,
        false => protocol::call(value.ty().value(), &[], None)?,
    };
    if copy.is_exact(&ORDERED_DICT) && value.is_exact(&ORDERED_DICT) {
        drop(this(copy.value()).table.replace_with(this(value).table.copy()));
        return Ok(copy);
    }
    for key in this(value).keys() {
        let item = protocol::get_item(value, key.value())?;
        protocol::set_item(copy.value(), key.value(), item.value())?;
    }
    Ok(copy)
}

py_methods! { static METHODS for "OrderedDict", Value;
    /// Insert key with a value of default if key is not in the dictionary.
    ///
    /// Return the value for key if key is in the dictionary, else default.
    "setdefault(self, key, default=None)"
    fn setdefault(value, key: Value, default: Option<Ref>) -> PyResult {
        let default = default.unwrap_or_else(|| objects::none().to_ref());
        if value.is_exact(&ORDERED_DICT) {
            return this(value).get_or_insert(key, || default);
        }
        if protocol::contains(value, key)? {
            return protocol::get_item(value, key);
        }
        protocol::set_item(value, key, default.value())?;
        Ok(default)
    }
    /// od.pop(key[,default]) -> v, remove specified key and return the corresponding value.
    ///
    /// If the key is not found, return the default if given; otherwise,
    /// raise a KeyError.
    "pop(self, key, default=<unrepresentable>)"
    fn pop(value, key: Value, default: Option<Ref>) -> PyResult {
        this(value).remove(key)?.or(default).ok_or_else(|| error::key_error(key))
    }
    /// Remove and return a (key, value) pair from the dictionary.
    ///
    /// Pairs are returned in LIFO order if last is true or FIFO order if false.
    "popitem(self, last=True)"
    fn popitem(value, last: Option<bool>) -> PyResult {
        let table = &this(value).table;
        let found = if last.unwrap_or(true) { table.last() } else { table.next_from(0) };
        let Some((key, _, item)) = found.and_then(|(at, _)| take(this(value), at)) else {
            return Err(raise!(KeyError, "dictionary is empty"));
        };
        Ok(TupleObject::of([key, item]).into())
    }
    /// Move an existing element to the end (or beginning if last is false).
    ///
    /// Raise KeyError if the element does not exist.
    "move_to_end(self, key, last=True)"
    fn move_to_end(value, key: Value, last: Option<bool>) -> PyResult<()> {
        let (table, last) = (&this(value).table, last.unwrap_or(true));
        let Some(at) = table.find(key, key_hash(key)?)? else { return Err(error::key_error(key)) };
        let outermost = if last { table.last() } else { table.next_from(0) };
        if outermost.is_some_and(|(there, _)| there == at) {
            return Ok(());
        }
        table.probe_room()?;
        if let Some((key, hash, item)) = take(this(value), at) {
            match last {
                true => drop(table.insert_new(key, hash, item.into_value())),
                false => table.insert_first(key, hash, item.into_value()),
            }
        }
        Ok(())
    }
    /// D.update([E, ]**F) -> None.  Update D from mapping/iterable E and F.
    "update(self, other=(), /, **kwargs)"
    fn update(value, other: Option<Value>, keywords: Keywords) -> PyResult<()> {
        update_from(value, other, keywords.0.into_iter())
    }
    /// od.clear() -> None.  Remove all items from od.
    "clear(self, /)"
    fn clear(value) {
        this(value).clear_all();
    }
    /// od.copy() -> a shallow copy of od
    "copy(self, /)"
    fn copy(value) -> PyResult {
        copy_of(value)
    }
    /// D.keys() -> a set-like object providing a view on D's keys
    "keys(self, /)"
    fn keys(value) -> Ref {
        new_view(ViewKind::Keys, this(value))
    }
    /// D.values() -> an object providing a view on D's values
    "values(self, /)"
    fn values(value) -> Ref {
        new_view(ViewKind::Values, this(value))
    }
    /// D.items() -> a set-like object providing a view on D's items
    "items(self, /)"
    fn items(value) -> Ref {
        new_view(ViewKind::Items, this(value))
    }
    /// od.__reversed__() <==> reversed(od)
    "__reversed__(self, /)"
    fn reversed(value) -> Ref {
        new_iterator(ViewKind::Keys, this(value), true)
    }
    /// Return state information for pickling
    "__reduce__(self, /)"
    fn reduce(value) -> PyResult {
        let state = protocol::call_method_text(value, "__getstate__", &[])?;
        let items = protocol::call_method_text(value, "items", &[])?;
        let items = protocol::get_iter(items.value())?;
        let parts: [Ref; 5] =
            [value.ty().value().to_ref(), TupleObject::of([]).into(), state, objects::none().to_ref(), items];
        Ok(TupleObject::of(parts).into())
    }
    /// Return the size of the dict in memory.
    "__sizeof__(self, /)"
    fn sizeof(value) -> usize {
        size_of::<OrderedDict>() + this(value).table.memory()
    }
}

py_class_methods! { static CLASS_METHODS for "OrderedDict";
    /// Create a new ordered dictionary with keys from iterable and values set to value.
    "fromkeys(cls, iterable, value=None)"
    fn fromkeys(cls, iterable: Value, value: Option<Value>) -> PyResult {
        let made = protocol::call(cls.value(), &[], None)?;
        let item = value.unwrap_or(objects::none());
        protocol::for_each(iterable, |key| protocol::set_item(made.value(), key.value(), item))?;
        Ok(made)
    }
}

/// `collections.OrderedDict`.
pub static ORDERED_DICT: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "Dictionary that remembers insertion order",
    module: "collections",
    base: Some(&DICT),
    flags: type_flags::BASE | type_flags::GC | type_flags::MAPPING | type_flags::WEAK,
    dict_offset: std::mem::offset_of!(OrderedDict, attributes),
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        hash: Some(protocol::unhashable),
        richcompare: Some(richcompare),
        iter: Some(|value| Ok(new_iterator(ViewKind::Keys, this(value), false))),
        or: Some(or),
        inplace_or: Some(inplace_or),
        ..Slots::EMPTY
    },
    methods: &[METHODS, CLASS_METHODS],
    ..TypeSpec::of::<OrderedDict>("OrderedDict")
};
