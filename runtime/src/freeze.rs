//! Frozen classes: what strict modules do to the classes that they define.
//!
//! A class of a strict module can be changed until the code that defines it has ended: the module's body, or the call of the function
//! around it. From then on setting or deleting one of its attributes is a `TypeError`; instances stay free. `@mutable` exempts a
//! class, and so do the switch of the whole process and patching, which tests ask for. (Cinder's `freeze_type`)

use std::cell::Cell;

use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::type_object::{TypeObject, type_flags};
use crate::world::World;

static IS_ENABLED: World<Cell<bool>> = World::new(Cell::new(true));
static IS_PATCHING: World<Cell<bool>> = World::new(Cell::new(false));

/// Turns freezing on or off; gives what held before.
pub fn set_enabled(is_enabled: bool) -> bool {
    IS_ENABLED.replace(is_enabled)
}

/// Lets programs patch strict modules and their classes, as tests do.
pub fn enable_patching() {
    IS_PATCHING.set(true);
}

/// Whether strict modules and their classes may be patched.
pub fn is_patching() -> bool {
    IS_PATCHING.get()
}

/// Exempts a class from freezing.
pub fn exempt(class: &TypeObject) {
    class.set_flags(type_flags::MUTABLE);
}

/// Freezes a class, unless it is exempt.
pub fn freeze(class: &TypeObject) {
    let is_in_force = IS_ENABLED.get() && !IS_PATCHING.get();
    if is_in_force && class.has(type_flags::HEAP) && !class.has(type_flags::MUTABLE) {
        class.set_flags(type_flags::IMMUTABLE);
    }
}

/// Freezes the classes that some code has defined, and the classes in their bodies.
pub fn freeze_all(classes: &ListObject) {
    for class in classes.to_vec() {
        if let Some(class) = class.get::<TypeObject>() {
            freeze_nested(class);
        }
    }
}

fn freeze_nested(class: &TypeObject) {
    freeze(class);
    let prefix = format!("{}.", qualname(class));
    for key in class.dict().keys() {
        let Some(value) = class.dict().get_str(key.value()) else { continue };
        if let Some(inner) = value.get::<TypeObject>()
            && !inner.has(type_flags::IMMUTABLE)
            && qualname(inner).strip_prefix(&prefix).is_some_and(|rest| !rest.contains('.'))
        {
            freeze_nested(inner);
        }
    }
}

fn qualname(class: &TypeObject) -> String {
    class.qualname().get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default()
}
