//! `tuple`: an immutable sequence, items inline behind the length.

use std::cell::Cell;

use crate::alloc;
use crate::args::Args;
use crate::hash;
use crate::header::{Header, flags};
use crate::object::{self, Object, Visitor};
use crate::objects::sequence::{self, SearchBound, SliceBounds};
use crate::objects::str::{StrBuilder, StrObject};
use crate::objects::{self, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};
use crate::world::World;

/// A tuple; its items follow the length.
#[repr(C)]
pub struct TupleObject {
    header: Header,
    len: usize,
    items: [Value; 0],
}

const ITEMS: usize = std::mem::offset_of!(TupleObject, items);

// SAFETY: `repr(C)`, header first.
unsafe impl Object for TupleObject {
    fn type_object() -> &'static TypeObject {
        &TUPLE
    }

    fn traverse(&self, visit: Visitor<'_>) {
        self.items().iter().copied().filter(|item| !item.is_null()).for_each(visit);
    }
}

impl Drop for TupleObject {
    fn drop(&mut self) {
        for &item in self.items() {
            if !item.is_null() {
                // SAFETY: a tuple owns one count of every item.
                drop(unsafe { Ref::from_owned(item) });
            }
        }
    }
}

static EMPTY: World<Cell<Value>> = World::new(Cell::new(Value::NULL));

pub(crate) fn var_end(header: &Header) -> usize {
    // SAFETY: only called for instances of tuple.
    let this = unsafe { &*std::ptr::from_ref(header).cast::<TupleObject>() };
    ITEMS + this.len * 8
}

impl TupleObject {
    /// A tuple that owns `items`.
    pub fn new(items: Vec<Ref>) -> Py<TupleObject> {
        Self::from_items(items.len(), items)
    }

    /// A tuple of one, two ... items.
    pub fn of<const N: usize>(items: [Ref; N]) -> Py<TupleObject> {
        Self::from_items(N, items)
    }

    /// A tuple of borrowed items.
    pub fn from_values(items: &[Value]) -> Py<TupleObject> {
        Self::from_items(items.len(), items.iter().map(|item| item.to_ref()))
    }

    fn from_items(len: usize, items: impl IntoIterator<Item = Ref>) -> Py<TupleObject> {
        if len == 0 {
            return Self::empty();
        }
        Self::build(&TUPLE, len, items)
    }

    /// A tuple of `ty` with exactly `len` items.
    fn build(ty: &TypeObject, len: usize, items: impl IntoIterator<Item = Ref>) -> Py<TupleObject> {
        let size = (ITEMS + len * 8 + 8).max(size_of::<TupleObject>());
        let memory = alloc::allocate(size);
        let this = memory.cast::<TupleObject>();
        // SAFETY: the block has room for the items and a dict slot; the items are written before the header is published.
        unsafe {
            let large = (*memory).flag_bits() & flags::LARGE;
            let slots = this.cast::<u8>().add(ITEMS).cast::<Value>();
            let mut filled = 0;
            for item in items.into_iter().take(len) {
                slots.add(filled).write(item.into_value());
                filled += 1;
            }
            (&raw mut (*this).len).write(filled);
            let end = ITEMS + filled * 8;
            std::ptr::write_bytes(this.cast::<u8>().add(end), 0, size - end);
            object::finish_header(memory, ty, large);
            Py::from_raw(this)
        }
    }

    /// An instance of a tuple subclass.
    pub fn instance_of(ty: &TypeObject, items: Vec<Ref>) -> Py<TupleObject> {
        Self::build(ty, items.len(), items)
    }

    /// The empty tuple.
    pub fn empty() -> Py<TupleObject> {
        if EMPTY.get().is_null() {
            let made = Self::build(&TUPLE, 0, []);
            made.header.make_immortal();
            EMPTY.set(made.value());
            return made;
        }
        // SAFETY: the cell holds the immortal empty tuple.
        Py::from_object(unsafe { EMPTY.get().cast::<TupleObject>() })
    }

    /// Puts other items in the place of the present ones, which it hands over.
    ///
    /// # Safety
    /// `tuple` is a tuple of `N` items, whose items nobody has borrowed.
    pub(crate) unsafe fn refill<const N: usize>(tuple: Value, items: [Ref; N]) -> [Ref; N] {
        let first = tuple.ptr().cast::<u8>().wrapping_add(ITEMS).cast::<Value>();
        let mut at = 0;
        items.map(|item| {
            // SAFETY: the contract; a tuple owns one count of every item.
            let old = unsafe { Ref::from_owned(first.add(at).replace(item.into_value())) };
            at += 1;
            old
        })
    }

    /// The items, borrowed.
    #[inline]
    pub fn items(&self) -> &[Value] {
        let first = std::ptr::from_ref(self).cast::<u8>().wrapping_add(ITEMS).cast::<Value>();
        // SAFETY: `len` words follow.
        unsafe { std::slice::from_raw_parts(first, self.len) }
    }

    /// Number of items.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no item.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

fn this<'a>(value: Value) -> &'a TupleObject {
    // SAFETY: slots of tuple are called for instances of tuple.
    unsafe { value.cast() }
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    // A subclass with an `__init__` of its own takes keywords there.
    if std::ptr::eq(ty, &raw const TUPLE) || objects::object::is_object_init(ty) {
        args.no_keywords("tuple")?;
    }
    if args.positional.len() > 1 {
        return Err(crate::raise!(
            TypeError,
            "tuple expected at most 1 argument, got {}",
            args.positional.len()
        ));
    }
    let exact = std::ptr::eq(ty, &raw const TUPLE);
    let items = match args.positional.first() {
        None => Vec::new(),
        Some(&source) if exact && source.is_exact(&TUPLE) => return Ok(source.to_ref()),
        Some(&source) => protocol::collect(source)?,
    };
    if exact {
        Ok(TupleObject::new(items).into())
    } else {
        Ok(TupleObject::build(ty, items.len(), items).into())
    }
}

fn repr(value: Value) -> PyResult {
    let tuple = this(value);
    if tuple.is_empty() {
        return Ok(StrObject::new("()").into());
    }
    let Some(_guard) = protocol::ReprGuard::enter(value)? else { return Ok(StrObject::new("(...)").into()) };
    let mut text = StrBuilder::new();
    text.push_str("(");
    for (at, &item) in tuple.items().iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        protocol::push_repr(&mut text, item)?;
    }
    text.push_str(if tuple.len() == 1 { ",)" } else { ")" });
    Ok(text.finish().into())
}

