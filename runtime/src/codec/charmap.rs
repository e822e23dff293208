//! Codecs by table: `charmap_encode`, `charmap_decode`, and the tables that Lib's code pages are made of.
//!
//! A decoding table is a str, indexed by byte, or any mapping; an encoding table is a mapping from code points to bytes.

use super::handler::{DecodeErrors, EncodeErrors};
use super::single::{Rules, encode_with};
use crate::error::{self, types};
use crate::objects;
use crate::objects::bytes::BytesObject;
use crate::objects::dict::DictObject;
use crate::objects::int::{self, IntRef};
use crate::objects::str::{StrBuilder, StrObject};
use crate::protocol;
use crate::value::{Py, PyResult, Value};

const UNDEFINED: &str = "character maps to <undefined>";
/// The character that stands for "no character" in a decoding table.
const HOLE: u32 = 0xfffe;

/// The encoding table of a decoding table.
pub fn build(table: &StrObject) -> PyResult<Py<DictObject>> {
    let map = DictObject::new();
    for (byte, point) in table.code_points().enumerate().take(256) {
        if point != HOLE {
            map.set(Value::small(i64::from(point)), int::from_i64(byte as i64))?;
        }
    }
    Ok(map)
}

/// Encodes through a mapping.
pub fn encode(errors: &mut EncodeErrors<'_>, mapping: Value) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    let rules = Rules { reason: UNDEFINED, unit: 1, groups: true, ascii_only: false };
    encode_with(errors, &rules, &mut out, |point, out| {
        let found = protocol::get_item(mapping, Value::small(i64::from(point)));
        let Some(found) = error::ignore(found, &types::LookupError)? else { return Ok(false) };
        if objects::is_none(found.value()) {
            return Ok(false);
        }
        if let Some(number) = IntRef::of(found.value()) {
            let byte = number.to_i64().and_then(|number| u8::try_from(number).ok());
            out.push(
                byte.ok_or_else(|| crate::raise!(TypeError, "character mapping must be in range(256)"))?,
            );
            return Ok(true);
        }
        let Some(bytes) = found.get::<BytesObject>() else {
            let got = found.ty().name();
            return Err(crate::raise!(
                TypeError,
                "character mapping must return integer, bytes or None, not {got}"
            ));
        };
        out.extend_from_slice(bytes.as_slice());
        Ok(true)
    })?;
    Ok(out)
}

/// Decodes through a str or a mapping.
pub fn decode(errors: &mut DecodeErrors<'_>, mapping: Value) -> PyResult<Py<StrObject>> {
    let mut out = StrBuilder::with_capacity(errors.data.len());
    let mut at = 0;
    while let Some(&byte) = errors.data.get(at) {
        let is_mapped = match mapping.get::<StrObject>() {
            Some(table) if usize::from(byte) < table.len() && table.code_point(byte.into()) != HOLE => {
                out.push(table.code_point(byte.into()));
                true
            }
            Some(_) => false,
            None => push_mapped(&mut out, mapping, byte)?,
        };
        at = match is_mapped {
            true => at + 1,
            false => errors.handle(at, at + 1, UNDEFINED, |point| out.push(point))?,
        };
    }
    out.try_finish()
}

fn push_mapped(out: &mut StrBuilder, mapping: Value, byte: u8) -> PyResult<bool> {
    let found = protocol::get_item(mapping, Value::small(i64::from(byte)));
    let Some(found) = error::ignore(found, &types::LookupError)? else { return Ok(false) };
    if objects::is_none(found.value()) {
        return Ok(false);
    }
    if let Some(number) = IntRef::of(found.value()) {
        let point = number.to_i64().and_then(|number| u32::try_from(number).ok());
        return match point.filter(|&point| point < 0x11_0000) {
            Some(HOLE) => Ok(false),
            Some(point) => {
                out.push(point);
                Ok(true)
            }
            None => Err(crate::raise!(TypeError, "character mapping must be in range(0x110000)")),
        };
    }
    match found.get::<StrObject>() {
        Some(text) if text.len() == 1 && text.code_point(0) == HOLE => Ok(false),
        Some(text) => {
            out.push_object(text);
            Ok(true)
        }
        None => Err(crate::raise!(TypeError, "character mapping must return integer, None or str")),
    }
}
