//! Runs a program at one place of a text: a backtracking machine with an explicit stack.
//!
//! The state is a position in the program and one in the text, the marks of the groups, and the repeats that are open. Whatever can be done
//! otherwise is a *choice* on the stack; whatever has changed is an *undo* on top of the choices before it, so that going back to a
//! choice restores exactly what was there: marks, the last group, the counts of repeats. Patterns in patterns (assertions, atomic groups, possessive
//! repeats) put a barrier there; when they succeed, the choices above it are dropped, the undos stay.
//!
//! ```text
//!     stack:  choice  undo undo  choice  BARRIER  undo choice undo      the inner pattern succeeds:
//!             choice  undo undo  choice  undo undo                      only what was before it can be tried again
//! ```
//!
//! Nothing recurses, memory that is lacking is a `MemoryError`, and every some thousand steps a signal may interrupt.
//! The behaviour is that of CPython's `_sre`; this method (Thompson's terms, Pike's trail) is not its.
//! Cost: a step is some nanoseconds; the stack grows by 24 bytes a choice or undo.

use runtime::{PyResult, error, signal};

use super::character::{Case, ascii_upper, is_ascii_word, is_unicode_word};
use super::opcode::{MAXREPEAT, at, op};
use super::program::Program;
use super::stack::{Entry, NONE, Nested, Repeat, Scratch};
use super::unit::Unit;

/// Steps between two looks for signals.
const PATIENCE: u32 = 1 << 14;

/// A program over a text.
pub(super) struct Machine<'a, U> {
    pub(super) program: &'a Program,
    /// The text up to where the match must end.
    pub(super) text: &'a [U],
    /// Marks, repeats and the stack.
    pub(super) scratch: Scratch,
    /// Whether only a match up to the end of the text counts.
    pub(super) is_full: bool,
    /// Where no match may end.
    pub(super) forbidden: usize,
    /// The innermost open repeat.
    repeat: u32,
    /// The innermost open barrier.
    barrier: u32,
    patience: u32,
}

/// A position in the program and one in the text.
#[derive(Clone, Copy)]
struct Position {
    pc: usize,
    at: usize,
}

/// What a step leads to.
enum Step {
    To(Position),
    Back,
    Matched(usize),
}

const fn to(pc: usize, at: usize) -> Step {
    Step::To(Position { pc, at })
}

const fn to_if(is_match: bool, pc: usize, at: usize) -> Step {
    if is_match { to(pc, at) } else { Step::Back }
}

impl<'a, U: Unit> Machine<'a, U> {
    pub(super) fn new(program: &'a Program, text: &'a [U], scratch: Scratch) -> Self {
        Machine {
            program,
            text,
            scratch,
            is_full: false,
            forbidden: NONE,
            repeat: u32::MAX,
            barrier: u32::MAX,
            patience: PATIENCE,
        }
    }

    /// Matches at `start`; gives where the match ends.
    pub(super) fn run(&mut self, start: usize) -> PyResult<Option<usize>> {
        self.scratch.reset(self.program.groups);
        (self.repeat, self.barrier) = (u32::MAX, u32::MAX);
        let mut position = Position { pc: self.program.body, at: start };
        loop {
            position = match self.step(position)? {
                Step::To(next) => next,
                Step::Matched(end) => return Ok(Some(end)),
                Step::Back => match self.back()? {
                    Some(next) => next,
                    None => return Ok(None),
                },
            }
        }
    }

    fn word(&self, at: usize) -> usize {
        self.program.code[at] as usize
    }

    fn push(&mut self, entry: Entry) -> PyResult<()> {
        if self.scratch.stack.len() == self.scratch.stack.capacity()
            && self.scratch.stack.try_reserve(self.scratch.stack.len().max(32)).is_err()
        {
            return Err(error::memory_error());
        }
        self.scratch.stack.push(entry);
        Ok(())
    }

