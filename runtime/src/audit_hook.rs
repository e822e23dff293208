//! Audit hooks (PEP 578): functions that are told by name what a program does, before it is done, and can refuse it by raising.
//!
//! Hooks stay until the end of the process. What can be asked about goes through [`tell!`](crate::tell), which makes no argument
//! while nobody listens: then an event costs a load and a test. Hooks are not traced, unless they have a true `__cantrace__`.

use std::cell::Cell;

use crate::error;
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
        None => HOOKS.set(ListObject::new(vec![hook.to_ref()]).into_ref().into_value()),
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
