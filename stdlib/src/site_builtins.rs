//! `exit`, `quit` and `help`: builtins that CPython's `site` adds when an interpreter starts. They are here so that a program has them without
//! paying for the import of `site`; `-S` leaves them out, as it leaves out `site`.

use runtime::args::Args;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::slots::Slots;
use runtime::type_object::TypeSpec;
use runtime::types::ready;
use runtime::{PyResult, TypeObject, Value, error, protocol, sys_state, thread};

/// `exit` or `quit`.
#[repr(C)]
struct Quitter {
    header: Header,
    name: &'static str,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Quitter {
    fn type_object() -> &'static TypeObject {
        &QUITTER
    }
}

/// The key that ends the input of a terminal.
const END_OF_INPUT: &str = "Ctrl-D (i.e. EOF)";

fn quitter<'a>(value: Value) -> &'a Quitter {
    value.get::<Quitter>().expect("slots are called for instances")
}

fn quit(_: Value, args: Args<'_>) -> PyResult {
    // What still reads from standard input must not wait.
    let stdin = sys_state::modules().get_text("sys").map(|sys| protocol::get_attr_text(sys.value(), "stdin"));
    if let Some(Ok(stdin)) = stdin
        && let Err(raised) = protocol::call_method_text(stdin.value(), "close", &[])
    {
        drop(thread().take_raised(raised));
    }
    let codes: Vec<Value> =
        args.positional.iter().copied().chain(args.keywords().map(|(_, code)| code)).collect();
    Err(error::raise_with_args(&error::types::SystemExit, &codes))
}

static QUITTER_GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "name",
        doc: "",
        get: |value| Ok(StrObject::intern(quitter(value).name).into()),
        set: None,
    },
    GetSetDef { name: "eof", doc: "", get: |_| Ok(StrObject::intern(END_OF_INPUT).into()), set: None },
];

static QUITTER: TypeObject = TypeObject::from_spec(&QUITTER_SPEC);
static QUITTER_SPEC: TypeSpec = TypeSpec {
    module: "_sitebuiltins",
    slots: Slots {
        repr: Some(|value| {
            Ok(StrObject::new(&format!("Use {}() or {END_OF_INPUT} to exit", quitter(value).name)).into())
        }),
        call: Some(quit),
        ..Slots::EMPTY
    },
    getset: QUITTER_GETSET,
    ..TypeSpec::of::<Quitter>("Quitter")
};

/// `help`
#[repr(C)]
struct Helper {
    header: Header,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Helper {
    fn type_object() -> &'static TypeObject {
        &HELPER
    }
}

fn help(_: Value, args: Args<'_>) -> PyResult {
    let pydoc = protocol::import::import_absolute("pydoc")?;
    let function = protocol::get_attr_text(pydoc.value(), "help")?;
    protocol::call_args(function.value(), args)
}

static HELPER: TypeObject = TypeObject::from_spec(&HELPER_SPEC);
static HELPER_SPEC: TypeSpec = TypeSpec {
    module: "_sitebuiltins",
    doc: "The builtin 'help': it loads pydoc when it is first called, and hands over to its help().",
    slots: Slots {
        repr: Some(|_| {
            let text = "Type help() for interactive help, or help(object) for help about object.";
            Ok(StrObject::new(text).into())
        }),
        call: Some(help),
        ..Slots::EMPTY
    },
    ..TypeSpec::of::<Helper>("_Helper")
};

/// Adds them to `builtins`.
pub(crate) fn add(builtins: &ModuleObject) {
    ready::ready(&QUITTER);
    ready::ready(&HELPER);
    for name in ["exit", "quit"] {
        builtins.dict().set_text(name, object::new_object(Quitter { header: Header::new(&QUITTER), name }));
    }
    builtins.dict().set_text("help", object::new_object(Helper { header: Header::new(&HELPER) }));
}
