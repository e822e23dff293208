//! Fields of [`Code`](crate::Code) that are one run of bytes in an [image](crate::image), not read element by element.
//!
//! Bytes and instructions are copied as they are. [`SourceRanges`], which only tracebacks and tools ask for, stay packed until somebody
//! does. Cost: a copy; unpacking is linear and happens once.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::code::SourceRange;
use crate::word::Word;

/// `Vec<u8>` as a run of bytes.
pub(crate) mod bytes {
    use super::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(data: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(data)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        Ok(<&[u8]>::deserialize(deserializer)?.to_vec())
    }
}

/// `Vec<Word>` as a run of bytes, four for each, the least first.
pub(crate) mod words {
    use super::{Deserialize, Deserializer, Serializer, Word};

    pub(crate) fn serialize<S: Serializer>(words: &[Word], serializer: S) -> Result<S::Ok, S::Error> {
        let mut data = vec![0; 4 * words.len()];
        for (bytes, word) in data.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *bytes = word.bits().to_le_bytes();
        }
        serializer.serialize_bytes(&data)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Word>, D::Error> {
        let (words, rest) = <&[u8]>::deserialize(deserializer)?.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(serde::de::Error::invalid_length(rest.len(), &"words of four bytes"));
        }
        Ok(words.iter().map(|&data| Word::from_bits(u32::from_le_bytes(data))).collect())
    }
}

/// The source range of each instruction. See the module documentation.
#[derive(Default)]
pub struct SourceRanges {
    packed: Box<[u8]>,
    ranges: OnceLock<Vec<SourceRange>>,
}

impl SourceRanges {
    fn get(&self) -> &Vec<SourceRange> {
        self.ranges.get_or_init(|| match &*self.packed {
            [] => Vec::new(),
            packed => postcard::from_bytes(packed).unwrap_or_default(),
        })
    }

    /// The last line that one of the first ranges says, those up to `at`. Takes no memory: packed ranges are read and left packed.
    pub(crate) fn last_line(&self, at: usize) -> Option<u32> {
        let mut line = None;
        let mut note = |range: &SourceRange| line = (range.line != 0).then_some(range.line).or(line);
        match self.ranges.get() {
            Some(ranges) => ranges.iter().take(at.saturating_add(1)).for_each(&mut note),
            None => {
                let (count, mut rest) = postcard::take_from_bytes::<u64>(&self.packed).ok()?;
                for _ in 0..count.min(at as u64 + 1) {
                    let (range, left) = postcard::take_from_bytes::<SourceRange>(rest).ok()?;
                    note(&range);
                    rest = left;
                }
            }
        }
        line
    }

    /// Adds the range of another instruction.
    pub fn push(&mut self, range: SourceRange) {
        self.get();
        self.ranges.get_mut().expect("unpacked above").push(range);
    }

    /// Takes all ranges out.
    pub fn take(&mut self) -> Vec<SourceRange> {
        self.get();
        std::mem::take(self).ranges.take().expect("unpacked above")
    }
}

impl From<Vec<SourceRange>> for SourceRanges {
    fn from(mut ranges: Vec<SourceRange>) -> Self {
        ranges.shrink_to_fit();
        Self { packed: Box::default(), ranges: OnceLock::from(ranges) }
    }
}

impl Deref for SourceRanges {
    type Target = [SourceRange];
    fn deref(&self) -> &[SourceRange] {
        self.get()
    }
}

impl Clone for SourceRanges {
    fn clone(&self) -> Self {
        self.to_vec().into()
    }
}

impl PartialEq for SourceRanges {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for SourceRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl Serialize for SourceRanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let room = Vec::with_capacity(8 * self.len() + 4);
        let packed = postcard::to_extend(&**self, room).expect("ranges are plain data, and vectors grow");
        serializer.serialize_bytes(&packed)
    }
}

impl<'de> Deserialize<'de> for SourceRanges {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let packed = <&[u8]>::deserialize(deserializer)?;
        Ok(Self { packed: packed.into(), ranges: OnceLock::new() })
    }
}
