//! Encodings whose characters are single bytes: ASCII and Latin-1; and the loop that all encoders share.

use super::handler::{DecodeErrors, EncodeErrors, Replacement};
use crate::error;
use crate::objects::str::{StrBuilder, StrObject, Units};
use crate::value::{Py, PyResult};

/// What distinguishes the encoders beyond how they write a character.
pub(super) struct Rules {
    /// What is wrong with a character that cannot be encoded.
    pub(super) reason: &'static str,
    /// Bytes from a handler come in multiples of this.
    pub(super) unit: usize,
    /// Whether neighbouring problems are one problem.
    pub(super) groups: bool,
    /// Whether text from a handler must be ASCII.
    pub(super) ascii_only: bool,
}

/// Encodes with a function that appends one character, or says that it cannot.
pub(super) fn encode_with(
    errors: &mut EncodeErrors<'_>,
    rules: &Rules,
    out: &mut Vec<u8>,
    mut push: impl FnMut(u32, &mut Vec<u8>) -> PyResult<bool>,
) -> PyResult<()> {
    let &Rules { reason, unit, groups, ascii_only } = rules;
    let text = errors.object.get::<StrObject>().expect("encoders work on strs");
    let mut at = 0;
    while at < text.len() {
        if push(text.code_point(at), out)? {
            at += 1;
            continue;
        }
        let (start, mut end) = (at, at + 1);
        let mut scratch = Vec::new();
        while groups && end < text.len() && !push(text.code_point(end), &mut scratch)? {
            end += 1;
        }
        let (replacement, resume) = errors.handle(start, end, reason)?;
        match replacement {
            Replacement::Bytes(bytes) if bytes.len() % unit == 0 => out.extend_from_slice(&bytes),
            Replacement::Bytes(_) => return Err(errors.raised(start, end, reason)),
            Replacement::Text(points) => {
                for point in points {
                    if (ascii_only && point >= 0x80) || !push(point, out)? {
                        return Err(errors.raised(start, end, reason));
                    }
                }
            }
        }
        out.try_reserve(text.len() - resume.min(text.len())).map_err(|_| error::memory_error())?;
        at = resume;
    }
    Ok(())
}

/// Characters below `limit` as bytes of the same value.
pub(super) fn encode(errors: &mut EncodeErrors<'_>, limit: u32) -> PyResult<Vec<u8>> {
    let text = errors.object.get::<StrObject>().expect("encoders work on strs");
    if let Units::One(bytes) = text.units()
        && (limit == 256 || text.is_ascii())
    {
        return Ok(bytes.to_vec());
    }
    let reason = if limit == 128 { "ordinal not in range(128)" } else { "ordinal not in range(256)" };
    let mut out = Vec::new();
    let rules = Rules { reason, unit: 1, groups: true, ascii_only: false };
    encode_with(errors, &rules, &mut out, |point, out| {
        if point < limit {
            out.push(point as u8);
        }
        Ok(point < limit)
    })?;
    Ok(out)
}

/// ASCII bytes as text.
pub(super) fn decode_ascii(errors: &mut DecodeErrors<'_>) -> PyResult<Py<StrObject>> {
    if errors.data.is_ascii() {
        return Ok(StrObject::from_latin1(&errors.data));
    }
    let mut out = StrBuilder::with_capacity(errors.data.len());
    let mut at = 0;
    while let Some(&byte) = errors.data.get(at) {
        if byte < 0x80 {
            out.push(u32::from(byte));
            at += 1;
        } else {
            at = errors.handle(at, at + 1, "ordinal not in range(128)", |point| out.push(point))?;
        }
    }
    out.try_finish()
}
