//! What the command line can run: a file, a folder, a module by name, a text, standard input.
//!
//! Each becomes a code object and a module `__main__`; what cannot become one is reported in Python's words.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use runtime::error;
use runtime::hooks;
use runtime::objects;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::protocol;
use runtime::sys_state;
use runtime::value::{Py, PyResult, Raised, Ref, Value};
use runtime::world::World;

use crate::compile::{self, SearchPath};
use crate::{decode, import, interactive, options, packed};

/// A program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Program {
    /// A file.
    File(PathBuf),
    /// A folder with a `__main__`.
    Folder(PathBuf),
    /// A module by its dotted name: `-m`.
    Module(String),
    /// The program itself: `-c`.
    Command(String),
    /// What standard input gives: `-`.
    Input,
    /// What people type: the prompt.
    Interactive,
}

/// Why a program does not end by itself.
pub enum Failure {
    /// It raised, or did not compile.
    Raised(Raised),
    /// There is no such program: a message for people.
    Missing(String),
}

impl From<Raised> for Failure {
    fn from(raised: Raised) -> Self {
        Failure::Raised(raised)
    }
}

impl Program {
    /// `sys.argv[0]`, as far as it is known before the program has been found.
    pub fn name(&self) -> String {
        match self {
            Program::File(path) | Program::Folder(path) => path.display().to_string(),
            Program::Module(_) => "-m".to_owned(),
            Program::Command(_) => "-c".to_owned(),
            Program::Input => "-".to_owned(),
            Program::Interactive => String::new(),
        }
    }

    /// The first entry of `sys.path`.
    pub fn directory(&self) -> PathBuf {
        match self {
            Program::Folder(path) => path.clone(),
            Program::File(path) if packed::is_archive(path) => path.clone(),
            Program::File(path) => path.parent().map(Path::to_path_buf).unwrap_or_default(),
            Program::Module(_) => std::env::current_dir().unwrap_or_default(),
            Program::Command(_) | Program::Input | Program::Interactive => PathBuf::new(),
        }
    }

    /// Whether the first entry of `sys.path` is the program itself, which stands there whatever options say.
    pub fn is_on_path(&self) -> bool {
        match self {
            Program::Folder(_) => true,
            Program::File(path) => packed::is_archive(path),
            _ => false,
        }
    }

    /// Runs it as `__main__`.
    pub fn run(&self) -> Result<(), Failure> {
        match self {
            Program::File(path) if packed::is_archive(path) => {
                start(&import::new_module("__main__", path), objects::none().to_ref());
                Ok(packed::run_archive().map(drop)?)
            }
            Program::File(path) => run_path(path, None).map(drop).map_err(Failure::from),
            Program::Folder(path) => {
                run_path(&main_of_folder(path), Some("")).map(drop).map_err(Failure::from)
            }
            Program::Module(name) => run_module(name),
            Program::Command(text) => {
                error::print::register_source(COMMAND_FILE, text);
                Ok(run_text(text, COMMAND_FILE)?)
            }
            Program::Input => Ok(run_input()?),
            Program::Interactive => Ok(interactive::run()?),
        }
    }
}

/// The file in a folder that is its program.
fn main_of_folder(folder: &Path) -> PathBuf {
    let source = folder.join("__main__.py");
    if source.is_file() { source } else { folder.join("__main__.pyc") }
}

/// Runs a file as `__main__`, perhaps of a package. One with a package has been found as modules are, and gets a spec.
pub(crate) fn run_path(path: &Path, package: Option<&str>) -> PyResult {
    let directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let module = import::new_module("__main__", path);
    module.dict().set_text("__cached__", objects::none().to_ref());
    let is_named = package.is_none();
    if !is_named {
        protocol::import::import_absolute("importlib")?;
    }
    let package = package.map_or_else(|| objects::none().to_ref(), |name| StrObject::new(name).into());
    start(&module, package);
    import::give_spec(&module)?;
    if packed::is_compiled(path) {
        return run_in(&module, &packed::compiled_code(path)?);
    }
    let search = SearchPath { directories: vec![directory] };
    let code = match is_named && options::skips_first_line() {
        true => compile::load_behind_first_line(compile::MAIN, path, &search)?,
        false => compile::load_file(compile::MAIN, path, &search)?,
    };
    run_in(&module, &code)
}

/// Registers `__main__`.
fn start(module: &Py<ModuleObject>, package: Ref) {
    let dict = module.dict();
    dict.set_text("__package__", package);
    dict.set_text("__spec__", objects::none().to_ref());
    dict.set_text("__builtins__", runtime::builtins::module());
    sys_state::modules().set_text("__main__", module.clone());
}

fn run_in(module: &ModuleObject, code: &Ref) -> PyResult {
    let namespace = Value::from_object(module.dict());
    (hooks::hooks().run_code)(code.value(), module.dict(), namespace, Value::NULL)
}

