//! The builtins that `site` adds: `exit`, `quit`, `copyright`, `credits`, `license`, `help`.
//!
//! Few programs use them, and what they are made of is Python in Lib. So each begins as a stand-in: the first time it is called, printed or
//! asked for an attribute it makes the real object, puts it in its own place in `builtins`, and hands on what was asked. Cost at
//! start-up: six small objects.

use runtime::args::Args;
use runtime::header::Header;
use runtime::object::{self, Object};
use runtime::objects::dict::DictObject;
use runtime::objects::str::StrObject;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::value::Py;
use runtime::{PyResult, TypeObject, Value, protocol};

const END_OF_FILE: &str = "Ctrl-D (i.e. EOF)";
const CREDITS: &str = "Static Python in Rust stands on CPython, whose language, library and words it takes over.\n\
See https://www.python.org for the people of Python.";
const LICENSE: &str = "The library is CPython's, under the Python Software Foundation License Version 2: https://docs.python.org/3/license.html\n\
The rest is under the licenses that its package names.";

/// Name, class in `_sitebuiltins`, and the arguments that make it.
const BUILTINS: [(&str, &str, &[&str]); 6] = [
    ("exit", "Quitter", &["exit", END_OF_FILE]),
    ("quit", "Quitter", &["quit", END_OF_FILE]),
    ("copyright", "_Printer", &["copyright", crate::sys::COPYRIGHT]),
    ("credits", "_Printer", &["credits", CREDITS]),
    ("license", "_Printer", &["license", LICENSE]),
    ("help", "_Helper", &[]),
];

/// Adds the stand-ins to `builtins`.
pub fn install() {
    ready::ready(&STAND_IN);
    let builtins = runtime::builtins::dict();
    let builtins = builtins.get::<DictObject>().expect("builtins are a dict");
    for (index, (name, ..)) in BUILTINS.iter().enumerate() {
        builtins.set_text(name, object::new_object(StandIn { header: Header::new(&STAND_IN), index }));
    }
}

/// What stands in for one of the objects.
#[repr(C)]
struct StandIn {
    header: Header,
    index: usize,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for StandIn {
    fn type_object() -> &'static TypeObject {
        &STAND_IN
    }
}

/// Makes the real object and puts it in the place of the stand-in.
fn real(value: Value) -> PyResult {
    let (name, class, args) = BUILTINS[value.get::<StandIn>().expect("slots are called for instances").index];
    let module = protocol::import::import_absolute("_sitebuiltins")?;
    let class = protocol::get_attr_text(module.value(), class)?;
    let args: Vec<Py<StrObject>> = args.iter().map(|arg| StrObject::new(arg)).collect();
    let args: Vec<Value> = args.iter().map(|arg| arg.value()).collect();
    let made = protocol::call(class.value(), &args, None)?;
    let builtins = runtime::builtins::dict();
    let builtins = builtins.get::<DictObject>().expect("builtins are a dict");
    if builtins.get_text(name).is_some_and(|found| found.value() == value) {
        builtins.set_text(name, made.clone());
    }
    Ok(made)
}

fn call(value: Value, args: Args<'_>) -> PyResult {
    protocol::call_args(real(value)?.value(), args)
}

static STAND_IN: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_sitebuiltins",
    flags: type_flags::NO_NEW,
    slots: Slots {
        repr: Some(|value| protocol::repr(real(value)?.value())),
        call: Some(call),
        getattro: Some(|value, name| protocol::get_attr(real(value)?.value(), name)),
        ..Slots::EMPTY
    },
    ..TypeSpec::of::<StandIn>("_StandIn")
};
