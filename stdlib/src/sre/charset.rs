//! Sets of characters: a bit per Latin-1 character, and the compiler's description for the rest.
//!
//! The description is a list of members that end with `FAILURE`: literals, ranges, categories, a bitmap of 256 characters, or, for sets
//! within the basic plane, chunks of 256 characters with a table that numbers them. `NEGATE` in front turns the answer around.
//! Nearly every character that programs match is below 256, and asking costs one load then.

use super::character::{Case, ascii_lower, ascii_upper, is_in_category, unicode_upper};
use super::opcode::{category, op};

/// A set, with the case that is ignored folded in.
pub(super) struct Charset {
    low: [u64; 4],
    members: Box<[u32]>,
    case: Case,
}

impl Charset {
    /// Reads the members that start here, the final `FAILURE` included; `None` if they are malformed.
    pub(super) fn new(members: &[u32], case: Case) -> Option<Self> {
        if !are_valid(members) {
            return None;
        }
        let mut set = Charset { low: [0; 4], members: members.into(), case };
        for point in 0..256 {
            set.low[point as usize / 64] |= u64::from(set.ask_members(point)) << (point % 64);
        }
        Some(set)
    }

    /// Whether a character belongs to it.
    #[inline]
    pub(super) fn contains(&self, point: u32) -> bool {
        if point < 256 { self.contains_latin1(point as u8) } else { self.ask_members(point) }
    }

    /// Whether a Latin-1 character belongs to it.
    #[inline]
    pub(super) const fn contains_latin1(&self, point: u8) -> bool {
        self.low[point as usize / 64] >> (point % 64) & 1 != 0
    }

    fn ask_members(&self, point: u32) -> bool {
        match self.case {
            Case::Locale => {
                let (lower, upper) = (ascii_lower(point), ascii_upper(point));
                describes(&self.members, lower) || (upper != lower && describes(&self.members, upper))
            }
            case => describes(&self.members, case.fold(point)),
        }
    }
}

/// Words of a member behind its operation.
fn operands(members: &[u32]) -> Option<usize> {
    Some(match members.first()? {
        &op::FAILURE | &op::NEGATE => 0,
        &op::LITERAL | &op::CATEGORY => 1,
        &op::RANGE | &op::RANGE_UNI_IGNORE => 2,
        &op::CHARSET => 8,
        &op::BIGCHARSET => 1 + 64 + 8 * *members.get(1)? as usize,
        _ => return None,
    })
}

/// Whether the words are members, and nothing follows the end.
fn are_valid(mut members: &[u32]) -> bool {
    while let Some(count) = operands(members) {
        let Some((member, rest)) = members.split_at_checked(1 + count) else { return false };
        match member[0] {
            op::FAILURE => return rest.is_empty(),
            op::CATEGORY if member[1] >= category::COUNT => return false,
            op::BIGCHARSET => {
                let mut chunks = member[2..66].iter().flat_map(|word| word.to_ne_bytes());
                if chunks.any(|chunk| u32::from(chunk) >= member[1]) {
                    return false;
                }
            }
            _ => {}
        }
        members = rest;
    }
    false
}

/// Whether the members describe a character.
fn describes(mut members: &[u32], point: u32) -> bool {
    let mut found = true;
    loop {
        let is_member = match members[0] {
            op::FAILURE => return !found,
            op::NEGATE => {
                found = !found;
                false
            }
            op::LITERAL => members[1] == point,
            op::CATEGORY => is_in_category(members[1], point),
            op::RANGE => (members[1]..=members[2]).contains(&point),
            op::RANGE_UNI_IGNORE => {
                let range = members[1]..=members[2];
                range.contains(&point) || range.contains(&unicode_upper(point))
            }
            op::CHARSET => point < 256 && has_bit(&members[1..9], point),
            op::BIGCHARSET => {
                point < 0x1_0000 && {
                    let chunk = members[2 + point as usize / 1024].to_ne_bytes()[point as usize / 256 % 4];
                    has_bit(&members[66 + usize::from(chunk) * 8..], point % 256)
                }
            }
            _ => unreachable!("the members were checked when the set was made"),
        };
        if is_member {
            return found;
        }
        let count = operands(members).expect("the members were checked when the set was made");
        members = &members[1 + count..];
    }
}

fn has_bit(words: &[u32], bit: u32) -> bool {
    words[bit as usize / 32] >> (bit % 32) & 1 != 0
}
