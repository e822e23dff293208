//! `ExceptionGroup`: the one builtin exception with two bases, so it is built as a class at start-up.

use std::cell::Cell;

use crate::error::types;
use crate::names::names;
use crate::objects::dict::DictObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::type_type::TYPE;
use crate::type_object::TypeObject;
use crate::types::build::{self, Shape};
use crate::value::{PyResult, Value};
use crate::world::World;

static GROUP: World<Cell<Value>> = World::new(Cell::new(Value::NULL));

/// Builds the class.
pub(crate) fn initialize() -> PyResult<()> {
    let bases =
        TupleObject::of([types::BaseExceptionGroup.value().to_ref(), types::Exception.value().to_ref()]);
    let namespace = DictObject::new();
    namespace.set_str(names().__module__, StrObject::intern("builtins").into());
    let class =
        build::build(&TYPE, &StrObject::intern("ExceptionGroup"), &bases, &namespace, Shape::default())?;
    class.header.make_immortal();
    GROUP.set(class.value());
    Ok(())
}

/// `ExceptionGroup`.
pub fn group_type() -> &'static TypeObject {
    // SAFETY: built at start-up and immortal.
    unsafe { GROUP.get().cast() }
}
