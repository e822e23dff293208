//! Finds where a pattern matches: tries the places where a match can start, from left to right.
//!
//! What the program knows about its first characters decides which places are looked at; see [`Start`]. Prefixes of one-byte text are found by
//! `memmem`, single characters by `memchr`.

use runtime::PyResult;

use super::machine::Machine;
use super::program::Start;
use super::unit::Unit;

impl<U: Unit> Machine<'_, U> {
    /// The first match that starts at `from` or later: start and end.
    pub(super) fn search(&mut self, from: usize) -> PyResult<Option<(usize, usize)>> {
        let program = self.program;
        // No match is longer than what is left of the text.
        let Some(last) = self.text.len().checked_sub(program.least).filter(|&last| from <= last) else {
            return Ok(None);
        };
        let mut at = from;
        while let Some(start) = self.next_start(at, last) {
            if let Start::Prefix { points, is_whole: true, .. } = &program.start {
                self.scratch.reset(program.groups);
                return Ok(Some((start, start + points.len())));
            }
            if let Some(end) = self.run(start)? {
                return Ok(Some((start, end)));
            }
            self.tire()?;
            at = start + 1;
        }
        Ok(None)
    }

    /// The next place, no later than `last`, where a match can start.
    fn next_start(&self, from: usize, last: usize) -> Option<usize> {
        if from > last {
            return None;
        }
        match &self.program.start {
            Start::Anywhere => Some(from),
            Start::Beginning => Some(from).filter(|&from| from == 0),
            Start::Charset(set) => {
                let set = &self.program.sets[*set];
                // A match that is not empty starts in front of a character.
                let text = &self.text[from..self.text.len().min(last + 1)];
                text.iter().position(|unit| set.contains(unit.point())).map(|at| from + at)
            }
            Start::Prefix { points, finder, .. } => {
                let text = &self.text[from..];
                let found = match (U::as_bytes(text), finder) {
                    (Some(bytes), Some(finder)) if points.len() > 1 => finder.find(bytes),
                    (Some(_), None) => None,
                    _ => find_points(text, points),
                };
                found.map(|at| from + at).filter(|&at| at <= last)
            }
        }
    }
}

/// The first place of some characters in a text.
fn find_points<U: Unit>(text: &[U], points: &[u32]) -> Option<usize> {
    let (&first, rest) = points.split_first()?;
    let mut from = 0;
    while let Some(found) = U::find(&text[from..], first) {
        let at = from + found;
        let follows = text.get(at + 1..at + 1 + rest.len());
        if follows.is_some_and(|units| units.iter().zip(rest).all(|(unit, &point)| unit.point() == point)) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}
