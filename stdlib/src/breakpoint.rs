//! `sys.breakpointhook`: what `breakpoint()` calls (PEP 553).
//!
//! The variable PYTHONBREAKPOINT is looked up at every call, by way of `os.environ` where a program has loaded it: `0` switches breakpoints
//! off, nothing means `pdb.set_trace`, and anything else is a dotted name. A name that cannot be found is worth a warning only.

use runtime::convert::{Keywords, Rest};
use runtime::error;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self};
use runtime::{PyResult, Ref, Value, protocol, py_functions, sys_state, warning};

/// What is called if the variable does not say.
const DEFAULT: &str = "pdb.set_trace";

/// The name of the function that the environment asks for.
fn wanted() -> PyResult<String> {
    if ignores_environment()? {
        return Ok(DEFAULT.to_owned());
    }
    let variable = "PYTHONBREAKPOINT";
    let text = match sys_state::modules().get_text("os") {
        Some(os) => {
            let environment = protocol::get_attr_text(os.value(), "environ")?;
            let found =
                protocol::call_method_text(environment.value(), "get", &[StrObject::new(variable).value()])?;
            found.get::<StrObject>().map(StrObject::to_string_lossy)
        }
        None => std::env::var(variable).ok(),
    };
    Ok(text.filter(|text| !text.is_empty()).unwrap_or_else(|| DEFAULT.to_owned()))
}

fn ignores_environment() -> PyResult<bool> {
    let Some(sys) = sys_state::modules().get_text("sys") else { return Ok(false) };
    let flags = protocol::get_attr_text(sys.value(), "flags")?;
    protocol::is_true(protocol::get_attr_text(flags.value(), "ignore_environment")?.value())
}

/// The function of a dotted name; of a name without a dot, the builtin.
fn find(name: &str) -> PyResult {
    let (module, attribute) = name.rsplit_once('.').unwrap_or(("builtins", name));
    let module = protocol::import::import_absolute(module)?;
    protocol::get_attr_text(module.value(), attribute)
}

/// What is found by the name, or nothing after a warning.
fn find_or_warn(name: &str) -> PyResult<Option<Ref>> {
    let raised = match find(name) {
        Ok(found) => return Ok(Some(found)),
        Err(raised) => raised,
    };
    if let Err(raised) = error::catch(raised, &error::types::ImportError) {
        drop(error::catch(raised, &error::types::AttributeError)?);
    }
    let message = format!("Ignoring unimportable $PYTHONBREAKPOINT: \"{name}\"");
    warning::warn(&error::types::RuntimeWarning, &message, 1)?;
    Ok(None)
}

py_functions! { pub(crate) static FUNCTIONS;
    /// This hook function is called by built-in breakpoint().
    "breakpointhook(*args, **kwargs)"
    fn breakpointhook(args: Rest<'_>, kwargs: Keywords) -> PyResult {
        let name = wanted()?;
        let found = if name == "0" { None } else { find_or_warn(&name)? };
        let Some(function) = found else { return Ok(objects::none().to_ref()) };
        let (names, values): (Vec<Value>, Vec<Value>) = kwargs.0.into_iter().unzip();
        let all: Vec<Value> = args.0.iter().copied().chain(values).collect();
        let names = TupleObject::from_values(&names);
        protocol::call(function.value(), &all, (!names.items().is_empty()).then(|| names.value()))
    }
}
