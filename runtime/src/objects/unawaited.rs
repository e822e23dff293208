//! Coroutines that nobody awaits: the warning about them, and where they came from.
//!
//! A coroutine that dies before it has started is most likely a forgotten `await`. `warnings._warn_unawaited_coroutine` words the warning
//! and adds the origin, which is noted when the coroutine is made if the program has asked for that (PEP 537's successor, bpo-30491).
//! Costs nothing for coroutines that start, as long as no origins are wanted.

use std::cell::Cell;

use crate::error;
use crate::hooks;
use crate::objects::code::CodeObject;
use crate::objects::int;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::sys_state;
use crate::thread::thread;
use crate::value::{PyResult, Ref, Value};
use crate::warning;
use crate::world::World;

/// How many frames are noted when a coroutine is made.
static ORIGIN_DEPTH: World<Cell<usize>> = World::new(Cell::new(0));

/// `sys.get_coroutine_origin_tracking_depth()`
pub fn origin_depth() -> usize {
    ORIGIN_DEPTH.get()
}

/// `sys.set_coroutine_origin_tracking_depth(depth)`
pub fn set_origin_depth(depth: usize) {
    ORIGIN_DEPTH.set(depth);
}

/// Where a coroutine that is being made comes from: file, line and function of the innermost frames. `None` unless that is wanted.
pub(super) fn origin() -> Option<Ref> {
    let depth = ORIGIN_DEPTH.get();
    if depth == 0 {
        return None;
    }
    let find = hooks::hooks().frame;
    let places: Vec<Ref> = (0..depth)
        .map_while(find)
        .map(|info| {
            let code = info.code.get::<CodeObject>().expect("frames run code objects").code();
            let line = code.ranges.get(info.instruction as usize).copied().unwrap_or_default().line;
            let file = StrObject::new(&code.filename).into_ref();
            let name = StrObject::new(&code.name).into_ref();
            TupleObject::of([file, int::from_i64(line.into()), name]).into()
        })
        .collect();
    Some(TupleObject::new(places).into())
}

/// Warns that a coroutine was never awaited.
pub(super) fn warn_about_coroutine(coroutine: Value, qualname: &str) {
    let pending = thread().fetch_raised();
    let mut warned = false;
    if let Some(outcome) = ask_library(coroutine).transpose() {
        warned = match outcome {
            Ok(_) => true,
            Err(raised) => {
                let is_the_warning = thread()
                    .peek_raised()
                    .is_some_and(|exception| exception.ty().is_subclass_of(&error::types::RuntimeWarning));
                error::write_unraisable(raised, Some(coroutine));
                is_the_warning
            }
        };
    }
    if let Some(exception) = pending {
        let _raised = thread().set_raised(exception);
    }
    if !warned {
        let message = format!("coroutine '{qualname}' was never awaited");
        warning::warn_unraisable(&error::types::RuntimeWarning, &message, coroutine);
    }
}

/// Calls `warnings._warn_unawaited_coroutine`, if there is such a thing.
fn ask_library(coroutine: Value) -> PyResult<Option<Ref>> {
    if crate::finalize::is_finalizing() {
        return Ok(None);
    }
    let module = match sys_state::modules().get_text("warnings") {
        Some(module) => module,
        None => protocol::import::import_absolute("warnings")?,
    };
    let name = StrObject::intern("_warn_unawaited_coroutine");
    match protocol::get_optional_attr(module.value(), name.value())? {
        Some(function) => protocol::call_one(function.value(), coroutine).map(Some),
        None => Ok(None),
    }
}

/// Warns that what a method of an async generator gave was never awaited.
pub(super) fn warn_about_step(method: &str, qualname: &str, step: Value) {
    let message = format!("coroutine method '{method}' of '{qualname}' was never awaited");
    warning::warn_unraisable(&error::types::RuntimeWarning, &message, step);
}
