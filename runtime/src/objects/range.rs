//! `range` and its iterator. Bounds beyond a word make [`big`] ranges, which go through int objects.

mod big;

use std::cell::Cell;

use dashu_int::IBig;

use crate::args::Args;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::sequence::{self, Subscript};
use crate::objects::slice::SliceObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

use big::BigRange;
pub(crate) use big::LONG_RANGE_ITERATOR;

/// A range.
#[repr(C)]
pub struct RangeObject {
    header: Header,
    start: i64,
    stop: i64,
    step: i64,
    len: usize,
    /// What the numbers above cannot say.
    big: Option<Box<BigRange>>,
}

/// An iterator over a range: the next value, the step, and how many are left.
#[repr(C)]
pub struct RangeIterator {
    header: Header,
    next: Cell<i64>,
    step: i64,
    left: Cell<usize>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for RangeObject {
    fn type_object() -> &'static TypeObject {
        &RANGE
    }
    fn traverse(&self, visit: Visitor<'_>) {
        if let Some(big) = &self.big {
            big.visit(visit);
        }
    }
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for RangeIterator {
    fn type_object() -> &'static TypeObject {
        &RANGE_ITERATOR
    }
}

const _: () = {
    use abi::layout::range_iterator as at;
    use std::mem::offset_of;
    assert!(offset_of!(RangeIterator, next) == at::NEXT);
    assert!(offset_of!(RangeIterator, step) == at::STEP);
    assert!(offset_of!(RangeIterator, left) == at::LEFT);
};

impl RangeIterator {
    /// An iterator over the numbers from `next` up to `stop`; the step is not zero.
    pub fn counting(next: i64, stop: i64, step: i64) -> Ref {
        Self::of(next, step, length(next, stop, step))
    }

    fn of(next: i64, step: i64, left: usize) -> Ref {
        let header = Header::new(&RANGE_ITERATOR);
        object::new_leaf(RangeIterator { header, next: Cell::new(next), step, left: Cell::new(left) }).into()
    }

    /// The step, if neither the numbers to come nor what is behind them leaves the range of small ints.
    pub fn small_step(&self) -> Option<i32> {
        const LIMIT: i128 = 1 << 61;
        let step = i32::try_from(self.step).ok()?;
        let next = i128::from(self.next.get());
        let stop = next + i128::from(self.step) * self.left.get() as i128;
        (next.abs() < LIMIT && stop.abs() < LIMIT).then_some(step)
    }

    /// The next number.
    #[inline]
    pub fn step(&self) -> Option<i64> {
        let left = self.left.get().checked_sub(1)?;
        self.left.set(left);
        let number = self.next.get();
        self.next.set(number.wrapping_add(self.step));
        Some(number)
    }
}

impl RangeObject {
    /// A range; the step is not zero.
    pub fn new(start: i64, stop: i64, step: i64) -> Py<RangeObject> {
        let len = length(start, stop, step);
        object::new_leaf(RangeObject { header: Header::new(&RANGE), start, stop, step, len, big: None })
    }

    /// A range of ints; the step is not zero.
    fn of_ints(start: Ref, stop: Ref, step: Ref) -> PyResult {
        let word = |part: &Ref| int::IntRef::of(part.value()).and_then(int::IntRef::to_i64);
        if let (Some(start), Some(stop), Some(step)) = (word(&start), word(&stop), word(&step))
            && fits_words(start, stop, step)
        {
            return Ok(RangeObject::new(start, stop, step).into());
        }
        let big = Some(Box::new(BigRange::new(start, stop, step)?));
        let contents = RangeObject { header: Header::new(&RANGE), start: 0, stop: 0, step: 1, len: 0, big };
        Ok(object::new_leaf(contents).into())
    }

    fn at(&self, at: usize) -> i64 {
        self.start.wrapping_add((at as i64).wrapping_mul(self.step))
    }

    /// Position of a number.
    fn position(&self, number: i64) -> Option<usize> {
        let distance = i128::from(number) - i128::from(self.start);
        let step = i128::from(self.step);
        let at = distance / step;
        (distance % step == 0 && at >= 0 && at < self.len as i128).then_some(at as usize)
    }