fn run_text(text: &str, filename: &str) -> PyResult<()> {
    let module = ModuleObject::new("__main__");
    start(&module, objects::none().to_ref());
    if filename == INPUT_FILE {
        module.dict().set_text("__file__", StrObject::new(filename));
        module.dict().set_text("__cached__", objects::none().to_ref());
    }
    let code = compile::compile_text("__main__", Path::new(filename), text)?;
    if filename == COMMAND_FILE {
        *COMMAND.borrow_mut() = Some((code.clone(), text.to_owned()));
    }
    run_in(&module, &code).map(drop)
}

/// The file name of what standard input gives.
const INPUT_FILE: &str = "<stdin>";

/// The file name of a command's code.
const COMMAND_FILE: &str = "<string>";

/// The code and the text of the command that runs.
static COMMAND: World<RefCell<Option<(Ref, String)>>> = World::new(RefCell::new(None));

/// Forgets the command, which is over.
pub(crate) fn release() {
    drop(COMMAND.take());
}

/// Lets `linecache`, which has just been imported, know the text of the command.
pub(crate) fn show_command(linecache: &Ref) -> PyResult<()> {
    let Some((code, text)) = COMMAND.borrow().clone() else { return Ok(()) };
    let (text, file) = (StrObject::new(&text), StrObject::new(COMMAND_FILE));
    let args = [code.value(), text.value(), file.value()];
    protocol::call_method_text(linecache.value(), "_register_code", &args).map(drop)
}

/// Reads the program from `sys.stdin`'s bytes.
fn run_input() -> PyResult<()> {
    let sys = protocol::import::import_absolute("sys")?;
    let stdin = protocol::get_attr_text(sys.value(), "stdin")?;
    let buffer = protocol::get_attr_text(stdin.value(), "buffer")?;
    let bytes = protocol::call_method_text(buffer.value(), "read", &[])?;
    let bytes = runtime::buffer::to_vec(bytes.value())?;
    run_text(decode::source(&bytes, INPUT_FILE, false)?.text(), INPUT_FILE)
}

/// `-m`: finds the module as an import does, and runs its file; of a package, the file of its `__main__`. What is no file, or is not
/// there, is left to the library.
fn run_module(name: &str) -> Result<(), Failure> {
    let Some((path, package)) = module_file(name)? else {
        start(&ModuleObject::new("__main__"), objects::none().to_ref());
        return Ok(packed::run_as_main(name, true).map(drop)?);
    };
    set_first_argument(&path.display().to_string())?;
    Ok(run_path(&path, Some(&package)).map(drop)?)
}

/// The file of a module, and its package.
fn module_file(name: &str) -> PyResult<Option<(PathBuf, String)>> {
    let parent = name.rsplit_once('.').map_or("", |(parent, _)| parent);
    let is_dotted = name.split('.').all(|part| !part.is_empty());
    if !is_dotted || !parent.is_empty() && !has_imported(parent)? {
        return Ok(None);
    }
    if stdlib::is_native(name) && !import::is_hidden(name)? {
        // One that is a package may have something to run in the library.
        let main = has_imported(name)?.then(|| import::find(&format!("{name}.__main__"))).transpose()?;
        return Ok(main.flatten().map(|path| (path, name.to_owned())));
    }
    let Some(path) = import::find(name)? else { return Ok(None) };
    if path.file_name().is_none_or(|file| file != "__init__.py") {
        let was_imported = sys_state::modules().get_text(name).is_some();
        // The library warns of a module that runs a second time.
        return Ok((!was_imported || parent.is_empty()).then(|| (path, parent.to_owned())));
    }
    if !has_imported(name)? {
        return Ok(None);
    }
    let main = import::find(&format!("{name}.__main__"))?;
    let main = main.filter(|path| path.file_name().is_some_and(|file| file != "__init__.py"));
    Ok(main.map(|path| (path, name.to_owned())))
}

/// Imports the package that a module is in; false if there is none.
fn has_imported(package: &str) -> PyResult<bool> {
    let Err(raised) = protocol::import::import_absolute(package) else { return Ok(true) };
    let raised = error::catch(raised, &error::types::ModuleNotFoundError)?;
    let missing = protocol::get_attr_text(raised.value(), "name")?;
    let missing = missing.get::<StrObject>().map(StrObject::to_string_lossy);
    let is_its_own = missing.is_some_and(|missing| {
        package.strip_prefix(missing.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    if is_its_own { Ok(false) } else { Err(error::raise_object(raised)) }
}

fn set_first_argument(text: &str) -> PyResult<()> {
    let sys = protocol::import::import_absolute("sys")?;
    let argv = protocol::get_attr_text(sys.value(), "argv")?;
    if argv.get::<ListObject>().is_some_and(|argv| !argv.is_empty()) {
        protocol::set_item(argv.value(), Value::small(0), StrObject::new(text).value())?;
    }
    Ok(())
}
