//! Where a `bytearray` keeps its bytes: a vector whose first bytes may have been used up.
//!
//! Programs that read from a stream take bytes off the front (`del buffer[:n]`) as often as they append, and moving the rest each time takes
//! quadratic time. So the front only moves a mark, as in CPython (`ob_start`); when more than half has been used up, the rest moves to the
//! start, so that n bytes taken off cost O(n) in all, and the memory is at most twice what is in use.

use std::collections::TryReserveError;
use std::ops::{Deref, DerefMut, Range};

/// Bytes, of which those in front of `start` have been taken off.
#[derive(Default)]
pub(crate) struct Room {
    bytes: Vec<u8>,
    start: usize,
}

impl From<Vec<u8>> for Room {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }
}

impl Deref for Room {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

impl DerefMut for Room {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..]
    }
}

impl Room {
    /// Bytes that are allocated.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Makes place for so many more bytes.
    pub(crate) fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        self.bytes.try_reserve(more)
    }

    /// Appends.
    pub(crate) fn extend_from_slice(&mut self, more: &[u8]) {
        self.bytes.extend_from_slice(more);
    }

    /// Cuts off, or fills up with zeros.
    pub(crate) fn resize(&mut self, len: usize) {
        self.bytes.resize(self.start + len, 0);
    }

    /// Replaces the bytes in `range` by others; at the front, nothing but these moves.
    pub(crate) fn splice(&mut self, range: Range<usize>, new: &[u8]) {
        if range.start == 0 && new.len() <= range.end {
            self.start += range.end - new.len();
            self[..new.len()].copy_from_slice(new);
            if self.start > self.bytes.len() / 2 {
                self.compact();
            }
        } else {
            self.bytes.splice(self.start + range.start..self.start + range.end, new.iter().copied());
        }
    }

    /// Takes one byte out.
    pub(crate) fn remove(&mut self, at: usize) -> u8 {
        let byte = self[at];
        self.splice(at..at + 1, &[]);
        byte
    }

    /// Keeps the bytes whose places are as wanted; called in order.
    pub(crate) fn retain(&mut self, mut is_kept: impl FnMut(usize) -> bool) {
        self.compact();
        let mut places = 0..;
        self.bytes.retain(|_| places.next().is_some_and(&mut is_kept));
    }

    fn compact(&mut self) {
        self.bytes.drain(..std::mem::take(&mut self.start));
        // What has been used up is given back when it is most of the memory.
        if self.bytes.len() < self.bytes.capacity() / 4 {
            self.bytes.shrink_to(self.bytes.len() * 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taking_off_the_front_moves_a_mark() {
        let mut room = Room::from((0..100).collect::<Vec<u8>>());
        let place = room.as_ptr();
        room.splice(0..10, &[]);
        assert_eq!((room.len(), room[0], room.as_ptr()), (90, 10, place.wrapping_add(10)));
        room.splice(0..3, &[7]);
        assert_eq!((&room[..3], room.len()), (&[7, 13, 14][..], 88));
        assert_eq!((room.remove(0), room.remove(1), room[0], room.len()), (7, 14, 13, 86));
        room.extend_from_slice(&[1, 2]);
        room.splice(1..2, &[8, 9]);
        assert_eq!((&room[..4], room.len()), (&[13, 8, 9, 16][..], 89));
        room.splice(0..80, &[]);
        assert_eq!((room.start, &room[..]), (0, &[93, 94, 95, 96, 97, 98, 99, 1, 2][..]));
        assert!(room.capacity() < 100, "most of the memory is given back");
        room.retain(|at| at % 2 == 0);
        room.resize(7);
        assert_eq!(room[..], [93, 95, 97, 99, 2, 0, 0]);
    }
}
