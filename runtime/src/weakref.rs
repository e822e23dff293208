//! Weak references: a side table from objects to the first of the references that watch them, which are linked both ways.
//!
//! An object that is watched carries a header flag, so that the others pay nothing. When it dies, every reference to it is
//! cleared first and then the callbacks run. Proxies are references, too, which the types of `_weakref` make transparent. The list of an
//! object begins with the plain reference and the plain proxy, which have no callback and are shared; the others follow, newest first.
//! Making and dropping a reference takes the time of a look into the table, however many there are.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

use crate::args::Args;
use crate::field::Field;
use crate::header::{Header, flags};
use crate::methods::GetSetDef;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects::str::StrObject;
use crate::objects::{self, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};
use crate::world::World;
use std::cell::Cell;

/// A weak reference.
#[repr(C)]
pub struct WeakRef {
    header: Header,
    /// Not counted; null once the referent is gone.
    referent: Cell<Value>,
    callback: Field,
    hash: Cell<Option<i64>>,
    /// Neighbours in the list of the referent; null at its ends.
    previous: Cell<*const WeakRef>,
    next: Cell<*const WeakRef>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for WeakRef {
    fn type_object() -> &'static TypeObject {
        &WEAK_REF
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.callback.visit(visit);
    }
}

impl Drop for WeakRef {
    fn drop(&mut self) {
        if let Some(referent) = self.referent.get().non_null() {
            forget(referent, self);
        }
    }
}

/// The first reference to each object that is watched.
static TABLE: World<RefCell<BTreeMap<usize, *const WeakRef>>> = World::new(RefCell::new(BTreeMap::new()));

/// The list that begins with a reference; empty for null.
fn listed(first: *const WeakRef) -> impl Iterator<Item = &'static WeakRef> {
    // SAFETY: references leave their list when they die, so that all in it are alive.
    std::iter::successors(unsafe { first.as_ref() }, |entry| unsafe { entry.next.get().as_ref() })
}

/// The references that watch an object.
fn watching(object: Value) -> impl Iterator<Item = &'static WeakRef> {
    listed(TABLE.borrow().get(&(object.ptr() as usize)).copied().unwrap_or(std::ptr::null()))
}

/// Takes a dying reference out of the list of what it refers to.
fn forget(referent: Value, reference: &WeakRef) {
    let (previous, next) = reference.unlink();
    if !previous.is_null() {
        return;
    }
    let mut table = TABLE.borrow_mut();
    let key = referent.ptr() as usize;
    if !next.is_null() {
        table.insert(key, next);
        return;
    }
    table.remove(&key);
    if let Some(header) = referent.header() {
        header.clear(flags::HAS_WEAKREFS);
    }
}

/// What of an object is shared: the first of its list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    Reference,
    Proxy,
    /// It has a callback or is of a subclass.
    Not,
}

impl WeakRef {
    /// Joins its neighbours, which are given.
    fn unlink(&self) -> (*const WeakRef, *const WeakRef) {
        let (previous, next) = (self.previous.replace(std::ptr::null()), self.next.replace(std::ptr::null()));
        // SAFETY: all in a list are alive.
        if let Some(previous) = unsafe { previous.as_ref() } {
            previous.next.set(next);
        }
        // SAFETY: as above.
        if let Some(next) = unsafe { next.as_ref() } {
            next.previous.set(previous);
        }
        (previous, next)
    }

    /// Enters the list of its referent, behind those that come before it.
    fn link(&self, referent: Value) {
        let mut table = TABLE.borrow_mut();
        let first = table.entry(referent.ptr() as usize).or_insert(std::ptr::null());
        let plain = self.plain();
        let previous = listed(*first).take_while(|entry| comes_before(entry.plain(), plain)).last();
        let next = previous.map_or(*first, |previous| previous.next.get());
        match previous {
            Some(previous) => previous.next.set(self),
            None => *first = self,
        }
        // SAFETY: all in a list are alive.
        if let Some(next) = unsafe { next.as_ref() } {
            next.previous.set(self);
        }
        self.previous.set(previous.map_or(std::ptr::null(), std::ptr::from_ref));
        self.next.set(next);
    }

    fn plain(&self) -> Plain {
        match self.header.ty() {
            _ if self.callback.get().is_some() => Plain::Not,
            ty if std::ptr::eq(ty, &raw const WEAK_REF) => Plain::Reference,
            ty if ty.is_subtype_of(&WEAK_REF) => Plain::Not,
            _ => Plain::Proxy,
        }
    }
}

