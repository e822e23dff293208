//! `builtin_function_or_method`, `method_descriptor`, `classmethod_descriptor`: native functions as objects.
//!
//! A descriptor in a type's dict checks that its first argument is an instance of that type; a method call through
//! `protocol::get_method` uses it without binding.

use std::cell::Cell;

use crate::args::{Args, Entry};
use crate::field::Field;
use crate::header::Header;
use crate::methods::{GetSetDef, MethodDef, MethodKind};
use crate::object::{self, Object, Visitor};
use crate::objects;
use crate::objects::descriptor::reduce_to_getattr;
use crate::objects::module::ModuleObject;
use crate::objects::singleton;
use crate::objects::str::StrObject;
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Raised, Ref, Value};

/// A native function, or a native method bound to its receiver.
#[repr(C)]
pub struct BuiltinFunction {
    header: Header,
    entry: Cell<Entry>,
    def: &'static MethodDef,
    /// Unset for a plain function.
    receiver: Field,
    module: Field,
}

/// A native method in its type's dict.
#[repr(C)]
pub struct MethodDescriptor {
    header: Header,
    entry: Cell<Entry>,
    def: &'static MethodDef,
    owner: &'static TypeObject,
}

const _: () = {
    use std::mem::offset_of;
    assert!(offset_of!(BuiltinFunction, entry) == abi::layout::callable::ENTRY);
    assert!(offset_of!(MethodDescriptor, entry) == abi::layout::callable::ENTRY);
};

// SAFETY: `repr(C)`, header first.
unsafe impl Object for BuiltinFunction {
    fn type_object() -> &'static TypeObject {
        &BUILTIN_FUNCTION
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.receiver.visit(visit);
        self.module.visit(visit);
    }
}

// SAFETY: `repr(C)`, header first. `classmethod_descriptor` shares the layout.
unsafe impl Object for MethodDescriptor {
    fn type_object() -> &'static TypeObject {
        &METHOD_DESCRIPTOR
    }
}

impl BuiltinFunction {
    /// A plain function of a module (whose name is given as an object).
    pub fn new(def: &'static MethodDef, module: Option<Ref>) -> Py<BuiltinFunction> {
        object::new_object(BuiltinFunction {
            header: Header::new(&BUILTIN_FUNCTION),
            entry: Cell::new(plain_entry),
            def,
            receiver: Field::empty(),
            module: Field::from_option(module),
        })
    }

    /// A function that is called without the type that it belongs to, and says which that is.
    pub fn of_type(def: &'static MethodDef, ty: &TypeObject) -> Py<BuiltinFunction> {
        let made = Self::new(def, None);
        made.receiver.set(ty.value().to_ref());
        made
    }

    /// A method bound to its receiver.
    pub fn bound(def: &'static MethodDef, receiver: Value) -> Py<BuiltinFunction> {
        object::new_object(BuiltinFunction {
            header: Header::new(&BUILTIN_FUNCTION),
            entry: Cell::new(bound_entry),
            def,
            receiver: Field::new(receiver.to_ref()),
            module: Field::empty(),
        })
    }

    /// Its definition.
    pub fn def(&self) -> &'static MethodDef {
        self.def
    }

    /// The receiver of a bound method.
    pub fn receiver(&self) -> Option<Value> {
        self.receiver.get()
    }
}

impl MethodDescriptor {
    /// A method of `owner`.
    pub fn make(def: &'static MethodDef, owner: &'static TypeObject) -> Ref {
        let (ty, entry): (&'static TypeObject, Entry) = match def.kind {
            MethodKind::Class => (&CLASS_METHOD_DESCRIPTOR, class_descriptor_entry),
            _ => (&METHOD_DESCRIPTOR, descriptor_entry),
        };
        let contents = MethodDescriptor { header: Header::new(ty), entry: Cell::new(entry), def, owner };
        object::new_object_sharing_layout(ty, contents).into_ref()
    }

    /// Its definition.
    pub fn def(&self) -> &'static MethodDef {
        self.def
    }

    /// The type that defines it.
    pub fn owner(&self) -> &'static TypeObject {
        self.owner
    }
}

