//! How bytes make up characters: the schemes of the double-byte encodings that keep no state, and of GB 18030, EUC and HZ.
//!
//! A scheme reads the first character of some bytes, or says that they are none, or that more is needed; and it writes one character. The
//! numbers of bytes that are illegal are CPython's. What a scheme has to remember between characters is a number, 0 at the start.

use std::ops::RangeInclusive;

use super::iso2022::Iso2022;
use super::table::{self, Table};

/// What the first bytes are.
pub(super) enum Step {
    /// A character, and how many bytes it took.
    Char(u32, usize),
    /// So many bytes that change the state only.
    Shift(usize),
    /// So many bytes that mean nothing.
    Illegal(usize),
    /// The beginning of something.
    Short,
}

/// How an encoding works.
pub(super) enum Scheme {
    /// ASCII below 0x80, other single bytes, and pairs.
    Pairs(Pairs),
    Gb18030,
    EucJp,
    EucKr,
    Hz,
    Iso2022(Iso2022),
}

/// ASCII and pairs.
pub(super) struct Pairs {
    pub(super) table: fn() -> &'static Table,
    /// Single bytes above 0x7f: the first and last, and the first one's character.
    pub(super) singles: &'static [(u8, u8, u32)],
    /// Further characters that are written as single bytes.
    pub(super) written: &'static [(u32, u8)],
    /// The bytes that begin a pair.
    pub(super) leads: fn(u8) -> bool,
}

impl Scheme {
    /// What the first bytes are; there is at least one.
    pub(super) fn decode(&self, state: &mut u32, data: &[u8]) -> Step {
        match self {
            Scheme::Hz => decode_hz(state, data),
            Scheme::Iso2022(scheme) => scheme.decode(state, data),
            _ if data[0] < 0x80 => Step::Char(data[0].into(), 1),
            Scheme::Pairs(pairs) => pairs.decode(data),
            Scheme::Gb18030 => decode_gb18030(data),
            Scheme::EucJp => decode_euc_jp(data),
            Scheme::EucKr => decode_euc_kr(data),
        }
    }

    /// Writes a character, or says that there is no way to.
    pub(super) fn encode(&self, state: &mut u32, point: u32, out: &mut Vec<u8>) -> bool {
        let bytes: Option<Vec<u8>> = match self {
            Scheme::Hz => return encode_hz(state, point, out),
            Scheme::Iso2022(scheme) => return scheme.encode(state, point, out),
            _ if point < 0x80 => Some(vec![point as u8]),
            Scheme::Pairs(pairs) => pairs.encode(point),
            Scheme::Gb18030 => encode_gb18030(point),
            Scheme::EucJp => encode_euc_jp(point),
            Scheme::EucKr => encode_euc_kr(point),
        };
        bytes.inspect(|bytes| out.extend_from_slice(bytes)).is_some()
    }

    /// Writes what leads back to the state at the start.
    pub(super) fn finish(&self, state: &mut u32, out: &mut Vec<u8>) {
        match self {
            Scheme::Hz if std::mem::take(state) != 0 => out.extend_from_slice(b"~}"),
            Scheme::Iso2022(scheme) => scheme.finish(state, out),
            _ => {}
        }
    }
}

/// The character of two bytes, or that the first is illegal.
fn pair(table: &Table, data: &[u8]) -> Step {
    match data {
        &[lead, trail, ..] => {
            table.decode(lead, trail).map_or(Step::Illegal(1), |point| Step::Char(point, 2))
        }
        _ => Step::Short,
    }
}

impl Pairs {
    fn decode(&self, data: &[u8]) -> Step {
        let byte = data[0];
        match self.singles.iter().find(|(first, last, _)| (*first..=*last).contains(&byte)) {
            Some((first, _, point)) => Step::Char(point + u32::from(byte - first), 1),
            None if (self.leads)(byte) => pair((self.table)(), data),
            None => Step::Illegal(1),
        }
    }

    fn encode(&self, point: u32) -> Option<Vec<u8>> {
        let single = self.singles.iter().find_map(|&(first, last, start)| {
            let offset = u8::try_from(point.checked_sub(start)?).ok()?;
            (offset <= last - first).then(|| first + offset)
        });
        let named = || self.written.iter().find(|(known, _)| *known == point).map(|&(_, byte)| byte);
        match single.or_else(named) {
            Some(byte) => Some(vec![byte]),
            None => (self.table)().encode(point).map(Vec::from),
        }
    }
}

