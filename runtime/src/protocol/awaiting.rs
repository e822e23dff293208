//! `await`, `async for` and `async with`: the objects' side of them.

use crate::error;
use crate::field::Field;
use crate::header::Header;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects;
use crate::objects::generator::{ASYNC_GENERATOR, GeneratorKind, GeneratorObject};
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};

/// The coroutine that a value is.
fn as_coroutine<'a>(value: Value) -> Option<&'a GeneratorObject> {
    // SAFETY: the generator types share one layout.
    value.is_exact(&objects::generator::COROUTINE).then(|| unsafe { value.cast() })
}

/// The iterator to drive for `await value`; `None` if the value cannot be awaited.
pub fn awaitable(value: Value) -> PyResult<Option<Ref>> {
    if as_coroutine(value).is_some() {
        return Ok(Some(value.to_ref()));
    }
    let generator = value.get::<GeneratorObject>().filter(|found| found.kind() == GeneratorKind::Generator);
    if generator.is_some_and(GeneratorObject::is_iterable_coroutine) {
        return Ok(Some(value.to_ref()));
    }
    let Some(slot) = value.ty().slots().await_ else { return Ok(None) };
    let iterator = slot(value)?;
    if as_coroutine(iterator.value()).is_some() {
        return Err(crate::raise!(TypeError, "__await__() returned a coroutine"));
    }
    if iterator.ty().slots().iternext.is_none() {
        let name = iterator.ty().name();
        return Err(crate::raise!(TypeError, "__await__() returned non-iterator of type '{name}'"));
    }
    Ok(Some(iterator))
}

/// `GET_AWAITABLE`: `place` says what the value comes from, 1 for `__aenter__`, 2 for `__aexit__`.
pub fn get_awaitable(value: Value, place: usize) -> PyResult {
    let Some(iterator) = awaitable(value)? else {
        let name = value.ty().name();
        let method = ["", "__aenter__", "__aexit__"][place];
        return Err(match place {
            0 => crate::raise!(TypeError, "object {name} can't be used in 'await' expression"),
            _ => {
                let received = format!("an object from {method} that does not implement __await__: {name}");
                crate::raise!(TypeError, "'async with' received {received}")
            }
        });
    };
    if as_coroutine(iterator.value()).is_some_and(GeneratorObject::is_delegating) {
        return Err(crate::raise!(RuntimeError, "coroutine is being awaited already"));
    }
    Ok(iterator)
}

/// `GET_AITER`
pub fn get_async_iterator(iterable: Value) -> PyResult {
    let Some(slot) = iterable.ty().slots().aiter else {
        let name = iterable.ty().name();
        let message = format!("'async for' requires an object with __aiter__ method, got {name}");
        return Err(crate::raise!(TypeError, "{message}"));
    };
    let iterator = slot(iterable)?;
    if iterator.ty().slots().anext.is_none() {
        let name = iterator.ty().name();
        let what = "an object from __aiter__ that does not implement __anext__";
        return Err(crate::raise!(TypeError, "'async for' received {what}: {name}"));
    }
    Ok(iterator)
}

/// `GET_ANEXT`
pub fn get_async_next(iterator: Value) -> PyResult {
    let Some(slot) = iterator.ty().slots().anext else {
        let name = iterator.ty().name();
        let message = format!("'async for' requires an iterator with __anext__ method, got {name}");
        return Err(crate::raise!(TypeError, "{message}"));
    };
    let next = slot(iterator)?;
    if iterator.is_exact(&ASYNC_GENERATOR) {
        return Ok(next);
    }
    get_awaitable(next.value(), 0).map_err(|raised| {
        let cause = crate::thread().take_raised(raised);
        let name = next.ty().name();
        let message = format!("'async for' received an invalid object from __anext__: {name}");
        let text = objects::str::StrObject::new(&message);
        let made = error::new_exception(&error::types::TypeError, &[text.value()]);
        made.cause.set(cause.clone());
        made.context.set(cause);
        error::exception::restore(made.into_ref())
    })
}

