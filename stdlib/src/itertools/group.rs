//! `groupby`: stretches of items with the same key. The groups share the iterator: going on to the next group ends the one before.

use std::cell::Cell;

use runtime::convert::OrNone;
use runtime::field::Field;
use runtime::header::Header;
use runtime::objects::tuple::TupleObject;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, object, protocol, py_new};

use super::declare::{iterator_layout, iterator_spec};

iterator_layout! {
    /// `groupby`
    GroupBy for GROUPBY {
        source,
        /// Unset for the identity.
        function,
        /// The key of the group that was given out last.
        target,
        /// The key of the item that was taken last, unless that has been given out.
        key,
        /// That item.
        item,
    } {
        /// The number of the group that may take items.
        current: Cell<u64>,
    }
}

py_new! {
    fn new_groupby(class, iterable: Value, key: OrNone<Ref>) "groupby(iterable, key=None)" {
        let contents = GroupBy {
            header: Header::new(class),
            source: Field::new(protocol::get_iter(iterable)?),
            function: Field::from_option(key.0),
            target: Field::empty(),
            key: Field::empty(),
            item: Field::empty(),
            current: Cell::new(0),
        };
        Ok(object::new_object_of(class, contents).into())
    }
}

/// Takes the next item; false at the end.
fn advance(this: &GroupBy) -> PyResult<bool> {
    let Some(source) = this.source.get_ref() else { return Ok(false) };
    let Some(item) = protocol::iter_next(source.value())? else { return Ok(false) };
    let key = match this.function.get_ref() {
        None => item.clone(),
        Some(function) => protocol::call_one(function.value(), item.value())?,
    };
    this.item.set(item);
    this.key.set(key);
    Ok(true)
}

fn next_groupby(value: Value) -> PyResult<Option<Ref>> {
    let this = GroupBy::of(value);
    this.current.set(this.current.get() + 1);
    let key = loop {
        match (this.key.get_ref(), this.target.get_ref()) {
            (None, _) => {}
            (Some(key), Some(target)) if protocol::is_same_or_equal(target.value(), key.value())? => {}
            (Some(key), _) => break key,
        }
        if !advance(this)? {
            return Ok(None);
        }
    };
    this.target.set(key.clone());
    let group = Grouper {
        header: Header::new(&GROUPER),
        parent: Field::new(value.to_ref()),
        key: Field::new(key.clone()),
        number: this.current.get(),
    };
    Ok(Some(TupleObject::of([key, object::new_object(group).into()]).into()))
}

pub(super) static GROUPBY: TypeObject = TypeObject::from_spec(&GROUPBY_SPEC);
static GROUPBY_SPEC: TypeSpec = iterator_spec::<GroupBy>(
    "groupby",
    "groupby(iterable, key=None)\n--\n\nPairs of a key and an iterator over the items that follow each other and have that key.\n\n  iterable\n    what is grouped\n  key\n    computes the key of an item; without it, items are their own keys",
    new_groupby,
    next_groupby,
);

iterator_layout! {
    /// One group.
    Grouper for GROUPER { parent, key, } { number: u64, }
}

fn next_grouper(value: Value) -> PyResult<Option<Ref>> {
    let this = Grouper::of(value);
    let (Some(parent), Some(target)) = (this.parent.get_ref(), this.key.get_ref()) else { return Ok(None) };
    let parent = GroupBy::of(parent.value());
    if parent.current.get() != this.number || (parent.item.get().is_none() && !advance(parent)?) {
        return Ok(None);
    }
    let Some(key) = parent.key.get_ref() else { return Ok(None) };
    if !protocol::is_same_or_equal(target.value(), key.value())? {
        return Ok(None);
    }
    drop(parent.key.take());
    Ok(parent.item.take())
}

pub(super) static GROUPER: TypeObject = TypeObject::from_spec(&GROUPER_SPEC);
static GROUPER_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    ..iterator_spec::<Grouper>(
        "_grouper",
        "",
        |_, _| unreachable!("the type makes no instances"),
        next_grouper,
    )
};
