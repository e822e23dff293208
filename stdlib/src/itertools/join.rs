//! `chain`, `zip_longest`, `pairwise` and `batched`: items of several iterables in a row, or several items as one.

use std::cell::Cell;

use runtime::convert::{Keywords, Rest};
use runtime::field::Field;
use runtime::header::Header;
use runtime::objects::iterators::own_keywords;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, list::ListObject};
use runtime::type_object::TypeSpec;
use runtime::{PyResult, Ref, TypeObject, Value, object, protocol, py_class_methods, py_new, raise};

use super::declare::{iterator_layout, iterator_spec};

iterator_layout! {
    /// `chain`
    Chain for CHAIN {
        /// Gives the iterables; unset when it has ended.
        source,
        /// The one that is being iterated over.
        active,
    }
}

fn make_chain(class: &TypeObject, iterables: Value) -> PyResult {
    let source = Field::new(protocol::get_iter(iterables)?);
    Ok(object::new_object_of(class, Chain { header: Header::new(class), source, active: Field::empty() })
        .into())
}

py_new! {
    fn new_chain(class, iterables: Rest<'_>) "chain(*iterables)" {
        make_chain(class, TupleObject::from_values(iterables.0).value())
    }
}

fn next_chain(value: Value) -> PyResult<Option<Ref>> {
    let this = Chain::of(value);
    while let Some(source) = this.source.get_ref() {
        let active = match this.active.get_ref() {
            Some(active) => active,
            None => {
                let Some(active) = next_active(this, source.value())? else { return Ok(None) };
                this.active.set(active.clone());
                active
            }
        };
        if let Some(item) = protocol::iter_next(active.value())? {
            return Ok(Some(item));
        }
        drop(this.active.take());
    }
    Ok(None)
}

/// An iterator over the next iterable. The end, and an item that is no iterable, end the whole chain.
fn next_active(this: &Chain, source: Value) -> PyResult<Option<Ref>> {
    let active = match protocol::iter_next(source)? {
        Some(iterable) => protocol::get_iter(iterable.value()).map(Some),
        None => Ok(None),
    };
    if !matches!(active, Ok(Some(_))) {
        drop(this.source.take());
    }
    active
}

py_class_methods! { static CHAIN_METHODS for "itertools.chain";
    /// Like chain(*iterable), but the iterables are asked for one by one.
    "from_iterable(cls, iterable, /)"
    fn from_iterable(cls, iterable: Value) -> PyResult {
        make_chain(cls, iterable)
    }
}

pub(super) static CHAIN: TypeObject = TypeObject::from_spec(&CHAIN_SPEC);
static CHAIN_SPEC: TypeSpec = TypeSpec {
    methods: &[CHAIN_METHODS, runtime::objects::typing::generic_alias::SUBSCRIPTABLE],
    ..iterator_spec::<Chain>(
        "chain",
        "chain(*iterables)\n--\n\nThe items of the first iterable, then those of the second, and so on.",
        |class, args| new_chain(class, own_keywords(class, &CHAIN, args)),
        next_chain,
    )
};

iterator_layout! {
    /// `zip_longest`
    ZipLongest for ZIP_LONGEST {
        /// A list: an iterator, or None where one has ended.
        sources,
        fill,
    } {
        /// Iterators that have not ended.
        active: Cell<usize>,
    }
}

