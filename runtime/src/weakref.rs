//! Weak references: a side table from objects to the references that watch them.
//!
//! An object that is watched carries a header flag, so that the others pay nothing. When it dies, every reference to it is
//! cleared first and then the callbacks run.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::args::Args;
use crate::field::Field;
use crate::header::{Header, flags};
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

/// A reference to `object`.
pub fn new_ref(ty: &TypeObject, object: Value, callback: Option<Ref>) -> PyResult {
    if callback.is_none()
        && std::ptr::eq(ty, &raw const WEAK_REF)
        && let Some(known) = existing(object)
    {
        return Ok(known);
    }
    new_own_ref(ty, object, callback)
}

/// A reference to `object` that nobody else has.
pub fn new_own_ref(ty: &TypeObject, object: Value, callback: Option<Ref>) -> PyResult {
    let Some(header) = object.header().filter(|_| can_be_referenced(object.ty())) else {
        return Err(crate::raise!(
            TypeError,
            "cannot create weak reference to '{}' object",
            object.ty().name()
        ));
    };
    let contents = WeakRef {
        header: Header::new(ty),
        referent: Cell::new(object),
        callback: Field::from_option(callback),
        hash: Cell::new(None),
    };
    let made = object::new_object_of(ty, contents);
    header.set(flags::HAS_WEAKREFS);
    TABLE.borrow_mut().entry(object.ptr() as usize).or_default().push(&raw const *made);
    Ok(made.into())
}

fn can_be_referenced(ty: &TypeObject) -> bool {
    let native: [&TypeObject; 5] = [
        &objects::function::FUNCTION,
        &objects::type_type::TYPE,
        &objects::module::MODULE,
        &objects::set::SET,
        &objects::generator::GENERATOR,
    ];
    ty.has(type_flags::HEAP)
        || ty.has(type_flags::WEAK)
        || native.into_iter().any(|native| ty.is_subtype_of(native))
        || ty.is_subtype_of(&objects::set::FROZENSET)
}

/// A plain reference without callback that exists already.
fn existing(object: Value) -> Option<Ref> {
    let table = TABLE.borrow();
    let list = table.get(&(object.ptr() as usize))?;
    // SAFETY: references remove themselves from the table when they die.
    let found = list.iter().map(|&entry| unsafe { &*entry });
    found
        .filter(|entry| {
            entry.callback.get().is_none() && std::ptr::eq(entry.header.ty(), &raw const WEAK_REF)
        })
        .map(|entry| Value::from_object(entry).to_ref())
        .next()
}

/// What a weak reference refers to, if that is alive.
pub fn referent(reference: Value) -> Option<Ref> {
    reference.get::<WeakRef>().and_then(WeakRef::upgrade)
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
    list.map(|list| list.map(|entry| Value::from_object(entry).to_ref()).collect()).unwrap_or_default()
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

fn detach(list: Vec<*const WeakRef>) -> Vec<Ref> {
    // SAFETY: references in the table are alive.
    let alive = list.into_iter().map(|entry| unsafe { &*entry });
    alive
        .map(|entry| {
            entry.referent.set(Value::NULL);
            Value::from_object(entry).to_ref()
        })
        .collect()
}

fn run_callbacks(references: Vec<Ref>) {
    for reference in references.into_iter().rev() {
        let callback = reference.get::<WeakRef>().and_then(|entry| entry.callback.take());
        let Some(callback) = callback else { continue };
        let pending = crate::thread::thread().fetch_raised();
        if let Err(raised) = protocol::call_one(callback.value(), reference.value()) {
            crate::error::write_unraisable_call(raised, "weakref callback", callback.value());
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
        referent.header().filter(|header| !header.has(flags::DYING)).map(|_| referent.to_ref())
    }
}

fn this<'a>(value: Value) -> &'a WeakRef {
    value.get::<WeakRef>().expect("slots are called for instances")
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    match args.positional {
        [object] => new_ref(ty, *object, None),
        [object, callback, ..] => {
            new_ref(ty, *object, Some(*callback).filter(|&c| !objects::is_none(c)).map(Value::to_ref))
        }
        [] => Err(crate::raise!(TypeError, "ref expected at least 1 argument, got 0")),
    }
}

fn call(value: Value, _: Args<'_>) -> PyResult {
    Ok(this(value).upgrade().unwrap_or_else(|| objects::none().to_ref()))
}

fn repr(value: Value) -> PyResult {
    let text = match this(value).upgrade() {
        Some(referent) => format!(
            "<weakref at {:#x}; to '{}' at {:#x}>",
            value.bits(),
            referent.ty().name(),
            referent.bits()
        ),
        None => format!("<weakref at {:#x}; dead>", value.bits()),
    };
    Ok(StrObject::new(&text).into())
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

/// `weakref.ref`.
pub static WEAK_REF: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "weakref",
    flags: type_flags::BASE | type_flags::GC,
    slots: Slots {
        new: Some(new),
        init: Some(|_, _| Ok(())),
        call: Some(call),
        repr: Some(repr),
        hash: Some(hash),
        richcompare: Some(richcompare),
        ..Slots::EMPTY
    },
    ..TypeSpec::of::<WeakRef>("ReferenceType")
};
