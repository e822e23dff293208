//! Checks the words of a compiled pattern, and makes of them a [`Program`] that can be run without further checks.
//!
//! `_sre.compile` is open to anyone, so every operand is verified once: skips lead to where an instruction starts and stay inside their
//! block, groups exist, blocks end as the machine expects. The one change to the words is that the set of an `IN` is read into a [`Charset`],
//! whose number takes the place of the set's first word.
//! Method: one pass over the words with a stack of open blocks, so that nesting costs no native stack. Cost: linear.

use super::character::Case;
use super::charset::Charset;
use super::opcode::{at, category, info, op};
use super::program::{Program, Start};

/// Why a list of words is no pattern: there is nothing more to say about it.
#[derive(Debug)]
pub(super) struct Invalid;

type Checked<T> = Result<T, Invalid>;

/// Checks a pattern with this many groups.
pub(super) fn translate(words: &[u32], groups: usize) -> Checked<Program> {
    let mut translation = Translation {
        code: words.to_vec(),
        groups,
        sets: Vec::new(),
        open: vec![Block { end: words.len(), kind: Kind::Whole }],
    };
    let (start, body) = translation.info()?;
    let mut at = body;
    while let Some(next) = translation.instruction(at)? {
        at = next;
    }
    let start = start.unwrap_or_else(|| first_unit(&translation.code, body));
    let least = if body == 0 { 0 } else { words[3] as usize };
    Ok(Program::new(translation.code, translation.sets, groups, body, start, least))
}

struct Translation {
    code: Vec<u32>,
    groups: usize,
    sets: Vec<Charset>,
    open: Vec<Block>,
}

/// A stretch of code that must end in a certain way.
struct Block {
    end: usize,
    kind: Kind,
}

enum Kind {
    /// The pattern; ends with `SUCCESS` and with the words.
    Whole,
    /// The body of a repeat; one of the `UNTIL`s follows.
    Repeated,
    /// A pattern within the pattern; `SUCCESS` follows.
    Nested,
    /// One of several; `JUMP` follows, and where that leads is the same for all.
    Alternative { target: Option<usize> },
    /// What stands for a group that has matched; may end with a `JUMP` over what stands for one that has not.
    Yes,
    /// What stands for a group that has not matched.
    No,
}

impl Translation {
    fn word(&self, at: usize) -> Checked<u32> {
        self.code.get(at).copied().ok_or(Invalid)
    }

    /// Where the skip in the word at `at` leads; within the innermost block.
    fn target(&self, at: usize) -> Checked<usize> {
        let target = at + self.word(at)? as usize;
        let limit = self.open.last().map_or(0, |block| block.end);
        if target > at && target <= limit { Ok(target) } else { Err(Invalid) }
    }

    fn expect(&self, at: usize, operations: &[u32]) -> Checked<()> {
        if operations.contains(&self.word(at)?) { Ok(()) } else { Err(Invalid) }
    }

    fn open(&mut self, start: usize, end: usize, kind: Kind) -> Checked<usize> {
        if start > end {
            return Err(Invalid);
        }
        self.open.push(Block { end, kind });
        Ok(start)
    }

    /// Reads the description in front of the pattern: how matches start, and where the pattern itself does.
    fn info(&mut self) -> Checked<(Option<Start>, usize)> {
        if self.code.first() != Some(&op::INFO) {
            return Ok((None, 0));
        }
        let body = self.target(1)?;
        let flags = self.word(2)?;
        if body < 5 || flags & !(info::PREFIX | info::LITERAL | info::CHARSET) != 0 {
            return Err(Invalid);
        }
        if flags & info::PREFIX != 0 {
            let count = self.word(5)? as usize;
            let prefix = self.code[..body].get(7..7 + count).ok_or(Invalid)?;
            let start = Start::prefix(prefix, flags & info::LITERAL != 0);
            return Ok((Some(start), body));
        }
        if flags & info::CHARSET != 0 {
            let members = self.code[..body].get(5..).ok_or(Invalid)?;
            let set = Charset::new(members, Case::Exact).ok_or(Invalid)?;
            self.sets.push(set);
            return Ok((Some(Start::Charset(self.sets.len() - 1)), body));
        }
        Ok((None, body))
    }

