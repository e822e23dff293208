//! `__strict__`: the names that strict modules import.
//!
//! Decorators of classes say what freezing and slots do with them; those of functions are claims about effects, which only the analyser
//! reads (`typeck::strict`). `allow_side_effects` is a mark: importing it turns the analysis of a module off.

use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::{self, strict_module};
use runtime::{PyResult, Ref, TypeObject, Value, freeze, protocol, py_functions};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    let dict = module.dict();
    dict.set_text("allow_side_effects", objects::bool(true).to_ref());
    dict.set_text("StrictModule", strict_module::STRICT_MODULE.value().to_ref());
    dict.set_text("StrictModuleError", strict_module::STRICT_MODULE_ERROR.value().to_ref());
    Ok(())
}

fn class_of<'a>(value: Value, function: &str) -> PyResult<&'a TypeObject> {
    let got = value.ty().name();
    value
        .get::<TypeObject>()
        .ok_or_else(|| runtime::raise!(TypeError, "{function}() argument must be a type, not {got}"))
}

fn strict_of(value: Value) -> PyResult<Value> {
    if value.is_exact(&strict_module::STRICT_MODULE) {
        return Ok(value);
    }
    Err(runtime::raise!(TypeError, "expected a strict module, not {}", value.ty().name()))
}

py_functions! { static FUNCTIONS;
    /// Exempt a class from freezing.
    "mutable(cls, /)"
    fn mutable(cls: Value) -> PyResult {
        freeze::exempt(class_of(cls, "mutable")?);
        Ok(cls.to_ref())
    }
    /// Freeze a class now: its attributes cannot be set or deleted any more.
    "freeze_type(cls, /)"
    fn freeze_type(cls: Value) -> PyResult {
        freeze::freeze(class_of(cls, "freeze_type")?);
        Ok(cls.to_ref())
    }
    /// Turn the freezing of classes on or off; the result is what held before.
    "set_freeze_enabled(flag, /)"
    fn set_freeze_enabled(flag: bool) -> bool {
        freeze::set_enabled(flag)
    }
    /// Give the instances of a class the fields that its body and its `__init__` name, and no others.
    "strict_slots(cls, /)"
    fn strict_slots(cls: Ref) -> Ref {
        cls
    }
    /// Give the instances of a class slots for its fields, and a dictionary for other attributes.
    "loose_slots(cls, /)"
    fn loose_slots(cls: Ref) -> Ref {
        cls
    }
    /// Name one more field of a class with slots; the compiler has read it.
    "extra_slot(cls, name, /)"
    fn extra_slot(cls: Ref, name: Value) -> PyResult {
        let class = class_of(cls.value(), "extra_slot")?;
        let is_there = |attribute: Value| protocol::has_attr(cls.value(), attribute);
        if is_there(name)? || !is_there(StrObject::intern("__slots__").value())? {
            return Ok(cls);
        }
        let (name, class) = (protocol::str_string(name)?, class.name());
        Err(runtime::raise!(
            TypeError,
            "'{class}' has no slot '{name}': extra_slot() adds one where it is called at the top level of the module, behind the class"
        ))
    }
    /// Claim that a function has no effect and that its result belongs to its caller.
    "pure(function, /)"
    fn pure(function: Ref) -> Ref {
        function
    }
    /// Claim that a function has no effect; its result may be kept at import, but not looked into.
    "opaque(function, /)"
    fn opaque(function: Ref) -> Ref {
        function
    }
    /// Whether strict modules and their classes can be patched in this process.
    "patching_enabled()"
    fn patching_enabled() -> bool {
        freeze::is_patching()
    }
    /// Whether attributes of a strict module can be patched.
    "strict_module_patch_enabled(module, /)"
    fn patch_enabled(module: Value) -> PyResult<bool> {
        strict_of(module)?;
        Ok(freeze::is_patching())
    }
    /// Replace an attribute of a strict module, for a test.
    "strict_module_patch(module, name, value, /)"
    fn patch(module: Value, name: Value, value: Value) -> PyResult<()> {
        runtime::protocol::set_attr(strict_of(module)?, name, value)
    }
    /// Delete an attribute of a strict module, for a test.
    "strict_module_patch_delete(module, name, /)"
    fn patch_delete(module: Value, name: Value) -> PyResult<()> {
        runtime::protocol::del_attr(strict_of(module)?, name)
    }
}
