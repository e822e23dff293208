//! What an algorithm is: a state that takes bytes and tells their digest.

use sha2::digest::Digest;
use sha2::digest::common::BlockSizeUser;

/// The state of an algorithm.
pub(super) trait Algorithm {
    /// Takes more bytes.
    fn update(&mut self, data: &[u8]);

    /// The digest of the bytes so far. `len` is how long it shall be, where that can be chosen.
    fn digest(&self, len: usize) -> Vec<u8>;

    /// Another state that has taken the same bytes.
    fn copy(&self) -> Box<dyn Algorithm>;

    /// Bytes that are taken at once.
    fn block_size(&self) -> usize;

    /// Bytes of the digest, 0 if that can be chosen.
    fn digest_size(&self) -> usize;

    /// The first bits behind the input, if the algorithm is a sponge.
    fn suffix(&self) -> u8 {
        0
    }
}

/// An algorithm of RustCrypto.
#[derive(Clone)]
pub(super) struct Crypto<D>(D);

impl<D: Digest> Crypto<D> {
    /// A state that has taken nothing.
    pub(super) fn new() -> Self {
        Crypto(D::new())
    }
}

impl<D: Digest + BlockSizeUser + Clone + 'static> Algorithm for Crypto<D> {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
    fn digest(&self, _: usize) -> Vec<u8> {
        self.0.clone().finalize().to_vec()
    }
    fn copy(&self) -> Box<dyn Algorithm> {
        Box::new(self.clone())
    }
    fn block_size(&self) -> usize {
        <D as BlockSizeUser>::block_size()
    }
    fn digest_size(&self) -> usize {
        <D as Digest>::output_size()
    }
}
