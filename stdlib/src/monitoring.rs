//! `sys.monitoring`: the registry of monitoring tools (PEP 669): who uses which tool number, and the callbacks of each.
//!
//! `bdb`, `coverage` and the test support package read its constants when they are imported. Nothing fires an event yet, so asking for
//! one raises `not supported yet`: tools that ask notice, and those that only register go on.
//!
//! Needs nothing; promises CPython's checks and their wording. The state is one small table under the global lock.

use std::cell::RefCell;

use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::namespace::NamespaceObject;
use runtime::objects::{self, int};
use runtime::world::World;
use runtime::{PyResult, Ref, Value, error, protocol, py_functions, raise};

/// Tool numbers that a program may ask for are below this.
const TOOLS: usize = 6;

/// The numbers that are set aside by convention.
const TOOL_NAMES: [(&str, i64); 4] =
    [("DEBUGGER_ID", 0), ("COVERAGE_ID", 1), ("PROFILER_ID", 2), ("OPTIMIZER_ID", 5)];

/// Events; the set of an event is the bit of its place.
const EVENTS: [&str; 19] = [
    "PY_START",
    "PY_RESUME",
    "PY_RETURN",
    "PY_YIELD",
    "CALL",
    "LINE",
    "INSTRUCTION",
    "JUMP",
    "BRANCH_LEFT",
    "BRANCH_RIGHT",
    "STOP_ITERATION",
    "RAISE",
    "EXCEPTION_HANDLED",
    "PY_UNWIND",
    "PY_THROW",
    "RERAISE",
    "C_RETURN",
    "C_RAISE",
    "BRANCH",
];

/// Events that stand for one place in the code, and so can be asked for in one code object: those up to `STOP_ITERATION`.
const LOCAL_EVENTS: i64 = (1 << 11) - 1;
/// `C_RETURN` and `C_RAISE`, which come with `CALL` only.
const CALL_RESULTS: i64 = (1 << 16) | (1 << 17);
/// Those with `CALL`.
const CALLS: i64 = CALL_RESULTS | (1 << 4);
/// `BRANCH`, which is the two directions of a branch.
const BRANCH: i64 = 1 << 18;

/// What is known of one tool.
struct Tool {
    name: Option<Ref>,
    callbacks: [Option<Ref>; EVENTS.len()],
}

impl Tool {
    const FREE: Tool = Tool { name: None, callbacks: [const { None }; EVENTS.len()] };
}

static REGISTRY: World<RefCell<[Tool; TOOLS]>> = World::new(RefCell::new([Tool::FREE; TOOLS]));

/// Makes the namespace.
pub(crate) fn make() -> PyResult {
    let module = ModuleObject::new("sys.monitoring");
    module.unaudited();
    module.add_functions(FUNCTIONS);
    let dict = module.dict();
    for (name, number) in TOOL_NAMES {
        dict.set_text(name, int::from_i64(number));
    }
    for name in ["DISABLE", "MISSING"] {
        dict.set_text(name, protocol::call(objects::object::OBJECT.value(), &[], None)?);
    }
    let events = DictObject::new();
    for (at, name) in EVENTS.iter().enumerate() {
        events.set_text(name, int::from_i64(1 << at));
    }
    events.set_text("NO_EVENTS", int::from_i64(0));
    dict.set_text("events", NamespaceObject::make(&events));
    Ok(module.into())
}

/// Forgets all tools and callbacks.
pub(crate) fn release() {
    drop(REGISTRY.replace([Tool::FREE; TOOLS]));
}

fn checked_tool(tool: i64) -> PyResult<usize> {
    match usize::try_from(tool).ok().filter(|&tool| tool < TOOLS) {
        Some(tool) => Ok(tool),
        None => Err(raise!(ValueError, "invalid tool {tool} (must be between 0 and 5)")),
    }
}

fn used_tool(tool: i64) -> PyResult<usize> {
    let at = checked_tool(tool)?;
    if REGISTRY.borrow()[at].name.is_none() {
        return Err(raise!(ValueError, "tool {tool} is not in use"));
    }
    Ok(at)
}

/// Takes the callbacks of a tool out of the registry; dropping them may run code that looks at it.
fn take_callbacks(tool: usize) -> [Option<Ref>; EVENTS.len()] {
    std::mem::replace(&mut REGISTRY.borrow_mut()[tool].callbacks, [const { None }; EVENTS.len()])
}

