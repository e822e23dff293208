//! `__static__`: the names that typed modules import. Decorators mark for the compiler and do nothing at run time.

use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::{checked, element_types, int, static_array, static_vector};
use runtime::static_class;
use runtime::type_object::type_flags;
use runtime::{PyResult, Ref, Value, protocol, py_functions};

/// Further names of primitives.
const ALIASES: [(&str, &str); 3] = [("ssize_t", "int64"), ("size_t", "uint64"), ("byte", "int8")];

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    let dict = module.dict();
    for types in element_types::ALL {
        let aliases = ALIASES.iter().filter(|(_, of)| *of == types.name).map(|(alias, _)| *alias);
        aliases.chain([types.name]).for_each(|name| dict.set_text(name, types.primitive.value().to_ref()));
    }
    for name in ["Array", "staticarray"] {
        dict.set_text(name, static_array::STATIC_ARRAY.value().to_ref());
    }
    dict.set_text("Vector", static_vector::STATIC_VECTOR.value().to_ref());
    for name in ["CheckedList", "chklist"] {
        dict.set_text(name, checked::CHECKED_LIST.value().to_ref());
    }
    for name in ["CheckedDict", "chkdict"] {
        dict.set_text(name, checked::CHECKED_DICT.value().to_ref());
    }
    dict.set_text("typed_descriptor", static_class::TYPED_DESCRIPTOR.value().to_ref());
    dict.set_text("StaticTypeError", static_class::static_type_error().value().to_ref());
    for name in ["PyDict", "pydict"] {
        dict.set_text(name, runtime::objects::dict::DICT.value().to_ref());
    }
    // A package, of which the library has what can be run.
    let folder = StrObject::new(&format!("{}/__static__", crate::library::ROOT));
    dict.set_text("__path__", ListObject::new(vec![folder.into()]));
    dict.set_text("RAND_MAX", int::from_i64(i64::from(libc::RAND_MAX)));
    Ok(())
}

/// Fills `__static__.compiler_flags`, whose names are switches for the module that imports them.
pub(crate) fn fill_flags(module: &ModuleObject) -> PyResult<()> {
    for name in ["checked_dicts", "checked_lists", "noframe", "shadow_frame"] {
        module.dict().set_text(name, runtime::objects::singleton::bool(true).to_ref());
    }
    Ok(())
}

py_functions! { static FUNCTIONS;
    /// Turn a primitive into an object.
    "box(o, /)"
    fn box_value(o: Ref) -> Ref {
        o
    }
    /// Turn an object into a primitive.
    "unbox(o, /)"
    fn unbox(o: Ref) -> Ref {
        o
    }
    /// The value, checked to be an instance of the type.
    "cast(typ, val, /)"
    fn cast(typ: Value, val: Value) -> PyResult {
        if protocol::is_instance(val, typ)? {
            return Ok(val.to_ref());
        }
        let (got, wanted) = (val.ty().name(), protocol::str_string(protocol::get_attr_text(typ, "__name__")?.value())?);
        Err(runtime::raise!(TypeError, "expected {wanted}, got {got}"))
    }
    /// Length of a container as a primitive.
    "clen(o, /)"
    fn clen(o: Value) -> PyResult<usize> {
        protocol::len(o)
    }
    /// A range over primitives.
    "crange(start, stop=None, /)"
    fn crange(start: i64, stop: Option<i64>) -> Ref {
        let (start, stop) = stop.map_or((0, start), |stop| (start, stop));
        runtime::objects::range::RangeObject::new(start, stop, 1).into()
    }
    /// A random number from the C library.
    "rand()"
    fn rand() -> i32 {
        // SAFETY: no precondition.
        unsafe { libc::rand() }
    }
    /// Mark a class as allowing weak references.
    "allow_weakrefs(klass, /)"
    fn allow_weakrefs(klass: Ref) -> Ref {
        klass
    }
    /// Mark a function as not to be compiled statically.
    "dynamic_return(func, /)"
    fn dynamic_return(func: Ref) -> Ref {
        func
    }
    /// Mark a function for inlining.
    "inline(func, /)"
    fn inline(func: Ref) -> Ref {
        func
    }
    /// Mark a function as not statically compiled.
    "_donotcompile(func, /)"
    fn donotcompile(func: Ref) -> Ref {
        func
    }
    /// Mark a class as a mixin.
    "mixin(cls, /)"
    fn mixin(cls: Ref) -> Ref {
        cls
    }
    /// The address of a function of a C library.
    "lookup_native_symbol(library, symbol, /)"
    fn lookup_native_symbol(library: Value, symbol: Value) -> PyResult<usize> {
        runtime::native_library::symbol(&protocol::str_string(library)?, &protocol::str_string(symbol)?)
    }
    /// An assertion that no option removes.
    "prod_assert(value, message=None, /)"
    fn prod_assert(value: Value, message: Option<Value>) -> PyResult<()> {
        if protocol::is_true(value)? {
            return Ok(());
        }
        let text = message.map(protocol::str_string).transpose()?.unwrap_or_default();
        Err(runtime::raise!(AssertionError, "{text}"))
    }
    /// What is written in Python is imported when it is asked for.
    "__getattr__(name, /)"
    fn getattr(name: Value) -> PyResult {
        let text = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        let source = match &*text {
            "Enum" | "IntEnum" | "StringEnum" => "_static_enum",
            "native" => "_static_native",
            "ContextDecorator" | "ExcContextDecorator" => "_static_context",
            "is_static_callable" | "is_static_module" | "make_recreate_cm" | "make_context_decorator_wrapper"
            | "set_type_final" | "set_type_static" | "set_type_static_final" => "cinderx.static",
            "type_code" | "single" => "_static_type_code",
            "TClass" | "ClassDecorator" => "_static_typing",
            _ => return Err(runtime::raise!(AttributeError, "module '__static__' has no attribute '{text}'")),
        };
        protocol::get_attr(protocol::import::import_absolute(source)?.value(), name)
    }
    /// Whether a class was compiled statically.
    "is_type_static(o, /)"
    fn is_type_static(o: Value) -> bool {
        let class = o.get::<runtime::TypeObject>();
        class.is_some_and(|class| class.has(type_flags::STATIC_PYTHON) || class.has(type_flags::SHOWN_AS_STATIC))
    }
}
