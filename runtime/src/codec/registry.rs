//! The codec registry: search functions, codecs found so far, error handlers.
//!
//! `codecs.register` adds a function that maps a normalised name to a `CodecInfo`; Lib's `encodings` package is the first of them and is
//! imported when a codec is asked for that is not native. Everything found is kept. Error handlers are kept by name; the standard ones are
//! entered when the module `_codecs` is filled.

use std::cell::{Cell, RefCell};

use super::handler;
use crate::objects;
use crate::objects::dict::DictObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::value::{Py, PyResult, Raised, Ref, Value};
use crate::world::World;

/// In order of registration.
static SEARCH: World<RefCell<Vec<Ref>>> = World::new(RefCell::new(Vec::new()));
/// Codecs by normalised name.
static FOUND: World<RefCell<Option<Py<DictObject>>>> = World::new(RefCell::new(None));
/// Error handlers by name.
static HANDLERS: World<RefCell<Option<Py<DictObject>>>> = World::new(RefCell::new(None));
/// Whether `encodings` has been asked to register.
static IS_READY: World<Cell<bool>> = World::new(Cell::new(false));

fn dict_of(place: &World<RefCell<Option<Py<DictObject>>>>) -> Py<DictObject> {
    place.borrow_mut().get_or_insert_with(DictObject::new).clone()
}

/// Forgets everything, at the end of the program.
pub(crate) fn forget() {
    let gone = (SEARCH.take(), FOUND.take(), HANDLERS.take());
    drop(gone);
}

/// `codecs.register`
pub fn register(search: Value) -> PyResult<()> {
    if !protocol::is_callable(search) {
        return Err(crate::raise!(TypeError, "argument must be callable"));
    }
    SEARCH.borrow_mut().push(search.to_ref());
    Ok(())
}

/// `codecs.unregister`; codecs that were found are looked for anew.
pub fn unregister(search: Value) {
    let gone: Vec<Ref> = {
        let mut known = SEARCH.borrow_mut();
        let at = known.iter().position(|entry| entry.value() == search);
        at.map(|at| known.remove(at)).into_iter().collect()
    };
    if !gone.is_empty() {
        let found = FOUND.take();
        drop(found);
    }
}

/// Lower case, with an underscore for whatever else than letters, digits and dots stands between them: the form in which codecs are
/// looked up.
pub fn normalize(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    let mut is_between = false;
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() || letter == '.' {
            if is_between && !normal.is_empty() {
                normal.push('_');
            }
            normal.push(letter.to_ascii_lowercase());
        }
        is_between = !(letter.is_ascii_alphanumeric() || letter == '.');
    }
    normal
}

fn import_encodings() -> PyResult<()> {
    if !IS_READY.replace(true)
        && let Err(raised) = protocol::import::import_absolute("encodings")
    {
        IS_READY.set(false);
        return Err(raised);
    }
    Ok(())
}

/// `codecs.lookup`: the `CodecInfo` of an encoding.
pub fn lookup(name: &str) -> PyResult {
    import_encodings()?;
    let key = StrObject::intern(&normalize(name));
    if let Some(found) = dict_of(&FOUND).get_str(key.value()) {
        return Ok(found.to_ref());
    }
    let searches = SEARCH.borrow().clone();
    if searches.is_empty() {
        return Err(crate::raise!(LookupError, "no codec search functions registered: can't find encoding"));
    }
    for search in searches {
        let found = protocol::call_one(search.value(), key.value())?;
        if objects::is_none(found.value()) {
            continue;
        }
        if found.get::<TupleObject>().is_none_or(|tuple| tuple.len() != 4) {
            return Err(crate::raise!(TypeError, "codec search functions must return 4-tuples"));
        }
        dict_of(&FOUND).set_str(key.value(), found.clone());
        return Ok(found);
    }
    Err(crate::raise!(LookupError, "unknown encoding: {name}"))
}

/// The codec of a text encoding; `instead` names what arbitrary codecs are for.
pub fn lookup_text(name: &str, instead: &str) -> PyResult {
    let codec = lookup(name)?;
    if codec.is_exact(&crate::objects::tuple::TUPLE) {
        return Ok(codec);
    }
    let key = StrObject::intern("_is_text_encoding");
    if let Some(marker) = protocol::attribute::get_optional_attr(codec.value(), key.value())?
        && !protocol::is_true(marker.value())?
    {
        return Err(crate::raise!(
            LookupError,
            "'{name}' is not a text encoding; use {instead} to handle arbitrary codecs"
        ));
    }
    Ok(codec)
}

/// Part of a codec: 0 encodes, 1 decodes.
pub fn part(codec: &Ref, at: usize) -> PyResult {
    match codec.get::<TupleObject>().and_then(|tuple| tuple.items().get(at).copied()) {
        Some(part) => Ok(part.to_ref()),
        None => Err(crate::raise!(TypeError, "codec search functions must return 4-tuples")),
    }
}

/// The exception of a codec with a note that says which one it was.
fn with_note(raised: Raised, doing: &str, name: &str) -> Raised {
    let exception = crate::thread().take_raised(raised);
    let note = StrObject::new(&format!("{doing} with '{name}' codec failed"));
    if let Err(raised) = protocol::call_method_text(exception.value(), "add_note", &[note.value()]) {
        drop(crate::thread().take_raised(raised));
    }
    crate::error::exception::restore(exception)
}

/// Calls an encoder or decoder, which was looked up under a name, and gives the first of the two things that it must return.
pub fn call_part(codec: &Ref, name: &str, at: usize, object: Value, errors: Option<Value>) -> PyResult {
    let function = part(codec, at)?;
    let mut args = vec![object];
    args.extend(errors);
    let result = protocol::call(function.value(), &args, None)
        .map_err(|raised| with_note(raised, ["encoding", "decoding"][at], name))?;
    match result.get::<TupleObject>().map(TupleObject::items) {
        Some(&[converted, _]) => Ok(converted.to_ref()),
        _ => {
            let what = if at == 0 { "encoder" } else { "decoder" };
            Err(crate::raise!(TypeError, "{what} must return a tuple (object, integer)"))
        }
    }
}

/// `codecs.register_error`
pub fn register_error(name: &StrObject, handler: Value) -> PyResult<()> {
    if !protocol::is_callable(handler) {
        return Err(crate::raise!(TypeError, "handler must be callable"));
    }
    dict_of(&HANDLERS).set(Value::from_object(name), handler.to_ref())
}

/// Takes a handler away; whether there was one. The standard ones stay.
pub fn unregister_error(name: &StrObject) -> PyResult<bool> {
    if handler::standard(&name.to_string_lossy()).is_some() {
        let name = name.to_string_lossy();
        return Err(crate::raise!(ValueError, "cannot un-register built-in error handler '{name}'"));
    }
    Ok(dict_of(&HANDLERS).remove(Value::from_object(name))?.is_some())
}

/// `codecs.lookup_error`
pub fn lookup_error(name: &str) -> PyResult {
    let find = || dict_of(&HANDLERS).get_text(name);
    if let Some(found) = find() {
        return Ok(found);
    }
    if handler::standard(name).is_some() {
        // The Python-visible forms of the standard handlers come with the module.
        drop(protocol::import::import_absolute("_codecs")?);
        if let Some(found) = find() {
            return Ok(found);
        }
    }
    Err(crate::raise!(LookupError, "unknown error handler name '{name}'"))
}
