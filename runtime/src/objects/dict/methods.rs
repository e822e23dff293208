//! What Python sees of `dict`: constructor, operators, methods.

use super::DictObject;
use super::views::{self, ViewKind};
use crate::args::Args;
use crate::convert::{Keywords, OrNone};
use crate::names::names;
use crate::objects::set::SetObject;
use crate::objects::str::{StrBuilder, StrObject};
use crate::objects::tuple::TupleObject;
use crate::objects::{self, sequence, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};
use crate::{py_class_methods, py_methods};

fn this<'a>(value: Value) -> &'a DictObject {
    // SAFETY: slots of dict are called for instances of dict.
    unsafe { value.cast() }
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    if args.positional.len() > 1 {
        return Err(crate::raise!(
            TypeError,
            "dict expected at most 1 argument, got {}",
            args.positional.len()
        ));
    }
    update_from(this(value), args.positional.first().copied(), args.keywords())
}

/// `dict.update`: a mapping, or an iterable of pairs, then keywords.
pub fn update_from(
    dict: &DictObject,
    source: Option<Value>,
    keywords: impl Iterator<Item = (Value, Value)>,
) -> PyResult<()> {
    if let Some(source) = source {
        if let Some(other) = source.get_exact::<DictObject>() {
            dict.merge(other, true)?;
        } else if protocol::has_attr(source, names().keys)? {
            update_from_mapping(dict, source)?;
        } else {
            update_from_pairs(dict, source)?;
        }
    }
    for (name, value) in keywords {
        dict.set(name, value.to_ref())?;
    }
    Ok(())
}

/// Updates from anything with `keys()` and subscripts.
pub fn update_from_mapping(dict: &DictObject, source: Value) -> PyResult<()> {
    for_each_of_mapping(source, |key, value| dict.set(key, value))
}

/// Calls `each` with the keys and values of anything with `keys()` and subscripts.
pub fn for_each_of_mapping(source: Value, mut each: impl FnMut(Value, Ref) -> PyResult<()>) -> PyResult<()> {
    let keys = protocol::call_method(source, names().keys, &[])?;
    if !protocol::is_iterable(keys.value()) {
        let (class, got) = (source.ty().name(), keys.ty().name());
        return Err(crate::raise!(TypeError, "{class}.keys() returned a non-iterable (type {got})"));
    }
    protocol::for_each(keys.value(), |key| {
        let value = protocol::get_item(source, key.value())?;
        each(key.value(), value)
    })
}

fn update_from_pairs(dict: &DictObject, source: Value) -> PyResult<()> {
    let mut at = 0;
    protocol::for_each(source, |pair| {
        if !protocol::is_iterable(pair.value()) {
            return Err(crate::raise!(
                TypeError,
                "cannot convert dictionary update sequence element #{at} to a sequence"
            ));
        }
        let pair = protocol::collect(pair.value())?;
        let [key, value] = pair.as_slice() else {
            let message =
                format!("dictionary update sequence element #{at} has length {}; 2 is required", pair.len());
            return Err(crate::raise!(ValueError, "{message}"));
        };
        at += 1;
        dict.set(key.value(), value.clone())
    })
}

