//! A code object as CPython 3.14 would show it: `co_code`, `co_positions()`, `co_linetable`, `co_exceptiontable`.
//!
//! Programs look at code objects through `dis`, `inspect` and tools of their own, all of which know CPython's units: two bytes
//! each, an instruction and its argument, with `EXTENDED_ARG` in front and room for inline caches behind. The view is derived
//! word by word from our instructions by one [column](column) beside the opcode table, with their own places: nothing is added but
//! `RESUME` where a frame begins or goes on, and nothing is left out. Where our instruction does more than CPython's of that name
//! (`CALL` without a null below, `FOR_ITER` that drops the iterator itself), the listing shows ours. Jumps are sized as in any
//! assembler: by repetition until nothing grows. Cost: linear, a few repetitions; made only when somebody asks.

mod column;
mod instruction;
mod location;

pub use instruction::numbers;

use column::{Arg, Shown, shown};
use instruction::{Instruction, own_number};
use location::Covered;

use crate::code::{CellKind, Code, CodeFlags, Handler, SourceRange};
use crate::opcode::{Opcode, OperandKind};
use crate::operator::{CompareOp, Intrinsic};
use crate::word::Word;

/// The opcodes that are shown by their own names.
fn own_opcodes() -> impl Iterator<Item = Opcode> {
    Opcode::ALL.iter().copied().filter(|&opcode| shown(opcode) == Shown::Own)
}

/// Where a unit comes from. One without a place belongs to the line of what comes before it, as frames and tracebacks have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// First line; 0 where a module begins.
    pub line: Option<u32>,
    /// Last line.
    pub end_line: Option<u32>,
    /// First column, and the column past the end.
    pub columns: Option<(u32, u32)>,
}

impl Place {
    fn of(range: SourceRange) -> Self {
        let columns = Some((range.column, range.end_column));
        Self { line: Some(range.line), end_line: Some(range.end_line), columns }
    }

    const NOWHERE: Self = Self { line: None, end_line: None, columns: None };

    fn on_line(line: Option<u32>) -> Self {
        Self { line, end_line: line, columns: None }
    }
}

/// The view. See the module documentation.
pub struct View {
    /// The units, two bytes each.
    pub bytes: Vec<u8>,
    /// The place of each unit.
    pub places: Vec<Place>,
    /// The offset of the `RESUME` with which a frame begins.
    pub beginning: u32,
    first_line: u32,
    handlers: Vec<Covered>,
    /// For each of our instructions, the offset of its first unit, and of the unit that is its instruction.
    begins: Vec<u32>,
    offsets: Vec<u32>,
}

/// What an argument is, once offsets are known.
#[derive(Clone, Copy)]
enum Operand {
    Number(u32),
    /// Distances to the instruction with this index.
    Forward(u32),
    Backward(u32),
}

/// One instruction of the view before offsets are known.
struct Item {
    number: u8,
    caches: u32,
    operand: Operand,
    place: Place,
    /// Units that it takes with its prefixes, but without its caches.
    units: u32,
}

/// The items of all instructions, and where those of each begin.
struct Draft {
    items: Vec<Item>,
    begins: Vec<u32>,
    resume: u32,
}

impl View {
    /// The view of a code object.
    pub fn of(code: &Code) -> Self {
        let mut draft = Draft::of(code);
        draft.settle();
        let starts = draft.starts();
        let at = |word: u32| starts[draft.begins[word as usize] as usize];
        let handlers = code.handlers.iter().map(|handler| Covered {
            start: at(handler.start),
            end: at(handler.end),
            target: at(handler.target),
            depth: handler.depth,
        });
        let prefixed = |item: u32| 2 * (starts[item as usize] + draft.items[item as usize].units - 1);
        let words = &draft.begins[..code.words.len()];
        let mut view = View {
            bytes: Vec::new(),
            places: Vec::new(),
            beginning: prefixed(draft.resume),
            first_line: code.first_line,
            handlers: handlers.collect(),
            begins: draft.begins.iter().map(|&item| 2 * starts[item as usize]).collect(),
            offsets: words.iter().map(|&item| prefixed(item)).collect(),
        };
        for (at, item) in draft.items.iter().enumerate() {
            let number = draft.argument(at, &starts);
            view.write(item, number);
        }
        view
    }

