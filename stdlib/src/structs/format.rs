//! Format strings of `struct`: which fields at which offsets, of which code and byte order.

use runtime::error::Raised;

use super::error;

/// How sizes, alignment and byte order are chosen: the first character of a format.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mode {
    /// Sizes of the machine.
    native: bool,
    aligned: bool,
    big: bool,
}

/// One or several equal fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Field {
    /// Format character.
    pub(super) code: u8,
    /// Offset of the first.
    pub(super) offset: usize,
    /// Bytes of one.
    pub(super) size: usize,
    /// How many values; a string is one.
    pub(super) count: usize,
    /// Most significant byte first.
    pub(super) big: bool,
    /// Whether sizes are the machine's.
    pub(super) native: bool,
}

/// A parsed format.
pub(super) struct Format {
    pub(super) fields: Vec<Field>,
    /// Bytes of the whole.
    pub(super) size: usize,
    /// Number of values.
    pub(super) len: usize,
}

/// Size and alignment of a format character.
fn layout(code: u8, mode: Mode) -> Option<(usize, usize)> {
    let size = match code {
        b'x' | b'b' | b'B' | b'c' | b's' | b'p' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' if !mode.native => 4,
        b'l' | b'L' | b'q' | b'Q' | b'd' => 8,
        b'n' | b'N' | b'P' if mode.native => 8,
        b'F' => return Some((8, 4)),
        b'D' => return Some((16, 8)),
        _ => return None,
    };
    Some((size, size))
}

fn too_long() -> Raised {
    error("total struct size too long")
}

/// Reads a format.
pub(super) fn parse(text: &[u8]) -> Result<Format, Raised> {
    let native = Mode { native: true, aligned: true, big: false };
    let standard = Mode { native: false, aligned: false, big: false };
    let (mode, rest) = match text {
        [b'@', rest @ ..] => (native, rest),
        [b'=' | b'<', rest @ ..] => (standard, rest),
        [b'>' | b'!', rest @ ..] => (Mode { big: true, ..standard }, rest),
        _ => (native, text),
    };
    let mut format = Format { fields: Vec::new(), size: 0, len: 0 };
    let mut at = 0;
    while let Some(&byte) = rest.get(at) {
        at += 1;
        if byte.is_ascii_whitespace() || byte == 0x0b {
            continue;
        }
        let (mut count, mut code) = (1usize, byte);
        if byte.is_ascii_digit() {
            count = usize::from(byte - b'0');
            loop {
                let Some(&next) = rest.get(at) else {
                    return Err(error("repeat count given without format specifier"));
                };
                at += 1;
                if !next.is_ascii_digit() {
                    code = next;
                    break;
                }
                let digit = usize::from(next - b'0');
                count =
                    count.checked_mul(10).and_then(|count| count.checked_add(digit)).ok_or_else(too_long)?;
            }
        }
        add(&mut format, code, count, mode)?;
    }
    Ok(format)
}

fn add(format: &mut Format, code: u8, count: usize, mode: Mode) -> Result<(), Raised> {
    let Some((size, alignment)) = layout(code, mode) else {
        return Err(match code {
            0 => error("embedded null character"),
            _ => error("bad char in struct format"),
        });
    };
    let offset =
        if mode.aligned { format.size.checked_next_multiple_of(alignment) } else { Some(format.size) };
    let end = size.checked_mul(count).and_then(|bytes| offset?.checked_add(bytes));
    let end = end.filter(|&end| end <= isize::MAX as usize).ok_or_else(too_long)?;
    let offset = end - size * count;
    format.size = end;
    let field = Field { code, offset, size, count, big: mode.big, native: mode.native };
    match code {
        b'x' => return Ok(()),
        b's' | b'p' => format.fields.push(Field { size: count, count: 1, ..field }),
        _ if count == 0 => return Ok(()),
        _ => format.fields.push(field),
    }
    format.len += format.fields.last().map_or(0, |field| field.count);
    Ok(())
}
