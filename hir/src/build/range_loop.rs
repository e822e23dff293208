//! Counting loops without an iterator: `for i in range(...)`.
//!
//! A call of the global name `range` that directly feeds `GET_ITER` and `FOR_ITER` speculates that the name means the builtin and
//! that the arguments are small ints. Then the iterator exists only as two integers, the next number and the stop, with a constant
//! step: on the abstract stack a marker stands for it, blocks take it as two parameters, and frame states describe it, so that
//! the interpreter gets a real iterator when it has to go on. Code that does anything else with the iterator is not compiled.
//!
//! The next number cannot overflow: both bounds are 62-bit integers, and the step has 32 bits.

use bytecode::{Opcode as B, Word};

use super::{Builder, Built};
use crate::env::ClassId;
use crate::ir::{Cond, Edge, Imm, Opcode, Type, Value};
use crate::unsupported::{Reason, Unsupported};

/// An iterator that is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct RangeIter {
    /// The next number, an `I64`.
    pub(super) next: Value,
    /// Where it ends, an `I64`.
    pub(super) stop: Value,
    /// Distance of two numbers, not zero.
    pub(super) step: i32,
}

impl Builder<'_> {
    /// Translates `range(...)`, if this call is one that a loop runs over.
    pub(super) fn translate_range_call(&mut self, word: Word) -> Built<bool> {
        let count = word.index();
        if word.opcode() != B::CALL || !(1..=3).contains(&count) || !self.feeds_loop() {
            return Ok(false);
        }
        let callable = self.stack[self.stack.len() - count - 1];
        let is_range = self.global_names.get(&callable).is_some_and(|&name| self.code.names[name] == "range");
        let Some(step) = self.constant_step(count).filter(|_| is_range) else { return Ok(false) };
        let args = self.pop_many(count);
        let callable = self.pop_object();
        let class = self.emit(Opcode::ConstClass, &[], Imm::Class(ClassId::RANGE.id()), Type::TYPE);
        let is_builtin = self.emit(Opcode::IsSame, &[callable, class], Imm::None, Type::CBOOL);
        self.emit_deopt(Opcode::Guard, &[is_builtin], Imm::None, Type::EMPTY);
        let (start, stop) = if count == 1 { (None, args[0]) } else { (Some(args[0]), args[1]) };
        let next = match start {
            Some(start) => self.small_int(start),
            None => self.const_int(0, Type::I64),
        };
        let stop = self.small_int(stop);
        let marker = self.push_range(RangeIter { next, stop, step });
        self.push(marker);
        Ok(true)
    }

    fn feeds_loop(&self) -> bool {
        let at = self.at as usize;
        let follows = |distance: usize, opcode: B| {
            self.code.words.get(at + distance).is_some_and(|word| word.opcode() == opcode)
        };
        let is_straight = !self.starts_block(self.at + 1);
        let exhausted = self.code.words.get(at + 2).map_or(0, |word| word.operand());
        self.has_markers
            && is_straight
            && follows(1, B::GET_ITER)
            && follows(2, B::FOR_ITER)
            && !self.is_suspending_loop(self.at, exhausted)
    }

    fn constant_step(&self, count: usize) -> Option<i32> {
        if count < 3 {
            return Some(1);
        }
        let step = *self.stack.last()?;
        self.func.ty(step).int_constant().and_then(|step| i32::try_from(step).ok()).filter(|&step| step != 0)
    }

    fn small_int(&mut self, value: Value) -> Value {
        let ty = self.func.ty(value);
        if let Some(constant) = ty.int_constant() {
            return self.const_int(constant, Type::I64);
        }
        let small = if ty.is_subtype(Type::SMALL_INT) {
            value
        } else {
            self.emit_deopt(Opcode::GuardType, &[value], Imm::None, Type::SMALL_INT)
        };
        self.emit(Opcode::Untag, &[small], Imm::None, Type::I64)
    }

    /// A stack entry that stands for the iterator.
    pub(super) fn push_range(&mut self, range: RangeIter) -> Value {
        let marker = self.null();
        self.ranges.insert(marker, range);
        marker
    }

    /// `FOR_ITER` over a marker; false if the top of the stack is a real iterator.
    pub(super) fn range_iter(&mut self, exhausted: u32) -> bool {
        let top = self.stack.last().copied().expect("verified bytecode has an iterator here");
        let Some(range) = self.ranges.get(&top).copied() else { return false };
        self.stack.pop();
        let cond = if range.step > 0 { Cond::Lt } else { Cond::Gt };
        let more = self.emit(Opcode::Icmp, &[range.next, range.stop], Imm::Cond(cond), Type::CBOOL);
        let leave = self.edge_to(exhausted);
        let body = self.new_block(false);
        self.branch(more, Edge::new(body, Vec::new()), leave);
        self.switch_to(body);
        let item = self.emit(Opcode::Tag, &[range.next], Imm::None, Type::SMALL_INT);
        let step = self.const_int(i64::from(range.step), Type::I64);
        let next = self.emit(Opcode::Iadd, &[range.next, step], Imm::None, Type::I64);
        let marker = self.push_range(RangeIter { next, ..range });
        self.push(marker);
        self.push(item);
        self.jump_to(self.at + 1);
        true
    }

    /// The steps of the markers on the stack, which a block must agree on with everyone who jumps to it.
    pub(super) fn stack_shape(&self) -> Vec<Option<i32>> {
        self.stack.iter().map(|value| self.ranges.get(value).map(|range| range.step)).collect()
    }

    /// What an edge passes for the stack: one value for an entry, two for a marker.
    pub(super) fn stack_arguments(&self) -> Vec<Value> {
        let mut args = Vec::new();
        for value in &self.stack {
            match self.ranges.get(value) {
                Some(range) => args.extend([range.next, range.stop]),
                None => args.push(*value),
            }
        }
        args
    }

    /// Reports code that uses a marker as an object.
    pub(super) fn check_markers(&self) -> Built<()> {
        if self.is_misused {
            return Err(Unsupported { reason: Reason::Marker, offset: self.at });
        }
        Ok(())
    }
}