/// `BEFORE_ASYNC_WITH`: the bound `__aexit__`, and what `__aenter__` gives.
pub fn enter_async(manager: Value) -> PyResult<(Ref, Ref)> {
    let missing = |hint: &str| {
        let name = manager.ty().name();
        let protocol = "the asynchronous context manager protocol";
        crate::raise!(TypeError, "'{name}' object does not support {protocol}{hint}")
    };
    let lookup = |name: Value| super::attribute::lookup_special(manager, name);
    let enter = lookup(names().__aenter__)?.ok_or_else(|| missing(""))?;
    let exit = lookup(names().__aexit__)?.ok_or_else(|| missing(" (missed __aexit__ method)"))?;
    let entered = super::call(enter.value(), &[], None)?;
    Ok((exit, entered))
}

/// `anext(iterator)`
pub fn anext(iterator: Value, default: Option<Ref>) -> PyResult {
    let Some(slot) = iterator.ty().slots().anext else {
        return Err(crate::raise!(TypeError, "'{}' object is not an async iterator", iterator.ty().name()));
    };
    let next = slot(iterator)?;
    Ok(match default {
        None => next,
        Some(default) => {
            let contents = AnextOr {
                header: Header::new(&ANEXT_OR),
                next: Field::new(next),
                driven: Field::empty(),
                default: Field::new(default),
            };
            object::new_object(contents).into()
        }
    })
}

/// What `anext(iterator, default)` gives.
#[repr(C)]
pub struct AnextOr {
    header: Header,
    next: Field,
    driven: Field,
    default: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for AnextOr {
    fn type_object() -> &'static TypeObject {
        &ANEXT_OR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.next, &self.driven, &self.default].into_iter().for_each(|field| field.visit(visit));
    }
}

impl AnextOr {
    fn driven(&self) -> PyResult {
        if let Some(driven) = self.driven.get_ref() {
            return Ok(driven);
        }
        let driven = match as_coroutine(self.next.raw()) {
            // A coroutine is no iterator; what its `__await__` gives is.
            Some(_) => super::call_method(self.next.raw(), names().__await__, &[])?,
            None => get_awaitable(self.next.raw(), 0)?,
        };
        self.driven.set(driven.clone());
        Ok(driven)
    }

    /// The end of the iteration gives the default.
    fn or_default(&self, result: PyResult) -> PyResult {
        let raised = match result {
            Ok(value) => return Ok(value),
            Err(raised) => raised,
        };
        drop(error::catch(raised, &error::types::StopAsyncIteration)?);
        Err(error::stop_iteration(self.default.get_or_none().value()))
    }

    fn call(&self, method: &str, args: &[Value]) -> PyResult {
        let driven = self.driven()?;
        self.or_default(super::call_method_text(driven.value(), method, args))
    }
}

crate::py_methods! { static ANEXT_METHODS for "anext_awaitable", &AnextOr;
    /// send(value) -> resume.
    "send(self, value, /)"
    fn send(this, value: Value) -> PyResult {
        if objects::is_none(value) { this.call("__next__", &[]) } else { this.call("send", &[value]) }
    }
    /// throw(value) -> raise inside.
    "throw(self, *args)"
    fn throw(this, args: crate::convert::Rest<'_>) -> PyResult {
        this.call("throw", args.0)
    }
    /// close() -> end.
    "close(self, /)"
    fn close(this) -> PyResult {
        this.call("close", &[])
    }
}

/// `anext_awaitable`.
pub static ANEXT_OR: TypeObject = TypeObject::from_spec(&ANEXT_OR_SPEC);
static ANEXT_OR_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots {
        await_: Some(super::identity),
        iter: Some(super::identity),
        iternext: Some(|value| {
            let this = value.get::<AnextOr>().expect("slots are called for instances");
            this.call("__next__", &[]).map(Some)
        }),
        ..Slots::EMPTY
    },
    methods: &[ANEXT_METHODS],
    ..TypeSpec::of::<AnextOr>("anext_awaitable")
};
