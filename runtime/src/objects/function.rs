//! `function`: code with its globals, defaults and cells.
//!
//! The generic entry at a fixed offset is the interpreter's until the JIT replaces it; static functions get a typed entry
//! beside it. Layout: `abi::layout::function_object`.

use std::cell::Cell;

use bytecode::CodeFlags;

use crate::args::{Args, Entry};
use crate::audit_hook;
use crate::field::Field;
use crate::header::Header;
use crate::hooks;
use crate::methods::GetSetDef;
use crate::names::names;
use crate::object::{self, Object, Visitor};
use crate::objects;
use crate::objects::cell::CellObject;
use crate::objects::code::CodeObject;
use crate::objects::dict::DictObject;
use crate::objects::method::MethodObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::signature::Signature;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

/// A function.
#[repr(C)]
pub struct FunctionObject {
    header: Header,
    /// Called with the generic convention.
    pub entry: Cell<Entry>,
    code: Field,
    globals: Field,
    /// Names not found in the globals.
    pub builtins: Field,
    /// Tuple of positional defaults, or unset.
    pub defaults: Field,
    /// Dict of keyword-only defaults, or unset.
    pub kwdefaults: Field,
    /// Tuple of cells, or unset.
    pub closure: Field,
    /// Called with the typed convention of its signature; null until there is machine code or a bridge.
    pub typed_entry: Cell<*const u8>,
    /// Changes when code or defaults change; compiled callers check it.
    pub version: Cell<u32>,
    dict: Field,
    name: Field,
    qualname: Field,
    doc: Field,
    module: Field,
    annotations: Field,
    /// PEP 649: computes the annotations.
    pub annotate: Field,
    /// Tuple of type parameters, or unset.
    pub type_params: Field,
}

const _: () = {
    use abi::layout::function_object as at;
    use std::mem::offset_of;
    assert!(offset_of!(FunctionObject, entry) == abi::layout::callable::ENTRY);
    assert!(offset_of!(FunctionObject, code) == at::CODE);
    assert!(offset_of!(FunctionObject, globals) == at::GLOBALS);
    assert!(offset_of!(FunctionObject, builtins) == at::BUILTINS);
    assert!(offset_of!(FunctionObject, closure) == at::CLOSURE);
    assert!(offset_of!(FunctionObject, typed_entry) == at::TYPED_ENTRY);
    assert!(offset_of!(FunctionObject, version) == at::VERSION);
};

// SAFETY: `repr(C)`, header first.
unsafe impl Object for FunctionObject {
    fn type_object() -> &'static TypeObject {
        &FUNCTION
    }

    fn traverse(&self, visit: Visitor<'_>) {
        self.fields().into_iter().for_each(|field| field.visit(visit));
    }

    fn clear(&self) {
        // The code stays: a finaliser may still call the function, and show it: the names are strings as long as it lives.
        let [.., dict, name, qualname, doc, module, annotations, annotate, type_params] = self.fields();
        for field in [
            &self.defaults,
            &self.kwdefaults,
            &self.closure,
            dict,
            doc,
            module,
            annotations,
            annotate,
            type_params,
        ] {
            drop(field.take());
        }
        for field in [name, qualname] {
            field.set(StrObject::empty());
        }
    }
}

impl FunctionObject {
    pub(crate) const DICT_OFFSET: usize = std::mem::offset_of!(FunctionObject, dict);

    /// A function whose globals and name come with its code; defaults and closure are set afterwards.
    pub fn new(code: &CodeObject, globals: &DictObject) -> Py<FunctionObject> {
        let module = globals.get_str(names().__name__).map(Value::to_ref);
        let [name, qualname] = code.names_of_functions().clone();
        let contents = FunctionObject {
            header: Header::new(&FUNCTION),
            entry: Cell::new(hooks::entry_of(code)),
            code: Field::new(Value::from_object(code).to_ref()),
            globals: Field::new(Value::from_object(globals).to_ref()),
            builtins: Field::new(builtins_of(globals)),
            defaults: Field::empty(),
            kwdefaults: Field::empty(),
            closure: Field::empty(),
            typed_entry: Cell::new(std::ptr::null()),
            version: Cell::new(0),
            dict: Field::empty(),
            name: Field::new(name),
            qualname: Field::new(qualname),
            doc: Field::empty(),
            module: Field::from_option(module),
            annotations: Field::empty(),
            annotate: Field::empty(),
            type_params: Field::empty(),
        };
        object::new_object(contents)
    }

