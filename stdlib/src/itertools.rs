//! `itertools`: iterators made of a step function over captured objects.
//!
//! [`NativeIterator`] keeps captured objects where the cycle collector sees them; the step function owns plain numbers only, and what
//! changes is in a captured [`cell`]. A step
//! that is asked for the next item while it is running raises `ValueError`, as generators do.

mod combine;

use std::cell::RefCell;

use runtime::args::Args;
use runtime::convert::OrNone;
use runtime::header::Header;
use runtime::object::{self, Object, Visitor};
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{BinaryOp, PyResult, Ref, TypeObject, Value, protocol, py_functions};

/// Gives the next item.
type Step = Box<dyn FnMut(&[Ref]) -> PyResult<Option<Ref>>>;

/// An iterator made of a step function.
#[repr(C)]
pub struct NativeIterator {
    header: Header,
    captured: Vec<Ref>,
    step: RefCell<Step>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for NativeIterator {
    fn type_object() -> &'static TypeObject {
        &NATIVE_ITERATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.captured.iter().for_each(|item| visit(item.value()));
    }
}

/// An iterator over `captured`.
pub(crate) fn iterator(
    captured: Vec<Ref>,
    step: impl FnMut(&[Ref]) -> PyResult<Option<Ref>> + 'static,
) -> Ref {
    let contents = NativeIterator {
        header: Header::new(&NATIVE_ITERATOR),
        captured,
        step: RefCell::new(Box::new(step)),
    };
    object::new_object(contents).into()
}

/// A captured place for an object that changes: a list of at most one.
fn cell(contents: Option<Ref>) -> Ref {
    ListObject::new(contents.into_iter().collect()).into()
}

/// Takes the object out of a cell.
fn take(cell: &Ref) -> Option<Ref> {
    cell.get::<ListObject>().and_then(ListObject::pop)
}

/// Puts an object into an empty cell.
fn put(cell: &Ref, contents: Ref) -> PyResult<()> {
    cell.get::<ListObject>().map_or(Ok(()), |cell| cell.try_push(contents))
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    let this = value.get::<NativeIterator>().expect("slots are called for instances");
    match this.step.try_borrow_mut() {
        Ok(mut step) => step(&this.captured),
        Err(_) => Err(runtime::raise!(ValueError, "iterator already executing")),
    }
}

static NATIVE_ITERATOR: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "itertools",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { iter: Some(protocol::identity), iternext: Some(next), ..Slots::EMPTY },
    ..TypeSpec::of::<NativeIterator>("iterator")
};

/// `chain`: a class, because of `chain.from_iterable`.
#[repr(C)]
pub struct ChainClass {
    header: Header,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ChainClass {
    fn type_object() -> &'static TypeObject {
        &CHAIN
    }
}

/// Iterates over the items of the iterables that an iterator yields.
fn chain_of(iterables: Value) -> PyResult {
    let outer = protocol::get_iter(iterables)?;
    Ok(iterator(vec![outer, cell(None)], move |captured| {
        loop {
            let current = match take(&captured[1]) {
                Some(current) => current,
                None => match protocol::iter_next(captured[0].value())? {
                    Some(iterable) => protocol::get_iter(iterable.value())?,
                    None => return Ok(None),
                },
            };
            put(&captured[1], current.clone())?;
            if let Some(item) = protocol::iter_next(current.value())? {
                return Ok(Some(item));
            }
            drop(take(&captured[1]));
        }
    }))
}

fn new_chain(_: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("chain")?;
    chain_of(TupleObject::from_values(args.positional).value())
}

runtime::py_class_methods! { static CHAIN_METHODS for "itertools.chain";
    /// Alternative chain() constructor taking a single iterable argument that evaluates lazily.
    "from_iterable(cls, iterable, /)"
    fn from_iterable(cls, iterable: Value) -> PyResult {
        let _ = cls;
        chain_of(iterable)
    }
}

