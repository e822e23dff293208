//! `partial`: a function with some arguments given, and `Placeholder`, which keeps a place among them free.

use runtime::args::Args;
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::DictObject;
use runtime::objects::method::MethodObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self};
use runtime::protocol::ReprGuard;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::value::Py;
use runtime::world::World;
use runtime::{PyResult, Ref, TypeObject, Value, protocol, py_methods, raise};

/// `partial`.
#[repr(C)]
pub(super) struct Partial {
    header: Header,
    function: Field,
    /// A tuple.
    args: Field,
    /// A dict.
    keywords: Field,
    dict: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Partial {
    fn type_object() -> &'static TypeObject {
        &PARTIAL
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.fields().into_iter().for_each(|field| field.visit(visit));
    }
    fn clear(&self) {
        self.fields().into_iter().for_each(|field| drop(field.take()));
    }
}

impl Partial {
    fn fields(&self) -> [&Field; 4] {
        [&self.function, &self.args, &self.keywords, &self.dict]
    }
}

/// The type of `Placeholder`.
#[repr(C)]
pub(super) struct PlaceholderObject {
    header: Header,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for PlaceholderObject {
    fn type_object() -> &'static TypeObject {
        &PLACEHOLDER_TYPE
    }
}

static PLACEHOLDER: World<PlaceholderObject> =
    World::new(PlaceholderObject { header: Header::immortal(&PLACEHOLDER_TYPE) });

/// `Placeholder`
pub(super) fn placeholder() -> Value {
    Value::from_object(&*PLACEHOLDER)
}

fn partial<'a>(value: Value) -> &'a Partial {
    value.get::<Partial>().expect("slots are called for instances")
}

fn tuple_items(value: Value) -> Vec<Value> {
    value.get::<TupleObject>().map(|tuple| tuple.items().to_vec()).unwrap_or_default()
}

fn new_partial(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let [function, rest @ ..] = args.positional else {
        return Err(raise!(TypeError, "type 'partial' takes at least one argument"));
    };
    if !protocol::is_callable(*function) {
        return Err(raise!(TypeError, "the first argument must be callable"));
    }
    if rest.last() == Some(&placeholder()) {
        return Err(raise!(TypeError, "trailing Placeholders are not allowed"));
    }
    let keywords = DictObject::new();
    let (mut inner, mut bound) = (*function, rest.to_vec());
    if let Some(nested) = function.get_exact::<Partial>() {
        inner = nested.function.raw();
        bound = fill(&tuple_items(nested.args.raw()), rest);
        // What is left free behind the last given argument is free anyway.
        while bound.last() == Some(&placeholder()) {
            bound.pop();
        }
        if let Some(earlier) = nested.keywords.get().and_then(Value::get::<DictObject>) {
            keywords.merge(earlier, true)?;
        }
    }
    for (name, value) in args.keywords() {
        if value == placeholder() {
            return Err(raise!(TypeError, "Placeholder cannot be passed as a keyword argument"));
        }
        keywords.set(name, value.to_ref())?;
    }
    let contents = Partial {
        header: Header::new(ty),
        function: Field::new(inner.to_ref()),
        args: Field::new(TupleObject::from_values(&bound)),
        keywords: Field::new(keywords),
        dict: Field::empty(),
    };
    Ok(object::new_object_of(ty, contents).into())
}

/// Given arguments with later ones in their free places, and the rest of those behind them.
fn fill(given: &[Value], later: &[Value]) -> Vec<Value> {
    let mut later = later.iter().copied();
    let take = |&value: &Value| if value == placeholder() { later.next().unwrap_or(value) } else { value };
    let mut filled: Vec<Value> = given.iter().map(take).collect();
    filled.extend(later);
    filled
}

fn call_partial(value: Value, args: Args<'_>) -> PyResult {
    let this = partial(value);
    let (Some(function), Some(bound), Some(keywords)) =
        (this.function.get_ref(), this.args.get_ref(), this.keywords.get_ref())
    else {
        return Err(raise!(RuntimeError, "partial object is being torn down"));
    };
    let given = tuple_items(bound.value());
    let free = given.iter().filter(|&&value| value == placeholder()).count();
    if args.positional.len() < free {
        return Err(raise!(
            TypeError,
            "missing positional arguments in 'partial' call; expected at least {free}, got {}",
            args.positional.len()
        ));
    }
    let merged = keywords.get::<DictObject>().map_or_else(DictObject::new, DictObject::copy);
    for (name, value) in args.keywords() {
        merged.set(name, value.to_ref())?;
    }
    let mut values = fill(&given, args.positional);
    let pairs = merged.to_pairs();
    values.extend(pairs.iter().map(|(_, value)| value.value()));
    let names = TupleObject::new(pairs.iter().map(|(name, _)| name.clone()).collect());
    protocol::call(function.value(), &values, Some(names.value()).filter(|_| !pairs.is_empty()))
}

