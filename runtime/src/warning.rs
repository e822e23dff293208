//! Warnings of the runtime and of native modules, by way of the native module `_warnings`.

use std::cell::Cell;

use crate::objects::int::IntRef;
use crate::objects::str::StrObject;
use crate::operator::CompareOp;
use crate::protocol;
use crate::type_object::TypeObject;
use crate::value::{PyResult, Value};
use crate::world::World;
use crate::{error, finalize, thread};

/// Issues a warning: category, message, level.
type Issue = fn(&TypeObject, &str, i64) -> PyResult<()>;

/// What `_warnings` has installed. It holds until the end, when there are no modules any more.
static ISSUE: World<Cell<Option<Issue>>> = World::new(Cell::new(None));

/// Says how warnings are issued.
pub fn install(issue: Issue) {
    ISSUE.set(Some(issue));
}

/// Warns as `warnings.warn` does; fails if filters turn the warning into an error.
pub fn warn(class: &TypeObject, message: &str, level: i64) -> PyResult<()> {
    if ISSUE.get().is_none() && !finalize::is_finalizing() {
        load()?;
    }
    ISSUE.get().map_or(Ok(()), |issue| issue(class, message, level))
}

/// The level of `-b`.
static OF_BYTES: World<Cell<bool>> = World::new(Cell::new(false));

/// Lets mixtures of bytes and text be warned of: `-b`.
pub fn set_of_bytes(warns: bool) {
    OF_BYTES.set(warns);
}

/// Warns that a text is made of bytes as they are shown, if that is wanted.
pub fn warn_of_shown_bytes(kind: &str) -> PyResult<()> {
    if !OF_BYTES.get() {
        return Ok(());
    }
    warn(&error::types::BytesWarning, &format!("str() on a {kind} instance"), 1)
}

/// Warns that bytes are compared with what they never equal, if that is wanted.
pub fn warn_of_compared_bytes(kind: &str, other: Value, op: CompareOp) -> PyResult<()> {
    if !OF_BYTES.get() || !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return Ok(());
    }
    let other = match (other.is_instance::<StrObject>(), IntRef::of(other)) {
        (true, _) => "string",
        (false, Some(_)) if kind == "bytes" => "int",
        _ => return Ok(()),
    };
    warn(&error::types::BytesWarning, &format!("Comparison between {kind} and {other}"), 1)
}

/// Imports `_warnings`. Where the native modules are not there, nobody wants to be warned.
#[cold]
fn load() -> PyResult<()> {
    let Err(raised) = protocol::import::import_absolute("_warnings") else { return Ok(()) };
    let exception = thread::thread().take_raised(raised);
    if exception.value().ty().is_subclass_of(&error::types::ModuleNotFoundError) {
        return Ok(());
    }
    Err(thread::thread().set_raised(exception))
}

/// Warns that a conversion gave an instance of a subclass: `what` returned it although it has to return a `wanted`.
pub fn warn_strict_subclass(what: &str, wanted: &str, got: &TypeObject) -> PyResult<()> {
    let got = got.name();
    let message = format!(
        "{what} returned non-{wanted} (type {got}).  The ability to return an instance of a strict subclass of {wanted} is deprecated, \
         and may not be supported in a future version of Python."
    );
    warn(&error::types::DeprecationWarning, &message, 1)
}

/// Warns where nobody can be raised to: a failure is reported as of `source`.
pub fn warn_unraisable(class: &TypeObject, message: &str, source: Value) {
    let pending = thread::thread().fetch_raised();
    if let Err(raised) = warn(class, message, 1) {
        error::write_unraisable(raised, Some(source));
    }
    if let Some(exception) = pending {
        let _raised = thread::thread().set_raised(exception);
    }
}
