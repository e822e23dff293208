//! What the runtime needs from the crates above it, as function pointers that they install once.
//!
//! The interpreter fills in how to run and resume frames, the command line how to compile source and find modules, the JIT what
//! to do when something it relied on changes. Until then each hook raises `not supported yet` or does nothing.

use std::cell::Cell;

use crate::args::Entry;
use crate::error::traceback::FrameInfo;
use crate::objects::dict::DictObject;
use crate::objects::function::FunctionObject;
use crate::objects::generator::{GeneratorObject, Resumed};
use crate::value::{PyResult, Ref, Value};
use crate::world::World;

/// What a generator is resumed with.
#[derive(Clone, Copy, Debug)]
pub enum Resume {
    /// `send(value)`; `None` for `next()`.
    Send(Value),
    /// `throw(exception)`: an exception instance.
    Throw(Value),
}

/// How source is to be compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompileMode {
    /// A module body.
    Exec,
    /// One expression.
    Eval,
    /// One interactive statement.
    Single,
}

/// Everything that can be installed.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Generic entry of every interpreted function.
    pub function_entry: Entry,
    /// Runs a code object as a module or class body: code, globals, locals, closure tuple or null.
    pub run_code: fn(code: Value, globals: &DictObject, locals: Value, closure: Value) -> PyResult,
    /// Resumes a suspended frame.
    pub resume: fn(&GeneratorObject, Resume) -> PyResult<Resumed>,
    /// Drops a suspended frame.
    pub drop_frame: fn(frame: *mut u8),
    /// Shows the values that a suspended frame owns to the cycle collector.
    pub traverse_frame: fn(frame: *mut u8, visit: &mut dyn FnMut(Value)),
    /// Releases the values of a suspended frame that is garbage.
    pub clear_frame: fn(frame: *mut u8),
    /// Compiles source: text, file name, mode, flags; gives a code object.
    pub compile: fn(source: &str, filename: &str, mode: CompileMode, flags: i64) -> PyResult,
    /// Finds, loads and registers a module by its absolute dotted name; gives that very module.
    pub load_module: fn(name: &str) -> PyResult,
    /// The `depth`-th Python frame from the top, 0 is the caller.
    pub frame: fn(depth: usize) -> Option<FrameInfo>,
    /// The locals of the current frame as a dict.
    pub current_locals: fn() -> PyResult,
    /// The globals of the current frame.
    pub current_globals: fn() -> Option<Ref>,
    /// A watched dict has changed at a key, or everywhere for null.
    pub dict_changed: fn(&DictObject, Value),
    /// A function's code or defaults have changed.
    pub function_changed: fn(&FunctionObject),
    /// Writes to the process's standard error.
    pub write_stderr: fn(&str),
}

unsafe extern "C" fn no_entry(_: Value, _: *const Value, _: usize, _: Value) -> Value {
    let _raised = crate::error::not_supported("calling Python functions without an interpreter");
    Value::NULL
}

fn missing<T>(what: &str) -> PyResult<T> {
    Err(crate::error::not_supported(what))
}

static HOOKS: World<Cell<Hooks>> = World::new(Cell::new(Hooks {
    function_entry: no_entry,
    run_code: |_, _, _, _| missing("running code without an interpreter"),
    resume: |_, _| missing("resuming a frame without an interpreter"),
    drop_frame: |_| {},
    traverse_frame: |_, _| {},
    clear_frame: |_| {},
    compile: |_, _, _, _| missing("compile() without a compiler"),
    load_module: |name| {
        let raised = crate::raise!(ModuleNotFoundError, "No module named '{name}'");
        Err(raised)
    },
    frame: |_| None,
    current_locals: || missing("locals() without an interpreter"),
    current_globals: || None,
    dict_changed: |_, _| {},
    function_changed: |_| {},
    write_stderr: |text| {
        use std::io::Write;
        let written = std::io::stderr().write_all(text.as_bytes());
        // Nothing sensible is left to do when standard error fails.
        drop(written);
    },
}));

/// Changes the installed hooks: `install(|hooks| hooks.frame = my_frame)`.
pub fn install(change: impl FnOnce(&mut Hooks)) {
    let mut hooks = HOOKS.get();
    change(&mut hooks);
    HOOKS.set(hooks);
}

/// The installed hooks.
#[inline]
pub fn hooks() -> Hooks {
    HOOKS.get()
}

/// Generic entry of interpreted functions.
#[inline]
pub fn function_entry() -> Entry {
    // SAFETY: the cell is only written by `install`, never while a reference into it is alive.
    unsafe { (*HOOKS.as_ptr()).function_entry }
}

pub(crate) fn dict_changed(dict: &DictObject, key: Value) {
    (hooks().dict_changed)(dict, key);
}

pub(crate) fn function_changed(function: &FunctionObject) {
    (hooks().function_changed)(function);
}

/// Writes to the process's standard error.
pub fn write_stderr(text: &str) {
    (hooks().write_stderr)(text);
}
