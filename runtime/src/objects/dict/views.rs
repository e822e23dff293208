//! `dict.keys()`, `.values()`, `.items()` and their iterators.
//!
//! A view holds its dict and nothing else; an iterator holds a position and the length it started with, so that a dict that
//! changes size under it is reported.

use std::cell::Cell;

use super::{DictObject, Entry};
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::kept_tuple::KeptTuple;
use crate::objects::mapping_proxy::MappingProxy;
use crate::objects::set;
use crate::objects::str::{StrBuilder, StrObject};
use crate::objects::tuple::TupleObject;
use crate::objects::{self, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};

/// Which part of the entries is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ViewKind {
    /// Keys.
    Keys,
    /// Values.
    Values,
    /// Pairs.
    Items,
}

/// A view.
#[repr(C)]
pub struct DictView {
    header: Header,
    dict: Field,
    kind: ViewKind,
}

// SAFETY: `repr(C)`, header first. The three view types share the layout; `dict_keys` stands for them.
unsafe impl Object for DictView {
    fn type_object() -> &'static TypeObject {
        &DICT_KEYS
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.dict.visit(visit);
    }
}

/// An iterator over one part of a dict.
#[repr(C)]
pub struct DictIterator {
    header: Header,
    /// Unset when exhausted.
    dict: Field,
    kind: ViewKind,
    reversed: bool,
    position: Cell<usize>,
    expected_len: Cell<usize>,
    remaining: Cell<usize>,
    kept: KeptTuple,
}

// SAFETY: `repr(C)`, header first. All dict iterator types share the layout.
unsafe impl Object for DictIterator {
    fn type_object() -> &'static TypeObject {
        &DICT_KEY_ITERATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.dict.visit(visit);
        self.kept.visit(visit);
    }
}

/// A view of `dict`.
pub fn new_view(kind: ViewKind, dict: &DictObject) -> Ref {
    new_view_of([&DICT_KEYS, &DICT_VALUES, &DICT_ITEMS][kind as usize], kind, dict)
}

/// A view of `dict` as an instance of a builtin subclass of the views.
pub fn new_view_of(ty: &'static TypeObject, kind: ViewKind, dict: &DictObject) -> Ref {
    let contents =
        DictView { header: Header::new(ty), dict: Field::new(Value::from_object(dict).to_ref()), kind };
    make(ty, contents)
}

/// What a view shows of which dict; the value must be an instance of one of the three types of views.
pub fn shown_by<'a>(value: Value) -> (ViewKind, &'a DictObject) {
    let view = view(value);
    (view.kind, dict_of(view))
}

impl ViewKind {
    /// What is shown of an entry.
    pub fn part_of(self, entry: &Entry) -> Ref {
        self.part_in(entry, |pair| TupleObject::of(pair).into())
    }

    fn part_in(self, entry: &Entry, pair: impl FnOnce([Ref; 2]) -> Ref) -> Ref {
        match self {
            ViewKind::Keys => entry.key.to_ref(),
            ViewKind::Values => entry.value.to_ref(),
            ViewKind::Items => pair([entry.key.to_ref(), entry.value.to_ref()]),
        }
    }
}

/// An iterator over `dict`.
pub fn new_iterator(kind: ViewKind, dict: &DictObject) -> Ref {
    let ty = [&DICT_KEY_ITERATOR, &DICT_VALUE_ITERATOR, &DICT_ITEM_ITERATOR][kind as usize];
    iterator_of(ty, kind, dict, false)
}

/// An iterator over `dict` from its end.
pub fn new_reverse_iterator(kind: ViewKind, dict: &DictObject) -> Ref {
    let ty = [&DICT_REVERSE_KEY_ITERATOR, &DICT_REVERSE_VALUE_ITERATOR, &DICT_REVERSE_ITEM_ITERATOR]
        [kind as usize];
    iterator_of(ty, kind, dict, true)
}

