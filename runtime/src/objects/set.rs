//! `set` and `frozenset`, over the table of `dict` with values left null.

use std::cell::Cell;

use crate::args::Args;
use crate::convert::Rest;
use crate::field::Field;
use crate::hash;
use crate::header::Header;
use crate::object::{self, Object, Visitor};
use crate::objects::dict::{DictObject, Table, key_hash, views};
use crate::objects::str::{StrBuilder, StrObject};
use crate::objects::{self, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};

/// A set or frozenset.
#[repr(C)]
pub struct SetObject {
    header: Header,
    table: Table,
    /// Hash of a frozenset, once computed.
    hash: Cell<Option<i64>>,
}

// SAFETY: `repr(C)`, header first. `frozenset` shares the layout; `set` stands for both, so typed access goes through
// `SetObject::of`, which accepts either.
unsafe impl Object for SetObject {
    fn type_object() -> &'static TypeObject {
        &SET
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.table.traverse(visit);
    }
    fn clear(&self) {
        drop(self.table.take_all());
    }
}

impl SetObject {
    /// The set in a set or frozenset.
    #[inline]
    pub fn of<'a>(value: Value) -> Option<&'a SetObject> {
        let is_set =
            value.is_object() && (value.ty().is_subtype_of(&SET) || value.ty().is_subtype_of(&FROZENSET));
        // SAFETY: both types have this layout.
        is_set.then(|| unsafe { value.cast() })
    }

    /// The set in an exact set or frozenset.
    pub fn of_exact<'a>(value: Value) -> Option<&'a SetObject> {
        Self::of(value).filter(|_| value.is_exact(&SET) || value.is_exact(&FROZENSET))
    }