    fn write(&mut self, item: &Item, argument: u32) {
        for prefix in (1..item.units).rev() {
            self.bytes.extend([Instruction::EXTENDED_ARG as u8, (argument >> (8 * prefix)) as u8]);
        }
        self.bytes.extend([item.number, argument as u8]);
        self.bytes.extend(std::iter::repeat_n(0, 2 * item.caches as usize));
        self.places.extend(std::iter::repeat_n(item.place, (item.units + item.caches) as usize));
    }

    /// The offset at which one of our instructions is shown.
    pub fn offset(&self, word: usize) -> u32 {
        let past = self.bytes.len() as u32;
        self.offsets.get(word).copied().unwrap_or(past)
    }

    /// Our instruction that is shown at an offset, or that the unit there belongs to.
    pub fn word_at(&self, offset: u32) -> Option<u32> {
        let behind = self.begins.partition_point(|&start| start <= offset);
        behind.checked_sub(1).map(|word| word as u32)
    }

    /// The places that a table encoded by [`location_table`](Self::location_table) gives our instructions, relative to a first line. An
    /// instruction that it does not reach has none.
    pub fn ranges_of(&self, table: &[u8], first_line: u32) -> Vec<SourceRange> {
        let places = location::places(table, first_line);
        let place = |offset: &u32| {
            places.get(*offset as usize / 2).copied().flatten().unwrap_or(SourceRange::TAKEN_AWAY)
        };
        self.offsets.iter().map(place).collect()
    }

    /// The handlers of a table encoded by [`exception_table`](Self::exception_table), if it names instructions.
    pub fn handlers_of(&self, table: &[u8]) -> Option<Vec<Handler>> {
        let word = |unit: u32| self.begins.binary_search(&(2 * unit)).ok().map(|word| word as u32);
        let entries = location::covered(table)?.into_iter().map(|entry| {
            let (start, end) = (word(entry.start)?, word(entry.end)?);
            Some(Handler { start, end, target: word(entry.target)?, depth: entry.depth })
        });
        entries.collect()
    }

    /// The branches of the code: the offset of each, and where it goes on to the left, falling through, and to the right.
    pub fn branches(&self, code: &Code) -> Vec<[u32; 3]> {
        let is_branch = |word: &Word| {
            let (opcode, ends) = (word.opcode(), word.opcode().info().flags.ends_block);
            opcode.jumps() && !ends && opcode != Opcode::SEND
        };
        let branches = code.words.iter().enumerate().filter(|(_, word)| is_branch(word));
        branches.map(|(at, word)| [at, at + 1, word.index()].map(|place| self.offset(place))).collect()
    }

    /// Whether no unit has a place, as where a program has taken the table of places away.
    pub fn is_nowhere(&self) -> bool {
        self.places.iter().all(|place| place.line.is_none())
    }

    /// The table of places, encoded as CPython does.
    pub fn location_table(&self) -> Vec<u8> {
        if self.is_nowhere() {
            return Vec::new();
        }
        location::location_table(&self.places, self.first_line)
    }

    /// The table of handlers, encoded as CPython does.
    pub fn exception_table(&self) -> Vec<u8> {
        location::exception_table(self.handlers.iter().copied())
    }
}

impl Draft {
    fn of(code: &Code) -> Self {
        let mut draft = Draft { items: Vec::new(), begins: Vec::new(), resume: 0 };
        let slots = shown_slots(code);
        let mut has_begun = false;
        let is_nowhere = code.ranges.iter().all(|&range| range == SourceRange::TAKEN_AWAY);
        let mut last = Some(code.beginning()).filter(|_| !is_nowhere);
        for (at, &word) in code.words.iter().enumerate() {
            if word.opcode() == Opcode::BEGIN_FRAME {
                // Every frame is shown to begin with one, whether or not it has one of its own.
                draft.begins.push(draft.items.len() as u32);
                continue;
            }
            if !has_begun && !word.opcode().is_prologue() {
                has_begun = true;
                draft.resume = draft.items.len() as u32;
                let place = last.map_or(Place::NOWHERE, |_| beginning(code));
                draft.push(Instruction::RESUME, Operand::Number(0), place);
            }
            draft.begins.push(draft.items.len() as u32);
            let range = code.ranges.get(at).copied().unwrap_or_default();
            let place = if range.line == 0 { Place::on_line(last) } else { Place::of(range) };
            last = place.line;
            draft.show(code, at, word, &slots, place);
        }
        draft.begins.push(draft.items.len() as u32);
        draft
    }

