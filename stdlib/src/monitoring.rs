//! `sys.monitoring` (PEP 669), the Python side: who uses which tool number, the callbacks of each, and the events that it asks for.
//!
//! The table is `runtime::monitoring`, which the interpreter asks; compiled code is not entered while a tool wants events. Here are
//! CPython's checks and their wording.

use runtime::monitoring::{self, BRANCH_LEFT, BRANCH_RIGHT, EVENTS, TOOLS};
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::namespace::NamespaceObject;
use runtime::objects::{self, int};
use runtime::{PyResult, Ref, Value, protocol, py_functions, raise};

/// The numbers that are set aside by convention.
const TOOL_NAMES: [(&str, i64); 4] =
    [("DEBUGGER_ID", 0), ("COVERAGE_ID", 1), ("PROFILER_ID", 2), ("OPTIMIZER_ID", 5)];

/// Events that stand for one place in the code, and so can be asked for in one code object: those up to `STOP_ITERATION`.
const LOCAL_EVENTS: i64 = (1 << 11) - 1;
/// `C_RETURN` and `C_RAISE`, which come with `CALL` only.
const CALL_RESULTS: i64 = (1 << 16) | (1 << 17);
/// Those with `CALL`.
const CALLS: i64 = CALL_RESULTS | (1 << 4);
/// `BRANCH`, which is the two directions of a branch.
const BRANCH: i64 = 1 << 18;

/// Makes the namespace.
pub(crate) fn make() -> PyResult {
    let module = ModuleObject::new("sys.monitoring");
    module.unaudited();
    module.add_functions(FUNCTIONS);
    let dict = module.dict();
    for (name, number) in TOOL_NAMES {
        dict.set_text(name, int::from_i64(number));
    }
    let [disable, missing] = [(); 2].map(|()| protocol::call(objects::object::OBJECT.value(), &[], None));
    let (disable, missing) = (disable?, missing?);
    dict.set_text("DISABLE", disable.clone());
    dict.set_text("MISSING", missing.clone());
    monitoring::set_marks(disable, missing);
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
    monitoring::release();
}

fn checked_tool(tool: i64) -> PyResult<usize> {
    match usize::try_from(tool).ok().filter(|&tool| tool < TOOLS) {
        Some(tool) => Ok(tool),
        None => Err(raise!(ValueError, "invalid tool {tool} (must be between 0 and 5)")),
    }
}

fn used_tool(tool: i64) -> PyResult<usize> {
    let at = checked_tool(tool)?;
    if monitoring::name(at).is_none() {
        return Err(raise!(ValueError, "tool {tool} is not in use"));
    }
    Ok(at)
}

/// A set of events as the table knows it.
fn checked_events(events: i64, allowed: i64, kind: &str) -> PyResult<i64> {
    let mut events = events;
    if (0..1 << EVENTS.len()).contains(&events) {
        if events & BRANCH != 0 {
            events = (events & !BRANCH) | (1 << BRANCH_LEFT) | (1 << BRANCH_RIGHT);
        }
        if events & CALL_RESULTS != 0 && events & CALLS != CALLS {
            return Err(raise!(ValueError, "cannot set C_RETURN or C_RAISE events independently"));
        }
        events &= !CALL_RESULTS;
    }
    if events & !allowed != 0 {
        return Err(raise!(ValueError, "invalid {kind} 0x{events:x}"));
    }
    Ok(events)
}

py_functions! { static FUNCTIONS;
    /// Takes a tool number into use.
    "use_tool_id(tool_id, name, /)"
    fn use_tool_id(tool: i64, name: Value) -> PyResult<()> {
        let at = checked_tool(tool)?;
        if !name.ty().is_subclass_of(&objects::str::STR) {
            return Err(raise!(ValueError, "tool name must be a str"));
        }
        if monitoring::name(at).is_some() {
            return Err(raise!(ValueError, "tool {tool} is already in use"));
        }
        monitoring::set_name(at, name.to_ref());
        Ok(())
    }
    /// Forgets the callbacks of a tool.
    "clear_tool_id(tool_id, /)"
    fn clear_tool_id(tool: i64) -> PyResult<()> {
        let at = checked_tool(tool)?;
        monitoring::clear(at, false);
        Ok(())
    }
    /// Forgets a tool.
    "free_tool_id(tool_id, /)"
    fn free_tool_id(tool: i64) -> PyResult<()> {
        let at = checked_tool(tool)?;
        monitoring::clear(at, true);
        Ok(())
    }
    /// The name of a tool, or None.
    "get_tool(tool_id, /)"
    fn get_tool(tool: i64) -> PyResult<Option<Ref>> {
        let at = checked_tool(tool)?;
        Ok(monitoring::name(at))
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
        runtime::tell!("sys.monitoring.register_callback", func.to_ref());
        let callback = (!objects::is_none(func)).then(|| func.to_ref());
        Ok(monitoring::set_callback(at, which, callback))
    }
    /// The events that a tool has asked for.
    "get_events(tool_id, /)"
    fn get_events(tool: i64) -> PyResult<i64> {
        Ok(monitoring::events(used_tool(tool)?))
    }
    /// Asks for events in all code.
    "set_events(tool_id, event_set, /)"
    fn set_events(tool: i64, events: i64) -> PyResult<()> {
        checked_tool(tool)?;
        let events = checked_events(events, (1 << EVENTS.len()) - 1, "event set")?;
        monitoring::set_events(used_tool(tool)?, events);
        Ok(())
    }
    /// The events that a tool has asked for in a code object.
    "get_local_events(tool_id, code, /)"
    fn get_local_events(tool: i64, code: Value) -> PyResult<i64> {
        let code = checked_code(code)?;
        Ok(monitoring::local_events(used_tool(tool)?, code))
    }
    /// Asks for events in one code object.
    "set_local_events(tool_id, code, event_set, /)"
    fn set_local_events(tool: i64, code: Value, events: i64) -> PyResult<()> {
        let code = checked_code(code)?;
        checked_tool(tool)?;
        let events = checked_events(events, LOCAL_EVENTS, "local event set")?;
        monitoring::set_local_events(used_tool(tool)?, code, events);
        Ok(())
    }
    /// Lets events happen again that a callback has disabled.
    "restart_events()"
    fn restart_events() {
        monitoring::restart();
    }
    /// The tools that have asked for each event.
    "_all_events()"
    fn all_events() -> Ref {
        let wanted = DictObject::new();
        for (at, name) in EVENTS.iter().enumerate() {
            let has = |tool: &usize| monitoring::events(*tool) & (1 << at) != 0;
            let tools = (0..TOOLS).filter(has).fold(0, |tools, tool| tools | 1 << tool);
            if tools != 0 {
                wanted.set_text(name, int::from_i64(tools));
            }
        }
        wanted.into()
    }
}

fn checked_code<'a>(code: Value) -> PyResult<&'a CodeObject> {
    code.get::<CodeObject>().ok_or_else(|| raise!(TypeError, "code must be a code object"))
}