fn iterator_of(ty: &'static TypeObject, kind: ViewKind, dict: &DictObject, reversed: bool) -> Ref {
    let contents = DictIterator {
        header: Header::new(ty),
        dict: Field::new(Value::from_object(dict).to_ref()),
        kind,
        reversed,
        position: Cell::new(if reversed { dict.table.used() } else { 0 }),
        expected_len: Cell::new(dict.len()),
        remaining: Cell::new(dict.len()),
        kept: KeptTuple::default(),
    };
    make(ty, contents)
}

/// Makes an object whose type shares the layout of `T` without being a subclass of its type.
fn make<T: Object>(ty: &'static TypeObject, contents: T) -> Ref {
    object::new_object_sharing_layout(ty, contents).into_ref()
}

fn iterator<'a>(value: Value) -> &'a DictIterator {
    // SAFETY: slots of the iterator types are called for their instances.
    unsafe { value.cast() }
}

fn view<'a>(value: Value) -> &'a DictView {
    // SAFETY: slots of the view types are called for their instances.
    unsafe { value.cast() }
}

fn dict_of<'a>(view: &DictView) -> &'a DictObject {
    // SAFETY: a view always holds a dict.
    unsafe { view.dict.get().expect("a view keeps its dict").cast() }
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    let this = iterator(value);
    let Some(dict) = this.dict.get_ref() else { return Ok(None) };
    // SAFETY: the iterator holds a dict.
    let dict = unsafe { dict.value().cast::<DictObject>() };
    if dict.len() != this.expected_len.get() {
        this.expected_len.set(usize::MAX);
        return Err(crate::raise!(RuntimeError, "dictionary changed size during iteration"));
    }
    let found = match this.reversed {
        false => dict.table.next_from(this.position.get()),
        true => dict.table.last_before(this.position.get()),
    };
    let Some((at, entry)) = found else {
        drop(this.dict.take());
        return Ok(None);
    };
    if this.remaining.get() == 0 {
        return Err(crate::raise!(RuntimeError, "dictionary keys changed during iteration"));
    }
    this.remaining.set(this.remaining.get() - 1);
    this.position.set(if this.reversed { at } else { at + 1 });
    Ok(Some(this.kind.part_in(&entry, |pair| this.kept.give(pair))))
}

fn view_repr(value: Value) -> PyResult {
    let this = view(value);
    let Some(_guard) = protocol::ReprGuard::enter(value)? else { return Ok(StrObject::new("...").into()) };
    let mut text = StrBuilder::new();
    text.push_str(value.ty().name());
    text.push_str("([");
    let items = protocol::collect(value)?;
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        protocol::push_repr(&mut text, item.value())?;
    }
    text.push_str("])");
    let _ = this;
    Ok(text.finish().into())
}

fn view_contains(value: Value, item: Value) -> PyResult<bool> {
    let this = view(value);
    if this.kind == ViewKind::Keys {
        return dict_of(this).contains(item);
    }
    let Some(pair) = item.get::<TupleObject>().filter(|pair| pair.len() == 2) else { return Ok(false) };
    match dict_of(this).get(pair.items()[0])? {
        Some(found) => protocol::is_same_or_equal(found.value(), pair.items()[1]),
        None => Ok(false),
    }
}

/// Comparisons of key and item views are subset tests.
fn view_compare(a: Value, b: Value, op: CompareOp) -> PyResult {
    if !set::is_set_like(b) {
        return singleton::decline();
    }
    let (len_a, len_b) = (protocol::len(a)?, protocol::len(b)?);
    let truth = match op {
        CompareOp::Equal => len_a == len_b && all_in(a, b)?,
        CompareOp::NotEqual => !(len_a == len_b && all_in(a, b)?),
        CompareOp::Less => len_a < len_b && all_in(a, b)?,
        CompareOp::LessEqual => len_a <= len_b && all_in(a, b)?,
        CompareOp::Greater => len_a > len_b && all_in(b, a)?,
        CompareOp::GreaterEqual => len_a >= len_b && all_in(b, a)?,
    };
    Ok(objects::bool(truth).to_ref())
}

