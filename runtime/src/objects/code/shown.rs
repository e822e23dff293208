//! Code whose instructions programs have read, so that they can give them back: `types.CodeType(...)`, `code.replace(co_code=...)`.
//!
//! What programs see as `co_code` is a view in CPython's terms, out of which none of this program's own instructions can be made.
//! So whoever reads it has the code remembered by these bytes, for as long as it lives; other bytes mean nothing here. Pieces of code
//! that look alike may do different things, as calls of static functions do: taken is the one that has most else in common
//! with what is asked for, and among equals the one that was read last. Cost: a hash of the bytes each time that they are read.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use bytecode::NestedCode;

use super::{CodeObject, attributes};
use crate::hash;
use crate::operator::CompareOp;
use crate::protocol;
use crate::value::{Py, PyResult, Ref, Value};
use crate::world::World;

/// By the hash of what is shown.
type Known = BTreeMap<i64, Vec<Weak<NestedCode>>>;

static KNOWN: World<RefCell<Known>> = World::new(RefCell::new(Known::new()));

/// When there are so many entries, or a power of two above, those of dead code go.
const CROWD: usize = 1 << 10;

/// The instructions of some code have been read.
pub(super) fn remember(code: &CodeObject) {
    let mut known = KNOWN.borrow_mut();
    if known.len() >= CROWD && known.len().is_power_of_two() {
        known.retain(|_, alike| alike.iter().any(|code| code.strong_count() > 0));
    }
    let alike = known.entry(hash::bytes(&code.view().bytes)).or_default();
    let source = Arc::downgrade(&code.source);
    alike.retain(|other| other.strong_count() > 0 && !other.ptr_eq(&source));
    alike.push(source);
}

/// The code that shows these instructions and has most of the attributes.
pub(super) fn find(bytes: &[u8], attributes: &[(&str, Ref)]) -> PyResult<Option<Py<CodeObject>>> {
    let alike = KNOWN.borrow().get(&hash::bytes(bytes)).cloned().unwrap_or_default();
    let mut best: Option<(usize, Py<CodeObject>)> = None;
    for source in alike.iter().filter_map(Weak::upgrade) {
        let code = CodeObject::new(source);
        if code.view().bytes != bytes {
            continue;
        }
        let common = likeness(Value::from_object(&*code), attributes)?;
        if best.as_ref().is_none_or(|(most, _)| common >= *most) {
            best = Some((common, code));
        }
    }
    Ok(best.map(|(_, code)| code))
}

/// How many of the attributes some code has.
fn likeness(code: Value, wanted: &[(&str, Ref)]) -> PyResult<usize> {
    let mut common = 0;
    for (name, value) in wanted {
        let own = attributes::get(code, name)?;
        common += usize::from(protocol::compare_bool(CompareOp::Equal, own.value(), value.value())?);
    }
    Ok(common)
}
