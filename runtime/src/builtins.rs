//! The module `builtins`: functions that every program can name, and the namespace that holds them with the types.

mod compile;
pub mod functions;
pub mod io;

pub use compile::scopes_of;

use std::cell::Cell;

use crate::error::types as exceptions;
use crate::objects::dict::DictObject;
use crate::objects::module::ModuleObject;
use crate::objects::{self, *};
use crate::type_object::TypeObject;
use crate::value::{Ref, Value};
use crate::world::World;

static MODULE: World<Cell<Value>> = World::new(Cell::new(Value::NULL));

/// Types that programs see under their own names.
fn published_types() -> Vec<&'static TypeObject> {
    let mut all: Vec<&'static TypeObject> = vec![
        &object::OBJECT,
        &type_type::TYPE,
        &int::INT,
        &bool::BOOL,
        &float::FLOAT,
        &complex::COMPLEX,
        &str::STR,
        &bytes::BYTES,
        &bytearray::BYTEARRAY,
        &memoryview::MEMORYVIEW,
        &list::LIST,
        &tuple::TUPLE,
        &dict::DICT,
        &set::SET,
        &set::FROZENSET,
        &range::RANGE,
        &slice::SLICE,
        &property::PROPERTY,
        &class_method::CLASS_METHOD,
        &class_method::STATIC_METHOD,
        &super_object::SUPER,
        &iterators::ENUMERATE,
        &iterators::MAP,
        &iterators::FILTER,
        &iterators::ZIP,
        &iterators::REVERSED,
        &exceptions::BaseException,
    ];
    all.extend(exceptions::ALL);
    all
}

/// Makes the module.
pub(crate) fn initialize() {
    let module = ModuleObject::native("builtins");
    module.describe(
        "The names that every module sees: functions, classes and exceptions of the language itself.",
    );
    let dict = module.dict();
    for ty in published_types() {
        dict.set_text(ty.name(), ty.value().to_ref());
    }
    dict.set_text("ExceptionGroup", exception_group::group_type().value().to_ref());
    dict.set_text("EnvironmentError", exceptions::OSError.value().to_ref());
    dict.set_text("IOError", exceptions::OSError.value().to_ref());
    dict.set_text("None", objects::none().to_ref());
    dict.set_text("True", objects::bool(true).to_ref());
    dict.set_text("False", objects::bool(false).to_ref());
    dict.set_text("Ellipsis", objects::ellipsis().to_ref());
    dict.set_text("NotImplemented", objects::not_implemented().to_ref());
    dict.set_text("__debug__", objects::bool(true).to_ref());
    module.add_functions(functions::FUNCTIONS);
    module.add_functions(io::FUNCTIONS);
    crate::sys_state::modules().set_text("builtins", module.clone());
    MODULE.set(module.into_ref().into_value());
}

/// The module itself, which is what `__main__` has under `__builtins__`.
pub fn module() -> Ref {
    MODULE.get().to_ref()
}

/// The namespace.
pub fn dict() -> Ref {
    // SAFETY: the module is made at start-up and owned for ever.
    Value::from_object(unsafe { MODULE.get().cast::<ModuleObject>() }.dict()).to_ref()
}

/// The namespace, borrowed.
pub fn namespace<'a>() -> &'a DictObject {
    // SAFETY: as above.
    unsafe { MODULE.get().cast::<ModuleObject>() }.dict()
}
