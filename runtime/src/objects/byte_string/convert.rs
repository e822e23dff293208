//! Bytes from Python objects: constructor arguments, single bytes, hexadecimal text.

use crate::args::Args;
use crate::buffer;
use crate::codec;
use crate::error::{self, types};
use crate::names::names;
use crate::objects::bytes::BytesObject;
use crate::objects::int::{self, IntRef};
use crate::objects::str::StrObject;
use crate::protocol;
use crate::value::{PyResult, Ref, Value};

/// A byte given as an int.
pub fn byte(value: Value) -> PyResult<u8> {
    byte_or(value, "byte must be in range(0, 256)")
}

fn byte_or(value: Value, message: &str) -> PyResult<u8> {
    let number = int::index(value)?;
    let byte = IntRef::of(number.value()).and_then(IntRef::to_i64);
    byte.and_then(|byte| u8::try_from(byte).ok()).ok_or_else(|| crate::raise!(ValueError, "{message}"))
}

/// The bytes of an iterable of ints.
pub fn from_iterable(iterable: Value, message: &str) -> PyResult<Vec<u8>> {
    let mut data = Vec::new();
    protocol::for_each(iterable, |item| {
        let byte = byte_or(item.value(), message)?;
        data.try_reserve(1).map_err(|_| error::memory_error())?;
        data.push(byte);
        Ok(())
    })?;
    Ok(data)
}

/// A bytes-like object as a new vector, or an iterable of ints; `to` names the type in the error.
pub fn from_source(value: Value, to: &str) -> PyResult<Vec<u8>> {
    if buffer::is_bytes_like(value) {
        return buffer::to_vec(value);
    }
    if !protocol::is_iterable(value) || value.is_instance::<StrObject>() {
        let got = value.ty().name();
        return Err(crate::raise!(TypeError, "cannot convert '{got}' object to {to}"));
    }
    let message =
        if to == "bytes" { "bytes must be in range(0, 256)" } else { "byte must be in range(0, 256)" };
    from_iterable(value, message)
}

/// Zeros in the number that an int-like object says; `None` if it is not int-like.
fn zeros(count: Value) -> PyResult<Option<Vec<u8>>> {
    if count.ty().slots().index.is_none() {
        return Ok(None);
    }
    let Some(number) = error::ignore(int::index(count), &types::TypeError)? else { return Ok(None) };
    let count = IntRef::of(number.value()).and_then(IntRef::to_i64);
    let count =
        count.ok_or_else(|| crate::raise!(OverflowError, "cannot fit 'int' into an index-sized integer"))?;
    let Ok(count) = usize::try_from(count) else { return Err(crate::raise!(ValueError, "negative count")) };
    let mut data = Vec::new();
    data.try_reserve_exact(count).map_err(|_| error::memory_error())?;
    data.resize(count, 0);
    Ok(Some(data))
}

/// The three arguments of both constructors.
pub fn constructor_arguments(args: Args<'_>, owner: &str) -> PyResult<[Option<Value>; 3]> {
    let mut parts = [None; 3];
    if args.len() > 3 {
        return Err(crate::raise!(TypeError, "{owner}() takes at most 3 arguments ({} given)", args.len()));
    }
    for (part, &value) in parts.iter_mut().zip(args.positional) {
        *part = Some(value);
    }
    for (name, value) in args.keywords() {
        let name = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        match ["source", "encoding", "errors"].iter().position(|key| *key == name) {
            Some(at) if parts[at].is_some() => {
                let place = at + 1;
                return Err(crate::raise!(
                    TypeError,
                    "argument for {owner}() given by name ('{name}') and position ({place})"
                ));
            }
            Some(at) => parts[at] = Some(value),
            None => {
                return Err(crate::raise!(
                    TypeError,
                    "{owner}() got an unexpected keyword argument '{name}'"
                ));
            }
        }
    }
    Ok(parts)
}

/// The bytes that `__bytes__` gives, if there is one.
pub fn special_bytes(source: Value) -> PyResult<Option<Ref>> {
    let Some(made) = protocol::attribute::call_special(source, names().__bytes__, &[])? else {
        return Ok(None);
    };
    if !made.is_instance::<BytesObject>() {
        let got = made.ty().name();
        return Err(crate::raise!(TypeError, "__bytes__ returned non-bytes (type {got})"));
    }
    Ok(Some(made))
}

/// The bytes that the arguments of a constructor ask for; only `bytes` asks `__bytes__`.
pub fn construct(args: Args<'_>, owner: &str) -> PyResult<Vec<u8>> {
    let [source, encoding, errors] = constructor_arguments(args, owner)?;
    for (part, what) in [(encoding, "encoding"), (errors, "errors")] {
        if let Some(part) = part
            && !part.is_instance::<StrObject>()
        {
            let got = part.ty().name();
            return Err(crate::raise!(TypeError, "{owner}() argument '{what}' must be str, not {got}"));
        }
    }
    let without_text = match (encoding, errors) {
        (Some(_), _) => Some("encoding without a string argument"),
        (None, Some(_)) => Some("errors without a string argument"),
        (None, None) => None,
    };
    let Some(source) = source else {
        return match without_text {
            Some(message) => Err(crate::raise!(TypeError, "{message}")),
            None => Ok(Vec::new()),
        };
    };
    if source.is_instance::<StrObject>() && (owner == "bytearray" || without_text.is_some()) {
        if encoding.is_none() {
            return Err(crate::raise!(TypeError, "string argument without an encoding"));
        }
        return codec::encode(source, encoding, errors);
    }
    if let Some(message) = without_text {
        return Err(crate::raise!(TypeError, "{message}"));
    }
    if owner == "bytes"
        && let Some(made) = special_bytes(source)?
    {
        return buffer::to_vec(made.value());
    }
    if source.is_instance::<StrObject>() {
        return Err(crate::raise!(TypeError, "string argument without an encoding"));
    }
    match zeros(source)? {
        Some(data) => Ok(data),
        None => from_source(source, owner),
    }
}

/// `fromhex`: pairs of digits, perhaps with whitespace between pairs.
pub fn from_hex(value: Value) -> PyResult<Vec<u8>> {
    let points: Vec<u32> = match value.get::<StrObject>() {
        Some(text) => text.code_points().collect(),
        None if buffer::is_bytes_like(value) => buffer::to_vec(value)?.into_iter().map(u32::from).collect(),
        None => {
            let got = value.ty().name();
            return Err(crate::raise!(TypeError, "fromhex() argument must be str or bytes-like, not {got}"));
        }
    };
    let digit = |at: usize| {
        let wrong =
            || crate::raise!(ValueError, "non-hexadecimal number found in fromhex() arg at position {at}");
        match points.get(at) {
            None => Err(crate::raise!(
                ValueError,
                "fromhex() arg must contain an even number of hexadecimal digits"
            )),
            Some(&point) => char::from_u32(point).and_then(|c| c.to_digit(16)).ok_or_else(wrong),
        }
    };
    let (mut data, mut at) = (Vec::with_capacity(points.len() / 2), 0);
    while let Some(&point) = points.get(at) {
        if u8::try_from(point).is_ok_and(super::search::is_space) {
            at += 1;
            continue;
        }
        data.push((digit(at)? << 4 | digit(at + 1)?) as u8);
        at += 2;
    }
    Ok(data)
}
