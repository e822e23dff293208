//! Puts texts into quotes, with escapes for what may not stand there.

use std::fmt::Write as _;

use runtime::objects::str::{StrBuilder, StrObject, Units};

/// The letter that escapes a character, if it has one.
const fn letter(point: u32) -> Option<u8> {
    Some(match point {
        0x22 => b'"',
        0x5c => b'\\',
        0x08 => b'b',
        0x0c => b'f',
        0x0a => b'n',
        0x0d => b'r',
        0x09 => b't',
        _ => return None,
    })
}

/// Whether a character stands for itself; all but printable ASCII is escaped on demand.
const fn is_plain(point: u32, is_ascii: bool) -> bool {
    match point {
        0..=0x1f | 0x22 | 0x5c => false,
        0x20..=0x7e => true,
        _ => !is_ascii,
    }
}

/// Appends a text in quotes.
pub(super) fn push_quoted(out: &mut StrBuilder, text: &StrObject, is_ascii: bool) {
    out.push('"' as u32);
    match text.units() {
        Units::One(units) if units.iter().all(|&unit| is_plain(u32::from(unit), is_ascii)) => {
            out.push_units(Units::One(units));
        }
        _ => text.code_points().for_each(|point| push_escaped(out, point, is_ascii)),
    }
    out.push('"' as u32);
}

fn push_escaped(out: &mut StrBuilder, point: u32, is_ascii: bool) {
    if is_plain(point, is_ascii) {
        out.push(point);
    } else if let Some(letter) = letter(point) {
        out.push('\\' as u32);
        out.push(u32::from(letter));
    } else if let Some(rest) = point.checked_sub(0x1_0000) {
        push_hex(out, 0xd800 | rest >> 10);
        push_hex(out, 0xdc00 | rest & 0x3ff);
    } else {
        push_hex(out, point);
    }
}

fn push_hex(out: &mut StrBuilder, unit: u32) {
    write!(out, "\\u{unit:04x}").expect("builders take any text");
}