    /// One instruction.
    #[inline(always)]
    fn step(&mut self, Position { pc, at }: Position) -> PyResult<Step> {
        let code = &*self.program.code;
        Ok(match code[pc] {
            op::LITERAL => {
                to_if(self.text.get(at).is_some_and(|unit| unit.point() == code[pc + 1]), pc + 2, at + 1)
            }
            op::SUCCESS => return self.succeed(at),
            op::FAILURE => Step::Back,
            op::MARK => {
                self.mark(code[pc + 1], at)?;
                to(pc + 2, at)
            }
            op::JUMP => to(pc + 1 + self.word(pc + 1), at),
            op::AT => to_if(self.is_at(code[pc + 1], at), pc + 2, at),
            op::BRANCH => return self.branch(pc + 1, at),
            op::REPEAT_ONE => return self.repeat_greedily(pc, at),
            op::MIN_REPEAT_ONE => return self.repeat_lazily(pc, at),
            op::POSSESSIVE_REPEAT_ONE => match self.units_between_limits(pc, at) {
                Some(end) => to(pc + 1 + self.word(pc + 1), end),
                None => Step::Back,
            },
            op::REPEAT => {
                let entered = Repeat { node: pc as u32, count: 0, last: NONE, outer: self.repeat };
                self.push(Entry::NewRepeat)?;
                self.repeat = self.scratch.add_repeat(entered)?;
                to(pc + 1 + self.word(pc + 1), at)
            }
            op::MAX_UNTIL => return self.until(pc, at, true),
            op::MIN_UNTIL => return self.until(pc, at, false),
            op::ASSERT | op::ASSERT_NOT => {
                let kind = if code[pc] == op::ASSERT { Nested::Assert } else { Nested::AssertNot };
                let back = self.word(pc + 2);
                if at >= back {
                    self.enter(kind, pc, at, 0)?;
                    to(pc + 3, at - back)
                } else if kind == Nested::AssertNot {
                    // What cannot be there is not there.
                    to(pc + 1 + self.word(pc + 1), at)
                } else {
                    Step::Back
                }
            }
            op::ATOMIC_GROUP => {
                self.enter(Nested::Atomic, pc, at, 0)?;
                to(pc + 2, at)
            }
            op::POSSESSIVE_REPEAT => return self.repeat_possessively(pc, at, 0),
            op::GROUPREF_EXISTS => match self.group(self.word(pc + 1)) {
                Some(_) => to(pc + 3, at),
                None => to(pc + 1 + self.word(pc + 2), at),
            },
            op::GROUPREF => self.group_again(Case::Exact, pc, at),
            op::GROUPREF_IGNORE => self.group_again(Case::Ascii, pc, at),
            op::GROUPREF_LOC_IGNORE => self.group_again(Case::Locale, pc, at),
            op::GROUPREF_UNI_IGNORE => self.group_again(Case::Unicode, pc, at),
            _ => match self.text.get(at) {
                Some(unit) if self.is_unit(pc, unit.point()) => to(self.behind_unit(pc), at + 1),
                _ => Step::Back,
            },
        })
    }

    /// Behind an instruction that matches one character.
    fn behind_unit(&self, pc: usize) -> usize {
        match self.program.code[pc] {
            op::ANY | op::ANY_ALL | op::FAILURE => pc + 1,
            op::IN | op::IN_IGNORE | op::IN_LOC_IGNORE | op::IN_UNI_IGNORE => pc + 1 + self.word(pc + 1),
            _ => pc + 2,
        }
    }

