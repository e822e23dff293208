//! Attributes and methods of code objects.
//!
//! Instructions, offsets and places are those of the [view](bytecode::cpython) in CPython's terms.

use std::sync::Arc;

use bytecode::code::CellKind;
use bytecode::cpython::{Place, slots_in_order};

use super::CodeObject;
use super::compare::are_equal;
use super::make;
use super::replace::{self, SHOWN_FLAGS};
use super::shown;
use crate::convert::Keywords;
use crate::error::{self, frame_lines::hides_columns};
use crate::hash;
use crate::methods::GetSetDef;
use crate::objects::bytes::BytesObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::value::{PyResult, Ref, Value};
use crate::warning;

fn this<'a>(value: Value) -> &'a CodeObject {
    value.get::<CodeObject>().expect("descriptors check their owner")
}

fn repr(value: Value) -> PyResult {
    let code = this(value).code();
    let text = format!(
        "<code object {} at {:#x}, file \"{}\", line {}>",
        code.name,
        value.bits(),
        code.filename,
        code.first_line
    );
    Ok(StrObject::new(&text).into())
}

fn names_where(value: Value, wanted: impl Fn(usize, CellKind) -> bool) -> PyResult {
    let code = this(value);
    let chosen = code.code().locals.iter().enumerate().filter(|(at, local)| wanted(*at, local.cell));
    Ok(TupleObject::new(chosen.map(|(at, _)| code.local_names()[at].clone()).collect()).into())
}

fn variables(value: Value) -> PyResult {
    let params = this(value).code().param_count();
    names_where(value, |at, cell| cell == CellKind::None || at < params)
}

/// Equal code does the same at the same places.
fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.get::<CodeObject>(), b.get::<CodeObject>()) else {
        return singleton::decline();
    };
    let same = match op {
        CompareOp::Equal | CompareOp::NotEqual => {
            Arc::ptr_eq(&x.source, &y.source) || are_equal(x.code(), y.code())
        }
        _ => return singleton::decline(),
    };
    Ok(objects::bool(same == (op == CompareOp::Equal)).to_ref())
}

fn hash_code(value: Value) -> PyResult<i64> {
    let code = this(value).code();
    let words = hash::sequence(code.words.iter().map(|word| i64::from(word.bits())));
    let counts = [code.first_line, code.arg_count, code.posonly_count, code.kwonly_count];
    let counts = hash::sequence(counts.into_iter().map(i64::from));
    Ok(hash::sequence([hash::bytes(code.name.as_bytes()), counts, words].into_iter()))
}

pub(super) const SLOTS: Slots = Slots {
    new: Some(make::new),
    repr: Some(repr),
    richcompare: Some(richcompare),
    hash: Some(hash_code),
    ..Slots::EMPTY
};

/// First line, last line, first column, last column of a unit; None for what is not known.
fn position(place: &Place) -> Ref {
    let (column, end_column) = place.columns.filter(|_| !hides_columns()).unzip();
    let end_line = if hides_columns() { place.line } else { place.end_line };
    TupleObject::of(
        [place.line, end_line, column, end_column].map(|number| number_or_none(number.map(i64::from))),
    )
    .into()
}

fn number_or_none(number: Option<i64>) -> Ref {
    number.map_or_else(|| objects::none().to_ref(), int::from_i64)
}

/// Runs of units on one line: start and end offset, and the line.
fn lines(code: &CodeObject) -> impl Iterator<Item = [Option<i64>; 3]> {
    let mut next = 0;
    let places = if code.view().is_nowhere() { &[][..] } else { &code.view().places };
    places.chunk_by(|a, b| a.line == b.line).map(move |run| {
        let start = next;
        next += 2 * run.len() as i64;
        [Some(start), Some(next), run[0].line.map(i64::from)]
    })
}

fn instructions(value: Value) -> PyResult {
    shown::remember(this(value));
    Ok(BytesObject::new(&this(value).view().bytes).into())
}

/// The old table of lines: pairs of steps in bytes and in lines, of which neither fits more than a byte.
fn line_table(value: Value) -> PyResult {
    let message = "co_lnotab is deprecated, use co_lines instead.";
    warning::warn(&error::types::DeprecationWarning, message, 1)?;
    let code = this(value);
    let mut table = Vec::new();
    let (mut offset, mut last) = (0, i64::from(code.code().first_line));
    for [start, _, line] in lines(code) {
        let (Some(start), Some(line)) = (start, line.filter(|&line| line != last)) else { continue };
        let (mut bytes, mut step) = (start - offset, line - last);
        (offset, last) = (start, line);
        while bytes > 255 {
            table.extend([255, 0]);
            bytes -= 255;
        }
        while !(-128..128).contains(&step) {
            let part = step.clamp(-128, 127);
            table.extend([bytes as u8, part as u8]);
            (bytes, step) = (0, step - part);
        }
        table.extend([bytes as u8, step as u8]);
    }
    Ok(BytesObject::new(&table).into())
}