crate::define_entry!(plain_entry: BuiltinFunction = |function: &BuiltinFunction, args| {
    (function.def.native)(args).map_err(|raised| as_called(function, args, raised))
});

crate::define_entry!(bound_entry: BuiltinFunction = call_bound);

fn call_bound(function: &BuiltinFunction, args: Args<'_>) -> PyResult {
    protocol::with_receiver(function.receiver.raw(), args, |args| {
        (function.def.native)(args).map_err(|raised| as_called(function, args, raised))
    })
}

/// The error of a call; one about the number of arguments names the function as the program has called it: by its module, or by the
/// class of its receiver. Binding comes first, so arguments that are refused have had no other effect.
#[cold]
fn as_called(function: &BuiltinFunction, args: Args<'_>, raised: Raised) -> Raised {
    let name = function.def.signature.name();
    let qualified = match (receiver_class(function), function.module.get_ref()) {
        (Some(class), _) => format!("{}.{name}", class.name()),
        (None, Some(module)) => match module.get::<StrObject>().map(StrObject::to_string_lossy) {
            Some(module) if module != "builtins" => format!("{module}.{name}"),
            _ => return raised,
        },
        (None, None) => return raised,
    };
    let Some(message) = function.def.signature.refusal(args, &qualified) else { return raised };
    drop(crate::thread::thread().take_raised(raised));
    crate::raise!(TypeError, "{message}")
}

/// The class that a bound method is one of, by its receiver.
fn receiver_class(function: &BuiltinFunction) -> Option<&TypeObject> {
    let receiver = function.receiver.get().filter(|receiver| !receiver.is_instance::<ModuleObject>())?;
    Some(receiver.get::<TypeObject>().unwrap_or_else(|| receiver.ty()))
}

crate::define_entry!(descriptor_entry: MethodDescriptor = call_descriptor);

fn call_descriptor(descriptor: &MethodDescriptor, args: Args<'_>) -> PyResult {
    match args.positional.first() {
        Some(receiver) if receiver.ty().is_subclass_of(descriptor.owner) => (descriptor.def.native)(args),
        Some(receiver) => Err(wrong_receiver(descriptor.def.signature.name(), descriptor.owner, *receiver)),
        None => {
            let (owner, name) = (descriptor.owner.name(), descriptor.def.signature.name());
            Err(crate::raise!(TypeError, "unbound method {owner}.{name}() needs an argument"))
        }
    }
}

#[cold]
fn wrong_receiver(name: &str, owner: &TypeObject, receiver: Value) -> Raised {
    let (owner, got) = (owner.name(), receiver.ty().name());
    crate::raise!(TypeError, "descriptor '{name}' for '{owner}' objects doesn't apply to a '{got}' object")
}

crate::define_entry!(class_descriptor_entry: MethodDescriptor = call_class_descriptor);

fn call_class_descriptor(descriptor: &MethodDescriptor, args: Args<'_>) -> PyResult {
    let name = descriptor.def.signature.name();
    match args.positional.first().and_then(|class| class.get::<TypeObject>()) {
        Some(class) if class.is_subclass_of(descriptor.owner) => (descriptor.def.native)(args),
        _ => Err(crate::raise!(
            TypeError,
            "descriptor '{name}' requires a subtype of '{}'",
            descriptor.owner.name()
        )),
    }
}

fn function<'a>(value: Value) -> &'a BuiltinFunction {
    value.get::<BuiltinFunction>().expect("descriptors check their owner")
}

fn descriptor<'a>(value: Value) -> &'a MethodDescriptor {
    // SAFETY: slots of the descriptor types are called for their instances, and both share the layout.
    unsafe { value.cast() }
}

fn function_repr(value: Value) -> PyResult {
    let function = function(value);
    let name = function.def.signature.name();
    let text = match function.receiver.get().filter(|receiver| !receiver.is_instance::<ModuleObject>()) {
        None => format!("<built-in function {name}>"),
        Some(receiver) => {
            let shown = if receiver.is_small() { receiver.bits() } else { receiver.ptr() as u64 };
            format!("<built-in method {name} of {} object at {shown:#x}>", receiver.ty().name())
        }
    };
    Ok(StrObject::new(&text).into())
}

