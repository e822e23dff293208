//! What static calls reach: descriptors resolved through loaded modules and classes, and whether what is found may be entered.
//!
//! A static caller has checked its arguments against a signature, and enters a function behind its own check. That is right for the very
//! function that the checker saw and for those that override it in static classes; anything else that a program puts there (an untyped
//! subclass can have any function under the name) is called as any object is. The answers are remembered, by instruction and, where
//! several classes alternate, in a table: a call that has been answered costs a few compares.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use bytecode::{FunctionDescr, MethodKind};
use runtime::error::{self, Raised};
use runtime::objects::cell::{CELL, CellObject};
use runtime::objects::code::{Callee, InlineCache};
use runtime::objects::function::FunctionObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::strict_module;
use runtime::protocol;
use runtime::static_class;
use runtime::static_method;
use runtime::type_object::TypeObject;
use runtime::value::{PyResult, Ref, Value};
use runtime::world::World;

/// Counts what may change the meaning of a resolved descriptor: watched namespaces and functions.
static EPOCH: AtomicU64 = AtomicU64::new(1);

/// Something that resolved descriptors rely on has changed.
pub fn invalidate() {
    EPOCH.fetch_add(1, Ordering::Relaxed);
}

/// The state of the world for which a cached callee is right.
#[inline]
fn stamp() -> u64 {
    EPOCH.load(Ordering::Relaxed) << 32 | u64::from(runtime::type_object::newest_version())
}

/// The callee that an instruction resolved last, if nothing has changed since. Borrowed from the namespace that holds it.
#[inline]
pub(crate) fn cached_callee(cache: &InlineCache) -> Option<Value> {
    // SAFETY: the word was the callee's when the stamp was taken, and its namespace has not changed since.
    (cache.key.get() == stamp()).then(|| unsafe { Value::from_bits(cache.data.get()) })
}

/// The callee of a descriptor, and whether it is known to be a function that can be entered directly.
#[inline]
pub(crate) fn callee(descr: &FunctionDescr, cache: &InlineCache) -> PyResult<(Ref, bool)> {
    match cached_callee(cache) {
        Some(target) => Ok((target.to_ref(), true)),
        None => resolve_callee(descr, cache).map(|target| (target, false)),
    }
}

/// Whether what a variable holds is a function with just the signature of a descriptor.
#[inline]
pub(crate) fn is_described(target: Value, callee: &Callee) -> bool {
    let function = target.get_exact::<FunctionObject>();
    function.is_some_and(|function| function.code().signature_number() == callee.signature_number)
}

/// Resolves a callee, and remembers it if it is a function that static callers can enter directly.
#[cold]
fn resolve_callee(descr: &FunctionDescr, cache: &InlineCache) -> PyResult {
    let target = resolve_function(descr)?;
    if fits(target.value(), descr, None) {
        if let Some(function) = target.get_exact::<FunctionObject>() {
            // Its own module may be patched, too.
            function.globals().watch();
        }
        remember_resolved(&descr.module, target.value(), cache);
    }
    Ok(target)
}

/// The callee that a descriptor names.
pub fn resolve_function(descr: &FunctionDescr) -> PyResult {
    if descr.kind == MethodKind::Named {
        return named_callee(descr);
    }
    let found = match descr.split_name() {
        (Some(class), name) => match static_class::resolve_class(&descr.module, class)? {
            Some(class) => match class_attribute(&class, name, descr.kind) {
                Some(found) => Some(found),
                None => return Err(runtime::raise!(AttributeError, "{} has been deleted", descr.name)),
            },
            None => None,
        },
        (None, name) => static_class::resolve_class(&descr.module, name)?,
    };
    found.ok_or_else(|| {
        let (module, name) = (&descr.module, &descr.name);
        runtime::raise!(NameError, "name '{name}' is not defined in module '{module}'")
    })
}

/// What stands under the names of a descriptor; what a test has put in the place of a function or class counts wherever that has been imported.
fn named_callee(descr: &FunctionDescr) -> PyResult {
    let mut names = descr.name.split('.');
    let first = names.next().unwrap_or_default();
    let module = runtime::sys_state::modules().get_text(&descr.module);
    let found = match &module {
        Some(module) => protocol::get_optional_attr(module.value(), StrObject::intern(first).value())?,
        None => None,
    };
    let standing = |found: Ref| strict_module::stand_in(found.value()).unwrap_or(found);
    let found = found.ok_or_else(|| runtime::raise!(NameError, "name '{first}' is not defined"))?;
    names.try_fold(standing(found), |owner, name| {
        protocol::get_attr(owner.value(), StrObject::intern(name).value()).map(standing)
    })
}

/// The function behind an attribute of a class, unbound, however the caller thinks that it is bound.
fn class_attribute(class: &Ref, name: &str, kind: MethodKind) -> Option<Ref> {
    let kind = if kind.is_accessor() { kind } else { MethodKind::Static };
    static_method::find(class.get::<TypeObject>()?, StrObject::intern(name).value(), kind).map(Value::to_ref)
}

/// Where a virtual call looks for its method: in the receiver's class, or in the receiver of a class method.
#[inline]
pub fn dispatcher(kind: MethodKind, receiver: &Value) -> &TypeObject {
    let class = if kind == MethodKind::Class { receiver.get::<TypeObject>() } else { None };
    class.unwrap_or_else(|| receiver.ty())
}

