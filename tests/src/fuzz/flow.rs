//! Compound statements: branches, loops, `try`, `with`, `match`, and functions inside functions.

use super::statement::ERRORS;
use super::types::Type;
use super::write::Writer;

impl Writer {
    pub(super) fn compound(&mut self) {
        match self.choice.below(16) {
            0..=3 => self.branches(),
            4..=7 => self.for_loop(),
            8 | 9 => self.while_loop(),
            10..=12 => self.attempt(),
            13 => self.matching(),
            14 if self.nesting < 3 => self.closure(),
            _ => self.guarded(),
        }
    }

    fn branches(&mut self) {
        let condition = self.condition();
        let count = self.choice.between(1, 3);
        self.branch(format!("if {condition}:"), |writer| writer.block(count));
        if self.choice.once_in(4) {
            let condition = self.condition();
            self.branch(format!("elif {condition}:"), |writer| writer.block(2));
        }
        if self.choice.once_in(2) {
            let count = self.choice.between(1, 3);
            self.branch("else:", |writer| writer.block(count));
        }
    }

    /// A condition: a bool, a primitive comparison, `is None`, or anything that has a truth.
    fn condition(&mut self) -> String {
        match self.choice.below(8) {
            0 if self.is_typed() => self.expression(Type::Cbool, 2),
            1 => self.expression(Type::Int, 2),
            2 => self.sized(1),
            3 => match self.variable(|variable| matches!(variable.ty, Type::Maybe(_))) {
                Some(maybe) => format!("{} is not None", maybe.name),
                None => self.expression(Type::Bool, 2),
            },
            _ => self.expression(Type::Bool, 3),
        }
    }

    fn for_loop(&mut self) {
        let name = self.fresh("x");
        let (iterable, item, turns) = self.iterable(&name);
        if !self.pay(turns * 2) {
            return self.assignment();
        }
        let known = self.scope.len();
        let count = self.choice.between(1, 4);
        let targets =
            if item.len() == 2 { format!("{}, {}", item[0].0, item[1].0) } else { item[0].0.clone() };
        self.suite(format!("for {targets} in {iterable}:"), |writer| {
            for (name, ty) in &item {
                writer.declare(name, *ty, writer.style == super::Style::Plain);
            }
            writer.looped(turns, |writer| writer.block(count));
        });
        self.scope.truncate(known);
        if self.choice.once_in(6) {
            self.branch("else:", |writer| writer.block(1));
        }
    }

    /// What a loop is over, what it binds, and how often it turns at most.
    fn iterable(&mut self, name: &str) -> (String, Vec<(String, Type)>, u64) {
        let one = |ty| vec![(name.to_owned(), ty)];
        let second = format!("{name}y");
        let two = |left, right| vec![(name.to_owned(), left), (second.clone(), right)];
        match self.choice.below(14) {
            0..=3 => {
                let count = self.choice.between(1, 9);
                (format!("range({count})"), one(Type::Int), count as u64)
            }
            4 => (format!("range({} % 7)", self.expression(Type::Int, 1)), one(Type::Int), 7),
            5 => {
                let step = self.choice.of(&["1", "2", "-1", "-3"]);
                let (low, high) = (self.simple(Type::Int), self.simple(Type::Int));
                (format!("range({low} % 8, {high} % 8, {step})"), one(Type::Int), 8)
            }
            6 | 7 => (format!("{}[:10]", self.expression(Type::Ints, 2)), one(Type::Int), 10),
            8 => {
                (format!("enumerate({}[:10])", self.expression(Type::Ints, 1)), two(Type::Int, Type::Int), 10)
            }
            9 => (
                format!("sorted({}.items())[:9]", self.expression(Type::Map, 1)),
                two(Type::Text, Type::Int),
                9,
            ),
            10 => (format!("{}[:10]", self.expression(Type::Texts, 1)), one(Type::Text), 10),
            11 => match self.generator_call(1) {
                Some(call) => (call, one(Type::Int), 40),
                None => (self.expression(Type::Text, 1) + "[:9]", one(Type::Text), 9),
            },
            12 if self.has_primitives => {
                let kind = Type::Integer(3);
                let count = self.choice.between(1, 6);
                (format!("crange(int64({count}))"), one(kind), count as u64)
            }
            _ => {
                let (left, right) = (self.simple(Type::Ints), self.simple(Type::Ints));
                (format!("zip({left}[:9], {right})"), two(Type::Int, Type::Int), 9)
            }
        }
    }

