//! `typing`: the names that annotations use, importable and subscriptable. Checking them is the compiler's business.
//!
//! Special forms are objects that give a `GenericAlias` when subscripted; `Optional` and `Union` give real unions. `Generic` and `Protocol` are
//! classes, so that they can be bases. What needs the pure-Python module (`NamedTuple`, `TypedDict`, `get_type_hints` of strings)
//! raises `not supported yet`.

use runtime::convert::Rest;
use runtime::field::Field;
use runtime::header::Header;
use runtime::object::{self, Object};
use runtime::objects::dict::{DICT, DictObject};
use runtime::objects::list::LIST;
use runtime::objects::module::ModuleObject;
use runtime::objects::set::{FROZENSET, SET};
use runtime::objects::str::{STR, StrObject};
use runtime::objects::tuple::{TUPLE, TupleObject};
use runtime::objects::type_type::TYPE;
use runtime::objects::{self, generic_alias, type_params};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{PyResult, Ref, TypeObject, Value, error, protocol, py_class_methods, py_functions};

/// A special form such as `Any`.
#[repr(C)]
pub struct SpecialForm {
    header: Header,
    name: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for SpecialForm {
    fn type_object() -> &'static TypeObject {
        &SPECIAL_FORM
    }
}

fn this<'a>(value: Value) -> &'a SpecialForm {
    value.get::<SpecialForm>().expect("slots are called for instances")
}

fn name_of(value: Value) -> String {
    this(value)
        .name
        .get()
        .and_then(|name| name.get::<StrObject>())
        .map(StrObject::to_string_lossy)
        .unwrap_or_default()
}

fn subscript(value: Value, item: Value) -> PyResult {
    match name_of(value).as_str() {
        "Optional" => generic_alias::union_of(item, objects::none()),
        "Union" => {
            let members = match item.get::<TupleObject>() {
                Some(members) => members.items().to_vec(),
                None => vec![item],
            };
            let mut union =
                members.first().map(|member| member.to_ref()).unwrap_or_else(|| objects::none().to_ref());
            for &member in members.iter().skip(1) {
                union = generic_alias::union_of(union.value(), member)?;
                if objects::is_not_implemented(union.value()) {
                    return generic_alias::new(value, item);
                }
            }
            Ok(union)
        }
        _ => generic_alias::new(value, item),
    }
}

fn union(a: Value, b: Value) -> PyResult {
    let members = TupleObject::from_values(&[a, b]);
    let form = if a.is_instance::<SpecialForm>() { a } else { b };
    generic_alias::new(form, members.value())
}

static SPECIAL_FORM: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "typing",
    flags: type_flags::NO_NEW,
    slots: Slots {
        repr: Some(|value| Ok(StrObject::new(&format!("typing.{}", name_of(value))).into())),
        subscript: Some(subscript),
        or: Some(union),
        ..Slots::EMPTY
    },
    ..TypeSpec::of::<SpecialForm>("_SpecialForm")
};

/// Layout of `Generic` and `Protocol`: nothing of their own.
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

py_class_methods! { static GENERIC_METHODS for "Generic";
    /// Parameterizes a generic class.
    "__class_getitem__(cls, item, /)"
    fn class_getitem(cls, item: Value) -> PyResult {
        generic_alias::new(cls.value(), item)
    }
}

/// `Generic`.
pub static GENERIC: TypeObject = TypeObject::from_spec(&GENERIC_SPEC);
static GENERIC_SPEC: TypeSpec = TypeSpec {
    module: "typing",
    flags: type_flags::BASE | type_flags::TRIVIAL_DROP,
    methods: &[GENERIC_METHODS],
    ..TypeSpec::of::<GenericBase>("Generic")
};

/// `Protocol`.
pub static PROTOCOL: TypeObject = TypeObject::from_spec(&PROTOCOL_SPEC);
static PROTOCOL_SPEC: TypeSpec = TypeSpec {
    module: "typing",
    base: Some(&GENERIC),
    flags: type_flags::BASE | type_flags::TRIVIAL_DROP,
    ..TypeSpec::of::<GenericBase>("Protocol")
};

