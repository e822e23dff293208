//! `module`: a namespace with a dict.

use std::cell::Cell;

use crate::args::Args;
use crate::error;
use crate::field::Field;
use crate::header::{Header, flags};
use crate::methods::{GetSetDef, MethodDef};
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects;
use crate::objects::builtin_function::BuiltinFunction;
use crate::objects::dict::DictObject;
use crate::objects::list::ListObject;
use crate::objects::module_annotations;
use crate::objects::module_diagnosis;
use crate::objects::str::StrObject;
use crate::objects::strict_module::STRICT_MODULE;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Value};

/// A module.
#[repr(C)]
pub struct ModuleObject {
    header: Header,
    dict: Field,
    /// Made by the program itself, which its repr says.
    is_native: Cell<bool>,
    /// How far the importer is that runs it in a file's stead.
    import: Cell<Import>,
}

/// How far the import of a module is that is done without `importlib`, which keeps that in specs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Import {
    /// It has not been imported so.
    #[default]
    None,
    /// Its code is running.
    Running,
    /// Its code is over.
    Done,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ModuleObject {
    fn type_object() -> &'static TypeObject {
        &MODULE
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.dict.visit(visit);
    }
}

impl ModuleObject {
    pub(super) const DICT_OFFSET: usize = std::mem::offset_of!(ModuleObject, dict);

    /// A module with the attributes that every module has.
    pub fn new(name: &str) -> Py<ModuleObject> {
        let module = Self::new_of(&MODULE);
        module.initialize(StrObject::intern(name).value(), objects::none());
        module
    }

    /// Says how far its import is.
    pub fn set_import(&self, import: Import) {
        self.import.set(import);
    }

    pub(super) fn is_running(&self) -> bool {
        self.import.get() == Import::Running
    }

    pub(super) fn is_imported(&self) -> bool {
        self.import.get() != Import::None
    }

    /// A module of the program's own.
    pub fn native(name: &str) -> Py<ModuleObject> {
        let module = Self::new(name);
        module.is_native.set(true);
        module
    }

    /// Whether it is one of the program's own.
    pub fn is_native(&self) -> bool {
        self.is_native.get()
    }

    fn new_of(ty: &TypeObject) -> Py<ModuleObject> {
        object::new_object_of(
            ty,
            ModuleObject {
                header: Header::new(ty),
                dict: Field::new(DictObject::new()),
                is_native: Cell::new(false),
                import: Cell::default(),
            },
        )
    }

    fn initialize(&self, name: Value, doc: Value) {
        let dict = self.dict();
        dict.set_str(names().__name__, name.to_ref());
        dict.set_str(names().__doc__, doc.to_ref());
        for key in [names().__package__, names().__loader__, names().__spec__] {
            dict.set_str(key, objects::none().to_ref());
        }
    }

    /// The module that a value is whose attributes are the names of its namespace: no subclass of a program has a say.
    #[inline]
    pub fn plain<'a>(value: Value) -> Option<&'a ModuleObject> {
        let is_plain = value.is_object() && (value.is_exact(&MODULE) || value.is_exact(&STRICT_MODULE));
        if is_plain { value.get::<ModuleObject>() } else { None }
    }

    /// Says what the module is.
    pub fn describe(&self, doc: &str) {
        self.dict().set_str(names().__doc__, StrObject::new(doc).into());
    }

    /// Marks a module as part of the runtime: the leak audit does not count it.
    pub fn unaudited(&self) {
        self.header.set(flags::UNAUDITED);
    }

    /// The namespace.
    #[inline]
    pub fn dict(&self) -> &DictObject {
        // SAFETY: set to a dict for life (`__dict__` of modules is read-only).
        unsafe { self.dict.raw().cast() }
    }

    /// `__name__`, for messages.
    pub fn name(&self) -> String {
        let name = self.dict().get_str(names().__name__);
        name.and_then(|name| name.get::<StrObject>()).map(StrObject::to_string_lossy).unwrap_or_default()
    }

    /// Adds native functions.
    pub fn add_functions(&self, table: &'static [MethodDef]) {
        let name = self.dict().get_str(names().__name__).map(Value::to_ref);
        for def in table {
            self.dict().set_text(def.signature.name(), BuiltinFunction::new(def, name.clone()));
        }
    }
}