    fn iterator(&self, reversed: bool) -> Ref {
        if self.big.is_some() {
            return big::iterator(Value::from_object(self), reversed);
        }
        let (next, step) = if reversed && self.len > 0 {
            (self.at(self.len - 1), self.step.wrapping_neg())
        } else {
            (self.start, self.step)
        };
        RangeIterator::of(next, step, self.len)
    }
}

/// Whether the length of a range, and what an iterator stands at behind its last number, are words, too.
fn fits_words(start: i64, stop: i64, step: i64) -> bool {
    let len = length(start, stop, step) as i128;
    let end = i128::from(start) + len * i128::from(step);
    len <= i128::from(i64::MAX) && i64::try_from(end).is_ok()
}

fn length(start: i64, stop: i64, step: i64) -> usize {
    if step == 1
        && let Some(distance) = stop.checked_sub(start)
    {
        return distance.max(0) as usize;
    }
    let (low, high) = if step > 0 { (start, stop) } else { (stop, start) };
    if low >= high {
        return 0;
    }
    ((i128::from(high) - i128::from(low) - 1) / i128::from(step.unsigned_abs()) + 1) as usize
}

fn this<'a>(value: Value) -> &'a RangeObject {
    value.get::<RangeObject>().expect("descriptors check their owner")
}

fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("range")?;
    let (zero, one) = (|| int::from_i64(0), || int::from_i64(1));
    let (start, stop, step) = match args.positional {
        [stop] => (zero(), int::index(*stop)?, one()),
        [start, stop] => (int::index(*start)?, int::index(*stop)?, one()),
        [start, stop, step] => (int::index(*start)?, int::index(*stop)?, int::index(*step)?),
        [] => return Err(crate::raise!(TypeError, "range expected at least 1 argument, got 0")),
        more => {
            return Err(crate::raise!(TypeError, "range expected at most 3 arguments, got {}", more.len()));
        }
    };
    if !protocol::is_true(step.value())? {
        return Err(crate::raise!(ValueError, "range() arg 3 must not be zero"));
    }
    RangeObject::of_ints(start, stop, step)
}

fn repr(value: Value) -> PyResult {
    let RangeObject { start, stop, step, big, .. } = this(value);
    if let Some(big) = big {
        return big::repr(big);
    }
    let text = if *step == 1 {
        format!("range({start}, {stop})")
    } else {
        format!("range({start}, {stop}, {step})")
    };
    Ok(StrObject::new(&text).into())
}

fn key_of(range: &RangeObject) -> PyResult {
    if let Some(big) = &range.big {
        let has = |index: i64| big.get(int::from_i64(index).value()).is_ok();
        let parts = [
            big.len.clone(),
            if has(0) { big.start.clone() } else { objects::none().to_ref() },
            if has(1) { big.step.clone() } else { objects::none().to_ref() },
        ];
        drop(crate::thread::thread().fetch_raised());
        return Ok(TupleObject::of(parts).into());
    }
    let part =
        |wanted: bool, number: i64| if wanted { int::from_i64(number) } else { objects::none().to_ref() };
    let len = int::from_i64(range.len as i64);
    Ok(TupleObject::of([len, part(range.len > 0, range.start), part(range.len > 1, range.step)]).into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (a.get::<RangeObject>(), b.get::<RangeObject>()) else {
        return singleton::decline();
    };
    if !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return singleton::decline();
    }
    protocol::compare(op, key_of(a)?.value(), key_of(b)?.value())
}

fn subscript(value: Value, key: Value) -> PyResult {
    let range = this(value);
    if let Some(big) = &range.big {
        return match key.get::<SliceObject>() {
            Some(slice) => big.slice(slice),
            None => big.get(key),
        };
    }
    if int::IntRef::of(key).is_some_and(|key| key.to_i64().is_none()) {
        return Err(crate::raise!(IndexError, "range object index out of range"));
    }
    match Subscript::of(key, "range")? {
        Subscript::Index(at) => match sequence::wrap_index(at, range.len) {
            Some(at) => Ok(int::from_i64(range.at(at))),
            None => Err(crate::raise!(IndexError, "range object index out of range")),
        },
        Subscript::Slice(slice) => {
            // The step of a slice keeps its size, although no more than one number is left of the range then.
            let bounds = slice.indices(&int::from_i64(range.len as i64))?;
            let [start, stop, step] = bounds.items() else { unreachable!("three bounds of a slice") };
            let by = IBig::from(range.step);
            let at = |at: &Value| int::to_big(*at).map(|at| IBig::from(range.start) + at * &by);
            let (start, stop, step) = (at(start)?, at(stop)?, int::to_big(*step)? * &by);
            let [start, stop, step] = [start, stop, step].map(int::from_big);
            RangeObject::of_ints(start, stop, step)
        }
    }
}

