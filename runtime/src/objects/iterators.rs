//! Iterators over sequences, and `enumerate`, `zip`, `map`, `filter`, `reversed`, `iter(callable, sentinel)`.

pub(crate) mod pickling;

pub use pickling::rest;

use std::cell::Cell;

use crate::args::Args;
use crate::error;
use crate::field::Field;
use crate::header::Header;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects::kept_tuple::KeptTuple;
use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::typing::generic_alias;
use crate::objects::{self, bytes, int};
use crate::operator::BinaryOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Raised, Ref, Value};

/// An iterator that holds a sequence and a position.
#[repr(C)]
pub struct SequenceIterator {
    header: Header,
    /// Unset when exhausted.
    sequence: Field,
    position: Cell<usize>,
}

// SAFETY: `repr(C)`, header first. All sequence iterators share the layout.
unsafe impl Object for SequenceIterator {
    fn type_object() -> &'static TypeObject {
        &LIST_ITERATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.sequence.visit(visit);
    }
}

const _: () = {
    use abi::layout::sequence_iterator as at;
    use std::mem::offset_of;
    assert!(offset_of!(SequenceIterator, sequence) == at::SEQUENCE);
    assert!(offset_of!(SequenceIterator, position) == at::POSITION);
};

impl SequenceIterator {
    /// Starts at the front.
    pub fn new(sequence: Value, ty: &'static TypeObject) -> Py<SequenceIterator> {
        Self::new_reversed(sequence, 0, ty)
    }

    /// Starts behind position `len - 1`, for types that count down.
    pub fn new_reversed(sequence: Value, len: usize, ty: &'static TypeObject) -> Py<SequenceIterator> {
        let contents = SequenceIterator {
            header: Header::new(ty),
            sequence: Field::new(sequence.to_ref()),
            position: Cell::new(len),
        };
        object::new_object_sharing_layout(ty, contents)
    }

    /// The next item of a list.
    ///
    /// # Safety
    /// This is a `list_iterator`.
    #[inline]
    pub unsafe fn step_list(&self) -> Option<Ref> {
        // SAFETY: a list iterator holds a list.
        self.step(|list, at| unsafe { list.cast::<ListObject>() }.get(at))
    }

    fn of<'a>(value: Value) -> &'a Self {
        // SAFETY: slots and methods of the iterator types are called for their instances only.
        unsafe { value.cast() }
    }

    /// Fetches the item at the position and steps forward; lets go of the sequence at its end.
    #[inline]
    fn step(&self, fetch: impl FnOnce(Value, usize) -> Option<Ref>) -> Option<Ref> {
        let sequence = self.sequence.get()?;
        let at = self.position.get();
        let item = fetch(sequence, at);
        match item {
            Some(_) => self.position.set(at + 1),
            None => drop(self.sequence.take()),
        }
        item
    }
}

fn list_next(value: Value) -> PyResult<Option<Ref>> {
    // SAFETY: the slot is called for list iterators.
    Ok(unsafe { SequenceIterator::of(value).step_list() })
}

fn tuple_next(value: Value) -> PyResult<Option<Ref>> {
    let fetch = |tuple: Value, at: usize| {
        // SAFETY: a tuple iterator holds a tuple.
        unsafe { tuple.cast::<TupleObject>() }.items().get(at).map(|item| item.to_ref())
    };
    Ok(SequenceIterator::of(value).step(fetch))
}

fn str_next(value: Value) -> PyResult<Option<Ref>> {
    let fetch = |text: Value, at: usize| {
        // SAFETY: a str iterator holds a str.
        let text = unsafe { text.cast::<StrObject>() };
        (at < text.len()).then(|| StrObject::from_code_point(text.code_point(at)).into())
    };
    Ok(SequenceIterator::of(value).step(fetch))
}

fn bytes_next(value: Value) -> PyResult<Option<Ref>> {
    let fetch = |data: Value, at: usize| bytes::byte_at(data, at).map(|byte| int::from_i64(i64::from(byte)));
    Ok(SequenceIterator::of(value).step(fetch))
}

