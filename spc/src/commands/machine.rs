//! `spc dump --stage=hir|lir|asm`: what the compiler makes of functions.
//!
//! Layouts and call targets come from the running program, so the file is imported under its own name (not as `__main__`); then
//! every function of it is compiled and shown, and none is called.

use std::path::Path;

use runtime::objects::dict::DictObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::module::ModuleObject;
use runtime::type_object::TypeObject;
use runtime::value::{Ref, Value};

use crate::args::Stage;

/// What to print.
pub(crate) struct Request<'r> {
    pub(crate) stage: Stage,
    /// The pass behind which it is printed.
    pub(crate) after: Option<&'r str>,
    /// The only function.
    pub(crate) function: Option<&'r str>,
    /// The instruction at which an interpreter's frame is continued.
    pub(crate) from: Option<u32>,
}

/// Prints a stage of the functions of a file.
pub(crate) fn run(request: &Request<'_>, file: &Path) -> u8 {
    let _attached = runtime::attach();
    let file = &std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    let directory = file.parent().map(Path::to_path_buf).unwrap_or_default();
    let settings = host::Settings {
        argv: vec![String::new()],
        path: vec![directory],
        jit: jit::Settings { traps_null: true, ..jit::Settings::default() },
        ..host::Settings::default()
    };
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let module = host::start(&settings).and_then(|()| runtime::protocol::import::import_absolute(&name));
    match module {
        Ok(module) => show(request, &module),
        Err(raised) => {
            host::run::report(raised);
            2
        }
    }
}

fn show(request: &Request<'_>, module: &Ref) -> u8 {
    let Request { stage, after, function: wanted, from } = *request;
    let Some(module) = module.get::<ModuleObject>() else { return 2 };
    let mut functions = Vec::new();
    collect(module.dict(), module.dict(), &mut functions);
    let (name, last) = match stage {
        Stage::Hir => ("hir", after.unwrap_or("refcount-insertion")),
        Stage::Lir => ("lir", after.unwrap_or("allocate")),
        _ => ("asm", "emit"),
    };
    let mut out = String::new();
    for function in functions.iter().filter_map(|function| function.get::<FunctionObject>()) {
        let qualname = function.qualname();
        if wanted.is_some_and(|wanted| wanted != qualname) {
            continue;
        }
        let outcome = jit::report::observe(function, from, &mut |stage, pass, text| {
            if stage == name && pass == last {
                out.push_str(text);
                out.push('\n');
            }
        });
        if let Err(reason) = outcome {
            out.push_str(&format!("; {qualname}: {reason}\n\n"));
        }
    }
    if out.is_empty() {
        match wanted {
            Some(wanted) => eprintln!("spc: no function '{wanted}', or no pass '{last}'"),
            None => eprintln!("spc: no functions, or no pass '{last}'"),
        }
        return 2;
    }
    super::print(&out)
}

/// The functions of a namespace and of the classes in it that belong to the module, in order of definition.
fn collect(namespace: &DictObject, globals: &DictObject, functions: &mut Vec<Ref>) {
    for (_, value) in namespace.to_pairs() {
        if let Some(function) = value.get::<FunctionObject>() {
            if std::ptr::eq(function.globals(), globals) {
                functions.push(value.clone());
            }
        } else if let Some(class) = value.get::<TypeObject>()
            && class.spec().is_none()
            && class.module() == module_name(globals)
        {
            collect(class.dict(), globals, functions);
        }
    }
}

fn module_name(globals: &DictObject) -> Option<String> {
    let name = globals.get_text("__name__")?;
    Value::get::<runtime::objects::str::StrObject>(name.value()).map(|name| name.to_string_lossy())
}