    /// Whether the instruction at `pc`, one that matches one character, matches this one.
    #[inline]
    fn is_unit(&self, pc: usize, point: u32) -> bool {
        let code = &*self.program.code;
        match code[pc] {
            op::ANY_ALL => true,
            op::ANY => point != '\n' as u32,
            op::LITERAL => point == code[pc + 1],
            op::NOT_LITERAL => point != code[pc + 1],
            op::IN | op::IN_IGNORE | op::IN_LOC_IGNORE | op::IN_UNI_IGNORE => {
                self.program.sets[code[pc + 2] as usize].contains(point)
            }
            op::LITERAL_IGNORE => Case::Ascii.fold(point) == code[pc + 1],
            op::NOT_LITERAL_IGNORE => Case::Ascii.fold(point) != code[pc + 1],
            op::LITERAL_UNI_IGNORE => Case::Unicode.fold(point) == code[pc + 1],
            op::NOT_LITERAL_UNI_IGNORE => Case::Unicode.fold(point) != code[pc + 1],
            op::LITERAL_LOC_IGNORE => is_alike_in_locale(code[pc + 1], point),
            op::NOT_LITERAL_LOC_IGNORE => !is_alike_in_locale(code[pc + 1], point),
            op::CATEGORY => super::character::is_in_category(code[pc + 1], point),
            _ => false,
        }
    }

    /// Where the characters end that the instruction at `pc` matches from `at` on, at most `most` of them.
    fn units(&self, pc: usize, at: usize, most: usize) -> usize {
        let code = &*self.program.code;
        let end = self.text.len().min(at.saturating_add(most));
        let text = &self.text[at..end];
        let count = match code[pc] {
            op::ANY_ALL => None,
            op::ANY => U::find(text, '\n' as u32),
            op::NOT_LITERAL => U::find(text, code[pc + 1]),
            op::LITERAL => text.iter().position(|unit| unit.point() != code[pc + 1]),
            op::IN | op::IN_IGNORE | op::IN_LOC_IGNORE | op::IN_UNI_IGNORE => {
                let set = &self.program.sets[code[pc + 2] as usize];
                text.iter().position(|unit| !set.contains(unit.point()))
            }
            _ => text.iter().position(|unit| !self.is_unit(pc, unit.point())),
        };
        count.map_or(end, |count| at + count)
    }

    /// What `repeat_one` instructions match at once; `None` if that is less than they want.
    fn units_between_limits(&self, pc: usize, at: usize) -> Option<usize> {
        let (least, most) = (self.word(pc + 2), self.word(pc + 3));
        let end = self.units(pc + 4, at, if most as u32 == MAXREPEAT { usize::MAX } else { most });
        if end - at >= least { Some(end) } else { None }
    }

    fn repeat_greedily(&mut self, pc: usize, at: usize) -> PyResult<Step> {
        let Some(end) = self.units_between_limits(pc, at) else { return Ok(Step::Back) };
        let (tail, least) = (pc + 1 + self.word(pc + 1), at + self.word(pc + 2));
        if end == least {
            return Ok(to(tail, end));
        }
        self.give_back(tail, least, end)
    }

    /// Goes on at `tail` with the greatest end, no less than `least`, at which that can match.
    fn give_back(&mut self, tail: usize, least: usize, end: usize) -> PyResult<Step> {
        let end = match self.program.code[tail] {
            // A literal must follow: where there is none, nothing needs to be tried.
            op::LITERAL => {
                let text = &self.text[least..self.text.len().min(end + 1)];
                match U::rfind(text, self.program.code[tail + 1]) {
                    Some(at) => least + at,
                    None => return Ok(Step::Back),
                }
            }
            _ => end,
        };
        if end > least {
            self.push(Entry::Greedy { tail: tail as u32, least, end })?;
        }
        Ok(to(tail, end))
    }

    fn repeat_lazily(&mut self, pc: usize, at: usize) -> PyResult<Step> {
        let (least, most) = (self.word(pc + 2), self.word(pc + 3));
        let end = self.units(pc + 4, at, least);
        if end - at < least {
            return Ok(Step::Back);
        }
        let limit = if most as u32 == MAXREPEAT { NONE } else { at.saturating_add(most) };
        if end < limit {
            self.push(Entry::Lazy { node: pc as u32, at: end, limit })?;
        }
        Ok(to(pc + 1 + self.word(pc + 1), end))
    }

