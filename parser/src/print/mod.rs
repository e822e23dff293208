//! The tree as text, character for character what CPython's `print(ast.dump(tree))` prints.
//!
//! The printer lays the events of [`describe`](crate::describe) out, on one line or with an indent. Empty lists and absent fields are
//! left out, as CPython does since 3.13.
//!
//! Recursion is at most as deep as the tree, which is limited. Cost: linear in the output.

pub(crate) mod repr;

use crate::ast::{Constant, Expression, Module};
use crate::describe::{Sink, walk_expression, walk_module};
use base::LineIndex;
use std::fmt::Write;

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style {
    /// Whether `lineno`, `col_offset`, `end_lineno` and `end_col_offset` are shown.
    pub include_attributes: bool,
    /// Blanks per level; on one line if absent.
    pub indent: Option<usize>,
}

impl Style {
    /// One line, with places: what `spc dump --stage=ast` prints.
    pub const WITH_ATTRIBUTES: Self = Self { include_attributes: true, indent: None };
}

/// A literal as Python's `repr()` shows it.
pub fn constant_repr(value: &crate::ast::Constant<'_>) -> String {
    let mut out = String::new();
    repr::constant(&mut out, value);
    out
}

/// Prints a module as `ast.Module`.
pub fn dump_module(module: &Module<'_>, lines: &LineIndex, style: Style) -> String {
    let mut printer = Printer::new(style);
    walk_module("Module", module, lines, style.include_attributes, &mut printer);
    printer.out
}

/// Prints a module as `ast.Interactive`.
pub fn dump_interactive(module: &Module<'_>, lines: &LineIndex, style: Style) -> String {
    let mut printer = Printer::new(style);
    walk_module("Interactive", module, lines, style.include_attributes, &mut printer);
    printer.out
}

/// Prints an expression as `ast.Expression`.
pub fn dump_expression(expression: &Expression<'_>, lines: &LineIndex, style: Style) -> String {
    let mut printer = Printer::new(style);
    walk_expression(expression, lines, style.include_attributes, &mut printer);
    printer.out
}

/// A node or list that is being printed.
struct Open {
    /// Where its contents start in the output.
    start: usize,
    /// Fields or items so far.
    count: usize,
    /// Whether every field so far is one that `ast.dump` puts on one line.
    is_simple: bool,
}

/// Lays out nodes.
struct Printer {
    style: Style,
    open: Vec<Open>,
    out: String,
}

impl Printer {
    fn new(style: Style) -> Self {
        Self { style, open: Vec::new(), out: String::new() }
    }

    fn push(&mut self, is_simple: bool) {
        self.open.push(Open { start: self.out.len(), count: 0, is_simple });
    }

    fn pop(&mut self) -> Open {
        self.open.pop().expect("what is closed has been opened")
    }

    /// What stands before an item of a list or a field.
    fn separator(&mut self) {
        let level = self.open.len();
        let open = self.open.last_mut().expect("fields and items stand inside something");
        let is_first = open.count == 0;
        open.count += 1;
        match self.style.indent {
            Some(width) => {
                self.out.push_str(if is_first { "\n" } else { ",\n" });
                let _infallible = write!(self.out, "{:1$}", "", width * level);
            }
            None if is_first => {}
            None => self.out.push_str(", "),
        }
    }
}

impl Sink for Printer {
    fn open(&mut self, class: &'static str) {
        self.out.push_str(class);
        self.out.push('(');
        self.push(true);
    }

    fn close(&mut self) {
        let node = self.pop();
        if self.style.indent.is_some() && node.is_simple && node.count <= 3 {
            let laid_out = self.out.split_off(node.start);
            let flat: Vec<&str> =
                laid_out.split('\n').map(str::trim_start).filter(|part| !part.is_empty()).collect();
            self.out.push_str(&flat.join(" "));
        }
        self.out.push(')');
        if let Some(outer) = self.open.last_mut() {
            outer.is_simple &= node.count == 0;
        }
    }

    fn field(&mut self, name: &'static str) {
        self.separator();
        self.out.push_str(name);
        self.out.push('=');
    }

    fn absent(&mut self, _: &'static str, _: bool) {}

    fn open_list(&mut self) {
        self.open.last_mut().expect("lists stand in fields").is_simple = false;
        self.out.push('[');
        self.push(false);
    }

    fn item(&mut self) {
        self.separator();
    }

    fn close_list(&mut self) {
        let _closed = self.pop();
        self.out.push(']');
    }

    fn text(&mut self, text: &str) {
        lexer::repr::string(&mut self.out, text.chars().map(u32::from));
    }

    fn number(&mut self, number: i64) {
        let _infallible = write!(self.out, "{number}");
    }

    fn nothing(&mut self) {
        self.out.push_str("None");
    }

    fn constant(&mut self, value: &Constant<'_>) {
        repr::constant(&mut self.out, value);
    }
}
