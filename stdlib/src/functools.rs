//! `_functools`: `partial`, `reduce`, `lru_cache`; and the few pure-Python names of `functools` that programs use most.

use std::cell::Cell;

use runtime::args::Args;
use runtime::convert::OrNone;
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::DictObject;
use runtime::objects::method::MethodObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int, struct_sequence};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{PyResult, Ref, TypeObject, Value, protocol, py_functions, py_methods};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in [&PARTIAL, &CACHED, &DECORATOR] {
        ready::ready(ty);
    }
    module.dict().set_text("partial", PARTIAL.value().to_ref());
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// `partial`.
#[repr(C)]
pub struct Partial {
    header: Header,
    function: Field,
    args: Field,
    keywords: Field,
    dict: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Partial {
    fn type_object() -> &'static TypeObject {
        &PARTIAL
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.function, &self.args, &self.keywords, &self.dict]
            .into_iter()
            .for_each(|field| field.visit(visit));
    }
    fn clear(&self) {
        [&self.function, &self.args, &self.keywords, &self.dict]
            .into_iter()
            .for_each(|field| drop(field.take()));
    }
}

fn partial<'a>(value: Value) -> &'a Partial {
    value.get::<Partial>().expect("slots are called for instances")
}

fn new_partial(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let [function, rest @ ..] = args.positional else {
        return Err(runtime::raise!(TypeError, "type 'partial' takes at least one argument"));
    };
    if !protocol::is_callable(*function) {
        return Err(runtime::raise!(TypeError, "the first argument must be callable"));
    }
    let keywords = DictObject::new();
    let (mut inner, mut bound) = (*function, rest.to_vec());
    if let Some(nested) = function.get_exact::<Partial>() {
        inner = nested.function.raw();
        let earlier =
            nested.args.get().and_then(|args| args.get::<TupleObject>()).map_or(&[][..], TupleObject::items);
        bound = [earlier, rest].concat();
        if let Some(earlier) = nested.keywords.get().and_then(|keywords| keywords.get::<DictObject>()) {
            keywords.merge(earlier, true)?;
        }
    }
    for (name, value) in args.keywords() {
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

fn call_partial(value: Value, args: Args<'_>) -> PyResult {
    let this = partial(value);
    let (Some(function), Some(bound), Some(keywords)) =
        (this.function.get_ref(), this.args.get_ref(), this.keywords.get_ref())
    else {
        return Err(runtime::raise!(RuntimeError, "partial object is being torn down"));
    };
    let merged = match keywords.get::<DictObject>() {
        Some(keywords) => keywords.copy(),
        None => DictObject::new(),
    };
    for (name, value) in args.keywords() {
        merged.set(name, value.to_ref())?;
    }
    let mut values: Vec<Value> = bound.get::<TupleObject>().map_or(&[][..], TupleObject::items).to_vec();
    values.extend(args.positional);
    let pairs = merged.to_pairs();
    values.extend(pairs.iter().map(|(_, value)| value.value()));
    let names = TupleObject::new(pairs.iter().map(|(name, _)| name.clone()).collect());
    protocol::call(function.value(), &values, Some(names.value()).filter(|_| !pairs.is_empty()))
}

fn repr_partial(value: Value) -> PyResult {
    let this = partial(value);
    let mut parts = vec![protocol::repr_string(this.function.get_or_none().value())?];
    if let Some(bound) = this.args.get_ref() {
        for arg in protocol::collect(bound.value())? {
            parts.push(protocol::repr_string(arg.value())?);
        }
    }
    if let Some(keywords) = this.keywords.get_ref() {
        let pairs = keywords.get::<DictObject>().map(DictObject::to_pairs).unwrap_or_default();
        for (name, value) in pairs {
            parts.push(format!(
                "{}={}",
                protocol::str_string(name.value())?,
                protocol::repr_string(value.value())?
            ));
        }
    }
    Ok(StrObject::new(&format!("{}({})", value.ty().full_name(), parts.join(", "))).into())
}

static PARTIAL_GETSET: &[GetSetDef] = &[
    GetSetDef { name: "func", doc: "", get: |value| Ok(partial(value).function.get_or_none()), set: None },
    GetSetDef { name: "args", doc: "", get: |value| Ok(partial(value).args.get_or_none()), set: None },
    GetSetDef {
        name: "keywords",
        doc: "",
        get: |value| Ok(partial(value).keywords.get_or_none()),
        set: None,
    },
];

static PARTIAL: TypeObject = TypeObject::from_spec(&PARTIAL_SPEC);
static PARTIAL_SPEC: TypeSpec = TypeSpec {
    module: "functools",
    doc: "Create a new function with partial application of the given arguments and keywords.",
    flags: type_flags::BASE | type_flags::GC,
    dict_offset: std::mem::offset_of!(Partial, dict),
    slots: Slots {
        new: Some(new_partial),
        init: Some(|_, _| Ok(())),
        repr: Some(repr_partial),
        call: Some(call_partial),
        ..Slots::EMPTY
    },
    getset: PARTIAL_GETSET,
    ..TypeSpec::of::<Partial>("partial")
};

/// What `lru_cache` makes of a function.
#[repr(C)]
pub struct Cached {
    header: Header,
    function: Field,
    /// Results by key, in order of use.
    cache: Field,
    dict: Field,
    limit: Option<usize>,
    typed: bool,
    hits: Cell<i64>,
    misses: Cell<i64>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Cached {
    fn type_object() -> &'static TypeObject {
        &CACHED
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.function, &self.cache, &self.dict].into_iter().for_each(|field| field.visit(visit));
    }
    fn clear(&self) {
        [&self.function, &self.dict].into_iter().for_each(|field| drop(field.take()));
        self.cache().clear_all();
    }
}

impl Cached {
    fn cache(&self) -> &DictObject {
        self.cache.get().and_then(Value::get).expect("a cached function keeps its dict")
    }
}

fn cached<'a>(value: Value) -> &'a Cached {
    value.get::<Cached>().expect("slots are called for instances")
}

fn new_cached(function: Value, limit: Option<usize>, typed: bool) -> PyResult {
    let made: Ref = object::new_object(Cached {
        header: Header::new(&CACHED),
        function: Field::new(function.to_ref()),
        cache: Field::new(DictObject::new()),
        dict: Field::empty(),
        limit,
        typed,
        hits: Cell::new(0),
        misses: Cell::new(0),
    })
    .into();
    copy_metadata(made.value(), function)?;
    Ok(made)
}

/// The key of a call: the argument itself for a single str or int, else a tuple.
fn key_of(this: &Cached, args: Args<'_>) -> Ref {
    if let (Some(only), false) = (args.single(), this.typed)
        && (only.is_small() || only.is_exact(&objects::str::STR))
    {
        return only.to_ref();
    }
    let mut parts: Vec<Ref> = args.positional.iter().map(|value| value.to_ref()).collect();
    if args.has_keywords() {
        parts.push(CACHED.value().to_ref());
        for (name, value) in args.keywords() {
            parts.extend([name.to_ref(), value.to_ref()]);
        }
    }
    if this.typed {
        parts.extend(args.positional.iter().map(|value| value.ty().value().to_ref()));
        parts.extend(args.keywords().map(|(_, value)| value.ty().value().to_ref()));
    }
    TupleObject::new(parts).into()
}

fn call_cached(value: Value, args: Args<'_>) -> PyResult {
    let this = cached(value);
    let Some(function) = this.function.get_ref() else {
        return Err(runtime::raise!(RuntimeError, "cached function is being torn down"));
    };
    if this.limit == Some(0) {
        this.misses.set(this.misses.get() + 1);
        return protocol::call_args(function.value(), args);
    }
    let key = key_of(this, args);
    if let Some(found) = this.cache().get(key.value())? {
        this.hits.set(this.hits.get() + 1);
        if this.limit.is_some() {
            drop(this.cache().remove(key.value())?);
            this.cache().set(key.value(), found.clone())?;
        }
        return Ok(found);
    }
    this.misses.set(this.misses.get() + 1);
    let result = protocol::call_args(function.value(), args)?;
    this.cache().set(key.value(), result.clone())?;
    while this.limit.is_some_and(|limit| this.cache().len() > limit) {
        let oldest = this.cache().table.next_from(0).map(|(_, entry)| entry.key.to_ref());
        match oldest {
            Some(oldest) => drop(this.cache().remove(oldest.value())?),
            None => break,
        }
    }
    Ok(result)
}

fn bind_cached(value: Value, receiver: Option<Value>, _: Value) -> PyResult {
    match receiver {
        Some(receiver) => Ok(MethodObject::new(value, receiver).into()),
        None => Ok(value.to_ref()),
    }
}

py_methods! { static CACHED_METHODS for "_lru_cache_wrapper", &Cached;
    /// Report cache statistics
    "cache_info(self, /)"
    fn cache_info(this) -> PyResult {
        let limit = this.limit.map_or_else(|| objects::none().to_ref(), |limit| int::from_i64(limit as i64));
        let fields = [
            ("hits", int::from_i64(this.hits.get())),
            ("misses", int::from_i64(this.misses.get())),
            ("maxsize", limit),
            ("currsize", int::from_i64(this.cache().len() as i64)),
        ];
        struct_sequence::new("builtins", "CacheInfo", &fields)
    }
    /// Clear the cache and cache statistics
    "cache_clear(self, /)"
    fn cache_clear(this) {
        this.hits.set(0);
        this.misses.set(0);
        this.cache().clear_all();
    }
}

static CACHED: TypeObject = TypeObject::from_spec(&CACHED_SPEC);
static CACHED_SPEC: TypeSpec = TypeSpec {
    module: "functools",
    flags: type_flags::GC | type_flags::NO_NEW | type_flags::METHOD_DESCRIPTOR,
    dict_offset: std::mem::offset_of!(Cached, dict),
    slots: Slots { call: Some(call_cached), descr_get: Some(bind_cached), ..Slots::EMPTY },
    methods: &[CACHED_METHODS],
    ..TypeSpec::of::<Cached>("_lru_cache_wrapper")
};

/// A decorator with its arguments: `lru_cache(maxsize=...)` or `wraps(function)`.
#[repr(C)]
pub struct Decorator {
    header: Header,
    /// The wrapped function of `wraps`; unset for `lru_cache`.
    wrapped: Field,
    limit: Option<usize>,
    typed: bool,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Decorator {
    fn type_object() -> &'static TypeObject {
        &DECORATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.wrapped.visit(visit);
    }
}

fn call_decorator(value: Value, args: Args<'_>) -> PyResult {
    let this = value.get::<Decorator>().expect("slots are called for instances");
    let Some(function) = args.single() else {
        return Err(runtime::raise!(TypeError, "a decorator takes exactly one argument"));
    };
    match this.wrapped.get_ref() {
        Some(wrapped) => {
            copy_metadata(function, wrapped.value())?;
            Ok(function.to_ref())
        }
        None => new_cached(function, this.limit, this.typed),
    }
}

static DECORATOR: TypeObject = TypeObject::from_spec(&DECORATOR_SPEC);
static DECORATOR_SPEC: TypeSpec = TypeSpec {
    module: "functools",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { call: Some(call_decorator), ..Slots::EMPTY },
    ..TypeSpec::of::<Decorator>("decorator")
};

fn decorator(wrapped: Option<Ref>, limit: Option<usize>, typed: bool) -> Ref {
    let contents =
        Decorator { header: Header::new(&DECORATOR), wrapped: Field::from_option(wrapped), limit, typed };
    object::new_object(contents).into()
}

/// Makes a wrapper look like the function it wraps.
fn copy_metadata(wrapper: Value, wrapped: Value) -> PyResult<()> {
    for name in ["__module__", "__name__", "__qualname__", "__doc__", "__type_params__"] {
        let name = StrObject::intern(name);
        if let Some(value) = protocol::get_optional_attr(wrapped, name.value())? {
            protocol::set_attr(wrapper, name.value(), value.value())?;
        }
    }
    let dict = StrObject::intern("__dict__");
    let (from, to) = (
        protocol::get_optional_attr(wrapped, dict.value())?,
        protocol::get_optional_attr(wrapper, dict.value())?,
    );
    if let (Some(from), Some(to)) = (from, to)
        && let (Some(from), Some(to)) = (from.get::<DictObject>(), to.get::<DictObject>())
    {
        to.merge(from, true)?;
    }
    protocol::set_attr(wrapper, StrObject::intern("__wrapped__").value(), wrapped)
}

py_functions! { static FUNCTIONS;
    /// Apply a function of two arguments cumulatively to the items of an iterable, from left to right.
    "reduce(function, iterable, initial=None, /)"
    fn reduce(function: Value, iterable: Value, initial: Option<Ref>) -> PyResult {
        let iterator = protocol::get_iter(iterable)?;
        let first = match initial {
            Some(initial) => Some(initial),
            None => protocol::iter_next(iterator.value())?,
        };
        let Some(mut total) = first else {
            return Err(runtime::raise!(TypeError, "reduce() of empty iterable with no initial value"));
        };
        while let Some(item) = protocol::iter_next(iterator.value())? {
            total = protocol::call(function, &[total.value(), item.value()], None)?;
        }
        Ok(total)
    }
    /// Least-recently-used cache decorator.
    "lru_cache(maxsize=128, typed=False)"
    fn lru_cache(maxsize: Option<Value>, typed: Option<bool>) -> PyResult {
        let typed = typed.unwrap_or(false);
        match maxsize {
            None => Ok(decorator(None, Some(128), typed)),
            Some(limit) if objects::is_none(limit) => Ok(decorator(None, None, typed)),
            Some(function) if protocol::is_callable(function) => new_cached(function, Some(128), typed),
            Some(limit) => Ok(decorator(None, Some(int::to_isize(limit)?.max(0) as usize), typed)),
        }
    }
    /// Simple lightweight unbounded cache. Sometimes called "memoize".
    "cache(user_function, /)"
    fn cache(user_function: Value) -> PyResult {
        new_cached(user_function, None, false)
    }
    /// Update a wrapper function to look like the wrapped function.
    "update_wrapper(wrapper, wrapped, assigned=None, updated=None)"
    fn update_wrapper(wrapper: Value, wrapped: Value, assigned: OrNone<Value>, updated: OrNone<Value>) -> PyResult {
        if assigned.0.is_some() || updated.0.is_some() {
            return Err(runtime::error::not_supported("update_wrapper() with its own lists of attributes"));
        }
        copy_metadata(wrapper, wrapped)?;
        Ok(wrapper.to_ref())
    }
    /// Decorator factory to apply update_wrapper() to a wrapper function.
    "wraps(wrapped)"
    fn wraps(wrapped: Ref) -> Ref {
        decorator(Some(wrapped), None, false)
    }
}
