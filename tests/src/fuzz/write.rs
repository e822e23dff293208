//! The state of a program that is being written: its lines, what is in scope, and how much it may still run.
//!
//! Programs must end, and soon. So every loop has a bound when it is written, `turns` is the product of the bounds around the
//! place at hand, and `cost` sums it over the statements: a bound of what one call of the function runs. Calls are written
//! only of functions that are complete, so there is no recursion but what has a counter of its own.

use std::fmt::Display;

use super::Style;
use super::choice::Choice;
use super::types::{Callable, Class, Type, Variable};

/// No function runs more statements at a call.
const MAX_COST: u64 = 3000;

/// See the module documentation.
pub(super) struct Writer {
    pub(super) choice: Choice,
    pub(super) style: Style,
    pub(super) lines: Vec<String>,
    pub(super) indent: usize,
    pub(super) scope: Vec<Variable>,
    pub(super) functions: Vec<Callable>,
    pub(super) classes: Vec<Class>,
    /// Methods by their number; a method `m0` has the same parameters in every class.
    pub(super) methods: Vec<Callable>,
    /// Methods that may be called by now.
    pub(super) known_methods: usize,
    pub(super) turns: u64,
    pub(super) cost: u64,
    /// Loops around the place at hand, in this function.
    pub(super) loops: usize,
    /// What `return` returns here; `None` outside functions.
    pub(super) result: Option<Type>,
    pub(super) is_generator: bool,
    /// Whether primitives may be variables here: not where a generator keeps them.
    pub(super) has_primitives: bool,
    /// How many lines there are where the function at hand begins.
    pub(super) start: usize,
    /// Functions around the place at hand.
    pub(super) nesting: usize,
    names: usize,
}

impl Writer {
    pub(super) fn new(style: Style, seed: u64) -> Self {
        Self {
            choice: Choice::new(seed.wrapping_mul(2).wrapping_add(u64::from(style == Style::Typed))),
            style,
            lines: Vec::new(),
            indent: 0,
            scope: Vec::new(),
            functions: Vec::new(),
            classes: Vec::new(),
            methods: Vec::new(),
            known_methods: 0,
            turns: 1,
            cost: 0,
            loops: 0,
            result: None,
            is_generator: false,
            has_primitives: style == Style::Typed,
            start: 0,
            nesting: 0,
            names: 0,
        }
    }

    pub(super) fn is_typed(&self) -> bool {
        self.style == Style::Typed
    }

    /// A line at the indentation at hand.
    pub(super) fn line(&mut self, text: impl Display) {
        self.lines.push(format!("{}{text}", "    ".repeat(self.indent)));
    }

    /// A head that ends with a colon, and what `body` writes below it.
    pub(super) fn suite(&mut self, head: impl Display, body: impl FnOnce(&mut Self)) {
        self.line(head);
        self.indent += 1;
        let count = self.lines.len();
        body(self);
        if self.lines.len() == count {
            self.line("pass");
        }
        self.indent -= 1;
    }

    /// The same; names that the body introduces are forgotten behind it, in plain programs nearly always.
    pub(super) fn branch(&mut self, head: impl Display, body: impl FnOnce(&mut Self)) {
        let known = self.scope.len();
        self.suite(head, body);
        if self.is_typed() || !self.choice.once_in(25) {
            self.scope.truncate(known);
        }
    }

    /// A name that is not in use.
    pub(super) fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    pub(super) fn declare(&mut self, name: &str, ty: Type, is_assignable: bool) {
        self.scope.push(Variable { name: name.to_owned(), ty, is_assignable });
    }

    /// One of the variables that are as wanted.
    pub(super) fn variable(&mut self, is_wanted: impl Fn(&Variable) -> bool) -> Option<Variable> {
        let found: Vec<usize> = (0..self.scope.len()).filter(|&at| is_wanted(&self.scope[at])).collect();
        (!found.is_empty()).then(|| self.scope[self.choice.of(&found)].clone())
    }

    /// Whether something with this cost may be written here; it is paid for.
    pub(super) fn pay(&mut self, cost: u64) -> bool {
        let whole = self.turns.saturating_mul(cost);
        let is_affordable = self.cost.saturating_add(whole) <= MAX_COST;
        if is_affordable {
            self.cost += whole;
        }
        is_affordable
    }

    /// Writes the body of a loop that turns at most `count` times.
    pub(super) fn looped(&mut self, count: u64, body: impl FnOnce(&mut Self)) {
        self.turns *= count;
        self.loops += 1;
        body(self);
        self.loops -= 1;
        self.turns /= count;
    }

    /// Writes a function: `body` starts with an empty scope, or with what the function captures.
    pub(super) fn function(
        &mut self,
        head: impl Display,
        result: Type,
        scope: Vec<Variable>,
        body: impl FnOnce(&mut Self),
    ) -> u64 {
        let outer_scope = std::mem::replace(&mut self.scope, scope);
        let outer = (self.turns, self.cost, self.loops, self.result, self.is_generator);
        (self.turns, self.cost, self.loops, self.result, self.is_generator) = (1, 1, 0, Some(result), false);
        let start = std::mem::replace(&mut self.start, self.lines.len());
        self.nesting += 1;
        self.suite(head, body);
        self.nesting -= 1;
        self.start = start;
        let cost = self.cost;
        (self.turns, self.cost, self.loops, self.result, self.is_generator) = outer;
        self.scope = outer_scope;
        cost
    }

    /// An annotation behind a colon in typed programs.
    pub(super) fn annotated(&self, name: &str, ty: Type) -> String {
        if self.is_typed() { format!("{name}: {}", ty.annotation()) } else { name.to_owned() }
    }

    /// A type for what breaks the types; functions would print with their addresses.
    pub(super) fn other_type(&mut self) -> Type {
        match self.some_type() {
            Type::Callback => Type::Text,
            other => other,
        }
    }

    /// A type that variables, parameters and results have.
    pub(super) fn some_type(&mut self) -> Type {
        let class = if self.classes.is_empty() { None } else { Some(self.choice.below(self.classes.len())) };
        if self.has_primitives && self.choice.once_in(3) {
            return match self.choice.below(9) {
                0 | 1 => Type::Double,
                2 => Type::Cbool,
                3 => Type::Checked,
                4 => Type::Array(self.choice.below(8)),
                _ => Type::Integer(self.choice.below(8)),
            };
        }
        match (self.choice.below(20), class) {
            (0..=5, _) => Type::Int,
            (6..=8, _) => Type::Float,
            (9, _) => Type::Bool,
            (10, _) => Type::Text,
            (11 | 12, _) => Type::Ints,
            (13, _) => Type::Texts,
            (14, _) => Type::Map,
            (15, _) => Type::Pair,
            (16, _) => Type::Callback,
            (17, Some(class)) => Type::Maybe(class),
            (_, Some(class)) => Type::Object(class),
            (_, None) => Type::Int,
        }
    }
}
