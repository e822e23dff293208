//! `deque`: a double-ended queue, perhaps of bounded length.
//!
//! The items are a ring buffer. Nothing calls Python code while the buffer is borrowed: comparisons work on copies of the references, and
//! what falls out is released behind the borrow. A counter of changes lets iterators notice that the queue has changed under them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use runtime::args::Args;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int, singleton};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{CompareOp, Py, PyResult, Raised, Ref, TypeObject, Value, protocol, py_methods, raise};

/// A queue.
#[repr(C)]
pub struct Deque {
    header: Header,
    items: RefCell<VecDeque<Ref>>,
    maxlen: Cell<Option<usize>>,
    changes: Cell<u64>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Deque {
    fn type_object() -> &'static TypeObject {
        &DEQUE
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.items.borrow().iter().for_each(|item| visit(item.value()));
    }
    fn clear(&self) {
        drop(self.take());
    }
}

impl Deque {
    fn new(ty: &TypeObject, items: VecDeque<Ref>, maxlen: Option<usize>) -> Py<Deque> {
        let contents = Deque {
            header: Header::new(ty),
            items: RefCell::new(items),
            maxlen: Cell::new(maxlen),
            changes: Cell::new(0),
        };
        object::new_object_of(ty, contents)
    }

    fn len(&self) -> usize {
        self.items.borrow().len()
    }

    /// Notes a change and runs it.
    fn change<T>(&self, change: impl FnOnce(&mut VecDeque<Ref>) -> T) -> T {
        self.changes.set(self.changes.get() + 1);
        change(&mut self.items.borrow_mut())
    }

    fn take(&self) -> VecDeque<Ref> {
        self.change(std::mem::take)
    }

    fn snapshot(&self) -> Vec<Ref> {
        self.items.borrow().iter().cloned().collect()
    }

    fn push_back(&self, item: Ref) {
        let is_full = self.maxlen.get().is_some_and(|max| self.len() >= max);
        let dropped = self.change(|items| {
            items.push_back(item);
            if is_full { items.pop_front() } else { None }
        });
        drop(dropped);
    }

    fn push_front(&self, item: Ref) {
        let is_full = self.maxlen.get().is_some_and(|max| self.len() >= max);
        let dropped = self.change(|items| {
            items.push_front(item);
            if is_full { items.pop_back() } else { None }
        });
        drop(dropped);
    }

    fn extend(&self, iterable: Value) -> PyResult<()> {
        // A queue may be extended by itself.
        let source = iterable.get::<Deque>().map(|other| ListObject::new(other.snapshot()).into_ref());
        let source = source.as_ref().map_or(iterable, Ref::value);
        protocol::for_each(source, |item| {
            self.push_back(item);
            Ok(())
        })
    }

    /// A position, counted from the end if negative.
    fn position(&self, index: isize) -> Option<usize> {
        let len = self.len();
        let at = if index < 0 { index + len as isize } else { index };
        usize::try_from(at).ok().filter(|&at| at < len)
    }

