//! Weak references: a side table from objects to the references that watch them.
//!
//! An object that is watched carries a header flag, so that the others pay nothing. When it dies, every reference to it is
//! cleared first and then the callbacks run. Proxies are references, too, which the types of `_weakref` make transparent. The list of an
//! object begins with the plain reference and the plain proxy, which have no callback and are shared; the others follow, newest first.

use std::cell::RefCell;
use std::collections::BTreeMap;

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
            forget(referent, std::ptr::from_ref(self));
        }
    }
}

static TABLE: World<RefCell<BTreeMap<usize, Vec<*const WeakRef>>>> =
    World::new(RefCell::new(BTreeMap::new()));

/// Removes a dying reference from the table.
fn forget(referent: Value, reference: *const WeakRef) {
    let mut table = TABLE.borrow_mut();
    let key = referent.ptr() as usize;
    if let Some(list) = table.get_mut(&key) {
        list.retain(|&entry| !std::ptr::eq(entry, reference));
        if list.is_empty() {
            table.remove(&key);
            if let Some(header) = referent.header() {
                header.clear(flags::HAS_WEAKREFS);
            }
        }
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
    let mut table = TABLE.borrow_mut();
    let list = table.entry(object.ptr() as usize).or_default();
    // SAFETY: references remove themselves from the table when they die.
    let at = list.iter().take_while(|&&entry| comes_before(unsafe { &*entry }.plain(), plain)).count();
    list.insert(at, &raw const *made);
    drop(table);
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
    let table = TABLE.borrow();
    let list = table.get(&(object.ptr() as usize))?;
    // SAFETY: references remove themselves from the table when they die.
    let mut found = list.iter().take(2).map(|&entry| unsafe { &*entry });
    found
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
    TABLE.borrow().get(&(object.ptr() as usize)).map_or(0, Vec::len)
}

/// All references that watch an object.
pub fn references(object: Value) -> Vec<Ref> {
    let table = TABLE.borrow();
    // SAFETY: references remove themselves from the table when they die.
    let list = table.get(&(object.ptr() as usize)).map(|list| list.iter().map(|&entry| unsafe { &*entry }));
    let alive = list.into_iter().flatten().filter(|entry| !is_dying(&entry.header));
    alive.map(|entry| Value::from_object(entry).to_ref()).collect()
}

/// Whether some object that lives has a reference that calls back when it dies.
pub(crate) fn any_calls_back() -> bool {
    let table = TABLE.borrow();
    // SAFETY: references leave the table before they die.
    table.values().flatten().any(|&reference| unsafe { (*reference).callback.get().is_some() })
}

/// Clears the references to a dying object and runs their callbacks.
pub(crate) fn clear_for(object: *mut Header) {
    // SAFETY: the object is dying but still there.
    unsafe { (*object).clear(flags::HAS_WEAKREFS) };
    let list = TABLE.borrow_mut().remove(&(object as usize)).unwrap_or_default();
    run_callbacks(detach(list));
}

/// Clears the references to garbage; callbacks of references that are garbage themselves do not run.
pub(crate) fn clear_garbage(garbage: &[Ref]) {
    let mut pending = Vec::new();
    for object in garbage {
        let Some(header) = object.header().filter(|header| header.has(flags::HAS_WEAKREFS)) else { continue };
        header.clear(flags::HAS_WEAKREFS);
        let list = TABLE.borrow_mut().remove(&(object.value().ptr() as usize)).unwrap_or_default();
        let detached = detach(list).into_iter();
        pending.extend(
            detached.filter(|reference| !garbage.iter().any(|object| object.value() == reference.value())),
        );
    }
    run_callbacks(pending);
}

/// Clears references. Those that are dying themselves are not among the result: their callbacks do not run.
fn detach(list: Vec<*const WeakRef>) -> Vec<Ref> {
    // SAFETY: references in the table have not been freed.
    let entries = list.into_iter().map(|entry| unsafe { &*entry });
    entries
        .inspect(|entry| entry.referent.set(Value::NULL))
        .filter(|entry| !is_dying(&entry.header))
        .map(|entry| Value::from_object(entry).to_ref())
        .collect()
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
    ..TypeSpec::of::<WeakRef>("ReferenceType")
};
