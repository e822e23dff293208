//! Integers as bytes: two's complement, least byte first, no longer than needed; 0 is no byte at all.

use dashu_int::{IBig, Sign, UBig};
use runtime::Ref;
use runtime::objects::int::{self, IntRef};

/// The bytes of an integer.
pub(super) fn encode(number: IntRef<'_>) -> Vec<u8> {
    if number.is_zero() {
        return Vec::new();
    }
    let (sign, magnitude) = number.to_big().into_parts();
    let mut bytes = magnitude.to_le_bytes().into_vec();
    bytes.push(0);
    if sign == Sign::Negative {
        negate(&mut bytes);
    }
    while let [.., before, last] = bytes[..] {
        let is_needed = last != if before & 0x80 == 0 { 0 } else { 0xff };
        if is_needed {
            break;
        }
        bytes.pop();
    }
    bytes
}

/// The integer that some bytes stand for.
pub(super) fn decode(bytes: &[u8]) -> Ref {
    let is_negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
    if bytes.len() <= 8 {
        let mut word = if is_negative { [0xff; 8] } else { [0; 8] };
        word[..bytes.len()].copy_from_slice(bytes);
        return int::from_i64(i64::from_le_bytes(word));
    }
    if !is_negative {
        return int::from_le_bytes(bytes);
    }
    let mut bytes = bytes.to_vec();
    negate(&mut bytes);
    int::from_big(-IBig::from(UBig::from_le_bytes(&bytes)))
}

/// Two's complement in place.
fn negate(bytes: &mut [u8]) {
    let mut carries = true;
    for byte in bytes {
        let (sum, overflows) = (!*byte).overflowing_add(carries.into());
        (*byte, carries) = (sum, overflows);
    }
}