// --- GB 18030 ---

/// The character behind four bytes; those whose pair the crate has given to another character have changed places.
fn four_bytes(bytes: &[u8; 4]) -> Option<u32> {
    let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes)?;
    let point = text.chars().next().map(u32::from)?;
    match table::PAIRS_18030.encode(point) {
        Some([lead, trail]) => theirs(lead, trail),
        None => Some(point),
    }
}

/// What the crate reads in a pair.
fn theirs(lead: u8, trail: u8) -> Option<u32> {
    let pair = [lead, trail];
    let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(&pair)?;
    text.chars().next().map(u32::from)
}

fn decode_gb18030(data: &[u8]) -> Step {
    match *data {
        [a, b @ 0x30..=0x39, c, d, ..] => {
            let is_code = [a, c].iter().all(|byte| (0x81..=0xfe).contains(byte)) && d.is_ascii_digit();
            let point = if is_code { four_bytes(&[a, b, c, d]) } else { None };
            point.map_or(Step::Illegal(1), |point| Step::Char(point, 4))
        }
        [_, 0x30..=0x39, ..] => Step::Short,
        _ => pair(&table::PAIRS_18030, data),
    }
}

fn encode_gb18030(point: u32) -> Option<Vec<u8>> {
    if let Some(pair) = table::PAIRS_18030.encode(point) {
        return Some(pair.to_vec());
    }
    let written = |point: u32| {
        let text = char::from_u32(point)?.to_string();
        let (bytes, _, is_lossy) = encoding_rs::GB18030.encode(&text);
        (!is_lossy).then(|| bytes.into_owned())
    };
    let bytes = written(point)?;
    match *bytes {
        // The four bytes of this character are those of the one that has its pair here.
        [lead, trail] => match MOVED.iter().find(|(points, _)| points.contains(&point)) {
            Some((points, first)) => Some(further(*first, point - points.start()).to_vec()),
            None => written(table::PAIRS_18030.decode(lead, trail)?).filter(|bytes| bytes.len() == 4),
        },
        _ => Some(bytes),
    }
}

/// Characters that the crate writes as pairs only, and the first one's four bytes.
const MOVED: [(RangeInclusive<u32>, [u8; 4]); 2] =
    [(0x9fb4..=0x9fbb, [0x82, 0x35, 0x90, 0x37]), (0xfe10..=0xfe19, [0x84, 0x31, 0x82, 0x36])];

/// Some characters further on, fewer than ten: the last byte is a digit.
fn further([a, b, c, d]: [u8; 4], by: u32) -> [u8; 4] {
    let digit = d + by as u8;
    if digit > b'9' { [a, b, c + 1, digit - 10] } else { [a, b, c, digit] }
}

// --- EUC ---

fn decode_euc_jp(data: &[u8]) -> Step {
    match *data {
        [0x8e, kana @ 0xa1..=0xdf, ..] => Step::Char(0xff61 + u32::from(kana - 0xa1), 2),
        [0x8e] => Step::Short,
        [0x8e, ..] => Step::Illegal(1),
        [0x8f, lead, trail, ..] => match table::JIS_X_0212.decode(lead, trail) {
            Some(point) => Step::Char(point, 3),
            None => Step::Illegal(1),
        },
        [0x8f, ..] => Step::Short,
        _ => pair(&table::JIS_X_0208, data),
    }
}

fn encode_euc_jp(point: u32) -> Option<Vec<u8>> {
    match point {
        0xff61..=0xff9f => return Some(vec![0x8e, (point - 0xff61) as u8 + 0xa1]),
        0xa5 => return Some(vec![b'\\']),
        0x203e => return Some(vec![b'~']),
        _ => {}
    }
    let plain = table::JIS_X_0208.encode(point).map(Vec::from);
    plain.or_else(|| table::JIS_X_0212.encode(point).map(|[lead, trail]| vec![0x8f, lead, trail]))
}

