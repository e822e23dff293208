//! CPython's tables of places and of handlers, as `co_linetable` and `co_exceptiontable` hold them.
//!
//! The formats are those of CPython's internal documents on locations and exception handling: entries that begin with a
//! byte with the top bit set, and numbers in groups of six bits. Cost: linear.

use super::Place;
use crate::code::SourceRange;

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

/// The places of a location table, one for each unit; what is cut off is left out.
pub(super) fn places(table: &[u8], first_line: u32) -> Vec<Option<SourceRange>> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (table, i64::from(first_line));
    while let Some((&head, behind)) = rest.split_first() {
        rest = behind;
        let Some(place) = read_entry(head >> 3 & 15, &mut rest, &mut line) else { break };
        found.extend(std::iter::repeat_n(place, usize::from(head & 7) + 1));
    }
    found
}

/// One entry behind its first byte; the outer `None` is its lack of bytes.
fn read_entry(kind: u8, rest: &mut &[u8], line: &mut i64) -> Option<Option<SourceRange>> {
    let mut lines = 0;
    let columns = match kind {
        15 => return Some(None),
        14 => {
            *line += read_signed(rest)?;
            lines = read_unsigned(rest)?;
            [read_unsigned(rest)?, read_unsigned(rest)?].map(|column| column.saturating_sub(1))
        }
        13 => {
            *line += read_signed(rest)?;
            [0, 0]
        }
        10..=12 => {
            *line += i64::from(kind - 10);
            [take(rest)?, take(rest)?].map(u64::from)
        }
        _ => {
            let byte = take(rest)?;
            let column = u64::from(kind << 3 | byte >> 4);
            [column, column + u64::from(byte & 15)]
        }
    };
    let number = |number: u64| u32::try_from(number).ok();
    let here = u32::try_from(*line).ok()?;
    let [column, end_column] = columns;
    let end_line = here.checked_add(number(lines)?)?;
    Some(Some(SourceRange { line: here, end_line, column: number(column)?, end_column: number(end_column)? }))
}

fn take(rest: &mut &[u8]) -> Option<u8> {
    let (&byte, behind) = rest.split_first()?;
    *rest = behind;
    Some(byte)
}

fn read_unsigned(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..60).step_by(6) {
        let byte = take(rest)?;
        number |= u64::from(byte & 63) << shift;
        if byte & 0x40 == 0 {
            return Some(number);
        }
    }
    None
}

fn read_signed(rest: &mut &[u8]) -> Option<i64> {
    let number = read_unsigned(rest)?;
    let magnitude = (number >> 1) as i64;
    Some(if number & 1 == 0 { magnitude } else { -magnitude })
}

/// One handler, in units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

/// The entries of an exception table, if it is whole.
pub(super) fn covered(table: &[u8]) -> Option<Vec<Covered>> {
    let (mut entries, mut rest) = (Vec::new(), table);
    while !rest.is_empty() {
        let [start, length, target, depth] = [
            read_number(&mut rest)?,
            read_number(&mut rest)?,
            read_number(&mut rest)?,
            read_number(&mut rest)?,
        ];
        entries.push(Covered { start, end: start.checked_add(length)?, target, depth: depth >> 1 });
    }
    Some(entries)
}

fn read_number(rest: &mut &[u8]) -> Option<u32> {
    let mut number = 0u32;
    loop {
        let byte = take(rest)?;
        number = number.checked_mul(64)? | u32::from(byte & 63);
        if byte & 0x40 == 0 {
            return Some(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_as_they_are_written() {
        let ranges = [(3, 3, 0, 4), (3, 3, 70, 90), (5, 5, 1, 127), (4, 9, 200, 3), (4, 4, 8, 9)];
        let ranges = ranges.map(|(line, end_line, column, end_column)| SourceRange {
            line,
            end_line,
            column,
            end_column,
        });
        let places: Vec<_> = ranges.iter().flat_map(|&range| [Place::of(range); 11]).collect();
        let read = super::places(&location_table(&places, 3), 3);
        assert_eq!(read, ranges.iter().flat_map(|&range| [Some(range); 11]).collect::<Vec<_>>());
        let entries = [(0, 70, 5000, 3), (70, 71, 0, 0)];
        let entries = entries.map(|(start, end, target, depth)| Covered { start, end, target, depth });
        let read = covered(&exception_table(entries.into_iter()));
        assert_eq!(read.as_deref(), Some(&entries[..]));
        assert!(covered(&[0x80]).is_none());
    }
}