    /// A loop with a counter of its own, which nothing else assigns to.
    fn while_loop(&mut self) {
        let (name, turns) = (self.fresh("n"), self.choice.between(2, 8));
        if !self.pay(2 * turns as u64) {
            return self.assignment();
        }
        let ty = if self.has_primitives && self.choice.once_in(2) {
            Type::Integer(self.choice.below(8))
        } else {
            Type::Int
        };
        let known = self.scope.len();
        self.line(format!("{} = 0", self.annotated(&name, ty)));
        let condition = match self.choice.below(3) {
            0 if ty == Type::Int => format!("{name} < {turns} and {}", self.expression(Type::Bool, 2)),
            _ => format!("{name} < {turns}"),
        };
        self.suite(format!("while {condition}:"), |writer| {
            writer.line(format!("{name} += 1"));
            writer.declare(&name, ty, false);
            let count = writer.choice.between(1, 4);
            writer.looped(turns as u64, |writer| writer.block(count));
        });
        self.scope.truncate(known);
        if self.choice.once_in(8) {
            self.branch("else:", |writer| writer.block(1));
        }
    }

    /// `try` with handlers, `else` and `finally` in all combinations.
    fn attempt(&mut self) {
        let count = self.choice.between(1, 3);
        self.branch("try:", |writer| {
            writer.block(count);
            if writer.choice.once_in(4) {
                let (error, value) = (writer.choice_of_error(), writer.simple(Type::Int));
                writer.line(format!("raise {error}({value})"));
            }
        });
        let has_handler = !self.choice.once_in(4);
        if has_handler {
            if self.choice.once_in(3) {
                let kinds = format!("except ({}, {}):", self.choice_of_error(), self.choice_of_error());
                self.branch(kinds, |writer| writer.block(1));
            }
            let name = self.fresh("e");
            let kind =
                self.choice.of(&["Exception", "ArithmeticError", "LookupError", "ValueError", "Exception"]);
            self.branch(format!("except {kind} as {name}:"), |writer| {
                if writer.turns <= 12 {
                    writer.line(format!("print(\"caught\", type({name}).__name__)"));
                }
                writer.block(2);
                if writer.choice.once_in(6) {
                    let way =
                        writer.choice.of(&["raise", "raise RuntimeError(1) from None", "raise KeyError(2)"]);
                    writer.line(way);
                }
            });
            if self.choice.once_in(4) {
                self.branch("else:", |writer| writer.block(1));
            }
        }
        if !has_handler || self.choice.once_in(4) {
            // Leaving from here is frowned upon by the compiler, which warns.
            self.branch("finally:", |writer| {
                let (loops, result) =
                    (std::mem::replace(&mut writer.loops, 0), writer.result.replace(Type::Nothing));
                let is_generator = std::mem::replace(&mut writer.is_generator, false);
                writer.block(2);
                (writer.loops, writer.result, writer.is_generator) = (loops, result, is_generator);
            });
        }
    }

    fn choice_of_error(&mut self) -> &'static str {
        self.choice.of(ERRORS)
    }

    /// A block under a context manager that swallows one kind of error.
    fn guarded(&mut self) {
        let kind = self.choice_of_error();
        let name = self.fresh("g");
        let count = self.choice.between(1, 3);
        self.branch(format!("with Guard({kind}) as {name}:"), |writer| writer.block(count));
    }

    fn matching(&mut self) {
        let (subject, name) = (self.expression(Type::Int, 2), self.fresh("c"));
        self.suite(format!("match {subject}:"), |writer| {
            let value = writer.choice.below(4);
            writer.branch(format!("case {value} | -1:"), |writer| writer.block(1));
            let other = writer.choice.between(4, 9);
            writer.branch(format!("case int() as {name} if {name} > {other}:"), |writer| {
                if !writer.is_typed() {
                    writer.declare(&name, Type::Int, false);
                }
                writer.block(1);
            });
            if writer.choice.once_in(2) {
                writer.branch("case _:", |writer| writer.block(2));
            }
        });
    }

    /// A function that captures what is in scope, and may change it.
    fn closure(&mut self) {
        let (name, parameter) = (self.fresh("h"), self.fresh("p"));
        let changed = self.variable(|variable| variable.is_assignable && variable.ty == Type::Int);
        let changed = changed.filter(|_| self.nesting > 0 && self.choice.once_in(2));
        let mut scope = self.captured();
        for variable in &mut scope {
            variable.is_assignable = changed
                .as_ref()
                .is_some_and(|changed| changed.name == variable.name && variable.is_assignable);
        }
        let head = if self.is_typed() {
            format!("def {name}({parameter}: int) -> int:")
        } else {
            format!("def {name}({parameter}, {}=2):", self.fresh("q"))
        };
        let functions = std::mem::take(&mut self.functions);
        let known = std::mem::replace(&mut self.known_methods, 0);
        self.function(head, Type::Int, scope, |writer| {
            if let Some(changed) = &changed {
                writer.line(format!("nonlocal {}", changed.name));
            }
            // What a callback may cost, all calls assume.
            writer.cost = 2940;
            writer.declare(&parameter, Type::Int, writer.style == super::Style::Plain);
            let count = writer.choice.between(1, 3);
            writer.block(count);
            let value = writer.expression(Type::Int, 2);
            writer.line(format!("return {value}"));
        });
        (self.functions, self.known_methods) = (functions, known);
        self.declare(&name, Type::Callback, false);
    }
}