    /// From the skip of an alternative: goes on with the first that can match, and remembers the next.
    fn branch(&mut self, mut skip: usize, at: usize) -> PyResult<Step> {
        let code = &*self.program.code;
        let here = self.text.get(at).map(|unit| unit.point());
        let can_match = |pc: usize| match code[pc] {
            op::LITERAL => here == Some(code[pc + 1]),
            op::IN => here.is_some_and(|point| self.program.sets[code[pc + 2] as usize].contains(point)),
            _ => true,
        };
        while code[skip] != 0 && !can_match(skip + 1) {
            skip += code[skip] as usize;
        }
        if code[skip] == 0 {
            return Ok(Step::Back);
        }
        let mut next = skip + code[skip] as usize;
        while code[next] != 0 && !can_match(next + 1) {
            next += code[next] as usize;
        }
        if code[next] != 0 {
            self.push(Entry::Branch { skip: next as u32, at })?;
        }
        Ok(to(skip + 1, at))
    }

    /// The end of a repeat's body: repeats it, or goes on behind it.
    fn until(&mut self, pc: usize, at: usize, is_greedy: bool) -> PyResult<Step> {
        let index = self.repeat;
        let repeat = self.scratch.repeats[index as usize];
        let (least, most) = (self.word(repeat.node as usize + 2), self.word(repeat.node as usize + 3));
        if (repeat.count as usize) < least {
            return self.enter_body(index, at, repeat.last, false);
        }
        let may_repeat = ((repeat.count as usize) < most || most as u32 == MAXREPEAT) && at != repeat.last;
        if is_greedy {
            if may_repeat {
                return self.enter_body(index, at, at, true);
            }
        } else if may_repeat {
            self.push(Entry::LazyUntil { repeat: index, at })?;
        }
        self.leave(index, pc + 1, at)
    }

    /// Goes through the body of a repeat once more. `last` is where no further turn may start without progress.
    fn enter_body(&mut self, index: u32, at: usize, last: usize, is_choice: bool) -> PyResult<Step> {
        self.tire()?;
        let old = self.scratch.repeats[index as usize];
        self.push(match is_choice {
            true => Entry::Until { repeat: index, at, last: old.last },
            false => Entry::OldRepeat { repeat: index, last: old.last },
        })?;
        let repeat = &mut self.scratch.repeats[index as usize];
        // Without a limit nobody asks for a count beyond the word.
        repeat.count = repeat.count.saturating_add(1);
        repeat.last = last;
        Ok(to(repeat.node as usize + 4, at))
    }

    /// Goes on behind a repeat.
    fn leave(&mut self, index: u32, pc: usize, at: usize) -> PyResult<Step> {
        self.push(Entry::OldCurrent { repeat: index })?;
        self.repeat = self.scratch.repeats[index as usize].outer;
        Ok(to(pc, at))
    }

    /// The next turn of a possessive repeat that has had `count`, or what is behind it.
    fn repeat_possessively(&mut self, pc: usize, at: usize, count: u32) -> PyResult<Step> {
        let most = self.program.code[pc + 3];
        if count >= most && most != MAXREPEAT {
            return Ok(to(self.behind_possessive(pc), at));
        }
        self.tire()?;
        self.enter(Nested::Possessive, pc, at, count)?;
        Ok(to(pc + 4, at))
    }

    fn behind_possessive(&self, pc: usize) -> usize {
        pc + 2 + self.word(pc + 1)
    }

    /// Puts up a barrier in front of a pattern in the pattern.
    fn enter(&mut self, kind: Nested, pc: usize, at: usize, count: u32) -> PyResult<()> {
        let barrier = self.scratch.stack.len() as u32;
        self.push(Entry::Barrier { kind, node: pc as u32, at, outer: self.barrier, count })?;
        self.barrier = barrier;
        Ok(())
    }