    fn fields(&self) -> [&Field; 14] {
        [
            &self.code,
            &self.globals,
            &self.builtins,
            &self.defaults,
            &self.kwdefaults,
            &self.closure,
            &self.dict,
            &self.name,
            &self.qualname,
            &self.doc,
            &self.module,
            &self.annotations,
            &self.annotate,
            &self.type_params,
        ]
    }

    /// The code.
    #[inline]
    pub fn code(&self) -> &CodeObject {
        // SAFETY: set to a code object for life.
        unsafe { self.code.raw().cast() }
    }

    /// The globals.
    #[inline]
    pub fn globals(&self) -> &DictObject {
        // SAFETY: set to a dict for life.
        unsafe { self.globals.raw().cast() }
    }

    /// `__doc__`: what has been assigned, else the docstring in the code, which stays packed as long as nobody asks.
    fn doc(&self) -> Ref {
        if let Some(doc) = self.doc.get() {
            return doc.to_ref();
        }
        let code = self.code();
        match code.consts().first() {
            Some(doc) if code.has(bytecode::CodeFlags::HAS_DOCSTRING) => doc.clone(),
            _ => objects::none().to_ref(),
        }
    }

    /// `__name__` and `__qualname__`.
    pub fn names(&self) -> [Ref; 2] {
        [self.name.get_or_none(), self.qualname.get_or_none()]
    }

    /// `__qualname__`, for messages.
    pub fn qualname(&self) -> String {
        self.qualname
            .get()
            .and_then(|name| name.get::<StrObject>())
            .map(StrObject::to_string_lossy)
            .unwrap_or_default()
    }

    /// `__name__`, for messages.
    pub fn name(&self) -> String {
        self.name
            .get()
            .and_then(|name| name.get::<StrObject>())
            .map(StrObject::to_string_lossy)
            .unwrap_or_default()
    }

    /// Sets `__annotations__` as the compiler has computed them.
    pub fn set_annotations(&self, annotations: Ref) {
        self.annotations.set(annotations);
    }

    fn changed(&self) {
        self.version.set(self.version.get().wrapping_add(1));
        hooks::function_changed(self);
    }
}

/// The builtins that code with these globals sees.
pub fn builtins_of(globals: &DictObject) -> Ref {
    match globals.get_str(names().__builtins__) {
        Some(found) => match found.get::<crate::objects::module::ModuleObject>() {
            Some(module) => Value::from_object(module.dict()).to_ref(),
            // Whatever it is, names are looked up in it as items.
            None => found.to_ref(),
        },
        None => crate::builtins::dict(),
    }
}

fn this<'a>(value: Value) -> &'a FunctionObject {
    value.get::<FunctionObject>().expect("descriptors check their owner")
}

fn repr(value: Value) -> PyResult {
    Ok(StrObject::new(&format!("<function {} at {:#x}>", this(value).qualname(), value.bits())).into())
}

fn descr_get(value: Value, object: Option<Value>, _: Value) -> PyResult {
    match object {
        None => Ok(value.to_ref()),
        Some(object) => Ok(MethodObject::new(value, object).into()),
    }
}

fn set_checked<T: Object>(field: &Field, new: Option<Value>, message: &str, can_unset: bool) -> PyResult<()> {
    match new {
        Some(new) if new.is_instance::<T>() => field.set(new.to_ref()),
        Some(new) if can_unset && objects::is_none(new) => drop(field.take()),
        None if can_unset => drop(field.take()),
        _ => return Err(crate::raise!(TypeError, "{message}")),
    }
    Ok(())
}

fn get_annotations(value: Value) -> PyResult {
    let function = this(value);
    if let Some(annotations) = function.annotations.get_ref() {
        return Ok(annotations);
    }
    let computed = match function.annotate.get() {
        None => DictObject::new().into_ref(),
        Some(annotate) => protocol::call(annotate, &[Value::small(1)], None)?,
    };
    if !computed.is_instance::<DictObject>() {
        return Err(crate::raise!(
            TypeError,
            "__annotate__ returned non-dict of type '{}'",
            computed.ty().name()
        ));
    }
    function.annotations.set(computed.clone());
    Ok(computed)
}

