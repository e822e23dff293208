//! `_contextvars`: context variables (PEP 567).
//!
//! A context is a dict from variables to values, shared between copies until one of them writes: copying is one step, as an event
//! loop that copies for every callback needs it. The current context belongs to the thread; it is made when first asked for.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use runtime::args::Args;
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::DictObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::{self};
use runtime::operator::CompareOp;
use runtime::slots::Slots;
use runtime::thread::identity;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::value::Py;
use runtime::world::World;
use runtime::{PyResult, Ref, TypeObject, Value, protocol, py_functions, py_methods, py_new, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in [&CONTEXT, &VARIABLE, &TOKEN, &MISSING_TYPE] {
        ready::ready(ty);
    }
    TOKEN.dict().set_text("MISSING", missing().to_ref());
    for ty in [&CONTEXT, &VARIABLE, &TOKEN] {
        module.dict().set_text(ty.name(), ty.value().to_ref());
    }
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// The context that each thread is in.
static CURRENT: World<RefCell<BTreeMap<u64, Py<Context>>>> = World::new(RefCell::new(BTreeMap::new()));

/// Lets go of the contexts that the program has left: it is over.
pub(crate) fn release() {
    drop(CURRENT.take());
}

/// Lets go of the context of a thread that ends.
pub(crate) fn forget_thread() {
    let context = CURRENT.borrow_mut().remove(&identity());
    drop(context);
}

/// The context of the running code.
fn current() -> Py<Context> {
    let mut all = CURRENT.borrow_mut();
    all.entry(identity()).or_insert_with(|| Context::new(DictObject::new(), false)).clone()
}

/// Makes a context the current one, or none; gives the one before.
fn switch_to(context: Option<Py<Context>>) -> Option<Py<Context>> {
    let mut all = CURRENT.borrow_mut();
    match context {
        Some(context) => all.insert(identity(), context),
        None => all.remove(&identity()),
    }
}

/// A context.
#[repr(C)]
struct Context {
    header: Header,
    /// A dict from variables to values.
    values: Field,
    /// Whether another context may have the same dict.
    is_shared: Cell<bool>,
    is_entered: Cell<bool>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Context {
    fn type_object() -> &'static TypeObject {
        &CONTEXT
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.values.visit(visit);
    }
}

impl Context {
    fn new(values: Py<DictObject>, is_shared: bool) -> Py<Context> {
        let (is_shared, is_entered) = (Cell::new(is_shared), Cell::new(false));
        object::new_object(Context {
            header: Header::new(&CONTEXT),
            values: Field::new(values),
            is_shared,
            is_entered,
        })
    }

    fn values(&self) -> Py<DictObject> {
        Py::from_object(self.values.get().and_then(Value::get::<DictObject>).expect("a context keeps a dict"))
    }

    /// The dict, its own from now on.
    fn own_values(&self) -> Py<DictObject> {
        if self.is_shared.replace(false) {
            self.values.set(self.values().copy());
        }
        self.values()
    }

    fn copy(&self) -> Py<Context> {
        self.is_shared.set(true);
        Context::new(self.values(), true)
    }
}

/// A variable.
#[repr(C)]
struct Variable {
    header: Header,
    name: Field,
    default: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Variable {
    fn type_object() -> &'static TypeObject {
        &VARIABLE
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.name.visit(visit);
        self.default.visit(visit);
    }
}

/// What `set` returns: the variable with its value before.
#[repr(C)]
struct Token {
    header: Header,
    context: Field,
    variable: Field,
    /// Unset if the variable had no value.
    old: Field,
    is_used: Cell<bool>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Token {
    fn type_object() -> &'static TypeObject {
        &TOKEN
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.context, &self.variable, &self.old].into_iter().for_each(|field| field.visit(visit));
    }
}

/// The type of `Token.MISSING`.
#[repr(C)]
struct Missing {
    header: Header,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Missing {
    fn type_object() -> &'static TypeObject {
        &MISSING_TYPE
    }
}

static MISSING: World<Missing> = World::new(Missing { header: Header::immortal(&MISSING_TYPE) });

fn missing() -> Value {
    Value::from_object(&*MISSING)
}

/// Variables are the only keys of a context.
fn checked_key(key: Value) -> PyResult<Value> {
    if key.is_instance::<Variable>() {
        return Ok(key);
    }
    let text = protocol::repr_string(key)?;
    Err(raise!(TypeError, "a ContextVar key was expected, got {text}"))
}

fn new_context(_: &TypeObject, args: Args<'_>) -> PyResult {
    if !args.is_empty() {
        return Err(raise!(TypeError, "Context() does not accept any arguments"));
    }
    Ok(Context::new(DictObject::new(), false).into())
}

fn context<'a>(value: Value) -> &'a Context {
    value.get::<Context>().expect("slots check their owner")
}

