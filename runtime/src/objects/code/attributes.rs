//! Attributes and methods of code objects.
//!
//! Offsets count two bytes for an instruction, as CPython's do; what stands at them is this program's own encoding.

use std::sync::Arc;

use bytecode::code::CellKind;
use bytecode::{Code, CodeFlags, SourceRange};

use super::CodeObject;
use super::compare::are_equal;
use crate::convert::Keywords;
use crate::error;
use crate::error::frame_lines::visible;
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

/// The instructions as bytes, in this program's own encoding.
fn encoded(value: Value) -> Vec<u8> {
    this(value).code().words.iter().flat_map(|word| word.bits().to_le_bytes()).collect()
}

/// The places as bytes, in this program's own encoding.
fn line_table(value: Value) -> Vec<u8> {
    let numbers =
        this(value).code().ranges.iter().flat_map(|at| [at.line, at.end_line, at.column, at.end_column]);
    numbers.flat_map(u32::to_le_bytes).collect()
}

/// The handlers as bytes, in this program's own encoding.
fn handler_table(value: Value) -> Vec<u8> {
    let numbers = this(value).code().handlers.iter().flat_map(|at| [at.start, at.end, at.target, at.depth]);
    numbers.flat_map(u32::to_le_bytes).collect()
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
    Ok(hash::sequence(
        [hash::bytes(code.name.as_bytes()), hash::int(code.first_line.into()), code.words.len() as i64]
            .into_iter(),
    ))
}

pub(super) const SLOTS: Slots =
    Slots { repr: Some(repr), richcompare: Some(richcompare), hash: Some(hash_code), ..Slots::EMPTY };

/// The flags that CPython has, too.
const SHOWN_FLAGS: u32 = 0xffff | CodeFlags::FUTURE_ANNOTATIONS.0;

/// A number of a place, or None where there is none.
fn place(number: u32, range: SourceRange) -> Ref {
    if range.line == 0 { objects::none().to_ref() } else { int::from_i64(number.into()) }
}

py_methods! { pub(super) static METHODS for "code", &CodeObject;
    /// An iterator over the places of the instructions: first line, last line, first column, last column.
    "co_positions(self, /)"
    fn co_positions(this) -> PyResult {
        let places = this.code().ranges.iter().map(|&at| {
            let seen = visible(at);
            let columns = if seen == at { at } else { SourceRange::default() };
            let (line, end) = (place(at.line, at), place(seen.end_line.max(at.line), at));
            TupleObject::of([line, end, place(at.column, columns), place(at.end_column, columns)]).into()
        });
        protocol::get_iter(TupleObject::new(places.collect()).value())
    }
    /// An iterator over the lines: start and end offset of the instructions, and their line. The first range is that in front of the first
    /// instruction, where a frame begins.
    "co_lines(self, /)"
    fn co_lines(this) -> PyResult {
        let (count, beginning) = (this.code().ranges.len(), this.code().beginning());
        let entry = |start: i64, end: usize, line: u32| {
            let offsets = [start * 2, end as i64 * 2, line.into()];
            TupleObject::of(offsets.map(int::from_i64)).into()
        };
        let mut lines = vec![entry(-1, 0, beginning)];
        let (mut start, mut line) = (0, beginning);
        for (at, range) in this.code().ranges.iter().enumerate() {
            // An instruction without a line belongs to what comes before it.
            if range.line != 0 && range.line != line {
                if start != at {
                    lines.push(entry(start as i64, at, line));
                }
                (start, line) = (at, range.line);
            }
        }
        if start != count {
            lines.push(entry(start as i64, count, line));
        }
        protocol::get_iter(TupleObject::new(lines).value())
    }
    /// A copy with other values for the given attributes.
    "replace(self, /, **changes)"
    fn replace(this, changes: Keywords) -> PyResult {
        let mut code = Code::clone(this.code());
        for (name, value) in changes.0 {
            change(&mut code, &protocol::str_string(name)?, value)?;
        }
        Ok(CodeObject::of(code).into())
    }
    /// A copy with other values for the given attributes.
    "__replace__(self, /, **changes)"
    fn dunder_replace(this, changes: Keywords) -> PyResult {
        replace(this, changes)
    }
}

fn change(code: &mut Code, name: &str, value: Value) -> PyResult<()> {
    let text = || match value.get::<StrObject>() {
        Some(text) => text.to_utf8(),
        None => Err(crate::raise!(
            TypeError,
            "replace() argument '{name}' must be str, not {}",
            value.ty().name()
        )),
    };
    match name {
        "co_name" => code.name = text()?,
        "co_qualname" => code.qualname = text()?,
        "co_filename" => code.filename = text()?.into(),
        "co_firstlineno" => code.first_line = int::to_index(value, "line number does not fit")?.max(0) as u32,
        "co_flags" => {
            code.flags.0 =
                code.flags.0 & !SHOWN_FLAGS | int::to_index(value, "flags do not fit")? as u32 & SHOWN_FLAGS
        }
        _ => return Err(error::not_supported(&format!("code.replace({name}=...)"))),
    }
    Ok(())
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
    "co_code" => |value| Ok(BytesObject::new(&encoded(value)).into());
    "_co_code_adaptive" => |value| Ok(BytesObject::new(&encoded(value)).into());
    "co_linetable" => |value| Ok(BytesObject::new(&line_table(value)).into());
    "co_exceptiontable" => |value| Ok(BytesObject::new(&handler_table(value)).into());
    "co_cellvars" => |value| names_where(value, |_, cell| cell == CellKind::Cell);
    "co_freevars" => |value| names_where(value, |_, cell| cell == CellKind::Free);
};
