//! Audit hooks (PEP 578): functions that are told by name what a program does, before it is done, and can refuse it by raising.
//!
//! Hooks stay until the end of the process. What can be asked about goes through [`tell!`](crate::tell), which makes no argument
//! while nobody listens: then an event costs a load and a test. Hooks are not traced, unless they have a true `__cantrace__`.

use std::cell::Cell;

use crate::error;
use crate::gc;
use crate::objects;
use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::tracing;
use crate::value::{Py, PyResult, Ref, Value};
use crate::world::World;

/// The list of hooks, or null.
static HOOKS: World<Cell<Value>> = World::new(Cell::new(Value::NULL));

/// Whether there is a hook.
#[inline]
pub fn is_listened() -> bool {
    !HOOKS.get().is_null()
}

/// Tells the hooks of an event, if there are any: `tell!("os.mkdir", path, mode)`, with a new reference for each argument. Leaves the function
/// with the exception of a hook that refuses.
#[macro_export]
macro_rules! tell {
    ($event:expr $(, $argument:expr)* $(,)?) => {
        if $crate::audit_hook::is_listened() {
            $crate::audit_hook::raise($event, vec![$($crate::value::Ref::from($argument)),*])?;
        }
    };
}

/// What an event says of an argument that need not be there.
pub fn given(argument: Option<Value>) -> Ref {
    argument.unwrap_or_else(objects::none).to_ref()
}

/// Tells of an attribute of an object that is set, or deleted, past what a program could see by other means.
pub fn setting(object: Value, name: &str, new: Option<Value>) -> PyResult<()> {
    let (object, name) = (object.to_ref(), StrObject::intern(name));
    match new {
        Some(new) => crate::tell!("object.__setattr__", object, name, new.to_ref()),
        None => crate::tell!("object.__delattr__", object, name),
    }
    Ok(())
}

/// Tells of an attribute that is read by which a program gets at what runs.
pub fn getting(object: Value, name: &str) -> PyResult<()> {
    crate::tell!("object.__getattr__", object.to_ref(), StrObject::intern(name));
    Ok(())
}

/// Calls every hook with the event and a tuple of arguments. The first exception ends that.
#[cold]
pub fn raise(event: &str, arguments: Vec<Ref>) -> PyResult<()> {
    let event: Ref = StrObject::new(event).into();
    let arguments: Ref = TupleObject::new(arguments).into();
    raise_object(event.value(), arguments.value())
}

/// [`raise`] with what a program gives to `sys.audit`.
pub fn raise_object(event: Value, arguments: Value) -> PyResult<()> {
    let Some(hooks) = hooks() else { return Ok(()) };
    let mut at = 0;
    // A hook may add others, which are told of the same event.
    while let Some(hook) = hooks.get(at) {
        at += 1;
        let call = || protocol::call(hook.value(), &[event, arguments], None).map(drop);
        let is_traced =
            match protocol::get_optional_attr(hook.value(), StrObject::intern("__cantrace__").value())? {
                Some(answer) => protocol::is_true(answer.value())?,
                None => false,
            };
        if is_traced { call()? } else { tracing::quietly(call)? }
    }
    Ok(())
}

fn hooks() -> Option<Py<ListObject>> {
    HOOKS.get().non_null().and_then(|hooks| Py::downcast(hooks.to_ref()).ok())
}

/// `sys.addaudithook(hook)`. The hooks that there are may refuse; an ordinary exception refuses silently.
pub fn add(hook: Value) -> PyResult<()> {
    if let Err(raised) = raise("sys.addaudithook", Vec::new()) {
        return error::catch(raised, &error::types::Exception).map(drop);
    }
    match hooks() {
        Some(hooks) => hooks.push(hook.to_ref()),
        None => {
            let hooks = ListObject::new(vec![hook.to_ref()]).into_ref();
            // Nobody finds the list by way of the collector.
            gc::untrack(hooks.value().ptr());
            HOOKS.set(hooks.into_value());
        }
    }
    Ok(())
}

/// Lets go of the hooks, at the end of the program.
pub(crate) fn release() {
    let hooks = HOOKS.replace(Value::NULL);
    if !hooks.is_null() {
        // SAFETY: the count that the static held.
        drop(unsafe { Ref::from_owned(hooks) });
    }
}
