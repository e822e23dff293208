//! `code.replace()`: a copy of a code object with other values for some attributes.
//!
//! Changes are made to what was compiled, in terms of the view that programs see: tables of places and handlers are read back, names
//! and constants take the places of those that they replace. The verifier looks at the result, so that whatever comes out can run; what
//! would not is a ValueError. Instructions themselves can be given only as they are, or as other code has shown them (see `shown`).
//! Cost: that of a copy and of the verifier.

use std::sync::Arc;

use bytecode::code::CellKind;
use bytecode::cpython::slots_in_order;
use bytecode::{Code, CodeFlags, Const, Handler, Local, Opcode, TypeCode, Word};

use super::{CodeObject, attributes, shown};
use crate::convert::Keywords;
use crate::error;
use crate::objects::complex::ComplexObject;
use crate::objects::int::{self, IntRef};
use crate::objects::set::SetObject;
use crate::objects::slice::SliceObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, bytes::BytesObject, float};
use crate::operator::CompareOp;
use crate::protocol;
use crate::value::{Py, PyResult, Ref, Value};

/// The flags that CPython has, too.
pub(super) const SHOWN_FLAGS: u32 = 0xffff | CodeFlags::FUTURE_ANNOTATIONS.0;

/// No code object has more variables or stack entries than this.
const MAX_COUNT: isize = 1 << 20;

/// The attributes that say how a call is made, what code is called, and what it uses.
const OTHERS: [&str; 15] = [
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_nlocals",
    "co_stacksize",
    "co_flags",
    "co_consts",
    "co_names",
    "co_varnames",
    "co_filename",
    "co_name",
    "co_qualname",
    "co_firstlineno",
    "co_freevars",
    "co_cellvars",
];

/// The copy. Other instructions come with their own places and handlers, unless those are given, too.
pub(super) fn replace(own: &CodeObject, changes: &Keywords) -> PyResult<Py<CodeObject>> {
    let names = changes.0.iter().map(|(name, _)| protocol::str_string(*name));
    let names = names.collect::<PyResult<Vec<_>>>()?;
    let mut changes: Vec<(&str, Ref)> =
        names.iter().zip(&changes.0).map(|(name, (_, value))| (&**name, value.to_ref())).collect();
    let Some((_, instructions)) = changes.iter().find(|(name, _)| *name == "co_code") else {
        return with(own, &changes);
    };
    if data("co_code", instructions.value())? == own.view().bytes {
        return with(own, &changes);
    }
    for name in OTHERS {
        if changes.iter().all(|(changed, _)| *changed != name) {
            changes.push((name, attributes::get(Value::from_object(own), name)?));
        }
    }
    make(changes)
}

/// Code with these attributes, of which `co_code` is one.
pub(super) fn make(mut wanted: Vec<(&str, Ref)>) -> PyResult<Py<CodeObject>> {
    let at = wanted.iter().position(|(name, _)| *name == "co_code").expect("callers pass the instructions");
    let (name, instructions) = wanted.remove(at);
    match shown::find(&data(name, instructions.value())?, &wanted)? {
        Some(base) => with(&base, &wanted),
        None => {
            Err(error::not_supported("code of instructions that no code object of this process has shown"))
        }
    }
}

/// A copy with other attributes.
fn with(own: &CodeObject, changes: &[(&str, Ref)]) -> PyResult<Py<CodeObject>> {
    let mut code = Code::clone(own.code());
    let mut variables = None;
    for (name, value) in changes {
        match *name {
            "co_nlocals" => variables = Some(number("co_nlocals", value.value())?),
            "co_linetable" => {}
            name => change(own, &mut code, name, value.value())?,
        }
    }
    let own_variables = slots_of(&code, CellKind::None).len();
    if variables.is_some_and(|given| given as usize != own_variables) {
        return Err(crate::raise!(ValueError, "code: co_nlocals != len(co_varnames)"));
    }
    let table = changes.iter().find(|(name, _)| *name == "co_linetable");
    place(own, &mut code, table.map(|(name, table)| data(name, table.value())).transpose()?);
    check_params(own.code(), &mut code)?;
    if let Some(wrong) = bytecode::verify::verify(&code).first() {
        return Err(crate::raise!(ValueError, "code: {wrong}"));
    }
    Ok(CodeObject::of(code))
}