    fn push(&mut self, instruction: Instruction, operand: Operand, place: Place) {
        let (number, caches) = (instruction as u16 as u8, instruction.caches());
        self.items.push(Item { number, caches, operand, place, units: 1 });
    }

    /// Adds what one of our instructions is shown as.
    fn show(&mut self, code: &Code, at: usize, word: Word, slots: &[u32], place: Place) {
        let slot = |local: usize| slots.get(local).copied().unwrap_or(0);
        match shown(word.opcode()) {
            Shown::As(instruction, Arg::LocalPair) => {
                let (first, second) = word.halves();
                let (first, second) = (slot(first), slot(second));
                if first < 16 && second < 16 {
                    return self.push(instruction, Operand::Number(first << 4 | second), place);
                }
                self.push(Instruction::LOAD_FAST, Operand::Number(first), place);
                self.push(Instruction::LOAD_FAST, Operand::Number(second), place);
            }
            Shown::As(instruction, Arg::Local) => {
                self.push(instruction, Operand::Number(slot(word.index())), place);
            }
            Shown::As(instruction, arg) => {
                self.push(instruction, operand_of(code, at, word, arg), place);
                if instruction == Instruction::YIELD_VALUE {
                    self.push(Instruction::RESUME, Operand::Number(resumption(code, at)), place);
                }
            }
            Shown::Intrinsic => self.show_intrinsic(word, place),
            Shown::Jump => self.show_jump(at as u32, word, place),
            Shown::Own | Shown::Never => {
                let operand = match word.opcode().info().operand {
                    OperandKind::Label => Operand::Forward(word.operand()),
                    OperandKind::Local => Operand::Number(slot(word.index())),
                    _ => Operand::Number(word.operand()),
                };
                let number = own_number(word.opcode());
                self.items.push(Item { number, caches: 0, operand, place, units: 1 });
            }
        }
    }

    fn show_intrinsic(&mut self, word: Word, place: Place) {
        if word.operand() >= Intrinsic::SealModule as u32 {
            // CPython has none of these.
            return self.push(Instruction::CALL_INTRINSIC_1, Operand::Number(0), place);
        }
        // The operations with two arguments are numbered from 1 again.
        let first_of_two = Intrinsic::PrepareReraiseStar as u32;
        match word.operand().checked_sub(first_of_two) {
            Some(above) => self.push(Instruction::CALL_INTRINSIC_2, Operand::Number(above + 1), place),
            None => self.push(Instruction::CALL_INTRINSIC_1, Operand::Number(word.operand()), place),
        }
    }

    /// A jump that may go either way. Where CPython has none that goes back, the opposite one leads around a plain jump.
    fn show_jump(&mut self, at: u32, word: Word, place: Place) {
        use Instruction as I;
        let target = word.operand();
        let (forward, opposite) = match word.opcode() {
            Opcode::POP_JUMP_IF_TRUE => (I::POP_JUMP_IF_TRUE, I::POP_JUMP_IF_FALSE),
            Opcode::POP_JUMP_IF_FALSE => (I::POP_JUMP_IF_FALSE, I::POP_JUMP_IF_TRUE),
            Opcode::POP_JUMP_IF_NONE => (I::POP_JUMP_IF_NONE, I::POP_JUMP_IF_NOT_NONE),
            Opcode::POP_JUMP_IF_NOT_NONE => (I::POP_JUMP_IF_NOT_NONE, I::POP_JUMP_IF_NONE),
            _ if target > at => return self.push(I::JUMP_FORWARD, Operand::Forward(target), place),
            _ => return self.push(I::JUMP_BACKWARD_NO_INTERRUPT, Operand::Backward(target), place),
        };
        if target > at {
            return self.push(forward, Operand::Forward(target), place);
        }
        self.push(opposite, Operand::Forward(at + 1), place);
        self.push(I::JUMP_BACKWARD_NO_INTERRUPT, Operand::Backward(target), place);
    }

    /// The unit at which each item starts, and the number of units.
    fn starts(&self) -> Vec<u32> {
        let mut starts = Vec::with_capacity(self.items.len() + 1);
        let mut next = 0;
        for item in &self.items {
            starts.push(next);
            next += item.units + item.caches;
        }
        starts.push(next);
        starts
    }