    /// The pattern ends, or the one in the pattern.
    fn succeed(&mut self, end: usize) -> PyResult<Step> {
        if self.barrier == u32::MAX {
            let counts = end != self.forbidden && (!self.is_full || end == self.text.len());
            return Ok(if counts { Step::Matched(end) } else { Step::Back });
        }
        let barrier = self.barrier as usize;
        let Entry::Barrier { kind, node, at, outer, count } = self.scratch.stack[barrier] else {
            unreachable!("barriers are left before what is below them");
        };
        let pc = node as usize;
        if kind == Nested::AssertNot {
            while self.scratch.stack.len() > barrier + 1 {
                self.undo();
            }
            self.scratch.stack.pop();
            self.barrier = outer;
            return Ok(Step::Back);
        }
        self.scratch.drop_choices(barrier);
        self.barrier = outer;
        match kind {
            Nested::Possessive if end == at && count >= self.program.code[pc + 2] => {
                Ok(to(self.behind_possessive(pc), end))
            }
            Nested::Possessive => self.repeat_possessively(pc, end, count.saturating_add(1)),
            Nested::Assert => Ok(to(pc + 1 + self.word(pc + 1), at)),
            Nested::Atomic | Nested::AssertNot => Ok(to(pc + 1 + self.word(pc + 1), end)),
        }
    }

    /// Goes back to the last choice; `None` if none is left.
    fn back(&mut self) -> PyResult<Option<Position>> {
        self.tire()?;
        loop {
            let Some(&entry) = self.scratch.stack.last() else { return Ok(None) };
            self.undo();
            let step = match entry {
                Entry::Branch { skip, at } => self.branch(skip as usize, at)?,
                Entry::Greedy { tail, least, end } => self.give_back(tail as usize, least, end - 1)?,
                Entry::Lazy { node, at, limit } => self.one_more(node as usize, at, limit)?,
                Entry::Until { repeat, at, .. } => {
                    let node = self.scratch.repeats[repeat as usize].node as usize;
                    self.leave(repeat, node + 2 + self.word(node + 1), at)?
                }
                Entry::LazyUntil { repeat, at } => self.enter_body(repeat, at, at, false)?,
                Entry::Barrier { kind, node, at, count, .. } => {
                    let pc = node as usize;
                    match kind {
                        Nested::AssertNot => to(pc + 1 + self.word(pc + 1), at),
                        Nested::Possessive => {
                            to_if(count >= self.program.code[pc + 2], self.behind_possessive(pc), at)
                        }
                        Nested::Assert | Nested::Atomic => Step::Back,
                    }
                }
                Entry::Mark { .. }
                | Entry::NewRepeat
                | Entry::OldRepeat { .. }
                | Entry::OldCurrent { .. } => {
                    continue;
                }
            };
            if let Step::To(position) = step {
                return Ok(Some(position));
            }
        }
    }

    /// Takes the top of the stack off and restores what it stands for.
    fn undo(&mut self) {
        match self.scratch.stack.pop() {
            Some(Entry::Mark { index, at, last_group }) => {
                self.scratch.marks[index as usize] = at;
                self.scratch.last_group = last_group;
            }
            Some(Entry::NewRepeat) => {
                self.repeat = self.scratch.repeats.pop().map_or(u32::MAX, |repeat| repeat.outer);
            }
            Some(Entry::Until { repeat, last, .. } | Entry::OldRepeat { repeat, last }) => {
                let repeat = &mut self.scratch.repeats[repeat as usize];
                repeat.count -= 1;
                repeat.last = last;
            }
            Some(Entry::OldCurrent { repeat }) => self.repeat = repeat,
            Some(Entry::Barrier { outer, .. }) => self.barrier = outer,
            Some(
                Entry::Branch { .. } | Entry::Greedy { .. } | Entry::Lazy { .. } | Entry::LazyUntil { .. },
            )
            | None => {}
        }
    }