    /// Checks the instruction at `at`, or the end of the block there; gives the position behind it.
    fn instruction(&mut self, at: usize) -> Checked<Option<usize>> {
        let block = self.open.last().ok_or(Invalid)?;
        if at >= block.end && !matches!(block.kind, Kind::Whole) {
            return self.close(at).map(Some);
        }
        let operation = self.word(at)?;
        Ok(Some(match operation {
            op::SUCCESS if matches!(block.kind, Kind::Whole) && at + 1 == block.end => return Ok(None),
            op::FAILURE | op::ANY | op::ANY_ALL => at + 1,
            op::JUMP => self.jump(at)?,
            op::AT if self.word(at + 1)? < at::COUNT => at + 2,
            op::CATEGORY if self.word(at + 1)? < category::COUNT => at + 2,
            op::MARK if (self.word(at + 1)? as usize) < 2 * self.groups => at + 2,
            op::BRANCH => self.alternative(at + 1, None)?,
            op::ASSERT | op::ASSERT_NOT => self.nested(at + 1, at + 3)?,
            op::ATOMIC_GROUP => self.nested(at + 1, at + 2)?,
            op::REPEAT => self.repeat(at, Kind::Repeated)?,
            op::POSSESSIVE_REPEAT => self.repeat(at, Kind::Nested)?,
            op::REPEAT_ONE | op::MIN_REPEAT_ONE | op::POSSESSIVE_REPEAT_ONE => self.repeat_one(at)?,
            op::GROUPREF_EXISTS if self.is_group(at + 1)? => {
                // The skip counts from the group.
                let end = at + 1 + self.word(at + 2)? as usize;
                if end > block.end {
                    return Err(Invalid);
                }
                self.open(at + 3, end, Kind::Yes)?
            }
            op::GROUPREF | op::GROUPREF_IGNORE | op::GROUPREF_LOC_IGNORE | op::GROUPREF_UNI_IGNORE
                if self.is_group(at + 1)? =>
            {
                at + 2
            }
            _ => self.unit(at)?,
        }))
    }

    fn is_group(&self, at: usize) -> Checked<bool> {
        Ok((self.word(at)? as usize) < self.groups)
    }

    /// An instruction that matches one character.
    fn unit(&mut self, at: usize) -> Checked<usize> {
        let operation = self.word(at)?;
        let case = match operation {
            op::FAILURE | op::ANY | op::ANY_ALL => return Ok(at + 1),
            op::IN => Case::Exact,
            op::IN_IGNORE => Case::Ascii,
            op::IN_LOC_IGNORE => Case::Locale,
            op::IN_UNI_IGNORE => Case::Unicode,
            op::LITERAL | op::LITERAL_IGNORE | op::LITERAL_LOC_IGNORE | op::LITERAL_UNI_IGNORE => {
                return self.word(at + 1).map(|_| at + 2);
            }
            op::NOT_LITERAL
            | op::NOT_LITERAL_IGNORE
            | op::NOT_LITERAL_LOC_IGNORE
            | op::NOT_LITERAL_UNI_IGNORE => {
                return self.word(at + 1).map(|_| at + 2);
            }
            _ => return Err(Invalid),
        };
        let end = self.target(at + 1)?;
        let set = Charset::new(&self.code[at + 2..end], case).ok_or(Invalid)?;
        self.code[at + 2] = u32::try_from(self.sets.len()).map_err(|_| Invalid)?;
        self.sets.push(set);
        Ok(end)
    }

    /// A pattern within the pattern, whose last word is `SUCCESS`.
    fn nested(&mut self, skip: usize, start: usize) -> Checked<usize> {
        let end = self.target(skip)? - 1;
        self.expect(end, &[op::SUCCESS])?;
        self.open(start, end, Kind::Nested)
    }

    fn limits(&self, at: usize) -> Checked<()> {
        if self.word(at + 2)? <= self.word(at + 3)? { Ok(()) } else { Err(Invalid) }
    }

    fn repeat(&mut self, at: usize, kind: Kind) -> Checked<usize> {
        self.limits(at)?;
        let end = self.target(at + 1)?;
        match kind {
            Kind::Nested => self.expect(end, &[op::SUCCESS])?,
            _ => self.expect(end, &[op::MAX_UNTIL, op::MIN_UNTIL])?,
        }
        // The word behind the skip is one of this block, too.
        if self.open.last().is_some_and(|block| end >= block.end) {
            return Err(Invalid);
        }
        self.open(at + 4, end, kind)
    }

    fn repeat_one(&mut self, at: usize) -> Checked<usize> {
        self.limits(at)?;
        let end = self.target(at + 1)?;
        self.expect(end - 1, &[op::SUCCESS])?;
        if self.unit(at + 4)? == end - 1 { Ok(end) } else { Err(Invalid) }
    }