    /// Where an item is between two positions; fails if the queue changes meanwhile.
    fn find(
        &self,
        wanted: Value,
        start: usize,
        stop: usize,
        mutated: impl Fn() -> Raised,
    ) -> PyResult<Option<usize>> {
        let changes = self.changes.get();
        for (at, item) in self.snapshot().into_iter().enumerate().take(stop).skip(start) {
            let is_equal = protocol::is_same_or_equal(item.value(), wanted)?;
            if self.changes.get() != changes {
                return Err(mutated());
            }
            if is_equal {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }
}

fn mutated() -> Raised {
    raise!(RuntimeError, "deque mutated during iteration")
}

fn this<'a>(value: Value) -> &'a Deque {
    value.get::<Deque>().expect("slots are called for instances")
}

fn new(ty: &TypeObject, _: Args<'_>) -> PyResult {
    Ok(Deque::new(ty, VecDeque::new(), None).into())
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let mut parts = [None, None];
    if args.positional.len() > 2 {
        return Err(raise!(TypeError, "deque() takes at most 2 arguments ({} given)", args.positional.len()));
    }
    for (part, &given) in parts.iter_mut().zip(args.positional) {
        *part = Some(given);
    }
    for (name, given) in args.keywords() {
        match name.get::<StrObject>().map(StrObject::to_string_lossy).as_deref() {
            Some("iterable") => parts[0] = Some(given),
            Some("maxlen") => parts[1] = Some(given),
            other => {
                let name = other.unwrap_or_default();
                return Err(raise!(TypeError, "deque() got an unexpected keyword argument '{name}'"));
            }
        }
    }
    let maxlen = match parts[1].filter(|&maxlen| !objects::is_none(maxlen)) {
        None => None,
        Some(maxlen) => match int::to_index(maxlen, "cannot fit 'int' into an index-sized integer")? {
            negative if negative < 0 => return Err(raise!(ValueError, "maxlen must be non-negative")),
            maxlen => Some(maxlen as usize),
        },
    };
    let deque = this(value);
    deque.maxlen.set(maxlen);
    drop(deque.take());
    match parts[0] {
        Some(iterable) => deque.extend(iterable),
        None => Ok(()),
    }
}

fn repr(value: Value) -> PyResult {
    let deque = this(value);
    let text = match protocol::text::ReprGuard::enter(value)? {
        None => "[...]".to_owned(),
        Some(_guard) => {
            let shown: PyResult<Vec<String>> =
                deque.snapshot().iter().map(|item| protocol::repr_string(item.value())).collect();
            let items = shown?.join(", ");
            let bound = deque.maxlen.get().map_or(String::new(), |maxlen| format!(", maxlen={maxlen}"));
            format!("{}([{items}]{bound})", value.ty().name())
        }
    };
    Ok(StrObject::new(&text).into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (a.get::<Deque>(), b.get::<Deque>()) else { return singleton::decline() };
    let (a, b) = (ListObject::new(a.snapshot()), ListObject::new(b.snapshot()));
    protocol::compare(op, a.value(), b.value())
}

fn subscript(value: Value, key: Value) -> PyResult {
    let deque = this(value);
    match deque.position(int::to_index(key, "cannot fit 'int' into an index-sized integer")?) {
        Some(at) => Ok(deque.items.borrow()[at].clone()),
        None => Err(raise!(IndexError, "deque index out of range")),
    }
}

fn ass_subscript(value: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    let deque = this(value);
    let Some(at) = deque.position(int::to_index(key, "cannot fit 'int' into an index-sized integer")?) else {
        return Err(raise!(IndexError, "deque index out of range"));
    };
    let old = match item {
        Some(item) => Some(std::mem::replace(&mut deque.items.borrow_mut()[at], item.to_ref())),
        None => deque.change(|items| items.remove(at)),
    };
    drop(old);
    Ok(())
}

fn concat(a: Value, b: Value) -> PyResult {
    let Some(other) = b.get::<Deque>() else {
        let name = b.ty().name();
        return Err(raise!(TypeError, "can only concatenate deque (not \"{name}\") to deque"));
    };
    let made = copy_of(this(a), a.ty())?;
    this(made.value()).extend(Value::from_object(other))?;
    Ok(made)
}

fn repeat(value: Value, times: isize) -> PyResult {
    let made = copy_of(this(value), value.ty())?;
    inplace_repeat(made.value(), times)
}

fn inplace_repeat(value: Value, times: isize) -> PyResult {
    let deque = this(value);
    let items = deque.snapshot();
    if times <= 0 {
        drop(deque.take());
    }
    for _ in 1..times {
        items.iter().for_each(|item| deque.push_back(item.clone()));
    }
    Ok(value.to_ref())
}

/// A queue of the same class with the same items and bound.
fn copy_of(deque: &Deque, ty: &TypeObject) -> PyResult {
    let items = deque.snapshot().into();
    if std::ptr::eq(ty, &raw const DEQUE) {
        return Ok(Deque::new(ty, items, deque.maxlen.get()).into());
    }
    let source = Deque::new(&DEQUE, items, None);
    match deque.maxlen.get() {
        None => protocol::call_one(ty.value(), source.value()),
        Some(maxlen) => {
            protocol::call(ty.value(), &[source.value(), int::from_i64(maxlen as i64).value()], None)
        }
    }
}

py_methods! { static METHODS for "deque", &Deque;
    /// Add an element to the right side of the deque.
    "append(self, item, /)"
    fn append(deque, item: Ref) {
        deque.push_back(item);
    }
    /// Add an element to the left side of the deque.
    "appendleft(self, item, /)"
    fn appendleft(deque, item: Ref) {
        deque.push_front(item);
    }
    /// Remove and return the rightmost element.
    "pop(self, /)"
    fn pop(deque) -> PyResult {
        deque.change(VecDeque::pop_back).ok_or_else(|| raise!(IndexError, "pop from an empty deque"))
    }
    /// Remove and return the leftmost element.
    "popleft(self, /)"
    fn popleft(deque) -> PyResult {
        deque.change(VecDeque::pop_front).ok_or_else(|| raise!(IndexError, "pop from an empty deque"))
    }
    /// Extend the right side of the deque with elements from the iterable.
    "extend(self, iterable, /)"
    fn extend(deque, iterable: Value) -> PyResult<()> {
        deque.extend(iterable)
    }
    /// Extend the left side of the deque with elements from the iterable.
    "extendleft(self, iterable, /)"
    fn extendleft(deque, iterable: Value) -> PyResult<()> {
        let source = iterable.get::<Deque>().map(|other| ListObject::new(other.snapshot()).into_ref());
        protocol::for_each(source.as_ref().map_or(iterable, Ref::value), |item| {
            deque.push_front(item);
            Ok(())
        })
    }
    /// Rotate the deque n steps to the right.  If n is negative, rotates left.
    "rotate(self, n=1, /)"
    fn rotate(deque, n: Option<isize>) {
        let len = deque.len();
        if len > 1 {
            let by = n.unwrap_or(1).rem_euclid(len as isize) as usize;
            deque.change(|items| items.rotate_right(by));
        }
    }
    /// Remove all elements from the deque.
    "clear(self, /)"
    fn clear(deque) {
        drop(deque.take());
    }
    /// Return a shallow copy of a deque.
    "copy(self, /)"
    fn copy(deque) -> PyResult {
        copy_of(deque, Value::from_object(deque).ty())
    }
    /// Return a shallow copy of a deque.
    "__copy__(self, /)"
    fn dunder_copy(deque) -> PyResult {
        copy_of(deque, Value::from_object(deque).ty())
    }
    /// Return number of occurrences of value.
    "count(self, value, /)"
    fn count(deque, value: Value) -> PyResult<usize> {
        let changes = deque.changes.get();
        let mut count = 0;
        for item in deque.snapshot() {
            count += usize::from(protocol::is_same_or_equal(item.value(), value)?);
            if deque.changes.get() != changes {
                return Err(raise!(RuntimeError, "deque mutated during iteration"));
            }
        }
        Ok(count)
    }
    /// Return first index of value.
    ///
    /// Raises ValueError if the value is not present.
    "index(self, value, start=0, stop=9223372036854775807, /)"
    fn index(deque, value: Value, start: Option<Value>, stop: Option<Value>) -> PyResult<usize> {
        let start = start.map(int::to_clamped_index).transpose()?;
        let stop = stop.map(int::to_clamped_index).transpose()?;
        let len = deque.len() as isize;
        let clamp = |at: isize| (if at < 0 { at.saturating_add(len) } else { at }).clamp(0, len) as usize;
        let (start, stop) = (clamp(start.unwrap_or(0)), clamp(stop.unwrap_or(isize::MAX)));
        match deque.find(value, start, stop, mutated)? {
            Some(at) => Ok(at),
            None => Err(raise!(ValueError, "{} is not in deque", protocol::repr_string(value)?)),
        }
    }
    /// Insert value before index.
    "insert(self, index, value, /)"
    fn insert(deque, index: isize, value: Ref) -> PyResult<()> {
        let len = deque.len() as isize;
        if deque.maxlen.get().is_some_and(|max| len as usize >= max) {
            return Err(raise!(IndexError, "deque already at its maximum size"));
        }
        let at = (if index < 0 { index + len } else { index }).clamp(0, len) as usize;
        deque.change(|items| items.insert(at, value));
        Ok(())
    }
    /// Remove first occurrence of value.
    "remove(self, value, /)"
    fn remove(deque, value: Value) -> PyResult<()> {
        match deque.find(value, 0, usize::MAX, || raise!(IndexError, "deque mutated during iteration"))? {
            Some(at) => {
                let removed = deque.change(|items| items.remove(at));
                drop(removed);
                Ok(())
            }
            None => Err(raise!(ValueError, "deque.remove(x): x not in deque")),
        }
    }
    /// Reverse *IN PLACE*.
    "reverse(self, /)"
    fn reverse(deque) {
        deque.change(|items| items.make_contiguous().reverse());
    }
    /// Return a reverse iterator over the deque.
    "__reversed__(self, /)"
    fn reversed(deque) -> Ref {
        iterator(deque, true)
    }
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce(deque) -> PyResult {
        let value = Value::from_object(deque);
        let args = match deque.maxlen.get() {
            None => TupleObject::of([]),
            Some(max) => TupleObject::of([TupleObject::of([]).into(), int::from_i64(max as i64)]),
        };
        let state = protocol::call_method_text(value, "__getstate__", &[])?;
        let parts = [value.ty().value().to_ref(), args.into(), state, protocol::get_iter(value)?];
        Ok(TupleObject::of(parts).into())
    }
}

/// `collections.deque`.
pub static DEQUE: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "collections",
    doc: "A list-like sequence optimized for data accesses near its endpoints.",
    flags: type_flags::WEAK | type_flags::BASE | type_flags::GC | type_flags::SEQUENCE,
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        hash: Some(protocol::unhashable),
        richcompare: Some(richcompare),
        iter: Some(|value| Ok(iterator(this(value), false))),
        len: Some(|value| Ok(this(value).len())),
        subscript: Some(subscript),
        ass_subscript: Some(ass_subscript),
        contains: Some(|value, item| Ok(this(value).find(item, 0, usize::MAX, mutated)?.is_some())),
        concat: Some(concat),
        repeat: Some(repeat),
        inplace_concat: Some(|a, b| {
            this(a).extend(b)?;
            Ok(a.to_ref())
        }),
        inplace_repeat: Some(inplace_repeat),
        ..Slots::EMPTY
    },
    methods: &[METHODS, runtime::objects::typing::generic_alias::SUBSCRIPTABLE],
    getset: &[GetSetDef {
        name: "maxlen",
        doc: "maximum size of a deque or None if unbounded",
        get: |value| {
            let maxlen = this(value).maxlen.get();
            Ok(maxlen.map_or_else(|| objects::none().to_ref(), |maxlen| int::from_i64(maxlen as i64)))
        },
        set: None,
    }],
    ..TypeSpec::of::<Deque>("deque")
};

/// An iterator in either direction.
#[repr(C)]
pub struct DequeIterator {
    header: Header,
    deque: Ref,
    passed: Cell<usize>,
    /// How many items there were at the start.
    len: usize,
    changes: u64,
    is_reversed: bool,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for DequeIterator {
    fn type_object() -> &'static TypeObject {
        &DEQUE_ITERATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        visit(self.deque.value());
    }
}

fn iterator(deque: &Deque, is_reversed: bool) -> Ref {
    let contents = DequeIterator {
        header: Header::new(if is_reversed { &DEQUE_REVERSE_ITERATOR } else { &DEQUE_ITERATOR }),
        deque: Value::from_object(deque).to_ref(),
        passed: Cell::new(0),
        len: deque.len(),
        changes: deque.changes.get(),
        is_reversed,
    };
    let ty = if is_reversed { &DEQUE_REVERSE_ITERATOR } else { &DEQUE_ITERATOR };
    object::new_object_in_layout(ty, contents).into_ref()
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    let iterator = of(value);
    let deque = this(iterator.deque.value());
    if deque.changes.get() != iterator.changes {
        iterator.passed.set(iterator.len);
        return Err(raise!(RuntimeError, "deque mutated during iteration"));
    }
    let items = deque.items.borrow();
    let passed = iterator.passed.get();
    let at = if iterator.is_reversed { items.len().checked_sub(passed + 1) } else { Some(passed) };
    let item = at.and_then(|at| items.get(at)).cloned();
    iterator.passed.set(passed + usize::from(item.is_some()));
    Ok(item)
}

/// Iterators of `deque`.
pub static DEQUE_ITERATOR: TypeObject = TypeObject::from_spec(&ITERATOR_SPEC);
static ITERATOR_SPEC: TypeSpec = TypeSpec {
    module: "_collections",
    flags: type_flags::GC,
    slots: Slots {
        new: Some(|_, args| new_iterator(args, false)),
        iter: Some(protocol::identity),
        iternext: Some(next),
        ..Slots::EMPTY
    },
    methods: &[ITERATOR_METHODS],
    ..TypeSpec::of::<DequeIterator>("_deque_iterator")
};

/// Iterators of `deque` from its end.
pub static DEQUE_REVERSE_ITERATOR: TypeObject = TypeObject::from_spec(&REVERSE_ITERATOR_SPEC);
static REVERSE_ITERATOR_SPEC: TypeSpec = TypeSpec {
    module: "_collections",
    flags: type_flags::GC,
    slots: Slots {
        new: Some(|_, args| new_iterator(args, true)),
        iter: Some(protocol::identity),
        iternext: Some(next),
        ..Slots::EMPTY
    },
    methods: &[ITERATOR_METHODS],
    ..TypeSpec::of::<DequeIterator>("_deque_reverse_iterator")
};

/// `_deque_iterator(deque, passed=0)`, as pickles make it.
fn new_iterator(args: Args<'_>, is_reversed: bool) -> PyResult {
    let ([source] | [source, _]) = args.positional else {
        return Err(raise!(TypeError, "deque iterators take a deque and a number"));
    };
    let Some(deque) = source.get::<Deque>() else {
        let got = source.ty().name();
        return Err(raise!(TypeError, "argument 1 must be collections.deque, not {got}"));
    };
    let passed = args.positional.get(1).map_or(Ok(0), |passed| int::to_clamped_index(*passed))?;
    let made = iterator(deque, is_reversed);
    of(made.value()).passed.set((passed.max(0) as usize).min(deque.len()));
    Ok(made)
}

/// An iterator of either type.
fn of<'a>(value: Value) -> &'a DequeIterator {
    let is_iterator = value.is_exact(&DEQUE_ITERATOR) || value.is_exact(&DEQUE_REVERSE_ITERATOR);
    assert!(is_iterator, "slots are called for instances");
    // SAFETY: both types, which have no subclasses, have this layout.
    unsafe { value.cast() }
}

py_methods! { static ITERATOR_METHODS for "_deque_iterator", Value;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce_iterator(value) -> PyResult<Ref> {
        let this = of(value);
        let args = TupleObject::of([this.deque.clone(), int::from_i64(this.passed.get() as i64)]);
        Ok(TupleObject::of([value.ty().value().to_ref(), args.into()]).into())
    }
    /// Private method returning an estimate of len(list(it)).
    "__length_hint__(self, /)"
    fn length_hint(value) -> usize {
        let this = of(value);
        this.len.saturating_sub(this.passed.get())
    }
}
