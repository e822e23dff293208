//! Base64 of RFC 4648, read leniently or strictly.

use runtime::PyResult;

use super::error;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const NONE: u8 = 0xff;

const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut at = 0;
    while at < 64 {
        values[DIGITS[at] as usize] = at as u8;
        at += 1;
    }
    values
};

/// Four digits for every three bytes, padded.
pub(super) fn encode(data: &[u8], newline: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len().div_ceil(3) * 4 + 1);
    for chunk in data.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, &byte| group << 8 | u32::from(byte));
        let group = group << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * at) & 0x3f) as usize];
            out.push(if at > chunk.len() { b'=' } else { digit });
        }
    }
    if newline {
        out.push(b'\n');
    }
    out
}

/// The bytes of base64 text. Leniently, what is no digit is skipped.
pub(super) fn decode(text: &[u8], strict: bool) -> PyResult<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    // Digits of the present group of four, the bits that no byte has taken yet, and pads seen in it.
    let (mut place, mut rest, mut pads) = (0usize, 0u8, 0usize);
    let mut pad_seen = false;
    if strict && text.first() == Some(&b'=') {
        return Err(error("Leading padding not allowed"));
    }
    for (at, &byte) in text.iter().enumerate() {
        if byte == b'=' {
            pad_seen = true;
            pads += 1;
            if place >= 2 && place + pads >= 4 {
                if strict && at + 1 < text.len() {
                    return Err(error("Excess data after padding"));
                }
                return Ok(out);
            }
            if strict && place == 0 {
                return Err(error("Excess padding not allowed"));
            }
            continue;
        }
        let digit = VALUES[usize::from(byte)];
        if digit == NONE {
            if strict {
                return Err(error("Only base64 data is allowed"));
            }
            continue;
        }
        if strict && pad_seen {
            return Err(error("Discontinuous padding not allowed"));
        }
        pads = 0;
        match place {
            0 => {}
            1 => out.push(rest << 2 | digit >> 4),
            2 => out.push(rest << 4 | digit >> 2),
            _ => out.push(rest << 6 | digit),
        }
        rest = match place {
            0 => digit,
            1 => digit & 0xf,
            2 => digit & 0x3,
            _ => 0,
        };
        place = (place + 1) % 4;
    }
    match place {
        0 => Ok(out),
        1 => {
            let digits = out.len() / 3 * 4 + 1;
            Err(error(&format!(
                "Invalid base64-encoded string: number of data characters ({digits}) cannot be 1 more than a multiple of 4"
            )))
        }
        _ => Err(error("Incorrect padding")),
    }
}