    /// The alternative whose skip is at `at`, or the end of the alternatives.
    fn alternative(&mut self, at: usize, target: Option<usize>) -> Checked<usize> {
        if self.word(at)? == 0 {
            return if target.is_none_or(|target| target == at + 1) { Ok(at + 1) } else { Err(Invalid) };
        }
        let next = self.target(at)?;
        let end = next.checked_sub(2).ok_or(Invalid)?;
        self.expect(end, &[op::JUMP])?;
        self.open(at + 1, end, Kind::Alternative { target })
    }

    /// A jump in the middle of code is the one between the two parts of a conditional.
    fn jump(&mut self, at: usize) -> Checked<usize> {
        let block = self.open.pop().ok_or(Invalid)?;
        if !matches!(block.kind, Kind::Yes) || at + 2 != block.end {
            return Err(Invalid);
        }
        let end = self.target(at + 1)?;
        self.open(at + 2, end, Kind::No)
    }

    /// The innermost block ends here.
    fn close(&mut self, at: usize) -> Checked<usize> {
        let block = self.open.pop().ok_or(Invalid)?;
        if at != block.end {
            return Err(Invalid);
        }
        match block.kind {
            Kind::Yes | Kind::No => Ok(at),
            Kind::Repeated | Kind::Nested => Ok(at + 1),
            Kind::Alternative { target } => {
                let this = self.target(at + 1)?;
                if target.is_some_and(|target| target != this) {
                    return Err(Invalid);
                }
                self.alternative(at + 2, Some(this))
            }
            Kind::Whole => Err(Invalid),
        }
    }
}

/// What the first instruction tells about where matches can start.
fn first_unit(code: &[u32], mut at: usize) -> Start {
    while code[at] == op::MARK {
        at += 2;
    }
    if matches!(code[at], op::REPEAT_ONE | op::MIN_REPEAT_ONE | op::POSSESSIVE_REPEAT_ONE) && code[at + 2] > 0
    {
        at += 4;
    }
    match code[at] {
        op::LITERAL => Start::prefix(&code[at + 1..at + 2], false),
        op::IN | op::IN_IGNORE | op::IN_LOC_IGNORE | op::IN_UNI_IGNORE => {
            Start::Charset(code[at + 2] as usize)
        }
        op::AT if matches!(code[at + 1], at::BEGINNING | at::BEGINNING_STRING) => Start::Beginning,
        _ => Start::Anywhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_valid(words: &[u32]) -> bool {
        translate(words, 1).is_ok()
    }

    #[test]
    fn well_formed_code_is_accepted() {
        assert!(is_valid(&[op::SUCCESS]));
        assert!(is_valid(&[op::MARK, 0, op::LITERAL, 97, op::MARK, 1, op::SUCCESS]));
        let either =
            [op::BRANCH, 5, op::LITERAL, 97, op::JUMP, 7, 5, op::LITERAL, 98, op::JUMP, 2, 0, op::SUCCESS];
        assert!(is_valid(&either));
        assert!(is_valid(&[op::REPEAT, 5, 0, 9, op::LITERAL, 97, op::MAX_UNTIL, op::SUCCESS]));
        assert!(is_valid(&[
            op::GROUPREF_EXISTS,
            0,
            6,
            op::LITERAL,
            97,
            op::JUMP,
            3,
            op::LITERAL,
            98,
            op::SUCCESS
        ]));
    }

    #[test]
    fn malformed_code_is_refused() {
        assert!(!is_valid(&[]));
        assert!(!is_valid(&[op::LITERAL]));
        assert!(!is_valid(&[op::ANY]));
        assert!(!is_valid(&[op::MARK, 2, op::SUCCESS]));
        assert!(!is_valid(&[op::GROUPREF, 1, op::SUCCESS]));
        assert!(!is_valid(&[op::AT, 99, op::SUCCESS]));
        assert!(!is_valid(&[op::MAX_UNTIL, op::SUCCESS]));
        assert!(!is_valid(&[op::REPEAT, 99, 0, 9, op::ANY, op::MAX_UNTIL, op::SUCCESS]));
        assert!(!is_valid(&[op::REPEAT, 4, 2, 1, op::ANY, op::MAX_UNTIL, op::SUCCESS]));
        assert!(!is_valid(&[op::REPEAT_ONE, 6, 0, 9, op::MARK, 0, op::SUCCESS, op::SUCCESS]));
        assert!(!is_valid(&[op::IN, 3, op::LITERAL, 97, op::SUCCESS]));
        assert!(!is_valid(&[op::ASSERT, 3, 0, op::ANY, op::SUCCESS]));
        assert!(!is_valid(&[op::BRANCH, 9, op::ANY, op::JUMP, 2, 0, op::SUCCESS]));
        assert!(!is_valid(&[op::JUMP, 1, op::SUCCESS]));
    }
}