/// Places are relative to the first line, those of a given table and those that there were.
fn place(own: &CodeObject, code: &mut Code, table: Option<Vec<u8>>) {
    let (before, now) = (own.code().first_line, code.first_line);
    let is_as_before = table.as_ref().is_none_or(|table| *table == own.view().location_table());
    if is_as_before && before == now {
        return;
    }
    let mut ranges = code.ranges.take();
    match table.filter(|_| !is_as_before) {
        Some(table) => ranges = own.view().ranges_of(&table, now),
        None => ranges.iter_mut().filter(|range| range.line != 0).for_each(|range| {
            range.line = (range.line + now).saturating_sub(before);
            range.end_line = (range.end_line + now).saturating_sub(before);
        }),
    }
    ranges.into_iter().for_each(|range| code.ranges.push(range));
}

/// Whether an attribute is what it was.
fn is_as_before(own: &CodeObject, name: &str, value: Value) -> PyResult<bool> {
    if name == "co_consts" {
        let (old, new) = (&own.code().consts, constants(own, items(name, value)?)?);
        return Ok(old.len() == new.len() && old.iter().zip(&new).all(|(old, new)| old.is_same(new)));
    }
    let old = attributes::get(Value::from_object(own), name)?;
    protocol::compare_bool(CompareOp::Equal, old.value(), value)
}

fn wrong_type(name: &str, wanted: &str, value: Value) -> error::Raised {
    let got = value.ty().name();
    crate::raise!(TypeError, "replace() argument '{name}' must be {wanted}, not {got}")
}

fn number(name: &str, value: Value) -> PyResult<u32> {
    match int::to_index(value, "number does not fit")? {
        number @ 0..=MAX_COUNT => Ok(number as u32),
        ..0 => Err(crate::raise!(ValueError, "{name} must be a positive integer")),
        _ => Err(crate::raise!(OverflowError, "code: {name} is too large")),
    }
}

fn text(name: &str, value: Value) -> PyResult<String> {
    value.get::<StrObject>().ok_or_else(|| wrong_type(name, "str", value))?.to_utf8()
}

fn items<'a>(name: &str, value: Value) -> PyResult<&'a [Value]> {
    Ok(value.get::<TupleObject>().ok_or_else(|| wrong_type(name, "tuple", value))?.items())
}

fn data(name: &str, value: Value) -> PyResult<Vec<u8>> {
    match value.get::<BytesObject>() {
        Some(bytes) => Ok(bytes.as_slice().to_vec()),
        None => Err(wrong_type(name, "bytes", value)),
    }
}

fn texts(name: &str, value: Value) -> PyResult<Vec<String>> {
    let one = |item: &Value| match item.get::<StrObject>() {
        Some(text) => text.to_utf8(),
        None => Err(crate::raise!(SystemError, "non-string found in code slot")),
    };
    items(name, value)?.iter().map(one).collect()
}

/// The attributes that code which was compiled for declared types may get anew.
const OF_STATIC_CODE: [&str; 6] =
    ["co_name", "co_qualname", "co_filename", "co_firstlineno", "co_flags", "co_code"];