    /// The argument of an item.
    fn argument(&self, at: usize, starts: &[u32]) -> u32 {
        let behind = starts[at + 1];
        let start = |word: u32| starts[self.begins[word as usize] as usize];
        match self.items[at].operand {
            Operand::Number(number) => number,
            Operand::Forward(word) => start(word).saturating_sub(behind),
            Operand::Backward(word) => behind.saturating_sub(start(word)),
        }
    }

    /// Gives items the prefixes that their arguments need, until none needs more.
    fn settle(&mut self) {
        loop {
            let starts = self.starts();
            let mut has_grown = false;
            for at in 0..self.items.len() {
                let bits = 32 - self.argument(at, &starts).leading_zeros();
                let units = bits.div_ceil(8).max(1);
                has_grown |= units > self.items[at].units;
                self.items[at].units = units.max(self.items[at].units);
            }
            if !has_grown {
                return;
            }
        }
    }
}

/// The place where a frame begins: the line of the definition, and in front of the first line of a module.
fn beginning(code: &Code) -> Place {
    let line = code.beginning();
    Place { line: Some(line), end_line: Some(line.max(1)), columns: Some((0, 0)) }
}

/// The argument of an instruction of CPython.
fn operand_of(code: &Code, at: usize, word: Word, arg: Arg) -> Operand {
    let operand = word.operand();
    Operand::Number(match arg {
        Arg::Fixed(number) => number,
        Arg::Operand | Arg::Local | Arg::LocalPair => operand,
        Arg::Name(shift, flags) => operand << shift | flags,
        Arg::Operator(first) => first + operand,
        Arg::Compare => operand << 5 | orders(operand),
        Arg::Unpack => (operand & 0xfff) | (operand >> 12) << 8,
        Arg::Interpolation => operand & 1 | (operand >> 1) << 2,
        Arg::Forward => return Operand::Forward(operand),
        Arg::Backward => return Operand::Backward(operand),
        Arg::AwaitedStep => {
            let steps = code.handlers.iter().filter(|handler| handler.target as usize == at);
            let end = steps.map(|handler| handler.end).max();
            return end.map_or(Operand::Number(0), |end| Operand::Backward(end - 1));
        }
        Arg::Yield => u32::from(is_delegation(code, at)),
    })
}

/// Which orders make a comparison true: 2 less, 4 greater, 8 equal, 1 none of them.
fn orders(operand: u32) -> u32 {
    match CompareOp::from_operand(operand) {
        Some(CompareOp::Less) => 2,
        Some(CompareOp::LessEqual) => 2 | 8,
        Some(CompareOp::Equal) => 8,
        Some(CompareOp::NotEqual) => 1 | 2 | 4,
        Some(CompareOp::Greater) => 4,
        Some(CompareOp::GreaterEqual) => 4 | 8,
        None => 0,
    }
}

/// Whether a yield passes on what `SEND` in front of it got.
fn is_delegation(code: &Code, at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| code.words[before].opcode() == Opcode::SEND)
}

/// The argument of the `RESUME` behind a yield: 1 after `yield`, 2 after `yield from`, 3 after `await`.
fn resumption(code: &Code, at: usize) -> u32 {
    let awaits = CodeFlags::COROUTINE | CodeFlags::ASYNC_GENERATOR;
    match is_delegation(code, at) {
        false => 1,
        true if code.flags.intersects(awaits) => 3,
        true => 2,
    }
}

/// The groups of local slots in CPython's order.
const GROUPS: [CellKind; 3] = [CellKind::None, CellKind::Cell, CellKind::Free];

/// For each local slot, its number in the view: variables (parameters among them), then cells, then free variables.
fn shown_slots(code: &Code) -> Vec<u32> {
    let mut numbers = vec![0; code.locals.len()];
    for (number, slot) in slots_in_order(code).into_iter().enumerate() {
        numbers[slot] = number as u32;
    }
    numbers
}

/// The local slots in the order in which the view numbers them.
pub fn slots_in_order(code: &Code) -> Vec<usize> {
    let params = code.param_count();
    let group = |slot: usize| if slot < params { CellKind::None } else { code.locals[slot].cell };
    let all = 0..code.locals.len();
    GROUPS.iter().flat_map(|&wanted| all.clone().filter(move |&slot| group(slot) == wanted)).collect()
}