fn list_reverse_next(value: Value) -> PyResult<Option<Ref>> {
    let this = SequenceIterator::of(value);
    let Some(list) = this.sequence.get() else { return Ok(None) };
    let at = this.position.get();
    // SAFETY: a list iterator holds a list.
    let item = at.checked_sub(1).and_then(|at| unsafe { list.cast::<ListObject>() }.get(at));
    match item {
        Some(_) => this.position.set(at - 1),
        None => drop(this.sequence.take()),
    }
    Ok(item)
}

py_methods! { static HINT for "list_iterator", Value;
    /// Private method returning an estimate of len(list(it)).
    "__length_hint__(self, /)"
    fn length_hint(this) -> PyResult<usize> {
        let is_reversed = this.is_exact(&LIST_REVERSE_ITERATOR);
        let this = SequenceIterator::of(this);
        let Some(sequence) = this.sequence.get_ref() else { return Ok(0) };
        let (len, position) = (protocol::len(sequence.value())?, this.position.get());
        Ok(match is_reversed {
            // What is left of it, unless the list has become shorter than that.
            true if position <= len => position,
            true => 0,
            false => len.saturating_sub(position),
        })
    }
    /// For pickling.
    "__reduce__(self, /)"
    fn reduce(this) -> PyResult {
        pickling::sequence(this)
    }
    /// For pickling.
    "__setstate__(self, state, /)"
    fn setstate(this, state: pickling::State) {
        let state = state.0;
        // A reversed one pickles the index of the next item, but keeps how many are left.
        let next = if this.is_exact(&LIST_REVERSE_ITERATOR) { state.max(-1) + 1 } else { state.max(0) };
        SequenceIterator::of(this).position.set(next as usize);
    }
}

macro_rules! sequence_iterators {
    ($($(#[$meta:meta])* $name:ident $spec:ident = $text:literal, $next:expr;)*) => { $(
        $(#[$meta])*
        pub static $name: TypeObject = TypeObject::from_spec(&$spec);
        static $spec: TypeSpec = TypeSpec {
            flags: type_flags::GC | type_flags::NO_NEW,
            slots: Slots { iter: Some(protocol::identity), iternext: Some($next), ..Slots::EMPTY },
            methods: &[HINT],
            ..TypeSpec::of::<SequenceIterator>($text)
        };
    )* };
}

sequence_iterators! {
    /// `list_iterator`.
    LIST_ITERATOR LIST_SPEC = "list_iterator", list_next;
    /// `list_reverseiterator`.
    LIST_REVERSE_ITERATOR LIST_REVERSE_SPEC = "list_reverseiterator", list_reverse_next;
    /// `tuple_iterator`.
    TUPLE_ITERATOR TUPLE_SPEC = "tuple_iterator", tuple_next;
    /// `str_iterator`.
    STR_ITERATOR STR_SPEC = "str_iterator", str_next;
    /// `bytes_iterator`.
    BYTES_ITERATOR BYTES_SPEC = "bytes_iterator", bytes_next;
    /// `bytearray_iterator`.
    BYTEARRAY_ITERATOR BYTEARRAY_SPEC = "bytearray_iterator", bytes_next;
}

/// The arguments that `__new__` of a builtin iterator looks at: keywords for the `__init__` of a subclass are none of its business.
pub fn own_keywords<'a>(class: &TypeObject, base: &TypeObject, args: Args<'a>) -> Args<'a> {
    let init = names().__init__;
    if class.lookup(init) == base.lookup(init) { args } else { Args::new(args.positional, None) }
}

/// `StopIteration`, for `__next__` called as a method.
pub fn exhausted(iterator: Value) -> Raised {
    if let Some(generator) = iterator.get::<objects::generator::GeneratorObject>() {
        return error::stop_iteration(generator.take_return_value().value());
    }
    error::raise_with_args(&error::types::StopIteration, &[])
}

