//! `accumulate` and `starmap`: what a function makes of the items of an iterable.

use runtime::convert::OrNone;
use runtime::field::Field;
use runtime::header::Header;
use runtime::object;
use runtime::objects::iterators::own_keywords;
use runtime::type_object::TypeSpec;
use runtime::{BinaryOp, PyResult, Ref, TypeObject, Value, protocol, py_new};

use super::declare::{iterator_layout, iterator_spec};

iterator_layout! {
    /// `accumulate`
    Accumulate for ACCUMULATE {
        source,
        /// Unset for addition.
        function,
        /// Unset before the first item.
        total,
        /// What is given out before anything is taken in.
        initial,
    }
}

py_new! {
    fn new_accumulate(class, iterable: Value, func: OrNone<Ref>, initial: OrNone<Ref>)
    "accumulate(iterable, func=None, *, initial=None)" {
        let contents = Accumulate {
            header: Header::new(class),
            source: Field::new(protocol::get_iter(iterable)?),
            function: Field::from_option(func.0),
            total: Field::empty(),
            initial: Field::from_option(initial.0),
        };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_accumulate(value: Value) -> PyResult<Option<Ref>> {
    let this = Accumulate::of(value);
    if let Some(initial) = this.initial.take() {
        this.total.set(initial.clone());
        return Ok(Some(initial));
    }
    let Some(source) = this.source.get_ref() else { return Ok(None) };
    let Some(item) = protocol::iter_next(source.value())? else { return Ok(None) };
    let next = match (this.total.get_ref(), this.function.get_ref()) {
        (None, _) => item,
        (Some(total), None) => protocol::binary_op(BinaryOp::Add, total.value(), item.value())?,
        (Some(total), Some(function)) => {
            protocol::call(function.value(), &[total.value(), item.value()], None)?
        }
    };
    this.total.set(next.clone());
    Ok(Some(next))
}

pub(super) static ACCUMULATE: TypeObject = TypeObject::from_spec(&ACCUMULATE_SPEC);
static ACCUMULATE_SPEC: TypeSpec = iterator_spec::<Accumulate>(
    "accumulate",
    "accumulate(iterable, func=None, *, initial=None)\n--\n\nRunning totals: of sums, or of what the function makes of the total and an item.",
    new_accumulate,
    next_accumulate,
);

iterator_layout! {
    /// `starmap`
    StarMap for STARMAP { function, source, }
}

py_new! {
    fn new_starmap(class, function: Ref, iterable: Value) "starmap(function, iterable, /)" {
        let source = Field::new(protocol::get_iter(iterable)?);
        let contents = StarMap { header: Header::new(class), function: Field::new(function), source };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_starmap(value: Value) -> PyResult<Option<Ref>> {
    let this = StarMap::of(value);
    let (Some(source), Some(function)) = (this.source.get_ref(), this.function.get_ref()) else {
        return Ok(None);
    };
    let Some(args) = protocol::iter_next(source.value())? else { return Ok(None) };
    let args = protocol::collect(args.value())?;
    let values: Vec<Value> = args.iter().map(Ref::value).collect();
    protocol::call(function.value(), &values, None).map(Some)
}

pub(super) static STARMAP: TypeObject = TypeObject::from_spec(&STARMAP_SPEC);
static STARMAP_SPEC: TypeSpec = iterator_spec::<StarMap>(
    "starmap",
    "starmap(function, iterable, /)\n--\n\nWhat the function returns for each item, which is a sequence of its arguments.",
    |class, args| new_starmap(class, own_keywords(class, &STARMAP, args)),
    next_starmap,
);
