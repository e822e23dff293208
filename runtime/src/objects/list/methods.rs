//! What Python sees of `list`: constructor, operators, methods.

use super::ListObject;
use crate::args::Args;
use crate::convert::OrNone;
use crate::objects::iterators::{LIST_ITERATOR, LIST_REVERSE_ITERATOR, SequenceIterator};
use crate::objects::object;
use crate::objects::sequence::{self, SearchBound, SliceBounds, Subscript};
use crate::objects::str::{StrBuilder, StrObject};
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::sort;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

fn this<'a>(value: Value) -> &'a ListObject {
    // SAFETY: slots of list are called for instances of list.
    unsafe { value.cast() }
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    // A subclass with an `__init__` of its own never comes here by itself; one with a `__new__` may have used keywords there.
    if value.is_exact(&LIST) || object::has_new_of(value.ty(), &LIST) {
        args.no_keywords("list")?;
    }
    if args.positional.len() > 1 {
        return Err(crate::raise!(
            TypeError,
            "list expected at most 1 argument, got {}",
            args.positional.len()
        ));
    }
    let items = args.positional.first().map_or(Ok(Vec::new()), |&source| protocol::collect(source))?;
    this(value).replace_all(items);
    Ok(())
}

pub(crate) fn repr(value: Value) -> PyResult {
    let list = this(value);
    if list.is_empty() {
        return Ok(StrObject::new("[]").into());
    }
    let Some(_guard) = protocol::ReprGuard::enter(value)? else { return Ok(StrObject::new("[...]").into()) };
    let mut text = StrBuilder::new();
    text.push_str("[");
    let mut at = 0;
    while let Some(item) = list.get(at) {
        if at > 0 {
            text.push_str(", ");
        }
        protocol::push_repr(&mut text, item.value())?;
        at += 1;
    }
    text.push_str("]");
    Ok(text.finish().into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (a.get::<ListObject>(), b.get::<ListObject>()) else {
        return sequence::decline();
    };
    sequence::compare(&|at| a.get(at), a.len(), &|at| b.get(at), b.len(), op)
}

fn subscript(value: Value, key: Value) -> PyResult {
    let list = this(value);
    match Subscript::of(key, "list")? {
        Subscript::Index(at) => match sequence::wrap_index(at, list.len()).and_then(|at| list.get(at)) {
            Some(item) => Ok(item),
            None => Err(crate::raise!(IndexError, "list index out of range")),
        },
        Subscript::Slice(slice) => {
            let bounds = SliceBounds::resolve(slice, list.len())?;
            crate::reserve::probe(bounds.len * size_of::<Value>())?;
            let mut items = Vec::with_capacity(bounds.len);
            items.extend(bounds.indices().filter_map(|at| list.get(at)));
            Ok(ListObject::new(items).into())
        }
    }
}

fn ass_subscript(value: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    let list = this(value);
    match Subscript::of(key, "list")? {
        Subscript::Index(at) => {
            let wrapped = sequence::wrap_index(at, list.len());
            let done = match (wrapped, item) {
                (None, _) => false,
                (Some(at), Some(item)) => list.set(at, item.to_ref()).is_ok(),
                (Some(at), None) => list.remove(at).is_some(),
            };
            if done { Ok(()) } else { Err(crate::raise!(IndexError, "list assignment index out of range")) }
        }
        Subscript::Slice(slice) => match item {
            Some(items) => assign_slice(list, slice, items),
            None => delete_slice(list, SliceBounds::resolve(slice, list.len())?),
        },
    }
}

fn assign_slice(list: &ListObject, slice: &crate::objects::slice::SliceObject, items: Value) -> PyResult<()> {
    let extended =
        slice.step.get().is_some_and(|step| step != Value::small(1) && !crate::objects::is_none(step));
    let what =
        if extended { "must assign iterable to extended slice" } else { "can only assign an iterable" };
    if !items.is_instance::<ListObject>() && !protocol::is_iterable(items) {
        return Err(crate::raise!(TypeError, "{what}"));
    }
    let items = protocol::collect(items)?;
    let bounds = SliceBounds::resolve(slice, list.len())?;
    if bounds.step == 1 {
        let start = bounds.start as usize;
        list.splice(start, (bounds.stop.max(bounds.start)) as usize, items);
        return Ok(());
    }
    if items.len() != bounds.len {
        let (given, wanted) = (items.len(), bounds.len);
        let message =
            format!("attempt to assign sequence of size {given} to extended slice of size {wanted}");
        return Err(crate::raise!(ValueError, "{message}"));
    }
    let old: Vec<_> = bounds.indices().zip(items).map(|(at, item)| list.set(at, item)).collect();
    drop(old);
    Ok(())
}

fn delete_slice(list: &ListObject, bounds: SliceBounds) -> PyResult<()> {
    if bounds.step == 1 {
        list.splice(bounds.start as usize, bounds.start as usize + bounds.len, Vec::new());
        return Ok(());
    }
    let doomed: std::collections::HashSet<usize> = bounds.indices().collect();
    let (gone, kept): (Vec<_>, Vec<_>) =
        list.take_all().into_iter().enumerate().partition(|(at, _)| doomed.contains(at));
    list.replace_all(kept.into_iter().map(|(_, item)| item).collect());
    drop(gone);
    Ok(())
}

fn concat(a: Value, b: Value) -> PyResult {
    let Some(other) = b.get::<ListObject>() else {
        return Err(crate::raise!(
            TypeError,
            "can only concatenate list (not \"{}\") to list",
            b.ty().name()
        ));
    };
    crate::reserve::probe((this(a).len() + 2 * other.len()) * size_of::<Value>())?;
    let mut items = Vec::with_capacity(this(a).len() + other.len());
    items.extend(this(a).to_vec());
    items.extend(other.to_vec());
    Ok(ListObject::new(items).into())
}

fn inplace_concat(a: Value, b: Value) -> PyResult {
    this(a).extend(b)?;
    Ok(a.to_ref())
}

fn repeated(list: &ListObject, count: isize) -> PyResult<Vec<Ref>> {
    let count = sequence::checked_repeat(list.len(), count)?;
    let mut items = Vec::new();
    if items.try_reserve_exact(list.len() * count).is_err() {
        return Err(crate::error::memory_error());
    }
    for _ in 0..count {
        items.extend((0..list.len()).filter_map(|at| list.get(at)));
    }
    Ok(items)
}

fn repeat(value: Value, count: isize) -> PyResult {
    Ok(ListObject::new(repeated(this(value), count)?).into())
}

fn inplace_repeat(value: Value, count: isize) -> PyResult {
    let items = repeated(this(value), count)?;
    this(value).replace_all(items);
    Ok(value.to_ref())
}

pub(crate) fn contains(value: Value, item: Value) -> PyResult<bool> {
    Ok(position(this(value), item, 0, usize::MAX)?.is_some())
}

/// First index in the range whose item is `item`.
fn position(list: &ListObject, item: Value, from: usize, to: usize) -> PyResult<Option<usize>> {
    let mut at = from;
    while at < to {
        let Some(candidate) = list.peek(at) else { break };
        if candidate == item {
            return Ok(Some(at));
        }
        if !(candidate.is_small() && item.is_small())
            && protocol::is_same_or_equal(candidate.to_ref().value(), item)?
        {
            return Ok(Some(at));
        }
        at += 1;
    }
    Ok(None)
}

py_methods! { static METHODS for "list", &ListObject;
    /// Append object to the end of the list.
    "append(self, object, /)"
    fn append(this, object: Ref) -> PyResult<()> {
        this.try_push(object)
    }
    /// Remove all items from list.
    "clear(self, /)"
    fn clear(this) {
        drop(this.take_all());
    }
    /// Return a shallow copy of the list.
    "copy(self, /)"
    fn copy(this) -> Py<ListObject> {
        ListObject::new(this.to_vec())
    }
    /// Return number of occurrences of value.
    "count(self, value, /)"
    fn count(this, value: Value) -> PyResult<usize> {
        let (mut at, mut found) = (0, 0);
        while let Some(item) = this.get(at) {
            found += usize::from(protocol::is_same_or_equal(item.value(), value)?);
            at += 1;
        }
        Ok(found)
    }
    /// Extend list by appending elements from the iterable.
    "extend(self, iterable, /)"
    fn extend(this, iterable: Value) -> PyResult<()> {
        this.extend(iterable)
    }
    /// Return first index of value.
    ///
    /// Raises ValueError if the value is not present.
    "index(self, value, start=0, stop=9223372036854775807, /)"
    fn index(this, value: Value, start: Option<SearchBound>, stop: Option<SearchBound>) -> PyResult<usize> {
        let (from, to) = sequence::clamp_range(start.map(|at| at.0), stop.map(|at| at.0), this.len());
        match position(this, value, from, to)? {
            Some(at) => Ok(at),
            None => {
                let shown = protocol::repr_string(value)?;
                Err(crate::raise!(ValueError, "{shown} is not in list"))
            }
        }
    }
    /// Insert object before index.
    "insert(self, index, object, /)"
    fn insert(this, index: isize, object: Ref) -> PyResult<()> {
        this.try_reserve(1)?;
        this.insert(sequence::clamp_index(index, this.len()), object);
        Ok(())
    }
    /// Remove and return item at index (default last).
    ///
    /// Raises IndexError if list is empty or index is out of range.
    "pop(self, index=-1, /)"
    fn pop(this, index: Option<isize>) -> PyResult {
        if this.is_empty() {
            return Err(crate::raise!(IndexError, "pop from empty list"));
        }
        match sequence::wrap_index(index.unwrap_or(-1), this.len()).and_then(|at| this.remove(at)) {
            Some(item) => Ok(item),
            None => Err(crate::raise!(IndexError, "pop index out of range")),
        }
    }
    /// Remove first occurrence of value.
    ///
    /// Raises ValueError if the value is not present.
    "remove(self, value, /)"
    fn remove(this, value: Value) -> PyResult<()> {
        match position(this, value, 0, usize::MAX)? {
            Some(at) => {
                drop(this.remove(at));
                Ok(())
            }
            None => Err(crate::raise!(ValueError, "list.remove(x): x not in list")),
        }
    }
    /// Reverse *IN PLACE*.
    "reverse(self, /)"
    fn reverse(this) {
        this.reverse();
    }
    /// Sort the list in ascending order and return None.
    ///
    /// The sort is in-place (i.e. the list itself is modified) and stable (i.e. the
    /// order of two equal elements is maintained).
    ///
    /// If a key function is given, apply it once to each list item and sort them,
    /// ascending or descending, according to their function values.
    ///
    /// The reverse flag can be set to sort in descending order.
    "sort(self, *, key=None, reverse=False)"
    fn sort_method(this, key: OrNone<Value>, reverse: Option<bool>) -> PyResult<()> {
        sort::sort_list(this, key.0, reverse.unwrap_or(false))
    }
    /// Return a reverse iterator over the list.
    "__reversed__(self, /)"
    fn reversed(this) -> Ref {
        SequenceIterator::new_reversed(Value::from_object(this), this.len(), &LIST_REVERSE_ITERATOR).into()
    }
    /// Return the size of the list in memory, in bytes.
    "__sizeof__(self, /)"
    fn sizeof(this) -> usize {
        40 + 8 * this.capacity.get()
    }
}

/// `list`.
pub static LIST: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "list(iterable=(), /)\n--\n\nBuilt-in mutable sequence.\n\nIf no argument is given, the constructor creates a new empty list.\nThe argument must be an iterable if specified.",
    flags: type_flags::BASE | type_flags::GC | type_flags::SEQUENCE | type_flags::MATCH_SELF,
    slots: Slots {
        new: Some(|ty, _| Ok(ListObject::new_of(ty).into())),
        init: Some(init),
        repr: Some(repr),
        hash: Some(protocol::unhashable),
        richcompare: Some(richcompare),
        len: Some(|value| Ok(this(value).len())),
        subscript: Some(subscript),
        ass_subscript: Some(ass_subscript),
        concat: Some(concat),
        repeat: Some(repeat),
        inplace_concat: Some(inplace_concat),
        inplace_repeat: Some(inplace_repeat),
        contains: Some(contains),
        iter: Some(|value| Ok(SequenceIterator::new(value, &LIST_ITERATOR).into())),
        ..Slots::EMPTY
    },
    methods: &[METHODS, crate::objects::typing::generic_alias::SUBSCRIPTABLE],
    ..TypeSpec::of::<ListObject>("list")
};