static CHAIN: TypeObject = TypeObject::from_spec(&CHAIN_SPEC);
static CHAIN_SPEC: TypeSpec = TypeSpec {
    module: "itertools",
    slots: Slots { new: Some(new_chain), init: Some(|_, _| Ok(())), ..Slots::EMPTY },
    methods: &[CHAIN_METHODS],
    ..TypeSpec::of::<ChainClass>("chain")
};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    ready::ready(&NATIVE_ITERATOR);
    ready::ready(&CHAIN);
    module.dict().set_text("chain", CHAIN.value().to_ref());
    module.add_functions(FUNCTIONS);
    module.add_functions(combine::FUNCTIONS);
    Ok(())
}

/// A bound of `islice`.
fn bound(value: Value, what: &str) -> PyResult<Option<usize>> {
    if objects::is_none(value) {
        return Ok(None);
    }
    let number =
        int::index(value).ok().and_then(|number| number.as_small()).and_then(|n| usize::try_from(n).ok());
    number.map(Some).ok_or_else(|| {
        drop(runtime::thread().fetch_raised());
        runtime::raise!(ValueError, "{what} for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
    })
}

py_functions! { static FUNCTIONS;
    /// Return a count object whose .__next__() method returns consecutive values.
    "count(start=0, step=1)"
    fn count(start: Option<Ref>, step: Option<Ref>) -> Ref {
        let (start, step) = (start.unwrap_or_else(|| int::from_i64(0)), step.unwrap_or_else(|| int::from_i64(1)));
        iterator(vec![step, cell(Some(start))], move |captured| {
            let Some(current) = take(&captured[1]) else { return Ok(None) };
            let next = protocol::binary_op(BinaryOp::Add, current.value(), captured[0].value());
            put(&captured[1], next.as_ref().map_or_else(|_| current.clone(), Ref::clone))?;
            next.map(|_| Some(current))
        })
    }
    /// Return elements from the iterable until it is exhausted. Then repeat the sequence indefinitely.
    "cycle(iterable, /)"
    fn cycle(iterable: Value) -> PyResult {
        let saved: Ref = ListObject::empty().into();
        let mut at: Option<usize> = None;
        Ok(iterator(vec![protocol::get_iter(iterable)?, saved], move |captured| {
            let saved = captured[1].get::<ListObject>().expect("captured as a list");
            if at.is_none() {
                if let Some(item) = protocol::iter_next(captured[0].value())? {
                    saved.push(item.clone());
                    return Ok(Some(item));
                }
                at = Some(0);
            }
            let index = at.unwrap_or(0);
            at = Some(if index + 1 >= saved.len() { 0 } else { index + 1 });
            Ok(saved.get(index))
        }))
    }
    /// Create an iterator which returns the object for the specified number of times.
    "repeat(object, times=None)"
    fn repeat(object: Ref, times: Option<isize>) -> Ref {
        let mut left = times.map(|times| times.max(0));
        iterator(vec![object], move |captured| {
            match &mut left {
                Some(0) => return Ok(None),
                Some(left) => *left -= 1,
                None => {}
            }
            Ok(Some(captured[0].clone()))
        })
    }
    /// Return series of accumulated sums (or other binary function results).
    "accumulate(iterable, func=None, *, initial=None)"
    fn accumulate(iterable: Value, func: OrNone<Ref>, initial: OrNone<Ref>) -> PyResult {
        let function = func.0.unwrap_or_else(|| objects::none().to_ref());
        let (total, pending) = (cell(None), cell(initial.0));
        Ok(iterator(vec![protocol::get_iter(iterable)?, function, total, pending], move |captured| {
            if let Some(first) = take(&captured[3]) {
                put(&captured[2], first.clone())?;
                return Ok(Some(first));
            }
            let Some(item) = protocol::iter_next(captured[0].value())? else { return Ok(None) };
            let next = match take(&captured[2]) {
                None => item,
                Some(sum) if objects::is_none(captured[1].value()) => protocol::binary_op(BinaryOp::Add, sum.value(), item.value())?,
                Some(sum) => protocol::call(captured[1].value(), &[sum.value(), item.value()], None)?,
            };
            put(&captured[2], next.clone())?;
            Ok(Some(next))
        }))
    }
    /// Return data elements corresponding to true selector elements.
    "compress(data, selectors)"
    fn compress(data: Value, selectors: Value) -> PyResult {
        Ok(iterator(vec![protocol::get_iter(data)?, protocol::get_iter(selectors)?], |captured| loop {
            let Some(item) = protocol::iter_next(captured[0].value())? else { return Ok(None) };
            let Some(selector) = protocol::iter_next(captured[1].value())? else { return Ok(None) };
            if protocol::is_true(selector.value())? {
                return Ok(Some(item));
            }
        }))
    }
    /// Drop items from the iterable while predicate(item) is true.
    "dropwhile(predicate, iterable, /)"
    fn dropwhile(predicate: Ref, iterable: Value) -> PyResult {
        let mut dropping = true;
        Ok(iterator(vec![predicate, protocol::get_iter(iterable)?], move |captured| loop {
            let Some(item) = protocol::iter_next(captured[1].value())? else { return Ok(None) };
            if dropping && protocol::is_true(protocol::call_one(captured[0].value(), item.value())?.value())? {
                continue;
            }
            dropping = false;
            return Ok(Some(item));
        }))
    }
    /// Return successive entries from an iterable as long as the predicate evaluates to true for each entry.
    "takewhile(predicate, iterable, /)"
    fn takewhile(predicate: Ref, iterable: Value) -> PyResult {
        let mut done = false;
        Ok(iterator(vec![predicate, protocol::get_iter(iterable)?], move |captured| {
            if done { return Ok(None) }
            let Some(item) = protocol::iter_next(captured[1].value())? else { return Ok(None) };
            done = !protocol::is_true(protocol::call_one(captured[0].value(), item.value())?.value())?;
            Ok(Some(item).filter(|_| !done))
        }))
    }
    /// Return those items of iterable for which function(item) is false.
    "filterfalse(function, iterable, /)"
    fn filterfalse(function: Ref, iterable: Value) -> PyResult {
        Ok(iterator(vec![function, protocol::get_iter(iterable)?], |captured| loop {
            let Some(item) = protocol::iter_next(captured[1].value())? else { return Ok(None) };
            let answer = match objects::is_none(captured[0].value()) {
                true => item.clone(),
                false => protocol::call_one(captured[0].value(), item.value())?,
            };
            if !protocol::is_true(answer.value())? {
                return Ok(Some(item));
            }
        }))
    }
    /// Return an iterator whose values are returned from the function evaluated with an argument tuple taken from the given sequence.
    "starmap(function, iterable, /)"
    fn starmap(function: Ref, iterable: Value) -> PyResult {
        Ok(iterator(vec![function, protocol::get_iter(iterable)?], |captured| {
            let Some(args) = protocol::iter_next(captured[1].value())? else { return Ok(None) };
            let args = protocol::collect(args.value())?;
            let values: Vec<Value> = args.iter().map(|arg| arg.value()).collect();
            protocol::call(captured[0].value(), &values, None).map(Some)
        }))
    }
    /// islice(iterable, stop) --> islice object
    /// islice(iterable, start, stop[, step]) --> islice object
    "islice(iterable, start, stop=None, step=None, /)"
    fn islice(iterable: Value, start: Value, stop: Option<Value>, step: Option<Value>) -> PyResult {
        let (start, stop) = match stop {
            None => (0, bound(start, "Stop argument")?),
            Some(stop) => (bound(start, "Indices")?.unwrap_or(0), bound(stop, "Stop argument")?),
        };
        let step = step.map_or(Ok(None), |step| bound(step, "Step"))?.unwrap_or(1);
        if step == 0 {
            return Err(runtime::raise!(ValueError, "Step for islice() must be a positive integer or None."));
        }
        let (mut at, mut wanted) = (0, start);
        Ok(iterator(vec![protocol::get_iter(iterable)?], move |captured| loop {
            if stop.is_some_and(|stop| wanted >= stop) {
                return Ok(None);
            }
            let Some(item) = protocol::iter_next(captured[0].value())? else { return Ok(None) };
            at += 1;
            if at > wanted {
                wanted = wanted.saturating_add(step);
                return Ok(Some(item));
            }
        }))
    }
    /// Return an iterator of overlapping pairs taken from the input iterator.
    "pairwise(iterable, /)"
    fn pairwise(iterable: Value) -> PyResult {
        Ok(iterator(vec![protocol::get_iter(iterable)?, cell(None)], move |captured| {
            let next = || protocol::iter_next(captured[0].value());
            let first = match take(&captured[1]) {
                Some(first) => first,
                None => match next()? {
                    Some(first) => first,
                    None => return Ok(None),
                },
            };
            let Some(second) = next()? else { return Ok(None) };
            put(&captured[1], second.clone())?;
            Ok(Some(TupleObject::of([first, second]).into()))
        }))
    }
    /// Batch data into tuples of length n. The last batch may be shorter than n.
    "batched(iterable, n, *, strict=False)"
    fn batched(iterable: Value, n: isize, strict: Option<bool>) -> PyResult {
        if n < 1 {
            return Err(runtime::raise!(ValueError, "n must be at least one"));
        }
        let strict = strict.unwrap_or(false);
        Ok(iterator(vec![protocol::get_iter(iterable)?], move |captured| {
            let mut batch = Vec::new();
            while batch.len() < n as usize {
                match protocol::iter_next(captured[0].value())? {
                    Some(item) => batch.push(item),
                    None => break,
                }
            }
            match batch.len() {
                0 => Ok(None),
                len if strict && len < n as usize => Err(runtime::raise!(ValueError, "batched(): incomplete batch")),
                _ => Ok(Some(TupleObject::new(batch).into())),
            }
        }))
    }
    /// Returns a tuple of n independent iterators.
    "tee(iterable, n=2, /)"
    fn tee(iterable: Value, n: Option<isize>) -> PyResult {
        let source = protocol::get_iter(iterable)?;
        let shared: Ref = ListObject::empty().into();
        let branches = (0..n.unwrap_or(2).max(0)).map(|_| {
            let mut at = 0;
            iterator(vec![source.clone(), shared.clone()], move |captured| {
                let seen = captured[1].get::<ListObject>().expect("captured as a list");
                if at == seen.len() {
                    match protocol::iter_next(captured[0].value())? {
                        Some(item) => seen.push(item),
                        None => return Ok(None),
                    }
                }
                at += 1;
                Ok(seen.get(at - 1))
            })
        });
        Ok(TupleObject::new(branches.collect()).into())
    }
    /// make an iterator that returns consecutive keys and groups from the iterable
    "groupby(iterable, key=None)"
    fn groupby(iterable: Value, key: OrNone<Ref>) -> PyResult {
        // Groups are collected eagerly: a group stays valid after the next one has been asked for.
        let key = key.0.unwrap_or_else(|| objects::none().to_ref());
        let (pending_key, pending_item) = (cell(None), cell(None));
        Ok(iterator(vec![protocol::get_iter(iterable)?, key, pending_key, pending_item], move |captured| {
            let next = || -> PyResult<Option<(Ref, Ref)>> {
                let Some(item) = protocol::iter_next(captured[0].value())? else { return Ok(None) };
                let key = match objects::is_none(captured[1].value()) {
                    true => item.clone(),
                    false => protocol::call_one(captured[1].value(), item.value())?,
                };
                Ok(Some((key, item)))
            };
            let first = match take(&captured[2]).zip(take(&captured[3])) {
                Some(first) => Some(first),
                None => next()?,
            };
            let Some((key, item)) = first else { return Ok(None) };
            let mut group = vec![item];
            while let Some((other, item)) = next()? {
                if !protocol::is_same_or_equal(key.value(), other.value())? {
                    put(&captured[2], other)?;
                    put(&captured[3], item)?;
                    break;
                }
                group.push(item);
            }
            let group = protocol::get_iter(ListObject::new(group).value())?;
            Ok(Some(TupleObject::of([key, group]).into()))
        }))
    }
}

/// The name of a keyword.
pub(crate) fn keyword_is(keyword: Value, name: &str) -> bool {
    keyword.get::<StrObject>().is_some_and(|keyword| keyword.eq_str(name))
}
