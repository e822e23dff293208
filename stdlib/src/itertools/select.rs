//! `compress`, `dropwhile`, `takewhile`, `filterfalse` and `islice`: some of the items of an iterable.

use std::cell::Cell;

use runtime::field::Field;
use runtime::header::Header;
use runtime::object;
use runtime::objects::iterators::own_keywords;
use runtime::objects::{self, int};
use runtime::type_object::TypeSpec;
use runtime::{PyResult, Ref, TypeObject, Value, protocol, py_new, raise};

use super::declare::{iterator_layout, iterator_spec};

/// What a predicate says of an item.
fn is_accepted(predicate: &Field, item: &Ref) -> PyResult<bool> {
    let Some(predicate) = predicate.get_ref() else { return Ok(false) };
    protocol::is_true(protocol::call_one(predicate.value(), item.value())?.value())
}

/// The next item of an iterator in a field.
fn step(iterator: &Field) -> PyResult<Option<Ref>> {
    iterator.get_ref().map_or(Ok(None), |iterator| protocol::iter_next(iterator.value()))
}

iterator_layout! {
    /// `compress`
    Compress for COMPRESS { data, selectors, }
}

py_new! {
    fn new_compress(class, data: Value, selectors: Value) "compress(data, selectors)" {
        let (data, selectors) = (Field::new(protocol::get_iter(data)?), Field::new(protocol::get_iter(selectors)?));
        Ok(object::new_object_of(class, Compress { header: Header::new(class), data, selectors }).into())
    }
}

fn next_compress(value: Value) -> PyResult<Option<Ref>> {
    let this = Compress::of(value);
    loop {
        let Some(item) = step(&this.data)? else { return Ok(None) };
        let Some(selector) = step(&this.selectors)? else { return Ok(None) };
        if protocol::is_true(selector.value())? {
            return Ok(Some(item));
        }
    }
}

pub(super) static COMPRESS: TypeObject = TypeObject::from_spec(&COMPRESS_SPEC);
static COMPRESS_SPEC: TypeSpec = iterator_spec::<Compress>(
    "compress",
    "compress(data, selectors)\n--\n\nThose items of data whose selector is true; ends with the shorter of the two.",
    new_compress,
    next_compress,
);

macro_rules! conditional {
    ($layout:ident, $ty:ident, $new:ident, $signature:literal) => {
        iterator_layout! {
            /// `dropwhile` or `takewhile`
            $layout for $ty { predicate, source, } {
                /// Whether the predicate has been false.
                is_over: Cell<bool>,
            }
        }

        py_new! {
            fn $new(class, predicate: Ref, iterable: Value) $signature {
                let contents = $layout {
                    header: Header::new(class),
                    predicate: Field::new(predicate),
                    source: Field::new(protocol::get_iter(iterable)?),
                    is_over: Cell::new(false),
                };
                Ok(object::new_object_of(class, contents).into())
            }
        }
    };
}

conditional!(DropWhile, DROPWHILE, new_dropwhile, "dropwhile(predicate, iterable, /)");
conditional!(TakeWhile, TAKEWHILE, new_takewhile, "takewhile(predicate, iterable, /)");

fn next_dropwhile(value: Value) -> PyResult<Option<Ref>> {
    let this = DropWhile::of(value);
    loop {
        let Some(item) = step(&this.source)? else { return Ok(None) };
        if this.is_over.get() || !is_accepted(&this.predicate, &item)? {
            this.is_over.set(true);
            return Ok(Some(item));
        }
    }
}

fn next_takewhile(value: Value) -> PyResult<Option<Ref>> {
    let this = TakeWhile::of(value);
    if this.is_over.get() {
        return Ok(None);
    }
    let Some(item) = step(&this.source)? else { return Ok(None) };
    if is_accepted(&this.predicate, &item)? {
        return Ok(Some(item));
    }
    this.is_over.set(true);
    Ok(None)
}

pub(super) static DROPWHILE: TypeObject = TypeObject::from_spec(&DROPWHILE_SPEC);
static DROPWHILE_SPEC: TypeSpec = iterator_spec::<DropWhile>(
    "dropwhile",
    "dropwhile(predicate, iterable, /)\n--\n\nThe items from the first one on for which the predicate is false.",
    |class, args| new_dropwhile(class, own_keywords(class, &DROPWHILE, args)),
    next_dropwhile,
);

