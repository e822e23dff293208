//! `sys.displayhook`: what the prompt does with the value of an expression.

use runtime::error::{self, types};
use runtime::objects::str::StrObject;
use runtime::{PyResult, Ref, Value, builtins, objects, protocol, py_functions, raise, sys_state};

/// `sys.stdout`, which a program may have lost.
fn output() -> PyResult<Ref> {
    let sys = sys_state::modules().get_text("sys");
    let found = match &sys {
        Some(sys) => {
            protocol::attribute::get_optional_attr(sys.value(), StrObject::intern("stdout").value())?
        }
        None => None,
    };
    found
        .filter(|stream| !objects::is_none(stream.value()))
        .ok_or_else(|| raise!(RuntimeError, "lost sys.stdout"))
}

/// Writes a text; what the stream cannot encode is escaped.
fn write(stream: &Ref, text: &Ref) -> PyResult<()> {
    let written = protocol::call_method_text(stream.value(), "write", &[text.value()]);
    if error::ignore(written, &types::UnicodeEncodeError)?.is_some() {
        return Ok(());
    }
    let encoding = protocol::get_attr_text(stream.value(), "encoding")?;
    let escaping = StrObject::intern("backslashreplace");
    let bytes = protocol::call_method_text(text.value(), "encode", &[encoding.value(), escaping.value()])?;
    let buffer = protocol::attribute::get_optional_attr(stream.value(), StrObject::intern("buffer").value())?;
    if let Some(buffer) = buffer {
        return protocol::call_method_text(buffer.value(), "write", &[bytes.value()]).map(drop);
    }
    let strict = StrObject::intern("strict");
    let text = protocol::call_method_text(bytes.value(), "decode", &[encoding.value(), strict.value()])?;
    protocol::call_method_text(stream.value(), "write", &[text.value()]).map(drop)
}

py_functions! { pub(crate) static FUNCTIONS;
    /// Print an object to sys.stdout and also save it in builtins._
    "displayhook(object, /)"
    fn displayhook(object: Value) -> PyResult<()> {
        if objects::is_none(object) {
            return Ok(());
        }
        // Showing it may come by here.
        builtins::namespace().set_text("_", objects::none().to_ref());
        let stream = output()?;
        write(&stream, &protocol::repr(object)?)?;
        write(&stream, &StrObject::new("\n").into())?;
        builtins::namespace().set_text("_", object.to_ref());
        Ok(())
    }
}
