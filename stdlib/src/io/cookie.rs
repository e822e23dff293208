//! Positions in text: numbers that say from where, and how, to decode again.
//!
//! A cookie packs five numbers, 64 bits each: where in the bytes to start, the flags of the decoder there, how many bytes to give it, how
//! many characters of the result to skip, and whether it has to be told the end. Most are plain byte positions. Method: CPython's
//! `textio.c`, with its guess where to begin, so that few bytes are decoded again.

use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::{BinaryOp, PyResult, Ref, Value, protocol, raise};

use super::coding::Decoder;

/// See the module documentation.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) start: u64,
    pub(super) flags: i64,
    pub(super) feed: u64,
    pub(super) skip: u64,
    pub(super) needs_end: bool,
}

impl Cookie {
    /// The number.
    pub(super) fn pack(self) -> PyResult {
        let parts = [u64::from(self.needs_end), self.skip, self.feed, self.flags as u64, self.start];
        let mut number = int::from_i64(0);
        let width = Value::small(64);
        for part in parts {
            let shifted = protocol::binary_op(BinaryOp::LeftShift, number.value(), width)?;
            number = protocol::binary_op(BinaryOp::Or, shifted.value(), int::from_u64(part).value())?;
        }
        Ok(number)
    }

    /// Reads the number, which is not negative.
    pub(super) fn unpack(number: Value) -> PyResult<Cookie> {
        let order = StrObject::intern("little");
        let bytes = super::call(number, "to_bytes", &[Value::small(40), order.value()])?;
        let Some(bytes) = bytes.get::<BytesObject>().map(BytesObject::as_slice) else {
            return Err(raise!(TypeError, "an integer is required"));
        };
        let part = |at: usize| {
            let bytes = bytes[at * 8..at * 8 + 8].try_into().expect("forty bytes were asked for");
            u64::from_le_bytes(bytes)
        };
        Ok(Cookie {
            start: part(0),
            flags: part(1) as i64,
            feed: part(2),
            skip: part(3),
            needs_end: part(4) != 0,
        })
    }
}

fn char_len(text: &Ref) -> u64 {
    text.get::<StrObject>().map_or(0, |text| text.len() as u64)
}

/// The cookie of the place `skip` characters behind where the decoder was given `input`, in a state with `flags`. `ratio` is the number
/// of bytes per character, as far as is known. The state of the decoder is lost.
pub(super) fn find(
    decoder: &mut Decoder,
    mut cookie: Cookie,
    input: &[u8],
    skip: u64,
    ratio: f64,
) -> PyResult<Cookie> {
    let mut left = skip;
    // Guess a place shortly before, where the decoder holds nothing back.
    let mut bytes = ((ratio * skip as f64) as usize).min(input.len());
    let mut back = 1;
    while bytes > 0 {
        decoder.set_state(b"", cookie.flags)?;
        let made = char_len(&decoder.decode(&input[..bytes], false)?);
        if made <= left {
            let (waiting, flags) = decoder.state()?;
            if waiting.is_empty() {
                (cookie.flags, left) = (flags, left - made);
                break;
            }
            bytes -= waiting.len().min(bytes);
            back = 1;
        } else {
            bytes -= back.min(bytes);
            back *= 2;
        }
    }
    if bytes == 0 {
        decoder.set_state(b"", cookie.flags)?;
    }
    cookie.start += bytes as u64;
    if left == 0 {
        return Ok(cookie);
    }
    feed_bytewise(decoder, cookie, &input[bytes..], left)
}

fn feed_bytewise(decoder: &mut Decoder, mut cookie: Cookie, input: &[u8], skip: u64) -> PyResult<Cookie> {
    let (mut left, mut made) = (skip, 0);
    for byte in input {
        cookie.feed += 1;
        made += char_len(&decoder.decode(std::slice::from_ref(byte), false)?);
        let (waiting, flags) = decoder.state()?;
        if waiting.is_empty() && made <= left {
            cookie.start += cookie.feed;
            (cookie.flags, cookie.feed) = (flags, 0);
            left -= made;
            made = 0;
        }
        if made >= left {
            cookie.skip = left;
            return Ok(cookie);
        }
    }
    made += char_len(&decoder.decode(b"", true)?);
    cookie.needs_end = true;
    if made < left {
        return Err(raise!(OSError, "can't reconstruct logical file position"));
    }
    cookie.skip = left;
    Ok(cookie)
}
