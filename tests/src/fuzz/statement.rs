//! Simple statements: bindings, stores, calls, `print`, and ways to leave.

use super::types::{INTEGERS, Type};
use super::write::Writer;

/// Exceptions that programs raise.
pub(super) const ERRORS: &[&str] =
    &["ValueError", "KeyError", "IndexError", "ZeroDivisionError", "RuntimeError"];

/// No statement starts further down in a function.
const MAX_LINES: usize = 22;

impl Writer {
    /// Some statements.
    pub(super) fn block(&mut self, count: usize) {
        for _ in 0..count {
            // Long functions show no more than short ones, and take long to compile in a debug build.
            if self.lines.len() - self.start > MAX_LINES || !self.pay(1) {
                return;
            }
            self.statement();
        }
    }

    fn statement(&mut self) {
        if self.indent < 7 && self.choice.once_in(3) {
            return self.compound();
        }
        match self.choice.below(24) {
            0..=5 => self.assignment(),
            6..=9 => self.augmented(),
            10 | 11 => self.field_store(),
            12 | 13 => self.list_statement(),
            14 => self.map_statement(),
            15 | 16 => self.show(),
            17 => self.swap(),
            18 => self.call_statement(),
            19 => self.leave(),
            20 if self.is_typed() => self.machine_statement(),
            20 => self.plain_statement(),
            21 => self.delete_or_assert(),
            22 if self.is_generator => self.yielding(),
            _ => self.assignment(),
        }
    }

    /// A new variable, or a new value for one.
    pub(super) fn assignment(&mut self) {
        let known = self.variable(|variable| variable.is_assignable);
        match known {
            Some(variable) if !self.choice.once_in(4) => {
                let value = self.expression(variable.ty, 3);
                self.line(format!("{} = {value}", variable.name));
            }
            _ => {
                let ty = self.some_type();
                self.new_variable(ty);
            }
        }
    }

    pub(super) fn new_variable(&mut self, ty: Type) {
        let value = self.expression(ty, 2);
        let name = self.fresh("v");
        self.line(format!("{} = {value}", self.annotated(&name, ty)));
        self.declare(&name, ty, true);
    }

    fn augmented(&mut self) {
        let is_number = |ty: Type| {
            matches!(ty, Type::Int | Type::Float | Type::Text | Type::Integer(_) | Type::Double | Type::Ints)
        };
        let Some(variable) = self.variable(|variable| variable.is_assignable && is_number(variable.ty))
        else {
            return self.assignment();
        };
        let name = variable.name;
        let sign = match variable.ty {
            Type::Int => self.choice.of(&["+=", "-=", "^=", "|=", "&=", "+=", "//=", "%=", ">>="]),
            Type::Integer(_) => self.choice.of(&["+=", "-=", "^=", "*=", "&=", "+=", "//=", "%="]),
            Type::Double => self.choice.of(&["+=", "-=", "*="]),
            Type::Float => self.choice.of(&["+=", "-=", "*=", "/="]),
            _ => "+=",
        };
        let value = match (variable.ty, sign) {
            (Type::Int, ">>=") => format!("{} % 5", self.simple(Type::Int)),
            (Type::Text | Type::Ints, _) => format!("{}[:3]", self.expression(variable.ty, 1)),
            (ty, _) => self.expression(ty, 2),
        };
        self.line(format!("{name} {sign} {value}"));
        if matches!(variable.ty, Type::Text | Type::Ints) && self.loops > 0 {
            self.line(format!("{name} = {name}[-20:]"));
        }
    }

    fn field_store(&mut self) {
        let Some(object) = self.variable(|variable| matches!(variable.ty, Type::Object(_))) else {
            return self.assignment();
        };
        let Type::Object(class) = object.ty else { return };
        let fields = self.classes[class].fields.clone();
        let (field, ty) = self.choice.of(&fields);
        if ty == Type::Int && self.choice.once_in(2) {
            let (sign, value) = (self.choice.of(&["+=", "-=", "^="]), self.expression(Type::Int, 2));
            return self.line(format!("{}.{field} {sign} {value}", object.name));
        }
        let value = self.expression(ty, 2);
        self.line(format!("{}.{field} = {value}", object.name));
    }

    fn list_statement(&mut self) {
        let Some(list) = self.variable(|variable| matches!(variable.ty, Type::Ints | Type::Checked)) else {
            return self.new_variable(Type::Ints);
        };
        let (name, value) = (list.name, self.expression(Type::Int, 2));
        let place = self.choice.of(&["0", "1", "-1", "2", "-2"]);
        match self.choice.below(8) {
            0..=2 => self.line(format!("if len({name}) < 10: {name}.append({value})")),
            3 => {
                let index = self.simple(Type::Int);
                self.line(format!("{name}[{index} % 5] = {value}"));
            }
            4 => self.line(format!("{name}[{place}] = {value}")),
            5 => self.line(format!("if {name}: {name}.pop()")),
            6 if list.ty == Type::Ints => self.line(format!("{name}[1:3] = [{value}]")),
            7 if list.ty == Type::Ints => self.line(format!("if {name}: del {name}[0]")),
            _ => self.line(format!("{name}[0] = {value}")),
        }
    }