fn contains(value: Value, item: Value) -> PyResult<bool> {
    if let Some(big) = &this(value).big {
        let is_int = is_plain_int(item);
        return if is_int {
            Ok(big.position(item)?.is_some())
        } else {
            Ok(first_equal(value, item)?.is_some())
        };
    }
    if is_plain_int(item) {
        let number = int::IntRef::of(item).and_then(int::IntRef::to_i64);
        return Ok(number.and_then(|number| this(value).position(number)).is_some());
    }
    Ok(first_equal(value, item)?.is_some())
}

/// Whether the position of an item is found by arithmetic: subclasses of int may compare in their own way.
fn is_plain_int(item: Value) -> bool {
    item.is_small() || item.is_exact(&int::INT) || objects::bool::truth_of(item).is_some()
}

/// Position of the first number that equals an object that is no plain int.
fn first_equal(range: Value, item: Value) -> PyResult<Option<usize>> {
    let numbers = protocol::get_iter(range)?;
    let mut at = 0;
    while let Some(number) = protocol::iter_next(numbers.value())? {
        if protocol::is_same_or_equal(number.value(), item)? {
            return Ok(Some(at));
        }
        at += 1;
    }
    Ok(None)
}

/// How many numbers equal an object that is no plain int.
fn count_equal(range: Value, item: Value) -> PyResult<i64> {
    let numbers = protocol::get_iter(range)?;
    let mut count = 0;
    while let Some(number) = protocol::iter_next(numbers.value())? {
        count += i64::from(protocol::is_same_or_equal(number.value(), item)?);
    }
    Ok(count)
}

/// The length, if that is one that `len()` can give.
fn len(range: &RangeObject) -> PyResult<usize> {
    let Some(big) = &range.big else { return Ok(range.len) };
    let word = int::IntRef::of(big.len.value()).and_then(int::IntRef::to_i64);
    word.and_then(|len| usize::try_from(len).ok())
        .ok_or_else(|| crate::raise!(OverflowError, "Python int too large to convert to C ssize_t"))
}

/// Start, stop or step.
fn part(value: Value, word: fn(&RangeObject) -> i64, big: fn(&BigRange) -> &Ref) -> Ref {
    let range = this(value);
    range.big.as_deref().map_or_else(|| int::from_i64(word(range)), |range| big(range).clone())
}

py_methods! { static METHODS for "range", &RangeObject;
    /// rangeobject.count(value) -> integer -- return number of occurrences of value
    "count(self, value, /)"
    fn count(this, value: Value) -> PyResult<i64> {
        let range = Value::from_object(this);
        if is_plain_int(value) { contains(range, value).map(i64::from) } else { count_equal(range, value) }
    }
    /// rangeobject.index(value) -> integer -- return index of value.
    /// Raise ValueError if the value is not present.
    "index(self, value, /)"
    fn index(this, value: Value) -> PyResult {
        if !is_plain_int(value) {
            return match first_equal(Value::from_object(this), value)? {
                Some(at) => Ok(int::from_i64(at as i64)),
                None => Err(crate::raise!(ValueError, "sequence.index(x): x not in sequence")),
            };
        }
        if let Some(big) = this.big.as_deref()
            && let Some(at) = big.position(value)?
        {
            return Ok(at);
        }
        let number = int::IntRef::of(value).and_then(int::IntRef::to_i64);
        match number.and_then(|number| this.position(number)) {
            Some(at) => Ok(int::from_i64(at as i64)),
            None => {
                let shown = protocol::repr_string(value)?;
                Err(crate::raise!(ValueError, "{shown} is not in range"))
            }
        }
    }
    /// Return a reverse iterator.
    "__reversed__(self, /)"
    fn reversed(this) -> Ref {
        this.iterator(true)
    }
    /// For pickling.
    "__reduce__(self, /)"
    fn reduce(this) -> Py<TupleObject> {
        let value = Value::from_object(this);
        let args = TupleObject::of([
            part(value, |range| range.start, |range| &range.start),
            part(value, |range| range.stop, |range| &range.stop),
            part(value, |range| range.step, |range| &range.step),
        ]);
        TupleObject::of([RANGE.value().to_ref(), args.into()])
    }
}