/// What a virtual call finds, unbound.
pub fn find_method(descr: &FunctionDescr, receiver: Value) -> Option<Ref> {
    let name = StrObject::intern(descr.split_name().1);
    static_method::find(dispatcher(descr.kind, &receiver), name.value(), descr.kind).map(Value::to_ref)
}

/// The state of the world for which what a class has is right.
#[inline]
pub fn class_stamp(class: &TypeObject) -> u64 {
    EPOCH.load(Ordering::Relaxed) << 32 | u64::from(class.version())
}

/// The method that the receiver's class has, in a cell of its own if it may not be entered; remembered for the class otherwise.
#[inline]
pub(crate) fn resolve_method(
    descr: &FunctionDescr,
    callee: &Callee,
    receiver: Value,
    cache: &InlineCache,
) -> PyResult {
    if cache.key.get() == class_stamp(dispatcher(callee.kind, &receiver)) {
        // SAFETY: neither the class nor a function or property has changed since the class was asked, and it keeps them alive.
        return Ok(unsafe { Value::from_bits(cache.data.get()) }.to_ref());
    }
    look_up(descr, callee, receiver, cache)
}

/// The method that `LOAD_METHOD_STATIC` has found, and whether it may be entered. Compiled code finds it only when it calls: where such
/// code leaves while the arguments are evaluated, it is found now.
#[inline]
pub(crate) fn method(
    found: Value,
    descr: &FunctionDescr,
    callee: &Callee,
    receiver: Value,
) -> PyResult<(Ref, bool)> {
    let found = match found.non_null() {
        Some(found) => found.to_ref(),
        None => look_up(descr, callee, receiver, &InlineCache::default())?,
    };
    if has_representation(found.value(), callee.signature) {
        return Ok((found, true));
    }
    Ok((stranger(&found).unwrap_or(found), false))
}

/// What [`look_up`] has put into a cell.
fn stranger(found: &Ref) -> Option<Ref> {
    found.get_exact::<CellObject>().and_then(|cell| cell.contents.get_ref())
}

#[cold]
fn look_up(descr: &FunctionDescr, callee: &Callee, receiver: Value, cache: &InlineCache) -> PyResult {
    let class = dispatcher(callee.kind, &receiver);
    let Some(found) = static_method::find(class, callee.name.value(), callee.kind) else {
        return Err(deleted_method(receiver, callee.name.value()));
    };
    let is_stranger =
        || has_representation(found, callee.signature) && !fits_class(found, descr, callee, class);
    if found.is_exact(&CELL) || is_stranger() {
        // The call finds the cell, in which there is nothing that may be entered.
        return Ok(CellObject::new(Some(found.to_ref())).into());
    }
    if class.version() != 0 {
        cache.key.set(class_stamp(class));
        cache.data.set(found.bits());
    }
    Ok(found.to_ref())
}

/// A method is missing that the checker has seen.
pub fn deleted_method(receiver: Value, name: Value) -> Raised {
    let text = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    let class = receiver.get::<TypeObject>().unwrap_or(receiver.ty());
    let message = format!("{}.{text} has been deleted", class.name());
    error::attribute_error(receiver, name, &message)
}

/// Whether a callee is a function that takes and gives words as a caller does.
#[inline]
pub(crate) fn has_representation(target: Value, signature: u64) -> bool {
    let shape = target.get_exact::<FunctionObject>().map(|function| &function.code().shape);
    shape.is_some_and(|shape| shape.signature == signature && signature != 0)
}

/// A callee that fits an instruction's descriptor for a class: the state of the world, the callee, the number of the descriptor.
type Fitting = Cell<(u64, u64, u32)>;
const FITTINGS: usize = 1024;
/// What has been found fitting; a call that meets several classes in turn finds its answers here.
static FITTING: World<[Fitting; FITTINGS]> = World::new([const { Cell::new((0, 0, 0)) }; FITTINGS]);

/// [`fits`] for what a class has; remembered.
fn fits_class(target: Value, descr: &FunctionDescr, callee: &Callee, class: &TypeObject) -> bool {
    let question = (class_stamp(class), target.bits(), callee.number);
    let hash = (target.bits() >> 4) as usize ^ (callee.number as usize).wrapping_mul(0x9E37);
    let entry = &FITTING[(hash ^ class.version() as usize) % FITTINGS];
    if entry.get() == question {
        return true;
    }
    let fits = fits(target, descr, Some(class));
    if fits && class.version() != 0 {
        entry.set(question);
    }
    fits
}

/// Whether a callee is a function that can be entered with arguments of the caller's signature, and gives what that promises. `class` is
/// where a virtual call has found it.
pub(crate) fn fits(target: Value, descr: &FunctionDescr, class: Option<&TypeObject>) -> bool {
    static_target(target, descr, class).is_some()
}

/// The function that a callee still is, if it can be entered with typed arguments; `class` is where a virtual call has found it.
pub fn static_target<'a>(
    target: Value,
    descr: &FunctionDescr,
    class: Option<&TypeObject>,
) -> Option<&'a FunctionObject> {
    target.get_exact::<FunctionObject>().filter(|function| static_method::fits(function, descr, class))
}

/// Remembers what a name of a module stands for until something changes.
pub(crate) fn remember_resolved(module: &str, found: Value, cache: &InlineCache) {
    if let Some(module) = runtime::sys_state::modules().get_text(module)
        && let Some(module) = module.get::<ModuleObject>()
    {
        module.dict().watch();
        cache.key.set(stamp());
        cache.data.set(found.bits());
    }
}