fn context_compare(a: Value, b: Value, op: CompareOp) -> PyResult {
    match (a.get::<Context>(), b.get::<Context>()) {
        (Some(x), Some(y)) if matches!(op, CompareOp::Equal | CompareOp::NotEqual) => {
            protocol::compare(op, x.values().value(), y.values().value())
        }
        _ => objects::singleton::decline(),
    }
}

py_methods! { static CONTEXT_METHODS for "Context", &Context;
    /// Calls a function inside the context.
    "run(self, /, *args, **kwargs)"
    fn run(this, args: runtime::convert::Rest<'_>, kwargs: runtime::convert::Keywords) -> PyResult {
        let Some((&callable, args)) = args.0.split_first() else {
            return Err(raise!(TypeError, "run() missing 1 required positional argument"));
        };
        if this.is_entered.replace(true) {
            let text = protocol::repr_string(Value::from_object(this))?;
            return Err(raise!(RuntimeError, "cannot enter context: {text} is already entered"));
        }
        let before = switch_to(Some(Py::from_object(this)));
        let (names, values): (Vec<Value>, Vec<Value>) = kwargs.0.into_iter().unzip();
        let all: Vec<Value> = args.iter().copied().chain(values).collect();
        let names = objects::tuple::TupleObject::from_values(&names);
        let result = protocol::call(callable, &all, (!names.items().is_empty()).then(|| names.value()));
        drop(switch_to(before));
        this.is_entered.set(false);
        result
    }
    /// A shallow copy of the context.
    "copy(self, /)"
    fn copy(this) -> Ref {
        this.copy().into()
    }
    /// The value of a variable, or the default if it has none here.
    "get(self, key, default=None, /)"
    fn context_get(this, key: Value, default: Option<Value>) -> PyResult {
        let found = this.values().get(checked_key(key)?)?;
        Ok(found.unwrap_or_else(|| default.unwrap_or_else(objects::none).to_ref()))
    }
    /// All variables.
    "keys(self, /)"
    fn keys(this) -> PyResult {
        protocol::call_method_text(this.values().value(), "keys", &[])
    }
    /// All values.
    "values(self, /)"
    fn values(this) -> PyResult {
        protocol::call_method_text(this.values().value(), "values", &[])
    }
    /// Pairs of variables and values.
    "items(self, /)"
    fn items(this) -> PyResult {
        protocol::call_method_text(this.values().value(), "items", &[])
    }
}

static CONTEXT: TypeObject = TypeObject::from_spec(&CONTEXT_SPEC);
static CONTEXT_SPEC: TypeSpec = TypeSpec {
    module: "_contextvars",
    flags: type_flags::GC,
    slots: Slots {
        new: Some(new_context),
        init: Some(|_, _| Ok(())),
        richcompare: Some(context_compare),
        hash: Some(protocol::unhashable),
        len: Some(|value| Ok(context(value).values().len())),
        iter: Some(|value| protocol::get_iter(context(value).values().value())),
        contains: Some(|value, key| context(value).values().contains(checked_key(key)?)),
        subscript: Some(|value, key| match context(value).values().get(checked_key(key)?)? {
            Some(found) => Ok(found),
            None => Err(runtime::error::raise_with_args(&runtime::error::types::KeyError, &[key])),
        }),
        ..Slots::EMPTY
    },
    methods: &[CONTEXT_METHODS],
    ..TypeSpec::of::<Context>("Context")
};

py_new! {
    fn new_variable(_class, name: Value, default: Option<Ref>) "ContextVar(name, /, *, default=<unrepresentable>)" {
        if !name.is_instance::<StrObject>() {
            return Err(raise!(TypeError, "context variable name must be a str"));
        }
        let (name, default) = (Field::new(name.to_ref()), Field::from_option(default));
        Ok(object::new_object(Variable { header: Header::new(&VARIABLE), name, default }).into())
    }
}

fn variable_repr(value: Value) -> PyResult {
    let this = value.get::<Variable>().expect("slots check their owner");
    let mut text = format!("<ContextVar name={}", protocol::repr_string(this.name.raw())?);
    if let Some(default) = this.default.get_ref() {
        text += &format!(" default={}", protocol::repr_string(default.value())?);
    }
    Ok(StrObject::new(&format!("{text} at {:#x}>", value.bits())).into())
}

py_methods! { static VARIABLE_METHODS for "ContextVar", &Variable;
    /// The value in the current context, or a default; raises LookupError if there is neither.
    "get(self, default=<unrepresentable>, /)"
    fn variable_get(this, default: Option<Ref>) -> PyResult {
        let variable = Value::from_object(this);
        match current().values().get(variable)?.or(default).or_else(|| this.default.get_ref()) {
            Some(value) => Ok(value),
            None => Err(runtime::error::raise_with_args(&runtime::error::types::LookupError, &[variable])),
        }
    }
    /// Gives the variable a value in the current context.
    "set(self, value, /)"
    fn set(this, value: Ref) -> PyResult {
        let variable = Value::from_object(this);
        let (context, header) = (current(), Header::new(&TOKEN));
        let old = Field::from_option(context.values().get(variable)?);
        context.own_values().set(variable, value)?;
        let (context, variable) = (Field::new(context), Field::new(variable.to_ref()));
        Ok(object::new_object(Token { header, context, variable, old, is_used: Cell::new(false) }).into())
    }
    /// Gives the variable the value back that it had before `set` returned this token.
    "reset(self, token, /)"
    fn reset(this, token: Value) -> PyResult<()> {
        let Some(known) = token.get::<Token>() else {
            let text = protocol::repr_string(token)?;
            return Err(raise!(TypeError, "expected an instance of Token, got {text}"));
        };
        restore(known, Value::from_object(this))
    }
}

