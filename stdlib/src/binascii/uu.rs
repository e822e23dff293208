//! Lines of uuencoded data: a length, then four printable characters for every three bytes.

use runtime::PyResult;

use super::error;

/// Most bytes of a line.
const LINE: usize = 45;

/// A line of text for at most [`LINE`] bytes.
pub(super) fn encode(data: &[u8], backtick: bool) -> PyResult<Vec<u8>> {
    if data.len() > LINE {
        return Err(error("At most 45 bytes at once"));
    }
    let character = |six: u8| if backtick && six == 0 { b'`' } else { b' ' + six };
    // An empty line is a backtick in either form.
    let mut out = vec![if data.is_empty() && backtick { b'`' } else { character(data.len() as u8) }];
    for chunk in data.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, &byte| group << 8 | u32::from(byte));
        let group = group << (8 * (3 - chunk.len()));
        out.extend((0..4).map(|at| character((group >> (18 - 6 * at) & 0x3f) as u8)));
    }
    out.push(b'\n');
    Ok(out)
}

/// The bytes of a line; blanks that were cut off count as zeros.
pub(super) fn decode(line: &[u8]) -> PyResult<Vec<u8>> {
    let len = line.first().map_or(32, |&first| first.wrapping_sub(b' ') & 0x3f) as usize;
    let mut characters = line.iter().skip(1);
    let (mut out, mut bits, mut buffer) = (Vec::with_capacity(len), 0u32, 0u32);
    while out.len() < len {
        let six = match characters.next() {
            None | Some(b'\n' | b'\r') => 0,
            // The backtick is 64: a zero.
            Some(&byte @ b' '..=b'`') => (byte - b' ') & 0x3f,
            Some(_) => return Err(error("Illegal char")),
        };
        buffer = buffer << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    match characters.any(|byte| !matches!(byte, b' ' | b'`' | b'\n' | b'\r')) {
        true => Err(error("Trailing garbage")),
        false => Ok(out),
    }
}
