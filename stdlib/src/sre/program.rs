//! A pattern that has been checked and can be run, and what is known about where its matches start.

use memchr::memmem;

use super::charset::Charset;

/// How matches start, for the search.
pub(super) enum Start {
    /// Nothing is known.
    Anywhere,
    /// Only at the beginning of the text.
    Beginning,
    /// With a character of this set.
    Charset(usize),
    /// With these characters.
    Prefix {
        /// The characters.
        points: Box<[u32]>,
        /// A searcher for them in one-byte text, if they are Latin-1.
        finder: Option<Box<memmem::Finder<'static>>>,
        /// Whether they are all that is matched.
        is_whole: bool,
    },
}

impl Start {
    /// Matches start with these characters, and end with them, too, if they are the whole pattern.
    pub(super) fn prefix(points: &[u32], is_whole: bool) -> Start {
        let bytes: Option<Vec<u8>> = points.iter().map(|&point| u8::try_from(point).ok()).collect();
        let finder = bytes.map(|bytes| Box::new(memmem::Finder::new(&bytes).into_owned()));
        Start::Prefix { points: points.into(), finder, is_whole }
    }
}

/// See the module documentation.
pub(super) struct Program {
    /// The instructions; see `translate` for what differs from the words of the compiler.
    pub(super) code: Box<[u32]>,
    /// The sets of its `IN`s.
    pub(super) sets: Box<[Charset]>,
    /// How many groups there are, the whole match not counted.
    pub(super) groups: usize,
    /// The first instruction.
    pub(super) body: usize,
    /// How matches start.
    pub(super) start: Start,
    /// No match is shorter.
    pub(super) least: usize,
}

impl Program {
    pub(super) fn new(
        code: Vec<u32>,
        sets: Vec<Charset>,
        groups: usize,
        body: usize,
        start: Start,
        least: usize,
    ) -> Self {
        Program { code: code.into(), sets: sets.into(), groups, body, start, least }
    }
}
