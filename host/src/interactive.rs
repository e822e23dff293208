//! The prompt: Lib's own `_pyrepl` where there is a terminal, else lines from standard input as they come.

use runtime::objects;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::value::{PyResult, Ref, Value};
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
    go_on(main.into())
}

/// `-i`: the prompt in the module that a program has left.
pub(crate) fn inspect() -> PyResult<()> {
    let Some(main) = sys_state::modules().get_text("__main__") else { return Ok(()) };
    go_on(main)
}

fn flag(sys: &Ref, name: &str) -> PyResult<bool> {
    let flags = protocol::get_attr_text(sys.value(), "flags")?;
    protocol::is_true(protocol::get_attr_text(flags.value(), name)?.value())
}

fn go_on(main: Ref) -> PyResult<()> {
    // Completion, history and `sys.__interactivehook__` are set up where CPython does it, in `site`.
    let site = protocol::import::import_absolute("site")?;
    protocol::call_method_text(site.value(), "register_readline", &[])?;
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stdin());
    if is_terminal && std::env::var_os("PYTHON_BASIC_REPL").is_none() {
        let pyrepl = protocol::import::import_absolute("_pyrepl.main")?;
        let console = protocol::get_attr_text(pyrepl.value(), "interactive_console")?;
        let truth = objects::bool(true);
        return protocol::call(console.value(), &[main.value(), truth, truth], None).map(drop);
    }
    lines(main.value())
}

/// Reads statements by `input`, prompts included, until there are no more.
pub(crate) fn lines(main: Value) -> PyResult<()> {
    let code = protocol::import::import_absolute("code")?;
    let class = protocol::get_attr_text(code.value(), "InteractiveConsole")?;
    let namespace = protocol::get_attr_text(main, "__dict__")?;
    let filename = StrObject::new("<stdin>");
    let console = protocol::call(class.value(), &[namespace.value(), filename.value()], None)?;
    let empty = StrObject::new("");
    protocol::call_method_text(console.value(), "interact", &[empty.value(), empty.value()]).map(drop)
}