py_new! {
    fn new_zip_longest(class, iterables: Rest<'_>, keywords: Keywords) "zip_longest(*iterables, **kwargs)" {
        let mut fill = objects::none().to_ref();
        for (keyword, value) in keywords.0 {
            if !keyword.get::<StrObject>().is_some_and(|keyword| keyword.eq_str("fillvalue")) {
                return Err(raise!(TypeError, "zip_longest() got an unexpected keyword argument"));
            }
            fill = value.to_ref();
        }
        let sources = iterables.0.iter().map(|&iterable| protocol::get_iter(iterable)).collect::<PyResult<Vec<_>>>()?;
        let contents = ZipLongest {
            header: Header::new(class),
            active: Cell::new(sources.len()),
            sources: Field::new(ListObject::new(sources)),
            fill: Field::new(fill),
        };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_zip_longest(value: Value) -> PyResult<Option<Ref>> {
    let this = ZipLongest::of(value);
    let Some(sources) = this.sources.get_ref() else { return Ok(None) };
    let sources = sources.get::<ListObject>().expect("zip_longest keeps a list");
    if this.active.get() == 0 {
        return Ok(None);
    }
    let mut items = Vec::with_capacity(sources.len());
    for at in 0..sources.len() {
        let source = sources.get(at).filter(|source| !objects::is_none(source.value()));
        let item = match &source {
            None => None,
            Some(source) => protocol::iter_next(source.value()).inspect_err(|_| this.active.set(0))?,
        };
        if item.is_none() && source.is_some() {
            this.active.set(this.active.get().saturating_sub(1));
            if this.active.get() == 0 {
                return Ok(None);
            }
            drop(sources.set(at, objects::none().to_ref()));
        }
        items.push(item.unwrap_or_else(|| this.fill.get_or_none()));
    }
    Ok(Some(TupleObject::new(items).into()))
}

pub(super) static ZIP_LONGEST: TypeObject = TypeObject::from_spec(&ZIP_LONGEST_SPEC);
static ZIP_LONGEST_SPEC: TypeSpec = iterator_spec::<ZipLongest>(
    "zip_longest",
    "zip_longest(*iterables, fillvalue=None)\n--\n\nTuples of one item of each iterable, until the longest one has ended.\nThe fill value takes the place of items of those that end earlier.",
    new_zip_longest,
    next_zip_longest,
);

iterator_layout! {
    /// `pairwise`
    Pairwise for PAIRWISE {
        /// Unset when exhausted.
        source,
        /// The item that was the second of the last pair.
        previous,
    }
}

py_new! {
    fn new_pairwise(class, iterable: Value) "pairwise(iterable, /)" {
        let source = Field::new(protocol::get_iter(iterable)?);
        let contents = Pairwise { header: Header::new(class), source, previous: Field::empty() };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_pairwise(value: Value) -> PyResult<Option<Ref>> {
    let this = Pairwise::of(value);
    let step = || -> PyResult<Option<Ref>> {
        let Some(source) = this.source.get_ref() else { return Ok(None) };
        let item = protocol::iter_next(source.value());
        if !matches!(item, Ok(Some(_))) {
            drop((this.source.take(), this.previous.take()));
        }
        item
    };
    if this.previous.get().is_none() {
        let Some(first) = step()? else { return Ok(None) };
        this.previous.set(first);
    }
    let Some(first) = this.previous.get_ref() else { return Ok(None) };
    let Some(second) = step()? else { return Ok(None) };
    this.previous.set(second.clone());
    Ok(Some(TupleObject::of([first, second]).into()))
}

pub(super) static PAIRWISE: TypeObject = TypeObject::from_spec(&PAIRWISE_SPEC);
static PAIRWISE_SPEC: TypeSpec = iterator_spec::<Pairwise>(
    "pairwise",
    "pairwise(iterable, /)\n--\n\nOverlapping pairs: s -> (s0,s1), (s1,s2), (s2, s3), ...",
    |class, args| new_pairwise(class, own_keywords(class, &PAIRWISE, args)),
    next_pairwise,
);

iterator_layout! {
    /// `batched`
    Batched for BATCHED {
        /// Unset when exhausted.
        source,
    } { size: usize, is_strict: bool, }
}

py_new! {
    fn new_batched(class, iterable: Value, n: isize, strict: Option<bool>) "batched(iterable, n, *, strict=False)" {
        if n < 1 {
            return Err(raise!(ValueError, "n must be at least one"));
        }
        let source = Field::new(protocol::get_iter(iterable)?);
        let is_strict = strict.unwrap_or(false);
        let contents = Batched { header: Header::new(class), source, size: n as usize, is_strict };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_batched(value: Value) -> PyResult<Option<Ref>> {
    let this = Batched::of(value);
    let Some(source) = this.source.get_ref() else { return Ok(None) };
    let mut batch = Vec::new();
    while batch.len() < this.size {
        match protocol::iter_next(source.value())? {
            Some(item) => batch.push(item),
            None => break,
        }
    }
    if batch.len() == this.size {
        return Ok(Some(TupleObject::new(batch).into()));
    }
    drop(this.source.take());
    match batch.len() {
        0 => Ok(None),
        _ if this.is_strict => Err(raise!(ValueError, "batched(): incomplete batch")),
        _ => Ok(Some(TupleObject::new(batch).into())),
    }
}

pub(super) static BATCHED: TypeObject = TypeObject::from_spec(&BATCHED_SPEC);
static BATCHED_SPEC: TypeSpec = iterator_spec::<Batched>(
    "batched",
    "batched(iterable, n, *, strict=False)\n--\n\nTuples of n items; the last one may be shorter, unless strict is true: then that raises a ValueError.\n\n    >>> for batch in batched('ABCDEFG', 3):\n    ...     print(batch)\n    ...\n    ('A', 'B', 'C')\n    ('D', 'E', 'F')\n    ('G',)",
    new_batched,
    next_batched,
);
