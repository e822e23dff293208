//! `print` and `input`: the builtins that talk to files, by way of `sys.stdout` and `sys.stdin`.

use crate::audit_hook::given;
use crate::convert::{Keywords, OrNone, Rest};
use crate::names::names;
use crate::objects;
use crate::objects::dict::DictObject;
use crate::objects::module::ModuleObject;
use crate::objects::str::{StrBuilder, StrObject};
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::py_functions;
use crate::value::{PyResult, Ref, Value};

/// An attribute of `sys`.
fn sys_attribute(name: Value) -> Option<Ref> {
    let sys = crate::sys_state::modules().get_text("sys")?;
    sys.get::<ModuleObject>().and_then(|sys| sys.dict().get_str(name)).map(Value::to_ref)
}

fn separator(value: Option<Value>, default: &str, name: &str) -> PyResult<Ref> {
    match value {
        None => Ok(StrObject::new(default).into()),
        Some(value) if value.is_instance::<StrObject>() => Ok(value.to_ref()),
        Some(value) => {
            Err(crate::raise!(TypeError, "{name} must be None or a string, not {}", value.ty().name()))
        }
    }
}

/// Whether a line that has come from a stream was typed at a terminal.
fn is_at_terminal(stdin: Value) -> bool {
    use std::io::IsTerminal;
    let is_original =
        sys_attribute(StrObject::intern("__stdin__").value()).is_some_and(|own| own.value() == stdin);
    is_original && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

py_functions! { pub(super) static FUNCTIONS;
    /// Prints the values to a stream, or to sys.stdout by default.
    ///
    /// sep
    ///   string inserted between values, default a space.
    /// end
    ///   string appended after the last value, default a newline.
    /// file
    ///   a file-like object (stream); defaults to the current sys.stdout.
    /// flush
    ///   whether to forcibly flush the stream.
    "print(*args, sep=' ', end='\\n', file=None, flush=False)"
    fn print(sep: OrNone<Value>, end: OrNone<Value>, file: OrNone<Value>, flush: Option<bool>, args: Rest<'_>) -> PyResult<()> {
        let (sep, end) = (separator(sep.0, " ", "sep")?, separator(end.0, "\n", "end")?);
        let file = match file.0 {
            Some(file) => file.to_ref(),
            None => match sys_attribute(names().stdout) {
                Some(stdout) if objects::is_none(stdout.value()) => return Ok(()),
                Some(stdout) => stdout,
                None => return Err(crate::raise!(RuntimeError, "lost sys.stdout")),
            },
        };
        let mut text = StrBuilder::new();
        for (at, &value) in args.0.iter().enumerate() {
            if at > 0 {
                protocol::push_str(&mut text, sep.value())?;
            }
            protocol::push_str(&mut text, value)?;
        }
        protocol::push_str(&mut text, end.value())?;
        protocol::call_method(file.value(), names().write, &[text.try_finish()?.value()])?;
        if flush.unwrap_or(false) {
            protocol::call_method(file.value(), names().flush, &[])?;
        }
        Ok(())
    }
    /// Call sys.breakpointhook(*args, **kws).  sys.breakpointhook() must accept whatever arguments are passed.
    "breakpoint(*args, **kws)"
    fn breakpoint(args: Rest<'_>, kws: Keywords) -> PyResult {
        let Some(hook) = sys_attribute(StrObject::intern("breakpointhook").value()) else {
            return Err(crate::raise!(RuntimeError, "lost sys.breakpointhook"));
        };
        let (names, values): (Vec<Value>, Vec<Value>) = kws.0.into_iter().unzip();
        let all: Vec<Value> = args.0.iter().copied().chain(values).collect();
        let names = TupleObject::from_values(&names);
        protocol::call(hook.value(), &all, (!names.items().is_empty()).then(|| names.value()))
    }
    /// Read a string from standard input.  The trailing newline is stripped.
    "input(prompt='', /)"
    fn input(prompt: Option<Value>) -> PyResult {
        let there = |name| sys_attribute(name).filter(|stream| !objects::is_none(stream.value()));
        for (name, shown) in [(names().stdin, "stdin"), (names().stdout, "stdout"), (names().stderr, "stderr")] {
            if there(name).is_none() {
                return Err(crate::raise!(RuntimeError, "input(): lost sys.{shown}"));
            }
        }
        crate::tell!("builtins.input", given(prompt));
        if let (Some(prompt), Some(stdout)) = (prompt, sys_attribute(names().stdout)) {
            protocol::call_method(stdout.value(), names().write, &[protocol::str(prompt)?.value()])?;
            // A stream that cannot be flushed will do.
            let flushed = protocol::call_method(stdout.value(), names().flush, &[]);
            drop(crate::error::ignore(flushed, &crate::error::types::Exception)?);
        }
        let Some(stdin) = sys_attribute(names().stdin) else {
            return Err(crate::raise!(RuntimeError, "input(): lost sys.stdin"));
        };
        let line = protocol::call_method(stdin.value(), names().readline, &[])?;
        let Some(text) = line.get::<StrObject>() else {
            return Err(crate::raise!(TypeError, "object.readline() returned non-string"));
        };
        let line: Ref = match text.len() {
            0 => return Err(crate::raise!(EOFError, "EOF when reading a line")),
            len if text.code_point(len - 1) == u32::from('\n') => text.substring(0, len - 1).into(),
            len => text.substring(0, len).into(),
        };
        if is_at_terminal(stdin.value()) {
            crate::tell!("builtins.input/result", line.clone());
        }
        Ok(line)
    }
}

/// The namespace of `sys`, once `stdlib` has made it.
pub fn sys_namespace() -> Option<Ref> {
    let sys = crate::sys_state::modules().get_text("sys")?;
    sys.get::<ModuleObject>().map(|sys| Value::from_object::<DictObject>(sys.dict()).to_ref())
}
