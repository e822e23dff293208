//! `_lru_cache_wrapper`: a function that remembers its results, the least recently used of which go first.
//!
//! A dict finds results by key; the order of use is kept apart ([`Recency`]). A key is hashed once. Looking up compares keys, so Python
//! code may run at any point, this function itself included; the dict is consulted again behind every call.

use std::cell::{Cell, RefCell};

use runtime::args::Args;
use runtime::field::Field;
use runtime::header::Header;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::{self, DictObject};
use runtime::objects::method::MethodObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, protocol, py_methods, py_new, raise};

use super::recency::{self, Entry, Recency};

/// What `lru_cache` makes of a function.
#[repr(C)]
pub(super) struct Cached {
    header: Header,
    function: Field,
    /// By key, the results, or, if there is a limit, the places of the entries.
    cache: Field,
    /// What a bounded cache holds.
    entries: RefCell<Recency>,
    dict: Field,
    /// The class of `cache_info()`.
    info: Field,
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
        [&self.function, &self.cache, &self.dict, &self.info]
            .into_iter()
            .for_each(|field| field.visit(visit));
        recency::visit(&self.entries, visit);
    }
    fn clear(&self) {
        [&self.function, &self.dict].into_iter().for_each(|field| drop(field.take()));
        self.clear_cache();
    }
}

impl Cached {
    fn cache(&self) -> &DictObject {
        self.cache.get().and_then(Value::get).expect("a cached function keeps its dict")
    }

    /// The result of an earlier call, which is the newest then.
    fn find(&self, key: Value, hash: i64) -> PyResult<Option<Ref>> {
        let Some(found) = self.cache().get_hashed(key, hash)? else {
            return Ok(None);
        };
        Ok(if self.limit.is_some() {
            self.entries.borrow_mut().use_at(place_of(&found))
        } else {
            Some(found)
        })
    }

    /// Adds an entry to a bounded cache. Comparing keys may call the function, which may fill or clear the cache meanwhile.
    fn remember(&self, entry: Entry, limit: usize) -> PyResult<()> {
        if self.cache().get_hashed(entry.key.value(), entry.hash)?.is_some() {
            // The call itself has added it.
            return Ok(());
        }
        if self.cache().len() >= limit && !self.evict()? {
            return Ok(());
        }
        let (key, hash) = (entry.key.clone(), entry.hash);
        let at = self.entries.borrow_mut().add(entry);
        let added = self.cache().set_hashed(key.value(), hash, int::from_i64(at as i64));
        if added.is_err() {
            let removed = self.entries.borrow_mut().free(at);
            drop(removed);
        }
        added
    }

    /// Removes the oldest entry; false if the cache was cleared meanwhile.
    fn evict(&self) -> PyResult<bool> {
        let (generation, oldest) = {
            let mut entries = self.entries.borrow_mut();
            (entries.generation, entries.take_oldest())
        };
        let Some((at, oldest)) = oldest else { return Ok(false) };
        match self.cache().remove_hashed(oldest.key.value(), oldest.hash) {
            Ok(found) => {
                let removed =
                    found.as_ref().and_then(|found| self.entries.borrow_mut().free(place_of(found)));
                drop(removed);
                Ok(found.is_some())
            }
            Err(error) => {
                let mut entries = self.entries.borrow_mut();
                if entries.generation == generation {
                    entries.put(at, oldest);
                }
                Err(error)
            }
        }
    }

    fn clear_cache(&self) {
        let entries = self.entries.borrow_mut().take();
        self.cache().clear_all();
        drop(entries);
    }
}

/// The place that the dict of a bounded cache gives.
fn place_of(found: &Ref) -> usize {
    found.value().as_small().expect("places are small integers") as usize
}

fn cached<'a>(value: Value) -> &'a Cached {
    value.get::<Cached>().expect("slots are called for instances")
}

py_new! {
    fn new(class, user_function: Value, maxsize: Value, typed: bool, cache_info_type: Ref)
    "_lru_cache_wrapper(user_function, maxsize, typed, cache_info_type)" {
        if !protocol::is_callable(user_function) {
            return Err(raise!(TypeError, "the first argument must be callable"));
        }
        let limit = if objects::is_none(maxsize) {
            None
        } else if maxsize.is_instance::<int::IntObject>() || maxsize.is_small() {
            Some(int::to_isize(maxsize)?.max(0) as usize)
        } else {
            return Err(raise!(TypeError, "maxsize should be integer or None"));
        };
        let contents = Cached {
            header: Header::new(class),
            function: Field::new(user_function.to_ref()),
            cache: Field::new(DictObject::new()),
            entries: RefCell::new(Recency::new()),
            dict: Field::empty(),
            info: Field::new(cache_info_type),
            limit,
            typed,
            hits: Cell::new(0),
            misses: Cell::new(0),
        };
        Ok(object::new_object_of(class, contents).into())
    }
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
        return Err(raise!(RuntimeError, "cached function is being torn down"));
    };
    if this.limit == Some(0) {
        this.misses.set(this.misses.get() + 1);
        return protocol::call_args(function.value(), args);
    }
    let key = key_of(this, args);
    let hash = dict::key_hash(key.value())?;
    if let Some(found) = this.find(key.value(), hash)? {
        this.hits.set(this.hits.get() + 1);
        return Ok(found);
    }
    this.misses.set(this.misses.get() + 1);
    let result = protocol::call_args(function.value(), args)?;
    match this.limit {
        None => this.cache().set_hashed(key.value(), hash, result.clone())?,
        Some(limit) => this.remember(Entry { key, hash, result: result.clone() }, limit)?,
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
        let fields = [int::from_i64(this.hits.get()), int::from_i64(this.misses.get()), limit, int::from_i64(this.cache().len() as i64)];
        protocol::call(this.info.raw(), &fields.each_ref().map(Ref::value), None)
    }
    /// Clear the cache and cache statistics
    "cache_clear(self, /)"
    fn cache_clear(this) {
        this.hits.set(0);
        this.misses.set(0);
        this.clear_cache();
    }
    /// For pickling: the name under which the function is found.
    "__reduce__(self, /)"
    fn cached_reduce(this) -> PyResult {
        protocol::get_attr_text(Value::from_object(this), "__qualname__")
    }
    /// The function itself.
    "__copy__(self, /)"
    fn cached_copy(this) -> Ref {
        Value::from_object(this).to_ref()
    }
    /// The function itself.
    "__deepcopy__(self, memo, /)"
    fn cached_deepcopy(this, memo: Value) -> Ref {
        let _ = memo;
        Value::from_object(this).to_ref()
    }
}

pub(super) static CACHED: TypeObject = TypeObject::from_spec(&CACHED_SPEC);
static CACHED_SPEC: TypeSpec = TypeSpec {
    module: "functools",
    doc: "A function that remembers its results: cache_info() counts what it found, cache_clear() forgets them.",
    flags: type_flags::GC | type_flags::BASE | type_flags::WEAK | type_flags::METHOD_DESCRIPTOR,
    dict_offset: std::mem::offset_of!(Cached, dict),
    slots: Slots {
        new: Some(new),
        init: Some(|_, _| Ok(())),
        call: Some(call_cached),
        descr_get: Some(bind_cached),
        ..Slots::EMPTY
    },
    methods: &[CACHED_METHODS],
    ..TypeSpec::of::<Cached>("_lru_cache_wrapper")
};
