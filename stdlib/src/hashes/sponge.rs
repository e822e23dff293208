//! SHA-3 and SHAKE (FIPS 202): sponges over the permutation Keccak-f[1600].
//!
//! The state is 200 bytes. Input is added to its first `rate` bytes, and output read from there; the permutation mixes in between. What is behind
//! the input tells the functions apart: the bits 01 for SHA-3, 1111 for SHAKE.

use keccak::{Keccak, State1600};

use super::algorithm::Algorithm;

/// The first bits behind the input of SHA-3.
pub(super) const SHA3: u8 = 0x06;
/// The first bits behind the input of SHAKE.
pub(super) const SHAKE: u8 = 0x1f;

/// See the module documentation.
#[derive(Clone)]
pub(super) struct Sponge {
    lanes: State1600,
    /// Bytes of the block that have been added.
    filled: usize,
    /// Bytes of a block.
    rate: usize,
    suffix: u8,
    /// Bytes of the digest, 0 if that can be chosen.
    size: usize,
}

impl Sponge {
    /// An empty sponge of this strength in bits.
    pub(super) fn new(strength: usize, suffix: u8) -> Self {
        let rate = 200 - strength / 4;
        let size = if suffix == SHA3 { strength / 8 } else { 0 };
        Sponge { lanes: State1600::default(), filled: 0, rate, suffix, size }
    }

    fn add(&mut self, at: usize, byte: u8) {
        self.lanes[at / 8] ^= u64::from(byte) << (at % 8 * 8);
    }

    fn permute(&mut self) {
        Keccak::new().with_f1600(|f1600| f1600(&mut self.lanes));
    }
}

impl Algorithm for Sponge {
    fn update(&mut self, data: &[u8]) {
        for &byte in data {
            self.add(self.filled, byte);
            self.filled += 1;
            if self.filled == self.rate {
                self.permute();
                self.filled = 0;
            }
        }
    }

    fn digest(&self, len: usize) -> Vec<u8> {
        let len = if self.size == 0 { len } else { self.size };
        let mut last = self.clone();
        last.add(last.filled, last.suffix);
        last.add(last.rate - 1, 0x80);
        let mut digest = Vec::with_capacity(len + 8);
        while digest.len() < len {
            last.permute();
            let lanes = &last.lanes[..last.rate / 8];
            digest.extend(lanes.iter().flat_map(|lane| lane.to_le_bytes()).take(len - digest.len()));
        }
        digest
    }

    fn copy(&self) -> Box<dyn Algorithm> {
        Box::new(self.clone())
    }

    fn block_size(&self) -> usize {
        self.rate
    }

    fn suffix(&self) -> u8 {
        self.suffix
    }

    fn digest_size(&self) -> usize {
        self.size
    }
}
