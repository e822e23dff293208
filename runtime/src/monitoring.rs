//! `sys.monitoring` (PEP 669), the part that the interpreter needs: which tools want which events, and how they are told.
//!
//! A tool asks for events in all code, or in one code object. An event has a callback per tool; one that returns `DISABLE` is not called again
//! for that place until `restart_events`. Events that stand for no place cannot be disabled.
//!
//! The interpreter reports every event while any tool wants any (`crate::tracing`), and the table here decides. The Python side is
//! `stdlib::monitoring`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::objects::code::CodeObject;
use crate::objects::{self, int};
use crate::protocol;
use crate::tracing;
use crate::value::{PyResult, Ref, Value};
use crate::world::World;

/// Tool numbers that a program may ask for are below this.
pub const TOOLS: usize = 6;

macro_rules! events {
    ($($name:ident $at:literal,)*) => {
        /// Names of events; the set of an event is the bit of its place.
        pub const EVENTS: [&str; 19] = [$(stringify!($name)),*];
        $(
            #[doc = concat!("The event `", stringify!($name), "`.")]
            pub const $name: usize = $at;
        )*
    };
}

events! {
    PY_START 0, PY_RESUME 1, PY_RETURN 2, PY_YIELD 3, CALL 4, LINE 5, INSTRUCTION 6, JUMP 7, BRANCH_LEFT 8, BRANCH_RIGHT 9,
    STOP_ITERATION 10, RAISE 11, EXCEPTION_HANDLED 12, PY_UNWIND 13, PY_THROW 14, RERAISE 15, C_RETURN 16, C_RAISE 17, BRANCH 18,
}

/// What is known of one tool.
struct Tool {
    name: Option<Ref>,
    callbacks: [Option<Ref>; EVENTS.len()],
    events: i64,
}

impl Tool {
    const FREE: Tool = Tool { name: None, callbacks: [const { None }; EVENTS.len()], events: 0 };
}

/// What tools want of one code object.
struct Local {
    /// Keeps the code, whose address is the key.
    _code: Ref,
    events: [i64; TOOLS],
    /// Place, event and tool that a callback has disabled.
    disabled: BTreeSet<(u32, usize, usize)>,
}

struct Registry {
    tools: [Tool; TOOLS],
    locals: BTreeMap<u64, Local>,
    disable: Option<Ref>,
    missing: Option<Ref>,
}

impl Registry {
    const EMPTY: Registry =
        Registry { tools: [Tool::FREE; TOOLS], locals: BTreeMap::new(), disable: None, missing: None };

    fn local(&mut self, code: &CodeObject) -> &mut Local {
        let value = Value::from_object(code);
        let fresh = || Local { _code: value.to_ref(), events: [0; TOOLS], disabled: BTreeSet::new() };
        self.locals.entry(value.bits()).or_insert_with(fresh)
    }

    fn known(&self, code: &CodeObject) -> Option<&Local> {
        self.locals.get(&Value::from_object(code).bits())
    }
}

static REGISTRY: World<RefCell<Registry>> = World::new(RefCell::new(Registry::EMPTY));

/// Notes the two objects that callbacks return and are given.
pub fn set_marks(disable: Ref, missing: Ref) {
    let mut registry = REGISTRY.borrow_mut();
    registry.disable = Some(disable);
    registry.missing = Some(missing);
}

/// `sys.monitoring.MISSING`
pub fn missing() -> Ref {
    REGISTRY.borrow().missing.clone().unwrap_or_else(|| objects::none().to_ref())
}

/// Forgets everything: the program is over.
pub fn release() {
    drop(REGISTRY.replace(Registry::EMPTY));
    tracing::set_tools(false);
}

/// The name of a tool.
pub fn name(tool: usize) -> Option<Ref> {
    REGISTRY.borrow().tools[tool].name.clone()
}

/// Takes a tool into use.
pub fn set_name(tool: usize, name: Ref) {
    let old = REGISTRY.borrow_mut().tools[tool].name.replace(name);
    drop(old);
}