fn set_annotate(value: Value, new: Option<Value>) -> PyResult<()> {
    let function = this(value);
    match new {
        None => return Err(crate::raise!(TypeError, "__annotate__ cannot be deleted")),
        Some(new) if objects::is_none(new) => drop(function.annotate.take()),
        Some(new) if protocol::is_callable(new) => {
            function.annotate.set(new.to_ref());
            drop(function.annotations.take());
        }
        Some(_) => return Err(crate::raise!(TypeError, "__annotate__ must be callable or None")),
    }
    Ok(())
}

fn set_code(value: Value, new: Option<Value>) -> PyResult<()> {
    let function = this(value);
    audit_hook::setting(value, "__code__", new)?;
    let Some(code) = new.and_then(|new| new.get::<CodeObject>()) else {
        return Err(crate::raise!(TypeError, "__code__ must be set to a code object"));
    };
    // Typed callers rest on what the code has promised; flags and names may be other ones.
    if function.code().is_static() && function.code().code().words != code.code().words {
        return Err(crate::raise!(RuntimeError, "Cannot modify __code__ of Static Python function"));
    }
    let (free, cells) = (
        code.code().free_count(),
        function.closure.get().and_then(|cells| cells.get::<TupleObject>()).map_or(0, TupleObject::len),
    );
    if free != cells {
        let name = function.name();
        return Err(crate::raise!(
            ValueError,
            "{name}() requires a code object with {cells} free vars, not {free}"
        ));
    }
    let kinds = CodeFlags::GENERATOR | CodeFlags::COROUTINE | CodeFlags::ASYNC_GENERATOR;
    let kind = |code: &CodeObject| code.code().flags.0 & kinds.0;
    if kind(code) != kind(function.code()) {
        let message = "Assigning a code object of non-matching type is deprecated (e.g., from a generator to a plain function)";
        crate::warning::warn(&crate::error::types::DeprecationWarning, message, 1)?;
    }
    function.doc.set(function.doc());
    function.code.set(Value::from_object(code).to_ref());
    function.entry.set(hooks::entry_of(code));
    function.changed();
    Ok(())
}

macro_rules! attributes {
    ($($name:literal: $get:expr, $set:expr;)*) => {
        &[$(GetSetDef { name: $name, doc: "", get: $get, set: $set }),*]
    };
}

static MEMBERS: &[GetSetDef] = attributes! {
    "__globals__": |value| Ok(this(value).globals.get_or_none()), None;
    "__builtins__": |value| Ok(this(value).builtins.get_or_none()), None;
    "__closure__": |value| Ok(this(value).closure.get_or_none()), None;
    "__doc__": |value| Ok(this(value).doc()), Some(|value, new| {
        drop(this(value).doc.replace(Some(new.unwrap_or(objects::none()).to_ref())));
        Ok(())
    });
    "__module__": |value| Ok(this(value).module.get_or_none()), Some(|value, new| {
        drop(this(value).module.replace(new.map(Value::to_ref)));
        Ok(())
    });
};

static GETSET: &[GetSetDef] = attributes! {
    "__code__": |value| {
        audit_hook::getting(value, "__code__")?;
        Ok(this(value).code.get_or_none())
    }, Some(set_code);
    "__defaults__": |value| {
        audit_hook::getting(value, "__defaults__")?;
        Ok(this(value).defaults.get_or_none())
    }, Some(|value, new| {
        audit_hook::setting(value, "__defaults__", new.filter(|&new| !objects::is_none(new)))?;
        set_checked::<TupleObject>(&this(value).defaults, new, "__defaults__ must be set to a tuple object", true)?;
        this(value).changed();
        Ok(())
    });
    "__kwdefaults__": |value| {
        audit_hook::getting(value, "__kwdefaults__")?;
        Ok(this(value).kwdefaults.get_or_none())
    }, Some(|value, new| {
        audit_hook::setting(value, "__kwdefaults__", new.filter(|&new| !objects::is_none(new)))?;
        set_checked::<DictObject>(&this(value).kwdefaults, new, "__kwdefaults__ must be set to a dict object", true)?;
        this(value).changed();
        Ok(())
    });
    "__name__": |value| Ok(this(value).name.get_or_none()), Some(|value, new| {
        set_checked::<StrObject>(&this(value).name, new, "__name__ must be set to a string object", false)
    });
    "__qualname__": |value| Ok(this(value).qualname.get_or_none()), Some(|value, new| {
        set_checked::<StrObject>(&this(value).qualname, new, "__qualname__ must be set to a string object", false)
    });
    "__annotations__": get_annotations, Some(|value, new| {
        set_checked::<DictObject>(&this(value).annotations, new, "__annotations__ must be set to a dict object", true)?;
        drop(this(value).annotate.take());
        Ok(())
    });
    "__annotate__": |value| Ok(this(value).annotate.get_or_none()), Some(set_annotate);
    "__type_params__": |value| {
        Ok(this(value).type_params.get_ref().unwrap_or_else(|| TupleObject::empty().into()))
    }, Some(|value, new| {
        set_checked::<TupleObject>(&this(value).type_params, new, "__type_params__ must be set to a tuple", false)
    });
};