fn hash_tuple(value: Value) -> PyResult<i64> {
    let hashes =
        this(value).items().iter().map(|&item| protocol::hash(item)).collect::<PyResult<Vec<_>>>()?;
    Ok(hash::avoid_minus_one(hash::sequence(hashes.into_iter())))
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (a.get::<TupleObject>(), b.get::<TupleObject>()) else {
        return singleton::decline();
    };
    sequence::compare(
        &|at| a.items().get(at).map(|item| item.to_ref()),
        a.len(),
        &|at| b.items().get(at).map(|item| item.to_ref()),
        b.len(),
        op,
    )
}

fn subscript(value: Value, key: Value) -> PyResult {
    let tuple = this(value);
    match sequence::Subscript::of(key, "tuple")? {
        sequence::Subscript::Index(at) => match sequence::wrap_index(at, tuple.len()) {
            Some(at) => Ok(tuple.items()[at].to_ref()),
            None => Err(crate::raise!(IndexError, "tuple index out of range")),
        },
        sequence::Subscript::Slice(slice) => {
            let bounds = SliceBounds::resolve(slice, tuple.len())?;
            if bounds.is_whole(tuple.len()) && value.is_exact(&TUPLE) {
                return Ok(value.to_ref());
            }
            Ok(TupleObject::new(bounds.indices().map(|at| tuple.items()[at].to_ref()).collect()).into())
        }
    }
}

fn concat(a: Value, b: Value) -> PyResult {
    let Some(other) = b.get::<TupleObject>() else {
        return Err(crate::raise!(
            TypeError,
            "can only concatenate tuple (not \"{}\") to tuple",
            b.ty().name()
        ));
    };
    crate::reserve::probe(2 * (this(a).len() + other.len()) * size_of::<Value>())?;
    let items = this(a).items().iter().chain(other.items()).map(|item| item.to_ref()).collect();
    Ok(TupleObject::new(items).into())
}

fn repeat(value: Value, count: isize) -> PyResult {
    let tuple = this(value);
    if value.is_exact(&TUPLE) && (count == 1 || tuple.is_empty()) {
        return Ok(value.to_ref());
    }
    let count = sequence::checked_repeat(tuple.len(), count)?;
    let items = (0..count).flat_map(|_| tuple.items().iter().map(|item| item.to_ref())).collect();
    Ok(TupleObject::new(items).into())
}

fn contains(value: Value, item: Value) -> PyResult<bool> {
    for &candidate in this(value).items() {
        if protocol::is_same_or_equal(candidate, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn iter(value: Value) -> PyResult {
    Ok(objects::iterators::SequenceIterator::new(value, &objects::iterators::TUPLE_ITERATOR).into())
}

py_methods! { static METHODS for "tuple", &TupleObject;
    /// Return number of occurrences of value.
    "count(self, value, /)"
    fn count(this, value: Value) -> PyResult<usize> {
        let mut found = 0;
        for &item in this.items() {
            found += usize::from(protocol::is_same_or_equal(item, value)?);
        }
        Ok(found)
    }
    /// Return first index of value.
    ///
    /// Raises ValueError if the value is not present.
    "index(self, value, start=0, stop=9223372036854775807, /)"
    fn index(this, value: Value, start: Option<SearchBound>, stop: Option<SearchBound>) -> PyResult<usize> {
        let (from, to) = sequence::clamp_range(start.map(|at| at.0), stop.map(|at| at.0), this.len());
        for at in from..to {
            if protocol::is_same_or_equal(this.items()[at], value)? {
                return Ok(at);
            }
        }
        Err(crate::raise!(ValueError, "tuple.index(x): x not in tuple"))
    }
    /// For pickling.
    "__getnewargs__(self, /)"
    fn getnewargs(this) -> Ref {
        TupleObject::of([TupleObject::from_values(this.items()).into()]).into()
    }
}

/// `tuple`.
pub static TUPLE: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "tuple(iterable=(), /)\n--\n\nBuilt-in immutable sequence.\n\nIf no argument is given, the constructor returns an empty tuple.\nIf iterable is specified the tuple is initialized from iterable's items.\n\nIf the argument is a tuple, the return value is the same object.",
    flags: type_flags::BASE | type_flags::GC | type_flags::SEQUENCE | type_flags::MATCH_SELF,
    var_end: Some(var_end),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        hash: Some(hash_tuple),
        richcompare: Some(richcompare),
        len: Some(|value| Ok(this(value).len())),
        subscript: Some(subscript),
        concat: Some(concat),
        repeat: Some(repeat),
        contains: Some(contains),
        iter: Some(iter),
        ..Slots::EMPTY
    },
    methods: &[METHODS, crate::objects::typing::generic_alias::SUBSCRIPTABLE],
    ..TypeSpec::of::<TupleObject>("tuple")
};

const _: () = {
    use abi::layout::tuple_object as at;
    assert!(std::mem::offset_of!(TupleObject, len) == at::LEN);
    assert!(ITEMS == at::ITEMS);
};