fn repr_partial(value: Value) -> PyResult {
    let this = partial(value);
    let Some(_guard) = ReprGuard::enter(value)? else {
        return Ok(StrObject::new("...").into());
    };
    let mut parts = vec![protocol::repr_string(this.function.get_or_none().value())?];
    for arg in
        tuple_items(this.args.get_or_none().value()).into_iter().map(|arg| arg.to_ref()).collect::<Vec<_>>()
    {
        parts.push(protocol::repr_string(arg.value())?);
    }
    let keywords = this.keywords.get_or_none();
    for (name, value) in keywords.get::<DictObject>().map(DictObject::to_pairs).unwrap_or_default() {
        parts.push(format!(
            "{}={}",
            protocol::str_string(name.value())?,
            protocol::repr_string(value.value())?
        ));
    }
    Ok(StrObject::new(&format!("{}({})", value.ty().full_name(), parts.join(", "))).into())
}

fn bind(value: Value, receiver: Option<Value>, _: Value) -> PyResult {
    match receiver {
        Some(receiver) => Ok(MethodObject::new(value, receiver).into()),
        None => Ok(value.to_ref()),
    }
}

py_methods! { static METHODS for "functools.partial", &Partial;
    /// State for pickling.
    "__reduce__(self, /)"
    fn reduce(this) -> Ref {
        let value = Value::from_object(this);
        let state = TupleObject::of([&this.function, &this.args, &this.keywords, &this.dict].map(Field::get_or_none));
        let made = TupleObject::of([this.function.get_or_none()]);
        TupleObject::of([value.ty().value().to_ref(), made.into(), state.into()]).into()
    }
    /// Takes what `__reduce__` gave.
    "__setstate__(self, state, /)"
    fn setstate(this, state: Value) -> PyResult<()> {
        let parts = tuple_items(state);
        let [function, args, keywords, dict] = parts.as_slice() else {
            return Err(raise!(TypeError, "invalid partial state"));
        };
        let is_dict = |value: Value| objects::is_none(value) || value.is_instance::<DictObject>();
        if !protocol::is_callable(*function) || !args.is_instance::<TupleObject>() || !is_dict(*keywords) || !is_dict(*dict) {
            return Err(raise!(TypeError, "invalid partial state"));
        }
        if tuple_items(*args).last() == Some(&placeholder()) {
            return Err(raise!(TypeError, "trailing Placeholders are not allowed"));
        }
        this.function.set(function.to_ref());
        // Instances of subclasses may not stay: calls take the plain items.
        this.args.set(match args.get_exact::<TupleObject>() {
            Some(given) => Py::from_object(given),
            None => TupleObject::from_values(&tuple_items(*args)),
        });
        this.keywords.set(match keywords.get::<DictObject>() {
            Some(given) if keywords.get_exact::<DictObject>().is_none() => given.copy(),
            Some(given) => Py::from_object(given),
            None => DictObject::new(),
        });
        drop(this.dict.replace((!objects::is_none(*dict)).then(|| dict.to_ref())));
        Ok(())
    }
}

macro_rules! get {
    ($name:literal, $field:ident, $doc:literal) => {
        GetSetDef { name: $name, doc: $doc, get: |value| Ok(partial(value).$field.get_or_none()), set: None }
    };
}

static GETSET: &[GetSetDef] = &[
    get!("func", function, "function object to use in future partial calls"),
    get!("args", args, "tuple of arguments to future partial calls"),
    get!("keywords", keywords, "dictionary of keyword arguments to future partial calls"),
];

pub(super) static PARTIAL: TypeObject = TypeObject::from_spec(&PARTIAL_SPEC);
static PARTIAL_SPEC: TypeSpec = TypeSpec {
    module: "functools",
    doc: "partial(func, /, *args, **keywords)\n--\n\nCreate a new function with partial application of the given arguments and keywords.",
    flags: type_flags::BASE | type_flags::GC | type_flags::WEAK,
    dict_offset: std::mem::offset_of!(Partial, dict),
    slots: Slots {
        new: Some(new_partial),
        init: Some(|_, _| Ok(())),
        repr: Some(repr_partial),
        call: Some(call_partial),
        descr_get: Some(bind),
        ..Slots::EMPTY
    },
    methods: &[METHODS, runtime::objects::typing::generic_alias::SUBSCRIPTABLE],
    getset: GETSET,
    ..TypeSpec::of::<Partial>("partial")
};

fn new_placeholder(_: &TypeObject, args: Args<'_>) -> PyResult {
    if !args.is_empty() {
        return Err(raise!(TypeError, "_PlaceholderType takes no arguments"));
    }
    Ok(placeholder().to_ref())
}

py_methods! { static PLACEHOLDER_METHODS for "functools._PlaceholderType", Value;
    /// For pickling: the name under which the singleton is found.
    "__reduce__(self, /)"
    fn placeholder_reduce(this_value) -> Ref {
        let _ = this_value;
        StrObject::intern("Placeholder").into()
    }
}

pub(super) static PLACEHOLDER_TYPE: TypeObject = TypeObject::from_spec(&PLACEHOLDER_SPEC);
static PLACEHOLDER_SPEC: TypeSpec = TypeSpec {
    module: "functools",
    doc: "The type of the Placeholder singleton.\n\nUsed as a placeholder for partial arguments.",
    flags: type_flags::TRIVIAL_DROP,
    slots: Slots {
        new: Some(new_placeholder),
        repr: Some(|_| Ok(StrObject::intern("Placeholder").into())),
        ..Slots::EMPTY
    },
    methods: &[PLACEHOLDER_METHODS],
    ..TypeSpec::of::<PlaceholderObject>("_PlaceholderType")
};