fn change(own: &CodeObject, code: &mut Code, name: &str, value: Value) -> PyResult<()> {
    if code.flags.contains(CodeFlags::STATIC) && !OF_STATIC_CODE.contains(&name) {
        if is_as_before(own, name, value)? {
            return Ok(());
        }
        return Err(error::not_supported(&format!("code.replace({name}=...) of static code")));
    }
    match name {
        "co_name" => code.name = text(name, value)?,
        "co_qualname" => code.qualname = text(name, value)?,
        "co_filename" => code.filename = text(name, value)?.into(),
        "co_firstlineno" => code.first_line = int::to_index(value, "line number does not fit")?.max(0) as u32,
        "co_flags" => {
            let flags = int::to_index(value, "flags do not fit")? as u32;
            if (flags ^ code.flags.0) & CodeFlags::STATIC.0 != 0 {
                return Err(error::not_supported(
                    "code.replace(co_flags=...) between static and dynamic code",
                ));
            }
            code.flags.0 = code.flags.0 & !SHOWN_FLAGS | flags & SHOWN_FLAGS;
        }
        "co_argcount" => code.arg_count = number(name, value)?,
        "co_posonlyargcount" => code.posonly_count = number(name, value)?,
        "co_kwonlyargcount" => code.kwonly_count = number(name, value)?,
        "co_stacksize" => code.stack_size = number(name, value)?,
        "co_names" => code.names = texts(name, value)?,
        "co_varnames" => rename(code, CellKind::None, texts(name, value)?, name)?,
        "co_cellvars" => rename(code, CellKind::Cell, texts(name, value)?, name)?,
        "co_freevars" => rename(code, CellKind::Free, texts(name, value)?, name)?,
        "co_consts" => code.consts = constants(own, items(name, value)?)?,
        "co_exceptiontable" => code.handlers = handlers(own, &data(name, value)?)?,
        // Whoever passes other instructions has found the code that they are of.
        "co_code" => drop(data(name, value)?),
        _ => {
            return Err(crate::raise!(TypeError, "replace() got an unexpected keyword argument '{name}'"));
        }
    }
    Ok(())
}

/// The handlers of a table. That locals are bound where they are read has been proved with the handlers that there were: it still holds
/// with fewer of them.
fn handlers(own: &CodeObject, table: &[u8]) -> PyResult<Vec<Handler>> {
    let Some(handlers) = own.view().handlers_of(table) else {
        return Err(crate::raise!(ValueError, "code: exception table names no instructions"));
    };
    let is_known = |new: &Handler| {
        own.code().handlers.iter().any(|old| {
            (old.target, old.depth) == (new.target, new.depth) && old.start <= new.start && new.end <= old.end
        })
    };
    if handlers.iter().all(is_known) {
        return Ok(handlers);
    }
    Err(error::not_supported("code.replace(co_exceptiontable=...) with other handlers"))
}

/// The slots of a kind, in the order in which programs see them. Parameters are variables even where they sit in cells.
fn slots_of(code: &Code, kind: CellKind) -> Vec<usize> {
    let params = code.param_count();
    let has_kind = |slot: &usize| match kind {
        CellKind::None => *slot < params || code.locals[*slot].cell == kind,
        _ => code.locals[*slot].cell == kind,
    };
    slots_in_order(code).into_iter().filter(has_kind).collect()
}

/// Gives the slots of a kind other names; further ones get slots at the end, as long as no other slots have to be there.
fn rename(code: &mut Code, kind: CellKind, names: Vec<String>, attribute: &str) -> PyResult<()> {
    let slots = slots_of(code, kind);
    let is_free_to_grow = kind == CellKind::Free || code.free_count() == 0;
    if names.len() < slots.len() || names.len() > slots.len() && !is_free_to_grow {
        let what = format!("code.replace({attribute}=...) that moves variables");
        return Err(error::not_supported(&what));
    }
    let mut names = names.into_iter();
    for (slot, name) in slots.into_iter().zip(&mut names) {
        code.locals[slot].name = name;
    }
    code.locals.extend(names.map(|name| Local { name, ty: TypeCode::Object, cell: kind }));
    Ok(())
}