/// What a builtin function is: its definition, which is in one place, and its receiver.
fn identity(value: Value) -> (usize, u64) {
    let function = function(value);
    let receiver = function.receiver.get().filter(|receiver| !receiver.is_instance::<ModuleObject>());
    (std::ptr::from_ref(function.def) as usize, receiver.map_or(0, Value::bits))
}

fn function_hash(value: Value) -> PyResult<i64> {
    let (def, receiver) = identity(value);
    Ok(crate::hash::avoid_minus_one(crate::hash::address(receiver) ^ crate::hash::address(def as u64)))
}

fn function_compare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let is_comparable = matches!(op, CompareOp::Equal | CompareOp::NotEqual);
    if !is_comparable || !a.is_instance::<BuiltinFunction>() || !b.is_instance::<BuiltinFunction>() {
        return singleton::decline();
    }
    let same = identity(a) == identity(b);
    Ok(objects::bool(same == (op == CompareOp::Equal)).to_ref())
}

fn descriptor_repr(value: Value) -> PyResult {
    let descriptor = descriptor(value);
    let (name, owner) = (descriptor.def.signature.name(), descriptor.owner.name());
    Ok(StrObject::new(&format!("<method '{name}' of '{owner}' objects>")).into())
}

fn descr_get(value: Value, object: Option<Value>, _: Value) -> PyResult {
    let descriptor = descriptor(value);
    match object {
        None => Ok(value.to_ref()),
        Some(object) if object.ty().is_subclass_of(descriptor.owner) => {
            Ok(BuiltinFunction::bound(descriptor.def, object).into())
        }
        Some(object) => Err(wrong_receiver(descriptor.def.signature.name(), descriptor.owner, object)),
    }
}

fn class_descr_get(value: Value, object: Option<Value>, class: Value) -> PyResult {
    let class =
        if objects::is_none(class) { object.map_or(class, |object| object.ty().value()) } else { class };
    Ok(BuiltinFunction::bound(descriptor(value).def, class).into())
}

fn doc_of(def: &MethodDef) -> PyResult {
    let doc =
        def.doc.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
    Ok(StrObject::new(doc.trim_end()).into())
}

fn signature_text(def: &MethodDef) -> PyResult {
    let text = def.signature.parameters_text();
    let marked = match def.kind {
        MethodKind::Static => text.to_owned(),
        MethodKind::Instance => text.replacen("(self", "($self", 1),
        MethodKind::Class => text.replacen("(cls", "($type", 1),
    };
    Ok(StrObject::new(&marked).into())
}

/// Builtins that show no signature, because none says what they take: what is left out is no value, or the kinds of call differ.
const UNSIGNED: [&str; 8] = ["__build_class__", "dir", "getattr", "iter", "max", "min", "next", "vars"];

fn is_unsigned(value: Value) -> bool {
    let this = function(value);
    let is_builtin = |module: &Ref| module.get::<StrObject>().is_some_and(|module| module.eq_str("builtins"));
    UNSIGNED.contains(&this.def.signature.name()) && this.module.get_ref().as_ref().is_some_and(is_builtin)
}

fn function_qualname(value: Value) -> PyResult {
    let function = function(value);
    let name = function.def.signature.name();
    let text = match receiver_class(function) {
        None => name.to_owned(),
        Some(class) => format!("{}.{name}", class.name()),
    };
    Ok(StrObject::new(&text).into())
}

static FUNCTION_GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "__name__",
        doc: "",
        get: |value| Ok(StrObject::intern(function(value).def.signature.name()).into()),
        set: None,
    },
    GetSetDef { name: "__qualname__", doc: "", get: function_qualname, set: None },
    GetSetDef { name: "__doc__", doc: "", get: |value| doc_of(function(value).def), set: None },
    GetSetDef {
        name: "__text_signature__",
        doc: "",
        get: |value| match is_unsigned(value) {
            true => Ok(objects::none().to_ref()),
            false => signature_text(function(value).def),
        },
        set: None,
    },
    GetSetDef {
        name: "__self__",
        doc: "",
        get: |value| Ok(function(value).receiver.get_or_none()),
        set: None,
    },
    GetSetDef {
        name: "__module__",
        doc: "",
        get: |value| Ok(function(value).module.get_or_none()),
        set: None,
    },
];