    fn map_statement(&mut self) {
        let Some(map) = self.variable(|variable| variable.ty == Type::Map) else {
            return self.new_variable(Type::Map);
        };
        let (name, key, value) = (map.name, self.key(), self.expression(Type::Int, 2));
        match self.choice.below(4) {
            0 | 1 => self.line(format!("{name}[{key}] = {value}")),
            2 => self.line(format!("{name}[{key}] = {name}.get({key}, 0) + 1")),
            _ => self.line(format!("{name}.pop({key}, None)")),
        }
    }

    /// Prints, where that is not done too often.
    pub(super) fn show(&mut self) {
        let ty = self.choice.of(&[
            Type::Int,
            Type::Int,
            Type::Float,
            Type::Text,
            Type::Bool,
            Type::Ints,
            Type::Map,
        ]);
        let value = self.expression(ty, 3);
        if self.turns > 12 {
            let name = self.fresh("v");
            self.line(format!("{} = {value}", self.annotated(&name, ty)));
            return self.declare(&name, ty, true);
        }
        let tag = self.fresh("at ");
        self.line(format!("print(\"{tag}\", {value})"));
    }

    fn swap(&mut self) {
        let first = self.variable(|variable| variable.is_assignable && variable.ty == Type::Int);
        let second = self.variable(|variable| variable.is_assignable && variable.ty == Type::Int);
        let (Some(first), Some(second)) = (first, second) else { return self.new_variable(Type::Int) };
        if self.is_typed() || self.choice.once_in(2) {
            return self.line(format!("{0}, {1} = {1}, {0}", first.name, second.name));
        }
        let (name, list) = (self.fresh("v"), self.simple(Type::Ints));
        self.line(format!("{}, *{name} = [*{list}, 1, 2]", first.name));
        self.declare(&name, Type::Ints, true);
    }

    /// A call whose result is not used.
    fn call_statement(&mut self) {
        let ty = self.some_type();
        match self.call_for(ty, 2) {
            Some(call) => self.line(call),
            None => self.assignment(),
        }
    }

    /// `return`, `raise`, `break` or `continue`, mostly under a condition.
    fn leave(&mut self) {
        let condition = self.expression(Type::Bool, 2);
        let way = match self.choice.below(4) {
            0 => format!("raise {}({})", self.choice.of(ERRORS), self.simple(Type::Int)),
            1 if self.loops > 0 => "break".to_owned(),
            2 if self.loops > 0 => "continue".to_owned(),
            _ => match self.result {
                Some(_) if self.is_generator => "return".to_owned(),
                Some(Type::Nothing) | None => "pass".to_owned(),
                Some(ty) => format!("return {}", self.expression(ty, 2)),
            },
        };
        self.suite(format!("if {condition}:"), |writer| writer.line(way));
    }

    fn machine_statement(&mut self) {
        let Some(array) = self.variable(|variable| matches!(variable.ty, Type::Array(_))) else {
            return self.new_variable(Type::Integer(3));
        };
        let Type::Array(kind) = array.ty else { return };
        let (name, value) = (array.name, self.expression(Type::Integer(kind), 2));
        let place = self.simple(Type::Int);
        match self.choice.below(3) {
            0 => self.line(format!("{name}[{place} % 3] = {value}")),
            1 => self.line(format!("{name}[-1] = {value}")),
            _ => self.line(format!("{name}[0] = {name}[0] + {}(1)", INTEGERS[kind])),
        }
    }

    /// What only plain programs do: names that change their type.
    fn plain_statement(&mut self) {
        let Some(variable) = self.variable(|variable| variable.is_assignable) else {
            return self.assignment();
        };
        if !self.choice.once_in(3) {
            return self.assignment();
        }
        let ty = self.other_type();
        let value = self.expression(ty, 2);
        self.line(format!("{} = {value}", variable.name));
    }

    fn delete_or_assert(&mut self) {
        if !self.is_typed() && self.choice.once_in(3) {
            let found = self.variable(|variable| variable.is_assignable);
            if let Some(variable) = found {
                self.line(format!("del {}", variable.name));
                let value = self.expression(variable.ty, 1);
                if !value.contains(&variable.name) {
                    self.line(format!("{} = {value}", variable.name));
                }
                return;
            }
        }
        let condition = self.expression(Type::Bool, 2);
        let way_out = self.choice.of(&["1", "True", "not None"]);
        self.line(format!("assert {condition} or {way_out}"));
    }

    fn yielding(&mut self) {
        let value = self.expression(Type::Int, 2);
        if self.choice.once_in(3)
            && let Some(call) = self.generator_call(1)
        {
            return self.line(format!("yield from {call}"));
        }
        self.line(format!("yield {value}"));
    }
}