pub(crate) fn repr(value: Value) -> PyResult {
    let dict = this(value);
    if dict.is_empty() {
        return Ok(StrObject::new("{}").into());
    }
    let Some(_guard) = protocol::ReprGuard::enter(value)? else { return Ok(StrObject::new("{...}").into()) };
    let mut text = StrBuilder::new();
    text.push_str("{");
    let mut at = 0;
    while let Some((found, entry)) = dict.table.next_from(at) {
        let (key, item) = (entry.key.to_ref(), entry.value.to_ref());
        if text.len() > 1 {
            text.push_str(", ");
        }
        protocol::push_repr(&mut text, key.value())?;
        text.push_str(": ");
        protocol::push_repr(&mut text, item.value())?;
        at = found + 1;
    }
    text.push_str("}");
    Ok(text.finish().into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    match (a.get::<DictObject>(), b.get::<DictObject>()) {
        (Some(a), Some(b)) => compare(a, b, op),
        _ => sequence::decline(),
    }
}

/// Equality of dicts; they have no order.
pub(crate) fn compare(a: &DictObject, b: &DictObject, op: CompareOp) -> PyResult {
    match op {
        CompareOp::Equal => Ok(objects::bool(equal(a, b)?).to_ref()),
        CompareOp::NotEqual => Ok(objects::bool(!equal(a, b)?).to_ref()),
        _ => sequence::decline(),
    }
}

fn equal(a: &DictObject, b: &DictObject) -> PyResult<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    let mut at = 0;
    while let Some((found, entry)) = a.table.next_from(at) {
        let (key, value) = (entry.key.to_ref(), entry.value.to_ref());
        match b.get_hashed(key.value(), entry.hash)? {
            Some(other) if protocol::is_same_or_equal(value.value(), other.value())? => {}
            _ => return Ok(false),
        }
        at = found + 1;
    }
    Ok(true)
}

fn subscript(value: Value, key: Value) -> PyResult {
    if let Some(found) = this(value).get(key)? {
        return Ok(found);
    }
    if !value.is_exact(&DICT)
        && let Some(missing) = value.ty().lookup(names().__missing__)
    {
        return protocol::call_bound(missing, value, &[key]);
    }
    Err(crate::error::key_error(key))
}

fn ass_subscript(value: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    match item {
        Some(item) => this(value).set(key, item.to_ref()),
        None => match this(value).remove(key)? {
            Some(_) => Ok(()),
            None => Err(crate::error::key_error(key)),
        },
    }
}

fn or(a: Value, b: Value) -> PyResult {
    let (Some(left), Some(right)) = (a.get::<DictObject>(), b.get::<DictObject>()) else {
        return singleton::decline();
    };
    let merged = left.copy();
    merged.merge(right, true)?;
    Ok(merged.into())
}

fn inplace_or(a: Value, b: Value) -> PyResult {
    update_from(this(a), Some(b), std::iter::empty())?;
    Ok(a.to_ref())
}

py_methods! { static METHODS for "dict", &DictObject;
    /// Return the value for key if key is in the dictionary, else default.
    "get(self, key, default=None, /)"
    fn get(this, key: Value, default: Option<Ref>) -> PyResult {
        Ok(this.get(key)?.or(default).unwrap_or_else(|| objects::none().to_ref()))
    }
    /// Insert key with a value of default if key is not in the dictionary.
    ///
    /// Return the value for key if key is in the dictionary, else default.
    "setdefault(self, key, default=None, /)"
    fn setdefault(this, key: Value, default: Option<Ref>) -> PyResult {
        this.get_or_insert(key, || default.unwrap_or_else(|| objects::none().to_ref()))
    }
    /// D.pop(k[,d]) -> v, remove specified key and return the corresponding value.
    ///
    /// If the key is not found, return the default if given; otherwise,
    /// raise a KeyError.
    "pop(self, key, default=None, /)"
    fn pop(this, key: Value, default: Option<Ref>) -> PyResult {
        match this.remove(key)?.or(default) {
            Some(value) => Ok(value),
            None => Err(crate::error::key_error(key)),
        }
    }
    /// Remove and return a (key, value) pair as a 2-tuple.
    ///
    /// Pairs are returned in LIFO (last-in, first-out) order.
    /// Raises KeyError if the dict is empty.
    "popitem(self, /)"
    fn popitem(this) -> PyResult<Py<TupleObject>> {
        let Some((_, entry)) = this.table.last() else {
            return Err(crate::raise!(KeyError, "popitem(): dictionary is empty"));
        };
        let (key, value) = (entry.key.to_ref(), entry.value.to_ref());
        drop(this.remove_hashed(key.value(), entry.hash)?);
        Ok(TupleObject::of([key, value]))
    }
    /// Remove all items from the dict.
    "clear(self, /)"
    fn clear(this) {
        this.clear_all();
    }
    /// Return a shallow copy of the dict.
    "copy(self, /)"
    fn copy(this) -> PyResult<Py<DictObject>> {
        this.table.probe_copy()?;
        Ok(this.copy())
    }
    /// D.update([E, ]**F) -> None.  Update D from mapping/iterable E and F.
    "update(self, other=(), /, **kwargs)"
    fn update(this, other: Option<Value>, keywords: Keywords) -> PyResult<()> {
        update_from(this, other, keywords.0.into_iter())
    }
    /// Return a set-like object providing a view on the dict's keys.
    "keys(self, /)"
    fn keys(this) -> Ref {
        views::new_view(ViewKind::Keys, this)
    }
    /// Return an object providing a view on the dict's values.
    "values(self, /)"
    fn values(this) -> Ref {
        views::new_view(ViewKind::Values, this)
    }
    /// Return a set-like object providing a view on the dict's items.
    "items(self, /)"
    fn items(this) -> Ref {
        views::new_view(ViewKind::Items, this)
    }
    /// Return a reverse iterator over the dict keys.
    "__reversed__(self, /)"
    fn reversed(this) -> Ref {
        views::new_reverse_iterator(ViewKind::Keys, this)
    }
    /// Return the size of the dict in memory.
    "__sizeof__(self, /)"
    fn sizeof(this) -> usize {
        size_of::<DictObject>() + this.table.memory()
    }
}

