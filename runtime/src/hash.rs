//! Hashing as Python defines it: keyed SipHash-1-3 for text and bytes, arithmetic modulo 2^61-1 for numbers.
//!
//! Text hashes are keyed per process (`PYTHONHASHSEED` chooses the key, 0 switches randomisation off), so that colliding inputs
//! cannot be prepared. Equal numbers of different types must hash alike, hence the common modulus (CPython `pyhash.c`).

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::world::World;

static KEY: World<Cell<(u64, u64)>> = World::new(Cell::new((0, 0)));

/// The modulus of numeric hashes, a Mersenne prime.
pub const MODULUS: u64 = (1 << 61) - 1;
/// Hash of positive infinity.
pub const INFINITY: i64 = 314_159;

static IS_SEED_IGNORED: AtomicBool = AtomicBool::new(false);

/// Leaves `PYTHONHASHSEED` out of account; called before the runtime starts.
pub fn ignore_seed() {
    IS_SEED_IGNORED.store(true, Ordering::Relaxed);
}

/// `PYTHONHASHSEED`: a number, or random.
pub(crate) fn seed_of_environment() -> Option<u32> {
    let text = std::env::var("PYTHONHASHSEED").ok().filter(|_| !IS_SEED_IGNORED.load(Ordering::Relaxed))?;
    text.parse().ok()
}

/// Chooses the key: from a seed (0 means the zero key, as in CPython), or at random.
pub fn seed(seed: Option<u32>) {
    let key = match seed {
        None => random_key(),
        Some(0) => (0, 0),
        Some(seed) => key_of_seed(seed),
    };
    KEY.set(key);
}

fn random_key() -> (u64, u64) {
    let mut bytes = [0u8; 16];
    // SAFETY: the buffer has 16 bytes; a short or failed read leaves zeros, which is a valid key.
    unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    (word(0), word(8))
}

/// CPython's linear congruential expansion of a numeric seed.
fn key_of_seed(seed: u32) -> (u64, u64) {
    let mut state = seed;
    let mut next = || {
        let mut word = 0u64;
        for at in 0..8 {
            state = state.wrapping_mul(214_013).wrapping_add(2_531_011);
            word |= u64::from((state >> 16) as u8) << (8 * at);
        }
        word
    };
    (next(), next())
}

/// Never -1, which means "failed" in the C API and "not computed" in a str.
#[inline]
pub const fn avoid_minus_one(hash: i64) -> i64 {
    if hash == -1 { -2 } else { hash }
}

/// Hash of text or bytes.
pub fn bytes(data: &[u8]) -> i64 {
    if data.is_empty() {
        return 0;
    }
    let (k0, k1) = KEY.get();
    avoid_minus_one(siphash13(k0, k1, data) as i64)
}

/// Hash of bytes under a key of the caller's, for what is kept beyond the process.
pub fn keyed(key: u64, data: &[u8]) -> u64 {
    siphash13(key, 0, data)
}

fn siphash13(k0: u64, k1: u64, data: &[u8]) -> u64 {
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let mut chunks = data.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("chunks of eight"));
        v[3] ^= word;
        sip_round(&mut v);
        v[0] ^= word;
    }
    let mut last = (data.len() as u64) << 56;
    for (at, &byte) in chunks.remainder().iter().enumerate() {
        last |= u64::from(byte) << (8 * at);
    }
    v[3] ^= last;
    sip_round(&mut v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for _ in 0..3 {
        sip_round(&mut v);
    }
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

#[inline]
fn sip_round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}

/// Hash of an integer that fits 64 bits.
#[inline]
pub const fn int(value: i64) -> i64 {
    let reduced = (value.unsigned_abs() % MODULUS) as i64;
    avoid_minus_one(if value < 0 { -reduced } else { reduced })
}

/// Hash of a finite or infinite double; NaN hashes by identity and is not handled here.
pub fn double(value: f64) -> i64 {
    if value.is_infinite() {
        return if value > 0.0 { INFINITY } else { -INFINITY };
    }
    if value == value.trunc() && value.abs() < 9.0e18 {
        return int(value as i64);
    }
    let (mut mantissa, mut exponent) = frexp(value.abs());
    let mut hash: u64 = 0;
    while mantissa != 0.0 {
        hash = ((hash << 28) & MODULUS) | (hash >> (61 - 28));
        mantissa *= 268_435_456.0;
        exponent -= 28;
        let digit = mantissa as u64;
        mantissa -= digit as f64;
        hash += digit;
        if hash >= MODULUS {
            hash -= MODULUS;
        }
    }
    let turn = exponent.rem_euclid(61) as u32;
    hash = ((hash << turn) & MODULUS) | (hash >> (61 - turn));
    avoid_minus_one(if value < 0.0 { -(hash as i64) } else { hash as i64 })
}

/// Splits a positive finite double into a mantissa in [0.5, 1) and an exponent.
pub fn frexp(value: f64) -> (f64, i32) {
    if value == 0.0 || !value.is_finite() {
        return (value, 0);
    }
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32;
    if exponent == 0 {
        let (mantissa, exponent) = frexp(value * 18_014_398_509_481_984.0);
        return (mantissa, exponent - 54);
    }
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), exponent - 1022)
}

/// Combines element hashes as CPython's tuple does (xxHash variant).
pub fn sequence(hashes: impl ExactSizeIterator<Item = i64>) -> i64 {
    const P1: u64 = 11_400_714_785_074_694_791;
    const P2: u64 = 14_029_467_366_897_019_727;
    const P5: u64 = 2_870_177_450_012_600_261;
    let length = hashes.len() as u64;
    let mut state = P5;
    for hash in hashes {
        state = state.wrapping_add((hash as u64).wrapping_mul(P2)).rotate_left(31).wrapping_mul(P1);
    }
    state = state.wrapping_add(length ^ (P5 ^ 3_527_539));
    if state == u64::MAX { 1_546_275_796 } else { state as i64 }
}

/// Hash of an address, for identity.
#[inline]
pub const fn address(bits: u64) -> i64 {
    avoid_minus_one(bits.rotate_right(4) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_hashes_agree_with_cpython() {
        assert_eq!(int(-1), -2);
        assert_eq!(int(i64::MAX), 3);
        assert_eq!(double(0.5), 1_152_921_504_606_846_976);
        assert_eq!(double(1e300), 1_224_995_262_755_759_164);
        assert_eq!(double(-2.0), int(-2));
        assert_eq!(double(2.5), 1_152_921_504_606_846_978);
    }

    #[test]
    fn seed_zero_gives_cpythons_hashes() {
        assert_eq!(siphash13(0, 0, b"abc") as i64, -4_594_863_902_769_663_758);
    }
}