/// The type of both block parameters for a marker.
pub(super) const PARAM: Type = Type::I64;

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::build::tests::built;
    use crate::passes::{clean_cfg, dead_code};
    use crate::text::print;

    #[test]
    fn a_counting_loop_has_no_iterator() {
        let body = "local \"n\" object
local \"i\" object
name \"range\"
const None
0: LOAD_GLOBAL 0
1: LOAD_FAST 0
2: CALL 1
3: GET_ITER
4: FOR_ITER 8
5: STORE_FAST 1
6: JUMP_BACKWARD 4
7: NOP
8: LOAD_CONST 0
9: RETURN_VALUE";
        let mut func = built(1, body);
        clean_cfg::run(&mut func);
        dead_code::run(&mut func);
        assert_snapshot!(print(&func), @r#"
    func @f func0 -> Object phase=ssa shown {
      fs0 = state func0 0 [v0, _] [] done 0 result
      fs1 = state func0 2 [kept v0, _] [v5, v6]
      fs2 = state func0 6 [kept v0, kept v22] []
    bb0(v0: Object):
      v2: DictExact{const10} = const_object #const10
      v3: DictExact{const11} = const_object #const11
      v4: StrExact{const200} = const_object #const200
      v5: Object = call_helper #load_global v2, v3, v4 @fs0
      v6: Object = refine v0
      v7: TypeObject = const_class #class10
      v8: CBool = is_same v5, v7
      guard v8 @fs1
      v9: I64{0} = const_int #0
      v10: SmallInt = guard_type v6 @fs1
      v11: I64 = untag v10
      v17: Null = null
      jump bb2(v17, v9)
    bb2(v14: Word, v15: I64):
      v19: CBool = icmp .lt v15, v11
      branch v19, bb4, bb3
    bb3:
      v32: NoneType{const0} = const_object #const0
      keep v14
      return v32
    bb4:
      v22: SmallInt = tag v15
      v23: I64{1} = const_int #1
      v24: I64 = iadd v15, v23
      keep v14
      poll @fs2
      jump bb2(v22, v24)
    }
    "#);
    }
}