static MEMBERS: &[GetSetDef] = &[
    GetSetDef {
        name: "start",
        doc: "",
        get: |value| Ok(part(value, |range| range.start, |range| &range.start)),
        set: None,
    },
    GetSetDef {
        name: "stop",
        doc: "",
        get: |value| Ok(part(value, |range| range.stop, |range| &range.stop)),
        set: None,
    },
    GetSetDef {
        name: "step",
        doc: "",
        get: |value| Ok(part(value, |range| range.step, |range| &range.step)),
        set: None,
    },
];

/// `range`.
pub static RANGE: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\nReturn an object that produces a sequence of integers from start (inclusive)\nto stop (exclusive) by step.  range(i, j) produces i, i+1, i+2, ..., j-1.\nstart defaults to 0, and stop is omitted!  range(4) produces 0, 1, 2, 3.\nThese are exactly the valid indices for a list of 4 elements.\nWhen step is given, it specifies the increment (or decrement).",
    flags: type_flags::SEQUENCE,
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        hash: Some(|value| protocol::hash(key_of(this(value))?.value())),
        richcompare: Some(richcompare),
        len: Some(|value| len(this(value))),
        bool: Some(|value| match &this(value).big {
            Some(big) => protocol::is_true(big.len.value()),
            None => Ok(this(value).len > 0),
        }),
        subscript: Some(subscript),
        contains: Some(contains),
        iter: Some(|value| Ok(this(value).iterator(false))),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    members: MEMBERS,
    ..TypeSpec::of::<RangeObject>("range")
};

#[inline]
fn next(value: Value) -> PyResult<Option<Ref>> {
    // SAFETY: the slot is called for range iterators.
    let this = unsafe { value.cast::<RangeIterator>() };
    Ok(this.step().map(int::from_i64))
}

py_methods! { static ITERATOR_METHODS for "range_iterator", &RangeIterator;
    /// Private method returning an estimate of len(list(it)).
    "__length_hint__(self, /)"
    fn length_hint(this) -> usize {
        this.left.get()
    }
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn iterator_reduce(this) -> PyResult {
        let next = i128::from(this.next.get());
        let stop = next + this.left.get() as i128 * i128::from(this.step);
        let parts = [next, stop, i128::from(this.step)].map(|part| int::from_big(part.into()));
        let [start, stop, step] = parts;
        pickled(RangeObject::of_ints(start, stop, step)?)
    }
    /// Set state information for unpickling.
    "__setstate__(self, object, /)"
    fn iterator_setstate(this, object: i64) {
        let skipped = usize::try_from(object).unwrap_or(0).min(this.left.get());
        this.next.set(this.next.get().wrapping_add((skipped as i64).wrapping_mul(this.step)));
        this.left.set(this.left.get() - skipped);
    }
}

/// `(iter, (range,), None)`
fn pickled(range: Ref) -> PyResult {
    let function = crate::objects::iterators::pickling::builtin("iter")?;
    Ok(TupleObject::of([function, TupleObject::of([range]).into(), objects::none().to_ref()]).into())
}

/// `range_iterator`.
pub static RANGE_ITERATOR: TypeObject = TypeObject::from_spec(&ITERATOR_SPEC);
static ITERATOR_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::TRIVIAL_DROP | type_flags::NO_NEW,
    slots: Slots { iter: Some(protocol::identity), iternext: Some(next), ..Slots::EMPTY },
    methods: &[ITERATOR_METHODS],
    ..TypeSpec::of::<RangeIterator>("range_iterator")
};
