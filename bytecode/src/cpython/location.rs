//! CPython's tables of places and of handlers, as `co_linetable` and `co_exceptiontable` hold them.
//!
//! The formats are those of CPython's internal documents on locations and exception handling: entries that begin with a
//! byte with the top bit set, and numbers in groups of six bits. Cost: linear.

use super::Place;

/// So many units one entry of the location table covers at most.
const LONGEST: usize = 8;

/// The location table of places, one for each unit, relative to the first line.
pub(super) fn location_table(places: &[Place], first_line: u32) -> Vec<u8> {
    let mut table = Vec::new();
    let mut line = i64::from(first_line);
    for run in places.chunk_by(|a, b| a == b) {
        for part in run.chunks(LONGEST) {
            write_entry(&mut table, part[0], part.len() as u8 - 1, &mut line);
        }
    }
    table
}

fn write_entry(table: &mut Vec<u8>, place: Place, length: u8, line: &mut i64) {
    let start = |kind: u8| 0x80 | kind << 3 | length;
    let Some(here) = place.line else { return table.push(start(15)) };
    let delta = i64::from(here) - *line;
    *line = i64::from(here);
    let Some((column, end_column)) = place.columns else {
        table.push(start(13));
        return write_signed(table, delta);
    };
    let is_one_line = place.end_line == Some(here);
    let width = i64::from(end_column) - i64::from(column);
    if is_one_line && delta == 0 && column < 80 && (0..16).contains(&width) {
        let rest = (column & 7) << 4 | width as u32;
        table.extend([start((column >> 3) as u8), rest as u8]);
    } else if is_one_line && (0..3).contains(&delta) && column < 128 && end_column < 128 {
        table.extend([start(10 + delta as u8), column as u8, end_column as u8]);
    } else {
        table.push(start(14));
        write_signed(table, delta);
        write_unsigned(table, u64::from(place.end_line.unwrap_or(here).saturating_sub(here)));
        write_unsigned(table, u64::from(column) + 1);
        write_unsigned(table, u64::from(end_column) + 1);
    }
}

/// Six bits at a time, the least first; bit 6 says that more follow.
fn write_unsigned(table: &mut Vec<u8>, mut number: u64) {
    while number >= 64 {
        table.push(0x40 | (number & 63) as u8);
        number >>= 6;
    }
    table.push(number as u8);
}

fn write_signed(table: &mut Vec<u8>, number: i64) {
    write_unsigned(table, number.unsigned_abs() << 1 | u64::from(number < 0));
}

/// One handler, in units.
#[derive(Clone, Copy)]
pub(super) struct Covered {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) target: u32,
    pub(super) depth: u32,
}

/// The exception table.
pub(super) fn exception_table(entries: impl Iterator<Item = Covered>) -> Vec<u8> {
    let mut table = Vec::new();
    for entry in entries {
        let begin = table.len();
        for number in [entry.start, entry.end - entry.start, entry.target, entry.depth << 1] {
            write_number(&mut table, number);
        }
        table[begin] |= 0x80;
    }
    table
}

/// Six bits at a time, the greatest first; bit 6 says that more follow.
fn write_number(table: &mut Vec<u8>, number: u32) {
    for shift in [30, 24, 18, 12, 6] {
        if number >> shift != 0 {
            table.push(0x40 | (number >> shift & 63) as u8);
        }
    }
    table.push((number & 63) as u8);
}
