//! BLAKE2b and BLAKE2s (RFC 7693, and the BLAKE2 paper for tree hashing): with keys, salts, personal strings and trees.
//!
//! The two differ in the width of words, in rounds and rotations; one macro writes both.

use super::algorithm::Algorithm;

/// The order in which the words of a block are mixed, round by round.
const SIGMA: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// What is mixed in one round: four columns, then four diagonals.
const MIXED: [[usize; 4]; 8] = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
];

/// The parameters, checked by whoever made them.
pub(super) struct Parameters {
    pub(super) digest_size: u8,
    pub(super) key: Vec<u8>,
    pub(super) salt: Vec<u8>,
    pub(super) person: Vec<u8>,
    pub(super) fanout: u8,
    pub(super) depth: u8,
    pub(super) leaf_size: u32,
    pub(super) node_offset: u64,
    pub(super) node_depth: u8,
    pub(super) inner_size: u8,
    pub(super) last_node: bool,
}

macro_rules! blake2 {
    ($name:ident, $word:ty, $rounds:literal, $rotations:expr, $initial:expr, $offset_bytes:literal) => {
        /// A state of this variant.
        #[derive(Clone)]
        pub(super) struct $name {
            state: [$word; 8],
            taken: u128,
            block: Vec<u8>,
            digest_size: usize,
            last_node: bool,
        }

        impl $name {
            const WORD: usize = size_of::<$word>();
            const BLOCK: usize = 16 * Self::WORD;

            /// The state that these parameters make.
            pub(super) fn new(parameters: &Parameters) -> Self {
                let mut words = parameter_block(parameters, 8 * Self::WORD, $offset_bytes);
                words.resize(8 * Self::WORD, 0);
                let mut state: [$word; 8] = $initial;
                for (word, bytes) in state.iter_mut().zip(words.chunks(Self::WORD)) {
                    *word ^= <$word>::from_le_bytes(bytes.try_into().expect("chunks of the size of a word"));
                }
                let digest_size = usize::from(parameters.digest_size);
                let last_node = parameters.last_node;
                let mut this = Self { state, taken: 0, block: Vec::new(), digest_size, last_node };
                if !parameters.key.is_empty() {
                    let mut key = parameters.key.clone();
                    key.resize(Self::BLOCK, 0);
                    this.update(&key);
                }
                this
            }

            fn compress(&mut self, is_last: bool) {
                self.taken += self.block.len() as u128;
                self.block.resize(Self::BLOCK, 0);
                let words: Vec<$word> = self
                    .block
                    .chunks(Self::WORD)
                    .map(|bytes| {
                        <$word>::from_le_bytes(bytes.try_into().expect("chunks of the size of a word"))
                    })
                    .collect();
                let mut work = [0; 16];
                work[..8].copy_from_slice(&self.state);
                work[8..].copy_from_slice(&$initial);
                work[12] ^= self.taken as $word;
                work[13] ^= (self.taken >> <$word>::BITS) as $word;
                if is_last {
                    work[14] = !work[14];
                    if self.last_node {
                        work[15] = !work[15];
                    }
                }
                for round in 0..$rounds {
                    for (turn, places) in MIXED.iter().enumerate() {
                        let order = &SIGMA[round % 10][2 * turn..];
                        mix(&mut work, places, words[order[0]], words[order[1]]);
                    }
                }
                for at in 0..8 {
                    self.state[at] ^= work[at] ^ work[at + 8];
                }
                self.block.clear();

                fn mix(work: &mut [$word; 16], &[a, b, c, d]: &[usize; 4], x: $word, y: $word) {
                    let [r1, r2, r3, r4] = $rotations;
                    work[a] = work[a].wrapping_add(work[b]).wrapping_add(x);
                    work[d] = (work[d] ^ work[a]).rotate_right(r1);
                    work[c] = work[c].wrapping_add(work[d]);
                    work[b] = (work[b] ^ work[c]).rotate_right(r2);
                    work[a] = work[a].wrapping_add(work[b]).wrapping_add(y);
                    work[d] = (work[d] ^ work[a]).rotate_right(r3);
                    work[c] = work[c].wrapping_add(work[d]);
                    work[b] = (work[b] ^ work[c]).rotate_right(r4);
                }
            }
        }

        impl Algorithm for $name {
            fn update(&mut self, mut data: &[u8]) {
                while !data.is_empty() {
                    // The last block is kept until it is known to be the last.
                    if self.block.len() == Self::BLOCK {
                        self.compress(false);
                    }
                    let (now, later) = data.split_at(data.len().min(Self::BLOCK - self.block.len()));
                    self.block.extend_from_slice(now);
                    data = later;
                }
            }

            fn digest(&self, _: usize) -> Vec<u8> {
                let mut last = self.clone();
                last.compress(true);
                last.state.iter().flat_map(|word| word.to_le_bytes()).take(self.digest_size).collect()
            }

            fn copy(&self) -> Box<dyn Algorithm> {
                Box::new(self.clone())
            }

            fn block_size(&self) -> usize {
                Self::BLOCK
            }

            fn digest_size(&self) -> usize {
                self.digest_size
            }
        }
    };
}

/// The parameters as they are added to the first state: a block of `len` bytes, in which node offsets have this many.
fn parameter_block(parameters: &Parameters, len: usize, offset_bytes: usize) -> Vec<u8> {
    let mut block =
        vec![parameters.digest_size, parameters.key.len() as u8, parameters.fanout, parameters.depth];
    block.extend(parameters.leaf_size.to_le_bytes());
    block.extend(&parameters.node_offset.to_le_bytes()[..offset_bytes]);
    block.extend([parameters.node_depth, parameters.inner_size]);
    // A quarter of the block each is for the salt and the personal string; what is reserved fills the first half.
    block.resize(len / 2, 0);
    block.extend(&parameters.salt);
    block.resize(len * 3 / 4, 0);
    block.extend(&parameters.person);
    block
}

blake2! {
    Blake2b, u64, 12, [32, 24, 16, 63],
    [
        0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
    ],
    8
}

blake2! {
    Blake2s, u32, 10, [16, 12, 8, 7],
    [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ],
    6
}
