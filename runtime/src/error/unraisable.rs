//! Exceptions that nobody can be told of: those of `__del__`, of weak reference callbacks, of handlers after a fork.
//!
//! A program may look at them by `sys.unraisablehook`. Without a hook of its own they are written to `sys.stderr`, with a line that says
//! where they come from. A hook that raises is itself reported, and not asked again for that.

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
    let Some(hook) = program_hook() else {
        write(exception.value(), message, context);
        return;
    };
    if let Err(raised) = call_hook(hook.value(), exception, message, context) {
        let failure = thread().take_raised(raised);
        write(failure.value(), Some("Exception ignored in sys.unraisablehook"), Some(hook.value()));
    }
}

/// `sys.unraisablehook`, if it is not the original.
fn program_hook() -> Option<Ref> {
    let sys = sys_state::modules().get_text("sys")?;
    let dict = sys.get::<ModuleObject>()?.dict();
    let hook = dict.get_text("unraisablehook").filter(|hook| !objects::is_none(hook.value()))?;
    let original = dict.get_text("__unraisablehook__")?;
    (hook.value() != original.value()).then_some(hook)
}

fn call_hook(hook: Value, exception: &Ref, message: Option<&str>, context: Option<Value>) -> PyResult<()> {
    let traceback = exception.get::<ExceptionObject>().and_then(|exception| exception.traceback.get_ref());
    let none = || objects::none().to_ref();
    let args = ARGS.make(vec![
        exception.ty().value().to_ref(),
        exception.clone(),
        traceback.unwrap_or_else(none),
        message.map_or_else(none, |message| StrObject::new(message).into()),
        context.map_or_else(none, Value::to_ref),
    ])?;
    protocol::call_one(hook, args.value()).map(drop)
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