    fn make(ty: &TypeObject, table: Table) -> Ref {
        let contents = SetObject { header: Header::new(ty), table, hash: Cell::new(None) };
        object::new_object_in_layout(ty, contents).into_ref()
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an item.
    pub fn add(&self, item: Value) -> PyResult<()> {
        let hash = key_hash(item)?;
        self.add_hashed(item, hash)
    }

    fn add_hashed(&self, item: Value, hash: i64) -> PyResult<()> {
        if self.table.find(item, hash)?.is_none() {
            self.table.probe_room()?;
            self.table.insert_new(item.to_ref(), hash, Value::NULL);
        }
        Ok(())
    }

    /// Whether an item is present; a set is looked up as the frozenset equal to it.
    pub fn contains(&self, item: Value) -> PyResult<bool> {
        Ok(find_element(&self.table, item)?.is_some())
    }

    /// Whether an exact str that knows its hash is present. Allocates nothing.
    pub fn has_str(&self, item: Value) -> bool {
        self.table.find_str(item).is_some()
    }

    fn remove(&self, item: Value) -> PyResult<bool> {
        match find_element(&self.table, item)? {
            Some(at) => {
                drop(self.table.remove_at(at));
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// The items, counted.
    pub fn items(&self) -> Vec<(Ref, i64)> {
        self.table.entries().map(|entry| (entry.key.to_ref(), entry.hash)).collect()
    }
}

/// Looks an item up. A set that cannot be hashed counts as the frozenset equal to it; a subclass that can be hashed is an item like
/// any other.
fn find_element(table: &Table, item: Value) -> PyResult<Option<usize>> {
    match key_hash(item) {
        Ok(hash) => table.find(item, hash),
        Err(raised) => {
            let set = SetObject::of(item).filter(|_| item.ty().is_subtype_of(&SET));
            let Some(set) = set else { return Err(raised) };
            drop(crate::error::catch(raised, &crate::error::types::TypeError)?);
            let frozen = SetObject::make(&FROZENSET, set.table.copy());
            table.find(frozen.value(), hash_items(this(frozen.value())))
        }
    }
}

fn this<'a>(value: Value) -> &'a SetObject {
    SetObject::of(value).expect("descriptors check their owner")
}

fn table_from(iterable: Value) -> PyResult<Table> {
    if let Some(other) = SetObject::of(iterable) {
        return Ok(other.table.copy());
    }
    let keys = iterable.get_exact::<DictObject>().map(DictObject::hashed_keys);
    let scratch = SetObject { header: Header::new(&SET), table: Table::new(), hash: Cell::new(None) };
    match keys {
        // The dict knows the hashes of its keys, so that no `__hash__` runs.
        Some(keys) => keys.into_iter().try_for_each(|(key, hash)| scratch.add_hashed(key.value(), hash))?,
        None => protocol::for_each(iterable, |item| scratch.add(item.value()))?,
    }
    Ok(scratch.table.take_all())
}

/// A set of what an iterable yields.
pub fn from_iterable(iterable: Value) -> PyResult {
    Ok(SetObject::make(&SET, table_from(iterable)?))
}

/// An empty set.
pub fn new_set() -> Ref {
    SetObject::make(&SET, Table::new())
}

/// A frozenset of these items.
pub fn frozen_from(items: Vec<Ref>) -> PyResult {
    let made = SetObject::make(&FROZENSET, Table::new());
    for item in items {
        this(made.value()).add(item.value())?;
    }
    Ok(made)
}

/// Whether set operations accept the value as an operand: sets and views of keys or items.
pub fn is_set_like(value: Value) -> bool {
    SetObject::of(value).is_some()
        || [&views::DICT_KEYS, &views::DICT_ITEMS].into_iter().any(|ty| value.is_exact(ty))
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    if !ty.is_subtype_of(&FROZENSET) {
        return Ok(SetObject::make(ty, Table::new()));
    }
    // A subclass with an `__init__` of its own takes keywords there.
    if std::ptr::eq(ty, &raw const FROZENSET) || objects::object::is_object_init(ty) {
        args.no_keywords("frozenset")?;
    }
    let exact = std::ptr::eq(ty, &raw const FROZENSET);
    match args.positional {
        [] => Ok(SetObject::make(ty, Table::new())),
        [source] if exact && source.is_exact(&FROZENSET) => Ok(source.to_ref()),
        [source] => Ok(SetObject::make(ty, table_from(*source)?)),
        more => Err(crate::raise!(TypeError, "frozenset expected at most 1 argument, got {}", more.len())),
    }
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    args.no_keywords("set")?;
    let table = match args.positional {
        [] => Table::new(),
        [source] => table_from(*source)?,
        more => return Err(crate::raise!(TypeError, "set expected at most 1 argument, got {}", more.len())),
    };
    drop(this(value).table.replace_with(table));
    Ok(())
}

fn repr(value: Value) -> PyResult {
    let set = this(value);
    let name = value.ty().name();
    if set.is_empty() {
        return Ok(StrObject::new(&format!("{name}()")).into());
    }
    let Some(_guard) = protocol::ReprGuard::enter(value)? else {
        return Ok(StrObject::new(&format!("{name}(...)")).into());
    };
    let bare = value.is_exact(&SET);
    let mut text = StrBuilder::new();
    text.push_str(&if bare { "{".to_owned() } else { format!("{name}({{") });
    for (at, (item, _)) in set.items().iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        protocol::push_repr(&mut text, item.value())?;
    }
    text.push_str(if bare { "}" } else { "})" });
    Ok(text.finish().into())
}

/// CPython's order-independent hash.
fn hash_items(set: &SetObject) -> i64 {
    let mut state: u64 = 0;
    for entry in set.table.entries() {
        let hash = entry.hash as u64;
        state ^= ((hash ^ 89_869_747) ^ (hash << 16)).wrapping_mul(3_644_798_167);
    }
    state ^= (set.len() as u64 + 1).wrapping_mul(1_927_868_237);
    state ^= (state >> 11) ^ (state >> 25);
    state = state.wrapping_mul(69_069).wrapping_add(907_133_923);
    hash::avoid_minus_one(if state == u64::MAX { 590_923_713 } else { state as i64 })
}

fn frozen_hash(value: Value) -> PyResult<i64> {
    let set = this(value);
    let hash = set.hash.get().unwrap_or_else(|| hash_items(set));
    set.hash.set(Some(hash));
    Ok(hash)
}

fn is_subset(a: &SetObject, b: &SetObject) -> PyResult<bool> {
    if a.len() > b.len() {
        return Ok(false);
    }
    for (item, hash) in a.items() {
        if b.table.find(item.value(), hash)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (SetObject::of(a), SetObject::of(b)) else { return singleton::decline() };
    let truth = match op {
        CompareOp::Equal => a.len() == b.len() && is_subset(a, b)?,
        CompareOp::NotEqual => !(a.len() == b.len() && is_subset(a, b)?),
        CompareOp::Less => a.len() < b.len() && is_subset(a, b)?,
        CompareOp::LessEqual => is_subset(a, b)?,
        CompareOp::Greater => b.len() < a.len() && is_subset(b, a)?,
        CompareOp::GreaterEqual => is_subset(b, a)?,
    };
    Ok(objects::bool(truth).to_ref())
}

/// The type of a result: that of the left operand without its subclass.
fn result_type(value: Value) -> &'static TypeObject {
    if value.ty().is_subtype_of(&FROZENSET) { &FROZENSET } else { &SET }
}

/// The set in an operand, made from an iterable if need be.
fn as_set(value: Value) -> PyResult<Ref> {
    if SetObject::of(value).is_some() { Ok(value.to_ref()) } else { from_iterable(value) }
}

fn union_of(a: Value, others: &[Value]) -> PyResult {
    let result = SetObject::make(result_type(a), this(a).table.copy());
    for &other in others {
        let other = as_set(other)?;
        for (item, hash) in this(other.value()).items() {
            this(result.value()).add_hashed(item.value(), hash)?;
        }
    }
    Ok(result)
}

/// The items of `a` that are in `b`, or that are not.
fn filtered(a: Value, b: Value, keep_common: bool) -> PyResult {
    let result = SetObject::make(result_type(a), Table::new());
    let other = as_set(b)?;
    for (item, hash) in this(a).items() {
        if this(other.value()).table.find(item.value(), hash)?.is_some() == keep_common {
            this(result.value()).add_hashed(item.value(), hash)?;
        }
    }
    Ok(result)
}

fn filtered_by_all(a: Value, others: &[Value], keep_common: bool) -> PyResult {
    let mut result = SetObject::make(result_type(a), this(a).table.copy());
    for &other in others {
        result = filtered(result.value(), other, keep_common)?;
    }
    Ok(result)
}

fn symmetric(a: Value, b: Value) -> PyResult {
    let other = as_set(b)?;
    let only_a = filtered(a, other.value(), false)?;
    let only_b = filtered(other.value(), a, false)?;
    union_of(only_a.value(), &[only_b.value()])
}

fn both_sets(a: Value, b: Value) -> bool {
    SetObject::of(a).is_some() && SetObject::of(b).is_some()
}

/// `a & b`
pub fn and(a: Value, b: Value) -> PyResult {
    if both_sets(a, b) { filtered(a, b, true) } else { singleton::decline() }
}

/// `a | b`
pub fn or(a: Value, b: Value) -> PyResult {
    if both_sets(a, b) { union_of(a, &[b]) } else { singleton::decline() }
}

/// `a ^ b`
pub fn xor(a: Value, b: Value) -> PyResult {
    if both_sets(a, b) { symmetric(a, b) } else { singleton::decline() }
}

/// `a - b`
pub fn subtract(a: Value, b: Value) -> PyResult {
    if both_sets(a, b) { filtered(a, b, false) } else { singleton::decline() }
}

/// Replaces the contents of `a` by those of the set `result`.
fn become_result(a: Value, result: PyResult) -> PyResult {
    let result = result?;
    if objects::is_not_implemented(result.value()) {
        return Ok(result);
    }
    drop(this(a).table.replace_with(this(result.value()).table.take_all()));
    Ok(a.to_ref())
}

macro_rules! common_methods {
    ($table:ident, $owner:literal) => {
        py_methods! { pub(super) static $table for $owner, Value;
            /// Return a shallow copy of a set.
            "copy(self, /)"
            fn copy(this_value) -> PyResult {
                if this_value.is_exact(&FROZENSET) {
                    return Ok(this_value.to_ref());
                }
                this(this_value).table.probe_copy()?;
                Ok(SetObject::make(result_type(this_value), this(this_value).table.copy()))
            }
            /// Return a new set with elements from the set and all others.
            "union(self, /, *others)"
            fn union(this_value, others: Rest<'_>) -> PyResult {
                union_of(this_value, others.0)
            }
            /// Return a new set with elements common to the set and all others.
            "intersection(self, /, *others)"
            fn intersection(this_value, others: Rest<'_>) -> PyResult {
                filtered_by_all(this_value, others.0, true)
            }
            /// Return a new set with elements in the set that are not in the others.
            "difference(self, /, *others)"
            fn difference(this_value, others: Rest<'_>) -> PyResult {
                filtered_by_all(this_value, others.0, false)
            }
            /// Return a new set with elements in either the set or other but not both.
            "symmetric_difference(self, other, /)"
            fn symmetric_difference(this_value, other: Value) -> PyResult {
                symmetric(this_value, other)
            }
            /// Test whether every element in the set is in other.
            "issubset(self, other, /)"
            fn issubset(this_value, other: Value) -> PyResult<bool> {
                is_subset(this(this_value), this(as_set(other)?.value()))
            }
            /// Test whether every element in other is in the set.
            "issuperset(self, other, /)"
            fn issuperset(this_value, other: Value) -> PyResult<bool> {
                is_subset(this(as_set(other)?.value()), this(this_value))
            }
            /// Return True if two sets have a null intersection.
            "isdisjoint(self, other, /)"
            fn isdisjoint(this_value, other: Value) -> PyResult<bool> {
                let common = filtered(this_value, other, true)?;
                Ok(this(common.value()).is_empty())
            }
            /// For pickling.
            "__reduce__(self, /)"
            fn reduce(this_value) -> PyResult {
                let items = this(this_value).items().into_iter().map(|(item, _)| item).collect();
                let list: Ref = objects::list::ListObject::new(items).into();
                let args = objects::tuple::TupleObject::of([list]);
                let state = protocol::call_method_text(this_value, "__getstate__", &[])?;
                Ok(objects::tuple::TupleObject::of([this_value.ty().value().to_ref(), args.into(), state]).into())
            }
        }
    };
}

mod set_common {
    use super::*;
    common_methods! { METHODS, "set" }
}

mod frozenset_common {
    use super::*;
    common_methods! { METHODS, "frozenset" }
}

py_methods! { static SET_METHODS for "set", Value;
    /// Add an element to a set.
    ///
    /// This has no effect if the element is already present.
    "add(self, object, /)"
    fn add(this_value, object: Value) -> PyResult<()> {
        this(this_value).add(object)
    }
    /// Remove all elements from this set.
    "clear(self, /)"
    fn clear(this_value) {
        drop(this(this_value).table.take_all());
    }
    /// Remove an element from a set if it is a member.
    ///
    /// Unlike set.remove(), the discard() method does not raise
    /// an exception when an element is missing from the set.
    "discard(self, object, /)"
    fn discard(this_value, object: Value) -> PyResult<()> {
        this(this_value).remove(object).map(drop)
    }
    /// Remove an element from a set; it must be a member.
    ///
    /// If the element is not a member, raise a KeyError.
    "remove(self, object, /)"
    fn remove(this_value, object: Value) -> PyResult<()> {
        if this(this_value).remove(object)? { Ok(()) } else { Err(crate::error::key_error(object)) }
    }
    /// Remove and return an arbitrary set element.
    ///
    /// Raises KeyError if the set is empty.
    "pop(self, /)"
    fn pop(this_value) -> PyResult {
        match this(this_value).table.next_from(0) {
            Some((at, _)) => Ok(this(this_value).table.remove_at(at).0),
            None => Err(crate::raise!(KeyError, "pop from an empty set")),
        }
    }
    /// Update the set, adding elements from all others.
    "update(self, /, *others)"
    fn update(this_value, others: Rest<'_>) -> PyResult<()> {
        for &other in others.0 {
            match SetObject::of(other) {
                Some(set) => set.items().into_iter().try_for_each(|(item, hash)| this(this_value).add_hashed(item.value(), hash))?,
                None => protocol::for_each(other, |item| this(this_value).add(item.value()))?,
            }
        }
        Ok(())
    }
    /// Update the set, keeping only elements found in it and all others.
    "intersection_update(self, /, *others)"
    fn intersection_update(this_value, others: Rest<'_>) -> PyResult<()> {
        become_result(this_value, filtered_by_all(this_value, others.0, true)).map(drop)
    }
    /// Update the set, removing elements found in others.
    "difference_update(self, /, *others)"
    fn difference_update(this_value, others: Rest<'_>) -> PyResult<()> {
        become_result(this_value, filtered_by_all(this_value, others.0, false)).map(drop)
    }
    /// Update the set, keeping only elements found in either set, but not in both.
    "symmetric_difference_update(self, other, /)"
    fn symmetric_difference_update(this_value, other: Value) -> PyResult<()> {
        become_result(this_value, symmetric(this_value, other)).map(drop)
    }
}

const COMMON_SLOTS: Slots = Slots {
    new: Some(new),
    repr: Some(repr),
    richcompare: Some(richcompare),
    len: Some(|value| Ok(this(value).len())),
    contains: Some(|value, item| this(value).contains(item)),
    iter: Some(|value| Ok(SetIterator::over(value))),
    and: Some(and),
    or: Some(or),
    xor: Some(xor),
    subtract: Some(subtract),
    ..Slots::EMPTY
};

/// `set`.
pub static SET: TypeObject = TypeObject::from_spec(&SET_SPEC);
static SET_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::BASE | type_flags::GC | type_flags::MATCH_SELF | type_flags::WEAK,
    doc: "set(iterable=(), /)\n--\n\nBuild an unordered collection of unique elements.",
    slots: Slots {
        init: Some(init),
        hash: Some(protocol::unhashable),
        inplace_and: Some(|a, b| become_result(a, and(a, b))),
        inplace_or: Some(|a, b| become_result(a, or(a, b))),
        inplace_xor: Some(|a, b| become_result(a, xor(a, b))),
        inplace_subtract: Some(|a, b| become_result(a, subtract(a, b))),
        ..COMMON_SLOTS
    },
    methods: &[set_common::METHODS, SET_METHODS, crate::objects::typing::generic_alias::SUBSCRIPTABLE],
    ..TypeSpec::of::<SetObject>("set")
};

/// `frozenset`.
pub static FROZENSET: TypeObject = TypeObject::from_spec(&FROZENSET_SPEC);
static FROZENSET_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::BASE | type_flags::GC | type_flags::MATCH_SELF | type_flags::WEAK,
    doc: "frozenset(iterable=(), /)\n--\n\nBuild an immutable unordered collection of unique elements.",
    slots: Slots { hash: Some(frozen_hash), ..COMMON_SLOTS },
    methods: &[frozenset_common::METHODS, crate::objects::typing::generic_alias::SUBSCRIPTABLE],
    ..TypeSpec::of::<SetObject>("frozenset")
};

/// An iterator over a set.
#[repr(C)]
pub struct SetIterator {
    header: Header,
    set: Field,
    position: Cell<usize>,
    expected_len: Cell<usize>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for SetIterator {
    fn type_object() -> &'static TypeObject {
        &SET_ITERATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.set.visit(visit);
    }
}

impl SetIterator {
    fn over(set: Value) -> Ref {
        let contents = SetIterator {
            header: Header::new(&SET_ITERATOR),
            set: Field::new(set.to_ref()),
            position: Cell::new(0),
            expected_len: Cell::new(this(set).len()),
        };
        object::new_object(contents).into()
    }
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    let iterator = value.get::<SetIterator>().expect("slots are called for instances");
    let Some(set) = iterator.set.get_ref() else { return Ok(None) };
    let set = this(set.value());
    if set.len() != iterator.expected_len.get() {
        iterator.expected_len.set(usize::MAX);
        return Err(crate::raise!(RuntimeError, "Set changed size during iteration"));
    }
    match set.table.next_from(iterator.position.get()) {
        Some((at, entry)) => {
            iterator.position.set(at + 1);
            Ok(Some(entry.key.to_ref()))
        }
        None => {
            drop(iterator.set.take());
            Ok(None)
        }
    }
}

impl SetIterator {
    /// What it has not given yet.
    fn rest(&self) -> Vec<Ref> {
        let Some(set) = self.set.get_ref() else { return Vec::new() };
        let (mut found, mut at) = (Vec::new(), self.position.get());
        while let Some((next, entry)) = this(set.value()).table.next_from(at) {
            found.push(entry.key.to_ref());
            at = next + 1;
        }
        found
    }
}

py_methods! { static ITERATOR_METHODS for "set_iterator", &SetIterator;
    /// Private method returning an estimate of len(list(it)).
    "__length_hint__(self, /)"
    fn iterator_hint(iterator) -> usize {
        let is_sound = iterator.set.get().is_some_and(|set| this(set).len() == iterator.expected_len.get());
        if is_sound { iterator.rest().len() } else { 0 }
    }
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn iterator_reduce(iterator) -> PyResult {
        crate::objects::iterators::rest(iterator.rest())
    }
}

/// `set_iterator`.
pub static SET_ITERATOR: TypeObject = TypeObject::from_spec(&ITERATOR_SPEC);
static ITERATOR_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { iter: Some(protocol::identity), iternext: Some(next), ..Slots::EMPTY },
    methods: &[ITERATOR_METHODS],
    ..TypeSpec::of::<SetIterator>("set_iterator")
};