/// A reference to `object`. `ty` is [`WEAK_REF`], a subclass, or a type of proxies.
pub fn new_ref(ty: &TypeObject, object: Value, callback: Option<Ref>) -> PyResult {
    let Some(header) = object.header().filter(|_| object.ty().has(type_flags::WEAK)) else {
        let name = object.ty().name();
        return Err(crate::raise!(TypeError, "cannot create weak reference to '{name}' object"));
    };
    let contents = WeakRef {
        header: Header::new(ty),
        referent: Cell::new(Value::NULL),
        callback: Field::from_option(callback),
        hash: Cell::new(None),
        previous: Cell::new(std::ptr::null()),
        next: Cell::new(std::ptr::null()),
    };
    let plain = contents.plain();
    if let Some(known) = existing(object, plain) {
        return Ok(known);
    }
    // Making the object may collect, and a callback may make a plain reference meanwhile.
    let made = object::new_object_in_layout(ty, contents);
    if let Some(known) = existing(object, plain) {
        return Ok(known);
    }
    made.referent.set(object);
    header.set(flags::HAS_WEAKREFS);
    made.link(object);
    Ok(made.into())
}

/// Whether an entry of a list stands before a new one.
fn comes_before(entry: Plain, new: Plain) -> bool {
    match new {
        Plain::Reference => false,
        Plain::Proxy => entry == Plain::Reference,
        Plain::Not => entry != Plain::Not,
    }
}

/// A plain reference or proxy that exists already.
fn existing(object: Value, plain: Plain) -> Option<Ref> {
    if plain == Plain::Not {
        return None;
    }
    watching(object)
        .take_while(|entry| entry.plain() != Plain::Not)
        .find(|entry| entry.plain() == plain && !is_dying(&entry.header))
        .map(|entry| Value::from_object(entry).to_ref())
}

/// What a weak reference refers to, if that is alive.
pub fn referent(reference: Value) -> Option<Ref> {
    reference.get::<WeakRef>().and_then(WeakRef::upgrade)
}

/// What a proxy stands for, if that is alive.
///
/// # Safety
/// The type of `proxy` is declared with the layout of [`WeakRef`].
pub unsafe fn behind_proxy(proxy: Value) -> Option<Ref> {
    // SAFETY: the contract.
    unsafe { proxy.cast::<WeakRef>() }.upgrade()
}

/// Number of references that watch an object.
pub fn count(object: Value) -> usize {
    watching(object).count()
}

/// All references that watch an object.
pub fn references(object: Value) -> Vec<Ref> {
    let alive = watching(object).filter(|entry| !is_dying(&entry.header));
    alive.map(|entry| Value::from_object(entry).to_ref()).collect()
}

/// Whether some object that lives has a reference that calls back when it dies.
pub(crate) fn any_calls_back() -> bool {
    TABLE.borrow().values().copied().flat_map(listed).any(|reference| reference.callback.get().is_some())
}

/// Clears the references to a dying object and runs their callbacks.
pub(crate) fn clear_for(object: *mut Header) {
    // SAFETY: the object is dying but still there.
    unsafe { (*object).clear(flags::HAS_WEAKREFS) };
    let first = TABLE.borrow_mut().remove(&(object as usize));
    run_callbacks(first.map(detach).unwrap_or_default());
}

/// Clears the references to garbage; callbacks of references that are garbage themselves do not run.
pub(crate) fn clear_garbage(garbage: &[Ref]) {
    let mut pending = Vec::new();
    let dead: HashSet<u64> = garbage.iter().map(|object| object.value().bits()).collect();
    for object in garbage {
        let Some(header) = object.header().filter(|header| header.has(flags::HAS_WEAKREFS)) else { continue };
        header.clear(flags::HAS_WEAKREFS);
        let first = TABLE.borrow_mut().remove(&(object.value().ptr() as usize));
        let detached = first.map(detach).into_iter().flatten();
        pending.extend(detached.filter(|reference| !dead.contains(&reference.value().bits())));
    }
    run_callbacks(pending);
}

/// Clears the references of a list and takes it apart. Those that are dying themselves are not among the result: their callbacks do
/// not run.
fn detach(first: *const WeakRef) -> Vec<Ref> {
    let entries: Vec<&WeakRef> = listed(first).collect();
    for entry in &entries {
        entry.referent.set(Value::NULL);
        entry.unlink();
    }
    let alive = entries.into_iter().filter(|entry| !is_dying(&entry.header));
    alive.map(|entry| Value::from_object(entry).to_ref()).collect()
}

/// Whether an object has no owner any more: it is being destroyed, or waits for that.
fn is_dying(header: &Header) -> bool {
    header.has(flags::DYING) || header.refcount() == 0
}