fn all_in(items: Value, container: Value) -> PyResult<bool> {
    for item in protocol::collect(items)? {
        if !protocol::contains(container, item.value())? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A set operation on views goes through a real set.
fn as_set_operation(a: Value, b: Value, operation: fn(Value, Value) -> PyResult) -> PyResult {
    let (left, right) = (set::from_iterable(a)?, set::from_iterable(b)?);
    operation(left.value(), right.value())
}

/// `a & b`, one of which is a view of keys or items: the items of the shorter one, as far as the longer one can tell, that are in both.
fn intersection(a: Value, b: Value) -> PyResult {
    let is_view =
        |value: Value| [&DICT_KEYS, &DICT_ITEMS].into_iter().any(|ty| value.ty().is_subclass_of(ty));
    let (mut view, mut other) = if is_view(a) { (a, b) } else { (b, a) };
    let is_longer = |other: Value| Ok(protocol::len(other)? > protocol::len(view)?);
    if (is_view(other) || set::SetObject::of(other).is_some()) && is_longer(other)? {
        (view, other) = (other, view);
    }
    let result = set::new_set();
    let common = set::SetObject::of(result.value()).expect("just made");
    protocol::for_each(other, |item| match protocol::contains(view, item.value())? {
        true => common.add(item.value()).map(drop),
        false => Ok(()),
    })?;
    Ok(result)
}

py_methods! { static VIEW_METHODS for "dict_keys", Value;
    /// Return True if the view and the given iterable have a null intersection.
    "isdisjoint(self, other, /)"
    fn isdisjoint(this, other: Value) -> PyResult<bool> {
        for item in protocol::collect(other)? {
            if protocol::contains(this, item.value())? {
                return Ok(false);
            }
        }
        Ok(true)
    }
    /// Return a reverse iterator over the dict keys.
    "__reversed__(self, /)"
    fn reversed(this) -> Ref {
        new_reverse_iterator(view(this).kind, dict_of(view(this)))
    }
}

py_methods! { static ITERATOR_METHODS for "dict_keyiterator", Value;
    /// Private method returning an estimate of len(list(it)).
    "__length_hint__(self, /)"
    fn length_hint(this) -> usize {
        let this = iterator(this);
        let is_as_begun = this.dict.get().is_some_and(|dict| protocol::len(dict).ok() == Some(this.expected_len.get()));
        if is_as_begun { this.remaining.get() } else { 0 }
    }
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn iterator_reduce(this) -> PyResult {
        let iterator = iterator(this);
        let [position, expected, remaining] = [&iterator.position, &iterator.expected_len, &iterator.remaining].map(Cell::get);
        let dict = iterator.dict.get_ref();
        let mut rest = Vec::new();
        let ended = loop {
            match next(this) {
                Ok(Some(item)) => rest.push(item),
                Ok(None) => break Ok(()),
                Err(raised) => break Err(raised),
            }
        };
        // Looking ahead must not move the iterator.
        for (cell, value) in [(&iterator.position, position), (&iterator.expected_len, expected), (&iterator.remaining, remaining)] {
            cell.set(value);
        }
        drop(iterator.dict.replace(dict));
        ended?;
        crate::objects::iterators::rest(rest)
    }
}

const VIEW_SLOTS: Slots = Slots {
    repr: Some(view_repr),
    len: Some(|value| Ok(dict_of(view(value)).len())),
    iter: Some(|value| Ok(new_iterator(view(value).kind, dict_of(view(value))))),
    ..Slots::EMPTY
};

const SET_VIEW_SLOTS: Slots = Slots {
    richcompare: Some(view_compare),
    contains: Some(view_contains),
    hash: Some(protocol::unhashable),
    and: Some(intersection),
    or: Some(|a, b| as_set_operation(a, b, set::or)),
    xor: Some(|a, b| as_set_operation(a, b, set::xor)),
    subtract: Some(|a, b| as_set_operation(a, b, set::subtract)),
    ..VIEW_SLOTS
};

static VIEW_GETSET: &[GetSetDef] = &[GetSetDef {
    name: "mapping",
    doc: "dictionary that this view refers to",
    get: |value| Ok(MappingProxy::new(Value::from_object(dict_of(view(value)))).into()),
    set: None,
}];

const ITERATOR_SLOTS: Slots = Slots { iter: Some(protocol::identity), iternext: Some(next), ..Slots::EMPTY };

macro_rules! view_types {
    ($($(#[$meta:meta])* $name:ident $spec:ident = $layout:ty, $text:literal, $slots:expr, $methods:expr, $getset:expr;)*) => { $(
        $(#[$meta])*
        pub static $name: TypeObject = TypeObject::from_spec(&$spec);
        static $spec: TypeSpec = TypeSpec {
            flags: type_flags::GC | type_flags::NO_NEW,
            slots: $slots,
            methods: &[$methods],
            getset: $getset,
            ..TypeSpec::of::<$layout>($text)
        };
    )* };
}

view_types! {
    /// `dict_keys`.
    DICT_KEYS KEYS_SPEC = DictView, "dict_keys", SET_VIEW_SLOTS, VIEW_METHODS, VIEW_GETSET;
    /// `dict_items`.
    DICT_ITEMS ITEMS_SPEC = DictView, "dict_items", SET_VIEW_SLOTS, VIEW_METHODS, VIEW_GETSET;
    /// `dict_values`.
    DICT_VALUES VALUES_SPEC = DictView, "dict_values", VIEW_SLOTS, VIEW_METHODS, VIEW_GETSET;
    /// `dict_keyiterator`.
    DICT_KEY_ITERATOR KEY_ITERATOR_SPEC = DictIterator, "dict_keyiterator", ITERATOR_SLOTS, ITERATOR_METHODS, &[];
    /// `dict_valueiterator`.
    DICT_VALUE_ITERATOR VALUE_ITERATOR_SPEC = DictIterator, "dict_valueiterator", ITERATOR_SLOTS, ITERATOR_METHODS, &[];
    /// `dict_itemiterator`.
    DICT_ITEM_ITERATOR ITEM_ITERATOR_SPEC = DictIterator, "dict_itemiterator", ITERATOR_SLOTS, ITERATOR_METHODS, &[];
    /// `dict_reversekeyiterator`.
    DICT_REVERSE_KEY_ITERATOR REVERSE_KEY_SPEC = DictIterator, "dict_reversekeyiterator", ITERATOR_SLOTS, ITERATOR_METHODS, &[];
    /// `dict_reversevalueiterator`.
    DICT_REVERSE_VALUE_ITERATOR REVERSE_VALUE_SPEC = DictIterator, "dict_reversevalueiterator", ITERATOR_SLOTS, ITERATOR_METHODS, &[];
    /// `dict_reverseitemiterator`.
    DICT_REVERSE_ITEM_ITERATOR REVERSE_ITEM_SPEC = DictIterator, "dict_reverseitemiterator", ITERATOR_SLOTS, ITERATOR_METHODS, &[];
}

/// All types declared here.
pub static ALL: &[&TypeObject] = &[
    &DICT_KEYS,
    &DICT_ITEMS,
    &DICT_VALUES,
    &DICT_KEY_ITERATOR,
    &DICT_VALUE_ITERATOR,
    &DICT_ITEM_ITERATOR,
    &DICT_REVERSE_KEY_ITERATOR,
    &DICT_REVERSE_VALUE_ITERATOR,
    &DICT_REVERSE_ITEM_ITERATOR,
];
