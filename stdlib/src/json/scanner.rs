//! `_json.Scanner`: reads one value of a document, under the options of a decoder.

use runtime::args::Args;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::str::{StrObject, Units};
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, error, protocol, raise};

use super::read::Reader;

/// The options.
#[repr(C)]
pub struct ScannerObject {
    header: Header,
    pub(super) strict: bool,
    pub(super) object_hook: Ref,
    pub(super) object_pairs_hook: Ref,
    pub(super) parse_float: Ref,
    pub(super) parse_int: Ref,
    pub(super) parse_constant: Ref,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ScannerObject {
    fn type_object() -> &'static TypeObject {
        &SCANNER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        let hooks = [&self.object_hook, &self.object_pairs_hook];
        let parsers = [&self.parse_float, &self.parse_int, &self.parse_constant];
        hooks.into_iter().chain(parsers).for_each(|field| visit(field.value()));
    }
}

impl ScannerObject {
    /// A function that the program wants to be called, unless it left the default.
    pub(super) fn hook(hook: &Ref) -> Option<Value> {
        Some(hook.value()).filter(|&hook| !objects::is_none(hook))
    }

    /// How the program wants integers to be made, unless as `int` does.
    pub(super) fn int_parser(&self) -> Option<Value> {
        Some(self.parse_int.value()).filter(|&parser| parser != int::INT.value())
    }

    /// How the program wants numbers with a fraction to be made, unless as `float` does.
    pub(super) fn float_parser(&self) -> Option<Value> {
        Some(self.parse_float.value()).filter(|&parser| parser != float::FLOAT.value())
    }
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let context = match (args.positional, args.keywords().next()) {
        ([context], None) => *context,
        ([], Some((name, context))) if name.get::<StrObject>().is_some_and(|name| name.eq_str("context")) => {
            context
        }
        _ => return Err(raise!(TypeError, "make_scanner() takes exactly 1 argument ({} given)", args.len())),
    };
    let option = |name: &str| protocol::get_attr_text(context, name);
    let contents = ScannerObject {
        header: Header::new(ty),
        strict: protocol::is_true(option("strict")?.value())?,
        object_hook: option("object_hook")?,
        object_pairs_hook: option("object_pairs_hook")?,
        parse_float: option("parse_float")?,
        parse_int: option("parse_int")?,
        parse_constant: option("parse_constant")?,
    };
    Ok(object::new_object_of(ty, contents).into())
}

fn this<'a>(value: Value) -> &'a ScannerObject {
    value.get::<ScannerObject>().expect("slots and attributes are asked of instances")
}

fn call(value: Value, args: Args<'_>) -> PyResult {
    let mut given = args.positional.iter().copied();
    let mut argument = |name: &str| {
        let keyword =
            || args.keywords().find(|(key, _)| key.get::<StrObject>().is_some_and(|key| key.eq_str(name)));
        given
            .next()
            .or_else(|| keyword().map(|(_, value)| value))
            .ok_or_else(|| raise!(TypeError, "scan_once() missing required argument '{name}'"))
    };
    let (string, index) = (argument("string")?, int::to_isize(argument("idx")?)?);
    let Some(document) = string.get::<StrObject>() else {
        return Err(raise!(TypeError, "first argument must be a string, not {}", string.ty().name()));
    };
    let Ok(from) = usize::try_from(index) else {
        return Err(raise!(ValueError, "idx cannot be negative"));
    };
    let (read, end) = match document.units() {
        Units::One(units) => Reader::new(this(value), document, units).value(from)?,
        Units::Two(units) => Reader::new(this(value), document, units).value(from)?,
        Units::Four(units) => Reader::new(this(value), document, units).value(from)?,
    };
    Ok(TupleObject::of([read, int::from_i64(end as i64)]).into())
}

/// The exception that says that no value starts here.
pub(super) fn no_value(at: usize) -> runtime::Raised {
    error::stop_iteration(int::from_i64(at as i64).value())
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "strict",
        doc: "strict",
        get: |value| Ok(objects::bool(this(value).strict).to_ref()),
        set: None,
    },
    GetSetDef {
        name: "object_hook",
        doc: "object_hook",
        get: |value| Ok(this(value).object_hook.clone()),
        set: None,
    },
    GetSetDef {
        name: "object_pairs_hook",
        doc: "object_pairs_hook",
        get: |value| Ok(this(value).object_pairs_hook.clone()),
        set: None,
    },
    GetSetDef {
        name: "parse_float",
        doc: "parse_float",
        get: |value| Ok(this(value).parse_float.clone()),
        set: None,
    },
    GetSetDef {
        name: "parse_int",
        doc: "parse_int",
        get: |value| Ok(this(value).parse_int.clone()),
        set: None,
    },
    GetSetDef {
        name: "parse_constant",
        doc: "parse_constant",
        get: |value| Ok(this(value).parse_constant.clone()),
        set: None,
    },
];

/// `_json.make_scanner`.
pub static SCANNER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_json",
    doc: "JSON scanner object",
    flags: type_flags::GC | type_flags::BASE,
    slots: Slots { new: Some(new), init: Some(|_, _| Ok(())), call: Some(call), ..Slots::EMPTY },
    getset: GETSET,
    ..TypeSpec::of::<ScannerObject>("Scanner")
};
