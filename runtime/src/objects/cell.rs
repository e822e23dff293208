//! `cell`: a variable shared between a function and those nested in it.

use crate::args::Args;
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::str::StrObject;
use crate::objects::{self, singleton};
use crate::operator::{CompareOp, Comparison};
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

/// A cell.
#[repr(C)]
pub struct CellObject {
    header: Header,
    /// What the variable holds.
    pub contents: Field,
}

const _: () = assert!(std::mem::offset_of!(CellObject, contents) == abi::layout::cell_object::CONTENTS);

// SAFETY: `repr(C)`, header first.
unsafe impl Object for CellObject {
    fn type_object() -> &'static TypeObject {
        &CELL
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.contents.visit(visit);
    }
    fn clear(&self) {
        drop(self.contents.take());
    }
}

impl CellObject {
    /// A cell, perhaps empty.
    pub fn new(contents: Option<Ref>) -> Py<CellObject> {
        object::new_object(CellObject { header: Header::new(&CELL), contents: Field::from_option(contents) })
    }
}

fn this<'a>(value: Value) -> &'a CellObject {
    value.get::<CellObject>().expect("descriptors check their owner")
}

fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("cell")?;
    Ok(CellObject::new(args.positional.first().map(|value| value.to_ref())).into())
}

fn repr(value: Value) -> PyResult {
    let address = value.bits();
    let text = match this(value).contents.get() {
        None => format!("<cell at {address:#x}: empty>"),
        Some(inner) => format!("<cell at {address:#x}: {} object at {:#x}>", inner.ty().name(), inner.bits()),
    };
    Ok(StrObject::new(&text).into())
}

/// Cells compare as what they hold does; an empty one comes first.
fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.get::<CellObject>(), b.get::<CellObject>()) else {
        return singleton::decline();
    };
    match (x.contents.get_ref(), y.contents.get_ref()) {
        (Some(x), Some(y)) => protocol::compare(op, x.value(), y.value()),
        (x, y) => Ok(objects::bool(op.holds(x.is_some().cmp(&y.is_some()))).to_ref()),
    }
}

fn get_contents(value: Value) -> PyResult {
    this(value).contents.get_ref().ok_or_else(|| crate::raise!(ValueError, "cell is empty"))
}

fn set_contents(value: Value, new: Option<Value>) -> PyResult<()> {
    drop(this(value).contents.replace(new.map(Value::to_ref)));
    Ok(())
}

static GETSET: &[GetSetDef] =
    &[GetSetDef { name: "cell_contents", doc: "", get: get_contents, set: Some(set_contents) }];

/// `cell`.
pub static CELL: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "cell([contents])\n\nHolds the value of a variable that nested functions use, too.",
    flags: type_flags::GC,
    slots: Slots { new: Some(new), repr: Some(repr), richcompare: Some(richcompare), ..Slots::EMPTY },
    getset: GETSET,
    ..TypeSpec::of::<CellObject>("cell")
};
