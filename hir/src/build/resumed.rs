//! Code that goes on in the middle of an interpreter's frame: hot loops, handlers of exceptions, generators.
//!
//! Such code takes the address of the frame and the bytecode offset of one of its *points*. At a point, everything that the frame holds
//! is moved out of it, so that from then on the values are the code's own; what is dead is released at once. The iterator of a counting
//! loop that is in progress may be taken apart, as the loop would have kept it (`range_loop`).
//!
//! Needs: offsets that verified bytecode reaches. Cost: one load for each slot and operand.

use abi::layout::range_iterator;
use bytecode::{Opcode as B, Repr};

use super::range_loop::RangeIter;
use super::{Builder, code_type};
use crate::env::{ClassId, FieldKind, FieldRef};
use crate::ir::{Block, Cond, Edge, Imm, Opcode, Type, Value};

/// Where code starts.
#[derive(Clone, Copy, Debug)]
pub enum Start<'p> {
    /// At the first instruction, with arguments.
    Call,
    /// At one of these points of a frame. The parameters are its address and the offset of the point.
    Resume(&'p [Point]),
}

/// A place where interpreted code can be continued.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Point {
    /// The next instruction.
    pub offset: u32,
    /// For operands that are iterators over a range of small ints: their step.
    pub steps: Vec<Option<i32>>,
}

impl Builder<'_> {
    /// The entry, which goes to the point that the second parameter names.
    pub(super) fn bind_frame(&mut self, points: &[Point]) {
        let frame = self.func.add_param(self.block, Type::I64);
        let offset = self.func.add_param(self.block, Type::I64);
        self.frame = Some(frame);
        for (at, point) in points.iter().enumerate() {
            let rest = if at + 1 == points.len() { None } else { Some(self.choose(offset, point)) };
            self.take_frame(frame, point);
            self.jump_to(point.offset);
            if let Some(rest) = rest {
                self.switch_to(rest);
            }
        }
    }

    /// Branches on whether `point` is the one; gives the block for the others.
    fn choose(&mut self, offset: Value, point: &Point) -> Block {
        let wanted = self.const_int(i64::from(point.offset), Type::I64);
        let is_here = self.emit(Opcode::Icmp, &[offset, wanted], Imm::Cond(Cond::Eq), Type::CBOOL);
        let (here, rest) = (self.new_block(false), self.new_block(false));
        self.branch(is_here, Edge::new(here, Vec::new()), Edge::new(rest, Vec::new()));
        self.switch_to(here);
        rest
    }

    /// Moves slots and operands out of the frame.
    fn take_frame(&mut self, frame: Value, point: &Point) {
        for slot in 0..self.code.locals.len() {
            let ty = code_type(self.code.locals[slot].ty).unwrap_or(Type::WORD);
            self.locals[slot] = Some(self.take(frame, slot, ty));
        }
        self.stack.clear();
        let reprs = self.stack_maps[point.offset as usize].clone().expect("reachable code has a stack map");
        for (at, repr) in reprs.into_iter().enumerate() {
            let ty = match repr {
                Repr::Object => Type::WORD,
                Repr::Int => Type::RAW,
                Repr::Double => Type::F64,
            };
            let value = self.take(frame, self.code.locals.len() + at, ty);
            let step = point.steps.get(at).copied().flatten().filter(|_| self.has_markers);
            let value = step.map_or(value, |step| self.take_apart(value, step));
            self.push(value);
        }
    }

    fn take(&mut self, frame: Value, at: usize, ty: Type) -> Value {
        self.emit(Opcode::TakeSlot, &[frame], Imm::Int(at as i64), ty)
    }

    /// The marker for a range iterator with this step.
    fn take_apart(&mut self, iterator: Value, step: i32) -> Value {
        let iterator = self.emit(Opcode::Refine, &[iterator], Imm::None, Type::OTHER);
        let next = self.raw_field(iterator, "next", range_iterator::NEXT);
        let left = self.raw_field(iterator, "left", range_iterator::LEFT);
        let by = self.const_int(i64::from(step), Type::I64);
        let distance = self.emit(Opcode::Imul, &[left, by], Imm::None, Type::I64);
        let stop = self.emit(Opcode::Iadd, &[next, distance], Imm::None, Type::I64);
        self.push_range(RangeIter { next, stop, step })
    }

    pub(super) fn raw_field(&mut self, object: Value, name: &str, offset: usize) -> Value {
        let field = self.func.import_field(FieldRef {
            class: ClassId::OBJECT.id(),
            name: name.to_owned(),
            offset: offset as u32,
            kind: FieldKind::Raw,
            ty: Type::I64,
        });
        self.emit(Opcode::LoadField, &[object], Imm::Field(field), Type::I64)
    }

    /// Whether a loop suspends, so that its iterator must be one that a frame can hold.
    pub(super) fn is_suspending_loop(&self, start: u32, exhausted: u32) -> bool {
        let words = &self.code.words[start as usize..exhausted as usize];
        words.iter().any(|word| word.opcode() == B::YIELD_VALUE)
    }
}
