//! The state behind `sys` that the runtime itself uses: loaded modules and the namespace of `sys`.

use std::cell::Cell;

use crate::objects::dict::DictObject;
use crate::value::Value;
use crate::world::World;

static MODULES: World<Cell<Value>> = World::new(Cell::new(Value::NULL));

/// Makes the table of loaded modules.
pub(crate) fn initialize() {
    let modules = DictObject::new();
    crate::audit::exempt(modules.value());
    MODULES.set(modules.into_ref().into_value());
}

/// `sys.modules`
pub fn modules() -> &'static DictObject {
    // SAFETY: made at start-up and owned for ever.
    unsafe { MODULES.get().cast() }
}
