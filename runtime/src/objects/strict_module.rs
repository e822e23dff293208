//! The module object of strict and static modules: a module whose attributes nobody can set or delete.
//!
//! A module becomes one when its own code begins to run ([`seal`]): what the importer had to say of it has been said by then, and its body
//! writes to the namespace, not to the module. It goes on saying that it is a `module` (`__class__`), gives a copy of its namespace as
//! `__dict__`, and has `patch` and `patch_delete` for tests, which need patching to be enabled. (Cinder's `StrictModule`)

use crate::error;
use crate::freeze;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::objects::dict::DictObject;
use crate::objects::function::FunctionObject;
use crate::objects::module::{self, ModuleObject};
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, module::MODULE};
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::sys_state;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};

/// Makes the module with this namespace a strict one, if it is one that has been registered under its name.
pub fn seal(namespace: &DictObject) {
    let name = namespace.get_str(names().__name__).and_then(|name| name.get::<StrObject>());
    let module = name.and_then(|name| sys_state::modules().get_str(Value::from_object(name)));
    let Some(module) = module.filter(|module| module.get_exact::<ModuleObject>().is_some()) else { return };
    let own = module.get::<ModuleObject>().expect("just tested").dict();
    if std::ptr::eq(own, namespace) {
        let header = module.header().expect("modules are objects");
        header.set_raw_type(&STRICT_MODULE);
        // Compiled code that has called functions of a module of this name before is to look again.
        (crate::hooks::hooks().dict_changed)(namespace, Value::NULL, true);
    }
}

/// Replaces or deletes a name of a module that may be patched.
fn patch(module: &ModuleObject, name: Value, new: Option<Value>) -> PyResult<()> {
    let text = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    if !freeze::is_patching() {
        let action = if new.is_some() { "modify" } else { "delete" };
        let module = module.name();
        return Err(crate::raise!(
            AttributeError,
            "cannot {action} attribute '{text}' of strict module '{module}'"
        ));
    }
    if is_final_constant(module, name)? {
        return Err(crate::raise!(
            AttributeError,
            "Cannot patch Final attribute `{text}` of module `{}`",
            module.name()
        ));
    }
    keep_class(module, &text, new);
    match new {
        Some(new) => {
            let interned = StrObject::intern(&text);
            module.dict().set_str(interned.value(), new.to_ref());
            Ok(())
        }
        None => match module.dict().remove_str(name) {
            Some(_) => Ok(()),
            None => {
                let message = format!("module '{}' has no attribute '{text}'", module.name());
                Err(error::attribute_error(Value::from_object(module), name, &message))
            }
        },
    }
}

/// The name of the dict with the functions and static classes that are patched, in the namespace of their module.
const KEPT: &str = "<patched>";

/// Typed code goes on meaning a class by its name whatever the module has there: the layout that it relies on is that of the class.
fn keep_class(module: &ModuleObject, name: &str, new: Option<Value>) {
    let kept = module.dict().get_text(KEPT);
    let kept = kept.as_ref().and_then(|kept| kept.get::<DictObject>());
    if let Some(kept) = kept
        && let Some(class) = kept.get_text(name)
    {
        if new == Some(class.value()) {
            kept.remove_str(StrObject::intern(name).value());
        }
        return;
    }
    let now = module.dict().get_text(name);
    let Some(class) = now.filter(|now| is_static_class(now.value()) || now.is_instance::<FunctionObject>())
    else {
        return;
    };
    if new == Some(class.value()) {
        return;
    }
    match kept {
        Some(kept) => kept.set_text(name, class),
        None => {
            let kept = DictObject::new();
            kept.set_text(name, class);
            module.dict().set_text(KEPT, kept);
        }
    }
}

/// The static class that a module has defined under a name and a test has patched.
pub fn patched_class(module: &ModuleObject, name: &str) -> Option<Ref> {
    if !freeze::is_patching() {
        return None;
    }
    let kept = module.dict().get_text(KEPT)?.get::<DictObject>()?.get_text(name)?;
    is_static_class(kept.value()).then_some(kept)
}

fn is_static_class(value: Value) -> bool {
    value.get::<TypeObject>().is_some_and(|class| class.has(type_flags::STATIC_PYTHON))
}

/// What a test has put in the place of a function or a static class, in the module that defines it.
pub fn stand_in(value: Value) -> Option<Ref> {
    let (module, name) = match (value.get::<FunctionObject>(), value.get::<TypeObject>()) {
        (Some(function), _) => {
            let module = function.globals().get_str(names().__name__)?.to_ref();
            (module.get::<StrObject>()?.to_string_lossy(), function.qualname())
        }
        (None, Some(class)) => (class.module()?, class.qualname().get::<StrObject>()?.to_string_lossy()),
        (None, None) => return None,
    };
    let module = sys_state::modules().get_text(&module)?;
    let namespace = module.get::<ModuleObject>()?.dict();
    let kept = namespace.get_text(KEPT)?.get::<DictObject>()?.get_text(&name)?;
    (kept.value() == value).then(|| namespace.get_text(&name))?
}

/// Whether uses of a name have been replaced by its value, so that nobody would see a patch.
fn is_final_constant(module: &ModuleObject, name: Value) -> PyResult<bool> {
    match module.dict().get_text("__final_constants__") {
        Some(names) if names.is_instance::<TupleObject>() => protocol::contains(names.value(), name),
        _ => Ok(false),
    }
}

fn setattro(value: Value, name: Value, new: Option<Value>) -> PyResult<()> {
    patch(this(value), name, new)
}

fn this<'a>(value: Value) -> &'a ModuleObject {
    value.get::<ModuleObject>().expect("descriptors check their owner")
}

py_methods! { static METHODS for "StrictModule", &ModuleObject;
    /// Replace an attribute, for a test
    "patch(self, name, value, /)"
    fn patch_attribute(this, name: Value, value: Value) -> PyResult<()> {
        patch(this, name, Some(value))
    }
    /// Delete an attribute, for a test
    "patch_delete(self, name, /)"
    fn patch_delete(this, name: Value) -> PyResult<()> {
        patch(this, name, None)
    }
}

static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "__class__", doc: "", get: |_| Ok(MODULE.value().to_ref()), set: None },
    GetSetDef { name: "__dict__", doc: "", get: |value| Ok(this(value).dict().copy().into_ref()), set: None },
    GetSetDef {
        name: "__patch_enabled__",
        doc: "Whether attributes can be patched.",
        get: |_| Ok(objects::bool(freeze::is_patching()).to_ref()),
        set: None,
    },
];

/// `StrictModule`.
pub static STRICT_MODULE: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "A module whose attributes cannot be set or deleted.",
    base: Some(&MODULE),
    flags: type_flags::WEAK | type_flags::GC | type_flags::NO_NEW,
    dict_offset: ModuleObject::DICT_OFFSET,
    slots: Slots { getattro: Some(module::getattro), setattro: Some(setattro), ..Slots::EMPTY },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<ModuleObject>("StrictModule")
};

/// `StrictModuleError`, a `SyntaxError` about what a strict module does when it is imported.
pub static STRICT_MODULE_ERROR: TypeObject = TypeObject::from_spec(&ERROR_SPEC);
static ERROR_SPEC: TypeSpec = TypeSpec {
    module: "__strict__",
    base: Some(&error::types::SyntaxError),
    flags: type_flags::BASE | type_flags::GC,
    ..TypeSpec::of::<error::ExceptionObject>("StrictModuleError")
};