fn this<'a>(value: Value) -> &'a ModuleObject {
    value.get::<ModuleObject>().expect("descriptors check their owner")
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let mut parts = [None, Some(objects::none())];
    for (part, &arg) in parts.iter_mut().zip(args.positional) {
        *part = Some(arg);
    }
    for (key, arg) in args.keywords() {
        match key.get::<StrObject>() {
            Some(key) if key.eq_str("name") => parts[0] = Some(arg),
            Some(key) if key.eq_str("doc") => parts[1] = Some(arg),
            _ => return Err(crate::raise!(TypeError, "module() got an unexpected keyword argument")),
        }
    }
    match parts[0] {
        Some(name) if name.is_instance::<StrObject>() => {
            this(value).initialize(name, parts[1].unwrap_or_else(objects::none));
            Ok(())
        }
        Some(name) => {
            Err(crate::raise!(TypeError, "module() argument 'name' must be str, not {}", name.ty().name()))
        }
        None => Err(crate::raise!(TypeError, "module() missing required argument 'name' (pos 1)")),
    }
}

fn repr(value: Value) -> PyResult {
    let module = this(value);
    let given = |key| module.dict().get_str(key).filter(|&value| !objects::is_none(value));
    // Specs are made by `importlib`, which knows how to show them.
    if given(names().__spec__).is_some()
        && let Some(bootstrap) = crate::sys_state::modules().get_text("_frozen_importlib")
        && let Some(show) =
            protocol::get_optional_attr(bootstrap.value(), StrObject::intern("_module_repr").value())?
    {
        return protocol::call_one(show.value(), value);
    }
    let name = if module.dict().get_str(names().__name__).is_some() { module.name() } else { "?".into() };
    let file = module.dict().get_str(names().__file__).and_then(|file| file.get::<StrObject>());
    let text = match (file, given(names().__loader__)) {
        (Some(file), _) => format!("<module '{name}' from '{}'>", file.to_string_lossy()),
        (None, _) if module.is_native.get() => format!("<module '{name}' (built-in)>"),
        (None, Some(loader)) => format!("<module '{name}' ({})>", protocol::repr_string(loader)?),
        (None, None) => format!("<module '{name}'>"),
    };
    Ok(StrObject::new(&text).into())
}

pub(super) fn getattro(value: Value, name: Value) -> PyResult {
    let module = this(value);
    if let Some(found) = module.dict().get_str(name)
        && value.ty().lookup(name).is_none()
    {
        return Ok(found.to_ref());
    }
    let raised = match protocol::generic_get_attr(value, name) {
        Ok(found) => return Ok(found),
        Err(raised) => raised,
    };
    drop(error::catch(raised, &error::types::AttributeError)?);
    if let Some(fallback) = module.dict().get_str(names().__getattr__) {
        return protocol::call_one(fallback, name);
    }
    let text = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    let message = match module.dict().get_text("__name__") {
        Some(own) if own.is_instance::<StrObject>() => {
            module_diagnosis::missing_attribute(value, &module.name(), &text)?
        }
        _ => format!("module has no attribute '{text}'"),
    };
    Err(error::attribute_error(value, name, &message))
}

py_methods! { static METHODS for "module", &ModuleObject;
    /// __dir__() -> list
    /// specialized dir() implementation
    "__dir__(self, /)"
    fn dir(this) -> PyResult {
        let dict = protocol::get_attr(Value::from_object(this), names().__dict__)?;
        let Some(dict) = dict.get::<DictObject>() else {
            return Err(crate::raise!(TypeError, "{}.__dict__ is not a dictionary", this.name()));
        };
        if let Some(own) = dict.get_str(names().__dir__) {
            return protocol::call(own, &[], None);
        }
        Ok(ListObject::new(dict.keys()).into())
    }
}

static GETSET: &[GetSetDef] = {
    let [annotations, annotate] = module_annotations::ATTRIBUTES;
    let dict =
        GetSetDef { name: "__dict__", doc: "", get: |value| Ok(this(value).dict.get_or_none()), set: None };
    &[dict, annotations, annotate]
};

/// `module`.
pub static MODULE: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "module(name, doc=None)\n--\n\nCreate a module object.\n\nThe name must be a string; the optional docstring can have any type.",
    flags: type_flags::WEAK | type_flags::BASE | type_flags::GC,
    dict_offset: ModuleObject::DICT_OFFSET,
    slots: Slots {
        new: Some(|ty, _| Ok(ModuleObject::new_of(ty).into())),
        init: Some(init),
        repr: Some(repr),
        getattro: Some(getattro),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<ModuleObject>("module")
};
