//! What characters are: categories, numbers, case mappings, decompositions, of Unicode 16.0.
//!
//! The tables are made by `generate.py` from the Unicode Character Database; upper and lower case are those of Rust's standard library,
//! whose version is newer and agrees on all older characters. Runs and lists are searched by bisection: about twelve steps. The
//! decompositions stay text until one is asked for.

mod casing;
mod numbers;
mod properties;
mod properties_3_2;

use std::sync::OnceLock;

pub use properties::Record;

/// Version of the tables.
pub const VERSION: &str = "16.0.0";

/// One past the last code point.
pub const LIMIT: u32 = 0x11_0000;

fn in_runs(runs: &[(u32, u16)], point: u32) -> &'static Record {
    let at = runs.partition_point(|&(start, _)| start <= point) - 1;
    &properties::RECORDS[usize::from(runs[at].1)]
}

/// The classes of a character.
pub fn record(point: u32) -> &'static Record {
    in_runs(properties::RUNS, point)
}

/// The classes of a character in Unicode 3.2.
pub fn record_3_2(point: u32) -> &'static Record {
    in_runs(properties_3_2::RUNS, point)
}

/// The general category.
pub fn category(point: u32) -> &'static str {
    record(point).0
}

/// Whether a character is a letter.
pub fn is_alpha(point: u32) -> bool {
    match u8::try_from(point) {
        Ok(byte) if byte < 0x80 => byte.is_ascii_alphabetic(),
        _ => category(point).starts_with('L'),
    }
}

/// Whether `repr` shows a character as it is: the space, and what is neither control, format, surrogate, private, unassigned nor separator.
pub fn is_printable(point: u32) -> bool {
    match point {
        0..0x80 => matches!(point, 0x20..0x7f),
        _ => !matches!(category(point), "Cc" | "Cf" | "Cs" | "Co" | "Cn" | "Zl" | "Zp" | "Zs"),
    }
}

/// Whether a character is lower, upper or title case.
pub fn is_cased(point: u32) -> bool {
    is_title(point) || char::from_u32(point).is_some_and(|c| c.is_lowercase() || c.is_uppercase())
}

/// Whether a character is a title case letter, such as U+01C5.
pub fn is_title(point: u32) -> bool {
    point >= 0x1c5 && category(point) == "Lt"
}

/// Whether a character is passed over when the surroundings of a capital sigma are looked at.
pub fn is_case_ignorable(point: u32) -> bool {
    const WITHIN_WORDS: &[u32] = &[
        0x27, 0x2e, 0x3a, 0xb7, 0x387, 0x55f, 0x5f4, 0x2018, 0x2019, 0x2024, 0x2027, 0xfe13, 0xfe52, 0xfe55,
        0xff07, 0xff0e, 0xff1a,
    ];
    WITHIN_WORDS.contains(&point) || matches!(category(point), "Mn" | "Me" | "Cf" | "Lm" | "Sk")
}

/// The value of a decimal digit.
pub fn decimal(point: u32) -> Option<u32> {
    if point < 0x80 {
        return char::from_u32(point)?.to_digit(10);
    }
    let at = numbers::ZEROS.partition_point(|&zero| zero <= point).checked_sub(1)?;
    Some(point - numbers::ZEROS[at]).filter(|&value| value < 10)
}

/// The value of a digit: decimal, superscript, circled and so on.
pub fn digit(point: u32) -> Option<u32> {
    decimal(point).or_else(|| {
        let at = numbers::DIGITS.binary_search_by_key(&point, |&(digit, _)| digit).ok()?;
        Some(numbers::DIGITS[at].1.into())
    })
}

/// The number that a character stands for, as a fraction.
pub fn numeric(point: u32) -> Option<(i64, i64)> {
    digit(point).map(|value| (value.into(), 1)).or_else(|| {
        let at = numbers::NUMBERS.binary_search_by_key(&point, |&(number, ..)| number).ok()?;
        Some((numbers::NUMBERS[at].1, numbers::NUMBERS[at].2))
    })
}

fn mapping(table: &[(u32, &'static str)], point: u32) -> Option<&'static str> {
    table.binary_search_by_key(&point, |&(from, _)| from).ok().map(|at| table[at].1)
}

/// Title case, where it is not upper case.
pub fn title_mapping(point: u32) -> Option<&'static str> {
    mapping(casing::TITLE, point)
}

/// Case folding, where it is not lower case.
pub fn fold_mapping(point: u32) -> Option<&'static str> {
    mapping(casing::FOLD, point)
}

/// One step of decomposition in the database's notation: code points, perhaps behind a tag.
pub fn decomposition(point: u32) -> Option<&'static str> {
    static LINES: OnceLock<Vec<(u32, &'static str)>> = OnceLock::new();
    let lines = LINES.get_or_init(|| {
        let split = |line: &'static str| {
            let (point, parts) = line.split_once(' ')?;
            Some((u32::from_str_radix(point, 16).ok()?, parts))
        };
        include_str!("decompositions.txt").lines().filter_map(split).collect()
    });
    lines.binary_search_by_key(&point, |&(from, _)| from).ok().map(|at| lines[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_cover_everything() {
        for runs in [properties::RUNS, properties_3_2::RUNS] {
            assert_eq!(runs[0].0, 0);
            assert!(runs.is_sorted_by(|a, b| a.0 < b.0));
            assert!(runs.iter().all(|run| usize::from(run.1) < properties::RECORDS.len()));
        }
        assert!(numbers::ZEROS.is_sorted() && numbers::DIGITS.is_sorted() && numbers::NUMBERS.is_sorted());
        assert!(casing::TITLE.is_sorted() && casing::FOLD.is_sorted());
    }

    #[test]
    fn characters_of_every_kind() {
        assert_eq!([0x41, 0x1c5, 0x378, 0x1f600, 0x10ffff].map(category), ["Lu", "Lt", "Cn", "So", "Cn"]);
        assert_eq!((decimal(0x669), digit(0xb2), numeric(0xbd)), (Some(9), Some(2), Some((1, 2))));
        assert_eq!((numeric(0x4e00), numeric(0x41)), (Some((1, 1)), None));
        assert_eq!(decomposition(0xc5), Some("0041 030A"));
        assert_eq!((fold_mapping(0xdf), title_mapping(0x1c4)), (Some("ss"), Some("\u{1c5}")));
    }
}