/// Where the letters of a syllable are in row 0xa4 of KS X 1001: initials, vowels (in order from 0xbf), finals.
const INITIALS: [u8; 19] = [
    0xa1, 0xa2, 0xa4, 0xa7, 0xa8, 0xa9, 0xb1, 0xb2, 0xb3, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xbb, 0xbc,
    0xbd, 0xbe,
];
const FIRST_VOWEL: u8 = 0xbf;
const VOWELS: u8 = 21;
const FINALS: [u8; 28] = [
    FILLER, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0xb0, 0xb1,
    0xb2, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xba, 0xbb, 0xbc, 0xbd, 0xbe,
];
const ROW: u8 = 0xa4;
/// Begins a syllable that is spelled letter by letter, and stands for a final that is none.
const FILLER: u8 = 0xd4;
const FIRST_SYLLABLE: u32 = 0xac00;
const SYLLABLES: u32 = INITIALS.len() as u32 * VOWELS as u32 * FINALS.len() as u32;

/// A syllable that the set lacks: eight bytes, a filler and three letters.
fn decode_syllable(data: &[u8; 8]) -> Option<u32> {
    let [_, _, ROW, initial, ROW, vowel, ROW, last] = *data else { return None };
    let initial = INITIALS.iter().position(|&letter| letter == initial)? as u32;
    let vowel = vowel.checked_sub(FIRST_VOWEL).filter(|&vowel| vowel < VOWELS)?;
    let last = FINALS.iter().position(|&letter| letter == last)? as u32;
    Some(FIRST_SYLLABLE + (initial * u32::from(VOWELS) + u32::from(vowel)) * FINALS.len() as u32 + last)
}

fn decode_euc_kr(data: &[u8]) -> Step {
    if !data.starts_with(&[ROW, FILLER]) {
        return pair(&table::KS_X_1001, data);
    }
    match data.first_chunk::<8>() {
        Some(spelled) => decode_syllable(spelled).map_or(Step::Illegal(1), |point| Step::Char(point, 8)),
        None => Step::Short,
    }
}

fn encode_euc_kr(point: u32) -> Option<Vec<u8>> {
    if let Some(pair) = table::KS_X_1001.encode(point) {
        return Some(pair.to_vec());
    }
    let index = point.checked_sub(FIRST_SYLLABLE).filter(|&index| index < SYLLABLES)? as usize;
    let (rest, last) = (index / FINALS.len(), FINALS[index % FINALS.len()]);
    let (initial, vowel) =
        (INITIALS[rest / usize::from(VOWELS)], FIRST_VOWEL + (rest % usize::from(VOWELS)) as u8);
    Some(vec![ROW, FILLER, ROW, initial, ROW, vowel, ROW, last])
}

// --- HZ: GB 2312 in seven bits, between `~{` and `~}` ---

fn decode_hz(state: &mut u32, data: &[u8]) -> Step {
    match *data {
        [b'~', b'~', ..] if *state == 0 => Step::Char(b'~'.into(), 2),
        [b'~', b'{', ..] if *state == 0 => {
            *state = 1;
            Step::Shift(2)
        }
        [b'~', b'\n', ..] => Step::Shift(2),
        [b'~', b'}', ..] if *state == 1 => {
            *state = 0;
            Step::Shift(2)
        }
        [b'~'] => Step::Short,
        [b'~', ..] => Step::Illegal(1),
        [0x80..=0xff, ..] => Step::Illegal(1),
        [byte, ..] if *state == 0 => Step::Char(byte.into(), 1),
        // The end of a line ends the stretch.
        [b'\n', ..] => {
            *state = 0;
            Step::Char(b'\n'.into(), 1)
        }
        [lead, trail, ..] => {
            let point = table::GB2312.decode(lead | 0x80, trail | 0x80);
            point.map_or(Step::Illegal(1), |point| Step::Char(point, 2))
        }
        _ => Step::Short,
    }
}

fn encode_hz(state: &mut u32, point: u32, out: &mut Vec<u8>) -> bool {
    if point < 0x80 {
        if std::mem::take(state) != 0 {
            out.extend_from_slice(b"~}");
        }
        if point == u32::from(b'~') {
            out.push(b'~');
        }
        out.push(point as u8);
        return true;
    }
    let Some([lead, trail]) = table::GB2312.encode(point) else { return false };
    if std::mem::replace(state, 1) == 0 {
        out.extend_from_slice(b"~{");
    }
    out.extend_from_slice(&[lead & 0x7f, trail & 0x7f]);
    true
}