/// Parameters are the first slots. Slots that are parameters no longer may be unbound, and loads of them have to look.
fn check_params(before: &Code, code: &mut Code) -> PyResult<()> {
    let (was, is) = (before.param_count(), code.param_count());
    if code.posonly_count > code.arg_count || is > code.locals.len() - code.free_count() {
        return Err(crate::raise!(ValueError, "code: co_varnames is too small"));
    }
    let is_doubtful = |slot: usize| (is..was).contains(&slot);
    for word in &mut code.words {
        let (first, second) = word.halves();
        match word.opcode() {
            Opcode::LOAD_FAST if is_doubtful(word.index()) => {
                *word = Word::new(Opcode::LOAD_FAST_CHECK, word.operand());
            }
            Opcode::LOAD_FAST_LOAD_FAST if is_doubtful(first) || is_doubtful(second) => {
                return Err(error::not_supported("code.replace() with fewer parameters than are read"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Constants of objects; those that stay keep what the compiler made of them.
fn constants(own: &CodeObject, items: &[Value]) -> PyResult<Vec<Const>> {
    let old = own.consts().iter().zip(&own.code().consts);
    let kept: Vec<_> = old.collect();
    let one = |(at, item): (usize, &Value)| match kept.get(at) {
        Some((object, constant)) if object.value() == *item => Ok(Const::clone(constant)),
        _ => constant_of(*item),
    };
    items.iter().enumerate().map(one).collect()
}

fn constant_of(value: Value) -> PyResult<Const> {
    let all = |items: &[Value]| items.iter().map(|&item| constant_of(item)).collect::<PyResult<Vec<_>>>();
    if let Some(truth) = objects::bool::truth_of(value) {
        return Ok(Const::Bool(truth));
    }
    if objects::is_none(value) {
        return Ok(Const::None);
    }
    if value == objects::ellipsis() {
        return Ok(Const::Ellipsis);
    }
    if let Some(number) = IntRef::of(value) {
        return Ok(number.to_i64().map_or_else(|| Const::BigInt(number.to_big().to_string()), Const::Int));
    }
    if let Some(number) = float::of(value) {
        return Ok(Const::Float(number));
    }
    if let Some(number) = value.get::<ComplexObject>() {
        return Ok(Const::Complex(number.real(), number.imaginary()));
    }
    if let Some(text) = value.get::<StrObject>() {
        return Ok(Const::Str(wtf8(text)));
    }
    if let Some(tuple) = value.get::<TupleObject>() {
        return all(tuple.items()).map(Const::Tuple);
    }
    if let Some(code) = value.get::<CodeObject>() {
        return Ok(Const::Code(Arc::clone(&code.source)));
    }
    if let Some(slice) = value.get::<SliceObject>() {
        let part = |field: &crate::field::Field| constant_of(field.get_or_none().value());
        return Ok(Const::Slice(Box::new([part(&slice.start)?, part(&slice.stop)?, part(&slice.step)?])));
    }
    if let Some(bytes) = value.get::<BytesObject>() {
        return Ok(Const::Bytes(bytes.as_slice().to_vec()));
    }
    match value.get::<SetObject>() {
        Some(set) => {
            let items: Vec<_> = set.items();
            let items = items.iter().map(|(item, _)| constant_of(item.value())).collect::<PyResult<_>>();
            items.map(Const::FrozenSet)
        }
        None => Err(error::not_supported(&format!("constants of type {}", value.ty().name()))),
    }
}

/// UTF-8 that has lone surrogates, too.
fn wtf8(text: &StrObject) -> Vec<u8> {
    let mut encoded = Vec::new();
    for point in text.code_points() {
        match char::from_u32(point) {
            Some(char) => encoded.extend(char.encode_utf8(&mut [0; 4]).bytes()),
            None => encoded.extend(
                [0xe0 | point >> 12, 0x80 | point >> 6 & 63, 0x80 | point & 63].map(|part| part as u8),
            ),
        }
    }
    encoded
}
