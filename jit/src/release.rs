//! The end: compiled code is left for good, and the objects that it refers to are let go.
//!
//! While a process runs, code, globals, constants, classes and cells that machine code names are kept, because activations of it may
//! be anywhere on the stack. When the runtime ends there are none: every entry falls back to the interpreter, in which the last
//! finalisers run, and the tables give their references up, so that the collector and the leak audit see the program alone.
//!
//! What stays is no object: the code region and its tables.

use runtime::hooks;

use crate::context::{Jit, jit};
use crate::functions::State;

/// The hook. No compiled code may be running.
pub(crate) fn release() {
    let jit = jit();
    if jit.is_released.replace(true) {
        return;
    }
    hooks::set_hot_calls(u32::MAX, u32::MAX);
    leave_code(jit);
    drop_tables(jit);
}

/// Detaches machine code from the code objects, by which the entries find it.
fn leave_code(jit: &Jit) {
    for body in &jit.functions.borrow().bodies {
        if let State::Compiled(_) = body.state {
            body.code_object().jit.set(std::ptr::null_mut());
        }
    }
    for machine in jit.code.all() {
        machine.is_retired.set(true);
    }
}

/// Drops every reference. The tables are empty before the first object dies: finalisers come back here through hooks.
fn drop_tables(jit: &Jit) {
    let functions = jit.functions.take();
    let interfaces = jit.interfaces.take();
    let cells = jit.cells.take();
    let (classes, consts) = (jit.classes.borrow_mut().take(), jit.consts.borrow_mut().take());
    jit.control.release();
    drop((functions, interfaces, cells, classes, consts));
}