fn run_callbacks(references: Vec<Ref>) {
    for reference in references {
        // SAFETY: entries of the table are of types that share the layout.
        let callback = unsafe { reference.value().cast::<WeakRef>() }.callback.take();
        let Some(callback) = callback else { continue };
        let pending = crate::thread::thread().fetch_raised();
        if let Err(raised) = protocol::call_one(callback.value(), reference.value()) {
            crate::error::write_unraisable_at(raised, "while calling weakref callback", callback.value());
        }
        if let Some(exception) = pending {
            let _raised = crate::thread::thread().set_raised(exception);
        }
    }
}

impl WeakRef {
    /// The referent, counted, if it is alive.
    pub fn upgrade(&self) -> Option<Ref> {
        let referent = self.referent.get().non_null()?;
        referent.header().filter(|header| !is_dying(header)).map(|_| referent.to_ref())
    }
}

fn this<'a>(value: Value) -> &'a WeakRef {
    value.get::<WeakRef>().expect("slots are called for instances")
}

fn check_count(method: &str, args: Args<'_>) -> PyResult<()> {
    let given = args.positional.len();
    match given {
        0 => Err(crate::raise!(TypeError, "{method} expected at least 1 argument, got 0")),
        1 | 2 => Ok(()),
        _ => Err(crate::raise!(TypeError, "{method} expected at most 2 arguments, got {given}")),
    }
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    if std::ptr::eq(ty, &raw const WEAK_REF) {
        args.no_keywords("ref")?;
    }
    check_count("__new__", args)?;
    let callback = args.positional.get(1).filter(|&&callback| !objects::is_none(callback));
    new_ref(ty, args.positional[0], callback.map(|callback| callback.to_ref()))
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    if std::ptr::eq(value.ty(), &raw const WEAK_REF) {
        args.no_keywords("ref")?;
    }
    check_count("__init__", args)
}

fn call(value: Value, args: Args<'_>) -> PyResult {
    args.no_keywords("weakref")?;
    if !args.positional.is_empty() {
        let given = args.positional.len();
        return Err(crate::raise!(TypeError, "weakref expected 0 arguments, got {given}"));
    }
    Ok(this(value).upgrade().unwrap_or_else(|| objects::none().to_ref()))
}

/// "<weakref at ...; to 'C' at ... (name)>"
fn repr(value: Value) -> PyResult {
    let Some(referent) = this(value).upgrade() else {
        return Ok(StrObject::new(&format!("<weakref at {:#x}; dead>", value.bits())).into());
    };
    let name = protocol::attribute::lookup_special(referent.value(), names().__name__)?;
    let name = name.as_ref().and_then(|name| name.get::<StrObject>()).map(StrObject::to_string_lossy);
    let name = name.map_or_else(String::new, |name| format!(" ({name})"));
    let (at, class, to) = (value.bits(), referent.ty().name(), referent.bits());
    Ok(StrObject::new(&format!("<weakref at {at:#x}; to '{class}' at {to:#x}{name}>")).into())
}

fn hash(value: Value) -> PyResult<i64> {
    if let Some(known) = this(value).hash.get() {
        return Ok(known);
    }
    let Some(referent) = this(value).upgrade() else {
        return Err(crate::raise!(TypeError, "weak object has gone away"));
    };
    let hash = protocol::hash(referent.value())?;
    this(value).hash.set(Some(hash));
    Ok(hash)
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.get::<WeakRef>(), b.get::<WeakRef>()) else { return singleton::decline() };
    if !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return singleton::decline();
    }
    match (x.upgrade(), y.upgrade()) {
        (Some(x), Some(y)) => protocol::compare(op, x.value(), y.value()),
        _ => Ok(objects::bool((a == b) == (op == CompareOp::Equal)).to_ref()),
    }
}

static MEMBERS: &[GetSetDef] = &[GetSetDef {
    name: "__callback__",
    doc: "",
    get: |value| Ok(this(value).callback.get_or_none()),
    set: None,
}];

/// `weakref.ref`.
pub static WEAK_REF: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "weakref",
    flags: type_flags::BASE | type_flags::GC,
    slots: Slots {
        new: Some(new),
        init: Some(init),
        call: Some(call),
        repr: Some(repr),
        hash: Some(hash),
        richcompare: Some(richcompare),
        ..Slots::EMPTY
    },
    members: MEMBERS,
    methods: &[crate::objects::typing::generic_alias::SUBSCRIPTABLE],
    ..TypeSpec::of::<WeakRef>("ReferenceType")
};