/// Forgets the events and callbacks of a tool, and its name with `is_free`.
pub fn clear(tool: usize, is_free: bool) {
    let old = {
        let mut registry = REGISTRY.borrow_mut();
        for local in registry.locals.values_mut() {
            local.events[tool] = 0;
            local.disabled.retain(|&(_, _, other)| other != tool);
        }
        let fresh = Tool { name: registry.tools[tool].name.clone().filter(|_| !is_free), ..Tool::FREE };
        std::mem::replace(&mut registry.tools[tool], fresh)
    };
    // Callbacks that die may run code that looks at the table.
    drop(old);
    refresh();
}

/// Sets a callback; gives the one before.
pub fn set_callback(tool: usize, event: usize, callback: Option<Ref>) -> Option<Ref> {
    std::mem::replace(&mut REGISTRY.borrow_mut().tools[tool].callbacks[event], callback)
}

/// The events that a tool wants everywhere.
pub fn events(tool: usize) -> i64 {
    REGISTRY.borrow().tools[tool].events
}

/// Sets them.
pub fn set_events(tool: usize, events: i64) {
    REGISTRY.borrow_mut().tools[tool].events = events;
    refresh();
}

/// The events that a tool wants in a code object.
pub fn local_events(tool: usize, code: &CodeObject) -> i64 {
    REGISTRY.borrow().known(code).map_or(0, |local| local.events[tool])
}

/// Sets them.
pub fn set_local_events(tool: usize, code: &CodeObject, events: i64) {
    REGISTRY.borrow_mut().local(code).events[tool] = events;
    refresh();
}

/// Lets events happen again that callbacks have disabled.
pub fn restart() {
    for local in REGISTRY.borrow_mut().locals.values_mut() {
        local.disabled.clear();
    }
}

/// Looks whether any tool wants anything.
fn refresh() {
    let wanted = {
        let registry = REGISTRY.borrow();
        let is_local = |local: &Local| local.events.iter().any(|&events| events != 0);
        registry.tools.iter().any(|tool| tool.events != 0) || registry.locals.values().any(is_local)
    };
    tracing::set_tools(wanted);
}

/// The callback of a tool, if it wants an event at a place.
fn callback(tool: usize, event: usize, code: &CodeObject, at: u32) -> Option<Ref> {
    let registry = REGISTRY.borrow();
    let own = &registry.tools[tool];
    let local = registry.known(code);
    let wanted = own.events | local.map_or(0, |local| local.events[tool]);
    // The results of native calls come with the calls.
    let asked = if event == C_RETURN || event == C_RAISE { CALL } else { event };
    if wanted & (1 << asked) == 0 {
        return None;
    }
    if local.is_some_and(|local| local.disabled.contains(&(at, event, tool))) {
        return None;
    }
    own.callbacks[event].clone()
}

/// Tells the tools of an event at an instruction; `args` come behind the code and its offset.
pub fn fire(event: usize, code: &CodeObject, at: u32, args: &[Value]) -> PyResult<()> {
    if !tracing::is_on() {
        return Ok(());
    }
    let offset = int::from_i64(code.offset(at as usize));
    tell(event, code, at, &[&[Value::from_object(code), offset.value()], args].concat())
}

/// Tells the tools of a line.
pub fn fire_line(code: &CodeObject, at: u32, line: u32) -> PyResult<()> {
    tell(LINE, code, at, &[Value::from_object(code), Value::small(line.into())])
}

fn tell(event: usize, code: &CodeObject, at: u32, args: &[Value]) -> PyResult<()> {
    for tool in 0..TOOLS {
        let Some(callback) = callback(tool, event, code, at) else { continue };
        let result = tracing::quietly(|| protocol::call(callback.value(), args, None))?;
        let disable = REGISTRY.borrow().disable.clone();
        if disable.is_none_or(|disable| disable.value() != result.value()) {
            continue;
        }
        if event > STOP_ITERATION {
            drop(set_callback(tool, event, None));
            let name = EVENTS[event];
            return Err(crate::raise!(ValueError, "Cannot disable {name} events. Callback removed."));
        }
        REGISTRY.borrow_mut().local(code).disabled.insert((at, event, tool));
    }
    Ok(())
}
