//! `_typing`: the types that the runtime makes for annotations, and `Generic`, under the names by which `typing` takes them.

use runtime::convert::{Keywords, Rest};
use runtime::header::Header;
use runtime::object::Object;
use runtime::objects::module::ModuleObject;
use runtime::objects::singleton;
use runtime::objects::typing::{type_alias, type_param, union};
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{PyResult, TypeObject, Value, protocol, py_class_methods, py_functions};

/// An instance of a class that adds nothing to `object`.
#[repr(C)]
pub struct GenericBase {
    header: Header,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for GenericBase {
    fn type_object() -> &'static TypeObject {
        &GENERIC
    }
}

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    ready::ready(&GENERIC);
    let types = [
        &type_param::TYPE_VAR,
        &type_param::PARAM_SPEC,
        &type_param::TYPE_VAR_TUPLE,
        &type_param::PARAM_SPEC_ARGS,
        &type_param::PARAM_SPEC_KWARGS,
        &type_alias::TYPE_ALIAS,
        &union::UNION_TYPE,
        &GENERIC,
    ];
    for ty in types {
        module.dict().set_text(ty.name(), ty.value().to_ref());
    }
    module.dict().set_text("NoDefault", singleton::no_default().to_ref());
    module.add_functions(FUNCTIONS);
    Ok(())
}

py_functions! { static FUNCTIONS;
    /// The argument.
    "_idfunc(x, /)"
    fn idfunc(x: Value) -> Value {
        x
    }
}

/// Calls a function of `typing` with the class in front of the other arguments.
fn delegate(function: &str, class: &TypeObject, rest: Rest<'_>, keywords: Keywords) -> PyResult {
    let typing = protocol::import::import_absolute("typing")?;
    let function = protocol::get_attr_text(typing.value(), function)?;
    let (names, values): (Vec<Value>, Vec<Value>) = keywords.0.into_iter().unzip();
    let args: Vec<Value> = [class.value()].into_iter().chain(rest.0.iter().copied()).chain(values).collect();
    let names = runtime::objects::tuple::TupleObject::from_values(&names);
    protocol::call(function.value(), &args, (!names.items().is_empty()).then(|| names.value()))
}

py_class_methods! { static CLASS_METHODS for "typing.Generic";
    /// Parameterizes a generic class.
    "__class_getitem__(cls, /, *args, **kwargs)"
    fn class_getitem(cls, args: Rest<'_>, kwargs: Keywords) -> PyResult {
        delegate("_generic_class_getitem", cls, args, kwargs)
    }
    /// Function to initialize subclasses.
    "__init_subclass__(cls, /, *args, **kwargs)"
    fn init_subclass(cls, args: Rest<'_>, kwargs: Keywords) -> PyResult {
        delegate("_generic_init_subclass", cls, args, kwargs)
    }
}

/// `typing.Generic`.
static GENERIC: TypeObject = TypeObject::from_spec(&GENERIC_SPEC);
static GENERIC_SPEC: TypeSpec = TypeSpec {
    module: "typing",
    doc: "Abstract base class for generic types.\n\nOn Python 3.12 and newer, generic classes implicitly inherit from\nGeneric when they declare a parameter list after the class's name.",
    flags: type_flags::BASE | type_flags::TRIVIAL_DROP | type_flags::SHOWN_AS_HEAP,
    methods: &[CLASS_METHODS],
    ..TypeSpec::of::<GenericBase>("Generic")
};