py_class_methods! { static CLASS_METHODS for "dict";
    /// Create a new dictionary with keys from iterable and values set to value.
    "fromkeys(cls, iterable, value=None, /)"
    fn fromkeys(cls, iterable: Value, value: OrNone<Ref>) -> PyResult {
        let value = value.0.unwrap_or_else(|| objects::none().to_ref());
        let made = protocol::call(cls.value(), &[], None)?;
        let known = iterable.get_exact::<DictObject>().map(DictObject::hashed_keys);
        let known = known.or_else(|| SetObject::of_exact(iterable).map(SetObject::items));
        if let (Some(dict), Some(keys)) = (made.get_exact::<DictObject>(), known) {
            // Dicts and sets know the hashes of their keys, so that no `__hash__` runs.
            for (key, hash) in keys {
                dict.set_hashed(key.value(), hash, value.clone())?;
            }
            return Ok(made);
        }
        protocol::for_each(iterable, |key| match made.get_exact::<DictObject>() {
            Some(dict) => dict.set(key.value(), value.clone()),
            None => protocol::set_item(made.value(), key.value(), value.value()),
        })?;
        Ok(made)
    }
    /// See PEP 585
    "__class_getitem__(cls, item, /)"
    fn class_getitem(cls, item: Value) -> PyResult {
        crate::objects::typing::generic_alias::new(cls.value(), item)
    }
}

/// `dict`.
pub static DICT: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "dict() -> new empty dictionary\ndict(mapping) -> new dictionary initialized from a mapping object's\n    (key, value) pairs\ndict(iterable) -> new dictionary initialized as if via:\n    d = {}\n    for k, v in iterable:\n        d[k] = v\ndict(**kwargs) -> new dictionary initialized with the name=value pairs\n    in the keyword argument list.  For example:  dict(one=1, two=2)",
    flags: type_flags::BASE | type_flags::GC | type_flags::MAPPING | type_flags::MATCH_SELF,
    slots: Slots {
        new: Some(|ty, _| Ok(DictObject::new_of(ty).into())),
        init: Some(init),
        repr: Some(repr),
        hash: Some(protocol::unhashable),
        richcompare: Some(richcompare),
        len: Some(|value| Ok(this(value).len())),
        subscript: Some(subscript),
        ass_subscript: Some(ass_subscript),
        contains: Some(|value, key| this(value).contains(key)),
        iter: Some(|value| Ok(views::new_iterator(ViewKind::Keys, this(value)))),
        or: Some(or),
        inplace_or: Some(inplace_or),
        ..Slots::EMPTY
    },
    methods: &[METHODS, CLASS_METHODS],
    ..TypeSpec::of::<DictObject>("dict")
};
