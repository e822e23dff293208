//! `tee`: several iterators over the items of one. What they have not all seen lies in a chain of links, each with some items; an
//! iterator holds the link it has come to, so that what all have seen is freed.

use std::cell::{Cell, RefCell};

use runtime::field::Field;
use runtime::header::Header;
use runtime::object::{Object, Visitor};
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, object, protocol, py_functions, py_methods, py_new, raise};

use super::declare::{iterator_layout, iterator_spec};

/// Items of a link.
const LINK: usize = 57;

/// A stretch of items.
#[repr(C)]
struct Link {
    header: Header,
    source: Field,
    /// The link behind this one, if that is full.
    next: Field,
    items: RefCell<Vec<Ref>>,
    /// Whether the source is being asked.
    is_running: Cell<bool>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Link {
    fn type_object() -> &'static TypeObject {
        &TEE_LINK
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.source.visit(visit);
        self.next.visit(visit);
        self.items.borrow().iter().for_each(|item| visit(item.value()));
    }
    fn clear(&self) {
        drop((self.source.take(), self.next.take(), self.items.take()));
    }
}

fn new_link(source: Ref) -> Ref {
    let contents = Link {
        header: Header::new(&TEE_LINK),
        source: Field::new(source),
        next: Field::empty(),
        items: RefCell::default(),
        is_running: Cell::new(false),
    };
    object::new_object(contents).into()
}

impl Link {
    /// The item at a position, which may be the first one behind those seen.
    fn item(&self, at: usize) -> PyResult<Option<Ref>> {
        if let Some(item) = self.items.borrow().get(at) {
            return Ok(Some(item.clone()));
        }
        if self.is_running.get() {
            return Err(raise!(RuntimeError, "cannot re-enter the tee iterator"));
        }
        let Some(source) = self.source.get_ref() else { return Ok(None) };
        self.is_running.set(true);
        let item = protocol::iter_next(source.value());
        self.is_running.set(false);
        if let Ok(Some(item)) = &item {
            self.items.borrow_mut().push(item.clone());
        }
        item
    }

    /// The link behind this one, which is full.
    fn following(&self) -> Option<Ref> {
        if self.next.get().is_none() {
            self.next.set(new_link(self.source.get_ref()?));
        }
        self.next.get_ref()
    }
}

pub(super) static TEE_LINK: TypeObject = TypeObject::from_spec(&TEE_LINK_SPEC);
static TEE_LINK_SPEC: TypeSpec = TypeSpec {
    module: "itertools",
    doc: "Items that some of the iterators of tee() have yet to see.",
    flags: type_flags::GC | type_flags::NO_NEW,
    ..TypeSpec::of::<Link>("_tee_dataobject")
};

iterator_layout! {
    /// An iterator of `tee`.
    Tee for TEE { link, } { at: Cell<usize>, }
}

fn make_tee(link: Ref, at: usize) -> Ref {
    object::new_object(Tee { header: Header::new(&TEE), link: Field::new(link), at: Cell::new(at) }).into()
}

/// An iterator over the same items from here on.
fn copy_tee(this: &Tee) -> PyResult {
    let link = this.link.get_ref().ok_or_else(|| raise!(RuntimeError, "iterator is being torn down"))?;
    Ok(make_tee(link, this.at.get()))
}

/// An iterator over an iterable that can be copied.
fn tee_of(iterable: Value) -> PyResult {
    let source = protocol::get_iter(iterable)?;
    match source.value().get::<Tee>() {
        Some(tee) => copy_tee(tee),
        None => Ok(make_tee(new_link(source), 0)),
    }
}

py_new! {
    fn new_tee(class, iterable: Value) "_tee(iterable, /)" {
        let _ = class;
        tee_of(iterable)
    }
}

fn next_tee(value: Value) -> PyResult<Option<Ref>> {
    let this = Tee::of(value);
    let Some(mut link) = this.link.get_ref() else { return Ok(None) };
    if this.at.get() >= LINK {
        let following = link.get::<Link>().and_then(Link::following);
        let Some(following) = following else { return Ok(None) };
        this.link.set(following.clone());
        this.at.set(0);
        link = following;
    }
    let at = this.at.get();
    let item = link.get::<Link>().expect("tee keeps a link").item(at)?;
    if item.is_some() {
        this.at.set(at + 1);
    }
    Ok(item)
}

py_methods! { static METHODS for "itertools._tee", &Tee;
    /// Returns an independent iterator.
    "__copy__(self, /)"
    fn copy(this) -> PyResult {
        copy_tee(this)
    }
}

pub(super) static TEE: TypeObject = TypeObject::from_spec(&TEE_SPEC);
static TEE_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::WEAK,
    methods: &[METHODS],
    ..iterator_spec::<Tee>(
        "_tee",
        "_tee(iterable, /)\n--\n\nIterator wrapped to make it copyable.",
        new_tee,
        next_tee,
    )
};

py_functions! { pub(super) static FUNCTIONS;
    /// Returns a tuple of n independent iterators.
    "tee(iterable, n=2, /)"
    fn tee(iterable: Value, n: Option<isize>) -> PyResult {
        let count = usize::try_from(n.unwrap_or(2)).map_err(|_| raise!(ValueError, "n must be >= 0"))?;
        if count == 0 {
            return Ok(TupleObject::empty().into());
        }
        let source = protocol::get_iter(iterable)?;
        // An iterator that can copy itself needs no links.
        let name = StrObject::intern("__copy__");
        let first = match source.ty().lookup(name.value()) {
            Some(_) => source,
            None => tee_of(source.value())?,
        };
        let mut branches = Vec::new();
        branches.try_reserve(count).map_err(|_| raise!(MemoryError, ""))?;
        branches.push(first);
        for _ in 1..count {
            let copy = protocol::get_attr(branches[0].value(), name.value())?;
            branches.push(protocol::call(copy.value(), &[], None)?);
        }
        Ok(TupleObject::new(branches).into())
    }
}
