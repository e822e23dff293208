//! The prompt: Lib's own `_pyrepl` where there is a terminal, else lines from standard input as they come.

use runtime::objects;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::value::{PyResult, Ref};
use runtime::{protocol, sys_state};

/// What `sys.version` does not say.
const HINT: &str = "Type \"help\", \"copyright\", \"credits\" or \"license\" for more information.";

/// Greets, and runs the prompt in a `__main__` of its own.
pub(crate) fn run() -> PyResult<()> {
    let main = ModuleObject::new("__main__");
    main.dict().set_text("__builtins__", runtime::builtins::module());
    for name in ["__spec__", "__package__"] {
        main.dict().set_text(name, objects::none().to_ref());
    }
    sys_state::modules().set_text("__main__", main.clone());
    let sys = protocol::import::import_absolute("sys")?;
    if !flag(&sys, "quiet")? {
        let attribute = |name| {
            protocol::get_attr_text(sys.value(), name).and_then(|text| protocol::str_string(text.value()))
        };
        runtime::hooks::write_stderr(&format!(
            "Python {} on {}\n{HINT}\n",
            attribute("version")?,
            attribute("platform")?
        ));
    }
    go_on(main.into(), true)
}

/// `-i`: the prompt in the module that a program has left.
pub(crate) fn inspect() -> PyResult<()> {
    let Some(main) = sys_state::modules().get_text("__main__") else { return Ok(()) };
    go_on(main, false)
}

fn flag(sys: &Ref, name: &str) -> PyResult<bool> {
    let flags = protocol::get_attr_text(sys.value(), "flags")?;
    protocol::is_true(protocol::get_attr_text(flags.value(), name)?.value())
}

/// The prompt in a module, behind the file that PYTHONSTARTUP names if that is wanted.
fn go_on(main: Ref, has_startup: bool) -> PyResult<()> {
    // Completion, history and `sys.__interactivehook__` are set up where CPython does it, in `site`.
    let site = protocol::import::import_absolute("site")?;
    protocol::call_method_text(site.value(), "register_readline", &[])?;
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stdin());
    if is_terminal && std::env::var_os("PYTHON_BASIC_REPL").is_none() {
        let pyrepl = protocol::import::import_absolute("_pyrepl.main")?;
        let console = protocol::get_attr_text(pyrepl.value(), "interactive_console")?;
        let (truth, has_startup) = (objects::bool(true), objects::bool(has_startup));
        return protocol::call(console.value(), &[main.value(), truth, has_startup], None).map(drop);
    }
    let prompt = protocol::import::import_absolute("_prompt")?;
    let namespace = protocol::get_attr_text(main.value(), "__dict__")?;
    let sys = protocol::import::import_absolute("sys")?;
    let startup = std::env::var("PYTHONSTARTUP").ok().filter(|path| has_startup && !path.is_empty());
    if let Some(path) = startup
        && !flag(&sys, "ignore_environment")?
    {
        let path = StrObject::new(&path);
        protocol::call_method_text(prompt.value(), "run_startup", &[path.value(), namespace.value()])?;
    }
    protocol::call_method_text(prompt.value(), "run", &[namespace.value()]).map(drop)
}