pub(super) static TAKEWHILE: TypeObject = TypeObject::from_spec(&TAKEWHILE_SPEC);
static TAKEWHILE_SPEC: TypeSpec = iterator_spec::<TakeWhile>(
    "takewhile",
    "takewhile(predicate, iterable, /)\n--\n\nThe items before the first one for which the predicate is false.",
    |class, args| new_takewhile(class, own_keywords(class, &TAKEWHILE, args)),
    next_takewhile,
);

iterator_layout! {
    /// `filterfalse`
    FilterFalse for FILTERFALSE { function, source, }
}

py_new! {
    fn new_filterfalse(class, function: Ref, iterable: Value) "filterfalse(function, iterable, /)" {
        let contents = FilterFalse {
            header: Header::new(class),
            function: Field::new(function),
            source: Field::new(protocol::get_iter(iterable)?),
        };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_filterfalse(value: Value) -> PyResult<Option<Ref>> {
    let this = FilterFalse::of(value);
    loop {
        let Some(item) = step(&this.source)? else { return Ok(None) };
        let is_plain = this.function.get().is_some_and(objects::is_none);
        let is_rejected =
            if is_plain { protocol::is_true(item.value())? } else { is_accepted(&this.function, &item)? };
        if !is_rejected {
            return Ok(Some(item));
        }
    }
}

pub(super) static FILTERFALSE: TypeObject = TypeObject::from_spec(&FILTERFALSE_SPEC);
static FILTERFALSE_SPEC: TypeSpec = iterator_spec::<FilterFalse>(
    "filterfalse",
    "filterfalse(function, iterable, /)\n--\n\nThe items for which the function is false, or which are false if it is None.",
    |class, args| new_filterfalse(class, own_keywords(class, &FILTERFALSE, args)),
    next_filterfalse,
);

iterator_layout! {
    /// `islice`
    Slice for ISLICE {
        /// Unset when exhausted.
        source,
    } {
        /// Items taken from the source.
        taken: Cell<usize>,
        /// Position of the item that is due.
        due: Cell<usize>,
        stop: Option<usize>,
        step: usize,
    }
}

/// A bound of `islice`.
fn bound(value: Value, what: &str) -> PyResult<Option<usize>> {
    if objects::is_none(value) {
        return Ok(None);
    }
    let number = int::to_isize(value).ok().and_then(|number| usize::try_from(number).ok());
    number.map(Some).ok_or_else(|| {
        drop(runtime::thread().fetch_raised());
        raise!(ValueError, "{what} for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
    })
}

fn slice_step(step: Value) -> PyResult<usize> {
    let message = "Step for islice() must be a positive integer or None.";
    match bound(step, "Step") {
        Ok(None) => Ok(1),
        Ok(Some(step)) if step > 0 => Ok(step),
        Ok(Some(_)) => Err(raise!(ValueError, "{message}")),
        Err(_) => {
            drop(runtime::thread().fetch_raised());
            Err(raise!(ValueError, "{message}"))
        }
    }
}

py_new! {
    fn new_islice(class, iterable: Value, start: Value, stop: Option<Value>, step: Option<Value>)
    "islice(iterable, start, stop=None, step=None, /)" {
        let (start, stop) = match stop {
            None => (0, bound(start, "Stop argument")?),
            Some(stop) => {
                let stop = bound(stop, "Stop argument")?;
                (bound(start, "Indices")?.unwrap_or(0), stop)
            }
        };
        let step = step.map_or(Ok(1), slice_step)?;
        let source = Field::new(protocol::get_iter(iterable)?);
        let (taken, due) = (Cell::new(0), Cell::new(start));
        let contents = Slice { header: Header::new(class), source, taken, due, stop, step };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_islice(value: Value) -> PyResult<Option<Ref>> {
    let this = Slice::of(value);
    let item = loop {
        let (taken, due) = (this.taken.get(), this.due.get());
        if taken >= due && this.stop.is_some_and(|stop| taken >= stop) {
            break None;
        }
        let Some(item) = step(&this.source)? else { break None };
        this.taken.set(taken + 1);
        if taken >= due {
            let next = due.saturating_add(this.step);
            this.due.set(this.stop.map_or(next, |stop| next.min(stop)));
            break Some(item);
        }
    };
    if item.is_none() {
        drop(this.source.take());
    }
    Ok(item)
}

pub(super) static ISLICE: TypeObject = TypeObject::from_spec(&ISLICE_SPEC);
static ISLICE_SPEC: TypeSpec = iterator_spec::<Slice>(
    "islice",
    "islice(iterable, stop) --> islice object\nislice(iterable, start, stop[, step]) --> islice object\n\nThe items at the positions that a slice would select, without copying.",
    |class, args| new_islice(class, own_keywords(class, &ISLICE, args)),
    next_islice,
);