fn restore(token: &Token, variable: Value) -> PyResult<()> {
    let shown = || protocol::repr_string(Value::from_object(token));
    if token.is_used.get() {
        return Err(raise!(RuntimeError, "{} has already been used once", shown()?));
    }
    if token.variable.raw() != variable {
        return Err(raise!(ValueError, "{} was created by a different ContextVar", shown()?));
    }
    let context = current();
    if token.context.raw() != context.value() {
        return Err(raise!(ValueError, "{} was created in a different Context", shown()?));
    }
    token.is_used.set(true);
    match token.old.get_ref() {
        Some(old) => context.own_values().set(variable, old),
        None => context.own_values().remove(variable).map(drop),
    }
}

static VARIABLE_GETSET: &[GetSetDef] = &[GetSetDef {
    name: "name",
    doc: "",
    get: |value| Ok(value.get::<Variable>().expect("descriptors check their owner").name.get_or_none()),
    set: None,
}];

static VARIABLE: TypeObject = TypeObject::from_spec(&VARIABLE_SPEC);
static VARIABLE_SPEC: TypeSpec = TypeSpec {
    module: "_contextvars",
    flags: type_flags::GC,
    slots: Slots {
        new: Some(new_variable),
        init: Some(|_, _| Ok(())),
        repr: Some(variable_repr),
        ..Slots::EMPTY
    },
    methods: &[VARIABLE_METHODS, runtime::objects::typing::generic_alias::SUBSCRIPTABLE],
    getset: VARIABLE_GETSET,
    ..TypeSpec::of::<Variable>("ContextVar")
};

fn token<'a>(value: Value) -> &'a Token {
    value.get::<Token>().expect("slots and attributes check their owner")
}

fn token_repr(value: Value) -> PyResult {
    let this = token(value);
    let used = if this.is_used.get() { " used" } else { "" };
    let variable = protocol::repr_string(this.variable.raw())?;
    Ok(StrObject::new(&format!("<Token{used} var={variable} at {:#x}>", value.bits())).into())
}

py_methods! { static TOKEN_METHODS for "Token", &Token;
    /// The token itself.
    "__enter__(self, /)"
    fn enter(this) -> Ref {
        Value::from_object(this).to_ref()
    }
    /// Resets the variable.
    "__exit__(self, type, val, tb, /)"
    fn exit(this, kind: Value, value: Value, traceback: Value) -> PyResult<()> {
        let (_, _, _) = (kind, value, traceback);
        restore(this, this.variable.raw())
    }
}

static TOKEN_GETSET: &[GetSetDef] = &[
    GetSetDef { name: "var", doc: "", get: |value| Ok(token(value).variable.get_or_none()), set: None },
    GetSetDef {
        name: "old_value",
        doc: "",
        get: |value| Ok(token(value).old.get_ref().unwrap_or_else(|| missing().to_ref())),
        set: None,
    },
];

static TOKEN: TypeObject = TypeObject::from_spec(&TOKEN_SPEC);
static TOKEN_SPEC: TypeSpec = TypeSpec {
    module: "_contextvars",
    flags: type_flags::GC,
    slots: Slots {
        new: Some(|_, _| Err(raise!(RuntimeError, "Tokens can only be created by ContextVars"))),
        repr: Some(token_repr),
        hash: Some(protocol::unhashable),
        ..Slots::EMPTY
    },
    methods: &[TOKEN_METHODS, runtime::objects::typing::generic_alias::SUBSCRIPTABLE],
    getset: TOKEN_GETSET,
    ..TypeSpec::of::<Token>("Token")
};

static MISSING_TYPE: TypeObject = TypeObject::from_spec(&MISSING_SPEC);
static MISSING_SPEC: TypeSpec = TypeSpec {
    module: "_contextvars",
    flags: type_flags::TRIVIAL_DROP | type_flags::NO_NEW,
    slots: Slots { repr: Some(|_| Ok(StrObject::intern("<Token.MISSING>").into())), ..Slots::EMPTY },
    ..TypeSpec::of::<Missing>("Token.MISSING")
};

py_functions! { static FUNCTIONS;
    /// A copy of the current context.
    "copy_context()"
    fn copy_context() -> Ref {
        current().copy().into()
    }
}
