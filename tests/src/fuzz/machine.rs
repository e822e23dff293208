//! Expressions that give primitives of `__static__`, and their containers.
//!
//! Operands of one operation have one type, and what comes from an int is cut to the range first, except now and then: then
//! conversion raises OverflowError.

use super::types::{INTEGERS, Type};
use super::write::Writer;

/// The width of a machine integer, and whether it is signed.
fn shape(kind: usize) -> (u32, bool) {
    (8 << (kind % 4), kind < 4)
}

impl Writer {
    pub(super) fn machine(&mut self, ty: Type, depth: u32) -> String {
        match ty {
            Type::Integer(kind) => self.integer(kind, depth),
            Type::Double => self.double(depth),
            Type::Cbool => self.cbool(depth),
            Type::Array(kind) => format!("Array[{}]({})", INTEGERS[kind], self.choice.between(1, 6)),
            _ => format!("CheckedList[int]({})", self.expression(Type::Ints, depth.saturating_sub(1))),
        }
    }

    /// A literal in the range of a machine integer, often at its ends.
    fn literal(&mut self, kind: usize) -> String {
        let (width, is_signed) = shape(kind);
        let highest = (1i128 << (width - u32::from(is_signed))) - 1;
        let lowest = if is_signed { -highest - 1 } else { 0 };
        let value = match self.choice.below(8) {
            0 => highest,
            1 => lowest,
            2 => highest - 1,
            3 if is_signed => -(self.choice.below(100) as i128),
            _ => self.choice.below(20) as i128,
        };
        value.to_string()
    }

    /// The second operand of an operator: now and then the first one again, whose result the compiler may know (`x - x`).
    pub(super) fn same_or(&mut self, left: &str, ty: Type, depth: u32) -> String {
        if self.choice.once_in(10) { left.to_owned() } else { self.expression(ty, depth) }
    }

    fn integer(&mut self, kind: usize, depth: u32) -> String {
        let name = INTEGERS[kind];
        if depth == 0 {
            return format!("{name}({})", self.literal(kind));
        }
        let ty = Type::Integer(kind);
        let left = self.expression(ty, depth - 1);
        match self.choice.below(16) {
            0..=6 => {
                let right = self.same_or(&left, ty, depth - 1);
                format!("({left} {} {right})", self.choice.of(&["+", "-", "*", "&", "|", "^"]))
            }
            7 | 8 => format!("({left} {} {})", self.choice.of(&["//", "%"]), self.expression(ty, depth - 1)),
            9 => {
                let (width, _) = shape(kind);
                format!(
                    "({left} {} {name}({}))",
                    self.choice.of(&["<<", ">>"]),
                    self.choice.below(width as usize + 2)
                )
            }
            10 => format!("({left} {} {})", self.choice.of(&["+", "-", "*"]), self.choice.below(100)),
            11 => format!("(~{left})"),
            12 => format!("(-{left})"),
            13 | 14 => {
                let other = Type::Integer(self.choice.below(8));
                format!("{name}({})", self.expression(other, depth - 1))
            }
            _ => {
                let value = self.expression(Type::Int, depth - 1);
                match self.variable(|variable| variable.ty == Type::Int) {
                    Some(variable) if self.choice.once_in(8) => format!("{name}({})", variable.name),
                    _ => format!("{name}({value} & 127)"),
                }
            }
        }
    }

    fn double(&mut self, depth: u32) -> String {
        if depth == 0 {
            return format!("double({})", self.choice.of(&["0.0", "1.5", "-2.25", "1e300", "3.0", "0.1"]));
        }
        let left = self.expression(Type::Double, depth - 1);
        match self.choice.below(9) {
            0..=5 => {
                let right = self.expression(Type::Double, depth - 1);
                format!("({left} {} {right})", self.choice.of(&["+", "-", "*", "/"]))
            }
            6 => format!("(-{left})"),
            7 => format!(
                "({left} {} {})",
                self.choice.of(&["+", "*"]),
                self.choice.of(&["2.0", "0.5", "-1.0"])
            ),
            _ => format!("double({})", self.expression(Type::Float, depth - 1)),
        }
    }

    fn cbool(&mut self, depth: u32) -> String {
        if depth == 0 {
            return format!("cbool({})", self.choice.of(&["True", "False"]));
        }
        match self.choice.below(6) {
            0 => format!("(not {})", self.expression(Type::Cbool, depth - 1)),
            1 => {
                let (left, right) =
                    (self.expression(Type::Cbool, depth - 1), self.expression(Type::Cbool, depth - 1));
                format!("({left} {} {right})", self.choice.of(&["and", "or"]))
            }
            _ => self.machine_comparison(depth - 1),
        }
    }

    /// A comparison of primitives, which is a cbool.
    pub(super) fn machine_comparison(&mut self, depth: u32) -> String {
        let ty = if self.choice.once_in(4) { Type::Double } else { Type::Integer(self.choice.below(8)) };
        let (left, right) = (self.expression(ty, depth), self.expression(ty, depth));
        format!("({left} {} {right})", self.choice.of(&["<", "<=", "==", "!=", ">", ">="]))
    }

    /// An int that is made of a machine integer.
    pub(super) fn boxed_integer(&mut self, depth: u32) -> String {
        if self.choice.once_in(4)
            && let Some(array) = self.variable(|variable| matches!(variable.ty, Type::Array(_)))
        {
            return format!("box({}[{}])", array.name, self.choice.below(4));
        }
        if self.choice.once_in(4)
            && let Some(list) = self.variable(|variable| variable.ty == Type::Checked)
        {
            return format!("{}[{}]", list.name, self.choice.below(4));
        }
        let ty = Type::Integer(self.choice.below(8));
        format!("box({})", self.expression(ty, depth))
    }
}
