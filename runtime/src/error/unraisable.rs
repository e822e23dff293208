//! Exceptions that nobody can be told of: those of `__del__`, of weak reference callbacks, of handlers after a fork.
//!
//! A program may look at them by `sys.unraisablehook`. Without a hook of its own they are written to `sys.stderr`, with a line that says
//! where they come from. A hook that raises is itself reported, and not asked again for that.

use crate::audit_hook;
use crate::error::{ExceptionObject, print, traceback};
use crate::objects::module::ModuleObject;
use crate::objects::str::StrObject;
use crate::objects::{self, struct_sequence::StructType};
use crate::protocol;
use crate::sys_state;
use crate::thread;
use crate::value::{PyResult, Raised, Ref, Value};

/// What the hook is called with.
static ARGS: StructType = StructType::new(
    "builtins",
    "UnraisableHookArgs",
    &["exc_type", "exc_value", "exc_traceback", "err_msg", "object"],
);

/// Reports an exception that cannot be passed on: to `sys.unraisablehook` if the program has set one, else as that does by default.
pub fn write_unraisable(raised: Raised, context: Option<Value>) {
    tell(&thread().take_raised(raised), None, context);
}

/// The same, with words of its own about where the exception comes from: `Exception ignored`, `place`, and what was called there.
pub fn write_unraisable_at(raised: Raised, place: &str, called: Value) {
    // Showing an object runs code, which may fail in its own way.
    let exception = thread().take_raised(raised);
    tell(&exception, Some(&format!("Exception ignored {place} {}", shown(called))), None);
}

fn tell(exception: &Ref, message: Option<&str>, context: Option<Value>) {
    if let Some(exception) = exception.get::<ExceptionObject>() {
        traceback::add_running(exception);
    }
    let hook = program_hook();
    if let Some(Err(raised)) = audit_hook::is_listened().then(|| tell_listeners(exception, message, context))
    {
        let failure = thread().take_raised(raised);
        write(failure.value(), Some("Exception ignored in audit hook"), None);
        return;
    }
    let Some(hook) = hook else {
        write(exception.value(), message, context);
        return;
    };
    let called = arguments(exception, message, context)
        .and_then(|args| protocol::call_one(hook.value(), args.value()));
    if let Err(raised) = called {
        let failure = thread().take_raised(raised);
        write(failure.value(), Some("Exception ignored in sys.unraisablehook"), Some(hook.value()));
    }
}

/// Tells the audit hooks what `sys.unraisablehook` is to be called with.
fn tell_listeners(exception: &Ref, message: Option<&str>, context: Option<Value>) -> PyResult<()> {
    let hook = sys_attribute("unraisablehook");
    let args = arguments(exception, message, context)?;
    audit_hook::raise("sys.unraisablehook", vec![audit_hook::given(hook.as_ref().map(Ref::value)), args])
}

fn sys_attribute(name: &str) -> Option<Ref> {
    sys_state::modules().get_text("sys")?.get::<ModuleObject>()?.dict().get_text(name)
}

/// `sys.unraisablehook`, if it is not the original.
fn program_hook() -> Option<Ref> {
    let hook = sys_attribute("unraisablehook").filter(|hook| !objects::is_none(hook.value()))?;
    let original = sys_attribute("__unraisablehook__")?;
    (hook.value() != original.value()).then_some(hook)
}

/// What a hook is called with.
fn arguments(exception: &Ref, message: Option<&str>, context: Option<Value>) -> PyResult {
    let traceback = exception.get::<ExceptionObject>().and_then(|exception| exception.traceback.get_ref());
    let none = || objects::none().to_ref();
    ARGS.make(vec![
        exception.ty().value().to_ref(),
        exception.clone(),
        traceback.unwrap_or_else(none),
        message.map_or_else(none, |message| StrObject::new(message).into()),
        context.map_or_else(none, Value::to_ref),
    ])
}

/// `sys.__unraisablehook__`: writes what a hook is called with.
pub fn print(unraisable: Value) -> PyResult<()> {
    let attribute = |name: &str| protocol::get_attr_text(unraisable, name);
    let (exception, message, object) = (attribute("exc_value")?, attribute("err_msg")?, attribute("object")?);
    let given = |value: &Ref| !objects::is_none(value.value());
    let message = if given(&message) { Some(protocol::str_string(message.value())?) } else { None };
    write(exception.value(), message.as_deref(), given(&object).then_some(object.value()));
    Ok(())
}

fn write(exception: Value, message: Option<&str>, context: Option<Value>) {
    let head = match (message, context) {
        (message, Some(object)) => {
            let message = message.unwrap_or("Exception ignored in");
            format!("{message}: {}\n", shown(object))
        }
        (Some(message), None) => format!("{message}:\n"),
        (None, None) => String::new(),
    };
    let text = print::format_exception(exception);
    print::write_to_sys_stderr(&format!("{head}{text}"));
}

fn shown(object: Value) -> String {
    protocol::repr_string(object).unwrap_or_else(|raised| {
        drop(thread().take_raised(raised));
        format!("<{} object>", object.ty().name())
    })
}