const FORMS: [&str; 44] = [
    "Any",
    "Optional",
    "Union",
    "Final",
    "ClassVar",
    "Callable",
    "Literal",
    "Annotated",
    "Concatenate",
    "TypeGuard",
    "TypeIs",
    "Self",
    "Never",
    "NoReturn",
    "LiteralString",
    "Required",
    "NotRequired",
    "ReadOnly",
    "Unpack",
    "TypeAlias",
    "Iterable",
    "Iterator",
    "Generator",
    "Sequence",
    "MutableSequence",
    "Mapping",
    "MutableMapping",
    "AbstractSet",
    "MutableSet",
    "Collection",
    "Container",
    "Sized",
    "Hashable",
    "Reversible",
    "Awaitable",
    "Coroutine",
    "AsyncIterable",
    "AsyncIterator",
    "AsyncGenerator",
    "ContextManager",
    "AsyncContextManager",
    "SupportsInt",
    "SupportsFloat",
    "SupportsIndex",
];

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in [&SPECIAL_FORM, &GENERIC, &PROTOCOL] {
        ready::ready(ty);
    }
    module.add_functions(FUNCTIONS);
    let dict = module.dict();
    for name in FORMS {
        let name_object: Ref = StrObject::intern(name).into();
        let form = SpecialForm { header: Header::new(&SPECIAL_FORM), name: Field::new(name_object) };
        dict.set_text(name, object::new_object(form));
    }
    let classes: [(&str, &TypeObject); 17] = [
        ("Generic", &GENERIC),
        ("Protocol", &PROTOCOL),
        ("List", &LIST),
        ("Dict", &DICT),
        ("Set", &SET),
        ("FrozenSet", &FROZENSET),
        ("Tuple", &TUPLE),
        ("Type", &TYPE),
        ("Text", &STR),
        ("TypeVar", &type_params::TYPE_VAR),
        ("ParamSpec", &type_params::PARAM_SPEC),
        ("TypeVarTuple", &type_params::TYPE_VAR_TUPLE),
        ("TypeAliasType", &type_params::TYPE_ALIAS),
        ("GenericAlias", &generic_alias::GENERIC_ALIAS),
        ("_GenericAlias", &generic_alias::GENERIC_ALIAS),
        ("DefaultDict", &DICT),
        ("OrderedDict", &DICT),
    ];
    for (name, class) in classes {
        dict.set_text(name, class.value().to_ref());
    }
    dict.set_text("TYPE_CHECKING", objects::bool(false).to_ref());
    let any_str = type_params::type_var(StrObject::intern("AnyStr").into());
    dict.set_text("AnyStr", any_str);
    Ok(())
}

py_functions! { static FUNCTIONS;
    /// Cast a value to a type; returns the value unchanged.
    "cast(typ, val)"
    fn cast(typ: Value, val: Ref) -> Ref {
        let _ = typ;
        val
    }
    /// Mark one of several signatures.
    "overload(func)"
    fn overload(func: Ref) -> Ref {
        func
    }
    /// Mark a method or class as final.
    "final(f)"
    fn final_decorator(f: Value) -> PyResult {
        let flag = StrObject::intern("__final__");
        let marked = protocol::set_attr(f, flag.value(), objects::bool(true));
        if let Err(raised) = marked {
            let other = error::catch(raised, &error::types::AttributeError);
            if let Err(raised) = other {
                drop(error::catch(raised, &error::types::TypeError)?);
            }
        }
        Ok(f.to_ref())
    }
    /// Mark a method as overriding one of a base class.
    "override(method, /)"
    fn override_decorator(method: Value) -> PyResult {
        Ok(method.to_ref())
    }
    /// Mark a protocol class as usable with isinstance().
    "runtime_checkable(cls)"
    fn runtime_checkable(cls: Ref) -> Ref {
        cls
    }
    /// Mark annotations as not being type hints.
    "no_type_check(arg)"
    fn no_type_check(arg: Ref) -> Ref {
        arg
    }
    /// The annotations of an object.
    "get_type_hints(obj, globalns=None, localns=None, include_extras=False)"
    fn get_type_hints(obj: Value, globalns: Option<Value>, localns: Option<Value>, include_extras: Option<Value>) -> PyResult {
        let (_, _, _) = (globalns, localns, include_extras);
        let annotations = protocol::get_attr_text(obj, "__annotations__")?;
        match annotations.get::<DictObject>() {
            Some(annotations) => Ok(annotations.copy().into()),
            None => Ok(DictObject::new().into()),
        }
    }
    /// The type that a generic alias parameterizes.
    "get_origin(tp)"
    fn get_origin(tp: Value) -> PyResult {
        let origin = protocol::get_optional_attr(tp, StrObject::intern("__origin__").value())?;
        Ok(origin.unwrap_or_else(|| objects::none().to_ref()))
    }
    /// The arguments of a generic alias.
    "get_args(tp)"
    fn get_args(tp: Value) -> PyResult {
        let args = protocol::get_optional_attr(tp, StrObject::intern("__args__").value())?;
        Ok(args.unwrap_or_else(|| TupleObject::empty().into()))
    }
    /// Show the type that the checker sees; returns the value.
    "reveal_type(obj, /)"
    fn reveal_type(obj: Ref) -> Ref {
        obj
    }
    /// Fail if reached.
    "assert_never(arg, /)"
    fn assert_never(arg: Value) -> PyResult<()> {
        let shown = protocol::repr_string(arg)?;
        Err(runtime::raise!(AssertionError, "Expected code to be unreachable, but got: {shown}"))
    }
    /// Ask the checker to confirm a type; returns the value.
    "assert_type(val, typ, /)"
    fn assert_type(val: Ref, typ: Value) -> Ref {
        let _ = typ;
        val
    }
    /// A distinct type for the checker; calls return their argument.
    "NewType(name, tp)"
    fn new_type(name: Value, tp: Ref) -> PyResult {
        let _ = (name, tp);
        Err(error::not_supported("typing.NewType"))
    }
    /// Typed version of collections.namedtuple.
    "NamedTuple(*args)"
    fn named_tuple(args: Rest<'_>) -> PyResult {
        let _ = args.0;
        Err(error::not_supported("typing.NamedTuple"))
    }
    /// A dict with known keys.
    "TypedDict(*args)"
    fn typed_dict(args: Rest<'_>) -> PyResult {
        let _ = args.0;
        Err(error::not_supported("typing.TypedDict"))
    }
}