/// Asks for a set of events: only the empty one can be had.
fn ask_for(events: i64, allowed: i64, kind: &str) -> PyResult<()> {
    let mut events = events;
    if (0..1 << EVENTS.len()).contains(&events) {
        if events & BRANCH != 0 {
            events = (events & !BRANCH) | (1 << 8) | (1 << 9);
        }
        if events & CALL_RESULTS != 0 && events & CALLS != CALLS {
            return Err(raise!(ValueError, "cannot set C_RETURN or C_RAISE events independently"));
        }
        events &= !CALL_RESULTS;
    }
    if events & !allowed != 0 {
        return Err(raise!(ValueError, "invalid {kind} 0x{events:x}"));
    }
    if events != 0 { Err(error::not_supported("events of sys.monitoring")) } else { Ok(()) }
}

py_functions! { static FUNCTIONS;
    /// Takes a tool number into use.
    "use_tool_id(tool_id, name, /)"
    fn use_tool_id(tool: i64, name: Value) -> PyResult<()> {
        let at = checked_tool(tool)?;
        if !name.ty().is_subclass_of(&objects::str::STR) {
            return Err(raise!(ValueError, "tool name must be a str"));
        }
        if REGISTRY.borrow()[at].name.is_some() {
            return Err(raise!(ValueError, "tool {tool} is already in use"));
        }
        REGISTRY.borrow_mut()[at].name = Some(name.to_ref());
        Ok(())
    }
    /// Forgets the callbacks of a tool.
    "clear_tool_id(tool_id, /)"
    fn clear_tool_id(tool: i64) -> PyResult<()> {
        let at = checked_tool(tool)?;
        drop(take_callbacks(at));
        Ok(())
    }
    /// Forgets a tool.
    "free_tool_id(tool_id, /)"
    fn free_tool_id(tool: i64) -> PyResult<()> {
        let at = checked_tool(tool)?;
        let callbacks = take_callbacks(at);
        let name = REGISTRY.borrow_mut()[at].name.take();
        drop((callbacks, name));
        Ok(())
    }
    /// The name of a tool, or None.
    "get_tool(tool_id, /)"
    fn get_tool(tool: i64) -> PyResult<Option<Ref>> {
        let at = checked_tool(tool)?;
        Ok(REGISTRY.borrow()[at].name.clone())
    }
    /// Sets or removes (None) the callback of an event; the previous one is returned.
    "register_callback(tool_id, event, func, /)"
    fn register_callback(tool: i64, event: i64, func: Value) -> PyResult<Option<Ref>> {
        let at = checked_tool(tool)?;
        if event.count_ones() != 1 {
            return Err(raise!(ValueError, "The callback can only be set for one event at a time"));
        }
        let which = event.trailing_zeros() as usize;
        if which >= EVENTS.len() {
            return Err(raise!(ValueError, "invalid event {event}"));
        }
        let callback = (!objects::is_none(func)).then(|| func.to_ref());
        Ok(std::mem::replace(&mut REGISTRY.borrow_mut()[at].callbacks[which], callback))
    }
    /// The events that a tool has asked for.
    "get_events(tool_id, /)"
    fn get_events(tool: i64) -> PyResult<i64> {
        checked_tool(tool).map(|_| 0)
    }
    /// Asks for events in all code.
    "set_events(tool_id, event_set, /)"
    fn set_events(tool: i64, events: i64) -> PyResult<()> {
        checked_tool(tool)?;
        ask_for(events, (1 << EVENTS.len()) - 1, "event set")?;
        used_tool(tool).map(drop)
    }
    /// The events that a tool has asked for in a code object.
    "get_local_events(tool_id, code, /)"
    fn get_local_events(tool: i64, code: Value) -> PyResult<i64> {
        checked_code(code)?;
        checked_tool(tool).map(|_| 0)
    }
    /// Asks for events in one code object.
    "set_local_events(tool_id, code, event_set, /)"
    fn set_local_events(tool: i64, code: Value, events: i64) -> PyResult<()> {
        checked_code(code)?;
        checked_tool(tool)?;
        ask_for(events, LOCAL_EVENTS, "local event set")?;
        used_tool(tool).map(drop)
    }
    /// Lets events happen again that a callback has disabled; no event happens.
    "restart_events()"
    fn restart_events() {}
    /// The tools that have asked for each event.
    "_all_events()"
    fn all_events() -> Ref {
        DictObject::new().into()
    }
}

fn checked_code(code: Value) -> PyResult<()> {
    match code.get::<CodeObject>() {
        Some(_) => Ok(()),
        None => Err(raise!(TypeError, "code must be a code object")),
    }
}