static NEW: Signature = Signature::parse(
    "",
    "function(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)",
    false,
);

fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    let mut slots = [Value::NULL; 6];
    drop(NEW.bind(args, &mut slots)?);
    let [code, globals, name, defaults, closure, kwdefaults] = slots;
    let wrong = |name: &str, expected: &str, got: Value| {
        let got = got.ty().name();
        crate::raise!(TypeError, "function() argument '{name}' must be {expected}, not {got}")
    };
    let Some(code) = code.get::<CodeObject>() else { return Err(wrong("code", "code", code)) };
    let Some(globals) = globals.get::<DictObject>() else { return Err(wrong("globals", "dict", globals)) };
    let given = |value: Value| !value.is_null() && !objects::is_none(value);
    if given(name) && name.get::<StrObject>().is_none() {
        return Err(crate::raise!(TypeError, "arg 3 (name) must be None or string"));
    }
    if given(defaults) && defaults.get::<TupleObject>().is_none() {
        return Err(crate::raise!(TypeError, "arg 4 (defaults) must be None or tuple"));
    }
    check_closure(code, if given(closure) { Some(closure) } else { None })?;
    if given(kwdefaults) && kwdefaults.get::<DictObject>().is_none() {
        return Err(crate::raise!(TypeError, "arg 6 (kwdefaults) must be None or dict"));
    }
    let function = FunctionObject::new(code, globals);
    if globals.get_str(names().__builtins__).is_none()
        && let Some(caller) = (hooks::hooks().frame)(0)
        && let Some(globals) = caller.globals.get::<DictObject>()
    {
        function.builtins.set(builtins_of(globals));
    }
    let fields = [&function.name, &function.defaults, &function.closure, &function.kwdefaults];
    for (field, value) in fields.into_iter().zip([name, defaults, closure, kwdefaults]) {
        if given(value) {
            field.set(value.to_ref());
        }
    }
    Ok(function.into())
}

/// Code gets the cells that it needs: the interpreter relies on that.
fn check_closure(code: &CodeObject, closure: Option<Value>) -> PyResult<()> {
    let free = code.code().free_count();
    let cells = match closure {
        None if free > 0 => return Err(crate::raise!(TypeError, "arg 5 (closure) must be tuple")),
        None => &[][..],
        Some(closure) => match closure.get::<TupleObject>() {
            Some(cells) => cells.items(),
            None if free > 0 => return Err(crate::raise!(TypeError, "arg 5 (closure) must be tuple")),
            None => return Err(crate::raise!(TypeError, "arg 5 (closure) must be None or tuple")),
        },
    };
    if cells.len() != free {
        let (name, given) = (&code.code().name, cells.len());
        return Err(crate::raise!(ValueError, "{name} requires closure of length {free}, not {given}"));
    }
    match cells.iter().find(|cell| cell.get::<CellObject>().is_none()) {
        Some(other) => {
            Err(crate::raise!(TypeError, "arg 5 (closure) expected cell, found {}", other.ty().name()))
        }
        None => Ok(()),
    }
}

/// `function`.
pub static FUNCTION: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "function(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)\n--\n\nMake a function of code: globals is the dict of its module, name stands for that of the code,\nargdefs and kwdefaults are defaults, closure is a tuple of cells for the free variables.",
    flags: type_flags::WEAK | type_flags::GC | type_flags::HAS_ENTRY | type_flags::METHOD_DESCRIPTOR,
    dict_offset: FunctionObject::DICT_OFFSET,
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        descr_get: Some(descr_get),
        call: Some(protocol::call_through_entry),
        ..Slots::EMPTY
    },
    members: MEMBERS,
    getset: GETSET,
    ..TypeSpec::of::<FunctionObject>("function")
};
