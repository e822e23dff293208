//! Builds a str of unknown width: starts with bytes and widens when a character needs it.

use super::{StrObject, Units};
use crate::objects::str::STR;
use crate::value::{Py, PyResult};

/// A growing text.
pub struct StrBuilder {
    narrow: Vec<u8>,
    /// Takes over when a character does not fit a byte.
    wide: Vec<u32>,
    greatest: u32,
    /// Whether memory has run out; what there was has been let go of.
    is_lost: bool,
}

impl StrBuilder {
    /// An empty text.
    pub const fn new() -> Self {
        StrBuilder { narrow: Vec::new(), wide: Vec::new(), greatest: 0, is_lost: false }
    }

    /// An empty text with room for `len` characters.
    pub fn with_capacity(len: usize) -> Self {
        let mut builder = Self::new();
        builder.make_room(len);
        builder
    }

    /// Makes room for more characters of the present width; forgets everything if there is no memory.
    #[inline]
    fn make_room(&mut self, more: usize) {
        let refused = match self.greatest < 256 {
            true => self.narrow.try_reserve(more).is_err(),
            false => self.wide.try_reserve(more).is_err(),
        };
        if refused {
            (self.narrow, self.wide, self.is_lost) = (Vec::new(), Vec::new(), true);
        }
    }

    /// Appends a code point.
    #[inline]
    pub fn push(&mut self, point: u32) {
        if self.greatest < 256 && point < 256 && self.narrow.len() < self.narrow.capacity() {
            self.narrow.push(point as u8);
        } else if self.greatest >= 256 && self.wide.len() < self.wide.capacity() {
            self.greatest = self.greatest.max(point);
            self.wide.push(point);
        } else {
            self.push_slowly(point);
        }
    }

    /// Makes room, or changes to wide characters, or both.
    fn push_slowly(&mut self, point: u32) {
        self.make_room(1);
        if self.is_lost {
            return;
        }
        if self.greatest < 256 && point < 256 {
            return self.narrow.push(point as u8);
        }
        if self.greatest < 256 {
            if self.wide.try_reserve(self.narrow.capacity()).is_err() {
                (self.narrow, self.is_lost) = (Vec::new(), true);
                return;
            }
            self.wide.extend(self.narrow.drain(..).map(u32::from));
        }
        self.greatest = self.greatest.max(point);
        self.wide.push(point);
    }

    /// Appends UTF-8.
    pub fn push_str(&mut self, text: &str) {
        self.make_room(text.len());
        if self.is_lost {
            return;
        }
        if text.is_ascii() && self.greatest < 256 {
            self.narrow.extend_from_slice(text.as_bytes());
        } else {
            text.chars().for_each(|c| self.push(c as u32));
        }
    }

    /// Appends a str object.
    pub fn push_object(&mut self, text: &StrObject) {
        self.push_units(text.units());
    }

    /// Appends part of a str.
    pub fn push_units(&mut self, units: Units<'_>) {
        self.make_room(units.len());
        if self.is_lost {
            return;
        }
        match units {
            Units::One(bytes) if self.greatest < 256 => self.narrow.extend_from_slice(bytes),
            Units::One(bytes) => self.wide.extend(bytes.iter().copied().map(u32::from)),
            Units::Two(units) => self.extend(units.iter().copied().map(u32::from)),
            Units::Four(units) => self.extend(units.iter().copied()),
        }
    }

    /// Appends code points, for which there is room if they are as wide as the text; most texts have some that are not narrow.
    fn extend(&mut self, mut points: impl Iterator<Item = u32>) {
        while self.greatest < 256 {
            let Some(point) = points.next() else { return };
            self.push(point);
        }
        let greatest = &mut self.greatest;
        if self.wide.try_reserve(points.size_hint().0).is_ok() {
            self.wide.extend(points.inspect(|&point| *greatest = point.max(*greatest)));
        } else {
            (self.narrow, self.wide, self.is_lost) = (Vec::new(), Vec::new(), true);
        }
    }

    /// `MemoryError` if memory has run out on the way.
    #[inline]
    pub fn check(&self) -> PyResult<()> {
        if self.is_lost { Err(crate::error::memory_error()) } else { Ok(()) }
    }

    /// Number of characters so far.
    pub fn len(&self) -> usize {
        self.narrow.len() + self.wide.len()
    }

    /// Whether there is no character yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The finished str. Running out of memory here ends the process in an orderly way; see [`StrBuilder::try_finish`].
    pub fn finish(self) -> Py<StrObject> {
        self.try_finish().unwrap_or_else(|_| StrObject::empty())
    }

    /// The finished str, or `MemoryError`.
    pub fn try_finish(self) -> PyResult<Py<StrObject>> {
        if self.is_lost {
            return Err(crate::error::memory_error());
        }
        match self.greatest {
            0..256 if self.narrow.len() <= 1 => Ok(StrObject::from_latin1(&self.narrow)),
            0..256 => StrObject::from_units(&STR, Units::One(&self.narrow)),
            256..0x1_0000 => {
                let narrow: Vec<u16> = self.wide.iter().map(|&point| point as u16).collect();
                StrObject::from_units(&STR, Units::Two(&narrow))
            }
            _ => StrObject::from_units(&STR, Units::Four(&self.wide)),
        }
    }
}

impl Default for StrBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Write for StrBuilder {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.push_str(text);
        Ok(())
    }
}