static DESCRIPTOR_GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "__name__",
        doc: "",
        get: |value| Ok(StrObject::intern(descriptor(value).def.signature.name()).into()),
        set: None,
    },
    GetSetDef {
        name: "__qualname__",
        doc: "",
        get: |value| {
            Ok(StrObject::new(&format!(
                "{}.{}",
                descriptor(value).owner.name(),
                descriptor(value).def.signature.name()
            ))
            .into())
        },
        set: None,
    },
    GetSetDef { name: "__doc__", doc: "", get: |value| doc_of(descriptor(value).def), set: None },
    GetSetDef {
        name: "__text_signature__",
        doc: "",
        get: |value| signature_text(descriptor(value).def),
        set: None,
    },
    GetSetDef {
        name: "__objclass__",
        doc: "",
        get: |value| Ok(descriptor(value).owner.value().to_ref()),
        set: None,
    },
];

py_methods! { static FUNCTION_METHODS for "builtin_function_or_method", &BuiltinFunction;
    /// For pickling: a function goes by its name, a bound method by its receiver.
    "__reduce__(self, /)"
    fn reduce(this) -> PyResult {
        let name = StrObject::intern(this.def.signature.name());
        let Some(receiver) = this.receiver.get_ref().filter(|receiver| !receiver.is_instance::<ModuleObject>()) else {
            return Ok(name.into());
        };
        reduce_to_getattr(receiver.value(), name.into())
    }
}

py_methods! { static DESCRIPTOR_METHODS for "method_descriptor", &MethodDescriptor;
    /// For pickling.
    "__reduce__(self, /)"
    fn reduce_descriptor(this) -> PyResult {
        reduce_to_getattr(this.owner.value(), StrObject::intern(this.def.signature.name()).into())
    }
}

/// `builtin_function_or_method`.
pub static BUILTIN_FUNCTION: TypeObject = TypeObject::from_spec(&FUNCTION_SPEC);
static FUNCTION_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::WEAK | type_flags::GC | type_flags::HAS_ENTRY | type_flags::NO_NEW,
    slots: Slots {
        repr: Some(function_repr),
        call: Some(protocol::call_through_entry),
        hash: Some(function_hash),
        richcompare: Some(function_compare),
        ..Slots::EMPTY
    },
    methods: &[FUNCTION_METHODS],
    getset: FUNCTION_GETSET,
    ..TypeSpec::of::<BuiltinFunction>("builtin_function_or_method")
};

/// `method_descriptor`.
pub static METHOD_DESCRIPTOR: TypeObject = TypeObject::from_spec(&DESCRIPTOR_SPEC);
static DESCRIPTOR_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::HAS_ENTRY | type_flags::METHOD_DESCRIPTOR | type_flags::NO_NEW,
    slots: Slots {
        repr: Some(descriptor_repr),
        descr_get: Some(descr_get),
        call: Some(protocol::call_through_entry),
        ..Slots::EMPTY
    },
    methods: &[DESCRIPTOR_METHODS],
    getset: DESCRIPTOR_GETSET,
    ..TypeSpec::of::<MethodDescriptor>("method_descriptor")
};

/// `classmethod_descriptor`.
pub static CLASS_METHOD_DESCRIPTOR: TypeObject = TypeObject::from_spec(&CLASS_DESCRIPTOR_SPEC);
static CLASS_DESCRIPTOR_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::HAS_ENTRY | type_flags::NO_NEW,
    slots: Slots {
        repr: Some(descriptor_repr),
        descr_get: Some(class_descr_get),
        call: Some(protocol::call_through_entry),
        ..Slots::EMPTY
    },
    methods: &[DESCRIPTOR_METHODS],
    getset: DESCRIPTOR_GETSET,
    ..TypeSpec::of::<MethodDescriptor>("classmethod_descriptor")
};
