//! ISO 2022 in seven bits: sets of characters that escape sequences put in place (RFC 1468, RFC 1557).
//!
//! The state has the set in place 0 in its low byte, the set in place 1 in the next, and whether place 1 is read above.

use super::scheme::Step;
use super::table::{self, Table};

/// A set of characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Set {
    Ascii,
    JisX0208,
    /// The first edition of JIS X 0208; it is read, and not written, as the characters are the same.
    JisX0208Old,
    JisX0212,
    Roman,
    Kana,
    KsX1001,
}

const SETS: [Set; 7] =
    [Set::Ascii, Set::JisX0208, Set::JisX0208Old, Set::JisX0212, Set::Roman, Set::Kana, Set::KsX1001];

const SHIFTED: u32 = 1 << 16;
const ESCAPE: u8 = 0x1b;
const SHIFT_OUT: u8 = 0x0e;
const SHIFT_IN: u8 = 0x0f;

impl Set {
    /// What puts the set in its place.
    fn escape(self) -> &'static [u8] {
        match self {
            Set::Ascii => b"\x1b(B",
            Set::JisX0208 => b"\x1b$B",
            Set::JisX0208Old => b"\x1b$@",
            Set::JisX0212 => b"\x1b$(D",
            Set::Roman => b"\x1b(J",
            Set::Kana => b"\x1b(I",
            Set::KsX1001 => b"\x1b$)C",
        }
    }

    /// The table of a set of pairs.
    fn table(self) -> Option<&'static Table> {
        match self {
            Set::JisX0208 | Set::JisX0208Old => Some(&table::JIS_X_0208),
            Set::JisX0212 => Some(&table::JIS_X_0212),
            Set::KsX1001 => Some(&table::KS_X_1001),
            Set::Ascii | Set::Roman | Set::Kana => None,
        }
    }

    /// Which place the set has.
    fn place(self) -> u32 {
        u32::from(self == Set::KsX1001)
    }

    fn decode(self, data: &[u8]) -> Step {
        let byte = data[0];
        match (self, self.table()) {
            (_, Some(table)) => match *data {
                [lead, trail, ..] if lead >= 0x21 && trail < 0x80 => table
                    .decode(lead | 0x80, trail | 0x80)
                    .map_or(Step::Illegal(2), |point| Step::Char(point, 2)),
                [_, _, ..] => Step::Illegal(2),
                _ => Step::Short,
            },
            (Set::Roman, None) if byte == b'\\' => Step::Char(0xa5, 1),
            (Set::Roman, None) if byte == b'~' => Step::Char(0x203e, 1),
            (Set::Kana, None) => match byte {
                0x21..=0x5f => Step::Char(0xff61 + u32::from(byte - 0x21), 1),
                _ => Step::Illegal(1),
            },
            _ => Step::Char(byte.into(), 1),
        }
    }

    fn encode(self, point: u32) -> Option<Vec<u8>> {
        match (self, point) {
            // A tilde has been written as itself; the wave dash of the other set is none.
            (Set::JisX0208, 0xff3c) => Some(vec![0x21, 0x40]),
            (Set::Roman, 0xa5) => Some(vec![b'\\']),
            (Set::Roman, 0x203e) => Some(vec![b'~']),
            (Set::Kana, 0xff61..=0xff9f) => Some(vec![(point - 0xff61) as u8 + 0x21]),
            (Set::JisX0208Old, _) => None,
            _ => self.table()?.encode(point).map(|pair| pair.map(|byte| byte & 0x7f).to_vec()),
        }
    }
}

/// One of the encodings: the sets that it has besides ASCII, in the order in which they are tried.
pub(super) struct Iso2022 {
    pub(super) sets: &'static [Set],
}

fn set_at(state: u32, place: u32) -> Set {
    SETS[(state >> (8 * place) & 0xff) as usize]
}

fn put(state: &mut u32, set: Set) {
    let shift = 8 * set.place();
    *state = *state & !(0xff << shift) | u32::from(set as u8) << shift;
}

impl Iso2022 {
    fn has_shift(&self) -> bool {
        self.sets.iter().any(|set| set.place() == 1)
    }

    pub(super) fn decode(&self, state: &mut u32, data: &[u8]) -> Step {
        match *data {
            [ESCAPE] => Step::Short,
            [ESCAPE, b'(' | b')' | b'$' | b'.' | b'&', ..] => self.designate(state, data),
            [SHIFT_OUT, ..] if self.has_shift() => {
                *state |= SHIFTED;
                Step::Shift(1)
            }
            [SHIFT_IN, ..] if self.has_shift() => {
                *state &= !SHIFTED;
                Step::Shift(1)
            }
            [b'\n', ..] => {
                *state &= !SHIFTED;
                Step::Char(b'\n'.into(), 1)
            }
            [byte @ 0..0x20, ..] => Step::Char(byte.into(), 1),
            [0x80..=0xff, ..] => Step::Illegal(1),
            _ => set_at(*state, u32::from(*state & SHIFTED != 0)).decode(data),
        }
    }

    /// An escape sequence: up to a capital letter or `@`.
    fn designate(&self, state: &mut u32, data: &[u8]) -> Step {
        const LONGEST: usize = 16;
        let end = data.iter().take(LONGEST).skip(1).position(|byte| matches!(byte, b'A'..=b'Z' | b'@'));
        let Some(end) = end else {
            return if data.len() < LONGEST { Step::Short } else { Step::Illegal(1) };
        };
        let length = end + 2;
        let known = [Set::Ascii].iter().chain(self.sets).find(|set| *set.escape() == data[..length]);
        match known {
            Some(&set) => {
                put(state, set);
                Step::Shift(length)
            }
            None => Step::Illegal(length),
        }
    }

    pub(super) fn encode(&self, state: &mut u32, point: u32, out: &mut Vec<u8>) -> bool {
        if point < 0x80 {
            self.finish(state, out);
            out.push(point as u8);
            return true;
        }
        let found = self.sets.iter().find_map(|&set| set.encode(point).map(|bytes| (set, bytes)));
        let Some((set, bytes)) = found else { return false };
        if set_at(*state, set.place()) != set {
            out.extend_from_slice(set.escape());
            put(state, set);
        }
        let is_shifted = *state & SHIFTED != 0;
        if is_shifted != (set.place() == 1) {
            out.push(if is_shifted { SHIFT_IN } else { SHIFT_OUT });
            *state ^= SHIFTED;
        }
        out.extend_from_slice(&bytes);
        true
    }

    /// Back to ASCII. The set in place 1 stays there.
    pub(super) fn finish(&self, state: &mut u32, out: &mut Vec<u8>) {
        if *state & SHIFTED != 0 {
            out.push(SHIFT_IN);
            *state &= !SHIFTED;
        }
        if set_at(*state, 0) != Set::Ascii {
            out.extend_from_slice(Set::Ascii.escape());
            put(state, Set::Ascii);
        }
    }
}