/// Iterator state shared by the small iterator types: a few fields and a counter.
macro_rules! iterator_type {
    ($(#[$meta:meta])* $layout:ident($($field:ident),*), $static:ident, $spec:ident, $name:literal, $flags:expr, $new:expr, $next:expr, $doc:literal $(, $class_methods:ident)?) => {
        $(#[$meta])*
        #[repr(C)]
        pub struct $layout {
            header: Header,
            $($field: Field,)*
            count: Cell<i64>,
            kept: KeptTuple,
        }

        // SAFETY: `repr(C)`, header first.
        unsafe impl Object for $layout {
            fn type_object() -> &'static TypeObject {
                &$static
            }
            fn traverse(&self, visit: Visitor<'_>) {
                $(self.$field.visit(visit);)*
                self.kept.visit(visit);
            }
            fn clear(&self) {
                $(drop(self.$field.take());)*
                self.kept.clear();
            }
        }

        impl $layout {
            fn of<'a>(value: Value) -> &'a Self {
                value.get::<Self>().expect("slots are called for instances")
            }

            fn make(ty: &TypeObject, count: i64, $($field: Option<Ref>),*) -> Py<$layout> {
                object::new_object_of(ty, $layout {
                    header: Header::new(ty),
                    $($field: Field::from_option($field),)*
                    count: Cell::new(count),
                    kept: KeptTuple::default(),
                })
            }
        }

        #[doc = concat!("`", $name, "`.")]
        pub static $static: TypeObject = TypeObject::from_spec(&$spec);
        static $spec: TypeSpec = TypeSpec {
            doc: $doc,
            flags: type_flags::GC | $flags,
            slots: Slots { new: $new, iter: Some(protocol::identity), iternext: Some($next), ..Slots::EMPTY },
            methods: &[pickling::$static $(, pickling::$class_methods)?],
            ..TypeSpec::of::<$layout>($name)
        };
    };
}

iterator_type! {
    /// Iterates by calling `__getitem__` with 0, 1, 2 ...
    CallSequenceIterator(sequence), CALL_SEQUENCE_ITERATOR, CALL_SEQUENCE_SPEC, "iterator", type_flags::NO_NEW, None, |value| {
        let this = CallSequenceIterator::of(value);
        let Some(sequence) = this.sequence.get_ref() else { return Ok(None) };
        let at = this.count.get();
        match protocol::get_item(sequence.value(), Value::small(at)) {
            Ok(item) => {
                this.count.set(at + 1);
                Ok(Some(item))
            }
            Err(raised) => {
                let raised = match error::catch(raised, &error::types::IndexError) {
                    Ok(_) => None,
                    Err(raised) => Some(error::catch(raised, &error::types::StopIteration)?),
                };
                drop((raised, this.sequence.take()));
                Ok(None)
            }
        }
    }, ""
}

impl CallSequenceIterator {
    /// Starts at 0.
    pub fn new(sequence: Value) -> Py<CallSequenceIterator> {
        Self::make(&CALL_SEQUENCE_ITERATOR, 0, Some(sequence.to_ref()))
    }
}

iterator_type! {
    /// Calls until a sentinel comes back.
    SentinelIterator(callable, sentinel), SENTINEL_ITERATOR, SENTINEL_SPEC, "callable_iterator", type_flags::NO_NEW, None, |value| {
        let this = SentinelIterator::of(value);
        let (Some(callable), Some(sentinel)) = (this.callable.get_ref(), this.sentinel.get_ref()) else { return Ok(None) };
        let result = error::ignore(protocol::call(callable.value(), &[], None), &error::types::StopIteration)?;
        // What was called may have run the iterator to its end.
        let has_more = this.callable.get().is_some();
        match result {
            Some(result) if has_more && !protocol::is_same_or_equal(result.value(), sentinel.value())? => {
                Ok(Some(result))
            }
            _ => {
                drop(this.callable.take());
                Ok(None)
            }
        }
    }, ""
}

impl SentinelIterator {
    /// `iter(callable, sentinel)`
    pub fn new(callable: Value, sentinel: Value) -> Py<SentinelIterator> {
        Self::make(&SENTINEL_ITERATOR, 0, Some(callable.to_ref()), Some(sentinel.to_ref()))
    }
}

iterator_type! {
    /// What `*alias` iterates over: the generic alias, unpacked, once.
    AliasIterator(alias), ALIAS_ITERATOR, ALIAS_ITERATOR_SPEC, "generic_alias_iterator", type_flags::NO_NEW, None, |value| {
        Ok(AliasIterator::of(value).alias.take().map(|alias| generic_alias::unpacked(alias.value())))
    }, ""
}

impl AliasIterator {
    /// The iterator over a generic alias.
    pub fn new(alias: Value) -> Py<AliasIterator> {
        Self::make(&ALIAS_ITERATOR, 0, Some(alias.to_ref()))
    }
}

iterator_type! {
    /// `enumerate`: pairs items with numbers; the number is an object once it outgrows a word.
    Enumerate(iterator, number), ENUMERATE, ENUMERATE_SPEC, "enumerate", type_flags::BASE, Some(new_enumerate), |value| {
        let this = Enumerate::of(value);
        let Some(iterator) = this.iterator.get_ref() else { return Ok(None) };
        let Some(item) = protocol::iter_next(iterator.value())? else { return Ok(None) };
        Ok(Some(this.kept.give([this.next_number()?, item])))
    }, "enumerate(iterable, start=0)\n--\n\nReturn an enumerate object.\n\n  iterable\n    an object supporting iteration\n\nThe enumerate object yields pairs containing a count (from start, which\ndefaults to zero) and a value yielded by the iterable argument.\n\nenumerate is useful for obtaining an indexed list:\n    (0, seq[0]), (1, seq[1]), (2, seq[2]), ...", ENUMERATE_CLASS
}

impl Enumerate {
    /// The number of the next item, which is counted on.
    fn next_number(&self) -> PyResult {
        let current = self.current();
        match self.count.get().checked_add(1) {
            Some(next) if self.number.get().is_none() => self.count.set(next),
            _ => {
                let next = protocol::binary_op(BinaryOp::Add, current.value(), Value::small(1))?;
                self.number.set(next);
            }
        }
        Ok(current)
    }

    /// The number of the next item.
    fn current(&self) -> Ref {
        self.number.get_ref().unwrap_or_else(|| int::from_i64(self.count.get()))
    }
}

fn new_enumerate(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let given = args.positional.len() + args.keywords().count();
    if given > 2 {
        return Err(crate::raise!(TypeError, "enumerate() takes at most 2 arguments ({given} given)"));
    }
    let mut parts = [None, None];
    for (part, &value) in parts.iter_mut().zip(args.positional) {
        *part = Some(value);
    }
    for (name, value) in args.keywords() {
        match name.get::<StrObject>() {
            Some(name) if name.eq_str("iterable") => parts[0] = Some(value),
            Some(name) if name.eq_str("start") => parts[1] = Some(value),
            _ => {
                let name = protocol::str_string(name)?;
                return Err(crate::raise!(
                    TypeError,
                    "'{name}' is an invalid keyword argument for enumerate()"
                ));
            }
        }
    }
    let [Some(iterable), start] = parts else {
        return Err(crate::raise!(TypeError, "enumerate() missing required argument 'iterable'"));
    };
    let start = start.map_or(Ok(int::from_i64(0)), int::index)?;
    let iterator = protocol::get_iter(iterable)?;
    Ok(match start.value().as_small() {
        Some(small) => Enumerate::make(ty, small, Some(iterator), None),
        None => Enumerate::make(ty, 0, Some(iterator), Some(start)),
    }
    .into())
}

iterator_type! {
    /// `map`; the counter tells whether lengths must agree.
    Map(function, iterators), MAP, MAP_SPEC, "map", type_flags::BASE, Some(new_map), |value| {
        let this = Map::of(value);
        let (Some(function), Some(iterators)) = (this.function.get_ref(), this.iterators.get_ref()) else { return Ok(None) };
        let Some(args) = next_of_each("map", &iterators, this.count.get() != 0)? else { return Ok(None) };
        let values: Vec<Value> = args.iter().map(|arg| arg.value()).collect();
        protocol::call(function.value(), &values, None).map(Some)
    }, "map(function, iterable, /, *iterables, strict=False)\n--\n\nMake an iterator that computes the function using arguments from\neach of the iterables.  Stops when the shortest iterable is exhausted.\n\nIf strict is true and one of the arguments is exhausted before the others,\nraise a ValueError."
}

fn iterators_of(iterables: &[Value]) -> PyResult {
    let iterators =
        iterables.iter().map(|&iterable| protocol::get_iter(iterable)).collect::<PyResult<Vec<_>>>()?;
    Ok(TupleObject::new(iterators).into())
}

fn new_map(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let strict = is_strict("map", own_keywords(ty, &MAP, args))?;
    match args.positional {
        [] | [_] => Err(crate::raise!(TypeError, "map() must have at least two arguments.")),
        [function, iterables @ ..] => {
            Ok(Map::make(ty, i64::from(strict), Some(function.to_ref()), Some(iterators_of(iterables)?))
                .into())
        }
    }
}

/// The keyword argument of `map` and `zip`.
fn is_strict(callable: &str, args: Args<'_>) -> PyResult<bool> {
    let mut strict = false;
    let given = args.keywords().len();
    if given > 1 {
        return Err(crate::raise!(
            TypeError,
            "{callable}() takes at most 1 keyword argument ({given} given)"
        ));
    }
    for (name, value) in args.keywords() {
        if !name.get::<StrObject>().is_some_and(|name| name.eq_str("strict")) {
            let name = protocol::str_string(name)?;
            return Err(crate::raise!(TypeError, "{callable}() got an unexpected keyword argument '{name}'"));
        }
        strict = protocol::is_true(value)?;
    }
    Ok(strict)
}

fn each(iterators: &Ref) -> &[Value] {
    iterators.get::<TupleObject>().expect("map and zip keep a tuple of iterators").items()
}

/// The next item of every iterator, unless one of them is exhausted; all must be then if lengths must agree.
fn next_of_each(callable: &str, iterators: &Ref, strict: bool) -> PyResult<Option<Vec<Ref>>> {
    let iterators = each(iterators);
    let mut items = Vec::with_capacity(iterators.len());
    for (at, &iterator) in iterators.iter().enumerate() {
        match protocol::iter_next(iterator)? {
            Some(item) => items.push(item),
            None if !strict => return Ok(None),
            None => return check_all_exhausted(callable, iterators, at).map(|()| None),
        }
    }
    Ok(Some(items))
}

iterator_type! {
    /// `filter`.
    Filter(function, iterator), FILTER, FILTER_SPEC, "filter", type_flags::BASE, Some(new_filter), |value| {
        let this = Filter::of(value);
        let Some(iterator) = this.iterator.get_ref() else { return Ok(None) };
        let function = this.function.get_ref();
        while let Some(item) = protocol::iter_next(iterator.value())? {
            let keep = match &function {
                Some(function) => protocol::is_true(protocol::call_one(function.value(), item.value())?.value())?,
                None => protocol::is_true(item.value())?,
            };
            if keep {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }, "filter(function, iterable, /)\n--\n\nReturn an iterator yielding those items of iterable for which function(item)\nis true. If function is None, return the items that are true."
}

fn new_filter(ty: &TypeObject, args: Args<'_>) -> PyResult {
    own_keywords(ty, &FILTER, args).no_keywords("filter")?;
    let [function, iterable] = args.positional else {
        return Err(crate::raise!(TypeError, "filter expected 2 arguments, got {}", args.positional.len()));
    };
    let function = Some(*function).filter(|&function| !objects::is_none(function)).map(Value::to_ref);
    Ok(Filter::make(ty, 0, function, Some(protocol::get_iter(*iterable)?)).into())
}

iterator_type! {
    /// `zip`; the counter tells whether lengths must agree.
    Zip(iterators), ZIP, ZIP_SPEC, "zip", type_flags::BASE, Some(new_zip), zip_next,
    "zip(*iterables, strict=False)\n--\n\nThe zip object yields n-length tuples, where n is the number of iterables\npassed as positional arguments to zip().  The i-th element in every tuple\ncomes from the i-th iterable argument to zip().  This continues until the\nshortest argument is exhausted.\n\nIf strict is true and one of the arguments is exhausted before the others,\nraise a ValueError.\n\n   >>> list(zip('abcdefg', range(3), range(4)))\n   [('a', 0, 0), ('b', 1, 1), ('c', 2, 2)]"
}

fn new_zip(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let strict = is_strict("zip", own_keywords(ty, &ZIP, args))?;
    Ok(Zip::make(ty, i64::from(strict), Some(iterators_of(args.positional)?)).into())
}

fn zip_next(value: Value) -> PyResult<Option<Ref>> {
    let this = Zip::of(value);
    let Some(iterators) = this.iterators.get_ref() else { return Ok(None) };
    if let &[first, second] = each(&iterators)
        && this.count.get() == 0
    {
        let Some(first) = protocol::iter_next(first)? else { return Ok(None) };
        let Some(second) = protocol::iter_next(second)? else { return Ok(None) };
        return Ok(Some(this.kept.give([first, second])));
    }
    let items = next_of_each("zip", &iterators, this.count.get() != 0)?;
    Ok(items.filter(|items| !items.is_empty()).map(|items| TupleObject::new(items).into()))
}

/// `strict=True`: the iterator at `at` is exhausted, so those before it must not have given an item and those behind it must be too.
fn check_all_exhausted(callable: &str, iterators: &[Value], at: usize) -> PyResult<()> {
    let others =
        |count: usize| if count == 1 { "argument 1".to_owned() } else { format!("arguments 1-{count}") };
    if at > 0 {
        let others = others(at);
        return Err(crate::raise!(ValueError, "{callable}() argument {} is shorter than {others}", at + 1));
    }
    for (at, &iterator) in iterators.iter().enumerate().skip(1) {
        if protocol::iter_next(iterator)?.is_some() {
            let others = others(at);
            return Err(crate::raise!(
                ValueError,
                "{callable}() argument {} is longer than {others}",
                at + 1
            ));
        }
    }
    Ok(())
}

iterator_type! {
    /// `reversed` over the sequence protocol.
    Reversed(sequence), REVERSED, REVERSED_SPEC, "reversed", type_flags::BASE, Some(new_reversed), |value| {
        let this = Reversed::of(value);
        let Some(sequence) = this.sequence.get_ref() else { return Ok(None) };
        let at = this.count.get() - 1;
        this.count.set(at);
        if at < 0 {
            drop(this.sequence.take());
            return Ok(None);
        }
        error::ignore(protocol::get_item(sequence.value(), Value::small(at)), &error::types::IndexError)
    }, "reversed(sequence, /)\n--\n\nReturn a reverse iterator over the values of the given sequence."
}

fn new_reversed(ty: &TypeObject, args: Args<'_>) -> PyResult {
    own_keywords(ty, &REVERSED, args).no_keywords("reversed")?;
    let [sequence] = args.positional else {
        return Err(crate::raise!(TypeError, "reversed expected 1 argument, got {}", args.positional.len()));
    };
    if let Some(method) = sequence.ty().lookup(names().__reversed__) {
        if objects::is_none(method) {
            return Err(crate::raise!(TypeError, "'{}' object is not reversible", sequence.ty().name()));
        }
        return protocol::call_bound(method, *sequence, &[]);
    }
    if sequence.ty().slots().subscript.is_none()
        || sequence.ty().slots().len.is_none()
        || sequence.ty().has(type_flags::MAPPING)
    {
        return Err(crate::raise!(TypeError, "'{}' object is not reversible", sequence.ty().name()));
    }
    let len = protocol::len(*sequence)?;
    Ok(Reversed::make(ty, len as i64, Some(sequence.to_ref())).into())
}

/// All types declared here.
pub static ALL: &[&TypeObject] = &[
    &LIST_ITERATOR,
    &LIST_REVERSE_ITERATOR,
    &TUPLE_ITERATOR,
    &STR_ITERATOR,
    &BYTES_ITERATOR,
    &BYTEARRAY_ITERATOR,
    &CALL_SEQUENCE_ITERATOR,
    &SENTINEL_ITERATOR,
    &ALIAS_ITERATOR,
    &ENUMERATE,
    &MAP,
    &FILTER,
    &ZIP,
    &REVERSED,
];