    /// One more character for a lazy repeat.
    fn one_more(&mut self, pc: usize, at: usize, limit: usize) -> PyResult<Step> {
        let tail = pc + 1 + self.word(pc + 1);
        let mut end = at;
        loop {
            if self.units(pc + 4, end, 1) == end {
                return Ok(Step::Back);
            }
            end += 1;
            // A literal must follow: where there is none, the tail need not be tried.
            let is_hopeless = self.program.code[tail] == op::LITERAL
                && self.text.get(end).is_none_or(|unit| unit.point() != self.program.code[tail + 1]);
            if !is_hopeless || end >= limit {
                break;
            }
        }
        if end < limit {
            self.push(Entry::Lazy { node: pc as u32, at: end, limit })?;
        }
        Ok(to(tail, end))
    }

    fn mark(&mut self, index: u32, at: usize) -> PyResult<()> {
        // Without a choice below, nobody will ask for the old mark.
        if !self.scratch.stack.is_empty() {
            let old = self.scratch.marks[index as usize];
            self.push(Entry::Mark { index, at: old, last_group: self.scratch.last_group })?;
        }
        self.scratch.marks[index as usize] = at;
        if index % 2 == 1 {
            self.scratch.last_group = index / 2 + 1;
        }
        Ok(())
    }

    /// What a group has matched.
    fn group(&self, index: usize) -> Option<(usize, usize)> {
        let (start, end) = (self.scratch.marks[2 * index], self.scratch.marks[2 * index + 1]);
        if start == NONE || end == NONE || end < start { None } else { Some((start, end)) }
    }

    /// The text of a group once more.
    fn group_again(&self, case: Case, pc: usize, at: usize) -> Step {
        let Some((start, end)) = self.group(self.word(pc + 1)) else { return Step::Back };
        let wanted = &self.text[start..end];
        let Some(found) = self.text.get(at..at + wanted.len()) else { return Step::Back };
        let is_alike = |a: &U, b: &U| case.fold(a.point()) == case.fold(b.point());
        let is_match = match case {
            Case::Exact => wanted == found,
            _ => wanted.iter().zip(found).all(|(a, b)| is_alike(a, b)),
        };
        to_if(is_match, pc + 2, at + wanted.len())
    }

    /// Whether this is a position of the kind.
    fn is_at(&self, kind: u32, at: usize) -> bool {
        let is_line_break = |at: usize| self.text.get(at).is_some_and(|unit| unit.point() == '\n' as u32);
        match kind {
            at::BEGINNING | at::BEGINNING_STRING => at == 0,
            at::BEGINNING_LINE => at == 0 || is_line_break(at - 1),
            at::END => at == self.text.len() || (at + 1 == self.text.len() && is_line_break(at)),
            at::END_LINE => at == self.text.len() || is_line_break(at),
            at::END_STRING => at == self.text.len(),
            at::BOUNDARY | at::LOC_BOUNDARY => self.is_boundary(at, is_ascii_word),
            at::NON_BOUNDARY | at::LOC_NON_BOUNDARY => !self.is_boundary(at, is_ascii_word),
            at::UNI_BOUNDARY => self.is_boundary(at, is_unicode_word),
            _ => !self.is_boundary(at, is_unicode_word),
        }
    }

    fn is_boundary(&self, at: usize, is_word: fn(u32) -> bool) -> bool {
        let is_word_at =
            |at: Option<usize>| at.and_then(|at| self.text.get(at)).is_some_and(|unit| is_word(unit.point()));
        is_word_at(at.checked_sub(1)) != is_word_at(Some(at))
    }

    /// Looks for signals now and then.
    #[inline]
    pub(super) fn tire(&mut self) -> PyResult<()> {
        self.patience -= 1;
        if self.patience == 0 {
            self.patience = PATIENCE;
            signal::check()?;
        }
        Ok(())
    }
}

fn is_alike_in_locale(literal: u32, point: u32) -> bool {
    literal == point || Case::Locale.fold(point) == literal || ascii_upper(point) == literal
}
