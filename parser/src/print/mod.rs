//! The tree as text, character for character what CPython's `print(ast.dump(tree))` prints.
//!
//! A node becomes a [`Shown`] value, which knows only what `ast.dump` knows: a class name, named fields, lists, and the `repr` of
//! everything else. Two small layers follow: `describe` says which fields a node has, `Printer` lays them out, on one line or
//! with an indent. Empty lists and absent fields are left out, as CPython does since 3.13.
//!
//! Recursion is at most as deep as the tree, which is limited. Cost: linear in the output.

mod describe;
pub(crate) mod repr;

use crate::ast::{Expression, Module};
use base::LineIndex;
use describe::{Describe, Fields};
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

/// Prints a module as `ast.Module`.
pub fn dump_module(module: &Module<'_>, lines: &LineIndex, style: Style) -> String {
    Printer::new(lines, style).whole("Module", |fields| fields.list("body", module.body))
}

/// Prints a module as `ast.Interactive`.
pub fn dump_interactive(module: &Module<'_>, lines: &LineIndex, style: Style) -> String {
    Printer::new(lines, style).whole("Interactive", |fields| fields.list("body", module.body))
}

/// Prints an expression as `ast.Expression`.
pub fn dump_expression(expression: &Expression<'_>, lines: &LineIndex, style: Style) -> String {
    Printer::new(lines, style).whole("Expression", |fields| fields.node("body", expression.body))
}

/// Lays out nodes.
pub(crate) struct Printer<'l> {
    lines: &'l LineIndex,
    style: Style,
    level: usize,
    out: String,
}

impl<'l> Printer<'l> {
    fn new(lines: &'l LineIndex, style: Style) -> Self {
        Self { lines, style, level: 0, out: String::new() }
    }

    fn whole(mut self, class: &str, describe: impl FnOnce(&mut Fields<'_, 'l>)) -> String {
        self.class(class, describe);
        self.out
    }

    /// Prints a node: its class, then the fields that `describe` names.
    fn class(&mut self, class: &str, describe: impl FnOnce(&mut Fields<'_, 'l>)) {
        self.out.push_str(class);
        self.out.push('(');
        let start = self.out.len();
        self.level += 1;
        let mut fields = Fields { printer: self, count: 0, is_simple: true };
        describe(&mut fields);
        let is_flat = fields.is_simple && fields.count <= 3;
        self.level -= 1;
        if self.style.indent.is_some() && is_flat {
            let laid_out = self.out.split_off(start);
            let flat: Vec<&str> =
                laid_out.split('\n').map(str::trim_start).filter(|part| !part.is_empty()).collect();
            self.out.push_str(&flat.join(" "));
        }
        self.out.push(')');
    }

    /// What stands before an item of a list or a field.
    fn separator(&mut self, is_first: bool) {
        match self.style.indent {
            Some(width) => {
                self.out.push_str(if is_first { "\n" } else { ",\n" });
                let _infallible = write!(self.out, "{:1$}", "", width * self.level);
            }
            None if is_first => {}
            None => self.out.push_str(", "),
        }
    }

    fn list<T: Describe>(&mut self, items: &[T]) {
        self.out.push('[');
        self.level += 1;
        for (at, item) in items.iter().enumerate() {
            self.separator(at == 0);
            item.describe(self);
        }
        self.level -= 1;
        self.out.push(']');
    }
}