/// An attribute by its name.
pub(super) fn get(value: Value, name: &str) -> PyResult {
    let found = GETSET.iter().find(|attribute| attribute.name == name);
    match found {
        Some(attribute) => (attribute.get)(value),
        None => Err(crate::raise!(TypeError, "replace() got an unexpected keyword argument '{name}'")),
    }
}

/// The name of the local slot that an argument means.
fn name_of_slot(code: &CodeObject, number: i64) -> PyResult {
    let order = slots_in_order(code.code());
    match usize::try_from(number).ok().and_then(|number| order.get(number)) {
        Some(&slot) => Ok(code.local_names()[slot].clone()),
        None => Err(crate::raise!(IndexError, "tuple index out of range")),
    }
}

py_methods! { pub(super) static METHODS for "code", &CodeObject;
    /// An iterator over the places of the units: first line, last line, first column, last column.
    "co_positions(self, /)"
    fn co_positions(this) -> PyResult {
        let places = this.view().places.iter().map(position);
        protocol::get_iter(TupleObject::new(places.collect()).value())
    }
    /// An iterator over the lines: start and end offset of the instructions, and their line.
    "co_lines(self, /)"
    fn co_lines(this) -> PyResult {
        let lines = lines(this).map(|run| TupleObject::of(run.map(number_or_none)).into());
        protocol::get_iter(TupleObject::new(lines.collect()).value())
    }
    /// An iterator over the branches: the offset of each, and those where it goes on if it falls through and if it jumps.
    "co_branches(self, /)"
    fn co_branches(this) -> PyResult {
        let branches = this.view().branches(this.code()).into_iter();
        let shown = branches.map(|branch| TupleObject::of(branch.map(|offset| int::from_i64(offset.into()))).into());
        protocol::get_iter(TupleObject::new(shown.collect()).value())
    }
    /// The name of the variable that an argument of an instruction means.
    "_varname_from_oparg(self, /, oparg)"
    fn varname_from_oparg(this, oparg: i64) -> PyResult {
        name_of_slot(this, oparg)
    }
    /// A copy with other values for the given attributes.
    "replace(self, /, **changes)"
    fn changed(this, changes: Keywords) -> PyResult {
        Ok(replace::replace(this, &changes)?.into())
    }
    /// A copy with other values for the given attributes.
    "__replace__(self, /, **changes)"
    fn dunder_replace(this, changes: Keywords) -> PyResult {
        Ok(replace::replace(this, &changes)?.into())
    }
}

macro_rules! getters {
    ($($name:literal => $get:expr;)*) => { &[$(GetSetDef { name: $name, doc: "", get: $get, set: None }),*] };
}

pub(super) static GETSET: &[GetSetDef] = getters! {
    "co_name" => |value| Ok(StrObject::intern(&this(value).code().name).into());
    "co_qualname" => |value| Ok(StrObject::new(&this(value).code().qualname).into());
    "co_filename" => |value| Ok(StrObject::new(&this(value).code().filename).into());
    "co_firstlineno" => |value| Ok(int::from_i64(i64::from(this(value).code().first_line)));
    "co_flags" => |value| Ok(int::from_i64(i64::from(this(value).code().flags.0 & SHOWN_FLAGS)));
    "co_argcount" => |value| Ok(int::from_i64(i64::from(this(value).code().arg_count)));
    "co_posonlyargcount" => |value| Ok(int::from_i64(i64::from(this(value).code().posonly_count)));
    "co_kwonlyargcount" => |value| Ok(int::from_i64(i64::from(this(value).code().kwonly_count)));
    "co_nlocals" => |value| Ok(int::from_i64(variables(value)?.get::<TupleObject>().map_or(0, |names| names.items().len()) as i64));
    "co_stacksize" => |value| Ok(int::from_i64(i64::from(this(value).code().stack_size)));
    "co_consts" => |value| Ok(TupleObject::new(this(value).consts().to_vec()).into());
    "co_names" => |value| Ok(TupleObject::new(this(value).names().to_vec()).into());
    "co_varnames" => variables;
    "co_code" => instructions;
    "_co_code_adaptive" => instructions;
    "co_lnotab" => line_table;
    "co_linetable" => |value| Ok(BytesObject::new(&this(value).view().location_table()).into());
    "co_exceptiontable" => |value| Ok(BytesObject::new(&this(value).view().exception_table()).into());
    "co_cellvars" => |value| names_where(value, |_, cell| cell == CellKind::Cell);
    "co_freevars" => |value| names_where(value, |_, cell| cell == CellKind::Free);
};
