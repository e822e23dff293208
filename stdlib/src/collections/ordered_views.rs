//! Views of an `OrderedDict` and their iterators, which notice any change of the keys.
//!
//! A view is one of dict's with another iterator. An iterator holds the position of the next entry and the version of the keys that
//! it began with: positions stay what they are as long as that does.

use std::cell::Cell;

use runtime::field::Field;
use runtime::header::Header;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::DictObject;
use runtime::objects::dict::views::{self, DICT_ITEMS, DICT_KEYS, DICT_VALUES, DictView, ViewKind};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::value::Raised;
use runtime::{PyResult, Ref, TypeObject, Value, protocol, py_methods, raise};

/// An iterator over keys, values or items.
#[repr(C)]
pub struct OrderedIterator {
    header: Header,
    /// Unset when exhausted.
    dict: Field,
    kind: ViewKind,
    reversed: bool,
    next: Cell<Option<usize>>,
    keys_version: u64,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for OrderedIterator {
    fn type_object() -> &'static TypeObject {
        &ORDERED_ITERATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.dict.visit(visit);
    }
    fn clear(&self) {
        drop(self.dict.take());
    }
}

/// The error of a change that was made meanwhile.
pub(super) fn mutated() -> Raised {
    raise!(RuntimeError, "OrderedDict mutated during iteration")
}

/// An iterator over a dict, from its end if `reversed`.
pub(super) fn new_iterator(kind: ViewKind, dict: &DictObject, reversed: bool) -> Ref {
    let table = &dict.table;
    let found = if reversed { table.last_before(table.used()) } else { table.next_from(0) };
    let contents = OrderedIterator {
        header: Header::new(&ORDERED_ITERATOR),
        dict: Field::new(Value::from_object(dict).to_ref()),
        kind,
        reversed,
        next: Cell::new(found.map(|(at, _)| at)),
        keys_version: table.keys_version(),
    };
    object::new_object(contents).into()
}

/// A view of a dict.
pub(super) fn new_view(kind: ViewKind, dict: &DictObject) -> Ref {
    views::new_view_of([&ORDERED_KEYS, &ORDERED_VALUES, &ORDERED_ITEMS][kind as usize], kind, dict)
}

fn iterator<'a>(value: Value) -> &'a OrderedIterator {
    value.get::<OrderedIterator>().expect("slots are called for instances")
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    let this = iterator(value);
    let Some(dict) = this.dict.get_ref() else { return Ok(None) };
    let dict = dict.value().get::<DictObject>().expect("the iterator holds a dict");
    let Some(at) = this.next.get() else {
        drop(this.dict.take());
        return Ok(None);
    };
    let entry = dict.table.entry(at).filter(|_| dict.table.keys_version() == this.keys_version);
    let Some(entry) = entry else {
        drop(this.dict.take());
        return Err(mutated());
    };
    let found = if this.reversed { dict.table.last_before(at) } else { dict.table.next_from(at + 1) };
    this.next.set(found.map(|(at, _)| at));
    Ok(Some(this.kind.part_of(&entry)))
}

py_methods! { static ITERATOR_METHODS for "odict_iterator", Value;
    /// Return state information for pickling
    "__reduce__(self, /)"
    fn iterator_reduce(value) -> PyResult {
        let this = iterator(value);
        let (dict, at) = (this.dict.get_ref(), this.next.get());
        let rest = protocol::collect(value);
        // Looking ahead must not move the iterator.
        drop(this.dict.replace(dict));
        this.next.set(at);
        runtime::objects::iterators::rest(rest?)
    }
}

py_methods! { static VIEW_METHODS for "odict_keys", Value;
    /// Return a reverse iterator over what is shown.
    "__reversed__(self, /)"
    fn reversed(value) -> Ref {
        let (kind, dict) = views::shown_by(value);
        new_iterator(kind, dict, true)
    }
}

const VIEW_SLOTS: Slots = Slots {
    iter: Some(|value| {
        let (kind, dict) = views::shown_by(value);
        Ok(new_iterator(kind, dict, false))
    }),
    ..Slots::EMPTY
};

/// `odict_iterator`.
pub static ORDERED_ITERATOR: TypeObject = TypeObject::from_spec(&ITERATOR_SPEC);
static ITERATOR_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { iter: Some(protocol::identity), iternext: Some(next), ..Slots::EMPTY },
    methods: &[ITERATOR_METHODS],
    ..TypeSpec::of::<OrderedIterator>("odict_iterator")
};

macro_rules! view_types {
    ($($(#[$meta:meta])* $name:ident $spec:ident = $text:literal, $base:ident;)*) => { $(
        $(#[$meta])*
        pub static $name: TypeObject = TypeObject::from_spec(&$spec);
        static $spec: TypeSpec = TypeSpec {
            base: Some(&$base),
            flags: type_flags::GC | type_flags::NO_NEW,
            slots: VIEW_SLOTS,
            methods: &[VIEW_METHODS],
            ..TypeSpec::of::<DictView>($text)
        };
    )* };
}

view_types! {
    /// `odict_keys`.
    ORDERED_KEYS KEYS_SPEC = "odict_keys", DICT_KEYS;
    /// `odict_values`.
    ORDERED_VALUES VALUES_SPEC = "odict_values", DICT_VALUES;
    /// `odict_items`.
    ORDERED_ITEMS ITEMS_SPEC = "odict_items", DICT_ITEMS;
}

/// All types declared here.
pub(super) static ALL: [&TypeObject; 4] = [&ORDERED_KEYS, &ORDERED_VALUES, &ORDERED_ITEMS, &ORDERED_ITERATOR];
